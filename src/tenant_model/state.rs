//! The tenant at one moment: what was read, and what has been changed on top of it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::model::hits::{Hits, Popular};
use crate::model::index::Index;
use crate::model::questions::Recorder;
use crate::model::text::fold;
use crate::model::{CloudUser, EntraId, Known, ObservedTenant};

use super::domains::DomainIndex;
use super::roles::RoleIndex;
use find::odd_guids;

pub(crate) use find::mail_addresses;
pub(super) use find::mail_entries;

mod find;

/// A user of a [`Tenant`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserRef(u32);

impl UserRef {
    /// Among the users as they were read; those that the model made come behind.
    pub(crate) fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Users of a [`Tenant`] that a look-up found, by object id.
pub type Found = Hits<UserRef>;

/// A tenant that can be changed by Entra's rules. Cloning shares what was read and copies only the changes.
#[derive(Debug, Clone)]
pub struct Tenant {
    base: Arc<Base>,
    /// Changed users by position; `None` when purged.
    changed: BTreeMap<u32, Option<Box<CloudUser>>>,
    /// Keys of the changed users. Old entries stay and are filtered out on every look-up.
    changed_keys: Index,
    popular: Popular<Common, UserRef>,
    /// Of accounts with very many: their smtp addresses, folded and sorted.
    many_addresses: Popular<EntraId, Box<str>>,
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

/// What many users may have in common.
#[derive(Debug, Clone, Copy, Hash, PartialEq, Eq)]
pub(super) enum Common {
    Upn,
    Address,
    /// Of those with an address, who owns it.
    OwnedAddress,
    /// Of those with an address, who lives.
    LiveAddress,
    /// Of those with a sign-in name, who lives.
    LiveUpn,
    /// Of those with an address, whose primary one it is.
    PrimaryAddress,
    EmployeeId,
    /// Of those with an employeeId, who lives.
    LiveEmployeeId,
    ImmutableId,
    /// The same in other letters.
    CaseVariant,
    Sid,
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
        Self {
            base,
            changed: BTreeMap::new(),
            changed_keys: Index::default(),
            popular: Popular::default(),
            many_addresses: Popular::default(),
            created: 0,
            formerly_synced_editable,
        }
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
        self.popular.forget();
        self.many_addresses.forget();
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ImmutableId, ObjectGuid};

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
        assert_eq!(tenant.holders_of(&wanted)[..], [first]);
        let cleared = CloudUser { immutable_id: None, ..tenant.user(first).unwrap().clone() };
        tenant.replace(first, Some(cleared));
        assert!(tenant.holders_of(&wanted).is_empty());
        let set = CloudUser { immutable_id: Some(wanted.clone()), ..tenant.user(third).unwrap().clone() };
        tenant.replace(third, Some(set));
        assert_eq!(tenant.holders_of(&wanted)[..], [third]);
        assert_eq!(tenant.unchanged().holders_of(&wanted)[..], [first]);
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
