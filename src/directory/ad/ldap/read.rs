//! Reading: the server's own facts, and users put together from their entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ldap3::{Ldap, get_url_params};
use url::Url;

use super::LdapForest;
use super::census::Stamps;
use super::errors::{Fault, shown};
use super::search::Query;
use super::select;
use crate::directory::ad::entry::{CONSISTENCY_GUID, Entry as _, EntryError, RawEntry, decode_user, object_sid};
use crate::directory::broken::Broken;
use crate::directory::ports::DirectoryError;
use crate::model::questions::ForestKey;
use crate::model::text::some_of;
use crate::model::{AdUser, AnchorMode, DistinguishedName, ObjectGuid, ObservedForest, Sid};

/// What a domain controller says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerFacts {
    /// Its DNS name.
    pub host: Option<String>,
    /// The domain that it holds.
    pub domain: Option<DistinguishedName>,
    /// The container below which users are looked for.
    pub base: Option<DistinguishedName>,
    /// The server's clock, as generalized time.
    pub clock: Option<String>,
    configuration: Option<String>,
}

/// Where a forest is read, and what is around it.
pub(super) struct About {
    pub(super) base: DistinguishedName,
    domains: Vec<Domain>,
    /// The domain in which the base lies.
    own: DistinguishedName,
    domain_sid: Option<Sid>,
}

/// A domain of the forest, by its crossRef.
struct Domain {
    dn: DistinguishedName,
    netbios: Option<String>,
}

impl LdapForest {
    pub(super) async fn server_facts(&self, ldap: &Ldap) -> Result<ServerFacts, Fault> {
        let wanted = ["defaultNamingContext", "configurationNamingContext", "dnsHostName", "currentTime"].map(str::to_owned);
        let root = self.session.read_object(ldap, "", &wanted).await?.unwrap_or_default();
        let text = |name| root.values(name).next().and_then(|value| String::from_utf8(value.to_vec()).ok());
        let domain = text("defaultNamingContext").and_then(|name| name.parse().ok());
        Ok(ServerFacts {
            host: text("dnsHostName"),
            base: self.base_dn.clone().or_else(|| domain.clone()),
            domain,
            clock: text("currentTime"),
            configuration: text("configurationNamingContext"),
        })
    }

    /// Reads the whole forest.
    pub(super) async fn everybody(&self, ldap: &Ldap) -> Result<ObservedForest, Fault> {
        let about = self.about(ldap).await?;
        let mut harvest = Harvest::new(&self.anchor);
        let referrals = self.run(ldap, &about.base, &[select::USERS.to_owned()], &mut harvest).await?;
        let users = harvest.finish(&self.session.route.endpoint.label()).map_err(Fault::Final)?;
        Ok(ObservedForest {
            domain_sid: about.domain_sid.clone().or_else(|| common_domain(&users)),
            users,
            ..self.observed(&about, &referrals)
        })
    }

    /// Reads the users that answer these questions.
    pub(super) async fn matching(&self, ldap: &Ldap, keys: &[ForestKey], stamps: Option<&Stamps>) -> Result<Vec<AdUser>, Fault> {
        let facts = self.server_facts(ldap).await?;
        let conditions = keys.iter().flat_map(|key| select::of_key(key, &self.anchor, stamps));
        let mut harvest = Harvest::new(&self.anchor);
        let searches = select::batches(conditions.collect(), select::USERS);
        self.run(ldap, self.base(&facts)?, &searches, &mut harvest).await?;
        harvest.finish(&self.session.route.endpoint.label()).map_err(Fault::Final)
    }

    pub(super) async fn about(&self, ldap: &Ldap) -> Result<About, Fault> {
        let facts = self.server_facts(ldap).await?;
        let base = self.base(&facts)?.clone();
        let domains = self.domains(ldap, &facts).await?;
        let own = own_domain(&base, &domains, facts.domain.as_ref());
        let domain_sid = self.domain_sid(ldap, &own).await?;
        Ok(About { base, domains, own, domain_sid })
    }

    pub(super) fn observed(&self, about: &About, referrals: &[String]) -> ObservedForest {
        let own = about.domains.iter().filter(|domain| domain.dn.key() == about.own.key());
        ObservedForest {
            name: self.name.clone(),
            anchor: self.anchor.clone(),
            domain_sid: about.domain_sid.clone(),
            netbios_names: own.filter_map(|domain| domain.netbios.as_deref()).map(Into::into).collect(),
            doubts: self.left_out(&about.domains, &about.own, referrals),
            ..ObservedForest::default()
        }
    }

