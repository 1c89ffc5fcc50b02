//! How a run ended: done, failed, not tried, unknown; and how to go on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};

use crate::apply::journal::JournalError;
use crate::apply::lock::LockError;
use crate::apply::unfinished::UnfinishedRun;
use crate::apply::{ApplyError, Difference, ExitKind, RunReport};
use crate::model::text::{self, printable};
use crate::plan::action::{Action, ActionId};
use crate::plan::body::MappingState;
use crate::planfile::PlanFile;
use crate::render;

use super::super::command_line::{self, Given};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::progress::{Totals, time};
use super::super::terminal::Terminal;
use super::watch;

/// Runs that are faster do not say how long they took.
const WORTH_A_LINE: Duration = Duration::from_secs(5);
/// How many of a kind are listed.
const SHOWN: usize = 25;

/// The exit code of a run; `signalled` tells which signal stopped it.
pub(super) fn exit(report: &RunReport, signalled: Option<Exit>) -> Exit {
    match report.exit_kind() {
        ExitKind::Complete => Exit::Done,
        ExitKind::Denied => Exit::Denied,
        ExitKind::Interrupted => signalled.unwrap_or(Exit::Interrupted),
        ExitKind::Journal | ExitKind::Unsaved => Exit::InvalidInput,
        ExitKind::Partial => Exit::Partial,
        ExitKind::Stale => Exit::Stale,
        ExitKind::Unconfirmed => Exit::Unconfirmed,
        ExitKind::Unreachable => Exit::Unreachable,
    }
}

/// Why nothing was tried.
pub(super) fn refusal(error: ApplyError, is_way_back: bool, given: &Given) -> Failure {
    match error {
        ApplyError::Directory(error) => error.into(),
        ApplyError::Stale { differences, begun } => stale(&differences, begun.as_ref(), is_way_back, given),
        ApplyError::Unfinished(_) => Failure::new(Exit::OtherRun, error.to_string())
            .hint("Finish it with `hardmatch apply` of that plan, undo it with `hardmatch rollback`, or give it up with `--abandon-unfinished`."),
        ApplyError::Lock(LockError::Held { .. }) => Failure::new(Exit::OtherRun, error.to_string()),
        ApplyError::Undone { .. } => Failure::new(Exit::Stale, error.to_string())
            .hint("If it is wanted again after all, plan again: a plan that is made now can be applied, and approvals of the same digest still count."),
        ApplyError::WentOn => Failure::new(Exit::Stale, error.to_string())
            .hint("Run `hardmatch rollback` again, and have the new plan of the way back reviewed."),
        ApplyError::Plan(_) => Failure::new(Exit::PlanAltered, error.to_string()),
        ApplyError::Journal(JournalError::Damaged { .. }) => Failure::input(error.to_string()),
        ApplyError::Lock(LockError::Io { .. }) | ApplyError::Journal(JournalError::Io { .. }) | ApplyError::Backups { .. } => {
            Failure::input(error.to_string()).hint(
                "The folder of the plan and that of the backups have to be ones that you can write to, on a disk with room. What lies there under such a name and is something else, move away.",
            )
        }
    }
}

fn stale(differences: &[Difference], begun: Option<&UnfinishedRun>, is_way_back: bool, given: &Given) -> Failure {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(Terminal::WIDTH_OF_FILES).unwrap_or(120));
    table.set_header(["object", "property", "expected", "found"]);
    for difference in differences {
        let object = difference
            .target
            .as_ref()
            .map_or("the tenant", |target| if target.upn.is_empty() { &target.id } else { &target.upn });
        table.add_row(
            [object, &difference.fact, &difference.expected, &difference.found].map(|cell| printable(cell).into_owned()),
        );
    }
    let facts = if differences.len() == 1 { "1 fact".to_owned() } else { format!("{} facts", differences.len()) };
    let written = if begun.is_some() { "this run wrote nothing, an earlier one did" } else { "nothing was written" };
    let failure = Failure::new(Exit::Stale, format!("the plan is stale: {facts} that it relies on changed; {written}\n{table}"));
    match begun {
        Some(run) => way_out(
            failure.hint("Directories tell late what was written: apply the plan again in some minutes."),
            &run.journal,
            given,
        ),
        None if is_way_back => failure.hint("Run `hardmatch rollback` again: it leaves out what somebody changed since."),
        None => failure.hint("Plan again; `hardmatch diff` shows what a new plan changes."),
    }
}

/// How to go on with a run that has begun and cannot be finished as things stand.
pub(super) fn way_out(failure: Failure, journal: &Path, given: &Given) -> Failure {
    failure
        .hint(format!(
            "Or undo what is done: {}",
            given.rollback(journal, &command_line::path(&journal.with_file_name("back.json")))
        ))
        .hint("Or give the begun run up: plan again, have the new plan reviewed, and apply it with --abandon-unfinished.")
}

/// How long a run of so many writes took, and what it waited for; empty where that is not worth a line.
pub(super) fn effort(took: Duration, totals: Totals, writes: usize) -> String {
    let mut parts = Vec::new();
    // Beside a floor minutes would be too coarse.
    let shown = |long: Duration| if totals.quota.is_some() { format!("{:.0} s", long.as_secs_f64()) } else { time(long) };
    if took >= WORTH_A_LINE || totals != Totals::default() {
        parts.push(format!("Took {}", shown(took)));
    }
    if let (Some((limit, window)), Some(floor)) = (totals.quota, totals.floor(writes)) {
        parts.push(format!("a quota of {limit} writes in {} leaves no less than {}", shown(window), shown(floor)));
    }
    match totals.refused {
        0 => {}
        1 => parts.push("1 request was refused with 429".into()),
        many => parts.push(format!("{many} requests were refused with 429")),
    }
    if totals.waited > Duration::ZERO {
        parts.push(format!("waited {} for Microsoft Graph's quota", time(totals.waited)));
    }
    if parts.is_empty() { String::new() } else { format!("{}\n", parts.join("; ")) }
}

