//! One action: look, save what is to be deleted and look again, journal, write, read back, journal.

use std::time::Duration;

use crate::apply::facts::{TargetFacts, read_object, stamp};
use crate::apply::journal::{Entry, JournalError, Outcome, OutcomeKind};
use crate::directory::ports::{DirectoryError, Receipt, Turn};
use crate::plan::action::{Action, ActionKind};

use super::look::{Standing, difference};
use super::{Event, Failure, FailureKind, Run};

/// What is waited for where nothing but that an account is not found tells that it was purged.
pub(in crate::apply) const TURNS_UP: &str = "an account that is not found to turn up";

/// How one action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepEnd {
    Done,
    AlreadyDone,
    Failed(Failure),
    /// Sent, and not seen.
    Unconfirmed(String),
    /// Done, but the journal could not say so.
    DoneUnrecorded(String),
    /// The run was stopped before the write.
    NotStarted,
}

/// One action with what it needs to know of the plan.
#[derive(Debug, Clone)]
pub(super) struct Step<'a> {
    pub(super) action: &'a Action,
    /// The earlier actions of the plan on the same object, then this one.
    pub(super) chain: Vec<&'a Action>,
    /// Whether this run wrote one of those, so that a read may still show the time before.
    pub(super) follows_write: bool,
}

/// How often a write may still be tried.
struct Tries<'t> {
    /// The pauses before the tries after a refusal.
    retries: std::slice::Iter<'t, Duration>,
    /// How often it may be sent again after its answer was lost.
    resends: usize,
}

/// How often a write is sent again whose fate was unknown and that a read then shows as not done.
const RESENDS: usize = 2;
/// How many looks must show the state before a write until it counts as not done.
const LOOKS_BEFORE_RESENDING: usize = 4;

