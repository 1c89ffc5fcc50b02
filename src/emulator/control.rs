//! `/__emulator/…`: for tests, beside the API. No token is asked for.

use serde_json::{Map, Value, json};

use super::call::{Answer, Payload};
use super::engine::{Request, State};
use super::errors::Failure;
use super::forests;
use super::script::Script;

/// Answers a request to the emulator itself.
///
/// # Errors
/// What is wrong with the request.
pub(crate) fn handle(state: &mut State, request: &Request, address: &str) -> Result<Answer, Failure> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["tenant"]) => tenant(state),
        ("POST", ["sync"]) => forests::cycle(&mut state.world, &mut state.forests).map(Answer::json),
        ("GET", ["requests"]) => requests(state, query),
        ("DELETE", ["requests"]) => {
            state.log.clear();
            Ok(Answer::no_content())
        }
        ("GET", ["faults"]) => serde_json::to_value(&state.world.script).map(Answer::json).map_err(Failure::internal),
        ("POST" | "PUT", ["faults"]) => faults(state, request),
        ("POST", ["clock"]) => clock(state, request),
        ("POST", ["token"]) => Ok(token(state)),
        ("POST" | "PATCH", ["users", id]) => edit(state, request, id),
        (_, ["tenant"]) => Err(Failure::method_not_allowed(&["GET"])),
        (_, ["sync" | "clock" | "token"]) => Err(Failure::method_not_allowed(&["POST"])),
        (_, ["requests"]) => Err(Failure::method_not_allowed(&["GET", "DELETE"])),
        (_, ["faults"]) => Err(Failure::method_not_allowed(&["GET", "POST", "PUT"])),
        (_, ["users", _]) => Err(Failure::method_not_allowed(&["POST", "PATCH"])),
        (_, segments) => Err(Failure::no_segment(segments.last().copied().unwrap_or("__emulator"))),
    }
}

/// The snapshot as it stands, in the words of the file.
fn tenant(state: &State) -> Result<Answer, Failure> {
    let bytes = state.world.document.to_bytes().map_err(Failure::internal)?;
    let json: Value = serde_json::from_slice(&bytes).map_err(Failure::internal)?;
    Ok(Answer { status: 200, headers: Vec::new(), body: Payload::Json(json) })
}

fn requests(state: &State, query: &str) -> Result<Answer, Failure> {
    let since = query.split('&').find_map(|pair| pair.strip_prefix("since="));
    let first = since.map_or(Ok(0), str::parse).map_err(|_| Failure::malformed("'since' has to be a number."))?;
    Ok(Answer::json(json!({ "value": state.log.since(first) })))
}

fn faults(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let script = Script::parse(bytes(request)?).map_err(Failure::malformed)?;
    state.set_script(script);
    Ok(Answer::no_content())
}

/// `{"advanceSeconds": n}` and `{"advanceDays": n}`
fn clock(state: &mut State, request: &Request) -> Result<Answer, Failure> {
    let object = object(request)?;
    let number = |name: &str| {
        object.get(name).map(|value| value.as_i64().ok_or_else(|| Failure::invalid_value(name, "clock"))).transpose()
    };
    let (seconds, days) = (number("advanceSeconds")?.unwrap_or(0), number("advanceDays")?.unwrap_or(0));
    state.world.clock.advance(seconds.saturating_add(days.saturating_mul(86_400)));
    state.world.expire_bin()?;
    Ok(Answer::json(json!({ "now": state.world.now() })))
}

/// A fresh token, for clients that cannot sign in.
fn token(state: &mut State) -> Answer {
    let base = state.fixed.base.clone();
    let seconds = state.world.script.sign_in.token_seconds;
    Answer::json(json!({ "token": state.tokens.issue(&state.world, "emulator", &base, Some(seconds)) }))
}

/// Somebody else changes a user: no rule is asked.
fn edit(state: &mut State, request: &Request, id: &str) -> Result<Answer, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found(id))?;
    state.world.edit(&id, &object(request)?)?;
    Ok(Answer::no_content())
}

fn bytes(request: &Request) -> Result<&[u8], Failure> {
    request.body.as_deref().ok_or_else(|| Failure::new(413, "RequestEntityTooLarge", "The request is too large."))
}

fn object(request: &Request) -> Result<Map<String, Value>, Failure> {
    serde_json::from_slice(bytes(request)?)
        .map_err(|error| Failure::malformed(format!("The body has to be a JSON object: {error}.")))
}
