//! PATCH /users/{id}: all of it or nothing.

use crate::model::{CloudUser, EntraId, Known};
use crate::tenant_model::{Change, ChangeKind, Found, Refusal, Tenant};

use super::super::access::{GLOBAL, HYBRID, SYNC_BEHAVIOR, USER as USER_ADMIN, WRITE_USERS};
use super::super::call::{Answer, Call};
use super::super::errors::Failure;
use super::super::odata::list::asked;
use super::super::rank::{SENSITIVE, outranks};
use super::super::schema::{USER, Write};
use super::super::script::{FormerlySynced, RefusalText};
use super::super::world::{World, refusal_text};
use super::body::Body;
use super::{mail, target};

/// PATCH /users/{id}
pub(crate) fn patch(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    if !world.grants.has(WRITE_USERS) {
        world.grants.need(SYNC_BEHAVIOR)?;
    }
    let body = Body::read(&call.object()?, &asked(call, &USER, &world.script.switches), &world.script.switches)?;
    check_permissions(world, &body)?;
    let id = target(world, call)?;
    if body.named.iter().any(|property| SENSITIVE.contains(&property.name)) {
        outranks(&world.tenant, &world.grants, &id)?;
    }
    check_master(world, &id, &body)?;
    check_free(world, &id, &body)?;
    write(world, &id, body)?;
    Ok(Answer::no_content())
}

fn check_permissions(world: &World, body: &Body) -> Result<(), Failure> {
    let is_identifier_only = body.named.iter().all(|property| property.name == "onPremisesObjectIdentifier");
    if !is_identifier_only {
        world.grants.need(WRITE_USERS)?;
    }
    if body.names("onPremisesObjectIdentifier") {
        world.grants.need(SYNC_BEHAVIOR)?;
        let needs_role = world.grants.delegated || world.script.switches.app_needs_role_for_object_identifier;
        if needs_role && !world.grants.has_role(&[GLOBAL, HYBRID]) {
            return Err(Failure::denied());
        }
    }
    if body.has_on_premises() { world.grants.need_role_of_user(&[USER_ADMIN, HYBRID, GLOBAL]) } else { Ok(()) }
}

/// Active Directory is the master of synced users, and perhaps still of formerly synced ones.
fn check_master(world: &World, id: &EntraId, body: &Body) -> Result<(), Failure> {
    let Some(account) = world.account(id) else { return Err(Failure::not_found(&id.to_string())) };
    let touches_master = body.named.iter().any(|property| property.write != Write::Always);
    if account.is_synced() && touches_master {
        return Err(refusal_text(RefusalText::Mastered));
    }
    let refused = match world.script.switches.formerly_synced {
        FormerlySynced::Refuse => body.has_on_premises(),
        FormerlySynced::NullOnly => body.sets_on_premises,
        FormerlySynced::Allow => false,
    };
    if World::is_formerly_synced(account) && refused {
        return Err(refusal_text(world.script.switches.formerly_synced_text));
    }
    Ok(())
}

/// Values that are still reserved, and those that a switch counts as taken.
fn check_free(world: &mut World, id: &EntraId, body: &Body) -> Result<(), Failure> {
    if let Some(value) = &body.immutable_id {
        let lag = world.script.lag.release;
        if let Some(by) = world.released.blocks("onPremisesImmutableId", value.as_str(), id, lag) {
            return Err(Failure::conflict("onPremisesImmutableId", "User", &by));
        }
        let variants =
            if world.script.switches.uniqueness_ignores_case { world.tenant.case_variants_of(value) } else { Found::default() };
        let holder = variants.into_iter().filter_map(|user| world.tenant.user(user)).find(|user| user.id != *id);
        if let Some(holder) = holder {
            return Err(Failure::conflict("onPremisesImmutableId", "User", &holder.id));
        }
    }
    if let Some(sid) = &body.sid {
        let lag = world.script.lag.release;
        if let Some(by) = world.released.blocks("onPremisesSecurityIdentifier", &sid.to_string(), id, lag) {
            return Err(Failure::conflict("onPremisesSecurityIdentifier", "User", &by));
        }
    }
    Ok(())
}

/// Carries out a checked body on an account.
fn write(world: &mut World, id: &EntraId, body: Body) -> Result<(), Failure> {
    let mut extra = body.plain;
    if let (Some(mail), Some(account)) = (&body.mail, world.account(id)) {
        let bin_reserves = world.script.switches.bin_reserves_addresses;
        extra.extend(mail::written(&world.tenant, account, mail.as_deref(), bin_reserves));
    }
    let (changes, sid) = (body.changes, body.sid);
    world.change(id, "Update user", |tenant| carry_out(tenant, id, changes, sid), extra)
}

/// Applies the model's rules one after the other, and the one about SIDs that it has no write for.
pub(super) fn carry_out(
    tenant: &mut Tenant,
    id: &EntraId,
    changes: Vec<ChangeKind>,
    sid: Option<crate::model::Sid>,
) -> Result<(), Refusal> {
    for kind in changes {
        tenant.apply(&Change { user: *id, kind }, "")?;
    }
    let Some(sid) = sid else { return Ok(()) };
    let holder = tenant.by_sid(&sid).into_iter().filter_map(|user| tenant.user(user)).find(|user| user.id != *id);
    if let Some(holder) = holder {
        return Err(Refusal::Conflict { property: "onPremisesSecurityIdentifier", holder: holder.id });
    }
    let own = tenant.by_id(id).and_then(|user| tenant.user(user)).cloned().ok_or(Refusal::NotLive(*id))?;
    tenant.put(CloudUser { sid: Known::Is(sid), ..own });
    Ok(())
}
