//! Whether the cloud user of a mapping may be written, and what a reviewer should know about it.

use wildmatch::WildMatch;

use crate::model::{Acceptable, AnchorForm, CloudUser, Known, OnPremSide, Policy, RoleState, SourceAnchor, Upn, WriteSide};
use crate::tenant_model::{RoleHeld, Tenant};

use super::describe::{ad_user_line, anchor_text, cloud_user_line};
use super::finding::{Code, Severity};
use super::link::Link;
use super::world::World;

/// What a mapping needs written, leaving aside the accounts that stand in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Need {
    /// Bring the target back from the recycle bin.
    pub(super) restore: bool,
    /// Set the wanted ImmutableID.
    pub(super) set: bool,
    /// Clear every on-premises value.
    pub(super) leave: bool,
    /// Write mS-DS-ConsistencyGuid.
    pub(super) stamp: bool,
    /// Clear a foreign object identifier.
    pub(super) clear_object_identifier: bool,
    /// Move the sign-in name to the initial domain and back.
    pub(super) detour: bool,
    /// Give back a sign-in name that an interrupted detour left parked.
    pub(super) unpark: bool,
}

impl Need {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn writes_cloud(&self) -> bool {
        self.restore || self.set || self.leave || self.clear_object_identifier || self.unpark
    }
}

/// Whether sync has taken over and the proof is there: synced, and SID and object identifier are this AD user's.
pub(super) fn is_linked(link: &Link<'_>, account: &CloudUser, world: &World) -> bool {
    let Some(anchor) = &link.anchor else { return false };
    if !account.is_synced() || account.is_deleted() || account.immutable_id.as_ref() != Some(&anchor.value) {
        return false;
    }
    let (sid, guid) = match link.ad_user(world) {
        Some(user) => (user.sid.as_ref(), Some(user.guid)),
        None => (None, link.given),
    };
    let sid_proves = sid.is_some() && account.sid.value() == sid;
    let guid_proves = guid.is_some() && account.object_identifier.value() == guid.as_ref();
    let sid_denies = sid.is_some() && account.sid.value().is_some_and(|held| Some(held) != sid);
    let guid_denies = account.object_identifier.value().is_some_and(|held| Some(*held) != guid);
    (sid_proves || guid_proves) && !sid_denies && !guid_denies
}

/// Finds out what is due on the target and raises whatever forbids it.
pub(super) fn examine(link: &mut Link<'_>, world: &World, policy: &Policy) -> Need {
    let Some(account) = link.target_user(world) else { return Need::default() };
    let mut need = wanted(link, account, world);
    if account.is_synced() {
        return examine_synced(link, account, need);
    }
    if need.writes_cloud() {
        raise_protected(link, account, policy);
        raise_guest(link, account);
    }
    if need.restore {
        raise_restore_conflicts(link, account, &world.tenant);
    }
    if need.set {
        raise_other_anchor(link, account, world);
        raise_mailbox(link, account, world);
        raise_residue(link, account, world);
    }
    if need.set || need.leave || need.stamp {
        raise_cloud_managed(link, account);
    }
    if matches!(link.mapping.on_prem, OnPremSide::User(_)) && link.anchor.is_some() {
        if need.writes_cloud() {
            raise_roles(link, account, &world.tenant);
        }
        need.clear_object_identifier = raise_object_identifier(link, account, world);
    }
    examine_federation(link, account, world, &mut need);
    need
}

fn wanted(link: &Link<'_>, account: &CloudUser, world: &World) -> Need {
    let mut need = Need { restore: account.is_deleted() && link.mapping.restore, ..Need::default() };
    match (&link.mapping.on_prem, link.mapping.write, &link.anchor) {
        (OnPremSide::Nobody, _, _) => need.leave = has_on_premises_values(account),
        (OnPremSide::User(_), WriteSide::Cloud, Some(anchor)) => need.set = account.immutable_id.as_ref() != Some(&anchor.value),
        (OnPremSide::User(_), WriteSide::OnPrem, Some(anchor)) => {
            let current = link.ad.and_then(|user| world.forests.anchor(user)).and_then(Result::ok);
            need.stamp = current.is_none_or(|current| current.value != anchor.value);
        }
        (OnPremSide::User(_), _, None) => {}
    }
    need.unpark = link.parked.is_some();
    need
}

