//! `rollback`: the journal of a run becomes a plan of the way back, reviewed and applied like any other.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::apply::journal::{History, Journal, JournalError, journal_path};
use crate::apply::rollback::{read_settled, rehearsed};
use crate::directory::folder;
use crate::model::text::{EXAMPLES, and_more, counted, printable};
use crate::plan::body::Body;
use crate::plan::finding::{Code, Finding};
use crate::planfile::{self, PlanFile};

use super::args::{Format, RenderArgs, RollbackArgs};
use super::directories;
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::outputs;
use super::plan::verdict;
use super::print::{Printing, save_plan};
use super::setup::Setup;
use super::surroundings;
use super::terminal::Terminal;

/// Runs the verb.
pub(super) fn run(args: &RollbackArgs, terminal: Terminal) -> Result<Exit, Failure> {
    if !args.journal.is_file() {
        return Err(Failure::input(format!("there is no journal `{}`", args.journal.display()))
            .hint("Name the journal beside the plan: NAME.journal.jsonl for NAME.json."));
    }
    stays_beside(&args.journal, &args.out)?;
    // While it runs, nobody can tell what there is to undo.
    let _lock = super::apply::lock_folder(folder::of(&args.journal))?;
    let state = Journal::read(&args.journal).map_err(|error| no_journal(&args.journal, &error))?;
    let Some(digest) = state.to_undo() else {
        return Err(Failure::input(format!("`{}` records no run", args.journal.display()))
            .hint("Name the journal beside the plan: NAME.journal.jsonl for NAME.json."));
    };
    let setup = Setup::load(&args.config, terminal)?;
    outputs::check(&[&args.out], &setup.inputs())?;
    let history = state.history(digest);
    let name = args.journal.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let planned = directories::block_on(way_back(&history, &name, &setup, terminal))?;
    let mut body = planned.ok_or_else(|| Failure::input(format!("`{}` records no run", args.journal.display())))?;
    body.inputs.policy.clone_from(&setup.config.desired.policy_sha256);
    let plan = PlanFile { meta: setup.meta(), body };
    say_what_stays(&plan.body.findings, terminal)?;
    save_plan(&args.out, &plan, terminal)?;
    Printing::new(&RenderArgs { format: Format::Human, output: Vec::new(), all: false })?.print(&plan, terminal)?;
    let exit = verdict(&plan.body, false);
    if exit == Exit::Done && !plan.body.actions.is_empty() {
        terminal.say(&format!("\nSaved as {0}. After review: hardmatch apply {0}", args.out.display()));
    }
    Ok(exit)
}

/// Plans the way back on the directories as they stand, once they show what the run did.
async fn way_back(history: &History<'_>, name: &str, setup: &Setup, terminal: Terminal) -> Result<Option<Body>, Failure> {
    let directories = directories::open_for_writing(&setup.config, terminal, CancellationToken::new())?;
    let pauses = super::apply::looks_after_writes(&setup.config);
    let waits = |objects: usize, pause: Duration| {
        let verb = if objects == 1 { "does" } else { "do" };
        let (objects, pause) = (counted(objects, "object"), pause.as_secs());
        terminal.say(&format!("{objects} {verb} not show yet what the run did; looking again in {pause} s"));
    };
    let current = read_settled(history, &directories, &pauses, surroundings::now(), waits).await?;
    Ok(rehearsed(history, name, &current, &setup.config.desired.policy, &*directories.tenant).await?)
}

/// The plan is taken for its journal more often than a journal is damaged.
fn no_journal(path: &Path, error: &JournalError) -> Failure {
    if files::read(path).is_ok_and(|bytes| planfile::parse(&bytes).is_ok()) {
        let message = format!("`{}` is a plan, and what is undone is a run of it", path.display());
        return Failure::input(message)
            .hint(format!("Name the journal of the plan, which `apply` has written: {}", journal_path(path).display()));
    }
    Failure::input(error.to_string())
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
        journal.with_file_name(name).display()
    )))
}

/// What cannot be undone, before anything else.
fn say_what_stays(findings: &[Finding], terminal: Terminal) -> Result<(), Failure> {
    terminal.result(&what_stays(findings))
}

fn what_stays(findings: &[Finding]) -> String {
    let lasting: Vec<&Finding> = findings.iter().filter(|finding| finding.code == Code::NotReversible).collect();
    if lasting.is_empty() {
        return "Everything that the run did can be undone.\n".to_owned();
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
        assert!(what_stays(&findings(0)).starts_with("Everything"));
        assert_eq!(what_stays(&findings(10)).lines().count(), 11);
        let many = what_stays(&findings(2_000));
        assert!(many.lines().count() == 12 && many.ends_with("  ! purge u9\n  ! and 1,990 more\n"), "{many}");
    }
}
