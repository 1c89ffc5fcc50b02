//! Accounts that a plan brings out of the recycle bin, for good or for a moment, and what they collide with there.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::text::fold;
use crate::model::{CloudKey, CloudUser, EntraId, Resolve};
use crate::tenant_model::{Tenant, UserRef, mail_addresses};

use super::describe::{cloud_user_line, other_line};
use super::draft::{Plans, places};
use super::finding::Code;
use super::holders::clears_sid;
use super::link::Link;
use super::listed::Gathered;
use super::obstacles::Obstacles;
use super::resolve::find_cloud;
use super::world::World;

/// Other accounts from which a plan has taken by then what a deleted account may share with them.
#[derive(Debug, Default)]
pub(super) struct Freed {
    /// Those that are purged.
    gone: Vec<UserRef>,
    /// Those that lose their SID.
    without_sid: Vec<UserRef>,
}

impl Freed {
    fn by(link: &Link<'_>, obstacles: &Obstacles, world: &World) -> Self {
        let loses_sid = |user: &UserRef| world.tenant.user(*user).is_some_and(|account| clears_sid(link, account, world));
        let decided = link.decided.iter().map(|(user, _)| *user);
        let without_sid = decided.chain(obstacles.sid_of_targets.iter().map(|(user, _)| *user)).filter(loses_sid).collect();
        Self { gone: link.purged().collect(), without_sid }
    }
}

/// Sign-in name, addresses, ImmutableID and SID of a deleted account that somebody else has, too: Entra refuses to restore it
/// then.
pub(super) fn restore_conflicts(account: &CloudUser, tenant: &Tenant, freed: &Freed) -> Gathered {
    let mut taken = Gathered::default();
    let names = std::iter::once(account.original_upn()).map(|upn| (upn, tenant.live_by_upn(upn)));
    let addresses = mail_addresses(account).map(|address| (address, tenant.live_by_address(address)));
    let stays = |user: &UserRef| !freed.gone.contains(user);
    for (name, owners) in names.chain(addresses) {
        let owners: Vec<UserRef> = owners.into_iter().filter(stays).collect();
        let lines = owners.iter().filter_map(|user| tenant.user(*user));
        taken.add(owners.len(), lines.map(|owner| format!("{name} belongs to {}", cloud_user_line(owner))));
    }
    for address in mail_addresses(account) {
        let others = tenant.others_with_address(address);
        taken.add(others.len(), others.iter().map(|other| format!("{address} belongs to {}", other_line(other))));
    }
    let holders = account.immutable_id.as_ref().map(|id| tenant.holders_of(id)).unwrap_or_default();
    let others = holders.into_iter().filter(stays).filter_map(|holder| tenant.user(holder));
    let holders: Vec<&CloudUser> = others.filter(|holder| holder.id != account.id).collect();
    taken.add(holders.len(), holders.iter().map(|holder| format!("its ImmutableID belongs to {}, too", cloud_user_line(holder))));
    let by_sid = account.sid.value().map(|sid| tenant.by_sid(sid)).unwrap_or_default();
    let others = by_sid.into_iter().filter(|user| stays(user) && !freed.without_sid.contains(user));
    let carriers: Vec<&CloudUser> = others.filter_map(|user| tenant.user(user)).filter(|other| other.id != account.id).collect();
    taken.add(carriers.len(), carriers.iter().map(|other| format!("its SID belongs to {}, too", cloud_user_line(other))));
    taken
}

/// Comes after the decisions: whoever is purged keeps nobody in the recycle bin.
pub(super) fn raise_restore_conflicts(link: &mut Link<'_>, account: &CloudUser, obstacles: &Obstacles, world: &World) {
    let taken = restore_conflicts(account, &world.tenant, &Freed::by(link, obstacles, world));
    if !taken.is_empty() {
        let message =
            format!("{} cannot be restored: somebody else has a name, address, ImmutableID or SID of it", account.original_upn());
        let hint = "Rename what uses it now, or take it off there, then plan again.";
        let finding = link.finding(Code::TargetSoftDeleted, message).listed(taken.listed()).hint(hint);
        link.raise(finding);
    }
}

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
