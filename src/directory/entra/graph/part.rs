//! A part of a tenant, read by the questions of planning: what is asked for decides how much is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use hashbrown::HashSet;
use serde_json::Value;

use crate::directory::entra::json::WireOther;
use crate::directory::ports::DirectoryError;
use crate::model::questions::{CloudQuestion, SYNCED_SAMPLE};
use crate::model::{CloudUser, EntraId, ObservedTenant, OtherKind, OtherObject, odd_spellings};

use super::call::{Call, Version};
use super::details::{self, Extras};
use super::hide::said;
use super::organization::{other_by_id, right_for};
use super::search;
use super::{GraphTenant, add_others};

/// What it means when beta does not tell the object identifier.
const WITHOUT_IDENTIFIER: &str = "Graph did not answer which AD object these accounts are pinned to (onPremisesObjectIdentifier, in \
    beta), so whether sync will refuse to link them is not known";

impl GraphTenant {
    /// Adds what answers these questions.
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn answer(&self, tenant: &mut ObservedTenant, questions: &BTreeSet<CloudQuestion>) -> Result<(), DirectoryError> {
        let asked = Asked::sort(questions);
        let mut again = asked.ids.clone();
        again.extend(asked.details.iter().filter(|_| !self.has_identifiers.load(Ordering::Relaxed)));
        let mut extras = Extras::default();
        // Whose details are asked for is known already, so that nothing here waits for anything else.
        let known: Vec<&CloudUser> = tenant.users.iter().filter(|user| asked.details.contains(&user.id)).collect();
        let (searches, deleted) = (asked.searches(), deleted(&tenant.users));
        let (found, read, details) = tokio::join!(
            search::everything(&self.client, &searches, &asked.addresses),
            self.by_id(&again, &deleted),
            details::ask_all(&self.client, &self.denied, &known, &mut extras),
        );
        let found = found?;
        merge(&mut tenant.users, found.users);
        tenant.groups_read &= found.groups.is_some();
        tenant.contacts_read &= found.contacts.is_some();
        add_others(&mut tenant.others, found.groups.into_iter().flatten().chain(found.contacts.into_iter().flatten()));
        replace(&mut tenant.users, read?);
        details?;
        self.add_others_by_id(tenant, &asked.ids).await?;
        self.add_extras(tenant, &asked.details, extras).await
    }

    /// Adds the facts that no list has to these accounts; what has come to matter since they were asked is asked now.
    async fn add_extras(
        &self,
        tenant: &mut ObservedTenant,
        ids: &HashSet<EntraId>,
        mut extras: Extras,
    ) -> Result<(), DirectoryError> {
        let known: Vec<&CloudUser> = tenant.users.iter().filter(|user| ids.contains(&user.id)).collect();
        details::ask_all(&self.client, &self.denied, &known, &mut extras).await?;
        extras.add_to(&mut tenant.users.iter_mut().filter(|user| ids.contains(&user.id)).collect::<Vec<_>>())?;
        self.denied.doubt(&mut tenant.doubts);
        let unread = tenant.users.iter().filter(|user| ids.contains(&user.id) && !user.object_identifier.is_read());
        let mut unread: Vec<String> = unread.map(|user| said(user.original_upn())).collect();
        unread.sort_unstable();
        details::add_doubt_about(&mut tenant.doubts, WITHOUT_IDENTIFIER, &unread);
        Ok(())
    }

    /// Ids of nobody may be those of groups or contacts.
    async fn add_others_by_id(&self, tenant: &mut ObservedTenant, ids: &BTreeSet<EntraId>) -> Result<(), DirectoryError> {
        if ids.is_empty() {
            return Ok(());
        }
        let known: BTreeSet<EntraId> = tenant.users.iter().map(|user| user.id).collect();
        let ids: Vec<EntraId> = ids.difference(&known).copied().collect();
        let (groups, contacts) =
            tokio::join!(self.others_by_id(OtherKind::Group, &ids), self.others_by_id(OtherKind::Contact, &ids));
        add_others(&mut tenant.others, groups?.into_iter().chain(contacts?));
        Ok(())
    }

