//! An AD user between both directories: what it has, and which accounts compete for it.

use std::collections::BTreeSet;

use crate::model::text::same;
use crate::model::{AdUser, AnchorProblem, CloudUser, ObjectGuid, ObservedForest, SourceAnchor, Text};
use crate::tenant_model::{Incoming, SyncOutcome, SyncRefusal, UserRef, exported_primary, mail_addresses};

use super::super::evidence::other_guids;
use super::super::forecast::takeover_lines;
use super::super::next_sync::object;
use super::super::world::{AdRef, World};

/// An AD user with what sync would do with it now.
pub(super) struct Case<'w> {
    pub(super) ad: AdRef,
    /// The account that was asked for.
    pub(super) asked: Option<UserRef>,
    /// The account that a mapping of the configuration names for it.
    pub(super) meant: Option<UserRef>,
    pub(super) forest: &'w ObservedForest,
    pub(super) user: &'w AdUser,
    pub(super) anchor: Result<SourceAnchor, AnchorProblem>,
    /// The sign-in name in AD, and as it would stand in the cloud.
    pub(super) names: Option<(Text, Text)>,
    /// The primary address that sync would send.
    primary: Option<&'w str>,
    pub(super) outcome: Option<SyncOutcome>,
}

impl<'w> Case<'w> {
    pub(super) fn of(ad: AdRef, asked: Option<UserRef>, world: &'w World) -> Option<Self> {
        let (forest, user) = world.forests.get(ad)?;
        let anchor = world.forests.anchor(ad)?;
        let outcome = anchor.as_ref().ok().map(|anchor| world.tenant.forecast(Incoming { user, anchor }));
        let names = world.tenant.sign_in_names(user);
        Some(Self { ad, asked, meant: None, forest, user, anchor, names, primary: exported_primary(user), outcome })
    }

    /// GUIDs of the AD user that are not its anchor.
    pub(super) fn other_guids(&self) -> BTreeSet<ObjectGuid> {
        other_guids(self.user, self.anchor.as_ref().ok().and_then(|anchor| anchor.guid))
    }

    /// What a takeover changes on the account.
    pub(super) fn overwrites(&self, world: &World) -> Vec<String> {
        let (Some(SyncOutcome::HardMatch { user, .. } | SyncOutcome::SoftMatch { user, .. }), Ok(anchor)) =
            (&self.outcome, &self.anchor)
        else {
            return Vec::new();
        };
        let Some(account) = world.tenant.user(*user) else { return Vec::new() };
        let effects = world.tenant.takeover_effects(Incoming { user: self.user, anchor }, account);
        let conflicts = effects.address_conflicts.iter();
        let conflicts =
            conflicts.map(|(address, owner)| format!("address withheld: {address} belongs to {}", object(*owner, world)));
        takeover_lines(&effects).into_iter().chain(conflicts).collect()
    }

    pub(super) fn cloud_name(&self) -> Option<&str> {
        self.names.as_ref().map(|(_, name)| &**name)
    }

    /// The account that a refusal is about, where that has the anchor.
    pub(super) fn anchor_holder(&self, refusal: &SyncRefusal, world: &World) -> Option<UserRef> {
        let user = world.tenant.by_id(&refusal.user?)?;
        let (account, anchor) = (world.tenant.user(user)?, self.anchor.as_ref().ok()?);
        (account.immutable_id.as_ref() == Some(&anchor.value)).then_some(user)
    }

    /// What an account has of the name and the primary address.
    pub(super) fn has_of_it(&self, account: &CloudUser) -> Option<&'static str> {
        let name = self.cloud_name().is_some_and(|name| same(name, account.original_upn()));
        let address = self.primary.is_some_and(|own| mail_addresses(account).any(|held| same(held, own)));
        match (name, address) {
            (true, true) => Some("the sign-in name and the primary address"),
            (true, false) => Some("the sign-in name"),
            (false, true) => Some("the primary address"),
            (false, false) => None,
        }
    }

    /// Live accounts other than this one that have the name or the primary address.
    pub(super) fn rivals<'x>(&self, than: UserRef, world: &'x World) -> Vec<(UserRef, &'x CloudUser)> {
        let named = self.cloud_name().map(|name| world.tenant.by_upn(name)).unwrap_or_default();
        let addressed = self.primary.map(|address| world.tenant.address_owners(address)).unwrap_or_default();
        let all: BTreeSet<UserRef> = named.into_iter().chain(addressed).filter(|user| *user != than).collect();
        let live = all.into_iter().filter_map(|user| Some((user, world.tenant.user(user)?)));
        let mut live: Vec<_> = live.filter(|(_, account)| !account.is_deleted()).collect();
        live.sort_unstable_by_key(|(_, account)| account.id);
        live
    }

    /// A name of the form that Entra gives to an account whose own name is taken.
    pub(super) fn is_placeholder(&self, account: &CloudUser, world: &World) -> bool {
        let (Some(name), Some(initial)) = (self.cloud_name(), world.tenant.initial_domain()) else { return false };
        let (Some((wanted, _)), Some((local, domain))) = (name.rsplit_once('@'), account.original_upn().rsplit_once('@')) else {
            return false;
        };
        let digits = local.get(..wanted.len()).filter(|head| same(head, wanted)).and_then(|_| local.get(wanted.len()..));
        same(domain, initial)
            && digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    }
}
