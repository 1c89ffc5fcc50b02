//! The plan as a value: what the file holds, what people review, what `apply` carries out.
//!
//! Fields are declared in the order of their names, so that the compact JSON of a [`Body`] is canonical as it comes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::action::{Action, ActionId};
use crate::model::{AdUser, CloudUser, EntraId, ObjectGuid, Sid, Text};

use super::finding::Finding;
use super::next_sync::NextSync;

/// What a plan says; the digest is taken over this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Body {
    /// The writes, in an order in which they can be carried out.
    pub actions: Vec<Action>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// The forests.
    pub forests: Vec<PlanForest>,
    /// What the plan was made from.
    pub inputs: Inputs,
    /// Of a way back: the actions of the run that cannot be undone as things stand, and may be later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<ActionId>,
    /// Every mapping, once.
    pub mappings: Vec<PlannedMapping>,
    /// What running the plan on the tenant model showed.
    pub proof: Proof,
    /// The run that this plan undoes, when `rollback` made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<String>,
    /// Whether the plan can be applied.
    pub status: Status,
    /// Counts.
    pub summary: Summary,
    /// The tenant.
    pub tenant: PlanTenant,
}

/// Whether a plan can be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Something stands in the way; `apply` refuses.
    Blocked,
    /// Nothing is to be done.
    Empty,
    /// Blocked mappings were left out on purpose.
    Partial,
    /// Everything can be done.
    Ready,
}

impl Status {
    /// The word of the plan file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Empty => "empty",
            Self::Partial => "partial",
            Self::Ready => "ready",
        }
    }
}

/// Where a mapping stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MappingState {
    /// The ID is right; sync has not taken over yet.
    Armed,
    /// Something stands in the way.
    Blocked,
    /// `onPrem: none`, and nothing of AD is left on the account.
    Detached,
    /// Synced under the wanted ID, and of the cloud SID and object identifier what is known is this AD user's; one is enough.
    Linked,
    /// Writes are due.
    Planned,
}

impl MappingState {
    /// All states, in the order of their names.
    pub const ALL: [Self; 5] = [Self::Armed, Self::Blocked, Self::Detached, Self::Linked, Self::Planned];

    /// The word of the plan file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Armed => "armed",
            Self::Blocked => "blocked",
            Self::Detached => "detached",
            Self::Linked => "linked",
            Self::Planned => "planned",
        }
    }
}

/// A mapping as it was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedMapping {
    /// The ImmutableID that is wanted; null to have none.
    #[schemars(with = "Option<String>")]
    pub anchor: Option<Text>,
    /// Where the anchor comes from: consistencyGuid, objectGuid, attribute, given or cloud.
    pub anchor_from: Option<Cow<'static, str>>,
    /// The cloud user; null when it was not found.
    pub cloud: Option<PlanCloudUser>,
    /// Names the mapping in findings, actions and `--only`.
    #[schemars(with = "String")]
    pub id: Text,
    /// What the next sync cycle does with the AD user once the plan is carried out; absent without an AD user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<Box<NextSync>>,
    /// The AD user; null when it was not found, or nobody is wanted.
    pub on_prem: Option<PlanAdUser>,
    /// Where it was written.
    pub source: PlanSource,
    /// Where it stands.
    pub state: MappingState,
}

/// A line of an input file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanSource {
    /// The file.
    #[schemars(with = "String")]
    pub file: Text,
    /// The line, from 1.
    pub line: u32,
}

/// The cloud side of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanCloudUser {
    /// Object id.
    #[schemars(with = "String")]
    pub id: EntraId,
    /// Sign-in name.
    #[schemars(with = "String")]
    pub upn: Text,
}

impl PlanCloudUser {
    /// The account, with its name before deletion.
    pub(super) fn of(account: &CloudUser) -> Self {
        Self { id: account.id, upn: account.original_upn().into() }
    }
}

/// The on-premises side of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanAdUser {
    /// Distinguished name; null when no forest was read.
    #[schemars(with = "Option<String>")]
    pub dn: Option<Arc<str>>,
    /// The forest; null when none was read.
    #[schemars(with = "Option<String>")]
    pub forest: Option<Text>,
    /// objectGUID; null when only an ImmutableID was given.
    #[schemars(with = "Option<String>")]
    pub object_guid: Option<ObjectGuid>,
    /// objectSid, when it was read.
    #[schemars(with = "Option<String>")]
    pub object_sid: Option<Sid>,
    /// sAMAccountName.
    #[schemars(with = "Option<String>")]
    pub sam: Option<Text>,
}

impl PlanAdUser {
    /// A user of a forest.
    pub(super) fn of(user: &AdUser, forest: &Text) -> Self {
        Self {
            dn: Some(Arc::clone(user.dn.text())),
            forest: Some(forest.clone()),
            object_guid: Some(user.guid),
            object_sid: user.sid.clone(),
            sam: user.sam.clone(),
        }
    }
}

/// A forest that the plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanForest {
    /// Where its anchors come from: consistencyGuid, objectGuid or attribute:NAME.
    pub anchor: String,
    /// The domain's SID, when it is known.
    pub domain_sid: Option<String>,
    /// Its name.
    pub name: String,
    /// How many users were read.
    pub users: u64,
}

/// The tenant that the plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanTenant {
    /// Users in the recycle bin, as far as it was read.
    pub deleted_users: u64,
    /// Tenant id; null when the export does not say.
    pub id: Option<String>,
    /// The `….onmicrosoft.com` domain.
    pub initial_domain: Option<String>,
    /// Live users that were read.
    pub users: u64,
}

impl PlanTenant {
    /// Whether both say which tenant they are, and it is not the same one.
    #[must_use]
    pub fn is_another_than(&self, other: &Self) -> bool {
        let differs = |own: &Option<String>, others: &Option<String>| Some(!own.as_ref()?.eq_ignore_ascii_case(others.as_ref()?));
        differs(&self.id, &other.id).or_else(|| differs(&self.initial_domain, &other.initial_domain)).unwrap_or(false)
    }
}

/// What the plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// SHA-256 over the YAML, without how the directories are reached, and its mapping files.
    pub config: String,
    /// SHA-256 over the policy.
    pub policy: String,
}

/// What running the plan on the tenant model showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proof {
    /// Groups of mappings that depend on one another.
    pub groups: u64,
    /// Interruptions that were tried: planning again from there reached the same end.
    pub interruptions: u64,
    /// Mappings that were planned again on the end state and gave no action.
    pub replanned: u64,
    /// Writes that the model took.
    pub steps: u64,
}

impl Proof {
    /// Both proofs together.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            groups: self.groups + other.groups,
            interruptions: self.interruptions + other.interruptions,
            replanned: self.replanned + other.replanned,
            steps: self.steps + other.steps,
        }
    }
}

/// Counts that add up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Summary {
    /// Actions by kind; every kind is named.
    pub actions: BTreeMap<String, u64>,
    /// Findings by severity; every severity is named.
    pub findings: BTreeMap<String, u64>,
    /// Mappings by state; every state is named.
    pub mappings: BTreeMap<String, u64>,
}
