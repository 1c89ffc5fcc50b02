//! What is said of an action that is not undone, or not without a look before.

use crate::apply::chain::OffTrack;
use crate::apply::facts::TargetFacts;
use crate::apply::journal::{Fate, FateKind};
use crate::apply::preflight::value_word;
use crate::model::{FactName, FactValue};
use crate::plan::action::Action;
use crate::plan::finding::{Code, Finding};

const LOOK: &str = "Look at the account; what the journal holds as `before` can be set by hand or by a new mapping.";

pub(super) fn not_reversible(action: &Action, why: &str) -> Finding {
    let (kind, upn) = (action.kind, &action.target.upn);
    Finding::new(Code::NotReversible, &action.mapping, format!("{kind} of {upn} cannot be undone: {why}"))
        .objects([object(action)])
}

fn object(action: &Action) -> String {
    format!("{} ({})", action.target.upn, action.target.id)
}

pub(super) fn blocked(action: &Action, blocker: &Action) -> Finding {
    not_reversible(action, &format!("{} of {} has to be undone first and cannot be", blocker.kind, blocker.target.upn))
}

/// What something of today stands in the way of, with the name that the account goes by where the run gave it another one.
pub(super) fn objected(action: &Action, why: &str, facts: &TargetFacts) -> Finding {
    let name = match facts.get(FactName::UserPrincipalName) {
        Some(FactValue::Text(name)) if name != action.target.upn => format!("; it goes by {name} now"),
        Some(_) | None => String::new(),
    };
    not_reversible(action, &format!("{why}{name}")).hint("Look at the account; what is still right can be done by hand.")
}

pub(super) fn changed_since(action: &Action, off_track: &OffTrack<'_>, facts: &TargetFacts) -> Finding {
    if facts.is_gone() {
        return not_reversible(action, GONE);
    }
    let differences = off_track.0.iter().map(|mismatch| {
        let (expected, found) = (value_word(Some(&mismatch.expected)), value_word(mismatch.found.as_ref()));
        format!("{} was left as {expected} and is {found}", mismatch.fact.word())
    });
    let differences = differences.collect::<Vec<_>>().join("; ");
    not_reversible(action, &format!("the object was changed since ({differences})")).hint(LOOK)
}

const GONE: &str = "the object is gone since";

/// An action of which nobody knows whether this run did it.
pub(super) fn unknown(fate: &Fate<'_>, facts: &TargetFacts) -> Finding {
    let action = fate.action;
    let change = |name: &FactName| {
        let (before, now) = (value_word(action.before.get(name)), value_word(facts.get(*name).as_ref()));
        format!("{} was {before} before it and is {now}", name.word())
    };
    let changes = action.after.keys().map(change).collect::<Vec<_>>().join("; ");
    let seen = if facts.is_gone() { GONE } else { &changes };
    let why = match fate.kind {
        FateKind::Failed => format!("it failed and is there all the same, whoever did it ({seen})"),
        FateKind::Done | FateKind::Open => format!("it was sent, and nothing tells whether it was carried out ({seen})"),
    };
    not_reversible(action, &why).hint(LOOK)
}

pub(super) fn in_doubt(action: &Action, doubt: String) -> Finding {
    Finding::new(Code::NotChecked, &action.mapping, doubt)
        .objects([object(action)])
        .hint("Look at the account before you approve: the way back deletes it.")
}
