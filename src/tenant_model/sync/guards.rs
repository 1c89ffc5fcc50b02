//! When Entra refuses something in a sync cycle, by which rule.

use super::Incoming;
use super::export::Export;
use super::rule::{BLOCKS_HARD_MATCH, SyncRefusal, SyncRule};
use crate::model::{CloudUser, Known, OtherKind, RoleState};
use crate::tenant_model::{Tenant, UserRef};

impl Tenant {
    /// Everything that keeps this AD user from being linked to the account that has its anchor; empty when nothing does.
    ///
    /// The first refusal is the one that [`Tenant::forecast`] returns. The account's ImmutableID is not looked at, so a
    /// planner can ask before it is set.
    #[must_use]
    pub fn link_refusals(&self, incoming: Incoming<'_>, user: UserRef) -> Vec<SyncRefusal> {
        let Some(account) = self.user(user) else { return Vec::new() };
        self.ask_details(account);
        let by_sid = self.sid_refusal(incoming, Some(user));
        let is_linked_elsewhere = |refusal: &SyncRefusal| refusal.rule == SyncRule::AnchorChanged;
        let (mut found, held): (Vec<_>, Vec<_>) = by_sid.into_iter().partition(is_linked_elsewhere);
        if account.is_synced() && !account.is_deleted() {
            found.extend(in_use(incoming, account));
        } else {
            found.extend(cloud_managed(incoming, account));
            found.extend(self.takeover_blocked(account));
            found.extend(self.privileged(account));
        }
        found.extend(self.object_identifier_fixed(incoming, account));
        found.extend(held);
        if !account.is_synced() || account.is_deleted() {
            found.extend(self.group_in_the_way(incoming, account));
        }
        found
    }

    /// A group has an address that the account would get. What other users and contacts have is withheld; against a group that
    /// does not help, and the export fails.
    #[must_use]
    pub fn group_in_the_way(&self, incoming: Incoming<'_>, account: &CloudUser) -> Option<SyncRefusal> {
        // Of a part of the tenant it is not known before it was asked.
        if self.observed().others.is_empty() && !self.recorder().has_look_ups() {
            return None;
        }
        let addresses = Export::of(self, incoming).addresses.into_iter().filter(|address| self.takes(address, account));
        let mut owners = addresses.flat_map(|address| self.others_with_address(address));
        owners.find(|other| other.kind == OtherKind::Group).map(|group| SyncRule::OtherKindOfObject.refuses(group.id))
    }

    /// The SID is on another account: the AD user's present link, or what an earlier one left behind.
    pub(super) fn sid_refusal(&self, incoming: Incoming<'_>, own: Option<UserRef>) -> Option<SyncRefusal> {
        let mut left_behind = None;
        for holder in self.sid_holders(incoming, own) {
            if holder.is_synced() && !holder.is_deleted() {
                return Some(SyncRule::AnchorChanged.refuses(holder.id));
            }
            left_behind.get_or_insert(holder.id);
        }
        left_behind.map(|holder| SyncRule::SidHeld.refuses(holder))
    }

    fn sid_holders(&self, incoming: Incoming<'_>, own: Option<UserRef>) -> impl Iterator<Item = &CloudUser> {
        let holders = incoming.user.sid.as_ref().map(|sid| self.by_sid(sid)).unwrap_or_default();
        holders.into_iter().filter(move |holder| Some(*holder) != own).filter_map(|holder| self.user(holder))
    }

    fn takeover_blocked(&self, account: &CloudUser) -> Option<SyncRefusal> {
        let blocked = self.feature(BLOCKS_HARD_MATCH, false) && !account.is_synced();
        blocked.then(|| SyncRule::TakeoverBlocked.refuses(account.id))
    }

    fn privileged(&self, account: &CloudUser) -> Option<SyncRefusal> {
        let privileged = self.privileged_roles(&account.id).is_some_and(|roles| !roles.is_empty());
        privileged.then(|| SyncRule::Privileged.refuses(account.id))
    }

    fn object_identifier_fixed(&self, incoming: Incoming<'_>, account: &CloudUser) -> Option<SyncRefusal> {
        let differs = account.object_identifier.value().is_some_and(|own| *own != incoming.user.guid);
        let refused = differs && !self.feature("allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled", false);
        refused.then(|| SyncRule::ObjectIdentifierFixed.refuses(account.id))
    }

    /// Why an account that has the address or sign-in name of an AD user is not taken over by it.
    #[must_use]
    pub fn soft_match_refusal(&self, account: &CloudUser) -> Option<SyncRefusal> {
        let by = |rule: SyncRule| Some(rule.refuses(account.id));
        if self.feature("blockSoftMatchEnabled", false) {
            return by(SyncRule::SoftMatchBlocked);
        }
        if account.is_guest() {
            return by(SyncRule::Guest);
        }
        if account.is_synced() {
            return by(SyncRule::SyncedAlready);
        }
        if account.immutable_id.is_some() {
            return by(SyncRule::HasOtherId);
        }
        let roles = self.roles_of(&account.id).unwrap_or_default();
        let admin = roles.iter().any(|held| held.state == RoleState::Assigned);
        if admin { by(SyncRule::Administrator) } else { None }
    }

    /// Why an account is not taken over by its sign-in name, if that is in a federated domain.
    #[must_use]
    pub fn federated_name(&self, account: &CloudUser) -> Option<SyncRefusal> {
        self.suffix_of(&account.upn).is_federated().then(|| SyncRule::FederatedName.refuses(account.id))
    }
}

/// Moves within a forest change the SID and keep the objectGUID, so either of them proves who it is.
fn in_use(incoming: Incoming<'_>, account: &CloudUser) -> Option<SyncRefusal> {
    (same_ad_user(incoming, account) == Some(false)).then(|| SyncRule::AnchorInUse.refuses(account.id))
}

fn cloud_managed(incoming: Incoming<'_>, account: &CloudUser) -> Option<SyncRefusal> {
    // Another AD user with the same anchor is not held up by this: it steals the account.
    let blocked = account.traits.cloud_managed == Known::Is(true) && same_ad_user(incoming, account) != Some(false);
    blocked.then(|| SyncRule::CloudManaged.refuses(account.id))
}

/// Whether an account was last linked to this AD user; `None` when nothing tells.
fn same_ad_user(incoming: Incoming<'_>, account: &CloudUser) -> Option<bool> {
    let sid = account.sid.value().zip(incoming.user.sid.as_ref()).map(|(own, sid)| own == sid);
    let guid = account.object_identifier.value().map(|own| *own == incoming.user.guid);
    sid.into_iter().chain(guid).reduce(|left, right| left || right)
}
