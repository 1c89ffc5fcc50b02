//! The order of things for one request: fault script, token, quota, handler, log. No socket in sight.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{self, Answer, Call, JSON, Payload, Version};
use super::clock::http_date;
use super::control;
use super::errors::{Failure, Ids};
use super::faults::{Decision, Faults, Wire};
use super::forests::{self, Forests};
use super::log::{self, Log};
use super::quota::{self, Meter};
use super::routes::{dispatch, parse, segments};
use super::script::{FaultAnswer, Script};
use super::token::{SignInCall, Tokens};
use super::world::World;
use super::{batch, help, metadata};

/// Everything behind the socket.
#[derive(Debug)]
pub(crate) struct Engine {
    state: Mutex<State>,
}

/// What requests change.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) meter: Meter,
    pub(crate) log: Log,
    /// What the script did to the parts of the batch that is being answered.
    pub(crate) parts: Parts,
    pub(crate) forests: Forests,
    /// What the command line says, which goes on top of every script.
    pub(crate) fixed: Fixed,
    pub(crate) started: Instant,
}

/// What becomes of a batch because of its parts, and which of them, by id, were carried out or not although they failed or
/// succeeded for the client.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    wire: Wire,
    carried_out: BTreeMap<String, bool>,
}

/// An answer, and whether what was asked was done, whatever the answer says.
struct Done {
    answer: Answer,
    carried_out: bool,
}

/// The part of the settings that a script cannot change.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixed {
    pub(crate) strict: bool,
    pub(crate) page_size: Option<usize>,
    /// What links begin with.
    pub(crate) base: String,
}

impl Fixed {
    /// A script as it is put in force.
    pub(crate) fn on_top_of(&self, mut script: Script) -> Script {
        if self.strict {
            script.switches.immutable_id_filter_needs_advanced = true;
            script.switches.loose_requests = false;
        }
        script.pages.size = script.pages.size.or(self.page_size);
        script
    }
}

/// A request as it came in.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query, as sent.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    /// `None` when it was too large.
    pub(crate) body: Option<Bytes>,
}

/// What the server is to do.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) slow_ms: u64,
    /// The connection is reset instead of an answer.
    pub(crate) reset: bool,
    /// It is reset in the middle of the body.
    pub(crate) breaks_off: bool,
}

impl Engine {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state) }
    }

    /// The state, even if a request before ended badly.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request.
    pub(crate) fn handle(&self, request: &Request) -> Outcome {
        self.lock().handle(request)
    }
}

impl State {
    /// Puts a script in force; counters begin anew.
    pub(crate) fn set_script(&mut self, script: Script) {
        let script = self.fixed.on_top_of(script);
        self.faults = Faults::new(&script.faults);
        self.meter = Meter::default();
        self.world.set_script(script);
    }

    fn handle(&mut self, request: &Request) -> Outcome {
        let arrived = self.started.elapsed();
        let ids = self.ids(&request.headers);
        if self.world.clock.is_moved()
            && let Err(failure) = self.world.expire_bin()
        {
            return self.finish(failure.answer(&ids), &ids, &Wire::default());
        }
        if let Some(broken) = self.log.broken() {
            let failure = Failure::internal(broken);
            return self.finish(failure.answer(&ids), &ids, &Wire::default());
        }
        let address = request.target.trim_start_matches('/');
        let (first, rest) = address.split_once('/').unwrap_or((address, ""));
        if first == "__emulator" {
            let answer = control::handle(self, request, rest).unwrap_or_else(|failure| failure.answer(&ids));
            return self.finish(answer, &ids, &Wire::default());
        }
        let (done, mut decision) = self.answer(request, first, rest, &ids);
        let parts = std::mem::take(&mut self.parts);
        decision.wire.add(&parts.wire);
        self.note(request, &done, &ids, &decision, &parts, arrived);
        self.finish(done.answer, &ids, &decision.wire)
    }

    fn ids(&self, headers: &HeaderMap) -> Ids {
        let request = Uuid::now_v7().to_string();
        let sent = headers.get("client-request-id").and_then(|value| value.to_str().ok());
        let client = sent.filter(|sent| !sent.is_empty()).unwrap_or(&request).to_owned();
        let date = self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        Ids { request, client, date }
    }

    /// The answer, with what the fault script had to say.
    fn answer(&mut self, request: &Request, first: &str, rest: &str, ids: &Ids) -> (Done, Decision) {
        let version = Version::parse(first.split('?').next().unwrap_or_default());
        let local = if version.is_some() { format!("/{rest}") } else { request.target.clone() };
        let path = local.split('?').next().unwrap_or_default();
        let decision = self.faults.decide(request.method.as_str(), path, false);
        let done = self.with_faults(&decision, ids, |state| {
            let body =
                request.body.clone().ok_or_else(|| Failure::new(413, "RequestEntityTooLarge", "The request is too large."))?;
            match version {
                Some(version) => state.graph(request, version, rest, body, ids),
                None => state.sign_in(request, &body),
            }
        });
        (done, decision)
    }

