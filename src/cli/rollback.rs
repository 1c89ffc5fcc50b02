//! `rollback`: the journal of a run becomes a plan of the way back, reviewed and applied like any other.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::apply::journal::{Entry, History, Journal, JournalError, JournalState, SUFFIX, journal_path};
use crate::apply::lock::{FolderLock, LOCK_FILE};
use crate::apply::rollback::{read_settled, rehearsed};
use crate::apply::unfinished::FolderJournals;
use crate::apply::{Directories, OtherTenant, other_tenant};
use crate::directory::folder;
use crate::directory::ports::TenantIdentity;
use crate::model::text::{EXAMPLES, and_more, counted, printable};
use crate::plan::body::Body;
use crate::plan::finding::{Code, Finding};
use crate::planfile::{self, PlanFile};

use super::approvals;
use super::args::{Format, RenderArgs, RollbackArgs};
use super::command_line;
use super::directories;
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::outputs;
use super::plan::verdict;
use super::print::{Printing, save_plan};
use super::progress::Shown;
use super::setup::Setup;
use super::surroundings;
use super::terminal::Terminal;

/// Runs the verb.
pub(super) fn run(args: &RollbackArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let _lock = lock(&args.journal)?;
    stays_beside(&args.journal, &args.out)?;
    let state = Journal::read(&args.journal).map_err(|error| no_journal(&args.journal, &error))?;
    if state.runs.is_empty() {
        return Err(no_run(&args.journal));
    }
    let setup = Setup::load(&args.config, terminal)?;
    outputs::check(&[&args.out], &setup.inputs())?;
    let journals = FolderJournals::read(folder::of(&args.journal)).ok();
    let undo = Undo { journal: &args.journal, journals: journals.as_ref(), setup: &setup, terminal };
    undo.unless_redone(&state)?;
    let (mut body, earlier) = directories::block_on(undo.way_back(&state))?;
    body.inputs.policy.clone_from(&setup.config.desired.policy_sha256);
    let plan = PlanFile { meta: setup.meta(), body };
    terminal.result(&what_stays(&plan.body.findings, plan.body.actions.is_empty()))?;
    save_plan(&args.out, &plan, terminal)?;
    Printing::new(&RenderArgs { format: Format::Human, output: Vec::new(), all: false })?.print(&plan, terminal)?;
    let exit = verdict(&plan.body, false);
    if exit == Exit::Done {
        terminal.say(&what_next(&plan.body, &args.out, &setup));
    }
    if earlier > 0 {
        let plans = counted(earlier, "earlier plan");
        terminal.say(&format!("What {plans} in this journal did stands as well: roll back again once this is applied."));
    }
    Ok(exit)
}

/// While it runs, nobody can tell what there is to undo. An apply at work may not have written its journal yet.
fn lock(journal: &Path) -> Result<FolderLock, Failure> {
    let folder = folder::of(journal);
    if !journal.is_file() && !folder.join(LOCK_FILE).exists() {
        return Err(no_such(journal));
    }
    let lock = super::apply::lock_folder(folder)?;
    if journal.is_file() { Ok(lock) } else { Err(no_such(journal)) }
}

fn no_such(journal: &Path) -> Failure {
    Failure::input(format!("there is no journal `{}`", journal.display())).hint(NAME_THE_JOURNAL)
}

fn no_run(journal: &Path) -> Failure {
    Failure::input(format!("`{}` records no run", journal.display())).hint(NAME_THE_JOURNAL)
}

const NAME_THE_JOURNAL: &str = "Name the journal beside the plan: NAME.journal.jsonl for NAME.json.";

/// What a way back is planned from.
struct Undo<'a> {
    journal: &'a Path,
    /// All of the folder; one that cannot be read is for `apply` to name.
    journals: Option<&'a FolderJournals>,
    setup: &'a Setup,
    terminal: Terminal,
}

