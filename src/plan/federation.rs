//! Federated domains: the ImmutableID of their users cannot change in place, so the sign-in name makes a detour.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::model::text::{fold, same};
use crate::model::{Acceptable, CloudKey, CloudUser, Upn};
use crate::tenant_model::Tenant;

use super::describe::cloud_user_line;
use super::draft::Plans;
use super::finding::Code;
use super::link::Link;
use super::restores::restored;
use super::target::Need;
use super::world::{World, mail_addresses};

/// Whether sign-in for a domain goes to another identity provider.
pub(super) fn is_federated(domain: &str, tenant: &Tenant) -> bool {
    tenant.suffix_of(domain).is_federated()
}

/// The name on the initial domain that the detour uses.
pub(super) fn park_name(upn: &Upn, tenant: &Tenant) -> Option<Upn> {
    let initial = tenant.initial_domain()?;
    format!("{}@{initial}", upn.local()).parse().ok()
}

/// Whether a plan that finds the account on its parking name can tell which name it had.
pub(super) fn is_recognisable(original: &Upn, account: &CloudUser, link: &Link<'_>, world: &World) -> bool {
    names_of_parked(account, link, world).any(|name| same(name, original.as_str()))
}

/// What tells the name of a parked account: its mail addresses and the sign-in name of the AD user. That user's addresses
/// tell it only where the mapping says the name itself: many an account was never called like them.
fn names_of_parked<'w>(account: &'w CloudUser, link: &Link<'_>, world: &'w World) -> impl Iterator<Item = &'w str> {
    let is_named = matches!(link.mapping.cloud.key, CloudKey::Upn(_));
    let of_ad_user = link
        .ad_user(world)
        .into_iter()
        .flat_map(move |user| user.upn.as_deref().into_iter().chain(mail_addresses(user).filter(move |_| is_named)));
    crate::tenant_model::mail_addresses(account).chain(of_ad_user)
}

/// The federated name of an account that stands on its parking name, unless somebody else has it: whoever is deleted has no
/// name any more. A mapping that names the account as it is called now began no detour.
fn original_of_parked(account: &CloudUser, link: &Link<'_>, world: &World) -> Option<Upn> {
    let tenant = &world.tenant;
    let current: Upn = account.upn.parse().ok()?;
    let initial = tenant.initial_domain()?;
    if matches!(link.mapping.cloud.key, CloudKey::Upn(_)) || !same(current.domain(), initial) {
        return None;
    }
    let mut originals = names_of_parked(account, link, world).filter_map(|name| name.parse::<Upn>().ok());
    let is_free = |name: &Upn| tenant.live_by_upn(name.as_str()).is_empty();
    let original =
        originals.find(|name| same(name.local(), current.local()) && is_federated(name.domain(), tenant) && is_free(name))?;
    unparked(&current, &original, tenant)
}

/// The name that goes back, in the letters that it had and those of the tenant's domain: an address or a mapping may spell it
/// otherwise.
pub(super) fn unparked(current: &Upn, original: &Upn, tenant: &Tenant) -> Option<Upn> {
    let mut domains = tenant.observed().domains.iter().flatten().map(|domain| &*domain.name);
    let domain = domains.find(|name| same(name, original.domain())).unwrap_or(original.domain());
    format!("{}@{domain}", current.local()).parse().ok()
}

/// The ImmutableID of a user in a federated domain cannot change in place.
pub(super) fn examine_federation(link: &mut Link<'_>, account: &CloudUser, world: &World, need: &mut Need) {
    let Ok(upn) = account.original_upn().parse::<Upn>() else { return };
    if link.parked.is_none() && link.anchor.is_some() && link.accepts(Acceptable::FederatedDomain) {
        link.parked = original_of_parked(account, link, world).map(Box::new);
        need.unpark = link.parked.is_some();
    }
    if let Some(original) = link.parked.clone() {
        raise_parked(link, account, &original, world);
    }
    let changes_id = need.set || (need.leave && account.immutable_id.is_some());
    if !changes_id || !is_federated(upn.domain(), &world.tenant) {
        return;
    }
    if need.leave {
        raise_federated_leave(link, &upn);
    } else {
        raise_federated_set(link, account, &upn, world, need);
    }
}

/// Nothing but names tells that a detour was begun, so it is said what the plan takes them for.
fn raise_parked(link: &mut Link<'_>, account: &CloudUser, original: &Upn, world: &World) {
    let message =
        format!("{} is taken for {original}, whose name an interrupted detour has parked; it gets that name back", account.upn);
    let twins = world.tenant.by_upn(original.as_str()).into_iter().filter_map(|user| world.tenant.user(user));
    let finding = link.finding(Code::FederatedDomain, message).objects(twins.map(cloud_user_line));
    link.raise_unless_accepted(Acceptable::FederatedDomain, finding);
}

