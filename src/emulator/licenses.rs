//! GET /subscribedSkus: what the tenant has bought, as far as somebody holds it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::access::READ_LICENSES;
use super::call::{Answer, Call};
use super::directory::list as listed;
use super::errors::Failure;
use super::schema::SUBSCRIBED_SKU;
use super::world::World;

/// The snapshot does not hold what was bought, only who has a licence: as many were bought as are given out.
pub(crate) fn list(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_LICENSES)?;
    if call.query.filter.is_some() {
        return Err(Failure::unsupported("Filters are not supported on subscribed SKUs."));
    }
    let tenant = world.tenant_id();
    let skus = held(world).into_iter().map(|(sku, count)| subscribed(&tenant, &sku, count)).collect();
    listed(world, call, &SUBSCRIBED_SKU, skus)
}

/// How many live users hold each licence.
fn held(world: &World) -> BTreeMap<String, u32> {
    let mut held = BTreeMap::new();
    for (_, user) in world.document.entries(false, 0) {
        let licenses = user.get("assignedLicenses").and_then(Value::as_array).into_iter().flatten();
        for sku in licenses.filter_map(|license| license.get("skuId")).filter_map(Value::as_str) {
            *held.entry(sku.to_ascii_lowercase()).or_insert(0) += 1;
        }
    }
    held
}

fn subscribed(tenant: &str, sku: &str, count: u32) -> Value {
    json!({
        "id": format!("{tenant}_{sku}"), "accountId": tenant, "appliesTo": "User", "capabilityStatus": "Enabled",
        "consumedUnits": count, "skuId": sku, "servicePlans": [], "subscriptionIds": [],
        "prepaidUnits": { "enabled": count, "suspended": 0, "warning": 0, "lockedOut": 0 },
    })
}
