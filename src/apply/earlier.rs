//! The runs that left a journal in a folder.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use crate::plan::EarlierRun;

use super::journal::{Entry, JournalError, RunHeader};
use super::unfinished::journals;

/// No first line of a journal is longer.
const LONGEST: u64 = 1 << 20;

/// How large the directories were for each run whose journal lies in a folder. One that cannot be read is left out:
/// what is wrong with it is for applying to say.
///
/// # Errors
/// A [`JournalError`] when the folder cannot be read.
pub fn earlier_runs(folder: &Path) -> Result<Vec<EarlierRun>, JournalError> {
    Ok(journals(folder)?.iter().filter_map(|journal| first_run(journal)).map(size).collect())
}

fn size(run: RunHeader) -> EarlierRun {
    EarlierRun { at: run.started_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), tenant: run.tenant, forests: run.forests }
}

/// The runs of one journal are of one plan, so the first says it all.
fn first_run(journal: &Path) -> Option<RunHeader> {
    let mut line = String::new();
    BufReader::new(File::open(journal).ok()?.take(LONGEST)).read_line(&mut line).ok()?;
    match serde_json::from_str(&line).ok()? {
        Entry::Run(run) => Some(*run),
        Entry::Intent { .. } | Entry::Outcome(_) | Entry::Backup(_) | Entry::End { .. } => None,
    }
}