fn has_on_premises_values(account: &CloudUser) -> bool {
    let residue = &account.residue;
    let texts = [&residue.distinguished_name, &residue.domain_name, &residue.sam_account_name, &residue.user_principal_name];
    account.immutable_id.is_some()
        || account.sid.value().is_some()
        || account.object_identifier.value().is_some()
        || texts.iter().any(|text| text.value().is_some())
}

/// A synced account can only be left as it is. Stamping AD does not touch it.
fn examine_synced(link: &mut Link<'_>, account: &CloudUser, need: Need) -> Need {
    if need.set || need.leave {
        let current = account
            .immutable_id
            .as_ref()
            .map_or_else(|| "no ImmutableID".to_owned(), |id| format!("ImmutableID {}", anchor_text(id)));
        let finding = link
            .finding(
                Code::TargetSynced,
                format!("{} is synced with {current}; Entra refuses changes of a synced account", account.upn),
            )
            .objects([cloud_user_line(account)])
            .hint("Take the AD user that it is linked to out of sync, then plan again.")
            .steps(out_of_scope_steps(link, account, "Write `restore: true` on this mapping"));
        link.raise(finding);
    }
    Need { stamp: need.stamp, ..Need::default() }
}

/// How a synced account becomes one that can be written. `then` says what the mapping needs once it is soft-deleted.
pub(super) fn out_of_scope_steps(link: &Link<'_>, account: &CloudUser, then: &str) -> Vec<String> {
    let back = "After `hardmatch apply`, bring the AD user of this mapping into the scope of sync (again).".to_owned();
    let steps = [
        format!("Move the AD user that is linked to {} out of the scope of sync (filter, group or OU).", account.upn),
        "Run a sync cycle: the account goes to the recycle bin. Sometimes a second cycle is needed.".to_owned(),
        format!("{then} (account {}).", account.id),
        "Export the tenant anew and run `hardmatch plan` again: it checks that the account is no longer synced.".to_owned(),
    ];
    let leaves = link.mapping.on_prem == OnPremSide::Nobody;
    steps.into_iter().chain((!leaves).then_some(back)).collect()
}

/// Whether the policy forbids touching an account.
pub(super) fn is_protected(account: &CloudUser, policy: &Policy) -> bool {
    let matches = |pattern: &str, text: &str| WildMatch::new(&pattern.to_lowercase()).matches(&text.to_lowercase());
    let id = account.id.to_string();
    policy
        .protect
        .iter()
        .any(|pattern| matches(pattern, account.original_upn()) || matches(pattern, &account.upn) || matches(pattern, &id))
}

fn raise_protected(link: &mut Link<'_>, account: &CloudUser, policy: &Policy) {
    if is_protected(account, policy) {
        let finding = link
            .finding(Code::TargetProtected, format!("{} is protected by `policy.protect`", account.original_upn()))
            .hint("Remove the mapping, or have the policy changed in a review of its own.");
        link.raise(finding);
    }
}

fn raise_guest(link: &mut Link<'_>, account: &CloudUser) {
    if account.is_guest() {
        let finding = link
            .finding(Code::TargetGuest, format!("{} is a guest of this tenant", account.original_upn()))
            .hint("Map the person's member account. If the guest is really meant, write `accept: [target-guest]`.");
        link.raise_unless_accepted(Acceptable::TargetGuest, finding);
    }
}

