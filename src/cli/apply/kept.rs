//! The plan that `apply` makes when none is named.

use std::path::Path;

use crate::apply::journal::journal_path;
use crate::planfile::PlanFile;

use super::super::args::ApplyArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::print::save_plan;
use super::super::terminal::Terminal;

/// The file of a plan that was made by this run: kept beside the configuration, so that an interrupted run can go on.
pub(super) struct Kept<'p> {
    /// Nothing where the plan was named.
    path: Option<&'p Path>,
    was_there: bool,
}

impl<'p> Kept<'p> {
    /// The plan of this run goes to `path`.
    pub(super) fn of(args: &ApplyArgs, path: &'p Path) -> Self {
        Self { path: Some(path).filter(|_| args.plan.is_none()), was_there: path.exists() }
    }

    /// Before the first write somebody may need it.
    pub(super) fn save(&self, plan: &PlanFile, terminal: Terminal) -> Result<(), Failure> {
        self.path.map_or(Ok(()), |path| save_plan(path, plan, terminal).map(drop))
    }

    /// Whoever declines is not left with a file; who has yet to approve is told its name.
    pub(super) fn on_refusal(&self, failure: &Failure, plan: &PlanFile, terminal: Terminal) {
        if failure.exit == Exit::NotApproved
            && let Err(fault) = self.save(plan, terminal)
        {
            terminal.warn(&fault.message);
        }
    }

    /// Nobody goes on with a run that wrote nothing.
    pub(super) fn remove_unless_begun(&self) {
        let Some(path) = self.path.filter(|path| !self.was_there && !journal_path(path).exists()) else { return };
        // What stays behind does no harm.
        std::fs::remove_file(path).ok();
    }
}
