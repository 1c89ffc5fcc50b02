//! An account that takes part: the on-premises values that it carries, and whose they are.

use crate::model::{AnchorForm, CloudUser, ImmutableId};
use crate::tenant_model::UserRef;

use super::super::account::role_lines;
use super::super::describe::{ad_user_line, sync_state};
use super::super::owners::{Owners, owners_of};
use super::super::world::{AdRef, World};
use super::ExplainedAccount;

/// The account; `ad` is the AD user that the explanation is about.
pub(super) fn explained(user: UserRef, ad: Option<AdRef>, world: &World) -> Option<ExplainedAccount> {
    let account = world.tenant.user(user)?;
    world.tenant.ask_details(account);
    let roles = world.tenant.roles_of(&account.id);
    let unread = [
        ("onPremisesSecurityIdentifier", account.sid.is_read()),
        ("onPremisesObjectIdentifier", account.object_identifier.is_read()),
        ("onPremisesProvisioningErrors", account.traits.provisioning_errors.is_read()),
        ("roles", roles.is_some()),
    ];
    Some(ExplainedAccount {
        deleted_date_time: account.traits.deleted_at.as_ref().map(ToString::to_string),
        id: account.id.to_string(),
        immutable_id: account.immutable_id.as_ref().map(ToString::to_string),
        immutable_id_is: what_id_is(account, ad, world),
        not_read: unread.into_iter().filter(|(_, is_read)| !is_read).map(|(name, _)| name.to_owned()).collect(),
        object_identifier: account.object_identifier.value().map(ToString::to_string),
        provisioning_errors: account.errors().to_vec(),
        roles: roles.map(|roles| role_lines(&roles, &world.tenant)).unwrap_or_default(),
        sid: account.sid.value().map(|sid| sid.to_string()),
        sync: sync_state(account),
        upn: account.original_upn().to_owned(),
    })
}

/// Whose the ImmutableID of an account is, in words that follow it after a comma.
pub(super) fn what_id_is(account: &CloudUser, ad: Option<AdRef>, world: &World) -> Option<String> {
    let id = account.immutable_id.as_ref()?;
    if world.forests.is_empty() {
        return Some("whose it is cannot be told without forests".to_owned());
    }
    let own = ad.and_then(|ad| own_id(id, ad, world));
    Some(own.or_else(|| somebodys_id(id, world)).unwrap_or_else(|| nobodys_id(id, account.is_synced())))
}

fn nobodys_id(id: &ImmutableId, is_synced: bool) -> String {
    match AnchorForm::of(id) {
        _ if is_synced => "the anchor of an AD user that was not read".to_owned(),
        AnchorForm::Opaque => "no GUID and no anchor of these forests: perhaps of another identity provider".to_owned(),
        AnchorForm::Guid(_)
        | AnchorForm::NotCanonical(_)
        | AnchorForm::GuidText(_)
        | AnchorForm::EncodedGuidText(_)
        | AnchorForm::BareHex { .. } => "the anchor of no AD user of these forests: most likely stale".to_owned(),
    }
}

/// What an ImmutableID has to do with the AD user that is explained.
fn own_id(id: &ImmutableId, ad: AdRef, world: &World) -> Option<String> {
    let user = world.forests.user(ad)?;
    let anchor = world.forests.anchor(ad)?.ok();
    if anchor.as_ref().is_some_and(|anchor| anchor.value == *id) {
        return Some("the source anchor of the AD user".to_owned());
    }
    if anchor.as_ref().is_some_and(|anchor| anchor.value.as_str().eq_ignore_ascii_case(id.as_str())) {
        return Some("the source anchor of the AD user but for upper and lower case, which matches nothing".to_owned());
    }
    let form = AnchorForm::of(id);
    let of_anchor = anchor.and_then(|anchor| anchor.guid);
    let guids = [
        ("the source anchor", of_anchor),
        ("the objectGUID", Some(user.guid)),
        ("the mS-DS-ConsistencyGuid", user.consistency_guid.guid()),
    ];
    let named = |(name, guid): (&str, Option<_>)| {
        let guid = guid?;
        let held = if let AnchorForm::Guid(held) = form { Some(held) } else { None };
        if held == Some(guid) {
            return Some(format!("made of {name} of the AD user, which sync does not use as its source anchor"));
        }
        if held == Some(guid.byte_swapped()) {
            return Some(format!("{name} of the AD user with the first three groups reversed, which matches nothing"));
        }
        let is_meant = form.guids().contains(&Some(guid));
        is_meant.then(|| format!("{name} of the AD user in a spelling that matches nothing"))
    };
    guids.into_iter().find_map(named)
}

fn somebodys_id(id: &ImmutableId, world: &World) -> Option<String> {
    let Owners { users, kinship } = owners_of(id, world)?;
    let owner = users.into_iter().find_map(|user| ad_user_line(user, world))?;
    Some(format!("{} {owner}", kinship.words()))
}
