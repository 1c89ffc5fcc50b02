//! Several files that belong together: all of them are written, or none.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::failure::Failure;
use super::files::{self, Readers};
use crate::directory::durable::sync_folder;
use crate::directory::folder;

/// Files that are written but not yet in their places. Dropped, they are gone, and so are the folders made for them.
pub(super) struct Batch {
    overwrite: bool,
    readers: Readers,
    pending: Vec<(NamedTempFile, PathBuf)>,
    folders: Vec<PathBuf>,
}

impl Batch {
    /// An empty batch of files for their owner only.
    pub(super) fn new(overwrite: bool) -> Self {
        Self { overwrite, readers: Readers::Owner, pending: Vec::new(), folders: Vec::new() }
    }

    /// An empty batch of files for whoever the system's settings say; what is there stays.
    pub(super) fn shared() -> Self {
        Self { overwrite: false, readers: Readers::AsUsual, pending: Vec::new(), folders: Vec::new() }
    }

    /// Writes a file beside its place.
    pub(super) fn add(&mut self, path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let write = || {
            let folder = folder::of(path);
            self.make_folder(folder)?;
            let mut fresh = files::temporary(folder, self.readers)?;
            let mut buffered = BufWriter::with_capacity(1 << 16, fresh.as_file_mut());
            content(&mut buffered).and_then(|()| buffered.flush())?;
            drop(buffered);
            fresh.as_file().sync_all()?;
            self.pending.push((fresh, path.to_owned()));
            Ok(())
        };
        write().map_err(|error| unwritten(path, &error))
    }

    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<PathBuf> =
            folder.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists()).map(Path::to_owned).collect();
        files::create_folder(folder, self.readers)?;
        // The innermost comes first, so that they can be removed in this order.
        self.folders.splice(0..0, missing);
        Ok(())
    }

    /// Puts all files in their places. When one cannot be put there, those before it are taken away again.
    pub(super) fn commit(mut self) -> Result<(), Failure> {
        let mut done: Vec<PathBuf> = Vec::new();
        for (file, path) in std::mem::take(&mut self.pending) {
            let put = if self.overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
            if let Err(error) = put {
                if !self.overwrite {
                    done.iter().for_each(|path| drop(fs::remove_file(path)));
                }
                return Err(unwritten(&path, &error.error));
            }
            done.push(path);
        }
        let made = std::mem::take(&mut self.folders);
        made.iter().chain(&done).try_for_each(|path| sync_folder(folder::of(path)).map_err(|error| unwritten(path, &error)))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.pending.clear();
        // A folder that is not empty stays, which is right.
        self.folders.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::input(format!("`{}` cannot be written: {}", path.display(), files::words(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut torn = Batch::new(false);
        torn.add(&path("new/deep/a"), |out| out.write_all(b"a")).unwrap();
        torn.add(&path("b"), |_| Err(io::Error::other("torn"))).unwrap_err();
        drop(torn);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut late = Batch::new(false);
        late.add(&path("a"), |out| out.write_all(b"a")).unwrap();
        late.add(&path("b"), |out| out.write_all(b"b")).unwrap();
        fs::write(path("b"), "mine").unwrap();
        late.commit().unwrap_err();
        assert!(!path("a").exists());
        assert_eq!(fs::read_to_string(path("b")).unwrap(), "mine");
        let mut forced = Batch::new(true);
        forced.add(&path("sub/a"), |out| out.write_all(b"a")).unwrap();
        forced.add(&path("b"), |out| out.write_all(b"b")).unwrap();
        forced.commit().unwrap();
        assert_eq!(
            (fs::read_to_string(path("b")).unwrap(), fs::read_to_string(path("sub/a")).unwrap()),
            ("b".into(), "a".into())
        );
    }
}
