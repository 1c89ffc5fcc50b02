//! Who is meant: an AD user by the selector, else a cloud user.

use crate::model::hits::Few;
use crate::model::{AnchorForm, CloudKey, CloudSelector, GuidInput, OnPremKey, OnPremSelector};
use crate::tenant_model::UserRef;

use super::super::describe::{ad_user_line, cloud_user_line};
use super::super::hints::Hints;
use super::super::resolve::{find_cloud, find_on_prem, other_byte_order, other_object};
use super::super::world::{AdRef, AdUsers, World};
use super::{Unexplained, Wanted};

/// Who was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    AdUser(AdRef),
    Account(UserRef),
}

pub(super) fn find(wanted: &Wanted, world: &World) -> Result<Found, Unexplained> {
    let open = world.recorder().open();
    let selector =
        wanted.on_prem.clone().map(|key| OnPremSelector { key, forest: wanted.forest.clone(), text: wanted.text.clone() });
    if let Some(found) = selector.as_ref().and_then(|selector| only(&ad_users(selector, world), world)) {
        return found;
    }
    if let Some(account) = wanted.cloud.iter().find_map(|key| accounts(key, world)) {
        return account.map(Found::Account);
    }
    // A mail address of AD is not the sign-in name there.
    if let (Some(OnPremKey::Upn(name)), Some(selector)) = (&wanted.on_prem, &selector)
        && let Ok(mail) = name.as_str().parse()
    {
        let by_mail = OnPremSelector { key: OnPremKey::Mail(mail), ..selector.clone() };
        if let Some(found) = only(&ad_users(&by_mail, world), world) {
            return found;
        }
    }
    // Nothing was found, but it was not read yet either: no reason to look for what may have been meant.
    let is_known = world.recorder().open() == open;
    Err(Unexplained::Nobody(if is_known { near(wanted, selector.as_ref(), world) } else { Vec::new() }))
}

/// Those who answer to the selector; a GUID may also be the one in the source anchor, and an ImmutableID be misspelt.
fn ad_users(selector: &OnPremSelector, world: &World) -> AdUsers {
    let found = find_on_prem(selector, world);
    if !found.is_empty() {
        return found;
    }
    let place = selector.forest.as_deref();
    if let OnPremKey::Guid(GuidInput::Guid(guid)) = &selector.key {
        return world.forests.by_anchor(&guid.immutable_id(), place);
    }
    let OnPremKey::ImmutableId(id) = &selector.key else { return found };
    let guids = AnchorForm::of(id).guids().into_iter().flatten();
    let mut users: Few<AdRef> = guids.flat_map(|guid| world.forests.by_either_guid(&guid, place)).collect();
    users.sort_unstable();
    users.dedup();
    users.into()
}

/// The only one of them; `None` when there is nobody.
fn only(users: &[AdRef], world: &World) -> Option<Result<Found, Unexplained>> {
    match users {
        [] => None,
        [one] => Some(Ok(Found::AdUser(*one))),
        several => {
            let mut named: Vec<(String, String)> = several.iter().filter_map(|user| named_ad_user(*user, world)).collect();
            named.sort_unstable();
            Some(Err(Unexplained::Several(named)))
        }
    }
}

/// With what only this AD user answers to. Who was moved between two forests is in both by one objectGUID.
fn named_ad_user(user: AdRef, world: &World) -> Option<(String, String)> {
    let (forest, object) = world.forests.get(user)?;
    let is_moved = world.forests.by_guid(&object.guid, None).len() > 1;
    let name = if is_moved { format!("{} --forest {}", object.guid, forest.name) } else { object.guid.to_string() };
    Some((ad_user_line(user, world)?, name))
}

/// The account with this name: the live one, where there are deleted ones beside it.
fn accounts(key: &CloudKey, world: &World) -> Option<Result<UserRef, Unexplained>> {
    let found = find_cloud(key, world);
    let is_live = |user: &UserRef| world.tenant.user(*user).is_some_and(|account| !account.is_deleted());
    let live: Vec<UserRef> = found.iter().copied().filter(is_live).collect();
    match (live.as_slice(), &found[..]) {
        ([one], _) | ([], [one]) => Some(Ok(*one)),
        ([], []) => None,
        ([], many) | (many, _) => {
            let accounts = many.iter().filter_map(|user| world.tenant.user(*user));
            let named = accounts.map(|account| (cloud_user_line(account), account.id.to_string()));
            Some(Err(Unexplained::Several(named.collect())))
        }
    }
}

/// What may have been meant.
fn near(wanted: &Wanted, selector: Option<&OnPremSelector>, world: &World) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(other) = wanted.cloud.iter().find_map(|key| other_object(key, world)) {
        let name = other.display_name.as_deref().unwrap_or("without a name");
        sentences.push(format!("It is a {} ({name}); only users are linked.", other.kind.word()));
    }
    if let Some(OnPremKey::ImmutableId(id)) = &wanted.on_prem {
        let holders = world.tenant.holders_of(id).into_iter().filter_map(|user| world.tenant.user(user));
        sentences.extend(holders.map(|account| format!("In the cloud {} has it; explain that one.", cloud_user_line(account))));
    }
    sentences.extend(selector.and_then(|selector| other_byte_order(selector, world)));
    let hints = Hints::default();
    let mut names = selector.map(|selector| hints.on_prem(selector, world)).unwrap_or_default();
    for key in &wanted.cloud {
        let selector = CloudSelector { key: key.clone(), text: wanted.text.clone() };
        names.extend(hints.cloud(&selector, world));
    }
    names.sort_unstable();
    names.dedup();
    if !names.is_empty() {
        sentences.push(format!("Similar, but not the same: {}.", names.join("; ")));
    }
    if !world.tenant.observed().recycle_bin_read {
        sentences.push("The recycle bin was not read; the account may be there.".to_owned());
    }
    sentences
}
