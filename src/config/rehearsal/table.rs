//! Mapping files with stand-ins.

use super::super::columns::{BECAUSE, CLOUD, HOLDER, NAMES, ON_PREM, Preamble};
use super::redact::Selectors;

/// The table with stand-ins: the same rows, and of the columns those that are known.
pub(super) fn redacted(text: &str, selectors: &mut Selectors<'_>) -> Result<String, String> {
    let preamble = Preamble::of(text);
    let body = text.get(preamble.start..).unwrap_or_default();
    let mut rows =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(preamble.delimiter).from_reader(body.as_bytes());
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut columns: Vec<Option<usize>> = Vec::new();
    for record in rows.records() {
        let record = record.map_err(|error| error.to_string())?;
        if columns.is_empty() {
            columns = record.iter().map(|cell| NAMES.iter().position(|name| name.eq_ignore_ascii_case(cell.trim()))).collect();
            let names = columns.iter().flatten().filter_map(|column| NAMES.get(*column));
            out.write_record(names).map_err(|error| error.to_string())?;
        } else if record.iter().any(|cell| !cell.trim().is_empty()) {
            let cells = record.iter().zip(&columns).filter_map(|(cell, column)| Some((cell, (*column)?)));
            let fresh: Vec<String> = cells.map(|(cell, column)| stand_in(cell, column, selectors)).collect();
            out.write_record(fresh).map_err(|error| error.to_string())?;
        }
    }
    let bytes = out.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn stand_in(cell: &str, column: usize, selectors: &mut Selectors<'_>) -> String {
    match column {
        ON_PREM => selectors.bare_on_prem(cell),
        CLOUD | HOLDER => selectors.bare_cloud(cell),
        BECAUSE => selectors.reason(cell),
        // Words of this program.
        _ => cell.to_owned(),
    }
}
