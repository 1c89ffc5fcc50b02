//! Roles: who is assigned or eligible for one, and the members of the groups that hold one.
//!
//! Assignments are far fewer than users, so they are read whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::json;

use crate::directory::entra::json::WireOther;
use crate::directory::ports::DirectoryError;
use crate::model::{EntraId, ObservedTenant, OtherKind, OtherObject, RoleGrant, RoleState};

use super::call::{Call, Version};
use super::client::Client;
use super::cost::{BATCH, PAGE};
use super::failure::GraphError;
use super::hide::said;
use super::list::Listed;
use super::organization::OTHER_FACTS;
use super::rights::{READ_ELIGIBLE, READ_GROUPS, READ_MEMBERS, READ_ROLES};

/// Templates of the roles that matter most, for clouds whose beta does not tell which are privileged:
/// <https://learn.microsoft.com/en-us/entra/identity/role-based-access-control/permissions-reference>.
const PRIVILEGED: [&str; 5] = [
    "62e90394-69f5-4237-9190-012177145e10",
    "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",
];

/// How many objects are asked for at once.
const BY_IDS: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    id: Box<str>,
    #[serde(default)]
    template_id: Option<Box<str>>,
    #[serde(default)]
    display_name: Option<Box<str>>,
    #[serde(default)]
    is_privileged: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    principal_id: EntraId,
    role_definition_id: Box<str>,
}

#[derive(Debug, Deserialize)]
struct Member {
    id: EntraId,
}

/// What was learnt of roles.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants {
    /// `None` without the right to read them.
    pub(super) roles: Option<Vec<RoleGrant>>,
    /// The groups that hold one, with their members; `None` when nobody may tell which of the holders are groups.
    pub(super) groups: Option<Vec<OtherObject>>,
    /// What could not be read, in words.
    pub(super) doubts: Vec<String>,
}

impl Grants {
    /// Adds what was learnt to a tenant.
    pub(super) fn add_to(self, tenant: &mut ObservedTenant) {
        tenant.groups_read = self.groups.is_some();
        let groups = self.groups.unwrap_or_default();
        let known: BTreeSet<EntraId> = groups.iter().map(|group| group.id).collect();
        tenant.others.retain(|other| !known.contains(&other.id));
        tenant.others.extend(groups);
        tenant.roles = self.roles;
        tenant.doubts.extend(self.doubts);
    }
}

/// Asks for assignments and eligibilities.
pub(super) fn calls() -> [Call; 2] {
    let set = |name| Call::get(Version::V1, &["roleManagement", "directory", name]).select("principalId,roleDefinitionId");
    [set("roleAssignments"), set("roleEligibilityScheduleInstances")]
}

/// Who holds which role; which of them are groups is not known yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// `None` without the right to read them.
    roles: Option<BTreeSet<RoleGrant>>,
    doubts: Vec<String>,
}

/// Roles by definition id.
pub(super) type Definitions = BTreeMap<Box<str>, Role>;

/// A role.
#[derive(Debug, Clone)]
pub(super) struct Role {
    name: Box<str>,
    privileged: bool,
    /// Whether nobody said that it is not privileged: it is none of the best known.
    is_guess: bool,
}

/// Reads all of it.
pub(super) async fn read(client: &Client) -> Result<Grants, DirectoryError> {
    let calls = calls();
    let (listed, definitions) = tokio::join!(client.each(Version::V1, &calls), definitions(client));
    let held = take(&calls, listed.map_err(|error| error.of_read(READ_ROLES))?, definitions)?;
    complete(client, held).await
}

/// Puts together what [`calls`] and [`definitions`] brought.
pub(super) fn take(
    calls: &[Call; 2],
    [assigned, eligible]: [Listed; 2],
    definitions: Result<Definitions, DirectoryError>,
) -> Result<Held, DirectoryError> {
    let [assigned_call, eligible_call] = calls;
    let assigned: Vec<Assignment> = match assigned.and_then(|items| items.decode(assigned_call)) {
        Ok(found) => found,
        Err(error) if error.is_forbidden() => return Ok(Held::default()),
        Err(error) => return Err(error.of_read(READ_ROLES)),
    };
    let mut doubts = Vec::new();
    let eligible = eligibilities(eligible.and_then(|items| items.decode(eligible_call)), &mut doubts)?;
    let definitions = definitions?;
    doubts.extend(guessed(assigned.iter().chain(&eligible), &definitions));
    let roles =
        grants_of(assigned, RoleState::Assigned, &definitions).chain(grants_of(eligible, RoleState::Eligible, &definitions));
    Ok(Held { roles: Some(roles.collect()), doubts })
}

/// Finds out who of the holders is a group, and of whom.
pub(super) async fn complete(client: &Client, held: Held) -> Result<Grants, DirectoryError> {
    let Some(roles) = held.roles else { return Ok(Grants::default()) };
    let principals: BTreeSet<EntraId> = roles.iter().map(|grant| grant.principal).collect();
    let groups = groups(client, &principals).await?;
    Ok(Grants { roles: Some(roles.into_iter().collect()), groups, doubts: held.doubts })
}

/// Eligibilities; none without the licence that they take.
fn eligibilities(read: Result<Vec<Assignment>, GraphError>, doubts: &mut Vec<String>) -> Result<Vec<Assignment>, DirectoryError> {
    match read {
        Ok(found) => Ok(found),
        Err(error) if error.answer().is_some_and(|answer| answer.is("AadPremiumLicenseRequired")) => Ok(Vec::new()),
        Err(error) if error.is_forbidden() => {
            doubts.push(format!(
                "roles that accounts are eligible for (PIM) could not be read: the Graph permission {READ_ELIGIBLE} is missing"
            ));
            Ok(Vec::new())
        }
        Err(error) => Err(error.of_read(READ_ELIGIBLE)),
    }
}

