//! POST /users: <https://learn.microsoft.com/en-us/graph/api/user-post-users>.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::model::{CloudUser, EntraId, Known, UserKind};
use crate::tenant_model::Tenant;

use super::super::access::WRITE_USERS;
use super::super::call::{Answer, Call};
use super::super::errors::Failure;
use super::super::odata::list::asked;
use super::super::odata::project::Projection;
use super::super::schema::USER;
use super::super::world::World;
use super::body::{Body, is_annotation};
use super::patch::carry_out;
use super::{entity, mail};

const REQUIRED: &[&str] = &["accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"];

/// POST /users
pub(crate) fn create(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(WRITE_USERS)?;
    let object = call.object()?;
    let asked = asked(call, &USER, &world.script.switches);
    let body = Body::read(&object, &asked, &world.script.switches)?;
    check_required(&object)?;
    let id = EntraId::made_up(*Uuid::now_v7().as_bytes());
    let blank = blank(id);
    let mut extra = body.plain;
    extra.push(("createdDateTime".to_owned(), json!(world.now())));
    if let Some(Some(mail)) = &body.mail {
        let bin_reserves = world.script.switches.bin_reserves_addresses;
        extra.extend(mail::written(&world.tenant, &blank, Some(mail), bin_reserves));
    }
    let (changes, sid) = (body.changes, body.sid);
    let settle = |tenant: &mut Tenant| {
        tenant.put(blank);
        carry_out(tenant, &id, changes, sid)
    };
    world.change(&id, "Add user", settle, extra)?;
    let json = world.document.json(&id).cloned().unwrap_or_default();
    let projection = Projection::default_of(&USER, asked.beta);
    let location = format!("{}/{}/users/{id}", call.base, call.version.name());
    Ok(Answer { status: 201, ..Answer::json(entity(call, &projection, "users", &json)) }.with_header("Location", location))
}

fn check_required(object: &Map<String, Value>) -> Result<(), Failure> {
    let sent = |name: &str| object.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let missing = REQUIRED.iter().find(|name| sent(name).is_none_or(Value::is_null));
    if let Some(missing) = missing {
        return Err(Failure::bad(format!("A value is required for property '{missing}' of resource 'User'.")));
    }
    let profile = sent("passwordProfile").and_then(Value::as_object);
    let password = profile.and_then(|profile| profile.get("password")).and_then(Value::as_str).unwrap_or_default();
    let known = ["password", "forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa"];
    let unknown = profile.into_iter().flatten().find(|(name, _)| !is_annotation(name) && !known.contains(&name.as_str()));
    match unknown {
        Some((name, _)) => Err(Failure::no_property(name, "microsoft.graph.passwordProfile")),
        None if password.len() < 8 => {
            Err(Failure::bad("The specified password does not comply with password complexity requirements."))
        }
        None => Ok(()),
    }
}

/// A cloud-only account without a name.
fn blank(id: EntraId) -> CloudUser {
    CloudUser {
        sync_enabled: Known::Null,
        sid: Known::Null,
        object_identifier: Known::Null,
        proxy_addresses: Known::Null,
        mail: Known::Null,
        // Not in any domain, so that the anchor can be set before the name decides whether it is protected.
        ..CloudUser::new(id, &id.undashed(), None)
    }
    .with_traits(|traits| (traits.licenses, traits.user_type) = (Known::Null, Known::Is(UserKind::Member)))
}
