//! What mappings go by: their cloud selectors, and a number where several have the same.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::model::Mapping;
use crate::model::text::{fold, same};

/// The names of mappings, by their positions. Only those with a number are held.
pub(super) struct Names {
    numbered: HashMap<usize, String>,
}

/// The first mapping with a selector, and how many have it so far.
struct Seen {
    first: usize,
    count: usize,
}

impl Names {
    pub(super) fn of(mappings: &[&Mapping]) -> Self {
        let text = |at: usize| mappings.get(at).map_or("", |mapping| &*mapping.cloud.text);
        let hasher = DefaultHashBuilder::default();
        let hash = |at: usize| hasher.hash_one(&*fold(text(at)));
        let mut seen: HashTable<Seen> = HashTable::with_capacity(mappings.len());
        let mut numbered = HashMap::new();
        for at in 0..mappings.len() {
            let (own, own_hash) = (text(at), hash(at));
            match seen.find_mut(own_hash, |seen| same(text(seen.first), own)) {
                Some(seen) => {
                    seen.count += 1;
                    numbered.insert(at, format!("{own}#{}", seen.count));
                }
                None => {
                    seen.insert_unique(own_hash, Seen { first: at, count: 1 }, |seen| hash(seen.first));
                }
            }
        }
        Self { numbered }
    }

    /// What the mapping at a position goes by.
    pub(super) fn name<'n>(&'n self, at: usize, mapping: &'n Mapping) -> &'n str {
        self.numbered.get(&at).map_or(&*mapping.cloud.text, String::as_str)
    }
}
