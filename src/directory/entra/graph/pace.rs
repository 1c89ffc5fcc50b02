//! How long to wait: pauses that Graph asks for, and patience.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::directory::progress::{Progress, Step};

/// Says which quota was used up: scope, limit, application, tenant, between slashes.
pub(super) const THROTTLE_SCOPE: &str = "x-ms-throttle-scope";
/// How often a connection is tried.
const CONNECTIONS: u32 = 5;

/// What all requests to one tenant share.
pub(super) struct Pace {
    /// Graph said not to come back earlier.
    not_before: Mutex<Option<Instant>>,
    waiting: Mutex<Waiting>,
    progress: Arc<dyn Progress>,
    cancel: CancellationToken,
}

/// How many requests wait, and since when the first of them does.
#[derive(Default)]
struct Waiting {
    requests: usize,
    since: Option<Instant>,
}

/// One request that waits, until this is dropped.
pub(super) struct Wait<'a>(&'a Pace);

impl Pace {
    /// `cancel` ends the waiting.
    pub(super) fn new(progress: Arc<dyn Progress>, cancel: CancellationToken) -> Self {
        Self { not_before: Mutex::default(), waiting: Mutex::default(), progress, cancel }
    }

    /// Waits until the next request may be sent; `false` when the run ends before that.
    pub(super) async fn turn(&self) -> bool {
        // Another request may have been told to wait while this one waited.
        while let Some(until) = self.pause() {
            if !self.unless_cancelled(tokio::time::sleep_until(until)).await {
                return false;
            }
        }
        true
    }

    /// Waits, and says whether the run goes on.
    pub(super) async fn unless_cancelled(&self, wait: impl Future<Output = ()>) -> bool {
        let _wait = self.wait();
        self.goes_on(wait).await
    }

    /// The same for what is no matter of the quota: the time is not told.
    pub(super) async fn goes_on(&self, wait: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = self.cancel.cancelled() => false,
            () = wait => true,
        }
    }

    /// Counts a wait, from now until what is returned is dropped.
    pub(super) fn wait(&self) -> Wait<'_> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.requests += 1;
        waiting.since.get_or_insert_with(Instant::now);
        Wait(self)
    }

    fn pause(&self) -> Option<Instant> {
        let until = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > Instant::now())
    }

    /// Nobody asks again for this long: requests made while throttled count as well.
    pub(super) fn hold(&self, pause: Duration) {
        let until = later(Instant::now(), pause);
        let mut held = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(held.map_or(until, |earlier| earlier.max(until)));
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.requests = waiting.requests.saturating_sub(1);
        let ended = if waiting.requests == 0 { waiting.since.take() } else { None };
        drop(waiting);
        if let Some(since) = ended {
            self.0.progress.note(Step::Waited(since.elapsed()));
        }
    }
}

/// A moment after a pause, which a server may wish to be longer than time goes on.
pub(super) fn later(now: Instant, pause: Duration) -> Instant {
    const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
    now + pause.min(LONGEST)
}

/// How long one request is tried again.
#[derive(Debug, Clone)]
pub struct Patience {
    /// How often it is sent at most.
    pub attempts: u32,
    /// How long it may wait in all, for answers and between tries.
    pub total: Duration,
    /// The first pause where Graph names none; it doubles each time.
    pub first: Duration,
    /// The longest of those pauses.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { attempts: 10, total: seconds(300), first: Duration::from_millis(500), longest: seconds(30) }
    }
}

impl Patience {
    /// Why a pause is not made.
    pub(super) fn too_long(&self, pause: Duration) -> String {
        let (pause, total) = (pause.as_secs(), self.total.as_secs());
        format!("the next try would have to wait {pause} s, and {total} s in all is the limit")
    }

    /// The pause after so many tries, at least one.
    fn doubled(&self, tries: u32) -> Duration {
        let times = 1u32.checked_shl(tries - 1).unwrap_or(u32::MAX);
        self.first.saturating_mul(times).min(self.longest)
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Tries {
    patience: Patience,
    made: u32,
    waited: Duration,
}

impl Tries {
    pub(super) fn new(patience: &Patience) -> Self {
        Self { patience: patience.clone(), made: 0, waited: Duration::ZERO }
    }

    /// The pause before the next try, or why there is none.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Result<Duration, String> {
        self.made += 1;
        let pause = asked.unwrap_or_else(|| jittered(self.patience.doubled(self.made)));
        if self.made >= self.patience.attempts {
            return Err(format!("given up after {} tries", self.made));
        }
        let waited = self.waited.saturating_add(pause);
        if waited > self.patience.total {
            let (tries, waited) = (self.made, self.waited.as_secs());
            let tries = if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
            return Err(format!("given up after {tries} and {waited} s: {}", self.patience.too_long(pause)));
        }
        self.waited = waited;
        Ok(pause)
    }

    /// An answer was waited for this long.
    pub(super) fn spend(&mut self, took: Duration) {
        self.waited = self.waited.saturating_add(took);
    }

    /// The same where Graph was not even reached.
    pub(super) fn next_short(&mut self, asked: Option<Duration>) -> Result<Duration, String> {
        if self.made + 1 >= CONNECTIONS {
            return Err(format!("given up after {} tries", self.made + 1));
        }
        self.next(asked)
    }
}

/// Between half and all of a pause, so that those who failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// Whether a throttle scope is the quota of writes alone, so that reading may go on.
pub(super) fn is_of_writes(scope: Option<&str>) -> bool {
    scope.and_then(|scope| scope.split('/').nth(1)).is_some_and(|limit| limit.eq_ignore_ascii_case("write"))
}

/// `Retry-After`: seconds, or a date, which is taken against the server's own clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    after(text(RETRY_AFTER)?, text(DATE))
}

