//! What a reviewer should know about the cloud user of a mapping before it is written, and what forbids it.

use crate::model::{Acceptable, AdUser, AnchorForm, CloudUser, EntraId, Exclusion, ImmutableId, Known, ObjectGuid, RoleState};
use crate::tenant_model::{RoleHeld, Tenant};

use super::describe::{ad_user_line, anchor_text, other_line};
use super::finding::Code;
use super::link::Link;
use super::listed::Listed;
use super::owners::{Kinship, owners_of};
use super::protection::Protection;
use super::rivals::namesakes;
use super::world::{AdRef, World};

pub(super) fn raise_protected(link: &mut Link<'_>, account: &CloudUser, protection: &Protection<'_>, tenant: &Tenant) {
    if let Some(by) = protection.of_account(account, tenant) {
        let finding = link
            .finding(Code::TargetProtected, format!("{} is protected {by}", account.original_upn()))
            .hint("Remove the mapping, or have the policy changed in a review of its own.");
        link.raise(finding);
    }
}

pub(super) fn raise_guest(link: &mut Link<'_>, account: &CloudUser) {
    if account.is_guest() {
        let finding = link
            .finding(Code::TargetGuest, format!("{} is a guest of this tenant", account.original_upn()))
            .hint("Map the person's member account. If the guest is really meant, write `accept: [target-guest]`.");
        link.raise_unless_accepted(Acceptable::TargetGuest, finding);
    }
}

/// What the target carries now instead of the wanted ID.
pub(super) fn raise_other_anchor(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let (Some(current), Some(anchor)) = (&account.immutable_id, link.anchor.clone()) else { return };
    let name = account.original_upn();
    let form = AnchorForm::of(current);
    let is_made_of = |guid: Option<ObjectGuid>| guid.is_some() && form.guids().contains(&guid);
    if form == AnchorForm::Opaque {
        raise_opaque(link, account, current, world);
    } else if is_made_of(anchor.guid) {
        let message = format!("{name} carries this GUID in an encoding that matches nothing: `{current}`");
        let finding =
            link.finding(Code::AnchorNotCanonical, message).hint(format!("It will be re-encoded to `{}`.", anchor.value));
        link.raise(finding);
    } else if is_made_of(anchor.guid.map(|guid| guid.byte_swapped())) {
        let message = format!("{name} carries `{current}`: this GUID with the first three groups swapped (text order)");
        let finding =
            link.finding(Code::AnchorWrongByteOrder, message).hint(format!("It will be set to {}.", anchor_text(&anchor.value)));
        link.raise(finding);
    } else if anchor.value.as_str().eq_ignore_ascii_case(current.as_str()) {
        let message = format!("{name} carries this ImmutableID but for upper and lower case, which matches nothing: `{current}`");
        let finding = link.finding(Code::AnchorNearDuplicate, message).hint(format!("It will be set to `{}`.", anchor.value));
        link.raise(finding);
    } else if let Some(own) = other_attribute(link, form, world) {
        raise_other_attribute(link, name, current, own);
    } else {
        raise_was_linked(link, name, current, world);
    }
}

fn raise_was_linked(link: &mut Link<'_>, name: &str, current: &ImmutableId, world: &World) {
    let message = format!("{name} carries another ImmutableID, {}", anchor_text(current));
    let finding = link.finding(Code::TargetWasLinked, message);
    let finding = match owners_of(current, world) {
        None => finding.hint("No AD user of these forests has that anchor: it is most likely stale."),
        Some(owners) => {
            let look = if owners.kinship == Kinship::Anchor { "" } else { " Make sure whose it is before you approve." };
            finding.listed(ad_user_lines(&owners.users, world)).hint(owners.loss() + look)
        }
    };
    link.raise(finding);
}

fn ad_user_lines(users: &[AdRef], world: &World) -> Listed {
    Listed::of(users.len(), users.iter().filter_map(|user| ad_user_line(*user, world)))
}

/// A GUID of the mapping's own AD user that is not its source anchor.
#[derive(Debug, Clone, Copy)]
struct OtherAttribute {
    name: &'static str,
    /// Whether sync would make just this ID of it.
    is_exact: bool,
}

fn other_attribute(link: &Link<'_>, form: AnchorForm, world: &World) -> Option<OtherAttribute> {
    let user = link.ad_user(world)?;
    let attributes = [("objectGUID", Some(user.guid)), ("mS-DS-ConsistencyGuid", user.consistency_guid.guid())];
    let is_meant = |guid: ObjectGuid| {
        let guids = form.guids();
        guids.contains(&Some(guid)) || guids.contains(&Some(guid.byte_swapped()))
    };
    let found = attributes.into_iter().find_map(|(name, guid)| Some((name, guid.filter(|guid| is_meant(*guid))?)));
    found.map(|(name, guid)| OtherAttribute { name, is_exact: form == AnchorForm::Guid(guid) })
}

