//! Who owns a mail address. An address is unique over users (live and deleted), groups and contacts.

use crate::model::index::Index;
use crate::model::questions::CloudQuestion;
use crate::model::text::{fold, same};
use crate::model::{CloudUser, EntraId, OtherObject, ProxyAddress};

use super::state::{Common, Found, mail_entries};
use super::{Tenant, UserRef};

impl Tenant {
    /// Users, live and deleted, that own this address. `mail` alone owns nothing where proxyAddresses were read.
    #[must_use]
    pub fn address_owners(&self, address: &str) -> Found {
        let is_mail = |user: &CloudUser| user.mail.value().is_some_and(|mail| same(mail, address));
        let owns = |user: &CloudUser| {
            if user.proxy_addresses.is_read() { self.has_entry(user, address) } else { is_mail(user) }
        };
        self.among(Common::OwnedAddress, address, self.by_address(address), owns)
    }

    /// Groups and contacts that own this address.
    #[must_use]
    pub fn others_with_address(&self, address: &str) -> Vec<&OtherObject> {
        self.recorder().tenant(|| CloudQuestion::Address(fold(address).into()));
        let others = &self.observed().others;
        let index = self.lookups().other_addresses.get_or_init(|| index_of(others));
        let candidates = index.candidates_folded(address);
        let mut found: Vec<&OtherObject> = candidates
            .filter_map(|position| others.get(usize::try_from(position).ok()?))
            .filter(|other| other_addresses(other).any(|own| same(own, address)))
            .collect();
        found.sort_unstable_by_key(|other| other.id);
        found.dedup_by_key(|other| other.id);
        found
    }

    /// The first live user, group or contact other than `own` that owns this address.
    pub(super) fn live_address_holder(&self, address: &str, own: Option<UserRef>) -> Option<EntraId> {
        let live = |user: &UserRef| self.user(*user).filter(|user| !user.is_deleted()).map(|user| user.id);
        let user = self.address_owners(address).iter().filter(|user| Some(**user) != own).find_map(live);
        user.or_else(|| self.others_with_address(address).first().map(|other| other.id))
    }

    /// The live user other than `own` that has this sign-in name.
    pub(super) fn live_upn_holder(&self, upn: &str, own: Option<UserRef>) -> Option<EntraId> {
        let others = self.by_upn(upn).into_iter().filter(|user| Some(*user) != own);
        others.filter_map(|user| self.user(user)).find(|user| !user.is_deleted()).map(|user| user.id)
    }
}

/// The mail addresses that a user owns: the entries of proxyAddresses, or `mail` where those were not read.
pub(super) fn owned_addresses(user: &CloudUser) -> impl Iterator<Item = &str> {
    let mail = user.mail.value().filter(|_| !user.proxy_addresses.is_read()).map(AsRef::as_ref);
    mail_entries(user).chain(mail)
}

fn other_addresses(other: &OtherObject) -> impl Iterator<Item = &str> {
    let entries = other.proxy_addresses.iter().map(ProxyAddress::parse).filter(ProxyAddress::is_mail);
    entries.map(|proxy| proxy.address).chain(other.mail.as_deref())
}

fn index_of(others: &[OtherObject]) -> Index {
    let mut index = Index::default();
    for (position, other) in (0u32..).zip(others) {
        other_addresses(other).for_each(|address| index.insert_folded(address, position));
    }
    index
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TenantBuilder, contact, id};
    use super::*;
    use crate::model::Known;

    #[test]
    fn mail_owns_an_address_only_where_proxy_addresses_are_unknown() {
        let mut observed = TenantBuilder::users(&["a", "b", "c"]).observed();
        for user in &mut observed.users {
            user.mail = Known::Is("Shared@x.example".into());
        }
        observed.users[1].proxy_addresses = Known::Null;
        observed.users[2].proxy_addresses = Known::Is(["smtp:SHARED@x.example"].into());
        observed.others = vec![contact(100, "shared@X.example")];
        let tenant = Tenant::new(observed);
        let owners: Vec<EntraId> =
            tenant.address_owners("shared@x.example").iter().map(|user| tenant.user(*user).unwrap().id).collect();
        assert_eq!(owners, [id(1), id(3)]);
        assert_eq!(tenant.others_with_address("SHARED@x.example").len(), 1);
        assert!(tenant.others_with_address("b@x.example").is_empty());
    }

    #[test]
    fn what_many_have_in_common_is_found_as_what_few_have() {
        let names: Vec<String> = (0..100).map(|n| format!("u{n}")).collect();
        let mut observed = TenantBuilder::users(&names.iter().map(String::as_str).collect::<Vec<_>>()).observed();
        for user in &mut observed.users {
            user.mail = Known::Is("Shared@x.example".into());
        }
        observed.users[7].proxy_addresses = Known::Is(["smtp:shared@x.example"].into());
        observed.users[9].proxy_addresses = Known::Null;
        let mut tenant = Tenant::new(observed);
        let count = |tenant: &Tenant| {
            let name = "shared@X.example";
            [tenant.by_address(name).len(), tenant.address_owners(name).len(), tenant.live_by_address(name).len()]
        };
        assert_eq!((count(&tenant), count(&tenant)), ([100, 99, 100], [100, 99, 100]));
        let first = tenant.by_address("shared@x.example")[0];
        let before = tenant.clone();
        let gone = tenant.user(first).unwrap().binned("2026-11-01T00:00:00Z");
        tenant.replace(first, Some(gone));
        assert_eq!(count(&tenant), [100, 99, 99]);
        tenant.replace(first, None);
        assert_eq!((count(&tenant), count(&before)), ([99, 98, 99], [100, 99, 100]));
    }

    #[test]
    fn each_of_very_many_addresses_is_found() {
        let mut observed = TenantBuilder::users(&["a"]).observed();
        let entries = |count: u8| (0..count).map(|n| format!("smtp:P{n}@x.example")).chain(["X500:/o=p".to_owned()]).collect();
        observed.users[0].proxy_addresses = Known::Is(entries(100));
        observed.users[0].mail = Known::Is("mail@x.example".into());
        let mut tenant = Tenant::new(observed);
        let user = tenant.by_id(&id(1)).unwrap();
        let found = |tenant: &Tenant, name: &str| (tenant.by_address(name).len(), tenant.address_owners(name).len());
        assert!((0..100).all(|n| found(&tenant, &format!("p{n}@X.example")) == (1, 1)));
        assert_eq!(["mail@x.example", "p100@x.example", "/o=p"].map(|name| found(&tenant, name)), [(1, 0), (0, 0), (0, 0)]);
        let fewer = CloudUser { proxy_addresses: Known::Is(entries(90)), ..tenant.user(user).unwrap().clone() };
        tenant.replace(user, Some(fewer));
        assert_eq!(["p89@x.example", "p90@x.example"].map(|name| found(&tenant, name)), [(1, 1), (0, 0)]);
    }
}
