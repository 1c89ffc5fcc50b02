//! Environment, time of day and working folder: the program asks for them here and nowhere else.
//!
//! Libraries have variables of their own (proxies, certificates, colours), and how long something takes is measured where it
//! is waited for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::directory::text::words;
use crate::render::Dialect;

use super::failure::Failure;

/// The file that is looked for when none is named.
pub(super) const CONFIG_NAME: &str = "hardmatch.yaml";

/// The variable that names the configuration.
pub(super) const CONFIG_VARIABLE: &str = "HARDMATCH_CONFIG";

/// A variable of the environment, unless it is empty.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(super) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The command line.
#[must_use]
pub(super) fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// How wide output is to be where no terminal says so.
#[must_use]
pub(super) fn columns() -> Option<usize> {
    variable("COLUMNS")?.to_str()?.parse().ok().filter(|columns| *columns > 0)
}

/// Whether the terminal knows no escape codes.
#[must_use]
pub(super) fn is_dumb_terminal() -> bool {
    variable("TERM").is_some_and(|name| name == "dumb")
}

/// Where ssh-agent listens.
#[must_use]
pub(super) fn agent_socket() -> Option<PathBuf> {
    let named = variable("SSH_AUTH_SOCK").map(PathBuf::from);
    named.or_else(|| cfg!(windows).then(|| PathBuf::from(r"\\.\pipe\openssh-ssh-agent")))
}

/// The CI runner that this is a step of.
#[derive(Debug)]
pub(super) struct Runner {
    dialect: Dialect,
    workspace: Option<PathBuf>,
}

impl Runner {
    /// By the variables that GitHub Actions and Azure DevOps set.
    pub(super) fn find() -> Option<Self> {
        let is = |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let path = |name: &str| variable(name).map(PathBuf::from);
        if is("GITHUB_ACTIONS") {
            return Some(Self { dialect: Dialect::GitHub, workspace: path("GITHUB_WORKSPACE") });
        }
        is("TF_BUILD").then(|| Self { dialect: Dialect::AzureDevOps, workspace: path("BUILD_SOURCESDIRECTORY") })
    }

    /// Whose commands it reads.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The file that takes outputs; Azure DevOps has none.
    pub(super) fn outputs(&self) -> Option<PathBuf> {
        variable("GITHUB_OUTPUT").map(PathBuf::from)
    }

    /// The file that takes the summary; for Azure DevOps one of this process.
    pub(super) fn summary(&self) -> Option<PathBuf> {
        match self.dialect {
            Dialect::GitHub => variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            Dialect::AzureDevOps => {
                let folder = PathBuf::from(variable("AGENT_TEMPDIRECTORY")?);
                Some(folder.join(format!("hardmatch-{}.md", std::process::id())))
            }
        }
    }

    /// A file as the runner names it: below its workspace, with `/`. `base` is where files are looked for that are not here.
    pub(super) fn place_of(&self, file: &Path, base: Option<&Path>) -> Option<String> {
        let workspace = self.workspace.as_deref()?.canonicalize().ok()?;
        let found = file.canonicalize().ok().or_else(|| base?.join(file).canonicalize().ok())?;
        let inside = found.strip_prefix(&workspace).ok()?;
        let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        Some(parts.join("/"))
    }
}

