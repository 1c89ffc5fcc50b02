//! Who in the tenant has the values of an AD user.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::text::{fold, same};
use crate::model::{AnchorForm, CloudUser, ObjectGuid, ProxyAddress, ProxyKind};
use crate::tenant_model::UserRef;

use super::super::describe::{cloud_user_line, other_line};
use super::super::world::World;
use super::case::Case;
use super::{HeldValue, Holder, ValueKind};

/// Every value with its holders, and the accounts among them.
pub(super) fn in_tenant(case: &Case<'_>, world: &World) -> (Vec<HeldValue>, BTreeSet<UserRef>) {
    let mut lookup = Lookup { world, values: Vec::new(), users: BTreeSet::new(), entries: BTreeMap::new() };
    lookup.anchor(case);
    lookup.names(case);
    lookup.addresses(case);
    if let Some(sid) = &case.user.sid {
        let holders = lookup.users(world.tenant.by_sid(sid), |_| String::new());
        lookup.add(ValueKind::Sid, &sid.to_string(), holders);
    }
    if let Some(id) = &case.user.external_directory_object_id {
        let mut holders = lookup.users(world.tenant.by_id(id), |_| String::new());
        let others = world.tenant.observed().others.iter().filter(|other| other.id == *id);
        holders.extend(others.map(|other| Holder { id: other.id.to_string(), line: other_line(other) }));
        lookup.add(ValueKind::WrittenBack, &id.to_string(), holders);
    }
    (lookup.values, lookup.users)
}

struct Lookup<'w> {
    world: &'w World,
    values: Vec<HeldValue>,
    users: BTreeSet<UserRef>,
    entries: BTreeMap<UserRef, Entries>,
}

/// What kind of address each of an account is. Who holds very many is asked for each of them.
type Entries = BTreeMap<String, ProxyKind>;

impl Lookup<'_> {
    fn anchor(&mut self, case: &Case<'_>) {
        let world = self.world;
        let tenant = &world.tenant;
        let Ok(anchor) = &case.anchor else { return };
        let holders = self.users(tenant.holders_of(&anchor.value), |_| String::new());
        self.add(ValueKind::Anchor, anchor.value.as_str(), holders);
        let odd = anchor.guid.map(|guid| tenant.odd_holders_of(&guid)).unwrap_or_default();
        let odd = odd.into_iter().map(|(user, _)| user).chain(tenant.case_variants_of(&anchor.value));
        let holders = self.users(odd, |account| how_it_is_spelt(account, anchor.guid));
        let value = anchor.guid.map_or_else(|| anchor.value.to_string(), |guid| guid.to_string());
        self.add(ValueKind::OddAnchor, &value, holders);
        for guid in case.other_guids() {
            let id = guid.immutable_id();
            let holders = self.users(tenant.holders_of(&id), |_| String::new());
            self.add(ValueKind::OtherGuid, id.as_str(), holders);
        }
    }

    fn names(&mut self, case: &Case<'_>) {
        let Some((in_ad, in_cloud)) = &case.names else { return };
        self.name(ValueKind::SignInName, in_ad);
        if !same(in_ad, in_cloud) {
            self.name(ValueKind::CloudSignInName, in_cloud);
        }
    }

    fn name(&mut self, kind: ValueKind, name: &str) {
        let world = self.world;
        let tenant = &world.tenant;
        let mut holders = self.users(tenant.by_upn(name), |_| String::new());
        let is_named = |user: &UserRef| tenant.user(*user).is_some_and(|account| same(account.original_upn(), name));
        let as_address = tenant.by_address(name).into_iter().filter(|user| !is_named(user));
        holders.extend(self.users(as_address, |_| ", as a mail address".to_owned()));
        holders.extend(self.others(name));
        self.add(kind, name, holders);
    }

    fn addresses(&mut self, case: &Case<'_>) {
        let entries = case.user.proxy_addresses.iter().map(|entry| (ProxyAddress::parse(entry), entry));
        let known: Vec<(ProxyAddress<'_>, &str)> = entries.filter(|(proxy, _)| proxy.is_mail()).collect();
        for (proxy, entry) in &known {
            let kind = if proxy.kind == ProxyKind::Primary { ValueKind::PrimaryAddress } else { ValueKind::Address };
            self.address(kind, proxy.address, entry);
        }
        let is_told = |mail: &str| known.iter().any(|(proxy, _)| same(proxy.address, mail));
        if let Some(mail) = case.user.mail.as_deref().filter(|mail| !is_told(mail)) {
            // Without proxyAddresses, mail becomes the primary one.
            let kind = if case.user.proxy_addresses.is_empty() { ValueKind::PrimaryAddress } else { ValueKind::Address };
            self.address(kind, mail, mail);
        }
    }

    fn address(&mut self, kind: ValueKind, address: &str, shown: &str) {
        let world = self.world;
        let tenant = &world.tenant;
        let found: BTreeSet<UserRef> = tenant.by_address(address).into_iter().collect();
        let mut holders = Vec::new();
        for user in &found {
            let how = self.how_it_has(*user, address);
            holders.extend(self.users([*user], |_| how.to_owned()));
        }
        let as_name = tenant.by_upn(address).into_iter().filter(|user| !found.contains(user));
        holders.extend(self.users(as_name, |_| ", as its sign-in name".to_owned()));
        holders.extend(self.others(address));
        self.add(kind, shown, holders);
    }

    fn how_it_has(&mut self, user: UserRef, address: &str) -> &'static str {
        let world = self.world;
        let entries = self.entries.entry(user).or_insert_with(|| world.tenant.user(user).map(entries_of).unwrap_or_default());
        match entries.get(&*fold(address)) {
            Some(ProxyKind::Primary) => ", its primary address",
            Some(ProxyKind::Secondary | ProxyKind::Other) => "",
            None => ", as mail only",
        }
    }

    fn others(&self, address: &str) -> Vec<Holder> {
        let others = self.world.tenant.others_with_address(address).into_iter();
        others.map(|other| Holder { id: other.id.to_string(), line: other_line(other) }).collect()
    }

    /// Accounts as holders, each with what is to be said of how it has the value.
    fn users(&mut self, found: impl IntoIterator<Item = UserRef>, how: impl Fn(&CloudUser) -> String) -> Vec<Holder> {
        let mut holders = Vec::new();
        for user in found {
            let Some(account) = self.world.tenant.user(user) else { continue };
            self.users.insert(user);
            holders.push(Holder { id: account.id.to_string(), line: format!("{}{}", cloud_user_line(account), how(account)) });
        }
        holders
    }

    fn add(&mut self, kind: ValueKind, value: &str, mut holders: Vec<Holder>) {
        holders.sort_unstable();
        holders.dedup();
        let observed = self.world.tenant.observed();
        let mut not_read = Vec::new();
        if !observed.recycle_bin_read {
            not_read.push("the recycle bin".to_owned());
        }
        let by_others = !matches!(kind, ValueKind::Anchor | ValueKind::OddAnchor | ValueKind::OtherGuid | ValueKind::Sid);
        let parts = [(observed.groups_read, "groups"), (observed.contacts_read, "contacts")];
        not_read.extend(parts.iter().filter(|(read, _)| by_others && !read).map(|(_, part)| (*part).to_owned()));
        self.values.push(HeldValue { holders, kind, not_read, value: value.to_owned() });
    }
}

