//! What the next sync cycle does with the AD user of a mapping, as the plan file says it.
//!
//! The answer is that of the tenant model's sync cycle on the end state of the plan; here it is only put into words.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::tenant_model::{Incoming, SyncOutcome, SyncRefusal, UserRef};

use super::body::PlanCloudUser;
use super::describe::cloud_user_line;
use super::link::Link;
use super::world::World;

/// What sync will do, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NextSync {
    /// The account that the AD user ends at; null when it is refused or left out. A new account has no id yet.
    pub account: Option<PlanCloudUser>,
    /// The error code of a refusal.
    pub code: Option<String>,
    /// Who else takes part: accounts that a new one stands beside and why they were passed over, or whose turn in the
    /// same cycle may come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What happens.
    pub outcome: Outcome,
    /// The rule, in words.
    pub rule: String,
    /// Since when Entra applies the rule; null when it always did.
    pub since: Option<String>,
}

/// The ways in which a sync cycle ends for one AD user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Linked before: only attributes are updated.
    AlreadyLinked,
    /// A new account appears.
    Create,
    /// The account with its anchor is taken over.
    HardMatch,
    /// The sync client leaves the AD user out.
    LeftOut,
    /// Entra refuses.
    Refused,
    /// An account with its address or sign-in name is taken over.
    SoftMatch,
}

impl Outcome {
    /// All of them, in the order in which people read them: what goes wrong first.
    pub const ALL: [Self; 6] =
        [Self::Create, Self::Refused, Self::SoftMatch, Self::LeftOut, Self::HardMatch, Self::AlreadyLinked];

    /// For people.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::AlreadyLinked => "already linked",
            Self::Create => "new account",
            Self::HardMatch => "hard match",
            Self::LeftOut => "left out of sync",
            Self::Refused => "refused",
            Self::SoftMatch => "soft match",
        }
    }
}

/// Says of every mapping what sync will do; `end` is the state that the plan leads to.
pub(super) fn foretell(links: &mut [Link<'_>], end: &World) {
    let outcomes: Vec<Option<SyncOutcome>> = links.iter().map(|link| ask(link, end)).collect();
    let written: BTreeSet<UserRef> = outcomes.iter().flatten().filter_map(written).collect();
    for (link, outcome) in links.iter_mut().zip(&outcomes) {
        link.next_sync = outcome.as_ref().map(|outcome| {
            let mut next = told(outcome, end);
            next.notes.extend(released(outcome, &written, end));
            next
        });
    }
}

/// Asks the model.
fn ask(link: &Link<'_>, end: &World) -> Option<SyncOutcome> {
    let ad = link.ad?;
    let (_, user) = end.forests.get(ad)?;
    let anchor = end.forests.anchor(ad)?.ok()?;
    Some(end.tenant.forecast(Incoming { user, anchor: &anchor }))
}

/// The account that an outcome overwrites with the values of its AD user.
fn written(outcome: &SyncOutcome) -> Option<UserRef> {
    match outcome {
        SyncOutcome::AlreadyLinked(user) | SyncOutcome::HardMatch { user, .. } | SyncOutcome::SoftMatch { user, .. } => {
            Some(*user)
        }
        SyncOutcome::Create { .. } | SyncOutcome::LeftOut(_) | SyncOutcome::Refused(_) => None,
    }
}

/// The account that stands in the way gets the values of its own AD user in the same cycle, before or after this one.
fn released(outcome: &SyncOutcome, written: &BTreeSet<UserRef>, end: &World) -> Option<String> {
    let SyncOutcome::Refused(refusal) = outcome else { return None };
    let holder = end.tenant.by_id(&refusal.user?).filter(|holder| written.contains(holder))?;
    let name = end.tenant.user(holder).map(cloud_user_line)?;
    Some(format!("{name} is synced in the same cycle: when that comes first, or else in the cycle after, this goes through"))
}

fn told(outcome: &SyncOutcome, end: &World) -> NextSync {
    let to = |user: &UserRef| account(*user, end);
    match outcome {
        SyncOutcome::AlreadyLinked(user) => said(Outcome::AlreadyLinked, to(user), outcome.rule()),
        SyncOutcome::HardMatch { user, .. } => said(Outcome::HardMatch, to(user), outcome.rule()),
        SyncOutcome::SoftMatch { user, .. } => said(Outcome::SoftMatch, to(user), outcome.rule()),
        SyncOutcome::LeftOut(_) => said(Outcome::LeftOut, None, outcome.rule()),
        SyncOutcome::Refused(refusal) => NextSync { code: Some(refusal.code.into()), ..refused(refusal) },
        SyncOutcome::Create { upn, placeholder, conflicts, passed_over } => {
            let account = PlanCloudUser { id: String::new(), upn: shown_name(upn, *placeholder) };
            let mut beside: Vec<String> = passed_over.iter().map(|refusal| passed(refusal, end)).collect();
            let told = |id| passed_over.iter().any(|refusal| refusal.user == Some(id));
            let others = conflicts.iter().filter(|id| !told(**id));
            beside
                .extend(others.map(|id| format!("beside {}, which has its sign-in name or an address of it", object(*id, end))));
            NextSync { notes: beside, ..said(Outcome::Create, Some(account), outcome.rule()) }
        }
    }
}

/// Entra draws four digits for a placeholder name; nobody knows them before.
fn shown_name(upn: &str, placeholder: bool) -> String {
    match upn.rsplit_once('@') {
        Some((local, domain)) if placeholder => {
            let digits = local.chars().rev().take_while(char::is_ascii_digit).take(4).count();
            format!("{}NNNN@{domain}", local.get(..local.len() - digits).unwrap_or(local))
        }
        Some(_) | None => upn.to_owned(),
    }
}

fn said(outcome: Outcome, account: Option<PlanCloudUser>, rule: &str) -> NextSync {
    NextSync { account, code: None, notes: Vec::new(), outcome, rule: rule.to_owned(), since: None }
}

fn refused(refusal: &SyncRefusal) -> NextSync {
    let since = (!refusal.since.is_empty()).then(|| refusal.since.to_owned());
    NextSync { since, ..said(Outcome::Refused, None, refusal.rule) }
}

fn passed(refusal: &SyncRefusal, end: &World) -> String {
    let who = refusal.user.map(|id| object(id, end)).unwrap_or_default();
    format!("beside {who}: {}: {}", refusal.code, refusal.rule)
}

fn account(user: UserRef, end: &World) -> Option<PlanCloudUser> {
    let user = end.tenant.user(user)?;
    Some(PlanCloudUser { id: user.id.to_string(), upn: user.original_upn().to_owned() })
}

/// A user, or whatever else has this id.
fn object(id: crate::model::EntraId, end: &World) -> String {
    let user = end.tenant.by_id(&id).and_then(|user| end.tenant.user(user));
    let other = || end.tenant.observed().others.iter().find(|other| other.id == id);
    match user {
        Some(user) => cloud_user_line(user),
        None => other().map_or_else(
            || id.to_string(),
            |other| format!("{} {} (id {id})", other.kind.word(), other.display_name.as_deref().unwrap_or("without a name")),
        ),
    }
}
