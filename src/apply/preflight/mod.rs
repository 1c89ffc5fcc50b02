//! The look before the first write: does everything still hold that the plan relies on?

mod barrier;
mod look;

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::ports::{DirectoryError, TenantIdentity};
use crate::model::{AccountState, FactName, FactValue, Policy};
use crate::plan::action::{Action, ActionId, ActionKind, Target};
use crate::plan::body::{Body, PlanTenant};

use super::chain::{Chain, Mismatch, chains};
use super::facts::{Current, TargetFacts, Wanted};
use super::handover::Handovers;
use super::journal::Outcome;
use super::source::Sources;
use super::{Directories, Recorded};
pub use barrier::Barrier;
use look::Look;

/// What the look showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preflight {
    /// Actions whose effect is there already.
    pub done: BTreeSet<ActionId>,
    /// Since when the accounts are in the recycle bin that such an action deleted.
    pub deletions: BTreeMap<ActionId, String>,
    /// Those of the actions that are done only if an account is gone that was not found.
    pub unsure: BTreeSet<ActionId>,
    /// What keeps sync from the accounts that the plan links.
    pub barrier: Option<Barrier>,
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

/// Re-reads everything that the plan relies on. `recorded` is what the journal says of its actions, and whom the policy
/// protects is not to be written.
///
/// # Errors
/// What a directory answered; nothing can be said then.
pub async fn preflight(
    body: &Body,
    recorded: &Recorded,
    policy: &Policy,
    directories: &Directories,
) -> Result<Preflight, DirectoryError> {
    let tenant = directories.tenant.identify().await?;
    let differences: Vec<Difference> = other_tenant(&body.tenant, &tenant).into_iter().map(Into::into).collect();
    if !differences.is_empty() {
        // Of another tenant nothing else needs to be compared.
        return Ok(Preflight { differences, ..Preflight::default() });
    }
    let (handovers, sources) = (Handovers::of(body, policy), Sources::of(body)?);
    let current = read_all(body, &handovers, &sources, directories).await?;
    let mut found = Preflight::default();
    for chain in chains(&body.actions) {
        found.take(&chain, &current, recorded);
    }
    let Preflight { done, deletions, unsure, mut differences, .. } = found;
    let look = Look::new(body, &done, &current, directories);
    differences.extend(look.protected(policy));
    differences.extend(look.handed_over(&handovers));
    differences.extend(look.id_holders().await?);
    differences.extend(look.sid_holders(&handovers).await?);
    differences.extend(look.ad_users(&sources));
    differences.extend(look.anchor_sharers().await?);
    if differences.is_empty() {
        differences.extend(look.refusals().await?);
    }
    Ok(Preflight { done, deletions, unsure, barrier: Barrier::of(body, &tenant), differences })
}

/// A fact by which a tenant is not that of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTenant {
    /// Which one, in words.
    pub what: &'static str,
    /// What of the plan.
    pub expected: String,
    /// What is there.
    pub found: String,
    why: &'static str,
}

impl From<OtherTenant> for Difference {
    fn from(other: OtherTenant) -> Self {
        let OtherTenant { what, expected, found, why } = other;
        Self { mapping: None, target: None, fact: format!("{what}: {why}"), expected, found }
    }
}

/// Whether this is the tenant of the plan. What one of the two does not say is not compared, but something has to be.
#[must_use]
pub fn other_tenant(plan: &PlanTenant, found: &TenantIdentity) -> Vec<OtherTenant> {
    let pairs =
        [("tenant id", &plan.id, &found.id), ("initial domain of the tenant", &plan.initial_domain, &found.initial_domain)];
    let is_told = pairs.iter().any(|(_, expected, found)| expected.is_some() && found.is_some());
    let differs = pairs.into_iter().filter_map(|(what, expected, found)| {
        let expected = expected.as_ref()?;
        let (why, found) = match found {
            Some(found) if expected.eq_ignore_ascii_case(found) => return None,
            Some(found) => ("the plan is for another tenant", found.as_str()),
            None if is_told => return None,
            None => ("it cannot be told which tenant this is", "not reported"),
        };
        Some(OtherTenant { what, why, expected: expected.clone(), found: found.to_owned() })
    });
    differs.collect()
}

async fn read_all(
    body: &Body,
    handovers: &Handovers<'_>,
    sources: &Sources<'_>,
    directories: &Directories,
) -> Result<Current, DirectoryError> {
    let mut wanted = Wanted::default();
    handovers.accounts().for_each(|account| wanted.account(account));
    sources.all().for_each(|source| wanted.ad_user(source.forest, source.guid));
    body.actions.iter().try_for_each(|action| wanted.action(action))?;
    wanted.read(directories).await
}

impl Preflight {
    /// The same, where of those that are not sure only these count as done.
    pub(super) fn believing(mut self, gone: &BTreeSet<ActionId>) -> Self {
        self.done.retain(|action| !self.unsure.contains(action) || gone.contains(action));
        self
    }

