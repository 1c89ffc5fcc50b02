//! `apply`: checks, approval, then the run. The order is the promise: what is refused is refused before anything is
//! locked, asked or written.

mod approval;
mod report;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::apply::journal::{Journal, journal_path};
use crate::apply::unfinished::abandon;
use crate::apply::{self, ApplyError, Directories, Options, Request, RunReport};
use crate::plan;
use crate::planfile::PlanFile;

use super::args::ApplyArgs;
use super::directories;
use super::exit::Exit;
use super::failure::Failure;
use super::print::{read_plan, save_plan};
use super::runner;
use super::setup::{Setup, TOOL};
use super::surroundings;
use super::terminal::Terminal;
use watch::{Signals, Watcher};

/// Runs the verb.
pub(super) fn run(args: &ApplyArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let (path, plan, setup) = match &args.plan {
        Some(path) => {
            let plan = read_plan(path)?;
            refuse(&plan)?;
            (path.clone(), plan, Setup::load_with_policy(&args.config, args.policy.as_deref(), terminal)?)
        }
        None => plan_now(args, terminal)?,
    };
    // The plan of a way back without actions still closes the run that it undoes.
    if plan.body.actions.is_empty() && plan.body.rollback_of.is_none() {
        terminal.result("Nothing to do: the plan has no actions.\n")?;
        return Ok(Exit::Done);
    }
    same_policy(&plan, &setup)?;
    same_configuration(&plan, &path, &setup)?;
    approval::obtain(args, &path, &plan, &setup, terminal)?;
    let digest = plan.digest();
    terminal.say(&format!("Applying plan {digest}"));
    let (report, signalled) = carry_out(args, &path, &digest, &plan, &setup, terminal)?;
    terminal.result(&report::text(&report, &plan, &path))?;
    let exit = report::exit(&report, signalled);
    let outputs = [vec![("digest", digest)], report::counts(&report)].concat();
    runner::ended(&outputs, exit, &report::markdown(&report, &plan, &path), terminal);
    Ok(exit)
}

/// Without a plan: makes one, keeps it beside the configuration so that an interrupted run can go on, and shows it.
fn plan_now(args: &ApplyArgs, terminal: Terminal) -> Result<(PathBuf, PlanFile, Setup), Failure> {
    let setup = Setup::load_with_policy(&args.config, args.policy.as_deref(), terminal)?;
    let options = plan::Options { earlier_runs: setup.earlier_runs(None), ..plan::Options::default() };
    let plan = setup.plan(&options, terminal)?;
    approval::show(&plan, terminal);
    refuse(&plan)?;
    let path = setup.config.base_dir.join(format!("plan-{}.json", plan.short_digest()));
    if !plan.body.actions.is_empty() {
        save_plan(&path, &plan, terminal)?;
    }
    Ok((path, plan, setup))
}

fn refuse(plan: &PlanFile) -> Result<(), Failure> {
    let Some(exit) = super::plan::refusal(&plan.body) else { return Ok(()) };
    let blockers = plan.body.findings.iter().filter(|finding| finding.severity == plan::finding::Severity::Blocker);
    let mut codes: Vec<&str> = blockers.map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let failure = Failure::new(exit, format!("the plan is blocked: {}", codes.join(", ")));
    Err(failure.hint("Cure the findings and plan again; `hardmatch explain CODE` says how. `hardmatch plan --partial` leaves blocked mappings out."))
}

fn carry_out(
    args: &ApplyArgs,
    path: &Path,
    digest: &str,
    plan: &PlanFile,
    setup: &Setup,
    terminal: Terminal,
) -> Result<(RunReport, Option<Exit>), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        let signals = Signals::listen(terminal)?;
        let directories = directories::open_for_writing(&setup.config, terminal, signals.token())?;
        let watcher = Watcher::new(terminal, plan.body.actions.len());
        let request = Request {
            plan: path,
            digest,
            body: &plan.body,
            tool: TOOL,
            run_id: Uuid::now_v7(),
            options: options(args, setup),
            clock: Arc::new(surroundings::now),
            observer: &watcher,
            cancel: signals.token(),
        };
        let run = attempt(args, &request, &directories, terminal);
        tokio::select! {
            report = run => Ok((report?, signals.received())),
            exit = signals.second() => Err(Failure::new(exit, "stopped at once; what was in flight is settled by the next apply")
                .hint(format!("The journal is consistent. To go on: hardmatch apply {}", path.display()))),
        }
    });
    runtime.shutdown_background();
    outcome
}

fn options(args: &ApplyArgs, setup: &Setup) -> Options {
    let mut options = Options::new(setup.config.backups.clone());
    options.concurrency = usize::from(args.concurrency);
    options.max_failures = args.max_failures;
    options
}

/// The guards were held against the policy of the plan; another one has to be asked anew.
fn same_policy(plan: &PlanFile, setup: &Setup) -> Result<(), Failure> {
    let is_rollback = plan.body.rollback_of.is_some();
    if is_rollback || plan.body.inputs.policy == setup.config.desired.policy_sha256 {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Stale,
        format!("the policy in `{}` is not the one that the plan was made under; nothing was written", setup.policy.display()),
    )
    .hint("Plan again with this policy (`--policy` takes the same file), so that its limits and protected accounts are held against the plan."))
}

/// What was approved was made from these very files. A run that has begun is finished all the same.
fn same_configuration(plan: &PlanFile, path: &Path, setup: &Setup) -> Result<(), Failure> {
    let is_rollback = plan.body.rollback_of.is_some();
    let is_same = plan.body.inputs.config == setup.config.desired.config_sha256;
    if is_rollback || is_same || has_begun(path, &plan.digest()) {
        return Ok(());
    }
    let message =
        format!("`{}` or a mapping file of it changed since the plan was made; nothing was written", setup.path.display());
    Err(Failure::new(Exit::Stale, message)
        .hint("Plan again, and have the new plan reviewed; `hardmatch diff` shows what it changes."))
}

fn has_begun(path: &Path, digest: &str) -> bool {
    let journal = journal_path(path);
    journal.is_file() && Journal::read(&journal).is_ok_and(|state| state.history(digest).open_run().is_some())
}

async fn attempt(
    args: &ApplyArgs,
    request: &Request<'_>,
    directories: &Directories,
    terminal: Terminal,
) -> Result<RunReport, Failure> {
    match apply::carry_out(request, directories).await {
        Err(ApplyError::Unfinished(runs)) if args.abandon_unfinished => {
            for run in &runs {
                abandon(run, surroundings::now()).map_err(|error| Failure::new(Exit::Unexpected, error.to_string()))?;
                terminal.warn(&format!("gave up the unfinished run of `{}`", run.plan.display()));
            }
            apply::carry_out(request, directories).await.map_err(report::refusal)
        }
        other => other.map_err(report::refusal),
    }
}
