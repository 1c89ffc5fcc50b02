//! Searching: the filters that find objects by what they hold, and what they find.
//!
//! A search may find more than was meant, never less: whoever asked compares again by hardmatch's own rules.

use serde::de::DeserializeOwned;

use crate::directory::entra::json::{Object, WireOther, WireUser};
use crate::directory::ports::DirectoryError;
use crate::model::{CloudUser, OtherKind, OtherObject};

use super::call::{Call, Version, is_one_of, literal};
use super::client::Client;
use super::cost::{PAGE, VALUES};
use super::failure::GraphError;
use super::list::Listed;
use super::organization::{others, right_for};
use super::rights::READ_USERS;
use super::users::{Depth, Place, decode, listing};

/// Conditions that Graph takes at most in one filter, joined by `or`.
const CONDITIONS: usize = 14;

/// Searches for live users whose property is one of these values.
pub(super) fn by_values<'v>(property: &str, values: impl IntoIterator<Item = &'v str>, advanced: bool) -> Vec<Call> {
    let values: Vec<&str> = values.into_iter().collect();
    let call = |some: &[&str]| {
        let call = listing(Place::Live, Depth::Common, PAGE).filter(&is_one_of(property, some.iter().copied()));
        if advanced { call.advanced() } else { call }
    };
    values.chunks(VALUES).map(call).collect()
}

/// Searches for live users with one of these mail addresses.
pub(super) fn by_addresses(addresses: &[&str]) -> Vec<Call> {
    let mut calls = by_values("mail", addresses.iter().copied(), false);
    calls.extend(proxies(addresses).map(|filter| listing(Place::Live, Depth::Common, PAGE).filter(&filter)));
    calls
}

/// Searches for groups or contacts with one of these mail addresses.
fn others_by_addresses(kind: OtherKind, addresses: &[&str]) -> Vec<Call> {
    proxies(addresses).map(|filter| others(kind).filter(&filter)).collect()
}

/// Both spellings of the prefix: whether the comparison ignores case is not promised.
fn proxies<'a>(addresses: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    addresses.chunks(CONDITIONS / 2).map(|some| {
        let spelt = some
            .iter()
            .flat_map(|address| ["smtp", "SMTP"].map(|prefix| format!("p eq {}", literal(&format!("{prefix}:{address}")))));
        format!("proxyAddresses/any(p:{})", spelt.collect::<Vec<_>>().join(" or "))
    })
}

/// Searches for live users whose sign-in name or mail begins like this.
pub(super) fn by_beginning(prefix: &str) -> Vec<Call> {
    let starts = |property: &str| format!("startsWith({property},{})", literal(prefix));
    ["userPrincipalName", "mail"].map(|property| listing(Place::Live, Depth::Common, PAGE).filter(&starts(property))).into()
}

/// The first live users that are synced, by sign-in name.
pub(super) fn first_synced(count: u32) -> Call {
    let call = Place::Live.list(Version::V1).select(super::users::FACTS).first(count);
    call.filter("onPremisesSyncEnabled eq true").option("$orderby", "userPrincipalName").advanced()
}

/// The live users that these searches find.
pub(super) async fn users(client: &Client, calls: &[Call]) -> Result<Vec<CloudUser>, DirectoryError> {
    let listed = client.lists(Version::V1, calls).await.map_err(|error| error.of_read(READ_USERS))?;
    users_of(calls, listed)
}

/// What searches find.
pub(super) struct Found {
    pub(super) users: Vec<CloudUser>,
    /// `None` without the right to read them.
    pub(super) groups: Option<Vec<OtherObject>>,
    /// Likewise.
    pub(super) contacts: Option<Vec<OtherObject>>,
}

/// Live users by these searches, and groups and contacts with these addresses, in as few requests as possible.
pub(super) async fn everything(client: &Client, user_calls: &[Call], addresses: &[&str]) -> Result<Found, DirectoryError> {
    let groups = others_by_addresses(OtherKind::Group, addresses);
    let contacts = others_by_addresses(OtherKind::Contact, addresses);
    let calls: Vec<Call> = user_calls.iter().chain(&groups).chain(&contacts).cloned().collect();
    let mut listed = client.lists(Version::V1, &calls).await.map_err(|error| error.of_read(READ_USERS))?;
    let mut rest = listed.split_off(user_calls.len());
    let of_contacts = rest.split_off(groups.len());
    Ok(Found {
        users: users_of(user_calls, listed)?,
        groups: others_of(OtherKind::Group, &groups, rest)?,
        contacts: others_of(OtherKind::Contact, &contacts, of_contacts)?,
    })
}

fn users_of(calls: &[Call], listed: Vec<Listed>) -> Result<Vec<CloudUser>, DirectoryError> {
    let wires: Vec<Object<WireUser>> = entries(calls, listed).map_err(|error| error.of_read(READ_USERS))?;
    decode(wires.into_iter().map(|Object(wire)| wire), Place::Live)
}

fn others_of(kind: OtherKind, calls: &[Call], listed: Vec<Listed>) -> Result<Option<Vec<OtherObject>>, DirectoryError> {
    match entries::<WireOther>(calls, listed) {
        Ok(found) => Ok(Some(found.into_iter().map(|wire| wire.into_other(kind)).collect())),
        Err(error) if error.is_forbidden() => Ok(None),
        Err(error) => Err(error.of_read(right_for(kind))),
    }
}

fn entries<T: DeserializeOwned>(calls: &[Call], listed: Vec<Listed>) -> Result<Vec<T>, GraphError> {
    let mut all = Vec::new();
    for (call, found) in calls.iter().zip(listed) {
        all.extend(found?.decode::<T>(call)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filter_has_more_conditions_than_graph_takes() {
        let addresses: Vec<String> = (0..30).map(|n| format!("o'dell{n}@x.example")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let filters: Vec<String> = proxies(&addresses).collect();
        assert_eq!(filters.len(), 5);
        assert!(filters.iter().all(|filter| filter.matches(" eq ").count() <= 15));
        assert!(
            filters[0].starts_with("proxyAddresses/any(p:p eq 'smtp:o''dell0@x.example' or p eq 'SMTP:o''dell0@x.example' or ")
        );
    }
}
