//! How many requests something takes, so that the cheaper way is chosen.

use crate::model::digits::size;

/// Entries a page, the most that Graph takes.
pub(super) const PAGE: u32 = 999;
/// Requests in a batch, the most that Graph takes.
pub(super) const BATCH: usize = 20;
/// Values in a filter, the most that Graph takes.
pub(super) const VALUES: usize = 15;

/// Listing so many users.
#[must_use]
pub fn of_listing(users: u64) -> u64 {
    users.div_ceil(u64::from(PAGE))
}

/// Reading so many accounts by id.
#[must_use]
pub fn of_reading(accounts: usize) -> u64 {
    size(accounts.div_ceil(BATCH))
}

/// Searching for so many values of one property.
#[must_use]
pub fn of_searching(values: usize) -> u64 {
    size(values.div_ceil(VALUES).div_ceil(BATCH))
}

/// Looking up what so many mappings need: a few batches in any case, then about one for every two of them.
#[must_use]
pub fn of_looking_up(mappings: usize) -> u64 {
    size(mappings / 2).saturating_add(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_mappings_are_looked_up_and_many_are_picked_from_lists() {
        let asks = |mappings, users| of_looking_up(mappings) < of_listing(users);
        assert!(asks(5, 100_000) && asks(100, 100_000));
        assert!(!asks(5, 2_000) && !asks(1_000, 100_000) && !asks(1, 0));
        let lists = |accounts, users| of_reading(accounts) > of_listing(users);
        assert!(lists(100_000, 100_000) && !lists(100, 100_000));
        assert_eq!([of_searching(1), of_searching(300), of_searching(301)], [1, 1, 2]);
    }
}
