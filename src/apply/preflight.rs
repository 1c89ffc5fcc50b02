//! The look before the first write: does everything still hold that the plan relies on?

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::ports::DirectoryError;
use crate::model::{AnchorMode, EntraId, FactName, FactValue, ImmutableId, ObjectGuid, Sid, effective_anchor};
use crate::plan::action::{Action, ActionId, ActionKind, Target};
use crate::plan::body::{Body, PlannedMapping};

use super::Directories;
use super::chain::{Chain, Mismatch, chains};
use super::facts::{Current, TargetFacts, Wanted};

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
    let look = Look { body, done: &done, current: &current, directories };
    differences.extend(look.id_holders().await?);
    differences.extend(look.sid_holders().await?);
    differences.extend(look.ad_users()?);
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
    Some((user.forest.as_deref()?, user.object_guid.as_ref()?.parse().ok()?))
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
pub(super) fn fact_word(name: FactName) -> String {
    serde_json::to_value(name).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A value for people.
pub(super) fn value_word(value: Option<&FactValue>) -> String {
    match value {
        None => "not reported".into(),
        Some(FactValue::Null) => "null".into(),
        Some(FactValue::Bool(value)) => value.to_string(),
        Some(FactValue::Text(text)) => text.clone(),
        Some(FactValue::List(entries)) if entries.is_empty() => "none".into(),
        Some(FactValue::List(entries)) => entries.join(", "),
    }
}

/// The checks that look beyond the objects that are written.
struct Look<'a> {
    body: &'a Body,
    done: &'a BTreeSet<ActionId>,
    current: &'a Current,
    directories: &'a Directories,
}

