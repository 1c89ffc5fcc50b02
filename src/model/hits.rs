//! What a look-up found. What many have in common is looked up by each of them, so that is worked out once and shared.

use std::hash::Hash;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

/// As many may have a value before it counts as one that many have in common.
pub const FEW: usize = 64;

/// What is mostly one or none.
pub type Few<T> = Vec<T>;

/// Users that were found, in an order that does not depend on the order of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hits<T> {
    /// Worked out for this look-up.
    Few(Few<T>),
    /// Shared by all that look up the same.
    Many(Arc<[T]>),
}

impl<T> Default for Hits<T> {
    fn default() -> Self {
        Self::Few(Few::new())
    }
}

impl<T> From<Few<T>> for Hits<T> {
    fn from(hits: Few<T>) -> Self {
        Self::Few(hits)
    }
}

impl<T> FromIterator<T> for Hits<T> {
    fn from_iter<I: IntoIterator<Item = T>>(hits: I) -> Self {
        Self::Few(hits.into_iter().collect())
    }
}

impl<T> Deref for Hits<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Few(hits) => hits,
            Self::Many(hits) => hits,
        }
    }
}

impl<T: Copy> IntoIterator for Hits<T> {
    type Item = T;
    type IntoIter = HitsIter<T>;

    fn into_iter(self) -> HitsIter<T> {
        HitsIter { hits: self, next: 0 }
    }
}

/// One after the other.
#[derive(Debug)]
pub struct HitsIter<T> {
    hits: Hits<T>,
    next: usize,
}

impl<T: Copy> Iterator for HitsIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let hit = self.hits.get(self.next).copied();
        self.next += 1;
        hit
    }
}

/// Look-ups that found many. Clones share them until one is [`forgotten`](Self::forget).
#[derive(Debug)]
pub struct Popular<S, T>(Arc<Mutex<Known<S, T>>>);

type Known<S, T> = HashMap<(S, Box<str>), Arc<[T]>>;

impl<S, T> Default for Popular<S, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<S, T> Clone for Popular<S, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Hash + Eq, T> Popular<S, T> {
    /// What is found under a key: as it was the last time, or as it is worked out now.
    pub fn find(&self, space: S, key: &str, work_out: impl FnOnce() -> Vec<T>) -> Hits<T> {
        let key = (space, Box::from(key));
        if let Some(known) = lock(&self.0).get(&key) {
            return Hits::Many(Arc::clone(known));
        }
        // Not under the lock: others look up something else meanwhile.
        let found: Arc<[T]> = work_out().into();
        lock(&self.0).insert(key, Arc::clone(&found));
        Hits::Many(found)
    }

    /// Starts anew, as what is looked up has changed.
    pub fn forget(&mut self) {
        match Arc::get_mut(&mut self.0) {
            Some(own) => own.get_mut().unwrap_or_else(PoisonError::into_inner).clear(),
            // What a clone finds from now on is not true here, even if nothing is known yet.
            None => self.0 = Arc::default(),
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_have_is_worked_out_once_until_it_changes() {
        let mut popular: Popular<u8, u32> = Popular::default();
        let before = popular.clone();
        assert_eq!(popular.find(0, "x", || vec![1, 2]).into_iter().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(before.find(0, "x", || unreachable!("it is shared"))[..], [1, 2]);
        assert_eq!(before.find(1, "x", || vec![3])[..], [3]);
        popular.forget();
        assert_eq!(popular.find(0, "x", || vec![4])[..], [4]);
        assert_eq!(before.find(0, "x", || unreachable!("it stands"))[..], [1, 2]);
        assert!(Hits::<u32>::default().is_empty());
    }

    #[test]
    fn what_a_clone_finds_after_a_change_stays_with_it() {
        let before: Popular<u8, u32> = Popular::default();
        let mut after = before.clone();
        after.forget();
        assert_eq!(before.find(0, "x", || vec![1])[..], [1]);
        assert_eq!(after.find(0, "x", || vec![2])[..], [2]);
        after.forget();
        assert_eq!(after.find(0, "x", || vec![3])[..], [3]);
    }
}