    fn base<'a>(&self, facts: &'a ServerFacts) -> Result<&'a DistinguishedName, Fault> {
        facts.base.as_ref().ok_or_else(|| {
            let place = self.session.route.endpoint.label();
            let message =
                format!("{place}: the server names no domain of its own; is it a domain controller? If so, set `baseDn`");
            Fault::Final(DirectoryError::Input(message))
        })
    }

    async fn run(
        &self,
        ldap: &Ldap,
        base: &DistinguishedName,
        searches: &[String],
        harvest: &mut Harvest<'_>,
    ) -> Result<Vec<String>, Fault> {
        let mut referrals = Vec::new();
        let told = format!("AD users of {}", shown(&self.name));
        for filter in searches {
            let query = Query { base: base.as_str(), filter, attributes: &self.attributes, told: Some(&told) };
            let found = self.session.search_below(ldap, query, self.page_size, &mut |entry| harvest.take(&entry)).await?;
            referrals.extend(found);
        }
        Ok(referrals)
    }

    /// The users behind these GUIDs, wherever below the base they are now.
    pub(super) async fn by_guid(&self, ldap: &Ldap, guids: &[ObjectGuid]) -> Result<Vec<Option<AdUser>>, Fault> {
        let facts = self.server_facts(ldap).await?;
        let base = self.base(&facts)?;
        let mut harvest = Harvest::new(&self.anchor);
        let searches = select::batches(guids.iter().map(select::of_guid).collect(), "");
        self.run(ldap, base, &searches, &mut harvest).await?;
        let users = harvest.finish(&self.session.route.endpoint.label()).map_err(Fault::Final)?;
        let by_guid: HashMap<ObjectGuid, AdUser> = users.into_iter().map(|user| (user.guid, user)).collect();
        Ok(guids.iter().map(|guid| by_guid.get(guid).cloned()).collect())
    }

    /// Whether we may write the attribute on this user, as the server computes it; unknown where it computes nothing.
    pub(super) async fn effective_right(&self, ldap: &Ldap, guid: &ObjectGuid) -> Result<Option<bool>, Fault> {
        let wanted = ["allowedAttributes", "allowedAttributesEffective"].map(str::to_owned);
        let found = self.session.read_object(ldap, &format!("<GUID={guid}>"), &wanted).await?.unwrap_or_default();
        let lists = |name| found.values(name).any(|own| own.eq_ignore_ascii_case(CONSISTENCY_GUID.as_bytes()));
        Ok(lists("allowedAttributes").then(|| lists("allowedAttributesEffective")))
    }

    /// The domains of the forest; none where the server does not keep or show them.
    async fn domains(&self, ldap: &Ldap, facts: &ServerFacts) -> Result<Vec<Domain>, Fault> {
        let Some(configuration) = &facts.configuration else { return Ok(Vec::new()) };
        let base = format!("CN=Partitions,{configuration}");
        let attributes = ["nCName", "nETBIOSName", "systemFlags"].map(str::to_owned);
        let query =
            Query { base: &base, filter: "(&(objectClass=crossRef)(nETBIOSName=*))", attributes: &attributes, told: None };
        let mut domains = Vec::new();
        let mut each = |entry: RawEntry| domains.extend(domain(&entry));
        match self.session.search_below(ldap, query, self.page_size, &mut each).await {
            Ok(_) => Ok(domains),
            // Without the right to read them they are simply not known.
            Err(Fault::Answer(answer)) if matches!(answer.code, 32 | 50) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }

    async fn domain_sid(&self, ldap: &Ldap, domain: &DistinguishedName) -> Result<Option<Sid>, Fault> {
        let found = match self.session.read_object(ldap, domain.as_str(), &["objectSid".to_owned()]).await {
            Err(Fault::Answer(answer)) if matches!(answer.code, 10 | 34 | 50) => None,
            other => other?,
        };
        Ok(found.and_then(|entry| object_sid(&entry).ok().flatten()))
    }

    /// What belongs to the forest, but is not below the base on this server.
    fn left_out(&self, domains: &[Domain], own: &DistinguishedName, referrals: &[String]) -> Vec<String> {
        let mut missing: BTreeMap<String, DistinguishedName> = BTreeMap::new();
        let mut unreadable = BTreeSet::new();
        let referred = referrals.iter().filter_map(|uri| match referred_to(uri) {
            Reference::Part(dn) => Some(dn),
            Reference::NoUsers => None,
            Reference::Unreadable => {
                unreadable.insert(uri.as_str());
                None
            }
        });
        for dn in domains.iter().map(|domain| domain.dn.clone()).chain(referred) {
            let elsewhere = self.read_elsewhere.iter().any(|base| own_domain(base, domains, None).key() == dn.key());
            if dn.key() != own.key() && !elsewhere {
                missing.entry(dn.key()).or_insert(dn);
            }
        }
        let place = self.session.route.endpoint.label();
        let sentence = |dn: DistinguishedName| {
            format!(
                "forest `{}`: {} was not read, as {place} does not hold it; give it an entry of its own under `forests`",
                shown(&self.name),
                shown(dn.as_str())
            )
        };
        missing.into_values().map(sentence).chain(self.nowhere(&unreadable)).collect()
    }

    /// References that do not tell what is not there.
    fn nowhere(&self, unreadable: &BTreeSet<&str>) -> Option<String> {
        let place = self.session.route.endpoint.label();
        let quoted: Vec<String> = unreadable.iter().map(|uri| format!("`{}`", self.session.credentials.said(uri))).collect();
        let named = some_of(&quoted.iter().map(String::as_str).collect::<Vec<_>>());
        (!unreadable.is_empty()).then(|| {
            format!(
                "forest `{}`: {place} does not hold a part of the directory, which was not read, and refers to {named}, which names \
                 none; find out what it is, and give it an entry of its own under `forests`",
                shown(&self.name)
            )
        })
    }
}

