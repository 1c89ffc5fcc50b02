//! How much of OData a client wants to see: `Accept: application/json;odata.metadata=none`.

use axum::http::HeaderMap;
use serde_json::Value;

use super::call::{Answer, Payload, read};

const NONE: &str = "application/json;odata.metadata=none;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// What is sent even to those who want no metadata.
const KEPT: [&str; 3] = ["@odata.nextLink", "@odata.count", "@odata.deltaLink"];

/// An answer as the caller wants it. Full metadata is not offered; who asks for it gets the usual.
pub(crate) fn as_wanted(answer: Answer, headers: &HeaderMap) -> Answer {
    if !wants_none(headers) {
        return answer;
    }
    let mut body = match answer.body {
        Payload::Json(json) => json,
        Payload::Written(json) => read(&json),
        body @ (Payload::Empty | Payload::Text(_) | Payload::Html(_)) => return Answer { body, ..answer },
    };
    strip(&mut body);
    Answer { body: Payload::Json(body), ..answer }.with_header("Content-Type", NONE)
}

fn wants_none(headers: &HeaderMap) -> bool {
    let accept = headers.get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split([';', ',']).any(|part| part.trim().eq_ignore_ascii_case("odata.metadata=none"))
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !name.contains("@odata.") || KEPT.contains(&name.as_str()));
            object.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
