//! What a tenant holds beside users: organisation, domains, groups, contacts, role grants, switches.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::model::{Domain, EntraId, Known, OtherKind, OtherObject, RoleGrant, RoleState, Texts};

use super::tri::{Nested, nullable, tri};

/// The organisation: <https://learn.microsoft.com/en-us/graph/api/resources/organization>.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct WireOrganization {
    #[serde(alias = "Id")]
    pub(crate) id: Option<Box<str>>,
    #[serde(rename = "onPremisesSyncEnabled", alias = "OnPremisesSyncEnabled", deserialize_with = "tri")]
    pub(crate) sync_enabled: Known<bool>,
    #[serde(rename = "verifiedDomains", alias = "VerifiedDomains")]
    pub(crate) verified_domains: Option<Vec<Nested<WireVerifiedDomain>>>,
}

#[derive(Debug, serde::Deserialize)]
pub(crate) struct WireVerifiedDomain {
    #[serde(alias = "Name")]
    name: Box<str>,
    #[serde(rename = "isInitial", alias = "IsInitial", default, deserialize_with = "nullable")]
    initial: bool,
    #[serde(rename = "type", alias = "Type", default)]
    kind: Option<Box<str>>,
}

impl WireOrganization {
    /// Its verified domains, if they were read.
    pub(crate) fn domains(&self) -> Option<Vec<Domain>> {
        let domains = self.verified_domains.as_ref()?.iter().map(|domain| domain.0.as_ref().map(WireVerifiedDomain::domain));
        domains.collect()
    }
}

impl WireVerifiedDomain {
    fn domain(&self) -> Domain {
        Domain { name: self.name.clone(), verified: true, federated: is_federated(self.kind.as_deref()), initial: self.initial }
    }
}

/// A domain: <https://learn.microsoft.com/en-us/graph/api/resources/domain>.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct WireDomain {
    #[serde(alias = "Id")]
    id: Box<str>,
    #[serde(rename = "isVerified", alias = "IsVerified", default)]
    verified: Option<bool>,
    #[serde(rename = "isInitial", alias = "IsInitial", default, deserialize_with = "nullable")]
    initial: bool,
    #[serde(rename = "authenticationType", alias = "AuthenticationType", default)]
    authentication: Option<Box<str>>,
}

impl From<WireDomain> for Domain {
    fn from(wire: WireDomain) -> Self {
        let federated = is_federated(wire.authentication.as_deref());
        Self { name: wire.id, verified: wire.verified.unwrap_or(true), federated, initial: wire.initial }
    }
}

/// Whether a domain is federated, if it says so in a word that is known.
fn is_federated(kind: Option<&str>) -> Option<bool> {
    let words = [("Federated", true), ("Managed", false)];
    words.into_iter().find(|(word, _)| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(word))).map(|(_, federated)| federated)
}

/// The initial domain: the one that says so, else the only `….onmicrosoft.com` there is.
pub(crate) fn initial_domain(domains: &[Domain]) -> Option<Box<str>> {
    if let Some(marked) = domains.iter().find(|domain| domain.initial) {
        return Some(marked.name.clone());
    }
    let is_candidate = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let label =
            [".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn"].iter().find_map(|end| lower.strip_suffix(end));
        label.is_some_and(|label| !label.contains('.'))
    };
    let mut candidates = domains.iter().filter(|domain| is_candidate(&domain.name));
    let first = candidates.next()?;
    candidates.next().is_none().then(|| first.name.clone())
}

/// A group, contact or device.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct WireOther {
    #[serde(alias = "Id")]
    id: EntraId,
    #[serde(rename = "displayName", alias = "DisplayName", default)]
    display_name: Option<Box<str>>,
    #[serde(alias = "Mail", default)]
    mail: Option<Box<str>>,
    #[serde(rename = "proxyAddresses", alias = "ProxyAddresses", default, deserialize_with = "nullable")]
    proxy_addresses: Texts,
    #[serde(alias = "Members", default)]
    members: Option<Vec<Member>>,
}

/// A member: its id, alone or in an object.
#[derive(Debug)]
struct Member(EntraId);

impl WireOther {
    pub(crate) fn into_other(self, kind: OtherKind) -> OtherObject {
        OtherObject {
            kind,
            id: self.id,
            display_name: self.display_name,
            mail: self.mail,
            proxy_addresses: self.proxy_addresses,
            members: self.members.map(|members| members.into_iter().map(|member| member.0).collect()),
        }
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object id, or an object with an `id`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Member, E> {
        text.parse().map(Member).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Member, A::Error> {
        let mut id = None;
        while let Some(key) = map.next_key::<Box<str>>()? {
            if matches!(&*key, "id" | "Id") {
                id = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        id.map(Member).ok_or_else(|| serde::de::Error::missing_field("id"))
    }
}

/// A role held or eligible, flattened by whoever wrote the snapshot.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct WireGrant {
    #[serde(rename = "principalId")]
    principal: EntraId,
    role: Box<str>,
    privileged: bool,
    state: WireState,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
enum WireState {
    Assigned,
    Eligible,
}

impl From<WireGrant> for RoleGrant {
    fn from(wire: WireGrant) -> Self {
        let state = match wire.state {
            WireState::Assigned => RoleState::Assigned,
            WireState::Eligible => RoleState::Eligible,
        };
        Self { principal: wire.principal, role: wire.role, privileged: wire.privileged, state }
    }
}

/// The switches of directory synchronisation: an open map, as old shells and new tenants do not agree on its keys.
#[derive(Debug, Default)]
pub(crate) struct WireSwitches(pub(crate) BTreeMap<Box<str>, bool>);

impl<'de> Deserialize<'de> for WireSwitches {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = BTreeMap::<Box<str>, Switch>::deserialize(deserializer)?;
        Ok(Self(read.into_iter().filter_map(|(name, switch)| Some((camel_case(&name), switch.0?))).collect()))
    }
}

/// `PasswordSyncEnabled` of PowerShell and `passwordSyncEnabled` of Graph are the same switch.
fn camel_case(name: &str) -> Box<str> {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect::<String>().into()
}

/// A switch; `None` for null and for annotations such as `@odata.type`.
struct Switch(Option<bool>);

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SwitchVisitor)
    }
}

struct SwitchVisitor;

impl<'de> Visitor<'de> for SwitchVisitor {
    type Value = Switch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or null")
    }

    fn visit_bool<E>(self, on: bool) -> Result<Switch, E> {
        Ok(Switch(Some(on)))
    }

    fn visit_unit<E>(self) -> Result<Switch, E> {
        Ok(Switch(None))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Switch, E> {
        let annotation = text.starts_with("#microsoft.graph");
        if annotation { Ok(Switch(None)) } else { Err(E::invalid_type(serde::de::Unexpected::Str(text), &self)) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Switch, A::Error> {
        // AdditionalProperties of PowerShell's SDK.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Switch(None))
    }
}
