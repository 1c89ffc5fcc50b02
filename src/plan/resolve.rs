//! Selectors to objects: exactly one AD user and one cloud user, or a finding that lists what was found.

use std::collections::BTreeSet;

use crate::model::hits::Few;
use crate::model::text::same;
use crate::model::{
    Acceptable, AnchorForm, AnchorOrigin, CloudKey, CloudUser, GuidInput, ObjectGuid, OnPremKey, OnPremSelector, OnPremSide,
    SourceAnchor, Upn,
};
use crate::tenant_model::{Found, UserRef};

use super::anchor;
use super::describe::{ad_user_line, cloud_user_line};
use super::finding::Code;
use super::hints::Hints;
use super::link::{Asked, Link};
use super::listed::Listed;
use super::rivals::SAME_OBJECT;
use super::world::{AdRef, AdUsers, World, mail_addresses};

/// Resolves both sides and the wanted anchor of a mapping.
pub(super) fn resolve(link: &mut Link<'_>, world: &World, hints: &Hints) {
    resolve_on_prem(link, world, hints);
    resolve_cloud(link, world, hints);
    link.target_user(world).filter(|_| link.is_examined()).into_iter().for_each(|account| world.tenant.ask_details(account));
    anchor::resolve_anchor(link, world);
}

fn resolve_on_prem(link: &mut Link<'_>, world: &World, hints: &Hints) {
    let OnPremSide::User(selector) = &link.mapping.on_prem else { return };
    if world.forests.is_empty() {
        take_at_its_word(link, world, selector);
        return;
    }
    let open = world.recorder().open();
    let found = find_on_prem(selector, world);
    if found.is_empty() && world.recorder().open() > open {
        raise_not_known(link, Code::OnpremNotFound);
        return;
    }
    // In another spelling the same is worked out once more.
    let usable = world.forests.taken_in(|| format!("{:?}", selector.key), selector.forest.as_deref(), found.clone());
    match (&usable[..], &found[..]) {
        ([one], _) => link.ad = Some(*one),
        ([], [excluded, ..]) => raise_excluded(link, *excluded, world),
        ([], []) => raise_on_prem_not_found(link, selector, world, hints),
        (many, _) => {
            let lines = Listed::of(many.len(), many.iter().filter_map(|user| ad_user_line(*user, world)));
            let message = format!("{} AD users answer to `{}`", many.len(), selector.text);
            let hint = how_to_name_one(many, selector, world);
            let finding = link.finding(Code::OnpremAmbiguous, message).listed(lines).hint(hint);
            link.raise(finding);
        }
    }
}

/// What tells several AD users apart who answer to one selector.
fn how_to_name_one(many: &[AdRef], selector: &OnPremSelector, world: &World) -> String {
    let forests: BTreeSet<_> = many.iter().filter_map(|user| world.forests.get(*user)).map(|(forest, _)| &forest.name).collect();
    let objects: BTreeSet<ObjectGuid> = many.iter().filter_map(|user| world.forests.user(*user)).map(|user| user.guid).collect();
    if objects.len() == 1 && forests.len() > 1 {
        return format!("They are one: {SAME_OBJECT}. Export both anew at the same time, or narrow the selector with `forest`.");
    }
    let is_plain_sam = matches!(selector.key, OnPremKey::Sam { domain: None, .. });
    match (forests.len(), is_plain_sam) {
        (2.., _) => "Name one of them by `guid` or `dn`, or narrow the selector with `forest`.".to_owned(),
        (_, true) => r"Name one of them by `guid` or `dn`, or as `DOMAIN\name`.".to_owned(),
        (_, false) => "Name one of them by `guid` or `dn`.".to_owned(),
    }
}

fn exclusion(user: AdRef, world: &World) -> Option<crate::model::Exclusion> {
    world.forests.user(user).and_then(|user| user.excluded)
}

fn raise_excluded(link: &mut Link<'_>, user: AdRef, world: &World) {
    let Some(reason) = exclusion(user, world) else { return };
    let message = format!("an AD user answers to the selector, but the sync client leaves it out: {}", reason.reason());
    let hint = "Name the account that is synced, or remove the mapping: an object that is left out is never matched.";
    let finding = link.finding(Code::OnpremNotFound, message).objects(ad_user_line(user, world)).hint(hint);
    link.raise(finding);
}

