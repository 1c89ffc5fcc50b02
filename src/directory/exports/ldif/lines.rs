//! Physical lines, and the logical lines that folding makes of them.

use std::io::BufRead;

use crate::diag::Diagnostic;

use super::super::problems::Problems;

/// A logical line is not longer than this; what is longer is no LDIF.
const MAX_LINE: usize = 64 << 20;

/// A logical line: unfolded, with its place in the decoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// One-based number of its first physical line.
    pub(crate) number: u32,
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// Offset behind its line end.
    pub(crate) end: usize,
    /// Its content without line ends and fold marks.
    pub(crate) text: String,
    /// Whether the content is text; if not, `text` is empty and the problem was reported.
    pub(crate) is_sound: bool,
}

struct Physical {
    number: u32,
    start: usize,
    end: usize,
    bytes: Vec<u8>,
}

/// Reads logical lines.
pub(crate) struct Lines<R> {
    reader: R,
    number: u32,
    offset: usize,
    ahead: Option<Physical>,
    ended_inside: Option<u32>,
    has_failed: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, number: 0, offset: 0, ahead: None, ended_inside: None, has_failed: false }
    }

    /// The number of the last line, if the text ends without a line end.
    pub(crate) fn ended_inside(&self) -> Option<u32> {
        self.ended_inside
    }

    /// Whether reading had to stop before the end.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// The next logical line; `None` at the end, or after an error that ends reading.
    pub(crate) fn next(&mut self, problems: &mut Problems) -> Option<Line> {
        match self.unfold(problems) {
            Ok(line) => line.map(|line| decode(line, problems)),
            Err(problem) => {
                self.has_failed = true;
                problems.push(*problem);
                None
            }
        }
    }

    fn unfold(&mut self, problems: &Problems) -> Result<Option<Physical>, Box<Diagnostic>> {
        let Some(mut line) = self.take(problems)? else { return Ok(None) };
        while !line.bytes.is_empty() {
            match self.take(problems)? {
                Some(next) if next.bytes.first() == Some(&b' ') => append(&mut line, &next, problems)?,
                other => {
                    self.ahead = other;
                    break;
                }
            }
        }
        Ok(Some(line))
    }

    fn take(&mut self, problems: &Problems) -> Result<Option<Physical>, Box<Diagnostic>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        let mut bytes = Vec::new();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let read = std::io::Read::take(&mut self.reader, limit).read_until(b'\n', &mut bytes);
        let count = read.map_err(|error| {
            Box::new(Diagnostic::error(format!("cannot read on after this line: {error}")).at(problems.at(self.number)))
        })?;
        if count == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        if count >= MAX_LINE {
            return Err(too_long(self.number, problems));
        }
        let start = self.offset;
        self.offset += count;
        self.strip_end(&mut bytes);
        Ok(Some(Physical { number: self.number, start, end: self.offset, bytes }))
    }

    fn strip_end(&mut self, bytes: &mut Vec<u8>) {
        if bytes.pop_if(|byte| *byte == b'\n').is_none() {
            self.ended_inside = Some(self.number);
            return;
        }
        let _ = bytes.pop_if(|byte| *byte == b'\r');
    }
}

/// Text is checked after unfolding: a fold may lie within a character.
fn decode(line: Physical, problems: &mut Problems) -> Line {
    let Physical { number, start, end, bytes } = line;
    let problem = match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => return Line { number, start, end, text, is_sound: true },
        Ok(_) => Diagnostic::error("the line has a NUL character; the file is damaged, or no text"),
        Err(_) => Diagnostic::error("the line is not valid UTF-8 text")
            .help("export it again as UTF-8 or Unicode; `ldifde -u` writes Unicode, `ldapsearch` base64"),
    };
    problems.push(problem.at(problems.at(number)));
    Line { number, start, end, text: String::new(), is_sound: false }
}

fn append(line: &mut Physical, next: &Physical, problems: &Problems) -> Result<(), Box<Diagnostic>> {
    line.bytes.extend(next.bytes.iter().skip(1));
    line.end = next.end;
    if line.bytes.len() > MAX_LINE { Err(too_long(line.number, problems)) } else { Ok(()) }
}

fn too_long(number: u32, problems: &Problems) -> Box<Diagnostic> {
    let summary = format!("the line is longer than {} MiB; this is no LDIF", MAX_LINE >> 20);
    Box::new(Diagnostic::error(summary).at(problems.at(number)))
}
