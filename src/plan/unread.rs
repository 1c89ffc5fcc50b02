//! What was not read of the directories, and what that leaves open: what is absent is unknown, never empty.

use std::collections::BTreeSet;

use crate::model::questions::CloudQuestion;
use crate::model::{CloudUser, EntraId, Known};
use crate::tenant_model::ChangeKind;

use super::describe::{ad_user_line, cloud_user_line};
use super::draft::Draft;
use super::finding::{Code, Finding, Severity};
use super::listed::EXAMPLES;
use super::order::{Op, Write};
use super::world::World;

/// What a plan says that knows nothing of roles.
const ROLES_UNREAD: &str = "roles were";

/// Whether a plan with these findings knows nothing of roles.
pub(crate) fn says_roles_unread(findings: &[Finding]) -> bool {
    let mut general = findings.iter().filter(|finding| finding.mapping.is_none() && finding.code == Code::NotChecked);
    general.any(|finding| finding.message.starts_with(ROLES_UNREAD))
}

/// What was not read, and what that leaves open.
pub(super) fn not_read(draft: &Draft<'_>, world: &World) -> Vec<Finding> {
    let mut findings = unread_parts(draft, world);
    let observed = world.tenant.observed();
    if world.forests.is_empty() {
        let message = "no forest is configured: the given GUIDs and ImmutableIDs are taken at their word";
        findings.push(
            Finding::general(Code::NotChecked, message).hint("Add the forest's export under `forests` to have them checked."),
        );
    }
    let doubts = observed.doubts.iter().chain(world.forests.all().iter().flat_map(|forest| &forest.doubts));
    findings.extend(doubts.map(|doubt| Finding::general(Code::NotChecked, doubt.clone())));
    findings.extend(unread_sync_state(draft, world));
    findings.extend(unread_sign_ins(draft, world));
    findings.extend(unread_sids(draft, world));
    findings.extend(unread_pins(draft, world));
    findings.extend(unread_authentication(draft, world));
    findings.extend(unread_authority(draft, world));
    findings.extend(unread_of_matched(draft, world));
    findings.extend(formerly_synced(draft, world));
    findings.extend(unresolved_groups(world));
    findings
}

/// The parts of the tenant that were not read at all.
fn unread_parts(draft: &Draft<'_>, world: &World) -> Vec<Finding> {
    let observed = world.tenant.observed();
    let mut findings = Vec::new();
    let mut unknown = |what: &str, so: &str| {
        findings.push(Finding::general(Code::NotChecked, format!("{what} not read")).hint(format!("{so} Export it, too.")));
    };
    if !observed.recycle_bin_read {
        unknown("the recycle bin was", "A deleted account may hold a wanted ImmutableID; setting it would then be refused.");
    }
    if observed.roles.is_none() {
        unknown(
            ROLES_UNREAD,
            "Sync refuses hard matches onto accounts with privileged roles, and nobody can tell here who has one.",
        );
    }
    if observed.features.is_none() {
        unknown("the feature flags of directory synchronisation were", "A flag may block every hard match.");
    }
    if observed.domains.as_ref().is_none_or(Vec::is_empty) {
        unknown("the domains were", "Accounts in federated domains cannot be changed in place.");
    }
    if !draft.ops.is_empty() {
        let parts = [(observed.groups_read, "groups were"), (observed.contacts_read, "contacts were")];
        let so = "One of them may have an address of an AD user: sync then withholds it, or refuses the user.";
        parts.iter().filter(|(is_read, _)| !is_read).for_each(|(_, what)| unknown(what, so));
    }
    findings
}

/// The accounts that were synced once and whose on-premises values are written.
fn written_after_sync(draft: &Draft<'_>, world: &World) -> BTreeSet<String> {
    let accounts = draft.ops.iter().filter_map(|op| match &op.write {
        Write::Account(
            _,
            ChangeKind::SoftDelete | ChangeKind::Purge | ChangeKind::Restore | ChangeKind::SetUserPrincipalName(_),
        )
        | Write::Stamp(..) => None,
        Write::Account(
            user,
            ChangeKind::SetImmutableId(_)
            | ChangeKind::ClearImmutableId { .. }
            | ChangeKind::ClearSecurityIdentifier
            | ChangeKind::ClearObjectIdentifier,
        ) => world.tenant.user(*user),
    });
    accounts.filter(|account| account.sync_enabled == Known::Is(false)).map(cloud_user_line).collect()
}

