//! What a tenant holds beside users and roles: domains, the organisation, groups, contacts.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Value, json};

use crate::model::EntraId;

use super::access::{READ_CONTACTS, READ_DOMAINS, READ_FEDERATION, READ_GROUPS, READ_ORGANIZATION};
use super::call::{Answer, Call};
use super::errors::Failure;
use super::odata::list::{Listing, asked};
use super::odata::project::Projection;
use super::schema::{CONTACT, DOMAIN, Entity, FEDERATION, GROUP, ORGANIZATION};
use super::world::{World, id_of};

/// GET /domains
pub(crate) fn domains(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_DOMAINS)?;
    list(world, call, &DOMAIN, all_domains(world))
}

/// GET /domains/{name}
pub(crate) fn domain(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_DOMAINS)?;
    single(world, call, &DOMAIN, &all_domains(world))
}

/// GET /domains/{name}/federationConfiguration
pub(crate) fn federation(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_FEDERATION)?;
    let name = segment(call, 1);
    let domain = all_domains(world).into_iter().find(|domain| is_named(domain, name)).ok_or_else(|| Failure::not_found(name))?;
    let own = domain.get("federationConfiguration").and_then(Value::as_array).cloned();
    let federated = domain.get("authenticationType").and_then(Value::as_str) == Some("Federated");
    let made_up = || json!({ "id": name, "displayName": name, "issuerUri": format!("http://{name}/adfs/services/trust") });
    let entries = own.unwrap_or_else(|| if federated { vec![made_up()] } else { Vec::new() });
    list(world, call, &FEDERATION, entries)
}

/// The domains of the snapshot, with what Graph says of each.
fn all_domains(world: &World) -> Vec<Value> {
    let mut domains: Vec<Value> = world.section("domains").to_vec();
    if domains.is_empty() {
        domains.extend(world.tenant.initial_domain().map(|name| json!({ "id": name, "isInitial": true, "isDefault": true })));
    }
    for domain in domains.iter_mut().filter_map(Value::as_object_mut) {
        let defaults = json!({
            "authenticationType": "Managed", "isAdminManaged": true, "isDefault": false, "isInitial": false,
            "isRoot": true, "isVerified": true, "supportedServices": [],
        });
        for (name, value) in defaults.as_object().into_iter().flatten() {
            domain.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    domains
}

/// GET /organization
pub(crate) fn organizations(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ORGANIZATION)?;
    list(world, call, &ORGANIZATION, vec![the_organization(world)])
}

/// GET /organization/{id}
pub(crate) fn organization(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_ORGANIZATION)?;
    single(world, call, &ORGANIZATION, &[the_organization(world)])
}

fn the_organization(world: &World) -> Value {
    let mut own = world.document.section("organization").and_then(Value::as_object).cloned().unwrap_or_default();
    own.entry("id").or_insert_with(|| json!(world.tenant_id()));
    own.entry("displayName").or_insert_with(|| json!("Emulated tenant"));
    own.entry("verifiedDomains").or_insert_with(|| verified_domains(world));
    Value::Object(own)
}

fn verified_domains(world: &World) -> Value {
    let domains = all_domains(world);
    let verified = domains.iter().filter(|domain| domain.get("isVerified") != Some(&json!(false)));
    let entry = |domain: &Value| {
        let get = |name: &str| domain.get(name).cloned().unwrap_or_default();
        let capabilities = "Email, OfficeCommunicationsOnline";
        json!({ "capabilities": capabilities, "isDefault": get("isDefault"), "isInitial": get("isInitial"), "name": get("id"), "type": get("authenticationType") })
    };
    verified.map(entry).collect()
}

/// GET /groups
pub(crate) fn groups(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_GROUPS)?;
    list(world, call, &GROUP, world.section("groups").to_vec())
}

/// GET /groups/{id}
pub(crate) fn group(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_GROUPS)?;
    single(world, call, &GROUP, world.section("groups"))
}

/// GET /groups/{id}/members, transitiveMembers and owners
pub(crate) fn members(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_GROUPS)?;
    let (key, relation) = (segment(call, 1), segment(call, 2));
    let id: EntraId = key.parse().map_err(|_| Failure::not_found(key))?;
    find_group(world, &id).ok_or_else(|| Failure::not_found(key))?;
    let ids = match relation {
        "owners" => related(world, &id, "owners").unwrap_or_default(),
        "transitiveMembers" => known(world, &id, transitive_members(world, &id))?,
        _ => known(world, &id, members_of(world, &id))?,
    };
    let listing = Listing::new(call, &super::schema::USER, &world.settings())?.of_objects();
    let group_type = Projection::default_of(&GROUP, true);
    let objects = ids.iter().filter_map(|id| live_object(world, id)).map(Cow::Borrowed).enumerate();
    let is_group = |object: &Value| id_of(object).is_some_and(|id| find_group(world, &id).is_some());
    Ok(listing
        .answer_with(objects, |users, object| if is_group(object) { group_type.typed(object) } else { users.typed(object) }))
}

