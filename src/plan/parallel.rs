//! Work on many mappings at the same time. Each piece of work looks at its own mapping and at what nobody changes, so the
//! outcome does not depend on how the work is shared out.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{available_parallelism, scope};

/// Fewer items than this are done sooner than a thread is started.
const WORTH_A_THREAD: usize = 1_000;

/// Items that a thread works on before others may go on with what it gave.
const SHARE: usize = 1_000;

/// Works on every item.
pub(super) fn for_each<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    map(items, |_, item| work(item));
}

/// Works on every item, and gives what came of each, in their order. The work knows the position of its item.
pub(super) fn map<T: Send, R: Send>(items: &mut [T], work: impl Fn(usize, &mut T) -> R + Sync) -> Vec<R> {
    let work_on = |(start, share): (usize, &mut [T]), results: &mut Vec<R>| {
        results.extend(share.iter_mut().zip(start..).map(|(item, position)| work(position, item)));
    };
    let mut results = Vec::with_capacity(items.len());
    let mut hands = deal(items).into_iter();
    let own = hands.next().unwrap_or_default();
    scope(|threads| {
        let mut others: Vec<Receiver<Vec<R>>> = Vec::new();
        for hand in hands {
            // What one share gave waits to be put behind the others; not what all of them gave.
            let (done, given) = sync_channel(1);
            threads.spawn(move || {
                hand.into_iter().try_for_each(|share| {
                    let mut results = Vec::with_capacity(share.1.len());
                    work_on(share, &mut results);
                    done.send(results)
                })
            });
            others.push(given);
        }
        for share in own {
            work_on(share, &mut results);
            others.iter().flat_map(Receiver::recv).for_each(|mut more| results.append(&mut more));
        }
    });
    results
}

/// Does both at the same time where `count` mappings are worth a thread.
pub(super) fn both<A: Send, B>(count: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if !is_worth_threads(count) {
        return (one(), other());
    }
    scope(|threads| {
        let one = threads.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}

/// Shares of the items, each with the position of its first, dealt out to the threads in turn.
fn deal<T>(items: &mut [T]) -> Vec<Vec<(usize, &mut [T])>> {
    let threads = threads_for(items.len());
    let size = if threads == 1 { items.len() } else { items.len().div_ceil(threads).min(SHARE) };
    let mut hands: Vec<Vec<(usize, &mut [T])>> = (0..threads).map(|_| Vec::new()).collect();
    for (number, share) in items.chunks_mut(size.max(1)).enumerate() {
        if let Some(hand) = hands.get_mut(number % threads) {
            hand.push((number * size, share));
        }
    }
    hands
}

/// Whether more than one thread is worth it for so many items.
pub(super) fn is_worth_threads(count: usize) -> bool {
    threads_for(count) > 1
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
