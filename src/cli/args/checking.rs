//! Arguments of `verify`.

use std::time::Duration;

use clap::Args;
use jiff::{Span, SpanRelativeTo};

use super::{ConfigArgs, Format};

pub(super) const EXAMPLES: &str = "Examples:
  hardmatch verify
  hardmatch verify --detailed-exitcode  2 when changes are due: for a schedule
  hardmatch verify --wait               until sync has taken over everybody, an
                                        hour at most
  hardmatch verify --wait=3h --every=5m";

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// How to print the states: human, json or markdown
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    pub format: Format,

    /// Show every mapping, however many there are
    #[arg(long)]
    pub all: bool,

    /// Exit with 2 when changes are due
    #[arg(long)]
    pub detailed_exitcode: bool,

    /// Look again until no mapping waits for sync any more, or this time is over (exit 12)
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1h", value_parser = duration)]
    pub wait: Option<Duration>,

    /// How long to wait before looking again
    #[arg(long, value_name = "TIME", default_value = "1m", requires = "wait", value_parser = duration)]
    pub every: Duration,
}

/// `90s`, `5m`, `1h 30m`, `7d`
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is for example 90s, 5m or 1h".to_owned();
    let span: Span = text.parse().map_err(|_| wrong())?;
    let parsed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(parsed).ok().filter(|time| *time >= Duration::from_secs(1)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_is_not_nothing() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        for wrong in ["", "5", "0s", "-5m", "soon", "10ms"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
