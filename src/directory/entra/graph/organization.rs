//! The tenant beside its users: organisation, domains, switches of synchronisation, groups and contacts.

use serde::Deserialize;

use crate::directory::entra::json::{WireDomain, WireOrganization, WireOther, WireSwitches, initial_domain};
use crate::directory::ports::DirectoryError;
use crate::model::{Domain, EntraId, ObservedTenant, OtherKind, OtherObject};

use super::call::{Call, Told, Version};
use super::client::Client;
use super::cost::PAGE;
use super::failure::GraphError;
use super::list::{Items, Listed};
use super::rights::{READ_CONTACTS, READ_DOMAINS, READ_GROUPS, READ_ORGANIZATION, READ_SWITCHES, READ_USERS};

#[derive(Deserialize)]
struct Synchronization {
    #[serde(default)]
    features: Option<WireSwitches>,
}

/// What planning needs of groups and contacts.
pub(super) const OTHER_FACTS: &str = "id,displayName,mail,proxyAddresses";

/// Asks for the organisation, its domains, and the switches of synchronisation.
pub(super) fn calls() -> [Call; 3] {
    [
        Call::get(Version::V1, &["organization"]).select("id,onPremisesSyncEnabled,verifiedDomains"),
        Call::get(Version::V1, &["domains"]).select("id,isVerified,isInitial,authenticationType"),
        Call::get(Version::V1, &["directory", "onPremisesSynchronization"]).select("id,features"),
    ]
}

/// A tenant of what [`calls`] brought; domains and switches stay unknown without the right to read them.
pub(super) fn take(calls: &[Call; 3], [organization, domains, switches]: [Listed; 3]) -> Result<ObservedTenant, DirectoryError> {
    let [organization_call, domains_call, switches_call] = calls;
    let found: Result<Vec<WireOrganization>, GraphError> = organization.and_then(|items| items.decode(organization_call));
    let found = found.map_err(|error| error.of_read(READ_ORGANIZATION))?;
    let nobody = || DirectoryError::Unusable("Graph names no organisation; is the token for a tenant?".into());
    let organization = found.into_iter().next().ok_or_else(nobody)?;
    let domains = allowed(domains.and_then(|items| items.decode::<WireDomain>(domains_call)), READ_DOMAINS)?;
    let switches = switches.and_then(|items| items.decode::<Synchronization>(switches_call));
    let switches = allowed(switches, READ_SWITCHES)?;
    let domains: Option<Vec<Domain>> = domains.map(|found| found.into_iter().map(Domain::from).collect());
    let domains = match domains.filter(|found| !found.is_empty()).or_else(|| organization.domains()) {
        Some(found) if found.is_empty() => return Err(no_domains()),
        other => other,
    };
    let features = switches.and_then(|found| found.into_iter().next()?.features);
    Ok(ObservedTenant {
        initial_domain: domains.as_deref().and_then(initial_domain),
        id: organization.id,
        sync_enabled: organization.sync_enabled,
        domains,
        features: features.map(|switches| switches.0),
        ..ObservedTenant::default()
    })
}

/// Every tenant has its initial domain.
fn no_domains() -> DirectoryError {
    let message =
        "Microsoft Graph names no domain, and every tenant has one: is a proxy in between that changes answers? Run again";
    DirectoryError::Unreachable(message.into())
}

/// What was read, or nothing where the right is missing.
fn allowed<T>(read: Result<T, GraphError>, right: &str) -> Result<Option<T>, DirectoryError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_forbidden() => Ok(None),
        Err(error) => Err(error.of_read(right)),
    }
}

/// What reading groups or contacts takes.
pub(super) fn right_for(kind: OtherKind) -> &'static str {
    match kind {
        OtherKind::Group => READ_GROUPS,
        OtherKind::Contact | OtherKind::Device => READ_CONTACTS,
    }
}

/// A list of groups or contacts with the usual facts; a filter can be put on it.
pub(super) fn others(kind: OtherKind) -> Call {
    Call::get(Version::V1, &[set(kind)]).select(OTHER_FACTS)
}

fn set(kind: OtherKind) -> &'static str {
    match kind {
        OtherKind::Group => "groups",
        OtherKind::Contact => "contacts",
        OtherKind::Device => "devices",
    }
}

/// All groups or contacts; `None` without the right to read them.
pub(super) async fn all_others(client: &Client, kind: OtherKind) -> Result<Option<Vec<OtherObject>>, DirectoryError> {
    let read = client.list::<WireOther>(&others(kind).top(PAGE).told(Told::new(set(kind), None))).await;
    let found = allowed(read, "Group.Read.All and OrgContact.Read.All")?;
    Ok(found.map(|found| found.into_iter().map(|wire| wire.into_other(kind)).collect()))
}

/// One group or contact, if that is what has this id.
pub(super) fn other_by_id(kind: OtherKind, id: &EntraId) -> Call {
    Call::get(Version::V1, &[set(kind), &id.to_string()]).select(OTHER_FACTS).about(*id)
}

/// Asks how many live users there are; the count comes with the list.
pub(super) fn count_users() -> Call {
    Call::get(Version::V1, &["users"]).select("id").count()
}

/// How many there are by the answer to [`count_users`].
pub(super) fn counted(listed: Listed) -> Result<u64, DirectoryError> {
    listed.and_then(|items| number(&items)).map_err(|error| error.of_read(READ_USERS))
}

/// How many users there are by the count of a list.
pub(super) fn number(items: &Items) -> Result<u64, GraphError> {
    let without = || GraphError::Directory(DirectoryError::Unusable("the answer to GET /users has no @odata.count".into()));
    items.count.ok_or_else(without)
}
