//! Runs what a preflight left to do: independent actions side by side, dependent ones in order.

mod look;
mod report;
mod saving;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use crate::model::EntraId;
use crate::plan::action::{Action, ActionId};

use super::chain::key;
use super::facts::TargetFacts;
use super::handover::Handovers;
use super::journal::Journal;
use super::source::Sources;
use super::{Clock, Directories};

pub use report::{Event, ExitKind, Failure, FailureKind, Observer, Options, RunReport, Skipped, StoppedBy};
pub(super) use step::TURNS_UP;
use step::{Step, StepEnd};

/// What every action of a run shares.
pub(super) struct Run<'a> {
    pub(super) directories: &'a Directories,
    pub(super) journal: &'a Journal,
    pub(super) clock: &'a Clock,
    pub(super) observer: &'a dyn Observer,
    pub(super) cancel: &'a CancellationToken,
    pub(super) options: &'a Options,
    /// The accounts that stamps hand over.
    pub(super) handovers: Handovers<'a>,
    /// The AD users for whom accounts are written.
    pub(super) sources: Sources<'a>,
    /// Accounts of which there is a copy as they stand now.
    pub(super) backups: Mutex<BTreeSet<EntraId>>,
    /// Accounts that are in the recycle bin by this plan, and since when.
    pub(super) deletions: Mutex<BTreeMap<EntraId, String>>,
    /// Accounts on which this plan has done something, so that a value of theirs may be about to become free.
    pub(super) touched: Mutex<BTreeSet<EntraId>>,
}

impl Run<'_> {
    fn has_backup(&self, id: EntraId) -> bool {
        self.backups.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    fn backed_up(&self, id: EntraId) {
        self.backups.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Takes note of a deletion.
    fn deleted(&self, action: &Action, since: Option<&str>) {
        let deletion = action.target.entra_id().zip(since.map(str::to_owned));
        self.deletions.lock().unwrap_or_else(PoisonError::into_inner).extend(deletion);
    }

    /// Tells in words that an account was restored and deleted again since this plan deleted it.
    fn deleted_again(&self, action: &Action, facts: &TargetFacts) -> Option<String> {
        let deletions = self.deletions.lock().unwrap_or_else(PoisonError::into_inner);
        let since = deletions.get(&action.target.entra_id()?)?;
        let found = facts.deletion().filter(|found| found != since)?;
        Some(format!(
            "it was restored and deleted again: it is in the recycle bin since {found}, this plan put it there at {since}"
        ))
    }

    fn was_released(&self, holder: EntraId) -> bool {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).contains(&holder)
    }

    fn touch(&self, action: &Action) {
        let id = action.target.entra_id();
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).extend(id);
    }

    /// Carries out what is not in `done`. The order of the plan must be one in which it can be carried out.
    pub(super) async fn carry_out(&self, actions: &[Action], done: &BTreeSet<ActionId>) -> RunReport {
        actions.iter().filter(|action| done.contains(&action.id)).for_each(|action| self.touch(action));
        let mut schedule = Schedule::new(actions, done);
        let mut in_flight = FuturesUnordered::new();
        let most = self.most_in_flight(actions, done);
        loop {
            // What goes well may grow: no more is at stake than has gone well before.
            while in_flight.len() < self.options.concurrency.max(1).saturating_add(schedule.report.done.len()).min(most) {
                if self.cancel.is_cancelled() {
                    self.stop(&mut schedule, StoppedBy::Cancelled, in_flight.len());
                }
                let Some(place) = schedule.next() else { break };
                let Some(step) = schedule.step(place) else { continue };
                in_flight.push(async move {
                    let end = step.carry_out(self).await;
                    (place, step.action, end)
                });
            }
            let Some((place, action, end)) = in_flight.next().await else { break };
            self.tell(action, &end);
            let stop = schedule.settle(place, end, self.options.max_failures);
            if let Some(why) = stop {
                self.stop(&mut schedule, why, in_flight.len());
            }
        }
        schedule.report(self.cancel.is_cancelled())
    }

    /// As many as fill the requests that may be under way.
    fn most_in_flight(&self, actions: &[Action], done: &BTreeSet<ActionId>) -> usize {
        let left = actions.iter().filter(|action| !done.contains(&action.id));
        let together = left.map(|action| self.directories.together(&action.target)).min().unwrap_or(1);
        match self.options.concurrency {
            0 | 1 => 1,
            requests => requests.saturating_mul(together),
        }
    }

    fn stop(&self, schedule: &mut Schedule<'_>, why: StoppedBy, in_flight: usize) {
        if schedule.stopped_by.is_none() {
            self.observer.event(Event::Stopping { why: &why, in_flight });
            schedule.stopped_by = Some(why);
        }
    }

    fn tell(&self, action: &Action, end: &StepEnd) {
        match end {
            StepEnd::Done | StepEnd::DoneUnrecorded(_) => {
                self.touch(action);
                self.observer.event(Event::Done(action));
            }
            StepEnd::AlreadyDone => {
                self.touch(action);
                self.observer.event(Event::AlreadyDone(action));
            }
            StepEnd::Failed(failure) => self.observer.event(Event::Failed(action, failure)),
            StepEnd::Unconfirmed(reason) => self.observer.event(Event::Unconfirmed(action, reason)),
            StepEnd::NotStarted => {}
        }
    }
}

