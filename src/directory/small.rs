//! Files that are small by nature: secrets, certificates, tokens. Another one named by mistake is not read whole.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Bytes of such a file at most.
pub(crate) const LARGEST: u64 = 1 << 20;

/// Reads one.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_up_to(path, LARGEST)
}

/// Reads one that is text.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8 text"))
}

/// Reads a file of at most so many bytes.
pub(crate) fn read_up_to(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        return Ok(bytes);
    }
    Err(io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it is larger than {} MiB; is it the file that was meant?", limit >> 20),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        file.set_len(LARGEST).unwrap();
        assert_eq!(read(&path).unwrap().len() as u64, LARGEST);
        file.set_len(64 << 30).unwrap();
        assert!(read_text(&path).unwrap_err().to_string().contains("larger than 1 MiB"));
    }
}