/// Members that the snapshot does not know count as none; but where a role depends on them they are kept from clients, as
/// hidden memberships are, so that nobody takes "unknown" for "nobody".
fn known(world: &World, group: &EntraId, (members, all_known): (Vec<EntraId>, bool)) -> Result<Vec<EntraId>, Failure> {
    let group = group.to_string();
    let holds =
        |grant: &Value| grant.get("principalId").and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(&group));
    if !all_known && world.section("roles").iter().any(holds) { Err(Failure::denied()) } else { Ok(members) }
}

/// GET /contacts
pub(crate) fn contacts(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_CONTACTS)?;
    list(world, call, &CONTACT, world.section("contacts").to_vec())
}

/// GET /contacts/{id}
pub(crate) fn contact(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_CONTACTS)?;
    single(world, call, &CONTACT, world.section("contacts"))
}

/// The groups that somebody is in: directly, or through other groups.
pub(super) fn memberships<'a>(world: &'a World, id: &EntraId, transitive: bool) -> Vec<&'a Value> {
    let groups = world.section("groups");
    let (mut seen, mut open) = (HashSet::from([*id]), vec![*id]);
    let mut found = Vec::new();
    while let Some(member) = open.pop() {
        for group in groups.iter().filter(|group| ids(group, "members").contains(&member)) {
            if let Some(own) = id_of(group).filter(|own| seen.insert(*own)) {
                found.push(group);
                open.extend(Some(own).filter(|_| transitive));
            }
        }
    }
    found
}

/// Whoever is in a group through any path, and whether the members of every group on the way are known.
fn transitive_members(world: &World, id: &EntraId) -> (Vec<EntraId>, bool) {
    let (mut seen, mut open, mut found, mut all_known) = (HashSet::from([*id]), vec![*id], Vec::new(), true);
    while let Some(group) = open.pop() {
        let (members, known) = members_of(world, &group);
        all_known &= known;
        for member in members.into_iter().filter(|member| seen.insert(*member)) {
            found.push(member);
            open.extend(Some(member).filter(|member| find_group(world, member).is_some()));
        }
    }
    (found, all_known)
}

fn members_of(world: &World, group: &EntraId) -> (Vec<EntraId>, bool) {
    let members = related(world, group, "members");
    let known = members.is_some();
    (members.unwrap_or_default(), known)
}

fn related(world: &World, group: &EntraId, relation: &str) -> Option<Vec<EntraId>> {
    find_group(world, group).filter(|group| group.get(relation).is_some()).map(|group| ids(group, relation))
}

/// The ids of a relation, alone or in objects.
fn ids(group: &Value, relation: &str) -> Vec<EntraId> {
    let entries = group.get(relation).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.as_str().and_then(|text| text.parse().ok()).or_else(|| id_of(entry))).collect()
}

pub(super) fn find_group<'a>(world: &'a World, id: &EntraId) -> Option<&'a Value> {
    world.section("groups").iter().find(|group| id_of(group) == Some(*id))
}

/// A live user, or a group.
fn live_object<'a>(world: &'a World, id: &EntraId) -> Option<&'a Value> {
    match world.document.place(id) {
        Some((false, _)) => world.document.json(id),
        Some((true, _)) => None,
        None => find_group(world, id),
    }
}

/// A segment of the path.
pub(super) fn segment(call: &Call, at: usize) -> &str {
    call.path.get(at).map_or("", String::as_str)
}

fn is_named(object: &Value, key: &str) -> bool {
    object.get("id").and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(key))
}

/// Nothing here can be expanded.
fn refuse_expand(call: &Call) -> Result<(), Failure> {
    let first = call.query.expand.first();
    first.map_or(Ok(()), |name| Err(Failure::malformed(format!("Expanding '{name}' is not supported here."))))
}

/// A list of objects.
pub(super) fn list(world: &World, call: &Call, entity: &'static Entity, objects: Vec<Value>) -> Result<Answer, Failure> {
    refuse_expand(call)?;
    let listing = Listing::new(call, entity, &world.settings())?;
    Ok(listing.answer(objects.into_iter().map(Cow::Owned).enumerate()))
}

/// The one object that the last segment names.
pub(super) fn single(world: &World, call: &Call, entity: &'static Entity, objects: &[Value]) -> Result<Answer, Failure> {
    let key = call.path.last().map_or("", String::as_str);
    refuse_expand(call)?;
    let projection = Projection::of(&call.query.select, &asked(call, entity, &world.script.switches))?;
    let found = objects.iter().find(|object| is_named(object, key)).ok_or_else(|| Failure::not_found(key))?;
    Ok(Answer::json(super::users::entity(call, &projection, entity.set, found)))
}
