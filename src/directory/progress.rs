//! How far a directory is, for whoever watches. The adapters know nothing of terminals.

use std::fmt;
use std::time::Duration;

/// Something that a directory tells while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// So many entries of a list were read.
    Read {
        /// What they are, in words: `users of the tenant`.
        what: &'a str,
        /// How many until now.
        so_far: u64,
        /// How many there are, where that is known.
        of: Option<u64>,
    },
    /// So many more objects were looked up one by one.
    LookedUp(u64),
    /// A request was refused as too many came (429).
    Refused,
    /// Nothing is sent for this long.
    Paused {
        /// How long.
        pause: Duration,
        /// Whether the directory asked for it, as too many requests came.
        is_throttled: bool,
        /// Why else, in a few words; nothing where that is all.
        why: &'a str,
    },
    /// A refusal showed how many writes are taken.
    Quota {
        /// So many.
        writes: u32,
        /// In any time of this length.
        window: Duration,
    },
    /// Requests stood still for this long: for the quota, or since the directory asked for it. Times of requests that
    /// wait together count once.
    Waited(Duration),
}

/// Who watches a directory at work.
pub trait Progress: Send + Sync + fmt::Debug {
    /// Takes note; must not block.
    fn note(&self, step: Step<'_>);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn note(&self, _: Step<'_>) {}
}
