//! What a run tells: while it goes on, and at its end.

use std::path::PathBuf;
use std::time::Duration;

use crate::apply::journal::JournalError;
use crate::apply::preflight::Barrier;
use crate::directory::ports::DirectoryError;
use crate::plan::action::{Action, ActionId};

/// How a run behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many requests that write may be under way, each with as many actions as fit in it; 1 for one action at a time.
    pub concurrency: usize,
    /// How many actions may fail before nothing more is started.
    pub max_failures: usize,
    /// Waits before each look at what was written.
    pub read_back: Vec<Duration>,
    /// Waits before each retry of a value that this plan just released.
    pub retry: Vec<Duration>,
    /// Where accounts are saved before they are deleted.
    pub backups: PathBuf,
}

impl Options {
    /// What the tenant of a directory service needs; an export needs no waits.
    #[must_use]
    pub fn new(backups: PathBuf) -> Self {
        let seconds = |waits: &[u64]| waits.iter().copied().map(Duration::from_secs).collect();
        Self {
            concurrency: 8,
            max_failures: 0,
            read_back: seconds(&[0, 1, 2, 4, 8, 15, 30]),
            retry: seconds(&[1, 2, 4, 8, 15, 30, 60, 60]),
            backups,
        }
    }
}

/// Something that happens during a run.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The preflight is through.
    Ready {
        /// Actions that are left to do.
        remaining: usize,
        /// Actions whose effect was there already.
        done: usize,
    },
    /// Sync takes over nobody whom the plan links.
    Barred(&'a Barrier),
    /// An action begins.
    Started(&'a Action),
    /// An action waits.
    Waiting {
        /// Which.
        action: &'a Action,
        /// What for.
        reason: &'a str,
        /// How long.
        delay: Duration,
    },
    /// An account was saved.
    BackedUp {
        /// For which action.
        action: &'a Action,
        /// Where.
        file: &'a std::path::Path,
    },
    /// An action is done.
    Done(&'a Action),
    /// The effect of an action was there before it was sent.
    AlreadyDone(&'a Action),
    /// An action failed.
    Failed(&'a Action, &'a Failure),
    /// An action was sent and its effect was not seen.
    Unconfirmed(&'a Action, &'a str),
    /// Nothing more is started; so many actions are still in flight.
    Stopping {
        /// Why.
        why: &'a StoppedBy,
        /// How many.
        in_flight: usize,
    },
}

/// Who wants to know what happens.
pub trait Observer: Send + Sync {
    /// Takes note.
    fn event(&self, event: Event<'_>);
}

/// Why an action was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In a word.
    pub kind: FailureKind,
    /// In words.
    pub reason: String,
}

impl Failure {
    pub(super) fn of(error: &DirectoryError) -> Self {
        let kind = match error {
            DirectoryError::Denied(_) => FailureKind::Denied,
            // What is odd about one account says nothing of the others.
            DirectoryError::Input(_) | DirectoryError::Unusable(_) => FailureKind::Input,
            DirectoryError::Unsaved(_) => FailureKind::Unsaved,
            DirectoryError::Refused { .. } | DirectoryError::NotThere(_) => FailureKind::Refused,
            // A read has no fate that could be unknown; it just did not answer.
            DirectoryError::Unreachable(_) | DirectoryError::Throttled(_) | DirectoryError::Unknown(_) => {
                FailureKind::Unreachable
            }
        };
        Self { kind, reason: error.to_string() }
    }

    pub(super) fn of_journal(cause: &JournalError) -> Self {
        Self { kind: FailureKind::Journal, reason: cause.to_string() }
    }
}

/// Why an action was not done, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The account could not be saved before its deletion.
    Backup,
    /// Sign-in failed, or a right is missing.
    Denied,
    /// The journal cannot be written.
    Journal,
    /// The directory or the plan does not make sense.
    Input,
    /// The directory said no.
    Refused,
    /// What the action relies on changed.
    Stale,
    /// The directory is not reachable.
    Unreachable,
    /// The file of an exported directory cannot be replaced.
    Unsaved,
}

/// Why nothing more was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoppedBy {
    /// A signal.
    Cancelled,
    /// Sign-in failed, or a right is missing.
    Denied(String),
    /// More actions failed than were allowed to.
    Failures,
    /// The journal cannot be written.
    Journal(String),
    /// A directory is not reachable.
    Unreachable(String),
    /// The file of an exported directory cannot be replaced.
    Unsaved(String),
}

/// An action that was not tried because another one failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which.
    pub action: ActionId,
    /// The one that failed.
    pub blocked_by: ActionId,
}

/// How a run ended. Every action of the plan is in exactly one of the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Written and read back by this run.
    pub done: Vec<ActionId>,
    /// There already.
    pub already_done: Vec<ActionId>,
    /// Not done, and why.
    pub failed: Vec<(ActionId, Failure)>,
    /// Sent, but not seen, and why.
    pub unconfirmed: Vec<(ActionId, String)>,
    /// Not tried because of another one.
    pub skipped: Vec<Skipped>,
    /// Not tried because the run stopped.
    pub not_started: Vec<ActionId>,
    /// Whether a signal stopped the run.
    pub interrupted: bool,
    /// Why nothing more was started, if the run stopped early.
    pub stopped_by: Option<StoppedBy>,
    /// What keeps sync from the accounts that the plan links.
    pub barrier: Option<Barrier>,
}

