//! Carries a plan out: preflight, write-ahead journal, concurrent writes, read-back; and the way back.
//!
//! Start with [`carry_out`], which shows the order of things. Nothing here prints, asks, or reads a clock or the
//! environment: what happens is told to an [`Observer`], time comes from the [`Clock`] that is handed in.

mod backup;
mod chain;
pub mod earlier;
mod execute;
mod facts;
pub mod given_up;
mod handover;
pub mod journal;
pub mod lock;
mod patience;
mod preflight;
mod recorded;
pub mod rollback;
mod run;
mod source;
pub mod unfinished;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::directory::Clock;
use crate::directory::ports::{DirectoryError, ForestWriter, TenantWriter};
use crate::plan::action::Target;

pub use execute::{ApplyError, Request, carry_out};
pub use facts::{Current, TargetFacts, read_targets};
pub use preflight::{Barrier, Difference, OtherTenant, Preflight, other_tenant, preflight};
pub use recorded::Recorded;
pub use run::{Event, ExitKind, Failure, FailureKind, Observer, Options, RunReport, Skipped, StoppedBy};

/// The directories that a plan writes.
#[derive(Clone)]
pub struct Directories {
    /// The tenant.
    pub tenant: Arc<dyn TenantWriter>,
    /// The forests, by their names in the configuration.
    pub forests: BTreeMap<String, Arc<dyn ForestWriter>>,
}

impl Directories {
    /// The forest with this name.
    ///
    /// # Errors
    /// [`DirectoryError::Input`] when the configuration has none.
    pub fn forest(&self, name: &str) -> Result<&dyn ForestWriter, DirectoryError> {
        self.forests.get(name).map(AsRef::as_ref).ok_or_else(|| {
            DirectoryError::Input(format!("the plan needs the forest `{name}`, which the configuration does not have"))
        })
    }

    /// How many writes to the directory of a target share one request, or one save, at most.
    fn together(&self, target: &Target) -> usize {
        match target.forest() {
            None => self.tenant.together(),
            Some(forest) => self.forests.get(forest).map_or(1, |forest| forest.together()),
        }
    }
}

#[cfg(test)]
mod tests;
