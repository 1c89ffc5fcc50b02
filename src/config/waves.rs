//! Mapping files: CSV with the columns onPrem, cloud, holder, resolve, because, write.

use std::ops::Range;

use enumset::EnumSet;
use memchr::memchr_iter;

use super::columns::{
    BECAUSE, CLOUD, HEADER_HELP, HOLDER, NAMES, ON_PREM, Preamble, RESOLVE_COLUMN, WRITE_COLUMN, meant, more_like,
    repeated_column, unknown_column,
};
use super::forests::Forests;
use super::mapping::{MANY, RESOLVE, WRITE, bare_cloud, bare_on_prem, can_stamp};
use super::reader::{Fault, Reader, check_characters, choose};
use crate::diag::{Diagnostic, Level, Location};
use crate::directory::exports::quotes::Quotes;
use crate::model::text::EXAMPLES;
use crate::model::{
    CloudKey, CloudSelector, HolderDecision, Mapping, MappingForm, Notice, NoticeKind, OnPremSide, Resolve, WriteSide,
};

/// Reads all rows of the reader's file; those of a long one on two threads.
pub(super) fn read(reader: &mut Reader<'_>, forests: &Forests) -> Vec<Mapping> {
    let text = reader.source.text();
    let preamble = Preamble::of(text);
    let Some(mut rows) = Rows::open(reader, &preamble) else { return Vec::new() };
    let lines = memchr_iter(b'\n', text.as_bytes()).count();
    let mut mappings = Vec::with_capacity(lines);
    let any = if lines < MANY {
        rows.read_before(text.len(), reader, forests, &mut mappings)
    } else {
        let (mut rest, mut later) = (rows.second_half(), Vec::with_capacity(lines / 2));
        let middle = rest.start;
        let (any, any_later) = reader.read_both(
            |reader| rows.read_before(middle, reader, forests, &mut mappings),
            |reader| rest.read_before(text.len(), reader, forests, &mut later),
        );
        mappings.append(&mut later);
        any || any_later
    };
    if !any && !reader.diagnostics.has_errors() {
        let file = Location::line(reader.source.shown(), 0);
        reader.diagnostics.push(Diagnostic::warning("the mapping file has no rows below its header").at(file));
    }
    mappings
}

/// The rows below the header.
struct Rows<'t> {
    text: &'t str,
    start: usize,
    delimiter: u8,
    csv: csv::Reader<&'t [u8]>,
    /// For each known column its place in a row.
    columns: [Option<usize>; 6],
    width: usize,
}

impl<'t> Rows<'t> {
    /// Reads the header; without its two columns no row can be read.
    fn open(reader: &mut Reader<'t>, preamble: &Preamble) -> Option<Self> {
        let mut rows = Self::from(reader.source.text(), preamble.start, preamble.delimiter);
        let mut header = csv::StringRecord::new();
        let Some(place) = rows.next(&mut header) else {
            let file = Location::line(reader.source.shown(), 0);
            reader.diagnostics.push(Diagnostic::error("the mapping file is empty").at(file).help(HEADER_HELP));
            return None;
        };
        rows.width = header.len();
        let row = Row { record: &header, place, rows: &rows };
        let columns = row.columns(reader);
        rows.columns = columns?;
        Some(rows)
    }

    /// The rows from a byte on, before it is known which column is which.
    fn from(text: &'t str, start: usize, delimiter: u8) -> Self {
        let rows = text.get(start..).unwrap_or_default();
        let csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(rows.as_bytes());
        Self { text, start, delimiter, csv, columns: [None; 6], width: 0 }
    }

    /// The rows behind the first that ends in the second half of the text.
    fn second_half(&self) -> Self {
        let (mut ahead, mut record) = (Self::from(self.text, self.at(), self.delimiter), csv::ByteRecord::new());
        while ahead.at() < self.text.len() / 2 && ahead.csv.read_byte_record(&mut record).unwrap_or(false) {}
        Self { columns: self.columns, width: self.width, ..Self::from(self.text, ahead.at(), self.delimiter) }
    }

    /// Where the next row begins.
    fn at(&self) -> usize {
        self.start + usize::try_from(self.csv.position().byte()).unwrap_or(usize::MAX)
    }