fn entries_of(account: &CloudUser) -> Entries {
    let mut entries = Entries::new();
    for proxy in account.addresses().map(ProxyAddress::parse).filter(ProxyAddress::is_mail) {
        entries.entry(fold(proxy.address).into_owned()).or_insert(proxy.kind);
    }
    entries
}

fn how_it_is_spelt(account: &CloudUser, guid: Option<ObjectGuid>) -> String {
    let Some(id) = &account.immutable_id else { return String::new() };
    let how = match AnchorForm::of(id) {
        AnchorForm::Guid(held) if guid.is_some_and(|guid| held == guid.byte_swapped()) => "the first three groups are reversed",
        AnchorForm::Guid(_) => "differs in upper and lower case",
        AnchorForm::NotCanonical(_) => "base64 in a spelling that matches nothing",
        AnchorForm::GuidText(_) => "the text of the GUID",
        AnchorForm::EncodedGuidText(_) => "base64 of the text of the GUID",
        AnchorForm::BareHex { .. } => "hex digits",
        AnchorForm::Opaque => "differs in upper and lower case",
    };
    format!(": `{id}` ({how})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::questions::Recorder;
    use crate::model::{AdUser, Known, Observed, ObservedForest, ObservedTenant};

    #[test]
    fn the_addresses_of_an_account_are_read_once() {
        let mut user = AdUser::new("f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap(), "CN=u,DC=corp".parse().unwrap());
        user.proxy_addresses = (0..200).map(|n| format!("smtp:a{n}@x.example")).collect();
        user.mail = Some("A7@x.example".into());
        let mut account = CloudUser::new("00000000-0000-4000-8000-000000000001".parse().unwrap(), "u@x.example", None);
        account.proxy_addresses = Known::Is(user.proxy_addresses.clone());
        let tenant = ObservedTenant { users: vec![account], ..ObservedTenant::default() };
        let forest = ObservedForest { name: "corp".into(), users: vec![user], ..ObservedForest::default() };
        let world = World::new(Observed { forests: vec![forest], tenant }, Recorder::default());
        let (ad, ..) = world.forests.users().next().unwrap();
        let case = Case::of(ad, None, &world).unwrap();
        let mut lookup = Lookup { world: &world, values: Vec::new(), users: BTreeSet::new(), entries: BTreeMap::new() };
        lookup.addresses(&case);
        assert_eq!((lookup.values.len(), lookup.entries.len()), (200, 1), "mail is one of them, in another case");
        let known = lookup.entries.values_mut().next().unwrap();
        known.insert("a7@x.example".to_owned(), ProxyKind::Primary);
        lookup.addresses(&case);
        let told: Vec<&str> = lookup.values.iter().skip(200).map(|value| value.holders[0].line.as_str()).collect();
        assert_eq!(told.iter().filter(|line| line.ends_with(", its primary address")).count(), 1);
    }
}
