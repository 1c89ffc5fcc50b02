//! Who is linked how: what the ImmutableIDs of the tenant are made of, and which attribute they seem to come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::questions::Recorder;
use crate::model::{AnchorForm, CloudUser, ImmutableId, Known, Observed, ObservedForest};

use super::anchor_mode::origin_on;
use super::body::PlanCloudUser;
use super::describe::anchor_text;
use super::world::{AdRef, World};

/// The report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncedReport {
    /// Live accounts by their relation to sync.
    pub accounts: BTreeMap<SyncState, u64>,
    /// Synced accounts by what their ImmutableID is.
    pub forms: BTreeMap<IdForm, u64>,
    /// Synced accounts by the attribute of an AD user that their ImmutableID comes from.
    pub origins: BTreeMap<IdOrigin, u64>,
    /// Synced accounts by what SID and object identifier say of that AD user.
    pub proofs: BTreeMap<IdProof, u64>,
    /// Every forest.
    pub forests: Vec<ForestLinks>,
    /// Accounts that somebody should look at.
    pub odd: Vec<OddAccount>,
}

/// The relation of a live account to sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SyncState {
    /// AD is its master.
    Synced,
    /// Not synced, but an AD user that was read has its ImmutableID as anchor: the next sync takes it over.
    Armed,
    /// Not synced, with an ImmutableID that is the anchor of nobody who was read.
    Stale,
    /// Without ImmutableID.
    CloudOnly,
}

/// What an ImmutableID is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdForm {
    /// The base64 of a GUID.
    Guid,
    /// The base64 of a GUID whose first three groups are reversed.
    WrongByteOrder,
    /// A GUID in another spelling.
    OddSpelling,
    /// No GUID.
    Opaque,
    /// None at all.
    Missing,
}

/// The attribute that an ImmutableID comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdOrigin {
    /// Both GUIDs of the AD user are the same, or only objectGUID is set.
    ObjectGuidOrBoth,
    /// objectGUID, though mS-DS-ConsistencyGuid is another.
    ObjectGuid,
    /// mS-DS-ConsistencyGuid, which is not objectGUID.
    ConsistencyGuid,
    /// The attribute that is configured for the forest.
    Attribute,
    /// employeeID, which is not configured.
    EmployeeId,
    /// No AD user that was read.
    Nobody,
}

/// What SID and object identifier say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdProof {
    /// They are those of the AD user.
    Proven,
    /// Neither was read or set.
    Unproven,
    /// One of them is that of somebody else.
    Contradicted,
}

/// The links of one forest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForestLinks {
    /// The attribute that the configuration names.
    pub anchor: String,
    /// Synced accounts that only objectGUID explains.
    pub by_object_guid: u64,
    /// Synced accounts that only mS-DS-ConsistencyGuid explains.
    pub by_consistency_guid: u64,
    /// Synced accounts that the configured attribute or employeeID explains.
    pub by_attribute: u64,
    /// AD users with a synced account.
    pub linked: u64,
    /// Its name.
    pub name: String,
    /// Its AD users.
    pub users: u64,
}

/// An account that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OddAccount {
    /// The account.
    pub cloud: PlanCloudUser,
    /// Its ImmutableID, with the GUID behind it.
    pub immutable_id: Option<String>,
    /// What is odd, in a sentence.
    pub what: String,
}

impl ForestLinks {
    /// The attribute that the accounts of this forest seem to use, in words; nothing where that cannot be told.
    #[must_use]
    pub fn seems(&self) -> Option<&'static str> {
        let most = self.by_object_guid.max(self.by_consistency_guid).max(self.by_attribute);
        match most {
            0 => None,
            _ if most == self.by_consistency_guid => Some("mS-DS-ConsistencyGuid"),
            _ if most == self.by_object_guid => Some("objectGUID"),
            _ => Some("a custom attribute"),
        }
    }
}

/// Reports on both directories, which have to be read whole.
#[must_use]
pub fn synced_report(observed: Observed) -> SyncedReport {
    let world = World::new(observed, Recorder::default());
    let forests = world.forests.all().iter().map(unlinked).collect();
    let mut report = SyncedReport { forests, ..SyncedReport::default() };
    let mut live: Vec<&CloudUser> =
        world.tenant.users().map(|(_, account)| account).filter(|account| !account.is_deleted()).collect();
    live.sort_by_cached_key(|account| (account.upn.to_lowercase(), account.id));
    for account in live {
        report.take(account, &world);
    }
    report
}

fn unlinked(forest: &ObservedForest) -> ForestLinks {
    ForestLinks {
        anchor: forest.anchor.to_string(),
        by_object_guid: 0,
        by_consistency_guid: 0,
        by_attribute: 0,
        linked: 0,
        name: forest.name.to_string(),
        users: forest.size(),
    }
}

impl SyncedReport {
    fn take(&mut self, account: &CloudUser, world: &World) {
        let state = state(account, world);
        *self.accounts.entry(state).or_default() += 1;
        if state == SyncState::Synced {
            self.take_synced(account, world);
        } else if state == SyncState::Stale {
            let is_meant = account.immutable_id.as_ref().is_some_and(|id| origin(id, world).0.is_some());
            let what = if is_meant {
                "is not synced, and has the ImmutableID of an AD user in a form that sync does not send: it never matches"
            } else {
                "is not synced, and no AD user that was read has its ImmutableID: it is in the way of a soft match"
            };
            self.note(account, what);
        }
    }