fn raise_restore_conflicts(link: &mut Link<'_>, account: &CloudUser, tenant: &Tenant) {
    let live = |user: &&crate::tenant_model::UserRef| tenant.user(**user).is_some_and(|user| !user.is_deleted());
    let mut taken: Vec<String> = Vec::new();
    let names = std::iter::once(account.original_upn()).map(|upn| (upn, tenant.by_upn(upn)));
    let addresses = crate::tenant_model::mail_addresses(account).map(|address| (address, tenant.by_address(address)));
    for (name, owners) in names.chain(addresses) {
        for owner in owners.iter().filter(live).filter_map(|user| tenant.user(*user)) {
            taken.push(format!("{name} belongs to {}", cloud_user_line(owner)));
        }
    }
    if !taken.is_empty() {
        taken.sort();
        taken.dedup();
        let message = format!("{} cannot be restored: a name or address of it is in use again", account.original_upn());
        let hint = "Rename the account that uses it now, then plan again.";
        let finding = link.finding(Code::TargetSoftDeleted, message).objects(taken).hint(hint);
        link.raise(finding);
    }
}

/// What the target carries now instead of the wanted ID.
fn raise_other_anchor(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let (Some(current), Some(anchor)) = (&account.immutable_id, link.anchor.clone()) else { return };
    let name = account.original_upn();
    match AnchorForm::of(current) {
        AnchorForm::Opaque => raise_opaque(link, account, current.as_str()),
        AnchorForm::Guid(guid) if is_swapped(&anchor, guid) => {
            let message = format!("{name} carries `{current}`: this GUID with the first three groups swapped (text order)");
            let finding = link
                .finding(Code::AnchorWrongByteOrder, message)
                .hint(format!("It will be set to {}.", anchor_text(&anchor.value)));
            link.raise(finding);
        }
        form if anchor.guid.is_some_and(|guid| form.guids().contains(&Some(guid))) => {
            let message = format!("{name} carries this GUID in an encoding that matches nothing: `{current}`");
            let finding =
                link.finding(Code::AnchorNotCanonical, message).hint(format!("It will be re-encoded to `{}`.", anchor.value));
            link.raise(finding);
        }
        AnchorForm::Guid(_)
        | AnchorForm::NotCanonical(_)
        | AnchorForm::GuidText(_)
        | AnchorForm::EncodedGuidText(_)
        | AnchorForm::BareHex { .. } => {
            let owners = world.forests.by_anchor(current);
            let message = format!("{name} carries another ImmutableID, {}", anchor_text(current));
            let hint = match owners.as_slice() {
                [] => "No AD user of these forests has that anchor: it is most likely stale.",
                _ => "It is the anchor of the AD user listed here: that one no longer gets this account.",
            };
            let lines = owners.iter().filter_map(|user| ad_user_line(*user, world));
            let finding = link.finding(Code::TargetWasLinked, message).objects(lines).hint(hint);
            link.raise(finding);
        }
    }
}

fn is_swapped(anchor: &SourceAnchor, current: crate::model::ObjectGuid) -> bool {
    anchor.guid.is_some_and(|guid| guid.byte_swapped() == current)
}

fn raise_opaque(link: &mut Link<'_>, account: &CloudUser, current: &str) {
    let message = format!(
        "{} carries the ImmutableID `{current}`, which is no GUID; a federated identity provider may sign the person in by it",
        account.original_upn()
    );
    let hint = "Find out who set it. If nothing depends on it any more, write `accept: [anchor-opaque]` with `because`.";
    let finding = link.finding(Code::AnchorOpaque, message).hint(hint);
    link.raise_unless_accepted(Acceptable::AnchorOpaque, finding);
}

