//! Quotes of a CSV text, watched while it is read: where one is missing, the rows below belong to a cell and nobody misses them.

use memchr::{memchr, memchr3};

/// Follows a text through its cells, piece by piece.
#[derive(Debug)]
pub(crate) struct Quotes {
    separator: u8,
    place: Place,
    read: usize,
    fault: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A cell begins.
    Start,
    /// In a cell without quotes; one in the middle of it is a character like any other.
    Bare,
    Quoted,
    /// Behind a quote in a quoted cell: it is closed, or a second quote follows.
    Closed,
    /// Among the blanks behind a closed cell.
    Blank,
}

impl Quotes {
    /// At the beginning of a row.
    pub(crate) fn new(separator: u8) -> Self {
        Self { separator, place: Place::Start, read: 0, fault: None }
    }

    /// Follows the next bytes.
    pub(crate) fn follow(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(next) = self.next_mark(rest) {
            let Some((passed, left)) = rest.split_at_checked(next + 1) else { break };
            self.read += passed.len();
            if let Some(byte) = passed.last() {
                self.pass(*byte);
            }
            rest = left;
        }
        self.read += rest.len();
    }

    /// The byte from which something stands behind a quoted text.
    pub(crate) fn fault(&self) -> Option<usize> {
        self.fault
    }

    /// Whether a quoted cell was not closed so far.
    pub(crate) fn is_open(&self) -> bool {
        self.place == Place::Quoted
    }

    /// The next byte that may lead to another place.
    fn next_mark(&self, bytes: &[u8]) -> Option<usize> {
        match self.place {
            Place::Quoted => memchr(b'"', bytes),
            Place::Bare => memchr3(self.separator, b'\n', b'\r', bytes),
            Place::Start | Place::Closed | Place::Blank => (!bytes.is_empty()).then_some(0),
        }
    }

    fn pass(&mut self, byte: u8) {
        let ends = byte == self.separator || matches!(byte, b'\n' | b'\r');
        self.place = match (self.place, byte) {
            (Place::Start | Place::Closed, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, _) => Place::Quoted,
            (Place::Start | Place::Bare | Place::Closed | Place::Blank, _) if ends => Place::Start,
            (Place::Closed | Place::Blank, b' ') => Place::Blank,
            (Place::Closed | Place::Blank, _) => {
                self.fault.get_or_insert(self.read - 1);
                Place::Bare
            }
            (Place::Start | Place::Bare, _) => Place::Bare,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(text: &str, piece: usize) -> Quotes {
        let mut quotes = Quotes::new(b',');
        text.as_bytes().chunks(piece).for_each(|bytes| quotes.follow(bytes));
        quotes
    }

    #[test]
    fn tells_a_missing_quote_in_pieces_of_any_size() {
        for (text, fault, is_open) in [
            ("a,b\r\n", None, false),
            ("\"a\",\"b, \"\"c\"\" d\",\"\"\r\n\"two\nlines\" ,x\n", None, false),
            ("5\" wide,a\"b\"c\n", None, false),
            ("a,\"his desk\nb,\"her desk\nc,d\n", Some(15), false),
            ("\"a\" b\n", Some(4), false),
            ("\"a\" \"b\"\n", Some(4), false),
            ("a,\"b\nc,d\n", None, true),
            ("a;\"b;c\n", None, false),
        ] {
            for piece in 1..=text.len() {
                let quotes = followed(text, piece);
                assert_eq!((quotes.fault(), quotes.is_open()), (fault, is_open), "{text:?} by {piece}");
            }
        }
    }
}
