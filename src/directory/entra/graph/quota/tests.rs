//! The quota against directories that count in their own ways, with times that are made up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Way {
    /// Windows that follow each other, the first from the first write on.
    Fixed,
    Sliding,
    /// Tokens that trickle into a bucket of this size.
    Bucket,
}

#[derive(Debug, Clone)]
struct Directory {
    way: Way,
    limit: u32,
    seconds: f64,
    taken: VecDeque<f64>,
    since: f64,
    used: f64,
    /// Whether pauses are told in whole seconds that are too short, not too long.
    rounds_down: bool,
}

impl Directory {
    /// The seconds to wait, when a write is refused.
    fn refusal(&mut self, now: f64) -> Option<f64> {
        let limit = f64::from(self.limit);
        match self.way {
            Way::Fixed if now - self.since >= self.seconds => (self.since, self.used) = (now, 0.0),
            Way::Fixed => {}
            Way::Sliding => {
                self.taken.retain(|at| now - at < self.seconds);
                self.used = f64::from(u32::try_from(self.taken.len()).unwrap());
            }
            Way::Bucket => {
                self.used = (self.used - (now - self.since) * limit / self.seconds).max(0.0);
                self.since = now;
            }
        }
        if self.used + 1.0 > limit {
            return Some(match self.way {
                Way::Fixed => self.since + self.seconds - now,
                Way::Sliding => self.taken[0] + self.seconds - now,
                Way::Bucket => (self.used + 1.0 - limit) * self.seconds / limit,
            });
        }
        self.used += 1.0;
        self.taken.push_back(now);
        None
    }
}

fn directory(way: Way, limit: u32, seconds: f64) -> Directory {
    Directory { way, limit, seconds, taken: VecDeque::new(), since: 0.0, used: 0.0, rounds_down: false }
}

/// How long so many writes take, as a multiple of the floor, and how many were refused, in percent.
fn written(way: Way, limit: u32, seconds: f64, writes: u32, answer_ms: u64) -> (f64, f64) {
    let (time, refused, _) = written_to(directory(way, limit, seconds), writes, answer_ms);
    (time, refused)
}

/// The same, and what is known of the quota in the end.
fn written_to(mut directory: Directory, writes: u32, answer_ms: u64) -> (f64, f64, Option<(u32, Duration)>) {
    let (limit, seconds) = (directory.limit, directory.seconds);
    let (mut quota, begun) = (Quota::new(&Patience::default()), Instant::now());
    let mut answers: BinaryHeap<Reverse<(Instant, Option<Duration>)>> = BinaryHeap::new();
    let (mut now, mut left, mut refused, mut has_turn) = (begun, writes, 0, false);
    while left > 0 || !answers.is_empty() {
        let mut room = Room::AfterAnswer;
        while left > 0 && answers.len() < 160 {
            room = if has_turn { Room::Now } else { quota.for_turn(now) };
            if room != Room::Now {
                break;
            }
            if !std::mem::replace(&mut has_turn, true) {
                quota.promise(now);
            }
            room = quota.for_sending(now);
            if room == Room::AfterAnswer {
                break;
            }
            quota.give_back();
            has_turn = false;
            if room != Room::Now {
                break;
            }
            quota.send();
            let arrival = now + Duration::from_millis(answer_ms) / 2;
            let wait = directory.refusal((arrival - begun).as_secs_f64());
            let told = |wait: f64| if directory.rounds_down { wait.floor() } else { wait.ceil() };
            let pause = wait.map(|wait| Duration::from_secs_f64(told(wait).max(1.0)));
            answers.push(Reverse((now + Duration::from_millis(answer_ms), pause)));
            left -= 1;
        }
        let next = answers.peek().map(|Reverse((at, _))| *at);
        match (room, next) {
            (Room::At(at), next) if next.is_none_or(|next| at < next) => now = now.max(at),
            _ => {
                let Some(Reverse((at, pause))) = answers.pop() else { panic!("nothing goes on: {quota:?}") };
                now = now.max(at);
                if pause.is_some() {
                    (left, refused) = (left + 1, refused + 1);
                    quota.refuse(now, pause).unwrap();
                } else {
                    quota.take(now);
                }
            }
        }
    }
    let floor = f64::from(writes - limit) * seconds / f64::from(limit);
    ((now - begun).as_secs_f64() / floor, f64::from(refused) * 100.0 / f64::from(writes), quota.known())
}

#[test]
fn the_published_quota_is_used_up_and_seldom_passed_however_it_is_counted() {
    for way in [Way::Fixed, Way::Sliding, Way::Bucket] {
        for answer_ms in [1, 20] {
            let (time, refused) = written(way, 300, 15.0, 3000, answer_ms);
            assert!(time <= 1.05 && refused <= 1.0, "{way:?}, {answer_ms} ms: {time:.3} of the floor, {refused:.2} % refused");
        }
    }
}

#[test]
fn a_quota_that_is_smaller_or_larger_is_found() {
    for (limit, writes) in [(60, 1200), (900, 9000)] {
        for way in [Way::Fixed, Way::Sliding] {
            let (time, refused) = written(way, limit, 15.0, writes, 1);
            assert!(time <= 1.05 && refused <= 1.0, "{way:?} of {limit}: {time:.3} of the floor, {refused:.2} % refused");
        }
        let (time, _) = written(Way::Bucket, limit, 15.0, writes, 1);
        assert!(time <= 1.05, "a bucket of {limit}: {time:.3} of the floor");
    }
}

