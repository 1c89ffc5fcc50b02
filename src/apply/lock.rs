//! One apply at a time in a folder. The lock belongs to the open file, so it dies with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::directory::limited::refuse_device;
use crate::directory::text::words;

/// The name of the lock file.
pub const LOCK_FILE: &str = ".hardmatch.lock";

/// The held lock.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
}

/// Why the lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else is at work.
    #[error(
        "another `apply` or `rollback` is at work in `{}`{}; wait for it, or end it: the lock goes with its process",
        folder.display(),
        holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Held {
        /// Where.
        folder: PathBuf,
        /// Who, when that could be read.
        holder: Option<u32>,
    },
    /// The lock file cannot be used.
    #[error("cannot lock the folder `{}` (file `{LOCK_FILE}`): {}; hardmatch needs to write beside plan and journal", folder.display(), words(cause))]
    Io {
        /// Where.
        folder: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl FolderLock {
    /// Takes the lock of a folder, or says who has it.
    ///
    /// # Errors
    /// A [`LockError`].
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let failed = |cause| LockError::Io { folder: folder.to_owned(), cause };
        let mut file = open(&folder.join(LOCK_FILE)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => sign(&mut file).map_err(failed)?,
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: folder.to_owned(), holder: signature(&mut file) });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        Ok(Self { file })
    }
}

impl Drop for FolderLock {
    /// Gives the lock back at once. A process that is just being started holds the open file for a moment, too, and
    /// closing ours alone would leave the lock with it.
    fn drop(&mut self) {
        self.file.unlock().ok();
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    // What it points to would be overwritten.
    if path.is_symlink() {
        return Err(io::Error::other("it is a link to another file; remove it"));
    }
    let file = options.open(path)?;
    refuse_device(&file.metadata()?)?;
    // Whoever may open it could hold the lock. One that another account made stays as it is.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o600)).ok();
    }
    Ok(file)
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn signature(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        assert!(std::process::Command::new("mkfifo").arg(folder.path().join(LOCK_FILE)).status().unwrap().success());
        let error = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains(LOCK_FILE) && error.contains("it is a pipe or a device"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_points_to_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let forest = folder.path().join("corp.ldif");
        std::fs::write(&forest, "dn: dc=corp\n").unwrap();
        std::os::unix::fs::symlink(&forest, folder.path().join(LOCK_FILE)).unwrap();
        let error = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains("it is a link to another file; remove it"), "{error}");
        assert_eq!(std::fs::read_to_string(&forest).unwrap(), "dn: dc=corp\n");
    }

    #[test]
    fn keeps_a_second_one_out_and_says_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        match FolderLock::take(folder.path()) {
            Err(LockError::Held { holder, .. }) => {
                assert_eq!(holder, (!cfg!(windows)).then(std::process::id));
            }
            other => panic!("{other:?}"),
        }
        drop(first);
        FolderLock::take(folder.path()).unwrap();
    }

    #[test]
    fn is_free_at_once_although_somebody_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        let _inherited = lock.file.try_clone().unwrap();
        drop(lock);
        FolderLock::take(folder.path()).unwrap();
    }

    #[test]
    fn says_where_and_why_when_there_is_no_lock() {
        let error = FolderLock::take(Path::new("/no/such/folder")).unwrap_err().to_string();
        assert!(error.contains("`/no/such/folder` (file `.hardmatch.lock`): there is no such file or folder;"), "{error}");
    }
}
