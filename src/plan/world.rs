//! Both directories with look-ups, as they stand at one moment of a plan.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::model::hits::{FEW, Few, Hits, Popular};
use crate::model::index::Index;
use crate::model::questions::{ForestKey, ForestQuestion, Recorder};
use crate::model::text::{fold, same};
use crate::model::{
    AdUser, AnchorProblem, DistinguishedName, GuidAttribute, ImmutableId, ObjectGuid, Observed, ObservedForest, ProxyAddress,
    Sid, SourceAnchor, Text, effective_anchor,
};
use crate::tenant_model::Tenant;

use super::parallel;

mod container;
mod shared;

/// Everything that planning looks at. Cloning shares what was read.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) forests: Forests,
    pub(super) tenant: Tenant,
}

/// An AD user of one of the [`Forests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct AdRef(u32);

impl AdRef {
    /// In the users of all forests, one after the other.
    pub(super) fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The forest in which to look, by name; `None` for all.
pub(super) type Place<'p> = Option<&'p str>;

/// The forests, with the stamps that a plan has made on top of them.
#[derive(Debug, Clone)]
pub(super) struct Forests {
    base: Arc<Base>,
    stamped: BTreeMap<AdRef, AdUser>,
    popular: Popular<(Common, Option<Text>), AdRef>,
}

/// AD users that a look-up found, by forest and name.
pub(super) type AdUsers = Hits<AdRef>;

/// What many AD users may have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Common {
    Sam,
    Upn,
    Address,
    EmployeeId,
    Anchor,
    /// Of those with an address, whose primary one it is in the cloud.
    PrimaryAddress,
    /// Of those with a sAMAccountName, who are in a domain.
    SamInDomain,
    /// Of those whom a selector names, whom the sync client takes in.
    TakenIn,
}

#[derive(Debug)]
struct Base {
    forests: Vec<ObservedForest>,
    /// Position of the first user of each forest in the joint numbering.
    starts: Vec<u32>,
    by_guid: OnceLock<Index>,
    by_dn: OnceLock<Index>,
    by_sid: OnceLock<Index>,
    by_sam: OnceLock<Index>,
    by_upn: OnceLock<Index>,
    by_address: OnceLock<Index>,
    by_employee_id: OnceLock<Index>,
    by_anchor: OnceLock<Index>,
    by_consistency_guid: OnceLock<Index>,
    /// Users in the order of their paths from the root.
    by_path: OnceLock<Box<[AdRef]>>,
    recorder: Recorder,
}

impl World {
    /// The directories, or the part of them that was read. Every look-up in this and its clones is written down.
    pub(super) fn new(observed: Observed, recorder: Recorder) -> Self {
        let tenant = Tenant::recording(observed.tenant, recorder.clone());
        Self { forests: Forests::new(observed.forests, recorder), tenant }
    }

    /// What was read, given back. It is copied only where a clone of this world is still around.
    pub(super) fn into_observed(self) -> Observed {
        let forests = Arc::try_unwrap(self.forests.base).map_or_else(|base| base.forests.clone(), |base| base.forests);
        Observed { forests, tenant: self.tenant.into_observed() }
    }

    /// Builds the look-ups that every plan of many mappings asks, some at the same time. Whoever needed one first would build
    /// it while all others wait.
    pub(super) fn index_ahead(&self, mappings: usize) {
        if parallel::is_worth_threads(mappings) {
            let names = || {
                self.tenant.index_names();
                self.forests.anchors();
            };
            parallel::both(mappings, || self.tenant.index_identifiers(), names);
        }
    }

    /// Where look-ups are written down. Everything that finds users must do so.
    pub(super) fn recorder(&self) -> &Recorder {
        &self.forests.base.recorder
    }

    /// The same directories before any step of a plan.
    pub(super) fn unchanged(&self) -> Self {
        Self { forests: Forests::over(Arc::clone(&self.forests.base)), tenant: self.tenant.unchanged() }
    }
}

impl Forests {
    fn new(forests: Vec<ObservedForest>, recorder: Recorder) -> Self {
        let mut starts = Vec::with_capacity(forests.len());
        let mut next = 0u32;
        for forest in &forests {
            starts.push(next);
            next = next.saturating_add(u32::try_from(forest.users.len()).unwrap_or(u32::MAX));
        }
        let base = Base {
            forests,
            starts,
            by_guid: OnceLock::new(),
            by_dn: OnceLock::new(),
            by_sid: OnceLock::new(),
            by_sam: OnceLock::new(),
            by_upn: OnceLock::new(),
            by_address: OnceLock::new(),
            by_employee_id: OnceLock::new(),
            by_anchor: OnceLock::new(),
            by_consistency_guid: OnceLock::new(),
            by_path: OnceLock::new(),
            recorder,
        };
        Self::over(Arc::new(base))
    }

