//! `verify`: where every mapping stands, once or until sync has done its part. Nothing here can write to a directory.

use std::time::{Duration, Instant};

use crate::model::Observed;
use crate::plan::Options;
use crate::plan::body::{Body, MappingState};
use crate::planfile::PlanFile;
use crate::render::{self, VerifyReport};

use super::args::{Format, VerifyArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::plan::{refusal, verdict};
use super::print::without_page;
use super::progress::time;
use super::runner;
use super::setup::Setup;
use super::terminal::Terminal;

/// Shows where every mapping stands.
pub(super) fn run(args: &VerifyArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let format = without_page(args.format, "verify")?;
    let setup = Setup::load(&args.config, terminal)?;
    let (plan, observed) = setup.look(&Options::default(), terminal)?;
    let (plan, observed, in_time) = match args.wait {
        Some(wait) => wait_for_sync(&setup, (plan, observed), wait, args.every, terminal)?,
        None => (plan, observed, true),
    };
    let report = VerifyReport::new(&plan.body).with_proof(&observed);
    show(&report, format, args.all, terminal)?;
    let is_late = !in_time && refusal(&plan.body).is_none();
    if is_late {
        terminal.warn(&format!("the time is over, and {} still wait for sync", armed(&plan.body)));
    }
    let exit = if is_late { Exit::Unconfirmed } else { verdict(&plan.body, args.detailed_exitcode) };
    runner::ended(&states(&plan.body), exit, &render::verify_markdown(&report), terminal);
    Ok(exit)
}

/// How many mappings are in each state, for later steps of a pipeline.
fn states(body: &Body) -> Vec<(&'static str, String)> {
    MappingState::ALL.into_iter().map(|state| (state.word(), count(body, state).to_string())).collect()
}

fn show(report: &VerifyReport, format: Format, all: bool, terminal: Terminal) -> Result<(), Failure> {
    let style = terminal.style(all);
    terminal.stream_result(|out| match format {
        Format::Human | Format::Html => render::verify_human(report, &style, out),
        Format::Markdown => out.write_all(render::verify_markdown(report).as_bytes()),
        Format::Json => render::verify_json(report, out),
    })
}

/// Looks again until nothing waits for sync; tells whether that was in time. A directory that cannot be reached for a
/// while does not end the waiting.
fn wait_for_sync(
    setup: &Setup,
    mut latest: (PlanFile, Observed),
    wait: Duration,
    every: Duration,
    terminal: Terminal,
) -> Result<(PlanFile, Observed, bool), Failure> {
    let end = Instant::now() + wait;
    loop {
        let waiting = armed(&latest.0.body);
        let left = end.saturating_duration_since(Instant::now());
        if waiting == 0 || left.is_zero() {
            return Ok((latest.0, latest.1, waiting == 0));
        }
        let pause = every.min(left);
        let linked = count(&latest.0.body, MappingState::Linked);
        terminal.say(&format!("{linked} linked, {waiting} waiting for sync; looking again in {}", time(pause)));
        std::thread::sleep(pause);
        match setup.look(&Options::default(), terminal) {
            Ok(seen) => latest = seen,
            Err(failure) if failure.exit == Exit::Unreachable => terminal.warn(&failure.message),
            Err(failure) => return Err(failure),
        }
    }
}

fn armed(body: &Body) -> usize {
    count(body, MappingState::Armed)
}

fn count(body: &Body, state: MappingState) -> usize {
    body.mappings.iter().filter(|mapping| mapping.state == state).count()
}
