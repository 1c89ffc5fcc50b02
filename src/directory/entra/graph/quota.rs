//! How many writes a directory takes, learnt from what it takes and what it refuses.
//!
//! A directory that refuses for long counts in windows, which stand still or slide: whoever never has more than the limit
//! in any window of that length is not refused. One that refuses for a moment lets writes trickle in: whoever sends them
//! evenly is not refused. A window begins when an answer comes, which is later than the directory's own.
//!
//! Figures: <https://learn.microsoft.com/en-us/graph/throttling-limits#identity-and-access-service-limits>.

mod learning;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::{Patience, Tries, later};

/// What is published, as writes in a window of [`WINDOW`]: 3,000 in 150 seconds.
const PUBLISHED: u32 = 300;
const WINDOW: Duration = Duration::from_secs(15);
/// What was taken is remembered for so long, to find out over what time the directory counts.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Answers that are no further apart are counted together.
const GRAIN: Duration = Duration::from_millis(10);
/// For this many writes that were taken one may be at stake: where there should be room, and where nobody knows.
const STAKE: u32 = 12;
const STAKE_BEYOND: u32 = 64;
/// But so many at the start.
const FIRST_STAKE: u32 = 4;

/// The quota of writes, as far as it is known.
#[derive(Debug)]
pub(super) struct Quota {
    patience: Patience,
    window: Duration,
    /// When writes were answered, and how many at that time.
    answered: VecDeque<(Instant, u32)>,
    /// The first of them that lies in the last window, and the writes from there on.
    oldest: usize,
    in_window: u32,
    /// When the first write was taken, or the first after the last refusals, and how many were before it.
    begun: Option<(Instant, u32)>,
    /// Writes whose turn it is and that were not sent yet.
    promised: u32,
    /// Writes that were sent and not answered yet.
    under_way: u32,
    /// Writes that were taken since the start.
    taken: u32,
    /// How many are believed to be taken in a window.
    believed: u32,
    /// How many are let through in a window: more than that only while more is tried.
    limit: u32,
    /// Whether refusals agree on what is believed.
    is_settled: bool,
    /// Whether it is what one refusal has shown, and no window since then has borne out.
    is_guess: bool,
    /// Set where writes trickle in: when the next one may follow.
    trickle: Option<Instant>,
    /// When more may be tried, and how long to wait after the next refusal.
    try_more: Option<Instant>,
    try_pause: Duration,
    /// Nothing is sent before this.
    hold: Option<Instant>,
    /// Refusals in a row that is not over, and how it began.
    row: Option<(Tries, Refused)>,
    /// How the row before it began.
    earlier: Option<Refused>,
}

/// How things stood when a write was refused.
#[derive(Debug, Clone, Copy)]
struct Refused {
    at: Instant,
    taken: u32,
    in_window: u32,
    /// When the first of those was answered.
    begun: Instant,
    /// When the last write of the same row was refused.
    last: Instant,
}

/// Whether a write may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Now,
    /// At that time at the earliest.
    At(Instant),
    /// When a write that is under way was answered.
    AfterAnswer,
}

impl Quota {
    pub(super) fn new(patience: &Patience) -> Self {
        Self {
            patience: patience.clone(),
            window: WINDOW,
            answered: VecDeque::new(),
            oldest: 0,
            in_window: 0,
            begun: None,
            promised: 0,
            under_way: 0,
            taken: 0,
            believed: PUBLISHED,
            limit: PUBLISHED,
            is_settled: false,
            is_guess: false,
            trickle: None,
            try_more: None,
            try_pause: WINDOW * 2,
            hold: None,
            row: None,
            earlier: None,
        }
    }

    /// Whether one more write has its turn; [`Self::promise`] takes it.
    pub(super) fn for_turn(&mut self, now: Instant) -> Room {
        self.forget(now);
        let ahead = self.promised + self.under_way;
        let full = self.in_window + ahead >= self.limit;
        match self.next_free(now, full) {
            Some(free) => Room::At(free),
            // One write shows whether the pause is over, or whether there is more room than was believed.
            None if ahead > 0 && (self.row.is_some() || self.trickle.is_none() && full) => Room::AfterAnswer,
            None => Room::Now,
        }
    }

    /// Whether a write that has its turn may leave; [`Self::send`] takes note of it.
    pub(super) fn for_sending(&mut self, now: Instant) -> Room {
        self.forget(now);
        let ahead = self.in_window + self.under_way;
        let full = ahead >= self.limit;
        // Its place in the trickle it has already.
        let free = if self.trickle.is_some() { self.held(now) } else { self.next_free(now, full) };
        if let Some(free) = free {
            return Room::At(free);
        }
        let alone = self.row.is_some() || self.trickle.is_none() && full;
        let stake = match self.trickle {
            _ if alone => 1,
            Some(_) => u32::MAX,
            None => self.stake(ahead),
        };
        if self.under_way < stake { Room::Now } else { Room::AfterAnswer }
    }