impl Undo<'_> {
    /// What was undone and done again is undone where it was done again.
    fn unless_redone(&self, state: &JournalState) -> Result<(), Failure> {
        let Some(last) = state.digests().last().copied().filter(|_| state.to_undo().is_empty()) else { return Ok(()) };
        let Some(journals) = self.journals else { return Ok(()) };
        journals.redone(&state.history(last)).map_or(Ok(()), |later| {
            let later = later.file_name().map_or_else(|| later.to_owned(), |name| self.journal.with_file_name(name));
            let message = format!("what `{}` records was undone, and its way back was undone in turn", self.journal.display());
            Err(Failure::input(message)
                .hint(format!("Roll back the run that did it again: {}", self.setup.given.rollback(&later, "FILE"))))
        })
    }

    /// Plans the way back from the plan that ran last and of which something is left to undo or to finish. Tells how many
    /// earlier ones there are.
    async fn way_back(&self, state: &JournalState) -> Result<(Body, usize), Failure> {
        let directories = directories::open_for_writing(&self.setup.config, self.terminal, CancellationToken::new())?;
        let _shown = Shown::begin(self.terminal);
        let (standing, here) = (state.to_undo(), directories.tenant.identify().await?);
        let mut latest: Option<Body> = None;
        for (place, digest) in standing.iter().enumerate() {
            let history = self.history(state, digest);
            let body = self.way_back_of(&history, &here, &directories).await?;
            if !body.actions.is_empty() || history.open_run().is_some() {
                latest.iter().for_each(|later| self.pass_over(later));
                return Ok((body, standing.len() - place - 1));
            }
            latest.get_or_insert(body);
        }
        match (latest, state.digests().last()) {
            (Some(body), _) => Ok((body, 0)),
            (None, Some(digest)) => Ok((self.way_back_of(&self.history(state, digest), &here, &directories).await?, 0)),
            (None, None) => Err(no_run(self.journal)),
        }
    }

    fn history<'s>(&'s self, state: &'s JournalState, digest: &str) -> History<'s> {
        let lasting = self.journals.map_or_else(|| state.lasting(digest), |journals| journals.lasting(digest));
        History { lasting, ..state.history(digest) }
    }

    /// Says what keeps a later run than the one that is undone.
    fn pass_over(&self, later: &Body) {
        self.terminal
            .warn("nothing of what a later run in this journal did can be undone now: this goes back from the one before it");
        self.terminal.say(what_stays(&later.findings, true).trim_end());
    }

    /// Plans it on the directories as they stand, once they show what the run did.
    async fn way_back_of(
        &self,
        history: &History<'_>,
        here: &TenantIdentity,
        directories: &Directories,
    ) -> Result<Body, Failure> {
        self.same_tenant(history, here)?;
        let pauses = super::apply::looks_after_writes(&self.setup.config);
        let current = read_settled(history, directories, &pauses, surroundings::now(), |objects, pause| {
            self.terminal.say(&not_shown_yet(objects, pause));
        });
        let (policy, tenant) = (&self.setup.config.desired.policy, &*directories.tenant);
        let name = self.journal.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let planned = rehearsed(history, &name, &current.await?, policy, tenant).await?;
        planned.ok_or_else(|| no_run(self.journal))
    }

    fn same_tenant(&self, history: &History<'_>, here: &TenantIdentity) -> Result<(), Failure> {
        let Some(run) = history.runs.last() else { return Ok(()) };
        let differences = other_tenant(&run.header.tenant, here);
        differences.first().map_or(Ok(()), |difference| {
            let OtherTenant { what, expected, found, .. } = difference;
            let journal = self.journal.display();
            let message = format!(
                "the run in `{journal}` was in another tenant, and nothing was planned: its {what} is {expected}, here it is {found}"
            );
            Err(Failure::new(Exit::Stale, message).hint("Name the configuration of the tenant in which it ran: --config."))
        })
    }
}

