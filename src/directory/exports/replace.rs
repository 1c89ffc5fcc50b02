//! Replaces a file so that at every moment either the old or the new content is there.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes beside the file, syncs, renames. Permissions stay; a symbolic link stays a link.
pub(crate) fn replace_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let target = path.canonicalize()?;
    let folder = target.parent().unwrap_or_else(|| Path::new("."));
    let mut fresh = NamedTempFile::new_in(folder)?;
    let mut buffered = BufWriter::with_capacity(1 << 16, fresh.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    fresh.as_file().set_permissions(target.metadata()?.permissions())?;
    fresh.as_file().sync_all()?;
    fresh.persist(&target).map_err(|error| error.error)?;
    sync_folder(folder).map_err(|error| io::Error::other(NotDurable(error)))
}

/// The new content is in place, and may be gone after a power cut.
#[derive(Debug, thiserror::Error)]
#[error("the new content is there, but its folder cannot be synced: {0}")]
struct NotDurable(io::Error);

/// Whether a file that could not be replaced is still the old one.
pub(crate) fn is_untouched(error: &io::Error) -> bool {
    !error.get_ref().is_some_and(|inner| inner.is::<NotDurable>())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::text::words;

    #[test]
    fn keeps_the_old_content_when_writing_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, "old").unwrap();
        let failed = replace_file(&path, |out| out.write_all(b"new").and_then(|()| Err(io::Error::other("disk full"))));
        assert!(failed.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn tells_a_file_that_is_still_the_old_one() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!((is_untouched(&full), words(&full).as_str()), (true, "the disk is full"));
        let late = io::Error::other(NotDurable(full));
        assert!(!is_untouched(&late) && words(&late).contains("the new content is there"), "{late}");
    }

    #[cfg(unix)]
    #[test]
    fn keeps_permissions_and_links() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.json"), folder.path().join("link.json"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        replace_file(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink());
    }
}
