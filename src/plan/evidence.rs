//! Which accounts have something of an AD user, and what speaks against their being its own.
//!
//! Names that people read (displayName, the common name) are no evidence: two people share them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::model::hits::{Few, Hits};
use crate::model::spreadsheet::is_value;
use crate::model::text::{local_part, same};
use crate::model::{AdUser, AnchorForm, CloudUser, Known, ObjectGuid};
use crate::tenant_model::{Suffix, UserRef, exported_primary, mail_addresses as cloud_addresses};

use super::describe::ad_user_line;
use super::listed::EXAMPLES;
use super::world::{AdRef, AdUsers, World, mail_addresses};

/// What an account and an AD user have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Evidence {
    /// The ImmutableID is the source anchor.
    Anchor,
    /// The ImmutableID means the source anchor in another spelling or byte order.
    OddAnchor,
    /// The ImmutableID is the other GUID of the AD user: objectGUID or mS-DS-ConsistencyGuid.
    OtherGuid,
    /// onPremisesSecurityIdentifier is the objectSid.
    Sid,
    /// onPremisesObjectIdentifier is the objectGUID.
    ObjectIdentifier,
    /// msDS-ExternalDirectoryObjectId names the account.
    WrittenBack,
    /// The same userPrincipalName.
    SignInName,
    /// The same primary address.
    PrimaryAddress,
    /// The primary address of the AD user is the sign-in name of the account.
    AddressAsName,
    /// The same employeeID, which nobody else has.
    EmployeeId,
    /// An address in common, not the primary one of both.
    Alias,
    /// The same name before the @, in a domain of the tenant.
    LocalPart,
    /// The same employeeID, which others have, too.
    SharedEmployeeId,
}

/// How much a piece of evidence is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Never enough by itself.
    Weak,
    /// What soft match goes by.
    Soft,
    /// Written by a program that knew the pair.
    Hard,
}

impl Evidence {
    pub(super) fn strength(self) -> Strength {
        match self {
            Self::Anchor | Self::OddAnchor | Self::OtherGuid | Self::Sid | Self::ObjectIdentifier | Self::WrittenBack => {
                Strength::Hard
            }
            Self::SignInName | Self::PrimaryAddress | Self::AddressAsName | Self::EmployeeId => Strength::Soft,
            Self::Alias | Self::LocalPart | Self::SharedEmployeeId => Strength::Weak,
        }
    }

    /// For people, as part of a list.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Anchor => "its ImmutableID is the source anchor",
            Self::OddAnchor => "its ImmutableID is the source anchor in another spelling or byte order",
            Self::OtherGuid => "its ImmutableID is the other GUID of the AD user",
            Self::Sid => "same SID",
            Self::ObjectIdentifier => "its object identifier is the objectGUID",
            Self::WrittenBack => "Exchange hybrid wrote its id into AD",
            Self::SignInName => "same sign-in name",
            Self::PrimaryAddress => "same primary address",
            Self::AddressAsName => "its sign-in name is the primary address of the AD user",
            Self::EmployeeId => "same employeeID",
            Self::Alias => "an address in common",
            Self::LocalPart => "same name before the @",
            Self::SharedEmployeeId => "same employeeID, which others have, too",
        }
    }
}

/// An account that has something of an AD user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) user: UserRef,
    pub(super) evidence: BTreeSet<Evidence>,
    /// What belongs to another AD user, or cannot be of the same person.
    pub(super) against: Vec<String>,
    /// What both have and is not the same.
    pub(super) differs: Vec<&'static str>,
    /// It carries on-premises values of an AD user that is not there.
    pub(super) is_stale: bool,
    /// Sign-in name and primary address of the AD user are the same text.
    name_is_address: bool,
}

impl Candidate {
    pub(super) fn strength(&self) -> Strength {
        self.evidence.iter().map(|evidence| evidence.strength()).max().unwrap_or(Strength::Weak)
    }

    /// How many different values of the AD user soft evidence goes by. A sign-in name that is the primary address as well is
    /// one value.
    pub(super) fn soft_values(&self) -> usize {
        let has = |evidence: Evidence| self.evidence.contains(&evidence);
        let by_address = has(Evidence::PrimaryAddress) || has(Evidence::AddressAsName);
        let by_name = has(Evidence::SignInName) && !(by_address && self.name_is_address);
        usize::from(by_address) + usize::from(by_name) + usize::from(has(Evidence::EmployeeId))
    }
}

