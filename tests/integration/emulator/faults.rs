//! What goes wrong on request: the fault script, throttling, and the log that tells about it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

fn one() -> Value {
    tenant(vec![user(1, "ann", json!({})), user(2, "bob", json!({}))], vec![])
}

async fn with(rule: Value) -> Graph {
    Graph::scripted(&one(), json!({ "faults": [rule] })).await
}

fn path() -> String {
    format!("/v1.0/users/{}", id(1))
}

const SET_NAME: fn(u16) -> Value = |n| json!({ "displayName": format!("new{n}") });
const SET: fn() -> Value = || json!({ "onPremisesImmutableId": "v" });

#[tokio::test]
async fn throttles_with_seconds_and_with_a_date() {
    let graph = with(json!({ "times": 1, "answer": { "status": 429, "retryAfter": 3 } })).await;
    let reply = graph.get("/v1.0/users").await;
    assert_eq!((reply.status, reply.header("retry-after"), reply.code().as_str()), (429, "3", "TooManyRequests"));
    assert_eq!(graph.get("/v1.0/users").await.status, 200);
    graph.post("/__emulator/faults", json!({ "faults": [{ "answer": { "status": 503, "retryAfterDate": 60 } }] })).await;
    assert!(graph.get("/v1.0/users").await.header("retry-after").ends_with("GMT"));
}

#[tokio::test]
async fn unknown_outcomes() {
    let graph = with(json!({ "method": "PATCH", "nth": 1, "answer": { "status": 504, "afterWrite": true } })).await;
    assert_eq!(graph.patch(&path(), SET()).await.status, 504);
    assert_eq!(graph.stored(1, "onPremisesImmutableId").await, "v");
    graph.post("/__emulator/faults", json!({ "faults": [{ "method": "DELETE", "path": "/users/*", "reset": "afterWrite" }, { "method": "PATCH", "reset": "beforeWrite" }] })).await;
    assert!(graph.request(Method::DELETE, &path()).send().await.is_err());
    assert_eq!(graph.stored(1, "deletedDateTime").await.as_str().map(str::len), Some(20));
    let body = json!({ "displayName": "changed" });
    assert!(graph.request(Method::PATCH, &format!("/v1.0/users/{}", id(2))).json(&body).send().await.is_err());
    assert_eq!(graph.stored(2, "displayName").await, "bob");
}

/// What the client saw, and what was done, are two things.
#[tokio::test]
async fn the_log_says_what_a_reset_left_done() {
    for (moment, done) in [("beforeWrite", false), ("afterWrite", true), ("inAnswer", true)] {
        let graph = with(json!({ "method": "PATCH", "nth": 1, "reset": moment })).await;
        assert!(graph.request(Method::PATCH, &path()).json(&SET()).send().await.is_err(), "{moment}");
        let stored = graph.stored(1, "onPremisesImmutableId").await;
        let log = graph.get("/__emulator/requests").await.json();
        let entry = &log["value"][0];
        assert_eq!((&entry["status"], &entry["fault"], &entry["carriedOut"]), (&Value::Null, &json!("reset"), &json!(done)));
        assert_eq!(stored == "v", done, "{moment}");
    }
    let graph = with(json!({ "method": "PATCH", "answer": { "status": 504, "afterWrite": true } })).await;
    graph.patch(&path(), SET()).await;
    let entry = &graph.get("/__emulator/requests").await.json()["value"][0];
    assert_eq!((&entry["status"], &entry["fault"], &entry["carriedOut"]), (&json!(504), &json!("script"), &json!(true)));
}

#[tokio::test]
async fn what_happens_to_a_part_happens_to_its_batch() {
    let parts: Vec<Value> = (1..=2).map(|n| json!({ "id": n.to_string(), "method": "PATCH", "url": format!("/users/{}", id(n)), "body": SET_NAME(n), "headers": { "Content-Type": "application/json" } })).collect();
    let batch = json!({ "requests": parts });
    let graph = with(json!({ "batch": true, "nth": 2, "reset": "beforeWrite" })).await;
    assert!(graph.request(Method::POST, "/v1.0/$batch").json(&batch).send().await.is_err());
    assert_eq!((graph.stored(1, "displayName").await, graph.stored(2, "displayName").await), (json!("new1"), json!("bob")));
    let entry = &graph.get("/__emulator/requests").await.json()["value"][0];
    assert_eq!((&entry["status"], &entry["fault"]), (&Value::Null, &json!("reset")));
    let second = entry["responses"].as_array().unwrap().iter().find(|part| part["id"] == "2").unwrap();
    assert_eq!(second["carriedOut"], false);
    graph.post("/__emulator/faults", json!({ "faults": [{ "batch": true, "nth": 1, "truncate": true }] })).await;
    assert!(serde_json::from_str::<Value>(&graph.post("/v1.0/$batch", batch).await.text).is_err());
}

