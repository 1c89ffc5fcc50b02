//! What a verb tells the CI runner that it runs in: annotations at lines of the YAML, a summary, outputs for later steps.
//!
//! Commands go to stderr, which runners read like stdout, so that stdout stays the result.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::diag::Diagnostic;
use crate::model::digits::hex;
use crate::plan::body::Body;
use crate::plan::finding::Severity;
use crate::planfile;
use crate::render::{self, Annotation, Dialect, PlanView};

use super::exit::Exit;
use super::failure::Failure;
use super::surroundings::{self, Runner};
use super::terminal::Terminal;

/// GitHub takes 1 MiB of summary from a step.
const LARGEST_SUMMARY: u64 = 1 << 20;

/// Tells the runner about a plan, made or shown.
pub(super) fn plan(view: &PlanView<'_>, exit: Exit, terminal: Terminal) {
    let Some(runner) = Runner::find() else { return };
    let config = view.meta.config.as_deref();
    let base = config.and_then(|config| Path::new(config).parent()).map(Path::to_owned);
    annotate(&runner, render::annotations_of_plan(view.body, config), base.as_deref(), terminal);
    let mut outputs = outputs_of(view.body, &view.digest);
    outputs.push(("exit-code", exit.code().to_string()));
    put_outputs(&runner, &outputs, terminal);
    summarise(&runner, &render::markdown(view), terminal);
}

/// Tells the runner how a run or a check ended.
pub(super) fn ended(outputs: &[(&str, String)], exit: Exit, markdown: &str, terminal: Terminal) {
    let Some(runner) = Runner::find() else { return };
    let exit = [("exit-code", exit.code().to_string())];
    put_outputs(&runner, &[outputs, &exit].concat(), terminal);
    summarise(&runner, markdown, terminal);
}

/// Tells the runner what somebody should look at in the configuration.
pub(super) fn warned(warnings: &[Diagnostic], terminal: Terminal) {
    if let Some(runner) = Runner::find() {
        annotate(&runner, render::annotations_of_diagnostics(warnings), None, terminal);
    }
}

/// Tells the runner why a verb failed: every fault of the configuration at its line, else the message.
pub(super) fn failed(failure: &Failure, terminal: Terminal) {
    let Some(runner) = Runner::find() else { return };
    let mut annotations = render::annotations_of_diagnostics(&failure.places);
    if annotations.is_empty() {
        let message = [&[failure.message.trim_end().to_owned()][..], &failure.hints].concat().join(" ");
        annotations.push(Annotation::error(failure.exit.meaning(), &message));
    }
    annotate(&runner, annotations, None, terminal);
    put_outputs(&runner, &[("exit-code", failure.exit.code().to_string())], terminal);
}

/// What later steps ask for.
fn outputs_of(body: &Body, digest: &str) -> Vec<(&'static str, String)> {
    let count = |severity| body.findings.iter().filter(|finding| finding.severity == severity).count().to_string();
    vec![
        ("status", body.status.word().to_owned()),
        ("digest", digest.to_owned()),
        ("short-digest", planfile::short(digest).to_owned()),
        ("changes", body.actions.len().to_string()),
        ("blockers", count(Severity::Blocker)),
        ("warnings", count(Severity::Warning)),
    ]
}

fn annotate(runner: &Runner, mut annotations: Vec<Annotation>, base: Option<&Path>, terminal: Terminal) {
    for annotation in &mut annotations {
        let file = annotation.file.take();
        annotation.file = file.and_then(|file| runner.place_of(Path::new(&file), base));
    }
    let commands = render::annotation_commands(runner.dialect(), &annotations);
    if !commands.is_empty() {
        terminal.command_runner(&commands);
    }
}

fn put_outputs(runner: &Runner, outputs: &[(&str, String)], terminal: Terminal) {
    match (runner.dialect(), runner.outputs()) {
        (Dialect::GitHub, Some(file)) => {
            let delimiter = hex(&surroundings::random_key());
            append(&file, &render::github_outputs(outputs, &delimiter), terminal);
        }
        (Dialect::GitHub, None) => {}
        (Dialect::AzureDevOps, _) => terminal.command_runner(&render::azure_outputs(outputs)),
    }
}

fn summarise(runner: &Runner, markdown: &str, terminal: Terminal) {
    let Some(file) = runner.summary() else { return };
    let size = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
    if size + markdown.len() as u64 >= LARGEST_SUMMARY {
        return terminal.warn("the summary of this step is full; this result is not in it");
    }
    append(&file, &format!("{markdown}\n"), terminal);
    if runner.dialect() == Dialect::AzureDevOps {
        terminal.command_runner(&format!("##vso[task.uploadsummary]{}", file.display()));
    }
}

/// What cannot be told to the runner is said, and changes nothing about the verb.
fn append(file: &PathBuf, text: &str, terminal: Terminal) {
    let appended = OpenOptions::new().create(true).append(true).open(file).and_then(|mut file| file.write_all(text.as_bytes()));
    if let Err(error) = appended {
        terminal.warn(&format!("`{}` cannot be written: {}", file.display(), super::files::words(&error)));
    }
}
