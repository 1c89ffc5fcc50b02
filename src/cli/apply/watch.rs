//! What a run says while it goes on, and the signals that stop it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use crate::apply::{Barrier, Event, Observer, StoppedBy};
use crate::model::text::{EXAMPLES, printable};
use crate::plan::action::Action;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::terminal::Terminal;
use super::events::Stream;

/// Up to so many actions each one that went well is told; of more only the bar, or a line every few seconds, says how
/// far the run is.
const FEW: usize = 25;

/// Tells every step on stderr.
#[derive(Debug)]
pub(super) struct Watcher<'a> {
    terminal: Terminal,
    total: usize,
    settled: AtomicUsize,
    /// Whether all has been read that is read before the first write.
    begun: AtomicBool,
    saved: AtomicUsize,
    /// Where scripts read of it.
    stream: Option<&'a Stream>,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(terminal: Terminal, total: usize, stream: Option<&'a Stream>) -> Self {
        Self { terminal, total, settled: AtomicUsize::new(0), begun: AtomicBool::new(false), saved: AtomicUsize::new(0), stream }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    fn settled(&self, action: &Action, end: &str) {
        self.terminal.board().settle(false);
        let line = self.line(action, end);
        if self.total <= FEW { self.terminal.say(&line) } else { self.terminal.log(1, &line) }
    }

    /// The first are told, and where the others are to be found.
    fn backed_up(&self, action: &Action, file: &Path) {
        let line = format!("{}: saved to {}", name(action), shown(file));
        let before = self.saved.fetch_add(1, Ordering::Relaxed);
        if before < EXAMPLES { self.terminal.say(&told_of_saved(line, before)) } else { self.terminal.log(1, &line) }
    }

    fn failed(&self, action: &Action, end: &str) {
        self.terminal.board().settle(true);
        self.terminal.warn(&self.line(action, end));
    }

    /// What the plan says is known to whoever approved it.
    fn barred(&self, barrier: &Barrier) {
        let comes = "values will be set, but sync will take nobody over";
        if barrier.was_planned {
            self.terminal.log(1, &format!("{}: {comes}", barrier.what));
        } else {
            self.terminal.warn(&format!("{} now, unlike when the plan was made: {comes}", barrier.what));
        }
    }

    fn line(&self, action: &Action, end: &str) -> String {
        let count = self.settled.fetch_add(1, Ordering::Relaxed) + 1;
        format!("[{count}/{}] {}: {end}", self.total, name(action))
    }
}

/// An action in one line.
pub(super) fn name(action: &Action) -> String {
    format!("{} {}", action.kind, printable(&action.target.upn))
}

impl Observer for Watcher<'_> {
    fn event(&self, event: Event<'_>) {
        if let Some(stream) = self.stream {
            stream.tell(event);
        }
        match event {
            Event::Ready { remaining, done } => {
                self.begun.store(true, Ordering::Relaxed);
                self.settled.store(done, Ordering::Relaxed);
                self.terminal.board().begin_run(self.total, done);
                let before = if done == 0 { String::new() } else { format!(", {done} done before") };
                self.terminal.say(&format!("Preflight passed: {remaining} to do{before}"));
            }
            Event::Barred(barrier) => self.barred(barrier),
            Event::Started(action) => self.terminal.log(1, &format!("{}: started ({})", name(action), action.id)),
            Event::Waiting { action, reason, delay } => {
                self.terminal.say(&format!("{}: waiting {} s: {}", name(action), delay.as_secs(), printable(reason)));
            }
            Event::BackedUp { action, file } => self.backed_up(action, file),
            Event::Done(action) => self.settled(action, "done"),
            Event::AlreadyDone(action) => self.settled(action, "was done before"),
            Event::Failed(action, failure) => self.failed(action, &format!("FAILED: {}", printable(&failure.reason))),
            Event::Unconfirmed(action, reason) => self.failed(action, &format!("NOT CONFIRMED: {}", printable(reason))),
            Event::Stopping { why, in_flight } => {
                self.terminal.warn(&format!("{}; starting nothing new, waiting for {in_flight} in flight", stopped(why)));
            }
        }
    }
}

