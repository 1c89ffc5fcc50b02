//! JSON batches.

use serde_json::json;

use super::*;

async fn batch(graph: &Graph, requests: Value) -> Reply {
    graph.post("/v1.0/$batch", json!({ "requests": requests })).await
}

fn by_id(reply: &Reply) -> std::collections::BTreeMap<String, Value> {
    let json = reply.json();
    let responses = json["responses"].as_array().unwrap_or_else(|| panic!("{json}"));
    responses.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one.clone())).collect()
}

#[tokio::test]
async fn reads_and_writes_in_any_order() {
    let graph = Graph::start(&tenant(vec![user(1, "ann", json!({})), user(2, "bob", json!({}))], vec![])).await;
    let reply = batch(
        &graph,
        json!([
            { "id": "a", "method": "GET", "url": format!("/users/{}?$select=id", id(1)) },
            { "id": "b", "method": "get", "url": format!("https://graph.microsoft.com/v1.0/users/{}?$select=id", id(2)) },
            { "id": "c", "method": "PATCH", "url": format!("users/{}", id(1)), "headers": { "Content-Type": "application/json" }, "body": { "onPremisesImmutableId": "v" } },
            { "id": "d", "method": "GET", "url": "/users/nobody" },
            { "id": "e", "method": "DELETE", "url": format!("/users/{}", id(2)), "dependsOn": ["d"] },
            { "id": "f", "method": "GET", "url": "/users/$count", "headers": { "ConsistencyLevel": "eventual" } },
            { "id": "g", "method": "GET", "url": "/users?$filter=displayName ne 'ann'&$count=true", "headers": { "ConsistencyLevel": "eventual" } },
            { "id": "h", "method": "GET", "url": "/users?$top=9999" },
            { "id": "i", "method": "GET", "url": "/$batch" },
        ]),
    )
    .await;
    assert_eq!(reply.status, 200);
    let responses = by_id(&reply);
    let status = |id: &str| responses[id]["status"].as_u64().unwrap();
    assert_eq!(["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(status), [200, 200, 204, 404, 424, 200, 200, 400, 405]);
    assert_eq!((&responses["a"]["body"]["id"], &responses["b"]["body"]["id"]), (&json!(id(1)), &json!(id(2))));
    assert!(responses["c"]["body"].is_null());
    assert_eq!(responses["g"]["body"]["value"][0]["id"], id(2), "a page is part of the batch like anything else");
    assert_eq!(responses["f"]["body"], "Mg==", "a number is no JSON and comes as base64");
    let order: Vec<Value> = reply.json()["responses"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_ne!(order, ["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    assert_eq!(graph.stored(1, "onPremisesImmutableId").await, "v");
}

#[tokio::test]
async fn a_malformed_batch_is_refused_whole() {
    let graph = Graph::start(&tenant(vec![user(1, "ann", json!({}))], vec![])).await;
    let get = |id: &str| json!({ "id": id, "method": "GET", "url": "/users" });
    let many: Vec<Value> = (0..21).map(|n| get(&n.to_string())).collect();
    let write = |more: Value| {
        let mut item =
            json!({ "id": "1", "method": "PATCH", "url": format!("/users/{}", id(1)), "body": { "displayName": "x" } });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([item])
    };
    for requests in [
        json!([]),
        json!(many),
        json!([get("a"), get("A")]),
        json!([{ "id": "1", "method": "GET" }]),
        json!([{ "id": -1, "method": "GET", "url": "/users" }]),
        json!([{ "id": "1", "method": "BREW", "url": "/users" }]),
        json!([{ "id": "1", "method": "GET", "url": "/users", "dependsOn": ["2"] }]),
        json!([{ "id": "1", "method": "GET", "url": "/users", "dependsOn": "1" }]),
        json!(["nonsense"]),
        json!("nonsense"),
        write(json!({})),
        write(json!({ "headers": { "bad header": "x" } })),
    ] {
        assert_eq!(batch(&graph, requests.clone()).await.status, 400, "{requests}");
    }
    let twenty: Vec<Value> = (0..20).map(|n| get(&n.to_string())).collect();
    assert_eq!(by_id(&batch(&graph, json!(twenty)).await).len(), 20);
    let other =
        by_id(&batch(&graph, json!([{ "id": "1", "method": "GET", "url": "https://graph.microsoft.com/beta/users" }])).await);
    assert_eq!(other["1"]["status"], 400, "of another version");
    assert_eq!(graph.get("/v1.0/$batch").await.status, 405);
}

#[tokio::test]
async fn ids_may_be_numbers_unless_pages_are_taken_at_their_word() {
    let people = tenant(vec![user(1, "ann", json!({}))], vec![]);
    let requests = json!([{ "id": 0, "method": "GET", "url": "/users" }, { "id": 7, "method": "GET", "url": "/users/nobody", "dependsOn": ["0"] }]);
    let graph = Graph::start(&people).await;
    let responses = by_id(&batch(&graph, requests.clone()).await);
    assert_eq!([&responses["0"]["status"], &responses["7"]["status"]], [&json!(200), &json!(404)], "they come back as texts");
    let strict = Graph::with(&people, &json!({}), |options, _| options.strict = true).await;
    assert_eq!(batch(&strict, requests).await.status, 400);
}

#[tokio::test]
async fn items_are_throttled_one_by_one() {
    let rule = json!({ "faults": [{ "method": "GET", "path": "/users/*", "batch": true, "nth": 2, "answer": { "status": 429, "retryAfter": 7 } }] });
    let graph = Graph::scripted(&tenant(vec![user(1, "ann", json!({}))], vec![]), rule).await;
    let get = |n: &str| json!({ "id": n, "method": "GET", "url": format!("/users/{}", id(1)) });
    let responses = by_id(&batch(&graph, json!([get("1"), get("2"), get("3")])).await);
    assert_eq!(["1", "2", "3"].map(|id| responses[id]["status"].as_u64().unwrap()), [200, 429, 200]);
    assert_eq!(responses["2"]["headers"]["Retry-After"], "7");
    assert_eq!(graph.get(&format!("/v1.0/users/{}", id(1))).await.status, 200, "the rule is about batches only");
}
