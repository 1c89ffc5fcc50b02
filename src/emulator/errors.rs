//! Errors as Graph writes them: one envelope, the code first, details for conflicts.

use serde_json::{Value, json};

use crate::model::EntraId;

use super::call::{Answer, Payload};

/// Why a request was not carried out.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    code: String,
    message: String,
    details: Vec<Value>,
    headers: Vec<(&'static str, String)>,
}

/// The ids that an answer carries.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub(crate) request: String,
    pub(crate) client: String,
    /// The moment in Graph's own spelling: no zone, whole seconds.
    pub(crate) date: String,
}

impl Failure {
    /// Any error.
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    /// A value or a rule of the directory.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// A request that does not fit the API's types.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A query that the directory cannot answer.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// A property that a type does not have.
    pub(crate) fn no_property(name: &str, type_name: &str) -> Self {
        Self::malformed(format!("Could not find a property named '{name}' on type '{type_name}'."))
    }

    /// A value that a property does not take.
    pub(crate) fn invalid_value(name: &str, resource: &str) -> Self {
        Self::bad(format!("Invalid value specified for property '{name}' of resource '{resource}'."))
    }

    /// An object that is not there.
    pub(crate) fn not_found(key: &str) -> Self {
        let message =
            format!("Resource '{key}' does not exist or one of its queried reference-property objects are not present.");
        Self::new(404, "Request_ResourceNotFound", message)
    }

    /// A missing permission and a missing rank read alike.
    pub(crate) fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// A token that is missing or not valid.
    pub(crate) fn unauthenticated(message: &str) -> Self {
        let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"";
        Self::new(401, "InvalidAuthenticationToken", message).with_header("WWW-Authenticate", challenge)
    }

    /// A path that exists, but not with this method.
    pub(crate) fn method_not_allowed(allowed: &[&str]) -> Self {
        Self::new(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
            .with_header("Allow", allowed.join(", "))
    }

    /// A path that does not exist.
    pub(crate) fn no_segment(segment: &str) -> Self {
        Self::malformed(format!("Resource not found for the segment '{segment}'."))
    }

    /// Another object has the value.
    pub(crate) fn conflict(property: &str, holder_kind: &str, holder: &EntraId) -> Self {
        let message = format!("Another object with the same value for property {property} already exists.");
        let mut failure = Self::bad(message.clone());
        failure.details = vec![
            json!({ "code": "ObjectConflict", "message": message, "target": property }),
            json!({ "code": "ConflictingObjects", "message": message, "target": format!("{holder_kind}_{holder}") }),
        ];
        failure
    }

    /// Something that the emulator itself got wrong.
    pub(crate) fn internal(why: impl std::fmt::Display) -> Self {
        Self::new(500, "UnknownError", format!("the emulator failed: {why}"))
    }

    /// Adds a header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// What is wrong, in words.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The headers that were added.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        self.headers.clone()
    }

    /// The answer.
    pub(crate) fn answer(self, ids: &Ids) -> Answer {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "innerError": { "date": ids.date, "request-id": ids.request, "client-request-id": ids.client },
        });
        if let Some(object) = error.as_object_mut().filter(|_| !self.details.is_empty()) {
            object.shift_insert(2, "details".to_owned(), Value::Array(self.details));
        }
        Answer { status: self.status, headers: self.headers, body: Payload::Json(json!({ "error": error })) }
    }
}
