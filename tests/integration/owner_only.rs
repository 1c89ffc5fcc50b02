//! Plans, journals, backups, locks and what is written on the way to them: nobody but their owner ever reads one.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{Hardmatch, program};

/// Runs the program with a umask that keeps nobody out.
fn run_open(here: &Hardmatch, args: &[&str]) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(program()).args(args).current_dir(here.path()).env_clear();
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Files and folders below this one that others may use, with their bits.
fn open_to_others(folder: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        if meta.permissions().mode() & 0o077 != 0 {
            found.insert(entry.file_name().to_string_lossy().into_owned(), meta.permissions().mode() & 0o777);
        }
        if meta.is_dir() {
            found.extend(open_to_others(&entry.path()));
        }
    }
    found
}

/// A folder whose inputs are for their owner only, so that whatever is open was made by the program.
fn closed() -> Hardmatch {
    let here = Hardmatch::example("duplicate-account");
    for entry in fs::read_dir(here.path()).unwrap().flatten() {
        fs::set_permissions(entry.path(), Permissions::from_mode(0o600)).unwrap();
    }
    here
}

/// Watches the folder while the program works: a file is closed from the moment it is there, not from the end on.
#[test]
fn not_even_for_a_moment_and_whatever_the_umask_says() {
    let here = closed();
    let (is_done, folder) = (AtomicBool::new(false), here.path());
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut seen = BTreeMap::new();
            while !is_done.load(Ordering::Relaxed) {
                seen.extend(open_to_others(folder));
            }
            seen
        });
        run_open(&here, &["plan", "--out", "plan.json"]);
        let digest = here.digest("plan.json");
        run_open(&here, &["apply", "plan.json", "--digest", &digest]);
        run_open(&here, &["snapshot", "shot"]);
        is_done.store(true, Ordering::Relaxed);
        assert_eq!(watch.join().unwrap(), BTreeMap::new());
    });
    for made in ["plan.json", "plan.journal.jsonl", ".hardmatch.lock", "backups", "shot"] {
        assert!(here.path().join(made).exists(), "{made}");
    }
}

#[test]
fn what_was_open_before_is_closed() {
    let here = closed();
    for name in ["plan.json", "plan.journal.jsonl", ".hardmatch.lock"] {
        here.write(name, "");
        fs::set_permissions(here.path().join(name), Permissions::from_mode(0o666)).unwrap();
    }
    fs::remove_file(here.path().join("plan.journal.jsonl")).unwrap();
    run_open(&here, &["plan", "--out", "plan.json"]);
    here.write("plan.journal.jsonl", "");
    fs::set_permissions(here.path().join("plan.journal.jsonl"), Permissions::from_mode(0o666)).unwrap();
    let digest = here.digest("plan.json");
    run_open(&here, &["apply", "plan.json", "--digest", &digest]);
    assert_eq!(open_to_others(here.path()), BTreeMap::new());
}