    /// Does what is asked, unless the script stops it; then the script may still have the last word.
    fn with_faults(&mut self, decision: &Decision, ids: &Ids, work: impl FnOnce(&mut Self) -> Result<Answer, Failure>) -> Done {
        if let Err(failure) = self.side_effects(decision) {
            return Done { answer: failure.answer(ids), carried_out: false };
        }
        let done = if decision.stops() { None } else { Some(work(self).unwrap_or_else(|failure| failure.answer(ids))) };
        let carried_out = done.as_ref().is_some_and(|answer| answer.status < 400);
        let answer = match (&decision.answer, done) {
            (None, Some(done)) => done,
            (Some(fault), _) => self.fault(fault).unwrap_or_else(|failure| failure.answer(ids)),
            (None, None) => Answer::no_content(),
        };
        Done { answer, carried_out }
    }

    fn fault(&self, fault: &FaultAnswer) -> Result<Answer, Failure> {
        let (code, message) = usual(fault.status);
        let message = fault.message.as_deref().unwrap_or(message);
        let mut failure = Failure::new(fault.status, fault.code.as_deref().unwrap_or(code), message);
        if let Some(seconds) = fault.retry_after {
            failure = failure.with_header("Retry-After", seconds.to_string());
        }
        if let Some(seconds) = fault.retry_after_date {
            let now = self.world.clock.now();
            let at = now.checked_add(jiff::SignedDuration::from_secs(seconds.into())).unwrap_or(now);
            failure = failure.with_header("Retry-After", http_date(at));
        }
        if fault.html {
            let page = format!("<html><head><title>{0}</title></head><body><h1>{0} {message}</h1></body></html>", fault.status);
            return Ok(Answer { status: fault.status, headers: failure.headers(), body: Payload::Html(page) });
        }
        Err(failure)
    }

    /// What the script does beside answering.
    ///
    /// # Errors
    /// An account that is gone, or a forest that cannot be read: a script that does not work must not go unnoticed.
    fn side_effects(&mut self, decision: &Decision) -> Result<(), Failure> {
        if decision.expire_tokens {
            self.tokens.expire_all();
        }
        if decision.expire_page_tokens {
            self.world.page_epoch += 1;
        }
        self.world.grants.remove(&decision.remove_permissions, &decision.remove_roles);
        let mut edits = decision.edits.iter();
        edits.try_for_each(|edit| self.world.edit(&edit.user, &edit.set)).map_err(|why| Failure::internal(why.message()))?;
        if decision.sync {
            forests::cycle(&mut self.world, &mut self.forests).map_err(|why| Failure::internal(why.message()))?;
        }
        Ok(())
    }

    fn graph(&mut self, request: &Request, version: Version, rest: &str, body: Bytes, ids: &Ids) -> Result<Answer, Failure> {
        self.tokens.check(&request.headers, self.world.clock.now())?;
        let (path, query) = parse(&request.method, rest)?;
        let (method, headers, base) = (request.method.clone(), request.headers.clone(), self.fixed.base.clone());
        let call = Call { version, method, path, query, headers, body, base };
        let units = quota::units(&call);
        let answer =
            if call.path.first().is_some_and(|first| first == "$batch") { self.batch(&call, ids)? } else { self.one(&call)? };
        Ok(answer.with_header("x-ms-resource-unit", units.to_string()))
    }

    fn one(&mut self, call: &Call) -> Result<Answer, Failure> {
        self.meter.take(call, self.world.script.quota)?;
        Ok(metadata::as_wanted(dispatch(&mut self.world, call)?, &call.headers))
    }

    fn batch(&mut self, call: &Call, ids: &Ids) -> Result<Answer, Failure> {
        let (loose, shuffle) = (self.world.script.switches.loose_requests, self.world.script.switches.shuffle_batch);
        let items = batch::read(call, loose)?;
        let answers = batch::run(items, |item| self.item(&item.id, item.call, ids));
        Ok(batch::answer(answers, shuffle))
    }

    fn item(&mut self, id: &str, call: Result<Call, Failure>, ids: &Ids) -> Answer {
        let call = match call {
            Ok(call) => call,
            Err(failure) => return failure.answer(ids),
        };
        if call.path.first().is_some_and(|first| first == "$batch") {
            return Failure::malformed("A batch cannot be part of a batch.").answer(ids);
        }
        let decision = self.faults.decide(call.method.as_str(), &call.path_text(), true);
        let done = self.with_faults(&decision, ids, |state| state.one(&call));
        self.parts.wire.add(&decision.wire);
        if decision.fired {
            self.parts.carried_out.insert(id.to_owned(), done.carried_out);
        }
        done.answer
    }

