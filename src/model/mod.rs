//! What exists: identifiers, addresses, the links that are wanted and the directories as they were read.
//!
//! Pure values without input or output. Text becomes one of these types once and is valid from then on.

mod account_traits;
mod ad_user;
mod address;
mod anchor;
mod anchor_form;
mod anchor_spellings;
mod called;
mod cloud_user;
mod desired;
pub mod digits;
mod dn;
mod entra_id;
mod fact;
mod guid;
pub mod hits;
mod immutable_id;
pub mod index;
mod known;
mod observed;
pub mod questions;
mod recorder;
mod sid;
pub mod spreadsheet;
pub mod text;
mod texts;
mod written;

pub use account_traits::{AccountTraits, TraitsInterner, UserKind};
pub use ad_user::{AdUser, AnchorAttribute, Exclusion, GuidAttribute};
pub use address::{AddressError, LONGEST_NAME, ProxyAddress, ProxyKind, SIGN_IN_SIGNS, SmtpAddress, Upn};
pub use anchor::{AnchorMode, AnchorModeError, AnchorOrigin, AnchorProblem, CustomAnchorError, SourceAnchor, effective_anchor};
pub use anchor_form::{AnchorForm, AnchorInputError, parse_anchor_input};
pub use anchor_spellings::odd_spellings;
pub use called::{AccountNames, AccountPattern, has_wildcards};
pub use cloud_user::{CloudUser, GUEST_MARK, OnPremisesResidue, ProvisioningError};
pub use desired::{
    Acceptable, CloudKey, CloudPairKey, CloudSelector, Desired, ForestSpec, HolderDecision, Limits, Mapping, MappingForm, Notice,
    NoticeKind, OnPremKey, OnPremPairKey, OnPremSelector, OnPremSide, Policy, Protected, Resolve, Rule, Source,
    SuffixReplacement, WriteSide,
};
pub use dn::{DistinguishedName, DnError};
pub use entra_id::{EntraId, EntraIdError};
pub use fact::{AccountFacts, AccountState, FactName, FactValue, Facts, facts_as_object};
pub(crate) use guid::marked_bytes;
pub use guid::{GuidError, GuidInput, ObjectGuid};
pub use immutable_id::ImmutableId;
pub use known::Known;
pub use observed::{Domain, Observed, ObservedForest, ObservedTenant, OtherKind, OtherObject, RoleGrant, RoleState};
pub use sid::{Sid, SidError};
pub use texts::{Texts, TextsIter};

/// A name or another short text of a directory: up to 24 bytes need no memory of their own.
pub type Text = compact_str::CompactString;
