//! A secret that somebody sends back is known again however it is spelt.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands where a password was.
const HIDDEN: &str = "[password]";
/// Whatever is shorter is found in any text.
const SHORTEST: usize = 4;
/// What RFC 3986 calls unreserved stays as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text without a password. One that is so short that it may be anything leaves nothing of the text.
pub(crate) fn without_password(text: &str, password: &str) -> String {
    if password.len() < SHORTEST {
        let is_in_it = !password.is_empty() && text.to_ascii_lowercase().contains(&password.to_ascii_lowercase());
        return if is_in_it { HIDDEN.to_owned() } else { text.to_owned() };
    }
    let in_json = serde_json::to_string(password).unwrap_or_default();
    let mut all = spellings(password);
    all.extend([password.to_lowercase(), password.to_uppercase(), in_json.trim_matches('"').to_owned()]);
    all.extend([STANDARD_NO_PAD.encode(password), URL_SAFE_NO_PAD.encode(password)]);
    all.sort_by_key(|spelt| std::cmp::Reverse(spelt.len()));
    all.iter().fold(text.to_owned(), |text, spelt| without(&text, spelt))
}

/// Upper and lower case of ASCII count as one.
fn without(text: &str, spelt: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), 0);
    for (place, _) in text.to_ascii_lowercase().match_indices(&spelt.to_ascii_lowercase()) {
        kept.push_str(text.get(rest..place).unwrap_or_default());
        kept.push_str(HIDDEN);
        rest = place + spelt.len();
    }
    kept.push_str(text.get(rest..).unwrap_or_default());
    kept
}

/// As it is, in an address, and in JSON, where some escape slashes and plus signs. The longest come first.
pub(crate) fn spellings(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let escaped = utf8_percent_encode(secret, ESCAPED).to_string();
    let mut all = BTreeSet::from([secret.to_owned(), lower_escapes(&escaped), escaped]);
    for slash in ["/", "\\/", "\\u002F", "\\u002f"] {
        let slashed = secret.replace('/', slash);
        all.extend(["+", "\\u002B", "\\u002b"].map(|plus| slashed.replace('+', plus)));
    }
    let mut all: Vec<String> = all.into_iter().collect();
    all.sort_by_key(|spelt| std::cmp::Reverse(spelt.len()));
    all
}

/// `%2F` as `%2f`.
fn lower_escapes(escaped: &str) -> String {
    let mut parts = escaped.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        text + "%" + &digits.to_ascii_lowercase() + rest
    })
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
