//! What the next sync cycle does with the AD user of a mapping, as the plan file says it.
//!
//! The answer is that of the tenant model's sync cycle on the end state of the plan; here it is only put into words.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use crate::model::{CloudUser, EntraId, Text};
use crate::tenant_model::{Incoming, SyncOutcome, SyncRefusal, UserRef, mail_addresses};

use super::describe::{cloud_user_line, other_line, refusal_line};
use super::link::Link;
use super::listed::{EXAMPLES, Listed};
use super::world::{AdRef, World};

/// What sync will do, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NextSync {
    /// The account that the AD user ends at; null when it is refused or left out.
    pub account: Option<NextAccount>,
    /// The error code of a refusal.
    #[schemars(with = "Option<String>")]
    pub code: Option<Box<Text>>,
    /// Who else takes part: accounts that a new one stands beside and why they were passed over, or whose turn in the
    /// same cycle may come first.
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub notes: ThinVec<String>,
    /// What happens.
    pub outcome: Outcome,
    /// The rule, in words.
    pub rule: Cow<'static, str>,
    /// Since when Entra applies the rule; null when it always did.
    #[schemars(with = "Option<String>")]
    pub since: Option<Box<Text>>,
}

/// Where an AD user ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NextAccount {
    /// Object id; null for an account that does not exist yet.
    #[schemars(with = "Option<String>")]
    pub id: Option<EntraId>,
    /// Sign-in name.
    #[schemars(with = "String")]
    pub upn: Text,
}

impl NextAccount {
    fn of(account: &CloudUser) -> Self {
        Self { id: Some(account.id), upn: account.original_upn().into() }
    }
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

/// What sync will do with the AD user of a mapping; `end` is the state that the plan leads to.
pub(super) fn of_link(link: &Link<'_>, end: &World) -> Option<NextSync> {
    of_user(link.ad?, link.target, end)
}

/// What sync does with an AD user that `target` is meant for.
pub(super) fn of_user(user: AdRef, target: Option<UserRef>, end: &World) -> Option<NextSync> {
    let outcome = ask(user, end)?;
    let mut next = told(&outcome, end);
    next.notes.extend(sid_comes_free(&outcome, user, target, end).or_else(|| other_account(&outcome, target, end)));
    Some(next)
}

/// Asks the model.
pub(super) fn ask(ad: AdRef, end: &World) -> Option<SyncOutcome> {
    let (_, user) = end.forests.get(ad)?;
    let anchor = end.forests.anchor(ad)?.ok()?;
    Some(end.tenant.forecast(Incoming { user, anchor: &anchor }))
}

/// The account that has the SID of this AD user gets that of its own in the same cycle, before or after this one.
fn sid_comes_free(outcome: &SyncOutcome, user: AdRef, target: Option<UserRef>, end: &World) -> Option<String> {
    let SyncOutcome::Refused(refusal) = outcome else { return None };
    let holder = end.tenant.by_id(&refusal.user?)?;
    let account = end.tenant.user(holder)?;
    let sid = end.forests.user(user)?.sid.as_ref()?;
    let is_in_the_way = account.sid.value() == Some(sid) && target != Some(holder);
    (is_in_the_way && is_synced_by_somebody(holder, account, end)).then(|| {
        let name = cloud_user_line(account);
        format!("{name} gets the SID of its own AD user in the same cycle: if that comes first, or else in the next cycle, this refusal is gone")
    })
}

/// Whom a refusal is about, where that is not the account of the mapping.
fn other_account(outcome: &SyncOutcome, target: Option<UserRef>, end: &World) -> Option<String> {
    let SyncOutcome::Refused(SyncRefusal { user: Some(id), .. }) = outcome else { return None };
    let target = target.and_then(|target| end.tenant.user(target)).map(|account| account.id);
    (target != Some(*id)).then(|| format!("it is about {}", object(*id, end)))
}

/// Whether an AD user, mapped or not, ends at this account.
fn is_synced_by_somebody(holder: UserRef, account: &CloudUser, end: &World) -> bool {
    let by_anchor = account.immutable_id.iter().flat_map(|id| end.forests.by_anchor(id, None));
    let by_name = end.forests.by_upn(account.original_upn(), None);
    let by_address = mail_addresses(account).flat_map(|address| end.forests.by_address(address, None));
    let ends_here = |user: AdRef| ask(user, end).is_some_and(|outcome| outcome.account() == Some(holder));
    // Of many who share a value hardly anybody ends here; the first are enough.
    by_anchor.chain(by_name).chain(by_address).take(EXAMPLES).any(ends_here)
}

fn told(outcome: &SyncOutcome, end: &World) -> NextSync {
    let kind = match outcome {
        SyncOutcome::AlreadyLinked(_) => Outcome::AlreadyLinked,
        SyncOutcome::HardMatch { .. } => Outcome::HardMatch,
        SyncOutcome::SoftMatch { .. } => Outcome::SoftMatch,
        SyncOutcome::LeftOut(_) => Outcome::LeftOut,
        SyncOutcome::Refused(_) => Outcome::Refused,
        SyncOutcome::Create { .. } => Outcome::Create,
    };
    let account = outcome.account().and_then(|user| end.tenant.user(user)).map(NextAccount::of);
    let rule = outcome.rule().into();
    let next = NextSync { account, code: None, notes: ThinVec::new(), outcome: kind, rule, since: None };
    match outcome {
        SyncOutcome::Create { upn, placeholder, conflicts, passed_over } => NextSync {
            account: Some(NextAccount { id: None, upn: shown_name(upn, *placeholder).into() }),
            notes: beside(conflicts, passed_over, end),
            ..next
        },
        SyncOutcome::Refused(refusal) => {
            let since = refusal.rule.since().map(|since| Box::new(since.into()));
            NextSync { code: Some(Box::new(refusal.rule.code().into())), since, ..next }
        }
        SyncOutcome::AlreadyLinked(_)
        | SyncOutcome::HardMatch { .. }
        | SyncOutcome::SoftMatch { .. }
        | SyncOutcome::LeftOut(_) => next,
    }
}

/// Who has the name or an address of a new account, and why nobody of them was taken over.
fn beside(conflicts: &[EntraId], passed_over: &[SyncRefusal], end: &World) -> ThinVec<String> {
    let passed = passed_over
        .iter()
        .filter_map(|refusal| Some(format!("beside {}: {}", object(refusal.user?, end), refusal_line(refusal))));
    let told: BTreeSet<EntraId> = passed_over.iter().filter_map(|refusal| refusal.user).collect();
    let others: Vec<EntraId> = conflicts.iter().copied().filter(|id| !told.contains(id)).collect();
    let total = passed_over.iter().filter(|refusal| refusal.user.is_some()).count() + others.len();
    let others = others.iter().map(|id| format!("beside {}, which has its sign-in name or an address of it", object(*id, end)));
    Listed::of(total, passed.chain(others)).into_lines().into()
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

/// A user, or whatever else has this id.
pub(super) fn object(id: EntraId, end: &World) -> String {
    let user = end.tenant.by_id(&id).and_then(|user| end.tenant.user(user)).map(cloud_user_line);
    let other = || end.tenant.observed().others.iter().find(|other| other.id == id).map(other_line);
    user.or_else(other).unwrap_or_else(|| id.to_string())
}
