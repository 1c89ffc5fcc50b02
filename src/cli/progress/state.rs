//! What is known of the work that goes on, and the words for it.

use std::time::{Duration, Instant};

use crate::directory::progress::Step;
use crate::model::digits::size;
use crate::model::text::{number, printable};

/// Pauses that are shorter are not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// How far a reading or a run is.
#[derive(Debug, Default)]
pub(super) struct State {
    lists: Vec<List>,
    looked_up: u64,
    /// What is done with what was read.
    doing: Option<&'static str>,
    run: Option<Run>,
    pause: Option<Pause>,
    totals: Totals,
}

/// What was refused and waited for, since the work began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli) struct Totals {
    /// Requests that were refused with 429.
    pub refused: u64,
    /// How long requests stood still for Graph's quota.
    pub waited: Duration,
    /// Writes that are taken in a time of this length, once a refusal showed that.
    pub quota: Option<(u32, Duration)>,
}

impl Totals {
    /// The shortest time that so many writes can take, where the quota is known: the first of them fill it at once.
    pub(in crate::cli) fn floor(&self, writes: usize) -> Option<Duration> {
        let (limit, window) = self.quota?;
        let beyond = u32::try_from(writes).unwrap_or(u32::MAX).saturating_sub(limit);
        Some(window.mul_f64(f64::from(beyond) / f64::from(limit.max(1))))
    }
}

#[derive(Debug)]
struct List {
    what: String,
    so_far: u64,
    of: Option<u64>,
}

#[derive(Debug)]
struct Run {
    total: usize,
    before: usize,
    settled: usize,
    failed: usize,
    began: Instant,
}

#[derive(Debug)]
struct Pause {
    until: Instant,
    is_throttled: bool,
    why: String,
}

impl State {
    /// Takes note of what a directory tells.
    pub(super) fn note(&mut self, step: Step<'_>, now: Instant) {
        if matches!(step, Step::Read { .. } | Step::LookedUp(_)) {
            self.doing = None;
        }
        match step {
            Step::Read { what, so_far, of } => self.read(what, so_far, of),
            Step::LookedUp(more) => self.looked_up = self.looked_up.saturating_add(more),
            Step::Refused => self.totals.refused += 1,
            Step::Quota { writes, window } => self.totals.quota = Some((writes, window)),
            Step::Waited(time) => self.totals.waited += time,
            Step::Paused { pause, is_throttled, why } => {
                let until = now + pause;
                if pause >= WORTH_A_WORD && self.pause.as_ref().is_none_or(|pause| pause.until < until) {
                    self.pause = Some(Pause { until, is_throttled, why: why.to_owned() });
                }
            }
        }
    }

    /// Reading is over for now, and this begins.
    pub(super) fn work(&mut self, doing: &'static str) {
        self.doing = Some(doing);
    }

    fn read(&mut self, what: &str, so_far: u64, of: Option<u64>) {
        match self.lists.iter_mut().find(|list| list.what == what) {
            Some(list) => (list.so_far, list.of) = (so_far, of),
            None => self.lists.push(List { what: what.to_owned(), so_far, of }),
        }
    }

    /// The run begins; so many actions were done before.
    pub(super) fn begin_run(&mut self, total: usize, before: usize, now: Instant) {
        self.run = Some(Run { total, before, settled: before, failed: 0, began: now });
    }

