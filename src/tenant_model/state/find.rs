//! Finding users of a tenant by what they have. Every way writes down its question.

use std::sync::OnceLock;

use crate::model::hits::{FEW, Few, Hits};
use crate::model::index::Index;
use crate::model::questions::CloudQuestion;
use crate::model::text::{fold, same};
use crate::model::{AnchorForm, CloudUser, EntraId, ImmutableId, Known, ObjectGuid, ProxyAddress, Sid};

use super::{Base, Common, Found, Space, Tenant, UserRef};

impl Tenant {
    /// Builds the look-ups of what identifies an account; else each is built when it is first needed.
    pub(crate) fn index_identifiers(&self) {
        let Base { by_id, by_immutable_id, by_odd_guid, by_sid, .. } = &*self.base;
        let spaces =
            [(by_id, Space::Id), (by_immutable_id, Space::ImmutableId), (by_odd_guid, Space::OddGuid), (by_sid, Space::Sid)];
        self.build_each(&spaces);
    }

    /// Builds the look-ups of what an account is called.
    pub(crate) fn index_names(&self) {
        self.build_each(&[(&self.base.by_upn, Space::Upn), (&self.base.by_address, Space::Address)]);
    }

    fn build_each(&self, spaces: &[(&OnceLock<Index>, Space)]) {
        for (index, space) in spaces {
            index.get_or_init(|| self.build(*space));
        }
    }

    /// The user with this object id, live or deleted.
    #[must_use]
    pub fn by_id(&self, id: &EntraId) -> Option<UserRef> {
        self.recorder().tenant(|| CloudQuestion::Id(*id));
        self.find(Space::Id, id, &self.base.by_id, |user| user.id == *id).into_iter().next()
    }

    /// Every user, live or deleted, that holds exactly this ImmutableID.
    #[must_use]
    pub fn holders_of(&self, id: &ImmutableId) -> Found {
        self.recorder().tenant(|| CloudQuestion::ImmutableId(id.clone()));
        self.exact_holders_of(id)
    }

    fn exact_holders_of(&self, id: &ImmutableId) -> Found {
        let has = |user: &CloudUser| user.immutable_id.as_ref() == Some(id);
        let name = || id.as_str().to_owned();
        self.find_common(Space::ImmutableId, (Common::ImmutableId, name), id.lowered(), &self.base.by_immutable_id, has)
    }

    /// Every user whose ImmutableID means this GUID but is not its canonical base64, byte order included.
    #[must_use]
    pub fn odd_holders_of(&self, guid: &ObjectGuid) -> Vec<(UserRef, AnchorForm)> {
        self.recorder().tenant(|| CloudQuestion::OddGuid(*guid));
        let swapped = guid.byte_swapped();
        let mut found: Few<UserRef> = Few::new();
        for meant in [*guid, swapped] {
            found
                .extend(self.find(Space::OddGuid, meant, &self.base.by_odd_guid, |user| odd_guids(user).any(|odd| odd == meant)));
        }
        if swapped != *guid {
            found.extend(self.exact_holders_of(&swapped.immutable_id()));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|user| Some((user, AnchorForm::of(self.user(user)?.immutable_id.as_ref()?)))).collect()
    }

    /// Every user whose ImmutableID differs from this one only in the case of its letters.
    #[must_use]
    pub fn case_variants_of(&self, id: &ImmutableId) -> Found {
        self.recorder().tenant(|| CloudQuestion::ImmutableId(id.clone()));
        let is_variant = |own: &ImmutableId| own != id && own.as_str().eq_ignore_ascii_case(id.as_str());
        let has = |user: &CloudUser| user.immutable_id.as_ref().is_some_and(is_variant);
        let name = || id.as_str().to_owned();
        self.find_common(Space::ImmutableId, (Common::CaseVariant, name), id.lowered(), &self.base.by_immutable_id, has)
    }

    /// Every user, live or deleted, with this sign-in name (of deleted users: the name before deletion).
    #[must_use]
    pub fn by_upn(&self, upn: &str) -> Found {
        self.recorder().tenant(|| CloudQuestion::Upn(fold(upn).into()));
        self.find_named(Space::Upn, Common::Upn, upn, &self.base.by_upn, |user| same(user.original_upn(), upn))
    }

