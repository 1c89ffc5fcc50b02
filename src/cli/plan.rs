//! `validate` and `plan`: read, plan, show. Nothing here can write to a directory.

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use crate::config::{self, SourceTexts};
use crate::model::text::{EXAMPLES, and_more, counted, cut};
use crate::plan::Options;
use crate::plan::body::{Body, Status};
use crate::plan::finding::{Code, Severity};
use crate::planfile::PlanFile;
use crate::render::PlanView;

use super::approvals;
use super::args::{ConfigArgs, PlanArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::outputs;
use super::print::{Printing, save_plan};
use super::runner;
use super::setup::Setup;
use super::stamps::FileStamps;
use super::terminal::Terminal;

/// How many characters of a pattern a message repeats.
const LONGEST_SHOWN: usize = 200;

/// Checks the YAML and its mapping files.
pub(super) fn validate(args: &ConfigArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let setup = Setup::load(args, terminal)?;
    let desired = &setup.config.desired;
    let duplicates = config::check_duplicates(desired);
    if duplicates.has_errors() {
        let (width, color) = (terminal.width_of_messages(), terminal.colours_messages());
        let duplicates = duplicates.sorted();
        let drawn = config::render_diagnostics(&duplicates, &setup.config.sources, width, color);
        return Err(Failure::drawn(drawn, duplicates));
    }
    approvals::check_signers(&setup, terminal)?;
    let counts = [
        counted(desired.mappings.len(), "mapping"),
        counted(desired.rules.len(), "rule"),
        counted(desired.forests.len(), "forest"),
    ];
    terminal.result(&format!("{} is valid: {}\n", setup.path.display(), counts.join(", ")))?;
    Ok(Exit::Done)
}

/// Plans, saves the plan when a file is named, and shows it.
pub(super) fn plan(args: &PlanArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let printing = Printing::new(&args.render)?;
    let mut setup = Setup::load_with_policy(&args.config, args.policy.as_deref(), terminal)?;
    approvals::check_signers(&setup, terminal)?;
    outputs::check(&printing.files().chain(args.out.as_deref()).collect::<Vec<_>>(), &setup.inputs())?;
    // What was wrong with them has been said.
    setup.config.sources = SourceTexts::default();
    let earlier_runs = setup.earlier_runs(args.out.as_deref());
    let plan = setup.plan(&Options { partial: args.partial, only: args.only.clone(), earlier_runs }, terminal)?;
    if !args.only.is_empty() && plan.body.mappings.is_empty() {
        return Err(Failure::usage(format!("no mapping is called {}", either_of(&args.only)))
            .hint("A mapping is called after its cloud user, as the YAML names it; `hardmatch plan` lists them."));
    }
    let view = saved_and_seen(args.out.as_deref(), &plan, terminal)?;
    printing.print_view(&plan, &view, terminal)?;
    let stamps = FileStamps::of(&plan.body.actions, &setup.config);
    stamps.refusals().chain(stamps.warnings()).for_each(|warning| terminal.warn(&warning));
    if let Some(out) = &args.out {
        let can_be_applied = refusal(&plan.body).is_none() && !plan.body.actions.is_empty() && stamps.refusals().next().is_none();
        let next =
            if can_be_applied { format!(" To carry it out: {}", approvals::way_to_apply(&setup, out)) } else { String::new() };
        terminal.say(&format!("\nSaved as {}.{next}", out.display()));
    }
    let exit = verdict(&plan.body, args.detailed_exitcode);
    runner::plan(&view, exit, terminal);
    // As in reading: nobody needs the memory any more.
    std::mem::forget((plan, setup));
    Ok(exit)
}

/// Patterns as they were given, as far as they help to see what is wrong.
fn either_of(patterns: &[String]) -> String {
    let shown: Vec<_> = patterns.iter().take(EXAMPLES).map(|pattern| cut(pattern, LONGEST_SHOWN)).collect();
    let more = and_more(patterns.len().saturating_sub(EXAMPLES)).map(|more| format!(" {more}"));
    format!("{}{}", shown.join(" or "), more.unwrap_or_default())
}

/// Saves a plan when a file is named, and looks at it meanwhile: a disk takes its time.
fn saved_and_seen<'p>(out: Option<&Path>, plan: &'p PlanFile, terminal: Terminal) -> Result<PlanView<'p>, Failure> {
    let Some(out) = out else { return Ok(PlanView::new(plan)) };
    thread::scope(|threads| {
        let view = threads.spawn(|| PlanView::with_digest(plan, String::new()));
        let digest = save_plan(out, plan, terminal)?;
        let mut view = view.join().unwrap_or_else(|panic| resume_unwind(panic));
        view.digest = digest;
        Ok(view)
    })
}

/// The exit code that a plan deserves.
pub(super) fn verdict(body: &Body, detailed: bool) -> Exit {
    match refusal(body) {
        Some(exit) => exit,
        None if detailed && !body.actions.is_empty() => Exit::ChangesDue,
        None => Exit::Done,
    }
}

/// Why `apply` would refuse a plan: a guard goes before a blocker.
pub(super) fn refusal(body: &Body) -> Option<Exit> {
    let guarded = body
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Blocker && matches!(finding.code, Code::LimitExceeded | Code::SourceEmpty));
    match body.status {
        _ if guarded => Some(Exit::Guarded),
        Status::Blocked => Some(Exit::Blocked),
        Status::Empty | Status::Partial | Status::Ready => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_repeats_no_more_than_helps() {
        assert_eq!(either_of(&["eve".to_owned(), "b*".to_owned()]), "eve or b*");
        let shown = either_of(&vec!["x".repeat(100_000); 12]);
        assert!(shown.len() < 2_500 && shown.ends_with("… and 2 more"), "{}", shown.len());
    }
}
