//! What goes wrong: every answer that the emulator's script can give, once or from then on.

use serde_json::{Value, json};

/// When a fault happens, counted in requests from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Once,
    FromThen,
}

/// One way to go wrong.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) name: String,
    rule: Value,
    span: Span,
    /// Whether the run has to end as if nothing had happened; else it may stop, cleanly.
    pub(super) rides: bool,
}

impl Fault {
    fn new(name: &str, span: Span, rides: bool, rule: Value) -> Self {
        Self { name: format!("{name}, {span:?}"), rule, span, rides }
    }

    /// The rule by which it happens to request `n`, or to part `n` of all batches.
    pub(super) fn rule(&self, n: usize, in_batch: bool) -> Value {
        let mut rule = self.rule.clone();
        rule["batch"] = json!(in_batch);
        match self.span {
            Span::Once => rule["nth"] = json!(n),
            Span::FromThen => rule["after"] = json!(n - 1),
        }
        rule
    }

    /// Whether answers are so late that a client with little patience has to be asked.
    pub(super) fn is_slow(&self) -> bool {
        self.rule.get("slowMs").is_some()
    }
}

/// A script with one rule, or none, in a tenant whose accounts can be written although they left sync.
pub(super) fn script(rule: Option<Value>, lag: &Value) -> Value {
    json!({ "faults": rule.into_iter().collect::<Vec<_>>(), "lag": lag, "switches": { "formerlySynced": "allow" } })
}

/// How late readers can be, each in readings.
pub(super) fn lags() -> Vec<Value> {
    let late = |readings: u32| json!({ "calls": readings });
    let mut lags = vec![json!({ "reads": late(1), "index": late(1), "bin": late(1), "release": late(1) })];
    for who in ["reads", "index", "bin", "release"] {
        lags.extend((1..=3).map(|readings| json!({ who: late(readings) })));
    }
    lags
}

/// All of them.
pub(super) fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, rule) in passing() {
        faults.push(Fault::new(name, Span::Once, true, rule.clone()));
        if rule.get("slowMs").is_none() {
            faults.push(Fault::new(name, Span::FromThen, false, rule));
        }
    }
    for (name, rule) in lasting() {
        faults.push(Fault::new(name, Span::Once, false, rule.clone()));
        faults.push(Fault::new(name, Span::FromThen, false, rule));
    }
    faults
}

/// What another try gets over.
fn passing() -> Vec<(&'static str, Value)> {
    let answer = |answer: Value| json!({ "answer": answer });
    vec![
        ("429", answer(json!({ "status": 429, "retryAfter": 0 }))),
        ("429 with a date", answer(json!({ "status": 429, "retryAfterDate": 0 }))),
        ("429 without a time", answer(json!({ "status": 429 }))),
        ("408", answer(json!({ "status": 408 }))),
        ("500", answer(json!({ "status": 500 }))),
        ("502 of a gateway", answer(json!({ "status": 502, "html": true }))),
        ("503", answer(json!({ "status": 503, "retryAfter": 0 }))),
        ("503 although it was done", answer(json!({ "status": 503, "afterWrite": true }))),
        ("504 of a gateway although it was done", answer(json!({ "status": 504, "html": true, "afterWrite": true }))),
        ("409 of a write beside", answer(json!({ "status": 409 }))),
        ("reset before", json!({ "reset": "beforeWrite" })),
        ("reset after", json!({ "reset": "afterWrite" })),
        ("reset in the answer", json!({ "reset": "inAnswer" })),
        ("reset in a refusal", json!({ "answer": { "status": 400 }, "reset": "inAnswer" })),
        (
            "reset in a refusal although it was done",
            json!({ "answer": { "status": 403, "afterWrite": true }, "reset": "inAnswer" }),
        ),
        ("half a refusal", json!({ "answer": { "status": 403 }, "truncate": true })),
        ("too slow", json!({ "slowMs": 400 })),
        ("half an answer", json!({ "truncate": true })),
        ("401 of an old token", json!({ "expireTokens": true })),
    ]
}

/// What is not over with another try, or may not be.
fn lasting() -> Vec<(&'static str, Value)> {
    let answer = |status: u16| json!({ "answer": { "status": status } });
    vec![
        ("400", answer(400)),
        ("401", answer(401)),
        ("403", answer(403)),
        ("404", answer(404)),
        ("404 although it was done", json!({ "answer": { "status": 404, "afterWrite": true } })),
        ("the right to write lost", json!({ "removePermissions": ["User.ReadWrite.All"] })),
        ("the right to delete lost", json!({ "removePermissions": ["User.DeleteRestore.All"] })),
        (
            "all rights lost",
            json!({ "removePermissions": [
            "User.ReadWrite.All", "User.Read.All", "User.DeleteRestore.All", "RoleManagement.Read.Directory", "Directory.Read.All",
            "User-OnPremisesSyncBehavior.ReadWrite.All", "Organization.Read.All", "AuditLog.Read.All", "Domain.Read.All"] }),
        ),
        ("all roles lost", json!({ "removeRoles": ["Global Administrator"] })),
    ]
}
