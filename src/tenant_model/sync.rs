//! One sync cycle: what happens when the sync client exports an AD user, or deletes the account of one ([`deletion`]).
//!
//! The order is Entra's: by anchor ([`matching`]), then by primary address or sign-in name, else a new account
//! ([`create`]); [`guards`] says what Entra refuses, [`rule`] by which rules, [`takeover`] what AD overwrites.

mod create;
mod deletion;
#[cfg(test)]
mod deletion_tests;
mod export;
mod guards;
mod matching;
mod rule;
mod takeover;
#[cfg(test)]
mod takeover_tests;
#[cfg(test)]
mod tests;

use crate::model::{AdUser, EntraId, Exclusion, Known, SourceAnchor, Text};

pub use self::deletion::SyncDeletion;
use self::export::Export;
pub use self::export::exported_primary;
use self::matching::SoftMatch;
pub use self::rule::{BLOCKS_HARD_MATCH, SyncRefusal, SyncRule};
pub use self::takeover::Takeover;
use super::{Tenant, UserRef};

/// An AD user as the sync client exports it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The AD user.
    pub user: &'a AdUser,
    /// Its source anchor.
    pub anchor: &'a SourceAnchor,
}

/// What the cycle does with one AD user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncOutcome {
    /// Joined before; attributes are updated.
    AlreadyLinked(UserRef),
    /// Found by anchor and taken over.
    HardMatch {
        /// The account.
        user: UserRef,
        /// Whether it was brought back from the recycle bin.
        restored: bool,
    },
    /// Found by primary address or sign-in name, and taken over.
    SoftMatch {
        /// The account.
        user: UserRef,
        /// Whether by sign-in name rather than by primary address.
        by_upn: bool,
    },
    /// No match: a new account appears.
    Create {
        /// Its sign-in name.
        upn: Text,
        /// Whether that is a placeholder because the right name is taken.
        placeholder: bool,
        /// Users, groups and contacts whose sign-in name or addresses are in the way.
        conflicts: Vec<EntraId>,
        /// Accounts that have its address or sign-in name, and why they were not taken over.
        passed_over: Vec<SyncRefusal>,
    },
    /// The sync client leaves the AD user out.
    LeftOut(Exclusion),
    /// Entra refuses the export.
    Refused(SyncRefusal),
}

impl SyncOutcome {
    /// The account that gets the values of the AD user, where there is one already.
    #[must_use]
    pub fn account(&self) -> Option<UserRef> {
        match self {
            Self::AlreadyLinked(user) | Self::HardMatch { user, .. } | Self::SoftMatch { user, .. } => Some(*user),
            Self::Create { .. } | Self::LeftOut(_) | Self::Refused(_) => None,
        }
    }

    /// The rule by which it comes to this, in words.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyLinked(_) => "the account is synced under this very anchor: sync updates its attributes",
            Self::HardMatch { restored: true, .. } => {
                "a deleted account has this very anchor as its ImmutableID: it is brought back and taken over"
            }
            Self::HardMatch { restored: false, .. } => {
                "the account has this very anchor as its ImmutableID and is not synced: it is taken over"
            }
            Self::SoftMatch { by_upn: true, .. } => {
                "nobody has the anchor, and an account without ImmutableID has the sign-in name: it is taken over"
            }
            Self::SoftMatch { by_upn: false, .. } => {
                "nobody has the anchor, and an account without ImmutableID has the primary address: it is taken over"
            }
            Self::Create { placeholder: true, .. } => {
                "nobody has the anchor and nobody can be soft matched: a new account appears, under a placeholder name because its own \
                 is taken"
            }
            Self::Create { placeholder: false, .. } => {
                "nobody has the anchor and nobody can be soft matched: a new account appears"
            }
            Self::LeftOut(exclusion) => exclusion.reason(),
            Self::Refused(refusal) => refusal.rule.words(),
        }
    }
}

impl Tenant {
    /// What a sync cycle would do with this AD user now, without doing it.
    #[must_use]
    pub fn forecast(&self, incoming: Incoming<'_>) -> SyncOutcome {
        if self.observed().sync_enabled == Known::Is(false) {
            return SyncOutcome::Refused(SyncRule::SyncIsOff.refuses_all());
        }
        if let Some(exclusion) = incoming.user.excluded {
            return SyncOutcome::LeftOut(exclusion);
        }
        self.by_anchor(incoming).unwrap_or_else(|| {
            let export = Export::of(self, incoming);
            match self.soft_match(&export) {
                SoftMatch::Found { user, by_upn } => SyncOutcome::SoftMatch { user, by_upn },
                SoftMatch::Refused(refusal) => SyncOutcome::Refused(refusal),
                SoftMatch::None { passed_over } => self.creation(&export, passed_over),
            }
        })
    }

    /// Runs the sync cycle for one AD user: carries out what [`Self::forecast`] says, and returns it.
    ///
    /// `now` is the sync time that it records, RFC 3339.
    pub fn sync(&mut self, incoming: Incoming<'_>, now: &str) -> SyncOutcome {
        let outcome = self.forecast(incoming);
        let found = outcome.account().and_then(|user| Some((user, self.user(user)?)));
        if let Some((user, account)) = found {
            let taken_over = self.taken_over(incoming, account, now);
            self.replace(user, Some(taken_over));
        } else if let SyncOutcome::Create { upn, .. } = &outcome {
            let created = self.created(incoming, upn, now);
            self.create(created);
        }
        outcome
    }

    /// A feature flag of directory synchronisation; `default` where it was not read.
    fn feature(&self, name: &str, default: bool) -> bool {
        let features = self.observed().features.as_ref();
        features.and_then(|features| features.get(name)).copied().unwrap_or(default)
    }
}
