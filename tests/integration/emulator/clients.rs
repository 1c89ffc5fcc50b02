//! What the CLI for Microsoft 365 and the Graph SDK for Python send, and what they count on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

/// Two people and three groups: ann is in one of them, and through it in another.
fn company() -> Value {
    let licensed = json!({ "assignedLicenses": [{ "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965" }] });
    let mut company = tenant(vec![user(1, "ann", licensed), user(2, "bob", json!({}))], vec![deleted(3, "cy", json!({}))]);
    company["groups"] = json!([
        { "id": id(100), "displayName": "Inner", "securityEnabled": true, "groupTypes": [], "members": [id(1)] },
        { "id": id(101), "displayName": "Outer", "securityEnabled": false, "groupTypes": ["Unified"], "members": [id(100)] },
        { "id": id(102), "displayName": "Empty", "securityEnabled": true, "groupTypes": [], "members": [] },
    ]);
    company
}

async fn without_metadata(graph: &Graph, path: &str) -> Reply {
    Graph::send(graph.request(Method::GET, path).header("accept", "application/json;odata.metadata=none")).await
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn who_wants_no_metadata_gets_links_and_counts_only() {
    let graph = Graph::start(&company()).await;
    let one = without_metadata(&graph, &format!("/v1.0/users/{}?$select=id", id(1))).await;
    assert_eq!(one.json(), json!({ "id": id(1) }));
    assert!(one.header("content-type").starts_with("application/json;odata.metadata=none;"), "{one:?}");
    let page = without_metadata(&graph, "/v1.0/users?$top=1&$select=id").await.json();
    assert!(page["@odata.nextLink"].is_string() && page.get("@odata.context").is_none(), "{page}");
    let members = without_metadata(&graph, &format!("/v1.0/groups/{}/members?$select=id", id(100))).await.json();
    assert_eq!(members, json!({ "value": [{ "id": id(1) }] }));
    let plain = graph.get(&format!("/v1.0/users/{}?$select=id", id(1))).await;
    assert!(plain.json()["@odata.context"].is_string() && plain.header("content-type").contains("odata.metadata=minimal"));
}

#[tokio::test]
async fn an_item_of_a_batch_says_itself_how_much_metadata_it_wants() {
    let graph = Graph::start(&company()).await;
    let url = format!("/users/{}?$select=id", id(1));
    let none = json!({ "accept": "application/json;odata.metadata=none" });
    let requests =
        json!([{ "id": "1", "method": "GET", "url": url, "headers": none }, { "id": "2", "method": "GET", "url": url }]);
    let json = graph.post("/v1.0/$batch", json!({ "requests": requests })).await.json();
    let response = |id: &str| json["responses"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
    assert_eq!(response("1")["body"], json!({ "id": id(1) }));
    assert!(response("1")["headers"]["Content-Type"].as_str().unwrap().contains("odata.metadata=none"));
    assert!(response("2")["body"]["@odata.context"].is_string());
}

#[tokio::test]
async fn tokens_name_the_application_or_the_person() {
    let app = claims(&Graph::start(&company()).await.token);
    assert!(app["app_displayname"].is_string() && app["oid"].is_string() && app.get("upn").is_none(), "{app}");
    for me in [id(1), "ANN@x.example".to_owned()] {
        let script = json!({ "access": { "delegated": true, "me": me } });
        let person = claims(&Graph::scripted(&company(), script).await.token);
        assert_eq!([&person["oid"], &person["upn"]], [&json!(id(1)), &json!("ann@x.example")], "{me}");
    }
}

#[tokio::test]
async fn names_in_paths_compare_without_case() {
    let graph = Graph::start(&company()).await;
    let members = graph.get(&format!("/v1.0/Groups/{}/Members?$select=id", id(100))).await;
    assert_eq!(members.column("id"), [id(1)]);
    assert_eq!(graph.get(&format!("/v1.0/groups/{}/Owners", id(100))).await.json()["value"], json!([]));
    assert_eq!(graph.get("/v1.0/users/delta()").await.code(), "BadRequest", "a function that there is not, and no user");
}

#[tokio::test]
async fn relations_hold_directory_objects() {
    let graph = Graph::start(&company()).await;
    let ids = json!({ "ids": [id(1)], "types": ["user"] });
    let context = |reply: Reply| reply.json()["@odata.context"].as_str().unwrap().rsplit_once('#').unwrap().1.to_owned();
    assert_eq!(context(graph.post("/v1.0/directoryObjects/getByIds", ids).await), "directoryObjects");
    for path in [format!("/v1.0/users/{}/memberOf", id(1)), format!("/v1.0/groups/{}/members", id(100))] {
        assert_eq!(context(graph.get(&path).await), "directoryObjects", "{path}");
    }
}

#[tokio::test]
async fn member_groups_are_ids_through_all_groups() {
    let graph = Graph::start(&company()).await;
    let path = format!("/v1.0/users/{}/getMemberGroups", id(1));
    let all = graph.post(&path, json!({ "securityEnabledOnly": false })).await.json();
    assert_eq!(all["value"], json!([id(100), id(101)]));
    assert!(all["@odata.context"].as_str().unwrap().ends_with("$metadata#Collection(Edm.String)"));
    assert_eq!(graph.post(&path, json!({ "securityEnabledOnly": true })).await.json()["value"], json!([id(100)]));
    for wrong in [json!({}), json!({ "securityEnabledOnly": "no" })] {
        assert_eq!(graph.post(&path, wrong).await.status, 400);
    }
    let deleted = format!("/v1.0/users/{}/getMemberGroups", id(3));
    assert_eq!(graph.post(&deleted, json!({ "securityEnabledOnly": false })).await.status, 404);
    let script = json!({ "access": { "permissions": ["User.Read.All"] } });
    let denied = Graph::scripted(&company(), script).await.post(&path, json!({ "securityEnabledOnly": false })).await;
    assert_eq!(denied.status, 403, "groups have a permission of their own");
}

#[tokio::test]
async fn licences_of_the_tenant_are_those_that_people_hold() {
    let graph = Graph::start(&company()).await;
    let json = graph.get("/v1.0/subscribedSkus?$select=skuId,consumedUnits,prepaidUnits").await.json();
    let units = json!({ "enabled": 1, "suspended": 0, "warning": 0, "lockedOut": 0 });
    let sku = json!({ "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965", "consumedUnits": 1, "prepaidUnits": units });
    assert_eq!(json["value"], json!([sku]));
    assert_eq!(graph.get("/v1.0/subscribedSkus?$filter=appliesTo eq 'User'").await.status, 400);
    assert_eq!(graph.patch("/v1.0/subscribedSkus", json!({})).await.status, 405);
}

#[tokio::test]
async fn names_in_bodies_may_be_of_any_case_unless_pages_are_taken_at_their_word() {
    let strict = Graph::with(&company(), &json!({}), |options, _| options.strict = true).await;
    let profile = json!({ "password": "Long-enough-1" });
    let body = json!({ "accountEnabled": true, "displayName": "New", "mailNickName": "new", "userPrincipalName": "new@x.example", "passwordProfile": profile });
    let graph = Graph::start(&company()).await;
    let created = graph.post("/v1.0/users", body.clone()).await;
    assert_eq!(created.status, 201, "{created:?}");
    let path = format!("/v1.0/users/{}?$select=mailNickname", created.json()["id"].as_str().unwrap());
    assert_eq!(graph.get(&path).await.json()["mailNickname"], "new");
    assert_eq!(graph.write(1, json!({ "on_premises_immutable_id": null })).await, 400, "another name is another property");
    assert_eq!(strict.post("/v1.0/users", body).await.status, 400);
}
