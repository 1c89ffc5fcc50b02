//! What can become of an answer on its way: as bytes, as HTTP, and as what Graph's own words say.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::graph::gateway::{Act, answer, bytes, page};

/// One way to damage an answer. What it is not made for, it leaves as it is.
pub(super) type Damage = fn(&mut Rng) -> Act;

/// What nobody can take for what Graph said, or what changes nothing of it.
pub(super) const PLAIN: [(&str, Damage); 33] = [
    ("lost before it was asked", |_| Act::Drop),
    ("lost", |_| send(|_, _| Vec::new())),
    ("cut", |rng| with(rng, |rng, head, body| cut(rng, bytes(head, body.as_bytes())))),
    ("cut, with a length that fits", |rng| with(rng, |rng, head, body| bytes(head, &cut(rng, body.into())))),
    ("a length that is too small", |rng| with(rng, |rng, head, body| sized(head, body, body.len() / (2 + rng.usize(..9))))),
    ("a length that is too great", |rng| with(rng, |rng, head, body| sized(head, body, body.len() + 1 + rng.usize(..1_000_000)))),
    ("parts of a wrong size", |rng| with(rng, chunks)),
    ("said to be packed", |_| send(|head, body| bytes(&format!("{head}\r\nContent-Encoding: gzip"), body.as_bytes()))),
    ("a great header", |_| send(|head, body| bytes(&format!("{head}\r\nX-Big: {}", "a".repeat(1_000_000)), body.as_bytes()))),
    ("many headers", |_| send(|head, body| bytes(&format!("{head}{}", "\r\nX-More: 1".repeat(1_000)), body.as_bytes()))),
    ("a redirection", |rng| answer(&format!("{}\r\nLocation: {}", of(rng, &MOVED), of(rng, &ELSEWHERE)), "")),
    ("redirected although it was done", |_| send(|_, _| bytes("HTTP/1.1 302 Found\r\nLocation: /", b""))),
    ("nothing", |_| send(|_, _| bytes("HTTP/1.1 204 No Content", b""))),
    ("an empty text", |rng| with(rng, |rng, head, _| bytes(head, of(rng, &["", " ", "\n", "\0"]).as_bytes()))),
    ("a page to log in", |_| page("200 OK")),
    ("a page to log in, although it was done", |_| send(|_, _| bytes("HTTP/1.1 200 OK", b"<html>Please log in</html>"))),
    ("throttled", |rng| answer(&format!("429 Too Many Requests\r\nRetry-After: {}", of(rng, &PAUSES)), "")),
    ("an error of a gateway", |rng| page(of(rng, &GATEWAY))),
    ("an error of a gateway, although it was done", |rng| with(rng, |rng, _, _| gateway_error(rng))),
    ("an old token", |_| answer("401 Unauthorized\r\nWWW-Authenticate: Bearer", "")),
    ("404 of a gateway", |_| page("404 Not Found")),
    ("403 of a gateway", |_| page("403 Forbidden")),
    ("a byte-order mark", |_| send(|head, body| bytes(head, format!("\u{feff}{body}").as_bytes()))),
    ("something behind it", |rng| with(rng, |rng, head, body| bytes(head, format!("{body}{}", of(rng, &BEHIND)).as_bytes()))),
    ("twice in one", |_| send(|head, body| bytes(head, body.repeat(2).as_bytes()))),
    ("sent twice", |_| send(|head, body| bytes(head, body.as_bytes()).repeat(2))),
    ("zero bytes", |rng| with(rng, |rng, head, body| bytes(head, &zeros(rng, body)))),
    ("not HTTP", |rng| with(rng, |rng, _, _| of(rng, &["SSH-2.0-OpenSSH\r\n", "ICY 200 OK\r\n\r\n", "\r\n\r\n"]).into())),
    ("go on, go on", |_| {
        send(|head, body| ["HTTP/1.1 100 Continue\r\n\r\n".repeat(3).into(), bytes(head, body.as_bytes())].concat())
    }),
    ("another type", |_| send(|head, body| bytes(&format!("{head}\r\nContent-Type: application/xml"), body.as_bytes()))),
    ("a next page elsewhere", |rng| edit(rng, next_page)),
    ("a part of a batch lost", |rng| edit(rng, |rng, json| with_part(rng, json, |parts, n| drop(parts.remove(n))))),
    ("a part of a batch spoilt", |rng| edit(rng, spoilt_part)),
];

