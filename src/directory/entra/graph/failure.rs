//! What Graph answers when it does not do what was asked, and what that means.
//!
//! Status and codes decide; message texts are shown, never compared.

use std::time::Duration;

use serde_json::Value;

use crate::directory::entra::json::Strict;
use crate::directory::ports::DirectoryError;
use crate::model::EntraId;

use super::hide::said;

/// Codes of a 404 that say that an object is not there. Gateways answer 404 as well, for reasons of their own:
/// <https://learn.microsoft.com/en-us/graph/errors>.
const MISSING: [&str; 4] = ["Request_ResourceNotFound", "ResourceNotFound", "NotFound", "itemNotFound"];

/// Why a request brought nothing.
#[derive(Debug, Clone)]
pub(super) enum GraphError {
    /// Graph answered with an error.
    Answer(Box<Answer>),
    /// Nobody could sign in, or nobody answered: nothing was done.
    Directory(DirectoryError),
    /// The request was sent and its answer lost.
    Lost(String),
}

/// An error answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Whether Graph worded it.
    pub(super) is_graphs: bool,
    pub(super) code: String,
    pub(super) message: String,
    /// `details`: code and target of each.
    pub(super) details: Vec<(String, String)>,
    /// What was asked, for messages.
    pub(super) asked: String,
    pub(super) request_id: Option<String>,
    /// Of the same support value, from the client's side.
    pub(super) client_request_id: String,
    /// What the body is said to be.
    pub(super) content_type: Option<String>,
    /// The host that a redirect points to.
    pub(super) sent_to: Option<String>,
    /// When to come back, where that was said.
    pub(super) retry_after: Option<Duration>,
    /// Of a quota: whether it is that of writes, so that reading may go on.
    pub(super) only_writes: bool,
}

