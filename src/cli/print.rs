//! A plan in the formats that were asked for: one to stdout, others to files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::planfile::{self, PlanFile};
use crate::render::{self, PlanView};

use super::args::{Format, RenderArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::files::{self, Readers};
use super::terminal::Terminal;

/// What is printed where, checked before any work is done.
#[derive(Debug)]
pub(super) struct Printing {
    format: Format,
    files: Vec<(Format, PathBuf)>,
    all: bool,
}

impl Printing {
    /// Checks the wishes.
    pub(super) fn new(args: &RenderArgs) -> Result<Self, Failure> {
        let files = args.output.iter().map(|wish| output(wish)).collect::<Result<Vec<_>, Failure>>()?;
        Ok(Self { format: known(args.format)?, files, all: args.all })
    }

    /// Writes the files, then the result.
    pub(super) fn print(&self, plan: &PlanFile, terminal: Terminal) -> Result<(), Failure> {
        let view = PlanView::new(plan);
        for (format, path) in &self.files {
            save(path, *format, plan, &view, self.all)?;
            terminal.log(1, &format!("wrote {}", path.display()));
        }
        let style = terminal.style(self.all);
        terminal.stream_result(|out| text(self.format, plan, &view, &style, out))
    }
}

/// Refuses what is not built yet.
pub(super) fn known(format: Format) -> Result<Format, Failure> {
    match format {
        Format::Html => Err(Failure::usage("the format html comes in a later release").hint("Use `--format markdown` for now.")),
        Format::Human | Format::Json | Format::Markdown => Ok(format),
    }
}

fn output(wish: &str) -> Result<(Format, PathBuf), Failure> {
    let wrong = || {
        Failure::usage(format!("`--output {wish}` is not of the form FORMAT=PATH"))
            .hint("For example `--output markdown=plan.md`; the formats are human, json and markdown.")
    };
    let (format, path) = wish.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or_else(wrong)?;
    let format = <Format as clap::ValueEnum>::from_str(format, false).map_err(|_| wrong())?;
    Ok((known(format)?, path.into()))
}

fn save(path: &Path, format: Format, plan: &PlanFile, view: &PlanView<'_>, all: bool) -> Result<(), Failure> {
    let readers = if format == Format::Json { Readers::Owner } else { Readers::AsUsual };
    let style = render::Style { color: false, width: Terminal::WIDTH_OF_FILES, all };
    files::write(path, readers, |out| text(format, plan, view, &style, out))
}

fn text(format: Format, plan: &PlanFile, view: &PlanView<'_>, style: &render::Style, mut out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => render::human(view, style, out),
        Format::Markdown => out.write_all(render::markdown(view).as_bytes()),
        Format::Json => plan.write(&mut out),
        Format::Html => Ok(()),
    }
}

/// Saves a plan file.
pub(super) fn save_plan(path: &Path, plan: &PlanFile) -> Result<(), Failure> {
    files::write(path, Readers::Owner, |mut out| plan.write(&mut out))
}

/// Reads a plan file; what was altered or is of another kind is refused.
pub(super) fn read_plan(path: &Path) -> Result<PlanFile, Failure> {
    let bytes = files::read(path)?;
    planfile::parse(&bytes).map_err(|error| Failure::new(Exit::PlanAltered, format!("`{}`: {error}", path.display())))
}