/// What reads like an answer of Graph, and is none.
pub(super) const LIES: [(&str, Damage); 7] = [
    ("a bit flipped", |rng| with(rng, |rng, head, body| bytes(head, &flipped(rng, body)))),
    ("a value lost", |rng| edit(rng, |rng, json| with_value(rng, json, |_, value| *value = Value::Null))),
    ("a value of another kind", |rng| edit(rng, |rng, json| with_value(rng, json, |rng, value| *value = odd_value(rng)))),
    ("a part of a batch answered with another status", |rng| edit(rng, other_status)),
    ("two parts of a batch exchanged", |rng| edit(rng, exchanged)),
    ("an error of Graph", |rng| {
        let (head, body) = graph_error(rng);
        answer(&head, &body)
    }),
    ("an error of Graph, although it was done", |rng| {
        with(rng, |rng, _, _| {
            let (head, body) = graph_error(rng);
            bytes(&format!("HTTP/1.1 {head}"), body.as_bytes())
        })
    }),
];

const MOVED: [&str; 4] = ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"];
const ELSEWHERE: [&str; 4] = ["http://127.0.0.1:9/x", "https://graph.invalid/", "//", ""];
const GATEWAY: [&str; 5] =
    ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "520 Unknown"];
/// What stands in a `Retry-After`: nothing that a test waits for.
const PAUSES: [&str; 8] =
    ["-5", "soon", "", "0", "18446744073709551615", "1000000000000", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999999"];
const BEHIND: [&str; 4] = ["}", "\0", "<!-- x -->", ",{}"];

fn of<T: Copy>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())]
}

fn send(change: impl FnOnce(&str, &str) -> Vec<u8> + Send + 'static) -> Act {
    Act::Send(Box::new(change))
}

/// A change by lot of what Graph answered.
fn with(rng: &mut Rng, change: impl FnOnce(&mut Rng, &str, &str) -> Vec<u8> + Send + 'static) -> Act {
    let mut rng = rng.fork();
    send(move |head, body| change(&mut rng, head, body))
}

/// A change of what the JSON says.
fn edit(rng: &mut Rng, change: impl FnOnce(&mut Rng, &mut Value) + Send + 'static) -> Act {
    with(rng, |rng, head, body| {
        let Ok(mut json) = serde_json::from_str(body) else { return bytes(head, body.as_bytes()) };
        change(rng, &mut json);
        bytes(head, json.to_string().as_bytes())
    })
}

fn cut(rng: &mut Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(rng.usize(..bytes.len().max(1)));
    bytes
}

fn sized(head: &str, body: &str, length: usize) -> Vec<u8> {
    let text = String::from_utf8(bytes(head, body.as_bytes())).unwrap();
    text.replace(&format!("Content-Length: {}", body.len()), &format!("Content-Length: {length}")).into()
}

fn chunks(rng: &mut Rng, head: &str, body: &str) -> Vec<u8> {
    let kept = head.lines().filter(|line| !line.to_lowercase().starts_with("content-length:")).collect::<Vec<_>>().join("\r\n");
    let size = of(rng, &["zz", "ffffffffffffffff", "-1", "0", "7"]);
    format!("{kept}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{size}\r\n{body}").into()
}

fn gateway_error(rng: &mut Rng) -> Vec<u8> {
    bytes(&format!("HTTP/1.1 {}", of(rng, &GATEWAY)), b"<html>bad gateway</html>")
}

fn zeros(rng: &mut Rng, body: &str) -> Vec<u8> {
    let mut bytes = body.as_bytes().to_vec();
    let at = rng.usize(..=bytes.len());
    bytes.splice(at..at, std::iter::repeat_n(0, 1 + rng.usize(..20)));
    bytes
}

