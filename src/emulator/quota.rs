//! Throttling: resource units and writes within a window, as Graph publishes its limits.

use std::time::{Duration, Instant};

use super::call::Call;
use super::errors::Failure;
use super::script::Quota;

/// What was used up.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    writes: Window,
    units: Window,
}

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    used: u32,
}

impl Window {
    /// Counts, and says how long to wait when it was too much.
    fn take(&mut self, count: u32, limit: u32, seconds: u32) -> Result<(), u64> {
        let length = Duration::from_secs(seconds.into());
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= length {
            *self = Self { since: Some(Instant::now()), used: 0 };
        }
        // What is refused counts, too.
        self.used = self.used.saturating_add(count);
        let left = length.saturating_sub(self.since.map_or(Duration::ZERO, |since| since.elapsed()));
        if self.used > limit { Err(left.as_secs().max(1)) } else { Ok(()) }
    }
}

impl Meter {
    /// Counts a request.
    ///
    /// # Errors
    /// 429 when a limit is passed.
    pub(crate) fn take(&mut self, call: &Call, quota: Option<Quota>) -> Result<(), Failure> {
        let Some(quota) = quota else { return Ok(()) };
        let units = self.units.take(units(call), quota.units, quota.unit_seconds);
        let writes = if is_write(call) { self.writes.take(1, quota.writes, quota.write_seconds) } else { Ok(()) };
        units.map_err(|wait| throttled(wait, "ReadWrite", "ResourceUnitLimitExceeded"))?;
        writes.map_err(|wait| throttled(wait, "Write", "WriteLimitExceeded"))
    }

    /// How much of the units is used, when that is worth a header.
    pub(crate) fn percentage(&self, quota: Option<Quota>) -> Option<String> {
        let quota = quota?;
        let share = f64::from(self.units.used) / f64::from(quota.units.max(1));
        (share > 0.8).then(|| format!("{share:.1}"))
    }
}

fn throttled(wait: u64, limit: &str, information: &str) -> Failure {
    Failure::new(429, "TooManyRequests", "Too many requests; wait as long as Retry-After says.")
        .with_header("Retry-After", wait.to_string())
        .with_header("x-ms-throttle-scope", format!("Tenant_Application/{limit}/app/tenant"))
        .with_header("x-ms-throttle-information", information)
}

/// Some questions are too long for an address, and come as a POST.
fn is_write(call: &Call) -> bool {
    let asks = ["$batch", "getByIds", "getMemberGroups"];
    let is_question = call.path.last().is_some_and(|last| asks.iter().any(|name| last.eq_ignore_ascii_case(name)));
    call.method != axum::http::Method::GET && !is_question
}

/// What a request costs. Batches cost what their items cost.
pub(crate) fn units(call: &Call) -> u32 {
    let segments: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let base: i32 = match segments.as_slice() {
        ["$batch"] => return 0,
        [.., "transitiveMembers"] => 5,
        [.., "members"] | ["directoryObjects", "getByIds"] => 3,
        ["users" | "groups" | "contacts"] | ["users", _, "memberOf" | "transitiveMemberOf", ..] => 2,
        _ => 1,
    };
    let select = i32::from(!call.query.select.is_empty());
    let expand = i32::from(!call.query.expand.is_empty());
    let small = i32::from(call.query.top.is_some_and(|top| top < 20));
    u32::try_from(base - select + expand - small).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends() {
        let mut window = Window::default();
        assert_eq!(window.take(2, 2, 0), Ok(()));
        assert_eq!(window.take(2, 2, 0), Ok(()), "a window of no length is always new");
        let mut window = Window::default();
        assert_eq!(window.take(2, 2, 100), Ok(()));
        assert!(window.take(1, 2, 100).is_err());
    }
}
