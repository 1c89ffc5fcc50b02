//! `apply`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use super::ConfigArgs;

pub(super) const EXAMPLES: &str = "Examples:
  hardmatch apply plan.json                  asks for the start of the digest
  hardmatch apply plan.json --digest sha256:4f…   in a pipeline, after review
  hardmatch apply                            plans, shows the plan and asks
  hardmatch apply plan.json --digest sha256:4f… --format ndjson > events.ndjson";

/// What `apply` writes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ApplyFormat {
    /// A report at the end, for people
    Human,
    /// One JSON object a line for each event, for scripts
    Ndjson,
}

/// `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The saved plan; without it, apply plans first, shows the plan and asks
    pub plan: Option<PathBuf>,

    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// The approved digest (sha256:…); needed when nobody can be asked
    #[arg(long, value_name = "DIGEST", requires = "plan", value_parser = NonEmptyStringValueParser::new())]
    pub digest: Option<String>,

    /// Take the policy from this file instead of the configuration, for example of the protected branch
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// An approval of the plan; may be repeated. Otherwise those beside the plan are taken (PLAN.*.approval)
    #[arg(long = "approval", value_name = "FILE", requires = "plan")]
    pub approvals: Vec<PathBuf>,

    /// What goes to stdout: human, a report at the end; or ndjson, an event a line while it runs (hardmatch schema events)
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    pub format: ApplyFormat,

    /// Go on after failures until more than this many writes failed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_failures: usize,

    /// How many requests that write run at once; many writes share one, but for 1: then they go one after the other
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,

    /// Give up on the unfinished run of another plan, or of this one when it was undone meanwhile, and start this one anew
    #[arg(long)]
    pub abandon_unfinished: bool,
}