    /// Adds the rows that begin before a byte; whether there are any.
    fn read_before(&mut self, end: usize, reader: &mut Reader<'_>, forests: &Forests, mappings: &mut Vec<Mapping>) -> bool {
        let (mut any, mut record) = (false, csv::StringRecord::new());
        while self.at() < end
            && let Some(place) = self.next(&mut record)
        {
            let row = Row { record: &record, place, rows: self };
            if !row.is_blank() {
                any = true;
                mappings.extend(row.mapping(reader, forests));
            }
        }
        any
    }

    /// The next row and its bytes. Reading from memory cannot fail, and the text is valid already.
    fn next(&mut self, record: &mut csv::StringRecord) -> Option<Range<usize>> {
        if !self.csv.read_record(record).unwrap_or(false) {
            return None;
        }
        let offset = |byte: u64| self.start + usize::try_from(byte).unwrap_or(usize::MAX);
        let start = record.position().map_or(self.start, |position| offset(position.byte()));
        let end = self.at();
        let raw = self.text.get(start..end).unwrap_or_default();
        // The reader counts blank lines before a row as part of it.
        let blank = raw.len() - raw.trim_start_matches(['\r', '\n']).len();
        Some(start + blank..start + raw.trim_end_matches(['\r', '\n']).len().max(blank))
    }
}

/// One row with its place.
struct Row<'r, 't> {
    record: &'r csv::StringRecord,
    place: Range<usize>,
    rows: &'r Rows<'t>,
}

impl Row<'_, '_> {
    fn is_blank(&self) -> bool {
        self.record.iter().all(|cell| cell.trim().is_empty())
    }

    /// Where each known column stands.
    fn columns(&self, reader: &mut Reader<'_>) -> Option<[Option<usize>; 6]> {
        let mut columns = [None; 6];
        let (mut unknown, mut twice) = (Vec::new(), Vec::new());
        for (index, cell) in self.record.iter().enumerate() {
            let cell = cell.trim();
            match NAMES.iter().position(|name| name.eq_ignore_ascii_case(cell)) {
                None => unknown.push((index, cell)),
                Some(known) => match columns.get_mut(known) {
                    Some(place @ None) => *place = Some(index),
                    _ => twice.push((index, cell)),
                },
            }
        }
        let missing: Vec<&str> = NAMES
            .iter()
            .zip(columns)
            .filter(|(name, place)| place.is_none() && ["onPrem", "cloud"].contains(name))
            .map(|(name, _)| *name)
            .collect();
        for name in &missing {
            self.missing_column(reader, name, &unknown);
        }
        let free: Vec<&str> = NAMES.iter().zip(columns).filter(|(_, place)| place.is_none()).map(|(name, _)| *name).collect();
        let meant = |cell: &str| meant(cell).filter(|name| free.contains(name));
        let told = unknown.into_iter().filter(|(_, cell)| !cell.is_empty()).map(|(index, cell)| (index, cell, meant(cell)));
        let told = told.filter(|(.., meant)| meant.is_none_or(|name| !missing.contains(&name)));
        let told = told.map(|(index, cell, meant)| (index, unknown_column(cell, meant)));
        let (errors, warnings) = told.partition(|(_, said): &(usize, Diagnostic)| said.level == Level::Error);
        self.note_some(reader, errors);
        self.note_some(reader, warnings);
        self.note_some(reader, twice.into_iter().map(|(index, cell)| (index, repeated_column(cell))).collect());
        missing.is_empty().then_some(columns)
    }

    /// Notes the first of many columns, and how many more there are: each is looked for from the start of the row.
    fn note_some(&self, reader: &mut Reader<'_>, told: Vec<(usize, Diagnostic)>) {
        let rest = told.len().saturating_sub(EXAMPLES);
        let more = told.get(EXAMPLES).map(|(index, first)| (*index, more_like(first, rest)));
        for (index, diagnostic) in told.into_iter().take(EXAMPLES).chain(more) {
            reader.note(self.cell_place(index), diagnostic);
        }
    }

    fn missing_column(&self, reader: &mut Reader<'_>, name: &str, unknown: &[(usize, &str)]) {
        let near = unknown.iter().find(|(_, cell)| meant(cell) == Some(name));
        let help = match near {
            Some((_, cell)) => format!("rename the column {cell} to {name}"),
            None => HEADER_HELP.to_owned(),
        };
        let place = near.map_or_else(|| self.place.clone(), |(index, _)| self.cell_place(*index));
        reader.note(place, Diagnostic::error(format!("the column {name} is missing")).help(help));
    }