impl Step<'_> {
    pub(super) async fn carry_out(&self, run: &Run<'_>) -> StepEnd {
        match self.try_carry_out(run).await {
            Ok(end) | Err(end) => end,
        }
    }

    async fn try_carry_out(&self, run: &Run<'_>) -> Result<StepEnd, StepEnd> {
        let turn = match self.turn(run).await {
            Some(Ok(turn)) => turn,
            Some(Err(error)) => return Err(self.fail(run, OutcomeKind::Failed, Failure::of(&error)).await),
            None => return Ok(StepEnd::NotStarted),
        };
        self.check(run).await?;
        match self.back_up(run).await {
            Ok(false) => {}
            // The account may have changed while it was saved.
            Ok(true) => self.check(run).await?,
            Err(failure) => return Err(self.fail(run, OutcomeKind::Failed, failure).await),
        }
        if run.cancel.is_cancelled() {
            return Ok(StepEnd::NotStarted);
        }
        run.observer.event(Event::Started(self.action));
        let intent = Entry::Intent { action: Box::new(self.action.clone()), at: (run.clock)() };
        run.journal.append(&intent).await.map_err(|cause| unrecorded(&cause))?;
        self.send(run, turn).await
    }

    /// Looks whether the write can be sent; how the step ends if not.
    async fn check(&self, run: &Run<'_>) -> Result<(), StepEnd> {
        match self.look(run).await? {
            Standing::Before => Ok(()),
            Standing::After(deleted_date_time) => {
                run.deleted(self.action, deleted_date_time.as_deref());
                let outcome = Outcome { deleted_date_time, ..self.outcome(run, OutcomeKind::AlreadyDone) };
                self.record(run, outcome).await.map_err(|cause| unrecorded(&cause))?;
                Err(StepEnd::AlreadyDone)
            }
            Standing::Elsewhere(reason) => {
                Err(self.fail(run, OutcomeKind::Failed, Failure { kind: FailureKind::Stale, reason }).await)
            }
        }
    }

    /// Waits until the quota has room for the write; `None` when the run is stopped before that.
    async fn turn(&self, run: &Run<'_>) -> Option<Result<Turn, DirectoryError>> {
        if self.action.target.forest().is_some() {
            return Some(Ok(Turn::default()));
        }
        tokio::select! {
            biased;
            () = run.cancel.cancelled() => None,
            turn = run.directories.tenant.turn() => Some(turn),
        }
    }

    /// Whether nothing but that an account is not found tells that the write was made. The preflight found it, so that an
    /// earlier run that took it for purged was wrong.
    pub(super) fn shows_by_absence(&self) -> bool {
        self.action.kind == ActionKind::Purge
    }

    /// Writes until the directory takes it, refuses it for good, or nobody can tell.
    async fn send(&self, run: &Run<'_>, turn: Turn) -> Result<StepEnd, StepEnd> {
        let mut tries = Tries { retries: run.options.retry.iter(), resends: RESENDS };
        let mut turn = Some(turn);
        loop {
            let its_turn = match turn.take() {
                Some(turn) => Some(turn),
                None => self.turn_again(run).await?,
            };
            let Some(its_turn) = its_turn else { return self.read_back(run, None, None).await };
            match self.write(run, its_turn).await {
                Ok(receipt) => return self.read_back(run, receipt.request_id, None).await,
                Err(error) => {
                    if let Some(end) = self.after_error(run, error, &mut tries).await {
                        return end;
                    }
                }
            }
        }
    }

    /// What to do about a write that failed: how the step ends, or `None` where it is written in the next turn.
    async fn after_error(&self, run: &Run<'_>, error: DirectoryError, tries: &mut Tries<'_>) -> Option<Result<StepEnd, StepEnd>> {
        match error {
            DirectoryError::Refused { message, holder } => {
                let delay = holder.filter(|holder| run.was_released(*holder)).and_then(|_| tries.retries.next());
                self.after_refusal(run, message, delay.copied(), "a value that was just released to become free").await
            }
            DirectoryError::NotThere(_) if self.is_done(run).await => Some(self.read_back(run, None, None).await),
            DirectoryError::NotThere(message) => {
                let delay = tries.retries.next().filter(|_| self.chain.len() > 1);
                self.after_refusal(run, message, delay.copied(), "an earlier write to become visible").await
            }
            DirectoryError::Unknown(_) if tries.resends > 0 && self.is_surely_not_done(run).await => {
                tries.resends -= 1;
                None
            }
            DirectoryError::Unknown(message) => Some(self.read_back(run, None, Some(message)).await),
            // Its next turn comes when the quota has room again.
            DirectoryError::Throttled(_) => None,
            DirectoryError::Denied(_)
            | DirectoryError::Unreachable(_)
            | DirectoryError::Unsaved(_)
            | DirectoryError::Unusable(_)
            | DirectoryError::Input(_) => Some(Err(self.fail(run, OutcomeKind::Failed, Failure::of(&error)).await)),
        }
    }

    /// Waits for what a refused write lacks. How the step ends, where waiting does not help or the run is stopped meanwhile.
    async fn after_refusal(
        &self,
        run: &Run<'_>,
        reason: String,
        delay: Option<Duration>,
        what: &str,
    ) -> Option<Result<StepEnd, StepEnd>> {
        let refused = Failure { kind: FailureKind::Refused, reason };
        let Some(delay) = delay else { return Some(Err(self.fail(run, OutcomeKind::Refused, refused).await)) };
        if self.wait(run, delay, what).await {
            return None;
        }
        drop(self.fail(run, OutcomeKind::Refused, refused).await);
        Some(Ok(StepEnd::NotStarted))
    }

    /// The turn of a write that was not made when it was its turn before, and what a look says by then: `None` when the
    /// effect is there.
    async fn turn_again(&self, run: &Run<'_>) -> Result<Option<Turn>, StepEnd> {
        let failed = match self.turn(run).await {
            Some(Ok(turn)) => match self.look(run).await? {
                Standing::Before => return Ok(Some(turn)),
                Standing::After(_) => return Ok(None),
                Standing::Elsewhere(reason) => Failure { kind: FailureKind::Stale, reason },
            },
            Some(Err(error)) => Failure::of(&error),
            None => {
                let reason = String::from("not written: stopped while waiting for the quota");
                let stopped = Failure { kind: FailureKind::Unreachable, reason };
                drop(self.fail(run, OutcomeKind::Failed, stopped).await);
                return Err(StepEnd::NotStarted);
            }
        };
        Err(self.fail(run, OutcomeKind::Failed, failed).await)
    }

    async fn write(&self, run: &Run<'_>, turn: Turn) -> Result<Receipt, DirectoryError> {
        let unclear = || DirectoryError::Input("the action does not say what is to be written".into());
        match self.action.target.forest() {
            None => run.directories.tenant.write_in_turn(&self.action.change().ok_or_else(unclear)?, turn).await,
            Some(forest) => {
                let guid = self.action.target.object_guid().ok_or_else(unclear)?;
                let old = stamp(&self.action.before).ok_or_else(unclear)?;
                let new = stamp(&self.action.after).ok_or_else(unclear)?;
                run.directories.forest(forest)?.stamp(&guid, old.as_deref(), new.as_deref()).await
            }
        }
    }

    /// Looks after a write until its effect shows. `doubt` is why the directory did not confirm the write itself.
    async fn read_back(&self, run: &Run<'_>, request_id: Option<String>, doubt: Option<String>) -> Result<StepEnd, StepEnd> {
        let mut seen = String::from("it was not read back");
        let mut last_look = false;
        for delay in run.options.read_back.iter().chain([&Duration::ZERO]) {
            last_look = last_look || !self.wait(run, *delay, "the write to become visible").await;
            match read_object(self.action, run.directories).await {
                Ok(facts) => match difference(&self.action.after, &facts) {
                    None if doubt.is_none() || !self.shows_by_absence() || self.is_done(run).await => {
                        return self.confirm(run, self.seen(run, request_id, &facts)).await;
                    }
                    None => seen = String::from("it was not found in one look, which says little"),
                    Some(difference) => seen = difference,
                },
                Err(error) => {
                    // Whoever may not read, or was kept waiting to the end of all patience, learns nothing by asking again.
                    last_look |= matches!(error, DirectoryError::Denied(_) | DirectoryError::Unreachable(_));
                    seen = error.to_string();
                }
            }
            if last_look {
                break;
            }
        }
        let reason = doubt.map_or(format!("the write was taken but does not show: {seen}"), |doubt| format!("{doubt}; {seen}"));
        let outcome = Outcome { request_id, error: Some(reason.clone()), ..self.outcome(run, OutcomeKind::Unknown) };
        let recorded = self.record(run, outcome).await;
        // Without that entry the intent stands open, which says the same.
        drop(recorded);
        Err(StepEnd::Unconfirmed(reason))
    }

    /// What is written down of a write that was read back.
    fn seen(&self, run: &Run<'_>, request_id: Option<String>, facts: &TargetFacts) -> Outcome {
        let (deleted_date_time, licenses) = (self.deletion(facts), facts.licenses());
        let assigned_licenses = licenses.filter(|_| self.action.kind == ActionKind::Restore);
        Outcome { assigned_licenses, deleted_date_time, request_id, ..self.outcome(run, OutcomeKind::Done) }
    }

    async fn confirm(&self, run: &Run<'_>, seen: Outcome) -> Result<StepEnd, StepEnd> {
        run.deleted(self.action, seen.deleted_date_time.as_deref());
        match self.record(run, seen).await {
            Ok(()) => Ok(StepEnd::Done),
            Err(cause) => Err(StepEnd::DoneUnrecorded(cause.to_string())),
        }
    }

    /// Whether a look shows the state after the write; several, where one says little.
    async fn is_done(&self, run: &Run<'_>) -> bool {
        let mut waits = run.options.read_back.iter().filter(|_| self.shows_by_absence());
        loop {
            let facts = read_object(self.action, run.directories).await;
            if !facts.is_ok_and(|facts| matches!(self.standing(run, &facts), Standing::After(_))) {
                return false;
            }
            let Some(delay) = waits.next() else { return true };
            if !self.wait(run, *delay, TURNS_UP).await {
                return false;
            }
        }
    }

    /// Whether every look shows the state before the write. Each write sets fixed values or removes something, so that
    /// making it twice does no harm; a few looks keep that rare.
    async fn is_surely_not_done(&self, run: &Run<'_>) -> bool {
        for delay in run.options.read_back.iter().take(LOOKS_BEFORE_RESENDING) {
            if !self.wait(run, *delay, "the fate of a write to become clear").await {
                return false;
            }
            match read_object(self.action, run.directories).await.map(|facts| self.standing(run, &facts)) {
                Ok(Standing::Before) => {}
                Ok(Standing::After(_) | Standing::Elsewhere(_)) | Err(_) => return false,
            }
        }
        !run.options.read_back.is_empty()
    }

    /// Waits, and says whether the run goes on.
    pub(super) async fn wait(&self, run: &Run<'_>, delay: Duration, reason: &str) -> bool {
        if !delay.is_zero() {
            run.observer.event(Event::Waiting { action: self.action, reason, delay });
        }
        tokio::select! {
            biased;
            () = run.cancel.cancelled() => false,
            () = tokio::time::sleep(delay) => true,
        }
    }

    pub(super) async fn fail(&self, run: &Run<'_>, kind: OutcomeKind, failure: Failure) -> StepEnd {
        if failure.kind == FailureKind::Journal {
            return StepEnd::Failed(failure);
        }
        let outcome = Outcome { error: Some(failure.reason.clone()), ..self.outcome(run, kind) };
        match self.record(run, outcome).await {
            Ok(()) => StepEnd::Failed(failure),
            Err(cause) => unrecorded(&cause),
        }
    }

    fn outcome(&self, run: &Run<'_>, result: OutcomeKind) -> Outcome {
        Outcome::new(self.action.id.clone(), (run.clock)(), result)
    }

    async fn record(&self, run: &Run<'_>, outcome: Outcome) -> Result<(), JournalError> {
        run.journal.append(&Entry::Outcome(outcome)).await
    }
}

fn unrecorded(cause: &JournalError) -> StepEnd {
    StepEnd::Failed(Failure::of_journal(cause))
}
