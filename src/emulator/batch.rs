//! JSON batches: <https://learn.microsoft.com/en-us/graph/json-batching>.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, JSON, Payload, read as read_json};
use super::errors::Failure;
use super::routes::parse;

/// The most requests of a batch.
const MOST: usize = 20;

/// A request within a batch.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// What the item asks for, or why that cannot be told.
    pub(crate) call: Result<Call, Failure>,
    depends_on: Vec<String>,
}

/// Reads the items of a batch; `loose` lets ids be numbers.
///
/// # Errors
/// 400 for the whole batch.
pub(crate) fn read(call: &Call, loose: bool) -> Result<Vec<Item>, Failure> {
    let object = call.object()?;
    let requests = object.get("requests").and_then(Value::as_array);
    let requests = requests.ok_or_else(|| Failure::malformed("Invalid batch payload format: 'requests' is missing."))?;
    if requests.is_empty() || requests.len() > MOST {
        let message = format!("Number of batch request steps has to be between 1 and {MOST}, and is {}.", requests.len());
        return Err(Failure::malformed(message));
    }
    let items: Vec<Item> = requests.iter().map(|request| item(call, request, loose)).collect::<Result<_, _>>()?;
    check_ids(&items)?;
    Ok(items)
}

fn item(batch: &Call, request: &Value, loose: bool) -> Result<Item, Failure> {
    let object = request.as_object().ok_or_else(|| Failure::malformed("Each batch request has to be an object."))?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let missing = |name: &str| Failure::malformed(format!("Batch request: '{name}' is missing or no text."));
    let id = id(object.get("id"), loose).ok_or_else(|| missing("id"))?;
    let method = text("method").ok_or_else(|| missing("method"))?;
    let url = text("url").ok_or_else(|| missing("url"))?;
    let headers = headers(object.get("headers"))?;
    let body = body(&id, object.get("body"), &headers)?;
    let depends_on = depends_on(object.get("dependsOn"))?;
    let known = ["GET", "POST", "PATCH", "PUT", "DELETE"];
    let method = Some(method.to_ascii_uppercase()).filter(|method| known.contains(&method.as_str()));
    let method = method.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    let method = method.ok_or_else(|| Failure::malformed(format!("Batch request '{id}': the method is not known.")))?;
    Ok(Item { id, call: to_call(batch, method, url, headers, body), depends_on })
}

/// An id is a text; the CLI for Microsoft 365 counts its requests in numbers, which come back as texts.
fn id(sent: Option<&Value>, loose: bool) -> Option<String> {
    match sent? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) if loose && number.is_u64() => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn to_call(batch: &Call, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Result<Call, Failure> {
    let local = local_url(url, batch.version.name())?;
    let (path, query) = parse(&method, local)?;
    Ok(Call { version: batch.version, method, path, query, headers, body, base: batch.base.clone() })
}

/// The address behind the version; absolute ones have to be of the batch's own version.
fn local_url<'a>(url: &'a str, version: &str) -> Result<&'a str, Failure> {
    let rest = match url.split_once("://") {
        Some(("http" | "https", rest)) => rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/"),
        Some(_) | None => url,
    };
    let trimmed = rest.trim_start_matches('/');
    match trimmed.split_once('/') {
        Some((own, local)) if own == version => Ok(local),
        Some(("v1.0" | "beta", _)) => Err(Failure::malformed("Requests of another version cannot be part of this batch.")),
        Some(_) | None => Ok(trimmed),
    }
}

fn headers(sent: Option<&Value>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    let object = match sent {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(object)) => object,
        Some(_) => return Err(Failure::malformed("Batch request: 'headers' has to be an object.")),
    };
    for (name, value) in object {
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        let (Some(name), Some(value)) = (name, value) else {
            return Err(Failure::malformed("Batch request: a header is not valid."));
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

fn body(id: &str, sent: Option<&Value>, headers: &HeaderMap) -> Result<Bytes, Failure> {
    let Some(sent) = sent.filter(|body| !body.is_null()) else { return Ok(Bytes::new()) };
    if !headers.contains_key("content-type") {
        return Err(Failure::malformed(format!("Write request id : {id} does not contain Content-Type header or body.")));
    }
    Ok(Bytes::from(sent.to_string()))
}

fn depends_on(sent: Option<&Value>) -> Result<Vec<String>, Failure> {
    let wrong = || Failure::malformed("Batch request: 'dependsOn' has to be a list of ids.");
    match sent {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|id| id.as_str().map(str::to_owned).ok_or_else(wrong)).collect::<Result<_, _>>()
        }
        Some(_) => Err(wrong()),
    }
}

/// Ids are unique without regard to case, and what depends on something comes after it.
fn check_ids(items: &[Item]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for item in items {
        let known = |id: &String| seen.contains(&id.to_ascii_lowercase());
        if !item.depends_on.iter().all(known) {
            return Err(Failure::malformed(format!("Batch request '{}': 'dependsOn' names no earlier request.", item.id)));
        }
        if !seen.insert(item.id.to_ascii_lowercase()) {
            return Err(Failure::malformed(format!("Batch request id '{}' is there twice.", item.id)));
        }
    }
    Ok(())
}

/// Carries the items out in their order; `run` does one of them.
pub(crate) fn run(items: Vec<Item>, mut run: impl FnMut(Item) -> Answer) -> Vec<(String, Answer)> {
    let mut done: BTreeMap<String, bool> = BTreeMap::new();
    let mut answers = Vec::new();
    for item in items {
        let id = item.id.clone();
        let failed = item.depends_on.iter().any(|id| done.get(&id.to_ascii_lowercase()) == Some(&false));
        let answer = if failed { failed_dependency() } else { run(item) };
        done.insert(id.to_ascii_lowercase(), answer.status < 400);
        answers.push((id, answer));
    }
    answers
}

fn failed_dependency() -> Answer {
    let error = json!({ "code": "FailedDependency", "message": "A request that this one depends on has failed." });
    Answer { status: 424, headers: Vec::new(), body: Payload::Json(json!({ "error": error })) }
}

/// The answer to the batch; shuffled, because clients must not count on an order.
pub(crate) fn answer(answers: Vec<(String, Answer)>, shuffle: bool) -> Answer {
    let mut responses: Vec<Value> = answers.into_iter().map(|(id, answer)| response(&id, answer)).collect();
    if shuffle {
        responses.reverse();
        let middle = responses.len() / 2;
        responses.rotate_left(middle);
    }
    Answer::json(json!({ "responses": responses }))
}

fn response(id: &str, answer: Answer) -> Value {
    let mut headers: Map<String, Value> = answer.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    headers.insert("Cache-Control".to_owned(), json!("no-cache"));
    let (kind, body) = match answer.body {
        Payload::Empty => (None, Value::Null),
        Payload::Json(json) => (Some(JSON), json),
        Payload::Written(json) => (Some(JSON), read_json(&json)),
        // What is no JSON comes as base64.
        Payload::Text(text) | Payload::Html(text) => (Some("text/plain"), json!(STANDARD.encode(text))),
    };
    if let Some(kind) = kind {
        headers.entry("Content-Type").or_insert_with(|| json!(kind));
    }
    json!({ "id": id, "status": answer.status, "headers": headers, "body": body })
}
