//! How names compare, and how text from a directory may be shown.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use icu_normalizer::ComposingNormalizerBorrowed;

/// The key under which two names are the same: NFC, then ASCII lower case, everything else exactly.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    lower_ascii(composed(text))
}

/// The text in the composed form in which names compare.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) }
}

fn lower_ascii(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

/// Whether two names are the same by [`fold`].
#[must_use]
pub fn same(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() { left.eq_ignore_ascii_case(right) } else { fold(left) == fold(right) }
}

/// What stands before the last `@` of a name; all of it where there is none.
#[must_use]
pub fn local_part(name: &str) -> &str {
    name.rsplit_once('@').map_or(name, |(local, _)| local)
}

/// Hashes a name so that names that are the [`same`] hash alike.
pub fn hash_folded(text: &str, state: &mut impl Hasher) {
    fold(text).hash(state);
}

/// Text of a directory made safe for a terminal: control and invisible direction characters become visible escapes.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unprintable(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_ascii_without_case_and_the_rest_exactly_after_nfc() {
        assert!(same("Jo\u{308}rg@X.example", "j\u{f6}rg@x.EXAMPLE"));
        for (left, right) in [("weiß", "weiss"), ("ipek", "İpek"), ("ıpek", "ipek"), ("O'dell", "O’dell"), ("Ä", "ä")] {
            assert!(!same(left, right), "{left} {right}");
        }
    }

    #[test]
    fn shows_control_and_direction_characters_as_escapes() {
        assert_eq!(printable("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(printable("Zoë 王"), "Zoë 王");
    }
}
