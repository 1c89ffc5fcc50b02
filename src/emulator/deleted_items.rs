//! The recycle bin: <https://learn.microsoft.com/en-us/graph/api/resources/directory>.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::model::{CloudUser, EntraId, Known, ProxyAddress, Texts, Upn};
use crate::tenant_model::{Change, ChangeKind, Suffix, Tenant};

use super::access::{DELETE_USERS, GLOBAL, PURGE_USERS, READ_BIN, USER as USER_ADMIN};
use super::call::{Answer, Call};
use super::errors::Failure;
use super::lag::{Reader, Seen};
use super::odata::expr::Expr;
use super::odata::list::{Listing, asked};
use super::odata::project::Projection;
use super::rank::outranks;
use super::schema::USER;
use super::world::{Extra, World};

/// GET /directory/deletedItems: not without a cast
pub(crate) fn bare(_: &mut World, _: &Call) -> Result<Answer, Failure> {
    Err(Failure::bad("The type of the deleted objects has to be given, as in /directory/deletedItems/microsoft.graph.user."))
}

/// GET /directory/deletedItems/microsoft.graph.user, and its $count
pub(crate) fn users(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_BIN)?;
    let listing = Listing::new(call, &USER, &world.settings())?;
    let asks_for_anchor = listing.filter.as_ref().is_some_and(|filter| mentions(filter, "onPremisesImmutableId"));
    if asks_for_anchor && !world.script.switches.bin_filters_immutable_id {
        let message =
            "Unsupported or invalid query filter clause specified for property 'onPremisesImmutableId' of resource 'User'.";
        return Err(Failure::unsupported(message));
    }
    let views = world.views(Reader::Bin);
    Ok(listing.answer(world.items(true, listing.first(), &views)))
}

fn mentions(filter: &Expr, name: &str) -> bool {
    match filter {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(|part| mentions(part, name)),
        Expr::Not(inner) => mentions(inner, name),
        Expr::Compare { path, .. } | Expr::In { path, .. } | Expr::Affix { path, .. } | Expr::Any { path, .. } => {
            path.segments.first().is_some_and(|own| own.eq_ignore_ascii_case(name))
        }
    }
}

