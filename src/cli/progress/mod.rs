//! How far the work is: bars on a terminal, else a line every few seconds when something takes that long.
//!
//! The directories tell a [`Board`]; a thread of its own shows what stands there, so that no reader waits for a screen.

mod bars;
mod state;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::directory::progress::{Progress, Step};

use super::terminal::Terminal;
use bars::Bars;
use state::State;
pub(super) use state::{Totals, time};

/// How often a line is written where there are no bars.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Work that is done sooner shows no bar: it would only flash.
const BARS_AFTER: Duration = Duration::from_millis(400);
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// Where directories and runs tell how far they are.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<State>);

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reading is over for now, and this begins.
    pub(super) fn work(&self, doing: &'static str) {
        self.state().work(doing);
    }

    /// The run begins; so many actions were done before.
    pub(super) fn begin_run(&self, total: usize, before: usize) {
        self.state().begin_run(total, before, Instant::now());
    }

    /// One more action has ended.
    pub(super) fn settle(&self, has_failed: bool) {
        self.state().settle(has_failed);
    }

    /// What was refused and waited for.
    pub(super) fn totals(&self) -> Totals {
        self.state().totals()
    }

    fn line(&self) -> Option<String> {
        self.state().line(Instant::now())
    }
}

impl Progress for Board {
    fn note(&self, step: Step<'_>) {
        self.state().note(step, Instant::now());
    }
}

impl Progress for Terminal {
    fn note(&self, step: Step<'_>) {
        self.board().note(step);
    }
}

/// Work that is shown until this is dropped.
#[derive(Debug)]
pub(super) struct Shown {
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    /// Begins with an empty board.
    pub(super) fn begin(terminal: Terminal) -> Self {
        *terminal.board().state() = State::default();
        let (end, ended) = mpsc::channel();
        let show = move || if terminal.bars().is_some() { draw(terminal, &ended) } else { tell(terminal, &ended) };
        // Without a thread the work goes on unseen.
        let thread = std::thread::Builder::new().name("progress".into()).spawn(show).ok();
        Self { end: Some(end), thread }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn goes_on(ended: &mpsc::Receiver<()>, pause: Duration) -> bool {
    matches!(ended.recv_timeout(pause), Err(RecvTimeoutError::Timeout))
}

fn tell(terminal: Terminal, ended: &mpsc::Receiver<()>) {
    while goes_on(ended, LINE_EVERY) {
        if let Some(line) = terminal.board().line() {
            terminal.say(&line);
        }
    }
}

fn draw(terminal: Terminal, ended: &mpsc::Receiver<()>) {
    let Some(lines) = terminal.bars() else { return };
    if !goes_on(ended, BARS_AFTER) {
        return;
    }
    let mut bars = Bars::new(lines);
    loop {
        bars.show(&terminal.board().state(), Instant::now());
        if !goes_on(ended, REDRAW_EVERY) {
            return;
        }
    }
}
