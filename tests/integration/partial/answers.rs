//! What each question of planning means: the part of the whole that answers a set of them.

use std::collections::BTreeSet;

use hardmatch::model::*;
use hardmatch::plan::questions::{CloudQuestion, ForestKey, ForestQuestion, Questions, SYNCED_SAMPLE};
use hardmatch::tenant_model::Tenant;

use text::{fold, same};

/// The part of the whole that answers these questions. `also` lets in more than was asked for.
pub(super) fn part(whole: &Observed, questions: &Questions, also: impl Fn(u64) -> bool) -> Observed {
    Observed {
        forests: whole.forests.iter().map(|forest| forest_part(forest, &questions.forests, &also)).collect(),
        tenant: tenant_part(&whole.tenant, &questions.tenant, &also),
    }
}

fn forest_part(whole: &ObservedForest, questions: &BTreeSet<ForestQuestion>, also: &impl Fn(u64) -> bool) -> ObservedForest {
    let here = |question: &&ForestQuestion| question.forest.as_ref().is_none_or(|name| *name == whole.name);
    let asked: Vec<&ForestKey> = questions.iter().filter(here).map(|question| &question.key).collect();
    let wanted = |user: &AdUser| asked.iter().any(|key| is_answer(key, whole, user));
    let users = whole.users.iter().zip(0..).filter(|(user, at)| wanted(user) || also(*at)).map(|(user, _)| user.clone());
    ObservedForest { users: users.collect(), user_count: Some(whole.users.len() as u64), ..whole.clone() }
}

fn is_answer(key: &ForestKey, forest: &ObservedForest, user: &AdUser) -> bool {
    let is = |own: Option<&str>, wanted: &str| own.is_some_and(|own| same(own, wanted));
    match key {
        ForestKey::Dn(dn) => user.dn.key() == dn.key(),
        ForestKey::Guid(guid) => user.guid == *guid,
        ForestKey::ConsistencyGuid(guid) => user.consistency_guid.guid() == Some(*guid),
        ForestKey::Sid(sid) => user.sid.as_ref() == Some(sid),
        ForestKey::Sam(name) => is(user.sam.as_deref(), name),
        ForestKey::Upn(name) => is(user.upn.as_deref(), name),
        ForestKey::Mail(address) => is(user.mail.as_deref(), address) || has_address(user.proxy_addresses.iter(), address),
        ForestKey::EmployeeId(id) => is(user.employee_id.as_deref(), id),
        ForestKey::ImmutableId(id) => effective_anchor(&forest.anchor, user).is_ok_and(|anchor| anchor.value == *id),
        ForestKey::Similar(beginning) => {
            [&user.upn, &user.mail, &user.sam].into_iter().flatten().any(|name| begins(name, beginning))
        }
    }
}

fn tenant_part(whole: &ObservedTenant, questions: &BTreeSet<CloudQuestion>, also: &impl Fn(u64) -> bool) -> ObservedTenant {
    let tenant = Tenant::new(whole.clone());
    let mut ids: BTreeSet<EntraId> = BTreeSet::new();
    for question in questions {
        ids.extend(answers(question, &tenant));
    }
    let deleted = whole.users.iter().filter(|user| user.is_deleted()).map(|user| user.id);
    ids.extend(deleted);
    ids.extend(role_holders(whole));
    let users = whole.users.iter().zip(0..).filter(|(user, at)| ids.contains(&user.id) || also(*at));
    let users = users.map(|(user, _)| match questions.contains(&CloudQuestion::Details(user.id)) {
        true => user.clone(),
        false => without_details(user),
    });
    ObservedTenant {
        users: users.collect(),
        live_users: Some(whole.users.iter().filter(|user| !user.is_deleted()).count() as u64),
        others: whole.others.iter().filter(|other| ids.contains(&other.id)).cloned().collect(),
        ..whole.clone()
    }
}

fn without_details(user: &CloudUser) -> CloudUser {
    CloudUser { object_identifier: Known::Unknown, last_sign_in: Known::Unknown, ..user.clone() }
        .with_traits(|traits| (traits.cloud_managed, traits.mailbox_purpose) = (Known::Unknown, Known::Unknown))
}

/// Groups that hold roles, and the groups in them.
fn role_holders(whole: &ObservedTenant) -> BTreeSet<EntraId> {
    let mut open: Vec<EntraId> = whole.roles.iter().flatten().map(|grant| grant.principal).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        let group = whole.others.iter().find(|other| other.id == id && other.kind == OtherKind::Group);
        if let Some(group) = group.filter(|_| found.insert(id)) {
            open.extend(group.members.iter().flatten());
        }
    }
    found
}

/// The ids of everything that answers a question.
fn answers(question: &CloudQuestion, tenant: &Tenant) -> BTreeSet<EntraId> {
    let observed = tenant.observed();
    let users = |wanted: &dyn Fn(&CloudUser) -> bool| -> BTreeSet<EntraId> {
        observed.users.iter().filter(|user| wanted(user)).map(|user| user.id).collect()
    };
    match question {
        CloudQuestion::Id(id) | CloudQuestion::Details(id) => [*id].into(),
        CloudQuestion::Upn(name) => users(&|user| same(user.original_upn(), name)),
        CloudQuestion::Address(address) => {
            let mut ids = users(&|user| {
                user.mail.value().is_some_and(|mail| same(mail, address)) || has_address(user.addresses(), address)
            });
            let owns = |other: &&OtherObject| {
                other.mail.as_ref().is_some_and(|mail| same(mail, address)) || has_address(other.proxy_addresses.iter(), address)
            };
            ids.extend(observed.others.iter().filter(owns).map(|other| other.id));
            ids
        }
        CloudQuestion::EmployeeId(id) => users(&|user| user.employee_id.value().is_some_and(|own| same(own, id))),
        CloudQuestion::ImmutableId(id) => {
            users(&|user| user.immutable_id.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(id.as_str())))
        }
        CloudQuestion::OddGuid(guid) => {
            tenant.odd_holders_of(guid).into_iter().map(|(user, _)| tenant.user(user).unwrap().id).collect()
        }
        CloudQuestion::Sid(sid) => users(&|user| user.sid.value() == Some(sid)),
        CloudQuestion::Similar(beginning) => {
            users(&|user| begins(user.original_upn(), beginning) || user.mail.value().is_some_and(|mail| begins(mail, beginning)))
        }
        CloudQuestion::SyncedSample => {
            let synced = observed.users.iter().filter(|user| user.is_synced() && !user.is_deleted());
            let mut synced: Vec<(String, EntraId)> = synced.map(|user| (str::to_lowercase(&user.upn), user.id)).collect();
            synced.sort();
            synced.into_iter().take(SYNCED_SAMPLE as usize).map(|(_, id)| id).collect()
        }
    }
}

fn has_address<'a>(entries: impl Iterator<Item = &'a str>, address: &str) -> bool {
    entries.map(ProxyAddress::parse).any(|entry| entry.is_mail() && same(entry.address, address))
}

fn begins(name: &str, beginning: &str) -> bool {
    fold(name).to_lowercase().starts_with(beginning)
}