fn raise_mailbox(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    if let Some(purpose) = account.mailbox_purpose.value().filter(|purpose| !["user", "unknown"].contains(&&***purpose)) {
        let message = format!("{} is a {purpose} mailbox, not a person's", account.original_upn());
        let finding =
            link.finding(Code::SharedMailbox, message).hint("Make sure that the AD user is the matching shared account.");
        link.raise(finding);
    }
    let on_premises = link.ad_user(world).is_some_and(|user| user.has_exchange_mailbox);
    let in_cloud = account.mail.value().is_some() && account.licenses.value().is_some_and(|skus| !skus.is_empty());
    if on_premises && in_cloud {
        let message = format!("the AD user has msExchMailboxGuid set and {} has a licensed mailbox", account.original_upn());
        let hint = "Decide which mailbox stays before the sync cycle; otherwise the person ends with two.";
        let finding = link.finding(Code::DoubleMailbox, message).hint(hint);
        link.raise(finding);
    }
}

fn raise_residue(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let (Some(held), Some(user)) = (account.sid.value(), link.ad_user(world)) else { return };
    if user.sid.as_ref().is_some_and(|own| own != held) {
        let owners: Vec<String> = world.forests.by_sid(held).into_iter().filter_map(|user| ad_user_line(user, world)).collect();
        let message = format!("{} still carries the on-premises SID {held} of somebody else", account.original_upn());
        let finding = link
            .finding(Code::Residue, message)
            .objects(owners)
            .hint("Nothing to do: another step of this plan clears it, or sync overwrites it at takeover.");
        link.raise(finding);
    }
}

fn raise_cloud_managed(link: &mut Link<'_>, account: &CloudUser) {
    if account.cloud_managed == Known::Is(true) {
        let message = format!("the source of authority of {} was moved to the cloud (isCloudManaged)", account.original_upn());
        let hint = "Sync skips its AD user until that is rolled back; changing the ImmutableID destroys the way back.";
        let finding = link.finding(Code::CloudManaged, message).hint(hint);
        link.raise(finding);
    }
}

/// One line for each role: name, how it is held.
pub(super) fn role_lines(roles: &[RoleHeld]) -> Vec<String> {
    let line = |role: &RoleHeld| {
        let state = match role.state {
            RoleState::Assigned => "assigned",
            RoleState::Eligible => "eligible through PIM",
        };
        let via = role.via.map_or_else(String::new, |group| format!(", through group {group}"));
        let weight = if role.privileged { "privileged" } else { "not privileged" };
        format!("{} ({weight}, {state}{via})", role.role)
    };
    roles.iter().map(line).collect()
}

fn raise_roles(link: &mut Link<'_>, account: &CloudUser, tenant: &Tenant) {
    let Some(roles) = tenant.roles_of(&account.id) else { return };
    if roles.iter().any(|role| role.privileged) {
        let message = format!(
            "{} holds a privileged role; since July 2026 Entra refuses such hard matches (InvalidHardMatch)",
            account.original_upn()
        );
        let finding = link
            .finding(Code::TargetPrivileged, message)
            .objects(role_lines(&roles))
            .hint("Take the role away for the time of the match, or write `accept: [target-privileged]` to set the ID all the same.")
            .steps([
                "Remove the assignment and the eligibility (also through groups).".to_owned(),
                "Run `hardmatch plan` and `hardmatch apply`, then a sync cycle.".to_owned(),
                "When `hardmatch verify` says linked, give the role back.".to_owned(),
            ]);
        link.raise_unless_accepted(Acceptable::TargetPrivileged, finding);
    } else if !roles.is_empty() {
        let message = format!("{} holds a role that is not privileged", account.original_upn());
        let hint = "Microsoft's announcement of June 2026 speaks of any role: if sync refuses the match, take the role away and sync again.";
        let finding = link.finding(Code::RoleAssigned, message).objects(role_lines(&roles)).hint(hint);
        link.raise(finding);
    }
}

