//! From the configuration to a plan: load, read, compute.

use std::path::{Path, PathBuf};

use crate::apply::earlier::earlier_runs;
use crate::config::{self, Config, ConfigErrors};
use crate::diag::{Diagnostic, Level};
use crate::model::Observed;
use crate::model::text::some_of;
use crate::plan::{EarlierRun, Options};
use crate::planfile::{Meta, PlanFile};

use super::args::{ConfigArgs, Read};
use super::command_line::Given;
use super::directories;
use super::failure::Failure;
use super::reading::Reading;
use super::runner;
use super::surroundings;
use super::terminal::Terminal;

/// Name and version of the program, as plans and journals name it.
pub(super) const TOOL: &str = concat!("hardmatch ", env!("CARGO_PKG_VERSION"));

/// A configuration and where it lies.
#[derive(Debug)]
pub(super) struct Setup {
    /// The file, as it was named or found.
    pub path: PathBuf,
    /// The file that the policy is from.
    pub policy: PathBuf,
    /// What it says.
    pub config: Config,
    /// How much of live directories is read.
    pub read: Read,
    /// What the next command has to name as well.
    pub given: Given,
}

impl Setup {
    /// Finds and reads the configuration; its warnings go to stderr.
    pub(super) fn load(args: &ConfigArgs, terminal: Terminal) -> Result<Self, Failure> {
        let path = surroundings::find_config(args.config.as_deref())?;
        terminal.log(1, &format!("reading {}", path.display()));
        let (width, color) = (terminal.width_of_messages(), terminal.colours_messages());
        let config = config::load(&path).map_err(|errors| drawn(&errors, terminal))?;
        let worth_saying: Vec<Diagnostic> = config.warnings.iter().filter(|one| one.level == Level::Warning).cloned().collect();
        if !worth_saying.is_empty() {
            terminal.warn_drawn(&config::render_diagnostics(&worth_saying, &config.sources, width, color));
            runner::warned(&worth_saying, terminal);
        }
        let given = Given { config: args.config.clone(), policy: None };
        Ok(Self { policy: path.clone(), path, config, read: args.read, given })
    }

    /// Checks that a forest of this name is configured.
    pub(super) fn check_forest(&self, name: &str) -> Result<(), Failure> {
        let names: Vec<&str> = self.config.desired.forests.iter().map(|forest| &*forest.name).collect();
        if names.contains(&name) {
            return Ok(());
        }
        let failure = Failure::usage(format!("no forest is called `{name}`"));
        Err(if names.is_empty() { failure } else { failure.hint(format!("There are: {}.", some_of(&names))) })
    }

    /// The same with the policy of another file, where one is named.
    pub(super) fn load_with_policy(args: &ConfigArgs, policy: Option<&Path>, terminal: Terminal) -> Result<Self, Failure> {
        let mut setup = Self::load(args, terminal)?;
        if let Some(path) = policy {
            terminal.log(1, &format!("reading the policy of {}", path.display()));
            let file = config::load_policy(path).map_err(|errors| drawn(&errors, terminal))?;
            setup.config.desired.policy = file.policy;
            setup.config.desired.policy_sha256 = file.sha256;
            setup.config.signers = file.signers;
            path.clone_into(&mut setup.policy);
            setup.given.policy = Some(path.to_owned());
        }
        Ok(setup)
    }

    /// The files that are read.
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        [self.path.clone(), self.policy.clone()].into_iter().chain(self.config.inputs()).collect()
    }

    /// The runs whose journals lie beside the configuration or beside the plan that is to be saved.
    pub(super) fn earlier_runs(&self, plan: Option<&Path>) -> Vec<EarlierRun> {
        let folder = |path: &Path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
        let beside = plan.and_then(Path::parent).map(folder);
        let folders = std::iter::once(folder(&self.config.base_dir)).chain(beside);
        // A folder that is not there yet has seen no run.
        folders.flat_map(|folder| earlier_runs(&folder).unwrap_or_default()).collect()
    }

    /// Reads the directories and plans.
    pub(super) fn plan(&self, options: &Options, terminal: Terminal) -> Result<PlanFile, Failure> {
        let body = directories::block_on(async {
            Reading::begin(&self.config, self.read, terminal).await?.plan_at_last(&self.config.desired, options).await
        })?;
        Ok(PlanFile { meta: self.meta(), body })
    }

    /// Reads the directories and plans; gives what was read, too.
    pub(super) fn look(&self, options: &Options, terminal: Terminal) -> Result<(PlanFile, Observed), Failure> {
        let (body, observed) = directories::block_on(async {
            let mut reading = Reading::begin(&self.config, self.read, terminal).await?;
            let body = reading.plan(&self.config.desired, options).await;
            reading.close().await;
            Ok((body?, reading.into_observed()))
        })?;
        Ok((PlanFile { meta: self.meta(), body }, observed))
    }

    /// About the making of a plan.
    pub(super) fn meta(&self) -> Meta {
        Meta {
            commit: surroundings::git_commit(&self.config.base_dir),
            config: Some(self.path.display().to_string()),
            created_at: surroundings::now_in_milliseconds(),
            tool: TOOL.to_owned(),
        }
    }
}

fn drawn(errors: &ConfigErrors, terminal: Terminal) -> Failure {
    let text = errors.render(terminal.width_of_messages(), terminal.colours_messages());
    Failure::drawn(text, errors.diagnostics.clone().sorted())
}
