//! What many accounts of a tenant have alike: it is held once.

use std::sync::Arc;

use hashbrown::HashSet;

use super::{CloudUser, Known, ProvisioningError, Text, Texts};

/// Member, guest, or something newer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// An account of the organisation.
    Member,
    /// An invited account of another organisation.
    Guest,
    /// Any other word.
    Other(Box<str>),
}

/// Properties of an account in which it is like many others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AccountTraits {
    /// accountEnabled.
    pub account_enabled: Known<bool>,
    /// userType.
    pub user_type: Known<UserKind>,
    /// skuIds of assignedLicenses.
    pub licenses: Known<Texts>,
    /// deletedDateTime when the account is in the recycle bin; an empty text when the file gave none.
    pub deleted_at: Option<Text>,
    /// onPremisesDomainName.
    pub domain_name: Known<Text>,
    /// onPremisesSyncBehavior.isCloudManaged: the source of authority was moved to the cloud.
    pub cloud_managed: Known<bool>,
    /// mailboxSettings.userPurpose (user, shared, room, equipment …).
    pub mailbox_purpose: Known<Text>,
    /// onPremisesProvisioningErrors: names and addresses that Entra withholds from the account.
    pub provisioning_errors: Known<Box<[ProvisioningError]>>,
}

/// Lets accounts with equal traits share them. Whoever reads many accounts passes each of them through one.
#[derive(Debug, Default)]
pub struct TraitsInterner(HashSet<Arc<AccountTraits>>);

impl TraitsInterner {
    /// Gives the account the traits of an earlier one that are equal to its own, if there are some.
    pub fn share(&mut self, user: &mut CloudUser) {
        let shared = self.0.get_or_insert(Arc::clone(&user.traits));
        user.traits = Arc::clone(shared);
    }
}

impl CloudUser {
    /// The traits, to be changed: no other account sees the change.
    pub fn traits_mut(&mut self) -> &mut AccountTraits {
        Arc::make_mut(&mut self.traits)
    }

    /// The account with other traits. Those that stay equal stay shared.
    #[must_use]
    pub fn with_traits(mut self, change: impl FnOnce(&mut AccountTraits)) -> Self {
        let mut traits = AccountTraits::clone(&self.traits);
        change(&mut traits);
        if traits != *self.traits {
            self.traits = Arc::new(traits);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(licence: &str) -> CloudUser {
        let user = CloudUser::new("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap(), "eva@x.example", None);
        user.with_traits(|traits| traits.licenses = Known::Is([licence].into()))
    }

    #[test]
    fn equal_traits_are_held_once() {
        let mut users = ["a", "b", "a"].map(user);
        let mut interner = TraitsInterner::default();
        users.iter_mut().for_each(|user| interner.share(user));
        let [first, other, last] = &users;
        assert!(Arc::ptr_eq(&first.traits, &last.traits) && !Arc::ptr_eq(&first.traits, &other.traits));
        assert_eq!(users, ["a", "b", "a"].map(user));
    }

    #[test]
    fn a_change_reaches_no_other_account() {
        let first = user("a");
        let mut second = first.clone();
        assert!(Arc::ptr_eq(&first.traits, &second.clone().with_traits(|traits| traits.deleted_at = None).traits));
        second.traits_mut().deleted_at = Some("".into());
        let third = first.clone().with_traits(|traits| traits.deleted_at = Some("".into()));
        assert_eq!((first.is_deleted(), second.is_deleted(), &third), (false, true, &second));
    }
}
