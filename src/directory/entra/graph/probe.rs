//! Trying what planning and applying will need, for `doctor`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::directory::ports::DirectoryError;
use crate::model::{EntraId, ObservedTenant};

use super::GraphTenant;
use super::auth::Claims;
use super::call::{Call, Version, is_one_of};
use super::failure::GraphError;
use super::list::Page;
use super::rights::{
    READ_CONTACTS, READ_DOMAINS, READ_ELIGIBLE, READ_GROUPS, READ_MAILBOXES, READ_ORGANIZATION, READ_ROLES, READ_SIGN_INS,
    READ_SWITCHES, READ_USERS,
};
use super::users::Place;
use super::{details, grants, organization};

/// Something that is read, and what it is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What is read, in words.
    pub what: &'static str,
    /// The Graph permission that it takes.
    pub right: &'static str,
    /// What is not known without it; `None` when nothing can be planned then.
    pub without: Option<&'static str>,
}

/// How trying to read something ended.
#[derive(Debug, Clone)]
pub struct Probe {
    /// What was tried.
    pub reading: Reading,
    /// The error in words; `None` when it worked.
    pub error: Option<DirectoryError>,
}

/// What was found out about a tenant.
#[derive(Debug, Clone)]
pub struct Probes {
    /// Organisation, domains and switches.
    pub tenant: ObservedTenant,
    /// The server's clock, as its `Date` header tells it.
    pub server_date: Option<String>,
    /// What the token says of itself, if it says anything.
    pub claims: Option<Claims>,
    /// What can be read.
    pub probes: Vec<Probe>,
}

const fn reading(what: &'static str, right: &'static str, without: Option<&'static str>) -> Reading {
    Reading { what, right, without }
}

fn readings() -> Vec<(Reading, Call)> {
    let ([_, domains, switches], [assigned, eligible]) = (organization::calls(), grants::calls());
    vec![
        (reading("users", READ_USERS, None), Place::Live.list(Version::V1).select("id,onPremisesImmutableId").first(1)),
        (reading("the recycle bin", READ_USERS, None), Place::Bin.list(Version::V1).select("id,onPremisesImmutableId").first(1)),
        (reading("holders of an ImmutableID", READ_USERS, None), probe_search()),
        (reading("domains", READ_DOMAINS, Some("whether a domain is federated is taken from the organisation")), domains),
        (reading("roles", READ_ROLES, Some("nobody can tell which accounts are privileged")), assigned),
        (reading("eligible roles", READ_ELIGIBLE, Some("roles that can be activated are not seen")), eligible),
        (
            reading("groups", READ_GROUPS, Some("addresses that belong to groups are not seen")),
            organization::others(crate::model::OtherKind::Group).first(1),
        ),
        (
            reading("contacts", READ_CONTACTS, Some("addresses that belong to contacts are not seen")),
            organization::others(crate::model::OtherKind::Contact).first(1),
        ),
        (
            reading("the switches of synchronisation", READ_SWITCHES, Some("a switch that blocks every hard match is not seen")),
            switches,
        ),
        (
            reading("sign-ins", READ_SIGN_INS, Some("whether a holder is in use is told from its licences only")),
            Place::Live.list(Version::V1).select("id,signInActivity").first(1),
        ),
    ]
}

/// What no list has is tried on somebody.
fn reading_of(id: EntraId) -> (Reading, Call) {
    let without = "shared mailboxes and rooms are not told from those of people";
    (reading("what mailboxes are for", READ_MAILBOXES, Some(without)), details::mailbox(id))
}

#[derive(Deserialize)]
struct Somebody {
    id: EntraId,
}

/// A search that finds nobody: what counts is whether it is taken.
fn probe_search() -> Call {
    let filter = is_one_of("onPremisesImmutableId", ["hardmatch+doctor/probe=="]);
    Place::Live.list(Version::V1).select("id,onPremisesImmutableId").filter(&filter).first(1).advanced()
}

impl GraphTenant {
    /// Signs in and tries everything that only reads.
    ///
    /// # Errors
    /// Graph cannot be reached, sign-in fails, or not even the organisation can be read.
    pub async fn probe(&self) -> Result<Probes, DirectoryError> {
        let token = self.client.token().await?;
        let [about, ..] = organization::calls();
        let first = self.client.send(&about).await.map_err(|error| error.of_read(READ_ORGANIZATION))?;
        let tenant = super::frame::identity(&self.client).await?;
        let anybody = Place::Live.list(Version::V1).select("id").first(1);
        let somebody = self.client.read::<Page<Somebody>>(&anybody).await.ok().and_then(|page| page.value.into_iter().next());
        let mut probes = Vec::new();
        for (reading, call) in readings().into_iter().chain(somebody.map(|somebody| reading_of(somebody.id))) {
            let error = self.reads(&call).await.err().filter(|error| !is_good_enough(reading, error));
            probes.push(Probe { reading, error: error.map(|error| error.of_read(reading.right)) });
        }
        Ok(Probes { tenant, server_date: first.date, claims: super::auth::claims(&token), probes })
    }

    /// Reads an object or a page of a list, as planning does: one that is not there is no good answer, whatever its status.
    async fn reads(&self, call: &Call) -> Result<(), GraphError> {
        type Entry = Map<String, Value>;
        match call.about {
            Some(_) => self.client.read::<Entry>(call).await.map(drop),
            None => self.client.read::<Page<Entry>>(call).await.map(drop),
        }
    }
}

/// Without the licence for PIM there are no eligible roles to be read, and who has no mailbox has none for something.
fn is_good_enough(reading: Reading, error: &GraphError) -> bool {
    let has_no_mailbox = reading.right == READ_MAILBOXES && error.is_not_found();
    has_no_mailbox || error.answer().is_some_and(|answer| answer.is("AadPremiumLicenseRequired"))
}