#[test]
fn windows_that_are_shorter_or_longer_are_found() {
    for (limit, seconds) in [(60, 2), (60, 5), (300, 5), (120, 7), (200, 10), (300, 14), (600, 30), (3000, 150)] {
        let window = Duration::from_secs(seconds);
        for (way, answer_ms) in [Way::Fixed, Way::Sliding].into_iter().flat_map(|way| [(way, 1), (way, 20)]) {
            let (time, refused, known) =
                written_to(directory(way, limit, window.as_secs_f64()), (limit * 10).max(600), answer_ms);
            let name = format!("{way:?} of {limit} in {seconds} s: {time:.3} of the floor, {refused:.2} % refused, {known:?}");
            assert!(time <= 1.05 && refused <= 1.0 && known == Some((limit, window)), "{name}");
        }
    }
}

/// Somebody else, or the run before, has begun the window; what that shows is too short, and is put right at once.
#[test]
fn a_window_that_had_begun_before_is_no_shorter_one() {
    for (limit, seconds, begun) in [(300, 15.0, 5.0), (300, 15.0, 11.0), (600, 30.0, 10.0), (3000, 150.0, 45.0)] {
        for rounds_down in [false, true] {
            let directory = Directory { since: -begun, rounds_down, ..directory(Way::Fixed, limit, seconds) };
            let (time, refused, known) = written_to(directory, limit * 10, 20);
            let name = format!("{limit} in {seconds} s, begun {begun} s before: {time:.3}, {refused:.2} %, {known:?}");
            let is_found = known.is_some_and(|known| known == (limit, Duration::from_secs_f64(seconds)));
            assert!(time <= 1.05 && refused <= 1.0 && is_found, "{name}");
        }
    }
}

#[test]
fn a_rest_before_many_writes_is_no_part_of_the_window() {
    let (mut quota, now) = (Quota::new(&Patience::default()), Instant::now());
    let later = now + Duration::from_secs(100);
    for (at, writes) in [(now, 10), (later, 300)] {
        for _ in 0..writes {
            quota.send();
            quota.take(at);
        }
    }
    quota.send();
    quota.refuse(later, Some(Duration::from_secs(15))).unwrap();
    quota.send();
    quota.take(later + Duration::from_millis(15_010));
    assert_eq!(quota.known(), Some((300, Duration::from_secs(15))));
}

/// Most directories on a loopback interface have no quota at all.
#[test]
fn without_a_refusal_nothing_is_waited_for() {
    let (mut quota, now) = (Quota::new(&Patience::default()), Instant::now());
    for write in 0..50_000 {
        let now = now + Duration::from_micros(100) * write;
        assert_eq!((quota.for_turn(now), quota.for_sending(now)), (Room::Now, Room::Now), "{write}");
        quota.promise(now);
        quota.send();
        quota.give_back();
        quota.take(now);
    }
    assert_eq!(quota.known(), None);
}

#[test]
fn what_was_sent_together_is_refused_together() {
    let (mut quota, now) = (Quota::new(&Patience::default()), Instant::now());
    let pause = Some(Duration::from_secs(2));
    for _ in 0..15 {
        quota.send();
        assert_eq!(quota.refuse(now, pause), Ok(Duration::from_secs(2)));
    }
    assert_eq!(quota.for_turn(now), Room::At(now + Duration::from_secs(2)));
    let later = now + Duration::from_secs(3);
    assert_eq!(quota.for_turn(later), Room::Now);
    quota.promise(later);
    assert_eq!(quota.for_turn(later), Room::AfterAnswer, "one shows whether the pause is over");
}

#[test]
fn patience_ends() {
    let (mut quota, now) = (Quota::new(&Patience::default()), Instant::now());
    let refusals = (0..20_u32).map(|times| quota.refuse(now + Duration::from_secs(100) * times, Some(Duration::from_secs(1))));
    assert_eq!(refusals.filter(Result::is_ok).count(), 9);
    let why = Quota::new(&Patience::default()).refuse(now, Some(Duration::from_secs(400))).unwrap_err();
    assert!(why.contains("400 s"), "{why}");
}

#[test]
fn writes_that_are_under_way_are_not_refused_without_end_either() {
    let (mut quota, now) = (Quota::new(&Patience::default()), Instant::now());
    (0..4).for_each(|_| quota.send());
    assert_eq!(quota.refuse(now, Some(Duration::from_secs(1))), Ok(Duration::from_secs(1)));
    assert_eq!(quota.refuse(now, Some(Duration::from_secs(2))), Ok(Duration::from_secs(2)));
    for asked in [1_000_000_000_000, u64::MAX] {
        let why = quota.refuse(now, Some(Duration::from_secs(asked))).unwrap_err();
        assert!(why.contains("300 s in all is the limit"), "{why}");
    }
    assert_eq!(quota.for_turn(now + Duration::from_secs(2)), Room::Now, "nor does anybody wait");
}
