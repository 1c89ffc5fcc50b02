//! The LDAP library panics on some malformed answers. That is the server's fault and becomes an error like any other.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures_util::FutureExt as _;

use super::ber::Flaw;
use super::errors::Fault;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread would become an error, so that nobody needs to be told of it.
pub(crate) fn is_contained() -> bool {
    CONTAINED.get()
}

/// Runs something of the LDAP library.
pub(super) async fn contained<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let outcome = poll_fn(|context| {
        let outside = CONTAINED.replace(true);
        let polled = work.as_mut().poll(context);
        CONTAINED.set(outside);
        polled
    });
    outcome.await.unwrap_or_else(|_| Err(Fault::Garbled(Flaw::Malformed.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_within_is_an_error_and_marked_as_such() {
        let within = contained(async {
            tokio::task::yield_now().await;
            Ok(is_contained())
        });
        assert!(matches!(within.await, Ok(true)));
        let torn = contained(async { if is_contained() { panic!("the parser gave up") } else { Ok(()) } });
        assert!(matches!(torn.await, Err(Fault::Garbled(_))));
        assert!(!is_contained());
    }
}
