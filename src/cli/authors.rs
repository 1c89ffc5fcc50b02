//! Who wrote a change, as git says: they do not approve it themselves.

use std::path::Path;
use std::process::{Command, Stdio};

use super::setup::Setup;
use super::surroundings::git_commit;
use crate::directory::folder;

/// Authors and co-authors, an address a line.
const FORMAT: &str = "--format=%ae%n%(trailers:key=Co-authored-by,valueonly)";

/// Who wrote a change, as far as git tells.
#[derive(Debug, Default)]
pub(super) struct Authors {
    /// Their addresses.
    pub addresses: Vec<String>,
    /// What could not be known, so that the rule is weaker than it reads.
    pub doubts: Vec<String>,
}

const NO_REPOSITORY: &str =
    "the configuration is in no git repository, so nothing says who wrote the change and nobody is kept from approving their own";
const SAME_COMMIT: &str =
    "the policy is of the same commit as the change that it judges; take it from the commit before the merge";
const NO_BASE: &str = "nothing says since which commit the change was made, so only the author of the last change is kept from approving it; take the \
     policy with --policy from a checkout of the commit before the change";
const UNKNOWN_BASE: &str = "git does not know here the commit that the policy is from, so only the author of the last change is kept from approving it; \
     fetch the whole history (fetch-depth: 0)";
const UNKNOWN_AUTHOR: &str = "git does not say who wrote the change, so nobody is kept from approving their own";

/// The addresses of everybody who changed the configuration or a mapping file since the commit that the policy is from; where
/// that is not known, of who changed them last. What is not committed counts as written by whoever works here.
/// Nobody where the configuration is in no repository.
pub(super) fn of_change(setup: &Setup) -> Authors {
    let folder = folder::of(&setup.path);
    let mut authors = Authors::default();
    let Some(head) = git_commit(folder) else {
        authors.doubts.push(NO_REPOSITORY.to_owned());
        return authors;
    };
    let of_policy = if setup.policy == setup.path { None } else { git_commit(folder::of(&setup.policy)) };
    let since = of_policy.as_ref().filter(|base| **base != head).map(|base| log(folder, &format!("{base}..HEAD"), setup));
    authors.doubts.extend(match (&of_policy, &since) {
        (None, _) => Some(NO_BASE.to_owned()),
        (Some(_), None) => Some(SAME_COMMIT.to_owned()),
        (Some(_), Some(None)) => Some(UNKNOWN_BASE.to_owned()),
        (Some(_), Some(Some(_))) => None,
    });
    let written = since.flatten().filter(|authors| !authors.is_empty()).or_else(|| log(folder, "-1", setup));
    authors.addresses.extend(written.into_iter().flatten());
    let is_committed = !authors.add_uncommitted(folder, setup);
    if is_committed && authors.addresses.is_empty() {
        authors.doubts.push(UNKNOWN_AUTHOR.to_owned());
    }
    authors
}

impl Authors {
    /// Whether something is not committed, which counts as written by whoever works here.
    fn add_uncommitted(&mut self, folder: &Path, setup: &Setup) -> bool {
        if ask(folder, &["status", "--porcelain"], setup).is_none_or(|changed| changed.trim().is_empty()) {
            return false;
        }
        let email = git(folder).args(["config", "user.email"]).output().ok().map(|output| text(&output.stdout));
        let email = email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
        let whom = email.as_deref().unwrap_or("somebody whose address git does not know here");
        self.doubts.push(format!(
            "the configuration or a mapping file has changes that are not committed; they count as written by {whom}"
        ));
        self.addresses.extend(email);
        true
    }
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
