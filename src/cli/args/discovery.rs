//! Arguments of `discover`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use super::ConfigArgs;

pub(super) const EXAMPLES: &str = "Examples:
  hardmatch discover --out discovered.yaml   everybody who can be told
  hardmatch plan --config discovered.yaml    what that would do
  hardmatch discover --forest corp --under OU=Staff,DC=corp,DC=example,DC=com
  hardmatch discover --unlinked              only those who are not linked yet
  hardmatch discover --synced-report         who is linked, by which attribute";

/// How proposals are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiscoverFormat {
    /// The configuration with the proposed mappings
    Yaml,
    /// For scripts
    Json,
}

/// `discover`.
#[derive(Debug, Args)]
pub struct DiscoverArgs {
    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Only AD users of this forest
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub forest: Option<String>,

    /// Only AD users below this container, by its distinguished name
    #[arg(long, value_name = "DN", value_parser = NonEmptyStringValueParser::new())]
    pub under: Option<String>,

    /// Leave out those who are linked already
    #[arg(long)]
    pub unlinked: bool,

    /// Instead of proposals, report who is linked how and which anchor attribute the tenant seems to use
    #[arg(long, conflicts_with_all = ["forest", "under", "unlinked"])]
    pub synced_report: bool,

    /// Save it instead of printing it
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How to print the proposals: yaml or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "yaml", hide_possible_values = true)]
    pub format: DiscoverFormat,

    /// Name everybody without an account, however many there are
    #[arg(long)]
    pub all: bool,
}
