//! What is due on the cloud user of a mapping, and whether it may be written.

use crate::model::{Acceptable, AnchorForm, AnchorMode, AnchorProblem, CloudUser, OnPremKey, OnPremSide, WriteSide};

use super::account;
use super::anchor::NOT_EXPORTED_HINT;
use super::describe::{anchor_text, cloud_user_line};
use super::finding::{Code, Severity};
use super::link::Link;
use super::linked;
use super::protection::Protection;
use super::steps;
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

    /// Whether sync is to link the account to the AD user, by whichever of the two is written.
    fn hands_over(&self) -> bool {
        self.set || self.stamp
    }
}

/// Finds out what is due on the target and raises whatever forbids it.
pub(super) fn examine(link: &mut Link<'_>, world: &World, protection: &Protection<'_>) -> Need {
    let Some(account) = link.target_user(world) else { return Need::default() };
    let wanted = wanted(link, account, world);
    if wanted.stamp {
        raise_named_by_what_changes(link);
        raise_stamp_without_effect(link, world);
        raise_stamp_over_unread(link, world);
        raise_guarded_stamp(link, world);
    }
    let need = if account.is_held_by_sync() {
        examine_synced(link, account, wanted, world)
    } else {
        examine_writable(link, account, wanted, world)
    };
    // Last, once everything that is to be written is known.
    if !need.is_nothing() {
        raise_whose_it_is(link, account, need, world, protection);
    }
    need
}

/// Whatever holds for the account of a mapping, wherever is written: a stamp hands it over at the next sync as an ID does.
fn raise_whose_it_is(link: &mut Link<'_>, account: &CloudUser, need: Need, world: &World, protection: &Protection<'_>) {
    account::raise_protected(link, account, protection, &world.tenant);
    account::raise_guest(link, account);
    if links(link) {
        account::raise_roles(link, account, &world.tenant);
    } else if need.leave {
        account::raise_role_of_cleared(link, account, &world.tenant);
    }
    if need.hands_over() {
        account::raise_mailbox(link, account, world);
    }
}

/// Whether the mapping is to link the account, or has armed it already.
fn links(link: &Link<'_>) -> bool {
    matches!(link.mapping.on_prem, OnPremSide::User(_)) && link.anchor.is_some()
}

/// An account that Entra lets be written.
fn examine_writable(link: &mut Link<'_>, account: &CloudUser, mut need: Need, world: &World) -> Need {
    if need.set {
        // Whoever is stamped gets what the account holds, most likely from another AD user: that is what a stamp is for.
        account::raise_other_anchor(link, account, world);
        account::raise_residue(link, account, world);
    }
    if need.leave || need.hands_over() {
        account::raise_cloud_managed(link, account);
    }
    if need.leave {
        account::raise_still_in_ad(link, account, world);
    }
    need.clear_object_identifier = links(link) && account::raise_object_identifier(link, account, world);
    super::federation::examine_federation(link, account, world, &mut need);
    need
}

/// A stamp gives the AD user another source anchor: a mapping that names it by the old one would not find it again.
fn raise_named_by_what_changes(link: &mut Link<'_>) {
    let OnPremSide::User(selector) = &link.mapping.on_prem else { return };
    if let OnPremKey::ImmutableId(old) = &selector.key {
        let message = format!(
            "the AD user is named by its ImmutableID {old}, which the stamp replaces: the mapping would not find it again"
        );
        let finding = link.finding(Code::OnpremNotFound, message);
        link.raise(finding.hint("Name the AD user by something that stays: `guid`, `dn`, `sid`, `sam` or `upn`."));
    }
}

/// Elsewhere sync goes by another attribute, and the stamp would be wanted again and again.
fn raise_stamp_without_effect(link: &mut Link<'_>, world: &World) {
    let Some((forest, _)) = link.ad.and_then(|user| world.forests.get(user)) else { return };
    if forest.anchor != AnchorMode::ConsistencyGuid {
        let message = format!(
            "forest `{}` does not take its source anchor from mS-DS-ConsistencyGuid: a stamp would change nothing",
            forest.name
        );
        let hint = "Set `anchor: consistencyGuid` for the forest if sync uses that, or leave out `write: onPrem`.";
        let finding = link.finding(Code::AnchorModeDoubtful, message).hint(hint);
        link.raise(finding.with_severity(Severity::Blocker));
    }
}