fn unread_sync_state(draft: &Draft<'_>, world: &World) -> Option<Finding> {
    let written = draft.ops.iter().filter_map(|op| match &op.write {
        Write::Account(user, _) => world.tenant.user(*user),
        Write::Stamp(..) => None,
    });
    let mapped = draft.links.iter().filter(|link| link.anchor.is_some() && !link.is_blocked());
    let accounts = written.chain(mapped.filter_map(|link| link.target_user(world)));
    let unread = accounts.filter(|account| account.sync_enabled == Known::Unknown);
    not_checked(
        unread.map(cloud_user_line).collect(),
        |count| format!("whether {count} of the accounts that are mapped or to be written are synced was not read"),
        "Writes to synced accounts are refused, and whom sync has taken over is not known. Export `onPremisesSyncEnabled`, too.",
    )
}

/// The accounts of mappings that are written or whose AD user is stamped.
fn written_targets<'w>(draft: &'w Draft<'_>, world: &'w World) -> impl Iterator<Item = &'w CloudUser> {
    draft.ops.iter().filter_map(|op| {
        let target = draft.links.get(op.link)?.target?;
        let is_its_own = matches!(&op.write, Write::Account(user, _) if *user == target) || matches!(op.write, Write::Stamp(..));
        is_its_own.then(|| world.tenant.user(target))?
    })
}

/// Whoever was never synced has none.
fn unread_pins(draft: &Draft<'_>, world: &World) -> Option<Finding> {
    let is_unread = |account: &&CloudUser| !account.object_identifier.is_read() && account.sync_enabled != Known::Null;
    not_checked(
        written_targets(draft, world).filter(is_unread).map(cloud_user_line).collect(),
        |count| {
            format!(
                "`onPremisesObjectIdentifier` of {count} of the accounts to be written was not read: whether one is pinned to another \
                 AD object, which sync refuses since July 2026, is not known"
            )
        },
        "Export `onPremisesObjectIdentifier`, too (in beta it is one of the properties of a user).",
    )
}

fn unread_authentication(draft: &Draft<'_>, world: &World) -> Option<Finding> {
    let is_unread = |account: &&CloudUser| world.tenant.suffix_of(account.original_upn()).is_federation_unread();
    let is_told = world.tenant.observed().domains.as_ref().is_none_or(Vec::is_empty);
    let accounts = written_targets(draft, world).filter(|account| !is_told && is_unread(account));
    not_checked(
        accounts.map(cloud_user_line).collect(),
        |count| format!("whether the domains of {count} of the accounts to be written are federated was not read"),
        "In a federated domain Entra refuses a change of the ImmutableID. Export `authenticationType` of the domains, too.",
    )
}

/// Where not even the licences of an account were read, its mapping has that finding.
fn unread_sign_ins(draft: &Draft<'_>, world: &World) -> Option<Finding> {
    let purged = draft.ops.iter().filter_map(|op| match &op.write {
        Write::Account(user, ChangeKind::Purge) => world.tenant.user(*user),
        Write::Account(..) | Write::Stamp(..) => None,
    });
    let unread = purged.filter(|account| !account.last_sign_in.is_read() && account.traits.licenses.is_read());
    not_checked(
        unread.map(cloud_user_line).collect(),
        |count| format!("when {count} of the accounts to be purged last signed in was not read; licences alone tell their use"),
        "Export `signInActivity`, too (null for whoever never signed in), or look before you approve.",
    )
}

/// Whose SID is not known may carry that of somebody else, or have it carried by somebody else.
fn unread_sids(draft: &Draft<'_>, world: &World) -> Option<Finding> {
    let message = |count| {
        format!(
            "the SIDs of {count} of the users to be written were not read: whether one stands in the way of a hard match, or has to \
             be cleared, is not known"
        )
    };
    not_checked(
        draft.ops.iter().flat_map(|op| without_sid(op, draft, world)).collect(),
        message,
        "Export `objectSid` of AD users and `onPremisesSecurityIdentifier` of accounts, too.",
    )
}

/// The AD user and the account of a write, as far as their SIDs were not read.
fn without_sid(op: &Op, draft: &Draft<'_>, world: &World) -> Vec<String> {
    let Write::Account(user, ChangeKind::SetImmutableId(_) | ChangeKind::ClearImmutableId { .. }) = &op.write else {
        return Vec::new();
    };
    let account = world.tenant.user(*user).filter(|account| !account.sid.is_read());
    let link = draft.links.get(op.link).filter(|link| link.ad_sid(world).is_none());
    let ad_user = link.and_then(|link| ad_user_line(link.ad?, world));
    account.map(cloud_user_line).into_iter().chain(ad_user).collect()
}