/// What is said of an account that was saved after so many others.
fn told_of_saved(line: String, before: usize) -> String {
    if before + 1 < EXAMPLES { line } else { format!("{line}; those that follow are saved in the same folder") }
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string()).into_owned()
}

/// Why a run stopped early.
pub(super) fn stopped(why: &StoppedBy) -> String {
    match why {
        StoppedBy::Cancelled => "asked to stop".into(),
        StoppedBy::Failures => "more actions failed than --max-failures allows".into(),
        StoppedBy::Denied(reason) => format!("not permitted: {}", printable(reason)),
        StoppedBy::Journal(reason) => format!("the journal cannot be written: {}", printable(reason)),
        StoppedBy::Unreachable(reason) => format!("a directory cannot be reached: {}", printable(reason)),
        StoppedBy::Unsaved(reason) => format!("a file cannot be saved: {}", printable(reason)),
    }
}

/// The first signal lets what is in flight end; the second stops at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Signals {
    first: CancellationToken,
    second: CancellationToken,
    code: Arc<AtomicU8>,
}

impl Signals {
    /// Starts listening for SIGINT, SIGTERM and SIGHUP, or for Ctrl-C where those are unknown.
    pub(super) fn listen(terminal: Terminal) -> Result<Self, Failure> {
        let signals = Self::default();
        signals.spawn(terminal)?;
        Ok(signals)
    }

    #[cfg(unix)]
    fn spawn(&self, terminal: Terminal) -> Result<(), Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let this = self.clone();
        tokio::spawn(async move {
            loop {
                let exit = tokio::select! {
                    _ = interrupt.recv() => Exit::Interrupted,
                    _ = terminate.recv() => Exit::Terminated,
                    _ = hang_up.recv() => Exit::Terminated,
                };
                this.note(exit, terminal);
            }
        });
        Ok(())
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on unix")]
    fn spawn(&self, terminal: Terminal) -> Result<(), Failure> {
        let this = self.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                this.note(Exit::Interrupted, terminal);
            }
        });
        Ok(())
    }

    fn note(&self, exit: Exit, terminal: Terminal) {
        if self.first.is_cancelled() {
            self.second.cancel();
            return;
        }
        self.code.store(exit.code(), Ordering::Relaxed);
        terminal.say("Stopping: what is in flight is finished first. Once more stops at once.");
        self.first.cancel();
    }

    /// Cancelled by the first signal.
    pub(super) fn token(&self) -> CancellationToken {
        self.first.clone()
    }

    /// The exit code of the first signal, if one came.
    pub(super) fn received(&self) -> Option<Exit> {
        let code = self.code.load(Ordering::Relaxed);
        Exit::ALL.into_iter().find(|exit| code != 0 && exit.code() == code)
    }

    /// Waits for the first signal.
    pub(super) async fn first(&self) -> Exit {
        self.first.cancelled().await;
        self.received().unwrap_or(Exit::Interrupted)
    }

    /// Waits for a first signal that comes before something has begun.
    pub(super) async fn first_before(&self, has_begun: impl Fn() -> bool) -> Exit {
        let exit = self.first().await;
        if has_begun() { std::future::pending().await } else { exit }
    }

    /// Waits for the second signal.
    pub(super) async fn second(&self) -> Exit {
        self.second.cancelled().await;
        self.received().unwrap_or(Exit::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_account_that_is_told_of_says_where_the_others_are() {
        let told = |before| told_of_saved("x: saved to y".to_owned(), before);
        assert_eq!((told(0), told(EXAMPLES - 2)), ("x: saved to y".to_owned(), "x: saved to y".to_owned()));
        assert!(told(EXAMPLES - 1).ends_with("; those that follow are saved in the same folder"));
    }
}
