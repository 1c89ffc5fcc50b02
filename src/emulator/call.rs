//! A request to Graph as the handlers see it, and their answers. No sockets here: batches make calls of their own.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::{Map, Value};

use super::errors::Failure;
use super::odata::query::Query;

/// The type of JSON, unless a caller wants less metadata.
pub(crate) const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// Which of the two versions of the API was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl Version {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }

    pub(crate) fn parse(segment: &str) -> Option<Self> {
        match segment {
            "v1.0" => Some(Self::V1),
            "beta" => Some(Self::Beta),
            _ => None,
        }
    }
}

/// A request below `/v1.0` or `/beta`.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) version: Version,
    pub(crate) method: Method,
    /// The decoded segments behind the version, casts without `microsoft.`.
    pub(crate) path: Vec<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What links begin with: `http://127.0.0.1:8080`.
    pub(crate) base: String,
}

impl Call {
    /// The segments as one text, for messages and page tokens.
    pub(crate) fn path_text(&self) -> String {
        format!("/{}", self.path.join("/"))
    }

    /// Whether the caller asks the index: the header, and `$count`.
    pub(crate) fn is_advanced(&self) -> bool {
        self.has_consistency_level() && (self.query.count || self.path.last().is_some_and(|last| last == "$count"))
    }

    /// Whether `ConsistencyLevel: eventual` was sent.
    pub(crate) fn has_consistency_level(&self) -> bool {
        let level = self.headers.get("ConsistencyLevel").and_then(|value| value.to_str().ok());
        level.is_some_and(|level| level.trim().eq_ignore_ascii_case("eventual"))
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// No `Content-Type`, no JSON, no object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Failure> {
        self.check_content_type()?;
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::bad("Empty Payload. JSON content expected."));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Failure::malformed("The payload has to be a JSON object.")),
            Err(error) => Err(Failure::malformed(format!("Unable to read JSON request payload: {error}."))),
        }
    }

    /// The same, where a body may be left out.
    pub(crate) fn optional_object(&self) -> Result<Map<String, Value>, Failure> {
        if self.body.iter().all(u8::is_ascii_whitespace) { Ok(Map::new()) } else { self.object() }
    }

    fn check_content_type(&self) -> Result<(), Failure> {
        let sent = self.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = sent.split(';').next().unwrap_or_default().trim();
        if kind.is_empty() {
            let message = "Write requests (excluding DELETE) must contain the Content-Type header declaration.";
            return Err(Failure::malformed(message));
        }
        let is_json = kind.eq_ignore_ascii_case("application/json");
        if is_json { Ok(()) } else { Err(Failure::new(415, "UnsupportedMediaType", "The body has to be application/json.")) }
    }

    /// The address of the metadata for `@odata.context`.
    pub(crate) fn context(&self, fragment: &str) -> String {
        format!("{}/{}/$metadata#{fragment}", self.base, self.version.name())
    }
}

/// What is sent back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Payload,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Empty,
    Json(Value),
    /// JSON that is written down already: pages, which can be large.
    Written(Vec<u8>),
    Text(String),
    Html(String),
}

impl Answer {
    /// 204 without a body.
    pub(crate) fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: Payload::Empty }
    }

    /// 200 with JSON.
    pub(crate) fn json(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: Payload::Json(body) }
    }

    /// 200 with JSON that is written down at once.
    pub(crate) fn written(body: &impl Serialize) -> Self {
        Self { status: 200, headers: Vec::new(), body: Payload::Written(write(body)) }
    }

    /// A bare number, as `/$count` answers.
    pub(crate) fn number(count: usize) -> Self {
        Self { status: 200, headers: Vec::new(), body: Payload::Text(count.to_string()) }
    }

    /// Adds a header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The JSON of the body, as long as it is not written down.
    pub(crate) fn json_body(&self) -> Option<&Value> {
        match &self.body {
            Payload::Json(value) => Some(value),
            Payload::Empty | Payload::Written(_) | Payload::Text(_) | Payload::Html(_) => None,
        }
    }
}

/// Writes JSON down. Nothing that is answered can fail to be written.
pub(crate) fn write(json: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(json).unwrap_or_default()
}

/// Reads what was written down, to change it or to put it into other JSON.
pub(crate) fn read(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap_or_default()
}
