//! A table with named columns: separator, head, rows, and the signs of a cut file.

use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Cursor, Read};
use std::rc::Rc;
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::directory::text::words;
use crate::model::digits::size;

use super::super::problems::{Problems, excerpt};
use super::super::quotes::Quotes;

/// The first lines are not longer than this.
const MAX_HEAD: u64 = 1 << 20;

/// A table, its head read.
pub(crate) struct Table<'a> {
    rows: csv::Reader<Box<dyn Read + 'a>>,
    columns: Vec<String>,
    /// Lines before the head.
    skipped: u32,
    /// Their bytes.
    before: u64,
    /// Whether a row ends with one character more than the reader counts by when it is done with it.
    ends_with_crlf: bool,
    tail: Rc<Tail>,
    quotes: Rc<RefCell<Quotes>>,
}

/// One row: its line, and its cells by column.
pub(crate) struct Row {
    pub(crate) line: u32,
    cells: Vec<Box<str>>,
}

impl Row {
    pub(crate) fn cell(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(AsRef::as_ref)
    }
}

impl<'a> Table<'a> {
    /// Reads up to the head; tells in words why this is no table.
    pub(crate) fn open(text: impl Read + 'a, file: &Arc<str>) -> Result<Self, Diagnostics> {
        let tail = Rc::new(Tail::default());
        let mut text = BufReader::with_capacity(1 << 16, Watched { inner: text, tail: Rc::clone(&tail), line_length: 0 });
        let (mut skipped, mut before, mut told) = (0, 0, None);
        let head = loop {
            let line = head_line(&mut text, skipped, file)?;
            if let Some(separator) = line.trim_ascii().strip_prefix(b"sep=") {
                told = separator.first().copied();
            } else if !is_blank(&line) && !is_type_name(&line) {
                break line;
            }
            skipped += 1;
            before += size(line.len());
        };
        let separator = told.unwrap_or_else(|| separator(&head));
        let ends_with_crlf = head.ends_with(b"\r\n");
        let quotes = Rc::new(RefCell::new(Quotes::new(separator)));
        let all: Box<dyn Read + 'a> = Box::new(Followed { inner: Cursor::new(head).chain(text), quotes: Rc::clone(&quotes) });
        let mut rows = ReaderBuilder::new().delimiter(separator).from_reader(all);
        let number = skipped + 1;
        let names = rows.byte_headers().map_err(|error| csv_problem(&error, number, file))?.clone();
        let not_text = || Diagnostic::error("the head of the table is not valid UTF-8 text").at(Location::line(file, number));
        let columns: Result<Vec<String>, _> = names.iter().map(|name| std::str::from_utf8(name).map(column_name)).collect();
        let table = Self { rows, columns: columns.map_err(|_| not_text())?, skipped, before, ends_with_crlf, tail, quotes };
        table.check_names(number, file)?;
        Ok(table)
    }

    fn check_names(&self, line: u32, file: &Arc<str>) -> Result<(), Diagnostics> {
        let twice =
            self.columns.iter().enumerate().find(|(at, name)| {
                !name.is_empty() && self.columns.iter().take(*at).any(|other| other.eq_ignore_ascii_case(name))
            });
        twice.map_or(Ok(()), |(_, name)| {
            Err(Diagnostic::error(format!("the column `{}` is there twice", excerpt(name))).at(Location::line(file, line)).into())
        })
    }

    /// The line of the head.
    pub(crate) fn head_line(&self) -> u32 {
        self.skipped + 1
    }

    /// The names of the columns, as written.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The column of this name, whatever its case.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|own| own.eq_ignore_ascii_case(name))
    }

    /// Hands over every row. What is wrong goes to `problems`, and reading goes on while it can.
    pub(crate) fn each_row(mut self, problems: &mut Problems, mut each: impl FnMut(Row, &mut Problems)) {
        let mut record = ByteRecord::new();
        let mut line = self.head_line();
        loop {
            let read = self.rows.read_byte_record(&mut record);
            if matches!(read, Ok(false)) {
                break;
            }
            line = self.line_of(&record);
            if self.is_torn() {
                return problems.push(torn().at(problems.at(line)));
            }
            let file = Arc::clone(problems.file());
            match read {
                Err(error) if error.is_io_error() => return problems.push(csv_problem(&error, line, &file)),
                // Spreadsheets write empty rows as far down as anything was ever entered.
                Ok(_) | Err(_) if record.iter().all(|cell| cell.trim_ascii().is_empty()) => {}
                Err(error) => problems.push(csv_problem(&error, line, &file)),
                Ok(_) => {
                    if let Some(cells) = cells(&record, line, problems) {
                        each(Row { line, cells }, problems);
                    }
                }
            }
        }
        self.check_end(line, problems);
    }

    /// The line on which the row begins that was read last. Blank lines before it are no part of it.
    fn line_of(&self, record: &ByteRecord) -> u32 {
        let inner = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        let is_all = self.rows.position().byte() + self.before == self.tail.read.get();
        let is_cut = is_all && self.tail.last.get() != b'\n';
        let is_ended = !self.ends_with_crlf && !is_cut;
        let behind = u32::try_from(inner).unwrap_or(u32::MAX).saturating_add(u32::from(is_ended));
        let end = u32::try_from(self.rows.position().line()).unwrap_or(u32::MAX);
        self.skipped.saturating_add(end.saturating_sub(behind))
    }

    /// Whether a quote is missing before the end of the row that was read last.
    fn is_torn(&self) -> bool {
        let end = self.rows.position().byte();
        self.quotes.borrow().fault().and_then(|at| u64::try_from(at).ok()).is_some_and(|at| at < end)
    }

    fn check_end(&self, last: u32, problems: &mut Problems) {
        if self.quotes.borrow().fault().is_some() {
            problems.push(torn().at(problems.at(last)));
        } else if self.quotes.borrow().is_open() {
            problems.push(
                Diagnostic::error("a quote is opened and never closed; the file is damaged or cut")
                    .at(problems.at(last))
                    .help("export it again"),
            );
        } else if self.tail.last.get() != b'\n' {
            problems.push(
                Diagnostic::error("the file ends in the middle of this row; it was probably cut")
                    .at(problems.at(last))
                    .help("export it again; if it is complete, add a line break at its end"),
            );
        }
    }
}