/// GET /directory/deletedItems/microsoft.graph.group: no group is ever deleted here
pub(crate) fn groups(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(super::access::READ_GROUPS)?;
    let listing = Listing::new(call, &super::schema::GROUP, &world.settings())?;
    Ok(listing.answer(std::iter::empty::<(usize, Cow<'_, Value>)>()))
}

/// GET /directory/deletedItems/{id}, with or without a cast
pub(crate) fn get(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(READ_BIN)?;
    let projection = Projection::of(&call.query.select, &asked(call, &USER, &world.script.switches))?;
    let (_, seen) = binned(world, call)?;
    let mut body = super::users::entity(call, &projection, "directoryObjects", &seen.json);
    if let Some(object) = body.as_object_mut() {
        object.shift_insert(1, "@odata.type".to_owned(), json!("#microsoft.graph.user"));
    }
    Ok(Answer::json(body))
}

/// DELETE /directory/deletedItems/{id}: for ever
pub(crate) fn purge(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let delegated = world.grants.delegated;
    world.grants.need(if delegated { DELETE_USERS } else { PURGE_USERS })?;
    world.grants.need_role_of_user(&[USER_ADMIN, GLOBAL])?;
    let (id, _) = binned(world, call)?;
    outranks(&world.tenant, &world.grants, &id)?;
    let change = Change { user: id, kind: ChangeKind::Purge };
    world.change(&id, "Hard Delete user", |tenant| tenant.apply(&change, ""), Extra::new())?;
    Ok(Answer::no_content())
}

/// POST /directory/deletedItems/{id}/restore
pub(crate) fn restore(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(DELETE_USERS)?;
    world.grants.need_role_of_user(&[USER_ADMIN, GLOBAL])?;
    let wish = Wish::read(&call.optional_object()?)?;
    let (id, _) = binned(world, call)?;
    outranks(&world.tenant, &world.grants, &id)?;
    check_released(world, &id)?;
    let account = world.account(&id).cloned().ok_or_else(|| Failure::not_found(&id.to_string()))?;
    let prepared = wish.prepare(world, account)?;
    let steps = |tenant: &mut Tenant| {
        tenant.put(prepared);
        tenant.apply(&Change { user: id, kind: ChangeKind::Restore }, "")
    };
    world.change(&id, "Restore user", steps, Extra::new())?;
    let json = world.document.json(&id).cloned().unwrap_or_default();
    let projection = Projection::default_of(&USER, call.version == super::call::Version::Beta);
    let mut body = super::users::entity(call, &projection, "directoryObjects", &json);
    if let Some(object) = body.as_object_mut() {
        object.shift_insert(1, "@odata.type".to_owned(), json!("#microsoft.graph.user"));
        object.insert("deletedDateTime".to_owned(), Value::Null);
    }
    Ok(Answer::json(body))
}

/// A deleted user that the bin shows already.
fn binned(world: &mut World, call: &Call) -> Result<(EntraId, Seen), Failure> {
    let key = call.path.get(2).map_or("", String::as_str);
    let not_found = || Failure::not_found(key);
    let id: EntraId = key.parse().map_err(|_| not_found())?;
    let seen = world.seen(&id, Reader::Bin).filter(|seen| seen.deleted).ok_or_else(not_found)?;
    Ok((id, seen))
}

/// A value that somebody else has just given up may be reserved still.
fn check_released(world: &mut World, id: &EntraId) -> Result<(), Failure> {
    let anchor = world.account(id).and_then(|account| account.immutable_id.clone());
    let lag = world.script.lag.release;
    let by = anchor.and_then(|anchor| world.released.blocks("onPremisesImmutableId", anchor.as_str(), id, lag));
    by.map_or(Ok(()), |by| Err(Failure::conflict("onPremisesImmutableId", "User", &by)))
}

/// What a restore is told to do about conflicts.
#[derive(Debug, Default)]
struct Wish {
    new_name: Option<Upn>,
    drops_addresses: bool,
}

impl Wish {
    fn read(object: &Map<String, Value>) -> Result<Self, Failure> {
        let mut wish = Self::default();
        for (name, value) in object.iter().filter(|(name, _)| !name.contains("@odata.")) {
            match (name.as_str(), value) {
                (_, Value::Null) => {}
                ("newUserPrincipalName", Value::String(text)) => {
                    let upn = text.parse::<Upn>().ok().filter(|upn| upn.as_str() == text);
                    wish.new_name = Some(upn.ok_or_else(|| Failure::invalid_value("userPrincipalName", "User"))?);
                }
                ("autoReconcileProxyConflict", Value::Bool(on)) => wish.drops_addresses = *on,
                ("newUserPrincipalName" | "autoReconcileProxyConflict", _) => {
                    return Err(Failure::malformed(format!("The value of the parameter '{name}' has the wrong type.")));
                }
                _ => return Err(Failure::malformed(format!("The parameter '{name}' is not part of the action 'restore'."))),
            }
        }
        Ok(wish)
    }

    /// The deleted account as it has to be for a restore without conflicts.
    fn prepare(&self, world: &World, account: CloudUser) -> Result<CloudUser, Failure> {
        let mut prepared = account;
        if let Some(upn) = &self.new_name {
            if world.tenant.suffix_of(upn.as_str()) == Suffix::Unverified {
                return Err(world.refused(&crate::tenant_model::Refusal::UnverifiedDomain(upn.domain().into())));
            }
            prepared.upn = format!("{}{upn}", prepared.id.undashed()).into();
        }
        if self.drops_addresses {
            let id = prepared.id;
            let free = |entry: &&str| !is_taken(&world.tenant, &id, ProxyAddress::parse(entry).address);
            let kept: Texts = prepared.addresses().filter(free).collect();
            prepared.proxy_addresses = if prepared.proxy_addresses.is_read() { Known::Is(kept) } else { Known::Unknown };
        }
        Ok(prepared)
    }
}

/// Whether a live user, a group or a contact has an address.
fn is_taken(tenant: &Tenant, own: &EntraId, address: &str) -> bool {
    let owners = tenant.address_owners(address).into_iter().filter_map(|user| tenant.user(user));
    let mut live = owners.filter(|user| user.id != *own && !user.is_deleted());
    live.next().is_some() || !tenant.others_with_address(address).is_empty()
}