/// Asks for the roles themselves.
pub(super) async fn definitions(client: &Client) -> Result<Definitions, DirectoryError> {
    let call = |version, select| Call::get(version, &["roleManagement", "directory", "roleDefinitions"]).select(select);
    let beta = client.list::<Definition>(&call(Version::Beta, "id,templateId,displayName,isPrivileged")).await;
    let found = match beta {
        Err(error) if error.is_unsupported() || error.is_missing() => {
            client.list(&call(Version::V1, "id,templateId,displayName")).await
        }
        other => other,
    };
    let found: Vec<Definition> = found.map_err(|error| error.of_read(READ_ROLES))?;
    Ok(found.into_iter().map(|definition| (definition.id.clone(), named(definition))).collect())
}

fn named(definition: Definition) -> Role {
    let template = definition.template_id.as_deref().unwrap_or(&definition.id);
    let privileged = definition.is_privileged.unwrap_or_else(|| PRIVILEGED.contains(&template));
    let is_guess = definition.is_privileged.is_none() && !privileged;
    Role { name: definition.display_name.unwrap_or(definition.id), privileged, is_guess }
}

/// A doubt about roles that somebody holds and that may be privileged, for all that Graph says.
fn guessed<'a>(held: impl Iterator<Item = &'a Assignment>, definitions: &Definitions) -> Option<String> {
    let roles = held.filter_map(|assignment| definitions.get(&assignment.role_definition_id));
    let names: BTreeSet<String> = roles.filter(|role| role.is_guess).map(|role| said(&role.name)).collect();
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| {
        format!(
            "whether roles are privileged was not told by Graph (isPrivileged, in beta), so only the best known ones count as \
             privileged, and not {}",
            names.join(", ")
        )
    })
}

fn grants_of(assignments: Vec<Assignment>, state: RoleState, definitions: &Definitions) -> impl Iterator<Item = RoleGrant> {
    assignments.into_iter().map(move |assignment| {
        // A role that nobody describes may be anything, so it counts as privileged.
        let unknown = || (assignment.role_definition_id.clone(), true);
        let known = definitions.get(&assignment.role_definition_id).map(|role| (role.name.clone(), role.privileged));
        let (role, privileged) = known.unwrap_or_else(unknown);
        RoleGrant { principal: assignment.principal_id, role, privileged, state }
    })
}

/// The groups among the holders of roles, with all who are members through any path; `None` when nobody may tell which
/// of the holders are groups.
async fn groups(client: &Client, principals: &BTreeSet<EntraId>) -> Result<Option<Vec<OtherObject>>, DirectoryError> {
    let all: Vec<EntraId> = principals.iter().copied().collect();
    // A few are asked for members before it is known whether they have any: that is one request, and no more waiting.
    let early = if all.len() <= BATCH { all.clone() } else { Vec::new() };
    let (groups, early_members) = tokio::join!(among(client, &all), members(client, &early));
    let (Some(mut groups), mut found) = (groups?, early_members?) else { return Ok(None) };
    let late: Vec<EntraId> = groups.iter().map(|group| group.id).filter(|id| !found.contains_key(id)).collect();
    found.extend(members(client, &late).await?);
    for group in &mut groups {
        group.members = found.remove(&group.id).flatten();
    }
    Ok(Some(groups))
}

async fn among(client: &Client, ids: &[EntraId]) -> Result<Option<Vec<OtherObject>>, DirectoryError> {
    let ids: Vec<String> = ids.iter().map(EntraId::to_string).collect();
    let mut groups = Vec::new();
    for some in ids.chunks(BY_IDS) {
        let body = json!({ "ids": some, "types": ["group"] });
        let call = Call::ask(Version::V1, &["directoryObjects", "getByIds"], body).select(OTHER_FACTS);
        match client.list::<WireOther>(&call).await {
            Ok(found) => groups.extend(found.into_iter().map(|wire| wire.into_other(OtherKind::Group))),
            Err(error) if error.is_forbidden() => return Ok(None),
            Err(error) => return Err(error.of_read(READ_GROUPS)),
        }
    }
    Ok(Some(groups))
}

/// The members of these groups; `None` for who is no group, and for memberships that nobody may see.
async fn members(client: &Client, groups: &[EntraId]) -> Result<BTreeMap<EntraId, Option<Vec<EntraId>>>, DirectoryError> {
    let of =
        |group: &EntraId| Call::get(Version::V1, &["groups", &group.to_string(), "transitiveMembers"]).select("id").top(PAGE);
    let calls: Vec<Call> = groups.iter().map(of).collect();
    let listed = client.lists(Version::V1, &calls).await.map_err(|error| error.of_read(READ_MEMBERS))?;
    let mut found = BTreeMap::new();
    for ((group, call), items) in groups.iter().zip(&calls).zip(listed) {
        let members = match items.and_then(|items| items.decode::<Member>(call)) {
            Ok(members) => Some(members.into_iter().map(|member| member.id).collect::<BTreeSet<_>>().into_iter().collect()),
            Err(error) if error.is_forbidden() || error.is_missing() => None,
            Err(error) => return Err(error.of_read(READ_MEMBERS)),
        };
        found.insert(*group, members);
    }
    Ok(found)
}
