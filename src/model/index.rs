//! A multi-valued index over a list: from the hash of a key to positions.
//!
//! It holds no keys, so a hit is only a candidate that the caller compares; that keeps a million users small.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::text::fold;

/// Positions by the hash of a key.
#[derive(Debug, Clone, Default)]
pub struct Index {
    table: HashTable<(u64, u32)>,
    hasher: DefaultHashBuilder,
}

impl Index {
    /// Adds a position under an exact key.
    pub fn insert(&mut self, key: impl Hash, position: u32) {
        let hash = self.hasher.hash_one(key);
        self.table.insert_unique(hash, (hash, position), |(hash, _)| *hash);
    }

    /// Adds a position under a name that compares by [`fold`].
    pub fn insert_folded(&mut self, key: &str, position: u32) {
        self.insert(&*fold(key), position);
    }

    /// Positions that may have this exact key.
    #[must_use]
    pub fn candidates(&self, key: impl Hash) -> Vec<u32> {
        let wanted = self.hasher.hash_one(key);
        self.table.iter_hash(wanted).filter(|(hash, _)| *hash == wanted).map(|(_, position)| *position).collect()
    }

    /// Positions that may have this name.
    #[must_use]
    pub fn candidates_folded(&self, key: &str) -> Vec<u32> {
        self.candidates(&*fold(key))
    }
}
