//! Whether users that are synced already got their IDs from another attribute than the configuration says.

use std::borrow::Cow;

use crate::model::questions::{CloudQuestion, SYNCED_SAMPLE};
use crate::model::text::number;
use crate::model::{
    AdUser, AnchorForm, AnchorMode, CloudUser, EntraId, GuidAttribute, ImmutableId, ObjectGuid, ObservedForest, effective_anchor,
};

use super::finding::{Code, Finding};
use super::synced_report::IdOrigin;
use super::world::{AdRef, World};

/// Looks at a sample of the synced users, the same whether the whole tenant was read or the part that was asked for.
pub(super) fn doubtful_anchor_modes(world: &World) -> Vec<Finding> {
    if world.forests.is_empty() {
        return Vec::new();
    }
    let sample = synced_sample(world);
    world.forests.all().iter().filter_map(|forest| doubtful_anchor_mode(forest, &sample, world)).collect()
}

/// The first synced users by name.
fn synced_sample(world: &World) -> Vec<&CloudUser> {
    world.recorder().tenant(|| CloudQuestion::SyncedSample);
    let users = world.tenant.observed().users.iter().filter(|user| user.is_held_by_sync());
    let mut named: Vec<_> = users.map(|user| (lowered(&user.upn), user.id, user)).collect();
    let order =
        |left: &(Cow<'_, str>, EntraId, _), right: &(Cow<'_, str>, EntraId, _)| (&left.0, left.1).cmp(&(&right.0, right.1));
    let count = usize::try_from(SYNCED_SAMPLE).unwrap_or(usize::MAX);
    if count < named.len() {
        named.select_nth_unstable_by(count, order);
        named.truncate(count);
    }
    named.sort_unstable_by(order);
    named.into_iter().map(|(_, _, user)| user).collect()
}

fn lowered(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { text.into() } else { text.to_lowercase().into() }
}

fn doubtful_anchor_mode(forest: &ObservedForest, sample: &[&CloudUser], world: &World) -> Option<Finding> {
    let (mut as_configured, mut otherwise, mut unread, mut by_guid) = (0u64, 0u64, 0u64, 0u64);
    for (account, id) in sample.iter().filter_map(|account| Some((*account, account.immutable_id.as_ref()?))) {
        match origin(id, forest, world) {
            Some(Origin::Configured) => as_configured += 1,
            Some(Origin::Other) => otherwise += 1,
            None if !carriers(id, forest, world).is_empty() => by_guid += 1,
            None if is_of_another_attribute(account, id, forest, world) => otherwise += 1,
            None => unread += u64::from(has_value_that_was_not_read(account, id, forest, world)),
        }
    }
    // One alone may be an account that somebody linked by hand to what is no more.
    if unread > 1 && unread > as_configured + by_guid {
        return Some(unread_attribute(forest, unread));
    }
    (otherwise > as_configured).then(|| {
        let message = format!(
            "forest `{}` has `anchor: {}`, but of the {} synced accounts that were looked at, {otherwise} carry the ID of another attribute of its users and {as_configured} that of this one",
            forest.name,
            forest.anchor,
            sample.len()
        );
        Finding::general(Code::AnchorModeDoubtful, message)
            .hint(
                "Look up the source anchor in the sync client (Entra Connect: View or export current configuration) and set `anchor` accordingly. With the wrong attribute no link made here is ever taken up.",
            )
    })
}

/// Whether sync links an account to a user of the forest by a GUID of which that user, as he was read, has no trace.
fn has_value_that_was_not_read(account: &CloudUser, id: &ImmutableId, forest: &ObservedForest, world: &World) -> bool {
    if forest.anchor != AnchorMode::ConsistencyGuid || !matches!(AnchorForm::of(id), AnchorForm::Guid(_)) {
        return false;
    }
    let place = Some(&*forest.name);
    let of_guid = account.object_identifier.value().map(|guid| world.forests.by_guid(guid, place)).unwrap_or_default();
    let of_sid = account.sid.value().map(|sid| world.forests.by_sid(sid, place)).unwrap_or_default();
    let mut users = of_guid.into_iter().chain(of_sid).filter_map(|user| world.forests.user(user));
    users.any(|user| user.consistency_guid == GuidAttribute::Absent && user.guid.immutable_id() != *id)
}

