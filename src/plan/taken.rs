//! Decisions that take more than what stands in the way: the account of another AD user.

use hashbrown::HashSet;

use crate::model::{CloudUser, ImmutableId, Resolve};
use crate::tenant_model::UserRef;

use super::describe::{ad_user_line, anchor_text};
use super::finding::Code;
use super::link::Link;
use super::listed::Listed;
use super::owners::owners_of;
use super::world::{AdRef, World};

/// Whoever stands in the way for its SID may carry the ImmutableID of somebody else: that one loses the account, unless its
/// own mapping decides so.
pub(super) fn raise_taken_from_others(links: &mut [Link<'_>], world: &World) {
    let held = |user: UserRef| world.tenant.user(user)?.immutable_id.as_ref();
    let wants = |link: &Link<'_>, id: &ImmutableId| link.anchor.as_ref().is_some_and(|anchor| anchor.value == *id);
    let decided = links.iter().flat_map(|link| link.decided.iter().map(move |(user, _)| (link, *user)));
    let wanted = decided.filter(|(link, user)| held(*user).is_some_and(|id| wants(link, id)));
    let wanted: HashSet<UserRef> = wanted.map(|(_, user)| user).collect();
    for link in links.iter_mut().filter(|link| !link.decided.is_empty()) {
        let decided: Vec<(UserRef, Resolve)> = link.decided.iter().filter(|(user, _)| !wanted.contains(user)).copied().collect();
        for (user, resolve) in decided {
            if let Some((account, id)) = world.tenant.user(user).zip(held(user)) {
                raise_taken(link, account, id, resolve, world);
            }
        }
    }
}

fn raise_taken(link: &mut Link<'_>, account: &CloudUser, id: &ImmutableId, resolve: Resolve, world: &World) {
    let Some(owners) = owners_of(id, world) else { return };
    let others: Vec<AdRef> = owners.users.iter().copied().filter(|user| Some(*user) != link.ad).collect();
    if others.is_empty() {
        return;
    }
    let name = account.original_upn();
    let id = anchor_text(id);
    let message = match resolve {
        Resolve::Clear => format!("{name} is to be cleared, and loses another ImmutableID than the wanted one, too: {id}"),
        Resolve::Purge => format!("{name} is to be purged, and carries another ImmutableID than the wanted one: {id}"),
    };
    let hint = owners.loss();
    let lines = others.iter().filter_map(|user| ad_user_line(*user, world));
    let finding = link.finding(Code::TargetWasLinked, message).listed(Listed::of(others.len(), lines));
    link.raise(finding.hint(format!("{hint} If the account is that person's, map it to them: its SID is then taken off alone.")));
}
