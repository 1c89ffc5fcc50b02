//! Checks of the plan as a whole: empty sources, and what was not read.

use crate::model::digits::size;
use crate::model::text::{counted, number};
use crate::model::{CloudUser, Known, ObservedForest};
use crate::tenant_model::BLOCKS_HARD_MATCH;

use super::EarlierRun;
use super::action::{Action, ActionKind};
use super::body::MappingState;
use super::finding::{Code, Finding};
use super::world::World;

/// What a plan says of a tenant that syncs nobody.
pub(crate) const SYNC_IS_OFF: &str = "directory synchronisation is switched off for the tenant";

/// Whether a plan with these findings says that a switch keeps sync from everybody: one of [`SYNC_IS_OFF`] and
/// [`BLOCKS_HARD_MATCH`].
pub(crate) fn says_blocked_by(findings: &[Finding], switch: &str) -> bool {
    let mut general = findings.iter().filter(|finding| finding.mapping.is_none() && finding.code == Code::HardMatchBlocked);
    general.any(|finding| finding.message.contains(switch))
}

/// Directories smaller than this have no percentage limit.
pub(super) const PERCENT_COUNTS_FROM: u64 = 50;

/// A directory without a single user is more likely a failed export than the truth.
pub(super) fn empty_sources(world: &World) -> Vec<Finding> {
    let empty = |what: String| {
        Finding::general(Code::SourceEmpty, format!("{what} has no user at all"))
            .hint("Look at the export: a filter, a missing right or an interrupted run is more likely than an empty directory.")
    };
    let forests = world.forests.all().iter().filter(|forest| forest.size() == 0);
    let mut findings: Vec<Finding> = forests.map(|forest| empty(format!("forest `{}`", forest.name))).collect();
    // In the middle of a recipe everybody may lie in the recycle bin; an export that went wrong has nobody there either.
    let tenant = world.tenant.observed();
    if tenant.live_count() == 0 && !tenant.users.iter().any(CloudUser::is_deleted) {
        findings.push(empty("the tenant".to_owned()));
    }
    findings
}

/// A directory that lost many users since the last run is more likely half an export than the truth.
pub(super) fn shrunk_sources(earlier: &[EarlierRun], limit: u64, world: &World) -> Vec<Finding> {
    let tenant = world.tenant.observed();
    let ours = earlier.iter().filter(|run| run.tenant.id.as_deref() == tenant.id.as_deref());
    let Some(last) = ours.max_by(|one, other| one.at.cmp(&other.at)) else { return Vec::new() };
    let told = sizes(last, world).into_iter().filter(|size| size.lost_more_than(limit)).map(|size| {
        let Size { what, before, now } = &size;
        let message = format!(
            "{what} has {}; at the last run ({}) it had {}: {} % are missing, more than the limit of {limit} %",
            counted(*now, "user"),
            last.at,
            number(*before),
            size.lost_percent(limit)
        );
        Finding::general(Code::SourceEmpty, message).hint(
            "Look at the export: a filter, a missing right or an interrupted run is more likely than so many users gone. If it is true, \
             raise `policy.limits.shrink` in a review of its own.",
        )
    });
    told.collect()
}

/// How many users a directory had and has.
struct Size {
    what: String,
    before: u64,
    now: u64,
}

impl Size {
    /// Nobody at all is told by another finding.
    fn lost_more_than(&self, percent: u64) -> bool {
        let lost = self.before.saturating_sub(self.now).saturating_mul(100);
        self.now > 0 && self.before >= PERCENT_COUNTS_FROM && lost > percent.saturating_mul(self.before)
    }

    /// Whole, unless it would seem to be no more than the limit then.
    fn lost_percent(&self, limit: u64) -> String {
        let before = self.before.max(1);
        let lost = self.before.saturating_sub(self.now).saturating_mul(100);
        let (whole, mut rest) = (lost / before, lost % before);
        if whole != limit || rest == 0 {
            return whole.to_string();
        }
        let mut decimals = String::new();
        while decimals.bytes().all(|digit| digit == b'0') {
            rest = rest.saturating_mul(10);
            decimals.push_str(&(rest / before).to_string());
            rest %= before;
        }
        format!("{whole}.{decimals}")
    }
}

fn sizes(last: &EarlierRun, world: &World) -> Vec<Size> {
    // Whom sync or a plan deleted since then lies in the recycle bin, and is no user that an export lacks.
    let observed = world.tenant.observed();
    let deleted =
        size(observed.users.iter().filter(|user| user.traits.deleted_at.as_deref().is_some_and(|at| at >= &*last.at)).count());
    // Neither is whom the plan purged.
    let deleted = deleted.saturating_add(last.purged);
    let what =
        if deleted == 0 { String::from("the tenant") } else { format!("the tenant, with {} deleted since,", number(deleted)) };
    let tenant = Size { what, before: last.tenant.users, now: observed.live_count().saturating_add(deleted) };
    let forest = |forest: &ObservedForest| {
        let before = last.forests.iter().find(|before| before.name == *forest.name)?.users;
        Some(Size { what: format!("forest `{}`", forest.name), before, now: forest.size() })
    };
    std::iter::once(tenant).chain(world.forests.all().iter().filter_map(forest)).collect()
}

/// What lets every link come to nothing that is made by this plan or was made before: a flag of the tenant, or sync that is
/// switched off.
pub(super) fn blocked_takeover(actions: &[Action], states: &[MappingState], world: &World) -> Vec<Finding> {
    let links = |action: &Action| matches!(action.kind, ActionKind::SetImmutableId | ActionKind::StampConsistencyGuid);
    let values = match actions.iter().any(links) {
        true => "values will be set",
        false if states.contains(&MappingState::Armed) => "values are set",
        false => return Vec::new(),
    };
    let observed = world.tenant.observed();
    let warn = |message: String, hint| Finding::general(Code::HardMatchBlocked, message).hint(hint);
    let mut findings = Vec::new();
    if observed.features.as_ref().is_some_and(|features| features.get(BLOCKS_HARD_MATCH) == Some(&true)) {
        findings.push(warn(
            format!("the tenant has {BLOCKS_HARD_MATCH} on: {values}, but sync will not take over"),
            "Switch the flag off for the time of the match and on again afterwards; hardmatch does not touch it.",
        ));
    }
    if observed.sync_enabled == Known::Is(false) {
        findings.push(warn(
            format!("{SYNC_IS_OFF}: {values}, but nothing takes over"),
            "The accounts are taken over by whatever forest is synced once it is switched on.",
        ));
    }
    findings
}
