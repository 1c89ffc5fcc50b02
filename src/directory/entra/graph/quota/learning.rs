//! What answers and refusals tell about the quota: over what time the directory counts, and how much it takes.

use std::time::Duration;

use tokio::time::Instant;

use super::{GRAIN, Quota, Refused, WINDOW};

/// A limit that was met is tried again after two windows, then after more and more, and at last this seldom.
const TRIED_AT_LEAST_EVERY: Duration = Duration::from_secs(600);
/// A refusal that lasts less may be one of a moment: the shortest pause that can be asked for is a second.
const SHORT: Duration = Duration::from_millis(1500);
/// Quotas refuse for longer than this.
const A_MOMENT: Duration = Duration::from_millis(100);

impl Quota {
    /// Once more was taken than the window holds that a guess is about, the guess was right.
    pub(super) fn bear_out(&mut self, now: Instant) {
        let (_, before) = *self.begun.get_or_insert((now, self.taken));
        if self.is_guess && self.taken - before >= self.believed {
            (self.is_guess, self.is_settled) = (false, true);
        }
    }

    /// Without a refusal for a while a little more is tried: soon, as long as refusals do not agree on how much is taken.
    pub(super) fn trickle_faster(&mut self, now: Instant) {
        if self.try_more.is_some_and(|at| at <= now) {
            self.believed += (self.believed / if self.is_settled { 32 } else { 4 }).max(1);
            self.try_more = Some(now + self.trickle_pause());
        }
    }

    fn trickle_pause(&self) -> Duration {
        if self.is_settled { self.window * 2 } else { self.window / 4 }
    }

    /// The first write that is taken after refusals shows for how long there was no room, and with that how the directory
    /// counts.
    pub(super) fn learn(&mut self, now: Instant, refused: Refused) {
        let lasted = now.duration_since(refused.at);
        if lasted < A_MOMENT {
            return;
        }
        let is_known = (self.is_settled || self.is_guess) && self.trickle.is_none();
        if self.is_settled && is_known && refused.in_window >= self.believed {
            self.try_more_later(now);
        } else if self.is_wrong_guess(refused) {
            self.fit(now, refused);
        } else if lasted < SHORT.min(self.window / 3) {
            self.learn_trickle(now, refused);
        } else if is_known {
            self.widen(now, refused);
            self.believed = refused.in_window.max(1);
            self.try_more_later(now);
        } else {
            self.fit(now, refused);
        }
        self.limit = self.believed;
        self.earlier = Some(refused);
    }

    /// More and more seldom.
    fn try_more_later(&mut self, now: Instant) {
        self.try_more = Some(now + self.try_pause);
        self.try_pause = (self.try_pause * 4).min(TRIED_AT_LEAST_EVERY.max(self.window));
    }

    /// When the next window is refused, the directory's own is longer.
    fn is_wrong_guess(&self, refused: Refused) -> bool {
        self.is_guess && self.begun.is_some_and(|(begun, _)| refused.at.duration_since(begun) >= self.window)
    }

    /// What was taken before the refusals has filled a window that is over now.
    fn fit(&mut self, now: Instant, refused: Refused) {
        let Some((begun, filled)) = self.busiest(now) else { return };
        self.window = whole_seconds(refused.last.duration_since(begun), now.duration_since(begun));
        self.believed = filled;
        (self.is_settled, self.is_guess, self.trickle) = (false, true, None);
        self.try_pause = self.window.max(WINDOW) * 2;
        self.try_more_later(now);
        self.recount(now);
    }

    /// The first write since the last refusals, or the first after which clearly more was taken a second: before that
    /// nobody wrote for a while. And how much was taken since then.
    fn busiest(&self, now: Instant) -> Option<(Instant, u32)> {
        let (begun, before) = self.begun?;
        let all = (begun, self.taken - before);
        let rate = |(at, count): &(Instant, u32)| f64::from(*count) / now.duration_since(*at).as_secs_f64().max(0.001);
        let mut taken = 0;
        let since = self.answered.iter().rev().take_while(|(at, _)| *at > begun).map(|(at, count)| {
            taken += count;
            (*at, taken)
        });
        let best = since.max_by(|one, other| rate(one).total_cmp(&rate(other)));
        Some(best.filter(|best| rate(best) > 2.0 * rate(&all)).unwrap_or(all)).filter(|(_, taken)| *taken > 0)
    }

    fn learn_trickle(&mut self, now: Instant, refused: Refused) {
        let before = self.believed;
        self.believed = self.refilled(refused).clamp(before / 4, before).max(1);
        (self.is_settled, self.is_guess) = (self.believed >= before - before / 16, false);
        self.trickle = Some(now);
        self.try_more = Some(now + self.trickle_pause());
    }

    /// The writes of a window, judged by those that were taken between two refusals.
    fn refilled(&self, refused: Refused) -> u32 {
        let Some(earlier) = self.earlier else { return self.believed };
        let rate = f64::from(refused.taken - earlier.taken) / refused.at.duration_since(earlier.at).as_secs_f64().max(0.001);
        whole(rate * self.window.as_secs_f64())
    }

    /// When there was no room for longer than a window, the directory counts in longer ones; what is believed of a second
    /// stays.
    fn widen(&mut self, now: Instant, refused: Refused) {
        let is_longer = now.duration_since(refused.at) > self.window + self.window / 8;
        let spent = now.duration_since(refused.begun);
        if is_longer || self.earlier.is_none() && spent > self.window + self.window / 8 {
            self.believed = whole(f64::from(self.believed) * spent.div_duration_f64(self.window));
            self.window = spent;
        }
    }

    /// Looks back as far as the window reaches now; what filled the one that is over does not count any more.
    fn recount(&mut self, now: Instant) {
        (self.oldest, self.in_window) = (0, self.answered.iter().map(|(_, count)| count).sum());
        self.forget(now + GRAIN);
    }
}

/// How long a window is that ended after `shortest`, and was over after `spent`: windows have whole seconds, and a pause is
/// rounded up to the next.
fn whole_seconds(shortest: Duration, spent: Duration) -> Duration {
    let before = spent.saturating_sub(Duration::from_secs(1));
    let rounded = before.as_secs() + u64::from(before.subsec_nanos() > 0);
    Duration::from_secs(rounded.max(shortest.as_secs() + 1)).min(spent)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn whole(writes: f64) -> u32 {
    writes as u32
}
