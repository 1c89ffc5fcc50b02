//! Files that the verbs read and write. A file is replaced as a whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::failure::Failure;
use super::flowing::{Flowing, write_synced};
use crate::directory::durable::sync_folder;
use crate::directory::folder;
use crate::directory::limited;
pub(super) use crate::directory::text::words;

/// Larger than any plan; stops a wrong file early.
const LARGEST: u64 = 4 << 30;

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Only its owner: plans decide who signs in as whom.
    Owner,
    /// Whoever the system's settings say.
    AsUsual,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    limited::read(path, LARGEST).map_err(|error| unreadable(path, &error))
}

/// Reads a text that is small by nature, such as a key, as whatever tool of Windows wrote it.
pub(super) fn read_small(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = limited::read_small(path).and_then(|bytes| limited::as_utf8(&bytes));
    read.map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::input(format!("`{}` cannot be read: {}", path.display(), words(error)))
}

/// Writes a file: beside its place, synced, renamed. What is no plain file (a pipe, `/dev/null`) is written into.
pub(super) fn write(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let outcome = if is_device(path) { write_into(path, content) } else { replace(path, readers, |out| content(out)) };
    outcome.map_err(|error| unwritable(path, &error))
}

/// The same for content that goes back to fill in what it knows late; gives what it knows then.
pub(super) fn write_going_back<T>(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut dyn WriteSeek) -> io::Result<T>,
) -> Result<T, Failure> {
    let outcome = if is_device(path) {
        let mut held = io::Cursor::new(Vec::new());
        content(&mut held).and_then(|known| write_into(path, |out| out.write_all(held.get_ref())).map(|()| known))
    } else {
        replace(path, readers, |out| content(out))
    };
    outcome.map_err(|error| unwritable(path, &error))
}

/// A file that can be written at any place.
pub(super) trait WriteSeek: Write + Seek {}

impl<T: Write + Seek> WriteSeek for T {}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::input(format!("`{}` cannot be written: {}", path.display(), words(error)))
}

fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

fn write_into(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = io::BufWriter::new(OpenOptions::new().write(true).open(path)?);
    content(&mut file).and_then(|()| file.flush())
}

fn replace<T>(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut io::BufWriter<&mut Flowing<'_>>) -> io::Result<T>,
) -> io::Result<T> {
    // A symbolic link stays a link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = folder::of(&target);
    let mut fresh = temporary(folder, readers)?;
    let known = write_synced(fresh.as_file_mut(), |file| {
        let mut buffered = io::BufWriter::with_capacity(1 << 16, file);
        let known = content(&mut buffered)?;
        buffered.flush()?;
        Ok(known)
    })?;
    fresh.persist(&target).map_err(|error| error.error)?;
    sync_folder(folder)?;
    Ok(known)
}

/// Temporary files are for their owner only, unless told otherwise.
#[cfg(unix)]
pub(super) fn temporary(folder: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::AsUsual => 0o666,
    };
    Builder::new().permissions(fs::Permissions::from_mode(mode)).tempfile_in(folder)
}

#[cfg(not(unix))]
pub(super) fn temporary(folder: &Path, _: Readers) -> io::Result<NamedTempFile> {
    Builder::new().tempfile_in(folder)
}

/// Creates a folder with those above it. What others may not read they may not replace either.
pub(super) fn create_folder(folder: &Path, readers: Readers) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _ = readers;
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        write(&path, Readers::Owner, |out| out.write_all(b"old")).unwrap();
        write(&path, Readers::Owner, |out| out.write_all(b"ne").and_then(|()| Err(io::Error::other("torn")))).unwrap_err();
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn says_in_plain_words_what_cannot_be_read_or_written() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("x")).unwrap_err().message.contains("no such file"));
        assert!(read(folder.path()).unwrap_err().message.contains("folder"));
        assert!(write(folder.path(), Readers::Owner, |_| Ok(())).unwrap_err().message.contains("folder"));
        assert!(write(&folder.path().join("no/x"), Readers::Owner, |_| Ok(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_written_into_and_links_stay_links() {
        use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
        write(Path::new("/dev/null"), Readers::Owner, |out| out.write_all(b"x")).unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("plan.json"), folder.path().join("latest.json"));
        write(&path, Readers::Owner, |out| out.write_all(b"1")).unwrap();
        symlink(&path, &link).unwrap();
        write(&link, Readers::Owner, |out| out.write_all(b"2")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(read(&path).unwrap(), b"2");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
