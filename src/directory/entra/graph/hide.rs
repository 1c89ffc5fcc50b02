//! No token is shown, saved or logged: a proxy may repeat the request that it refuses, header and all.
//!
//! The client knows its own token and takes it out of every answer before that is looked at. Tokens of others are told by
//! the word in front of them.

use std::ops::Range;

use crate::directory::secrets::{places, without};
use crate::directory::text::shown;

/// What stands where a token was.
const HIDDEN: &str = "[token]";
/// The word in front of a token.
const SCHEME: &str = "bearer";
/// What may stand between the two.
const BETWEEN: [char; 7] = [' ', '\t', ':', '=', '"', '+', '\\'];
/// Whatever is shorter is a word and no token of anybody.
const SHORTEST: usize = 16;

/// An answer without the token, however the token is spelt in it. A good answer holds what is read: there a token that is
/// short enough to be a word is only one behind its scheme.
pub(super) fn in_body(body: Vec<u8>, token: &str, is_good: bool) -> Vec<u8> {
    let may_be_a_word = is_good && token.len() < SHORTEST;
    let is_meant = |place: &Range<usize>| !may_be_a_word || is_behind_scheme(body.get(..place.start).unwrap_or_default());
    let mut places = places(&body, token.as_bytes());
    places.retain(is_meant);
    if places.is_empty() { body } else { without(&body, &places, HIDDEN) }
}

/// What the server said, fit for a message.
pub(super) fn said(text: &str) -> String {
    shown(&bearers(text))
}

/// A header without the token.
pub(super) fn in_text(text: &str, token: &str) -> String {
    said(&String::from_utf8_lossy(&in_body(text.into(), token, false)))
}

fn is_behind_scheme(front: &[u8]) -> bool {
    let near = String::from_utf8_lossy(front.get(front.len().saturating_sub(SHORTEST)..).unwrap_or_default());
    let word = near.trim_end_matches("%20").trim_end_matches(BETWEEN);
    word.len() < near.len() && word.to_ascii_lowercase().ends_with(SCHEME)
}

/// A text without what stands behind `Bearer`, if that may be a token.
fn bearers(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let (mut rest, mut kept) = (0, String::with_capacity(text.len()));
    for (place, _) in lower.match_indices(SCHEME) {
        let behind = text.get(place + SCHEME.len()..).unwrap_or_default();
        let word = behind.trim_start_matches(BETWEEN);
        let length = word.find(|c: char| !is_of_token(c)).unwrap_or(word.len());
        let is_apart = word.len() < behind.len() || word.starts_with('%');
        if place < rest || !is_apart || length < SHORTEST {
            continue;
        }
        let from = text.len() - word.len();
        kept.push_str(text.get(rest..from).unwrap_or_default());
        kept.push_str(HIDDEN);
        rest = from + length;
    }
    kept.push_str(text.get(rest..).unwrap_or_default());
    kept
}

/// The characters of RFC 6750, and what escapes them.
fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/=%\\".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_however_it_is_spelt() {
        let token = "EwB4/8l6BAA+opaque==";
        for spelt in [
            token,
            "EwB4\\/8l6BAA+opaque==",
            "EwB4\\/8l6BAA\\u002Bopaque==",
            "EwB4/8l6BAA\\u002bopaque==",
            "EwB4%2F8l6BAA%2Bopaque%3D%3D",
            "EwB4%2f8l6BAA%2bopaque%3d%3d",
            "EwB4\\u002f8l6BAA+opaqu\\u0065==",
            "\\u0045wB4/8l6BAA+op%61que%3D=",
            "EwB4\\\\/8l6BAA+\\\\u006Fpaque=\\u003d",
            "EwB4%252F8l6BAA%25252bopaque==",
        ] {
            let body = format!("{{\"m\":\"{spelt} and {spelt}\"}}").into_bytes();
            assert_eq!(in_body(body, token, true), b"{\"m\":\"[token] and [token]\"}", "{spelt}");
            assert_eq!(in_text(spelt, token), "[token]");
        }
        for other in
            ["{}", "\\", "%", "\\u", "%2", "EwB4\\u01658l6", "EwB4%2F8l6BAA%2Bopaque%3D", "Ew\\u0042", "%25%25", "\\u0045"]
        {
            assert_eq!(in_body(other.into(), token, true), other.as_bytes(), "{other}");
        }
        // The token begins anew within itself.
        assert_eq!(in_body(b"aabaabaa%62aaz".to_vec(), "aabaabaac", false), b"aabaabaa%62aaz");
        assert_eq!(in_body(b"aabaabaab%61abaac".to_vec(), "aabaabaac", false), b"aabaab[token]");
        assert_eq!(in_body(b"{\"id\":1}".to_vec(), "id", false), b"{\"id\":1}");
    }

    #[test]
    fn a_short_token_is_taken_out_and_no_word_of_what_is_read() {
        let taken = |body: &str, is_good| String::from_utf8(in_body(body.into(), "s/cret", is_good)).unwrap();
        assert_eq!(taken("{\"error\":\"s/cret, s%2fcret, s\\/cret\"}", false), "{\"error\":\"[token], [token], [token]\"}");
        assert_eq!(in_text("request s/cret", "s/cret"), "request [token]");
        for word in ["{\"displayName\":\"s/cret\"}", "forbearers/cret"] {
            assert_eq!(taken(word, true), word);
        }
        for (front, left) in [("Bearer ", "Bearer "), ("BEARER%20", "BEARER%20"), ("bearer: \\\"", "bearer: \\\"")] {
            assert_eq!(taken(&format!("{front}s/cret"), true), format!("{left}[token]"));
        }
    }

    #[test]
    fn tokens_of_others_are_told_by_the_word_in_front() {
        for (text, shown) in [
            ("Authorization: Bearer eyJ0eXAiOiJKV1QiLCJhbGciOi.x-y_z~!", "Authorization: Bearer [token]!"),
            ("bearer=eyJ0eXAiOiJKV1QiLCJhbGciOi, BEARER \"aaaaaaaaaaaaaaaaaaaa\"", "bearer=[token], BEARER \"[token]\""),
            ("Bearer%20eyJ0eXAiOiJKV1QiLCJhbGciOi", "Bearer[token]"),
            ("the Bearer token is missing", "the Bearer token is missing"),
            ("Bearertokenaaaaaaaaaaaaaaaaaaaaaa; ünd Bearer", "Bearertokenaaaaaaaaaaaaaaaaaaaaaa; ünd Bearer"),
        ] {
            assert_eq!(bearers(text), shown);
        }
    }
}
