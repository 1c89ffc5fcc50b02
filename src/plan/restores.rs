//! Accounts that a plan brings out of the recycle bin, for good or for a moment, and what they collide with there.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::text::fold;
use crate::model::{CloudKey, CloudUser, EntraId, Resolve};
use crate::tenant_model::{UserRef, mail_addresses};

use super::describe::cloud_user_line;
use super::draft::{Plans, places};
use super::finding::Code;
use super::link::Link;
use super::resolve::find_cloud;
use super::world::World;

/// Two deleted accounts of one name or address: only one of them can come back.
pub(super) fn raise_colliding(links: &mut [Link<'_>], plans: &Plans, world: &World) {
    let mut owners: BTreeMap<String, BTreeSet<(EntraId, usize)>> = BTreeMap::new();
    for (at, account) in restored(links, plans, world) {
        for name in mail_addresses(account).chain([account.original_upn()]) {
            owners.entry(fold(name).into_owned()).or_default().insert((account.id, at));
        }
    }
    let accounts = |group: &BTreeSet<(EntraId, usize)>| group.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>().len();
    for (name, group) in owners.into_iter().filter(|(_, group)| accounts(group) > 1) {
        let count = accounts(&group);
        let group: Vec<usize> = group.into_iter().map(|(_, at)| at).collect::<BTreeSet<_>>().into_iter().collect();
        let places = places(links, &group);
        for at in &group {
            let Some(link) = links.get_mut(*at) else { continue };
            let message = format!(
                "{count} deleted accounts have the name or address {name} and are to come out of the recycle bin; only one can have it"
            );
            let finding = link.finding(Code::TargetSoftDeleted, message).listed(places.clone());
            link.raise(finding.hint(
                "Restore the one that is really meant. One that is to be cleared comes out for a moment, too: decide `resolve: purge`, or \
                 clear it in a plan of its own first.",
            ));
        }
    }
}

/// The accounts that a plan brings out of the recycle bin, with the mapping for which it does: targets for good, accounts
/// that are to be cleared for a moment.
pub(super) fn restored<'w>(links: &[Link<'_>], plans: &Plans, world: &'w World) -> Vec<(usize, &'w CloudUser)> {
    let targets = links.iter().zip(&plans.needs).enumerate().filter(|(_, (_, need))| need.restore);
    let targets = targets.filter_map(|(at, (link, _))| Some((at, world.tenant.user(link.target?)?)));
    targets.chain(cleared(links, world).filter_map(|(at, user)| Some((at, world.tenant.user(user)?)))).collect()
}

/// Deleted accounts that are to be cleared, with the mapping that decides it.
fn cleared(links: &[Link<'_>], world: &World) -> impl Iterator<Item = (usize, UserRef)> {
    let is_deleted = |user: UserRef| world.tenant.user(user).is_some_and(CloudUser::is_deleted);
    let decided = links.iter().enumerate().flat_map(|(at, link)| link.decided.iter().map(move |decision| (at, *decision)));
    decided.filter_map(move |(at, (user, resolve))| (resolve == Resolve::Clear && is_deleted(user)).then_some((at, user)))
}

/// An account that comes out of the recycle bin only to be cleared is live for a moment: a mapping whose words mean it, too,
/// would not know then whom to take.
pub(super) fn raise_passing_twins(links: &mut [Link<'_>], plans: &Plans, world: &World) {
    let passing: BTreeSet<UserRef> = cleared(links, world).map(|(_, user)| user).collect();
    if passing.is_empty() {
        return;
    }
    for (link, _) in links.iter_mut().zip(&plans.needs).filter(|(_, need)| !need.is_nothing()) {
        let key = &link.mapping.cloud.key;
        if matches!(key, CloudKey::Id(_)) {
            continue;
        }
        let twin = find_cloud(key, world).into_iter().find(|user| passing.contains(user) && link.target != Some(*user));
        if let Some(twin) = twin.and_then(|user| world.tenant.user(user)) {
            let message = format!(
                "a deleted account answers to `{}`, too; it comes out of the recycle bin to be cleared, and a run that is \
                 interrupted then could not tell whom the mapping means",
                link.mapping.cloud.text
            );
            let finding = link.finding(Code::CloudAmbiguous, message).objects([cloud_user_line(twin)]);
            link.raise(finding.hint("Name the account of the mapping by its `id`."));
        }
    }
}
