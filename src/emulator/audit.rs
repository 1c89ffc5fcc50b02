//! The audit log: <https://learn.microsoft.com/en-us/graph/api/resources/directoryaudit>.

use std::borrow::Cow;
use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::entra::json::property_changes;
use crate::model::{CloudUser, EntraId};

use super::access::READ_AUDITS;
use super::call::{Answer, Call};
use super::clock::Delay;
use super::errors::Failure;
use super::odata::list::Listing;
use super::schema::AUDIT;
use super::script::Lag;
use super::world::World;

/// Older records are forgotten.
const MOST: usize = 100_000;

/// What was written, with when it becomes visible.
#[derive(Debug, Default)]
pub(crate) struct Audit(VecDeque<(Delay, Value)>);

impl Audit {
    /// Writes a change down.
    pub(crate) fn note(
        &mut self,
        at: Timestamp,
        activity: &str,
        id: &EntraId,
        before: Option<&CloudUser>,
        after: Option<&CloudUser>,
    ) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let upn = after.or(before).map(|user| user.upn.clone());
        let record = json!({
            "id": format!("Directory_{}", Uuid::now_v7()),
            "category": "UserManagement",
            "correlationId": Uuid::now_v7(),
            "result": "success",
            "resultReason": "",
            "activityDisplayName": activity,
            "activityDateTime": at,
            "loggedByService": "Core Directory",
            "operationType": operation(activity),
            "initiatedBy": { "user": null, "app": { "displayName": "hardmatch", "servicePrincipalId": null } },
            "targetResources": [{
                "id": id,
                "displayName": null,
                "type": "User",
                "userPrincipalName": upn,
                "modifiedProperties": modified(before, after),
            }],
            "additionalDetails": [],
        });
        self.0.push_back((Delay::start(), record));
    }

    fn visible(&mut self, lag: Lag) -> Vec<Value> {
        // The newest comes first.
        self.0.iter_mut().rev().filter_map(|(delay, record)| (!delay.lasts(lag)).then(|| record.clone())).collect()
    }
}

fn operation(activity: &str) -> &'static str {
    match activity.split(' ').next() {
        Some("Add") => "Add",
        Some("Delete" | "Hard") => "Delete",
        _ => "Update",
    }
}

/// Old and new values are JSON texts of lists.
fn modified(before: Option<&CloudUser>, after: Option<&CloudUser>) -> Value {
    let (Some(before), Some(after)) = (before, after) else { return json!([]) };
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "[]".to_owned(),
        Some(value) => json!([value]).to_string(),
    };
    let changes = property_changes(before, after);
    let names: Vec<&str> = changes.iter().map(|((name, _), ..)| internal_name(name)).collect();
    let entries = changes.iter().map(|((name, _), old, new)| {
        json!({ "displayName": internal_name(name), "oldValue": text(old.as_ref()), "newValue": text(Some(new)) })
    });
    let summary = json!({ "displayName": "Included Updated Properties", "oldValue": null, "newValue": format!("\"{}\"", names.join(", ")) });
    entries.chain([summary]).collect()
}

/// The directory's own name of a property.
fn internal_name(name: &str) -> &str {
    match name {
        "onPremisesImmutableId" => "SourceAnchor",
        "onPremisesSyncEnabled" => "DirSyncEnabled",
        "onPremisesObjectIdentifier" => "OnPremisesObjectIdentifier",
        "onPremisesSecurityIdentifier" => "OnPremiseSecurityIdentifier",
        "userPrincipalName" => "UserPrincipalName",
        other => other,
    }
}

/// GET /auditLogs/directoryAudits
pub(crate) fn list(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_AUDITS)?;
    let lag = world.script.lag.audit;
    let records = world.audit.visible(lag);
    let listing = Listing::new(call, &AUDIT, &world.settings())?;
    Ok(listing.answer(records.iter().enumerate().map(|(place, record)| (place, Cow::Borrowed(record)))))
}
