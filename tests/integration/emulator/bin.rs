//! The recycle bin: delete, list, restore, purge.

use serde_json::json;

use super::*;

fn bin(n: u16) -> String {
    format!("/v1.0/directory/deletedItems/{}", id(n))
}

#[tokio::test]
async fn a_deleted_user_keeps_what_it_holds() {
    let graph = Graph::start(&tenant(
        vec![
            user(1, "ann", json!({ "onPremisesImmutableId": "held", "onPremisesSyncEnabled": false })),
            user(2, "bob", json!({})),
        ],
        vec![],
    ))
    .await;
    let path = format!("/v1.0/users/{}", id(1));
    assert_eq!(graph.delete(&path).await.status, 204);
    assert_eq!([graph.delete(&path).await.status, graph.write(1, json!({ "displayName": "x" })).await], [404, 404]);
    let list = graph.get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,onPremisesImmutableId,deletedDateTime").await.json();
    let found = &list["value"][0];
    assert_eq!(found["userPrincipalName"], format!("{}ann@x.example", id(1).replace('-', "")));
    assert_eq!(found["onPremisesImmutableId"], "held");
    assert!(found["deletedDateTime"].as_str().unwrap().ends_with('Z'));
    assert_eq!(graph.write(2, json!({ "onPremisesImmutableId": "held" })).await, 400);
    let single = graph.get(&format!("{}/microsoft.graph.user?$select=onPremisesImmutableId", bin(1))).await.json();
    assert_eq!(single["onPremisesImmutableId"], "held");
    assert_eq!(graph.get(&bin(1)).await.json()["@odata.type"], "#microsoft.graph.user");
    let restored = graph.post(&format!("{}/restore", bin(1)), json!({})).await;
    assert_eq!((restored.status, restored.json()["userPrincipalName"].as_str()), (200, Some("ann@x.example")));
    assert_eq!(graph.get(&path).await.status, 200);
    assert_eq!(graph.delete(&path).await.status, 204);
    assert_eq!([graph.delete(&bin(1)).await.status, graph.delete(&bin(1)).await.status], [204, 404]);
    assert_eq!(graph.write(2, json!({ "onPremisesImmutableId": "held" })).await, 204, "purging releases it");
}

#[tokio::test]
async fn the_bin_needs_a_cast_and_takes_queries() {
    let users = (1..=5).map(|n| deleted(n, &format!("u{n}"), json!({ "onPremisesImmutableId": format!("v{n}") }))).collect();
    let graph = Graph::start(&tenant(vec![], users)).await;
    assert_eq!(graph.get("/v1.0/directory/deletedItems").await.status, 400);
    let list = "/v1.0/directory/deletedItems/microsoft.graph.user";
    let page = graph.get(&format!("{list}?$top=3")).await.json();
    assert_eq!(graph.get(page["@odata.nextLink"].as_str().unwrap()).await.column("id").len(), 2);
    assert_eq!(graph.get(&format!("{list}?$filter=onPremisesImmutableId eq 'v2'")).await.column("id"), [id(2)]);
    assert_eq!(
        graph.advanced(&format!("{list}?$count=true&$filter=endsWith(userPrincipalName,'u4@x.example')")).await.column("id"),
        [id(4)]
    );
    assert_eq!(graph.get(&format!("{list}?$orderby=deletedDateTime")).await.status, 400);
    assert_eq!(graph.get("/v1.0/directory/deletedItems/microsoft.graph.group").await.json()["value"], json!([]));
    graph.post("/__emulator/faults", json!({ "switches": { "binFiltersImmutableId": false } })).await;
    assert_eq!(graph.get(&format!("{list}?$filter=onPremisesImmutableId eq 'v2'")).await.code(), "Request_UnsupportedQuery");
}