/// Accounts by the objectGUID that sync last linked them to; no directory can be asked for that.
pub(super) type Pinned = HashMap<ObjectGuid, Vec<UserRef>>;

/// The pinned accounts of a tenant that was read whole.
pub(super) fn pinned(world: &World) -> Pinned {
    let mut pinned = Pinned::new();
    for (user, account) in world.tenant.users() {
        if let Known::Is(guid) = account.object_identifier {
            pinned.entry(guid).or_default().push(user);
        }
    }
    pinned
}

/// The accounts that have something of an AD user.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Those with the strongest evidence first; of many who have one value only some.
    pub(super) all: Vec<Candidate>,
    /// Guests, who are nobody's account, where nobody else has anything of the AD user.
    pub(super) guests: Vec<Candidate>,
    /// More have a value that counts than are worth naming: it tells nobody apart.
    pub(super) are_crowded: bool,
}

/// The accounts that have something of an AD user.
pub(super) fn candidates(ad: AdRef, world: &World, pinned: &Pinned) -> Candidates {
    let Some(user) = world.forests.user(ad) else { return Candidates::default() };
    let mut found = Found { world, by_user: BTreeMap::new(), are_crowded: false };
    found.by_anchor(ad, user);
    found.by_written_values(user, pinned);
    found.by_names(user);
    found.by_addresses(user);
    found.by_employee_id(user);
    let are_crowded = found.are_crowded;
    let is_guest = |user: &UserRef| world.tenant.user(*user).is_some_and(CloudUser::is_guest);
    let (guests, others): (BTreeMap<_, _>, BTreeMap<_, _>) = found.by_user.into_iter().partition(|(cloud, _)| is_guest(cloud));
    let all = weighed_all(ad, user, others, world);
    let mut guests = if all.is_empty() { weighed_all(ad, user, guests, world) } else { Vec::new() };
    guests.iter_mut().for_each(|guest| guest.against.insert(0, "it is a guest of this tenant".to_owned()));
    Candidates { all, guests, are_crowded }
}

fn weighed_all(ad: AdRef, user: &AdUser, found: BTreeMap<UserRef, BTreeSet<Evidence>>, world: &World) -> Vec<Candidate> {
    let own = |(cloud, evidence): (UserRef, BTreeSet<Evidence>)| {
        let account = world.tenant.user(cloud)?;
        world.tenant.ask_details(account);
        Some(weighed(ad, user, cloud, account, evidence, world))
    };
    let mut all: Vec<Candidate> = found.into_iter().filter_map(own).collect();
    let id = |candidate: &Candidate| world.tenant.user(candidate.user).map(|account| account.id);
    all.sort_by(|left, right| right.strength().cmp(&left.strength()).then_with(|| id(left).cmp(&id(right))));
    all
}

/// Accounts on the way to becoming candidates.
struct Found<'w> {
    world: &'w World,
    by_user: BTreeMap<UserRef, BTreeSet<Evidence>>,
    are_crowded: bool,
}

