//! A plan in the formats that were asked for: one to stdout, others to files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::apply::journal::journal_path;
use crate::apply::unfinished::FolderJournals;
use crate::directory::folder;
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
        Ok(Self { format: args.format, files, all: args.all })
    }

    /// The files that will be written.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(_, path)| path.as_path())
    }

    /// Writes the files, then the result.
    pub(super) fn print(&self, plan: &PlanFile, terminal: Terminal) -> Result<(), Failure> {
        self.print_view(plan, &PlanView::new(plan), terminal)
    }

    /// The same for a plan that was looked at already.
    pub(super) fn print_view(&self, plan: &PlanFile, view: &PlanView<'_>, terminal: Terminal) -> Result<(), Failure> {
        for (format, path) in &self.files {
            save(path, *format, plan, view, self.all, terminal)?;
            terminal.log(1, &format!("wrote {}", path.display()));
        }
        if self.format == Format::Json && !terminal.shows_results() {
            return terminal.stream_raw_result(|mut out| plan.write(&mut out));
        }
        let style = terminal.style(self.all);
        terminal.stream_result(|out| text(self.format, plan, view, &style, out))
    }
}

/// Refuses a page where `what` is not the plan itself.
pub(super) fn without_page(format: Format, what: &str) -> Result<Format, Failure> {
    match format {
        Format::Html => Err(Failure::usage(format!("`{what}` does not write html"))
            .hint("Only plans have a page: `hardmatch plan` and `hardmatch show`. Use `--format markdown` here.")),
        Format::Human | Format::Json | Format::Markdown => Ok(format),
    }
}

fn output(wish: &str) -> Result<(Format, PathBuf), Failure> {
    let wrong = || {
        Failure::usage(format!("`--output {wish}` is not of the form FORMAT=PATH"))
            .hint("For example `--output markdown=plan.md`; the formats are human, json, markdown and html.")
    };
    let (format, path) = wish.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or_else(wrong)?;
    let format = <Format as clap::ValueEnum>::from_str(format, false).map_err(|_| wrong())?;
    Ok((format, path.into()))
}

fn save(path: &Path, format: Format, plan: &PlanFile, view: &PlanView<'_>, all: bool, terminal: Terminal) -> Result<(), Failure> {
    if format == Format::Json {
        return save_plan(path, plan, terminal).map(|_| ());
    }
    let style = render::Style { color: false, width: Terminal::WIDTH_OF_FILES, all };
    files::write(path, Readers::AsUsual, |out| text(format, plan, view, &style, out))
}

fn text(format: Format, plan: &PlanFile, view: &PlanView<'_>, style: &render::Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => render::human(view, style, out),
        Format::Markdown => out.write_all(render::markdown(view).as_bytes()),
        Format::Json => render::plan_json(plan, out),
        Format::Html => render::html(view, out),
    }
}

/// Saves a plan file and gives its digest. A plan whose run is unfinished is kept beside it: nobody could finish the run
/// without it.
pub(super) fn save_plan(path: &Path, plan: &PlanFile, terminal: Terminal) -> Result<String, Failure> {
    if let Some(old) = plan_of_unfinished_run(path, plan) {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let kept = path.with_file_name(format!("{stem}-{}.json", old.short_digest()));
        files::write(&kept, Readers::Owner, |mut out| old.write(&mut out))?;
        terminal.warn(&format!(
            "the run of the plan that was in {0} is unfinished; that plan is kept as {1}. To finish the run put it back and apply it; to give \
             it up apply the new plan with --abandon-unfinished",
            path.display(),
            kept.display()
        ));
    }
    files::write_going_back(path, Readers::Owner, |mut out| plan.write_once(&mut out))
}

/// The plan in a file, if its run is unfinished and it is not the one that is to be saved.
fn plan_of_unfinished_run(path: &Path, new: &PlanFile) -> Option<PlanFile> {
    // Most plans were never applied, and a large one takes long to read.
    if !journal_path(path).exists() {
        return None;
    }
    let old = read_plan(path).ok()?;
    // What is wrong with a journal is for `apply` to say.
    let journals = FolderJournals::read(folder::of(path));
    let unfinished = journals.map(|journals| journals.unfinished(&new.digest(), &old.body.tenant, None)).unwrap_or_default();
    let is_it = unfinished.iter().any(|run| run.digest == old.digest() && run.plan.file_name() == path.file_name());
    is_it.then_some(old)
}

/// Reads a plan file; what was altered or is of another kind is refused.
pub(super) fn read_plan(path: &Path) -> Result<PlanFile, Failure> {
    let bytes = files::read(path)?;
    planfile::parse(&bytes).map_err(|error| Failure::new(Exit::PlanAltered, format!("`{}`: {error}", path.display())))
}
