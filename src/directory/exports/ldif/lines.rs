//! Physical lines, and the logical lines that folding makes of them.

use std::io::{self, BufRead, ErrorKind};
use std::ops::Range;

use memchr::memchr;

use crate::diag::Diagnostic;
use crate::model::digits::size;

/// A logical line is not longer than this; what is longer is no LDIF.
const MAX_LINE: usize = 64 << 20;

/// A block is handed over once its text has so many bytes.
const FULL: usize = 1 << 16;

/// Or once it has so many lines: those that are blank have no text.
const MANY: usize = 1 << 13;

/// A logical line: unfolded, with its place in the decoded text. Its content lies in a [`Block`].
#[derive(Debug)]
pub(crate) struct Line {
    /// One-based number of its first physical line.
    pub(crate) number: u32,
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// Offset behind its line end.
    pub(crate) end: usize,
    /// Why the content is no text; it is empty then.
    pub(crate) fault: Option<Unsound>,
    content: Range<usize>,
}

/// What makes a line no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsound {
    Nul,
    NotUtf8,
}

impl Unsound {
    pub(crate) fn problem(self) -> Diagnostic {
        match self {
            Self::Nul => Diagnostic::error("the line has a NUL character; the file is damaged, or no text"),
            Self::NotUtf8 => Diagnostic::error("the line is not valid UTF-8 text")
                .help("export it again as UTF-8 or Unicode; `ldifde -u` writes Unicode, `ldapsearch` base64"),
        }
    }
}

/// How a text ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Behind a line end.
    Whole,
    /// Within this line.
    InsideLine(u32),
    /// It could not be read on behind, or within, this line.
    Unreadable(u32, Diagnostic),
}

/// Lines of whole entries, with their contents without line ends and fold marks.
#[derive(Debug, Default)]
pub(crate) struct Block {
    text: String,
    lines: Vec<Line>,
    /// Set in the last block.
    pub(crate) end: Option<End>,
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

    /// Whether an entry ends here, and enough has come together to be handed over.
    fn is_done(&self) -> bool {
        let is_empty = |line: &Line| line.fault.is_none() && self.content(line).trim().is_empty();
        (self.text.len() >= FULL || self.lines.len() >= MANY) && self.lines.last().is_some_and(is_empty)
    }
}

/// Reads a text to its end and hands it over in blocks, as long as somebody takes them.
pub(crate) fn read_blocks(reader: impl BufRead, mut take: impl FnMut(Block) -> bool) {
    let mut lines = Lines::new(reader);
    let mut block = Block::default();
    loop {
        match lines.read_line(&mut block) {
            Ok(Some(line)) => block.lines.push(line),
            Ok(None) => block.end = Some(lines.ended_inside.map_or(End::Whole, End::InsideLine)),
            Err(end) => block.end = Some(*end),
        }
        let is_last = block.end.is_some();
        if is_last || block.is_done() {
            let room = if is_last { 0 } else { block.text.capacity() };
            let next = Block { text: String::with_capacity(room), lines: Vec::with_capacity(block.lines.len()), end: None };
            if !take(std::mem::replace(&mut block, next)) || is_last {
                return;
            }
        }
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
struct Lines<R> {
    reader: R,
    number: u32,
    offset: usize,
    /// The bytes of the logical line that grows.
    bytes: Vec<u8>,
    /// The physical line behind it, and whether it was read already.
    ahead: Vec<u8>,
    stand_ahead: Option<Stand>,
    ended_inside: Option<u32>,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        let (bytes, ahead) = (Vec::new(), Vec::new());
        Self { reader, number: 0, offset: 0, bytes, ahead, stand_ahead: None, ended_inside: None }
    }

    /// The next logical line, its content behind what the block holds; `None` at the end.
    fn read_line(&mut self, block: &mut Block) -> Result<Option<Line>, Box<End>> {
        if let Some(line) = self.take_plain(block)? {
            return Ok(Some(line));
        }
        let stand = self.unfold()?;
        Ok(stand.map(|stand| decode(&self.bytes, stand, block)))
    }

    /// A line that is not folded and lies in the reader's buffer together with the next one's start, as most do: it need
    /// not be collected first.
    fn take_plain(&mut self, block: &mut Block) -> Result<Option<Line>, Box<End>> {
        if self.stand_ahead.is_some() {
            return Ok(None);
        }
        let buffer = match self.reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(None),
            Err(error) => return Err(unreadable(&error, self.number)),
        };
        let Some((line, rest)) = memchr(b'\n', buffer).and_then(|end| buffer.split_at_checked(end + 1)) else { return Ok(None) };
        let content = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line);
        if rest.is_empty() || (rest.starts_with(b" ") && !content.is_empty()) {
            return Ok(None);
        }
        let count = line.len();
        let stand = Stand { number: self.number.saturating_add(1), start: self.offset, end: self.offset + count };
        let line = decode(content, stand, block);
        (self.number, self.offset) = (stand.number, stand.end);
        self.reader.consume(count);
        Ok(Some(line))
    }

    fn unfold(&mut self) -> Result<Option<Stand>, Box<End>> {
        let Some(mut stand) = self.take()? else { return Ok(None) };
        std::mem::swap(&mut self.bytes, &mut self.ahead);
        while !self.bytes.is_empty() {
            let Some(next) = self.take()? else { break };
            let Some((b' ', rest)) = self.ahead.split_first() else {
                self.stand_ahead = Some(next);
                break;
            };
            self.bytes.extend_from_slice(rest);
            stand.end = next.end;
            if self.bytes.len() > MAX_LINE {
                return Err(too_long(stand.number));
            }
        }
        Ok(Some(stand))
    }

    /// Reads a physical line into `ahead`, unless one is there.
    fn take(&mut self) -> Result<Option<Stand>, Box<End>> {
        if let Some(stand) = self.stand_ahead.take() {
            return Ok(Some(stand));
        }
        self.ahead.clear();
        let limit = size(MAX_LINE);
        let read = std::io::Read::take(&mut self.reader, limit).read_until(b'\n', &mut self.ahead);
        let count = read.map_err(|error| unreadable(&error, self.number))?;
        if count == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        if count >= MAX_LINE {
            return Err(too_long(self.number));
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
fn decode(bytes: &[u8], stand: Stand, block: &mut Block) -> Line {
    let Stand { number, start, end } = stand;
    let from = block.text.len();
    let fault = match std::str::from_utf8(bytes) {
        Ok(text) if memchr(0, bytes).is_none() => {
            block.text.push_str(text);
            None
        }
        Ok(_) => Some(Unsound::Nul),
        Err(_) => Some(Unsound::NotUtf8),
    };
    Line { number, start, end, fault, content: from..block.text.len() }
}

fn unreadable(error: &io::Error, after: u32) -> Box<End> {
    Box::new(End::Unreadable(after, Diagnostic::error(format!("cannot read on after this line: {error}"))))
}

fn too_long(number: u32) -> Box<End> {
    let summary = format!("the line is longer than {} MiB; this is no LDIF", MAX_LINE >> 20);
    Box::new(End::Unreadable(number, Diagnostic::error(summary)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_handed_over_like_others() {
        let text = format!("dn: CN=a\n{}dn: CN=b\n", "\n".repeat(10 * MANY));
        let mut sizes = Vec::new();
        read_blocks(text.as_bytes(), |block| {
            sizes.push(block.lines.len());
            true
        });
        assert_eq!(sizes.iter().sum::<usize>(), 10 * MANY + 2);
        assert!(sizes.iter().all(|size| *size <= MANY), "{sizes:?}");
    }
}
