//! Federated domains: the ImmutableID of their users cannot change in place, so the sign-in name makes a detour.

use crate::model::text::same;
use crate::model::{AdUser, CloudUser, Upn};
use crate::tenant_model::Tenant;

use super::world::mail_addresses;

/// Whether sign-in for a domain goes to another identity provider.
pub(super) fn is_federated(domain: &str, tenant: &Tenant) -> bool {
    tenant.suffix_of(domain).is_federated()
}

/// The name on the initial domain that the detour uses.
pub(super) fn park_name(upn: &Upn, tenant: &Tenant) -> Option<Upn> {
    let initial = tenant.initial_domain()?;
    format!("{}@{initial}", upn.local()).parse().ok()
}

/// Whether a plan that finds the account on its parking name can tell which name it had: by its mail addresses, or by
/// the AD user.
pub(super) fn is_recognisable(original: &Upn, account: &CloudUser, ad_user: Option<&AdUser>) -> bool {
    let own = original.as_str();
    crate::tenant_model::mail_addresses(account).any(|address| same(address, own))
        || ad_user.is_some_and(|user| {
            user.upn.as_ref().is_some_and(|upn| same(upn, own)) || mail_addresses(user).any(|address| same(address, own))
        })
}

/// The federated name of an account that stands on its parking name: the one on its addresses or on the AD user.
pub(super) fn original_of_parked(account: &CloudUser, ad_user: Option<&AdUser>, tenant: &Tenant) -> Option<Upn> {
    let current: Upn = account.upn.parse().ok()?;
    let initial = tenant.initial_domain()?;
    if !same(current.domain(), initial) {
        return None;
    }
    let addresses = crate::tenant_model::mail_addresses(account);
    let names = ad_user.into_iter().flat_map(|user| user.upn.as_deref().into_iter().chain(mail_addresses(user)));
    let mut originals = addresses.chain(names).filter_map(|name| name.parse::<Upn>().ok());
    originals.find(|name| same(name.local(), current.local()) && is_federated(name.domain(), tenant))
}
