//! Directory roles: who holds them, who may activate them, and which ones Microsoft calls privileged.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::model::{EntraId, RoleGrant, RoleState};

use super::access::{READ_ELIGIBILITY, READ_GROUP_ELIGIBILITY, READ_ROLES};
use super::call::{Answer, Call, Version};
use super::directory::{list, single};
use super::errors::Failure;
use super::odata::expr::{Expr, Literal, Op};
use super::schema::{DIRECTORY_ROLE, ELIGIBILITY, ROLE_ASSIGNMENT, ROLE_DEFINITION};
use super::world::World;

/// Template ids of the roles that are met most, each with whether it is privileged.
const BUILT_IN: &[(&str, &str, bool)] = &[
    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10", true),
    ("Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814", true),
    ("Privileged Authentication Administrator", "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", true),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1", true),
    ("Hybrid Identity Administrator", "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", true),
];

/// A role of this tenant.
#[derive(Debug, Clone)]
struct Role {
    id: String,
    name: String,
    privileged: bool,
}

/// The roles by folded name: the built-in ones, and those that the snapshot names.
fn roles(world: &World) -> BTreeMap<String, Role> {
    let built_in = BUILT_IN.iter().map(|(name, id, privileged)| Role {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        privileged: *privileged,
    });
    let mut roles: BTreeMap<String, Role> = built_in.map(|role| (role.name.to_ascii_lowercase(), role)).collect();
    for (grant, json) in grants(world) {
        let role = roles.entry(grant.role.to_ascii_lowercase()).or_insert_with(|| Role {
            id: made_up_id("role", &grant.role.to_ascii_lowercase()),
            name: grant.role.to_string(),
            privileged: grant.privileged,
        });
        // What the snapshot says goes before what is known in general.
        role.privileged = grant.privileged;
        if let Some(id) = json.and_then(|json| json.get("roleDefinitionId")).and_then(Value::as_str) {
            id.clone_into(&mut role.id);
        }
    }
    roles
}

/// The grants of the snapshot, each with its own JSON.
fn grants(world: &World) -> impl Iterator<Item = (&RoleGrant, Option<&Value>)> {
    let json = world.section("roles");
    let grants = world.tenant.observed().roles.as_deref().unwrap_or_default();
    grants.iter().enumerate().map(|(position, grant)| (grant, json.get(position)))
}

/// Ids are stable from run to run.
fn made_up_id(kind: &str, name: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(format!("{kind}\n{name}")).into();
    let (half, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    EntraId::made_up(*half).to_string()
}

fn definition(role: &Role, version: Version) -> Value {
    let mut json = json!({
        "id": role.id, "displayName": role.name, "description": role.name, "isBuiltIn": true, "isEnabled": true,
        "templateId": role.id, "version": "1", "resourceScopes": ["/"], "rolePermissions": [],
    });
    if let Some(object) = json.as_object_mut().filter(|_| version == Version::Beta) {
        object.insert("isPrivileged".to_owned(), json!(role.privileged));
    }
    json
}

fn assignment(roles: &BTreeMap<String, Role>, call: &Call, grant: &RoleGrant, kind: &str) -> Value {
    let role = roles.get(&grant.role.to_ascii_lowercase());
    let role_id = role.map(|role| role.id.clone()).unwrap_or_default();
    let principal = grant.principal.to_string();
    let id = made_up_id(kind, &format!("{principal}\n{role_id}"));
    let mut json = json!({
        "id": id, "principalId": principal, "roleDefinitionId": role_id, "directoryScopeId": "/", "appScopeId": null,
        "memberType": "Direct", "status": "Provisioned", "roleEligibilityScheduleId": id,
    });
    if let Some(object) = json.as_object_mut() {
        // Filters reach into the role, whether it is expanded or not.
        object.insert("roleDefinition".to_owned(), role.map_or(Value::Null, |role| definition(role, call.version)));
    }
    json
}

/// GET /roleManagement/directory/roleAssignments
pub(crate) fn assignments(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ROLES)?;
    let assigned = grants(world).filter(|(grant, _)| grant.state == RoleState::Assigned);
    let roles = roles(world);
    let all = assigned.map(|(grant, _)| assignment(&roles, call, grant, "assignment")).collect();
    expanded(world, call, all, &ROLE_ASSIGNMENT)
}

/// GET /beta/roleManagement/directory/transitiveRoleAssignments: of one principal, through groups too
pub(crate) fn transitive(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ROLES)?;
    if call.version == Version::V1 {
        return Err(Failure::no_segment("transitiveRoleAssignments"));
    }
    if !call.is_advanced() {
        return Err(Failure::bad("This request needs the '$count' query option and the 'ConsistencyLevel:eventual' header."));
    }
    let principal = principal(call)?;
    let held = world.tenant.roles_of(&principal).unwrap_or_default();
    let assigned = held.into_iter().filter(|held| held.state == RoleState::Assigned);
    let grant = |held: crate::tenant_model::RoleHeld| RoleGrant {
        principal: held.via.unwrap_or(principal),
        role: held.role,
        privileged: held.privileged,
        state: held.state,
    };
    let roles = roles(world);
    let all = assigned.map(grant).map(|grant| assignment(&roles, call, &grant, "assignment")).collect();
    // The filter has been answered: the principal of what came through a group is that group.
    expanded(world, &Call { query: call.query.without_filter(), ..call.clone() }, all, &ROLE_ASSIGNMENT)
}

