//! Reading users: in bulk, by id, and by what they hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::broken::Broken;
use crate::directory::entra::json::{Object, Strict, UserError, WireUser};
use crate::directory::ports::DirectoryError;
use crate::model::{CloudUser, EntraId, TraitsInterner};

use super::call::{Call, Version};
use super::client::Client;
use super::failure::GraphError;
use super::hide::said;
use super::rights::READ_USERS;

/// What planning needs of every user. Whatever is not named here is absent from the answers.
pub(super) const FACTS: &str = "id,userPrincipalName,displayName,mail,proxyAddresses,employeeId,accountEnabled,userType,assignedLicenses,\
onPremisesImmutableId,onPremisesSyncEnabled,onPremisesSecurityIdentifier,onPremisesDistinguishedName,onPremisesDomainName,\
onPremisesSamAccountName,onPremisesUserPrincipalName,onPremisesLastSyncDateTime,onPremisesProvisioningErrors,deletedDateTime";
/// Only beta has it.
const OBJECT_IDENTIFIER: &str = "onPremisesObjectIdentifier";

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
    place.one(depth.version(), id).select(&depth.select()).about(*id)
}

/// A list of users with the usual facts; a filter can be put on it.
pub(super) fn listing(place: Place, depth: Depth, page_size: u32) -> Call {
    place.list(depth.version()).select(&depth.select()).top(page_size)
}

/// A list of users.
pub(super) async fn list(client: &Client, call: &Call, place: Place) -> Result<Decoded, DirectoryError> {
    let add = |all: &mut Decoded, page: Vec<Object<WireUser>>| all.add(page.into_iter().map(|Object(wire)| wire), place);
    client.gather(call, add).await.map_err(|error| error.of_read(READ_USERS))
}

/// Users from their JSON, and what is wrong with others.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) users: Vec<CloudUser>,
    pub(super) broken: Broken,
    pub(super) traits: TraitsInterner,
}

impl Decoded {
    pub(super) fn add(&mut self, wires: impl Iterator<Item = WireUser>, place: Place) {
        for wire in wires {
            let (id, name) = (wire.any_id(), wire.upn.clone());
            match wire.into_user(place == Place::Bin) {
                Ok(mut user) => {
                    self.traits.share(&mut user);
                    self.users.push(user);
                }
                Err(error) => self.refuse(id, name.as_deref(), &error),
            }
        }
    }

    fn refuse(&mut self, id: Option<EntraId>, name: Option<&str>, error: &UserError) {
        self.broken.add(|| {
            let (id, name) = (id.map(|id| id.to_string()).unwrap_or_default(), name.map(said).unwrap_or_default());
            format!("{name} ({id}): {}", said(&error.to_string()))
        });
    }

    /// Takes over what is wrong with another part of the same list, and gives its users.
    pub(super) fn join(&mut self, other: Self) -> Vec<CloudUser> {
        self.broken.join(other.broken);
        other.users
    }

    /// The users; what cannot be used is named, together and never left out.
    pub(super) fn finish(self) -> Result<Vec<CloudUser>, DirectoryError> {
        self.broken.refuse("the tenant")?;
        Ok(self.users)
    }
}

/// Users from their JSON, all of them or an error.
pub(super) fn decode(wires: impl Iterator<Item = WireUser>, place: Place) -> Result<Vec<CloudUser>, DirectoryError> {
    let mut decoded = Decoded::default();
    decoded.add(wires, place);
    decoded.finish()
}

/// These accounts as they stand, live or in the recycle bin, in the order asked for. Those of `deleted` are looked for in
/// the bin first.
pub(super) async fn by_id(
    client: &Client,
    ids: &[EntraId],
    deleted: &BTreeSet<EntraId>,
) -> Result<Vec<Option<CloudUser>>, DirectoryError> {
    let (in_bin, live): (Vec<EntraId>, Vec<EntraId>) = ids.iter().partition(|id| deleted.contains(id));
    let (mut found, missing) = in_places(client, &live, &in_bin).await?;
    let (missing_live, missing_in_bin) = missing.into_iter().partition::<Vec<_>, _>(|id| !deleted.contains(id));
    found.extend(in_places(client, &missing_in_bin, &missing_live).await?.0);
    Ok(ids.iter().map(|id| found.remove(id)).collect())
}

/// Accounts where they are thought to be, and who is not there.
async fn in_places(
    client: &Client,
    live: &[EntraId],
    in_bin: &[EntraId],
) -> Result<(BTreeMap<EntraId, CloudUser>, Vec<EntraId>), DirectoryError> {
    let (of_live, of_bin) = tokio::join!(in_place(client, live, Place::Live), in_place(client, in_bin, Place::Bin));
    let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
    for (id, user) in live.iter().chain(in_bin).zip(of_live?.into_iter().chain(of_bin?)) {
        match user {
            Some(user) => found.extend([(*id, user)]),
            None => missing.push(*id),
        }
    }
    Ok((found, missing))
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
        [call] => vec![client.read::<Strict>(call).await.map(|Strict(json)| json)],
        calls => client.batch(depth.version(), calls).await?,
    };
    let users = ids.iter().zip(parts).map(|(id, part)| user_of(id, part, place));
    let mut users: Vec<Option<CloudUser>> = users.collect::<Result<_, _>>()?;
    let mut traits = TraitsInterner::default();
    users.iter_mut().flatten().for_each(|user| traits.share(user));
    Ok(users)
}

fn user_of(id: &EntraId, part: Result<serde_json::Value, GraphError>, place: Place) -> Result<Option<CloudUser>, GraphError> {
    let json = match part {
        Ok(json) => json,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    let wire = serde_json::from_value::<Object<WireUser>>(json).map_err(|error| {
        GraphError::Directory(DirectoryError::Unusable(format!(
            "what Graph says of {id} cannot be understood: {}",
            said(&error.to_string())
        )))
    })?;
    let mut users = decode(std::iter::once(wire.0), place).map_err(GraphError::Directory)?;
    Ok(users.pop())
}
