//! Work on many mappings at the same time. Each piece of work looks at its own mapping and at what nobody changes, so the
//! outcome does not depend on how the work is shared out.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread::{available_parallelism, scope};

/// Fewer items than this are done sooner than a thread is started.
const WORTH_A_THREAD: usize = 1_000;

/// Items that one thread works on in one round.
const SHARE: usize = 5_000;

/// Works on every item.
pub(super) fn for_each<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    map(items, |_, item| work(item));
}

/// Works on every item, and gives what came of each, in their order. The work knows the position of its item.
pub(super) fn map<T: Send, R: Send>(items: &mut [T], work: impl Fn(usize, &mut T) -> R + Sync) -> Vec<R> {
    let threads = threads_for(items.len());
    let work_on = |start: usize, share: &mut [T], results: &mut Vec<R>| {
        results.extend(share.iter_mut().zip(start..).map(|(item, position)| work(position, item)));
    };
    let mut results = Vec::with_capacity(items.len());
    if threads == 1 {
        work_on(0, items, &mut results);
        return results;
    }
    // In rounds, so that only few results wait to be put behind the others.
    let share = items.len().div_ceil(threads).min(SHARE);
    for round in items.chunks_mut(threads * share) {
        let (own, others) = round.split_at_mut(share.min(round.len()));
        let start = results.len();
        let others = others.chunks_mut(share).zip((start + share..).step_by(share));
        scope(|threads| {
            let on_a_thread = |(share, start)| {
                threads.spawn(move || {
                    let mut results = Vec::new();
                    work_on(start, share, &mut results);
                    results
                })
            };
            let others: Vec<_> = others.map(on_a_thread).collect();
            work_on(start, own, &mut results);
            for other in others {
                results.append(&mut other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
    }
    results
}

/// How many threads are worth it for so many items.
fn threads_for(count: usize) -> usize {
    if count < 2 * WORTH_A_THREAD || is_alone() {
        return 1;
    }
    // The system takes its time to tell.
    static THREADS: OnceLock<usize> = OnceLock::new();
    let threads = *THREADS.get_or_init(|| available_parallelism().map_or(1, NonZero::get));
    threads.min(count / WORTH_A_THREAD)
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
        for count in [0, 1, WORTH_A_THREAD, 5 * WORTH_A_THREAD + 3, 7 * SHARE + 1] {
            let mut items: Vec<usize> = (0..count).collect();
            for_each(&mut items, |item| *item += 1);
            assert!(items.iter().copied().eq(1..=count));
            assert!(map(&mut items, |position, item| *item - position).into_iter().eq(std::iter::repeat_n(1, count)));
        }
    }
}
