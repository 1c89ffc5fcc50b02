//! What the author of hardmatch.yaml wants.

use std::sync::Arc;

use enumset::{EnumSet, EnumSetType};
use thin_vec::ThinVec;

use super::{AnchorMode, DistinguishedName, EntraId, GuidInput, ImmutableId, Sid, SmtpAddress, Text, Upn};

/// The whole configuration, as far as planning needs it.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// Explicit mappings, then those of `mappingFiles`, in their order.
    pub mappings: Vec<Mapping>,
    /// Rules, in their order.
    pub rules: Vec<Rule>,
    /// The configured forests; empty when the key was left out.
    pub forests: Vec<ForestSpec>,
    /// Policy.
    pub policy: Policy,
    /// What reading the files found odd; becomes warnings of the plan.
    pub notices: Vec<Notice>,
    /// SHA-256 over the YAML, without how the directories are reached, and the mapping files; lower-case hex.
    pub config_sha256: String,
    /// SHA-256 over the canonical policy, lower-case hex.
    pub policy_sha256: String,
}

/// A configured forest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForestSpec {
    /// Its name.
    pub name: Box<str>,
    /// Where its anchors come from.
    pub anchor: AnchorMode,
}

/// Where a mapping was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The file, relative to the configuration.
    pub file: Arc<str>,
    /// One-based line.
    pub line: u32,
}

/// What a mapping was written as, whatever its file is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingForm {
    /// Under `mappings` of the configuration, where everything can be said.
    Entry,
    /// As a row of a mapping file, which has few columns and one decision.
    Row,
}

/// One wanted link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Where it was written.
    pub source: Source,
    /// As what.
    pub form: MappingForm,
    /// The AD user, or nobody: leave hybrid.
    pub on_prem: OnPremSide,
    /// The cloud user.
    pub cloud: CloudSelector,
    /// Decisions on accounts that stand in the way.
    pub holders: ThinVec<HolderDecision>,
    /// Which directory is written.
    pub write: WriteSide,
    /// Whether a soft-deleted target is restored first.
    pub restore: bool,
    /// Blockers that the author has weighed.
    pub accept: EnumSet<Acceptable>,
    /// Why.
    pub because: Option<Box<str>>,
    /// The rule that made it, if one did.
    pub rule: Option<Box<str>>,
}

impl Mapping {
    /// A mapping that says no more than who belongs together.
    #[must_use]
    pub fn new(source: Source, on_prem: OnPremSide, cloud: CloudSelector) -> Self {
        Self {
            source,
            form: MappingForm::Entry,
            on_prem,
            cloud,
            holders: ThinVec::new(),
            write: WriteSide::Cloud,
            restore: false,
            accept: EnumSet::new(),
            because: None,
            rule: None,
        }
    }
}

/// The on-premises side of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnPremSide {
    /// This user.
    User(OnPremSelector),
    /// `none`: the account leaves hybrid.
    Nobody,
}

/// How an AD user is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnPremSelector {
    /// The key.
    pub key: OnPremKey,
    /// Only in this forest.
    pub forest: Option<Text>,
    /// The selector as it was written, for messages and ids.
    pub text: Text,
}

/// The kinds of on-premises selectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnPremKey {
    /// `dn`.
    Dn(DistinguishedName),
    /// `guid`.
    Guid(GuidInput),
    /// `sid`.
    Sid(Sid),
    /// `sam`, optionally with a domain.
    Sam {
        /// NetBIOS or DNS name of the domain.
        domain: Option<Box<str>>,
        /// sAMAccountName.
        name: Text,
    },
    /// `upn`.
    Upn(Upn),
    /// `mail`: mail or any proxy address.
    Mail(SmtpAddress),
    /// `employeeId`.
    EmployeeId(Text),
    /// `immutableId`: the effective anchor.
    ImmutableId(ImmutableId),
}

/// How a cloud user is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudSelector {
    /// The key.
    pub key: CloudKey,
    /// The selector as it was written.
    pub text: Text,
}

/// The kinds of cloud selectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloudKey {
    /// `id`.
    Id(EntraId),
    /// `upn`.
    Upn(Upn),
    /// `mail`: mail or any proxy address.
    Mail(SmtpAddress),
    /// `employeeId`.
    EmployeeId(Text),
}

