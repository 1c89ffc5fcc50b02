//! Work on many mappings at the same time. Each piece of work looks at its own mapping and at what nobody changes, so the
//! outcome does not depend on how the work is shared out.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread::{available_parallelism, scope};

/// Fewer items than this are done sooner than a thread is started.
const WORTH_A_THREAD: usize = 1_000;

/// Works on every item.
pub(super) fn for_each<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    map(items, |_, item| work(item));
}

/// Works on every item, and gives what came of each, in their order. The work knows the position of its item.
pub(super) fn map<T: Send, R: Send>(items: &mut [T], work: impl Fn(usize, &mut T) -> R + Sync) -> Vec<R> {
    let share = share_of(items.len());
    if share >= items.len() {
        return items.iter_mut().enumerate().map(|(position, item)| work(position, item)).collect();
    }
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let work_on = |(number, (items, results)): (usize, (&mut [T], &mut [Option<R>]))| {
        for ((item, result), position) in items.iter_mut().zip(results).zip(number * share..) {
            *result = Some(work(position, item));
        }
    };
    let mut shares = items.chunks_mut(share).zip(results.chunks_mut(share)).enumerate();
    let own = shares.next();
    scope(|threads| {
        let others: Vec<_> = shares.map(|share| threads.spawn(move || work_on(share))).collect();
        own.into_iter().for_each(work_on);
        others.into_iter().for_each(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
    });
    results.into_iter().flatten().collect()
}

/// How many items one thread gets.
fn share_of(count: usize) -> usize {
    if count < 2 * WORTH_A_THREAD || is_alone() {
        return count.max(1);
    }
    // The system takes its time to tell.
    static THREADS: OnceLock<usize> = OnceLock::new();
    let threads = *THREADS.get_or_init(|| available_parallelism().map_or(1, NonZero::get));
    count.div_ceil(threads.min(count / WORTH_A_THREAD))
}

#[cfg(not(test))]
fn is_alone() -> bool {
    false
}

#[cfg(test)]
thread_local! {
    static ALONE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
fn is_alone() -> bool {
    ALONE.get()
}

/// What work gives that no other thread helps with.
#[cfg(test)]
pub(super) fn on_one_thread<R>(work: impl FnOnce() -> R) -> R {
    ALONE.set(true);
    let result = work();
    ALONE.set(false);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_gets_its_turn_once() {
        for count in [0, 1, WORTH_A_THREAD, 5 * WORTH_A_THREAD + 3] {
            let mut items: Vec<usize> = (0..count).collect();
            for_each(&mut items, |item| *item += 1);
            assert!(items.iter().copied().eq(1..=count));
            assert!(map(&mut items, |position, item| *item - position).into_iter().eq(std::iter::repeat_n(1, count)));
        }
    }
}