    fn sign_in(&mut self, request: &Request, body: &[u8]) -> Result<Answer, Failure> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path = segments(path)?;
        if !Tokens::owns(&path) {
            let first = path.first().map_or("", String::as_str);
            return Err(Failure::malformed(format!("Invalid version: {first}")));
        }
        let base = self.fixed.base.clone();
        let call = SignInCall { method: &request.method, path: &path, query, headers: &request.headers, body, base: &base };
        Ok(self.tokens.handle(&self.world, &call))
    }

    fn note(&mut self, request: &Request, done: &Done, ids: &Ids, decision: &Decision, parts: &Parts, arrived: Duration) {
        let kind = request.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body = request.body.as_ref().map_or(Value::Null, |body| log::body(body, kind));
        let is_reset = decision.wire.reset.is_some();
        let seen = Some(done.answer.status).filter(|_| !is_reset || decision.wire.breaks_off(&done.answer.body));
        let mut entry = json!({
            "time": self.world.now(),
            "atMs": u64::try_from(arrived.as_millis()).unwrap_or(u64::MAX),
            "method": request.method.as_str(),
            "path": log::target(&request.target),
            "headers": log::headers(&request.headers),
            "body": body,
            "status": seen,
            "requestId": ids.request,
        });
        if let Some(entry) = entry.as_object_mut() {
            let responses = done.answer.json_body().and_then(|body| body.get("responses")).and_then(Value::as_array);
            if let Some(responses) = responses {
                entry.insert("responses".to_owned(), responses.iter().map(|response| parts.told(response)).collect());
            }
            if decision.fired || is_reset {
                entry.insert("fault".to_owned(), json!(if is_reset { "reset" } else { "script" }));
                entry.insert("carriedOut".to_owned(), json!(done.carried_out));
            }
        }
        self.log.push(entry);
    }

    /// The headers that every answer has, and the bytes of its body.
    fn finish(&self, answer: Answer, ids: &Ids, wire: &Wire) -> Outcome {
        let mut headers = answer.headers;
        headers.push(("request-id", ids.request.clone()));
        headers.push(("client-request-id", ids.client.clone()));
        headers.push(("Date", http_date(self.world.clock.now())));
        headers.push(("Cache-Control", "no-cache".to_owned()));
        headers.push(("x-ms-ags-diagnostic", help::DIAGNOSTIC.to_owned()));
        headers.extend(self.meter.percentage(self.world.script.quota).map(|share| ("x-ms-throttle-limit-percentage", share)));
        let breaks_off = wire.breaks_off(&answer.body);
        let (kind, mut body) = match answer.body {
            Payload::Empty => (None, Vec::new()),
            Payload::Json(json) => (Some(JSON), call::write(&json)),
            Payload::Written(json) => (Some(JSON), json),
            Payload::Text(text) => (Some("text/plain"), text.into_bytes()),
            Payload::Html(page) => (Some("text/html; charset=utf-8"), page.into_bytes()),
        };
        if let Some(kind) = kind {
            if !headers.iter().any(|(name, _)| *name == "Content-Type") {
                headers.push(("Content-Type", kind.to_owned()));
            }
            headers.push(("OData-Version", "4.0".to_owned()));
        }
        if wire.truncate {
            body.truncate(body.len() / 2);
        }
        let reset = wire.reset.is_some() && !breaks_off;
        Outcome { status: answer.status, headers, body, slow_ms: wire.slow_ms, reset, breaks_off }
    }
}

impl Parts {
    /// A part as the log tells it.
    fn told(&self, response: &Value) -> Value {
        let mut told = json!({ "id": response.get("id"), "status": response.get("status") });
        let id = response.get("id").and_then(Value::as_str).unwrap_or_default();
        if let (Some(told), Some(carried_out)) = (told.as_object_mut(), self.carried_out.get(id)) {
            told.insert("carriedOut".to_owned(), json!(carried_out));
        }
        told
    }
}

/// Code and text that usually come with a status.
fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("Request_BadRequest", "One or more properties contains invalid values."),
        401 => ("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
        403 => ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        404 => (
            "Request_ResourceNotFound",
            "Resource does not exist or one of its queried reference-property objects are not present.",
        ),
        409 => ("Directory_ConcurrencyViolation", "The object was changed by somebody else at the same time."),
        429 => ("TooManyRequests", "Too many requests."),
        502 => ("BadGateway", "Bad gateway."),
        503 => ("ServiceUnavailable", "The service is temporarily unavailable."),
        504 => ("UnknownError", "The gateway did not get an answer in time."),
        _ => ("UnknownError", "An unknown error occurred."),
    }
}
