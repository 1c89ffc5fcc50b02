//! Where results are saved: never over a file that was read, and no two of them in one place.

use std::fs;
use std::path::{Path, PathBuf};

use crate::apply::journal::is_journal;
use crate::apply::lock::LOCK_FILE;
use crate::directory::folder;

use super::failure::Failure;

/// Refuses files that would be lost, before any work is done. Devices and pipes may be named as often as one likes.
pub(super) fn check(outputs: &[&Path], inputs: &[PathBuf]) -> Result<(), Failure> {
    let inputs: Vec<PathBuf> = inputs.iter().filter_map(|path| place(path)).collect();
    let mut taken: Vec<PathBuf> = Vec::new();
    for output in outputs {
        if output.as_os_str() == "-" {
            return Err(Failure::usage("`-` is no file").hint("Choose what goes to standard output with `--format`."));
        }
        let Some(place) = place(output) else { continue };
        if inputs.contains(&place) {
            return Err(lost(output, "is read here, so it cannot be written"));
        }
        if is_journal(&place) {
            return Err(lost(
                output,
                "has the name of a journal: what is called so is read as the record of a run, and never replaced",
            ));
        }
        if place.file_name().is_some_and(|name| name == LOCK_FILE) {
            return Err(lost(output, "is what keeps two runs of one folder apart"));
        }
        if taken.contains(&place) {
            return Err(Failure::usage(format!("`{}` is to be written twice", output.display())).hint("Name two files."));
        }
        taken.push(place);
    }
    Ok(())
}

fn lost(output: &Path, why: &str) -> Failure {
    Failure::input(format!("`{}` {why}", output.display())).hint("Name another place.")
}

/// The same path for the same file, whether it is there already or not; `None` for a device, a pipe and a folder.
fn place(path: &Path) -> Option<PathBuf> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => None,
        Ok(_) => path.canonicalize().ok(),
        Err(_) => Some(folder::of(path).canonicalize().ok()?.join(path.file_name()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    #[test]
    fn what_is_read_is_not_written_over_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("corp.ldif"), "dn: CN=x").unwrap();
        fs::write(at("plan.journal.jsonl"), "{}").unwrap();
        let inputs = [at("corp.ldif"), at("missing.csv")];
        let refused = |name: &str| check(&[&at(name)], &inputs).map_err(|failure| failure.exit);
        assert_eq!(refused("corp.ldif"), Err(Exit::InvalidInput));
        assert_eq!(refused("./corp.ldif"), Err(Exit::InvalidInput));
        assert_eq!(refused("missing.csv"), Err(Exit::InvalidInput));
        assert_eq!(refused("plan.journal.jsonl"), Err(Exit::InvalidInput));
        assert_eq!(refused("other.journal.jsonl"), Err(Exit::InvalidInput), "it would be read as one");
        assert_eq!(refused("plan.json"), Ok(()));
        assert_eq!(refused("no/plan.json"), Ok(()), "writing says what is wrong");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_what_is_read_is_no_way_around() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("tenant.json"), folder.path().join("plan.json"));
        fs::write(&file, "{}").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(check(&[&link], std::slice::from_ref(&file)).is_err());
    }

    #[test]
    fn two_results_need_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("plan.json"), folder.path().join("plan.html"));
        assert_eq!(check(&[&one, &other], &[]), Ok(()));
        assert_eq!(check(&[&one, &folder.path().join("./plan.json")], &[]).unwrap_err().exit, Exit::Usage);
        assert_eq!(check(&[Path::new("-")], &[]).unwrap_err().exit, Exit::Usage);
        assert_eq!(check(&[Path::new("/dev/null"), Path::new("/dev/null")], &[]), Ok(()));
    }
}
