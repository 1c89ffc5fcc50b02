//! Reading users: in bulk, by id, and by what they hold.

use crate::directory::entra::json::{Object, WireUser};
use crate::directory::ports::DirectoryError;
use crate::directory::text::shown;
use crate::model::{CloudUser, EntraId};

use super::call::{Call, Version};
use super::client::Client;
use super::cost::PAGE;
use super::failure::GraphError;
use super::rights::READ_USERS;

/// What planning needs of every user. Whatever is not named here is absent from the answers.
pub(super) const FACTS: &str = "id,userPrincipalName,displayName,mail,proxyAddresses,employeeId,accountEnabled,userType,assignedLicenses,\
onPremisesImmutableId,onPremisesSyncEnabled,onPremisesSecurityIdentifier,onPremisesDistinguishedName,onPremisesDomainName,\
onPremisesSamAccountName,onPremisesUserPrincipalName,onPremisesLastSyncDateTime,onPremisesProvisioningErrors,deletedDateTime";
/// Only beta has it.
const OBJECT_IDENTIFIER: &str = "onPremisesObjectIdentifier";
/// How many unusable users an error names.
const EXAMPLES: usize = 10;

/// How much of each user is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What v1.0 has.
    Common,
    /// And the object identifier, which takes beta.
    WithIdentifier,
}

impl Depth {
    pub(super) fn version(self) -> Version {
        match self {
            Self::Common => Version::V1,
            Self::WithIdentifier => Version::Beta,
        }
    }

    fn select(self) -> String {
        match self {
            Self::Common => FACTS.to_owned(),
            Self::WithIdentifier => format!("{FACTS},{OBJECT_IDENTIFIER}"),
        }
    }
}

/// Where users are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Live,
    Bin,
}

impl Place {
    pub(super) fn list(self, version: Version) -> Call {
        match self {
            Self::Live => Call::get(version, &["users"]),
            Self::Bin => Call::get(version, &["directory", "deletedItems", "microsoft.graph.user"]),
        }
    }

    fn one(self, version: Version, id: &EntraId) -> Call {
        let id = id.to_string();
        match self {
            Self::Live => Call::get(version, &["users", &id]),
            Self::Bin => Call::get(version, &["directory", "deletedItems", &id, "microsoft.graph.user"]),
        }
    }
}

/// One request for one user.
pub(super) fn one(place: Place, depth: Depth, id: &EntraId) -> Call {
    place.one(depth.version(), id).select(&depth.select())
}

/// A list of users with the usual facts; a filter can be put on it.
pub(super) fn listing(place: Place, depth: Depth) -> Call {
    place.list(depth.version()).select(&depth.select()).top(PAGE)
}

/// Everybody in a place, page by page, told to whoever watches.
pub(super) fn everybody(place: Place, depth: Depth, expected: Option<u64>) -> Call {
    let what = match place {
        Place::Live => "users of the tenant",
        Place::Bin => "users in the recycle bin",
    };
    listing(place, depth).told(what, expected)
}

/// A list of users.
pub(super) async fn list(client: &Client, call: &Call, place: Place) -> Result<Vec<CloudUser>, DirectoryError> {
    let wires: Vec<Object<WireUser>> = client.list(call).await.map_err(|error| error.of_read(READ_USERS))?;
    decode(wires.into_iter().map(|Object(wire)| wire), place)
}

/// Users from their JSON; what cannot be used is named, together and never left out.
pub(super) fn decode(wires: impl Iterator<Item = WireUser>, place: Place) -> Result<Vec<CloudUser>, DirectoryError> {
    let (mut users, mut wrong) = (Vec::new(), Vec::new());
    for wire in wires {
        let name = wire.upn.as_deref().map(shown).unwrap_or_default();
        let id = wire.any_id().map(|id| id.to_string()).unwrap_or_default();
        match wire.into_user(place == Place::Bin) {
            Ok(user) => users.push(user),
            Err(error) => wrong.push(format!("{name} ({id}): {}", shown(&error.to_string()))),
        }
    }
    if wrong.is_empty() {
        return Ok(users);
    }
    let (count, more) = (wrong.len(), wrong.len().saturating_sub(EXAMPLES));
    wrong.truncate(EXAMPLES);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    Err(DirectoryError::Input(format!(
        "{count} users of the tenant hold something that cannot be:\n  {}{more}",
        wrong.join("\n  ")
    )))
}

/// These accounts as they stand, live or in the recycle bin, in the order asked for.
pub(super) async fn by_id(client: &Client, ids: &[EntraId]) -> Result<Vec<Option<CloudUser>>, DirectoryError> {
    let mut found = in_place(client, ids, Place::Live).await?;
    let missing: Vec<EntraId> = ids.iter().zip(&found).filter(|(_, user)| user.is_none()).map(|(id, _)| *id).collect();
    if !missing.is_empty() {
        let mut deleted = in_place(client, &missing, Place::Bin).await?.into_iter();
        found.iter_mut().filter(|user| user.is_none()).for_each(|user| *user = deleted.next().flatten());
    }
    Ok(found)
}

async fn in_place(client: &Client, ids: &[EntraId], place: Place) -> Result<Vec<Option<CloudUser>>, DirectoryError> {
    match at_depth(client, ids, place, Depth::WithIdentifier).await {
        // A beta that has lost the property, or a cloud without it: everything else can still be read.
        Err(error) if error.is_unsupported() => at_depth(client, ids, place, Depth::Common).await,
        other => other,
    }
    .map_err(|error| error.of_read(READ_USERS))
}

async fn at_depth(client: &Client, ids: &[EntraId], place: Place, depth: Depth) -> Result<Vec<Option<CloudUser>>, GraphError> {
    let calls: Vec<Call> = ids.iter().map(|id| one(place, depth, id)).collect();
    let parts = match calls.as_slice() {
        // On its own, so that a log shows plainly what was read before what was written.
        [call] => vec![client.send(call).await.and_then(|reply| super::list::parse(call, &reply.body))],
        calls => client.batch(depth.version(), calls).await?,
    };
    parts.into_iter().map(|part| user_of(part, place)).collect()
}

fn user_of(part: Result<serde_json::Value, GraphError>, place: Place) -> Result<Option<CloudUser>, GraphError> {
    let json = match part {
        Ok(json) => json,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    let wire = serde_json::from_value::<Object<WireUser>>(json).map_err(|error| {
        GraphError::Directory(DirectoryError::Input(format!("a user cannot be understood: {}", shown(&error.to_string()))))
    })?;
    let mut users = decode(std::iter::once(wire.0), place).map_err(GraphError::Directory)?;
    Ok(users.pop())
}
