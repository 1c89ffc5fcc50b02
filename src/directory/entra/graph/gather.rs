//! Many small requests that are ready at the same time leave as one.
//!
//! A few leave each on its own, at once. More wait until there are enough to fill a request, or until nothing else is
//! under way, so that requests are full as long as there is much to do and nobody waits when there is little.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::cost::BATCH;

/// How many requests are under way at a time.
const AT_ONCE: usize = 4;
/// So many leave each on its own.
const FEW: usize = 8;

/// Where requests wait for company.
#[derive(Debug)]
pub(super) struct Gather<A, R> {
    state: Mutex<State<A, R>>,
    changed: Notify,
}

#[derive(Debug)]
struct State<A, R> {
    waiting: VecDeque<(A, oneshot::Sender<R>)>,
    groups: usize,
    /// In these groups.
    under_way: usize,
}

impl<A, R> Default for Gather<A, R> {
    fn default() -> Self {
        let state = State { waiting: VecDeque::new(), groups: 0, under_way: 0 };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }
}

impl<A, R> State<A, R> {
    /// What leaves now.
    fn group(&mut self) -> Option<Vec<(A, oneshot::Sender<R>)>> {
        let waiting = self.waiting.len();
        let size = if waiting >= BATCH && self.groups < AT_ONCE || self.groups == 0 && self.under_way + waiting > FEW {
            waiting.min(BATCH)
        } else {
            usize::from(self.under_way + waiting <= FEW)
        };
        let group: Vec<_> = self.waiting.drain(..size.min(waiting)).collect();
        self.groups += usize::from(!group.is_empty());
        self.under_way += group.len();
        Some(group).filter(|group| !group.is_empty())
    }
}

impl<A, R> Gather<A, R> {
    fn state(&self) -> MutexGuard<'_, State<A, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has one request answered. `send` sends those that leave together, and answers each in its place; `None` when it
    /// did not.
    pub(super) async fn ask<F>(&self, ask: A, send: impl Fn(Vec<A>) -> F) -> Option<R>
    where
        F: Future<Output = Vec<R>>,
    {
        let (reply, mut answer) = oneshot::channel();
        self.state().waiting.push_back((ask, reply));
        // Whoever is ready by now comes along.
        tokio::task::yield_now().await;
        loop {
            let group = self.state().group();
            if let Some(group) = group {
                self.lead(group, &send).await;
            }
            tokio::select! {
                biased;
                answered = &mut answer => {
                    // Whoever waits next looks whether it is to lead.
                    self.changed.notify_one();
                    return answered.ok();
                }
                () = self.changed.notified() => {}
            }
        }
    }

    async fn lead<F>(&self, group: Vec<(A, oneshot::Sender<R>)>, send: &impl Fn(Vec<A>) -> F)
    where
        F: Future<Output = Vec<R>>,
    {
        // There may be enough for another group.
        self.changed.notify_one();
        let (asks, replies): (Vec<A>, Vec<oneshot::Sender<R>>) = group.into_iter().unzip();
        let size = asks.len();
        let answers = send(asks).await;
        {
            let mut state = self.state();
            state.groups -= 1;
            state.under_way -= size;
        }
        for (reply, answer) in replies.into_iter().zip(answers) {
            // The one who asked may have gone.
            drop(reply.send(answer));
        }
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    async fn groups(count: usize) -> Vec<usize> {
        let (gather, sizes) = (Gather::default(), Mutex::new(Vec::new()));
        let send = |asks: Vec<usize>| {
            sizes.lock().unwrap().push(asks.len());
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                asks.into_iter().map(|ask| ask * 2).collect()
            }
        };
        let answers = join_all((0..count).map(|ask| gather.ask(ask, send))).await;
        assert!(answers.into_iter().enumerate().all(|(ask, answer)| answer == Some(ask * 2)));
        sizes.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn few_leave_alone_and_many_together() {
        assert_eq!(groups(3).await, [1, 1, 1]);
        assert_eq!(groups(FEW).await, [1; FEW]);
        assert_eq!(groups(45).await, [20, 20, 1, 1, 1, 1, 1]);
        let hundred = groups(1000).await;
        assert_eq!(hundred.len(), 50, "{hundred:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_answered_is_known_to_be_lost() {
        let gather: Gather<u8, u8> = Gather::default();
        assert_eq!(gather.ask(1, |_| async { Vec::new() }).await, None);
    }
}