/// Two detours by one parking name: names that differ in their domains only. The second has to wait until the first is over.
pub(super) fn raise_colliding_detours(links: &mut [Link<'_>], needs: &[Need], world: &World) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for (link, _) in links.iter_mut().zip(needs).filter(|(link, need)| need.detour && link.wanted && !link.is_blocked()) {
        let name = link.target_user(world).and_then(|account| account.original_upn().parse::<Upn>().ok());
        let Some(park) = name.and_then(|name| park_name(&name, &world.tenant)) else { continue };
        match first.entry(fold(park.as_str()).into_owned()) {
            Entry::Vacant(entry) => drop(entry.insert(link.id.to_owned())),
            Entry::Occupied(entry) => {
                let message = format!(
                    "the name {park}, which the federated detour needs, is that of the detour of mapping `{}`, too",
                    entry.get()
                );
                let finding = link.finding(Code::ParkNameTaken, message);
                link.raise(finding.hint("Carry out a plan without this mapping (`--partial`), then plan again."));
            }
        }
    }
}

/// A deleted account that is to come back, for good or only to be cleared, under a name that a parked account gets back.
pub(super) fn raise_restores_of_parked_names(links: &mut [Link<'_>], plans: &Plans, world: &World) {
    let parked: BTreeMap<String, String> = links
        .iter()
        .zip(&plans.needs)
        .filter(|(_, need)| need.unpark)
        .filter_map(|(link, _)| Some((fold(link.parked.as_ref()?.as_str()).into_owned(), link.id.to_owned())))
        .collect();
    let restored: Vec<(usize, &CloudUser)> = if parked.is_empty() { Vec::new() } else { restored(links, plans, world) };
    for (at, account) in restored {
        let (Some(link), name) = (links.get_mut(at), account.original_upn()) else { continue };
        let Some(owner) = parked.get(&*fold(name)) else { continue };
        let message =
            format!("the account of mapping `{owner}` gets the name {name} back, and a deleted account is to come back with it");
        let finding = link.finding(Code::TargetSoftDeleted, message).objects([cloud_user_line(account)]);
        link.raise(finding.hint(
            "To restore it, rename the account that uses the name now, or choose that one. To clear it, decide `resolve: purge`, or give \
             the name back in a plan of its own first.",
        ));
    }
}

/// Whether the mapping names its account by a name that somebody in the recycle bin has, too.
fn has_deleted_twin(link: &Link<'_>, upn: &Upn, world: &World) -> bool {
    let twins = world.tenant.by_upn(upn.as_str());
    matches!(link.mapping.cloud.key, CloudKey::Upn(_))
        && twins.into_iter().filter_map(|user| world.tenant.user(user)).any(CloudUser::is_deleted)
}

fn raise_federated_leave(link: &mut Link<'_>, upn: &Upn) {
    let message =
        format!("{upn} is in a federated domain, where nobody can sign in without an ImmutableID; it cannot be cleared");
    let hint = "Give the user a sign-in name in a managed domain first, or make the domain managed.";
    let finding = link.finding(Code::FederatedDomain, message).hint(hint);
    link.raise(finding);
}

fn raise_federated_set(link: &mut Link<'_>, account: &CloudUser, upn: &Upn, world: &World, need: &mut Need) {
    // What keeps the detour from being made is said even where it is accepted.
    link.use_accept(Acceptable::FederatedDomain);
    let Some(park) = park_name(upn, &world.tenant) else {
        let message = format!(
            "{upn} is in a federated domain, and the tenant's onmicrosoft.com domain is not known, so there is nowhere to park the name"
        );
        let finding = link.finding(Code::FederatedDomain, message).hint("Export the tenant's domains, too.");
        return link.raise(finding);
    };
    if raise_not_found_again(link, account, upn, world) {
        return;
    }
    let message = format!("{upn} is in a federated domain, where the ImmutableID cannot change in place");
    let hint = format!(
        "Write `accept: [federated-domain]`: the name moves to {park}, the ID is set, the name moves back. Sign-in fails in between."
    );
    let finding = link.finding(Code::FederatedDomain, message).hint(hint);
    need.detour = link.raise_unless_accepted(Acceptable::FederatedDomain, finding);
    let owners = world.tenant.live_by_upn(park.as_str()).into_iter().filter_map(|user| world.tenant.user(user));
    let taken: Vec<String> = owners.map(cloud_user_line).collect();
    if need.detour && !taken.is_empty() {
        let message = format!("the name {park}, which the federated detour needs, is taken");
        let finding = link.finding(Code::ParkNameTaken, message).objects(taken).hint("Rename that account, then plan again.");
        link.raise(finding);
    }
}

/// An account that the mapping would not find again once its name is parked: a detour that is interrupted could not be finished.
fn raise_not_found_again(link: &mut Link<'_>, account: &CloudUser, upn: &Upn, world: &World) -> bool {
    let finding = if !is_recognisable(upn, account, link, world) {
        let message = format!(
            "{upn} is in a federated domain, and neither its mail addresses nor the AD user name it, so an interrupted detour could not be finished"
        );
        link.finding(Code::FederatedDomain, message)
            .hint("Give the account this mail address first, or the AD user this userPrincipalName.")
    } else if link.mapping.restore && has_deleted_twin(link, upn, world) {
        let message = format!(
            "a deleted account has the name {upn}, too; once the detour has parked the name, the mapping would restore that one"
        );
        link.finding(Code::CloudAmbiguous, message).hint("Take `restore: true` out of the mapping, or name the account by `id`.")
    } else {
        return false;
    };
    link.raise(finding);
    true
}