/// A value that is there and not known can be neither compared nor put back.
fn raise_stamp_over_unread(link: &mut Link<'_>, world: &World) {
    if let Some(Err(problem @ AnchorProblem::NotExported(_))) = link.ad.and_then(|user| world.forests.anchor(user)) {
        let finding = link.finding(Code::AnchorMissing, problem.to_string()).hint(NOT_EXPORTED_HINT);
        link.raise(finding);
    }
}

/// AdminSDHolder takes away what was delegated on the container, from whoever is or was an administrator.
fn raise_guarded_stamp(link: &mut Link<'_>, world: &World) {
    if let Some(user) = link.ad_user(world).filter(|user| user.protected_by_admin_sd_holder) {
        let message = format!("{} has adminCount 1: rights that were delegated on its container do not reach it", user.dn);
        let hint = "See with `hardmatch doctor` whether the stamp is permitted, or have somebody write it who may.";
        let finding = link.finding(Code::NotChecked, message).hint(hint);
        link.raise(finding);
    }
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
    account.immutable_id.is_some()
        || account.sid.value().is_some()
        || account.object_identifier.value().is_some()
        || account.on_premises_names().iter().any(|text| text.value().is_some())
}

const RELINK: &str = "Take the AD user that it is linked to out of sync, then plan again.";
const LOST_ANCHOR: &str = "By SID or object identifier the account is that of this AD user, whose source anchor is another one now. If that was \
                           not meant, write `write: onPrem`: the plan puts the old value back into Active Directory. Otherwise take the AD \
                           user out of sync, then plan again.";

/// Whether sync wrote the account for this very AD user, under an anchor that can be stamped again.
fn lost_its_anchor(link: &Link<'_>, account: &CloudUser, world: &World) -> bool {
    let is_stampable =
        link.ad.and_then(|user| world.forests.get(user)).is_some_and(|(forest, _)| forest.anchor == AnchorMode::ConsistencyGuid);
    let is_guid = account.immutable_id.as_ref().is_some_and(|id| matches!(AnchorForm::of(id), AnchorForm::Guid(_)));
    is_stampable && is_guid && linked::Proof::of_link(link, account, world).holds()
}

/// A synced account can only be left as it is. Stamping AD does not touch it.
fn examine_synced(link: &mut Link<'_>, account: &CloudUser, need: Need, world: &World) -> Need {
    if account::pinned_elsewhere(link, account, world).is_some() {
        // Not yet, but once the account is out of sync.
        link.use_accept(Acceptable::ObjectIdentifierDiffers);
    }
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
            .hint(if lost_its_anchor(link, account, world) { LOST_ANCHOR } else { RELINK });
        steps::raise_to_free_the_target(link, account, finding, world);
    }
    linked::raise_synced_for_another(link, account, world);
    Need { stamp: need.stamp, ..Need::default() }
}

/// Whether what was read tells that a code is not needed.
fn is_decided(accept: Acceptable, account: &CloudUser, world: &World) -> bool {
    match accept {
        Acceptable::FederatedDomain => !world.tenant.suffix_of(account.original_upn()).is_federation_unread(),
        Acceptable::ObjectIdentifierDiffers => account.object_identifier.is_read(),
        Acceptable::TargetGuest => account.traits.user_type.is_read(),
        Acceptable::TargetPrivileged => world.tenant.roles_of(&account.id).is_some(),
        Acceptable::AnchorOpaque | Acceptable::HolderInUse | Acceptable::PrivilegeUnknown => true,
    }
}

/// Codes that were accepted without need. Once nothing is due they have done their work and are not mentioned.
pub(super) fn raise_unused_accepts(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let unused: Vec<Acceptable> = link.unused_accepts().filter(|accept| is_decided(*accept, account, world)).collect();
    for accept in unused {
        let message = format!("`accept: [{}]` was not needed", accept.code());
        let finding = link.finding(Code::AcceptUnused, message).hint("Remove it, so that it does not hide something later.");
        link.raise(finding.with_severity(Severity::Warning));
    }
}
