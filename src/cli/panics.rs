//! A fault of the program itself: told with the place where it happened, and with a documented exit code.

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use crate::directory::ad::ldap::is_contained;

use super::exit::Exit;

/// Runs the program. A panic that becomes an ordinary error is not told.
pub(super) fn told(run: impl FnOnce() -> Exit) -> Exit {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if !is_contained() {
            usual(panic);
        }
    }));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let words = "error: this is a fault of hardmatch itself; please report it with the lines above";
        // Nobody is left to tell when the stream is closed.
        writeln!(io::stderr(), "{words}").ok();
        Exit::Unexpected
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_unexpected_error() {
        assert_eq!(told(|| panic!("this panic is meant")), Exit::Unexpected);
        assert_eq!(told(|| Exit::Blocked), Exit::Blocked);
    }
}
