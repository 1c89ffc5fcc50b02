//! Physical lines, and the logical lines that folding makes of them.

use std::io::{self, BufRead, ErrorKind};
use std::ops::Range;

use memchr::memchr;

use crate::diag::Diagnostic;

use super::super::problems::Problems;

/// A logical line is not longer than this; what is longer is no LDIF.
const MAX_LINE: usize = 64 << 20;

/// A logical line: unfolded, with its place in the decoded text. Its content lies in a [`Block`].
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// One-based number of its first physical line.
    pub(crate) number: u32,
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// Offset behind its line end.
    pub(crate) end: usize,
    /// Whether the content is text; if not, the content is empty and the problem was reported.
    pub(crate) is_sound: bool,
    content: Range<usize>,
}

/// Lines that belong together, with their contents without line ends and fold marks. Used over and over.
#[derive(Debug, Default)]
pub(crate) struct Block {
    text: String,
    lines: Vec<Line>,
}

impl Block {
    /// The content of a line.
    pub(crate) fn content(&self, line: &Line) -> &str {
        self.text.get(line.content.clone()).unwrap_or_default()
    }

    /// The lines.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Keeps a line that was read into this block.
    pub(crate) fn keep(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Lets go of a line that was read into this block last.
    pub(crate) fn drop(&mut self, line: &Line) {
        self.text.truncate(line.content.start);
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
    }
}

/// Where a physical line, or several that were joined, stand.
#[derive(Debug, Clone, Copy)]
struct Stand {
    number: u32,
    start: usize,
    end: usize,
}

/// Reads logical lines.
pub(crate) struct Lines<R> {
    reader: R,
    number: u32,
    offset: usize,
    /// The bytes of the logical line that grows.
    bytes: Vec<u8>,
    /// The physical line behind it, and whether it was read already.
    ahead: Vec<u8>,
    stand_ahead: Option<Stand>,
    ended_inside: Option<u32>,
    has_failed: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        let (bytes, ahead) = (Vec::new(), Vec::new());
        Self { reader, number: 0, offset: 0, bytes, ahead, stand_ahead: None, ended_inside: None, has_failed: false }
    }

    /// The number of the last line, if the text ends without a line end.
    pub(crate) fn ended_inside(&self) -> Option<u32> {
        self.ended_inside
    }

    /// Whether reading had to stop before the end.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// The next logical line, its content behind what the block holds; `None` at the end, or after an error that ends reading.
    pub(crate) fn next(&mut self, block: &mut Block, problems: &mut Problems) -> Option<Line> {
        self.read_line(block, problems).unwrap_or_else(|problem| {
            self.has_failed = true;
            problems.push(*problem);
            None
        })
    }

    fn read_line(&mut self, block: &mut Block, problems: &mut Problems) -> Result<Option<Line>, Box<Diagnostic>> {
        if let Some(line) = self.take_plain(block, problems)? {
            return Ok(Some(line));
        }
        let stand = self.unfold(problems)?;
        Ok(stand.map(|stand| decode(&self.bytes, stand, block, problems)))
    }

    /// A line that is not folded and lies in the reader's buffer together with the next one's start, as most do: it need
    /// not be collected first.
    fn take_plain(&mut self, block: &mut Block, problems: &mut Problems) -> Result<Option<Line>, Box<Diagnostic>> {
        if self.stand_ahead.is_some() {
            return Ok(None);
        }
        let buffer = match self.reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(None),
            Err(error) => return Err(unreadable(&error, self.number, problems)),
        };
        let Some((line, rest)) = memchr(b'\n', buffer).and_then(|end| buffer.split_at_checked(end + 1)) else { return Ok(None) };
        let content = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line);
        if rest.is_empty() || (rest.starts_with(b" ") && !content.is_empty()) {
            return Ok(None);
        }
        let count = line.len();
        let stand = Stand { number: self.number.saturating_add(1), start: self.offset, end: self.offset + count };
        let line = decode(content, stand, block, problems);
        (self.number, self.offset) = (stand.number, stand.end);
        self.reader.consume(count);
        Ok(Some(line))
    }

    fn unfold(&mut self, problems: &Problems) -> Result<Option<Stand>, Box<Diagnostic>> {
        let Some(mut stand) = self.take(problems)? else { return Ok(None) };
        std::mem::swap(&mut self.bytes, &mut self.ahead);
        while !self.bytes.is_empty() {
            let Some(next) = self.take(problems)? else { break };
            let Some((b' ', rest)) = self.ahead.split_first() else {
                self.stand_ahead = Some(next);
                break;
            };
            self.bytes.extend_from_slice(rest);
            stand.end = next.end;
            if self.bytes.len() > MAX_LINE {
                return Err(too_long(stand.number, problems));
            }
        }
        Ok(Some(stand))
    }

    /// Reads a physical line into `ahead`, unless one is there.
    fn take(&mut self, problems: &Problems) -> Result<Option<Stand>, Box<Diagnostic>> {
        if let Some(stand) = self.stand_ahead.take() {
            return Ok(Some(stand));
        }
        self.ahead.clear();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let read = std::io::Read::take(&mut self.reader, limit).read_until(b'\n', &mut self.ahead);
        let count = read.map_err(|error| unreadable(&error, self.number, problems))?;
        if count == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        if count >= MAX_LINE {
            return Err(too_long(self.number, problems));
        }
        let start = self.offset;
        self.offset += count;
        self.strip_end();
        Ok(Some(Stand { number: self.number, start, end: self.offset }))
    }

    fn strip_end(&mut self) {
        if self.ahead.pop_if(|byte| *byte == b'\n').is_none() {
            self.ended_inside = Some(self.number);
            return;
        }
        let _ = self.ahead.pop_if(|byte| *byte == b'\r');
    }
}

/// Text is checked after unfolding: a fold may lie within a character.
fn decode(bytes: &[u8], stand: Stand, block: &mut Block, problems: &mut Problems) -> Line {
    let Stand { number, start, end } = stand;
    let from = block.text.len();
    let problem = match std::str::from_utf8(bytes) {
        Ok(text) if memchr(0, bytes).is_none() => {
            block.text.push_str(text);
            return Line { number, start, end, is_sound: true, content: from..block.text.len() };
        }
        Ok(_) => Diagnostic::error("the line has a NUL character; the file is damaged, or no text"),
        Err(_) => Diagnostic::error("the line is not valid UTF-8 text")
            .help("export it again as UTF-8 or Unicode; `ldifde -u` writes Unicode, `ldapsearch` base64"),
    };
    problems.push(problem.at(problems.at(number)));
    Line { number, start, end, is_sound: false, content: from..from }
}

fn unreadable(error: &io::Error, after: u32, problems: &Problems) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(format!("cannot read on after this line: {error}")).at(problems.at(after)))
}

fn too_long(number: u32, problems: &Problems) -> Box<Diagnostic> {
    let summary = format!("the line is longer than {} MiB; this is no LDIF", MAX_LINE >> 20);
    Box::new(Diagnostic::error(summary).at(problems.at(number)))
}
