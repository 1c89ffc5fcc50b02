//! The tenant at one moment: what was read, and what has been changed on top of it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::model::index::Index;
use crate::model::questions::{CloudQuestion, Recorder};
use crate::model::text::{fold, same};
use crate::model::{AnchorForm, CloudUser, EntraId, ImmutableId, Known, ObjectGuid, ObservedTenant, ProxyAddress, Sid};

use super::domains::DomainIndex;
use super::roles::RoleIndex;

/// A user of a [`Tenant`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserRef(u32);

impl UserRef {
    /// Among the users as they were read; those that the model made come behind.
    pub(crate) fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A tenant that can be changed by Entra's rules. Cloning shares what was read and copies only the changes.
#[derive(Debug, Clone)]
pub struct Tenant {
    base: Arc<Base>,
    /// Changed users by position; `None` when purged.
    changed: BTreeMap<u32, Option<Box<CloudUser>>>,
    /// Keys of the changed users. Old entries stay and are filtered out on every look-up.
    changed_keys: Index,
    created: u32,
    formerly_synced_editable: bool,
}

#[derive(Debug)]
struct Base {
    observed: ObservedTenant,
    by_id: OnceLock<Index>,
    by_immutable_id: OnceLock<Index>,
    by_odd_guid: OnceLock<Index>,
    by_upn: OnceLock<Index>,
    by_sid: OnceLock<Index>,
    by_address: OnceLock<Index>,
    by_employee_id: OnceLock<Index>,
    lookups: Lookups,
    recorder: Recorder,
}

/// Look-ups over the parts of the tenant that no write changes, each built when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    pub(super) roles: OnceLock<Option<RoleIndex>>,
    pub(super) domains: OnceLock<DomainIndex>,
    pub(super) other_addresses: OnceLock<Index>,
}

/// Key spaces of the one index over changed users.
#[derive(Clone, Copy, Hash, PartialEq, Eq)]
enum Space {
    Id,
    ImmutableId,
    OddGuid,
    Upn,
    Sid,
    Address,
}

impl Tenant {
    /// The tenant as it was read.
    #[must_use]
    pub fn new(observed: ObservedTenant) -> Self {
        Self::recording(observed, Recorder::default())
    }

    /// The tenant, or the part of it that was read. Every look-up in it and its clones is written down.
    #[must_use]
    pub fn recording(observed: ObservedTenant, recorder: Recorder) -> Self {
        let base = Base {
            observed,
            by_id: OnceLock::new(),
            by_immutable_id: OnceLock::new(),
            by_odd_guid: OnceLock::new(),
            by_upn: OnceLock::new(),
            by_sid: OnceLock::new(),
            by_address: OnceLock::new(),
            by_employee_id: OnceLock::new(),
            lookups: Lookups::default(),
            recorder,
        };
        Self::over(Arc::new(base), true)
    }

    /// What was read: domains, roles, features and the users before any change.
    #[must_use]
    pub fn observed(&self) -> &ObservedTenant {
        &self.base.observed
    }

    /// What was read, given back. It is copied only where a clone of this tenant is still around.
    #[must_use]
    pub fn into_observed(self) -> ObservedTenant {
        Arc::try_unwrap(self.base).map_or_else(|base| base.observed.clone(), |base| base.observed)
    }

    /// The same tenant without the changes.
    #[must_use]
    pub fn unchanged(&self) -> Self {
        Self::over(Arc::clone(&self.base), self.formerly_synced_editable)
    }

    fn over(base: Arc<Base>, formerly_synced_editable: bool) -> Self {
        Self { base, changed: BTreeMap::new(), changed_keys: Index::default(), created: 0, formerly_synced_editable }
    }

    /// Whether on-premises values of formerly synced users can be written. Sources disagree, so an emulator can switch it off.
    pub fn set_formerly_synced_editable(&mut self, editable: bool) {
        self.formerly_synced_editable = editable;
    }

    /// Whether a formerly synced user takes new on-premises values.
    pub(super) fn formerly_synced_editable(&self) -> bool {
        self.formerly_synced_editable
    }

    /// Look-ups over the parts that no write changes.
    pub(super) fn lookups(&self) -> &Lookups {
        &self.base.lookups
    }

    /// A user as it stands now; `None` once purged.
    #[must_use]
    pub fn user(&self, user: UserRef) -> Option<&CloudUser> {
        match self.changed.get(&user.0) {
            Some(changed) => changed.as_deref(),
            None => self.base.observed.users.get(usize::try_from(user.0).ok()?),
        }
    }

    /// All users as they stand now, live and deleted.
    pub fn users(&self) -> impl Iterator<Item = (UserRef, &CloudUser)> {
        let end = self.base_count() + self.created;
        (0..end).map(UserRef).filter_map(|user| Some((user, self.user(user)?)))
    }