    fn held(&self, now: Instant) -> Option<Instant> {
        self.hold.filter(|hold| *hold > now)
    }

    /// When there is room again; `None` when there is some, or more may be tried.
    fn next_free(&self, now: Instant, full: bool) -> Option<Instant> {
        if let Some(hold) = self.held(now) {
            return Some(hold);
        }
        if let Some(next) = self.trickle {
            return Some(next).filter(|next| *next > now);
        }
        let try_more = self.try_more.filter(|at| full && *at > now)?;
        let oldest = self.answered.get(self.oldest).map(|(at, _)| *at + self.window + GRAIN);
        Some(oldest.map_or(try_more, |oldest| oldest.min(try_more)))
    }

    /// How many writes may be under way when so many are in the window with them: few where a refusal is to be expected.
    fn stake(&self, ahead: u32) -> u32 {
        let edge = if self.is_settled { self.believed } else { self.believed - self.believed / 32 };
        match ahead.checked_sub(edge) {
            None if self.is_settled => u32::MAX,
            None => (ahead / STAKE).max(FIRST_STAKE),
            Some(beyond) => {
                let first = if self.earlier.is_none() { FIRST_STAKE } else { 1 };
                (self.taken / STAKE_BEYOND).max(FIRST_STAKE).min(first + beyond / 4)
            }
        }
    }

    pub(super) fn promise(&mut self, now: Instant) {
        self.promised += 1;
        if let Some(next) = &mut self.trickle {
            *next = (*next).max(now) + self.window / self.believed;
        }
    }

    pub(super) fn give_back(&mut self) {
        self.promised = self.promised.saturating_sub(1);
    }

    pub(super) fn send(&mut self) {
        self.under_way += 1;
    }

    /// A write that was sent was answered, or is lost; either way it counts.
    pub(super) fn take(&mut self, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        self.forget(now);
        // What was sent before a refusal may be answered after it.
        if self.held(now).is_none()
            && let Some((_, refused)) = self.row.take()
        {
            self.learn(now, refused);
            self.begun = Some((now, self.taken));
        }
        self.bear_out(now);
        (self.taken, self.in_window) = (self.taken.saturating_add(1), self.in_window + 1);
        match self.answered.back_mut() {
            Some((at, count)) if now.duration_since(*at) < GRAIN => *count += 1,
            Some(_) | None => self.answered.push_back((now, 1)),
        }
        if self.trickle.is_some() {
            self.trickle_faster(now);
            return;
        }
        // Clearly more than was believed, and not just what came back meanwhile.
        if self.in_window >= self.believed + self.believed / 8 {
            (self.believed, self.is_settled) = (self.in_window, false);
        }
        if self.in_window > self.limit {
            self.limit = self.limit.saturating_mul(2);
        }
    }

    /// The writes that are taken in a window of this length, once a refusal has shown that.
    pub(super) fn known(&self) -> Option<(u32, Duration)> {
        self.earlier.map(|_| (self.believed, self.window))
    }

    /// A write was refused: the pause until the next, or why there is none. `asked` is the pause that was asked for.
    pub(super) fn refuse(&mut self, now: Instant, asked: Option<Duration>) -> Result<Duration, String> {
        self.under_way = self.under_way.saturating_sub(1);
        self.forget(now);
        let pause = match (self.held(now), asked) {
            // Sent together with one that was refused before: the same refusal.
            (Some(hold), None) => hold - now,
            (Some(_), Some(asked)) if asked > self.patience.total => {
                return Err(format!("given up: {}", self.patience.too_long(asked)));
            }
            (Some(_), Some(asked)) => asked,
            (None, _) => {
                let begun = self.answered.get(self.oldest).map_or(now, |(at, _)| *at);
                let refused = Refused { at: now, taken: self.taken, in_window: self.in_window, begun, last: now };
                let (tries, refused) = self.row.get_or_insert_with(|| (Tries::new(&self.patience), refused));
                refused.last = now;
                tries.next(asked)?
            }
        };
        self.hold = self.hold.max(Some(later(now, pause)));
        Ok(pause)
    }

    fn forget(&mut self, now: Instant) {
        while let Some((at, count)) = self.answered.get(self.oldest).copied()
            && now.duration_since(at) >= self.window + GRAIN
        {
            self.oldest += 1;
            self.in_window = self.in_window.saturating_sub(count);
        }
        while self.oldest > 0 && self.answered.front().is_some_and(|(at, _)| now.duration_since(*at) > REMEMBERED) {
            self.answered.pop_front();
            self.oldest -= 1;
        }
    }
}
