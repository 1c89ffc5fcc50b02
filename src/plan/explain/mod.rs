//! Why an AD user did not link: everything about one person of both directories, in plain words.
//!
//! [`explain`] works on a part of the directories as [`super::inquire`] does: it says what it looked up. The
//! [`Explanation`] is the same whether both were read whole or only asked.

mod account;
mod ad_user;
mod case;
mod cure;
mod find;
mod held;
mod values;
mod why;

use serde::{Deserialize, Serialize};

use crate::model::{CloudKey, Desired, EntraId, Observed, OnPremKey, ProvisioningError, Text};
use crate::tenant_model::UserRef;

use super::action::Action;
use super::assemble;
use super::body::{MappingState, PlanSource, PlanTenant};
use super::discover::{LeftOut, Proposal};
use super::finding::Finding;
use super::next_sync::NextSync;
use super::questions::Questions;
use super::world::{AdRef, World};
use super::{ProofFailure, next_sync};
use case::Case;
use find::Found;

/// Who is to be explained: a text, and what it names on either side by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// As it was written.
    pub text: Text,
    /// The AD user that it names.
    pub on_prem: Option<OnPremKey>,
    /// The cloud users that it names, to be tried in this order where no AD user answers.
    pub cloud: Vec<CloudKey>,
    /// Only AD users of this forest.
    pub forest: Option<Text>,
}

/// Why nobody is explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexplained {
    /// Nobody answers; what may have been meant, in sentences.
    Nobody(Vec<String>),
    /// Several answer: a line and a name that only it has, for each.
    Several(Vec<(String, String)>),
    /// The plan of the mapping failed its proof: a fault of hardmatch.
    Unproven(ProofFailure),
}

/// Everything about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Explanation {
    /// The cloud user that was asked for; null when an AD user was.
    pub account: Option<ExplainedAccount>,
    /// Which AD users have the values of that account.
    pub account_values: Vec<HeldValue>,
    /// The accounts that take part.
    pub accounts: Vec<ExplainedAccount>,
    /// The AD user; null when none could be told for the account.
    pub ad_user: Option<ExplainedAdUser>,
    /// Why it is linked, or why not, in sentences.
    pub answer: Vec<String>,
    /// The name that was asked for.
    pub asked: String,
    /// Accounts that may belong to the AD user where none is proposed.
    pub left_out: Option<LeftOut>,
    /// What the configuration says of the person.
    pub mappings: Vec<ExplainedMapping>,
    /// A mapping to write, where the configuration has none.
    pub proposal: Option<ExplainedProposal>,
    /// Where it stands.
    pub standing: Standing,
    /// The tenant.
    pub tenant: PlanTenant,
}

/// Where a person stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// The account has the anchor and waits for sync.
    Armed,
    /// The sync client leaves the AD user out.
    LeftOut,
    /// Synced under its anchor.
    Linked,
    /// Neither linked nor armed.
    NotLinked,
    /// No AD user could be told for the account.
    Unknown,
    /// The anchor is on another account than the name.
    WrongAccount,
}

impl Standing {
    /// For people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Armed => "armed, waits for sync",
            Self::LeftOut => "left out of sync",
            Self::Linked => "linked",
            Self::NotLinked => "not linked",
            Self::Unknown => "no AD user can be told for it",
            Self::WrongAccount => "its anchor is on the wrong account",
        }
    }
}

/// An AD user, with everything that sync makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainedAdUser {
    /// Its source anchor.
    pub anchor: ExplainedAnchor,
    /// distinguishedName.
    pub dn: String,
    /// Whether sign-in is allowed.
    pub enabled: Option<bool>,
    /// Why the sync client leaves it out, if it does.
    pub excluded: Option<String>,
    /// Its forest.
    pub forest: String,
    /// mail.
    pub mail: Option<String>,
    /// What the next sync does with it as things stand; null without an anchor.
    pub next_sync: Option<NextSync>,
    /// objectGUID.
    pub object_guid: String,
    /// objectSid.
    pub object_sid: Option<String>,
    /// What the next sync overwrites on the account that it takes over.
    pub overwrites: Vec<String>,
    /// sAMAccountName.
    pub sam: Option<String>,
    /// userPrincipalName.
    pub upn: Option<String>,
    /// Who in the tenant has its values.
    pub values: Vec<HeldValue>,
}

/// A source anchor, or why there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainedAnchor {
    /// The attribute that it comes from.
    pub attribute: String,
    /// The GUID behind it; null for texts.
    pub guid: Option<String>,
    /// As it has to stand in the cloud.
    pub immutable_id: Option<String>,
    /// Finds the AD user by it; null for binary values that are no GUID.
    pub ldap_filter: Option<String>,
    /// What the other attribute says where that differs, in words.
    pub other: Option<String>,
    /// Why there is no anchor.
    pub problem: Option<String>,
    /// Other AD users with the same one.
    pub shared_with: Vec<String>,
}

/// A value, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeldValue {
    /// Who has it.
    pub holders: Vec<Holder>,
    /// What it is.
    pub kind: ValueKind,
    /// What was not read and may hold it as well.
    pub not_read: Vec<String>,
    /// The value.
    pub value: String,
}

/// Somebody who has a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holder {
    /// Object id in the cloud, objectGUID in AD.
    pub id: String,
    /// The object in one line, and how it has the value where that is not plain.
    pub line: String,
}

