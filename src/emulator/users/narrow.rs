//! Which users a filter can be about, by the indexes of the model: so that a look-up does not read the whole tenant.

use std::borrow::Cow;

use crate::model::{EntraId, ImmutableId};
use crate::tenant_model::{Tenant, UserRef};

use super::super::odata::expr::{Expr, Literal, Op, Path};
use super::super::odata::list::Item;
use super::super::world::World;

/// The users that may meet a condition; `None` when any may.
pub(super) fn candidates(filter: &Expr, tenant: &Tenant) -> Option<Vec<EntraId>> {
    match filter {
        Expr::And(parts) => parts.iter().find_map(|part| candidates(part, tenant)),
        Expr::Or(parts) => union(parts.iter().map(|part| candidates(part, tenant))),
        Expr::Compare { path, op: Op::Eq, value } => with_value(path, value, tenant),
        Expr::In { path, values } => union(values.iter().map(|value| with_value(path, value, tenant))),
        Expr::Any { path, condition: Some(condition) } if is(path, "proxyAddresses") => addresses(condition, tenant),
        Expr::Not(_) | Expr::Compare { .. } | Expr::Affix { .. } | Expr::Any { .. } => None,
    }
}

/// The live ones of these users, in the order of their places.
pub(super) fn items<'a>(world: &'a World, few: &[EntraId]) -> Vec<Item<'a>> {
    let item = |id: &EntraId| match world.document.place(id)? {
        (false, place) => Some((place, Cow::Borrowed(world.document.json(id)?))),
        (true, _) => None,
    };
    let mut found: Vec<Item<'a>> = few.iter().filter_map(item).collect();
    found.sort_by_key(|(place, _)| *place);
    found.dedup_by_key(|(place, _)| *place);
    found
}

fn union(parts: impl Iterator<Item = Option<Vec<EntraId>>>) -> Option<Vec<EntraId>> {
    let all: Option<Vec<Vec<EntraId>>> = parts.collect();
    Some(all?.concat())
}

fn is(path: &Path, name: &str) -> bool {
    !path.is_count && matches!(path.segments.as_slice(), [own] if own.eq_ignore_ascii_case(name))
}

fn with_value(path: &Path, value: &Literal, tenant: &Tenant) -> Option<Vec<EntraId>> {
    let Literal::Text(text) = value else { return None };
    let found = if is(path, "id") {
        return Some(text.parse().into_iter().collect());
    } else if is(path, "userPrincipalName") {
        tenant.by_upn(text)
    } else if is(path, "employeeId") {
        tenant.by_employee_id(text)
    } else if is(path, "mail") {
        tenant.by_address(text)
    } else if is(path, "onPremisesImmutableId") && text.is_ascii() {
        anchors(text, tenant)
    } else if is(path, "onPremisesSecurityIdentifier") {
        // SIDs are stored in one spelling; another one needs a look at everybody.
        tenant.by_sid(&text.parse().ok()?)
    } else {
        return None;
    };
    Some(ids(tenant, &found))
}

/// Directory texts compare without case, so the variants count.
fn anchors(text: &str, tenant: &Tenant) -> Vec<UserRef> {
    let Some(id) = ImmutableId::stored(text) else { return Vec::new() };
    let mut found = tenant.holders_of(&id);
    found.extend(tenant.case_variants_of(&id));
    found
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