fn flipped(rng: &mut Rng, body: &str) -> Vec<u8> {
    let mut bytes = body.as_bytes().to_vec();
    if !bytes.is_empty() {
        let at = rng.usize(..bytes.len());
        bytes[at] ^= 1 << rng.u8(..8);
    }
    bytes
}

/// Sends the reader of a list somewhere that Graph does not send anybody.
fn next_page(rng: &mut Rng, json: &mut Value) {
    let links = [json!("http://graph.invalid/v1.0/users"), json!("/v1.0/users"), json!(""), json!(5), json!("\0")];
    if json["value"].is_array() {
        json["@odata.nextLink"] = links[rng.usize(..links.len())].clone();
    }
}

/// Does something to one part of a batch.
fn with_part(rng: &mut Rng, json: &mut Value, change: impl FnOnce(&mut Vec<Value>, usize)) {
    if let Some(parts) = json["responses"].as_array_mut().filter(|parts| !parts.is_empty()) {
        let n = rng.usize(..parts.len());
        change(parts, n);
    }
}

fn spoilt_part(rng: &mut Rng, json: &mut Value) {
    let ways: [fn(&mut Vec<Value>, usize); 7] = [
        |parts, n| parts.push(parts[n].clone()),
        |parts, n| parts[n]["id"] = json!("99"),
        |parts, n| parts[n]["id"] = json!("18446744073709551616"),
        |parts, n| parts[n]["status"] = Value::Null,
        |parts, n| parts[n]["status"] = json!(99_999),
        |parts, n| parts[n] = json!({ "id": parts[n]["id"], "status": 429, "headers": { "Retry-After": "soon" }, "body": "x" }),
        |parts, n| parts[n] = json!({ "id": parts[n]["id"], "status": 404, "body": "<html>" }),
    ];
    let way = of(rng, &ways);
    with_part(rng, json, way);
}

fn other_status(rng: &mut Rng, json: &mut Value) {
    let status = of(rng, &[200, 204, 400, 403, 404]);
    with_part(rng, json, |parts, n| parts[n]["status"] = json!(status));
}

fn exchanged(rng: &mut Rng, json: &mut Value) {
    with_part(rng, json, |parts, n| {
        let (one, other) = (parts[0]["id"].clone(), parts[n]["id"].clone());
        parts[0]["id"] = other;
        parts[n]["id"] = one;
    });
}

/// Does something to one value anywhere in it.
fn with_value(rng: &mut Rng, json: &mut Value, change: fn(&mut Rng, &mut Value)) {
    let count = match &*json {
        Value::Object(entries) => entries.len(),
        Value::Array(items) => items.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    if count == 0 || rng.u8(..8) == 0 {
        return change(rng, json);
    }
    let n = rng.usize(..count);
    let within = json.as_object_mut().and_then(|entries| entries.values_mut().nth(n));
    if let Some(value) = within {
        with_value(rng, value, change);
    } else {
        with_value(rng, &mut json[n], change);
    }
}

fn odd_value(rng: &mut Rng) -> Value {
    let values = [json!(""), json!([]), json!({}), json!(0), json!(-1), json!(true), json!("other"), json!(1e300), json!([null])];
    values[rng.usize(..values.len())].clone()
}

/// What Graph says of an account, though not of this one, or not now.
fn graph_error(rng: &mut Rng) -> (String, String) {
    let errors = [
        ("400 Bad Request", "Request_BadRequest"),
        ("404 Not Found", "Request_ResourceNotFound"),
        ("403 Forbidden", "Authorization_RequestDenied"),
        ("400 Bad Request", "Directory_ExpiredPageToken"),
        ("409 Conflict", "Directory_ConcurrencyViolation"),
        ("400 Bad Request", "Request_UnsupportedQuery"),
    ];
    let (status, code) = of(rng, &errors);
    let head = format!("{status}\r\nContent-Type: application/json");
    (head, json!({ "error": { "code": code, "message": "m" } }).to_string())
}
