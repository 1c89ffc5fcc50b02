//! Secrets come from the environment or a file; one that stands in a text is refused and never shown again.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;

use crate::model::text::nearest;

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub enum Secret {
    /// The name of an environment variable.
    Env(String),
    /// A file whose first line is the secret.
    File(PathBuf),
}

const WORDS: [&str; 9] = ["pass", "pasw", "pwd", "secret", "secr", "token", "kennwort", "credential", "apikey"];

/// Whether a key is one that people put a secret under.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "pw" || WORDS.iter().any(|word| key.contains(word))
}

/// Keys below which somebody signs in.
pub(super) const SIGN_IN: [&str; 2] = ["auth", "bind"];
/// Keys there whose value says where or as whom, and is no secret.
pub(super) const PLAIN_KEYS: [&str; 5] = ["clientId", "certificate", "user", "env", "file"];
/// The names of the ways to sign in that stand alone.
pub(super) const PLAIN_WORDS: [&str; 5] = ["azureCli", "managedIdentity", "workloadIdentity", "deviceCode", "gssapi"];

/// Whether a key below a way to sign in has a plain setting as its value.
pub(super) fn is_plain(key: &str, text: &str) -> bool {
    PLAIN_KEYS.contains(&key) && !looks_like_secret(text) && (key != "env" || is_variable(text))
}

/// Whether a text is fit for the name of an environment variable.
pub(super) fn is_variable(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(is_name) && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// The shortest token that is taken for one.
const SHORTEST_TOKEN: usize = 20;
/// Where `Q~` stands in a client secret as Entra makes them, and how much follows at least.
const MARK: (usize, usize) = (4, 8);

/// Whether a text has the form of a secret: an access token, a client secret of Entra, a private key.
pub(super) fn looks_like_secret(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']);
    let is_bearer = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    is_bearer || text.contains("-----BEGIN ") || is_token(text) || is_client_secret(text)
}

fn is_token(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'=');
    text.starts_with("eyJ") && text.len() >= SHORTEST_TOKEN && text.contains('.') && text.bytes().all(is_fit)
}

fn is_client_secret(text: &str) -> bool {
    let (before, after) = MARK;
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~');
    let Some((start, rest)) = text.split_once("Q~") else { return false };
    start.len() == before && start.ends_with(|c: char| c.is_ascii_digit()) && rest.len() >= after && text.bytes().all(is_fit)
}

/// Whether a text is one of some words, or plainly a slip of one.
pub(super) fn is_nearly(text: &str, words: &[&str]) -> bool {
    const SLIP: usize = 2;
    nearest(text, words.iter().copied()).is_some_and(|word| word.len().abs_diff(text.len()) <= SLIP)
}

/// A message without the values that are secrets; messages put values between backticks.
pub(super) fn scrubbed(message: &str, hidden: &HashSet<Cow<'_, str>>) -> String {
    let is_secret = |part: &str| hidden.contains(part) || looks_like_secret(part);
    let holds_mark = hidden.iter().filter(|secret| secret.contains('`'));
    let message = holds_mark.fold(message.to_owned(), |message, secret| message.replace(&**secret, "***"));
    let parts = message.split('`').enumerate();
    let parts: Vec<&str> = parts.map(|(at, part)| if at % 2 == 1 && is_secret(part) { "***" } else { part }).collect();
    parts.join("`")
}

/// The places of a text that may be secrets: what follows such a key up to the end of its line, what stands below a key
/// that opens a way to sign in and is no plain setting, and what has the form of a secret.
///
/// It works on text that is no valid YAML too, which is when a parse error would show the line.
pub(super) fn in_text(text: &str) -> Vec<Range<usize>> {
    let mut masks = Vec::new();
    let (mut start, mut sign_in) = (0, None);
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        // How deep a tab leads is not known; it is refused, and its line is shown then.
        let is_deep = line.get(..indent).is_some_and(|blanks| blanks.contains('\t'));
        if !content.is_empty() && !is_deep && sign_in.is_some_and(|above| indent <= above) {
            sign_in = None;
        }
        let opened = sign_in_key(line);
        let from = if sign_in.is_some() { Some(0) } else { opened };
        let found = in_line(line).into_iter().chain(from.and_then(|from| below_sign_in(line, from))).chain(by_form(line));
        masks.extend(found.map(|range| start + range.start..start + range.end));
        sign_in = sign_in.or(opened.map(|_| indent));
        start += line.len();
    }
    masks
}

/// The keys of a line: where the colon stands, the key, and where its value starts.
fn keys(line: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    line.match_indices(':').filter_map(|(colon, _)| {
        let before = line.get(..colon)?.trim_end();
        let rest = line.get(colon + 1..)?;
        let is_key = before.ends_with(['"', '\'']) || rest.is_empty() || rest.starts_with(char::is_whitespace);
        let key = before.trim_end_matches(['"', '\'']).rsplit(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).next()?;
        is_key.then_some((colon, key, line.len() - rest.trim_start().len()))
    })
}

