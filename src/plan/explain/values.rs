//! Which AD users have the values of a cloud user, and which of them it belongs to.

use std::collections::BTreeSet;

use crate::model::text::same;
use crate::model::{AnchorForm, CloudUser, ObjectGuid};
use crate::tenant_model::{UserRef, mail_addresses};

use super::super::describe::ad_user_line;
use super::super::world::{AdRef, World};
use super::{HeldValue, Holder, ValueKind};

/// The values of the account with their AD users, and the one AD user that most speaks for, if there is one.
pub(super) fn of_account(user: UserRef, world: &World) -> (Vec<HeldValue>, Option<AdRef>) {
    let Some(account) = world.tenant.user(user) else { return (Vec::new(), None) };
    world.tenant.ask_details(account);
    if world.forests.is_empty() {
        return (Vec::new(), None);
    }
    let mut found = by_id(account, world);
    found.extend(by_written_values(account, world));
    found.extend(by_names(account, world));
    let owner = owner(&found);
    (found.into_iter().map(|found| found.told(world)).collect(), owner)
}

/// A value and the AD users that have it.
struct FoundValue {
    kind: ValueKind,
    value: String,
    users: Vec<AdRef>,
}

impl FoundValue {
    fn new(kind: ValueKind, value: &str, users: impl IntoIterator<Item = AdRef>) -> Self {
        let mut users: Vec<AdRef> = users.into_iter().collect();
        users.sort_unstable();
        users.dedup();
        Self { kind, value: value.to_owned(), users }
    }

    fn told(self, world: &World) -> HeldValue {
        let holder = |user: AdRef| {
            let id = world.forests.user(user)?.guid.to_string();
            Some(Holder { id, line: ad_user_line(user, world)? })
        };
        let mut holders: Vec<Holder> = self.users.into_iter().filter_map(holder).collect();
        holders.sort_unstable();
        HeldValue { holders, kind: self.kind, not_read: Vec::new(), value: self.value }
    }
}

fn by_id(account: &CloudUser, world: &World) -> Vec<FoundValue> {
    let Some(id) = &account.immutable_id else { return Vec::new() };
    let exact = world.forests.by_anchor(id, None);
    let guids: Vec<ObjectGuid> = AnchorForm::of(id).guids().into_iter().flatten().collect();
    let anchored = |guid: &ObjectGuid| world.forests.by_anchor(&guid.immutable_id(), None);
    let anchored_so: BTreeSet<AdRef> = exact.iter().copied().collect();
    let odd: BTreeSet<AdRef> = guids
        .iter()
        .flat_map(|guid| anchored(guid).into_iter().chain(anchored(&guid.byte_swapped())))
        .filter(|user| !anchored_so.contains(user))
        .collect();
    let with_guid = guids.iter().flat_map(|guid| world.forests.by_either_guid(guid, None));
    let other: Vec<AdRef> = with_guid.filter(|user| !anchored_so.contains(user) && !odd.contains(user)).collect();
    let mut found = vec![FoundValue::new(ValueKind::Anchor, id.as_str(), exact)];
    found.push(FoundValue::new(ValueKind::OddAnchor, id.as_str(), odd));
    if !other.is_empty() {
        found.push(FoundValue::new(ValueKind::OtherGuid, id.as_str(), other));
    }
    found
}

fn by_written_values(account: &CloudUser, world: &World) -> Vec<FoundValue> {
    let pin = account.object_identifier.value();
    let pin = pin.map(|guid| FoundValue::new(ValueKind::ObjectIdentifier, &guid.to_string(), world.forests.by_guid(guid, None)));
    let sid = account.sid.value().map(|sid| FoundValue::new(ValueKind::Sid, &sid.to_string(), world.forests.by_sid(sid, None)));
    pin.into_iter().chain(sid).collect()
}

fn by_names(account: &CloudUser, world: &World) -> Vec<FoundValue> {
    let forests = &world.forests;
    let named = |name: &str| forests.by_upn(name, None).into_iter().chain(forests.by_address(name, None));
    let upn = account.original_upn();
    let mut found = vec![FoundValue::new(ValueKind::SignInName, upn, named(upn))];
    let primary = account.primary_address();
    for address in mail_addresses(account) {
        let is_primary = primary.is_some_and(|primary| same(primary, address));
        let kind = if is_primary { ValueKind::PrimaryAddress } else { ValueKind::Address };
        found.push(FoundValue::new(kind, address, named(address)));
    }
    found
}

/// What a program wrote goes before names, and names before addresses.
const BY_WEIGHT: [ValueKind; 8] = [
    ValueKind::Anchor,
    ValueKind::ObjectIdentifier,
    ValueKind::Sid,
    ValueKind::OddAnchor,
    ValueKind::OtherGuid,
    ValueKind::SignInName,
    ValueKind::PrimaryAddress,
    ValueKind::Address,
];

/// The first value that only one AD user has decides; one that several have leaves the choice among those.
fn owner(found: &[FoundValue]) -> Option<AdRef> {
    let mut among: BTreeSet<AdRef> = BTreeSet::new();
    for kind in BY_WEIGHT {
        let users = found.iter().filter(|found| found.kind == kind).flat_map(|found| &found.users).copied();
        let common: BTreeSet<AdRef> = users.filter(|user| among.is_empty() || among.contains(user)).collect();
        if !common.is_empty() {
            among = common;
        }
        if among.len() == 1 {
            return among.first().copied();
        }
    }
    None
}
