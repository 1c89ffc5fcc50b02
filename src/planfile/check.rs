//! Whether a body agrees with itself. A file that was made to carry the right hashes must still be one that planning could
//! have written.

use std::collections::{HashMap, HashSet};

use super::PlanFileError;
use super::error::quoted;
use crate::model::{FactName, FactValue};
use crate::plan::action::{Action, ActionKind};
use crate::plan::body::{Body, MappingState, PlannedMapping, Status};
use crate::plan::finding::Severity;
use crate::plan::summary;

pub(super) fn consistent(body: &Body) -> Result<(), PlanFileError> {
    let mappings = mappings(body)?;
    actions(body, &mappings)?;
    accounts(body)?;
    counts(body)?;
    status(body)
}

/// The mappings by their ids.
type Mappings<'b> = HashMap<&'b str, &'b PlannedMapping>;

fn mappings(body: &Body) -> Result<Mappings<'_>, PlanFileError> {
    let mut mappings = HashMap::with_capacity(body.mappings.len());
    for mapping in &body.mappings {
        if mappings.insert(mapping.id.as_str(), mapping).is_some() {
            return Err(PlanFileError::altered(format!("the mapping {} is listed twice", quoted(&mapping.id))));
        }
    }
    Ok(mappings)
}

fn actions(body: &Body, mappings: &Mappings<'_>) -> Result<(), PlanFileError> {
    let mut earlier = HashSet::with_capacity(body.actions.len());
    for action in &body.actions {
        let fault = action_fault(action, mappings, &earlier).or_else(|| target_fault(action));
        let fault = fault.or_else(|| {
            // What is undone gives an account what it had, whatever the mapping wanted.
            let mapping = mappings.get(action.mapping.as_str()).filter(|_| body.rollback_of.is_none())?;
            mapping_fault(action, mapping)
        });
        if let Some(fault) = fault {
            return Err(PlanFileError::altered(format!("the action {} {fault}", quoted(action.id.as_str()))));
        }
        earlier.insert(action.id.as_str());
    }
    Ok(())
}

/// A mapping shows the account that it writes under a name that its actions rely on.
fn accounts(body: &Body) -> Result<(), PlanFileError> {
    let target = |action: &Action| (action.mapping.clone(), action.target.id.clone());
    let named = body.actions.iter().map(|action| (target(action), &*action.target.upn)).collect::<HashSet<_>>();
    let written: HashSet<_> = body.actions.iter().map(target).collect();
    // What is undone may have given the account another name.
    let mappings = body.mappings.iter().filter(|_| body.rollback_of.is_none());
    for (mapping, cloud) in mappings.filter_map(|mapping| Some((mapping, mapping.cloud.as_ref()?))) {
        let account = (mapping.id.to_string(), cloud.id.to_string());
        if written.contains(&account) && !named.contains(&(account, &*cloud.upn)) {
            let (mapping, name) = (quoted(&mapping.id), quoted(&cloud.upn));
            return Err(PlanFileError::altered(format!(
                "the mapping {mapping} is shown for {name}, and its account has another name"
            )));
        }
    }
    Ok(())
}

/// Whoever reads the plan sees a name, and an id is what is written.
fn target_fault(action: &Action) -> Option<String> {
    if let Some(missing) = action.missing_fact() {
        return Some(format!("does not rely on {}, as every action of its kind does", missing.word()));
    }
    (!action.is_named_in(&action.before))
        .then(|| format!("is shown for {}, which is not the name of the account that it writes", quoted(&action.target.upn)))
}

/// An ID is set on the account of the mapping, and it is the one that the mapping is shown with.
fn mapping_fault(action: &Action, mapping: &PlannedMapping) -> Option<String> {
    let (fact, is_own) = match action.kind {
        ActionKind::SetImmutableId => {
            let own = mapping.cloud.as_ref().map(|cloud| cloud.id);
            (FactName::OnPremisesImmutableId, own.is_some() && own == action.target.entra_id())
        }
        ActionKind::StampConsistencyGuid => {
            let own = mapping.on_prem.as_ref().and_then(|user| user.object_guid);
            let forest = mapping.on_prem.as_ref().and_then(|user| user.forest.as_deref());
            (FactName::ConsistencyGuid, own.is_some() && own == action.target.object_guid() && forest == action.target.forest())
        }
        ActionKind::ClearImmutableId
        | ActionKind::ClearObjectIdentifier
        | ActionKind::ClearSecurityIdentifier
        | ActionKind::Purge
        | ActionKind::Restore
        | ActionKind::SetUserPrincipalName
        | ActionKind::SoftDelete => return None,
    };
    if !is_own {
        return Some(format!("writes another object than that of the mapping {}", quoted(&mapping.id)));
    }
    if mapping.cloud.is_none() {
        return Some(format!("is for no account: the mapping {} is shown without one", quoted(&mapping.id)));
    }
    let wanted = mapping.anchor.as_deref().map(FactValue::text);
    (action.after.get(&fact) != wanted.as_ref())
        .then(|| format!("sets another ID than the mapping {} is shown with", quoted(&mapping.id)))
}

fn action_fault(action: &Action, mappings: &Mappings<'_>, earlier: &HashSet<&str>) -> Option<String> {
    if !action.is_consistent() {
        return Some("is not the one that its id names".into());
    }
    if earlier.contains(action.id.as_str()) {
        return Some("is listed twice".into());
    }
    match mappings.get(action.mapping.as_str()).map(|mapping| mapping.state) {
        None => return Some(format!("belongs to the mapping {}, which is not in the plan", quoted(&action.mapping))),
        Some(MappingState::Blocked) => {
            return Some(format!("belongs to the mapping {}, which is blocked", quoted(&action.mapping)));
        }
        Some(MappingState::Armed | MappingState::Detached | MappingState::Linked | MappingState::Planned) => {}
    }
    let missing = action.depends_on.iter().find(|id| !earlier.contains(id.as_str()))?;
    Some(format!("depends on {}, which does not come before it", quoted(missing.as_str())))
}

fn counts(body: &Body) -> Result<(), PlanFileError> {
    if summary(&body.mappings, &body.actions, &body.findings) == body.summary {
        return Ok(());
    }
    Err(PlanFileError::altered("the counts of `summary` are not those of the lists"))
}

/// A plan that could be applied must not list what stands in the way.
fn status(body: &Body) -> Result<(), PlanFileError> {
    let blockers = body.findings.iter().any(|finding| finding.severity == Severity::Blocker);
    let fits = match body.status {
        Status::Empty => body.actions.is_empty() && !blockers,
        Status::Ready => !blockers,
        Status::Blocked | Status::Partial => true,
    };
    if fits {
        return Ok(());
    }
    Err(PlanFileError::altered(format!("the status `{}` does not fit what it lists", body.status.word())))
}
