//! One write of a plan, with everything it relies on.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::model::digits::hex;
use crate::model::{EntraId, FactName, FactValue, Facts, ImmutableId, ObjectGuid, Upn, facts_as_object};
use crate::tenant_model::{Change, ChangeKind};

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActionKind {
    /// Null onPremisesImmutableId.
    ClearImmutableId,
    /// Null onPremisesObjectIdentifier.
    ClearObjectIdentifier,
    /// Null onPremisesSecurityIdentifier.
    ClearSecurityIdentifier,
    /// Remove from the recycle bin, for ever.
    Purge,
    /// Bring back from the recycle bin.
    Restore,
    /// Set onPremisesImmutableId.
    SetImmutableId,
    /// Set userPrincipalName: the detour around a federated domain.
    SetUserPrincipalName,
    /// Move to the recycle bin.
    SoftDelete,
    /// Write mS-DS-ConsistencyGuid in Active Directory.
    StampConsistencyGuid,
}

impl ActionKind {
    /// All kinds, in the order of their names.
    pub const ALL: [Self; 9] = [
        Self::ClearImmutableId,
        Self::ClearObjectIdentifier,
        Self::ClearSecurityIdentifier,
        Self::Purge,
        Self::Restore,
        Self::SetImmutableId,
        Self::SetUserPrincipalName,
        Self::SoftDelete,
        Self::StampConsistencyGuid,
    ];

