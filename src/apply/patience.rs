//! The preflight of a run that goes on, repeated where readers may be late.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::directory::ports::DirectoryError;
use crate::plan::action::{Action, ActionId};

use super::chain::is_reached;
use super::execute::Request;
use super::facts::read_for;
use super::preflight::{Preflight, preflight};
use super::run::{Event, TURNS_UP};
use super::{Directories, Recorded};

/// How often the preflight of a run that goes on is repeated; what is odd then is so.
const LOOKS_WITH_LATE_READERS: usize = 4;

/// One preflight and what it needs.
pub(super) struct Looks<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) recorded: &'a Recorded,
    /// Whether an earlier run of the plan is not finished.
    pub(super) goes_on: bool,
    pub(super) directories: &'a Directories,
}

impl Looks<'_> {
    /// The preflight. What counts as done only because an account is not found is looked for over all waits first; the rest
    /// is looked at anew after that, as it is some time ago.
    pub(super) async fn take(&self) -> Result<Preflight, DirectoryError> {
        let look = self.look().await?;
        if !look.differences.is_empty() || look.unsure.is_empty() {
            return Ok(look);
        }
        match self.stay_away(&look.unsure).await? {
            Some(gone) => Ok(self.look().await?.believing(&gone)),
            None => Ok(look.believing(&BTreeSet::new())),
        }
    }

    /// A preflight. Where a run goes on, it is repeated while something is not as expected: some readings may be older than
    /// the last writes of the run that stopped.
    async fn look(&self) -> Result<Preflight, DirectoryError> {
        let request = self.request;
        let mut waits = request.options.read_back.iter().take(LOOKS_WITH_LATE_READERS).filter(|_| self.goes_on);
        loop {
            let look = preflight(request.body, self.recorded, request.policy, self.directories).await?;
            let Some(delay) = waits.next().filter(|_| !look.differences.is_empty()) else { return Ok(look) };
            if !self.wait(*delay).await {
                return Ok(look);
            }
        }
    }

    /// Those of the actions whose accounts are not found in any look; `None` when the run is stopped meanwhile.
    async fn stay_away(&self, unsure: &BTreeSet<ActionId>) -> Result<Option<BTreeSet<ActionId>>, DirectoryError> {
        let mut missing: Vec<&Action> = self.request.body.actions.iter().filter(|action| unsure.contains(&action.id)).collect();
        for delay in &self.request.options.read_back {
            let Some(first) = missing.first() else { break };
            self.request.observer.event(Event::Waiting { action: first, reason: TURNS_UP, delay: *delay });
            if !self.wait(*delay).await {
                return Ok(None);
            }
            let current = read_for(missing.iter().copied(), self.directories).await?;
            missing.retain(|action| current.of(&action.target).is_some_and(|facts| is_reached(&[action], facts)));
        }
        Ok(Some(missing.iter().map(|action| action.id.clone()).collect()))
    }

    /// Waits, and says whether the run goes on.
    async fn wait(&self, delay: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.request.cancel.cancelled() => false,
            () = tokio::time::sleep(delay) => true,
        }
    }
}
