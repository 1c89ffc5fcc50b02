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

/// Text of a directory made safe for a terminal and for the log of a CI runner: control and invisible direction characters
/// become visible escapes, and what runners take for a command (`::word`, `##[`, `##vso[`) is one no more.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) && !may_command(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(escaped(text, |at, c| is_unprintable(c) || starts_command(text, at)))
}

/// Text of several lines, such as an excerpt of a file, in which no runner finds a command.
#[must_use]
pub fn disarmed(text: &str) -> Cow<'_, str> {
    if may_command(text) { Cow::Owned(escaped(text, |at, _| starts_command(text, at))) } else { Cow::Borrowed(text) }
}

fn escaped(text: &str, is_meant: impl Fn(usize, char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        if is_meant(at, c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn may_command(text: &str) -> bool {
    text.contains("::") || text.contains("##")
}

/// A runner may find its command anywhere in a line, and a line may be broken anywhere.
fn starts_command(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    let is_word = rest.strip_prefix("::").is_some_and(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    is_word || ["##[", "##vso["].iter().any(|command| starts_without_case(rest, command))
}

fn starts_without_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
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

    #[test]
    fn what_a_ci_runner_takes_for_a_command_is_one_no_more() {
        assert_eq!(printable("::stop-commands::x"), "\\u{3a}:stop-commands\\u{3a}:x");
        assert_eq!(printable("a ##vso[task.prependpath]/x ##[set-env]"), "a \\u{23}#vso[task.prependpath]/x \\u{23}#[set-env]");
        assert_eq!(printable("##VSO["), "\\u{23}#VSO[");
        assert_eq!(disarmed("24 | a ##vso[x]\n   | ^"), "24 | a \\u{23}#vso[x]\n   | ^");
        for plain in ["fe80::1", "## Heading", "a :: b", "std:"] {
            assert_eq!(printable(plain), plain);
        }
    }
}
