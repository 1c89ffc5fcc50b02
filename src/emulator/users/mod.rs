//! Users: lists, single ones, and what hangs below them.

pub(crate) mod behavior;
mod body;
pub(crate) mod create;
mod mail;
mod narrow;
pub(crate) mod patch;
pub(crate) mod related;
pub(crate) mod remove;

use serde_json::{Value, json};

use crate::model::EntraId;

use super::access::{READ_ACTIVITY, READ_MAILBOXES, READ_USERS};
use super::call::{Answer, Call};
use super::errors::Failure;
use super::lag::Reader;
use super::odata::list::{Listing, asked};
use super::odata::project::Projection;
use super::schema::USER;
use super::world::World;

/// GET /users, and /users/$count
pub(crate) fn list(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_USERS)?;
    refuse_expand(call)?;
    let reader = if call.is_advanced() { Reader::Index } else { Reader::Replica };
    let listing = Listing::new(call, &USER, &world.settings())?;
    check_rights(world, call, &listing.projection)?;
    let views = world.views(reader);
    let few = listing.filter.as_ref().filter(|_| views.is_empty()).and_then(|filter| narrow::candidates(filter, world));
    Ok(match few {
        Some(few) => listing.answer(narrow::items(world, few, listing.first())),
        None => listing.answer(world.items(false, listing.first(), &views)),
    })
}

/// GET /users/{id or sign-in name}
pub(crate) fn get(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_USERS)?;
    refuse_expand(call)?;
    let key = key(call);
    let projection = Projection::of(&call.query.select, &asked(call, &USER, &world.script.switches))?;
    check_rights(world, call, &projection)?;
    let seen = world.by_key(key).and_then(|id| world.seen(&id, Reader::Replica)).filter(|seen| !seen.deleted);
    let seen = seen.ok_or_else(|| Failure::not_found(key))?;
    Ok(Answer::json(entity(call, &projection, "users", &seen.json)))
}

/// GET /me
pub(crate) fn me(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let me = world.script.access.me.clone().filter(|_| world.grants.delegated);
    let me = me.ok_or_else(|| Failure::malformed("/me request is only valid with delegated authentication flow."))?;
    let call = Call { path: vec!["users".to_owned(), me], ..call.clone() };
    get(world, &call)
}

/// The id or sign-in name in the path of a call.
fn key(call: &Call) -> &str {
    call.path.get(1).map_or("", String::as_str)
}

/// A single object as it is sent.
pub(crate) fn entity(call: &Call, projection: &Projection, set: &str, object: &Value) -> Value {
    let context = call.context(&format!("{set}{}/$entity", projection.suffix));
    json!(projection.apply(object).annotated("@odata.context", context))
}

/// Relations are not expanded; `manager` is let through, as nobody has one here.
fn refuse_expand(call: &Call) -> Result<(), Failure> {
    let unknown = call.query.expand.iter().find(|name| name.split('(').next() != Some("manager"));
    unknown.map_or(Ok(()), |name| Err(Failure::malformed(format!("Expanding '{name}' is not supported here."))))
}

/// The sign-in activity has a permission of its own, and so have the settings of mailboxes.
fn check_rights(world: &World, call: &Call, projection: &Projection) -> Result<(), Failure> {
    let filtered = call.query.filter.as_deref().is_some_and(|filter| filter.contains("signInActivity"));
    if projection.has("signInActivity") || filtered {
        world.grants.need(READ_ACTIVITY)?;
    }
    if projection.has("mailboxSettings") { world.grants.need(READ_MAILBOXES) } else { Ok(()) }
}

/// The live user that a call names, and that a write may touch.
fn target(world: &World, call: &Call) -> Result<EntraId, Failure> {
    world.live(key(call))
}
