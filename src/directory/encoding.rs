//! Bytes of a file to UTF-8: byte order marks, and the UTF-16 of Windows tools with or without a mark.
//!
//! UTF-8 passes through as it is, and whoever makes text of it checks it. UTF-16 that cannot be decoded is an error.

use std::io::{self, Cursor, Read};

use encoding_rs_io::DecodeReaderBytesBuilder;

/// Reads UTF-8, whatever of the known encodings the source is in. A byte order mark is gone.
pub(crate) struct Decoder<'a> {
    inner: Box<dyn Read + 'a>,
    /// Set for UTF-16: the last two bytes handed out, to find a replacement character across reads.
    tail: Option<[u8; 2]>,
}

/// The encoding of a file, as far as its first bytes show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// The encoding that the first bytes of a file show, and the length of its byte order mark.
pub(crate) fn sniff(head: &[u8]) -> (Encoding, usize) {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8, 3),
        [0xFF, 0xFE, ..] => (Encoding::Utf16Le, 2),
        [0xFE, 0xFF, ..] => (Encoding::Utf16Be, 2),
        [low, 0, next, 0, ..] if low.is_ascii() && next.is_ascii() && *low != 0 => (Encoding::Utf16Le, 0),
        [0, high, 0, next, ..] if high.is_ascii() && next.is_ascii() && *high != 0 => (Encoding::Utf16Be, 0),
        _ => (Encoding::Utf8, 0),
    }
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(mut source: impl Read + 'a) -> io::Result<Self> {
        let head = read_head(&mut source)?;
        let (encoding, mark) = sniff(&head);
        let utf16_mark: &[u8] = match encoding {
            Encoding::Utf8 => &[],
            Encoding::Utf16Le => &[0xFF, 0xFE],
            Encoding::Utf16Be => &[0xFE, 0xFF],
        };
        let rest = Cursor::new(head.get(mark..).unwrap_or_default().to_vec()).chain(source);
        if encoding == Encoding::Utf8 {
            return Ok(Self { inner: Box::new(rest), tail: None });
        }
        let marked = Cursor::new(utf16_mark.to_vec()).chain(rest);
        let decoding = DecodeReaderBytesBuilder::new().strip_bom(true).build(marked);
        Ok(Self { inner: Box::new(decoding), tail: Some([0; 2]) })
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(tail) = &mut self.tail {
            refuse_replacement(buffer.get(..count).unwrap_or_default(), tail)?;
        }
        Ok(count)
    }
}

/// The decoder puts U+FFFD where UTF-16 is damaged; an identifier must not be read with one.
fn refuse_replacement(fresh: &[u8], tail: &mut [u8; 2]) -> io::Result<()> {
    const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
    let seam: Vec<u8> = tail.iter().chain(fresh.iter().take(2)).copied().collect();
    let damaged = seam.windows(3).chain(fresh.windows(3)).any(|window| window == REPLACEMENT);
    if damaged {
        let why =
            "the UTF-16 text is damaged or was cut (it has a character that cannot be decoded); export it again, best as UTF-8";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    for byte in fresh.iter().skip(fresh.len().saturating_sub(2)) {
        *tail = [tail[1], *byte];
    }
    Ok(())
}

fn read_head(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(4);
    source.take(4).read_to_end(&mut head)?;
    Ok(head)
}

/// A reader that fails once more than a limit has come through.
pub(crate) struct Limited<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R> Limited<R> {
    pub(crate) fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit, limit }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left =
            u64::try_from(count).ok().and_then(|count| self.left.checked_sub(count)).ok_or_else(|| too_large(self.limit))?;
        Ok(count)
    }
}

pub(crate) fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {} GiB", limit >> 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Decoder::new(bytes)?.read_to_string(&mut text).map(|_| text)
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn reads_every_encoding_of_windows_tools() {
        let text = "dn: CN=Zoë 王 𝒳\r\n";
        for bytes in [
            text.as_bytes().to_vec(),
            ["\u{feff}".as_bytes(), text.as_bytes()].concat(),
            utf16(text, true),
            utf16(text, false),
            utf16(&format!("\u{feff}{text}"), true),
            utf16(&format!("\u{feff}{text}"), false),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
        assert_eq!(decode(b"").unwrap(), "");
        assert_eq!(decode(b"a").unwrap(), "a");
    }

    #[test]
    fn refuses_damaged_utf16_instead_of_replacing() {
        let whole = utf16("\u{feff}dn: CN=王", true);
        for bytes in [&whole[..whole.len() - 1], &[whole.as_slice(), &[0x00, 0xD8, 0x41, 0x00]].concat()] {
            assert_eq!(decode(bytes).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        let long = utf16(&format!("\u{feff}{}\u{fffd}", "x".repeat(8191)), true);
        assert!(decode(&long).is_err());
    }

    #[test]
    fn stops_at_the_limit() {
        let mut out = Vec::new();
        assert!(Limited::new(&[0u8; 10][..], 10).read_to_end(&mut out).is_ok());
        assert!(Limited::new(&[0u8; 11][..], 10).read_to_end(&mut out).is_err());
    }
}