impl<'a> Look<'a> {
    fn remaining(&self) -> impl Iterator<Item = &'a Action> {
        self.body.actions.iter().filter(|action| !self.done.contains(&action.id))
    }

    /// Mappings with something left to do.
    fn busy_mappings(&self) -> impl Iterator<Item = &'a PlannedMapping> {
        let busy: BTreeSet<&str> = self.remaining().map(|action| action.mapping.as_str()).collect();
        self.body.mappings.iter().filter(move |mapping| busy.contains(mapping.id.as_str()))
    }

    /// Whether the plan is still going to take a value away from an account.
    fn will_release(&self, holder: EntraId, fact: FactName, value: &str) -> bool {
        self.remaining().filter(|action| action.target.entra_id() == Some(holder)).any(|action| {
            let changes = action.after.get(&fact).is_some_and(|after| *after != FactValue::text(value));
            changes || action.kind == ActionKind::Purge
        })
    }

    /// Who else holds an ID that is to be set.
    async fn id_holders(&self) -> Result<Vec<Difference>, DirectoryError> {
        let mut wanted: BTreeMap<ImmutableId, &Action> = BTreeMap::new();
        for action in self.remaining().filter(|action| action.kind == ActionKind::SetImmutableId) {
            if let Some(FactValue::Text(id)) = action.after.get(&FactName::OnPremisesImmutableId) {
                wanted.extend(ImmutableId::stored(id).map(|id| (id, action)));
            }
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<ImmutableId> = wanted.keys().cloned().collect();
        let fact = FactName::OnPremisesImmutableId;
        let mut suspects = Vec::new();
        for (id, holder) in self.directories.tenant.find_holders(&ids).await? {
            let Some(action) = wanted.get(&id) else { continue };
            if action.target.entra_id() != Some(holder) && !self.will_release(holder, fact, id.as_str()) {
                suspects.push(Suspect { holder, value: id.as_str().to_owned(), mapping: action.mapping.clone() });
            }
        }
        self.convict(suspects, fact).await
    }

    /// Who else holds the SID of an AD user that is to be linked, and was not known to when the plan was made.
    async fn sid_holders(&self) -> Result<Vec<Difference>, DirectoryError> {
        let mut wanted: BTreeMap<Sid, &PlannedMapping> = BTreeMap::new();
        for mapping in self.busy_mappings() {
            let sid = mapping.on_prem.as_ref().and_then(|user| user.object_sid.as_ref()?.parse().ok());
            wanted.extend(sid.map(|sid| (sid, mapping)));
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let sids: Vec<Sid> = wanted.keys().cloned().collect();
        let fact = FactName::OnPremisesSecurityIdentifier;
        let mut suspects = Vec::new();
        for (sid, holder) in self.directories.tenant.find_sid_holders(&sids).await? {
            let Some(mapping) = wanted.get(&sid) else { continue };
            let is_target = mapping.cloud.as_ref().is_some_and(|cloud| cloud.id.parse() == Ok(holder));
            if !is_target && !self.will_release(holder, fact, sid.as_str()) && !self.was_known(mapping, holder) {
                suspects.push(Suspect { holder, value: sid.as_str().to_owned(), mapping: mapping.id.clone() });
            }
        }
        self.convict(suspects, fact).await
    }

    fn was_known(&self, mapping: &PlannedMapping, holder: EntraId) -> bool {
        let id = holder.to_string();
        let mut findings = self.body.findings.iter().filter(|finding| finding.mapping.as_ref() == Some(&mapping.id));
        findings.any(|finding| finding.objects.iter().any(|object| object.contains(&id)))
    }

    /// Searches lag behind the objects, so each suspect is read before it counts.
    async fn convict(&self, suspects: Vec<Suspect>, fact: FactName) -> Result<Vec<Difference>, DirectoryError> {
        let mut wanted = Wanted::default();
        suspects.iter().for_each(|suspect| wanted.account(suspect.holder));
        let current = wanted.read(self.directories).await?;
        let holds = |suspect: Suspect| {
            let TargetFacts::Account(account) = current.account(suspect.holder)? else { return None };
            let upn = account.user.as_ref()?.original_upn().to_owned();
            (account.get(fact)? == FactValue::text(&suspect.value)).then(|| suspect.difference(fact, &upn))
        };
        Ok(suspects.into_iter().filter_map(holds).collect())
    }

    /// Whether the AD users are still the ones that the plan saw. Where they are and how they are called may change.
    fn ad_users(&self) -> Result<Vec<Difference>, DirectoryError> {
        let mut differences = Vec::new();
        for mapping in self.busy_mappings() {
            let Some((forest, guid)) = ad_object(mapping) else { continue };
            let stamped = self
                .body
                .actions
                .iter()
                .any(|action| action.kind == ActionKind::StampConsistencyGuid && action.mapping == mapping.id);
            let mode = self.anchor_mode(forest)?;
            let user = match self.current.ad_user(forest, guid) {
                Some(TargetFacts::AdUser(user)) => user.as_deref(),
                Some(TargetFacts::Account(_)) | None => None,
            };
            let target =
                Target::ad_user(forest, guid, mapping.on_prem.as_ref().and_then(|user| user.sam.as_deref()).unwrap_or(""));
            let expected_found = ad_expectations(mapping, user, &mode, stamped, guid);
            differences.extend(expected_found.into_iter().map(|(fact, expected, found)| Difference {
                mapping: Some(mapping.id.clone()),
                target: Some(target.clone()),
                fact: fact.into(),
                expected,
                found,
            }));
        }
        Ok(differences)
    }

    fn anchor_mode(&self, forest: &str) -> Result<AnchorMode, DirectoryError> {
        let written = self.body.forests.iter().find(|known| known.name == forest).map(|known| known.anchor.as_str());
        match written {
            Some("consistencyGuid") => Ok(AnchorMode::ConsistencyGuid),
            Some("objectGuid") => Ok(AnchorMode::ObjectGuid),
            Some(other) if other.starts_with("attribute:") => {
                Ok(AnchorMode::Attribute(other.trim_start_matches("attribute:").into()))
            }
            Some(_) | None => {
                Err(DirectoryError::Input(format!("the plan does not say where the forest `{forest}` takes its anchors from")))
            }
        }
    }
}

/// What differs on an AD user: the fact, what is expected, what is found.
fn ad_expectations(
    mapping: &PlannedMapping,
    user: Option<&crate::model::AdUser>,
    mode: &AnchorMode,
    stamped: bool,
    guid: ObjectGuid,
) -> Vec<(&'static str, String, String)> {
    let Some(user) = user else { return vec![("objectGUID", guid.to_string(), "no such user".into())] };
    let mut differing = Vec::new();
    let given = mapping.anchor_from.as_deref() == Some("given");
    if let Some(anchor) = mapping.anchor.as_ref().filter(|_| !stamped && !given) {
        let found = effective_anchor(mode, user).map_or_else(|problem| problem.to_string(), |found| found.value.to_string());
        if found != *anchor {
            differing.push(("source anchor", anchor.clone(), found));
        }
    }
    if let Some(sid) = mapping.on_prem.as_ref().and_then(|known| known.object_sid.as_ref()) {
        let found = user.sid.as_ref().map_or("not reported", Sid::as_str);
        if found != sid {
            differing.push(("objectSid", sid.clone(), found.to_owned()));
        }
    }
    differing
}

/// An account that a search named as the holder of a value.
struct Suspect {
    holder: EntraId,
    value: String,
    mapping: String,
}

impl Suspect {
    fn difference(self, fact: FactName, upn: &str) -> Difference {
        Difference {
            mapping: Some(self.mapping),
            target: Some(Target::account(self.holder, upn)),
            fact: fact_word(fact),
            expected: format!("not {}", self.value),
            found: self.value,
        }
    }
}
