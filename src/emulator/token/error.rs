//! Refusals as Entra's sign-in writes them: <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::super::call::{Answer, Payload};

/// Why nobody was signed in.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    status: u16,
    error: &'static str,
    code: u32,
    text: String,
}

impl Refused {
    pub(crate) fn new(status: u16, error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Self { status, error, code, text: text.into() }
    }

    /// A field that is missing.
    pub(super) fn missing(field: &str) -> Self {
        Self::new(400, "invalid_request", 900_144, format!("The request body must contain the following parameter: '{field}'."))
    }

    /// The application could not prove who it is.
    pub(super) fn client(code: u32, text: impl Into<String>) -> Self {
        Self::new(401, "invalid_client", code, text)
    }

    pub(crate) fn answer(&self, now: Timestamp) -> Answer {
        let (trace, correlation) = (Uuid::now_v7(), Uuid::now_v7());
        let stamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let text =
            format!("AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}", self.code, self.text);
        let body = json!({
            "error": self.error,
            "error_description": text,
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        Answer { status: self.status, headers: Vec::new(), body: Payload::Json(body) }
    }
}