    fn over(base: Arc<Base>) -> Self {
        Self { base, stamped: BTreeMap::new(), popular: Popular::default() }
    }

    pub(super) fn all(&self) -> &[ObservedForest] {
        &self.base.forests
    }

    pub(super) fn is_empty(&self) -> bool {
        self.base.forests.is_empty()
    }

    /// The user as it stands now, and its forest.
    pub(super) fn get(&self, user: AdRef) -> Option<(&ObservedForest, &AdUser)> {
        let number = self.base.starts.partition_point(|start| *start <= user.0).checked_sub(1)?;
        let forest = self.base.forests.get(number)?;
        let read = forest.users.get(usize::try_from(user.0 - self.base.starts.get(number)?).ok()?)?;
        Some((forest, self.stamped.get(&user).unwrap_or(read)))
    }

    pub(super) fn user(&self, user: AdRef) -> Option<&AdUser> {
        self.get(user).map(|(_, user)| user)
    }

    /// The anchor that the sync client would send for the user now.
    pub(super) fn anchor(&self, user: AdRef) -> Option<Result<SourceAnchor, AnchorProblem>> {
        self.get(user).map(|(forest, user)| effective_anchor(&forest.anchor, user))
    }

    /// Those who are in the forest of a user, out of what was found: that comes in the order of the forests.
    pub(super) fn of_the_forest_of<'u>(&self, own: AdRef, found: &'u [AdRef]) -> &'u [AdRef] {
        let name = |user: AdRef| self.get(user).map(|(forest, _)| &*forest.name);
        let start = found.partition_point(|user| name(*user) < name(own));
        let end = found.partition_point(|user| name(*user) <= name(own));
        found.get(start..end).unwrap_or_default()
    }

    /// Writes mS-DS-ConsistencyGuid.
    pub(super) fn stamp(&mut self, user: AdRef, guid: ObjectGuid) {
        if let Some(read) = self.user(user) {
            let stamped = AdUser { consistency_guid: GuidAttribute::Bytes((*guid.ad_bytes()).into()), ..read.clone() };
            self.stamped.insert(user, stamped);
            self.popular.forget();
        }
    }

    fn ask(&self, place: Place<'_>, key: impl FnOnce() -> ForestKey) {
        self.base.recorder.forests(|| ForestQuestion { forest: place.map(Into::into), key: key() });
    }

    /// All users with their forests. No question stands for that: only a plan that reads everything may do so.
    pub(super) fn users(&self) -> impl Iterator<Item = (AdRef, &ObservedForest, &AdUser)> {
        self.base.forests.iter().zip(&self.base.starts).flat_map(move |(forest, start)| {
            forest.users.iter().zip(*start..).map(move |(user, number)| {
                let number = AdRef(number);
                (number, forest, self.stamped.get(&number).unwrap_or(user))
            })
        })
    }

    pub(super) fn by_guid(&self, guid: &ObjectGuid, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::Guid(*guid));
        let index = self.index(&self.base.by_guid, |_, user, add| add.exact(user.guid));
        self.hits(index.candidates(guid), place, |_, user| user.guid == *guid).into()
    }

    /// By mS-DS-ConsistencyGuid, whatever the anchor of the forest is.
    pub(super) fn by_consistency_guid(&self, guid: &ObjectGuid, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::ConsistencyGuid(*guid));
        let index = self.index(&self.base.by_consistency_guid, |_, user, add| {
            user.consistency_guid.guid().into_iter().for_each(|own| add.exact(own));
        });
        let stamped = self.stamped.keys().map(|user| user.0);
        self.hits(index.candidates(guid).chain(stamped), place, |_, user| user.consistency_guid.guid() == Some(*guid)).into()
    }

    /// By objectGUID, then by mS-DS-ConsistencyGuid.
    pub(super) fn by_either_guid(&self, guid: &ObjectGuid, place: Place<'_>) -> impl Iterator<Item = AdRef> + use<> {
        self.by_guid(guid, place).into_iter().chain(self.by_consistency_guid(guid, place))
    }

    pub(super) fn by_dn(&self, dn: &DistinguishedName, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::Dn(dn.clone()));
        let key = dn.key();
        let index = self.index(&self.base.by_dn, |_, user, add| add.exact(user.dn.key()));
        self.hits(index.candidates(key.as_str()), place, |_, user| user.dn.key() == key).into()
    }

    pub(super) fn by_sid(&self, sid: &Sid, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::Sid(sid.clone()));
        let index = self.index(&self.base.by_sid, |_, user, add| user.sid.iter().for_each(|sid| add.exact(sid)));
        self.hits(index.candidates(sid), place, |_, user| user.sid.as_ref() == Some(sid)).into()
    }

    pub(super) fn by_sam(&self, name: &str, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::Sam(fold(name).into()));
        let index = self.index(&self.base.by_sam, |_, user, add| user.sam.iter().for_each(|sam| add.folded(sam)));
        self.common(index, Common::Sam, name, place, |user| user.sam.as_ref().is_some_and(|sam| same(sam, name)))
    }

    pub(super) fn by_upn(&self, upn: &str, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::Upn(fold(upn).into()));
        let index = self.index(&self.base.by_upn, |_, user, add| user.upn.iter().for_each(|upn| add.folded(upn)));
        self.common(index, Common::Upn, upn, place, |user| user.upn.as_ref().is_some_and(|own| same(own, upn)))
    }

    /// By mail or any smtp address.
    pub(super) fn by_address(&self, address: &str, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::Mail(fold(address).into()));
        let index = self.index(&self.base.by_address, |_, user, add| mail_addresses(user).for_each(|own| add.folded(own)));
        self.common(index, Common::Address, address, place, |user| mail_addresses(user).any(|own| same(own, address)))
    }

    pub(super) fn by_employee_id(&self, employee_id: &str, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::EmployeeId(fold(employee_id).into()));
        let index = self.index(&self.base.by_employee_id, |_, user, add| user.employee_id.iter().for_each(|own| add.folded(own)));
        self.common(index, Common::EmployeeId, employee_id, place, |user| {
            user.employee_id.as_ref().is_some_and(|own| same(own, employee_id))
        })
    }

    /// By the effective anchor as it stands now.
    pub(super) fn by_anchor(&self, id: &ImmutableId, place: Place<'_>) -> AdUsers {
        self.ask(place, || ForestKey::ImmutableId(id.clone()));
        let index = self.anchors();
        let has = |forest: &ObservedForest, user: &AdUser| {
            effective_anchor(&forest.anchor, user).is_ok_and(|anchor| anchor.value == *id)
        };
        let stamped = || self.stamped.keys().map(|user| user.0);
        let some: Few<u32> = index.candidates(id).take(FEW + 1).collect();
        if some.len() <= FEW {
            return self.hits(some.into_iter().chain(stamped()), place, has).into();
        }
        self.popular.find((Common::Anchor, place.map(Into::into)), id.as_str(), || {
            self.hits(index.candidates(id).chain(stamped()), place, has)
        })
    }

    fn anchors(&self) -> &Index {
        self.index(&self.base.by_anchor, |forest, user, add| {
            if let Ok(anchor) = effective_anchor(&forest.anchor, user) {
                add.exact(anchor.value);
            }
        })
    }

    fn index<'a>(&self, cell: &'a OnceLock<Index>, keys: impl Fn(&ObservedForest, &AdUser, &mut Adder<'_>)) -> &'a Index {
        cell.get_or_init(|| {
            let mut index = Index::with_capacity(self.base.forests.iter().map(|forest| forest.users.len()).sum());
            for (forest, start) in self.base.forests.iter().zip(&self.base.starts) {
                for (user, position) in forest.users.iter().zip(*start..) {
                    keys(forest, user, &mut Adder { index: &mut index, position });
                }
            }
            index
        })
    }

    /// The users that really have the key, in an order that does not depend on the order of reading.
    fn hits(
        &self,
        candidates: impl Iterator<Item = u32>,
        place: Place<'_>,
        has: impl Fn(&ObservedForest, &AdUser) -> bool,
    ) -> Few<AdRef> {
        let there = |forest: &ObservedForest| place.is_none_or(|wanted| *forest.name == *wanted);
        let keep = |user: &AdRef| self.get(*user).is_some_and(|(forest, user)| there(forest) && has(forest, user));
        let mut found: Few<AdRef> = candidates.map(AdRef).filter(keep).collect();
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
            found.sort_by_cached_key(|user| {
                self.get(*user).map(|(forest, user)| (forest.name.clone(), user.dn.clone(), user.guid))
            });
        }
        found
    }
}

struct Adder<'a> {
    index: &'a mut Index,
    position: u32,
}

impl Adder<'_> {
    fn exact(&mut self, key: impl std::hash::Hash) {
        self.index.insert(key, self.position);
    }

    fn folded(&mut self, key: &str) {
        self.index.insert_folded(key, self.position);
    }
}

/// The mail addresses of an AD user: `mail` and every smtp entry.
pub(super) fn mail_addresses(user: &AdUser) -> impl Iterator<Item = &str> {
    let entries = user.proxy_addresses.iter().map(ProxyAddress::parse).filter(ProxyAddress::is_mail);
    let own: Vec<&str> = entries.map(|proxy| proxy.address).collect();
    let mail = user.mail.as_deref().filter(|mail| !own.contains(mail));
    own.into_iter().chain(mail)
}