/// Kinds of values that tell people apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ValueKind {
    /// A mail address that is not the primary one.
    Address,
    /// The source anchor, exactly.
    Anchor,
    /// The sign-in name as it would stand in the cloud.
    CloudSignInName,
    /// onPremisesObjectIdentifier or objectGUID.
    ObjectIdentifier,
    /// The source anchor in another spelling, case or byte order.
    OddAnchor,
    /// The ImmutableID of the other GUID attribute.
    OtherGuid,
    /// The primary mail address.
    PrimaryAddress,
    /// SID.
    Sid,
    /// The sign-in name.
    SignInName,
    /// msDS-ExternalDirectoryObjectId.
    WrittenBack,
}

impl ValueKind {
    /// For people.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Anchor => "ImmutableID",
            Self::CloudSignInName => "sign-in name in the cloud, as its domain is not verified",
            Self::ObjectIdentifier => "object identifier",
            Self::OddAnchor => "the same in another spelling, case or byte order",
            Self::OtherGuid => "ImmutableID of its other GUID",
            Self::PrimaryAddress => "primary address",
            Self::Sid => "SID",
            Self::SignInName => "sign-in name",
            Self::WrittenBack => "account that Exchange hybrid wrote into AD",
        }
    }
}

/// An account that takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainedAccount {
    /// When it was deleted; empty when the file gave no time, null for live ones.
    pub deleted_date_time: Option<String>,
    /// Object id.
    pub id: String,
    /// onPremisesImmutableId.
    pub immutable_id: Option<String>,
    /// What that is, in words.
    pub immutable_id_is: Option<String>,
    /// Names of properties that were not read.
    pub not_read: Vec<String>,
    /// onPremisesObjectIdentifier.
    pub object_identifier: Option<String>,
    /// Names and addresses that Entra withholds.
    pub provisioning_errors: Vec<ProvisioningError>,
    /// Its roles, each with how it is held.
    pub roles: Vec<String>,
    /// onPremisesSecurityIdentifier.
    pub sid: Option<String>,
    /// Whether it is synced and since when, in words.
    pub sync: String,
    /// Sign-in name.
    pub upn: String,
}

/// A mapping of the configuration that names the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainedMapping {
    /// The writes of a plan of it.
    pub actions: Vec<Action>,
    /// What a plan finds about it.
    pub findings: Vec<Finding>,
    /// Its name.
    pub id: String,
    /// What sync does with its AD user once the plan is carried out.
    pub next_sync: Option<NextSync>,
    /// Where it was written.
    pub source: PlanSource,
    /// Where it stands.
    pub state: MappingState,
    /// The account that it wants for the AD user; where it is about another AD user, nothing.
    #[serde(skip)]
    pub(super) wants: Option<EntraId>,
}

/// A mapping to write, and what a plan of just this one does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainedProposal {
    /// The writes.
    pub actions: Vec<Action>,
    /// What the plan finds.
    pub findings: Vec<Finding>,
    /// The mapping.
    pub mapping: Proposal,
    /// What sync does with the AD user once the plan is carried out.
    pub next_sync: Option<NextSync>,
}

/// Explains somebody on what is known, and says what it looked up.
///
/// `answered` are the questions whose answers `observed` holds. Where one of the returned questions is not among them,
/// the explanation means nothing.
pub fn explain(
    desired: &Desired,
    observed: Observed,
    wanted: &Wanted,
    answered: &Questions,
) -> (Result<Box<Explanation>, Unexplained>, Questions) {
    let (world, recorder) = super::questions::recorded(observed, answered);
    let explained = find::find(wanted, &world).and_then(|found| told(&found, wanted, desired, &world).map(Box::new));
    (explained, recorder.questions())
}

fn told(found: &Found, wanted: &Wanted, desired: &Desired, world: &World) -> Result<Explanation, Unexplained> {
    let (asked, values, ad) = match *found {
        Found::AdUser(ad) => (None, Vec::new(), Some(ad)),
        Found::Account(user) => {
            let (values, ad) = values::of_account(user, world);
            (Some(user), values, ad)
        }
    };
    let mut explanation = Explanation {
        account: asked.and_then(|user| account::explained(user, ad, world)),
        account_values: values,
        accounts: Vec::new(),
        ad_user: None,
        answer: Vec::new(),
        asked: wanted.text.to_string(),
        left_out: None,
        mappings: Vec::new(),
        proposal: None,
        standing: Standing::Unknown,
        tenant: assemble::tenant(world),
    };
    match ad {
        Some(ad) => add_ad_user(&mut explanation, ad, asked, world),
        None => explanation.answer = why::nobody_in_ad(&explanation.account_values, world),
    }
    cure::add(&mut explanation, ad, asked, desired, world).map_err(Unexplained::Unproven)?;
    Ok(explanation)
}

fn add_ad_user(explanation: &mut Explanation, ad: AdRef, asked: Option<UserRef>, world: &World) {
    let Some(case) = Case::of(ad, asked, world) else { return };
    let (values, mut holders) = held::in_tenant(&case, world);
    (explanation.standing, explanation.answer) = why::answer(&case, world);
    explanation.ad_user = Some(ExplainedAdUser {
        next_sync: next_sync::of_user(ad, None, world),
        overwrites: case.overwrites(world),
        values,
        ..ad_user::explained(&case, world)
    });
    holders.extend(case.outcome.as_ref().and_then(|outcome| outcome.account()));
    holders.retain(|user| Some(*user) != asked);
    let mut accounts: Vec<_> = holders.into_iter().filter_map(|user| account::explained(user, Some(ad), world)).collect();
    accounts.sort_unstable_by(|left, right| left.id.cmp(&right.id));
    explanation.accounts = accounts;
}
