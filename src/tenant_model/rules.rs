//! Which writes Entra takes, and what they do. Facts: Graph behaviour for directory users, one function a rule.

use crate::model::{EntraId, ImmutableId, Upn};

use super::Tenant;

/// One write to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The account.
    pub user: EntraId,
    /// What is written.
    pub kind: ChangeKind,
}

/// The writes that hardmatch makes in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// Set onPremisesImmutableId.
    SetImmutableId(ImmutableId),
    /// Null onPremisesImmutableId; with `residue` also distinguished name, domain, sAMAccountName and on-premises UPN.
    ClearImmutableId {
        /// Whether the account leaves hybrid for good.
        residue: bool,
    },
    /// Move to the recycle bin.
    SoftDelete,
    /// Remove from the recycle bin, for ever.
    Purge,
    /// Bring back from the recycle bin.
    Restore,
    /// Null onPremisesSecurityIdentifier.
    ClearSecurityIdentifier,
    /// Null onPremisesObjectIdentifier.
    ClearObjectIdentifier,
    /// Set userPrincipalName.
    SetUserPrincipalName(Upn),
}

/// Why Entra refuses a write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such account, or not where the write expects it.
    #[error("there is no live account {0}")]
    NotLive(EntraId),
    /// Purge and restore need the recycle bin.
    #[error("account {0} is not in the recycle bin")]
    NotDeleted(EntraId),
    /// AD is the master of the account.
    #[error("account {0} is synced: its on-premises values can only change in Active Directory")]
    Synced(EntraId),
    /// Another account has the value.
    #[error("{property} is already held by account {holder}")]
    Conflict {
        /// The Graph name of the property.
        property: &'static str,
        /// Who has it.
        holder: EntraId,
    },
    /// The anchor of a user in a federated domain cannot change.
    #[error("the sign-in name of account {0} is in a federated domain, where the ImmutableID cannot change")]
    Federated(EntraId),
    /// The domain of the new sign-in name does not belong to the tenant.
    #[error("`{0}` is not a verified domain of this tenant")]
    UnverifiedDomain(Box<str>),
    /// The value cannot be stored.
    #[error("`{0}` is not a value that Entra stores: {1}")]
    BadValue(Box<str>, &'static str),
}

impl Tenant {
    /// Carries out one write, or refuses it and changes nothing.
    ///
    /// `now` is the deletion time that a soft delete records, RFC 3339; empty when it does not matter.
    ///
    /// # Errors
    /// The [`Refusal`] that Entra would answer with.
    pub fn apply(&mut self, change: &Change, now: &str) -> Result<(), Refusal> {
        let _ = (change, now);
        Err(Refusal::NotLive(change.user))
    }
}
