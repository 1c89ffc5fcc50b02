//! `apply`: checks, approval, then the run. The order is the promise: what is refused is refused before anything is
//! locked, asked or written.

mod approval;
mod events;
mod kept;
mod report;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::apply::given_up::left_live;
use crate::apply::journal::{Journal, JournalError, journal_path};
use crate::apply::lock::FolderLock;
use crate::apply::unfinished::{FolderJournals, UnfinishedRun, abandon};
use crate::apply::{self, ApplyError, Directories, Options, Request, RunReport};
use crate::config::{Config, ForestSource, TenantSource};
use crate::directory::folder;
use crate::model::text::printable;
use crate::plan;
use crate::planfile::PlanFile;

use super::approvals;
use super::args::{ApplyArgs, ApplyFormat};
use super::command_line::{self, Given};
use super::directories;
use super::exit::Exit;
use super::failure::Failure;
use super::print::read_plan;
use super::progress::{Shown, Totals};
use super::runner;
use super::setup::{Setup, TOOL};
use super::stamps::FileStamps;
use super::surroundings;
use super::terminal::Terminal;
use events::Stream;
#[cfg(test)]
pub(super) use events::schema;
use kept::Kept;
use watch::{Signals, Watcher};

/// Runs the verb.
pub(super) fn run(args: &ApplyArgs, terminal: Terminal) -> Result<Exit, Failure> {
    match args.format {
        ApplyFormat::Human => apply_or_refuse(args, None, terminal),
        ApplyFormat::Ndjson => {
            let stream = Stream::new(terminal);
            let ended = apply_or_refuse(args, Some(&stream), terminal);
            if let Err(failure) = &ended {
                stream.end_refused(failure);
            }
            unless_unwritten(ended, stream.fault(), terminal)
        }
    }
}

/// What is told after the run was lost; a run that went well does not hide that, and one that did not keeps its code.
fn unless_unwritten(ended: Result<Exit, Failure>, fault: Option<Failure>, terminal: Terminal) -> Result<Exit, Failure> {
    match (ended, fault) {
        (Ok(Exit::Done), Some(fault)) => Err(Failure {
            message: format!("all that the plan says is done, but the report is lost: {}", fault.message),
            ..fault
        }),
        (ended, Some(fault)) => {
            terminal.warn(&fault.message);
            ended
        }
        (ended, None) => ended,
    }
}

fn apply_or_refuse(args: &ApplyArgs, stream: Option<&Stream>, terminal: Terminal) -> Result<Exit, Failure> {
    let (path, plan, setup) = match &args.plan {
        Some(path) => {
            let plan = read_plan(path)?;
            lies_in_a_folder(path)?;
            refuse(&plan)?;
            (path.clone(), plan, Setup::load_with_policy(&args.config, args.policy.as_deref(), terminal)?)
        }
        None => plan_now(args, terminal)?,
    };
    let digest = plan.digest();
    // The plan of a way back without actions still closes the run that it undoes.
    if plan.body.actions.is_empty() && plan.body.rollback_of.is_none() {
        approval::right_digest(args, &path, &digest)?;
        return nothing_to_do(&plan, &digest, &path, stream, terminal);
    }
    same_policy(args, &path, &plan, &setup, terminal)?;
    same_configuration(&plan, &path, &setup)?;
    let stamps = FileStamps::of(&plan.body.actions, &setup.config);
    stamps.refuse()?;
    stamps.warnings().for_each(|warning| terminal.warn(&warning));
    warn_of_lost_journal(&plan, &path, terminal);
    let kept = Kept::of(args, &path);
    approval::obtain(args, &path, &plan, &setup, terminal).inspect_err(|failure| kept.on_refusal(failure, &plan, terminal))?;
    kept.save(&plan, terminal)?;
    terminal.say(&format!("Applying plan {digest}"));
    if let Some(stream) = stream {
        stream.begin(&plan, &digest, &path);
    }
    let run = Apply { args, path: &path, digest: &digest, plan: &plan, setup: &setup, stream, terminal };
    let ended = run.carry_out_and_report();
    kept.remove_unless_begun();
    stamps.warnings().for_each(|warning| terminal.warn(&warning));
    ended
}

