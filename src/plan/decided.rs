//! What a mapping decides, held against who is in its way: decisions that fit nobody, two accounts, or contradict each other.

use crate::model::{CloudUser, HolderDecision, Resolve};
use crate::tenant_model::UserRef;

use super::called::names;
use super::describe::cloud_user_line;
use super::draft::Targets;
use super::finding::Code;
use super::link::Link;
use super::obstacles::Obstacle;
use super::world::World;

/// The decision of this mapping on an account, by id or by sign-in name (of deleted accounts: the name before).
pub(super) fn decision_on<'a>(link: &Link<'a>, account: &CloudUser) -> Option<&'a HolderDecision> {
    link.mapping.holders.iter().find(|decision| names(&decision.account.key, account))
}

/// What there is to say of decisions once all accounts in the way are known.
pub(super) fn conclude_decisions(
    link: &mut Link<'_>,
    sets: bool,
    found: &[(UserRef, Obstacle)],
    targets: &Targets,
    world: &World,
) {
    raise_ambiguous_decisions(link, found, targets, world);
    raise_contradictory_decisions(link, found, targets, world);
    sort_decisions(link, world);
    if sets {
        raise_unneeded_decisions(link, found, targets, world);
    }
}

/// By object id: the order in which accounts were read must not show in the order of writes.
fn sort_decisions(link: &mut Link<'_>, world: &World) {
    link.decided.sort_by_key(|(user, resolve)| (world.tenant.user(*user).map(|account| account.id), *resolve));
    link.decided.dedup();
}

/// Who is in the way and the target of no mapping.
fn free<'w>(found: &[(UserRef, Obstacle)], targets: &Targets, world: &'w World) -> impl Iterator<Item = &'w CloudUser> {
    found.iter().filter(|(user, _)| !targets.contains_key(user)).filter_map(|(user, _)| world.tenant.user(*user))
}

/// One name for two accounts in the way, say a live one and an older one in the recycle bin.
fn raise_ambiguous_decisions(link: &mut Link<'_>, found: &[(UserRef, Obstacle)], targets: &Targets, world: &World) {
    for decision in &link.mapping.holders {
        let accounts: Vec<&CloudUser> =
            free(found, targets, world).filter(|account| names(&decision.account.key, account)).collect();
        if accounts.len() > 1 {
            let message =
                format!("the decision on `{}` fits {} accounts that stand in the way", decision.account.text, accounts.len());
            let finding = link.finding(Code::HolderUndecided, message).objects(accounts.into_iter().map(cloud_user_line));
            link.raise(finding.hint("Name each account by its id."));
        }
    }
}

/// One account that is named in two ways, to be purged by one and to be cleared by the other.
fn raise_contradictory_decisions(link: &mut Link<'_>, found: &[(UserRef, Obstacle)], targets: &Targets, world: &World) {
    for account in free(found, targets, world) {
        let on_it = |wanted: Resolve| {
            let mut decisions = link.mapping.holders.iter().filter(|decision| decision.resolve == wanted);
            decisions.find(|decision| names(&decision.account.key, account)).map(|decision| decision.account.text.clone())
        };
        let (Some(purged), Some(cleared)) = (on_it(Resolve::Purge), on_it(Resolve::Clear)) else { continue };
        let message = format!(
            "this mapping decides twice on {}: to purge it (as `{purged}`) and to clear it (as `{cleared}`)",
            account.original_upn()
        );
        let finding = link.finding(Code::HolderUndecided, message).objects([cloud_user_line(account)]);
        link.raise(finding.hint("Keep the one of the two decisions that is right."));
    }
}

/// A decision to purge somebody whom another mapping wants to keep, whatever stands in the way today.
pub(super) fn raise_purged_targets(link: &mut Link<'_>, targets: &Targets, world: &World) {
    for decision in &link.mapping.holders {
        for account in purged_targets(decision, targets, world) {
            if is_spent_on(link, account, world) {
                raise_spent(link, decision);
                continue;
            }
            let message = format!("{} is to be purged here, but it is the target of a mapping", account.original_upn());
            let finding = link.finding(Code::HolderProtected, message).objects([cloud_user_line(account)]);
            let hint = "Remove the decision: that mapping gives the account the ImmutableID that it is to have, or takes it off, in order. \
                        If another account of that name is meant, give its id.";
            link.raise(finding.hint(hint));
        }
    }
}

/// Whether an account is the mapping's own and has what it was to get: sync has given it the name of the one that was purged.
fn is_spent_on(link: &Link<'_>, account: &CloudUser, world: &World) -> bool {
    let is_own = link.target_user(world).is_some_and(|own| own.id == account.id);
    is_own && link.anchor.as_ref().is_some_and(|anchor| account.immutable_id.as_ref() == Some(&anchor.value))
}

fn raise_spent(link: &mut Link<'_>, decision: &HolderDecision) {
    let message = format!(
        "the decision on `{}` names the right account itself now, which has its ImmutableID: it is left alone",
        decision.account.text
    );
    let finding = link.finding(Code::AcceptUnused, message);
    link.raise(finding.hint("Remove the decision: it has been carried out."));
}

/// The accounts of mappings that a decision would purge.
fn purged_targets<'w>(decision: &HolderDecision, targets: &Targets, world: &'w World) -> impl Iterator<Item = &'w CloudUser> {
    let named = (decision.resolve == Resolve::Purge).then(|| super::resolve::find_cloud(&decision.account.key, world));
    let kept = named.into_iter().flatten().filter(|user| targets.contains_key(user));
    kept.filter_map(|user| world.tenant.user(user))
}

/// Decisions on accounts that are not in the way. Of those that are refused nothing is left alone.
fn raise_unneeded_decisions(link: &mut Link<'_>, found: &[(UserRef, Obstacle)], targets: &Targets, world: &World) {
    let in_the_way: Vec<&CloudUser> = found.iter().filter_map(|(user, _)| world.tenant.user(*user)).collect();
    let unneeded: Vec<&HolderDecision> = link
        .mapping
        .holders
        .iter()
        .filter(|decision| !in_the_way.iter().any(|account| names(&decision.account.key, account)))
        .filter(|decision| purged_targets(decision, targets, world).next().is_none())
        .collect();
    for decision in unneeded {
        let message = format!(
            "the decision on `{}` was not needed: no such account holds this ImmutableID or SID; it is left alone",
            decision.account.text
        );
        let finding = link.finding(Code::AcceptUnused, message).hint("Check the name, or remove the decision.");
        link.raise(finding);
    }
}
