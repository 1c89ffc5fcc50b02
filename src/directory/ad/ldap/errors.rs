//! What went wrong on the wire, and what a domain controller's answer means in an admin's words.

use std::time::Duration;

use ldap3::LdapError;

use super::meaning::{self, Kind};
use crate::directory::ports::DirectoryError;
pub(super) use crate::directory::text::shown;

/// Why an operation did not succeed.
#[derive(Debug)]
pub(super) enum Fault {
    /// There was no connection to begin with; nothing was sent.
    NoConnection(String),
    /// The connection ended. `sent` says whether the request may have left.
    Lost {
        /// Whether the request may have left.
        sent: bool,
    },
    /// No answer within this time.
    Slow(Duration),
    /// The server answered, and it is not success.
    Answer(Answer),
    /// The server's answer cannot be understood.
    Garbled(String),
    /// Nothing that another attempt could change.
    Final(DirectoryError),
}

/// A result that is not success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// LDAP result code.
    pub(super) code: u32,
    /// The server's own words, safe to show.
    pub(super) text: String,
    /// Where the server would send us, safe to show.
    pub(super) referrals: Vec<String>,
}

impl Answer {
    /// `(LDAP 32 noSuchObject: 0000208D: …)`.
    pub(super) fn details(&self) -> String {
        let name = meaning::name(self.code);
        let text = if self.text.is_empty() { String::new() } else { format!(": {}", self.text) };
        let elsewhere =
            if self.referrals.is_empty() { String::new() } else { format!("; it names {}", self.referrals.join(", ")) };
        format!("(LDAP {} {name}{text}{elsewhere})", self.code)
    }

    fn is_passing(&self) -> bool {
        matches!(self.code, 51 | 52)
    }
}

impl From<LdapError> for Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the variants depend on features of the library")]
    fn from(error: LdapError) -> Self {
        match error {
            // Its text may hold anything; no operation that is used here ends like that.
            LdapError::LdapResult { result } => Self::Garbled(format!("it is a refusal (LDAP {})", result.rc)),
            LdapError::OpSend { .. } | LdapError::IdScrubSend { .. } | LdapError::MiscSend { .. } => Self::Lost { sent: false },
            LdapError::ResultRecv { .. } | LdapError::EndOfStream | LdapError::Io { .. } => Self::Lost { sent: true },
            LdapError::Timeout { .. } => Self::Slow(Duration::ZERO),
            other => Self::Garbled(shown(&other.to_string())),
        }
    }
}

impl Fault {
    /// Whether another attempt at reading may succeed.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Lost { .. } => true,
            Self::Answer(answer) => answer.is_passing(),
            Self::Slow(_) | Self::Garbled(_) | Self::Final(_) => false,
        }
    }

    /// The error of a read; `place` says where, `doing` what was being done.
    pub(super) fn while_reading(self, place: &str, doing: &str) -> DirectoryError {
        match self {
            Self::Final(error) => error,
            Self::NoConnection(why) => DirectoryError::Unreachable(format!("{place}: {why}")),
            Self::Lost { .. } => DirectoryError::Unreachable(format!(
                "{place}: the connection broke while {doing}; nothing of what had come by then is used. Try again"
            )),
            Self::Slow(time) => DirectoryError::Unreachable(format!(
                "{place}: no answer within {} s while {doing}; try again when the server is less busy, or narrow `baseDn`",
                time.as_secs()
            )),
            Self::Garbled(why) => {
                DirectoryError::Unreachable(format!("{place}: the server's answer cannot be used while {doing}: {why}"))
            }
            Self::Answer(answer) => {
                let (kind, says) = meaning::of_read(answer.code);
                let message = format!("{place}: {doing} failed: {says} {}", answer.details());
                match kind {
                    Kind::Input => DirectoryError::Input(message),
                    Kind::Denied => DirectoryError::Denied(message),
                    Kind::Unreachable => DirectoryError::Unreachable(message),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u32, text: &str) -> Answer {
        Answer { code, text: shown(text), referrals: Vec::new() }
    }

    #[test]
    fn shows_the_servers_words_without_what_could_harm_a_terminal() {
        assert_eq!(shown("0000208D: \u{1b}[2J no\n\0"), "0000208D: \\u{1b}[2J no");
        assert!(shown(&"x".repeat(5000)).chars().count() < 300);
        let error = Fault::Answer(answer(32, "00002030: No such Base DN: DC=x\n")).while_reading("corp", "reading the users");
        assert_eq!(
            error,
            DirectoryError::Input(
                "corp: reading the users failed: there is no such object on this server; check `baseDn`, and that this \
                 domain controller holds that domain (LDAP 32 noSuchObject: 00002030: No such Base DN: DC=x)"
                    .to_owned()
            )
        );
    }

    #[test]
    fn tells_what_may_be_tried_again() {
        assert!(Fault::Lost { sent: true }.is_passing() && Fault::Answer(answer(51, "")).is_passing());
        for fault in [Fault::Answer(answer(49, "")), Fault::Slow(Duration::from_secs(1)), Fault::Garbled(String::new())] {
            assert!(!fault.is_passing(), "{fault:?}");
        }
    }

    #[test]
    fn names_where_a_referral_points() {
        let answer = Answer { referrals: vec!["ldap://emea.corp.example/".to_owned()], ..answer(10, "") };
        assert_eq!(answer.details(), "(LDAP 10 referral; it names ldap://emea.corp.example/)");
    }
}
