//! The runs that left a journal in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use memchr::memmem;

use crate::model::digits::size;
use crate::plan::EarlierRun;
use crate::plan::action::{ActionId, ActionKind};

use super::journal::{Entry, JournalError, OutcomeKind, RunHeader};
use super::unfinished::journals;

/// What the lines that matter begin with.
const RUN: &[u8] = b"{\"entry\":\"run\"";
const INTENT: &[u8] = b"{\"entry\":\"intent\"";
const OUTCOME: &[u8] = b"{\"entry\":\"outcome\"";

/// How large the directories were for each plan that was run and whose journal lies in a folder. One that cannot be read is
/// left out: what is wrong with it is for applying to say.
///
/// # Errors
/// A [`JournalError`] when the folder cannot be read.
pub fn earlier_runs(folder: &Path) -> Result<Vec<EarlierRun>, JournalError> {
    Ok(journals(folder)?.iter().flat_map(|journal| runs(journal)).collect())
}

/// The runs of a journal, which may be of several plans that were saved under one name; those of one plan are one.
fn runs(journal: &Path) -> impl Iterator<Item = EarlierRun> {
    let lines = File::open(journal).into_iter().flat_map(|file| BufReader::new(file).split(b'\n').map_while(Result::ok));
    let mut plans: BTreeMap<String, Told> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in lines {
        let mut plan = current.as_ref().and_then(|digest| plans.get_mut(digest));
        if !matters(&line, plan.as_ref().is_some_and(|plan| !plan.sent.is_empty())) {
            continue;
        }
        match (serde_json::from_slice(&line), &mut plan) {
            (Ok(Entry::Run(header)), _) => {
                current = Some(header.digest.clone());
                plans.entry(header.digest.clone()).or_insert_with(|| Told::of(&header));
            }
            (Ok(entry), Some(plan)) => plan.take(&entry),
            (Ok(_) | Err(_), _) => {}
        }
    }
    plans.into_values().map(Told::run)
}

/// Whether a line begins a run, or may tell of a deletion; after a purge was sent, of its outcome, too. Of the many others none
/// is parsed.
fn matters(line: &[u8], has_sent: bool) -> bool {
    let says = |word: &[u8]| memmem::find(line, word).is_some();
    let deletes = || says(b"\"softDelete\"") || says(b"\"purge\"");
    line.starts_with(RUN) || (line.starts_with(INTENT) && deletes()) || (has_sent && line.starts_with(OUTCOME))
}

/// What a journal tells of one plan.
struct Told {
    run: EarlierRun,
    /// Accounts that it moved to the recycle bin.
    deleted: BTreeSet<String>,
    /// Purges that were sent, with their accounts.
    sent: BTreeMap<ActionId, String>,
    purged: BTreeSet<String>,
}

impl Told {
    fn of(header: &RunHeader) -> Self {
        let at = header.started_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let run = EarlierRun { at, tenant: header.tenant.clone(), forests: header.forests.clone(), purged: 0 };
        Self { run, deleted: BTreeSet::new(), sent: BTreeMap::new(), purged: BTreeSet::new() }
    }

    fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Intent { action, .. } if action.kind == ActionKind::SoftDelete => {
                self.deleted.insert(action.target.id.clone());
            }
            Entry::Intent { action, .. } => drop(self.sent.insert(action.id.clone(), action.target.id.clone())),
            Entry::Outcome(outcome) if matches!(outcome.result, OutcomeKind::Done | OutcomeKind::AlreadyDone) => {
                self.purged.extend(self.sent.get(&outcome.action).cloned());
            }
            Entry::Outcome(_) | Entry::Run(_) | Entry::Backup(_) | Entry::End { .. } => {}
        }
    }

    fn run(self) -> EarlierRun {
        EarlierRun { purged: size(self.purged.intersection(&self.deleted).count()), ..self.run }
    }
}