    /// Every user, live or deleted, with this on-premises SID.
    #[must_use]
    pub fn by_sid(&self, sid: &Sid) -> Found {
        self.recorder().tenant(|| CloudQuestion::Sid(sid.clone()));
        let has = |user: &CloudUser| user.sid.value() == Some(sid);
        self.find_common(Space::Sid, (Common::Sid, || sid.to_string()), sid, &self.base.by_sid, has)
    }

    /// Every user, live or deleted, with this mail address, primary or not, or as `mail`.
    #[must_use]
    pub fn by_address(&self, address: &str) -> Found {
        self.recorder().tenant(|| CloudQuestion::Address(fold(address).into()));
        self.find_named(Space::Address, Common::Address, address, &self.base.by_address, |user| self.has_address(user, address))
    }

    /// Those of [`Self::by_upn`] who live.
    #[must_use]
    pub fn live_by_upn(&self, upn: &str) -> Found {
        self.among(Common::LiveUpn, upn, self.by_upn(upn), |user| !user.is_deleted())
    }

    /// Those of [`Self::by_address`] who live.
    #[must_use]
    pub fn live_by_address(&self, address: &str) -> Found {
        self.among(Common::LiveAddress, address, self.by_address(address), |user| !user.is_deleted())
    }

    /// Those of [`Self::by_address`] whose primary address it is.
    #[must_use]
    pub fn with_primary_address(&self, address: &str) -> Found {
        let is_primary = |user: &CloudUser| user.primary_address().is_some_and(|own| same(own, address));
        self.among(Common::PrimaryAddress, address, self.by_address(address), is_primary)
    }

    /// Whether an account, as it stands now, has this mail address: in proxyAddresses or as `mail`.
    #[must_use]
    pub fn has_address(&self, account: &CloudUser, address: &str) -> bool {
        account.mail.value().is_some_and(|mail| same(mail, address)) || self.has_entry(account, address)
    }

    /// Whether it stands in proxyAddresses. Who has very many is asked for each of them, so that they are sorted once.
    pub(in crate::tenant_model) fn has_entry(&self, account: &CloudUser, address: &str) -> bool {
        if account.proxy_addresses.value().is_none_or(|entries| entries.iter().nth(FEW).is_none()) {
            return mail_entries(account).any(|own| same(own, address));
        }
        let sorted = || {
            let mut own: Vec<Box<str>> = mail_entries(account).map(|own| fold(own).into()).collect();
            own.sort_unstable();
            own
        };
        self.many_addresses.find(account.id, "", sorted).binary_search_by(|own| (**own).cmp(&*fold(address))).is_ok()
    }

    /// Every user, live or deleted, with this employeeId.
    #[must_use]
    pub fn by_employee_id(&self, employee_id: &str) -> Found {
        self.recorder().tenant(|| CloudQuestion::EmployeeId(fold(employee_id).into()));
        let has = |user: &CloudUser| user.employee_id.value().is_some_and(|own| same(own, employee_id));
        // Nothing that hardmatch does changes an employeeId, so the index over what was read is enough.
        let index = self.base.by_employee_id.get_or_init(|| {
            self.index_of(|user, insert| {
                if let Known::Is(own) = &user.employee_id {
                    insert(own);
                }
            })
        });
        let key = &*fold(employee_id);
        self.few_or_many((Common::EmployeeId, || key.to_owned()), || index.candidates(key), has)
    }

    /// Those of [`Self::by_employee_id`] who live.
    #[must_use]
    pub fn live_by_employee_id(&self, employee_id: &str) -> Found {
        self.among(Common::LiveEmployeeId, employee_id, self.by_employee_id(employee_id), |user| !user.is_deleted())
    }

    fn find(
        &self,
        space: Space,
        key: impl std::hash::Hash,
        base: &OnceLock<Index>,
        has: impl Fn(&CloudUser) -> bool,
    ) -> Few<UserRef> {
        let index = base.get_or_init(|| self.build(space));
        let changed = self.changed_keys.candidates((space, &key));
        self.sorted(index.candidates(&key).chain(changed), has)
    }

    /// By a name, which text tells apart ignoring case.
    fn find_named(
        &self,
        space: Space,
        common: Common,
        key: &str,
        base: &OnceLock<Index>,
        has: impl Fn(&CloudUser) -> bool,
    ) -> Found {
        let key = &*fold(key);
        self.find_common(space, (common, || key.to_owned()), key, base, has)
    }