fn raise_on_prem_not_found(link: &mut Link<'_>, selector: &OnPremSelector, world: &World, hints: &Hints) {
    if let Some(account) = cloud_account_named_by_guid(selector, world) {
        let message =
            format!("`{}` is the object id of the cloud account {}, not an objectGUID", selector.text, account.original_upn());
        let hint = "Take the GUID from Active Directory: Get-ADUser NAME -Properties objectGUID.";
        let finding = link.finding(Code::CloudIdAsGuid, message).objects([cloud_user_line(account)]).hint(hint);
        link.raise(finding);
        return;
    }
    let place = selector.forest.as_ref().map_or_else(|| "any forest".to_owned(), |forest| format!("forest `{forest}`"));
    let near = hints.on_prem(selector, world);
    let hint = other_byte_order(selector, world).unwrap_or_else(|| match near.as_slice() {
        [] => "Check the spelling, and that the export holds the container in which the user is.".to_owned(),
        near => format!("Similar, but not the same: {}.", near.join("; ")),
    });
    let finding = link.finding(Code::OnpremNotFound, format!("no AD user in {place} answers to `{}`", selector.text)).hint(hint);
    link.raise(finding);
}

/// Nothing was found, but it was not read yet either: no reason to look for what may have been meant.
fn raise_not_known(link: &mut Link<'_>, code: Code) {
    let finding = link.finding(code, "not looked up yet");
    link.raise(finding);
}

/// Somebody's GUID with the first three groups reversed: the mistake of every general GUID library.
pub(super) fn other_byte_order(selector: &OnPremSelector, world: &World) -> Option<String> {
    let given = match &selector.key {
        OnPremKey::Guid(GuidInput::Guid(guid)) => *guid,
        OnPremKey::ImmutableId(id) => AnchorForm::of(id).guids().into_iter().flatten().next()?,
        OnPremKey::Guid(GuidInput::BareHex { .. })
        | OnPremKey::Dn(_)
        | OnPremKey::Sid(_)
        | OnPremKey::Sam { .. }
        | OnPremKey::Upn(_)
        | OnPremKey::Mail(_)
        | OnPremKey::EmployeeId(_) => return None,
    };
    let meant = given.byte_swapped();
    let by_anchor = world.forests.by_anchor(&meant.immutable_id(), None).into_iter();
    let owner = by_anchor.chain(world.forests.by_guid(&meant, None)).next().and_then(|user| ad_user_line(user, world))?;
    Some(format!("With the first three groups reversed it is {meant} ({}), which belongs to {owner}.", meant.immutable_id()))
}

fn cloud_account_named_by_guid<'w>(selector: &OnPremSelector, world: &'w World) -> Option<&'w CloudUser> {
    let OnPremKey::Guid(GuidInput::Guid(guid)) = &selector.key else { return None };
    account_with_id(guid, world)
}

fn account_with_id<'w>(guid: &ObjectGuid, world: &'w World) -> Option<&'w CloudUser> {
    let id = guid.to_string().parse().ok()?;
    world.tenant.by_id(&id).and_then(|user| world.tenant.user(user))
}

/// Without forests a GUID or ImmutableID counts as given, unless it is plainly something else.
fn take_at_its_word(link: &mut Link<'_>, world: &World, selector: &OnPremSelector) {
    let anchor = match &selector.key {
        OnPremKey::Guid(GuidInput::Guid(guid)) => SourceAnchor::of_guid(*guid, AnchorOrigin::Given),
        OnPremKey::ImmutableId(id) => {
            let guid = AnchorForm::of(id).guids().into_iter().flatten().next();
            SourceAnchor { value: id.clone(), guid, origin: AnchorOrigin::Given }
        }
        OnPremKey::Guid(GuidInput::BareHex { .. })
        | OnPremKey::Dn(_)
        | OnPremKey::Sid(_)
        | OnPremKey::Sam { .. }
        | OnPremKey::Upn(_)
        | OnPremKey::Mail(_)
        | OnPremKey::EmployeeId(_) => {
            let message = format!("`{}` can only be looked up in a forest, and none is configured", selector.text);
            let finding = link.finding(Code::OnpremNotFound, message).hint("Add the forest's export under `forests`.");
            link.raise(finding);
            return;
        }
    };
    if let Some(account) = anchor.guid.and_then(|guid| account_with_id(&guid, world)) {
        let message =
            format!("`{}` is the object id of the cloud account {}, not an objectGUID", selector.text, account.original_upn());
        let finding = link.finding(Code::CloudIdAsGuid, message).hint("Take the GUID from Active Directory.");
        link.raise(finding);
    }
    link.anchor = Some(anchor);
}

