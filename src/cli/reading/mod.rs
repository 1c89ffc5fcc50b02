//! Reading for planning: files whole; live directories whole, or just what planning asks for.
//!
//! Which of the two takes fewer requests is decided by the number of mappings and users. The plan is the same.

mod forest;
mod tenant;

use futures_util::future::join_all;

use crate::config::Config;
use crate::directory::ports::DirectoryError;
use crate::model::questions::Questions;
use crate::model::{Desired, Observed};
use crate::plan::{self, Body, Options, ProofFailure, Unplanned};

use super::args::Read;
use super::directories::sources;
use super::exit::Exit;
use super::failure::Failure;
use super::progress::Shown;
use super::terminal::Terminal;
use forest::LiveForest;
use tenant::LiveTenant;

/// More rounds than any chain of look-ups takes.
const ROUNDS: usize = 50;
const PLANNING: &str = "planning, and proving the plan on the tenant model";

/// What was read so far, and the live directories that can be asked for more.
pub(super) struct Reading {
    observed: Observed,
    tenant: Option<LiveTenant>,
    /// By the position of the forest.
    forests: Vec<Option<LiveForest>>,
    answered: Questions,
    terminal: Terminal,
    _shown: Shown,
}

impl Reading {
    /// Reads what is read in any case. What is wrong with one directory does not hide what is wrong with the next.
    pub(super) async fn begin(config: &Config, extent: Read, terminal: Terminal) -> Result<Self, Failure> {
        let shown = Shown::begin(terminal);
        let is_part = matches!(extent, Read::Auto | Read::Needed);
        let extent = if is_part && plan::needs_everything(&config.desired) { Read::Everything } else { extent };
        let forests = sources(config).map(|(name, source, anchor)| forest::begin(name, source, anchor, config, extent, terminal));
        let (tenant, forests) = tokio::join!(tenant::begin(config, extent, terminal), join_all(forests));
        let mut failures: Vec<Failure> = Vec::new();
        let mut keep = |failure: Failure| failures.push(failure);
        let (tenant, live) = tenant.map_err(&mut keep).ok().unzip();
        let (read, live_forests) = forests.into_iter().filter_map(|forest| forest.map_err(&mut keep).ok()).unzip();
        if let Some(failure) = join(failures) {
            return Err(failure);
        }
        let observed = Observed { forests: read, tenant: tenant.unwrap_or_default() };
        Ok(Self {
            observed,
            tenant: live.flatten(),
            forests: live_forests,
            answered: Questions::default(),
            terminal,
            _shown: shown,
        })
    }

    /// Plans, and reads what planning asks for on the way.
    pub(super) async fn plan(&mut self, desired: &Desired, options: &Options) -> Result<Body, Failure> {
        let terminal = self.terminal;
        if !self.is_live() {
            say_planning(terminal);
            return plan::compute(desired, &mut self.observed, options).map_err(|failure| unproven(&failure));
        }
        let body = self
            .ask(|observed, answered| {
                say_planning(terminal);
                plan::inquire(desired, observed, options, answered)
            })
            .await?;
        body.map_err(|failure| unplanned(&failure))
    }

    /// The same, when what was read is needed for nothing else.
    pub(super) async fn plan_at_last(mut self, desired: &Desired, options: &Options) -> Result<Body, Failure> {
        if !self.is_live() {
            say_planning(self.terminal);
            return plan::compute_at_last(desired, self.observed, options).map_err(|failure| unproven(&failure));
        }
        let body = self.plan(desired, options).await;
        self.close().await;
        // The process ends with the plan; millions of values take long to give back one by one.
        std::mem::forget(self.observed);
        body
    }

    fn is_live(&self) -> bool {
        self.tenant.is_some() || self.forests.iter().any(Option::is_some)
    }

    /// Works on what was read, and reads what that work asks for, until it asks for nothing new.
    pub(super) async fn ask<T>(&mut self, work: impl Fn(&mut Observed, &Questions) -> (T, Questions)) -> Result<T, Failure> {
        for _ in 0..ROUNDS {
            let (result, asked) = work(&mut self.observed, &self.answered);
            let open = asked.without(&self.answered);
            if open.is_empty() || !self.is_live() {
                return Ok(result);
            }
            self.answer(&open).await?;
            self.answered.extend(open);
        }
        let message = format!("planning still asked for more after {ROUNDS} rounds");
        Err(Failure::new(Exit::Unexpected, message).hint("Please report this with your configuration."))
    }

    async fn answer(&mut self, open: &Questions) -> Result<(), Failure> {
        let Observed { tenant, forests } = &mut self.observed;
        let of_tenant = async {
            match &self.tenant {
                Some(live) => live.answer(tenant, &open.tenant).await,
                None => Ok(()),
            }
        };
        let of_forests = forests.iter_mut().zip(&self.forests);
        let of_forests = of_forests.filter_map(|(forest, live)| Some(live.as_ref()?.answer(forest, &open.forests)));
        let (of_tenant, of_forests) = tokio::join!(of_tenant, join_all(of_forests));
        of_forests.into_iter().fold(of_tenant, Result::and)
    }

    /// What was read.
    pub(super) fn into_observed(self) -> Observed {
        self.observed
    }

    /// Signs off.
    pub(super) async fn close(&self) {
        for forest in self.forests.iter().flatten() {
            forest.close().await;
        }
    }
}

fn say_planning(terminal: Terminal) {
    terminal.log(1, PLANNING);
    terminal.board().work(PLANNING);
}

/// Why there is no plan though every question is answered.
fn unplanned(failure: &Unplanned) -> Failure {
    match failure {
        Unplanned::Proof(failure) => unproven(failure),
        Unplanned::DetailsFirst => Failure::new(Exit::Unexpected, failure.to_string()),
    }
}

/// A plan that must not be shown.
pub(super) fn unproven(failure: &ProofFailure) -> Failure {
    Failure::new(Exit::Unexpected, format!("the plan failed its own proof, so it is not shown: {failure}"))
        .hint("This is a fault of hardmatch, not of your files. Please report it with this message.")
}

/// Several failures in one.
fn join(failures: Vec<Failure>) -> Option<Failure> {
    failures.into_iter().reduce(|mut first, next| {
        first.message = format!("{}\n\n{}", first.message.trim_end(), next.message.trim_end());
        first.hints.extend(next.hints);
        first
    })
}

/// Why a directory could not be read, with the name of the forest.
fn in_forest(name: &str, error: DirectoryError) -> Failure {
    super::live::in_forest(name, Failure::from(error))
}
