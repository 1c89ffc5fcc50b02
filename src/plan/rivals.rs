//! AD users who may get what a mapping wants for another one: those with the same source anchor, or a name of it.

use crate::model::{AdUser, CloudUser};
use crate::tenant_model::{self, SyncOutcome, UserRef};

use super::describe::ad_user_line;
use super::finding::{Code, Finding};
use super::link::Link;
use super::listed::Listed;
use super::next_sync::ask;
use super::world::{AdRef, World, mail_addresses};

/// AD users of other forests with the anchor of this one; of a disabled one also whoever seems to be the same person and is
/// enabled, because sync takes sign-in from that.
pub(super) fn raise_twins(link: &mut Link<'_>, ad: AdRef, user: &AdUser, world: &World) {
    let Some((own_forest, _)) = world.forests.get(ad).filter(|_| world.forests.all().len() > 1) else { return };
    let elsewhere = |twin: &AdRef| {
        let found = world.forests.get(*twin).filter(|(_, twin)| twin.excluded.is_none());
        found.filter(|(forest, _)| forest.name != own_forest.name).map(|(_, twin)| twin)
    };
    let is_enabled = |twin: &AdRef| elsewhere(twin).is_some_and(|twin| twin.enabled == Some(true));
    let anchor = world.forests.anchor(ad).and_then(Result::ok);
    let sharers = anchor.map(|anchor| world.forests.by_anchor(&anchor.value, None)).unwrap_or_default();
    let mut twins: Vec<AdRef> = sharers.into_iter().filter(|twin| elsewhere(twin).is_some()).collect();
    let is_disabled = user.enabled == Some(false);
    let enabled: Vec<AdRef> =
        if is_disabled { twins.iter().copied().chain(namesakes(user, world)).filter(is_enabled).collect() } else { Vec::new() };
    if !enabled.is_empty() {
        return raise_enabled(link, enabled, world);
    }
    // Whom sync has linked already stays linked.
    twins.retain(|_| !link.target_user(world).is_some_and(CloudUser::is_held_by_sync));
    let (copies, rivals) = twins.into_iter().partition(|twin| elsewhere(twin).is_some_and(|twin| twin.guid == user.guid));
    raise_copies(link, copies, world);
    raise_rivals(link, rivals, world);
}

/// Whoever has the sign-in name or an address of an AD user as either of the two.
pub(super) fn namesakes(user: &AdUser, world: &World) -> impl Iterator<Item = AdRef> {
    let names = user.upn.as_deref().into_iter().chain(mail_addresses(user));
    names.flat_map(|name| called(name, world))
}

fn called(name: &str, world: &World) -> impl Iterator<Item = AdRef> {
    world.forests.by_upn(name, None).into_iter().chain(world.forests.by_address(name, None))
}

fn raise_enabled(link: &mut Link<'_>, twins: Vec<AdRef>, world: &World) {
    let message = "the AD user is disabled, and another forest has an enabled account of the same person";
    let hint = "Sync joins the two and takes the anchor from the enabled account: map that one, or enable this one and disable the other first.";
    let finding = link.finding(Code::EnabledTwin, message).listed(listed(twins, world));
    link.raise(finding.hint(hint));
}

/// That an AD user is in two forests.
pub(super) const SAME_OBJECT: &str = "another forest of the configuration has the very same object (one objectGUID): it was moved, and one of the two was read before that";

/// An objectGUID is given once in a forest of domains: where two exports have it, somebody was moved between them.
fn raise_copies(link: &mut Link<'_>, twins: Vec<AdRef>, world: &World) {
    if twins.is_empty() {
        return;
    }
    let hint = "Export both anew at the same time, and plan again: the object is then in one of them only.";
    let finding = link.finding(Code::EnabledTwin, SAME_OBJECT).listed(listed(twins, world));
    link.raise(finding.hint(hint));
}

