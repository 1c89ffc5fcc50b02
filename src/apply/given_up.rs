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
    let fates = history.in_order().into_iter().filter(|fate| fate.kind != FateKind::Failed);
    let sent: Vec<&Action> = fates.map(|fate| fate.action).collect();
    let left = sent.iter().filter(|action| {
        let was_to_go_back = plan.is_none_or(|plan| plan.body.actions.iter().any(|other| deletes(other, &action.target)));
        action.kind == ActionKind::Restore && was_to_go_back && !sent.iter().any(|other| deletes(other, &action.target))
    });
    Ok(left.map(|action| action.target.upn.clone()).collect())
}

fn deletes(action: &Action, target: &Target) -> bool {
    action.kind == ActionKind::SoftDelete && action.target.id == target.id
}
