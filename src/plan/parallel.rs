//! Work on many mappings at the same time. Each piece of work looks at its own mapping and at what nobody changes, so the
//! outcome does not depend on how the work is shared out.

use std::num::NonZero;
use std::thread::{available_parallelism, scope};

/// Fewer items than this are done sooner than a thread is started.
const WORTH_A_THREAD: usize = 1_000;

/// Works on every item.
pub(super) fn for_each<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let share = share_of(items.len());
    let mut shares = items.chunks_mut(share);
    let own = shares.next();
    scope(|threads| {
        for share in shares {
            threads.spawn(|| share.iter_mut().for_each(&work));
        }
        own.into_iter().flatten().for_each(&work);
    });
}

/// How many items one thread gets.
fn share_of(count: usize) -> usize {
    let threads = available_parallelism().map_or(1, NonZero::get).min(count / WORTH_A_THREAD).max(1);
    count.div_ceil(threads).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_gets_its_turn_once() {
        for count in [0, 1, WORTH_A_THREAD, 5 * WORTH_A_THREAD + 3] {
            let mut items: Vec<usize> = (0..count).collect();
            for_each(&mut items, |item| *item += 1);
            assert!(items.into_iter().eq(1..=count));
        }
    }
}
