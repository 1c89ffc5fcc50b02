//! What the sync client sends of an AD user, as Entra's proxy and name calculation leaves it.

use crate::model::text::{fold, same};
use crate::model::{AdUser, ProxyAddress, Text};

use super::Incoming;
use crate::tenant_model::{Suffix, Tenant};

/// An AD user on its way into the tenant.
#[derive(Debug)]
pub(super) struct Export<'a> {
    pub(super) incoming: Incoming<'a>,
    /// The sign-in name as it stands in AD.
    pub(super) ad_upn: Option<Text>,
    /// The sign-in name as it would stand in the cloud.
    pub(super) upn: Option<Text>,
    /// The primary address, the only one that matches.
    pub(super) primary: Option<&'a str>,
    /// All mail addresses, the primary one included, in the order of their folded forms.
    pub(super) addresses: Vec<&'a str>,
}

impl<'a> Export<'a> {
    pub(super) fn of(tenant: &Tenant, incoming: Incoming<'a>) -> Self {
        let ad_upn = ad_upn(incoming.user);
        let upn = ad_upn.as_deref().map(|upn| cloud_upn(tenant, upn));
        let (primary, addresses) = addresses(incoming.user);
        Self { incoming, ad_upn, upn, primary, addresses }
    }

    /// Whether the sign-in name reaches the cloud as it is in AD; a replaced suffix never matches.
    pub(super) fn keeps_upn(&self) -> bool {
        self.upn == self.ad_upn
    }
}

impl Tenant {
    /// The sign-in name of an AD user, and as it would stand in the cloud.
    #[must_use]
    pub fn sign_in_names(&self, user: &AdUser) -> Option<(Text, Text)> {
        let own = ad_upn(user)?;
        let there = cloud_upn(self, &own);
        Some((own, there))
    }
}

/// userPrincipalName, or the implicit one where that is empty.
fn ad_upn(user: &AdUser) -> Option<Text> {
    let own = user.upn.as_deref().map(str::trim).filter(|upn| !upn.is_empty());
    // A table without names of objects does not tell the domain.
    let domain = Some(user.dn.dns_domain()).filter(|domain| !domain.is_empty());
    own.map(Into::into).or_else(|| Some(format!("{}@{}", user.sam.as_deref()?, domain?).into()))
}

/// A suffix that is no verified domain becomes the initial domain. A domain below a verified one has to be added by itself.
fn cloud_upn(tenant: &Tenant, upn: &str) -> Text {
    let (local, domain) = upn.rsplit_once('@').unwrap_or((upn, ""));
    let kept = match tenant.suffix_of(upn) {
        Suffix::Unread | Suffix::Verified { .. } => !domain.is_empty(),
        Suffix::Inherited { .. } | Suffix::Unverified => false,
    };
    match tenant.initial_domain() {
        Some(initial) if !kept => format!("{local}@{initial}").into(),
        Some(_) | None => upn.into(),
    }
}

/// The primary address that the sync client sends of an AD user, the only one that matches.
#[must_use]
pub fn exported_primary(user: &AdUser) -> Option<&str> {
    addresses(user).0
}

/// The primary address and all addresses: of proxyAddresses, or `mail` where those are empty.
fn addresses(user: &AdUser) -> (Option<&str>, Vec<&str>) {
    if user.proxy_addresses.is_empty() {
        let mail = user.mail.as_deref().filter(|mail| survives(mail));
        return (mail, mail.into_iter().collect());
    }
    let entries = || user.proxy_addresses.iter().map(ProxyAddress::parse).filter(taken_over);
    let primary = ProxyAddress::primary_of(entries());
    let mut all: Vec<&str> = entries().map(|entry| entry.address).collect();
    all.sort_by_key(|own| fold(own));
    all.dedup_by(|left, right| same(left, right));
    (primary, all)
}

fn taken_over(entry: &ProxyAddress<'_>) -> bool {
    entry.is_mail() && !entry.bare && survives(entry.address)
}

/// Whether Entra takes an address from AD: no malformed ones, none of its own routing domains.
fn survives(address: &str) -> bool {
    let well_formed = address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    well_formed && !address.contains(|c: char| c.is_whitespace() || c.is_control()) && !is_routing(address)
}

/// Whether an address is in one of the domains that Entra hands out itself; those are never mastered in AD.
pub(super) fn is_routing(address: &str) -> bool {
    let address = fold(address);
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    [".onmicrosoft.com", ".microsoftonline.com", ".onmicrosoft.us", ".partner.onmschina.cn"]
        .iter()
        .any(|suffix| domain.ends_with(suffix))
}
