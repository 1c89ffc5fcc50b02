//! What planning looks up: the questions that a reader of a part of the directories has to answer.

use std::collections::BTreeSet;

pub use super::recorder::Recorder;

use super::{DistinguishedName, EntraId, GuidInput, ImmutableId, ObjectGuid, OnPremKey, Sid, Text};

/// How many synced users [`CloudQuestion::SyncedSample`] asks for.
pub const SYNCED_SAMPLE: u32 = 50;

/// What was looked up, or what is to be looked up.
///
/// An answer holds everything that a question names; more does no harm. Names and addresses compare by
/// [`super::text::fold`], and planning asks for them folded, so that one question is not asked twice; IDs compare exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// In the tenant.
    pub tenant: BTreeSet<CloudQuestion>,
    /// In the forests.
    pub forests: BTreeSet<ForestQuestion>,
}

/// A look-up in the tenant. What is deleted counts as what is live.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloudQuestion {
    /// The user with this id, or any other object with it.
    Id(EntraId),
    /// Users with this sign-in name; of deleted ones the name before deletion.
    Upn(Text),
    /// Users, groups and contacts with this mail address, without prefix: as `mail` or in proxyAddresses.
    Address(Text),
    /// Users with this employeeId.
    EmployeeId(Text),
    /// Holders of exactly this ImmutableID, and of one that differs from it only in the case of its letters.
    ImmutableId(ImmutableId),
    /// Holders of an ImmutableID that means this GUID in another encoding or byte order.
    OddGuid(ObjectGuid),
    /// Users with this on-premises SID.
    Sid(Sid),
    /// What is not read of every user: object identifier, last sign-in, isCloudManaged and the purpose of the mailbox.
    Details(EntraId),
    /// Users whose sign-in name or `mail` begins so, in lower case.
    Similar(Text),
    /// The first [`SYNCED_SAMPLE`] live synced users by lower-cased sign-in name, then id.
    SyncedSample,
}

/// A look-up in one forest, or in all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForestQuestion {
    /// The forest's name in the configuration; all when `None`.
    pub forest: Option<Text>,
    /// What is looked up.
    pub key: ForestKey,
}

/// What AD users are looked up by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForestKey {
    /// Distinguished name.
    Dn(DistinguishedName),
    /// objectGUID.
    Guid(ObjectGuid),
    /// mS-DS-ConsistencyGuid, whatever the anchor of the forest is.
    ConsistencyGuid(ObjectGuid),
    /// objectSid.
    Sid(Sid),
    /// sAMAccountName, without domain.
    Sam(Text),
    /// userPrincipalName.
    Upn(Text),
    /// `mail`, or any smtp entry of proxyAddresses, without prefix.
    Mail(Text),
    /// employeeID.
    EmployeeId(Text),
    /// The ImmutableID that sync makes of the forest's anchor.
    ImmutableId(ImmutableId),
    /// userPrincipalName, `mail` or sAMAccountName begins so, in lower case.
    Similar(Text),
}

impl ForestKey {
    /// What a selector looks for.
    #[must_use]
    pub fn of(key: &OnPremKey) -> Vec<Self> {
        match key {
            OnPremKey::Dn(dn) => vec![Self::Dn(dn.clone())],
            OnPremKey::Guid(GuidInput::Guid(guid)) => vec![Self::Guid(*guid)],
            OnPremKey::Guid(GuidInput::BareHex { as_text, as_bytes }) => vec![Self::Guid(*as_text), Self::Guid(*as_bytes)],
            OnPremKey::Sid(sid) => vec![Self::Sid(sid.clone())],
            OnPremKey::Sam { name, .. } => vec![Self::Sam(name.clone())],
            OnPremKey::Upn(upn) => vec![Self::Upn(upn.as_str().into())],
            OnPremKey::Mail(mail) => vec![Self::Mail(mail.as_str().into())],
            OnPremKey::EmployeeId(id) => vec![Self::EmployeeId(id.clone())],
            OnPremKey::ImmutableId(id) => vec![Self::ImmutableId(id.clone())],
        }
    }
}

impl Questions {
    /// Whether nothing was looked up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tenant.is_empty() && self.forests.is_empty()
    }

    /// How many look-ups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tenant.len() + self.forests.len()
    }

    /// Those that are not among the others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self {
            tenant: self.tenant.difference(&others.tenant).cloned().collect(),
            forests: self.forests.difference(&others.forests).cloned().collect(),
        }
    }

    /// Adds questions.
    pub fn extend(&mut self, more: Self) {
        self.tenant.extend(more.tenant);
        self.forests.extend(more.forests);
    }
}
