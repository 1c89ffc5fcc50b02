//! The exit codes: one table, repeated in the README and in `hardmatch help`.

use std::process::ExitCode;

/// How a run ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or a plan that is ready, partial or empty.
    Done,
    /// An error nobody foresaw.
    Unexpected,
    /// Changes are due; only with `--detailed-exitcode`.
    ChangesDue,
    /// An input or the configuration is wrong.
    InvalidInput,
    /// Sign-in failed or a right is missing.
    Denied,
    /// A directory cannot be reached; nothing was written.
    Unreachable,
    /// A precondition no longer holds; nothing was written.
    Stale,
    /// The plan file was altered or has an unknown format.
    PlanAltered,
    /// The plan is not approved.
    NotApproved,
    /// A guard refused the plan.
    Guarded,
    /// Some writes were done and some were not.
    Partial,
    /// The writes were done, but reading back did not confirm them.
    Unconfirmed,
    /// The plan has blockers.
    Blocked,
    /// Declined at the prompt.
    Declined,
    /// Another run is unfinished or going on.
    OtherRun,
    /// The command line makes no sense.
    Usage,
    /// Interrupted from the keyboard; the journal is consistent.
    Interrupted,
    /// Asked to end, or the terminal was closed; the journal is consistent.
    Terminated,
}

impl Exit {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::Done,
        Self::Unexpected,
        Self::ChangesDue,
        Self::InvalidInput,
        Self::Denied,
        Self::Unreachable,
        Self::Stale,
        Self::PlanAltered,
        Self::NotApproved,
        Self::Guarded,
        Self::Partial,
        Self::Unconfirmed,
        Self::Blocked,
        Self::Declined,
        Self::OtherRun,
        Self::Usage,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::ChangesDue => 2,
            Self::InvalidInput => 3,
            Self::Denied => 4,
            Self::Unreachable => 5,
            Self::Stale => 6,
            Self::PlanAltered => 7,
            Self::NotApproved => 8,
            Self::Guarded => 9,
            Self::Partial => 11,
            Self::Unconfirmed => 12,
            Self::Blocked => 13,
            Self::Declined => 14,
            Self::OtherRun => 15,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What it tells a script.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or a plan that is ready, partial or empty",
            Self::Unexpected => "unexpected error",
            Self::ChangesDue => "changes are due (plan and verify, only with --detailed-exitcode)",
            Self::InvalidInput => "invalid input or configuration",
            Self::Denied => "not authenticated or not permitted",
            Self::Unreachable => "a directory cannot be reached; nothing was written",
            Self::Stale => "stale: a precondition no longer holds; nothing was written",
            Self::PlanAltered => "plan file altered or of an unknown format",
            Self::NotApproved => "not approved",
            Self::Guarded => "refused by a guard (limit-exceeded, source-empty)",
            Self::Partial => "partial: some writes done, some not; run apply again",
            Self::Unconfirmed => "applied but not confirmed",
            Self::Blocked => "the plan has blockers",
            Self::Declined => "declined at the prompt",
            Self::OtherRun => "another run is unfinished or going on",
            Self::Usage => "wrong use of the command line",
            Self::Interrupted => "interrupted (Ctrl-C); the journal is consistent",
            Self::Terminated => "terminated (SIGTERM, SIGHUP); the journal is consistent",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table, for help texts.
#[must_use]
pub fn table() -> String {
    let rows = Exit::ALL.iter().map(|exit| format!("  {:>3}  {}\n", exit.code(), exit.meaning()));
    format!("Exit codes:\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_contract_and_grow() {
        let numbers: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 64, 130, 143]);
    }
}