/// A property of accounts, whether it was not read, and what is not known then.
type Unread = (&'static str, fn(&CloudUser) -> bool, &'static str);

const UNREAD: [Unread; 3] = [
    // Who has the name of a guest counts as one, and is told so.
    (
        "userType",
        |account| !account.traits.user_type.is_read() && !account.is_guest(),
        "only their names tell whether they are guests",
    ),
    (
        "proxyAddresses",
        |account| !account.proxy_addresses.is_read(),
        "whether sync takes an address away, or finds one taken, is not known",
    ),
    (
        "accountEnabled",
        |account| !account.traits.account_enabled.is_read(),
        "whether sync lets somebody sign in who may not do so now is not known",
    ),
];

/// What was not read of the accounts that sync is to take over: a stamp hands one over as an ID does.
fn unread_of_matched(draft: &Draft<'_>, world: &World) -> Vec<Finding> {
    let accounts = draft.ops.iter().filter_map(|op| match &op.write {
        Write::Account(user, ChangeKind::SetImmutableId(_)) => world.tenant.user(*user),
        Write::Stamp(..) => draft.links.get(op.link)?.target_user(world),
        Write::Account(..) => None,
    });
    let accounts: Vec<&CloudUser> = accounts.collect();
    let finding = |(property, is_unread, so): &Unread| {
        let unread = accounts.iter().copied().filter(|account| is_unread(account));
        not_checked(
            unread.map(cloud_user_line).collect(),
            |count| format!("`{property}` of {count} of the accounts to be matched was not read: {so}"),
            &format!("Export `{property}`, too."),
        )
    };
    UNREAD.iter().filter_map(finding).collect()
}

/// Of an account in the recycle bin Graph does not tell it. Whoever was never synced is not handed over to the cloud.
fn unread_authority(draft: &Draft<'_>, world: &World) -> Option<Finding> {
    let restored = draft.ops.iter().filter_map(|op| {
        let link = draft.links.get(op.link).filter(|link| link.anchor.is_some())?;
        let target = link.target.filter(|target| op.write == Write::Account(*target, ChangeKind::Restore))?;
        world.tenant.user(target)
    });
    let is_unread = |account: &&CloudUser| !account.traits.cloud_managed.is_read() && account.sync_enabled != Known::Null;
    let message = |count| {
        format!(
            "whether {count} of the accounts to be restored are managed in the cloud (isCloudManaged), which sync skips, was not read"
        )
    };
    not_checked(
        restored.filter(is_unread).map(cloud_user_line).collect(),
        message,
        "Look at `onPremisesSyncBehavior` of the account once it is restored, or run `hardmatch verify` then.",
    )
}

/// Microsoft's own sources disagree on accounts that left sync, so only the write itself tells.
fn formerly_synced(draft: &Draft<'_>, world: &World) -> Option<Finding> {
    let message = |count| {
        format!("{count} of the accounts to be written were synced once; Entra may refuse on-premises values of such accounts")
    };
    let hint = "If a write is refused, let a sync cycle pass and apply again; a holder can also be purged instead of cleared.";
    let finding = not_checked(written_after_sync(draft, world), message, hint);
    finding.map(|finding| finding.with_severity(Severity::Info))
}

/// What is not known of so many users, some of them by name.
fn not_checked(users: BTreeSet<String>, message: impl FnOnce(usize) -> String, hint: &str) -> Option<Finding> {
    if users.is_empty() {
        return None;
    }
    let finding = Finding::general(Code::NotChecked, message(users.len())).hint(hint);
    Some(finding.objects(users.into_iter().take(EXAMPLES)))
}

fn unresolved_groups(world: &World) -> Option<Finding> {
    let groups = world.tenant.unresolved_role_groups();
    let name = |id: &EntraId| {
        world.recorder().tenant(|| CloudQuestion::Id(*id));
        let group = world.tenant.observed().others.iter().find(|other| other.id == *id);
        group.and_then(|group| group.display_name.as_deref()).map_or_else(|| id.to_string(), |name| format!("{name} (id {id})"))
    };
    (!groups.is_empty()).then(|| {
        Finding::general(Code::NotChecked, "groups hold roles, and who their members are was not read")
            .objects(groups.iter().take(EXAMPLES).map(name))
            .hint("A member counts as privileged, and sync would refuse the hard match. Export the members, too.")
    })
}
