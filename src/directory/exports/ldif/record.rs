//! Entries of an LDIF file, and everything in it that is none: headers, comments, referrals, closing lines.

use std::borrow::Cow;
use std::io::BufRead;
use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread::scope;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memchr_iter};

use crate::diag::Diagnostic;
use crate::directory::ad::entry::{Entry, base_name, is_called};

use super::super::problems::{Problems, excerpt};
use super::lines::{Block, End, Line, read_blocks};

/// One entry.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// Line of its `dn:`.
    pub(crate) line: u32,
    /// Its name.
    pub(crate) dn: Cow<'a, str>,
    /// Its values in their order.
    pub(crate) attributes: Vec<Attribute<'a>>,
    /// The [`mark_of`] each: most attributes that are asked for are not there, and this tells at a glance.
    marks: Vec<u8>,
    /// Whether something came behind it that ends an entry: an empty line.
    pub(crate) terminated: bool,
}

/// One value of an entry.
#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    /// Name with options, as written.
    pub(crate) name: &'a str,
    /// The bytes.
    pub(crate) value: Cow<'a, [u8]>,
    /// Its line.
    pub(crate) line: u32,
    /// Offset of its first byte in the decoded text.
    pub(crate) start: usize,
    /// Offset behind its last line end.
    pub(crate) end: usize,
}

impl Record<'_> {
    /// The line on which an attribute stands.
    pub(crate) fn line_of(&self, attribute: &str) -> Option<u32> {
        self.attributes.iter().find(|own| is_called(own.name, attribute)).map(|own| own.line)
    }
}

/// Tells most names apart.
fn mark_of(name: &str) -> u8 {
    let bytes = base_name(name).as_bytes();
    let end = |byte: Option<&u8>| byte.map_or(0, u8::to_ascii_lowercase);
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    length.wrapping_mul(5).wrapping_add(end(bytes.first())).wrapping_add(end(bytes.last()).wrapping_mul(3))
}

impl Entry for Record<'_> {
    fn dn(&self) -> &str {
        &self.dn
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.attributes.iter().map(|attribute| (attribute.name, &*attribute.value))
    }

    /// What stands in base64 is bytes.
    fn may_be_text(&self, name: &str) -> bool {
        let mut values = self.attributes.iter().filter(|own| is_called(own.name, name));
        values.any(|own| matches!(own.value, Cow::Borrowed(_)))
    }

    fn pairs_of(&self, name: &str) -> impl Iterator<Item = (&str, &[u8])> {
        let marked = memchr_iter(mark_of(name), &self.marks).filter_map(|at| self.attributes.get(at));
        marked.filter(move |own| is_called(own.name, name)).map(|own| (own.name, &*own.value))
    }
}

/// How many blocks may wait for the parser.
const BLOCKS_AHEAD: usize = 8;

/// Reads all entries and hands them over one by one, on a thread beside the one that reads lines. What is wrong goes to
/// `problems`, and reading goes on.
pub(crate) fn read_records(reader: impl BufRead, problems: &mut Problems, each: impl FnMut(&Record<'_>, &mut Problems) + Send) {
    let (blocks, read) = sync_channel(BLOCKS_AHEAD);
    let mut entries = Entries { tool: Ldapsearch::default(), is_first: true, problems, each };
    scope(|threads| {
        // A parser that ends early lets go of `read`, and that ends the reading.
        let parser = threads.spawn(move || read.into_iter().try_for_each(|block| entries.take(&block)));
        read_blocks(reader, |block| blocks.send(block).is_ok());
        drop(blocks);
        parser.join().unwrap_or_else(|panic| resume_unwind(panic));
    });
}

/// Makes entries of lines.
struct Entries<'p, F> {
    tool: Ldapsearch,
    is_first: bool,
    problems: &'p mut Problems,
    each: F,
}