/// The AD users that a selector names.
pub(super) fn find_on_prem(selector: &OnPremSelector, world: &World) -> AdUsers {
    let (forests, place) = (&world.forests, selector.forest.as_deref());
    match &selector.key {
        OnPremKey::Dn(dn) => forests.by_dn(dn, place),
        OnPremKey::Guid(GuidInput::Guid(guid)) => forests.by_guid(guid, place),
        OnPremKey::Guid(GuidInput::BareHex { as_text, as_bytes }) => {
            let mut found: Few<AdRef> =
                forests.by_guid(as_text, place).into_iter().chain(forests.by_guid(as_bytes, place)).collect();
            found.dedup();
            found.into()
        }
        OnPremKey::Sid(sid) => forests.by_sid(sid, place),
        OnPremKey::Sam { name, domain: None } => forests.by_sam(name, place),
        OnPremKey::Sam { name, domain: Some(domain) } => {
            forests.by_sam_in(domain, name, place, |user| is_in_domain(user, domain, world))
        }
        OnPremKey::Upn(upn) => forests.by_upn(upn.as_str(), place),
        OnPremKey::Mail(mail) => forests.by_address(mail.as_str(), place),
        OnPremKey::EmployeeId(employee_id) => forests.by_employee_id(employee_id, place),
        OnPremKey::ImmutableId(id) => forests.by_anchor(id, place),
    }
}

/// Whether a selector fits an AD user. Nobody else is looked at.
pub(super) fn names_ad_user(side: &OnPremSide, ad: AdRef, world: &World) -> bool {
    let (OnPremSide::User(OnPremSelector { key, forest: wanted, .. }), Some((forest, user))) = (side, world.forests.get(ad))
    else {
        return false;
    };
    let is = |own: Option<&str>, wanted: &str| own.is_some_and(|own| same(own, wanted));
    let fits = match key {
        OnPremKey::Dn(dn) => user.dn.key() == dn.key(),
        OnPremKey::Guid(GuidInput::Guid(guid)) => user.guid == *guid,
        OnPremKey::Guid(GuidInput::BareHex { as_text, as_bytes }) => [as_text, as_bytes].contains(&&user.guid),
        OnPremKey::Sid(sid) => user.sid.as_ref() == Some(sid),
        OnPremKey::Sam { domain, name } => {
            is(user.sam.as_deref(), name) && domain.as_ref().is_none_or(|domain| is_in_domain(ad, domain, world))
        }
        OnPremKey::Upn(upn) => is(user.upn.as_deref(), upn.as_str()),
        OnPremKey::Mail(mail) => mail_addresses(user).any(|own| same(own, mail.as_str())),
        OnPremKey::EmployeeId(number) => is(user.employee_id.as_deref(), number),
        OnPremKey::ImmutableId(id) => world.forests.anchor(ad).is_some_and(|anchor| anchor.is_ok_and(|own| own.value == *id)),
    };
    fits && wanted.as_ref().is_none_or(|wanted| *wanted == forest.name)
}

/// Whether a domain word means the user's domain: its DNS name, its first label, its NetBIOS name or its forest's name.
fn is_in_domain(user: AdRef, domain: &str, world: &World) -> bool {
    let Some((forest, user)) = world.forests.get(user) else { return false };
    let dns = user.dn.dns_domain();
    let label = dns.split('.').next().unwrap_or_default();
    let names = forest.netbios_names.iter().map(AsRef::as_ref).chain([dns.as_str(), label, &forest.name]);
    names.into_iter().any(|name| crate::model::text::same(name, domain))
}

fn resolve_cloud(link: &mut Link<'_>, world: &World, hints: &Hints) {
    let selector = &link.mapping.cloud;
    let open = world.recorder().open();
    let found = find_cloud(&selector.key, world);
    let is_known = world.recorder().open() == open;
    let user = |user: &UserRef| world.tenant.user(*user);
    let live = find_live(&selector.key, world);
    match (&live[..], &found[..]) {
        ([one], _) => link.target = Some(*one),
        // Who was called so and is deleted is not whom the detour parked, unless the mapping wants somebody restored.
        ([], deleted)
            if (deleted.is_empty() || !link.mapping.restore)
                && let Some((target, original)) = parked_target(link, world) =>
        {
            link.target = Some(target);
            link.parked = Some(Box::new(original));
        }
        ([], [one]) => take_deleted(link, *one, world),
        ([], []) if is_known => raise_cloud_not_found(link, world, hints),
        ([], []) => raise_not_known(link, Code::CloudNotFound),
        ([], many) | (many, _) => {
            let lines = Listed::of(many.len(), many.iter().filter_map(user).map(cloud_user_line));
            let message = format!("{} cloud users answer to `{}`", many.len(), selector.text);
            let finding = link.finding(Code::CloudAmbiguous, message).listed(lines).hint("Name one of them by `id`.");
            link.raise(finding);
        }
    }
}

