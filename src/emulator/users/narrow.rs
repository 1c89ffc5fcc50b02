//! Which users a filter can be about, by the indexes of the model: so that a look-up does not read the whole tenant.

use std::borrow::Cow;

use crate::model::text::fold;
use crate::model::{EntraId, ImmutableId};
use crate::tenant_model::{Tenant, UserRef};

use super::super::odata::expr::{Expr, Literal, Op, Path};
use super::super::odata::list::Item;
use super::super::world::World;

/// The places of the live users that may meet a condition; `None` when any may.
pub(super) fn candidates(filter: &Expr, world: &World) -> Option<Vec<usize>> {
    match filter {
        Expr::And(parts) => parts.iter().find_map(|part| candidates(part, world)),
        Expr::Or(parts) => union(parts.iter().map(|part| candidates(part, world))),
        Expr::Compare { path, op: Op::Eq, value } => with_value(path, value, world),
        Expr::In { path, values } => union(values.iter().map(|value| with_value(path, value, world))),
        Expr::Affix { path, at_end: false, text } if is(path, "userPrincipalName") => {
            Some(world.names.beginning(&fold(text), &world.document))
        }
        Expr::Any { path, condition: Some(condition) } if is(path, "proxyAddresses") => {
            addresses(condition, &world.tenant).map(|found| places(world, &found))
        }
        Expr::Not(_) | Expr::Compare { .. } | Expr::Affix { .. } | Expr::Any { .. } => None,
    }
}

/// The users at these places, from one on, in their order.
pub(super) fn items(world: &World, mut places: Vec<usize>, first: usize) -> impl Iterator<Item = Item<'_>> {
    places.retain(|place| *place >= first);
    places.sort_unstable();
    places.dedup();
    places.into_iter().filter_map(|place| Some((place, Cow::Borrowed(world.document.live_at(place)?))))
}

/// Where the live ones of these users stand.
fn places(world: &World, ids: &[EntraId]) -> Vec<usize> {
    ids.iter().filter_map(|id| world.document.place(id)).filter(|(deleted, _)| !deleted).map(|(_, place)| place).collect()
}

fn union(parts: impl Iterator<Item = Option<Vec<usize>>>) -> Option<Vec<usize>> {
    let all: Option<Vec<Vec<usize>>> = parts.collect();
    Some(all?.concat())
}

fn is(path: &Path, name: &str) -> bool {
    !path.is_count && matches!(path.segments.as_slice(), [own] if own.eq_ignore_ascii_case(name))
}

fn with_value(path: &Path, value: &Literal, world: &World) -> Option<Vec<usize>> {
    let (Literal::Text(text), tenant) = (value, &world.tenant) else { return None };
    let found = if is(path, "id") {
        return Some(places(world, &text.parse().into_iter().collect::<Vec<_>>()));
    } else if is(path, "userPrincipalName") {
        tenant.by_upn(text).to_vec()
    } else if is(path, "employeeId") {
        tenant.by_employee_id(text).to_vec()
    } else if is(path, "mail") {
        tenant.by_address(text).to_vec()
    } else if is(path, "onPremisesImmutableId") && text.is_ascii() {
        anchors(text, tenant)
    } else if is(path, "onPremisesSecurityIdentifier") {
        // SIDs are stored in one spelling; another one needs a look at everybody.
        tenant.by_sid(&text.parse().ok()?).to_vec()
    } else {
        return None;
    };
    Some(places(world, &ids(tenant, &found)))
}

/// Directory texts compare without case, so the variants count.
fn anchors(text: &str, tenant: &Tenant) -> Vec<UserRef> {
    let Some(id) = ImmutableId::stored(text) else { return Vec::new() };
    tenant.holders_of(&id).into_iter().chain(tenant.case_variants_of(&id)).collect()
}

/// `any(p: p eq '…')` and nothing else.
fn addresses(condition: &Expr, tenant: &Tenant) -> Option<Vec<EntraId>> {
    if let Expr::Compare { path, op: Op::Eq, value } = condition
        && path.segments.is_empty()
    {
        return address(value, tenant);
    }
    None
}

fn address(value: &Literal, tenant: &Tenant) -> Option<Vec<EntraId>> {
    let Literal::Text(text) = value else { return None };
    let (prefix, address) = text.split_once(':')?;
    prefix.eq_ignore_ascii_case("smtp").then(|| ids(tenant, &tenant.by_address(address)))
}

fn ids(tenant: &Tenant, users: &[UserRef]) -> Vec<EntraId> {
    users.iter().filter_map(|user| tenant.user(*user)).map(|user| user.id).collect()
}