#[tokio::test]
async fn restoring_meets_conflicts() {
    let graph = Graph::start(&tenant(
        vec![user(1, "ann", json!({ "proxyAddresses": ["SMTP:shared@x.example"] }))],
        vec![deleted(
            2,
            "ann",
            json!({ "onPremisesSyncEnabled": true, "proxyAddresses": ["SMTP:shared@x.example", "smtp:own@x.example"] }),
        )],
    ))
    .await;
    let restore = format!("{}/microsoft.graph.restore", bin(2));
    let plain = graph.post(&restore, json!({})).await;
    assert_eq!(plain.json()["error"]["details"][0]["target"], "userPrincipalName");
    let renamed = json!({ "newUserPrincipalName": "ann2@x.example" });
    assert_eq!(graph.post(&restore, renamed).await.json()["error"]["details"][0]["target"], "proxyAddresses");
    for wrong in [
        json!({ "newUserPrincipalName": "a@new.example" }),
        json!({ "newUserPrincipalName": 1 }),
        json!({ "nonsense": 1 }),
        json!({ "autoReconcileProxyConflict": "yes" }),
    ] {
        assert_eq!(graph.post(&restore, wrong).await.status, 400);
    }
    let both = json!({ "newUserPrincipalName": "ann2@x.example", "autoReconcileProxyConflict": true });
    assert_eq!(graph.post(&restore, both).await.status, 200);
    assert_eq!(graph.stored(2, "userPrincipalName").await, "ann2@x.example");
    assert_eq!(graph.stored(2, "proxyAddresses").await, json!(["smtp:own@x.example"]));
    assert_eq!(graph.stored(2, "onPremisesSyncEnabled").await, false, "formerly synced");
}

#[tokio::test]
async fn purging_takes_a_permission_and_patience() {
    let access = json!({ "access": { "permissions": ["User.ReadWrite.All"] }, "lag": { "bin": { "calls": 1 } } });
    let graph = Graph::scripted(&tenant(vec![user(1, "ann", json!({}))], vec![]), access).await;
    assert_eq!(graph.delete(&format!("/v1.0/users/{}", id(1))).await.status, 204);
    assert_eq!(graph.delete(&bin(1)).await.status, 403, "an application needs User.DeleteRestore.All");
    graph.post("/__emulator/faults", json!({ "lag": { "bin": { "calls": 1 } } })).await;
    assert_eq!([graph.delete(&bin(1)).await.status, graph.delete(&bin(1)).await.status], [404, 204]);
    assert_eq!(graph.get("/__emulator/tenant").await.json()["users"], json!([]));
}

#[tokio::test]
async fn released_values_stay_reserved_for_a_while() {
    let held = json!({ "onPremisesImmutableId": "held" });
    let script = json!({ "lag": { "release": { "calls": 2 } } });
    let graph = Graph::scripted(&tenant(vec![user(1, "ann", held.clone()), user(2, "bob", json!({}))], vec![]), script).await;
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": null })).await, 204);
    let refused = graph.patch(&format!("/v1.0/users/{}", id(2)), held.clone()).await;
    assert_eq!(refused.json()["error"]["details"][1]["target"], format!("User_{}", id(1)));
    assert_eq!([graph.write(2, held.clone()).await, graph.write(2, held).await], [400, 204]);
}

#[tokio::test]
async fn thirty_days_empty_the_bin() {
    let graph = Graph::start(&tenant(vec![user(1, "ann", json!({}))], vec![deleted(2, "bob", json!({}))])).await;
    graph.delete(&format!("/v1.0/users/{}", id(1))).await;
    let list = "/v1.0/directory/deletedItems/microsoft.graph.user";
    assert_eq!(graph.get(list).await.column("id").len(), 2);
    graph.post("/__emulator/clock", json!({ "advanceDays": 31 })).await;
    assert_eq!(graph.get(list).await.column("id").len(), 0);
}

#[tokio::test]
async fn a_synced_user_can_be_deleted_unless_the_switch_says_no() {
    let synced = |n| user(n, &format!("u{n}"), json!({ "onPremisesSyncEnabled": true }));
    let graph = Graph::start(&tenant(vec![synced(1), synced(2)], vec![])).await;
    assert_eq!(graph.delete(&format!("/v1.0/users/{}", id(1))).await.status, 204);
    graph.post("/__emulator/faults", json!({ "switches": { "deleteSynced": false } })).await;
    assert_eq!(graph.delete(&format!("/v1.0/users/{}", id(2))).await.status, 400);
}
