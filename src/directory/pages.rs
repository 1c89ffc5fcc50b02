//! Lists that come in pages: each has an end, whatever a server says.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

/// A list of ten million users in pages of ten is as long.
const MOST: usize = 1_000_000;
/// A server may leave pages empty where it passes over much, but not so many in a row.
const MOST_EMPTY: usize = 200;

/// The pages of one list that were read so far.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    read: usize,
    empty_in_a_row: usize,
    /// Digests: a link may be long, and there may be many.
    marks: HashSet<[u8; 32]>,
}

/// Why a list is taken to have no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Endless {
    #[error("they begin again")]
    Again,
    #[error("more than {MOST_EMPTY} in a row are empty")]
    Empty,
    #[error("there are more than {MOST}")]
    Many,
}

impl Pages {
    /// Takes note of a page that is not the last: how many entries it has, and what is another at every page of the list.
    ///
    /// # Errors
    /// [`Endless`], where reading on would lead nowhere.
    pub(crate) fn go_on(&mut self, entries: usize, mark: Option<&[u8]>) -> Result<(), Endless> {
        self.read += 1;
        self.empty_in_a_row = if entries == 0 { self.empty_in_a_row + 1 } else { 0 };
        if mark.is_some_and(|mark| !self.marks.insert(Sha256::digest(mark).into())) {
            return Err(Endless::Again);
        }
        if self.empty_in_a_row > MOST_EMPTY {
            return Err(Endless::Empty);
        }
        if self.read > MOST { Err(Endless::Many) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_end_is_not_read_on() {
        let mut pages = Pages::default();
        assert_eq!(pages.go_on(1, Some(b"a")), Ok(()));
        assert_eq!(pages.go_on(1, Some(b"b")), Ok(()));
        assert_eq!(pages.go_on(1, Some(b"a")), Err(Endless::Again));
        let mut pages = Pages::default();
        pages.go_on(0, None).unwrap();
        pages.go_on(1, None).unwrap();
        assert!((0..MOST_EMPTY).all(|_| pages.go_on(0, None).is_ok()));
        assert_eq!(pages.go_on(0, None), Err(Endless::Empty));
        let mut pages = Pages { read: MOST - 1, ..Pages::default() };
        assert_eq!((pages.go_on(1, None), pages.go_on(1, None)), (Ok(()), Err(Endless::Many)));
        assert_eq!(Endless::Many.to_string(), "there are more than 1000000");
    }
}
