//! What AD overwrites once an account is linked: sign-in name, addresses, whether sign-in is allowed.
//!
//! Address sets of AD and cloud differ by design: routing addresses and unverified domains are never mastered in AD, and
//! `mail` stands in for empty proxyAddresses. So they are compared as Entra calculates them, not as they stand.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Incoming;
use super::export::{Export, is_routing};
use crate::model::text::{fold, same};
use crate::model::{CloudUser, EntraId, Known, OnPremisesResidue, ProvisioningError, ProxyAddress, Text, Texts};
use crate::tenant_model::addresses::owned_addresses;
use crate::tenant_model::rules::restored;
use crate::tenant_model::{Suffix, Tenant, UserRef};

/// What changes for an account when an AD user takes it over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Takeover {
    /// The sign-in name before and after, when it changes.
    pub upn: Option<(Text, Text)>,
    /// The sign-in name of AD, when it does not come through: taken, or UPN changes of licensed users do not flow.
    pub upn_held_back: Option<Text>,
    /// The primary address before (if there was one) and after, when it changes.
    pub primary_address: Option<(Option<Text>, Text)>,
    /// Mail addresses that AD does not have and the account loses.
    pub lost_addresses: Vec<Text>,
    /// Addresses of AD that somebody else owns; they are quarantined, which does not stop the link unless it is a group.
    pub address_conflicts: Vec<(Text, EntraId)>,
    /// Whether a sign-in that is (or may be) allowed gets blocked, because the AD account is disabled.
    pub sign_in_blocked: bool,
    /// Whether a sign-in that is blocked gets allowed, because the AD account is enabled.
    pub sign_in_allowed: bool,
    /// Whether the password becomes that of AD (password hash sync); `None` when the feature was not read.
    pub password_replaced: Option<bool>,
}

/// The mail addresses of an account after a takeover.
struct Addresses {
    primary: Option<Text>,
    entries: Known<Texts>,
    lost: Vec<Text>,
    conflicts: Vec<(Text, EntraId)>,
}

/// The sign-in name of an account after a takeover.
struct Name {
    upn: Text,
    held_back: Option<Text>,
}

impl Tenant {
    /// What changes for an account when this AD user takes it over.
    #[must_use]
    pub fn takeover_effects(&self, incoming: Incoming<'_>, account: &CloudUser) -> Takeover {
        let export = Export::of(self, incoming);
        let own = self.by_id(&account.id);
        let (name, addresses) = (self.name_after(&export, account, own), self.addresses_after(&export, account, own));
        let before: Text = account.original_upn().into();
        let old_primary = primary_address(account);
        let primary_known = account.proxy_addresses.is_read() || account.mail.is_read();
        let new_primary = addresses.primary.filter(|new| primary_known && !old_primary.is_some_and(|old| same(old, new)));
        let enabled = &account.traits.account_enabled;
        Takeover {
            upn: (!same(&before, &name.upn)).then_some((before, name.upn)),
            upn_held_back: name.held_back,
            primary_address: new_primary.map(|new| (old_primary.map(Into::into), new)),
            lost_addresses: addresses.lost,
            address_conflicts: addresses.conflicts,
            sign_in_blocked: incoming.user.enabled == Some(false) && *enabled != Known::Is(false),
            sign_in_allowed: incoming.user.enabled == Some(true) && *enabled == Known::Is(false),
            password_replaced: self.observed().features.as_ref().and_then(|flags| flags.get("passwordSyncEnabled")).copied(),
        }
    }

