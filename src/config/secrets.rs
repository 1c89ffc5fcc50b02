//! Secrets come from the environment or a file; one that stands in a text is refused and never shown again.

use std::ops::Range;
use std::path::PathBuf;

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

/// The places of a text that may be secrets: what follows such a key up to the end of its line.
///
/// It works on text that is no valid YAML too, which is when a parse error would show the line.
pub(super) fn in_text(text: &str) -> Vec<Range<usize>> {
    let mut masks = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        masks.extend(in_line(line).map(|range| start + range.start..start + range.end));
        start += line.len();
    }
    masks
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
}