fn not_shown_yet(objects: usize, pause: Duration) -> String {
    let verb = if objects == 1 { "does" } else { "do" };
    let when = if pause.is_zero() { "at once".to_owned() } else { format!("in {} s", pause.as_secs()) };
    format!("{} {verb} not show what the run did; looking again {when}", counted(objects, "object"))
}

fn what_next(body: &Body, out: &Path, setup: &Setup) -> String {
    let next = approvals::way_to_apply(setup, out);
    let out = out.display();
    if body.actions.is_empty() {
        format!("\nSaved as {out}. There is nothing to write; applying it records that the run is undone: {next}")
    } else {
        format!("\nSaved as {out}. After review: {next}")
    }
}

/// The plan is taken for its journal more often than a journal is damaged.
fn no_journal(path: &Path, error: &JournalError) -> Failure {
    if files::read(path).is_ok_and(|bytes| planfile::parse(&bytes).is_ok()) {
        let message = format!("`{}` is a plan, and what is undone is a run of it", path.display());
        return Failure::input(message)
            .hint(format!("Name the journal of the plan, which `apply` has written: {}", journal_path(path).display()));
    }
    if matches!(error, JournalError::Damaged { .. }) && !is_journal(path) {
        return Failure::input(format!("`{}` is no journal", path.display())).hint(NAME_THE_JOURNAL);
    }
    Failure::input(error.to_string())
}

/// Whether a file is called like a journal, or has an entry of one: then what is wrong with it is damage.
fn is_journal(path: &Path) -> bool {
    let is_entry = |line: &[u8]| serde_json::from_slice::<Entry>(line).is_ok();
    path.to_string_lossy().ends_with(SUFFIX)
        || files::read(path).is_ok_and(|bytes| bytes.split(|byte| *byte == b'\n').any(is_entry))
}

/// Whoever applies the way back closes the run in its journal, and looks for that beside the plan.
fn stays_beside(journal: &Path, out: &Path) -> Result<(), Failure> {
    let folder = |path| folder::of(path).canonicalize().ok();
    let (Some(of_journal), Some(of_plan)) = (folder(journal), folder(out)) else { return Ok(()) };
    if of_journal == of_plan {
        return Ok(());
    }
    let name = out.file_name().map(Path::new).unwrap_or(out);
    Err(Failure::input(format!("`{}` is not in the folder of the journal `{}`", out.display(), journal.display())).hint(format!(
        "Save it beside the journal, or the run would stand there as unfinished after it is undone: --out {}",
        command_line::path(&journal.with_file_name(name))
    )))
}

/// What cannot be undone, before anything else.
fn what_stays(findings: &[Finding], is_empty: bool) -> String {
    let lasting: Vec<&Finding> = findings.iter().filter(|finding| finding.code == Code::NotReversible).collect();
    match (lasting.is_empty(), is_empty) {
        (true, true) => return "Nothing of what the run did is left to undo.\n".to_owned(),
        (true, false) => return "Everything that the run did can be undone.\n".to_owned(),
        (false, _) => {}
    }
    let lines = lasting.iter().take(EXAMPLES).map(|finding| format!("  ! {}\n", printable(&finding.message)));
    let more = and_more(lasting.len().saturating_sub(EXAMPLES)).map(|more| format!("  ! {more}\n"));
    format!("What cannot be undone:\n{}", lines.chain(more).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_much_that_stays_ten_are_named() {
        let findings = |count: usize| -> Vec<Finding> {
            (0..count).map(|n| Finding::general(Code::NotReversible, format!("purge u{n}"))).collect()
        };
        assert!(what_stays(&findings(0), false).starts_with("Everything"));
        assert!(what_stays(&findings(0), true).starts_with("Nothing"));
        assert_eq!(what_stays(&findings(10), true).lines().count(), 11);
        let many = what_stays(&findings(2_000), false);
        assert!(many.lines().count() == 12 && many.ends_with("  ! purge u9\n  ! and 1,990 more\n"), "{many}");
    }
}