/// Where the colon stands behind a key that opens a way to sign in.
fn sign_in_key(line: &str) -> Option<usize> {
    let mut keys = keys(line).filter(|(_, key, _)| SIGN_IN.iter().any(|known| known.eq_ignore_ascii_case(key)));
    keys.next().map(|(colon, ..)| colon)
}

/// What of a line below such a key may be a secret.
fn below_sign_in(line: &str, from: usize) -> Option<Range<usize>> {
    let end = line.trim_end().len();
    let mut keys = keys(line).filter(|(colon, ..)| *colon >= from).peekable();
    let content = line.get(..end)?.trim_start();
    let first = keys.peek().and_then(|(colon, ..)| line.get(..*colon));
    let is_sign = |c: char| matches!(c, '{' | '}' | '[' | ']' | ',' | ' ');
    let is_in_key = |c: char| is_sign(c) || c.is_ascii_alphabetic() || matches!(c, '-' | '_' | '"' | '\'');
    let is_odd = match first {
        None => !content.starts_with('#') && !content.chars().all(is_sign),
        Some(key) => from == 0 && !key.chars().all(is_in_key),
    };
    if is_odd {
        return Some(end - content.len()..end);
    }
    let secret = keys.find(|(_, key, start)| {
        let value = line.get(*start..end).unwrap_or_default();
        let word = value.split([' ', ',', '}', '#']).next().unwrap_or_default();
        let is_plain = is_plain(key, word.trim_matches(['"', '\''])) && !value.starts_with(['[', '{']);
        !(value.is_empty() || names_a_place(value) || is_plain || PLAIN_WORDS.contains(&word))
    });
    secret.map(|(_, _, start)| start..end)
}

/// What of a line has the form of a secret.
fn by_form(line: &str) -> impl Iterator<Item = Range<usize>> {
    let holds = line.contains("eyJ") || line.contains("Q~");
    let line = if holds { line } else { "" };
    let is_sign = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~'));
    let words = line.split_inclusive(is_sign).scan(0, move |next, piece| {
        let start = std::mem::replace(next, *next + piece.len());
        Some((start, piece.trim_end_matches(is_sign)))
    });
    words.filter(|(_, word)| looks_like_secret(word)).map(|(start, word)| start..start + word.len())
}

fn in_line(line: &str) -> Option<Range<usize>> {
    let end = line.trim_end().len();
    line.match_indices(':').find_map(|(colon, _)| {
        let key = line.get(..colon)?.trim_end().trim_end_matches(['"', '\'']);
        let key = key.rsplit(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).next()?;
        let rest = line.get(colon + 1..end)?;
        let value = rest.trim_start();
        (is_secret_key(key) && !value.is_empty() && !names_a_place(value)).then(|| end - value.len()..end)
    })
}

/// Whether a value is `{ env: NAME }` or `{ file: path }`, or the start of such a mapping.
fn names_a_place(value: &str) -> bool {
    let Some(inner) = value.strip_prefix('{') else { return value.starts_with('#') };
    inner.trim().is_empty() || inner.contains(": ") || inner.contains("\":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_secrets_in_any_text() {
        let masked = |line: &str| in_line(line).map(|range| line[range].to_owned());
        assert_eq!(masked("  password: hunter2\n").as_deref(), Some("hunter2"));
        assert_eq!(masked("  \"Client_Secret\" : 'a: b # c'").as_deref(), Some("'a: b # c'"));
        assert_eq!(masked("bind: { simple: { user: x, pasword: hunter2 } }").as_deref(), Some("hunter2 } }"));
        for line in [
            "secret: { env: NAME }",
            "token: {\"env\":\"X\"}",
            "clientSecret: { clientId: a }",
            "password:",
            "because: x",
            "token: # c",
        ] {
            assert_eq!(masked(line), None, "{line}");
        }
        assert_eq!(masked("clientSecret: { clientId: a, secret: hunter2 }").as_deref(), Some("hunter2 }"));
    }

    #[test]
    fn knows_the_form_of_a_secret() {
        for secret in ["eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "abc8Q~dEfGhIjKlMnOp", "\"abc8Q~dEfGhIjKlMnOp\"", "bearer x"] {
            assert!(looks_like_secret(secret), "{secret}");
        }
        for path in ["secrets/token", "C:\\PROGRA~1\\token.txt", "eyJonson.long.name.of.one@x.example", "~/abc8Q~", "eyJ"] {
            assert!(!looks_like_secret(path), "{path}");
        }
    }
}
