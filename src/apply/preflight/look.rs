//! The checks that look beyond the objects that are written: other holders of a value, and the AD users.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::Directories;
use crate::apply::facts::{Current, TargetFacts, Unlike, Wanted};
use crate::apply::handover::Handovers;
use crate::apply::source::{Sources, ad_object, anchor_mode};
use crate::directory::ports::DirectoryError;
use crate::model::{AdUser, AnchorMode, EntraId, FactName, FactValue, ImmutableId, ObjectGuid, Policy, Sid, effective_anchor};
use crate::plan::action::{Action, ActionId, ActionKind, Target};
use crate::plan::body::{Body, PlannedMapping};
use crate::plan::is_same_person;
use crate::plan::protection::Protection;
use crate::tenant_model::Change;

use super::Difference;

/// What is left to do, and who has to hold what for it.
pub(super) struct Look<'a> {
    body: &'a Body,
    remaining: Vec<&'a Action>,
    /// What is left to do on each account.
    by_account: BTreeMap<EntraId, Vec<&'a Action>>,
    current: &'a Current,
    directories: &'a Directories,
}

impl<'a> Look<'a> {
    pub(super) fn new(body: &'a Body, done: &BTreeSet<ActionId>, current: &'a Current, directories: &'a Directories) -> Self {
        let remaining: Vec<&Action> = body.actions.iter().filter(|action| !done.contains(&action.id)).collect();
        let mut by_account: BTreeMap<EntraId, Vec<&Action>> = BTreeMap::new();
        for action in &remaining {
            if let Some(id) = action.target.entra_id() {
                by_account.entry(id).or_default().push(action);
            }
        }
        Self { body, remaining, by_account, current, directories }
    }