/// The journal lies beside the plan, and stays there.
fn lies_in_a_folder(path: &Path) -> Result<(), Failure> {
    if !["/dev", "/proc"].iter().any(|system| path.starts_with(system)) {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{}` is no file in a folder of yours, and the journal of a run lies beside its plan",
        path.display()
    ))
    .hint("Save the plan under a name of its own, and apply that."))
}

fn nothing_to_do(
    plan: &PlanFile,
    digest: &str,
    path: &Path,
    stream: Option<&Stream>,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    const WORDS: &str = "Nothing to do: the plan has no actions.";
    match stream {
        Some(stream) => {
            stream.begin(plan, digest, path);
            stream.end(&RunReport::default(), Exit::Done, WORDS.to_owned(), Totals::default());
        }
        None => terminal.result(&format!("{WORDS}\n"))?,
    }
    Ok(Exit::Done)
}

/// Without a plan: makes one and shows it.
fn plan_now(args: &ApplyArgs, terminal: Terminal) -> Result<(PathBuf, PlanFile, Setup), Failure> {
    let setup = Setup::load_with_policy(&args.config, args.policy.as_deref(), terminal)?;
    approvals::check_signers(&setup, terminal)?;
    let options = plan::Options { earlier_runs: setup.earlier_runs(None), ..plan::Options::default() };
    let plan = setup.plan(&options, terminal)?;
    approval::show(&plan, terminal);
    refuse(&plan)?;
    let path = setup.config.base_dir.join(format!("plan-{}.json", plan.short_digest()));
    Ok((path, plan, setup))
}

fn refuse(plan: &PlanFile) -> Result<(), Failure> {
    let Some(exit) = super::plan::refusal(&plan.body) else { return Ok(()) };
    let blockers = plan.body.findings.iter().filter(|finding| finding.severity == plan::finding::Severity::Blocker);
    let mut codes: Vec<&str> = blockers.map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let failure = Failure::new(exit, format!("the plan is blocked: {}", codes.join(", ")));
    Err(failure.hint(match plan.body.rollback_of {
        Some(_) => "Cure the findings and run `hardmatch rollback` again; `hardmatch explain CODE` says how.",
        None => "Cure the findings and plan again; `hardmatch explain CODE` says how. `hardmatch plan --partial` leaves blocked mappings out.",
    }))
}

/// What a run needs besides the directories.
struct Apply<'a> {
    args: &'a ApplyArgs,
    path: &'a Path,
    digest: &'a str,
    plan: &'a PlanFile,
    setup: &'a Setup,
    stream: Option<&'a Stream>,
    terminal: Terminal,
}

impl Apply<'_> {
    fn carry_out_and_report(&self) -> Result<Exit, Failure> {
        let Self { plan, stream, terminal, .. } = *self;
        let again = self.again();
        let began = Instant::now();
        let (report, signalled) = self.carry_out()?;
        let exit = report::exit(&report, signalled);
        let outputs = [vec![("digest", self.digest.to_owned())], report::counts(&report)].concat();
        runner::ended(&outputs, exit, &report::markdown(&report, plan, &again), terminal);
        let totals = terminal.board().totals();
        if let Some(stream) = stream {
            stream.end(&report, exit, report::next(&report, plan, &again), totals);
            return Ok(exit);
        }
        let effort = report::effort(began.elapsed(), totals, report.done.len());
        let written = terminal.result(&report::text(&report, plan, &again, &effort));
        unless_unwritten(Ok(exit), written.err(), terminal)
    }

    /// The command that goes on with the run.
    fn again(&self) -> String {
        let digest = self.args.digest.as_deref().map(|digest| format!(" --digest {}", command_line::quoted(digest)));
        let approvals = self.args.approvals.iter().map(|file| command_line::option("approval", Some(file)));
        let more: String = digest.into_iter().chain(approvals).collect();
        self.setup.given.apply(self.path, &more)
    }

    fn carry_out(&self) -> Result<(RunReport, Option<Exit>), Failure> {
        let runtime = directories::runtime()?;
        let _shown = Shown::begin(self.terminal);
        let outcome = runtime.block_on(async {
            let signals = Signals::listen(self.terminal)?;
            let directories = self.open(&signals).await?;
            let watcher = Watcher::new(self.terminal, self.plan.body.actions.len(), self.stream);
            tokio::select! {
                report = self.attempt(&signals, &directories, &watcher) => Ok((report?, signals.received())),
                exit = signals.first_before(|| watcher.has_begun()) => Err(stopped_before(exit)),
                exit = signals.second() => Err(self.stopped_at_once(exit)),
            }
        });
        runtime.shutdown_background();
        outcome
    }

    /// Reading a large export takes its time, and nothing is lost when it is not waited for.
    async fn open(&self, signals: &Signals) -> Result<Directories, Failure> {
        let (config, terminal, token) = (self.setup.config.clone(), self.terminal, signals.token());
        let opening = tokio::task::spawn_blocking(move || directories::open_for_writing(&config, terminal, token));
        tokio::select! {
            opened = opening => opened.map_err(|cause| Failure::new(Exit::Unexpected, cause.to_string()))?,
            exit = signals.first() => Err(stopped_before(exit)),
        }
    }

    fn stopped_at_once(&self, exit: Exit) -> Failure {
        Failure::new(exit, "stopped at once; what was in flight is settled by the next apply")
            .hint(format!("The journal is consistent. To go on: {}", self.again()))
    }

    async fn attempt(&self, signals: &Signals, directories: &Directories, watcher: &Watcher<'_>) -> Result<RunReport, Failure> {
        let request = Request {
            plan: self.path,
            digest: self.digest,
            body: &self.plan.body,
            policy: &self.setup.config.desired.policy,
            made: self.plan.meta.created_at.parse().ok(),
            also_undone_in: Some(folder::of(&self.setup.path)),
            tool: TOOL,
            run_id: Uuid::now_v7(),
            options: options(self.args, self.setup),
            clock: Arc::new(surroundings::now),
            observer: watcher,
            cancel: signals.token(),
        };
        attempt(self.args, &request, directories, self.setup, self.terminal).await
    }
}

/// While things are only read nothing is lost when it is not waited for.
fn stopped_before(exit: Exit) -> Failure {
    Failure::new(exit, "stopped before anything was written")
}

fn options(args: &ApplyArgs, setup: &Setup) -> Options {
    let mut options = Options::new(setup.config.backups.clone());
    options.concurrency = usize::from(args.concurrency);
    options.max_failures = args.max_failures;
    options.read_back = looks_after_writes(&setup.config);
    options
}

/// The pauses before the looks at what was written. A file shows it at once.
pub(super) fn looks_after_writes(config: &Config) -> Vec<Duration> {
    if is_of_files(config) { vec![Duration::ZERO] } else { Options::new(config.backups.clone()).read_back }
}

/// Keeps every apply out of a folder, or says which one is at work there.
pub(super) fn lock_folder(folder: &Path) -> Result<FolderLock, Failure> {
    FolderLock::take(folder).map_err(|error| report::refusal(error.into(), true, &Given::default()))
}

fn is_of_files(config: &Config) -> bool {
    let is_file = |source: &ForestSource| match source {
        ForestSource::Csv(_) | ForestSource::Ldif(_) => true,
        ForestSource::Ldap(_) => false,
    };
    matches!(config.tenant, TenantSource::Snapshot(_)) && config.forests.iter().all(|(_, source)| is_file(source))
}

/// The guards were held against the policy of the plan, and its signers are who may approve it; another one has to be asked anew.
fn same_policy(args: &ApplyArgs, path: &Path, plan: &PlanFile, setup: &Setup, terminal: Terminal) -> Result<(), Failure> {
    if plan.body.inputs.policy == setup.config.desired.policy_sha256 {
        return Ok(());
    }
    // Whose approval no longer counts hears that first.
    if setup.config.desired.policy.required_approvals > 0 {
        approvals::still_count(path, &args.approvals, plan, setup, terminal)?;
    }
    let what = format!(
        "the policy in `{}`, or the file of its signers, is not the one that the plan was made under",
        setup.policy.display()
    );
    // Whom the new policy protects may be whom the rest of the run deletes.
    if has_begun(path, &plan.digest()) {
        let failure = Failure::new(Exit::Stale, format!("{what}; this run wrote nothing, an earlier one did"))
            .hint("To finish the begun run put the policy back and apply the plan again.");
        return Err(report::way_out(failure, &journal_path(path), &setup.given));
    }
    Err(Failure::new(Exit::Stale, format!("{what}; nothing was written")).hint(
        "Plan again with this policy (`--policy` takes the same file), so that its limits and protected accounts are held against the plan \
         and those who may approve it are known.",
    ).hint(LINE_ENDINGS))
}

const LINE_ENDINGS: &str =
    "A changed line ending counts as a change, too: git changes them where `core.autocrlf` or `.gitattributes` say so.";

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
        .hint("Plan again, and have the new plan reviewed; `hardmatch diff` shows what it changes.")
        .hint(LINE_ENDINGS))
}

/// Undone elsewhere than where it ran, a run still stands there as done.
fn warn_of_lost_journal(plan: &PlanFile, path: &Path, terminal: Terminal) {
    let Some(run) = plan.body.rollback_of.as_deref() else { return };
    // What cannot be read is told when the run begins.
    if FolderJournals::read(folder::of(path)).is_ok_and(|journals| !journals.know(run)) {
        terminal.warn(&format!(
            "no journal beside `{}` knows the run {run}, which this plan undoes: where it ran it stays recorded as done or \
             unfinished. Apply this plan in the folder of that journal, or bring the journal here",
            path.display()
        ));
    }
}

fn has_begun(path: &Path, digest: &str) -> bool {
    let journal = journal_path(path);
    journal.is_file() && Journal::read(&journal).is_ok_and(|state| state.history(digest).open_run().is_some())
}

async fn attempt(
    args: &ApplyArgs,
    request: &Request<'_>,
    directories: &Directories,
    setup: &Setup,
    terminal: Terminal,
) -> Result<RunReport, Failure> {
    let is_way_back = request.body.rollback_of.is_some();
    let error = match apply::carry_out(request, directories).await {
        Ok(report) => return Ok(report),
        Err(error) => error,
    };
    let given_up = unfinished(&error);
    if !args.abandon_unfinished || given_up.is_empty() {
        return Err(report::refusal(error, is_way_back, &setup.given));
    }
    for run in given_up {
        give_up(run, terminal).map_err(|error| report::refusal(error.into(), is_way_back, &setup.given))?;
    }
    apply::carry_out(request, directories).await.map_err(|error| report::refusal(error, is_way_back, &setup.given))
}

/// Gives a run up, and says what nobody will finish then.
fn give_up(run: &UnfinishedRun, terminal: Terminal) -> Result<(), JournalError> {
    let plan = read_plan(&run.plan).ok().filter(|plan| plan.digest() == run.digest);
    let live = left_live(run, plan.as_ref())?;
    abandon(run, surroundings::now())?;
    terminal.warn(&format!("gave up the unfinished run of `{}`", run.plan.display()));
    for name in live {
        terminal.warn(&format!(
            "{} was taken out of the recycle bin by that run and not put back: it is live now. Delete it if nobody needs it",
            printable(&name)
        ));
    }
    Ok(())
}

/// The runs that stand in the way: of other plans, or an earlier one of this plan that somebody undid.
fn unfinished(error: &ApplyError) -> &[UnfinishedRun] {
    match error {
        ApplyError::Unfinished(runs) => runs,
        ApplyError::Stale { begun, .. } => begun.as_slice(),
        ApplyError::Lock(_)
        | ApplyError::Journal(_)
        | ApplyError::Backups { .. }
        | ApplyError::Directory(_)
        | ApplyError::Undone { .. }
        | ApplyError::WentOn
        | ApplyError::Plan(_) => &[],
    }
}
