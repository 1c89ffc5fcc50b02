//! What the sign-in service says when it signs nobody in.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::aadsts;
use super::fault::Fault;
use crate::directory::entra::json::whole;
use crate::directory::ports::DirectoryError;
use crate::directory::text::shown;

/// Fields of a request that must not come back in a message.
const SECRET_FIELDS: [&str; 4] = ["client_secret", "client_assertion", "refresh_token", "device_code"];

/// The body of a refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The OAuth error, such as `invalid_client`.
    pub(super) error: String,
    error_description: String,
    /// The first of `error_codes`.
    first_code: Option<u32>,
    trace_id: String,
    correlation_id: String,
}

impl Refusal {
    /// Reads the body of an answer that is no success; `None` when the sign-in service did not write it.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body).ok()?;
        // Whatever is null or no text is left out: a refusal stays one.
        let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let first_code = json.get("error_codes").and_then(|codes| whole(codes.get(0)?)).and_then(|code| code.try_into().ok());
        let error = Some(text("error")).filter(|error| !error.is_empty())?;
        let (error_description, trace_id, correlation_id) = (text("error_description"), text("trace_id"), text("correlation_id"));
        Some(Self { error, error_description, first_code, trace_id, correlation_id })
    }

    /// The number after AADSTS.
    pub(super) fn code(&self) -> Option<u32> {
        let written = || {
            let (_, rest) = self.error_description.split_once("AADSTS")?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        self.first_code.filter(|code| *code != 0).or_else(written)
    }

    /// The service's own sentence, unless it repeats a secret of the request.
    fn sentence(&self, sent: &[u8]) -> String {
        let text = self.error_description.split(" Trace ID:").next().unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        if repeats_a_secret(&self.error_description, sent) { String::new() } else { shown(line) }
    }

    /// `invalid_client` and the like; what is none of these words is not repeated.
    fn word(&self, sent: &[u8]) -> &str {
        let is_word = self.error.len() <= 40
            && self.error.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if is_word && !repeats_a_secret(&self.error, sent) { &self.error } else { "no OAuth error" }
    }

    /// `(AADSTS7000215, trace id …, correlation id …)`.
    fn details(&self, sent: &[u8]) -> String {
        let code = self.code().map_or_else(|| self.word(sent).to_owned(), |code| format!("AADSTS{code}"));
        let id = |name: &str, id: &str| Uuid::parse_str(id).map_or_else(|_| String::new(), |id| format!(", {name} {id}"));
        format!("({code}{}{})", id("trace id", &self.trace_id), id("correlation id", &self.correlation_id))
    }

    /// In an admin's words; `sent` is the form that was refused.
    pub(super) fn message(&self, host: &str, sent: &[u8]) -> String {
        let advice = self.code().and_then(aadsts::advice).map(str::to_owned);
        let says = advice.unwrap_or_else(|| match self.sentence(sent) {
            sentence if sentence.is_empty() => format!("the sign-in service answers `{}`", self.word(sent)),
            sentence => format!("the sign-in service says: {sentence}"),
        });
        format!("{host} refuses to sign in: {says} {}", self.details(sent))
    }

    fn fault(&self, host: &str, sent: &[u8]) -> Fault {
        let message = self.message(host, sent);
        if self.code().is_some_and(aadsts::is_passing) {
            return Fault::Passing(DirectoryError::Unreachable(message), None);
        }
        Fault::denied(message)
    }
}

fn repeats_a_secret(text: &str, sent: &[u8]) -> bool {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    url::form_urlencoded::parse(sent)
        .filter(|(name, value)| SECRET_FIELDS.contains(&name.as_ref()) && !value.is_empty())
        .any(|(_, value)| text.contains(value.as_ref()) || decoded.contains(value.as_ref()))
}

/// What an answer that is no success means.
pub(super) fn fault(host: &str, status: u16, retry_after: Option<Duration>, body: &[u8], sent: &[u8]) -> Fault {
    if matches!(status, 408 | 410 | 429) || status >= 500 {
        let what = if status == 429 { "throttles sign-ins" } else { "does not work at the moment" };
        let message = format!("{host} {what} (HTTP {status}); try again later");
        return Fault::Passing(DirectoryError::Unreachable(message), retry_after);
    }
    match Refusal::read(body) {
        Some(refusal) => refusal.fault(host, sent),
        None => Fault::unreachable(format!(
            "something that is no sign-in service answers at {host} (HTTP {status}); check `authority` and the proxy"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(body: &serde_json::Value, sent: &[u8]) -> String {
        fault("login.example", 401, None, body.to_string().as_bytes(), sent).into_error().to_string()
    }

    #[test]
    fn a_known_code_says_what_to_do() {
        let body = json!({
            "error": "invalid_client", "error_codes": [7_000_215], "trace_id": "0b0b0b0b-0000-4000-8000-000000000001",
            "correlation_id": "0b0b0b0b-0000-4000-8000-000000000002",
            "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: t-1 Correlation ID: c-1",
        });
        assert_eq!(
            refused(&body, b""),
            "login.example refuses to sign in: the client secret is wrong: hand over the `Value` of the secret, not its \
             `Secret ID`, and one of this application (AADSTS7000215, trace id 0b0b0b0b-0000-4000-8000-000000000001, \
             correlation id 0b0b0b0b-0000-4000-8000-000000000002)"
        );
    }

    #[test]
    fn an_unknown_code_is_shown_with_its_ids() {
        let description = "AADSTS999999: Something \u{1b}[2J new. Trace ID: x\r\nmore";
        let message = refused(&json!({ "error": "e", "error_description": description, "trace_id": "t\u{1b}[2J" }), b"");
        assert_eq!(
            message,
            "login.example refuses to sign in: the sign-in service says: AADSTS999999: Something \\u{1b}[2J new. \
             (AADSTS999999)"
        );
    }

    #[test]
    fn a_secret_that_comes_back_is_not_shown() {
        for echoed in ["hunter+2 is wrong", "AADSTS1: client_secret=hunter%2B2 is wrong"] {
            let message = refused(&json!({ "error": "e", "error_description": echoed }), b"client_secret=hunter%2B2&a=b");
            assert!(!message.contains("hunter"), "{message}");
        }
    }

    #[test]
    fn null_in_a_refusal_leaves_it_one() {
        let body = json!({ "error": "invalid_client", "error_description": null, "error_codes": null, "trace_id": null });
        assert!(matches!(fault("h", 401, None, body.to_string().as_bytes(), b""), Fault::Final(DirectoryError::Denied(_))));
        let body = json!({ "error": "x", "error_codes": ["90033", null], "correlation_id": 7 });
        assert!(matches!(fault("h", 400, None, body.to_string().as_bytes(), b""), Fault::Passing(..)));
        assert!(Refusal::read(br#"{"error":null}"#).is_none() && Refusal::read(br#"{"error":{"code":"x"}}"#).is_none());
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let of = |status, body: &str| fault("h", status, None, body.as_bytes(), b"");
        for status in [408, 429, 500, 503, 504] {
            assert!(matches!(of(status, "<html>"), Fault::Passing(DirectoryError::Unreachable(_), None)), "{status}");
        }
        assert!(matches!(of(302, "<html>"), Fault::Final(DirectoryError::Unreachable(_))));
        assert!(matches!(of(400, "[]"), Fault::Final(DirectoryError::Unreachable(_))));
        assert!(matches!(of(400, r#"{"error":"invalid_grant"}"#), Fault::Final(DirectoryError::Denied(_))));
        assert!(matches!(of(400, r#"{"error":"x","error_codes":[90033]}"#), Fault::Passing(..)));
    }
}