/// Whether a status says by itself to come back later, whoever answers so.
pub(super) fn says_enough(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Answer {
    /// Reads the envelope; a gateway's page or a cut body leaves only the status.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let Strict(json) = serde_json::from_slice(body).unwrap_or_default();
        Self::of_value(status, &json)
    }

    /// The same of what is JSON already. What is null, or nothing that can be shown, is left out: a refusal stays one.
    pub(super) fn of_value(status: u16, body: &Value) -> Self {
        let error = body.get("error").unwrap_or(&Value::Null);
        // Every error of Graph has a code, if an empty one.
        let is_graphs = error.get("code").is_some_and(Value::is_string);
        if !is_graphs {
            return Self { status, ..Self::default() };
        }
        let details = error.get("details").and_then(Value::as_array).into_iter().flatten();
        let details = details.map(|detail| (text(detail, "code"), text(detail, "target"))).collect();
        Self { status, is_graphs, code: text(error, "code"), message: text(error, "message"), details, ..Self::default() }
    }

    pub(super) fn is(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code) || self.details.iter().any(|(own, _)| own.eq_ignore_ascii_case(code))
    }

    /// A 404 of Graph that is not about the object: nothing follows from it.
    fn is_unclear(&self) -> bool {
        self.status == 404 && !self.is_missing()
    }

    /// Another try later may succeed, and this one did nothing.
    pub(super) fn is_throttled(&self) -> bool {
        self.status == 429
    }

    /// Another try later may succeed; whether this one did something is not known.
    pub(super) fn is_passing(&self) -> bool {
        (says_enough(self.status) && !self.is_throttled())
            || (self.status == 409 && self.is("Directory_ConcurrencyViolation"))
            || self.is_foreign()
    }

    /// Not Graph's: a proxy or gateway in between answered, which knows nothing of objects and rights. Another try may reach
    /// Graph.
    pub(super) fn is_foreign(&self) -> bool {
        !says_enough(self.status) && !self.is_graphs
    }

    /// Graph knows no such object.
    pub(super) fn is_missing(&self) -> bool {
        self.status == 404 && MISSING.iter().any(|code| self.code.eq_ignore_ascii_case(code))
    }

    /// The object that holds the value which was to be written.
    pub(super) fn conflicting(&self) -> Option<EntraId> {
        let targets = self.details.iter().filter(|(code, _)| code.eq_ignore_ascii_case("ConflictingObjects"));
        targets.into_iter().find_map(|(_, target)| target.rsplit_once('_').map_or(&**target, |(_, id)| id).parse().ok())
    }

    fn is_conflict(&self) -> bool {
        self.is("ObjectConflict") || self.is("ConflictingObjects")
    }

    /// What a person should know: what was asked, the answer, and its ids for a support case.
    pub(super) fn sentence(&self) -> String {
        let status = self.status;
        let said = match (self.code.as_str(), self.message.as_str()) {
            _ if self.is_foreign() => return format!("{}{}", self.foreign_sentence(), self.ids()),
            _ if !self.is_graphs => return format!("{}{}", self.passing_sentence(), self.ids()),
            (code, "") => said(code),
            ("", message) => said(message),
            (code, message) => format!("{}: {}", said(code), said(message)),
        };
        format!("{} was answered with {status} {said}{}", self.asked, self.ids())
    }

    fn foreign_sentence(&self) -> String {
        let kind = self.kind();
        let to = self.sent_to.as_ref().map_or_else(String::new, |host| format!(" to {host}"));
        format!(
            "{} was answered with {}{to}{kind}, and that is no answer of Microsoft Graph: a gateway or proxy in between answers \
             in its place, or `endpoint` is not where Graph is; check both",
            self.asked, self.status
        )
    }

    /// The status says enough, whoever sent it.
    #[cold]
    fn passing_sentence(&self) -> String {
        let why = if self.is_throttled() { "throttles" } else { "is not available at the moment" };
        format!(
            "{} was answered with {}{}: Microsoft Graph, or a gateway before it, {why}; run again later",
            self.asked,
            self.status,
            self.kind()
        )
    }

    fn kind(&self) -> String {
        self.content_type.as_ref().map_or_else(String::new, |kind| format!(" ({kind})"))
    }

    fn ids(&self) -> String {
        match &self.request_id {
            Some(id) => format!(" (request-id {})", said(id)),
            None if self.client_request_id.is_empty() => String::new(),
            None => format!(" (client-request-id {})", said(&self.client_request_id)),
        }
    }
}

/// The kind of a body without its parameters.
pub(super) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_owned()
}

impl GraphError {
    /// In a few words, for who waits for the next try.
    pub(super) fn in_short(&self) -> String {
        match self {
            Self::Answer(answer) => format!("HTTP {}", answer.status),
            Self::Directory(_) => "no connection".into(),
            Self::Lost(_) => "no usable answer".into(),
        }
    }

