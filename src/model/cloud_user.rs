//! A user of the tenant as it was read, live or in the recycle bin.

use super::{EntraId, ImmutableId, Known, ObjectGuid, Sid};

/// A cloud account: what planning needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudUser {
    /// Object id.
    pub id: EntraId,
    /// userPrincipalName as stored; in the recycle bin Entra puts the undashed id in front, see [`Self::original_upn`].
    pub upn: Box<str>,
    /// onPremisesImmutableId. Reading fails where the property is missing, so this is always known.
    pub immutable_id: Option<ImmutableId>,
    /// onPremisesSyncEnabled: true synced, false formerly synced, null never.
    pub sync_enabled: Known<bool>,
    /// onPremisesSecurityIdentifier; unique in the tenant.
    pub sid: Known<Sid>,
    /// onPremisesObjectIdentifier: objectGUID of the AD user that sync last linked.
    pub object_identifier: Known<ObjectGuid>,
    /// The other on-premises values that sync copies and leaves behind.
    pub residue: OnPremisesResidue,
    /// mail.
    pub mail: Known<Box<str>>,
    /// proxyAddresses, each with its prefix.
    pub proxy_addresses: Known<Box<[Box<str>]>>,
    /// displayName.
    pub display_name: Option<Box<str>>,
    /// employeeId.
    pub employee_id: Known<Box<str>>,
    /// accountEnabled.
    pub account_enabled: Known<bool>,
    /// userType.
    pub user_type: Known<UserKind>,
    /// skuIds of assignedLicenses.
    pub licenses: Known<Box<[Box<str>]>>,
    /// The latest sign-in, RFC 3339; null when never.
    pub last_sign_in: Known<Box<str>>,
    /// deletedDateTime when the account is in the recycle bin; an empty text when the file gave none.
    pub deleted_at: Option<Box<str>>,
    /// onPremisesSyncBehavior.isCloudManaged: the source of authority was moved to the cloud.
    pub cloud_managed: Known<bool>,
    /// mailboxSettings.userPurpose (user, shared, room, equipment …).
    pub mailbox_purpose: Known<Box<str>>,
    /// onPremisesLastSyncDateTime, RFC 3339.
    pub last_sync: Known<Box<str>>,
    /// Whether onPremisesProvisioningErrors has entries.
    pub has_provisioning_errors: bool,
}

/// Member, guest, or something newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserKind {
    /// An account of the organisation.
    Member,
    /// An invited account of another organisation.
    Guest,
    /// Any other word.
    Other(Box<str>),
}

/// On-premises values beside ImmutableID, SID and object identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnPremisesResidue {
    /// onPremisesDistinguishedName.
    pub distinguished_name: Known<Box<str>>,
    /// onPremisesDomainName.
    pub domain_name: Known<Box<str>>,
    /// onPremisesSamAccountName.
    pub sam_account_name: Known<Box<str>>,
    /// onPremisesUserPrincipalName.
    pub user_principal_name: Known<Box<str>>,
}

impl CloudUser {
    /// An account of which only id, UPN and ImmutableID are known.
    #[must_use]
    pub fn new(id: EntraId, upn: &str, immutable_id: Option<ImmutableId>) -> Self {
        Self {
            id,
            upn: upn.into(),
            immutable_id,
            sync_enabled: Known::Unknown,
            sid: Known::Unknown,
            object_identifier: Known::Unknown,
            residue: OnPremisesResidue::default(),
            mail: Known::Unknown,
            proxy_addresses: Known::Unknown,
            display_name: None,
            employee_id: Known::Unknown,
            account_enabled: Known::Unknown,
            user_type: Known::Unknown,
            licenses: Known::Unknown,
            last_sign_in: Known::Unknown,
            deleted_at: None,
            cloud_managed: Known::Unknown,
            mailbox_purpose: Known::Unknown,
            last_sync: Known::Unknown,
            has_provisioning_errors: false,
        }
    }

    /// Whether the account is in the recycle bin.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether AD is the master of this account now.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.sync_enabled == Known::Is(true)
    }

    /// Whether the account is a guest.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.user_type == Known::Is(UserKind::Guest)
    }

    /// The UPN without the id that Entra puts in front of it in the recycle bin.
    #[must_use]
    pub fn original_upn(&self) -> &str {
        if !self.is_deleted() {
            return &self.upn;
        }
        let prefix = self.id.undashed();
        match self.upn.split_at_checked(32) {
            Some((head, rest)) if head.eq_ignore_ascii_case(&prefix) && !rest.starts_with('@') => rest,
            _ => &self.upn,
        }
    }

    /// The entries of proxyAddresses, none when they were not read.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.proxy_addresses.value().into_iter().flat_map(|entries| entries.iter().map(AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_original_name_of_a_deleted_account() {
        let id: EntraId = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
        let mut user = CloudUser::new(id, "6ea91a8de32e41a1b7bdd2d185eed0e0eva@x.example", None);
        assert_eq!(user.original_upn(), "6ea91a8de32e41a1b7bdd2d185eed0e0eva@x.example");
        user.deleted_at = Some("2026-11-01T00:00:00Z".into());
        assert_eq!(user.original_upn(), "eva@x.example");
        user.upn = "eva@x.example".into();
        assert_eq!(user.original_upn(), "eva@x.example");
    }
}
