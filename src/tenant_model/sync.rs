//! One sync cycle: what happens when the sync client exports an AD user.

use crate::model::{AdUser, EntraId, SourceAnchor};

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
        upn: Box<str>,
        /// Whether that is a placeholder because the right name is taken.
        placeholder: bool,
        /// Accounts whose values are in the way.
        conflicts: Vec<EntraId>,
    },
    /// Entra refuses the export.
    Refused(SyncRefusal),
}

/// Why Entra refuses an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRefusal {
    /// The sync client's error code: InvalidHardMatch, AttributeUpdateNotAllowed, AttributeValueMustBeUnique …
    pub code: &'static str,
    /// The rule, in words.
    pub rule: &'static str,
    /// Since when Entra applies the rule; empty when it always did.
    pub since: &'static str,
    /// The account that it concerns.
    pub user: Option<EntraId>,
}

impl Tenant {
    /// What a sync cycle would do with this AD user now, without doing it.
    #[must_use]
    pub fn forecast(&self, incoming: Incoming<'_>) -> SyncOutcome {
        let _ = incoming;
        SyncOutcome::Create { upn: "".into(), placeholder: false, conflicts: Vec::new() }
    }

    /// Runs the sync cycle for one AD user. `now` is the sync time that it records, RFC 3339.
    pub fn sync(&mut self, incoming: Incoming<'_>, now: &str) -> SyncOutcome {
        let _ = now;
        self.forecast(incoming)
    }
}
