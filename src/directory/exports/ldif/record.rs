//! Entries of an LDIF file, and everything in it that is none: headers, comments, referrals, closing lines.

use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diag::Diagnostic;
use crate::directory::ad::entry::{RawEntry, base_name};

use super::super::problems::{Problems, excerpt};
use super::lines::{Line, Lines};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Line of its `dn:`.
    pub(crate) line: u32,
    /// Its name.
    pub(crate) dn: String,
    /// Its values in their order.
    pub(crate) attributes: Vec<Attribute>,
    /// Whether something came behind it that ends an entry: an empty line.
    pub(crate) terminated: bool,
}

/// One value of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Name with options, as written.
    pub(crate) name: String,
    /// The bytes.
    pub(crate) value: Vec<u8>,
    /// Its line.
    pub(crate) line: u32,
    /// Offset of its first byte in the decoded text.
    pub(crate) start: usize,
    /// Offset behind its last line end.
    pub(crate) end: usize,
}

/// The lines on which the attributes of an entry stand.
pub(crate) struct Places(Vec<(String, u32)>);

impl Places {
    pub(crate) fn line_of(&self, attribute: &str) -> Option<u32> {
        self.0.iter().find(|(name, _)| base_name(name).eq_ignore_ascii_case(attribute)).map(|(_, line)| *line)
    }
}

impl Record {
    pub(crate) fn places(&self) -> Places {
        Places(self.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.line)).collect())
    }
}

impl From<Record> for RawEntry {
    fn from(record: Record) -> Self {
        let attributes = record.attributes.into_iter().map(|attribute| (attribute.name, vec![attribute.value])).collect();
        Self { dn: record.dn, attributes }
    }
}

/// Reads all entries and hands them over one by one. What is wrong goes to `problems`, and reading goes on.
pub(crate) fn read_records(reader: impl BufRead, problems: &mut Problems, mut each: impl FnMut(Record, &mut Problems)) {
    let mut lines = Lines::new(reader);
    let mut block: Vec<Line> = Vec::new();
    let mut tool = Ldapsearch::default();
    let mut is_first = true;
    while let Some(line) = lines.next(problems) {
        if line.text.starts_with('#') {
            tool.comment(&line, problems);
        } else if !line.is_sound || !line.text.trim().is_empty() {
            if std::mem::take(&mut is_first) && refuse_other_format(&line, problems) {
                return;
            }
            block.push(line);
        } else if !block.is_empty() {
            finish_block(std::mem::take(&mut block), true, &mut tool, problems, &mut each);
        }
    }
    if lines.has_failed() {
        return;
    }
    if let Some(number) = lines.ended_inside() {
        problems.push(cut_line(number, problems));
    } else if !block.is_empty() {
        finish_block(block, false, &mut tool, problems, &mut each);
    }
    tool.finish(problems);
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
    fn comment(&mut self, line: &Line, problems: &mut Problems) {
        let text = line.text.trim_start_matches('#').trim();
        if text == "extended LDIF" {
            self.started = self.started.or(Some(line.number));
        } else {
            self.closing_line(text, line.number, problems);
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

    fn closing_lines(&mut self, block: &[Line], problems: &mut Problems) {
        for line in block {
            self.closing_line(&line.text, line.number, problems);
        }
    }

    fn finish(self, problems: &mut Problems) {
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
fn refuse_other_format(line: &Line, problems: &mut Problems) -> bool {
    let text = line.text.trim_start();
    let found = match text.chars().next() {
        Some('<') => "an HTML or XML page",
        Some('{' | '[') => "JSON",
        Some('"') => "a CSV table; name it under `csv:` instead of `ldif:`",
        Some(_) if !text.contains(':') && text.contains([',', ';', '\t']) => {
            "a CSV table; name it under `csv:` instead of `ldif:`"
        }
        Some(_) | None => return false,
    };
    problems.error(line.number, format!("this is no LDIF but {found}"));
    true
}

fn finish_block(
    mut block: Vec<Line>,
    terminated: bool,
    tool: &mut Ldapsearch,
    problems: &mut Problems,
    each: &mut impl FnMut(Record, &mut Problems),
) {
    if let Some(version) = block.first().and_then(|line| line.text.strip_prefix("version:")) {
        if version.trim() != "1" {
            problems.error(block.first().map_or(0, |line| line.number), "this version of LDIF is not known; it should be 1");
        }
        block.remove(0);
    }
    let head = block.first().map_or("", |line| line.text.as_str());
    match head.split(':').next().unwrap_or(head) {
        "" if block.is_empty() => {}
        "search" => tool.closing_lines(&block, problems),
        // A referral to another partition.
        "ref" => {}
        _ => {
            if let Some(record) = parse_record(&block, terminated, problems) {
                each(record, problems);
            }
        }
    }
}

/// Parses one entry; every line that is wrong is reported.
fn parse_record(block: &[Line], terminated: bool, problems: &mut Problems) -> Option<Record> {
    let parsed: Vec<Option<Attribute>> = block.iter().map(|line| parse_line(line, problems)).collect();
    let attributes: Vec<Attribute> = parsed.into_iter().collect::<Option<_>>()?;
    let mut rest = attributes.into_iter();
    let head = rest.next()?;
    if !head.name.eq_ignore_ascii_case("dn") {
        let found = excerpt(&head.name);
        problems.error(head.line, format!("this entry starts with `{found}`; it has no `dn:` line"));
        return None;
    }
    let Ok(dn) = String::from_utf8(head.value) else {
        problems.error(head.line, "the dn is not valid UTF-8 text");
        return None;
    };
    let mut attributes = Vec::new();
    for attribute in rest {
        if !take_change(&attribute, problems)? {
            attributes.push(attribute);
        }
    }
    Some(Record { line: head.line, dn, attributes, terminated })
}

/// `Some(true)` for the lines that ldifde adds, `None` for what makes the entry no content.
fn take_change(attribute: &Attribute, problems: &mut Problems) -> Option<bool> {
    match attribute.name.to_ascii_lowercase().as_str() {
        "control" => Some(true),
        "changetype" if attribute.value.eq_ignore_ascii_case(b"add") => Some(true),
        "changetype" => {
            let kind = excerpt(&String::from_utf8_lossy(&attribute.value));
            let summary = format!("`changetype: {kind}` describes a change; an export of a directory is needed");
            problems.error(attribute.line, summary);
            None
        }
        "dn" => {
            problems.error(attribute.line, "a second `dn:` in one entry; an empty line is missing before it");
            None
        }
        _ => Some(false),
    }
}

fn parse_line(line: &Line, problems: &mut Problems) -> Option<Attribute> {
    line.is_sound.then_some(())?;
    let whole =
        |name: &str, value| Some(Attribute { name: name.to_owned(), value, line: line.number, start: line.start, end: line.end });
    match line.text.split_once(':') {
        Some((name, rest)) if is_name(name) => match rest.as_bytes().first() {
            Some(b':') => whole(name, decode_base64(name, rest.get(1..)?.trim_start_matches(' '), line.number, problems)?),
            Some(b'<') => {
                let summary = format!("`{name}:<` points to another file; only values in the file itself are read");
                problems.error(line.number, summary);
                None
            }
            Some(_) | None => whole(name, rest.trim_start_matches(' ').into()),
        },
        Some(_) | None => {
            let why = if line.text.starts_with(' ') { "continues nothing" } else { "is no line of LDIF (`name: value`)" };
            problems.error(line.number, format!("`{}` {why}", excerpt(&line.text)));
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
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-.;=*_".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(allowed)
}