/// Raises a foreign object identifier; tells whether it is to be cleared.
fn raise_object_identifier(link: &mut Link<'_>, account: &CloudUser, world: &World) -> bool {
    const BYPASS: &str = "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled";
    let guid = link.ad_user(world).map(|user| user.guid).or(link.given);
    let (Some(pinned), Some(guid)) = (account.object_identifier.value(), guid) else { return false };
    let bypass = world.tenant.observed().features.as_ref().is_some_and(|features| features.get(BYPASS) == Some(&true));
    if *pinned == guid || bypass {
        return false;
    }
    let owners: Vec<String> = world.forests.by_guid(pinned).into_iter().filter_map(|user| ad_user_line(user, world)).collect();
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

/// The ImmutableID of a user in a federated domain cannot change in place.
fn examine_federation(link: &mut Link<'_>, account: &CloudUser, world: &World, need: &mut Need) {
    let Ok(upn) = account.original_upn().parse::<Upn>() else { return };
    if link.parked.is_none() && link.accepts(Acceptable::FederatedDomain) && !need.leave {
        link.parked = super::federation::original_of_parked(account, link.ad_user(world), &world.tenant);
        need.unpark = link.parked.is_some() && link.anchor.is_some();
    }
    if need.unpark {
        link.use_accept(Acceptable::FederatedDomain);
    }
    let changes_id = need.set || (need.leave && account.immutable_id.is_some());
    if !changes_id || !super::federation::is_federated(upn.domain(), &world.tenant) {
        return;
    }
    if need.leave {
        raise_federated_leave(link, &upn);
    } else {
        raise_federated_set(link, account, &upn, world, need);
    }
}

fn raise_federated_leave(link: &mut Link<'_>, upn: &Upn) {
    let message =
        format!("{upn} is in a federated domain, where nobody can sign in without an ImmutableID; it cannot be cleared");
    let hint = "Give the user a sign-in name in a managed domain first, or make the domain managed.";
    let finding = link.finding(Code::FederatedDomain, message).hint(hint);
    link.raise(finding);
}

fn raise_federated_set(link: &mut Link<'_>, account: &CloudUser, upn: &Upn, world: &World, need: &mut Need) {
    let Some(park) = super::federation::park_name(upn, &world.tenant) else {
        let message = format!(
            "{upn} is in a federated domain, and the tenant's onmicrosoft.com domain is not known, so there is nowhere to park the name"
        );
        let finding = link.finding(Code::FederatedDomain, message).hint("Export the tenant's domains, too.");
        link.raise(finding);
        return;
    };
    if !super::federation::is_recognisable(upn, account, link.ad_user(world)) {
        let message = format!(
            "{upn} is in a federated domain, and neither its mail addresses nor the AD user name it, so an interrupted detour could not be finished"
        );
        let finding = link.finding(Code::FederatedDomain, message).hint("Give the AD user this userPrincipalName first.");
        link.raise(finding);
        return;
    }
    let message = format!("{upn} is in a federated domain, where the ImmutableID cannot change in place");
    let hint = format!(
        "Write `accept: [federated-domain]`: the name moves to {park}, the ID is set, the name moves back. Sign-in fails in between."
    );
    let finding = link.finding(Code::FederatedDomain, message).hint(hint);
    need.detour = link.raise_unless_accepted(Acceptable::FederatedDomain, finding);
    let taken: Vec<String> = world
        .tenant
        .by_upn(park.as_str())
        .into_iter()
        .filter_map(|user| world.tenant.user(user))
        .filter(|user| !user.is_deleted())
        .map(cloud_user_line)
        .collect();
    if need.detour && !taken.is_empty() {
        let message = format!("the name {park}, which the federated detour needs, is taken");
        let finding = link.finding(Code::ParkNameTaken, message).objects(taken).hint("Rename that account, then plan again.");
        link.raise(finding);
    }
}

/// Codes that were accepted without need. Once nothing is due they have done their work and are not mentioned.
pub(super) fn raise_unused_accepts(link: &mut Link<'_>) {
    let unused: Vec<Acceptable> = link.unused_accepts().collect();
    for accept in unused {
        let message = format!("`accept: [{}]` was not needed", accept.code());
        let finding = link.finding(Code::AcceptUnused, message).hint("Remove it, so that it does not hide something later.");
        link.raise(finding.with_severity(Severity::Warning));
    }
}
