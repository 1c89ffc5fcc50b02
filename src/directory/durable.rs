//! Names that last: a file is in its folder after a power cut only when the folder is on disk, too.

use std::io;
use std::path::Path;

/// Puts the names in a folder on disk; for a file that is new there, the folder is [`super::folder::of`] it.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened for that.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_folder_that_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        sync_folder(folder.path()).unwrap();
        #[cfg(unix)]
        assert!(sync_folder(&folder.path().join("none")).is_err());
    }
}
