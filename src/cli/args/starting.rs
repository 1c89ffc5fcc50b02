//! Arguments of `init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "Examples:
  hardmatch init                            here, for the CI of the git remote
  hardmatch init hard-matches --ci github   in a new folder
  hardmatch init --ci azure --ci gitlab";

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where the repository is, or is to be
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,

    /// Whose pipelines to write; may be repeated. Otherwise the one that the git remote points to, else all three
    #[arg(long, value_enum, value_name = "CI")]
    pub ci: Vec<Ci>,
}

/// Who runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// GitHub Actions
    Github,
    /// Azure DevOps
    Azure,
    /// GitLab CI
    Gitlab,
}

impl Ci {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Github, Self::Azure, Self::Gitlab];

    /// The name people know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub Actions",
            Self::Azure => "Azure DevOps",
            Self::Gitlab => "GitLab CI",
        }
    }
}