fn domain(entry: &RawEntry) -> Option<Domain> {
    const IS_DOMAIN: i64 = 2;
    let flags = entry.number("systemFlags").ok().flatten().unwrap_or(IS_DOMAIN);
    let dn = entry.text("nCName").ok().flatten()?.parse().ok()?;
    let netbios = entry.text("nETBIOSName").ok().flatten().map(str::to_owned);
    (flags & IS_DOMAIN != 0).then_some(Domain { dn, netbios })
}

/// The domain in which a container lies: the innermost of the known ones, else what the server calls its own.
fn own_domain(base: &DistinguishedName, domains: &[Domain], server: Option<&DistinguishedName>) -> DistinguishedName {
    let around = domains.iter().map(|domain| &domain.dn).chain(server).filter(|dn| base.is_under(dn));
    around.max_by_key(|dn| dn.as_str().len()).unwrap_or(base).clone()
}

/// What a continuation reference names.
#[derive(Debug, PartialEq, Eq)]
enum Reference {
    Part(DistinguishedName),
    /// A part where users are never kept.
    NoUsers,
    /// Nothing that can be told.
    Unreadable,
}

fn referred_to(uri: &str) -> Reference {
    let url = Url::parse(uri).ok().filter(|url| matches!(url.scheme(), "ldap" | "ldaps"));
    let Some(dn) = url.and_then(|url| get_url_params(&url).ok()?.base.parse::<DistinguishedName>().ok()) else {
        return Reference::Unreadable;
    };
    let key = dn.key();
    let is_users = !["cn=configuration\0", "cn=schema\0", "dc=domaindnszones\0", "dc=forestdnszones\0"]
        .iter()
        .any(|head| key.starts_with(head));
    if is_users { Reference::Part(dn) } else { Reference::NoUsers }
}

/// The domain SID that most users share; the smallest of equals.
fn common_domain(users: &[AdUser]) -> Option<Sid> {
    let mut counts: BTreeMap<Sid, usize> = BTreeMap::new();
    for sid in users.iter().filter_map(|user| user.sid.as_ref()?.domain()) {
        *counts.entry(sid).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(sid, _)| sid)
}

/// Users as they come in.
struct Harvest<'a> {
    anchor: &'a AnchorMode,
    users: Vec<AdUser>,
    seen: HashMap<ObjectGuid, usize>,
    broken: Broken,
}

/// An entry that holds something that cannot be.
#[cold]
pub(super) fn broken_line(entry: &RawEntry, error: &EntryError) -> String {
    // Every object has one, and it was asked for.
    let hidden = "there is no objectGUID that the signed-in account may see; give it read access to the users below `baseDn`";
    let why = if *error == EntryError::MissingGuid { hidden.to_owned() } else { shown(&error.to_string()) };
    format!("{}: {why}", shown(&entry.dn))
}

