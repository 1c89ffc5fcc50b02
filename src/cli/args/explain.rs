//! Arguments of `explain`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use super::ConfigArgs;

pub(super) const EXAMPLES: &str = "Examples:
  hardmatch explain james.bond              why this AD user did not link;
                                            also DOMAIN\\name, GUID, SID, DN,
                                            name@domain or ImmutableID
  hardmatch explain james.bond@contoso.com  an AD user with that sign-in name,
                                            else a cloud user
  hardmatch explain holder-undecided        what a finding code means, why it
                                            matters, how to cure it
  hardmatch explain                         all finding codes";

/// How an explanation is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people
    Human,
    /// For scripts
    Json,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A user of either side (sAMAccountName, DOMAIN\name, name@domain, GUID, SID, DN, ImmutableID, object id), or a finding code; without it, all codes are listed
    #[arg(value_name = "WHAT", value_parser = NonEmptyStringValueParser::new())]
    pub what: Option<String>,

    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Only AD users of this forest
    #[arg(long, value_name = "NAME", requires = "what", value_parser = NonEmptyStringValueParser::new())]
    pub forest: Option<String>,

    /// How to print the explanation of a user: human or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    pub format: ExplainFormat,

    /// Show everything, however long it is
    #[arg(long)]
    pub all: bool,
}