    /// By a value that many may have in common, of whom each may look up who the others are.
    fn find_common(
        &self,
        space: Space,
        (common, name): (Common, impl FnOnce() -> String),
        key: impl std::hash::Hash,
        base: &OnceLock<Index>,
        has: impl Fn(&CloudUser) -> bool,
    ) -> Found {
        let index = base.get_or_init(|| self.build(space));
        let candidates = || index.candidates(&key).chain(self.changed_keys.candidates((space, &key)));
        self.few_or_many((common, name), candidates, has)
    }

    fn few_or_many<C: Iterator<Item = u32>>(
        &self,
        (common, name): (Common, impl FnOnce() -> String),
        candidates: impl Fn() -> C,
        has: impl Fn(&CloudUser) -> bool,
    ) -> Found {
        let some: Few<u32> = candidates().take(FEW + 1).collect();
        if some.len() <= FEW {
            return self.sorted(some.into_iter(), has).into();
        }
        self.popular.find(common, &name(), || self.sorted(candidates(), has))
    }

    /// Those of the users with a name who are wanted; of many, worked out once.
    pub(in crate::tenant_model) fn among(
        &self,
        common: Common,
        key: &str,
        all: Found,
        is_wanted: impl Fn(&CloudUser) -> bool,
    ) -> Found {
        let wanted = |user: &UserRef| self.user(*user).is_some_and(&is_wanted);
        match all {
            Hits::Few(all) => Hits::Few(all.into_iter().filter(wanted).collect()),
            Hits::Many(all) => self.popular.find(common, &fold(key), || all.iter().copied().filter(wanted).collect()),
        }
    }

    fn sorted(&self, candidates: impl Iterator<Item = u32>, has: impl Fn(&CloudUser) -> bool) -> Few<UserRef> {
        let mut found: Few<UserRef> = candidates.map(UserRef).filter(|user| self.user(*user).is_some_and(&has)).collect();
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
            // The order in which users were read must not show anywhere.
            found.sort_unstable_by_key(|user| self.user(*user).map(|user| user.id));
        }
        found
    }

    fn build(&self, space: Space) -> Index {
        let users = self.base.observed.users.len();
        // Odd GUIDs are rare, everything else nearly everybody has.
        let mut index = if space == Space::OddGuid { Index::default() } else { Index::with_capacity(users) };
        for (position, user) in (0u32..).zip(&self.base.observed.users) {
            match space {
                Space::Id => index.insert(user.id, position),
                Space::ImmutableId => user.immutable_id.iter().for_each(|id| index.insert(id.lowered(), position)),
                Space::OddGuid => odd_guids(user).for_each(|guid| index.insert(guid, position)),
                Space::Upn => index.insert_folded(user.original_upn(), position),
                Space::Sid => user.sid.value().into_iter().for_each(|sid| index.insert(sid, position)),
                Space::Address => mail_addresses(user).for_each(|address| index.insert_folded(address, position)),
            }
        }
        index
    }

    fn index_of(&self, keys: impl Fn(&CloudUser, &mut dyn FnMut(&str))) -> Index {
        let mut index = Index::with_capacity(self.base.observed.users.len());
        for (position, user) in (0u32..).zip(&self.base.observed.users) {
            keys(user, &mut |key| index.insert_folded(key, position));
        }
        index
    }
}

/// GUIDs that a user's ImmutableID means without being their canonical base64.
pub(super) fn odd_guids(user: &CloudUser) -> impl Iterator<Item = ObjectGuid> + use<> {
    let form = user.immutable_id.as_ref().map(AnchorForm::of).filter(|form| !form.is_canonical());
    form.into_iter().flat_map(|form| form.guids().into_iter().flatten())
}

/// The mail addresses of a user: `mail` and every smtp entry, without repetition of the same spelling.
pub(crate) fn mail_addresses(user: &CloudUser) -> impl Iterator<Item = &str> {
    let mail = user.mail.value().map(AsRef::as_ref);
    let own: Vec<&str> = mail_entries(user).collect();
    let extra = mail.filter(|mail| !own.contains(mail));
    own.into_iter().chain(extra)
}

/// The smtp entries of proxyAddresses, without prefix.
pub(in crate::tenant_model) fn mail_entries(user: &CloudUser) -> impl Iterator<Item = &str> {
    user.addresses().map(ProxyAddress::parse).filter(ProxyAddress::is_mail).map(|proxy| proxy.address)
}
