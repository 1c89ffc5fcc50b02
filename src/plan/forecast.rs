//! What the next sync will make of the end state: takeover and what it overwrites, address conflicts, refusals.
//!
//! The answer comes from the sync cycle of the tenant model; nothing here knows a rule of sync itself.

use std::collections::BTreeSet;

use crate::model::text::{fold, local_part, same};
use crate::model::{
    Acceptable, AdUser, AnchorMode, AnchorOrigin, CloudUser, GuidAttribute, ProxyAddress, ProxyKind, SIGN_IN_SIGNS, SourceAnchor,
    Upn,
};
use crate::tenant_model::{Found, Incoming, SyncOutcome, SyncRefusal, SyncRule, Takeover, Tenant, UserRef};

use super::account::{raise_mailbox, raise_plain_roles};
use super::describe::{cloud_user_line, other_line, refusal_line};
use super::finding::{Code, Severity};
use super::link::Link;
use super::listed::{Gathered, Listed};
use super::protection::Protection;
use super::world::{AdRef, World, mail_addresses};
use super::{rivals, steps};

/// Adds what sync will do with the AD user of a mapping once the plan is carried out. `end` is that state.
pub(super) fn forecast(link: &mut Link<'_>, end: &World, protection: &Protection<'_>) {
    let Some((ad, target)) = link.ad.zip(link.target) else { return };
    let Some((_, user)) = end.forests.get(ad) else { return };
    raise_anchor_doubts(link, ad, end);
    rivals::raise_twins(link, ad, user, end);
    let Some(Ok(anchor)) = end.forests.anchor(ad) else { return };
    let Some(account) = end.tenant.user(target) else { return };
    let incoming = Incoming { user, anchor: &anchor };
    raise_address_conflicts(link, incoming, target, &end.tenant);
    if !account.is_held_by_sync() {
        rivals::raise_shared_names(link, ad, user, end);
        raise_what_entra_does_not_take(link, user);
        raise_armed(link, account, protection, end);
    }
    raise_outcome(link, incoming, target, end);
    raise_takeover(link, &end.tenant.takeover_effects(incoming, account), account);
}

/// An account that has the ID already is taken over without a write. What is written was examined before.
fn raise_armed(link: &mut Link<'_>, account: &CloudUser, protection: &Protection<'_>, end: &World) {
    let is_told = |link: &Link<'_>, codes: &[Code]| link.findings.iter().any(|finding| codes.contains(&finding.code));
    let by = if is_told(link, &[Code::TargetProtected]) { None } else { protection.of_account(account, &end.tenant) };
    if let Some(by) = by {
        let hint = "If that is not wanted, keep the AD user out of the scope of sync, and find out who set the ID.";
        raise_taken_over(link, account, Code::TargetProtected, &format!("protected {by}"), hint);
    }
    if account.is_guest() && !link.accepts(Acceptable::TargetGuest) {
        let hint = "Map the person's member account instead, and take the ID off the guest (`onPrem: none`). If the guest is really \
                    meant, write `accept: [target-guest]`.";
        raise_taken_over(link, account, Code::TargetGuest, "a guest of this tenant", hint);
    }
    if !is_told(link, &[Code::SharedMailbox, Code::DoubleMailbox]) {
        raise_mailbox(link, account, end);
    }
    if !is_told(link, &[Code::RoleAssigned]) {
        raise_plain_roles(link, account, &end.tenant);
    }
}

/// What would be a blocker if anything had to be written.
fn raise_taken_over(link: &mut Link<'_>, account: &CloudUser, code: Code, what: &str, hint: &str) {
    let name = account.original_upn();
    let message = format!("{name} is {what}, but has the wanted ImmutableID already: the next sync takes it over");
    let finding = link.finding(code, message).with_severity(Severity::Warning).hint(hint);
    link.raise(finding);
}

/// The anchor is not the one that a reader would expect.
fn raise_anchor_doubts(link: &mut Link<'_>, ad: AdRef, world: &World) {
    let (Some((forest, user)), Some(anchor)) = (world.forests.get(ad), link.anchor.clone()) else { return };
    if let GuidAttribute::MarkedMissing(mark) = &user.consistency_guid
        && anchor.origin == AnchorOrigin::ObjectGuid
        && forest.anchor == AnchorMode::ConsistencyGuid
    {
        let message =
            format!("the export says `{mark}` for mS-DS-ConsistencyGuid; that is taken as empty, and objectGUID is the anchor");
        let finding = link.finding(Code::AnchorMissing, message).hint("Make sure that the attribute is really empty.");
        link.raise(finding.with_severity(Severity::Warning));
    }
    raise_two_guids(link, user, &anchor);
}

