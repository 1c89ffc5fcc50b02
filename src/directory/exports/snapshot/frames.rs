//! Cuts JSON text into its values without understanding them, so that a list of a million users is held one by one.
//!
//! A value is handed out as the bytes between its ends; whoever parses them finds what is wrong inside.

use std::io::BufRead;

use memchr::{memchr_iter, memchr2, memrchr};

/// A single value is not longer than this; what is longer is no export of a directory.
const MAX_VALUE: usize = 256 << 20;

/// A place in the text: one-based line, and how many bytes of it come before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Why the text cannot be cut: the sentence, and the place.
#[derive(Debug)]
pub(super) struct FrameError {
    pub(super) summary: String,
    pub(super) place: Place,
    /// Whether the text ended too early.
    pub(super) is_cut: bool,
}

/// A value: its bytes, and where they start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) place: Place,
}

impl Frame<'_> {
    /// The place that a parser of the bytes alone calls `line` and `column` (one-based, of the last byte that it read).
    pub(super) fn place_of(&self, line: usize, column: usize) -> Place {
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let (line, column) = (number(line.max(1)), number(column));
        let before = if line == 1 { self.place.column } else { 0 };
        Place { line: self.place.line.saturating_add(line - 1), column: before.saturating_add(column) }
    }
}

/// The text, from the first byte that was not handed out yet.
pub(super) struct Frames<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    place: Place,
    is_at_end: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), start: 0, place: Place { line: 1, column: 0 }, is_at_end: false }
    }

    /// The next byte that is no blank, which stays where it is.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, FrameError> {
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            match rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
                Some(blanks) => {
                    let byte = rest.get(blanks).copied();
                    self.pass(blanks);
                    return Ok(byte);
                }
                None => {
                    self.pass(rest.len());
                    if !self.fill()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Passes the next byte that is no blank if it is this one.
    pub(super) fn skip(&mut self, wanted: u8) -> Result<bool, FrameError> {
        let is_there = self.peek()? == Some(wanted);
        self.pass(usize::from(is_there));
        Ok(is_there)
    }

    /// The next value, whole. Whether it is sound is not known.
    pub(super) fn value(&mut self) -> Result<Frame<'_>, FrameError> {
        self.peek()?;
        let mut end = End::default();
        let length = loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            match end.find(rest) {
                Some(length) => break length,
                None if rest.len() > MAX_VALUE => return Err(self.error("a value is longer than 256 MiB")),
                None if !self.fill()? => break self.buffer.len() - self.start,
                None => {}
            }
        };
        let (start, place) = (self.start, self.place);
        self.pass(length);
        Ok(Frame { bytes: self.buffer.get(start..start + length).unwrap_or_default(), place })
    }

    /// An error at the byte that comes next.
    pub(super) fn error(&self, summary: impl Into<String>) -> FrameError {
        let place = Place { column: self.place.column.saturating_add(1), ..self.place };
        FrameError { summary: summary.into(), place, is_cut: self.is_at_end && self.start >= self.buffer.len() }
    }

    fn pass(&mut self, count: usize) {
        let passed = self.buffer.get(self.start..self.start + count).unwrap_or_default();
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        match memrchr(b'\n', passed) {
            Some(last) => {
                self.place.line = self.place.line.saturating_add(number(memchr_iter(b'\n', passed).count()));
                self.place.column = number(passed.len() - last - 1);
            }
            None => self.place.column = self.place.column.saturating_add(number(count)),
        }
        self.start += count;
    }

    /// Reads on; `false` at the end of the text.
    fn fill(&mut self) -> Result<bool, FrameError> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let fresh = match self.source.fill_buf() {
            Ok(fresh) => fresh,
            Err(error) => return Err(self.error(error.to_string())),
        };
        let count = fresh.len();
        self.buffer.extend_from_slice(fresh);
        self.source.consume(count);
        self.is_at_end = count == 0;
        Ok(count > 0)
    }
}

/// Looks for the end of a value in bytes that grow.
#[derive(Default)]
struct End {
    /// Up to where was looked.
    position: usize,
    depth: usize,
    is_in_text: bool,
}

impl End {
    /// The length of the value at the start of `bytes`, if it ends there.
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            if self.is_in_text {
                self.pass_text(bytes)?;
            } else {
                let byte = *bytes.get(self.position)?;
                match byte {
                    b'"' => self.is_in_text = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 => {
                        // A value has at least one byte, even where none should be.
                        return Some(self.position.max(1));
                    }
                    b'}' | b']' => self.depth -= 1,
                    _ => {
                        self.position += 1;
                        continue;
                    }
                }
                self.position += 1;
            }
            if self.depth == 0 && !self.is_in_text {
                return Some(self.position);
            }
        }
    }

    /// Passes the rest of a text with its closing quotation mark; `None` when the bytes end before that.
    fn pass_text(&mut self, bytes: &[u8]) -> Option<()> {
        loop {
            let rest = bytes.get(self.position..)?;
            let Some(found) = memchr2(b'"', b'\\', rest) else {
                self.position = bytes.len();
                return None;
            };
            let at = self.position + found;
            if rest.get(found) == Some(&b'"') {
                self.position = at + 1;
                self.is_in_text = false;
                return Some(());
            }
            if at + 1 >= bytes.len() {
                self.position = at;
                return None;
            }
            self.position = at + 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// All values of a list, each with its place, read through a window of so many bytes.
    fn values(text: &str, window: usize) -> Result<Vec<(String, Place)>, FrameError> {
        let mut frames = Frames::new(BufReader::with_capacity(window, text.as_bytes()));
        let mut found = Vec::new();
        assert!(frames.skip(b'[')?);
        while !frames.skip(b']')? {
            let frame = frames.value()?;
            found.push((String::from_utf8_lossy(frame.bytes).into_owned(), frame.place));
            if frames.peek()?.is_none() {
                return Err(frames.error("cut"));
            }
            frames.skip(b',')?;
        }
        Ok(found)
    }

    #[test]
    fn a_value_ends_where_it_ends_whatever_the_window() {
        let text = "[ {\"a\": \"}\\\"]\", \"b\": [1, {}]},\n  \"x\\\\\" , 12 ,true,null,\n[[\"ö\"]]]";
        let place = |line, column| Place { line, column };
        let wanted = [
            ("{\"a\": \"}\\\"]\", \"b\": [1, {}]}", place(1, 2)),
            ("\"x\\\\\"", place(2, 2)),
            ("12", place(2, 10)),
            ("true", place(2, 14)),
            ("null", place(2, 19)),
            ("[[\"ö\"]]", place(3, 0)),
        ];
        for window in 1..text.len() {
            let found = values(text, window).unwrap();
            assert!(found.iter().map(|(text, place)| (text.as_str(), *place)).eq(wanted), "{window}: {found:?}");
        }
    }

    #[test]
    fn a_cut_text_gives_what_is_there_and_says_so() {
        for text in ["[\"abc", "[{\"a\": [1", "[\"a\\", "[12", "["] {
            let error = values(text, 3).unwrap_err();
            assert!(error.is_cut, "{text}");
        }
    }
}
