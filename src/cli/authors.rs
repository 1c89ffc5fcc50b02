//! Who wrote a change, as git says: they do not approve it themselves.

use std::path::Path;
use std::process::{Command, Stdio};

use super::setup::Setup;
use super::surroundings::git_commit;
use super::terminal::Terminal;
use crate::directory::folder;

/// Authors and co-authors, an address a line.
const FORMAT: &str = "--format=%ae%n%(trailers:key=Co-authored-by,valueonly)";

/// The addresses of everybody who changed the configuration or a mapping file since the commit that the policy is from; where
/// the policy is of the same commit, of who changed them last. What is not committed counts as written by whoever works here.
/// Nobody where the configuration is in no repository.
pub(super) fn of_change(setup: &Setup, terminal: Terminal) -> Vec<String> {
    let folder = folder::of(&setup.path);
    let Some(head) = git_commit(folder) else { return Vec::new() };
    let of_policy = git_commit(folder::of(&setup.policy));
    if setup.policy != setup.path && of_policy.as_ref() == Some(&head) {
        terminal.warn("the policy is of the same commit as the change that it judges; take it from the commit before the merge");
    }
    let base = of_policy.filter(|base| *base != head);
    let since = base.as_ref().map(|base| log(folder, &format!("{base}..HEAD"), setup));
    if since == Some(None) {
        terminal.warn(
            "git does not know here the commit that the policy is from, so only the author of the last change is kept from \
             approving it; fetch the whole history (fetch-depth: 0)",
        );
    }
    let written = since.flatten().filter(|authors| !authors.is_empty()).or_else(|| log(folder, "-1", setup));
    if written.is_none() {
        terminal.warn("git does not say who wrote the change, so nobody is kept from approving their own");
    }
    written.into_iter().flatten().chain(of_uncommitted(folder, setup, terminal)).collect()
}

fn of_uncommitted(folder: &Path, setup: &Setup, terminal: Terminal) -> Option<String> {
    ask(folder, &["status", "--porcelain"], setup).filter(|changed| !changed.trim().is_empty())?;
    let email = git(folder).args(["config", "user.email"]).output().ok().map(|output| text(&output.stdout));
    let email = email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
    let whom = email.as_deref().unwrap_or("somebody whose address git does not know here");
    terminal.warn(&format!(
        "the configuration or a mapping file has changes that are not committed; they count as written by {whom}"
    ));
    email
}

/// Who wrote the commits of a range that touch the files; `None` where git fails.
fn log(folder: &Path, range: &str, setup: &Setup) -> Option<Vec<String>> {
    let said = ask(folder, &["log", FORMAT, range], setup)?;
    let mut authors: Vec<String> = said.lines().map(address).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    authors.sort_unstable();
    authors.dedup();
    Some(authors)
}

/// What git says about the files; `None` where it fails.
fn ask(folder: &Path, what: &[&str], setup: &Setup) -> Option<String> {
    let mut git = git(folder);
    git.arg("--literal-pathspecs").args(what).arg("--").args(setup.config.sources.names());
    git.output().ok().filter(|output| output.status.success()).map(|output| text(&output.stdout))
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
    git
}

fn text(said: &[u8]) -> String {
    String::from_utf8_lossy(said).into_owned()
}

/// `a@b` of `a@b` and of `Name <a@b>`.
fn address(line: &str) -> &str {
    let inner = line.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(line, |(inner, _)| inner);
    inner.trim()
}