/// Which actions can start, and what became of the others.
struct Schedule<'a> {
    actions: Vec<&'a Action>,
    /// For each action the earlier ones on its object, then itself.
    chains: Vec<Vec<&'a Action>>,
    /// For each action how many others it still waits for.
    waits: Vec<usize>,
    /// For each action which others wait for it.
    dependents: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
    settled: BTreeSet<usize>,
    /// For each action that was done before the run those that it stood behind and that are still to be done.
    behind: BTreeMap<usize, BTreeSet<usize>>,
    /// What this run wrote.
    written: BTreeSet<&'a ActionId>,
    report: RunReport,
    stopped_by: Option<StoppedBy>,
}

impl<'a> Schedule<'a> {
    fn new(actions: &'a [Action], done: &BTreeSet<ActionId>) -> Self {
        let places: BTreeMap<&ActionId, usize> = actions.iter().enumerate().map(|(place, action)| (&action.id, place)).collect();
        let mut schedule = Self {
            chains: Vec::with_capacity(actions.len()),
            waits: vec![0; actions.len()],
            dependents: vec![Vec::new(); actions.len()],
            ready: BTreeSet::new(),
            settled: BTreeSet::new(),
            behind: BTreeMap::new(),
            written: BTreeSet::new(),
            report: RunReport::default(),
            stopped_by: None,
            actions: actions.iter().collect(),
        };
        let mut last_on_object: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (place, action) in actions.iter().enumerate() {
            let previous = last_on_object.insert(key(&action.target), place);
            let mut chain = previous.and_then(|previous| schedule.chains.get(previous).cloned()).unwrap_or_default();
            chain.push(action);
            schedule.chains.push(chain);
            let needed = action.depends_on.iter().filter_map(|id| places.get(id).copied());
            let open = schedule.still_open(needed.chain(previous));
            if done.contains(&action.id) {
                schedule.settled.insert(place);
                schedule.behind.insert(place, open);
                schedule.report.already_done.push(action.id.clone());
            } else {
                schedule.wait_for(place, &open);
            }
        }
        schedule
    }

    /// Those of the needed ones that are still to be done. For what somebody did already stands what it waited for.
    fn still_open(&self, needed: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        let mut open = BTreeSet::new();
        for needed in needed {
            match self.behind.get(&needed) {
                Some(behind) => open.extend(behind),
                None => drop(open.insert(needed)),
            }
        }
        open
    }

    /// Lets an action wait for others; without any it is ready.
    fn wait_for(&mut self, place: usize, open: &BTreeSet<usize>) {
        for needed in open {
            if let Some(dependents) = self.dependents.get_mut(*needed) {
                dependents.push(place);
            }
        }
        if let Some(waits) = self.waits.get_mut(place) {
            *waits = open.len();
        }
        if open.is_empty() {
            self.ready.insert(place);
        }
    }

