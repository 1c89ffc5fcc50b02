//! The run as a stream of events for scripts: one JSON object a line on stdout, the last one says how it ended.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::{Event, FailureKind, RunReport};
use crate::model::text::printable_json;
use crate::plan::action::{Action, ActionId, ActionKind, Target};
use crate::planfile::PlanFile;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::progress::Totals;
use super::super::surroundings;
use super::super::terminal::Terminal;
use super::watch;

/// The format of the stream. A new kind of event or a new key changes the second number, anything else the first.
const FORMAT_VERSION: &str = "1.1";

/// One line of `hardmatch apply --format ndjson`: what happened, and when.
#[derive(Debug, Serialize, JsonSchema)]
struct Line<'a> {
    /// When, in UTC.
    #[schemars(extend("format" = "date-time"))]
    time: String,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum What<'a> {
    /// The plan is approved, and the checks before the first write begin.
    RunStarted {
        /// The format of this stream: `1.1`.
        format_version: &'static str,
        /// Of the plan.
        digest: &'a str,
        /// The plan file.
        plan: String,
        tenant: Tenant<'a>,
        /// How many actions the plan has.
        total: usize,
    },
    /// Everything is as the plan expects; writing begins.
    Ready {
        /// Actions that are left to do.
        remaining: usize,
        /// Actions whose effect was there already; they have no event of their own.
        already_done: usize,
    },
    /// An action begins.
    Started {
        #[serde(flatten)]
        about: About<'a>,
    },
    /// An action waits.
    Waiting {
        #[serde(flatten)]
        about: About<'a>,
        /// What for.
        reason: &'a str,
        /// How long.
        seconds: f64,
    },
    /// An account was saved before its deletion.
    BackedUp {
        #[serde(flatten)]
        about: About<'a>,
        /// Where.
        file: String,
    },
    /// An action was done, and its effect was seen.
    Done {
        #[serde(flatten)]
        about: About<'a>,
    },
    /// The effect of an action was there before it was sent.
    AlreadyDone {
        #[serde(flatten)]
        about: About<'a>,
    },
    /// An action was not done.
    Failed {
        #[serde(flatten)]
        about: About<'a>,
        /// Why, in a word.
        cause: Cause,
        /// Why.
        reason: &'a str,
    },
    /// An action was sent, and its effect was not seen.
    Unconfirmed {
        #[serde(flatten)]
        about: About<'a>,
        /// Why.
        reason: &'a str,
    },
    /// Nothing more is started.
    Stopping {
        /// Why.
        reason: String,
        /// So many actions are under way and are finished.
        in_flight: usize,
    },
    /// The last line, however the run ended; also when it was refused before it began.
    RunEnded {
        /// The format of this stream: `1.1`.
        format_version: &'static str,
        /// Of the plan; null where no plan could be read.
        digest: Option<String>,
        /// Null when the run was refused before it began.
        counts: Option<Counts>,
        /// The exit code of the program.
        exit_code: u8,
        /// How it ended.
        reason: String,
        /// What to do next, sentence by sentence.
        next: Vec<String>,
        /// How long it took.
        seconds: f64,
        /// Requests that were refused with 429.
        throttled: u64,
        /// How long requests stood still for Microsoft Graph's quota.
        waited_seconds: f64,
        /// The quota, as refusals showed it; null when nothing was refused.
        quota: Option<Quota>,
    },
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Tenant<'a> {
    id: Option<&'a str>,
    initial_domain: Option<&'a str>,
}

/// An action of the plan.
#[derive(Debug, Serialize, JsonSchema)]
struct About<'a> {
    /// Its id.
    action: &'a ActionId,
    kind: ActionKind,
    /// The mapping that it is for.
    mapping: &'a str,
    target: &'a Target,
}

/// How many writes the tenant takes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Quota {
    /// So many writes
    writes: u32,
    /// in any time of this length.
    seconds: f64,
    /// The shortest time that the writes of this run could take.
    floor_seconds: f64,
}

/// What became of the actions of the plan; each is counted once.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Counts {
    done: usize,
    already_done: usize,
    failed: usize,
    unconfirmed: usize,
    /// Not tried, as another action failed that they need.
    skipped: usize,
    /// Not tried, as the run stopped.
    not_started: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Cause {
    /// The account could not be saved before its deletion.
    Backup,
    /// Sign-in failed, or a right is missing.
    Denied,
    /// The directory or the plan does not make sense.
    Input,
    /// The journal cannot be written.
    Journal,
    /// The directory said no.
    Refused,
    /// What the action relies on changed.
    Stale,
    /// The directory is not reachable.
    Unreachable,
    /// The file of an exported directory cannot be replaced.
    Unsaved,
}