impl Found<'_> {
    fn add(&mut self, users: &[UserRef], evidence: Evidence) {
        self.are_crowded |= users.len() > EXAMPLES && evidence.strength() > Strength::Weak;
        for user in users.iter().take(EXAMPLES) {
            self.by_user.entry(*user).or_default().insert(evidence);
        }
    }

    fn by_anchor(&mut self, ad: AdRef, user: &AdUser) {
        let tenant = &self.world.tenant;
        let anchor = self.world.forests.anchor(ad).and_then(Result::ok);
        if let Some(anchor) = &anchor {
            self.add(&tenant.holders_of(&anchor.value), Evidence::Anchor);
        }
        let own = anchor.as_ref().and_then(|anchor| anchor.guid);
        if let Some(guid) = own {
            let holders: Vec<UserRef> = tenant.odd_holders_of(&guid).into_iter().map(|(user, _)| user).collect();
            self.add(&holders, Evidence::OddAnchor);
        }
        for guid in other_guids(user, own) {
            self.add(&tenant.holders_of(&guid.immutable_id()), Evidence::OtherGuid);
        }
    }

    fn by_written_values(&mut self, user: &AdUser, pinned: &Pinned) {
        let tenant = &self.world.tenant;
        if let Some(sid) = &user.sid {
            self.add(&tenant.by_sid(sid), Evidence::Sid);
        }
        self.add(pinned.get(&user.guid).map_or(&[], Vec::as_slice), Evidence::ObjectIdentifier);
        if let Some(id) = &user.external_directory_object_id {
            self.add(tenant.by_id(id).as_slice(), Evidence::WrittenBack);
        }
    }

    fn by_names(&mut self, user: &AdUser) {
        let tenant = &self.world.tenant;
        let upn = user.upn.as_deref();
        let same_name = upn.map(|upn| tenant.by_upn(upn)).unwrap_or_default();
        if same_name.is_empty() {
            let locals = [upn.map(local_part), user.sam.as_deref()];
            let domains = tenant.observed().domains.as_deref().unwrap_or_default().iter().filter(|domain| domain.verified);
            for (local, domain) in
                locals.into_iter().flatten().flat_map(|local| domains.clone().map(move |domain| (local, domain)))
            {
                self.add(&tenant.by_upn(&format!("{local}@{}", domain.name)), Evidence::LocalPart);
            }
        }
        self.add(&same_name, Evidence::SignInName);
    }

    fn by_addresses(&mut self, user: &AdUser) {
        let tenant = &self.world.tenant;
        let primary = exported_primary(user);
        let upn = user.upn.as_deref();
        for address in mail_addresses(user).chain(upn) {
            let is_primary = primary.is_some_and(|primary| same(primary, address));
            let of_both = if is_primary { tenant.with_primary_address(address) } else { Hits::default() };
            self.add(&of_both, Evidence::PrimaryAddress);
            for holder in tenant.by_address(address).iter().take(EXAMPLES) {
                let own = tenant.user(*holder).and_then(CloudUser::primary_address);
                if !(is_primary && own.is_some_and(|own| same(own, address))) {
                    self.add(&[*holder], Evidence::Alias);
                }
            }
            if !upn.is_some_and(|upn| same(upn, address)) {
                self.add(&tenant.by_upn(address), if is_primary { Evidence::AddressAsName } else { Evidence::Alias });
            }
        }
    }

    /// A number that several people have tells nobody apart.
    fn by_employee_id(&mut self, user: &AdUser) {
        let Some(number) = user.employee_id.as_deref().filter(|number| is_value(number)) else { return };
        let holders = self.world.tenant.by_employee_id(number);
        let own = self.world.forests.by_employee_id(number, None).len();
        let is_unique = holders.len() == 1 && own == 1;
        if is_unique {
            self.add(&holders, Evidence::EmployeeId);
        } else if holders.len().max(own) <= EXAMPLES {
            self.add(&holders, Evidence::SharedEmployeeId);
        }
    }
}

/// GUIDs of an AD user that are not its anchor.
pub(super) fn other_guids(user: &AdUser, anchor: Option<ObjectGuid>) -> BTreeSet<ObjectGuid> {
    let all = [Some(user.guid), user.consistency_guid.guid()];
    all.into_iter().flatten().filter(|guid| Some(*guid) != anchor).collect()
}

fn weighed(
    ad: AdRef,
    user: &AdUser,
    cloud: UserRef,
    account: &CloudUser,
    mut evidence: BTreeSet<Evidence>,
    world: &World,
) -> Candidate {
    if account.object_identifier.value() == Some(&user.guid) {
        evidence.insert(Evidence::ObjectIdentifier);
    }
    // The other addresses add nothing to the primary one.
    if evidence.contains(&Evidence::PrimaryAddress) || evidence.contains(&Evidence::AddressAsName) {
        evidence.remove(&Evidence::Alias);
    }
    let owners = owners(account, world);
    let against = against(ad, user, account, &owners, &evidence, world);
    let differs = differs(user, account, &evidence, world);
    let is_known = [Evidence::Anchor, Evidence::OddAnchor, Evidence::OtherGuid].iter().any(|known| evidence.contains(known));
    let has_foreign_id = account.immutable_id.is_some() && !is_known;
    let has_foreign_sid = account.sid.value().is_some_and(|sid| Some(sid) != user.sid.as_ref());
    let has_foreign_pin = account.object_identifier.value().is_some_and(|guid| *guid != user.guid);
    let name_is_address = user.upn.as_deref().zip(exported_primary(user)).is_some_and(|(name, address)| same(name, address));
    let is_stale = has_foreign_id || has_foreign_sid || has_foreign_pin;
    Candidate { user: cloud, evidence, against, differs, is_stale, name_is_address }
}

