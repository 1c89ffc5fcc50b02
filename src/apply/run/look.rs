//! What a look at the object of an action says, and at whatever else the write relies on.

use crate::apply::chain::is_reached;
use crate::apply::facts::{TargetFacts, read_object};
use crate::apply::journal::OutcomeKind;
use crate::apply::preflight::value_word;
use crate::model::Facts;
use crate::plan::action::ActionKind;

use super::step::{Step, StepEnd, TURNS_UP};
use super::{Failure, FailureKind, Run};

/// What a look at the object says about the action.
pub(super) enum Standing {
    Before,
    /// With the time of the deletion, if it was one.
    After(Option<String>),
    Elsewhere(String),
}

impl Step<'_> {
    /// Reads the object. Right after a write of this run a read may show an older state, so it is repeated then.
    pub(super) async fn look(&self, run: &Run<'_>) -> Result<Standing, StepEnd> {
        let mut waits = run.options.read_back.iter();
        loop {
            let facts = match read_object(self.action, run.directories).await {
                Ok(facts) => facts,
                Err(error) => return Err(self.fail(run, OutcomeKind::Failed, Failure::of(&error)).await),
            };
            let standing = match self.standing(run, &facts) {
                Standing::Before => {
                    self.check_source(run).await?;
                    self.handover(run).await?
                }
                seen @ (Standing::After(_) | Standing::Elsewhere(_)) => seen,
            };
            let is_sure = match &standing {
                Standing::Before => true,
                Standing::After(_) => !self.shows_by_absence(),
                Standing::Elsewhere(_) => !self.follows_write,
            };
            let Some(delay) = waits.next().filter(|_| !is_sure) else { return Ok(standing) };
            let what = if matches!(standing, Standing::After(_)) { TURNS_UP } else { "an earlier write to become visible" };
            if !self.wait(run, *delay, what).await {
                return Err(StepEnd::NotStarted);
            }
        }
    }

    /// Reads the AD user whose anchor is written: another anchor, or nobody, and the write would be for nobody.
    async fn check_source(&self, run: &Run<'_>) -> Result<(), StepEnd> {
        let failure = match run.sources.changed(self.action, run.directories).await {
            Ok(None) => return Ok(()),
            Ok(Some(reason)) => Failure { kind: FailureKind::Stale, reason },
            Err(error) => Failure::of(&error),
        };
        Err(self.fail(run, OutcomeKind::Failed, failure).await)
    }

    /// Reads the account that a stamp hands over: what was written since may give it to the wrong person.
    async fn handover(&self, run: &Run<'_>) -> Result<Standing, StepEnd> {
        match run.handovers.changed(self.action, run.directories).await {
            Ok(changed) => Ok(changed.map_or(Standing::Before, Standing::Elsewhere)),
            Err(error) => Err(self.fail(run, OutcomeKind::Failed, Failure::of(&error)).await),
        }
    }

    pub(super) fn standing(&self, run: &Run<'_>, facts: &TargetFacts) -> Standing {
        if is_reached(&self.chain, facts) {
            return Standing::After(self.deletion(facts));
        }
        let elsewhere = difference(&self.action.before, facts).or_else(|| run.deleted_again(self.action, facts));
        elsewhere.map_or(Standing::Before, Standing::Elsewhere)
    }

    /// Since when the account is in the recycle bin, if this action puts it there.
    pub(super) fn deletion(&self, facts: &TargetFacts) -> Option<String> {
        facts.deletion().filter(|_| self.action.kind == ActionKind::SoftDelete)
    }
}

/// The first fact that is not as expected, in words.
pub(super) fn difference(expected: &Facts, facts: &TargetFacts) -> Option<String> {
    if matches!(facts, TargetFacts::AdUser(None)) {
        return Some("there is no such AD user any more where the forest is read".to_owned());
    }
    expected.iter().find_map(|(name, value)| {
        let found = facts.get(*name);
        let (fact, expected, now) = (name.word(), value_word(Some(value)), value_word(found.as_ref()));
        (!facts.is(*name, value)).then(|| format!("{fact}: expected {expected}, found {now}"))
    })
}
