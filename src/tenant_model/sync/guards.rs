//! What Entra refuses in a sync cycle, one function a rule, each with its code and since when it is applied.

use super::{Incoming, SyncRefusal};
use crate::model::{CloudUser, EntraId, Known, RoleState};
use crate::tenant_model::{Tenant, UserRef};

/// The switch that keeps sync from taking over any account that is not synced yet.
pub const BLOCKS_HARD_MATCH: &str = "blockCloudObjectTakeoverThroughHardMatchEnabled";

/// The rule by which soft match passes over an account that carries an ImmutableID.
pub const HAS_OTHER_ID: &str = "the account has another ImmutableID; soft match needs it to be empty";

const ADMIN_ROLE: &str = "an account that holds an administrator role is never soft matched";
/// The rule by which an AD user is not linked to an account that is synced from another one.
pub const ANCHOR_IN_USE: &str = "the anchor is already in use by a synced account of another AD user";
const ANCHOR_CHANGED: &str = "the AD user is linked to another account, which has its OnPremiseSecurityIdentifier: its source \
                              anchor has changed, and sync stops until the old value is back";
const SID_HELD: &str = "another account has the OnPremiseSecurityIdentifier of the AD user under another anchor";

fn refusal(code: &'static str, rule: &'static str, since: &'static str, user: EntraId) -> SyncRefusal {
    SyncRefusal { code, rule, since, user: Some(user) }
}

pub(super) fn sync_is_off() -> SyncRefusal {
    let rule = "directory synchronisation is switched off for the tenant";
    SyncRefusal { code: "SyncDisabled", rule, since: "", user: None }
}

/// A deletion that the client exports too late: somebody restored the account, or moved its authority to the cloud.
pub(super) fn not_synced(account: EntraId) -> SyncRefusal {
    let rule = "the account is no longer synced: the sync client may not delete what is managed in the cloud";
    refusal("DeletingCloudOnlyObjectNotAllowed", rule, "", account)
}

impl Tenant {
    /// Everything that keeps this AD user from being linked to the account that has its anchor; empty when nothing does.
    ///
    /// The first refusal is the one that [`Tenant::forecast`] returns. The account's ImmutableID is not looked at, so a
    /// planner can ask before it is set.
    #[must_use]
    pub fn link_refusals(&self, incoming: Incoming<'_>, user: UserRef) -> Vec<SyncRefusal> {
        let Some(account) = self.user(user) else { return Vec::new() };
        self.ask_details(account);
        let elsewhere = self.linked_elsewhere(incoming, Some(user));
        let held = if elsewhere.is_none() { self.sid_held(incoming, Some(user)) } else { None };
        let mut found: Vec<SyncRefusal> = elsewhere.into_iter().collect();
        if account.is_synced() && !account.is_deleted() {
            found.extend(in_use(incoming, account));
        } else {
            found.extend(cloud_managed(incoming, account));
            found.extend(self.takeover_blocked(account));
            found.extend(self.privileged(account));
        }
        found.extend(self.object_identifier_fixed(incoming, account));
        found.extend(held);
        found
    }

    /// The SID is on another account: the AD user's present link, or what an earlier one left behind.
    pub(super) fn sid_refusal(&self, incoming: Incoming<'_>, own: Option<UserRef>) -> Option<SyncRefusal> {
        self.linked_elsewhere(incoming, own).or_else(|| self.sid_held(incoming, own))
    }

    fn linked_elsewhere(&self, incoming: Incoming<'_>, own: Option<UserRef>) -> Option<SyncRefusal> {
        let mut others = self.sid_holders(incoming, own);
        let linked = others.find(|other| other.is_synced() && !other.is_deleted())?;
        Some(refusal("AttributeValueMustBeUnique", ANCHOR_CHANGED, "", linked.id))
    }

    fn sid_held(&self, incoming: Incoming<'_>, own: Option<UserRef>) -> Option<SyncRefusal> {
        let holder = self.sid_holders(incoming, own).next()?;
        Some(refusal("AttributeValueMustBeUnique", SID_HELD, "", holder.id))
    }

    fn sid_holders(&self, incoming: Incoming<'_>, own: Option<UserRef>) -> impl Iterator<Item = &CloudUser> {
        let holders = incoming.user.sid.as_ref().map(|sid| self.by_sid(sid)).unwrap_or_default();
        holders.into_iter().filter(move |holder| Some(*holder) != own).filter_map(|holder| self.user(holder))
    }