    /// The account as the sync cycle leaves it.
    pub(super) fn taken_over(&self, incoming: Incoming<'_>, account: &CloudUser, now: &str) -> CloudUser {
        let export = Export::of(self, incoming);
        let own = self.by_id(&account.id);
        let (name, addresses) = (self.name_after(&export, account, own), self.addresses_after(&export, account, own));
        let (ad, before) = (incoming.user, restored(account));
        CloudUser {
            upn: name.upn,
            immutable_id: Some(incoming.anchor.value.clone()),
            sync_enabled: Known::Is(true),
            sid: ad.sid.clone().map_or(before.sid, Known::Is),
            object_identifier: Known::Is(ad.guid),
            residue: residue(&export),
            mail: addresses.primary.map_or(before.mail, Known::Is),
            proxy_addresses: addresses.entries,
            display_name: ad.display_name.clone().or(before.display_name),
            last_sync: Known::Is(now.into()),
            ..before
        }
        .with_traits(|traits| {
            traits.account_enabled = ad.enabled.map_or(traits.account_enabled, Known::Is);
            traits.domain_name = Known::Is(ad.dn.dns_domain().into());
            traits.provisioning_errors = Known::Is(errors(account, name.held_back, addresses.conflicts, now));
        })
    }

    /// AD's name, unless it is held back; else the present one; else (a restored account whose name is gone) a placeholder.
    fn name_after(&self, export: &Export<'_>, account: &CloudUser, own: Option<UserRef>) -> Name {
        let current = account.original_upn();
        // A name that AD and cloud share stays, whatever the list of domains says of it.
        let shared = export.ad_upn.as_deref().is_some_and(|upn| same(upn, current));
        let wanted = if shared { Some(current) } else { export.upn.as_deref() };
        let free = |upn: &&str| self.live_upn_holder(upn, own).is_none();
        let flowing = wanted.filter(|upn| same(upn, current) || self.names_flow(account)).filter(free);
        let kept = Some(current).filter(|upn| !account.is_deleted() || free(upn));
        let upn: Text = flowing.or(kept).map_or_else(|| self.placeholder(current, &export.incoming.anchor.value), Into::into);
        let held_back = wanted.filter(|wanted| !same(wanted, &upn)).map(Into::into);
        Name { upn, held_back }
    }

    /// Whether AD may rename this account.
    fn names_flow(&self, account: &CloudUser) -> bool {
        let licensed = may_be_licensed(account) && !self.suffix_of(account.original_upn()).is_federated();
        !licensed || self.feature("synchronizeUpnForManagedUsersEnabled", true)
    }

    fn addresses_after(&self, export: &Export<'_>, account: &CloudUser, own: Option<UserRef>) -> Addresses {
        let (mine, taken) = self.present_addresses(account, own);
        if export.addresses.is_empty() && taken.is_empty() {
            let primary = primary_address(account).map(Into::into);
            return Addresses { primary, entries: account.proxy_addresses.clone(), lost: Vec::new(), conflicts: Vec::new() };
        }
        let (mut all, conflicts) = self.addresses_of_ad(export, account, own, &folded(&mine));
        let of_ad = folded(&export.addresses);
        let not_in_ad = |address: &&str| !of_ad.contains(&fold(address));
        let stays = |address: &&str| export.addresses.is_empty() || self.is_exempt(address);
        let (kept, mut lost): (Vec<&str>, Vec<&str>) = mine.into_iter().filter(not_in_ad).partition(stays);
        all.extend(kept);
        lost.extend(taken.into_iter().filter(not_in_ad));
        let primary = [export.primary, primary_address(account)].into_iter().flatten();
        let primary = primary.into_iter().find(|wanted| all.iter().any(|own| same(own, wanted)));
        let entries = Known::Is(entries(&all, primary, account));
        Addresses { primary: primary.map(Into::into), entries, lost: lost.into_iter().map(Into::into).collect(), conflicts }
    }

