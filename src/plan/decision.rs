//! Whether a decision on an account that stands in the way may be carried out: clear its ID, or purge it.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Acceptable, CloudUser, Resolve};

use super::account::{raise_cloud_managed, raise_role_of_cleared, role_lines};
use super::describe::cloud_user_line;
use super::finding::Code;
use super::link::Link;
use super::protection::Protection;
use super::reasons::InTheWay;
use super::restores::{Freed, restore_conflicts};
use super::world::World;

/// Signed in to within so many days means in use.
const IN_USE_DAYS: i64 = 30;

/// Everything that forbids a decision on an account that is not synced.
pub(super) fn check_decision(
    link: &mut Link<'_>,
    account: &CloudUser,
    resolve: Resolve,
    world: &World,
    protection: &Protection<'_>,
) {
    check_protected(link, account, world, protection);
    raise_cloud_managed(link, account);
    match resolve {
        Resolve::Purge => check_purge(link, account, world),
        Resolve::Clear => check_clear(link, account, world),
    }
}

/// Raises that the policy forbids to write an account that stands in the way; tells whether it does.
pub(super) fn check_protected(link: &mut Link<'_>, account: &CloudUser, world: &World, protection: &Protection<'_>) -> bool {
    let Some(by) = protection.of_account(account, &world.tenant) else { return false };
    let what = InTheWay::of(account, std::iter::once(&*link), world).why_protected();
    let message = format!("{} {what} and is protected {by}", account.original_upn());
    let finding = link.finding(Code::HolderProtected, message);
    link.raise(
        finding.objects([cloud_user_line(account)]).hint("Find another way, or have the policy changed in a review of its own."),
    );
    true
}

/// Whether nobody could sign in any more by an account without its ImmutableID.
pub(super) fn needs_its_id(account: &CloudUser, world: &World) -> bool {
    let domain = account.original_upn().rsplit_once('@').map_or("", |(_, domain)| domain);
    account.immutable_id.is_some() && super::federation::is_federated(domain, &world.tenant)
}

/// Whether an account holds a role, as far as it is known; who does is not purged.
pub(super) fn holds_role(account: &CloudUser, world: &World) -> bool {
    world.tenant.roles_of(&account.id).is_some_and(|roles| !roles.is_empty())
}

fn check_clear(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    if needs_its_id(account, world) {
        let message = format!("{} is in a federated domain, where its ImmutableID cannot be cleared", account.original_upn());
        let hint = "Give the account a sign-in name in a managed domain first, or decide to purge it.";
        let finding = link.finding(Code::FederatedDomain, message).objects([cloud_user_line(account)]).hint(hint);
        link.raise(finding);
    }
    if account.is_deleted() {
        check_clear_in_the_bin(link, account, world);
    }
    raise_role_of_cleared(link, account, &world.tenant);
}

/// A deleted account is restored for as long as it takes to clear it.
fn check_clear_in_the_bin(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let taken = restore_conflicts(account, &world.tenant, &Freed::default());
    if !taken.is_empty() {
        let message = format!(
            "{} is in the recycle bin and has to be restored to be cleared, which Entra refuses: somebody else has a name, address, ImmutableID or SID of it",
            account.original_upn()
        );
        let hint = "Rename what uses it now, then plan again; or decide `resolve: purge` if the account is worthless.";
        let finding = link.finding(Code::HolderUndecided, message).listed(taken.listed()).hint(hint);
        link.raise(finding);
    }
}

fn check_purge(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let name = account.original_upn();
    match world.tenant.roles_of(&account.id) {
        Some(roles) if !roles.is_empty() => {
            let message = format!("{name} is to be purged but holds a role");
            let hint = "Take the role away first if the account is really worthless, or decide `resolve: clear`.";
            let finding = link.finding(Code::HolderPrivileged, message).objects(role_lines(&roles, &world.tenant)).hint(hint);
            link.raise(finding);
        }
        Some(_) if world.tenant.unresolved_role_groups().is_empty() => {}
        roles => {
            let (why, cure) = match roles {
                None => ("roles were not read", "Export the roles, too"),
                Some(_) => ("a group holds a role and its members were not read", "Export the `members` of that group, too"),
            };
            let message = format!("{name} is to be purged, and nobody can tell whether it holds a role: {why}");
            let hint = format!("{cure}; or, if you have looked, write `accept: [privilege-unknown]` with `because`.");
            let finding = link.finding(Code::PrivilegeUnknown, message).objects([cloud_user_line(account)]).hint(hint);
            link.raise_unless_accepted(Acceptable::PrivilegeUnknown, finding);
        }
    }
    check_in_use(link, account, world);
}

fn check_in_use(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let mut uses: Vec<String> = Vec::new();
    if let Some(skus) = account.traits.licenses.value().filter(|skus| !skus.is_empty()) {
        let word = if skus.len() == 1 { "licence" } else { "licences" };
        uses.push(format!("{} {word}: {}", skus.len(), skus.iter().collect::<Vec<_>>().join(", ")));
    }
    if let Some(last) = account.last_sign_in.value() {
        let taken_at = world.tenant.observed().taken_at.as_deref();
        let unknown =
            if taken_at.is_none() { " (how long ago is not known: the tenant does not say when it was read)" } else { "" };
        if signed_in_lately(last, taken_at) {
            uses.push(format!("last sign-in {last}{unknown}"));
        }
    }
    if let Some(purpose) = account.shared_mailbox() {
        uses.push(format!("a {purpose} mailbox, which goes with it"));
    }
    if !uses.is_empty() {
        let message = format!("{} is to be purged but is in use", account.original_upn());
        let hint = "Look whose it is. If it is worthless, write `accept: [holder-in-use]` with `because`; otherwise decide `resolve: clear`.";
        let finding = link.finding(Code::HolderInUse, message).objects(uses).hint(hint);
        link.raise_unless_accepted(Acceptable::HolderInUse, finding);
    } else if !account.traits.licenses.is_read() {
        let message = format!("whether {}, which is to be purged, has licences was not read", account.original_upn());
        let finding = link
            .finding(Code::NotChecked, message)
            .hint("Export `assignedLicenses` and `signInActivity`, too, or look before you approve.");
        link.raise(finding);
    }
}

/// Whether a sign-in lies within the last 30 days before the tenant was read. What cannot be told counts as lately.
fn signed_in_lately(last: &str, taken_at: Option<&str>) -> bool {
    let (Ok(last), Some(Ok(taken_at))) = (last.parse::<Timestamp>(), taken_at.map(str::parse::<Timestamp>)) else { return true };
    last.duration_until(taken_at) <= SignedDuration::from_hours(24 * IN_USE_DAYS)
}
