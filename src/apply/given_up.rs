//! What a run that is given up leaves half done: accounts that it took out of the recycle bin and was to put back there.

use crate::plan::action::{Action, ActionKind, Target};
use crate::planfile::PlanFile;

use super::journal::{FateKind, Journal, JournalError};
use super::unfinished::UnfinishedRun;

/// The sign-in names of those accounts. Without the plan every restored one counts, for nobody knows what was to follow.
///
/// # Errors
/// A [`JournalError`] when the journal of the run cannot be read.
pub fn left_live(run: &UnfinishedRun, plan: Option<&PlanFile>) -> Result<Vec<String>, JournalError> {
    let state = Journal::read(&run.journal)?;
    let history = state.history(&run.digest);
    let was_sent = |target: &Target, kind| {
        let mut fates = history.fates.values().filter(|fate| fate.kind != FateKind::Failed);
        fates.any(|fate| fate.action.kind == kind && fate.action.target.id == target.id)
    };
    let goes_back = |action: &Action| {
        plan.is_none_or(|plan| {
            let mut others = plan.body.actions.iter().filter(|other| other.target.id == action.target.id);
            others.any(|other| other.kind == ActionKind::SoftDelete)
        })
    };
    let restored = history.in_order().into_iter().filter(|fate| fate.kind != FateKind::Failed).map(|fate| fate.action);
    let restored = restored.filter(|action| action.kind == ActionKind::Restore && goes_back(action));
    let left = restored.filter(|action| !was_sent(&action.target, ActionKind::SoftDelete));
    Ok(left.map(|action| action.target.upn.clone()).collect())
}