    /// Where look-ups are written down. Everything that finds users must do so.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.base.recorder
    }

    /// Says that facts matter which are not read of every user; the model of a part has them once that was asked.
    pub(crate) fn ask_details(&self, account: &CloudUser) {
        self.recorder().details(account.id);
    }

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
    pub fn holders_of(&self, id: &ImmutableId) -> Vec<UserRef> {
        self.recorder().tenant(|| CloudQuestion::ImmutableId(id.clone()));
        self.exact_holders_of(id)
    }

    fn exact_holders_of(&self, id: &ImmutableId) -> Vec<UserRef> {
        self.of_immutable_id(id, |own| own == id)
    }

    /// Every user whose ImmutableID means this GUID but is not its canonical base64, byte order included.
    #[must_use]
    pub fn odd_holders_of(&self, guid: &ObjectGuid) -> Vec<(UserRef, AnchorForm)> {
        self.recorder().tenant(|| CloudQuestion::OddGuid(*guid));
        let swapped = guid.byte_swapped();
        let mut found: Vec<UserRef> = Vec::new();
        for meant in [*guid, swapped] {
            found
                .extend(self.find(Space::OddGuid, meant, &self.base.by_odd_guid, |user| odd_guids(user).any(|odd| odd == meant)));
        }
        if swapped != *guid {
            found.extend(self.exact_holders_of(&swapped.immutable_id()));
        }
        found.sort();
        found.dedup();
        found.into_iter().filter_map(|user| Some((user, AnchorForm::of(self.user(user)?.immutable_id.as_ref()?)))).collect()
    }

    /// Every user whose ImmutableID differs from this one only in the case of its letters.
    #[must_use]
    pub fn case_variants_of(&self, id: &ImmutableId) -> Vec<UserRef> {
        self.recorder().tenant(|| CloudQuestion::ImmutableId(id.clone()));
        self.of_immutable_id(id, |own| own != id && own.as_str().eq_ignore_ascii_case(id.as_str()))
    }

    /// Those with this ImmutableID, whatever the case of its letters, whose own one is as wanted.
    fn of_immutable_id(&self, id: &ImmutableId, is_wanted: impl Fn(&ImmutableId) -> bool) -> Vec<UserRef> {
        let has = |user: &CloudUser| user.immutable_id.as_ref().is_some_and(&is_wanted);
        self.find(Space::ImmutableId, id.lowered(), &self.base.by_immutable_id, has)
    }

    /// Every user, live or deleted, with this sign-in name (of deleted users: the name before deletion).
    #[must_use]
    pub fn by_upn(&self, upn: &str) -> Vec<UserRef> {
        self.recorder().tenant(|| CloudQuestion::Upn(fold(upn).into()));
        self.find_folded(Space::Upn, upn, &self.base.by_upn, |user| same(user.original_upn(), upn))
    }

    /// Every user, live or deleted, with this on-premises SID.
    #[must_use]
    pub fn by_sid(&self, sid: &Sid) -> Vec<UserRef> {
        self.recorder().tenant(|| CloudQuestion::Sid(sid.clone()));
        self.find(Space::Sid, sid, &self.base.by_sid, |user| user.sid.value() == Some(sid))
    }

    /// Every user, live or deleted, with this mail address, primary or not, or as `mail`.
    #[must_use]
    pub fn by_address(&self, address: &str) -> Vec<UserRef> {
        self.recorder().tenant(|| CloudQuestion::Address(fold(address).into()));
        self.find_folded(Space::Address, address, &self.base.by_address, |user| {
            mail_addresses(user).any(|own| same(own, address))
        })
    }

    /// Every user, live or deleted, with this employeeId.
    #[must_use]
    pub fn by_employee_id(&self, employee_id: &str) -> Vec<UserRef> {
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
        self.sorted(index.candidates_folded(employee_id).into_iter(), has)
    }

    /// Puts an account as it is, new or in the place of the old one, and asks no rule: for what others write.
    pub fn put(&mut self, account: CloudUser) -> UserRef {
        match self.by_id(&account.id) {
            Some(user) => {
                self.replace(user, Some(account));
                user
            }
            None => self.create(account),
        }
    }

    /// Puts a changed user in the place of the old one.
    pub(super) fn replace(&mut self, user: UserRef, changed: Option<CloudUser>) {
        if let Some(new) = &changed {
            self.changed_keys.insert((Space::Id, new.id), user.0);
            if let Some(id) = &new.immutable_id {
                self.changed_keys.insert((Space::ImmutableId, id.lowered()), user.0);
            }
            for guid in odd_guids(new) {
                self.changed_keys.insert((Space::OddGuid, guid), user.0);
            }
            let upn = fold(new.original_upn()).into_owned();
            self.changed_keys.insert((Space::Upn, upn), user.0);
            if let Known::Is(sid) = &new.sid {
                self.changed_keys.insert((Space::Sid, sid), user.0);
            }
            for address in mail_addresses(new) {
                self.changed_keys.insert((Space::Address, fold(address).into_owned()), user.0);
            }
        }
        self.changed.insert(user.0, changed.map(Box::new));
    }

    /// Adds a user that was not there before, as a sync cycle does.
    pub(super) fn create(&mut self, user: CloudUser) -> UserRef {
        let position = UserRef(self.base_count() + self.created);
        self.created += 1;
        self.replace(position, Some(user));
        position
    }

    fn base_count(&self) -> u32 {
        u32::try_from(self.base.observed.users.len()).unwrap_or(u32::MAX)
    }

    fn find(
        &self,
        space: Space,
        key: impl std::hash::Hash,
        base: &OnceLock<Index>,
        has: impl Fn(&CloudUser) -> bool,
    ) -> Vec<UserRef> {
        let index = base.get_or_init(|| self.build(space));
        let changed = self.changed_keys.candidates((space, &key));
        self.sorted(index.candidates(&key).into_iter().chain(changed), has)
    }

    fn find_folded(&self, space: Space, key: &str, base: &OnceLock<Index>, has: impl Fn(&CloudUser) -> bool) -> Vec<UserRef> {
        self.find(space, &*fold(key), base, has)
    }

    fn sorted(&self, candidates: impl Iterator<Item = u32>, has: impl Fn(&CloudUser) -> bool) -> Vec<UserRef> {
        let mut found: Vec<UserRef> = candidates.map(UserRef).filter(|user| self.user(*user).is_some_and(&has)).collect();
        if found.len() > 1 {
            found.sort();
            found.dedup();
            // The order in which users were read must not show anywhere.
            found.sort_by_key(|user| self.user(*user).map(|user| user.id));
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
fn odd_guids(user: &CloudUser) -> impl Iterator<Item = ObjectGuid> + use<> {
    let form = user.immutable_id.as_ref().map(AnchorForm::of).filter(|form| !form.is_canonical());
    form.into_iter().flat_map(|form| form.guids().into_iter().flatten())
}

/// The mail addresses of a user: `mail` and every smtp entry, without repetition of the same spelling.
pub(crate) fn mail_addresses(user: &CloudUser) -> impl Iterator<Item = &str> {
    let entries = user.addresses().map(ProxyAddress::parse).filter(ProxyAddress::is_mail).map(|proxy| proxy.address);
    let mail = user.mail.value().map(AsRef::as_ref);
    let own: Vec<&str> = entries.collect();
    let extra = mail.filter(|mail| !own.contains(mail));
    own.into_iter().chain(extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> EntraId {
        format!("00000000-0000-0000-0000-0000000000{n:02x}").parse().unwrap()
    }

    fn tenant(ids: &[&str]) -> Tenant {
        let users =
            (1u8..).zip(ids).map(|(n, text)| CloudUser::new(id(n), &format!("u{n}@x.example"), ImmutableId::stored(text)));
        Tenant::new(ObservedTenant { users: users.collect(), ..ObservedTenant::default() })
    }

    #[test]
    fn finds_holders_exactly_and_follows_changes() {
        let mut tenant = tenant(&["kTq0mZb8W0eQd7uYh1xJmA==", "ktq0mZb8W0eQd7uYh1xJmA==", ""]);
        let wanted = ImmutableId::stored("kTq0mZb8W0eQd7uYh1xJmA==").unwrap();
        let (first, third) = (tenant.by_id(&id(1)).unwrap(), tenant.by_id(&id(3)).unwrap());
        assert_eq!(tenant.holders_of(&wanted), [first]);
        let cleared = CloudUser { immutable_id: None, ..tenant.user(first).unwrap().clone() };
        tenant.replace(first, Some(cleared));
        assert!(tenant.holders_of(&wanted).is_empty());
        let set = CloudUser { immutable_id: Some(wanted.clone()), ..tenant.user(third).unwrap().clone() };
        tenant.replace(third, Some(set));
        assert_eq!(tenant.holders_of(&wanted), [third]);
        assert_eq!(tenant.unchanged().holders_of(&wanted), [first]);
        tenant.replace(third, None);
        assert!(tenant.holders_of(&wanted).is_empty() && tenant.by_id(&id(3)).is_none());
    }

    #[test]
    fn finds_holders_under_every_wrong_encoding() {
        let guid: ObjectGuid = "f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap();
        let wrong = [
            "9QV/7kw+RFmC3SElC3KWAQ==",
            "f5057fee-4c3e-4459-82dd-21250b729601",
            "ee7f05f53e4c594482dd21250b729601",
            "7n8F9T5MWUSC3SElC3KWAQ",
        ];
        let tenant = tenant(&[&wrong[..], &["7n8F9T5MWUSC3SElC3KWAQ==", "E10045"]].concat());
        assert_eq!(tenant.odd_holders_of(&guid).len(), wrong.len());
    }
}
