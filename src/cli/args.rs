//! What can be typed. The help texts are written here; what the words mean is decided by the verbs.

mod applying;
mod approving;
mod checking;
mod discovery;
mod explain;
mod starting;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Args, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::exit;
pub use applying::{ApplyArgs, ApplyFormat};
pub use approving::ApproveArgs;
pub use checking::VerifyArgs;
pub use discovery::{DiscoverArgs, DiscoverFormat};
pub use explain::{ExplainArgs, ExplainFormat};
pub use starting::{Ci, InitArgs};

/// Plan, review and apply hard matches between Active Directory users and Microsoft Entra ID accounts.
#[derive(Debug, Parser)]
#[command(name = "hardmatch", version, after_long_help = exit::table(), arg_required_else_help = false)]
#[command(after_help = "Try `hardmatch demo` first; `hardmatch help VERB` shows examples of a verb.")]
pub struct Cli {
    /// When to use colour: auto looks at the stream, NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    /// How messages on stderr look: human, or json for one object a line
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    pub log_format: LogFormat,

    /// Say more on stderr (twice: even more); never a secret
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// How messages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object a line
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Plan, approve, apply and verify a built-in example; its files stay for you to play with
    #[command(after_help = "Examples:\n  hardmatch demo\n  hardmatch demo /tmp/playground")]
    Demo(DemoArgs),
    /// Write a repository to start from: configuration, pipelines for pull requests, a guide; it works at once
    #[command(after_help = starting::EXAMPLES)]
    Init(InitArgs),
    /// Check the YAML and the files it names, offline, without reading a directory
    #[command(after_help = "Examples:\n  hardmatch validate\n  hardmatch validate --config waves/hardmatch.yaml")]
    Validate(ConfigArgs),
    /// Read both directories, work out what has to be written, prove it and show it
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(PlanArgs),
    /// Show a saved plan, offline
    #[command(after_help = "Examples:\n  hardmatch show plan.json\n  hardmatch show plan.json --format markdown > comment.md")]
    Show(ShowArgs),
    /// Show what changed between two saved plans
    #[command(after_help = "Examples:\n  hardmatch diff approved.json plan.json")]
    Diff(DiffArgs),
    /// Approve a plan with an SSH key: a signature over its digest, with an expiry
    #[command(after_help = approving::EXAMPLES)]
    Approve(ApproveArgs),
    /// Carry out a plan; run it again to continue after any interruption
    #[command(after_help = applying::EXAMPLES)]
    Apply(ApplyArgs),
    /// Show where every mapping stands now: planned, armed, linked or blocked, with the proof
    #[command(after_help = checking::EXAMPLES)]
    Verify(VerifyArgs),
    /// Make a plan that undoes a run; what cannot be undone is listed first
    #[command(after_help = "Examples:\n  hardmatch rollback plan.journal.jsonl --out undo.json\n  hardmatch apply undo.json")]
    Rollback(RollbackArgs),
    /// Try everything that planning and applying need: connections, sign-in, rights, switches, clocks; each with its cure
    #[command(after_help = "Examples:\n  hardmatch doctor")]
    Doctor(DoctorArgs),
    /// Propose mappings for whole forests, each with its evidence; whoever is doubtful is left to you
    #[command(after_help = discovery::EXAMPLES)]
    Discover(DiscoverArgs),
    /// Save both directories and a configuration that plans from the saved files, to rehearse on
    #[command(after_help = SNAPSHOT_EXAMPLES)]
    Snapshot(SnapshotArgs),
    /// Show every form of a GUID, ImmutableID or SID, and say when its byte order was wrong
    #[command(after_help = CONVERT_EXAMPLES)]
    Convert(ConvertArgs),
    /// Explain why a user is not linked and what to do about it; or what a finding code means
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArgs),
    /// Print the JSON schema of the configuration, of the plan file or of the events of a run
    #[command(after_help = "Examples:\n  hardmatch schema config > schemas/config.schema.json")]
    Schema(SchemaArgs),
    /// Print the completion script of a shell
    #[command(after_help = "Examples:\n  hardmatch completions bash > /etc/bash_completion.d/hardmatch")]
    Completions(CompletionsArgs),
    /// Print the manual page of the program or of a verb
    #[command(
        after_help = "Examples:\n  hardmatch man | man -l -\n  hardmatch man apply | man -l -\n  hardmatch man --out /usr/local/share/man/man1"
    )]
    Man(ManArgs),
}

const PLAN_EXAMPLES: &str = "Examples:
  hardmatch plan                             show it
  hardmatch plan --out plan.json             and save it for review and apply
  hardmatch plan --output markdown=comment.md --output json=plan.json
  hardmatch plan --only 'james*' --only eve  only these mappings
  hardmatch plan --partial --out plan.json   leave blocked mappings out";

const SNAPSHOT_EXAMPLES: &str = "Examples:
  hardmatch snapshot                         into the folder snapshot/
  hardmatch snapshot before-wave-2
  hardmatch plan --config before-wave-2/hardmatch.yaml
  hardmatch snapshot --redact for-the-vendor
                                             with other names, addresses, ids
                                             and the same shape of plan";