    /// The next action that can start, in the order of the plan.
    fn next(&mut self) -> Option<usize> {
        if self.stopped_by.is_some() { None } else { self.ready.pop_first() }
    }

    fn step(&self, place: usize) -> Option<Step<'a>> {
        let action = *self.actions.get(place)?;
        let chain = self.chains.get(place)?.clone();
        let follows_write = chain.iter().any(|earlier| self.written.contains(&earlier.id));
        Some(Step { action, chain, follows_write })
    }

    /// Takes note of an end; says whether the run has to stop.
    fn settle(&mut self, place: usize, end: StepEnd, max_failures: usize) -> Option<StoppedBy> {
        let action = *self.actions.get(place)?;
        let id = action.id.clone();
        if !matches!(end, StepEnd::NotStarted) {
            self.settled.insert(place);
        }
        if matches!(end, StepEnd::Done | StepEnd::DoneUnrecorded(_)) {
            self.written.insert(&action.id);
        }
        match end {
            StepEnd::Done => self.report.done.push(id),
            StepEnd::AlreadyDone => self.report.already_done.push(id),
            StepEnd::DoneUnrecorded(cause) => {
                self.report.done.push(id);
                return Some(StoppedBy::Journal(cause));
            }
            StepEnd::Unconfirmed(reason) => {
                self.report.unconfirmed.push((id, reason));
                self.skip_dependents(place);
                return self.too_many_failures(max_failures);
            }
            StepEnd::Failed(failure) => {
                let stop = forced_stop(&failure);
                let denied = (failure.kind == FailureKind::Denied).then(|| StoppedBy::Denied(failure.reason.clone()));
                self.report.failed.push((id, failure));
                self.skip_dependents(place);
                return stop.or_else(|| self.too_many_failures(max_failures).map(|many| denied.unwrap_or(many)));
            }
            StepEnd::NotStarted => return Some(StoppedBy::Cancelled),
        }
        self.release_dependents(place);
        None
    }

    fn too_many_failures(&self, max_failures: usize) -> Option<StoppedBy> {
        let failures = self.report.failed.len() + self.report.unconfirmed.len();
        (failures > max_failures).then_some(StoppedBy::Failures)
    }

    fn release_dependents(&mut self, place: usize) {
        for dependent in self.dependents.get(place).cloned().unwrap_or_default() {
            if let Some(waits) = self.waits.get_mut(dependent) {
                *waits = waits.saturating_sub(1);
                if *waits == 0 && !self.settled.contains(&dependent) {
                    self.ready.insert(dependent);
                }
            }
        }
    }

    /// Everything that needs a failed action, directly or not, is left out and names it.
    fn skip_dependents(&mut self, failed: usize) {
        let Some(blocked_by) = self.actions.get(failed).map(|action| action.id.clone()) else { return };
        let mut open = vec![failed];
        while let Some(place) = open.pop() {
            for dependent in self.dependents.get(place).cloned().unwrap_or_default() {
                if self.settled.insert(dependent)
                    && let Some(action) = self.actions.get(dependent)
                {
                    self.report.skipped.push(Skipped { action: action.id.clone(), blocked_by: blocked_by.clone() });
                    open.push(dependent);
                }
            }
        }
    }

    fn report(mut self, cancelled: bool) -> RunReport {
        let left = self.actions.iter().enumerate().filter(|(place, _)| !self.settled.contains(place));
        self.report.not_started = left.map(|(_, action)| action.id.clone()).collect();
        self.report.interrupted = cancelled;
        self.report.stopped_by = self.stopped_by;
        self.report
    }
}

/// Failures after which trying on makes no sense.
fn forced_stop(failure: &Failure) -> Option<StoppedBy> {
    let reason = failure.reason.clone();
    match failure.kind {
        FailureKind::Journal => Some(StoppedBy::Journal(reason)),
        FailureKind::Unreachable => Some(StoppedBy::Unreachable(reason)),
        FailureKind::Unsaved => Some(StoppedBy::Unsaved(reason)),
        // A right may lack on one object only: an administrator's account, a user whom AdminSDHolder guards.
        FailureKind::Backup | FailureKind::Denied | FailureKind::Input | FailureKind::Refused | FailureKind::Stale => None,
    }
}