impl<F: FnMut(&Record<'_>, &mut Problems)> Entries<'_, F> {
    /// Goes through a block; `None` when the rest need not be read.
    fn take(&mut self, block: &Block) -> Option<()> {
        let mut entry: Vec<&Line> = Vec::new();
        for line in block.lines() {
            if let Some(fault) = line.fault {
                self.problems.push(fault.problem().at(self.problems.at(line.number)));
            }
            let text = block.content(line);
            if text.starts_with('#') {
                self.tool.comment(text, line.number, self.problems);
            } else if line.fault.is_some() || !text.trim().is_empty() {
                if std::mem::take(&mut self.is_first) && refuse_other_format(text, line.number, self.problems) {
                    return None;
                }
                entry.push(line);
            } else {
                self.finish_entry(block, &entry, true);
                entry.clear();
            }
        }
        block.end.iter().for_each(|end| self.finish(block, &entry, end));
        Some(())
    }

    fn finish(&mut self, block: &Block, rest: &[&Line], end: &End) {
        match end {
            End::Whole => self.finish_entry(block, rest, false),
            End::InsideLine(number) => self.problems.push(cut_line(*number, self.problems)),
            End::Unreadable(number, why) => return self.problems.push(why.clone().at(self.problems.at(*number))),
        }
        self.tool.finish(self.problems);
    }

    fn finish_entry(&mut self, block: &Block, lines: &[&Line], terminated: bool) {
        let mut lines = lines;
        if let Some((first, rest)) = lines.split_first()
            && let Some(version) = block.content(first).strip_prefix("version:")
        {
            if version.trim() != "1" {
                self.problems.error(first.number, "this version of LDIF is not known; it should be 1");
            }
            lines = rest;
        }
        let Some(head) = lines.first().map(|line| block.content(line)) else { return };
        match head.split(':').next().unwrap_or(head) {
            "search" => lines.iter().for_each(|line| self.tool.closing_line(block.content(line), line.number, self.problems)),
            // A referral to another partition.
            "ref" => {}
            _ => {
                if let Some(record) = parse_record(block, lines, terminated, self.problems) {
                    (self.each)(&record, self.problems);
                }
            }
        }
    }
}

fn cut_line(number: u32, problems: &Problems) -> Diagnostic {
    Diagnostic::error("the file ends in the middle of this line; it was probably cut")
        .at(problems.at(number))
        .help("export it again; if it is complete, add a line break at its end")
}

/// What `ldapsearch` tells about its own result, in comments or in closing lines.
#[derive(Debug, Default)]
struct Ldapsearch {
    started: Option<u32>,
    has_result: bool,
    open_page: Option<u32>,
}

impl Ldapsearch {
    fn comment(&mut self, text: &str, line: u32, problems: &mut Problems) {
        let text = text.trim_start_matches('#').trim();
        if text == "extended LDIF" {
            self.started = self.started.or(Some(line));
        } else {
            self.closing_line(text, line, problems);
        }
    }

    fn closing_line(&mut self, text: &str, line: u32, problems: &mut Problems) {
        if let Some(result) = text.strip_prefix("result: ") {
            self.result(result, line, problems);
        } else if let Some((_, cookie)) = text.strip_prefix("pagedresults:").and_then(|rest| rest.split_once("cookie=")) {
            self.open_page = (!cookie.trim().is_empty()).then_some(line);
        }
    }

    fn result(&mut self, result: &str, line: u32, problems: &mut Problems) {
        let code = result.split(' ').next().and_then(|code| code.parse::<u32>().ok());
        self.has_result = true;
        match code {
            Some(0) | None => {}
            Some(_) => problems.push(
                Diagnostic::error(format!("the search ended with \"{}\", so the list is not complete", excerpt(result)))
                    .at(problems.at(line))
                    .help("read in pages: `ldapsearch -E pr=1000/noprompt …`"),
            ),
        }
    }

    fn finish(&self, problems: &mut Problems) {
        if let Some(line) = self.open_page {
            problems.error(line, "the search stopped before the last page, so the list is not complete");
        }
        match self.started {
            Some(line) if !self.has_result => problems.push(
                Diagnostic::error("this output of ldapsearch has no closing result; it was cut")
                    .at(problems.at(line))
                    .help("export it again, or use `ldapsearch -LLL`, which writes neither head nor closing lines"),
            ),
            Some(_) | None => {}
        }
    }
}

/// Tells in one sentence that this is something else, instead of an error a line.
fn refuse_other_format(text: &str, line: u32, problems: &mut Problems) -> bool {
    let text = text.trim_start();
    let found = match text.chars().next() {
        Some('<') => "an HTML or XML page",
        Some('{' | '[') => "JSON",
        Some('"') => "a CSV table; name it under `csv:` instead of `ldif:`",
        Some(_) if !text.contains(':') && text.contains([',', ';', '\t']) => {
            "a CSV table; name it under `csv:` instead of `ldif:`"
        }
        Some(_) | None => return false,
    };
    problems.error(line, format!("this is no LDIF but {found}"));
    true
}

/// Parses one entry; every line that is wrong is reported.
fn parse_record<'a>(block: &'a Block, lines: &[&Line], terminated: bool, problems: &mut Problems) -> Option<Record<'a>> {
    let mut attributes = Vec::with_capacity(lines.len());
    for line in lines {
        attributes.extend(parse_line(block.content(line), line, problems));
    }
    if attributes.len() < lines.len() {
        return None;
    }
    let head = attributes.remove(0);
    if !head.name.eq_ignore_ascii_case("dn") {
        let found = excerpt(head.name);
        problems.error(head.line, format!("this entry starts with `{found}`; it has no `dn:` line"));
        return None;
    }
    let Some(dn) = text_of(head.value) else {
        problems.error(head.line, "the dn is not valid UTF-8 text");
        return None;
    };
    let mut is_content = true;
    attributes.retain(|attribute| match take_change(attribute, problems) {
        Some(is_change) => !is_change,
        None => std::mem::replace(&mut is_content, false),
    });
    let marks = attributes.iter().map(|attribute| mark_of(attribute.name)).collect();
    is_content.then_some(Record { line: head.line, dn, attributes, marks, terminated })
}