    fn fault(&self, reader: &mut Reader<'_>, index: usize, fault: Fault) {
        reader.note(self.cell_place(index), fault.error());
    }

    /// The bytes of a cell, found again in the text of the row: only errors ask for it.
    fn cell_place(&self, index: usize) -> Range<usize> {
        let raw = self.rows.text.get(self.place.clone()).unwrap_or_default();
        let (mut cell, mut start, mut quoted) = (0, 0, false);
        for (at, byte) in raw.bytes().enumerate() {
            if byte == b'"' {
                quoted = !quoted;
            } else if byte == self.rows.delimiter && !quoted {
                if cell == index {
                    return self.place.start + start..self.place.start + at;
                }
                (cell, start) = (cell + 1, at + 1);
            }
        }
        if cell == index { self.place.start + start..self.place.end } else { self.place.end..self.place.end }
    }

    /// The cell of a known column without blanks around it; `None` when it is empty.
    fn cell(&self, column: usize) -> Option<&str> {
        let index = self.rows.columns.get(column).copied().flatten()?;
        self.record.get(index).map(str::trim).filter(|cell| !cell.is_empty())
    }

    fn index(&self, column: usize) -> usize {
        self.rows.columns.get(column).copied().flatten().unwrap_or_default()
    }

    fn mapping(&self, reader: &mut Reader<'_>, forests: &Forests) -> Option<Mapping> {
        self.check_shape(reader)?;
        self.check_cells(reader)?;
        let on_prem = self.required(reader, ON_PREM, |text| bare_on_prem(text, forests));
        let cloud = self.required(reader, CLOUD, bare_cloud);
        let holder = self.optional(reader, HOLDER, holder_account);
        let resolve = self.optional(reader, RESOLVE_COLUMN, |text| choose(text, &RESOLVE));
        let write = self.optional(reader, WRITE_COLUMN, |text| choose(text, &WRITE));
        let because: Option<Box<str>> = self.cell(BECAUSE).map(Into::into);
        let (on_prem, cloud, write) = (on_prem?, cloud?, write?.unwrap_or_default());
        self.check_together(reader, &on_prem, write, forests)?;
        let holder = self.decision(reader, holder?, resolve?, because.clone())?;
        // The reason explains the decision, where there is one.
        let because = because.filter(|_| holder.is_none());
        let source = reader.source.source(self.place.start);
        Some(Mapping {
            source,
            form: MappingForm::Row,
            on_prem,
            cloud,
            holders: holder.into_iter().collect(),
            write,
            restore: false,
            accept: EnumSet::new(),
            because,
            rule: None,
        })
    }

    /// A row with an open quote swallows all that follow; one with too many cells has a separator in a text.
    fn check_shape(&self, reader: &mut Reader<'_>) -> Option<()> {
        let raw = self.rows.text.get(self.place.clone()).unwrap_or_default();
        let mut quotes = Quotes::new(self.rows.delimiter);
        quotes.follow(raw.as_bytes());
        if quotes.is_open() {
            let first_line = raw.lines().next().unwrap_or_default();
            let at = self.place.start + first_line.find('"').unwrap_or_default();
            let help = if raw.contains('\n') {
                "close the text with a second quote; until then the rows below belong to it and are not read"
            } else {
                "close the text with a second quote; a quote inside a text is written twice"
            };
            reader.note(at..at + 1, Diagnostic::error("a quote is not closed in this row").help(help));
            return None;
        }
        if let Some(at) = quotes.fault() {
            let help = "a quote is missing; rows above it may belong to the text, and a quote inside a text is written twice";
            let at = self.place.start + at;
            reader.note(at..at + 1, Diagnostic::error("something stands behind a quoted text").help(help));
            return None;
        }
        let extra = (self.rows.width..self.record.len())
            .find(|index| self.record.get(*index).is_some_and(|cell| !cell.trim().is_empty()));
        if let Some(index) = extra {
            let summary = format!("the row has {} cells where the header has {}", self.record.len(), self.rows.width);
            let help = format!("put texts that contain `{}` into double quotes", shown(self.rows.delimiter));
            self.fault(reader, index, Fault::new(summary, help));
            return None;
        }
        Some(())
    }