fn raise_other_attribute(link: &mut Link<'_>, name: &str, current: &ImmutableId, own: OtherAttribute) {
    let attribute = own.name;
    let finding = if own.is_exact {
        let message = format!("{name} carries {}, the {attribute} of this very AD user", anchor_text(current));
        link.finding(Code::AnchorModeDoubtful, message).hint(
            "If that attribute is the source anchor of your sync client, the account is right as it is: set `anchor` of the \
             forest accordingly, and plan again. Otherwise approve: the ID is changed.",
        )
    } else {
        let message =
            format!("{name} carries the {attribute} of this very AD user in an encoding that matches nothing: `{current}`");
        link.finding(Code::AnchorNotCanonical, message).hint("It is changed to the source anchor.")
    };
    link.raise(finding);
}

/// Somebody's own number is no GUID, and one of another identity provider is not either.
fn raise_opaque(link: &mut Link<'_>, account: &CloudUser, current: &ImmutableId, world: &World) {
    let name = account.original_upn();
    let message = format!(
        "{name} carries the ImmutableID `{current}`, which is no GUID; a federated identity provider may sign the person in by it"
    );
    let hint = "Find out who set it. If nothing depends on it any more, write `accept: [anchor-opaque]` with `because`.";
    let finding = link.finding(Code::AnchorOpaque, message).hint(hint);
    link.raise_unless_accepted(Acceptable::AnchorOpaque, finding);
    if !world.forests.by_anchor(current, None).is_empty() {
        raise_was_linked(link, name, current, world);
    }
}

pub(super) fn raise_mailbox(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    if let Some(purpose) = account.shared_mailbox() {
        let message = format!("{} is a {purpose} mailbox, not a person's", account.original_upn());
        let finding =
            link.finding(Code::SharedMailbox, message).hint("Make sure that the AD user is the matching shared account.");
        link.raise(finding);
    }
    if account.mail.value().is_some() && account.traits.licenses.value().is_some_and(|skus| !skus.is_empty()) {
        raise_second_mailbox(link, account, world);
    }
}

fn raise_second_mailbox(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let Some(user) = link.ad_user(world) else { return };
    let (whose, linked) = if user.has_exchange_mailbox {
        ("the AD user", None)
    } else if let Some(linked) = linked_mailbox_of(user, world) {
        ("the linked mailbox of the AD user in another forest", Some(linked))
    } else {
        return;
    };
    let message = format!("{whose} has msExchMailboxGuid set and {} has a licensed mailbox", account.original_upn());
    let hint = "Decide which mailbox stays before the sync cycle; otherwise the person ends with two.";
    let finding = link.finding(Code::DoubleMailbox, message).objects(linked);
    link.raise(finding.hint(hint));
}

/// The object of a resource forest that holds the mailbox of an AD user, by the names that both have.
fn linked_mailbox_of(user: &AdUser, world: &World) -> Option<String> {
    let is_mailbox = |other: &AdRef| {
        let other = world.forests.user(*other);
        other.is_some_and(|other| other.has_exchange_mailbox && other.excluded == Some(Exclusion::LinkedMailbox))
    };
    ad_user_line(namesakes(user, world).find(is_mailbox)?, world)
}

pub(super) fn raise_residue(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let (Some(held), Some(user)) = (account.sid.value(), link.ad_user(world)) else { return };
    if user.sid.as_ref().is_some_and(|own| own != held) {
        let owners: Vec<String> =
            world.forests.by_sid(held, None).into_iter().filter_map(|user| ad_user_line(user, world)).collect();
        let message = format!("{} still carries the on-premises SID {held}, which is not this AD user's", account.original_upn());
        let finding = link
            .finding(Code::Residue, message)
            .objects(owners)
            .hint("Nothing to do: another step of this plan clears it, or sync overwrites it at takeover.");
        link.raise(finding);
    }
}

/// Leaving hybrid lasts only while sync does not see the AD user.
pub(super) fn raise_still_in_ad(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let Some(current) = &account.immutable_id else { return };
    let owners = world.forests.by_anchor(current, None);
    if !owners.is_empty() {
        let lines = ad_user_lines(&owners, world);
        let message = format!("the AD user with the anchor of {} is still there", account.original_upn());
        // It may be matched again by its name or address; if that is refused, the name is taken when sync makes a new one.
        let then = match world.tenant.soft_match_refusal(&cleared(account)) {
            None => "matches the account again by its name or address",
            Some(_) => "makes a second account for it, with a placeholder where the name is taken",
        };
        let hint = format!("Keep it out of the scope of sync: otherwise the next cycle {then}.");
        let finding = link.finding(Code::TargetWasLinked, message).listed(lines).hint(hint);
        link.raise(finding);
    }
}

/// As the account stands once it has left hybrid.
fn cleared(account: &CloudUser) -> CloudUser {
    CloudUser { immutable_id: None, sid: Known::Null, object_identifier: Known::Null, ..account.clone() }
}

