//! A user of Active Directory as it was read.

use super::{DistinguishedName, EntraId, ObjectGuid, Sid, Text, Texts};

/// A user object of one forest: what planning needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdUser {
    /// objectGUID.
    pub guid: ObjectGuid,
    /// distinguishedName.
    pub dn: DistinguishedName,
    /// mS-DS-ConsistencyGuid: a plain octet string that may hold anything.
    pub consistency_guid: GuidAttribute,
    /// The attribute of `anchor: { attribute: … }`, when that mode is configured; boxed, as few forests have it.
    pub custom_anchor: Option<Box<AnchorAttribute>>,
    /// objectSid.
    pub sid: Option<Sid>,
    /// sAMAccountName.
    pub sam: Option<Text>,
    /// userPrincipalName.
    pub upn: Option<Text>,
    /// mail.
    pub mail: Option<Text>,
    /// proxyAddresses, each with its prefix.
    pub proxy_addresses: Texts,
    /// employeeID.
    pub employee_id: Option<Text>,
    /// displayName.
    pub display_name: Option<Text>,
    /// Whether sign-in is allowed (userAccountControl bit 2); `None` when that was not read.
    pub enabled: Option<bool>,
    /// adminCount is 1: delegated writes will be refused.
    pub protected_by_admin_sd_holder: bool,
    /// msExchMailboxGuid is set: a mailbox on-premises.
    pub has_exchange_mailbox: bool,
    /// msDS-ExternalDirectoryObjectId: the cloud user that Exchange hybrid once wrote back.
    pub external_directory_object_id: Option<EntraId>,
    /// Why the sync client would leave this object out, if it would.
    pub excluded: Option<Exclusion>,
}

/// A GUID-valued attribute, which may be absent, marked as missing by an export, or hold any bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GuidAttribute {
    /// No value.
    #[default]
    Absent,
    /// A text such as `N/A` that an export wrote instead of no value.
    MarkedMissing(Box<str>),
    /// The name of a type such as `System.Byte[]`, which an export wrote instead of a value that is there.
    NotExported(Box<str>),
    /// The bytes as stored.
    Bytes(Box<[u8]>),
}

impl GuidAttribute {
    /// The bytes, if there are any.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Absent | Self::MarkedMissing(_) | Self::NotExported(_) => None,
        }
    }

    /// The GUID, if there are 16 bytes.
    #[must_use]
    pub fn guid(&self) -> Option<ObjectGuid> {
        self.bytes().and_then(|bytes| ObjectGuid::from_ad_slice(bytes).ok())
    }
}

/// The value of a configured anchor attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnchorAttribute {
    /// A string: the anchor is the string itself.
    Text(Box<str>),
    /// Bytes that are no text: the anchor is their base64.
    Binary(Box<[u8]>),
    /// More than one value: no anchor.
    Many(usize),
}

/// Why the sync client leaves an object out by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// isCriticalSystemObject: Administrator, krbtgt, Guest.
    CriticalSystemObject,
    /// No sAMAccountName, or one of the sync client's own accounts (AAD_, MSOL_).
    ServiceAccount,
    /// System mailboxes, discovery mailboxes and the like.
    SystemMailbox,
    /// A linked mailbox: the enabled account of another forest supplies the anchor.
    LinkedMailbox,
    /// A replication conflict object (`CNF:`).
    ReplicationConflict,
}

impl Exclusion {
    /// The reason in words, to follow "the sync client leaves it out: ".
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::CriticalSystemObject => "it is a critical system object",
            Self::ServiceAccount => "it is an account of the sync client itself or has no sAMAccountName",
            Self::SystemMailbox => "it is a system mailbox",
            Self::LinkedMailbox => "it is a linked mailbox, whose anchor comes from the enabled account in the other forest",
            Self::ReplicationConflict => "it is a replication conflict object (CNF)",
        }
    }
}

impl AdUser {
    /// A user of whom only GUID and name are known.
    #[must_use]
    pub fn new(guid: ObjectGuid, dn: DistinguishedName) -> Self {
        Self {
            guid,
            dn,
            consistency_guid: GuidAttribute::Absent,
            custom_anchor: None,
            sid: None,
            sam: None,
            upn: None,
            mail: None,
            proxy_addresses: Texts::default(),
            employee_id: None,
            display_name: None,
            enabled: None,
            protected_by_admin_sd_holder: false,
            has_exchange_mailbox: false,
            external_directory_object_id: None,
            excluded: None,
        }
    }
}
