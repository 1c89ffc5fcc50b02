//! A user of the tenant as it was read, live or in the recycle bin.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AccountTraits, EntraId, ImmutableId, Known, ObjectGuid, ProxyAddress, Sid, Text, Texts, UserKind};

/// What stands in the sign-in name of an account that was invited.
pub const GUEST_MARK: &str = "#EXT#";

/// A cloud account: what planning needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudUser {
    /// Object id.
    pub id: EntraId,
    /// userPrincipalName as stored; in the recycle bin Entra puts the undashed id in front, see [`Self::original_upn`].
    pub upn: Text,
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
    pub mail: Known<Text>,
    /// proxyAddresses, each with its prefix.
    pub proxy_addresses: Known<Texts>,
    /// displayName.
    pub display_name: Option<Text>,
    /// employeeId.
    pub employee_id: Known<Text>,
    /// The latest sign-in, RFC 3339; null when never.
    pub last_sign_in: Known<Text>,
    /// onPremisesLastSyncDateTime, RFC 3339.
    pub last_sync: Known<Text>,
    /// What it has alike with many others.
    pub traits: Arc<AccountTraits>,
}

/// An entry of onPremisesProvisioningErrors. What was not read is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningError {
    /// `PropertyConflict`, so far the only one.
    pub category: Option<Text>,
    /// Since when, RFC 3339.
    #[serde(rename = "occurredDateTime")]
    pub occurred: Option<Text>,
    /// `UserPrincipalName` or `ProxyAddress`.
    #[serde(rename = "propertyCausingError")]
    pub property: Option<Text>,
    /// The value that is withheld.
    pub value: Option<Text>,
}

impl fmt::Display for ProvisioningError {
    /// `Entra withholds the sign-in name eve@contoso.com since …: somebody else has it (PropertyConflict)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.property.as_deref() {
            Some("UserPrincipalName") => "sign-in name",
            Some("ProxyAddress") => "address",
            Some(other) => other,
            None => "value",
        };
        match &self.value {
            Some(value) => write!(f, "Entra withholds the {word} {value}")?,
            None => write!(f, "Entra withholds something of the account ({word})")?,
        }
        if let Some(at) = &self.occurred {
            write!(f, " since {at}")?;
        }
        match self.category.as_deref() {
            Some("PropertyConflict") => f.write_str(": somebody else has it (PropertyConflict)"),
            Some(other) => write!(f, ": {other}"),
            None => Ok(()),
        }
    }
}

/// On-premises values beside ImmutableID, SID, object identifier and the name of the domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnPremisesResidue {
    /// onPremisesDistinguishedName.
    pub distinguished_name: Known<Text>,
    /// onPremisesSamAccountName.
    pub sam_account_name: Known<Text>,
    /// onPremisesUserPrincipalName.
    pub user_principal_name: Known<Text>,
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
            last_sign_in: Known::Unknown,
            last_sync: Known::Unknown,
            traits: Arc::default(),
        }
    }

    /// The account as it lies in the recycle bin: its name gets the id in front. `now` is the deletion time, RFC 3339.
    #[must_use]
    pub fn binned(&self, now: &str) -> Self {
        let upn = format!("{}{}", self.id.undashed(), self.upn).into();
        Self { upn, ..self.clone() }.with_traits(|traits| traits.deleted_at = Some(now.into()))
    }

    /// Whether the account is in the recycle bin.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.traits.deleted_at.is_some()
    }

    /// Whether AD is the master of this account now.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.sync_enabled == Known::Is(true)
    }

    /// Whether only sync can change what it has: synced and live. In the recycle bin nobody syncs an account, whatever its
    /// flag says, and it comes back as one that is not synced.
    #[must_use]
    pub fn is_held_by_sync(&self) -> bool {
        self.is_synced() && !self.is_deleted()
    }

    /// What its mailbox is for where that is no person's: `shared`, `room`, `equipment`, …
    #[must_use]
    pub fn shared_mailbox(&self) -> Option<&str> {
        let purpose = self.traits.mailbox_purpose.value().map(|purpose| &**purpose);
        purpose.filter(|purpose| !["user", "unknown"].iter().any(|own| own.eq_ignore_ascii_case(purpose)))
    }

    /// Whether the account is a guest: as userType says, or as the name does where that was not read.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        match &self.traits.user_type {
            Known::Unknown => self.upn.contains(GUEST_MARK),
            Known::Null => false,
            Known::Is(kind) => *kind == UserKind::Guest,
        }
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

    /// The entries of onPremisesProvisioningErrors, none when they were not read.
    #[must_use]
    pub fn errors(&self) -> &[ProvisioningError] {
        self.traits.provisioning_errors.value().map_or(&[], AsRef::as_ref)
    }

    /// The on-premises names that sync copies and leaves behind.
    #[must_use]
    pub fn on_premises_names(&self) -> [&Known<Text>; 4] {
        let residue = &self.residue;
        [&residue.distinguished_name, &self.traits.domain_name, &residue.sam_account_name, &residue.user_principal_name]
    }

    /// The primary mail address: that of proxyAddresses, or `mail` where those name none.
    #[must_use]
    pub fn primary_address(&self) -> Option<&str> {
        let named = ProxyAddress::primary_of(self.addresses().map(ProxyAddress::parse));
        named.or_else(|| self.mail.value().map(AsRef::as_ref))
    }

    /// The entries of proxyAddresses, none when they were not read.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.proxy_addresses.value().into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AdUser;

    #[test]
    fn says_what_is_withheld_as_far_as_that_was_read() {
        let error = |property: Option<&str>, category: Option<&str>| ProvisioningError {
            property: property.map(Into::into),
            category: category.map(Into::into),
            ..ProvisioningError::default()
        };
        let texts = [
            error(None, None),
            error(Some("ProxyAddress"), Some("New")),
            ProvisioningError { value: Some("v".into()), ..error(Some("Nickname"), None) },
        ]
        .map(|error| error.to_string());
        let expected = [
            "Entra withholds something of the account (value)",
            "Entra withholds something of the account (address): New",
            "Entra withholds the Nickname v",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_user_takes_little_memory() {
        assert!(size_of::<CloudUser>() <= 336 && size_of::<AdUser>() <= 256);
    }

    #[test]
    fn finds_the_original_name_of_a_deleted_account() {
        let id: EntraId = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
        let mut user = CloudUser::new(id, "6ea91a8de32e41a1b7bdd2d185eed0e0eva@x.example", None);
        assert_eq!(user.original_upn(), "6ea91a8de32e41a1b7bdd2d185eed0e0eva@x.example");
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        assert_eq!(user.original_upn(), "eva@x.example");
        user.upn = "eva@x.example".into();
        assert_eq!(user.original_upn(), "eva@x.example");
    }
}
