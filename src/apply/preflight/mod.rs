//! The look before the first write: does everything still hold that the plan relies on?

mod look;

use std::collections::BTreeSet;

use crate::directory::ports::DirectoryError;
use crate::model::{FactName, FactValue, ObjectGuid};
use crate::plan::action::{ActionId, Target};
use crate::plan::body::{Body, PlannedMapping};

use super::Directories;
use super::chain::{Chain, Mismatch, chains};
use super::facts::{Current, Wanted};
use look::Look;

/// What the look showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preflight {
    /// Actions whose effect is there already.
    pub done: BTreeSet<ActionId>,
    /// What is not as the plan expects; any of these, and nothing is written.
    pub differences: Vec<Difference>,
}

/// Something that is not as the plan expects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The mapping that relies on it; `None` when the whole plan does.
    pub mapping: Option<String>,
    /// The object.
    pub target: Option<Target>,
    /// The property, by its name in the plan, or a few words.
    pub fact: String,
    /// What the plan expects.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// Re-reads everything that the plan relies on. `recorded` are the actions that the journal knows as done.
///
/// # Errors
/// What a directory answered; nothing can be said then.
pub async fn preflight(
    body: &Body,
    recorded: &BTreeSet<ActionId>,
    directories: &Directories,
) -> Result<Preflight, DirectoryError> {
    let mut differences = identity(body, directories).await?;
    if !differences.is_empty() {
        // Of another tenant nothing else needs to be compared.
        return Ok(Preflight { done: BTreeSet::new(), differences });
    }
    let current = read_all(body, directories).await?;
    let mut done = BTreeSet::new();
    for chain in chains(&body.actions) {
        stand(&chain, &current, recorded, &mut done, &mut differences);
    }
    let look = Look::new(body, &done, &current, directories);
    differences.extend(look.id_holders().await?);
    differences.extend(look.sid_holders().await?);
    differences.extend(look.ad_users()?);
    if differences.is_empty() {
        differences.extend(look.refusals().await?);
    }
    Ok(Preflight { done, differences })
}

async fn identity(body: &Body, directories: &Directories) -> Result<Vec<Difference>, DirectoryError> {
    let found = directories.tenant.identify().await?;
    let pairs = [
        ("tenant id", &body.tenant.id, &found.id),
        ("initial domain of the tenant", &body.tenant.initial_domain, &found.initial_domain),
    ];
    let differs = pairs.into_iter().filter_map(|(fact, expected, found)| {
        let (expected, found) = expected.as_ref().zip(found.as_ref())?;
        let fact = format!("{fact}: the plan is for another tenant");
        (!expected.eq_ignore_ascii_case(found)).then(|| Difference {
            mapping: None,
            target: None,
            fact,
            expected: expected.clone(),
            found: found.clone(),
        })
    });
    Ok(differs.collect())
}

async fn read_all(body: &Body, directories: &Directories) -> Result<Current, DirectoryError> {
    let mut wanted = Wanted::default();
    let busy: BTreeSet<&str> = body.actions.iter().map(|action| action.mapping.as_str()).collect();
    for action in &body.actions {
        wanted.target(&action.target)?;
    }
    for mapping in body.mappings.iter().filter(|mapping| busy.contains(mapping.id.as_str())) {
        if let Some((forest, guid)) = ad_object(mapping) {
            wanted.ad_user(forest, guid);
        }
    }
    wanted.read(directories).await
}

fn ad_object(mapping: &PlannedMapping) -> Option<(&str, ObjectGuid)> {
    let user = mapping.on_prem.as_ref()?;
    Some((user.forest.as_deref()?, user.object_guid?))
}

/// Finds how far one object has come.
fn stand(
    chain: &Chain<'_>,
    current: &Current,
    recorded: &BTreeSet<ActionId>,
    done: &mut BTreeSet<ActionId>,
    differences: &mut Vec<Difference>,
) {
    let known = chain.actions.iter().take_while(|action| recorded.contains(&action.id)).count();
    let Some(facts) = chain.actions.first().and_then(|action| current.of(&action.target)) else { return };
    let reached = match chain.position(facts, known) {
        Ok(reached) => reached,
        // This plan is through with the object; what others did to it since is not its business.
        Err(_) if known == chain.actions.len() => known,
        Err(off_track) => {
            differences.extend(off_track.0.iter().map(fact_difference));
            return;
        }
    };
    done.extend(chain.actions.iter().take(reached).map(|action| action.id.clone()));
}

fn fact_difference(mismatch: &Mismatch<'_>) -> Difference {
    Difference {
        mapping: Some(mismatch.action.mapping.clone()),
        target: Some(mismatch.action.target.clone()),
        fact: fact_word(mismatch.fact),
        expected: value_word(Some(&mismatch.expected)),
        found: value_word(mismatch.found.as_ref()),
    }
}

/// A fact's name as the plan file writes it.
pub(in crate::apply) fn fact_word(name: FactName) -> String {
    serde_json::to_value(name).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A value for people.
pub(in crate::apply) fn value_word(value: Option<&FactValue>) -> String {
    match value {
        None => "not reported".into(),
        Some(FactValue::Null) => "null".into(),
        Some(FactValue::Bool(value)) => value.to_string(),
        Some(FactValue::Text(text)) => text.clone(),
        Some(FactValue::List(entries)) if entries.is_empty() => "none".into(),
        Some(FactValue::List(entries)) => entries.join(", "),
    }
}