    /// One more action has ended.
    pub(super) fn settle(&mut self, has_failed: bool) {
        if let Some(run) = &mut self.run {
            run.settled += 1;
            run.failed += usize::from(has_failed);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// Actions that have ended, and all of them.
    pub(super) fn share_of_run(&self) -> Option<(u64, u64)> {
        self.run.as_ref().map(|run| (size(run.settled), size(run.total)))
    }

    /// A line for each thing that is read.
    pub(super) fn readings(&self, now: Instant) -> Vec<String> {
        let mut lines: Vec<String> = self.lists.iter().filter(|list| list.so_far > 0).map(List::words).collect();
        if self.looked_up > 0 {
            lines.push(format!("{} looked up one by one", number(self.looked_up)));
        }
        lines.extend(self.doing.map(str::to_owned));
        lines.extend(self.pause_words(now));
        lines
    }

    /// How far the run is.
    pub(super) fn run_words(&self, now: Instant) -> Option<String> {
        let run = self.run.as_ref()?;
        Some(
            [Some(run.count()), run.failures(), run.speed(now), self.pause_words(now)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", "),
        )
    }

    /// All of it in one line; `None` when nothing is known yet.
    pub(super) fn line(&self, now: Instant) -> Option<String> {
        if let Some(words) = self.run_words(now) {
            return Some(format!("applying: {words}"));
        }
        let lines = self.readings(now);
        (!lines.is_empty()).then(|| format!("reading: {}", lines.join(", ")))
    }

    fn pause_words(&self, now: Instant) -> Option<String> {
        let pause = self.pause.as_ref()?;
        let left = pause.until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        let left = time(left);
        Some(match &*pause.why {
            _ if pause.is_throttled => format!("throttled for {left}"),
            "" => format!("trying again in {left}"),
            why => format!("trying again in {left} ({why})"),
        })
    }
}

impl List {
    fn words(&self) -> String {
        let (so_far, what) = (number(self.so_far), printable(&self.what));
        match self.of.filter(|of| *of >= self.so_far) {
            Some(of) => format!("{so_far} of {} {what}", number(of)),
            None => format!("{so_far} {what}"),
        }
    }
}

impl Run {
    fn count(&self) -> String {
        format!("{} of {}", number(self.settled), number(self.total))
    }

    fn failures(&self) -> Option<String> {
        (self.failed > 0).then(|| format!("{} failed", self.failed))
    }

    /// Rate and time left, once there is something to reckon with.
    fn speed(&self, now: Instant) -> Option<String> {
        let (made, left) = (self.settled - self.before, self.total.saturating_sub(self.settled));
        let took = now.saturating_duration_since(self.began);
        if made == 0 || took < WORTH_A_WORD {
            return None;
        }
        let each = took.div_f64(f64::from(u32::try_from(made).unwrap_or(u32::MAX)));
        let a_second = each.as_secs_f64().recip();
        let rate = if a_second >= 1.0 { format!("{a_second:.0}/s") } else { format!("{:.0}/min", a_second * 60.0) };
        let left = each.saturating_mul(u32::try_from(left).unwrap_or(u32::MAX));
        Some(if left.is_zero() { rate } else { format!("{rate}, {} left", time(left)) })
    }
}

/// A time for people, rounded up: `48 s`, `3 min`, `2 h 5 min`.
pub(in crate::cli) fn time(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_millis() > 0);
    let minutes = seconds.div_ceil(60);
    match seconds {
        0..120 => format!("{} s", seconds.max(1)),
        120..7200 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn tells_what_is_read_and_how_far() {
        let (mut state, now) = (State::default(), Instant::now());
        assert_eq!(state.line(now), None);
        state.note(Step::Read { what: "users of the tenant", so_far: 999, of: Some(40_000) }, now);
        state.note(Step::Read { what: "AD users of \u{1b}contoso", so_far: 1000, of: None }, now);
        state.note(Step::Read { what: "users of the tenant", so_far: 12_000, of: Some(40_000) }, now);
        state.note(Step::LookedUp(20), now);
        state.note(Step::Paused { pause: seconds(12), is_throttled: true, why: "" }, now);
        state.note(Step::Paused { pause: seconds(2), is_throttled: false, why: "HTTP 503" }, now);
        insta::assert_snapshot!(state.line(now).unwrap(), @r"reading: 12,000 of 40,000 users of the tenant, 1,000 AD users of \u{1b}contoso, 20 looked up one by one, throttled for 12 s");
        assert!(!state.line(now + seconds(12)).unwrap().contains("throttled"));
        state.note(Step::Paused { pause: seconds(20), is_throttled: false, why: "HTTP 503" }, now);
        assert!(state.line(now).unwrap().ends_with("trying again in 20 s (HTTP 503)"));
        state.work("planning");
        assert!(state.line(now).unwrap().contains("one by one, planning"));
        state.note(Step::LookedUp(1), now);
        assert!(!state.line(now).unwrap().contains("planning"));
    }

    #[test]
    fn a_list_that_grew_while_it_was_read_is_not_more_than_whole() {
        let mut state = State::default();
        state.note(Step::Read { what: "users of the tenant", so_far: 40_001, of: Some(40_000) }, Instant::now());
        assert_eq!(state.line(Instant::now()).unwrap(), "reading: 40,001 users of the tenant");
    }

    #[test]
    fn tells_how_far_a_run_is() {
        let (mut state, now) = (State::default(), Instant::now());
        state.begin_run(1000, 100, now);
        assert_eq!(state.line(now).unwrap(), "applying: 100 of 1,000");
        (0..300).for_each(|number| state.settle(number % 100 == 0));
        assert_eq!(state.line(now + seconds(20)).unwrap(), "applying: 400 of 1,000, 3 failed, 15/s, 40 s left");
        assert_eq!(state.line(now + seconds(3000)).unwrap(), "applying: 400 of 1,000, 3 failed, 6/min, 100 min left");
        (0..600).for_each(|_| state.settle(false));
        assert_eq!(state.line(now + seconds(60)).unwrap(), "applying: 1,000 of 1,000, 3 failed, 15/s");
    }

    #[test]
    fn the_floor_is_what_the_quota_leaves_beyond_its_first_filling() {
        let (mut state, now) = (State::default(), Instant::now());
        assert_eq!(state.totals().floor(1000), None);
        state.note(Step::Quota { writes: 300, window: seconds(15) }, now);
        let floor = |writes| state.totals().floor(writes);
        assert_eq!(
            [floor(300), floor(450), floor(3000)],
            [Some(seconds(0)), Some(Duration::from_millis(7500)), Some(seconds(135))]
        );
    }

    #[test]
    fn times_are_rounded_up() {
        let shown: Vec<String> = [0, 1, 119, 120, 121, 7199, 7500].into_iter().map(|count| time(seconds(count))).collect();
        assert_eq!(shown, ["1 s", "1 s", "119 s", "2 min", "3 min", "120 min", "2 h 5 min"]);
        assert_eq!(time(Duration::from_millis(1200)), "2 s");
    }
}