    /// Notes blanks and odd characters.
    fn check_cells(&self, reader: &mut Reader<'_>) -> Option<()> {
        let mut trimmed = Vec::new();
        let mut fine = true;
        for (column, name) in NAMES.iter().enumerate() {
            let Some(cell) = self.cell(column) else { continue };
            if self.record.get(self.index(column)).is_some_and(|raw| raw.len() > cell.len()) {
                trimmed.push(*name);
            }
            match check_characters(cell) {
                Ok(None) => {}
                Ok(Some(warning)) => reader.note(self.cell_place(self.index(column)), warning),
                // A reason may run over several lines.
                Err(_) if column == BECAUSE => {}
                Err(fault) => {
                    self.fault(reader, self.index(column), named(column, fault));
                    fine = false;
                }
            }
        }
        if !trimmed.is_empty() {
            let message = format!("blanks around the value of {} were removed", trimmed.join(", "));
            let source = reader.source.source(self.place.start);
            reader.notices.push(Notice { kind: NoticeKind::InputTrimmed, source, message });
        }
        fine.then_some(())
    }

    fn required<T>(&self, reader: &mut Reader<'_>, column: usize, read: impl Fn(&str) -> Result<T, Fault>) -> Option<T> {
        let result = match self.cell(column) {
            Some(cell) => read(cell),
            None => Err(Fault::new("the cell is empty", empty_help(column))),
        };
        result.map_err(|fault| self.fault(reader, self.index(column), named(column, fault))).ok()
    }

    /// An empty cell is fine; a wrong one is `None` on the outside.
    fn optional<T>(&self, reader: &mut Reader<'_>, column: usize, read: impl Fn(&str) -> Result<T, Fault>) -> Option<Option<T>> {
        match self.cell(column) {
            None => Some(None),
            Some(_) => self.required(reader, column, read).map(Some),
        }
    }

    fn check_together(&self, reader: &mut Reader<'_>, on_prem: &OnPremSide, write: WriteSide, forests: &Forests) -> Option<()> {
        let help = "an account that leaves hybrid is only cleared; empty the cell";
        match on_prem {
            OnPremSide::Nobody => {
                let odd = [HOLDER, RESOLVE_COLUMN, WRITE_COLUMN].into_iter().find(|column| self.cell(*column).is_some());
                let Some(column) = odd else { return Some(()) };
                let fault = Fault::new("a value has no meaning where onPrem is `none`", help);
                self.fault(reader, self.index(column), named(column, fault));
                None
            }
            OnPremSide::User(user) if write == WriteSide::OnPrem => can_stamp(user, forests)
                .map_err(|fault| self.fault(reader, self.index(WRITE_COLUMN), named(WRITE_COLUMN, fault)))
                .ok(),
            OnPremSide::User(_) => Some(()),
        }
    }

    fn decision(
        &self,
        reader: &mut Reader<'_>,
        holder: Option<CloudSelector>,
        resolve: Option<Resolve>,
        because: Option<Box<str>>,
    ) -> Option<Option<HolderDecision>> {
        match (holder, resolve) {
            (None, None) => Some(None),
            (Some(account), Some(resolve)) => {
                let source = reader.source.source(self.place.start);
                Some(Some(HolderDecision { account, resolve, because, source }))
            }
            (Some(_), None) => {
                let fault =
                    Fault::new("a holder is named, but not what becomes of it", "write purge or clear into the column resolve");
                self.fault(reader, self.index(HOLDER), named(HOLDER, fault));
                None
            }
            (None, Some(_)) => {
                let fault = Fault::new("a decision without a holder", "name the account in the column holder, or empty the cell");
                self.fault(reader, self.index(RESOLVE_COLUMN), named(RESOLVE_COLUMN, fault));
                None
            }
        }
    }
}

fn empty_help(column: usize) -> &'static str {
    if column == ON_PREM {
        "name the AD user; to let an account leave hybrid write none"
    } else {
        "name the cloud user by its UPN or object id"
    }
}

fn named(column: usize, fault: Fault) -> Fault {
    let name = NAMES.get(column).copied().unwrap_or_default();
    Fault::new(format!("column {name}: {}", fault.summary), fault.row_help.unwrap_or(fault.help))
}

fn holder_account(text: &str) -> Result<CloudSelector, Fault> {
    let account = bare_cloud(text)?;
    match account.key {
        CloudKey::Id(_) | CloudKey::Upn(_) => Ok(account),
        CloudKey::Mail(_) | CloudKey::EmployeeId(_) => Err(Fault::new("a holder is named by its UPN or object id", "")),
    }
}

fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "a tab".to_owned() } else { char::from(delimiter).to_string() }
}