/// A heading and what is under it.
type Lines = (&'static str, Vec<String>);

/// What did not go well, under its headings.
fn troubles(report: &RunReport, plan: &PlanFile) -> [Lines; 3] {
    let actions: BTreeMap<&ActionId, &Action> = plan.body.actions.iter().map(|action| (&action.id, action)).collect();
    let name = |id: &ActionId| actions.get(id).map_or_else(|| id.to_string(), |action| watch::name(action));
    let failed = report.failed.iter().map(|(id, failure)| format!("{}: {}", name(id), printable(&failure.reason)));
    let unknown = report.unconfirmed.iter().map(|(id, reason)| format!("{}: {}", name(id), printable(reason)));
    let skipped = report.skipped.iter().map(|skipped| format!("{}: needs {}", name(&skipped.action), name(&skipped.blocked_by)));
    let not_tried = skipped.chain(report.not_started.iter().map(|id| format!("{}: not started", name(id))));
    [("Failed", failed.collect()), ("Unknown (sent, but not seen)", unknown.collect()), ("Not tried", not_tried.collect())]
}

/// The counts, as later steps of a pipeline read them.
pub(super) fn counts(report: &RunReport) -> Vec<(&'static str, String)> {
    let not_tried = report.skipped.len() + report.not_started.len();
    let counts = [
        ("done", report.done.len()),
        ("done-before", report.already_done.len()),
        ("failed", report.failed.len()),
        ("unknown", report.unconfirmed.len()),
        ("not-tried", not_tried),
    ];
    counts.map(|(name, count)| (name, count.to_string())).into()
}

fn counted(report: &RunReport, plan: &PlanFile) -> String {
    let counts: Vec<String> = counts(report).iter().map(|(name, count)| format!("{count} {}", name.replace('-', " "))).collect();
    format!("Applied {}: {}", plan.short_digest(), counts.join(", "))
}

/// The report of a run.
pub(super) fn text(report: &RunReport, plan: &PlanFile, again: &str, effort: &str) -> String {
    let mut text = String::new();
    for (heading, lines) in troubles(report, plan).iter().filter(|(_, lines)| !lines.is_empty()) {
        let _ = writeln!(text, "{heading}:");
        lines.iter().take(SHOWN).for_each(|line| text.push_str(&format!("  {line}\n")));
        if lines.len() > SHOWN {
            let _ = writeln!(text, "  … and {} more; the journal has them all", lines.len() - SHOWN);
        }
    }
    let _ = writeln!(text, "{}", counted(report, plan));
    text.push_str(effort);
    let _ = writeln!(text, "{}", next(report, plan, again));
    text
}

/// The same for the summary of a CI job.
pub(super) fn markdown(report: &RunReport, plan: &PlanFile, again: &str) -> String {
    render::run_markdown(&counted(report, plan), &troubles(report, plan), &next(report, plan, again))
}

/// Whether sync has somebody to take over after the plan.
fn arms(plan: &PlanFile) -> bool {
    plan.body.mappings.iter().any(|mapping| match mapping.state {
        MappingState::Armed => true,
        MappingState::Planned => mapping.anchor.is_some(),
        MappingState::Blocked | MappingState::Detached | MappingState::Linked => false,
    })
}

/// How to go on; `again` is the command that does.
pub(super) fn next(report: &RunReport, plan: &PlanFile, again: &str) -> String {
    let why = report.stopped_by.as_ref().map_or_else(String::new, |why| format!("Stopped: {}. ", watch::stopped(why)));
    match report.exit_kind() {
        ExitKind::Complete if report.stopped_by.is_some() => format!("{why}Everything else is done."),
        ExitKind::Complete if !plan.body.leaves.is_empty() => format!(
            "The run is undone but for {}, as the plan says. Once nothing is in the way any more, run `hardmatch rollback` again.",
            text::counted(plan.body.leaves.len(), "write")
        ),
        ExitKind::Complete if plan.body.rollback_of.is_some() => "The run is undone, as far as it can be.".into(),
        ExitKind::Complete if !arms(plan) => "Done; nothing waits for sync.".into(),
        ExitKind::Complete if let Some(barrier) = &report.barrier => format!(
            "The values are set, but sync takes nobody over: {}. Change that for the time of the match, then let sync run; \
             `hardmatch verify` shows when it has taken over.",
            barrier.what
        ),
        ExitKind::Complete => "Now let sync run; `hardmatch verify` shows when it has taken over.".into(),
        ExitKind::Stale if report.already_done.is_empty() => "Nothing was written. Plan again: the situation changed.".into(),
        ExitKind::Stale => {
            "This run wrote nothing. Plan again: the situation changed; --abandon-unfinished gives the begun run up.".into()
        }
        ExitKind::Denied
        | ExitKind::Interrupted
        | ExitKind::Journal
        | ExitKind::Partial
        | ExitKind::Unconfirmed
        | ExitKind::Unreachable
        | ExitKind::Unsaved => {
            format!("{why}To go on: {again}")
        }
    }
}