/// Whoever clears an account with a role needs a higher one.
pub(super) fn raise_role_of_cleared(link: &mut Link<'_>, account: &CloudUser, tenant: &Tenant) {
    let Some(roles) = tenant.roles_of(&account.id).filter(|roles| !roles.is_empty()) else { return };
    let message = format!("{}, whose ID is to be cleared, holds a role; only a higher role may write it", account.original_upn());
    let finding = link.finding(Code::RoleAssigned, message).objects(role_lines(&roles, tenant));
    link.raise(finding.hint("Apply with a role that may write this account, or take its role away first."));
}

pub(super) fn raise_cloud_managed(link: &mut Link<'_>, account: &CloudUser) {
    if account.traits.cloud_managed == Known::Is(true) {
        let message = format!("the source of authority of {} was moved to the cloud (isCloudManaged)", account.original_upn());
        let hint = "Sync skips its AD user until that is rolled back; changing the ImmutableID destroys the way back.";
        let finding = link.finding(Code::CloudManaged, message).hint(hint);
        link.raise(finding);
    }
}

/// One line for each role: name, how it is held.
pub(super) fn role_lines(roles: &[RoleHeld], tenant: &Tenant) -> Vec<String> {
    let name = |group: EntraId| {
        let found = tenant.observed().others.iter().find(|other| other.id == group);
        found.map_or_else(|| format!("group {group}"), other_line)
    };
    let line = |role: &RoleHeld| {
        let state = match role.state {
            RoleState::Assigned => "assigned",
            RoleState::Eligible => "eligible through PIM",
        };
        let via = role.via.map_or_else(String::new, |group| format!(", through {}", name(group)));
        let weight = if role.privileged { "privileged" } else { "not privileged" };
        format!("{} ({weight}, {state}{via})", role.role)
    };
    roles.iter().map(line).collect()
}

pub(super) fn raise_roles(link: &mut Link<'_>, account: &CloudUser, tenant: &Tenant) {
    let Some(roles) = tenant.roles_of(&account.id) else { return };
    if roles.iter().any(|role| role.privileged) {
        let message = format!(
            "{} holds a privileged role; since June 2026 Entra refuses such hard matches (InvalidHardMatch)",
            account.original_upn()
        );
        let finding = link
            .finding(Code::TargetPrivileged, message)
            .objects(role_lines(&roles, tenant))
            .hint("Take the role away for the time of the match, or write `accept: [target-privileged]` to set the ID all the same.")
            .steps([
                "Remove the assignment and the eligibility (also through groups).".to_owned(),
                "Run `hardmatch plan` and `hardmatch apply`, then a sync cycle.".to_owned(),
                "When `hardmatch verify` says linked, give the role back.".to_owned(),
            ]);
        link.raise_unless_accepted(Acceptable::TargetPrivileged, finding);
    } else {
        raise_plain_roles(link, account, tenant);
    }
}

/// Roles none of which is privileged.
pub(super) fn raise_plain_roles(link: &mut Link<'_>, account: &CloudUser, tenant: &Tenant) {
    let roles = tenant.roles_of(&account.id).unwrap_or_default();
    if !roles.is_empty() && roles.iter().all(|role| !role.privileged) {
        let message = format!("{} holds a role that is not privileged", account.original_upn());
        let hint = "Microsoft's announcement of June 2026 speaks of any role: if sync refuses the match, take the role away and sync again.";
        let finding = link.finding(Code::RoleAssigned, message).objects(role_lines(&roles, tenant)).hint(hint);
        link.raise(finding);
    }
}

/// The AD object that an account is pinned to and that of the mapping, where they differ and sync may not change that.
pub(super) fn pinned_elsewhere(link: &Link<'_>, account: &CloudUser, world: &World) -> Option<(ObjectGuid, ObjectGuid)> {
    const BYPASS: &str = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled";
    let guid = link.ad_user(world).map(|user| user.guid).or(link.given())?;
    let bypass = world.tenant.observed().features.as_ref().is_some_and(|features| features.get(BYPASS) == Some(&true));
    account.object_identifier.value().filter(|pinned| **pinned != guid && !bypass).map(|pinned| (*pinned, guid))
}

/// Raises a foreign object identifier; tells whether it is to be cleared.
pub(super) fn raise_object_identifier(link: &mut Link<'_>, account: &CloudUser, world: &World) -> bool {
    let Some((pinned, guid)) = pinned_elsewhere(link, account, world) else { return false };
    let owners: Vec<String> =
        world.forests.by_guid(&pinned, None).into_iter().filter_map(|user| ad_user_line(user, world)).collect();
    let message = format!(
        "{} is pinned to the AD object {pinned} (onPremisesObjectIdentifier), not to {guid}; since July 2026 sync refuses to change that",
        account.original_upn()
    );
    let finding = link
        .finding(Code::ObjectIdentifierDiffers, message)
        .objects(owners)
        .hint("If the link to the other object is over, write `accept: [object-identifier-differs]`: the plan then clears the value first.");
    link.raise_unless_accepted(Acceptable::ObjectIdentifierDiffers, finding)
}