/// A decision on one account that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderDecision {
    /// The account: UPN or id.
    pub account: CloudSelector,
    /// What becomes of it.
    pub resolve: Resolve,
    /// Why.
    pub because: Option<Box<str>>,
    /// Where it was written.
    pub source: Source,
}

/// What becomes of a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolve {
    /// Delete, then remove from the recycle bin.
    Purge,
    /// Null its ImmutableID, and its SID where that is this AD user's.
    Clear,
}

/// Which directory a mapping writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WriteSide {
    /// Set the ImmutableID of the cloud user.
    #[default]
    Cloud,
    /// Stamp mS-DS-ConsistencyGuid of the AD user.
    OnPrem,
}

/// The blockers that an author may accept.
#[derive(Debug, PartialOrd, Ord, Hash, EnumSetType)]
pub enum Acceptable {
    /// `anchor-opaque`
    AnchorOpaque,
    /// `federated-domain`
    FederatedDomain,
    /// `holder-in-use`
    HolderInUse,
    /// `object-identifier-differs`
    ObjectIdentifierDiffers,
    /// `privilege-unknown`
    PrivilegeUnknown,
    /// `target-guest`
    TargetGuest,
    /// `target-privileged`
    TargetPrivileged,
}

impl Acceptable {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::AnchorOpaque,
        Self::FederatedDomain,
        Self::HolderInUse,
        Self::ObjectIdentifierDiffers,
        Self::PrivilegeUnknown,
        Self::TargetGuest,
        Self::TargetPrivileged,
    ];

    /// The finding code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AnchorOpaque => "anchor-opaque",
            Self::FederatedDomain => "federated-domain",
            Self::HolderInUse => "holder-in-use",
            Self::ObjectIdentifierDiffers => "object-identifier-differs",
            Self::PrivilegeUnknown => "privilege-unknown",
            Self::TargetGuest => "target-guest",
            Self::TargetPrivileged => "target-privileged",
        }
    }
}

/// A rule that pairs many users at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: Box<str>,
    /// Where it was written.
    pub source: Source,
    /// Only this forest.
    pub forest: Option<Text>,
    /// Only below this container.
    pub under: Option<DistinguishedName>,
    /// The AD attribute that is compared.
    pub on_prem: OnPremPairKey,
    /// The cloud property that is compared.
    pub cloud: CloudPairKey,
    /// UPN or mail suffixes to exchange before comparing.
    pub replace_suffix: Vec<SuffixReplacement>,
}

/// What a rule compares on-premises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPremPairKey {
    /// userPrincipalName
    UserPrincipalName,
    /// mail
    Mail,
    /// employeeID
    EmployeeId,
    /// sAMAccountName
    SamAccountName,
}

/// What a rule compares in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudPairKey {
    /// userPrincipalName
    UserPrincipalName,
    /// mail, or the primary address
    Mail,
    /// employeeId
    EmployeeId,
}

/// One suffix to exchange: `corp.local` becomes `contoso.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuffixReplacement {
    /// The AD suffix, without `@`.
    pub from: Box<str>,
    /// The cloud suffix, without `@`.
    pub to: Box<str>,
}

/// Accounts that no plan may touch; `*` and `?` stand for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protected {
    /// Whose UPN, mail address or object id is like this ([`super::AccountPattern`]).
    Account(Box<str>),
    /// Who holds a role with a name like this: directly, through a group, or eligible.
    Role(Box<str>),
}

/// What the author of the policy allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Accounts that no plan may touch.
    pub protect: Vec<Protected>,
    /// How much one plan may do.
    pub limits: Limits,
    /// How many approvals are required; 0 when the policy names none.
    pub required_approvals: u32,
}

/// How much one plan may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Accounts that one plan may change.
    pub changes: u64,
    /// The same as a percentage of the tenant's live users and of those in the recycle bin that it changes; counts from 50 live users up.
    pub percent: u64,
    /// Accounts that one plan may purge.
    pub purges: u64,
    /// How much smaller, in percent, a directory may be than at the last run; counts from 50 users up.
    pub shrink: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { changes: 500, percent: 20, purges: 10, shrink: 20 }
    }
}

/// Something odd in an input file that does not stop the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What kind.
    pub kind: NoticeKind,
    /// Where.
    pub source: Source,
    /// In words.
    pub message: String,
}

/// Kinds of [`Notice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Blanks around a value were removed.
    InputTrimmed,
    /// A row says the same as an earlier one and was left out.
    DuplicateRow,
}
