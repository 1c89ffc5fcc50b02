//! The log of requests: what a test looks at to see what was read and written, and in which order.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

/// The log, in memory and on disk.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<Value>,
    file: Option<File>,
    /// Why the file could not be written; from then on nothing is served.
    broken: Option<String>,
}

impl Log {
    /// A log that also goes to a file, which is emptied first.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(create).transpose()?;
        Ok(Self { entries: Vec::new(), file, broken: None })
    }

    /// Adds an entry.
    pub(crate) fn push(&mut self, entry: Value) {
        if let Some(file) = &mut self.file
            && let Err(error) = writeln!(file, "{entry}")
        {
            self.broken = Some(format!("the log cannot be written: {error}"));
        }
        self.entries.push(entry);
    }

    /// All entries from this one on.
    pub(crate) fn since(&self, first: usize) -> &[Value] {
        self.entries.get(first..).unwrap_or_default()
    }

    /// Forgets what is in memory.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Why nothing can be served any more.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }
}

/// Bodies hold names of people: for the owner's eyes only.
fn create(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Headers worth keeping; never a credential.
pub(crate) fn headers(headers: &HeaderMap) -> Value {
    let kept = ["accept", "client-request-id", "consistencylevel", "content-type", "if-match", "prefer", "user-agent"];
    let value = |name: &str| Some((name.to_owned(), json!(headers.get(name)?.to_str().ok()?)));
    Value::Object(kept.into_iter().filter_map(value).collect())
}

/// A body as the log keeps it: JSON or form fields, without anything secret.
pub(crate) fn body(bytes: &[u8], content_type: &str) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let fields = super::token::form::parse(bytes).unwrap_or_default();
        let shown =
            |(name, value): (String, String)| (name.clone(), json!(if is_secret(&name) { "***".to_owned() } else { value }));
        return Value::Object(fields.into_iter().map(shown).collect());
    }
    match serde_json::from_slice(bytes) {
        Ok(json) => without_secrets(json),
        // What cannot be read cannot be searched for secrets.
        Err(_) => json!({ "unreadable": bytes.len() }),
    }
}

/// Path and query as the log keeps them: secrets in a query are hidden.
pub(crate) fn target(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) && !name.contains("skip") => format!("{name}=***"),
        Some(_) | None => pair.to_owned(),
    };
    let pairs: Vec<String> = query.split('&').map(shown).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn without_secrets(json: Value) -> Value {
    match json {
        Value::Object(object) => Value::Object(object.into_iter().map(shown).collect::<Map<_, _>>()),
        Value::Array(list) => Value::Array(list.into_iter().map(without_secrets).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

fn shown((name, value): (String, Value)) -> (String, Value) {
    let shown = if is_secret(&name) { json!("***") } else { without_secrets(value) };
    (name, shown)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts = ["password", "secret", "assertion", "token", "authorization", "device_code", "cookie"];
    // client_assertion_type and the like say nothing secret.
    parts.iter().any(|part| name.contains(part)) && !name.ends_with("_type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_no_secret() {
        let form = b"client_id=a&client_secret=s3cret&client_assertion=ey&client_assertion_type=jwt&device_code=d&scope=x";
        let text = body(form, "application/x-www-form-urlencoded").to_string();
        assert!(!text.contains("s3cret") && !text.contains("ey\"") && text.contains("jwt") && text.contains("client_id"));
        let json = br#"{"passwordProfile":{"password":"pw1"},"requests":[{"headers":{"Authorization":"Bearer t0ken"}}]}"#;
        let text = body(json, "application/json").to_string();
        assert!(!text.contains("pw1") && !text.contains("t0ken"));
        assert_eq!(body(b"{\"password\":\"x", "application/json"), json!({ "unreadable": 14 }));
    }
}