/// The JSON Schema of one line.
#[cfg(test)]
pub(in crate::cli) fn schema() -> serde_json::Value {
    schemars::schema_for!(Line<'_>).to_value()
}

/// Where events are written.
#[derive(Debug)]
pub(super) struct Stream {
    terminal: Terminal,
    began: Instant,
    digest: Mutex<Option<String>>,
    /// Why the stream could not be written; told when the run is over.
    broken: Mutex<Option<Failure>>,
}

impl Stream {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self { terminal, began: Instant::now(), digest: Mutex::default(), broken: Mutex::default() }
    }

    pub(super) fn begin(&self, plan: &PlanFile, digest: &str, path: &Path) {
        *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest.to_owned());
        let tenant = &plan.body.tenant;
        self.write(What::RunStarted {
            format_version: FORMAT_VERSION,
            digest,
            plan: path.display().to_string(),
            tenant: Tenant { id: tenant.id.as_deref(), initial_domain: tenant.initial_domain.as_deref() },
            total: plan.body.actions.len(),
        });
    }

    pub(super) fn tell(&self, event: Event<'_>) {
        self.write(match event {
            // The last line says it, in what comes next.
            Event::Barred(_) => return,
            Event::Ready { remaining, done } => What::Ready { remaining, already_done: done },
            Event::Started(action) => What::Started { about: about(action) },
            Event::Waiting { action, reason, delay } => {
                What::Waiting { about: about(action), reason, seconds: delay.as_secs_f64() }
            }
            Event::BackedUp { action, file } => What::BackedUp { about: about(action), file: file.display().to_string() },
            Event::Done(action) => What::Done { about: about(action) },
            Event::AlreadyDone(action) => What::AlreadyDone { about: about(action) },
            Event::Failed(action, failure) => {
                What::Failed { about: about(action), cause: cause(failure.kind), reason: &failure.reason }
            }
            Event::Unconfirmed(action, reason) => What::Unconfirmed { about: about(action), reason },
            Event::Stopping { why, in_flight } => What::Stopping { reason: watch::stopped(why), in_flight },
        });
    }

    /// The last line of a run that began.
    pub(super) fn end(&self, counts: &RunReport, exit: Exit, next: String, totals: Totals) {
        let counts = Counts {
            done: counts.done.len(),
            already_done: counts.already_done.len(),
            failed: counts.failed.len(),
            unconfirmed: counts.unconfirmed.len(),
            skipped: counts.skipped.len(),
            not_started: counts.not_started.len(),
        };
        self.write_end(Some(counts), exit, exit.meaning().to_owned(), vec![next], totals);
    }

    /// The last line of a run that was refused.
    pub(super) fn end_refused(&self, failure: &Failure) {
        let totals = self.terminal.board().totals();
        self.write_end(None, failure.exit, failure.message.trim().to_owned(), failure.hints.clone(), totals);
    }

    fn write_end(&self, counts: Option<Counts>, exit: Exit, reason: String, next: Vec<String>, totals: Totals) {
        let floor = totals.floor(counts.as_ref().map_or(0, |counts| counts.done)).unwrap_or_default().as_secs_f64();
        let told = |(writes, window): (u32, Duration)| Quota { writes, seconds: window.as_secs_f64(), floor_seconds: floor };
        self.write(What::RunEnded {
            format_version: FORMAT_VERSION,
            digest: self.digest.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            counts,
            exit_code: exit.code(),
            reason,
            next,
            seconds: self.began.elapsed().as_secs_f64(),
            throttled: totals.refused,
            waited_seconds: totals.waited.as_secs_f64(),
            quota: totals.quota.map(told),
        });
    }

    /// Writes one line. A run goes on when nobody can read of it any more.
    fn write(&self, what: What<'_>) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if broken.is_some() {
            return;
        }
        let line = Line { time: surroundings::now().to_string(), what };
        let text = serde_json::to_string(&line).map_err(|error| Failure::new(Exit::Unexpected, error.to_string()));
        *broken = text.and_then(|text| self.terminal.raw_result(format!("{}\n", printable_json(&text)).as_bytes())).err();
    }

    /// Why not every event could be written.
    pub(super) fn fault(self) -> Option<Failure> {
        self.broken.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn about(action: &Action) -> About<'_> {
    About { action: &action.id, kind: action.kind, mapping: &action.mapping, target: &action.target }
}

fn cause(kind: FailureKind) -> Cause {
    match kind {
        FailureKind::Backup => Cause::Backup,
        FailureKind::Denied => Cause::Denied,
        FailureKind::Input => Cause::Input,
        FailureKind::Journal => Cause::Journal,
        FailureKind::Refused => Cause::Refused,
        FailureKind::Stale => Cause::Stale,
        FailureKind::Unreachable => Cause::Unreachable,
        FailureKind::Unsaved => Cause::Unsaved,
    }
}
