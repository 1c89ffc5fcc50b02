//! `show` and `diff`: saved plans, offline.

use super::args::{DiffArgs, Format, ShowArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::outputs;
use super::print::{Printing, read_plan, without_page};
use super::runner;
use super::terminal::Terminal;
use crate::render::{self, PlanDiff, PlanView};

/// Shows a saved plan in any format.
pub(super) fn show(args: &ShowArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let printing = Printing::new(&args.render)?;
    outputs::check(&printing.files().collect::<Vec<_>>(), std::slice::from_ref(&args.plan))?;
    let plan = read_plan(&args.plan)?;
    let view = PlanView::new(&plan);
    printing.print_view(&plan, &view, terminal)?;
    runner::plan(&view, Exit::Done, terminal);
    Ok(Exit::Done)
}

/// Shows what a re-plan changed.
pub(super) fn diff(args: &DiffArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let format = without_page(args.format, "diff")?;
    let (old, new) = (read_plan(&args.old)?, read_plan(&args.new)?);
    let diff = PlanDiff::new(&old, &new);
    let style = terminal.style(true);
    terminal.stream_result(|out| match format {
        Format::Human | Format::Html => render::diff_human(&diff, &style, out),
        Format::Markdown => out.write_all(render::diff_markdown(&diff).as_bytes()),
        Format::Json => render::diff_json(&diff, out),
    })?;
    Ok(Exit::Done)
}
