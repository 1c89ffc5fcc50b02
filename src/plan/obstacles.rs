//! What planning knows of the accounts in the way of one mapping, and on whom it depends for it.

use crate::model::Resolve;
use crate::tenant_model::UserRef;

/// Why an account stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// It holds the wanted ImmutableID.
    Anchor,
    /// It holds the AD user's SID.
    Sid,
    /// It holds the GUID in an encoding that blocks nothing.
    OddEncoding,
}

impl Obstacle {
    /// Whether what another mapping decides of the account gives free what this one needs of it.
    pub(super) fn is_freed_by(self, resolve: Resolve) -> bool {
        match (resolve, self) {
            (Resolve::Purge, _) | (Resolve::Clear, Self::Anchor) => true,
            // Only the SID of the AD user of that mapping is cleared.
            (Resolve::Clear, Self::Sid | Self::OddEncoding) => false,
        }
    }
}

/// What planning decided about the accounts in the way of one mapping.
#[derive(Debug, Clone)]
pub(super) struct Obstacles {
    /// Mappings (by position) whose own write releases the ID.
    pub(super) released_by: Vec<usize>,
    /// Targets of other mappings (by position) that carry this AD user's SID, which is cleared.
    pub(super) sid_of_targets: Vec<(UserRef, usize)>,
    /// Other mappings (by position) whose target carries this GUID in a wrong encoding: nothing is done about it here.
    pub(super) seen: Vec<usize>,
    /// Accounts of which this mapping decides nothing.
    pub(super) undecided: Vec<(UserRef, Obstacle)>,
    /// Accounts that other mappings (by position) decide on, which is enough.
    pub(super) decided_by: Vec<(UserRef, usize)>,
}

impl Obstacles {
    /// Nothing is in the way.
    pub(super) const fn none() -> Self {
        Self {
            released_by: Vec::new(),
            sid_of_targets: Vec::new(),
            seen: Vec::new(),
            undecided: Vec::new(),
            decided_by: Vec::new(),
        }
    }

    pub(super) fn are_none(&self) -> bool {
        self.neighbours().next().is_none() && self.undecided.is_empty()
    }

    /// The mappings (by position) that this one depends on.
    pub(super) fn others(&self) -> impl Iterator<Item = usize> {
        let accounts = self.sid_of_targets.iter().chain(&self.decided_by);
        self.released_by.iter().copied().chain(accounts.map(|(_, other)| *other))
    }

    /// Every mapping (by position) that this one has to be planned together with.
    pub(super) fn neighbours(&self) -> impl Iterator<Item = usize> {
        self.others().chain(self.seen.iter().copied())
    }
}