fn raise_two_guids(link: &mut Link<'_>, user: &AdUser, anchor: &SourceAnchor) {
    let Some(consistency) = user.consistency_guid.guid().filter(|guid| *guid != user.guid) else { return };
    match anchor.origin {
        AnchorOrigin::ObjectGuid => {
            let message = format!(
                "the anchor is objectGUID ({}), but mS-DS-ConsistencyGuid is set to {consistency} ({}); sync most likely uses that",
                anchor.value,
                consistency.immutable_id()
            );
            let hint = "Ask the sync client which attribute it uses, and set `anchor` of the forest accordingly.";
            let finding = link.finding(Code::AnchorModeDoubtful, message).hint(hint);
            link.raise(finding);
        }
        AnchorOrigin::ConsistencyGuid => {
            let message = format!(
                "the anchor is mS-DS-ConsistencyGuid ({consistency}), which differs from objectGUID ({}, {})",
                user.guid,
                user.guid.immutable_id()
            );
            let finding = link.finding(Code::AnchorModeDoubtful, message).hint(if consistency == user.guid.byte_swapped() {
                "It is the objectGUID with the first three groups reversed, the mistake of a script that stamped it: write it again in the \
                 byte order of Active Directory, before anybody is linked by it."
            } else {
                "That is usual for users who were migrated."
            });
            link.raise(finding.with_severity(Severity::Info));
        }
        AnchorOrigin::Attribute | AnchorOrigin::Given | AnchorOrigin::Cloud => {}
    }
}

fn raise_address_conflicts(link: &mut Link<'_>, incoming: Incoming<'_>, target: UserRef, tenant: &Tenant) {
    let Some(own) = tenant.user(target) else { return };
    let (mut conflicts, user) = (Gathered::default(), incoming.user);
    let mut seen = BTreeSet::new();
    let names = user.upn.as_deref().into_iter().chain(mail_addresses(user));
    for name in names.filter(|name| seen.insert(fold(name))) {
        let mut add = |owners: Found, is_own: bool| {
            let others = owners.len().saturating_sub(usize::from(is_own));
            let accounts = owners.into_iter().filter(|owner| *owner != target).filter_map(|owner| tenant.user(owner));
            conflicts.add(others, accounts.map(|owner| format!("{name}: {}", cloud_user_line(owner))));
        };
        add(tenant.live_by_upn(name), same(own.original_upn(), name));
        // What this account has already nobody in the recycle bin keeps from it.
        let has_it = tenant.has_address(own, name);
        add(if has_it { tenant.live_by_address(name) } else { tenant.by_address(name) }, has_it);
        let others = tenant.others_with_address(name);
        conflicts.add(others.len(), others.into_iter().map(|other| format!("{name}: {}", other_line(other))));
    }
    if !conflicts.is_empty() {
        let finding = link.finding(
            Code::AddressConflict,
            "a sign-in name or mail address of the AD user belongs to another object of the tenant",
        );
        let hint = if tenant.group_in_the_way(incoming, own).is_some() {
            "Take the address off the group before the sync cycle: as long as a group has it, the export of the AD user fails."
        } else {
            "The link itself goes through; the name or address is withheld from this account until the other object gives it up; a deleted account does when it is purged."
        };
        link.raise(finding.listed(conflicts.listed()).hint(hint));
    }
}

/// What Entra takes before the @ of a sign-in name.
fn what_it_takes(upn: &str) -> String {
    if local_part(upn).ends_with('.') {
        return "it takes no dot at the end".to_owned();
    }
    format!("it takes 64 letters without accents, digits and {SIGN_IN_SIGNS}")
}

/// Values of the AD user with which its export fails, or of which nobody can tell what comes of them.
fn raise_what_entra_does_not_take(link: &mut Link<'_>, user: &AdUser) {
    let mut odd: Vec<String> = Vec::new();
    if let Some(upn) = user.upn.as_deref().filter(|upn| !upn.parse::<Upn>().is_ok_and(|upn| upn.is_accepted())) {
        odd.push(format!("sign-in name {upn}: before the @ {}", what_it_takes(upn)));
    }
    let entries = || user.proxy_addresses.iter().map(|entry| (entry, ProxyAddress::parse(entry)));
    let primaries: Vec<&str> =
        entries().filter(|(_, parsed)| parsed.kind == ProxyKind::Primary).map(|(entry, _)| entry).collect();
    if primaries.len() > 1 {
        odd.push(format!("{} primary addresses, where an account has one: {}", primaries.len(), primaries.join(", ")));
    }
    odd.extend(
        entries()
            .filter(|(entry, _)| !entry.contains(':'))
            .map(|(entry, _)| format!("address without a prefix such as smtp: {entry}")),
    );
    if !odd.is_empty() {
        let finding = link.finding(Code::NotChecked, "the AD user has values that Entra does not take as they are");
        let hint = "Correct them in Active Directory before the sync cycle: its export fails with them, or something else comes of them than is foretold here.";
        link.raise(finding.objects(odd).hint(hint));
    }
}