const CONVERT_EXAMPLES: &str = "Examples:
  hardmatch convert 3f2504e0-4f89-11d3-9a0c-0305e82c3301
  hardmatch convert 4AQlP4lP0xGaDAMF6CwzAQ==
  hardmatch convert 'CN={3441516C50346C503078476144414D463643777A41513D3D}'
  hardmatch convert --format json - < ids.txt     one JSON object a line";

/// Where the configuration is.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The configuration; else HARDMATCH_CONFIG, else hardmatch.yaml here or above in the repository
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How much of live directories is read: needed looks up what planning asks for, everything lists all
    #[arg(long, value_enum, value_name = "EXTENT", default_value = "auto", hide = true)]
    pub read: Read,
}

/// How much of live directories is read. The plan is the same; which is faster depends on their size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Read {
    /// Whichever takes fewer requests
    #[default]
    Auto,
    /// What planning asks for
    Needed,
    /// All of it
    Everything,
    /// All of it, object identifiers included
    Identifiers,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people at a terminal
    Human,
    /// The plan file, for scripts
    Json,
    /// For a comment on a pull request
    Markdown,
    /// A page for a browser, in one file
    Html,
}

/// What prints a plan takes these.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// How to print the plan: human, json, markdown or html
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    pub format: Format,

    /// Also write the plan to a file, as FORMAT=PATH; may be repeated
    #[arg(long, value_name = "FORMAT=PATH")]
    pub output: Vec<String>,

    /// Show every mapping, also those with nothing to do, however many there are
    #[arg(long)]
    pub all: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where the example goes: a new or empty folder
    #[arg(value_name = "DIR", default_value = "hardmatch-demo")]
    pub dir: PathBuf,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Save the plan file
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Printing.
    #[command(flatten)]
    pub render: RenderArgs,

    /// Leave blocked mappings out on purpose; the plan says so
    #[arg(long)]
    pub partial: bool,

    /// Take the policy from this file instead of the configuration, for example of the protected branch
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Only mappings whose name (the cloud user in the YAML) matches this glob (`*`, `?`); may be repeated
    #[arg(long, value_name = "GLOB", value_parser = NonEmptyStringValueParser::new())]
    pub only: Vec<String>,

    /// Exit with 2 when changes are due
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The saved plan
    pub plan: PathBuf,

    /// Printing.
    #[command(flatten)]
    pub render: RenderArgs,
}

/// `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The plan that was reviewed
    pub old: PathBuf,

    /// The plan that was made since
    pub new: PathBuf,

    /// How to print the difference: human, json or markdown
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    pub format: Format,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The journal of the run, NAME.journal.jsonl beside the plan NAME.json
    pub journal: PathBuf,

    /// Where to save the plan that undoes it: beside the journal
    #[arg(short, long, value_name = "PLAN", required = true)]
    pub out: PathBuf,

    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Where the files go; a name that ends in .json is that of the tenant's file, with the others beside it
    #[arg(value_name = "DIR", default_value = "snapshot", value_parser = clap::value_parser!(PathBuf))]
    pub dir: PathBuf,

    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Replace names, addresses, ids and GUIDs, the same value by the same stand-in everywhere
    #[arg(long)]
    pub redact: bool,

    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

/// How converted values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConvertFormat {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

/// `convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// GUID, ImmutableID, hex bytes, LDAP filter, CN={…}, attribute:: value, User_ID, SID; `-` reads lines from stdin
    #[arg(required = true, value_name = "VALUE")]
    pub values: Vec<String>,

    /// How to print the forms
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    pub format: ConvertFormat,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// hardmatch.yaml
    Config,
    /// The plan file
    Plan,
    /// A line of `apply --format ndjson`
    Events,
}

/// `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Which schema
    #[arg(value_enum)]
    pub name: SchemaName,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The page of this verb
    #[arg(value_name = "VERB")]
    pub verb: Option<String>,

    /// Save all pages in this folder
    #[arg(short, long, value_name = "DIR", conflicts_with = "verb")]
    pub out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn examples_fit_into_eighty_columns() {
        for verb in Cli::command().get_subcommands() {
            let examples = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(examples.starts_with("Examples:"), "{} has no examples", verb.get_name());
            for line in examples.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", verb.get_name());
            }
        }
    }

    #[test]
    fn a_wish_without_effect_is_refused() {
        for line in [
            &["hardmatch", "convert", "x", "--config", "y"][..],
            &["hardmatch", "show", "plan.json", "--partial"],
            &["hardmatch", "apply", "--digest", "sha256:00"],
            &["hardmatch", "apply", "plan.json", "--yes"],
            &["hardmatch", "apply", "plan.json", "--concurrency", "0"],
            &["hardmatch", "plan", "--only", ""],
            &["hardmatch", "rollback", "x.journal.jsonl"],
        ] {
            assert!(Cli::try_parse_from(line).is_err(), "{line:?}");
        }
    }
}
