//! The runs that left a journal in a folder.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::plan::EarlierRun;

use super::journal::{Entry, JournalError, RunHeader};
use super::unfinished::journals;

/// What the first line of a run begins with.
const RUN: &[u8] = b"{\"entry\":\"run\"";

/// How large the directories were for each run whose journal lies in a folder. One that cannot be read is left out:
/// what is wrong with it is for applying to say.
///
/// # Errors
/// A [`JournalError`] when the folder cannot be read.
pub fn earlier_runs(folder: &Path) -> Result<Vec<EarlierRun>, JournalError> {
    Ok(journals(folder)?.iter().flat_map(|journal| runs(journal)).map(size).collect())
}

fn size(run: RunHeader) -> EarlierRun {
    EarlierRun { at: run.started_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), tenant: run.tenant, forests: run.forests }
}

/// The runs of a journal, which may be of several plans that were saved under one name.
fn runs(journal: &Path) -> impl Iterator<Item = RunHeader> {
    let lines = File::open(journal).into_iter().flat_map(|file| BufReader::new(file).split(b'\n').map_while(Result::ok));
    lines.filter(|line| line.starts_with(RUN)).filter_map(|line| header(&line))
}

fn header(line: &[u8]) -> Option<RunHeader> {
    match serde_json::from_slice(line).ok()? {
        Entry::Run(run) => Some(*run),
        Entry::Intent { .. } | Entry::Outcome(_) | Entry::Backup(_) | Entry::End { .. } => None,
    }
}