/// The time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that asks what time it is")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// The time for people: RFC 3339, without fractions of a second.
#[must_use]
pub(super) fn now_in_seconds() -> String {
    now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The same with thousandths of a second: what happens in one second has an order.
#[must_use]
pub(super) fn now_in_milliseconds() -> String {
    now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A key that nobody else has. A UUID of version 7 holds at least 32 fresh random bits, however fast they are made.
#[must_use]
pub(super) fn random_key() -> [u8; 32] {
    let seeds = [(); 8].map(|()| Uuid::now_v7().into_bytes());
    Sha256::digest(seeds.concat()).into()
}

/// Finds the configuration: the one named, else the variable's, else `hardmatch.yaml` here or above, up to the
/// folder that holds `.git`. Outside of a repository only this folder counts, so that no stranger's file is picked up.
///
/// # Errors
/// A [`Failure`] that lists where it was looked for.
pub(super) fn find_config(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    if let Some(path) = variable(CONFIG_VARIABLE) {
        return Ok(path.into());
    }
    let here = std::env::current_dir()
        .map_err(|error| Failure::input(format!("the current folder cannot be read: {}", words(&error))))?;
    search_upwards(&here).map(|found| shorten(&here, &found)).ok_or_else(|| {
        Failure::input(format!("no {CONFIG_NAME} in `{}` or above it in its repository", here.display())).hint(format!(
            "Name the file with `--config FILE` or in {CONFIG_VARIABLE}; `hardmatch demo` makes an example to start from."
        ))
    })
}

fn search_upwards(here: &Path) -> Option<PathBuf> {
    let root = here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(here);
    let inside = here.ancestors().take_while(|folder| folder.starts_with(root));
    inside.map(|folder| folder.join(CONFIG_NAME)).find(|file| file.is_file())
}

/// The path as it is shown: relative where the file is in this very folder.
fn shorten(here: &Path, found: &Path) -> PathBuf {
    found.strip_prefix(here).map_or_else(|_| found.to_owned(), Path::to_owned)
}

/// The commit that is checked out where the configuration lies, read from `.git` without starting git.
#[must_use]
pub(super) fn git_commit(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let root = folder.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
    let git = if root.is_dir() { root } else { linked_worktree(&root)? };
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let commit = match head.trim().strip_prefix("ref: ") {
        Some(name) => resolve_ref(&git, name)?,
        None => head.trim().to_owned(),
    };
    let whole = matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then_some(commit)
}

/// `.git` of a linked worktree is a file that names the real folder.
fn linked_worktree(file: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(file).ok()?;
    let path = text.trim().strip_prefix("gitdir: ")?;
    Some(file.parent()?.join(path))
}

fn resolve_ref(git: &Path, name: &str) -> Option<String> {
    let common = std::fs::read_to_string(git.join("commondir")).map(|path| git.join(path.trim())).ok();
    [Some(git.to_owned()), common].into_iter().flatten().find_map(|folder| {
        let loose = std::fs::read_to_string(folder.join(name)).map(|text| text.trim().to_owned()).ok();
        loose.or_else(|| packed_ref(&folder, name))
    })
}

fn packed_ref(folder: &Path, name: &str) -> Option<String> {
    let packed = std::fs::read_to_string(folder.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| line.split_once(' ').filter(|(_, found)| *found == name).map(|(commit, _)| commit.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn searches_up_to_the_root_of_the_repository_and_no_further() {
        let outside = tempfile::tempdir().unwrap();
        let deep = outside.path().join("repository/a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(outside.path().join(CONFIG_NAME), "").unwrap();
        assert_eq!(search_upwards(&deep), None, "outside of a repository only the folder itself counts");
        fs::create_dir(outside.path().join("repository/.git")).unwrap();
        assert_eq!(search_upwards(&deep), None, "never above the repository");
        let file = outside.path().join("repository").join(CONFIG_NAME);
        fs::write(&file, "").unwrap();
        assert_eq!(search_upwards(&deep), Some(file));
    }

    #[test]
    fn reads_the_commit_of_loose_packed_and_detached_heads() {
        let folder = tempfile::tempdir().unwrap();
        let git = folder.path().join(".git");
        let commit = "0123456789abcdef0123456789abcdef01234567";
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        assert_eq!(git_commit(folder.path()), None);
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(git.join("packed-refs"), format!("# pack-refs\n{commit} refs/heads/main\n")).unwrap();
        assert_eq!(git_commit(folder.path()).as_deref(), Some(commit));
        fs::write(git.join("refs/heads/main"), format!("{}\n", commit.replace('0', "f"))).unwrap();
        assert_eq!(git_commit(folder.path()), Some(commit.replace('0', "f")));
        fs::write(git.join("HEAD"), format!("{commit}\n")).unwrap();
        assert_eq!(git_commit(folder.path()).as_deref(), Some(commit));
        fs::write(git.join("HEAD"), "garbage\n").unwrap();
        assert_eq!(git_commit(folder.path()), None);
    }
}