impl<'a> Harvest<'a> {
    fn new(anchor: &'a AnchorMode) -> Self {
        Self { anchor, users: Vec::new(), seen: HashMap::new(), broken: Broken::default() }
    }

    fn take(&mut self, entry: &RawEntry) {
        match decode_user(entry, self.anchor) {
            Ok(None) => {}
            Ok(Some(user)) => self.keep(user),
            Err(error) => self.broken.add(|| broken_line(entry, &error)),
        }
    }

    /// A user that moved while the pages went by comes twice; the later one counts.
    fn keep(&mut self, user: AdUser) {
        match self.seen.get(&user.guid).and_then(|at| self.users.get_mut(*at)) {
            Some(earlier) => *earlier = user,
            None => {
                self.seen.insert(user.guid, self.users.len());
                self.users.push(user);
            }
        }
    }

    /// The users in an order that does not depend on the server, unless one of them could not be read.
    fn finish(mut self, place: &str) -> Result<Vec<AdUser>, DirectoryError> {
        self.broken.refuse(place)?;
        self.users.sort_by_cached_key(|user| user.guid);
        Ok(self.users)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> DistinguishedName {
        text.parse().unwrap()
    }

    #[test]
    fn names_only_references_behind_which_users_may_be() {
        for uri in [
            "ldap://corp.example/CN=Configuration,DC=corp,DC=example",
            "ldaps://DomainDnsZones.corp.example/DC=DomainDnsZones,DC=corp,DC=example",
            "ldap://ForestDnsZones.corp.example/DC=ForestDnsZones,DC=corp,DC=example",
        ] {
            assert_eq!(referred_to(uri), Reference::NoUsers, "{uri}");
        }
        for uri in
            ["nonsense", "", "ldap://x", "ldap://x/", "ldap://x/nonsense", "ldap://a b/DC=x", "https://x/DC=x", "ldap://x/%ff"]
        {
            assert_eq!(referred_to(uri), Reference::Unreadable, "{uri}");
        }
        let child = referred_to("ldap://emea.corp.example/DC=emea,DC=corp,DC=example??base");
        assert_eq!(child, Reference::Part(dn("DC=emea,DC=corp,DC=example")));
        assert_eq!(referred_to("ldap://x/OU=Gr%C3%BCn%20A,DC=x"), Reference::Part(dn("OU=Grün A,DC=x")));
    }

    #[test]
    fn a_container_lies_in_the_innermost_domain() {
        let domains = ["DC=corp,DC=example", "DC=emea,DC=corp,DC=example"].map(|name| Domain { dn: dn(name), netbios: None });
        let own = |base: &str| own_domain(&dn(base), &domains, None).as_str().to_owned();
        assert_eq!(own("OU=Staff,DC=Emea,DC=corp,DC=example"), "DC=emea,DC=corp,DC=example");
        assert_eq!(own("DC=corp,DC=example"), "DC=corp,DC=example");
        assert_eq!(own("DC=other"), "DC=other");
    }

    #[test]
    fn a_user_that_came_twice_counts_once() {
        let mode = AnchorMode::ObjectGuid;
        let mut harvest = Harvest::new(&mode);
        let guid: ObjectGuid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().unwrap();
        harvest.keep(AdUser::new(guid, dn("CN=A,OU=Old,DC=x")));
        harvest.keep(AdUser::new(guid, dn("CN=A,OU=New,DC=x")));
        let users = harvest.finish("dc1").unwrap();
        assert_eq!(users.iter().map(|user| user.dn.as_str()).collect::<Vec<_>>(), ["CN=A,OU=New,DC=x"]);
    }

    #[test]
    fn broken_users_are_named_and_not_skipped() {
        let mode = AnchorMode::ObjectGuid;
        let mut harvest = Harvest::new(&mode);
        for number in 0..12 {
            let attributes = vec![("objectClass".to_owned(), vec![b"user".to_vec()])];
            harvest.take(&RawEntry { dn: format!("CN=U{number},DC=x"), attributes, exported: false });
        }
        let message = harvest.finish("dc1").unwrap_err().to_string();
        assert!(
            message.contains("12 users")
                && message.contains("read access")
                && message.contains("CN=U9,DC=x")
                && message.contains("and 2 more"),
            "{message}"
        );
    }
}
