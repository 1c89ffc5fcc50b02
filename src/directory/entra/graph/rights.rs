//! The Graph permissions that hardmatch may need:
//! <https://learn.microsoft.com/en-us/graph/permissions-reference>.

/// Users, live and deleted.
pub(super) const READ_USERS: &str = "User.Read.All";
/// Which tenant it is.
pub(super) const READ_ORGANIZATION: &str = "Organization.Read.All";
/// Its domains.
pub(super) const READ_DOMAINS: &str = "Domain.Read.All";
/// Groups and their addresses.
pub(super) const READ_GROUPS: &str = "Group.Read.All";
/// Who is in a group.
pub(super) const READ_MEMBERS: &str = "GroupMember.Read.All";
/// Contacts and their addresses.
pub(super) const READ_CONTACTS: &str = "OrgContact.Read.All";
/// Assigned roles.
pub(super) const READ_ROLES: &str = "RoleManagement.Read.Directory";
/// Roles that can be activated through PIM.
pub(super) const READ_ELIGIBLE: &str = "RoleEligibilitySchedule.Read.Directory";
/// The switches of directory synchronisation.
pub(super) const READ_SWITCHES: &str = "OnPremDirectorySynchronization.Read.All";
/// When somebody signed in.
pub(super) const READ_SIGN_INS: &str = "AuditLog.Read.All";
/// What a mailbox is for.
pub(super) const READ_MAILBOXES: &str = "MailboxSettings.Read";
/// ImmutableIDs, SIDs, sign-in names.
pub const WRITE_USERS: &str = "User.ReadWrite.All";
/// Deleting, purging, restoring.
pub const DELETE_USERS: &str = "User.DeleteRestore.All";
/// Object identifiers, and who is the master of an account.
pub const SYNC_BEHAVIOR: &str = "User-OnPremisesSyncBehavior.ReadWrite.All";
