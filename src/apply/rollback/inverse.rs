//! The action that takes another one back.

use crate::model::{AccountState, FactName, FactValue, Facts};
use crate::plan::action::{Action, ActionKind, Target};

use super::guards::USES;

/// How one action can be taken back.
pub(super) enum Inverse {
    /// By this action; `lost` says what of it cannot come back.
    By { action: Box<Action>, lost: Option<String> },
    /// Not at all; what it left behind stays.
    Impossible(String),
}

/// The inverse of an action. `reached` are the facts right after it, as far as they are still so.
pub(super) fn inverse(action: &Action, reached: Facts) -> Inverse {
    let old = |name: FactName| action.before.get(&name).cloned();
    let by = |kind, name, value| by(action, reached.clone(), kind, name, value, None);
    match action.kind {
        ActionKind::Purge => Inverse::Impossible("a purged account is gone for good; its backup is only a copy".into()),
        ActionKind::ClearObjectIdentifier | ActionKind::ClearSecurityIdentifier => {
            Inverse::Impossible("only the sync service can set the value again".into())
        }
        ActionKind::SoftDelete => by(ActionKind::Restore, FactName::State, state(AccountState::Live)),
        ActionKind::Restore => by(ActionKind::SoftDelete, FactName::State, state(AccountState::Deleted)),
        ActionKind::SetImmutableId => match old(FactName::OnPremisesImmutableId) {
            Some(FactValue::Null) => by(ActionKind::ClearImmutableId, FactName::OnPremisesImmutableId, FactValue::Null),
            Some(value) => by(ActionKind::SetImmutableId, FactName::OnPremisesImmutableId, value),
            None => unsaid(),
        },
        ActionKind::ClearImmutableId => match old(FactName::OnPremisesImmutableId) {
            Some(FactValue::Null) => Inverse::Impossible(lost_residue(action).unwrap_or_else(|| "there was nothing".into())),
            Some(value) => set_again(action, reached, value),
            None => unsaid(),
        },
        ActionKind::SetUserPrincipalName => match old(FactName::UserPrincipalName) {
            Some(value) => by(ActionKind::SetUserPrincipalName, FactName::UserPrincipalName, value),
            None => unsaid(),
        },
        ActionKind::StampConsistencyGuid => match old(FactName::ConsistencyGuid) {
            Some(value) => by(ActionKind::StampConsistencyGuid, FactName::ConsistencyGuid, value),
            None => unsaid(),
        },
    }
}

fn state(state: AccountState) -> FactValue {
    FactValue::text(state.word())
}

fn unsaid() -> Inverse {
    Inverse::Impossible("the journal does not say what was there before".into())
}

fn set_again(action: &Action, reached: Facts, value: FactValue) -> Inverse {
    let lost = lost_residue(action);
    by(action, reached, ActionKind::SetImmutableId, FactName::OnPremisesImmutableId, value, lost)
}

/// The other on-premises values that went with an ImmutableID; Entra lets nobody set them.
fn lost_residue(action: &Action) -> Option<String> {
    let values = action.after.keys().filter(|name| **name != FactName::OnPremisesImmutableId);
    let lost: Vec<&str> = values
        .filter_map(|name| match action.before.get(name) {
            Some(FactValue::Text(text)) => Some(text.as_str()),
            Some(FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => None,
        })
        .collect();
    (!lost.is_empty()).then(|| format!("only the sync service can set these on-premises values again: {}", lost.join(", ")))
}

/// The object under the name that it has in these facts: the run may have given it another one.
fn called_as(target: Target, facts: &Facts) -> Target {
    match facts.get(&FactName::UserPrincipalName) {
        Some(FactValue::Text(upn)) if target.forest().is_none() => Target { upn: upn.to_string(), ..target },
        Some(FactValue::Text(_) | FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => target,
    }
}

fn by(action: &Action, reached: Facts, kind: ActionKind, name: FactName, value: FactValue, lost: Option<String>) -> Inverse {
    let mut before = reached;
    if kind == ActionKind::Restore {
        // These guard a deletion; they are no reason to leave an account in the recycle bin.
        USES.iter().for_each(|name| drop(before.remove(name)));
    }
    let reason = format!("undoes {} ({})", action.kind, action.id);
    let target = called_as(action.target.clone(), &before);
    let undo = Action::new(kind, &action.mapping, target, before, Facts::from_iter([(name, value)]), reason);
    Inverse::By { action: Box::new(undo), lost }
}
