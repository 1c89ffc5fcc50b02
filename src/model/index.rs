//! A multi-valued index over a list: from the hash of a key to positions.
//!
//! It holds no keys, so a hit is only a candidate that the caller compares; that keeps a million users small.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::text::fold;

/// Positions by the hash of a key.
#[derive(Debug, Clone, Default)]
pub struct Index {
    table: HashTable<Slot>,
    hasher: DefaultHashBuilder,
}

/// Half of the hash of a key, and a position.
#[derive(Debug, Clone, Copy)]
struct Slot {
    half: u32,
    position: u32,
}

impl Slot {
    /// The table takes its own bits from both ends of a hash.
    fn hash(self) -> u64 {
        spread(self.half)
    }
}

/// Fills 64 bits with 32 (Fibonacci hashing).
fn spread(half: u32) -> u64 {
    u64::from(half).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Index {
    /// An index with room for so many keys.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        Self { table: HashTable::with_capacity(keys), hasher: DefaultHashBuilder::default() }
    }

    /// Adds a position under an exact key.
    pub fn insert(&mut self, key: impl Hash, position: u32) {
        let half = self.half_of(key);
        self.table.insert_unique(spread(half), Slot { half, position }, |slot| slot.hash());
    }

    fn half_of(&self, key: impl Hash) -> u32 {
        u32::try_from(self.hasher.hash_one(key) >> 32).unwrap_or_default()
    }

    /// Adds a position under a name that compares by [`fold`].
    pub fn insert_folded(&mut self, key: &str, position: u32) {
        self.insert(&*fold(key), position);
    }

    /// Positions that may have this exact key.
    pub fn candidates(&self, key: impl Hash) -> impl Iterator<Item = u32> {
        let wanted = if self.table.is_empty() { 0 } else { self.half_of(key) };
        self.table.iter_hash(spread(wanted)).filter(move |slot| slot.half == wanted).map(|slot| slot.position)
    }

    /// Positions that may have this name.
    pub fn candidates_folded(&self, key: &str) -> impl Iterator<Item = u32> {
        self.candidates(fold(key))
    }
}
