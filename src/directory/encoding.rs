//! Bytes of a file to UTF-8: byte order marks, and the UTF-16 of Windows tools with or without a mark.
//!
//! UTF-8 passes through as it is, and whoever makes text of it checks it. UTF-16 that cannot be decoded is an error.

use std::io::{self, Cursor, Read};

/// Reads UTF-8, whatever of the known encodings the source is in. A byte order mark is gone.
pub(crate) struct Decoder<'a>(Box<dyn Read + 'a>);

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
        let rest = Cursor::new(head.get(mark..).unwrap_or_default().to_vec()).chain(source);
        Ok(Self(match encoding {
            Encoding::Utf8 => Box::new(rest),
            Encoding::Utf16Le => Box::new(Utf16::new(rest, u16::from_le_bytes)),
            Encoding::Utf16Be => Box::new(Utf16::new(rest, u16::from_be_bytes)),
        }))
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// UTF-16 on its way to UTF-8. A library for that brings the tables of all encodings of the web, 1 % of the program.
struct Utf16<R> {
    source: R,
    unit: fn([u8; 2]) -> u16,
    /// What is no whole character yet.
    rest: Vec<u8>,
    text: Cursor<String>,
}

impl<R: Read> Utf16<R> {
    fn new(source: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self { source, unit, rest: Vec::new(), text: Cursor::default() }
    }

    /// Decodes the next bytes; `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        let mut fresh = [0; 1 << 13];
        let count = self.source.read(&mut fresh)?;
        if count == 0 {
            return if self.rest.is_empty() { Ok(false) } else { Err(damaged()) };
        }
        self.rest.extend(fresh.iter().take(count));
        let pairs = self.rest.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
        let mut units: Vec<u16> = pairs.map(self.unit).collect();
        // The other half of a character may come with the next bytes.
        units.pop_if(|last| matches!(last, 0xD800..=0xDBFF));
        let text =
            char::decode_utf16(units.iter().copied()).map(|decoded| decoded.ok().filter(|c| *c != char::REPLACEMENT_CHARACTER));
        self.text = Cursor::new(text.collect::<Option<String>>().ok_or_else(damaged)?);
        self.rest.drain(..2 * units.len());
        Ok(true)
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.text.read(buffer)?;
            if count > 0 || buffer.is_empty() || !self.fill()? {
                return Ok(count);
            }
        }
    }
}

/// An identifier must not be read with a character that stands for another one.
fn damaged() -> io::Error {
    let why = "the UTF-16 text is damaged or was cut (it has a character that cannot be decoded); export it again, best as UTF-8";
    io::Error::new(io::ErrorKind::InvalidData, why)
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

    /// Gives so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }

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
        assert!(decode(&whole[..whole.len() - 2]).is_ok());
    }

    /// Bytes come in pieces of any length, and so are they asked for.
    #[test]
    fn characters_are_put_together_across_pieces() {
        let text = "é王𝒳".repeat(5_000);
        let bytes = utf16(&text, false);
        for piece in [1, 2, 3, 5, 8_191] {
            let mut decoder = Utf16::new(Slow(&bytes, piece), u16::from_be_bytes);
            let (mut read, mut buffer) = (Vec::new(), vec![0; piece]);
            while let count @ 1.. = decoder.read(&mut buffer).unwrap() {
                read.extend_from_slice(&buffer[..count]);
            }
            assert!(read == text.as_bytes(), "{piece}");
        }
    }

    #[test]
    fn stops_at_the_limit() {
        let mut out = Vec::new();
        assert!(Limited::new(&[0u8; 10][..], 10).read_to_end(&mut out).is_ok());
        assert!(Limited::new(&[0u8; 11][..], 10).read_to_end(&mut out).is_err());
    }
}
