//! The decoded text of an input file: lines and columns for messages, and what of it may be shown.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use memchr::memchr_iter;

use super::secrets;
use crate::diag::Location;
use crate::directory::encoding::{Encoding, sniff};
use crate::model::Source;

/// The largest file that is read.
pub const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// One input file, decoded.
#[derive(Debug, Clone)]
pub struct SourceText {
    shown: Arc<str>,
    relative: Arc<str>,
    text: Box<str>,
    line_starts: Vec<u32>,
    is_ascii: bool,
    masks: Vec<Range<usize>>,
    /// What may be a secret; looked for when something is shown.
    secrets: OnceLock<Vec<Range<usize>>>,
}

impl SourceText {
    /// Keeps a text under the name that messages show and the name relative to the configuration.
    #[must_use]
    pub fn new(shown: &str, relative: &str, text: String) -> Self {
        let newlines = memchr_iter(b'\n', text.as_bytes()).map_while(|at| u32::try_from(at + 1).ok());
        let line_starts = std::iter::once(0).chain(newlines).collect();
        let is_ascii = text.is_ascii();
        let (masks, secrets) = (Vec::new(), OnceLock::new());
        Self { shown: shown.into(), relative: relative.into(), text: text.into(), line_starts, is_ascii, masks, secrets }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name that messages show.
    #[must_use]
    pub fn shown(&self) -> &Arc<str> {
        &self.shown
    }

    /// The name relative to the configuration.
    #[must_use]
    pub fn relative(&self) -> &Arc<str> {
        &self.relative
    }

    /// Never shows these bytes in a snippet.
    pub fn mask(&mut self, span: Range<usize>) {
        self.masks.push(span);
    }

    /// Whether a byte must not be shown.
    pub(super) fn is_masked(&self, byte: usize) -> bool {
        let secrets = self.secrets.get_or_init(|| secrets::in_text(&self.text));
        self.masks.iter().chain(secrets).any(|mask| mask.contains(&byte))
    }

    /// The one-based line of a byte.
    #[must_use]
    pub fn line_of(&self, byte: usize) -> u32 {
        let line = self.line_starts.partition_point(|start| usize::try_from(*start).is_ok_and(|start| start <= byte));
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The bytes of a one-based line, without its line break.
    #[must_use]
    pub fn line_range(&self, line: u32) -> Option<Range<usize>> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = usize::try_from(*self.line_starts.get(index)?).ok()?;
        let next = self.line_starts.get(index + 1).and_then(|next| usize::try_from(*next).ok()).unwrap_or(self.text.len());
        let line = self.text.get(start..next)?.trim_end_matches(['\n', '\r']);
        Some(start..start + line.len())
    }

    /// Line and column of a byte.
    #[must_use]
    pub fn location(&self, byte: usize) -> Location {
        let line = self.line_of(byte);
        let before = self.line_range(line).and_then(|range| self.text.get(range.start..byte));
        // Counting would make thousands of faults in one endless line slow.
        let characters = before.map(|before| if self.is_ascii { before.len() } else { before.chars().count() });
        let column = characters.map_or(0, |count| u32::try_from(count).map_or(0, |count| count + 1));
        Location { file: Arc::clone(&self.shown), line, column }
    }

    /// Where a mapping was written.
    #[must_use]
    pub fn source(&self, byte: usize) -> Source {
        Source { file: Arc::clone(&self.relative), line: self.line_of(byte) }
    }
}

/// The texts of all files that were read, to draw snippets from.
#[derive(Debug, Clone, Default)]
pub struct SourceTexts {
    files: Vec<SourceText>,
}

impl SourceTexts {
    /// Adds a file.
    pub fn push(&mut self, file: SourceText) {
        self.files.push(file);
    }

    /// The files relative to the configuration.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| &*file.relative)
    }

    /// The file of this name, shown or relative.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SourceText> {
        self.files.iter().find(|file| *file.shown == *name).or_else(|| self.files.iter().find(|file| *file.relative == *name))
    }
}

/// Why bytes are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecodeFault {
    /// What is wrong.
    pub summary: String,
    /// What to do.
    pub help: String,
}

/// Decodes UTF-8 and UTF-16, with or without byte-order mark; nothing is ever replaced.
///
/// # Errors
/// What the bytes are instead of text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, DecodeFault> {
    if let [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] = bytes {
        return Err(fault("the file is UTF-32 text, which is not read"));
    }
    let (encoding, mark) = sniff(bytes);
    let content = bytes.get(mark..).unwrap_or_default();
    let text = match encoding {
        Encoding::Utf8 => utf8(content)?,
        Encoding::Utf16Le => utf16(content, u16::from_le_bytes)?,
        Encoding::Utf16Be => utf16(content, u16::from_be_bytes)?,
    };
    match text.bytes().position(|byte| byte == 0) {
        Some(at) => {
            Err(fault(&format!("the file is not text: it holds a NUL character in line {}", line_at(text.as_bytes(), at))))
        }
        None => Ok(text),
    }
}

fn fault(summary: &str) -> DecodeFault {
    DecodeFault {
        summary: summary.to_owned(),
        help: "save the file as UTF-8 text, or check that it is the right file".to_owned(),
    }
}

fn line_at(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count()
}

fn utf8(bytes: &[u8]) -> Result<String, DecodeFault> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let at = error.valid_up_to();
        if bytes.contains(&0) {
            return fault("the file is not text but binary data");
        }
        let byte = bytes.get(at).copied().unwrap_or_default();
        fault(&format!("the file is not UTF-8: line {} holds the byte 0x{byte:02X}", line_at(bytes, at)))
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, DecodeFault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let broken = || fault("the file looks like UTF-16 text but is damaged");
    if !rest.is_empty() {
        return Err(broken());
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_windows_tools_write() {
        let text = "a: ö\r\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [&b"\xff\xfe"[..], &le].concat(),
            [&b"\xfe\xff"[..], &be].concat(),
            le,
            be,
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn says_what_is_no_text() {
        for (bytes, words) in [
            (&b"a\nb \xe4"[..], "line 2 holds the byte 0xE4"),
            (b"PK\x03\x04\x00\xff\x00", "binary data"),
            (b"ab\0cd", "NUL character in line 1"),
            (b"\xff\xfea\0b", "damaged"),
            (b"\xff\xfe\0\0a\0\0\0", "UTF-32"),
            (b"\xff\xfe\x00\xd8\x00\xd8", "damaged"),
        ] {
            let fault = decode(bytes).unwrap_err();
            assert!(fault.summary.contains(words), "{fault:?}");
        }
    }

    #[test]
    fn finds_lines_and_columns_in_characters() {
        let source = SourceText::new("a", "a", "x\r\nöy\n".to_owned());
        assert_eq!(source.location(5).to_string(), "a:2:2");
        assert_eq!(source.line_range(1), Some(0..1));
        assert_eq!(source.line_range(3), Some(7..7));
        assert_eq!(source.line_range(4), None);
        assert_eq!(source.line_of(0), 1);
    }
}
