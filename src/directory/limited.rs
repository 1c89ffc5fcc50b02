//! Files that are read whole, up to a size: a wrong one that is named by mistake is not.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use super::encoding::Decoder;

/// Bytes of a file that is small by nature, such as a secret, a certificate or a signature.
const SMALL: u64 = 1 << 20;
/// Bytes of what tells no size before it is read: a pipe, a device.
const LARGEST_STREAM: u64 = 256 << 20;

/// Reads a file of at most so many bytes.
///
/// # Errors
/// That of the system, or `FileTooLarge`; [`words`](super::text::words) says it.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_open(File::open(path)?, limit)
}

fn read_open(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let metadata = file.metadata()?;
    let limit = if metadata.is_file() { limit } else { limit.min(LARGEST_STREAM) };
    let found = if metadata.len() > limit { None } else { up_to(file, limit)? };
    found.ok_or_else(|| too_large(limit))
}

/// Reads a file that is small by nature.
pub(crate) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    read(path, SMALL)
}

/// The same for one that was found by its name, as [`open_found`].
pub(crate) fn read_small_found(path: &Path) -> io::Result<Vec<u8>> {
    read_found(path, SMALL)
}

/// As [`read`], for one that was found by its name.
pub(crate) fn read_found(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_open(open_found(path)?, limit)
}

/// The same for one that is text, as whatever tool of Windows wrote it.
pub(crate) fn read_small_text(path: &Path) -> io::Result<String> {
    let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8 text");
    String::from_utf8(as_utf8(&read_small(path)?)?).map_err(no_text)
}

/// The bytes of a text in UTF-8, as whatever tool of Windows wrote it, without a mark before it.
pub(crate) fn as_utf8(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    Decoder::new(bytes)?.read_to_end(&mut decoded)?;
    Ok(decoded)
}

/// Opens a file that was found by its name and not handed over by somebody: a pipe, say, would be waited for.
pub(crate) fn open_found(path: &Path) -> io::Result<File> {
    refuse_device(&path.metadata()?)?;
    File::open(path)
}

/// An error for what is neither a file nor a folder.
pub(crate) fn refuse_device(found: &Metadata) -> io::Result<()> {
    let is_device = !found.is_file() && !found.is_dir();
    if is_device { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe or a device")) } else { Ok(()) }
}

/// Reads to the end; `None` where that is further than so many bytes.
pub(crate) fn up_to(source: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    source.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= limit);
    Ok(fits.then_some(bytes))
}

fn too_large(limit: u64) -> io::Error {
    let message = format!("it is larger than {} MiB; is it the file that was meant?", limit >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        file.set_len(SMALL).unwrap();
        assert_eq!(read_small(&path).unwrap().len() as u64, SMALL);
        file.set_len(64 << 30).unwrap();
        assert!(read_small_text(&path).unwrap_err().to_string().contains("larger than 1 MiB"));
        assert!(read(&path, 4 << 30).unwrap_err().to_string().contains("larger than 4096 MiB"), "told by its size alone");
    }

    /// Notepad and PowerShell 5.1 put a mark before a password, or write it as UTF-16.
    #[test]
    fn a_small_text_is_read_as_windows_tools_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for bytes in [b"Secret\r\n".to_vec(), b"\xef\xbb\xbfSecret\r\n".to_vec(), wide("\u{feff}Secret\r\n"), wide("Secret\r\n")]
        {
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read_small_text(&path).unwrap(), "Secret\r\n", "{bytes:?}");
        }
        std::fs::write(&path, b"Se\xffcret").unwrap();
        assert_eq!(read_small_text(&path).unwrap_err().to_string(), "it is no UTF-8 text");
    }

    #[test]
    fn a_stream_ends_at_its_limit_whatever_size_it_tells() {
        assert_eq!(up_to(&[7; 10][..], 10).unwrap().unwrap(), [7; 10]);
        assert_eq!(up_to(io::repeat(7), 10).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_end_is_no_small_file() {
        assert_eq!(read_small(Path::new("/dev/zero")).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
