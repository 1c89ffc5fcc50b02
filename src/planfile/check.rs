//! Whether a body agrees with itself. A file that was made to carry the right hashes must still be one that planning could
//! have written.

use std::collections::{HashMap, HashSet};

use super::PlanFileError;
use super::error::quoted;
use crate::plan::action::Action;
use crate::plan::body::{Body, MappingState, Status};
use crate::plan::finding::Severity;
use crate::plan::summary;

pub(super) fn consistent(body: &Body) -> Result<(), PlanFileError> {
    let states = mapping_states(body)?;
    actions(body, &states)?;
    counts(body)?;
    status(body)
}

fn mapping_states(body: &Body) -> Result<HashMap<&str, MappingState>, PlanFileError> {
    let mut states = HashMap::with_capacity(body.mappings.len());
    for mapping in &body.mappings {
        if states.insert(mapping.id.as_str(), mapping.state).is_some() {
            return Err(PlanFileError::altered(format!("the mapping {} is listed twice", quoted(&mapping.id))));
        }
    }
    Ok(states)
}

fn actions(body: &Body, states: &HashMap<&str, MappingState>) -> Result<(), PlanFileError> {
    let mut earlier = HashSet::with_capacity(body.actions.len());
    for action in &body.actions {
        if let Some(fault) = action_fault(action, states, &earlier) {
            return Err(PlanFileError::altered(format!("the action {} {fault}", quoted(action.id.as_str()))));
        }
        earlier.insert(action.id.as_str());
    }
    Ok(())
}

fn action_fault(action: &Action, states: &HashMap<&str, MappingState>, earlier: &HashSet<&str>) -> Option<String> {
    if !action.is_consistent() {
        return Some("is not the one that its id names".into());
    }
    if earlier.contains(action.id.as_str()) {
        return Some("is listed twice".into());
    }
    match states.get(action.mapping.as_str()) {
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
