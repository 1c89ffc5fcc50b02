//! How names compare, how numbers are written, and how text from a directory may be shown.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::hash::{Hash, Hasher};

use icu_normalizer::ComposingNormalizerBorrowed;
use wildmatch::WildMatch;

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

/// A pattern in which `*` and `?` stand for any characters, whatever the case; made once for many texts.
#[derive(Debug, Clone)]
pub struct Pattern(WildMatch);

impl Pattern {
    /// Takes a pattern as it was written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(WildMatch::new(&lowered(text)))
    }

    /// Whether a text is like it.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.fits_lowered(&lowered(text))
    }

    /// Whether a text that is [`lowered`] already is like it.
    #[must_use]
    pub fn fits_lowered(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

/// A text as [`Pattern`] compares it: composed, and every letter in lower case.
#[must_use]
pub fn lowered(text: &str) -> String {
    composed(text).to_lowercase()
}

/// The name that was most likely meant; `None` when none is near. Case and signs do not count.
pub fn nearest<'n>(text: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let bare = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let wanted: String = bare(text).chars().take(64).collect();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &bare(name)), name))
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .filter(|(score, _)| *score >= 0.8)
        .map(|(_, name)| name)
}

/// `1 mapping`, `1,300 mappings`, `2 entries`.
pub fn counted<N: Display + PartialEq + From<u8>>(count: N, word: &str) -> String {
    let is_one = count == N::from(1);
    let count = number(count);
    let stem = word.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match stem {
        _ if is_one => format!("{count} {word}"),
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {word}s"),
    }
}

/// `A, B or C`
#[must_use]
pub fn either(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    }
}

/// So many characters at most, and a sign where there are more.
#[must_use]
pub fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest).and_then(|(end, _)| text.get(..end)) {
        Some(head) => Cow::Owned(format!("{head}…")),
        None => Cow::Borrowed(text),
    }
}

/// How many of many are named.
pub const EXAMPLES: usize = 10;

/// `and 1,300 more` behind those that are named, where there are more.
pub fn and_more(count: usize) -> Option<String> {
    (count > 0).then(|| format!("and {} more", number(count)))
}

/// `a, b and 1,300 more`: the first ten of names.
#[must_use]
pub fn some_of(names: &[&str]) -> String {
    let (shown, rest) = names.split_at(names.len().min(EXAMPLES));
    and_more(rest.len()).map_or_else(|| shown.join(", "), |more| format!("{} {more}", shown.join(", ")))
}

/// `1,300`.
pub fn number(count: impl Display) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
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
    Cow::Owned(escaped(text, |at, c| is_harmful(text, at, c), braced))
}

/// Whether a character of a text is one that [`printable`] escapes, for who writes escapes of another kind.
#[must_use]
pub fn is_harmful(text: &str, at: usize, c: char) -> bool {
    is_unprintable(c) || starts_command(text, at)
}

/// JSON made safe in the same way. It says the same: the escapes are those of JSON.
#[must_use]
pub fn printable_json(json: &str) -> Cow<'_, str> {
    let is_raw = |c: char| c >= '\u{7f}' && is_unprintable(c);
    if !json.chars().any(is_raw) && !may_command(json) {
        return Cow::Borrowed(json);
    }
    Cow::Owned(escaped(json, |at, c| is_raw(c) || starts_command(json, at), in_json))
}

/// Text of several lines, such as an excerpt of a file, in which no runner finds a command.
#[must_use]
pub fn disarmed(text: &str) -> Cow<'_, str> {
    if may_command(text) { Cow::Owned(escaped(text, |at, _| starts_command(text, at), braced)) } else { Cow::Borrowed(text) }
}

fn escaped(text: &str, is_meant: impl Fn(usize, char) -> bool, escape: impl Fn(&mut String, char)) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        if is_meant(at, c) {
            escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out
}

fn braced(out: &mut String, c: char) {
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

fn in_json(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
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

    #[test]
    fn json_says_the_same_and_holds_nothing_that_works_on_a_screen() {
        for text in ["a\u{1b}[31m\u{9b}\u{7f}\u{202e}b\u{e0041}", "::stop-commands::x\n##vso[x]", "a\\::b\"::c", "Zoë 王"] {
            for json in [serde_json::to_string(text), serde_json::to_string_pretty(&[[text]])].map(Result::unwrap) {
                let shown = printable_json(&json);
                let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
                assert_eq!(read(&shown), read(&json), "{shown}");
                assert!(!shown.chars().any(|c| c != '\n' && is_unprintable(c)), "{shown}");
                assert!(!shown.char_indices().any(|(at, _)| starts_command(&shown, at)), "{shown}");
            }
        }
        let plain = "[\n  \"Zoë fe80::1\"\n]";
        assert_eq!(printable_json(plain), plain);
    }

    #[test]
    fn nearest_sees_through_case_signs_and_slips() {
        let names = ["dn", "guid", "sid", "sam", "upn", "mail", "employeeId", "immutableId", "forest"];
        for (text, name) in [
            ("immutabelId", "immutableId"),
            ("employee_id", "employeeId"),
            ("UPN", "upn"),
            ("gudi", "guid"),
            ("forrest", "forest"),
        ] {
            assert_eq!(nearest(text, names), Some(name), "{text}");
        }
        assert_eq!(nearest("holders", names), None);
        assert_eq!(nearest(&"x".repeat(100_000), names), None);
    }

    #[test]
    fn counts_read_well() {
        assert_eq!(
            (counted(1_usize, "user"), counted(0_u64, "user"), counted(1_300_u64, "user")),
            ("1 user".into(), "0 users".into(), "1,300 users".into())
        );
        let entries = [counted(1_u8, "entry"), counted(2_u8, "entry"), counted(2_u8, "key")];
        assert_eq!(entries, ["1 entry", "2 entries", "2 keys"]);
        assert_eq!(number(1_234_567_u64), "1,234,567");
    }

    #[test]
    fn patterns_match_whatever_the_case() {
        let is_like = |text, pattern| Pattern::new(pattern).fits(text);
        assert!(is_like("BreakGlass@contoso.com", "breakglass@*") && is_like("a", "?") && !is_like("ab", "a"));
        assert!(is_like("JO\u{308}RG", "j\u{f6}*"), "composed or not");
    }

    #[test]
    fn of_names_without_end_ten_are_said() {
        assert_eq!((some_of(&[]), some_of(&["a", "b"])), (String::new(), "a, b".to_owned()));
        assert_eq!(some_of(&["a"; 1_300]), format!("{}a and 1,290 more", "a, ".repeat(9)));
        assert_eq!((cut("王小明", 3), cut("王小明", 2)), ("王小明".into(), "王小…".into()));
    }
}