/// The cloud users that a selector names, live and deleted.
pub(super) fn find_cloud(key: &CloudKey, world: &World) -> Found {
    match key {
        CloudKey::Id(id) => world.tenant.by_id(id).into_iter().collect(),
        CloudKey::Upn(upn) => world.tenant.by_upn(upn.as_str()),
        CloudKey::Mail(mail) => world.tenant.by_address(mail.as_str()),
        CloudKey::EmployeeId(employee_id) => world.tenant.by_employee_id(employee_id),
    }
}

/// Those of them who live.
pub(super) fn find_live(key: &CloudKey, world: &World) -> Found {
    let is_live = |user: &UserRef| world.tenant.user(*user).is_some_and(|account| !account.is_deleted());
    match key {
        CloudKey::Id(id) => world.tenant.by_id(id).into_iter().filter(is_live).collect(),
        CloudKey::Upn(upn) => world.tenant.live_by_upn(upn.as_str()),
        CloudKey::Mail(mail) => world.tenant.live_by_address(mail.as_str()),
        CloudKey::EmployeeId(employee_id) => world.tenant.live_by_employee_id(employee_id),
    }
}

fn take_deleted(link: &mut Link<'_>, user: UserRef, world: &World) {
    link.target = Some(user);
    if link.mapping.restore {
        return;
    }
    let Some(account) = world.tenant.user(user) else { return };
    let finding = link
        .finding(Code::TargetSoftDeleted, format!("{} is in the recycle bin", account.original_upn()))
        .objects([cloud_user_line(account)])
        .hint("Write `restore: true` on the mapping to bring it back first.");
    link.raise_asking(Asked::Switch, finding);
}

/// The account that a federated detour left on its parking name, and the name to give back. Who leaves hybrid makes no
/// detour: a federated name is of no use without an ImmutableID.
fn parked_target(link: &Link<'_>, world: &World) -> Option<(UserRef, Upn)> {
    let CloudKey::Upn(wanted) = &link.mapping.cloud.key else { return None };
    if link.mapping.on_prem == OnPremSide::Nobody
        || !link.accepts(Acceptable::FederatedDomain)
        || !super::federation::is_federated(wanted.domain(), &world.tenant)
    {
        return None;
    }
    let park = super::federation::park_name(wanted, &world.tenant)?;
    let live = world.tenant.live_by_upn(park.as_str());
    let [user] = live[..] else { return None };
    let account = world.tenant.user(user)?;
    let known = super::federation::is_recognisable(wanted, account, link, world);
    let original = super::federation::unparked(&account.upn.parse().ok()?, wanted, &world.tenant)?;
    known.then_some((user, original))
}

fn raise_cloud_not_found(link: &mut Link<'_>, world: &World, hints: &Hints) {
    let selector = &link.mapping.cloud;
    if let Some(other) = other_object(&selector.key, world) {
        let name = other.display_name.as_deref().unwrap_or("without a name");
        let message = format!(
            "`{}` is a {} ({name}); only users have an ImmutableID that can be written",
            selector.text,
            other.kind.word()
        );
        let finding = link.finding(Code::TargetNotAUser, message).hint("Name a user, or remove the mapping.");
        link.raise(finding);
        return;
    }
    let near = hints.cloud(selector, world);
    let hint = match near.as_slice() {
        _ if let Some(account) = already_linked(link, world) => format!(
            "The ID of the AD user is on {}, which is synced: sync has most likely renamed the account. Name it so, or by its id.",
            cloud_user_line(account)
        ),
        [] if world.tenant.observed().recycle_bin_read => {
            "Check the spelling. An account that was purged can only be made anew.".to_owned()
        }
        [] => "Check the spelling. The recycle bin was not read; the account may be there.".to_owned(),
        near => format!("Similar, but not the same: {}.", near.join("; ")),
    };
    let finding = link.finding(Code::CloudNotFound, format!("no cloud user answers to `{}`", selector.text)).hint(hint);
    link.raise(finding);
}

/// The synced account that carries the anchor of the mapping's AD user already.
fn already_linked<'w>(link: &Link<'_>, world: &'w World) -> Option<&'w CloudUser> {
    let anchor = world.forests.anchor(link.ad?)?.ok()?;
    let holders = world.tenant.holders_of(&anchor.value).into_iter().filter_map(|user| world.tenant.user(user));
    holders.into_iter().find(|account| account.is_held_by_sync())
}

pub(super) fn other_object<'w>(key: &CloudKey, world: &'w World) -> Option<&'w crate::model::OtherObject> {
    match key {
        CloudKey::Id(id) => world.tenant.observed().others.iter().find(|other| other.id == *id),
        CloudKey::Upn(upn) => world.tenant.others_with_address(upn.as_str()).into_iter().next(),
        CloudKey::Mail(mail) => world.tenant.others_with_address(mail.as_str()).into_iter().next(),
        CloudKey::EmployeeId(_) => None,
    }
}
