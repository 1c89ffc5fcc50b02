//! A secret that somebody sends back is known again however it is spelt.

use std::collections::VecDeque;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::{memchr2_iter, memmem};

/// What stands where a password was.
const HIDDEN: &str = "[password]";
/// Whatever is shorter is found in any text.
const SHORTEST: usize = 4;
/// Nobody escapes an escape more often.
const DEEPEST: usize = 8;

/// A text without a password. One that is so short that it may be anything leaves nothing of the text.
pub(crate) fn without_password(text: &str, password: &str) -> String {
    if password.len() < SHORTEST {
        let is_in_it = !password.is_empty() && text.to_ascii_lowercase().contains(&password.to_ascii_lowercase());
        return if is_in_it { HIDDEN.to_owned() } else { text.to_owned() };
    }
    let in_json = serde_json::to_string(password).unwrap_or_default();
    let coded = [STANDARD_NO_PAD.encode(password), URL_SAFE_NO_PAD.encode(password)];
    let spellings = [password.to_owned(), password.to_uppercase(), in_json.trim_matches('"').to_owned()];
    spellings.into_iter().chain(coded).fold(text.to_owned(), |text, spelt| without_spelling(&text, &spelt))
}

/// Upper and lower case of ASCII count as one.
fn without_spelling(text: &str, spelt: &str) -> String {
    let places = places(text.to_ascii_lowercase().as_bytes(), spelt.to_ascii_lowercase().as_bytes());
    String::from_utf8_lossy(&without(text.as_bytes(), &places, HIDDEN)).into_owned()
}

/// Where a text has this secret, as it is or with any of its characters escaped as in JSON or in an address; nowhere if it is
/// so short that it may be anything.
pub(crate) fn places(text: &[u8], secret: &[u8]) -> Vec<Range<usize>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let mut found: Vec<Range<usize>> = memmem::find_iter(text, secret).map(|place| place..place + secret.len()).collect();
    if may_escape(text, secret) {
        found.extend(escaped_places(text, secret));
        found.sort_unstable_by_key(|place| place.start);
        let mut end = 0;
        found.retain(|place| {
            let is_apart = place.start >= end;
            end = end.max(place.end);
            is_apart
        });
    }
    found
}

/// A text with something else in these places, which follow one another.
pub(crate) fn without(text: &[u8], places: &[Range<usize>], instead: &str) -> Vec<u8> {
    let (mut rest, mut kept) = (0, Vec::with_capacity(text.len()));
    for place in places {
        kept.extend_from_slice(text.get(rest..place.start).unwrap_or_default());
        kept.extend_from_slice(instead.as_bytes());
        rest = place.end;
    }
    kept.extend_from_slice(text.get(rest..).unwrap_or_default());
    kept
}

/// Whether a character of the secret is escaped anywhere: hardly ever, so that a list of users costs one look for the signs.
fn may_escape(text: &[u8], secret: &[u8]) -> bool {
    let mut own = [false; 256];
    secret.iter().filter_map(|byte| own.get_mut(usize::from(*byte)).map(|own| *own = true)).for_each(drop);
    let is_own = |byte: u8| own.get(usize::from(byte)) == Some(&true);
    let mut signs = memchr2_iter(b'\\', b'%', text);
    signs.any(|place| text.get(place..).and_then(escape).is_some_and(|(byte, _)| is_own(byte)))
}

/// Where the secret stands in a text in which any of its characters may be escaped (Knuth, Morris and Pratt: each character is
/// looked at once, whatever was sent).
fn escaped_places(text: &[u8], secret: &[u8]) -> Vec<Range<usize>> {
    let borders = borders(secret);
    let (mut found, mut begins) = (Vec::new(), VecDeque::with_capacity(secret.len()));
    let (mut at, mut matched) = (0, 0);
    while let Some([first, ..]) = text.get(at..) {
        let (byte, length) = text.get(at..).and_then(escape).unwrap_or((*first, 1));
        if begins.len() == secret.len() {
            begins.pop_front();
        }
        begins.push_back(at);
        at += length;
        matched = longer(matched, byte, secret, &borders);
        if matched == secret.len() {
            found.extend(begins.front().map(|begin| *begin..at));
            matched = 0;
        }
    }
    found
}

/// How much of the secret ends with this byte, where so much of it ended with the one before.
fn longer(mut matched: usize, byte: u8, secret: &[u8], borders: &[usize]) -> usize {
    while matched > 0 && secret.get(matched) != Some(&byte) {
        matched = borders.get(matched - 1).copied().unwrap_or_default();
    }
    matched + usize::from(secret.get(matched) == Some(&byte))
}

/// For each beginning of the secret, how much of the secret it ends with.
fn borders(secret: &[u8]) -> Vec<usize> {
    let mut borders = vec![0];
    for byte in secret.iter().skip(1) {
        let matched = borders.last().copied().unwrap_or_default();
        borders.push(longer(matched, *byte, secret, &borders));
    }
    borders
}

/// The byte that a text begins with in an escape of JSON or of an address, or of one in another, and its length.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let (signs, rest) = match text.first()? {
        b'\\' => {
            let signs = text.iter().take(DEEPEST).take_while(|byte| **byte == b'\\').count();
            match text.get(signs..)? {
                [b'/', ..] => return Some((b'/', signs + 1)),
                [b'u', b'0', b'0', rest @ ..] => (signs + 3, rest),
                _ => return None,
            }
        }
        b'%' => {
            let again = text.get(1..)?.chunks_exact(2).take(DEEPEST).take_while(|pair| *pair == b"25").count();
            (1 + 2 * again, text.get(1 + 2 * again..)?)
        }
        _ => return None,
    };
    let [high, low, ..] = rest else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    // Beyond ASCII an escape of JSON is a character and no byte.
    (byte.is_ascii() || text.starts_with(b"%")).then_some((byte, signs + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_however_it_is_spelt() {
        let password = "Pa\"ß/w+rd\\1";
        for spelt in [
            password,
            "pA\"ß/W+RD\\1",
            "PA\"SS/W+RD\\1",
            "Pa\\\"ß/w+rd\\\\1",
            "Pa%22%C3%9F%2Fw%2Brd%5C1",
            "Pa%22%c3%9f%2fw%2brd%5c1",
            "UGEiw58vdytyZFwx",
            "UGEiw58vdytyZFwx",
        ] {
            assert_eq!(without_password(&format!("no {spelt}, {spelt}!"), password), "no [password], [password]!", "{spelt}");
        }
        assert_eq!(without_password("data 52e", password), "data 52e");
    }

    #[test]
    fn a_short_password_leaves_no_text_that_may_hold_it() {
        assert_eq!(without_password("it was aBc", "abc"), "[password]");
        assert_eq!(without_password("it was not", "abc"), "it was not");
        assert_eq!(without_password("it was not", ""), "it was not");
    }
}