/// The end of a run as the exit code tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitKind {
    /// Everything is done.
    Complete,
    /// Not permitted; nothing was written.
    Denied,
    /// Stopped by a signal.
    Interrupted,
    /// The journal could not be written; nothing was.
    Journal,
    /// Something is left to do.
    Partial,
    /// What the plan relies on changed; nothing was written.
    Stale,
    /// Everything was sent, not everything was seen.
    Unconfirmed,
    /// A directory is not reachable; nothing was written.
    Unreachable,
    /// A copy of an account or the file of an exported directory could not be saved; nothing was written.
    Unsaved,
}

impl RunReport {
    /// Whether this run wrote anything, or may have.
    #[must_use]
    pub fn has_written(&self) -> bool {
        !self.done.is_empty() || !self.unconfirmed.is_empty()
    }

    /// The end in a word.
    #[must_use]
    pub fn exit_kind(&self) -> ExitKind {
        let nothing_left = self.failed.is_empty() && self.skipped.is_empty() && self.not_started.is_empty();
        let unclosed = matches!(self.stopped_by, Some(StoppedBy::Journal(_)));
        if nothing_left && self.unconfirmed.is_empty() && !unclosed {
            return ExitKind::Complete;
        }
        if self.interrupted {
            return ExitKind::Interrupted;
        }
        if nothing_left && !unclosed {
            return ExitKind::Unconfirmed;
        }
        if self.has_written() { ExitKind::Partial } else { self.exit_kind_of_nothing() }
    }

    /// The end of a run that wrote nothing.
    fn exit_kind_of_nothing(&self) -> ExitKind {
        match &self.stopped_by {
            Some(StoppedBy::Denied(_)) => ExitKind::Denied,
            Some(StoppedBy::Unreachable(_)) => ExitKind::Unreachable,
            Some(StoppedBy::Journal(_)) => ExitKind::Journal,
            Some(StoppedBy::Unsaved(_)) => ExitKind::Unsaved,
            Some(StoppedBy::Cancelled) => ExitKind::Interrupted,
            Some(StoppedBy::Failures) | None => {
                let all = |kinds: &[FailureKind]| self.failed.iter().all(|(_, failure)| kinds.contains(&failure.kind));
                let ends = [
                    (ExitKind::Stale, all(&[FailureKind::Stale])),
                    (ExitKind::Denied, all(&[FailureKind::Denied])),
                    (ExitKind::Unsaved, all(&[FailureKind::Backup, FailureKind::Journal, FailureKind::Unsaved])),
                ];
                ends.into_iter().find_map(|(end, is_it)| is_it.then_some(end)).unwrap_or(ExitKind::Partial)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ActionId {
        serde_json::from_value("a-1".into()).unwrap()
    }

    fn failed(kind: FailureKind) -> (ActionId, Failure) {
        (id(), Failure { kind, reason: String::new() })
    }

    #[test]
    fn an_end_is_what_it_leaves() {
        let unconfirmed = vec![(id(), String::new())];
        let journal = Some(StoppedBy::Journal(String::new()));
        let nothing = RunReport::default();
        let ends = [
            (nothing.clone(), ExitKind::Complete),
            (RunReport { stopped_by: journal.clone(), ..nothing.clone() }, ExitKind::Journal),
            (RunReport { done: vec![id()], stopped_by: journal.clone(), ..nothing.clone() }, ExitKind::Partial),
            (RunReport { unconfirmed: unconfirmed.clone(), ..nothing.clone() }, ExitKind::Unconfirmed),
            // Nobody can say what the journal lacks then.
            (RunReport { unconfirmed: unconfirmed.clone(), stopped_by: journal, ..nothing.clone() }, ExitKind::Partial),
            (RunReport { failed: vec![failed(FailureKind::Stale)], ..nothing.clone() }, ExitKind::Stale),
            (
                RunReport { failed: vec![failed(FailureKind::Stale), failed(FailureKind::Refused)], ..nothing.clone() },
                ExitKind::Partial,
            ),
            (
                RunReport { failed: vec![failed(FailureKind::Backup), failed(FailureKind::Journal)], ..nothing.clone() },
                ExitKind::Unsaved,
            ),
            (RunReport { done: vec![id()], failed: vec![failed(FailureKind::Backup)], ..nothing.clone() }, ExitKind::Partial),
            // What may be written is not nothing.
            (RunReport { failed: vec![failed(FailureKind::Stale)], unconfirmed, ..nothing.clone() }, ExitKind::Partial),
            (RunReport { not_started: vec![id()], interrupted: true, ..nothing }, ExitKind::Interrupted),
        ];
        for (report, end) in ends {
            assert_eq!(report.exit_kind(), end, "{report:?}");
        }
    }
}