    /// The name in the plan file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClearImmutableId => "clearImmutableId",
            Self::ClearObjectIdentifier => "clearObjectIdentifier",
            Self::ClearSecurityIdentifier => "clearSecurityIdentifier",
            Self::Purge => "purge",
            Self::Restore => "restore",
            Self::SetImmutableId => "setImmutableId",
            Self::SetUserPrincipalName => "setUserPrincipalName",
            Self::SoftDelete => "softDelete",
            Self::StampConsistencyGuid => "stampConsistencyGuid",
        }
    }

    /// Whether another action can bring back what this one changes. A cleared object identifier or SID is set again by
    /// the sync service only, and a purged account is gone.
    #[must_use]
    pub fn is_reversible(self) -> bool {
        !matches!(self, Self::Purge | Self::ClearObjectIdentifier | Self::ClearSecurityIdentifier)
    }

    /// Whether an account goes away, to the recycle bin or for good: a copy of it is saved first.
    #[must_use]
    pub fn deletes(self) -> bool {
        matches!(self, Self::SoftDelete | Self::Purge)
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The id of an action: the same in every plan that contains the same write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ActionId(String);

impl ActionId {
    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What every write to an account relies on: whatever else is not known of it, these are.
const OF_ACCOUNTS: [FactName; 3] = [FactName::OnPremisesImmutableId, FactName::State, FactName::UserPrincipalName];
/// What every write to an AD user relies on.
const OF_AD_USERS: [FactName; 1] = [FactName::ConsistencyGuid];

/// The object that an action writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// `entra`, or `forest:NAME`.
    pub directory: String,
    /// Object id in the tenant, or objectGUID in the forest.
    pub id: String,
    /// Sign-in name, for people.
    pub upn: String,
}

/// The directory word of the tenant.
pub const ENTRA: &str = "entra";

impl Target {
    /// An account of the tenant.
    #[must_use]
    pub fn account(id: EntraId, upn: &str) -> Self {
        Self { directory: ENTRA.into(), id: id.to_string(), upn: upn.into() }
    }

    /// A user of a forest.
    #[must_use]
    pub fn ad_user(forest: &str, guid: ObjectGuid, upn: &str) -> Self {
        Self { directory: format!("forest:{forest}"), id: guid.to_string(), upn: upn.into() }
    }

    /// The forest, when the target is an AD user.
    #[must_use]
    pub fn forest(&self) -> Option<&str> {
        self.directory.strip_prefix("forest:")
    }

    /// The account, when the target is one.
    #[must_use]
    pub fn entra_id(&self) -> Option<EntraId> {
        (self.directory == ENTRA).then(|| self.id.parse().ok()).flatten()
    }

    /// The AD user, when the target is one.
    #[must_use]
    pub fn object_guid(&self) -> Option<ObjectGuid> {
        self.forest().and_then(|_| self.id.parse().ok())
    }
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Action {
    /// The values that the write leaves behind.
    #[serde(with = "facts_as_object")]
    #[schemars(with = "BTreeMap<FactName, FactValue>")]
    pub after: Facts,
    /// The values that must hold right before the write.
    #[serde(with = "facts_as_object")]
    #[schemars(with = "BTreeMap<FactName, FactValue>")]
    pub before: Facts,
    /// Actions that must be done first.
    pub depends_on: Vec<ActionId>,
    /// A hash of kind, target and `after`.
    pub id: ActionId,
    /// What is done.
    pub kind: ActionKind,
    /// The mapping that wants it.
    pub mapping: String,
    /// Why, for people; never drives anything.
    pub reason: String,
    /// Whether it can be undone.
    pub reversible: bool,
    /// The object that is written.
    pub target: Target,
}

impl Action {
    /// Builds an action and derives its id.
    #[must_use]
    pub fn new(kind: ActionKind, mapping: &str, target: Target, before: Facts, after: Facts, reason: String) -> Self {
        let id = derive_id(kind, &target, &after);
        let reversible = can_be_undone(kind, &before);
        Self { after, before, depends_on: Vec::new(), id, kind, mapping: mapping.to_owned(), reason, reversible, target }
    }

    /// Whether id and reversibility are what kind, target and facts make them. Earlier versions looked at the kind alone.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let reversible = [can_be_undone(self.kind, &self.before), self.kind.is_reversible()];
        self.id == derive_id(self.kind, &self.target, &self.after) && reversible.contains(&self.reversible)
    }

    /// What it leaves behind that no other action brings back: a cleared identifier, and what goes with an ImmutableID.
    pub fn lasting(&self) -> impl Iterator<Item = (FactName, &FactValue)> {
        let comes_back = move |name: FactName| match self.kind {
            ActionKind::ClearObjectIdentifier | ActionKind::ClearSecurityIdentifier => false,
            ActionKind::ClearImmutableId => name == FactName::OnPremisesImmutableId,
            // Of a purged account nothing is left, either.
            ActionKind::Purge
            | ActionKind::Restore
            | ActionKind::SetImmutableId
            | ActionKind::SetUserPrincipalName
            | ActionKind::SoftDelete
            | ActionKind::StampConsistencyGuid => true,
        };
        self.after.iter().map(|(name, value)| (*name, value)).filter(move |(name, _)| !comes_back(*name))
    }

    /// A fact that every action of the kind relies on, and this one does not.
    #[must_use]
    pub fn missing_fact(&self) -> Option<FactName> {
        let needed: &[FactName] = if self.target.forest().is_some() { &OF_AD_USERS } else { &OF_ACCOUNTS };
        needed.iter().copied().find(|name| !self.before.contains_key(name))
    }

    /// Whether the name by which people know the account is its name in these facts: an id is what is written, and the name
    /// has to be checked on it.
    #[must_use]
    pub fn is_named_in(&self, facts: &Facts) -> bool {
        self.target.forest().is_some() || facts.get(&FactName::UserPrincipalName) == Some(&FactValue::text(&*self.target.upn))
    }

    /// The write to the tenant; `None` for a write to AD, or when `after` does not say what to write.
    #[must_use]
    pub fn change(&self) -> Option<Change> {
        let text = |name| match self.after.get(&name) {
            Some(FactValue::Text(text)) => Some(text.as_str()),
            Some(FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => None,
        };
        let kind = match self.kind {
            ActionKind::ClearImmutableId => ChangeKind::ClearImmutableId { residue: self.after.len() > 1 },
            ActionKind::ClearObjectIdentifier => ChangeKind::ClearObjectIdentifier,
            ActionKind::ClearSecurityIdentifier => ChangeKind::ClearSecurityIdentifier,
            ActionKind::Purge => ChangeKind::Purge,
            ActionKind::Restore => ChangeKind::Restore,
            ActionKind::SetImmutableId => {
                ChangeKind::SetImmutableId(ImmutableId::stored(text(FactName::OnPremisesImmutableId)?)?)
            }
            ActionKind::SetUserPrincipalName => {
                ChangeKind::SetUserPrincipalName(text(FactName::UserPrincipalName)?.parse::<Upn>().ok()?)
            }
            ActionKind::SoftDelete => ChangeKind::SoftDelete,
            ActionKind::StampConsistencyGuid => return None,
        };
        Some(Change { user: self.target.entra_id()?, kind })
    }
}

/// An account without ImmutableID cannot have a sign-in name in a federated domain, and only from there a plan takes one away.
fn can_be_undone(kind: ActionKind, before: &Facts) -> bool {
    let has_no_id = || before.get(&FactName::OnPremisesImmutableId) == Some(&FactValue::Null);
    kind.is_reversible() && !(kind == ActionKind::SetUserPrincipalName && has_no_id())
}

/// As many digits as tell the actions of any plan apart.
const ID_DIGITS: usize = 16;

fn derive_id(kind: ActionKind, target: &Target, after: &Facts) -> ActionId {
    let mut hash = Sha256::new();
    for part in [kind.name(), &target.directory, &target.id] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    for (name, value) in after {
        hash.update(json!([name, value]).to_string());
        hash.update([0]);
    }
    let mut id = hex(&hash.finalize());
    id.truncate(ID_DIGITS);
    ActionId(format!("a-{id}"))
}
