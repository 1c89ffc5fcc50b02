//! Both directories as they were read.

use std::collections::BTreeMap;

use super::digits::size;
use super::{AdUser, AnchorMode, CloudUser, EntraId, Known, Sid, Text, Texts};

/// Everything that planning may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The forests, in the order of the configuration. Empty when none is configured.
    pub forests: Vec<ObservedForest>,
    /// The tenant.
    pub tenant: ObservedTenant,
}

/// One forest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedForest {
    /// Its name in the configuration.
    pub name: Text,
    /// Where its anchors come from.
    pub anchor: AnchorMode,
    /// Its domain SID: of the domain object if that was read, else the one most users share.
    pub domain_sid: Option<Sid>,
    /// NetBIOS names of its domains, where the export has them.
    pub netbios_names: Vec<Box<str>>,
    /// Its users, in the order in which they were read; or the part of them that planning asks for.
    pub users: Vec<AdUser>,
    /// How many users it has where `users` is only a part; `None` where that is all.
    pub user_count: Option<u64>,
    /// What belongs to it but was not read, in words; each becomes a `not-checked` warning.
    pub doubts: Vec<String>,
}

impl ObservedForest {
    /// How many users the forest has, read or not.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.user_count.unwrap_or_else(|| size(self.users.len()))
    }
}

/// The tenant. What is `None` or [`Known::Unknown`] was not read, which is not the same as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedTenant {
    /// Tenant id.
    pub id: Option<Box<str>>,
    /// The `….onmicrosoft.com` domain.
    pub initial_domain: Option<Box<str>>,
    /// When it was read, RFC 3339.
    pub taken_at: Option<Box<str>>,
    /// Whether sync is switched on for the tenant.
    pub sync_enabled: Known<bool>,
    /// Its domains.
    pub domains: Option<Vec<Domain>>,
    /// Live and soft-deleted users, told apart by [`CloudUser::is_deleted`]; or a part of the live ones, those that
    /// planning asks for, and all deleted ones.
    pub users: Vec<CloudUser>,
    /// How many live users there are where `users` is only a part; `None` where that is all.
    pub live_users: Option<u64>,
    /// Whether the recycle bin was read.
    pub recycle_bin_read: bool,
    /// Groups, contacts and devices, as far as they were read.
    pub others: Vec<OtherObject>,
    /// Whether groups were read.
    pub groups_read: bool,
    /// Whether contacts were read.
    pub contacts_read: bool,
    /// Role assignments and eligibilities.
    pub roles: Option<Vec<RoleGrant>>,
    /// Feature flags of directory synchronisation, by their Graph names.
    pub features: Option<BTreeMap<Box<str>, bool>>,
    /// What an adapter found odd about its source, in words; each becomes a `not-checked` warning.
    pub doubts: Vec<String>,
}

impl ObservedTenant {
    /// How many users are live, read or not.
    #[must_use]
    pub fn live_count(&self) -> u64 {
        let live = || size(self.users.iter().filter(|user| !user.is_deleted()).count());
        self.live_users.unwrap_or_else(live)
    }

    /// How many users lie in the recycle bin, as far as it was read.
    #[must_use]
    pub fn deleted_count(&self) -> u64 {
        size(self.users.iter().filter(|user| user.is_deleted()).count())
    }
}

/// A domain of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// DNS name.
    pub name: Box<str>,
    /// Whether ownership was proved.
    pub verified: bool,
    /// Whether sign-in goes to another identity provider; `None` when that was not read.
    pub federated: Option<bool>,
    /// Whether it is the `….onmicrosoft.com` domain.
    pub initial: bool,
}

/// What kind of object something is that is no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherKind {
    /// A group.
    Group,
    /// A mail contact.
    Contact,
    /// A device.
    Device,
}

impl OtherKind {
    /// The word in a sentence.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Contact => "contact",
            Self::Device => "device",
        }
    }
}

/// A group, contact or device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherObject {
    /// Its kind.
    pub kind: OtherKind,
    /// Object id.
    pub id: EntraId,
    /// displayName.
    pub display_name: Option<Box<str>>,
    /// mail.
    pub mail: Option<Box<str>>,
    /// proxyAddresses, each with its prefix.
    pub proxy_addresses: Texts,
    /// Members of a group; `None` when they were not read.
    pub members: Option<Vec<EntraId>>,
}

/// A role held by a user or a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleGrant {
    /// Who holds it: a user, or a role-assignable group.
    pub principal: EntraId,
    /// The role's name.
    pub role: Box<str>,
    /// Whether Microsoft counts the role as privileged.
    pub privileged: bool,
    /// Assigned now, or eligible through PIM.
    pub state: RoleState,
}

/// How a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleState {
    /// Active.
    Assigned,
    /// Can be activated through PIM.
    Eligible,
}

impl RoleState {
    /// The word of the snapshot file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Eligible => "eligible",
        }
    }
}
