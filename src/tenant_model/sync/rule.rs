//! The rules by which a sync cycle refuses something, each with its code, since when it is applied, and words for it.

use crate::model::EntraId;

/// The switch that keeps sync from taking over any account that is not synced yet.
pub const BLOCKS_HARD_MATCH: &str = "blockCloudObjectTakeoverThroughHardMatchEnabled";

/// A rule of the sync client or of Entra.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncRule {
    /// Nothing is synced.
    SyncIsOff,
    /// A deletion comes too late: somebody restored the account, or moved its authority to the cloud.
    NotSynced,
    /// The AD user is linked to another account.
    AnchorChanged,
    /// Another account has the SID.
    SidHeld,
    /// A switch of the tenant keeps accounts from being taken over.
    TakeoverBlocked,
    /// The account has a privileged role.
    Privileged,
    /// The account is synced from another AD user.
    AnchorInUse,
    /// The account is pinned to another AD user.
    ObjectIdentifierFixed,
    /// The source of authority is the cloud.
    CloudManaged,
    /// A switch of the tenant keeps accounts from being soft matched.
    SoftMatchBlocked,
    /// A guest is not soft matched.
    Guest,
    /// A synced account is not soft matched.
    SyncedAlready,
    /// An account with an ImmutableID is not soft matched.
    HasOtherId,
    /// An administrator is not soft matched.
    Administrator,
    /// A sign-in name in a federated domain is not soft matched.
    FederatedName,
    /// A group has an address of the AD user.
    OtherKindOfObject,
    /// Somebody has an address of the AD user.
    AddressTaken,
    /// Somebody has its sign-in name.
    SignInNameTaken,
}

impl SyncRule {
    /// The sync client's error code.
    ///
    /// `SyncDisabled` and `BlockedOnPremises` are no codes of Entra: there the export never happens.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SyncIsOff => "SyncDisabled",
            Self::NotSynced => "DeletingCloudOnlyObjectNotAllowed",
            Self::AnchorChanged | Self::SidHeld | Self::AddressTaken | Self::SignInNameTaken => "AttributeValueMustBeUnique",
            Self::TakeoverBlocked | Self::Privileged | Self::AnchorInUse => "InvalidHardMatch",
            Self::ObjectIdentifierFixed => "AttributeUpdateNotAllowed",
            Self::CloudManaged => "BlockedOnPremises",
            Self::SoftMatchBlocked | Self::Guest | Self::SyncedAlready | Self::HasOtherId | Self::FederatedName => {
                "InvalidSoftMatch"
            }
            Self::Administrator => "ExistingAdminRoleConflict",
            Self::OtherKindOfObject => "ObjectTypeMismatch",
        }
    }

    /// Since when Entra applies it; `None` when it always did.
    #[must_use]
    pub fn since(self) -> Option<&'static str> {
        const RECENT: [(SyncRule, &str); 2] =
            [(SyncRule::Privileged, "June 2026"), (SyncRule::ObjectIdentifierFixed, "July 2026")];
        RECENT.iter().find(|(rule, _)| *rule == self).map(|(_, since)| *since)
    }

    /// The rule in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SyncIsOff => "directory synchronisation is switched off for the tenant",
            Self::NotSynced => "the account is no longer synced: the sync client may not delete what is managed in the cloud",
            Self::AnchorChanged => {
                "the AD user is linked to another account, which has its OnPremiseSecurityIdentifier: its source anchor has changed, \
                 and sync stops until the old value is back"
            }
            Self::SidHeld => "another account has the OnPremiseSecurityIdentifier of the AD user under another anchor",
            Self::TakeoverBlocked => {
                "blockCloudObjectTakeoverThroughHardMatchEnabled is on: no account that is not synced is taken over by its anchor"
            }
            Self::Privileged => "an account with a privileged role, assigned or eligible, is not taken over by its anchor",
            Self::AnchorInUse => "the anchor is already in use by a synced account of another AD user",
            Self::ObjectIdentifierFixed => {
                "OnPremisesObjectIdentifier names another AD user and cannot be changed unless it is null"
            }
            Self::CloudManaged => {
                "the source of authority was moved to the cloud (isCloudManaged): the sync client leaves the AD user out"
            }
            Self::SoftMatchBlocked => "blockSoftMatchEnabled is on: nothing is soft matched",
            Self::Guest => "a guest is not soft matched",
            Self::SyncedAlready => "the account is synced already, with another AD user",
            Self::HasOtherId => "the account has another ImmutableID; soft match needs it to be empty",
            Self::Administrator => "an account that holds an administrator role is never soft matched",
            Self::FederatedName => "a sign-in name in a federated domain is not soft matched",
            Self::OtherKindOfObject => "an address of the AD user belongs to a group",
            Self::AddressTaken => "an address of the AD user is taken, and quarantineUponProxyAddressesConflictEnabled is off",
            Self::SignInNameTaken => "the sign-in name of the AD user is taken, and quarantineUponUpnConflictEnabled is off",
        }
    }

    /// Whether it keeps the whole tenant from being linked, and not one account.
    #[must_use]
    pub fn is_tenant_wide(self) -> bool {
        matches!(self, Self::SyncIsOff | Self::TakeoverBlocked)
    }

    /// Whether it is about an account that has the name or address of an AD user, and not its anchor.
    #[must_use]
    pub fn is_of_soft_match(self) -> bool {
        use SyncRule::{Administrator, FederatedName, Guest, HasOtherId, SoftMatchBlocked, SyncedAlready};
        matches!(self, SoftMatchBlocked | Guest | SyncedAlready | HasOtherId | Administrator | FederatedName)
    }

    /// The refusal by this rule, about an account.
    pub(super) fn refuses(self, account: EntraId) -> SyncRefusal {
        SyncRefusal { rule: self, user: Some(account) }
    }

    /// The refusal by this rule, whatever the account.
    pub(super) fn refuses_all(self) -> SyncRefusal {
        SyncRefusal { rule: self, user: None }
    }
}

/// Why Entra refuses an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncRefusal {
    /// The rule.
    pub rule: SyncRule,
    /// The account that it concerns.
    pub user: Option<EntraId>,
}