fn head_line(text: &mut impl BufRead, skipped: u32, file: &Arc<str>) -> Result<Vec<u8>, Diagnostics> {
    let wrong = |summary: String| Diagnostics::from(Diagnostic::error(summary).at(Location::line(file, skipped + 1)));
    let mut line = Vec::new();
    let read = text.take(MAX_HEAD).read_until(b'\n', &mut line);
    read.map_err(|error| wrong(format!("cannot read the file: {}", words(&error))))?;
    let other = match line.trim_ascii().first() {
        None if line.is_empty() => "the file holds no table",
        Some(b'<') => "this is no table but an HTML or XML page",
        Some(b'{' | b'[') => "this is no table but JSON",
        Some(b'd' | b'v' | b'#') if [&b"dn:"[..], b"version:", b"# "].iter().any(|head| line.starts_with(head)) => {
            "this is no table but LDIF, the export of a forest; name it under `ldif:`"
        }
        Some(_) | None => return Ok(line),
    };
    Err(wrong(other.to_owned()))
}

/// Whether there is nothing on a line but separators.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b';'))
}

/// What PowerShell writes before the head; a spreadsheet puts quotes around it.
fn is_type_name(line: &[u8]) -> bool {
    line.strip_prefix(b"\"").unwrap_or(line).starts_with(b"#TYPE")
}

/// `,`, `;` or tab: whichever separates most of the head outside of quotes.
fn separator(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in head {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| separator == byte && !quoted) {
            *count += 1;
        }
    }
    // The first of equals.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

fn column_name(name: &str) -> String {
    name.trim().trim_start_matches('\u{feff}').to_owned()
}

fn cells(record: &ByteRecord, line: u32, problems: &mut Problems) -> Option<Vec<Box<str>>> {
    let cells: Result<Vec<Box<str>>, _> = record.iter().map(|cell| std::str::from_utf8(cell).map(Box::from)).collect();
    if cells.is_err() {
        problems.push(
            Diagnostic::error("the row is not valid UTF-8 text")
                .at(problems.at(line))
                .help("export it again with `Export-Csv -Encoding UTF8`"),
        );
    }
    cells.ok()
}

/// Rows may have been swallowed by it, so nothing below is read.
fn torn() -> Diagnostic {
    Diagnostic::error("something stands behind a quoted text in this row; a quote is missing, and rows below may belong to it")
        .help("export it again; a quote inside a text is written twice")
}

fn csv_problem(error: &csv::Error, line: u32, file: &Arc<str>) -> Diagnostic {
    let summary = if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        format!("the row has {len} cells where the head has {expected_len}; it is damaged or cut")
    } else {
        format!("cannot read on: {error}")
    };
    Diagnostic::error(summary).at(Location::line(file, line))
}

/// What was read so far: how many bytes, and the last of them.
#[derive(Debug, Default)]
struct Tail {
    read: Cell<u64>,
    last: Cell<u8>,
}

/// Whoever reads the rows reads past the quotes.
struct Followed<R> {
    inner: R,
    quotes: Rc<RefCell<Quotes>>,
}

impl<R: Read> Read for Followed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.quotes.borrow_mut().follow(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// A row on one line is not longer than this.
const MAX_LINE: usize = 64 << 20;

struct Watched<R> {
    inner: R,
    tail: Rc<Tail>,
    line_length: usize,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let fresh = buffer.get(..count).unwrap_or_default();
        self.tail.read.set(self.tail.read.get() + size(count));
        if let Some(last) = fresh.last() {
            self.tail.last.set(*last);
        }
        match fresh.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => self.line_length = count - end,
            None => self.line_length += count,
        }
        let wrong = |why| Err(std::io::Error::new(std::io::ErrorKind::InvalidData, why));
        match (fresh.contains(&0), self.line_length > MAX_LINE) {
            (true, _) => wrong("there is a NUL character; the file is damaged, or no text"),
            (false, true) => wrong("a line is longer than 64 MiB; this is no table"),
            (false, false) => Ok(count),
        }
    }
}