    /// Mappings with something left to do.
    fn busy_mappings(&self) -> impl Iterator<Item = &'a PlannedMapping> {
        let busy: BTreeSet<&str> = self.remaining.iter().map(|action| action.mapping.as_str()).collect();
        self.body.mappings.iter().filter(move |mapping| busy.contains(mapping.id.as_str()))
    }

    /// Whether the plan is still going to take a value away from an account.
    fn will_release(&self, holder: EntraId, fact: FactName, value: &str) -> bool {
        self.by_account.get(&holder).into_iter().flatten().any(|action| {
            let changes = action.after.get(&fact).is_some_and(|after| *after != FactValue::text(value));
            changes || action.kind == ActionKind::Purge
        })
    }

    /// Whom the policy protects. No plan that was made under it writes them, but a file can be made by anybody.
    pub(super) fn protected(&self, policy: &Policy) -> Vec<Difference> {
        let protection = Protection::of(policy);
        let by_policy = |(id, actions): (&EntraId, &Vec<&'a Action>)| {
            let action = *actions.first()?;
            let TargetFacts::Account(account) = self.current.account(*id)? else { return None };
            let by = protection.of_holder(account.user.as_ref()?, &account.roles)?;
            Some(Difference {
                mapping: Some(action.mapping.clone()),
                target: Some(action.target.clone()),
                fact: action.kind.name().into(),
                expected: "not protected".into(),
                found: format!("{} is protected {by}", account.user.as_ref()?.original_upn()),
            })
        };
        self.by_account.iter().filter_map(by_policy).collect()
    }

    /// What is not as planning saw it of the accounts that stamps hand over.
    pub(super) fn handed_over(&self, handovers: &Handovers<'_>) -> Vec<Difference> {
        let unlike = |action: &&Action| {
            let handover = handovers.of_stamp(action)?;
            let TargetFacts::Account(account) = self.current.account(handover.account.id)? else { return None };
            let difference = |unlike: Unlike| Difference {
                mapping: Some(action.mapping.clone()),
                target: Some(handover.target()),
                fact: unlike.fact,
                expected: unlike.expected,
                found: unlike.found,
            };
            Some(handovers.unlike(handover, account).into_iter().map(difference).collect::<Vec<_>>())
        };
        self.remaining.iter().filter_map(unlike).flatten().collect()
    }

    /// Who else holds an ID that is to be set.
    pub(super) async fn id_holders(&self) -> Result<Vec<Difference>, DirectoryError> {
        let mut wanted: BTreeMap<ImmutableId, &Action> = BTreeMap::new();
        for action in self.remaining.iter().filter(|action| action.kind == ActionKind::SetImmutableId) {
            if let Some(FactValue::Text(id)) = action.after.get(&FactName::OnPremisesImmutableId) {
                wanted.extend(ImmutableId::stored(id).map(|id| (id, *action)));
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
    /// Planning looked for none where the account is synced.
    pub(super) async fn sid_holders(&self, handovers: &Handovers<'_>) -> Result<Vec<Difference>, DirectoryError> {
        let links = |action: &&&Action| {
            action.kind == ActionKind::SetImmutableId || handovers.of_stamp(action).is_some_and(|handover| handover.was_free)
        };
        let linked: BTreeSet<&str> = self.remaining.iter().filter(links).map(|action| action.mapping.as_str()).collect();
        let mut wanted: BTreeMap<Sid, &PlannedMapping> = BTreeMap::new();
        for mapping in self.busy_mappings().filter(|mapping| linked.contains(mapping.id.as_str())) {
            let sid = mapping.on_prem.as_ref().and_then(|user| user.object_sid.clone());
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
            let is_target = mapping.cloud.as_ref().is_some_and(|cloud| cloud.id == holder);
            if !is_target && !self.will_release(holder, fact, &sid.to_string()) && !self.was_known(mapping, holder) {
                suspects.push(Suspect { holder, value: sid.to_string(), mapping: mapping.id.to_string() });
            }
        }
        self.convict(suspects, fact).await
    }

    fn was_known(&self, mapping: &PlannedMapping, holder: EntraId) -> bool {
        let id = holder.to_string();
        let mut findings = self.body.findings.iter().filter(|finding| finding.mapping.as_deref() == Some(&*mapping.id));
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

    /// What the tenant would refuse although every fact of the objects themselves holds: a name that was taken since,
    /// a domain that became federated.
    pub(super) async fn refusals(&self) -> Result<Vec<Difference>, DirectoryError> {
        let writes: Vec<(&Action, Change)> =
            self.remaining.iter().filter_map(|action| Some((*action, action.change()?))).collect();
        let changes: Vec<Change> = writes.iter().map(|(_, change)| change.clone()).collect();
        let answers = self.directories.tenant.rehearse(&changes).await?;
        let refused = writes.iter().zip(answers).filter_map(|((action, _), answer)| Some((*action, answer?)));
        let difference = |(action, found): (&Action, String)| Difference {
            mapping: Some(action.mapping.clone()),
            target: Some(action.target.clone()),
            fact: action.kind.name().into(),
            expected: "would be taken".into(),
            found,
        };
        Ok(refused.map(difference).collect())
    }

    /// Whether the AD users are still the ones that the plan saw. Where they are and how they are called may change.
    pub(super) fn ad_users(&self, sources: &Sources<'_>) -> Vec<Difference> {
        let differences = self.busy_mappings().filter_map(|mapping| sources.of_mapping(mapping.id.as_str())).flat_map(|source| {
            let user = match self.current.ad_user(source.forest, source.guid) {
                Some(TargetFacts::AdUser(user)) => user.as_deref(),
                Some(TargetFacts::Account(_)) | None => None,
            };
            let difference = |Unlike { fact, expected, found }| Difference {
                mapping: Some(source.mapping.id.to_string()),
                target: Some(source.target()),
                fact,
                expected,
                found,
            };
            source.unlike(user).into_iter().map(difference).collect::<Vec<_>>()
        });
        differences.collect()
    }

    /// Other AD users from whom sync would make an anchor that this plan links: of the same forest anybody, of another one
    /// whoever is somebody else. They got it since planning, which lets none pass.
    pub(super) async fn anchor_sharers(&self) -> Result<Vec<Difference>, DirectoryError> {
        let wanted = self.linked_anchors();
        let mut differences = Vec::new();
        for (name, forest) in self.body.forests.iter().filter_map(|forest| self.directories.forests.get_key_value(&forest.name)) {
            let mode = anchor_mode(self.body, name)?;
            // No two objects of one forest have one objectGUID.
            let may_be_shared = |own: &Linked<'_>| own.forest != name || mode != AnchorMode::ObjectGuid;
            let ids: Vec<ImmutableId> =
                wanted.iter().filter(|(_, own)| may_be_shared(own)).map(|(anchor, _)| anchor.clone()).collect();
            let found = if ids.is_empty() { Vec::new() } else { forest.find_by_anchor(&ids).await? };
            for user in found {
                let anchor = effective_anchor(&mode, &user).ok().map(|found| found.value);
                let own = anchor.as_ref().and_then(|anchor| wanted.get_key_value(anchor));
                let shared = own.filter(|(_, own)| self.is_rival(own, name, &user));
                differences.extend(shared.map(|(anchor, own)| own.shared_with(&user, name, anchor)));
            }
        }
        Ok(differences)
    }

    fn linked_anchors(&self) -> BTreeMap<ImmutableId, Linked<'a>> {
        let linking = |action: &&&Action| matches!(action.kind, ActionKind::SetImmutableId | ActionKind::StampConsistencyGuid);
        let linked: BTreeSet<&str> = self.remaining.iter().filter(linking).map(|action| action.mapping.as_str()).collect();
        let busy = self.busy_mappings().filter(|mapping| linked.contains(mapping.id.as_str()));
        let anchors = busy.filter_map(|mapping| {
            let (forest, guid) = ad_object(mapping)?;
            Some((ImmutableId::stored(mapping.anchor.as_deref()?)?, Linked { mapping, forest, guid }))
        });
        anchors.collect()
    }

    fn is_rival(&self, own: &Linked<'_>, forest: &str, other: &AdUser) -> bool {
        if own.forest == forest {
            return own.guid != other.guid;
        }
        match self.current.ad_user(own.forest, own.guid) {
            Some(TargetFacts::AdUser(Some(user))) => !is_same_person(user, other),
            // Whoever is gone is told of anyway.
            Some(TargetFacts::AdUser(None) | TargetFacts::Account(_)) | None => false,
        }
    }
}

/// The AD user of a mapping that is to be linked.
struct Linked<'a> {
    mapping: &'a PlannedMapping,
    forest: &'a str,
    guid: ObjectGuid,
}

impl Linked<'_> {
    fn shared_with(&self, user: &AdUser, forest: &str, anchor: &ImmutableId) -> Difference {
        Difference {
            mapping: Some(self.mapping.id.to_string()),
            target: Some(Target::ad_user(forest, user.guid, user.sam.as_deref().unwrap_or(user.dn.as_str()))),
            fact: "source anchor".into(),
            expected: format!("not {anchor}"),
            found: anchor.to_string(),
        }
    }
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
            fact: fact.word(),
            expected: format!("not {}", self.value),
            found: self.value,
        }
    }
}
