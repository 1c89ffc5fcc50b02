//! What the journal of a plan says of its actions.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{EntraId, FactName};
use crate::plan::action::{Action, ActionId, ActionKind};

use super::backup;
use super::journal::{FateKind, History, Outcome, OutcomeKind};

/// What earlier runs of a plan wrote down.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Actions that this plan did.
    pub done: BTreeSet<ActionId>,
    /// What was seen done since the plan was last finished or given up. It has to stand still: whoever undid it since had a
    /// reason that nobody who approved the plan knew.
    pub standing: BTreeMap<ActionId, Outcome>,
}

impl Recorded {
    /// What a journal says.
    pub(super) fn of(history: &History<'_>) -> Self {
        let done = history.fates.iter().filter(|(_, fate)| fate.kind == FateKind::Done);
        let standing = history.standing().into_iter();
        Self {
            done: done.map(|(id, _)| (*id).clone()).collect(),
            standing: standing.map(|(id, outcome)| (id.clone(), outcome.clone())).collect(),
        }
    }

    /// Whether nothing but that an account is not found would tell that this action is done: a purge of which nobody told this
    /// plan that it was made, whether it was sent or not. A reader that is late does not find what is there either.
    pub(super) fn rests_on_absence(&self, action: &Action) -> bool {
        action.kind == ActionKind::Purge && !self.done.contains(&action.id)
    }

    /// Whether this plan did that, and was finished or given up since.
    pub(super) fn is_of_a_finished_run(&self, action: &Action) -> bool {
        self.done.contains(&action.id) && !self.standing.contains_key(&action.id)
    }

    /// Since when the accounts that these actions deleted are in the recycle bin.
    pub(super) fn deletions(&self, actions: &[Action]) -> BTreeMap<EntraId, String> {
        let deletion = |action: &Action| Some((action.target.entra_id()?, self.deletion(action)?.to_owned()));
        actions.iter().filter_map(deletion).collect()
    }

    /// Since when an account is in the recycle bin that this action deleted.
    pub(super) fn deletion(&self, action: &Action) -> Option<&str> {
        let outcome = self.standing.get(&action.id).filter(|_| action.kind == ActionKind::SoftDelete)?;
        outcome.deleted_date_time.as_deref()
    }

    /// Accounts of which there is a good copy as they stand now. A live one may have changed since it was saved, and so may one
    /// of which nobody knows whether it is in the recycle bin since then.
    pub(super) fn copies(&self, history: &History<'_>, actions: &[Action]) -> BTreeSet<EntraId> {
        let pinned: BTreeSet<EntraId> = actions
            .iter()
            .filter(|action| self.was_deleted_when_saved(action))
            .filter_map(|action| action.target.entra_id())
            .collect();
        let saved = history.backups().filter(|saved| pinned.contains(&saved.account));
        saved.filter(|saved| backup::is_good(saved)).map(|saved| saved.account).collect()
    }

    /// Whether the account is known to be in the recycle bin since before its copy was made, or right after.
    fn was_deleted_when_saved(&self, action: &Action) -> bool {
        if action.kind == ActionKind::Purge {
            return action.before.contains_key(&FactName::DeletedDateTime);
        }
        let is_done = self.standing.get(&action.id).is_some_and(|outcome| outcome.result == OutcomeKind::Done);
        is_done && self.deletion(action).is_some()
    }
}
