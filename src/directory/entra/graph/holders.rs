//! Who holds a value: searched by the index, which lags; whoever needs certainty reads the account.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::directory::ports::DirectoryError;
use crate::model::EntraId;

use super::call::{Call, Version, is_one_of};
use super::client::Client;
use super::cost::{self, PAGE, VALUES};
use super::failure::GraphError;
use super::hide::said;
use super::rights::READ_USERS;
use super::users::Place;

/// A property that is unique in a tenant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unique {
    ImmutableId,
    SecurityIdentifier,
}

impl Unique {
    fn name(self) -> &'static str {
        match self {
            Self::ImmutableId => "onPremisesImmutableId",
            Self::SecurityIdentifier => "onPremisesSecurityIdentifier",
        }
    }

    fn of(self, row: Row) -> Option<String> {
        match self {
            Self::ImmutableId => row.immutable_id,
            Self::SecurityIdentifier => row.sid,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Row {
    id: EntraId,
    #[serde(rename = "onPremisesImmutableId", default)]
    immutable_id: Option<String>,
    #[serde(rename = "onPremisesSecurityIdentifier", default)]
    sid: Option<String>,
}

#[derive(Deserialize)]
struct Rows {
    value: Vec<Row>,
}

/// Who holds one of these values, live or in the recycle bin; exact to the character. `users` is how many live users
/// there are, where that is known.
pub(super) async fn find(
    client: &Client,
    property: Unique,
    values: &BTreeSet<&str>,
    users: u64,
) -> Result<Vec<(String, EntraId)>, DirectoryError> {
    let (live, bin) = tokio::join!(live(client, property, values, users), everybody(client, property, Place::Bin));
    let mut found = Vec::new();
    for row in live?.into_iter().chain(bin?) {
        let id = row.id;
        found.extend(property.of(row).filter(|value| values.contains(value.as_str())).map(|value| (value, id)));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

async fn live(client: &Client, property: Unique, values: &BTreeSet<&str>, users: u64) -> Result<Vec<Row>, DirectoryError> {
    if cost::of_searching(values.len()) > cost::of_listing(users) {
        return everybody(client, property, Place::Live).await;
    }
    let values: Vec<&str> = values.iter().copied().collect();
    let calls: Vec<Call> = values.chunks(VALUES).map(|some| search(property, some)).collect();
    let parts = client.batch(Version::V1, &calls).await.map_err(|error| error.of_read(READ_USERS))?;
    let mut rows = Vec::new();
    for part in parts {
        match part.map(rows_of) {
            Ok(Ok(mut some)) => rows.append(&mut some),
            // Tenants without that index (B2C) are read from end to end.
            Err(error) if error.is_unsupported() => return everybody(client, property, Place::Live).await,
            Ok(Err(error)) | Err(error) => return Err(error.of_read(READ_USERS)),
        }
    }
    Ok(rows)
}

fn search(property: Unique, values: &[&str]) -> Call {
    let filter = is_one_of(property.name(), values.iter().copied());
    Place::Live.list(Version::V1).select(&format!("id,{}", property.name())).filter(&filter).top(PAGE).advanced()
}

fn rows_of(json: Value) -> Result<Vec<Row>, GraphError> {
    let odd = |error: serde_json::Error| {
        GraphError::Directory(DirectoryError::Unusable(format!(
            "the answer to a search for holders cannot be understood: {}",
            said(&error.to_string())
        )))
    };
    serde_json::from_value::<Rows>(json).map(|rows| rows.value).map_err(odd)
}

async fn everybody(client: &Client, property: Unique, place: Place) -> Result<Vec<Row>, DirectoryError> {
    let call = place.list(Version::V1).select(&format!("id,{}", property.name())).top(PAGE);
    client.list(&call).await.map_err(|error| error.of_read(READ_USERS))
}
