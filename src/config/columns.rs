//! The columns of mapping files: their names, what others call them, and what may stand before the header.

use crate::diag::Diagnostic;
use crate::model::text::{counted, nearest, same};

pub(super) const NAMES: [&str; 6] = ["onPrem", "cloud", "holder", "resolve", "because", "write"];
pub(super) const HEADER_HELP: &str = "the first line names the columns: onPrem,cloud,holder,resolve,because,write";
/// Keys of a mapping that no column stands for.
const ONLY_IN_YAML: [&str; 2] = ["accept", "restore"];
/// What other tools call the same columns.
const OTHER_NAMES: [(&str, &str); 17] = [
    ("sAMAccountName", "onPrem"),
    ("sam", "onPrem"),
    ("objectGUID", "onPrem"),
    ("distinguishedName", "onPrem"),
    ("onPremises", "onPrem"),
    ("adUser", "onPrem"),
    ("ad", "onPrem"),
    ("userPrincipalName", "cloud"),
    ("upn", "cloud"),
    ("cloudUser", "cloud"),
    ("entra", "cloud"),
    ("azureAD", "cloud"),
    ("account", "holder"),
    ("action", "resolve"),
    ("decision", "resolve"),
    ("reason", "because"),
    ("comment", "because"),
];
pub(super) const ON_PREM: usize = 0;
pub(super) const CLOUD: usize = 1;
pub(super) const HOLDER: usize = 2;
pub(super) const RESOLVE_COLUMN: usize = 3;
pub(super) const BECAUSE: usize = 4;
pub(super) const WRITE_COLUMN: usize = 5;

/// What stands before the header: `sep=;` and empty rows of a spreadsheet, `#TYPE` of PowerShell.
pub(super) struct Preamble {
    /// Where the header starts.
    pub start: usize,
    /// What stands between two cells.
    pub delimiter: u8,
}

impl Preamble {
    pub(super) fn of(text: &str) -> Self {
        let (mut start, mut told) = (0, None);
        for line in text.split_inclusive('\n') {
            let words = line.trim();
            let is_told = words.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("sep="));
            let separator = line.trim_start().as_bytes().get(4).filter(|_| is_told);
            if let Some(separator) = separator {
                told = Some(*separator);
            } else if !is_blank(words) && !words.trim_start_matches('"').starts_with("#TYPE ") {
                return Self { start, delimiter: told.unwrap_or_else(|| most_frequent(line)) };
            }
            start += line.len();
        }
        Self { start, delimiter: b',' }
    }
}

/// Whether there is nothing on a line but separators.
fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || matches!(c, ',' | ';'))
}

/// The separator that the header uses most.
fn most_frequent(header: &str) -> u8 {
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// The column that a header was probably meant to be.
pub(super) fn meant(cell: &str) -> Option<&'static str> {
    let others = OTHER_NAMES.map(|(other, _)| other);
    nearest(cell, NAMES.iter().copied()).or_else(|| {
        let other = nearest(cell, others.iter().copied())?;
        OTHER_NAMES.iter().find(|(name, _)| *name == other).map(|(_, column)| *column)
    })
}

/// `meant` is the column that it is most likely to be.
pub(super) fn unknown_column(column: &str, meant: Option<&str>) -> Diagnostic {
    let all = NAMES.join(", ");
    let left_out = || Diagnostic::warning(format!("the column `{column}` is not known and is left out"));
    match meant {
        _ if ONLY_IN_YAML.iter().any(|key| same(key, column)) => {
            Diagnostic::error(format!("a row of a mapping file cannot say `{column}`"))
                .help(format!("move the rows that need it to `mappings` of the configuration; the columns are {all}"))
        }
        // Without it the rows would say something else.
        Some(name @ ("holder" | "resolve" | "write")) => {
            Diagnostic::error(format!("the column `{column}` is not known; did you mean {name}?"))
                .help(format!("rename it to {name}, or, if it is a note, to something that is not like a column: {all}"))
        }
        Some(name) => left_out().help(format!("did you mean {name}? The columns are {all}")),
        None => left_out().help(format!("the columns are {all}")),
    }
}

pub(super) fn repeated_column(column: &str) -> Diagnostic {
    Diagnostic::error(format!("the column {column} is there twice")).help("remove one of the two")
}

/// How many more columns are like those that were told, with what to do about all of them.
pub(super) fn more_like(told: &Diagnostic, count: usize) -> Diagnostic {
    let message = format!("and {} like these", counted(count, "more column"));
    Diagnostic { level: told.level, ..Diagnostic::error(message).help("does the first row hold the names of columns?") }
}
