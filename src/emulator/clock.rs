//! The emulator's clock: the machine's, moved by what a test asked for.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Time as the emulator sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    offset: SignedDuration,
}

impl Clock {
    /// The machine's time.
    pub(crate) fn new() -> Self {
        Self { offset: SignedDuration::ZERO }
    }

    /// Now, whole seconds.
    #[expect(clippy::disallowed_methods, reason = "the emulator stands in for a server, which has a clock of its own")]
    pub(crate) fn now(self) -> Timestamp {
        let now = Timestamp::now();
        let moved = now.checked_add(self.offset).unwrap_or(now);
        Timestamp::from_second(moved.as_second()).unwrap_or(moved)
    }

    /// Moves the clock, within a hundred years.
    pub(crate) fn advance(&mut self, seconds: i64) {
        let limit = 100 * 366 * 86_400;
        let sum = self.offset.as_secs().saturating_add(seconds).clamp(-limit, limit);
        self.offset = SignedDuration::from_secs(sum);
    }

    /// Whether somebody moved it.
    pub(crate) fn is_moved(self) -> bool {
        self.offset != SignedDuration::ZERO
    }
}

/// `Thu, 26 Nov 2026 10:00:00 GMT`, as HTTP writes dates.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Something that ends after a number of readings or a time, whichever the script gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delay {
    since: Instant,
    readings: u32,
}

impl Delay {
    /// A delay that begins now.
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), readings: 0 }
    }

    /// Whether it still lasts. Each question counts as a reading.
    pub(crate) fn lasts(&mut self, lag: super::script::Lag) -> bool {
        let lasts = self.readings < lag.calls || self.since.elapsed() < Duration::from_millis(lag.ms);
        self.readings = self.readings.saturating_add(1);
        lasts
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::Lag;
    use super::*;

    #[test]
    fn dates_and_delays() {
        assert_eq!(http_date("2026-11-26T10:00:00Z".parse().unwrap()), "Thu, 26 Nov 2026 10:00:00 GMT");
        let mut delay = Delay::start();
        let lag = Lag { calls: 2, ms: 0 };
        assert_eq!([delay.lasts(lag), delay.lasts(lag), delay.lasts(lag)], [true, true, false]);
        let mut clock = Clock::new();
        clock.advance(i64::MAX);
        assert!(clock.is_moved() && clock.now() > "2100-01-01T00:00:00Z".parse().unwrap());
    }
}