    fn takeover_blocked(&self, account: &CloudUser) -> Option<SyncRefusal> {
        let blocked = self.feature(BLOCKS_HARD_MATCH, false) && !account.is_synced();
        let rule =
            "blockCloudObjectTakeoverThroughHardMatchEnabled is on: no account that is not synced is taken over by its anchor";
        blocked.then(|| refusal("InvalidHardMatch", rule, "", account.id))
    }

    fn privileged(&self, account: &CloudUser) -> Option<SyncRefusal> {
        let privileged = self.privileged_roles(&account.id).is_some_and(|roles| !roles.is_empty());
        let rule = "an account with a privileged role, assigned or eligible, is not taken over by its anchor";
        privileged.then(|| refusal("InvalidHardMatch", rule, "June 2026", account.id))
    }

    fn object_identifier_fixed(&self, incoming: Incoming<'_>, account: &CloudUser) -> Option<SyncRefusal> {
        let differs = account.object_identifier.value().is_some_and(|own| *own != incoming.user.guid);
        let refused = differs && !self.feature("allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled", false);
        let rule = "OnPremisesObjectIdentifier names another AD user and cannot be changed unless it is null";
        refused.then(|| refusal("AttributeUpdateNotAllowed", rule, "July 2026", account.id))
    }

    /// Why an account that has the address or sign-in name of an AD user is not taken over by it.
    #[must_use]
    pub fn soft_match_refusal(&self, account: &CloudUser) -> Option<SyncRefusal> {
        let refused = |code, rule| Some(refusal(code, rule, "", account.id));
        if self.feature("blockSoftMatchEnabled", false) {
            return refused("InvalidSoftMatch", "blockSoftMatchEnabled is on: nothing is soft matched");
        }
        if account.is_guest() {
            return refused("InvalidSoftMatch", "a guest is not soft matched");
        }
        if account.is_synced() {
            return refused("InvalidSoftMatch", "the account is synced already, with another AD user");
        }
        if account.immutable_id.is_some() {
            return refused("InvalidSoftMatch", HAS_OTHER_ID);
        }
        let roles = self.roles_of(&account.id).unwrap_or_default();
        let admin = roles.iter().any(|held| held.state == RoleState::Assigned);
        if admin { refused("ExistingAdminRoleConflict", ADMIN_ROLE) } else { None }
    }

    /// Why an account is not taken over by its sign-in name, if that is in a federated domain.
    #[must_use]
    pub fn federated_name(&self, account: &CloudUser) -> Option<SyncRefusal> {
        let rule = "a sign-in name in a federated domain is not soft matched";
        self.suffix_of(&account.upn).is_federated().then(|| refusal("InvalidSoftMatch", rule, "", account.id))
    }
}

pub(super) fn other_kind_of_object(holder: EntraId) -> SyncRefusal {
    refusal("ObjectTypeMismatch", "an address of the AD user belongs to a group", "", holder)
}

pub(super) fn address_taken(holder: EntraId) -> SyncRefusal {
    let rule = "an address of the AD user is taken, and quarantineUponProxyAddressesConflictEnabled is off";
    refusal("AttributeValueMustBeUnique", rule, "", holder)
}

pub(super) fn upn_taken(holder: EntraId) -> SyncRefusal {
    let rule = "the sign-in name of the AD user is taken, and quarantineUponUpnConflictEnabled is off";
    refusal("AttributeValueMustBeUnique", rule, "", holder)
}

/// Moves within a forest change the SID and keep the objectGUID, so either of them proves who it is.
fn in_use(incoming: Incoming<'_>, account: &CloudUser) -> Option<SyncRefusal> {
    (same_ad_user(incoming, account) == Some(false)).then(|| refusal("InvalidHardMatch", ANCHOR_IN_USE, "", account.id))
}

fn cloud_managed(incoming: Incoming<'_>, account: &CloudUser) -> Option<SyncRefusal> {
    // Another AD user with the same anchor is not held up by this: it steals the account.
    let blocked = account.traits.cloud_managed == Known::Is(true) && same_ad_user(incoming, account) != Some(false);
    let rule = "the source of authority was moved to the cloud (isCloudManaged): the sync client leaves the AD user out";
    blocked.then(|| refusal("BlockedOnPremises", rule, "", account.id))
}

/// Whether an account was last linked to this AD user; `None` when nothing tells.
fn same_ad_user(incoming: Incoming<'_>, account: &CloudUser) -> Option<bool> {
    let sid = account.sid.value().zip(incoming.user.sid.as_ref()).map(|(own, sid)| own == sid);
    let guid = account.object_identifier.value().map(|own| *own == incoming.user.guid);
    sid.into_iter().chain(guid).reduce(|left, right| left || right)
}