/// The same from the two header values. A pause of nothing is none: whoever asks for it is spared by the usual one.
pub(super) fn after(wanted: &str, date: Option<&str>) -> Option<Duration> {
    pause(wanted.trim(), date).filter(|pause| !pause.is_zero())
}

fn pause(wanted: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = wanted.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = moment(wanted)?.duration_since(moment(date?)?);
    Some(wait.try_into().unwrap_or(Duration::ZERO))
}

/// A date as HTTP writes it.
pub(super) fn moment(date: &str) -> Option<Timestamp> {
    rfc2822::parse(date.trim()).ok().map(|moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_of_retry_after() {
        let now = Some("Wed, 25 Nov 2026 12:00:00 GMT");
        assert_eq!(after("7", None), Some(Duration::from_secs(7)));
        assert_eq!(after("Wed, 25 Nov 2026 12:01:30 GMT", now), Some(Duration::from_secs(90)));
        assert_eq!((after("Wed, 25 Nov 2026 11:00:00 GMT", now), after("0", now)), (None, None));
        assert_eq!(after(" 18446744073709551615 ", None), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(after("soon", now), None);
        assert_eq!(after("Wed, 25 Nov 2026 12:01:30 GMT", None), None);
        assert_eq!(after("-1", now), None);
    }

    #[test]
    fn patience_ends() {
        let patience = Patience { attempts: 4, ..Patience::default() };
        let mut tries = Tries::new(&patience);
        let pauses: Vec<bool> = (0..5).map(|_| tries.next(None).is_ok()).collect();
        assert_eq!(pauses, [true, true, true, false, false]);
        let mut tries = Tries::new(&patience);
        assert!(tries.next(Some(Duration::from_secs(200))).is_ok());
        let why = tries.next(Some(Duration::from_secs(200))).unwrap_err();
        assert!(why.contains("200 s") && why.contains("300 s"), "{why}");
    }

    #[test]
    fn no_pause_that_a_server_asks_for_is_too_long_to_be_told() {
        let mut tries = Tries::new(&Patience::default());
        assert!(tries.next(Some(Duration::from_secs(1))).is_ok());
        assert!(tries.next(Some(Duration::from_secs(u64::MAX))).unwrap_err().contains("wait 18446744073709551615 s"));
        Pace::new(Arc::new(Waited::default()), CancellationToken::new()).hold(Duration::MAX);
    }

    #[test]
    fn waiting_for_answers_takes_patience_too() {
        let mut tries = Tries::new(&Patience::default());
        let stalled: Vec<bool> = (0..4)
            .map(|_| {
                tries.spend(Duration::from_secs(100));
                tries.next(None).is_ok()
            })
            .collect();
        assert_eq!(stalled, [true, true, false, false]);
    }

    /// Adds up what is told.
    #[derive(Debug, Default)]
    struct Waited(Mutex<Duration>);

    impl Progress for Waited {
        fn note(&self, step: Step<'_>) {
            if let Step::Waited(more) = step {
                *self.0.lock().unwrap() += more;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_wait_when_one_is_told_to_and_waits_side_by_side_count_once() {
        let told = Arc::new(Waited::default());
        let pace = Pace::new(Arc::<Waited>::clone(&told), CancellationToken::new());
        let start = Instant::now();
        pace.hold(Duration::from_secs(5));
        pace.hold(Duration::from_secs(2));
        assert_eq!(tokio::join!(pace.turn(), pace.turn()), (true, true));
        assert_eq!(start.elapsed().as_secs(), 5);
        assert_eq!(told.0.lock().unwrap().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_is_to_end_waits_no_longer() {
        let cancel = CancellationToken::new();
        let pace = Pace::new(Arc::new(Waited::default()), cancel.clone());
        pace.hold(Duration::from_secs(60));
        let start = Instant::now();
        let (went_on, ()) = tokio::join!(pace.turn(), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cancel.cancel();
        });
        assert!(!went_on);
        assert_eq!(start.elapsed().as_secs(), 1);
    }
}
