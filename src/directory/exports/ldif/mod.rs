//! LDIF as `ldapsearch` and `ldifde` write it (RFC 2849, the part for content): one forest per file.
//!
//! How a cut file is recognised: it ends in the middle of a line, of a base64 value or of an entry; `ldapsearch` said
//! that the result is partial, or its closing lines are missing. A cut exactly between two entries of a file without
//! closing lines (`ldapsearch -LLL`, `ldifde`) cannot be told from a whole file.

mod lines;
mod record;
mod save;

#[cfg(test)]
mod tests;

use std::io::{BufReader, Read};
use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{AnchorMode, ObservedForest};

use super::expected::Expected;
use super::forest::ForestBuilder;
use super::problems::{Problems, excerpt};

pub(crate) use record::{Record, read_records};
pub use save::write_forest;

/// Reads a forest from decoded text.
pub(crate) fn read_forest(
    text: impl Read,
    file: &Arc<str>,
    name: &str,
    anchor: &AnchorMode,
    expected: Expected,
) -> Result<ObservedForest, Diagnostics> {
    let mut problems = Problems::new(file);
    let mut forest = ForestBuilder::new(name, anchor, expected);
    let mut records = 0_usize;
    read_records(BufReader::with_capacity(1 << 16, text), &mut problems, |record, problems| {
        records += 1;
        add(record, &mut forest, problems);
    });
    if records == 0 {
        problems.push_if_none(Diagnostic::error("the file holds no entry").at(problems.at(0)).help(EXPORT_HELP));
    }
    problems.into_result(forest.finish())
}

const EXPORT_HELP: &str =
    "export the users with `ldapsearch -LLL -E pr=1000/noprompt '(&(objectCategory=person)(objectClass=user))'` or with `ldifde`";

fn add(record: &Record<'_>, forest: &mut ForestBuilder, problems: &mut Problems) {
    if !record.terminated
        && let Some(why) = forest.may_be_cut(record)
    {
        let help = "export it again, with objectGUID; if it is complete, add an empty line at its end";
        problems.push(Diagnostic::error(format!("{}: {why}", excerpt(&record.dn))).at(problems.at(record.line)).help(help));
        return;
    }
    let read = record.attributes.last().map_or(0, |last| last.end);
    forest.make_room(read);
    forest.add(record, record.line, None, |attribute| record.line_of(attribute).unwrap_or(record.line), problems);
}
