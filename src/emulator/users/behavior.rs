//! Who is the master of a user: <https://learn.microsoft.com/en-us/graph/api/resources/onpremisessyncbehavior>.

use serde_json::{Value, json};

use crate::model::{CloudUser, Known};
use crate::tenant_model::Tenant;

use super::super::access::{GLOBAL, HYBRID, SYNC_BEHAVIOR};
use super::super::call::{Answer, Call, Version};
use super::super::errors::Failure;
use super::super::world::{Extra, World};
use super::body::is_annotation;
use super::target;

/// GET /users/{id}/onPremisesSyncBehavior
pub(crate) fn get(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    check(world, call)?;
    let id = target(world, call)?;
    let is_cloud_managed = world.account(&id).is_some_and(|account| account.traits.cloud_managed == Known::Is(true));
    let mut body = json!({
        "@odata.context": call.context("users/onPremisesSyncBehavior/$entity"),
        "id": id,
        "isCloudManaged": is_cloud_managed,
    });
    if let Some(object) = body.as_object_mut().filter(|_| !call.query.select.is_empty()) {
        let selected = |name: &str| call.query.select.iter().any(|own| own.eq_ignore_ascii_case(name));
        object.retain(|name, _| is_annotation(name) || selected(name));
    }
    Ok(Answer::json(body))
}

/// PATCH /users/{id}/onPremisesSyncBehavior
pub(crate) fn patch(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    check(world, call)?;
    let object = call.object()?;
    let unknown = object.keys().find(|name| !is_annotation(name) && *name != "isCloudManaged");
    if let Some(name) = unknown {
        return Err(Failure::no_property(name, "microsoft.graph.onPremisesSyncBehavior"));
    }
    let wanted = object.get("isCloudManaged").and_then(Value::as_bool);
    let wanted = wanted.ok_or_else(|| Failure::invalid_value("isCloudManaged", "OnPremisesSyncBehavior"))?;
    let id = target(world, call)?;
    let Some(account) = world.account(&id).cloned() else { return Err(Failure::not_found(&id.to_string())) };
    let Some(after) = switched(account, wanted) else {
        return Err(Failure::bad("Only a user that is synced from on-premises can be transferred to the cloud."));
    };
    let put = |tenant: &mut Tenant| {
        tenant.put(after);
        Ok(())
    };
    let activity = if wanted {
        "Change Source of Authority from AD to cloud"
    } else {
        "Undo changes to Source of Authority from AD to cloud"
    };
    world.change(&id, activity, put, Extra::new())?;
    Ok(Answer::no_content())
}

fn check(world: &World, call: &Call) -> Result<(), Failure> {
    world.grants.need(SYNC_BEHAVIOR)?;
    world.grants.need_role_of_user(&[HYBRID, "Hybrid Administrator", GLOBAL])?;
    let offered = call.version == Version::Beta || world.script.switches.sync_behavior_on_v1;
    if offered { Ok(()) } else { Err(Failure::method_not_allowed(&[])) }
}

/// The account after the switch; `None` when there is nothing to move.
fn switched(account: CloudUser, to_cloud: bool) -> Option<CloudUser> {
    let is_cloud = account.traits.cloud_managed == Known::Is(true);
    match (to_cloud, is_cloud) {
        (true, true) | (false, false) => Some(account),
        // Rolled back: AD is the master again once the next sync cycle has run.
        (false, true) => Some(account.with_traits(|traits| traits.cloud_managed = Known::Is(false))),
        (true, false) if account.is_synced() => {
            let moved = CloudUser { sync_enabled: Known::Null, ..account };
            Some(moved.with_traits(|traits| traits.cloud_managed = Known::Is(true)))
        }
        (true, false) => None,
    }
}