    fn take_synced(&mut self, account: &CloudUser, world: &World) {
        let Some(id) = &account.immutable_id else {
            *self.forms.entry(IdForm::Missing).or_default() += 1;
            return self.note(account, "is synced without an ImmutableID");
        };
        let (user, origin) = origin(id, world);
        let form = form(id, user, world);
        let proof = user.map_or(IdProof::Unproven, |user| proof(account, user, world));
        *self.forms.entry(form).or_default() += 1;
        *self.origins.entry(origin).or_default() += 1;
        *self.proofs.entry(proof).or_default() += 1;
        if let Some(user) = user {
            self.take_link(user, origin, world);
        }
        let what = match (form, proof, user) {
            (IdForm::WrongByteOrder, ..) => "has the GUID of an AD user with the first three groups reversed",
            (IdForm::OddSpelling, ..) => "has a GUID that is not spelt as sync spells it",
            (_, IdProof::Contradicted, _) => "has the anchor of one AD user and the SID or object identifier of another",
            (_, _, None) => "is synced with an AD user that was not read",
            (IdForm::Guid | IdForm::Opaque | IdForm::Missing, IdProof::Proven | IdProof::Unproven, Some(_)) => return,
        };
        self.note(account, what);
    }

    fn take_link(&mut self, user: AdRef, origin: IdOrigin, world: &World) {
        let name = world.forests.get(user).map(|(forest, _)| &*forest.name);
        let Some(links) = self.forests.iter_mut().find(|links| Some(&*links.name) == name) else { return };
        links.linked += 1;
        match origin {
            IdOrigin::ObjectGuid => links.by_object_guid += 1,
            IdOrigin::ConsistencyGuid => links.by_consistency_guid += 1,
            IdOrigin::Attribute | IdOrigin::EmployeeId => links.by_attribute += 1,
            IdOrigin::ObjectGuidOrBoth | IdOrigin::Nobody => {}
        }
    }

    fn note(&mut self, account: &CloudUser, what: &str) {
        self.odd.push(OddAccount {
            cloud: PlanCloudUser::of(account),
            immutable_id: account.immutable_id.as_ref().map(anchor_text),
            what: what.to_owned(),
        });
    }
}

fn state(account: &CloudUser, world: &World) -> SyncState {
    match &account.immutable_id {
        _ if account.is_synced() => SyncState::Synced,
        None => SyncState::CloudOnly,
        Some(id) if world.forests.by_anchor(id, None).is_empty() => SyncState::Stale,
        Some(_) => SyncState::Armed,
    }
}

/// The AD user that an ImmutableID means, in whatever spelling, and by which attribute.
fn origin(id: &ImmutableId, world: &World) -> (Option<AdRef>, IdOrigin) {
    let forests = &world.forests;
    let on = |user: AdRef, id: &ImmutableId| {
        let (forest, own) = forests.get(user)?;
        Some((Some(user), origin_on(&forest.anchor, own, id)?))
    };
    if let Some(found) = forests.by_anchor(id, None).into_iter().find_map(|user| on(user, id)) {
        return found;
    }
    for guid in AnchorForm::of(id).guids().into_iter().flatten().flat_map(|guid| [guid, guid.byte_swapped()]) {
        let carriers = forests.by_consistency_guid(&guid, None).into_iter().chain(forests.by_guid(&guid, None));
        if let Some(found) = carriers.into_iter().find_map(|user| on(user, &guid.immutable_id())) {
            return found;
        }
    }
    match forests.by_employee_id(id.as_str(), None).into_iter().next() {
        Some(user) => (Some(user), IdOrigin::EmployeeId),
        None => (None, IdOrigin::Nobody),
    }
}

fn form(id: &ImmutableId, user: Option<AdRef>, world: &World) -> IdForm {
    match AnchorForm::of(id) {
        AnchorForm::Opaque => IdForm::Opaque,
        AnchorForm::Guid(guid) => {
            let own = user.and_then(|user| world.forests.user(user));
            let guids = own.map(|user| [Some(user.guid), user.consistency_guid.guid()]).unwrap_or_default();
            let is_swapped = guids.contains(&Some(guid.byte_swapped())) && !guids.contains(&Some(guid));
            if is_swapped { IdForm::WrongByteOrder } else { IdForm::Guid }
        }
        AnchorForm::NotCanonical(_) | AnchorForm::GuidText(_) | AnchorForm::EncodedGuidText(_) | AnchorForm::BareHex { .. } => {
            IdForm::OddSpelling
        }
    }
}

fn proof(account: &CloudUser, user: AdRef, world: &World) -> IdProof {
    let Some(user) = world.forests.user(user) else { return IdProof::Unproven };
    let by_sid = match (&account.sid, &user.sid) {
        (Known::Is(held), Some(own)) => Some(held == own),
        _ => None,
    };
    let by_pin = account.object_identifier.value().map(|held| *held == user.guid);
    match (by_sid, by_pin) {
        (Some(false), _) | (_, Some(false)) => IdProof::Contradicted,
        (Some(true), _) | (_, Some(true)) => IdProof::Proven,
        (None, None) => IdProof::Unproven,
    }
}