fn raise_rivals(link: &mut Link<'_>, twins: Vec<AdRef>, world: &World) {
    if twins.is_empty() {
        return;
    }
    let is_disabled = |twin: &AdRef| world.forests.user(*twin).is_some_and(|twin| twin.enabled == Some(false));
    let how = if twins.iter().all(is_disabled) { "disabled (sync takes it all the same)" } else { "enabled, too" };
    let message = format!(
        "another forest has an AD user with the same source anchor, which is {how}: unless that one is out of the scope of sync, the account may go to it"
    );
    let hint = "Whom sync sees first gets the account, unless it joins the two. Keep the other one out of the scope of sync (to disable \
                it is not enough) before the sync cycle; `hardmatch verify` then says whose the account is.";
    let finding = link.finding(Code::EnabledTwin, message).listed(listed(twins, world));
    link.raise(finding.hint(hint));
}

fn listed(mut twins: Vec<AdRef>, world: &World) -> Listed {
    twins.sort_unstable();
    twins.dedup();
    Listed::of(twins.len(), twins.iter().filter_map(|twin| ad_user_line(*twin, world)))
}

/// Other AD users with the sign-in name or a mail address of this one: in the tenant one of them can have it.
///
/// A disabled one in another forest is most likely the same person, whom sync joins.
pub(super) fn raise_shared_names(link: &mut Link<'_>, ad: AdRef, user: &AdUser, world: &World) {
    let Some((own_forest, _)) = world.forests.get(ad) else { return };
    let claims = |other: &AdRef| {
        let found = world.forests.get(*other).filter(|(_, other)| other.excluded.is_none() && other.guid != user.guid);
        *other != ad && found.is_some_and(|(forest, other)| forest.name == own_forest.name || other.enabled != Some(false))
    };
    let others: Vec<AdRef> = namesakes(user, world).filter(claims).collect();
    let is_told = link.findings.iter().any(|finding| finding.code == Code::EnabledTwin);
    if others.is_empty() || is_told {
        return;
    }
    let message =
        "another AD user has the sign-in name or a mail address of this one, too: in the tenant whoever is synced first gets it";
    let finding = link.finding(Code::AddressConflict, message).listed(listed(others, world));
    link.raise(finding.hint(
        "If they are one person, make sure that this is the AD user that sync takes the account from, and keep the other out of its \
         scope. If they are two, correct the name in Active Directory before the sync cycle.",
    ));
}

/// Accounts that stand without an ImmutableID in the end: whoever sync matches them with by their names gets them.
pub(super) fn raise_opened(link: &mut Link<'_>, end: &World) {
    let target = link.target.filter(|_| link.anchor.is_none());
    let cleared: Vec<UserRef> = link.decided.iter().map(|(user, _)| *user).collect();
    for user in target.into_iter().chain(cleared) {
        let Some(account) = end.tenant.user(user).filter(|account| is_open(account)) else { continue };
        let takers: Vec<AdRef> = takers(user, account, end).filter(|taker| Some(*taker) != link.ad).collect();
        if !takers.is_empty() {
            raise_taken_by_name(link, account, takers, end);
        }
    }
}

fn is_open(account: &CloudUser) -> bool {
    account.immutable_id.is_none() && !account.is_deleted() && !account.is_held_by_sync()
}

/// The AD users whom sync soft matches with an account.
fn takers(user: UserRef, account: &CloudUser, end: &World) -> impl Iterator<Item = AdRef> {
    let names = std::iter::once(account.original_upn()).chain(tenant_model::mail_addresses(account));
    let takes =
        move |taker: &AdRef| matches!(ask(*taker, end), Some(SyncOutcome::SoftMatch { user: taken, .. }) if taken == user);
    names.flat_map(|name| called(name, end)).filter(takes)
}

fn raise_taken_by_name(link: &mut Link<'_>, account: &CloudUser, takers: Vec<AdRef>, end: &World) {
    let who = listed(takers, end).into_lines();
    let is_told =
        |finding: &Finding| finding.code == Code::TargetWasLinked && who.iter().all(|line| finding.objects.contains(line));
    if link.findings.iter().any(is_told) {
        return;
    }
    let message = format!(
        "{} has no ImmutableID then, and an AD user has its name or an address of it: the next cycle links the two (soft match)",
        account.original_upn()
    );
    let finding = link.finding(Code::TargetWasLinked, message).objects(who);
    let hint = "If that is not wanted, keep the AD user out of the scope of sync, or map it to the account that it belongs to.";
    link.raise(finding.hint(hint));
}