    pub(super) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::Directory(_) | Self::Lost(_) => None,
        }
    }

    pub(super) fn has_status(&self, status: u16) -> bool {
        self.answer().is_some_and(|answer| answer.status == status)
    }

    /// Graph says that the object is not there.
    pub(super) fn is_missing(&self) -> bool {
        self.answer().is_some_and(Answer::is_missing)
    }

    /// Graph says that something is not there, whatever it is.
    pub(super) fn is_not_found(&self) -> bool {
        self.answer().is_some_and(|answer| answer.status == 404 && answer.is_graphs)
    }

    /// Somebody else answered in Graph's place.
    pub(super) fn is_foreign(&self) -> bool {
        self.answer().is_some_and(Answer::is_foreign)
    }

    /// The right to ask this is missing, or the licence for it.
    pub(super) fn is_forbidden(&self) -> bool {
        self.answer().is_some_and(|answer| {
            (answer.status == 403 && answer.is_graphs)
                || answer.is("AadPremiumLicenseRequired")
                || answer.is("Authentication_RequestFromNonPremiumTenantOrB2CTenant")
        })
    }

    /// The query, or a property of it, is not known here.
    pub(super) fn is_unsupported(&self) -> bool {
        self.answer().is_some_and(|answer| {
            answer.status == 400
                && ["Request_UnsupportedQuery", "BadRequest", "Request_BadRequest"].iter().any(|code| answer.is(code))
        })
    }

    /// The failure of a read. `right` is what reading this takes.
    pub(super) fn of_read(self, right: &str) -> DirectoryError {
        match self {
            Self::Directory(error) => error,
            Self::Lost(message) => DirectoryError::Unreachable(message),
            Self::Answer(answer)
                if answer.is_throttled() || answer.is_passing() || answer.is_unclear() || answer.status >= 500 =>
            {
                DirectoryError::Unreachable(answer.sentence())
            }
            Self::Answer(answer) if answer.status == 401 => not_taken(&answer),
            Self::Answer(answer) if answer.status == 403 => {
                DirectoryError::Denied(format!("{}. Reading this takes the Graph permission {right}", answer.sentence()))
            }
            Self::Answer(answer) => DirectoryError::Unusable(answer.sentence()),
        }
    }

    /// The failure of a write. `right` is what it takes.
    pub(super) fn of_write(self, right: &str) -> DirectoryError {
        match self {
            Self::Directory(error) => error,
            Self::Lost(message) => DirectoryError::Unknown(message),
            Self::Answer(answer) if answer.is_throttled() => DirectoryError::Throttled(answer.sentence()),
            Self::Answer(answer) if answer.is_passing() || answer.is_unclear() => DirectoryError::Unknown(answer.sentence()),
            Self::Answer(answer) if answer.status == 401 => not_taken(&answer),
            Self::Answer(answer) if answer.status == 403 => DirectoryError::Denied(format!("{}. {right}", answer.sentence())),
            Self::Answer(answer) => {
                let holder = answer.conflicting().filter(|_| answer.is_conflict());
                DirectoryError::Refused { message: answer.sentence(), holder }
            }
        }
    }
}

