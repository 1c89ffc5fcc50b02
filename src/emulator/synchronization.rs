//! Directory synchronisation: its features and what protects against accidental deletions.
//! <https://learn.microsoft.com/en-us/graph/api/resources/onpremisesdirectorysynchronization>

use serde_json::{Map, Value, json};

use super::access::{GLOBAL, HYBRID, READ_SYNC, WRITE_SYNC};
use super::call::{Answer, Call};
use super::directory::{list, segment, single};
use super::errors::Failure;
use super::schema::SYNCHRONIZATION;
use super::world::World;

/// The only part of the configuration.
const PREVENTION: &str = "accidentalDeletionPrevention";
const KINDS: &[&str] = &["disabled", "enabledForCount", "enabledForPercentage"];
/// Flags that stay on once they are.
const ONE_WAY: &[&str] = &["softMatchOnUpnEnabled", "synchronizeUpnForManagedUsersEnabled"];

/// GET /directory/onPremisesSynchronization
pub(crate) fn list_all(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_SYNC)?;
    world.grants.need_role_of_user(&[GLOBAL, HYBRID])?;
    list(world, call, &SYNCHRONIZATION, vec![the_synchronization(world)])
}

/// GET /directory/onPremisesSynchronization/{tenant id}
pub(crate) fn get(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_SYNC)?;
    world.grants.need_role_of_user(&[GLOBAL, HYBRID])?;
    single(world, call, &SYNCHRONIZATION, &[the_synchronization(world)])
}

fn the_synchronization(world: &World) -> Value {
    let features = world.document.section("features").cloned().unwrap_or_else(|| json!({}));
    json!({ "id": world.tenant_id(), "configuration": world.sync_configuration, "features": features })
}

/// PATCH /directory/onPremisesSynchronization/{tenant id}
pub(crate) fn patch(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(WRITE_SYNC)?;
    world.grants.need_role_of_user(&[GLOBAL])?;
    let object = call.object()?;
    let type_name = SYNCHRONIZATION.type_name;
    let unknown =
        object.keys().find(|name| !name.contains("@odata.") && !["features", "configuration", "id"].contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(Failure::no_property(name, type_name));
    }
    let key = segment(call, 2);
    if !key.eq_ignore_ascii_case(&world.tenant_id()) {
        return Err(Failure::not_found(key));
    }
    let wanted = match object.get("features") {
        Some(Value::Object(features)) => features.clone(),
        None => Map::new(),
        Some(_) => return Err(Failure::invalid_value("features", SYNCHRONIZATION.resource)),
    };
    let features = checked_features(world, &wanted)?;
    let prevention = checked_prevention(object.get("configuration"))?;
    if let Some(own) = world.sync_configuration.get_mut(PREVENTION).and_then(Value::as_object_mut) {
        own.extend(prevention);
    }
    world.set_features(features);
    Ok(Answer::no_content())
}

/// The protection against accidental deletions, which is all that there is to configure.
fn checked_prevention(configuration: Option<&Value>) -> Result<Map<String, Value>, Failure> {
    let invalid = |name: &str| Failure::invalid_value(name, SYNCHRONIZATION.resource);
    let Some(configuration) = configuration else { return Ok(Map::new()) };
    let configuration = configuration.as_object().ok_or_else(|| invalid("configuration"))?;
    let Some(prevention) = configuration.get(PREVENTION) else { return Ok(Map::new()) };
    let prevention = prevention.as_object().ok_or_else(|| invalid(PREVENTION))?;
    let own = prevention.iter().filter(|(name, _)| !name.contains("@odata."));
    own.map(|(name, value)| {
        let fits = match name.as_str() {
            "alertThreshold" => value.is_null() || value.as_i64().is_some_and(|count| i32::try_from(count).is_ok()),
            "synchronizationPreventionType" => value.as_str().is_some_and(|kind| KINDS.contains(&kind)),
            _ => return Err(Failure::no_property(name, "microsoft.graph.onPremisesAccidentalDeletionPrevention")),
        };
        if fits { Ok((name.clone(), value.clone())) } else { Err(invalid(name)) }
    })
    .collect()
}

/// The features as they would be; unknown ones are taken, as shells and tenants do not agree on their names.
fn checked_features(world: &World, wanted: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    let mut features = world.document.section("features").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in wanted.iter().filter(|(name, _)| !name.contains("@odata.")) {
        if !(value.is_boolean() || value.is_null()) {
            return Err(Failure::invalid_value(name, "OnPremisesDirectorySynchronizationFeature"));
        }
        let is_on = features.get(name) == Some(&json!(true));
        if ONE_WAY.contains(&name.as_str()) && is_on && *value == json!(false) {
            return Err(Failure::bad(format!("The feature '{name}' cannot be switched off once it is on.")));
        }
        if !value.is_null() {
            features.insert(name.clone(), value.clone());
        }
    }
    Ok(features)
}