/// Anything but a takeover of the target, unless a finding says so already.
fn raise_outcome(link: &mut Link<'_>, incoming: Incoming<'_>, target: UserRef, end: &World) {
    match end.tenant.forecast(incoming) {
        SyncOutcome::AlreadyLinked(user) | SyncOutcome::HardMatch { user, .. } if user == target => {}
        SyncOutcome::Refused(refusal) => raise_refusal(link, &refusal, incoming, target, end),
        SyncOutcome::AlreadyLinked(user) | SyncOutcome::HardMatch { user, .. } | SyncOutcome::SoftMatch { user, .. } => {
            let name = end.tenant.user(user).map(cloud_user_line).unwrap_or_default();
            let finding = link.finding(Code::HardMatchBlocked, format!("sync will link the AD user to {name} instead"));
            link.raise(finding.hint("Look at the anchor attribute of the forest: sync does not send this ImmutableID."));
        }
        SyncOutcome::Create { upn, .. } => {
            let finding =
                link.finding(Code::HardMatchBlocked, format!("sync will make a new account {upn} instead of linking this one"));
            link.raise(finding.hint("Look at the anchor attribute of the forest: sync does not send this ImmutableID."));
        }
        SyncOutcome::LeftOut(exclusion) => {
            let finding =
                link.finding(Code::HardMatchBlocked, format!("the sync client leaves the AD user out: {}", exclusion.reason()));
            link.raise(finding.hint("Map the account that is synced, or remove the mapping."));
        }
    }
}

fn raise_refusal(link: &mut Link<'_>, refusal: &SyncRefusal, incoming: Incoming<'_>, target: UserRef, end: &World) {
    if refusal.rule.is_tenant_wide() || link.findings.iter().any(|finding| says(finding.code, refusal.rule)) {
        return;
    }
    let message = format!("sync will refuse the link with {}", refusal_line(refusal));
    let further = end.tenant.link_refusals(incoming, target).into_iter().filter(|other| other != refusal);
    let further = further.map(|other| format!("then it would refuse with {}", refusal_line(&other)));
    let finding = link.finding(Code::HardMatchBlocked, message).objects(further);
    let synced = end.tenant.user(target).filter(|account| account.is_synced());
    match synced {
        Some(account) => {
            let hint = "The account still belongs to another AD user. Unless your sync client joins the two, take that one out of sync first.";
            steps::raise_to_free_the_target(link, account, finding.hint(hint), end);
        }
        None => link.raise(finding.hint("The ImmutableID is right all the same; cure this before the sync cycle.")),
    }
}

/// Whether a finding tells of a refusal already.
fn says(code: Code, rule: SyncRule) -> bool {
    matches!(
        (code, rule),
        (Code::TargetPrivileged, SyncRule::Privileged)
            | (Code::ObjectIdentifierDiffers, SyncRule::ObjectIdentifierFixed)
            | (Code::SecurityIdentifierHeld, SyncRule::SidHeld | SyncRule::AnchorChanged)
            | (Code::CloudManaged, SyncRule::CloudManaged)
            | (Code::AddressConflict, SyncRule::OtherKindOfObject)
    )
}

fn raise_takeover(link: &mut Link<'_>, effects: &Takeover, account: &CloudUser) {
    let lines = takeover_lines(effects);
    if lines.is_empty() {
        return;
    }
    let message = format!("once sync takes over, Active Directory changes {}", account.original_upn());
    let hint = "Correct the values in Active Directory before the sync cycle if that is not wanted.";
    let finding = link.finding(Code::TakeoverOverwrites, message).objects(lines).hint(hint);
    link.raise(finding);
}

/// What a takeover changes, one line each.
pub(super) fn takeover_lines(effects: &Takeover) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((old, new)) = &effects.upn {
        lines.push(format!("sign-in name: {old} becomes {new}"));
    }
    if let Some(held) = &effects.upn_held_back {
        lines.push(format!("sign-in name: {held} of AD does not come through"));
    }
    if let Some((old, new)) = &effects.primary_address {
        lines.push(format!("primary address: {} becomes {new}", old.as_deref().unwrap_or("none")));
    }
    if !effects.lost_addresses.is_empty() {
        let lost: Listed = effects.lost_addresses.iter().map(ToString::to_string).collect();
        lines.push(format!("addresses lost: {}", lost.in_a_row()));
    }
    if effects.sign_in_blocked {
        lines.push("sign-in gets blocked: the AD account is disabled".to_owned());
    }
    if effects.sign_in_allowed {
        lines.push("sign-in gets allowed: the AD account is enabled".to_owned());
    }
    if effects.password_replaced == Some(true) && !lines.is_empty() {
        lines.push("password: that of AD counts from then on (password hash sync is on)".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_addresses_without_end_ten_are_told() {
        let lost = |count: u32| (0..count).map(|n| format!("a{n}@x.example").into()).collect();
        let lines = |count| takeover_lines(&Takeover { lost_addresses: lost(count), ..Takeover::default() });
        assert_eq!(lines(2), ["addresses lost: a0@x.example, a1@x.example"]);
        assert!(lines(100_000)[0].ends_with("a8@x.example, a9@x.example and 99,990 more"));
    }
}
