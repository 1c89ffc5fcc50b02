//! Arguments of `approve`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::ConfigArgs;
use super::checking::duration;

pub(super) const EXAMPLES: &str = "Examples:
  hardmatch approve plan.json --key ~/.ssh/id_ed25519
  hardmatch approve plan.json --key ~/.ssh/id_ed25519.pub   key in ssh-agent
  hardmatch approve plan.json --key key --as alice@contoso.com --expires 2d
  ssh-keygen -Y verify -f approvers -I alice@contoso.com -n hardmatch-approval \\
      -s plan.alice@contoso.com.approval.sig < plan.alice@contoso.com.approval";

/// `approve`.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The saved plan
    pub plan: PathBuf,

    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// Take the policy from this file instead of the configuration
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// An OpenSSH private key, or the public one (.pub) of a key that ssh-agent holds
    #[arg(short, long, value_name = "FILE")]
    pub key: PathBuf,

    /// Who approves, as the allowed_signers file of the policy names you; needed where it does not tell
    #[arg(long = "as", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub name: Option<String>,

    /// How long the approval counts
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = duration)]
    pub expires: Duration,
}
