//! Replaces a file so that at every moment either the old or the new content is there.

use std::fs::Metadata;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use crate::directory::durable::sync_folder;

/// A file of which this process holds the content and replaces it, as long as nobody else does.
#[derive(Debug)]
pub(crate) struct HeldFile {
    path: PathBuf,
    last: Mutex<Identity>,
}

/// By what a file is told from another one in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    length: u64,
    modified: Option<SystemTime>,
    number: u64,
}

impl Identity {
    fn of(found: &Metadata) -> Self {
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(found);
        #[cfg(not(unix))]
        let number = 0;
        Self { length: found.len(), modified: found.modified().ok(), number }
    }
}

impl HeldFile {
    /// A file as it was found when it was opened to be read.
    pub(crate) fn of(path: &Path, found: &Metadata) -> Self {
        Self { path: path.to_owned(), last: Mutex::new(Identity::of(found)) }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it new content, unless somebody else did since it was read or replaced last.
    pub(crate) fn replace(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ours = |target: &Path| match Identity::of(&target.metadata()?) == *last {
            true => Ok(()),
            false => Err(io::Error::other("somebody else changed the file since it was read")),
        };
        let outcome = replace_file(&self.path, write, is_ours);
        if outcome.as_ref().err().is_none_or(|error| !is_untouched(error)) {
            *last = Identity::of(&self.path.metadata()?);
        }
        outcome
    }
}

/// Writes beside the file, syncs, checks, renames. Permissions stay; a symbolic link stays a link.
fn replace_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    check: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let target = path.canonicalize()?;
    let folder = target.parent().unwrap_or_else(|| Path::new("."));
    let mut fresh = NamedTempFile::new_in(folder)?;
    let mut buffered = BufWriter::with_capacity(1 << 16, fresh.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    fresh.as_file().set_permissions(target.metadata()?.permissions())?;
    fresh.as_file().sync_all()?;
    check(&target)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::text::words;

    fn held(path: &Path) -> HeldFile {
        HeldFile::of(path, &path.metadata().unwrap())
    }

    /// Two runs on one file would each take back what the other one wrote.
    #[test]
    fn a_file_that_somebody_else_changed_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, "old").unwrap();
        let (one, other) = (held(&path), held(&path));
        for text in ["one", "two"] {
            one.replace(|out| out.write_all(text.as_bytes())).unwrap();
        }
        let error = other.replace(|out| out.write_all(b"lost")).unwrap_err();
        assert!(is_untouched(&error) && error.to_string().contains("somebody else changed"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        std::fs::write(&path, "three").unwrap();
        assert!(one.replace(|out| out.write_all(b"lost")).is_err());
    }

    #[test]
    fn keeps_the_old_content_when_writing_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, "old").unwrap();
        let failed = held(&path).replace(|out| out.write_all(b"new").and_then(|()| Err(io::Error::other("disk full"))));
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
        held(&link).replace(|out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink());
    }
}
