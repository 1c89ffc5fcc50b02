//! Who may write now: the quota, and those who wait for it in line.

use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until};

use crate::directory::ports::{DirectoryError, Turn};
use crate::directory::progress::Step;

use super::client::Client;
use super::failure::{Answer, GraphError};
use super::quota::{Quota, Room};

/// The turns of all writes to one tenant.
#[derive(Debug)]
pub(super) struct Turns {
    quota: SyncMutex<Quota>,
    /// Something was answered, refused or given back.
    changed: Notify,
    /// Only the first of each line looks for room.
    for_turn: Mutex<()>,
    for_sending: Mutex<()>,
}

/// Room that is kept for a write.
struct Promise(Arc<Turns>);

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.quota().give_back();
        self.0.changed.notify_waiters();
    }
}

impl Turns {
    pub(super) fn new(quota: Quota) -> Arc<Self> {
        Arc::new(Self {
            quota: SyncMutex::new(quota),
            changed: Notify::new(),
            for_turn: Mutex::default(),
            for_sending: Mutex::default(),
        })
    }

    fn quota(&self) -> MutexGuard<'_, Quota> {
        self.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the quota has room for one more write.
    pub(super) async fn turn(self: &Arc<Self>, client: &Client) -> Result<Turn, DirectoryError> {
        let _first = self.for_turn.lock().await;
        loop {
            let changed = self.changed.notified();
            let room = self.quota().for_turn(Instant::now());
            let goes_on = match room {
                Room::Now => {
                    self.quota().promise(Instant::now());
                    return Ok(Turn::of(Promise(Arc::clone(self))));
                }
                Room::AfterAnswer => client.pace.goes_on(changed).await,
                Room::At(free) => {
                    let wait = async {
                        tokio::select! {
                            () = sleep_until(free) => {}
                            () = changed => {}
                        }
                    };
                    client.pace.unless_cancelled(wait).await
                }
            };
            if !goes_on {
                let message = "not written: stopped while waiting for Microsoft Graph's quota";
                return Err(DirectoryError::Unreachable(message.into()));
            }
        }
    }

    /// Waits until a write that has its turn may leave; `false` when its turn is over.
    pub(super) async fn leave(&self) -> bool {
        let _first = self.for_sending.lock().await;
        loop {
            let changed = self.changed.notified();
            let room = self.quota().for_sending(Instant::now());
            match room {
                Room::Now => {
                    self.quota().send();
                    return true;
                }
                Room::At(_) => return false,
                Room::AfterAnswer => changed.await,
            }
        }
    }

    /// Takes note of what became of a write that left; a refusal that ends all patience says so.
    pub(super) fn settle<T>(&self, client: &Client, sent: Result<T, GraphError>) -> Result<T, GraphError> {
        let now = Instant::now();
        let settled = match sent {
            Err(GraphError::Answer(answer)) if answer.is_throttled() => Err(self.refused(client, answer, now)),
            other => {
                self.take(client, now);
                if let Err(GraphError::Answer(answer)) = &other {
                    come_back_later(client, answer);
                }
                other
            }
        };
        self.changed.notify_waiters();
        settled
    }

    /// The first write that is taken after refusals shows what the quota is.
    fn take(&self, client: &Client, now: Instant) {
        let (before, known) = {
            let mut quota = self.quota();
            let before = quota.known();
            quota.take(now);
            (before, quota.known())
        };
        if let Some((writes, window)) = known.filter(|_| before != known) {
            client.progress.note(Step::Quota { writes, window });
        }
    }

    fn refused(&self, client: &Client, answer: Box<Answer>, now: Instant) -> GraphError {
        client.progress.note(Step::Refused);
        let pause = self.quota().refuse(now, answer.retry_after);
        match pause {
            Ok(pause) => {
                client.progress.note(Step::Paused { pause, is_throttled: true, why: "" });
                if !answer.only_writes {
                    client.pace.hold(pause);
                }
                GraphError::Answer(answer)
            }
            Err(why) => GraphError::Directory(DirectoryError::Unreachable(format!("{}; {why}", answer.sentence()))),
        }
    }
}

/// A service that is not available says when to come back, and whoever looks what became of the write waits for that.
fn come_back_later(client: &Client, answer: &Answer) {
    let asked = answer.retry_after.filter(|pause| answer.is_passing() && *pause <= client.patience.total);
    if let Some(pause) = asked {
        let why = format!("HTTP {}", answer.status);
        client.progress.note(Step::Paused { pause, is_throttled: false, why: &why });
        client.pace.hold(pause);
    }
}