    /// Finds how far one object has come.
    fn take(&mut self, chain: &Chain<'_>, current: &Current, recorded: &Recorded) {
        let known = chain.actions.iter().take_while(|action| recorded.done.contains(&action.id)).count();
        let Some(facts) = chain.actions.first().and_then(|action| current.of(&action.target)) else { return };
        let reached = match chain.position(facts, known) {
            Ok(reached) => reached,
            // This plan is through with the object; what others did to it since is not its business, as long as it stays linked.
            Err(_) if known == chain.actions.len() => known,
            Err(off_track) => return self.differences.extend(off_track.0.iter().map(fact_difference)),
        };
        let undone = undone(chain, reached, facts, recorded);
        let lost = lost(chain, reached, facts, recorded);
        if !undone.is_empty() || !lost.is_empty() {
            return self.differences.extend(undone.into_iter().chain(lost));
        }
        let done = || chain.actions.iter().take(reached);
        let unsure = done().filter(|action| recorded.rests_on_absence(action));
        self.unsure.extend(unsure.map(|action| action.id.clone()));
        self.done.extend(done().map(|action| action.id.clone()));
        if let Some(action) = reached.checked_sub(1).and_then(|last| chain.actions.get(last)) {
            let deletion = facts.deletion().filter(|_| action.kind == ActionKind::SoftDelete);
            self.deletions.extend(deletion.map(|at| (action.id.clone(), at)));
        }
    }
}

/// What was seen done and is not so any more, where `reached` actions are done now.
fn undone(chain: &Chain<'_>, reached: usize, facts: &TargetFacts, recorded: &Recorded) -> Vec<Difference> {
    // Nobody undoes a purge: what is found again was never purged.
    let seen = |action: &Action| recorded.standing.get(&action.id).filter(|_| action.kind != ActionKind::Purge);
    let last_seen = chain.actions.iter().enumerate().rev().find_map(|(place, action)| Some((place + 1, action, seen(action)?)));
    let Some((stood, action, outcome)) = last_seen else { return Vec::new() };
    if reached < stood {
        let mut differences: Vec<Difference> = chain.mismatches(stood, facts).iter().map(fact_difference).collect();
        differences.iter_mut().for_each(|difference| difference.expected += &as_it_was(outcome));
        return differences;
    }
    let deletion = recorded.deletion(action).filter(|_| reached == stood && reached < chain.actions.len());
    let again = deletion.zip(facts.deletion()).filter(|(expected, found)| expected != found);
    let difference = |(expected, found): (&str, String)| Difference {
        mapping: Some(action.mapping.clone()),
        target: Some(action.target.clone()),
        fact: FactName::DeletedDateTime.word(),
        expected: expected.to_owned(),
        found: format!("{found}: restored and deleted again"),
    };
    again.map(difference).into_iter().collect()
}

/// What an object lacks that would be called linked: its ID, or that it is there at all. What a finished run did is not looked
/// at again.
fn lost(chain: &Chain<'_>, reached: usize, facts: &TargetFacts, recorded: &Recorded) -> Vec<Difference> {
    let links = |action: &&&Action| matches!(action.kind, ActionKind::SetImmutableId | ActionKind::StampConsistencyGuid);
    let linking = chain.actions.iter().rev().find(links).filter(|_| reached == chain.actions.len());
    let Some(action) = linking.filter(|action| !recorded.is_of_a_finished_run(action)) else { return Vec::new() };
    let since = recorded.standing.get(&action.id).map_or_else(String::new, as_it_was);
    let end = chain.actions.iter().rev().find_map(|action| action.after.get(&FactName::State)).cloned();
    let state = (FactName::State, end.unwrap_or_else(|| FactValue::text(AccountState::Live.word())));
    let ids = [FactName::OnPremisesImmutableId, FactName::ConsistencyGuid].map(|name| (name, action.after.get(&name)));
    let expected = ids.into_iter().filter_map(|(name, value)| Some((name, value?.clone()))).chain([state]);
    let difference = |(fact, expected): (FactName, FactValue)| Difference {
        mapping: Some(action.mapping.clone()),
        target: Some(action.target.clone()),
        fact: fact.word(),
        expected: value_word(Some(&expected)) + &since,
        found: value_word(facts.get(fact).as_ref()),
    };
    expected.filter(|(name, value)| !facts.is(*name, value)).map(difference).collect()
}

/// Since when something was as it is expected, to follow what that is.
fn as_it_was(seen: &Outcome) -> String {
    format!(", as it was at {:.0}", seen.at)
}

fn fact_difference(mismatch: &Mismatch<'_>) -> Difference {
    Difference {
        mapping: Some(mismatch.action.mapping.clone()),
        target: Some(mismatch.action.target.clone()),
        fact: mismatch.fact.word(),
        expected: value_word(Some(&mismatch.expected)),
        found: value_word(mismatch.found.as_ref()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_that_does_not_say_which_it_is_is_not_that_of_the_plan() {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        for ((id, domain), (found_id, found_domain), differences) in [
            (("a", "x"), ("a", "x"), 0),
            (("a", "x"), ("A", "X"), 0),
            (("a", "x"), ("", "x"), 0),
            (("a", "x"), ("a", ""), 0),
            (("a", "x"), ("b", "x"), 1),
            (("a", "x"), ("b", ""), 1),
            (("a", "x"), ("", ""), 2),
            (("a", ""), ("", ""), 1),
            (("a", ""), ("", "x"), 1),
            (("", "x"), ("a", ""), 1),
            (("", ""), ("", ""), 0),
            (("", ""), ("a", "x"), 0),
        ] {
            let plan = PlanTenant { deleted_users: 0, id: text(id), initial_domain: text(domain), users: 0 };
            let found = TenantIdentity { id: text(found_id), initial_domain: text(found_domain), ..TenantIdentity::default() };
            assert_eq!(other_tenant(&plan, &found).len(), differences, "{plan:?} {found:?}");
        }
    }
}
