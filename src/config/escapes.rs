//! Backslashes in double quotes: YAML makes another character of some letters behind one, where a name such as `CORP\eve`
//! was meant.

/// What to do about it.
pub(super) const CURE: &str = "use '…' for texts with a backslash, such as 'CORP\\ann', or write the backslash twice";

/// The letters, and what YAML makes of them. What tools write for a character that they cannot print (`\x`, `\u`) is no slip.
const LETTERS: [(char, char); 13] = [
    ('0', '\0'),
    ('a', '\u{7}'),
    ('b', '\u{8}'),
    ('t', '\t'),
    ('n', '\n'),
    ('v', '\u{b}'),
    ('f', '\u{c}'),
    ('r', '\r'),
    ('e', '\u{1b}'),
    ('N', '\u{85}'),
    ('_', '\u{a0}'),
    ('L', '\u{2028}'),
    ('P', '\u{2029}'),
];

/// Whether a value, as it is written in the file, has a backslash that YAML does not take as such.
pub(super) fn has_escape(written: &str) -> bool {
    written.starts_with('"') && written.contains('\\')
}

/// The first of the letters, and the character that it stands for.
pub(super) fn letter(written: &str) -> Option<(char, char)> {
    let mut rest = written.strip_prefix('"')?;
    loop {
        let mut behind = rest.split_once('\\')?.1.chars();
        let next = behind.next()?;
        let known = LETTERS.iter().find(|(letter, _)| *letter == next);
        if known.is_some() {
            return known.copied();
        }
        rest = behind.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_behind_a_backslash_is_found_in_double_quotes_only() {
        for (written, found) in [
            (r#""CORP\eve""#, Some('e')),
            (r#""CORP\\eve\_x""#, Some('_')),
            (r#""CORP\\eve""#, None),
            (r#""Zo\u00eb \x41 \" \/ \ ""#, None),
            (r"'CORP\eve'", None),
            (r"CORP\eve", None),
            (r#""CORP\"#, None),
            ("", None),
        ] {
            assert_eq!(letter(written).map(|(letter, _)| letter), found, "{written}");
        }
    }
}
