//! How much a plan may change: the limits of the policy.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::digits::size;
use crate::model::text::{counted, number};
use crate::model::{AccountState, EntraId, FactName, FactValue, Facts, Limits};

use super::action::{Action, ActionKind};
use super::finding::{Code, Finding};
use super::guard::PERCENT_COUNTS_FROM;

/// What else helps where a plan is too large.
pub(super) const IN_WAVES: &str = "or plan in waves with `--only`.";

/// The live accounts of a tenant, and those in its recycle bin that a plan changes. The rest of the bin counts on neither
/// side, so that a full one does not make a large plan look small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accounts {
    pub(crate) live: u64,
    pub(crate) in_bin: u64,
}

impl Accounts {
    /// As they are before a plan: the first action on an account tells where it is.
    pub(super) fn before(actions: &[Action], live: u64) -> Self {
        let mut in_bin: BTreeMap<EntraId, bool> = BTreeMap::new();
        for (account, action) in actions.iter().filter_map(|action| Some((action.target.entra_id()?, action))) {
            in_bin.entry(account).or_insert_with(|| is_in_bin(&action.before));
        }
        Self { live, in_bin: size(in_bin.into_values().filter(|in_bin| *in_bin).count()) }
    }

    fn all(&self) -> u64 {
        self.live.saturating_add(self.in_bin)
    }
}

fn is_in_bin(facts: &Facts) -> bool {
    facts.get(&FactName::State) == Some(&FactValue::text(AccountState::Deleted.word()))
}

/// Whether an account is in the recycle bin after an action.
pub(crate) fn leaves_in_bin(action: &Action) -> bool {
    is_in_bin(if action.after.contains_key(&FactName::State) { &action.after } else { &action.before })
}

/// How much of a tenant a plan changes. Whom an AD user is stamped for counts, too: sync is to take that account over.
struct Share {
    changed: u64,
    /// AD users among what is changed.
    stamped: u64,
    of: Accounts,
}

impl Share {
    fn of(actions: &[Action], of: Accounts) -> Self {
        let stamped = targets(actions, Some(ActionKind::StampConsistencyGuid));
        Self { changed: targets(actions, None), stamped, of }
    }

    fn is_more_than(&self, percent: u64) -> bool {
        self.of.live >= PERCENT_COUNTS_FROM && self.changed.saturating_mul(100) > percent.saturating_mul(self.of.all())
    }

    /// `the plan changes 60 of 110 accounts of the tenant (50 live, 60 in the recycle bin that it changes)`
    fn message(&self) -> String {
        let (changed, all) = (number(self.changed), counted(self.of.all(), "account"));
        let live = number(self.of.live);
        let in_bin = Some(self.of.in_bin).filter(|in_bin| *in_bin > 0);
        let in_bin = in_bin.map(|in_bin| format!("{live} live, {} in the recycle bin that it changes", number(in_bin)));
        let notes: Vec<String> = in_bin.into_iter().chain(by_stamps(self.stamped)).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
        format!("the plan changes {changed} of {all} of the tenant{notes}")
    }
}

/// An AD user that is stamped counts as the account that sync is to take over by it.
fn by_stamps(stamped: u64) -> Option<String> {
    (stamped > 0).then(|| format!("{} by stamping AD users", number(stamped)))
}

/// How many objects these actions write, of one kind or of all.
fn targets(actions: &[Action], kind: Option<ActionKind>) -> u64 {
    let wanted = actions.iter().filter(|action| kind.is_none_or(|kind| action.kind == kind));
    size(wanted.map(|action| (&action.target.directory, &action.target.id)).collect::<BTreeSet<_>>().len())
}

/// Whether the plan does more than the policy allows. `otherwise` is what can be done beside raising a limit.
pub(crate) fn exceeded(actions: &[Action], limits: &Limits, accounts: Accounts, otherwise: &str) -> Vec<Finding> {
    let share = Share::of(actions, accounts);
    let (changed, purged) = (share.changed, targets(actions, Some(ActionKind::Purge)));
    let mut findings = Vec::new();
    let mut exceed = |message: String, key: &str| {
        let hint = format!("If that is meant, raise `policy.limits.{key}` in a review of its own, {otherwise}");
        findings.push(Finding::general(Code::LimitExceeded, message).hint(hint));
    };
    if changed > limits.changes {
        let stamped = by_stamps(share.stamped).map(|note| format!(" ({note})")).unwrap_or_default();
        let message =
            format!("the plan changes {}{stamped}; the limit is {}", counted(changed, "account"), number(limits.changes));
        exceed(message, "changes");
    }
    if share.is_more_than(limits.percent) {
        exceed(format!("{}, more than the limit of {} %", share.message(), limits.percent), "percent");
    }
    if purged > limits.purges {
        exceed(format!("the plan purges {}; the limit is {}", counted(purged, "account"), number(limits.purges)), "purges");
    }
    findings
}