fn text_of(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// `Some(true)` for the lines that ldifde adds, `None` for what makes the entry no content.
fn take_change(attribute: &Attribute<'_>, problems: &mut Problems) -> Option<bool> {
    match attribute.name {
        name if name.eq_ignore_ascii_case("control") => Some(true),
        name if name.eq_ignore_ascii_case("changetype") && attribute.value.eq_ignore_ascii_case(b"add") => Some(true),
        name if name.eq_ignore_ascii_case("changetype") => {
            let kind = excerpt(&String::from_utf8_lossy(&attribute.value));
            let summary = format!("`changetype: {kind}` describes a change; an export of a directory is needed");
            problems.error(attribute.line, summary);
            None
        }
        name if name.eq_ignore_ascii_case("dn") => {
            problems.error(attribute.line, "a second `dn:` in one entry; an empty line is missing before it");
            None
        }
        _ => Some(false),
    }
}

fn parse_line<'a>(text: &'a str, line: &Line, problems: &mut Problems) -> Option<Attribute<'a>> {
    line.fault.is_none().then_some(())?;
    let whole = |name, value| Some(Attribute { name, value, line: line.number, start: line.start, end: line.end });
    let colon = memchr(b':', text.as_bytes()).and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
    match colon {
        Some((name, rest)) if is_name(name) => match rest.as_bytes().first() {
            Some(b':') => {
                let value = decode_base64(name, rest.get(1..)?.trim_start_matches(' '), line.number, problems)?;
                whole(name, Cow::Owned(value))
            }
            Some(b'<') => {
                let summary = format!("`{name}:<` points to another file; only values in the file itself are read");
                problems.error(line.number, summary);
                None
            }
            Some(_) | None => whole(name, Cow::Borrowed(rest.trim_start_matches(' ').as_bytes())),
        },
        Some(_) | None => {
            let why = if text.starts_with(' ') { "continues nothing" } else { "is no line of LDIF (`name: value`)" };
            problems.error(line.number, format!("`{}` {why}", excerpt(text)));
            None
        }
    }
}

fn decode_base64(name: &str, text: &str, line: u32, problems: &mut Problems) -> Option<Vec<u8>> {
    let decoded = STANDARD.decode(text.trim_end());
    if decoded.is_err() {
        problems.error(line, format!("the base64 of `{name}` is damaged or cut"));
    }
    decoded.ok()
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';' | b'=' | b'*' | b'_');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(allowed)
}