/// The answer to a token; no permission would change it.
#[cold]
fn not_taken(answer: &Answer) -> DirectoryError {
    DirectoryError::Denied(format!(
        "{}: the access token was not taken, nor a fresh one. Check that it is for Graph and for this tenant and cloud, and \
         that nothing (a policy, a revoked session) ends it early",
        answer.sentence()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFLICT: &str = r#"{"error":{"code":"Request_BadRequest","message":"Another object with the same value exists.",
        "details":[{"code":"ObjectConflict","target":"onPremisesImmutableId","message":"x"},
                   {"code":"ConflictingObjects","target":"User_6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0","message":"y"}],
        "innererror":{"date":"2026-11-25T10:00:00","request-id":"r"}}}"#;

    fn write_error(status: u16, body: &str) -> DirectoryError {
        GraphError::Answer(Box::new(Answer { asked: "PATCH /v1.0/users/x".into(), ..Answer::read(status, body.as_bytes()) }))
            .of_write("It takes User.ReadWrite.All.")
    }

    #[test]
    fn a_conflict_names_the_holder() {
        let DirectoryError::Refused { holder, message } = write_error(400, CONFLICT) else { panic!("no refusal") };
        assert_eq!(holder.unwrap().to_string(), "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0");
        assert!(message.contains("PATCH /v1.0/users/x was answered with 400 Request_BadRequest: Another object"), "{message}");
    }

    #[test]
    fn what_is_not_known_is_told_from_what_did_not_happen() {
        let html = "<html><h1>502 Bad Gateway</h1></html>";
        assert!(matches!(write_error(502, html), DirectoryError::Unknown(_)));
        assert!(matches!(write_error(504, ""), DirectoryError::Unknown(_)));
        assert!(matches!(write_error(429, "{}"), DirectoryError::Throttled(_)));
        let graphs = r#"{"error":{"code":"X"}}"#;
        assert!(matches!(write_error(403, graphs), DirectoryError::Denied(_)));
        assert!(matches!(write_error(400, graphs), DirectoryError::Refused { holder: None, .. }));
        let DirectoryError::Denied(text) = write_error(401, graphs) else { panic!("not denied") };
        assert!(text.contains("token was not taken") && !text.contains("User.ReadWrite.All"), "{text}");
        for (status, says) in
            [(429, "gateway before it, throttles"), (503, "not available at the moment"), (408, "run again later")]
        {
            let text = write_error(status, "").to_string();
            assert!(text.contains(says) && !text.contains("no answer of Microsoft Graph"), "{text}");
        }
        let text = write_error(502, html).to_string();
        assert!(text.contains("gateway") && !text.contains("<html>"), "{text}");
    }

    /// Exit 3, 4 or 6 would send an admin after a permission, a role or a name.
    #[test]
    fn what_graph_did_not_write_says_nothing_of_objects_and_rights() {
        for (status, body) in [
            (404, "<html>404 nginx</html>"),
            (404, ""),
            (404, r#"{"statusCode":404,"message":"Resource not found"}"#),
            (401, ""),
            (403, "blocked"),
            (400, "{}"),
            (403, r#"{"error":{"message":"Forbidden"}}"#),
            (302, ""),
            (410, "null"),
            (511, "log in"),
        ] {
            let error = || GraphError::Answer(Box::new(Answer::read(status, body.as_bytes())));
            assert!(error().is_foreign() && !error().is_missing() && !error().is_forbidden(), "{status} {body}");
            let (read, write) = (error().of_read("User.Read.All"), error().of_write("It takes User.ReadWrite.All."));
            assert!(matches!(&read, DirectoryError::Unreachable(text) if text.contains("`endpoint`")), "{read:?}");
            assert!(matches!(&write, DirectoryError::Unknown(text) if !text.contains("User.ReadWrite.All")), "{write:?}");
        }
        let unclear = || GraphError::Answer(Box::new(Answer::read(404, br#"{"error":{"code":"UnknownError"}}"#)));
        assert!(!unclear().is_missing() && matches!(unclear().of_read("R"), DirectoryError::Unreachable(_)));
        assert!(matches!(unclear().of_write("R"), DirectoryError::Unknown(_)));
        let without_code = br#"{"error":{"code":"","message":"m"}}"#;
        assert!(GraphError::Answer(Box::new(Answer::read(403, without_code))).is_forbidden());
        let gone = r#"{"error":{"code":"Request_ResourceNotFound","message":"m"}}"#;
        assert!(GraphError::Answer(Box::new(Answer::read(404, gone.as_bytes()))).is_missing());
    }

    #[test]
    fn null_in_a_refusal_leaves_it_one() {
        for rest in [
            r#""message":"m","details":null"#,
            r#""message":null"#,
            r#""message":"m","details":[null,{"code":null,"target":null,"message":"x"}]"#,
            r#""message":{"value":"m"},"details":{},"innerError":null"#,
        ] {
            let body = format!(r#"{{"error":{{"code":"Authorization_RequestDenied",{rest}}}}}"#);
            assert!(matches!(write_error(403, &body), DirectoryError::Denied(_)), "{body}");
        }
        let conflict = CONFLICT.replace(r#""onPremisesImmutableId","message":"x""#, r#"null,"message":null"#);
        assert!(matches!(write_error(400, &conflict), DirectoryError::Refused { holder: Some(_), .. }));
        assert!(matches!(write_error(403, r#"{"error":{"code":null,"message":"m"}}"#), DirectoryError::Unknown(_)));
    }

    #[test]
    fn a_redirect_names_where_it_points() {
        let asked = "PATCH /v1.0/users/x".into();
        let answer = Answer { asked, sent_to: Some("login.proxy.corp".into()), ..Answer::read(302, b"") };
        let text = answer.sentence();
        assert!(text.starts_with("PATCH /v1.0/users/x was answered with 302 to login.proxy.corp, "), "{text}");
        assert!(text.ends_with("check both"), "no empty id: {text}");
    }

    #[test]
    fn a_servers_text_cannot_command_the_terminal() {
        let body = r#"{"error":{"code":"X\u001b[2J","message":"a\u0007b"}}"#;
        let text = write_error(400, body).to_string();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text}");
    }
}