/// The principal of `$filter=principalId eq '…'`.
fn principal(call: &Call) -> Result<EntraId, Failure> {
    let filter = call.query.filter.as_deref().map(super::odata::parse).transpose()?;
    let id = match &filter {
        Some(Expr::Compare { path, op: Op::Eq, value: Literal::Text(text) }) if path.segments == ["principalId"] => {
            text.parse().ok()
        }
        Some(_) | None => None,
    };
    id.ok_or_else(|| Failure::bad("A filter on principalId is needed: $filter=principalId eq '{id}'."))
}

/// GET /roleManagement/directory/roleEligibilitySchedules, and their instances
pub(crate) fn eligibilities(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ELIGIBILITY)?;
    need_licence(world)?;
    let eligible = grants(world).filter(|(grant, _)| grant.state == RoleState::Eligible);
    let roles = roles(world);
    let all = eligible.map(|(grant, _)| assignment(&roles, call, grant, "eligibility")).collect();
    expanded(world, call, all, &ELIGIBILITY)
}

/// GET /identityGovernance/privilegedAccess/group/eligibilityScheduleInstances: the snapshot knows none
pub(crate) fn group_eligibilities(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_GROUP_ELIGIBILITY)?;
    need_licence(world)?;
    list(world, call, &ELIGIBILITY, Vec::new())
}

fn need_licence(world: &World) -> Result<(), Failure> {
    let message = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.";
    let licensed = world.script.switches.pim_licence;
    if licensed { Ok(()) } else { Err(Failure::new(400, "AadPremiumLicenseRequired", message)) }
}

/// A list of assignments, with the role in each if that was asked for.
fn expanded(world: &World, call: &Call, all: Vec<Value>, entity: &'static super::schema::Entity) -> Result<Answer, Failure> {
    let names: Vec<&str> = call.query.expand.iter().filter_map(|name| name.split('(').next()).collect();
    if let Some(unknown) = names.iter().find(|name| !["roleDefinition", "principal", "directoryScope"].contains(name)) {
        return Err(Failure::malformed(format!("Expanding '{unknown}' is not supported here.")));
    }
    let mut query = call.query.clone();
    let wanted = names.contains(&"roleDefinition");
    let selects = !query.select.is_empty();
    if wanted && selects {
        query.select.push("roleDefinition".to_owned());
    }
    let call = Call { query, ..call.clone() };
    let listing = super::odata::list::Listing::new(&call, entity, &world.settings())?;
    let items = all.into_iter().map(std::borrow::Cow::Owned).enumerate();
    Ok(listing.answer_with(items, |projection, object| {
        let row = projection.apply(object);
        match object.get("roleDefinition").filter(|_| wanted && !selects) {
            Some(role) => row.with("roleDefinition", role),
            None => row,
        }
    }))
}

/// GET /roleManagement/directory/roleDefinitions
pub(crate) fn definitions(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ROLES)?;
    list(world, call, &ROLE_DEFINITION, all_definitions(world, call))
}

/// GET /roleManagement/directory/roleDefinitions/{id}
pub(crate) fn definition_by_id(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ROLES)?;
    single(world, call, &ROLE_DEFINITION, &all_definitions(world, call))
}

fn all_definitions(world: &World, call: &Call) -> Vec<Value> {
    roles(world).values().map(|role| definition(role, call.version)).collect()
}

/// GET /directoryRoles: the built-in roles that somebody holds
pub(crate) fn directory_roles(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ROLES)?;
    list(world, call, &DIRECTORY_ROLE, activated(world).iter().map(directory_role).collect())
}

/// GET /directoryRoles/{id}
pub(crate) fn directory_role_by_id(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ROLES)?;
    single(world, call, &DIRECTORY_ROLE, &activated(world).iter().map(directory_role).collect::<Vec<_>>())
}

/// GET /directoryRoles/{id}/members
pub(crate) fn directory_role_members(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ROLES)?;
    let key = call.path.get(1).map_or("", String::as_str);
    let role = activated(world).into_iter().find(|role| object_id(role).eq_ignore_ascii_case(key));
    let role = role.ok_or_else(|| Failure::not_found(key))?;
    let holders =
        grants(world).filter(|(grant, _)| grant.state == RoleState::Assigned && grant.role.eq_ignore_ascii_case(&role.name));
    let members = holders.filter_map(|(grant, _)| world.document.json(&grant.principal).cloned());
    list(world, call, &super::schema::USER, members.collect())
}

/// The activated roles of a user, directly or through groups.
pub(crate) fn directory_roles_of(world: &World, id: &EntraId, transitive: bool) -> Vec<Value> {
    let held = world.tenant.roles_of(id).unwrap_or_default();
    let active = |role: &&Role| {
        held.iter().any(|held| {
            held.state == RoleState::Assigned && held.role.eq_ignore_ascii_case(&role.name) && (transitive || held.via.is_none())
        })
    };
    activated(world).iter().filter(active).map(directory_role).collect()
}

fn activated(world: &World) -> Vec<Role> {
    let mut roles = roles(world);
    let names: Vec<String> = grants(world)
        .filter(|(grant, _)| grant.state == RoleState::Assigned)
        .map(|(grant, _)| grant.role.to_ascii_lowercase())
        .collect();
    roles.retain(|name, _| names.contains(name));
    roles.into_values().collect()
}

/// The object of an activated role has an id of its own.
fn object_id(role: &Role) -> String {
    made_up_id("directoryRole", &role.id)
}

fn directory_role(role: &Role) -> Value {
    json!({ "id": object_id(role), "displayName": role.name, "description": role.name, "roleTemplateId": role.id })
}

/// Template ids of the caller's roles, for the claims of a token.
pub(crate) fn template_ids(names: &[String]) -> Vec<&'static str> {
    let known = names.iter().filter_map(|name| BUILT_IN.iter().find(|(own, ..)| own.eq_ignore_ascii_case(name)));
    known.map(|(_, id, _)| *id).collect()
}
