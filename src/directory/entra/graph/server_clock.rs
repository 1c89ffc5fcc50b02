//! What time it is where the tenant is: what Graph tells of times is judged by its own clock, not by this machine's.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap};

use super::pace::moment;

/// When the last answer was given, by its `Date`.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<Option<Timestamp>>);

impl ServerClock {
    pub(super) fn note(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        if let Some(at) = date.and_then(moment) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
        }
    }

    /// `None` before the first answer, and where answers have no date.
    pub(super) fn now(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_by_the_last_date_that_can_be_read() {
        let (clock, mut headers) = (ServerClock::default(), HeaderMap::new());
        clock.note(&headers);
        assert_eq!(clock.now(), None);
        for date in ["Thu, 26 Nov 2026 10:00:00 GMT", "some day"] {
            headers.insert(DATE, date.parse().unwrap());
            clock.note(&headers);
            assert_eq!(clock.now(), Some("2026-11-26T10:00:00Z".parse().unwrap()), "{date}");
        }
    }
}
