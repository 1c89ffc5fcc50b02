//! Whether sync has taken an account over, and for whom: what only sync writes proves it.

use crate::model::{CloudUser, ObjectGuid, Sid, WriteSide};

use super::describe::{ad_user_line, cloud_user_line};
use super::finding::Code;
use super::link::Link;
use super::steps;
use super::world::World;

/// Whether sync has taken over and the proof is there: synced, and SID and object identifier are this AD user's.
pub(super) fn is_linked(link: &Link<'_>, account: &CloudUser, world: &World) -> bool {
    is_proven(link, account, world) && !lost_sid(link, account, world)
}

fn is_proven(link: &Link<'_>, account: &CloudUser, world: &World) -> bool {
    is_synced_under(link, account) && Proof::of_link(link, account, world).holds() && has_anchor(link, world)
}

/// Whether an account that is linked otherwise lacks the AD user's SID because another one carries it, so that no sync cycle
/// can write it.
///
/// No write of a plan makes that so, or the end of the plan would ask for more. A stamp could: it makes the account proven.
pub(super) fn lost_sid(link: &Link<'_>, account: &CloudUser, world: &World) -> bool {
    let own = link.ad_sid(world).filter(|sid| link.mapping.write == WriteSide::Cloud && account.sid.value() != Some(*sid));
    let Some(sid) = own.filter(|_| is_proven(link, account, world)) else { return false };
    world.tenant.by_sid(sid).into_iter().any(|user| Some(user) != link.target)
}

/// Whether sync makes the wanted anchor of the AD user as it stands. One that is to be stamped may have lost it.
fn has_anchor(link: &Link<'_>, world: &World) -> bool {
    let current = link.ad.filter(|_| link.mapping.write == WriteSide::OnPrem).and_then(|ad| world.forests.anchor(ad));
    current.is_none_or(|current| {
        current.is_ok_and(|current| Some(current.value) == link.anchor.as_ref().map(|anchor| anchor.value.clone()))
    })
}

/// Whether sync has the account under the wanted ImmutableID, for whomever.
fn is_synced_under(link: &Link<'_>, account: &CloudUser) -> bool {
    let is_right = link.anchor.as_ref().is_some_and(|anchor| account.immutable_id.as_ref() == Some(&anchor.value));
    is_right && account.is_held_by_sync()
}

/// Whether SID and object identifier of an account are those of the AD user; `None` where one of the two is not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof {
    pub(super) sid: Option<bool>,
    pub(super) object_identifier: Option<bool>,
}

impl Proof {
    pub(super) fn of_link(link: &Link<'_>, account: &CloudUser, world: &World) -> Self {
        let guid = link.ad_user(world).map(|user| user.guid).or(link.given());
        Self::of(account, link.ad_sid(world), guid)
    }

    /// What an account has, beside what the AD user has.
    pub(super) fn of(account: &CloudUser, sid: Option<&Sid>, guid: Option<ObjectGuid>) -> Self {
        Self {
            sid: account.sid.value().zip(sid).map(|(held, own)| held == own),
            object_identifier: account.object_identifier.value().zip(guid).map(|(held, own)| *held == own),
        }
    }

    /// One of them says so, and none speaks against it: exports often lack one.
    pub(super) fn holds(self) -> bool {
        let both = [self.sid, self.object_identifier];
        both.contains(&Some(true)) && !both.contains(&Some(false))
    }
}

/// The wanted ImmutableID is there, but sync wrote the account for another AD user.
///
/// A stamp comes while the old AD user is still linked, and a GUID that is taken at its word may be either of two.
pub(super) fn raise_synced_for_another(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    if link.mapping.write == WriteSide::OnPrem || link.ad.is_none() || !is_synced_under(link, account) {
        return;
    }
    let proof = Proof::of_link(link, account, world);
    let sid = account.sid.value().filter(|_| proof.sid == Some(false));
    let guid = account.object_identifier.value().filter(|_| proof.object_identifier == Some(false));
    let whats: Vec<String> = what(sid, guid);
    if whats.is_empty() {
        return;
    }
    let owners = owners(sid, guid, world);
    let whose =
        if owners.is_empty() { "which is not this AD user's, nor that of another one here" } else { "of another AD user" };
    let comma = if owners.is_empty() { "," } else { "" };
    let message =
        format!("{} is synced with the wanted ImmutableID, but has the {}{comma} {whose}", account.upn, whats.join(" and the "));
    let objects = std::iter::once(cloud_user_line(account)).chain(owners);
    let finding = link.finding(Code::TargetSynced, message).objects(objects);
    if proof.object_identifier == Some(true) {
        link.raise(finding.hint(
            "By its object identifier it is the right one, and a move between domains changes the SID: run a sync cycle, then \
             plan again on what is read after it.",
        ));
    } else {
        let hint =
            "The account belongs to another AD user. Unless your sync client joins the two, take that one out of sync first.";
        steps::raise_to_free_the_target(link, account, finding.hint(hint), world);
    }
}

fn what(sid: Option<&Sid>, guid: Option<&ObjectGuid>) -> Vec<String> {
    let sid = sid.map(|sid| format!("SID {sid}"));
    sid.into_iter().chain(guid.map(|guid| format!("object identifier {guid}"))).collect()
}

/// Whose values these are, as far as the forests tell.
fn owners(sid: Option<&Sid>, guid: Option<&ObjectGuid>, world: &World) -> Vec<String> {
    let by_sid = sid.map(|sid| world.forests.by_sid(sid, None)).unwrap_or_default();
    let by_guid = guid.map(|guid| world.forests.by_guid(guid, None)).unwrap_or_default();
    let mut lines: Vec<String> = by_sid.into_iter().chain(by_guid).filter_map(|user| ad_user_line(user, world)).collect();
    lines.dedup();
    lines
}
