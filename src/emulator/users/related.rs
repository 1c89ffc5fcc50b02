//! What hangs below a user: licences, groups and roles.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::model::EntraId;

use super::super::access::{READ_GROUPS, READ_USERS};
use super::super::call::{Answer, Call};
use super::super::directory::memberships;
use super::super::errors::Failure;
use super::super::odata::list::Listing;
use super::super::odata::project::Projection;
use super::super::roles::directory_roles_of;
use super::super::schema::{DIRECTORY_ROLE, GROUP, LICENSE};
use super::super::world::World;
use super::target;

/// GET /users/{id}/licenseDetails
pub(crate) fn license_details(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_USERS)?;
    let id = target(world, call)?;
    let listing = Listing::new(call, &LICENSE, &world.settings())?;
    let licenses = world.document.json(&id).and_then(|user| user.get("assignedLicenses")).and_then(Value::as_array);
    let details: Vec<Value> = licenses.into_iter().flatten().map(license).collect();
    Ok(listing.answer(details.into_iter().map(Cow::Owned).enumerate()))
}

fn license(assigned: &Value) -> Value {
    let sku = assigned.get("skuId").cloned().unwrap_or_default();
    json!({ "id": sku, "skuId": sku, "skuPartNumber": assigned.get("skuPartNumber"), "servicePlans": [] })
}

/// GET /users/{id}/memberOf: groups and roles; casts narrow it to one of them
pub(crate) fn member_of(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_USERS)?;
    let id = target(world, call)?;
    let transitive = call.path.get(2).is_some_and(|name| name == "transitiveMemberOf");
    match call.path.get(3).map(String::as_str) {
        None | Some("$count") => both(world, call, &id, transitive),
        Some("graph.group") => groups(world, call, &id, transitive),
        Some("graph.directoryRole") => roles(world, call, &id, transitive),
        Some(other) => Err(Failure::no_segment(other)),
    }
}

/// POST /users/{id}/getMemberGroups: the ids of all groups, through other groups too
pub(crate) fn member_groups(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_USERS)?;
    world.grants.need(READ_GROUPS)?;
    let id = target(world, call)?;
    let only_security = match call.object()?.get("securityEnabledOnly") {
        Some(Value::Bool(only)) => *only,
        Some(_) => return Err(Failure::malformed("'securityEnabledOnly' has to be true or false.")),
        None => return Err(Failure::bad("Required parameter 'securityEnabledOnly' is missing.")),
    };
    let is_wanted = |group: &&Value| !only_security || group.get("securityEnabled") == Some(&Value::Bool(true));
    let groups = memberships(world, &id, true);
    let ids: Vec<&Value> = groups.into_iter().filter(is_wanted).filter_map(|group| group.get("id")).collect();
    Ok(Answer::json(json!({ "@odata.context": call.context("Collection(Edm.String)"), "value": ids })))
}

fn both(world: &World, call: &Call, id: &EntraId, transitive: bool) -> Result<Answer, Failure> {
    let listing = Listing::new(call, &GROUP, &world.settings())?.of_objects();
    let roles = directory_roles_of(world, id, transitive);
    let groups = memberships(world, id, transitive);
    let role_type = Projection::default_of(&DIRECTORY_ROLE, true);
    let is_role = |object: &Value| object.get("roleTemplateId").is_some();
    let items = groups.into_iter().map(Cow::Borrowed).chain(roles.into_iter().map(Cow::Owned)).enumerate();
    Ok(listing.answer_with(items, |groups, object| if is_role(object) { role_type.typed(object) } else { groups.typed(object) }))
}

fn groups(world: &World, call: &Call, id: &EntraId, transitive: bool) -> Result<Answer, Failure> {
    check_cast(call)?;
    let listing = Listing::new(call, &GROUP, &world.settings())?;
    Ok(listing.answer(memberships(world, id, transitive).into_iter().map(Cow::Borrowed).enumerate()))
}

fn roles(world: &World, call: &Call, id: &EntraId, transitive: bool) -> Result<Answer, Failure> {
    check_cast(call)?;
    let listing = Listing::new(call, &DIRECTORY_ROLE, &world.settings())?;
    Ok(listing.answer(directory_roles_of(world, id, transitive).into_iter().map(Cow::Owned).enumerate()))
}

/// Casts work on the index only.
fn check_cast(call: &Call) -> Result<(), Failure> {
    let message = "OData cast is not supported without the '$count' query option and the 'ConsistencyLevel:eventual' header.";
    if call.is_advanced() { Ok(()) } else { Err(Failure::unsupported(message)) }
}