/// Whether sync links an account to a user of the forest by what is no GUID at all, say the number of an employee. Whoever has
/// such an ID in the configured attribute has been found by then.
fn is_of_another_attribute(account: &CloudUser, id: &ImmutableId, forest: &ObservedForest, world: &World) -> bool {
    let of_sid = |sid| world.forests.by_sid(sid, Some(&*forest.name));
    // By SID alone: the object identifier takes a question an account, which a plan of a few mappings does not ask.
    AnchorForm::of(id) == AnchorForm::Opaque && account.sid.value().is_some_and(|sid| !of_sid(sid).is_empty())
}

fn unread_attribute(forest: &ObservedForest, accounts: u64) -> Finding {
    let message = format!(
        "forest `{}`: {} synced accounts are linked to users who seem to have no mS-DS-ConsistencyGuid, by an ID that is not their objectGUID: the attribute is used, and most likely not seen",
        forest.name,
        number(accounts)
    );
    Finding::general(Code::AnchorModeDoubtful, message).hint(
        "Export mS-DS-ConsistencyGuid, too (`Get-ADUser … -Properties mS-DS-ConsistencyGuid`, `ldifde` without `-l`), or let the account that reads Active Directory read it, and plan again: until then objectGUID is taken as the anchor of everybody, which is wrong for whoever has the attribute.",
    )
}

/// Where an ImmutableID that sync has set came from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Configured,
    Other,
}

/// Whether an ID comes from the configured attribute of a forest's users or from another one, where that can be told.
fn origin(id: &ImmutableId, forest: &ObservedForest, world: &World) -> Option<Origin> {
    let origins = carriers(id, forest, world).into_iter().filter_map(|user| {
        let origin = origin_on(&forest.anchor, world.forests.user(user)?, id)?;
        match (&forest.anchor, origin) {
            (AnchorMode::ConsistencyGuid, IdOrigin::ConsistencyGuid)
            | (AnchorMode::ObjectGuid, IdOrigin::ObjectGuid)
            | (AnchorMode::Attribute(_), IdOrigin::Attribute) => Some(Origin::Configured),
            // Users on whom both attributes say the same prove nothing.
            (AnchorMode::ConsistencyGuid | AnchorMode::ObjectGuid, IdOrigin::ObjectGuidOrBoth) => None,
            _ => Some(Origin::Other),
        }
    });
    origins.min()
}

/// The attribute of an AD user that an ImmutableID comes from; nothing where it is not this user's.
pub(super) fn origin_on(mode: &AnchorMode, user: &AdUser, id: &ImmutableId) -> Option<IdOrigin> {
    let consistency = user.consistency_guid.guid();
    let is = |guid: ObjectGuid| guid.immutable_id() == *id;
    let by_attribute = || effective_anchor(mode, user).is_ok_and(|anchor| anchor.value == *id);
    if matches!(mode, AnchorMode::Attribute(_)) && by_attribute() {
        Some(IdOrigin::Attribute)
    } else if consistency.is_some_and(|own| own != user.guid && is(own)) {
        Some(IdOrigin::ConsistencyGuid)
    } else if !is(user.guid) {
        None
    } else if consistency.is_some_and(|own| own != user.guid) {
        Some(IdOrigin::ObjectGuid)
    } else {
        Some(IdOrigin::ObjectGuidOrBoth)
    }
}

/// The users of a forest that have an ID in the configured attribute or in one that sync could use instead.
fn carriers(id: &ImmutableId, forest: &ObservedForest, world: &World) -> Vec<AdRef> {
    let place = Some(&*forest.name);
    let mut found = Vec::new();
    if let AnchorForm::Guid(guid) = AnchorForm::of(id) {
        found.extend(world.forests.by_guid(&guid, place));
        found.extend(world.forests.by_consistency_guid(&guid, place));
    }
    if let AnchorMode::Attribute(_) = forest.anchor {
        found.extend(world.forests.by_anchor(id, place));
    }
    found
}
