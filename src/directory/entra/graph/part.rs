//! A part of a tenant, read by the questions of planning: what is asked for decides how much is read.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::directory::ports::DirectoryError;
use crate::model::questions::{CloudQuestion, SYNCED_SAMPLE};
use crate::model::{CloudUser, EntraId, ObservedTenant, OtherKind, OtherObject, odd_spellings};

use super::call::{Call, Version};
use super::organization::{other_by_id, right_for};
use super::search;
use super::{GraphTenant, add_others};

impl GraphTenant {
    /// Adds what answers these questions.
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn answer(&self, tenant: &mut ObservedTenant, questions: &BTreeSet<CloudQuestion>) -> Result<(), DirectoryError> {
        let asked = Asked::sort(questions);
        let found = search::everything(&self.client, &asked.searches(), &asked.addresses).await?;
        merge(&mut tenant.users, found.users);
        tenant.groups_read &= found.groups.is_some();
        tenant.contacts_read &= found.contacts.is_some();
        add_others(&mut tenant.others, found.groups.into_iter().flatten().chain(found.contacts.into_iter().flatten()));
        let mut again = asked.ids.clone();
        again.extend(asked.details.iter().filter(|_| !self.has_identifiers.load(Ordering::Relaxed)));
        self.read_again(tenant, &again).await?;
        self.add_others_by_id(tenant, &asked.ids).await?;
        self.add_extras(tenant, &asked.details).await
    }

    /// Ids of nobody may be those of groups or contacts.
    async fn add_others_by_id(&self, tenant: &mut ObservedTenant, ids: &BTreeSet<EntraId>) -> Result<(), DirectoryError> {
        let known: BTreeSet<EntraId> = tenant.users.iter().map(|user| user.id).collect();
        let ids: Vec<EntraId> = ids.difference(&known).copied().collect();
        for kind in [OtherKind::Group, OtherKind::Contact] {
            add_others(&mut tenant.others, self.others_by_id(kind, &ids).await?.into_iter());
        }
        Ok(())
    }

    async fn others_by_id(&self, kind: OtherKind, ids: &[EntraId]) -> Result<Vec<OtherObject>, DirectoryError> {
        let calls: Vec<Call> = ids.iter().map(|id| other_by_id(kind, &id.to_string())).collect();
        let parts = self.client.batch(Version::V1, &calls).await.map_err(|error| error.of_read(right_for(kind)))?;
        let json = parts.into_iter().filter_map(Result::ok);
        let wires = json.filter_map(|json| serde_json::from_value::<crate::directory::entra::json::WireOther>(json).ok());
        Ok(wires.map(|wire| wire.into_other(kind)).collect())
    }
}

/// Later readings replace earlier ones, except that the details of an account stay.
fn merge(users: &mut Vec<CloudUser>, found: Vec<CloudUser>) {
    let mut known: BTreeSet<EntraId> = users.iter().map(|user| user.id).collect();
    users.extend(found.into_iter().filter(|user| known.insert(user.id)));
}

/// Questions by what answers them.
#[derive(Default)]
struct Asked<'q> {
    ids: BTreeSet<EntraId>,
    details: BTreeSet<EntraId>,
    upns: Vec<&'q str>,
    addresses: Vec<&'q str>,
    employee_ids: Vec<&'q str>,
    immutable_ids: BTreeSet<String>,
    sids: Vec<&'q str>,
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
                CloudQuestion::Sid(sid) => asked.sids.push(sid.as_str()),
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
        calls.extend(search::by_values("onPremisesSecurityIdentifier", self.sids.iter().copied(), false));
        calls.extend(self.beginnings.iter().flat_map(|beginning| search::by_beginning(beginning)));
        calls.extend(self.sample.then(|| search::first_synced(SYNCED_SAMPLE)));
        calls
    }
}