    async fn others_by_id(&self, kind: OtherKind, ids: &[EntraId]) -> Result<Vec<OtherObject>, DirectoryError> {
        let calls: Vec<Call> = ids.iter().map(|id| other_by_id(kind, id)).collect();
        let parts = self.client.batch(Version::V1, &calls).await.map_err(|error| error.of_read(right_for(kind)))?;
        let mut others = Vec::new();
        for (id, part) in ids.iter().zip(parts) {
            match part {
                Ok(json) => others.push(other_of(id, kind, json)?),
                // What nobody may read is told where all of them are asked for.
                Err(error) if error.is_missing() || error.is_forbidden() || error.is_unsupported() => {}
                Err(error) => return Err(error.of_read(right_for(kind))),
            }
        }
        Ok(others)
    }
}

fn other_of(id: &EntraId, kind: OtherKind, json: Value) -> Result<OtherObject, DirectoryError> {
    let odd = |error: serde_json::Error| {
        DirectoryError::Unusable(format!("what Graph says of {id} cannot be understood: {}", said(&error.to_string())))
    };
    Ok(serde_json::from_value::<WireOther>(json).map_err(odd)?.into_other(kind))
}

/// Who is in the recycle bin, as far as it was read.
fn deleted(users: &[CloudUser]) -> BTreeSet<EntraId> {
    users.iter().filter(|user| user.is_deleted()).map(|user| user.id).collect()
}

/// Puts accounts that were read again in the place of what was known of them, except that their details stay.
fn replace(users: &mut Vec<CloudUser>, read: Vec<Option<CloudUser>>) {
    let mut by_id: BTreeMap<EntraId, CloudUser> = read.into_iter().flatten().map(|user| (user.id, user)).collect();
    for user in users.iter_mut() {
        if let Some(read) = by_id.remove(&user.id) {
            let known = std::mem::replace(user, read);
            details::keep(&known, user);
        }
    }
    users.extend(by_id.into_values());
}

/// Later readings replace earlier ones, except that the details of an account stay.
fn merge(users: &mut Vec<CloudUser>, found: Vec<CloudUser>) {
    if found.is_empty() {
        return;
    }
    let mut known: HashSet<EntraId> = users.iter().map(|user| user.id).collect();
    users.extend(found.into_iter().filter(|user| known.insert(user.id)));
}

/// Questions by what answers them.
#[derive(Default)]
struct Asked<'q> {
    ids: BTreeSet<EntraId>,
    details: HashSet<EntraId>,
    upns: Vec<&'q str>,
    addresses: Vec<&'q str>,
    employee_ids: Vec<&'q str>,
    immutable_ids: BTreeSet<String>,
    sids: Vec<String>,
    beginnings: Vec<&'q str>,
    sample: bool,
}

impl<'q> Asked<'q> {
    fn sort(questions: &'q BTreeSet<CloudQuestion>) -> Self {
        let mut asked = Self::default();
        for question in questions {
            match question {
                CloudQuestion::Id(id) => _ = asked.ids.insert(*id),
                CloudQuestion::Details(id) => _ = asked.details.insert(*id),
                CloudQuestion::Upn(upn) => asked.upns.push(upn),
                CloudQuestion::Address(address) => asked.addresses.push(address),
                CloudQuestion::EmployeeId(id) => asked.employee_ids.push(id),
                CloudQuestion::ImmutableId(id) => _ = asked.immutable_ids.insert(id.as_str().to_owned()),
                CloudQuestion::OddGuid(guid) => asked.immutable_ids.extend(odd_spellings(*guid)),
                CloudQuestion::Sid(sid) => asked.sids.push(sid.to_string()),
                CloudQuestion::Similar(beginning) => asked.beginnings.push(beginning),
                CloudQuestion::SyncedSample => asked.sample = true,
            }
        }
        asked
    }

    fn searches(&self) -> Vec<Call> {
        let mut calls = search::by_values("userPrincipalName", self.upns.iter().copied(), false);
        // An address may be somebody's sign-in name without being among the mail addresses.
        calls.extend(search::by_values("userPrincipalName", self.addresses.iter().copied(), false));
        calls.extend(search::by_addresses(&self.addresses));
        calls.extend(search::by_values("employeeId", self.employee_ids.iter().copied(), false));
        calls.extend(search::by_values("onPremisesImmutableId", self.immutable_ids.iter().map(String::as_str), true));
        calls.extend(search::by_values("onPremisesSecurityIdentifier", self.sids.iter().map(String::as_str), false));
        calls.extend(self.beginnings.iter().flat_map(|beginning| search::by_beginning(beginning)));
        calls.extend(self.sample.then(|| search::first_synced(SYNCED_SAMPLE)));
        calls
    }
}
