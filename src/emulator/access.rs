//! What the caller may do: Graph permissions, and directory roles where those are asked for.

use super::errors::Failure;
use super::script::Access;

/// Permissions that every call here is happy with.
pub(crate) const EVERYTHING: &[&str] = &[
    "AuditLog.Read.All",
    "Directory.AccessAsUser.All",
    "Directory.Read.All",
    "Domain-InternalFederation.Read.All",
    "Domain.Read.All",
    "Group.Read.All",
    "MailboxSettings.Read",
    "OnPremDirectorySynchronization.ReadWrite.All",
    "OrgContact.Read.All",
    "Organization.Read.All",
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "RoleEligibilitySchedule.Read.Directory",
    "RoleManagement.Read.Directory",
    "User-OnPremisesSyncBehavior.ReadWrite.All",
    "User.DeleteRestore.All",
    "User.Read.All",
    "User.ReadWrite.All",
];

pub(crate) const READ_USERS: &[&str] = &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const WRITE_USERS: &[&str] = &["User.ReadWrite.All", "Directory.ReadWrite.All"];
pub(crate) const SYNC_BEHAVIOR: &[&str] = &["User-OnPremisesSyncBehavior.ReadWrite.All"];
pub(crate) const DELETE_USERS: &[&str] = &["User.DeleteRestore.All", "User.ReadWrite.All"];
pub(crate) const PURGE_USERS: &[&str] = &["User.DeleteRestore.All"];
pub(crate) const READ_BIN: &[&str] =
    &["User.Read.All", "User.ReadWrite.All", "User.DeleteRestore.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const READ_ACTIVITY: &[&str] = &["AuditLog.Read.All"];
pub(crate) const READ_DOMAINS: &[&str] =
    &["Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const READ_FEDERATION: &[&str] =
    &["Domain-InternalFederation.Read.All", "Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All"];
pub(crate) const READ_ORGANIZATION: &[&str] =
    &["Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All"];
pub(crate) const READ_LICENSES: &[&str] = &[
    "LicenseAssignment.Read.All",
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
pub(crate) const READ_GROUPS: &[&str] =
    &["Group.Read.All", "GroupMember.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const READ_CONTACTS: &[&str] = &["OrgContact.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(crate) const READ_ROLES: &[&str] = &[
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
pub(crate) const READ_ELIGIBILITY: &[&str] = &[
    "RoleEligibilitySchedule.Read.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
];
pub(crate) const READ_GROUP_ELIGIBILITY: &[&str] = &[
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    "PrivilegedAccess.Read.AzureADGroup",
];
pub(crate) const READ_SYNC: &[&str] =
    &["OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All"];
pub(crate) const WRITE_SYNC: &[&str] = &["OnPremDirectorySynchronization.ReadWrite.All"];
pub(crate) const READ_MAILBOXES: &[&str] = &["MailboxSettings.Read", "MailboxSettings.ReadWrite"];
pub(crate) const READ_AUDITS: &[&str] = &["AuditLog.Read.All"];

/// Global Administrator.
pub(crate) const GLOBAL: &str = "Global Administrator";
/// Hybrid Identity Administrator.
pub(crate) const HYBRID: &str = "Hybrid Identity Administrator";
/// User Administrator.
pub(crate) const USER: &str = "User Administrator";

/// What the caller has now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grants {
    permissions: Vec<String>,
    roles: Vec<String>,
    pub(crate) delegated: bool,
}

impl Grants {
    /// What a script grants.
    pub(crate) fn of(access: &Access) -> Self {
        Self { permissions: access.permissions.clone(), roles: access.roles.clone(), delegated: access.delegated }
    }

    /// Takes permissions and roles away.
    pub(crate) fn remove(&mut self, permissions: &[String], roles: &[String]) {
        let is_in = |list: &[String], name: &str| list.iter().any(|own| own.eq_ignore_ascii_case(name));
        self.permissions.retain(|own| !is_in(permissions, own));
        self.roles.retain(|own| !is_in(roles, own));
    }

    /// The permissions, for the claims of a token.
    pub(crate) fn permissions(&self) -> &[String] {
        &self.permissions
    }

    /// The directory roles, for the claims of a token.
    pub(crate) fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Whether one of these permissions was granted.
    pub(crate) fn has(&self, any_of: &[&str]) -> bool {
        any_of.iter().any(|name| self.permissions.iter().any(|own| own.eq_ignore_ascii_case(name)))
    }

    /// Demands one of these permissions.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn need(&self, any_of: &[&str]) -> Result<(), Failure> {
        if self.has(any_of) { Ok(()) } else { Err(Failure::denied()) }
    }

    /// Whether the caller holds one of these roles.
    pub(crate) fn has_role(&self, any_of: &[&str]) -> bool {
        any_of.iter().any(|name| self.roles.iter().any(|own| own.eq_ignore_ascii_case(name)))
    }

    /// Demands one of these roles of a user who signed in. Applications need none where this is asked.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn need_role_of_user(&self, any_of: &[&str]) -> Result<(), Failure> {
        if !self.delegated || self.has_role(any_of) { Ok(()) } else { Err(Failure::denied()) }
    }
}