    /// The addresses that an account has, or would have when brought back, and those that a live owner took meanwhile.
    fn present_addresses<'a>(&self, account: &'a CloudUser, own: Option<UserRef>) -> (Vec<&'a str>, Vec<&'a str>) {
        let free = |address: &&str| !account.is_deleted() || self.live_address_holder(address, own).is_none();
        owned_addresses(account).partition(free)
    }

    /// The addresses of AD that the account gets or keeps, and those that somebody else owns.
    fn addresses_of_ad<'a>(
        &self,
        export: &Export<'a>,
        account: &CloudUser,
        own: Option<UserRef>,
        mine: &HashSet<Cow<'_, str>>,
    ) -> (Vec<&'a str>, Vec<(Text, EntraId)>) {
        let (mut gained, mut conflicts) = (Vec::new(), Vec::new());
        for address in export.addresses.iter().copied().filter(|address| self.takes(address, account)) {
            match self.owner_besides(address, own) {
                Some(owner) if !mine.contains(&fold(address)) => conflicts.push((address.into(), owner)),
                Some(_) | None => gained.push(address),
            }
        }
        (gained, conflicts)
    }

    /// Whether proxy calculation takes this address of AD: of licensed users only those in verified domains.
    pub(super) fn takes(&self, address: &str, account: &CloudUser) -> bool {
        !may_be_licensed(account) || self.is_verified(address)
    }

    /// Whether an address of the cloud stays although AD does not have it.
    fn is_exempt(&self, address: &str) -> bool {
        is_routing(address) || !self.is_verified(address)
    }

    fn is_verified(&self, address: &str) -> bool {
        matches!(self.suffix_of(address), Suffix::Unread | Suffix::Verified { .. })
    }

    fn owner_besides(&self, address: &str, own: Option<UserRef>) -> Option<EntraId> {
        let users = self.address_owners(address).into_iter().filter(|user| Some(*user) != own);
        let user = users.filter_map(|user| self.user(user)).map(|user| user.id).next();
        user.or_else(|| self.others_with_address(address).first().map(|other| other.id))
    }
}

/// Addresses in the form in which they compare: there may be thousands on both sides.
fn folded<'a>(addresses: &[&'a str]) -> HashSet<Cow<'a, str>> {
    addresses.iter().map(|address| fold(address)).collect()
}

/// What is withheld from an account. An error that it had before keeps its time.
fn errors(account: &CloudUser, name: Option<Text>, addresses: Vec<(Text, EntraId)>, now: &str) -> Box<[ProvisioningError]> {
    let names = name.into_iter().map(|name| ("UserPrincipalName", name));
    let addresses = addresses.into_iter().map(|(address, _)| ("ProxyAddress", address));
    names.chain(addresses).map(|(property, value)| error(account, property, value, now)).collect()
}

/// A conflict as Entra reports it.
fn error(account: &CloudUser, property: &str, value: Text, now: &str) -> ProvisioningError {
    let is_same =
        |known: &&ProvisioningError| known.property.as_deref() == Some(property) && known.value.as_ref() == Some(&value);
    let before = account.errors().iter().find(is_same).cloned();
    before.unwrap_or_else(|| ProvisioningError {
        property: Some(property.into()),
        value: Some(value),
        category: Some("PropertyConflict".into()),
        occurred: Some(now.into()),
    })
}

/// proxyAddresses, primary first; what is no mail stays as it is.
fn entries(mail: &[&str], primary: Option<&str>, account: &CloudUser) -> Texts {
    let secondary = mail.iter().filter(|own| !primary.is_some_and(|primary| same(primary, own)));
    let other = account.addresses().filter(|entry| !ProxyAddress::parse(entry).is_mail()).map(str::to_owned);
    let first = primary.map(|address| format!("SMTP:{address}"));
    first.into_iter().chain(secondary.map(|address| format!("smtp:{address}"))).chain(other).collect()
}

/// The primary address: the `SMTP:` entry, or `mail` where proxyAddresses were not read.
fn primary_address(account: &CloudUser) -> Option<&str> {
    let is_read = account.proxy_addresses.is_read();
    let primary = account.primary_address();
    if is_read { ProxyAddress::primary_of(account.addresses().map(ProxyAddress::parse)) } else { primary }
}

/// Unknown licences count: most accounts have one.
fn may_be_licensed(account: &CloudUser) -> bool {
    match &account.traits.licenses {
        Known::Unknown => true,
        Known::Null => false,
        Known::Is(licenses) => !licenses.is_empty(),
    }
}

fn residue(export: &Export<'_>) -> OnPremisesResidue {
    let ad = export.incoming.user;
    OnPremisesResidue {
        distinguished_name: Known::Is(ad.dn.as_str().into()),
        sam_account_name: ad.sam.clone().into(),
        user_principal_name: export.ad_upn.clone().into(),
    }
}