#[tokio::test]
async fn gateways_slowness_and_cut_answers() {
    let graph = with(json!({ "times": 1, "answer": { "status": 502, "html": true } })).await;
    let page = graph.get("/v1.0/users").await;
    assert!(page.status == 502 && page.text.starts_with("<html>") && page.header("content-type").starts_with("text/html"));
    graph.post("/__emulator/faults", json!({ "faults": [{ "slowMs": 150 }] })).await;
    let before = Instant::now();
    assert_eq!(graph.get("/v1.0/users").await.status, 200);
    assert!(before.elapsed() >= Duration::from_millis(150));
    graph.post("/__emulator/faults", json!({ "faults": [{ "truncate": true }] })).await;
    let cut = graph.get("/v1.0/users").await;
    assert!(cut.status == 200 && serde_json::from_str::<Value>(&cut.text).is_err());
}

#[tokio::test]
async fn rights_and_tokens_end_in_the_middle() {
    let rules = json!({ "faults": [
        { "method": "PATCH", "nth": 2, "removePermissions": ["User.ReadWrite.All"] },
        { "method": "PATCH", "nth": 4, "expireTokens": true },
    ] });
    let graph = Graph::scripted(&one(), rules).await;
    let mut statuses = Vec::new();
    for n in 0..5 {
        statuses.push(graph.write(1, json!({ "onPremisesImmutableId": format!("v{n}") })).await);
    }
    assert_eq!(statuses, [204, 403, 403, 401, 401]);
    let reply = graph.get("/v1.0/users").await;
    assert_eq!(
        (reply.code().as_str(), reply.header("www-authenticate").starts_with("Bearer")),
        ("InvalidAuthenticationToken", true)
    );
}

#[tokio::test]
async fn somebody_else_writes_in_between() {
    let edit = json!({ "method": "PATCH", "edit": { "user": id(2), "set": { "onPremisesImmutableId": "v" } } });
    let graph = with(edit).await;
    assert_eq!(graph.patch(&path(), SET()).await.json()["error"]["details"][1]["target"], format!("User_{}", id(2)));
    let direct = graph.post(&format!("/__emulator/users/{}", id(2)), json!({ "onPremisesImmutableId": null })).await;
    assert_eq!(direct.status, 204);
    graph.post("/__emulator/faults", json!({})).await;
    assert_eq!(graph.patch(&path(), SET()).await.status, 204);
}

#[tokio::test]
async fn quotas_throttle_and_say_so() {
    let quota = json!({ "quota": { "writes": 2, "writeSeconds": 600, "units": 100, "unitSeconds": 600 } });
    let graph = Graph::scripted(&one(), quota).await;
    for _ in 0..4 {
        let asked = graph.post("/v1.0/directoryObjects/getByIds", json!({ "ids": [id(1)] })).await;
        assert_eq!(asked.status, 200, "a question is no write");
    }
    let mut last = None;
    for _ in 0..3 {
        last = Some(graph.patch(&path(), SET()).await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.header("x-ms-throttle-information")), (429, "WriteLimitExceeded"));
    assert!(last.header("retry-after").parse::<u64>().unwrap() > 500);
    assert!(last.header("x-ms-throttle-scope").starts_with("Tenant_Application/Write"));
    for _ in 0..40 {
        last_percentage(&graph).await;
    }
    assert!(!last_percentage(&graph).await.is_empty());
}

async fn last_percentage(graph: &Graph) -> String {
    graph.get("/v1.0/users").await.header("x-ms-throttle-limit-percentage").to_owned()
}

#[tokio::test]
async fn the_log_tells_what_happened_and_nothing_secret() {
    let graph = Graph::with(&one(), &json!({}), |options, folder| options.log = Some(folder.join("log.jsonl"))).await;
    graph.get(&format!("{}?$select=id", path())).await;
    graph.patch(&path(), json!({ "passwordProfile": { "password": "s3cret-s3cret" }, "displayName": "x" })).await;
    let text = std::fs::read_to_string(graph.folder.path().join("log.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["method"].as_str().unwrap(), line["path"].as_str().unwrap(), line["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("GET", format!("{}?$select=id", path()).as_str(), 200), ("PATCH", path().as_str(), 204)]);
    assert_eq!((lines[1]["body"]["displayName"].as_str(), lines[1]["requestId"].as_str().map(str::len)), (Some("x"), Some(36)));
    assert!(!text.contains("s3cret") && !text.contains(&graph.token));
    let since = graph.get("/__emulator/requests?since=1").await.json();
    assert_eq!(since["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrong_script_changes_nothing() {
    let graph = with(json!({ "answer": { "status": 503 } })).await;
    let refused = graph.post("/__emulator/faults", json!({ "fautls": [] })).await;
    assert!(refused.status == 400 && refused.text.contains("fautls"), "{}", refused.text);
    assert_eq!(graph.get("/v1.0/users").await.status, 503);
}