/// A value of an account: what is said of whose it is, the evidence that it is for that AD user, and whose it is.
type Owned = (&'static str, Option<Evidence>, AdUsers);

/// The AD users to whom the values of an account belong.
fn owners(account: &CloudUser, world: &World) -> Vec<Owned> {
    let forests = &world.forests;
    let mut of_anchor: Few<AdRef> = account.immutable_id.iter().flat_map(|id| forests.by_anchor(id, None)).collect();
    let guids = account.immutable_id.as_ref().map(|id| AnchorForm::of(id).guids()).into_iter().flatten().flatten();
    for guid in guids {
        of_anchor.extend(forests.by_either_guid(&guid, None));
    }
    let of_sid = account.sid.value().map(|sid| forests.by_sid(sid, None)).unwrap_or_default();
    let of_pin = account.object_identifier.value().map(|guid| forests.by_guid(guid, None)).unwrap_or_default();
    let of_name = forests.by_upn(account.original_upn(), None);
    let of_address = account.primary_address().map(|address| forests.with_primary_address(address)).unwrap_or_default();
    let of_number = account.employee_id.value().filter(|number| is_value(number));
    let of_number = of_number.map(|number| forests.by_employee_id(number, None)).unwrap_or_default();
    vec![
        ("its ImmutableID is that of", None, of_anchor.into()),
        ("its SID is that of", None, of_sid),
        ("its object identifier is that of", None, of_pin),
        ("its sign-in name is that of", Some(Evidence::SignInName), of_name),
        ("its primary address is that of", Some(Evidence::PrimaryAddress), of_address),
        ("its employeeId is that of", Some(Evidence::EmployeeId), of_number),
    ]
}

/// The AD users that an account may belong to.
pub(super) fn claimants(account: &CloudUser, world: &World) -> BTreeSet<AdRef> {
    let by_value = owners(account, world).into_iter().flat_map(|(_, _, users)| users);
    let by_address = world.forests.with_primary_address(account.original_upn());
    by_value.chain(by_address).filter(|user| is_synced_user(*user, world)).collect()
}

/// Others than this AD user to whom something of the account belongs. What a program wrote decides who of two people with
/// the same name it is.
fn against(
    ad: AdRef,
    user: &AdUser,
    account: &CloudUser,
    owners: &[Owned],
    evidence: &BTreeSet<Evidence>,
    world: &World,
) -> Vec<String> {
    let is_decided = evidence.iter().any(|evidence| evidence.strength() == Strength::Hard);
    let mut against = Vec::new();
    for (words, shared, owners) in owners {
        let is_copy = |owner: AdRef| world.forests.user(owner).is_some_and(|owner| owner.guid == user.guid);
        let others = owners.iter().filter(|owner| **owner != ad && !is_copy(**owner) && is_synced_user(**owner, world));
        let is_shared = shared.is_some_and(|shared| evidence.contains(&shared)) && is_decided;
        if let Some(other) = others.filter(|_| !is_shared).find_map(|owner| ad_user_line(*owner, world)) {
            against.push(format!("{words} {other}"));
        }
    }
    if let (Some(ad_number), Known::Is(number)) = (user.employee_id.as_deref(), &account.employee_id)
        && is_value(ad_number)
        && is_value(number)
        && !same(ad_number, number)
    {
        against.push(format!("its employeeId is {number}, that of the AD user {ad_number}"));
    }
    against
}

fn is_synced_user(owner: AdRef, world: &World) -> bool {
    world.forests.user(owner).is_some_and(|user| user.excluded.is_none())
}

fn differs(user: &AdUser, account: &CloudUser, evidence: &BTreeSet<Evidence>, world: &World) -> Vec<&'static str> {
    let mut differs = Vec::new();
    let verified = |upn: &str| matches!(world.tenant.suffix_of(upn), Suffix::Verified { .. } | Suffix::Inherited { .. });
    let has_its_name = [Evidence::SignInName, Evidence::LocalPart].iter().any(|name| evidence.contains(name));
    if user.upn.as_deref().is_some_and(verified) && !has_its_name {
        differs.push("the sign-in name");
    } else if !has_its_name && is_called_otherwise(user, account) {
        // A suffix of AD alone says nothing of the name in the cloud.
        differs.push("the display name");
    }
    let (own, theirs) = (exported_primary(user), account.primary_address());
    let shares = |address: &str| cloud_addresses(account).any(|held| same(held, address));
    if own.is_some() && theirs.is_some() && !mail_addresses(user).any(shares) {
        differs.push("the mail address");
    }
    differs
}

fn is_called_otherwise(user: &AdUser, account: &CloudUser) -> bool {
    let both = user.display_name.as_deref().zip(account.display_name.as_deref());
    both.is_some_and(|(own, theirs)| !same(own.trim(), theirs.trim()))
}
