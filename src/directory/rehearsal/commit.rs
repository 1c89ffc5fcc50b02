//! Group commit: concurrent writes share one save, and each returns only after the save that holds it.

use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::oneshot;

use crate::directory::ports::{DirectoryError, Receipt};

use super::{StoreError, Unsaved};

/// What the writer thread owns.
pub(super) trait Ledger: Send + 'static {
    /// One write.
    type Write: Send + 'static;

    /// Takes a write into memory, or refuses it and changes nothing.
    fn take(&mut self, write: &Self::Write) -> Result<(), Rejected>;

    /// Saves everything taken so far: afterwards the file is either the old one or the new one.
    fn save(&mut self) -> Result<(), StoreError>;

    /// Shows readers the writes that were saved.
    fn publish(&mut self, saved: &[Self::Write]);
}

/// Why a write was not taken.
pub(super) enum Rejected {
    /// By the rules; the next write may be taken.
    Refused(DirectoryError),
    /// The store does not know what it holds any more.
    Broken(StoreError),
}

type Reply = oneshot::Sender<Result<Receipt, DirectoryError>>;
type Question<L> = Box<dyn FnOnce(&mut L) + Send>;

enum Request<L: Ledger> {
    Write(L::Write, Reply),
    Ask(Question<L>),
}

/// The way to the writer thread, which ends when this is dropped.
pub(super) struct Committer<L: Ledger>(Sender<Request<L>>);

impl<L: Ledger> Committer<L> {
    pub(super) fn start(ledger: L) -> Self {
        let (sender, receiver) = channel();
        drop(std::thread::spawn(move || serve(ledger, &receiver)));
        Self(sender)
    }

    /// Makes one write last.
    pub(super) async fn write(&self, write: L::Write) -> Result<Receipt, DirectoryError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Request::Write(write, reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| DirectoryError::Unknown("the writer of the export stopped in the middle of a write".into()))?
    }

    /// Asks the thread's own state.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut L) -> T + Send + 'static,
    ) -> Result<T, DirectoryError> {
        let (reply, answer) = oneshot::channel();
        let question: Question<L> = Box::new(move |ledger| {
            // The one who asked may have gone.
            drop(reply.send(question(ledger)));
        });
        self.0.send(Request::Ask(question)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

fn gone() -> DirectoryError {
    DirectoryError::Unreachable("the writer of the export stopped".into())
}

fn serve<L: Ledger>(mut ledger: L, requests: &Receiver<Request<L>>) {
    let mut broken: Option<String> = None;
    while let Ok(first) = requests.recv() {
        let mut batch = Vec::new();
        for request in std::iter::once(first).chain(requests.try_iter()) {
            match request {
                Request::Write(write, reply) => batch.push((write, reply)),
                Request::Ask(question) => question(&mut ledger),
            }
        }
        commit(&mut ledger, batch, &mut broken);
    }
}

fn commit<L: Ledger>(ledger: &mut L, batch: Vec<(L::Write, Reply)>, broken: &mut Option<String>) {
    let (mut taken, mut replies) = (Vec::new(), Vec::new());
    for (write, reply) in batch {
        match take(ledger, &write, broken) {
            Ok(()) => {
                taken.push(write);
                replies.push(reply);
            }
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
    }
    if taken.is_empty() {
        return;
    }
    // What was taken before the store broke must not be saved together with what it broke over.
    let saved = broken.as_ref().map_or_else(|| ledger.save().map_err(|cause| unsaved(&cause)), |cause| Err(after(cause)));
    match &saved {
        Ok(()) => ledger.publish(&taken),
        Err(error) => *broken = broken.take().or_else(|| Some(error.to_string())),
    }
    for reply in replies {
        drop(reply.send(saved.clone().map(|()| Receipt::default())));
    }
}

fn take<L: Ledger>(ledger: &mut L, write: &L::Write, broken: &mut Option<String>) -> Result<(), DirectoryError> {
    if let Some(cause) = broken {
        return Err(after(cause));
    }
    ledger.take(write).map_err(|rejected| match rejected {
        Rejected::Refused(refusal) => refusal,
        Rejected::Broken(cause) => DirectoryError::Unsaved(broken.insert(cause.to_string()).clone()),
    })
}

/// Of a write that came too late to be saved.
fn after(cause: &str) -> DirectoryError {
    DirectoryError::Unsaved(format!("an earlier write failed: {cause}"))
}

fn unsaved(cause: &StoreError) -> DirectoryError {
    let is_known = cause.is::<Unsaved>();
    let message = cause.to_string();
    if is_known { DirectoryError::Unsaved(message) } else { DirectoryError::Unknown(message) }
}
