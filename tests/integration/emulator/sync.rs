//! A sync cycle on request.

use serde_json::json;

use super::*;

/// LDIF of AD users: number, name, and more lines.
fn forest(users: &[(u8, &str, &str)]) -> String {
    let entry = |(n, name, more): &(u8, &str, &str)| {
        let guid: hardmatch::model::ObjectGuid = guid(*n).parse().unwrap();
        let sid = [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, *n, 4, 0, 0];
        let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        format!(
            "dn: CN={name},DC=corp,DC=local\nobjectClass: user\nobjectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=local\nsAMAccountName: {name}\nuserPrincipalName: {name}@x.example\nobjectGUID:: {}\nobjectSid:: {}\nuserAccountControl: 512\n{more}\n",
            base64(guid.ad_bytes()),
            base64(&sid)
        )
    };
    users.iter().map(entry).collect::<Vec<_>>().join("\n")
}

fn guid(n: u8) -> String {
    format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}")
}

fn anchor(n: u8) -> String {
    guid(n).parse::<hardmatch::model::ObjectGuid>().unwrap().immutable_id().to_string()
}

async fn start(tenant: &Value, users: &[(u8, &str, &str)]) -> Graph {
    let ldif = forest(users);
    Graph::with(tenant, &json!({}), |options, folder| {
        let path = folder.join("corp.ldif");
        std::fs::write(&path, &ldif).unwrap();
        options.forests = vec![path];
    })
    .await
}

async fn outcomes(graph: &Graph) -> Vec<(String, Value)> {
    let reply = graph.post("/__emulator/sync", json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let json = reply.json();
    json["value"].as_array().unwrap().iter().map(|one| (one["outcome"].as_str().unwrap().to_owned(), one.clone())).collect()
}

#[tokio::test]
async fn a_cycle_says_what_it_did_with_each_user() {
    let mut tenant = tenant(
        vec![
            user(1, "hard", json!({ "onPremisesImmutableId": anchor(1) })),
            user(2, "soft", json!({})),
            user(3, "admin", json!({ "onPremisesImmutableId": anchor(3) })),
            user(4, "pinned", json!({ "onPremisesImmutableId": anchor(4), "onPremisesObjectIdentifier": guid(99) })),
        ],
        vec![deleted(5, "binned", json!({ "onPremisesImmutableId": anchor(5), "onPremisesSyncEnabled": false }))],
    );
    tenant["roles"] = json!([{ "principalId": id(3), "role": "Global Administrator", "privileged": true, "state": "assigned" }]);
    let people = [(1, "hard", ""), (2, "soft", ""), (3, "admin", ""), (4, "pinned", ""), (5, "binned", ""), (6, "fresh", "")];
    let graph = start(&tenant, &people).await;
    let told = outcomes(&graph).await;
    let words: Vec<&str> = told.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["hardMatch", "softMatch", "refused", "refused", "hardMatch", "create"]);
    assert_eq!(
        (told[2].1["code"].as_str(), told[3].1["code"].as_str()),
        (Some("InvalidHardMatch"), Some("AttributeUpdateNotAllowed"))
    );
    assert_eq!((&told[4].1["restored"], &told[5].1["userPrincipalName"]), (&json!(true), &json!("fresh@x.example")));
    assert_eq!(
        (graph.stored(1, "onPremisesSyncEnabled").await, graph.stored(1, "onPremisesObjectIdentifier").await),
        (json!(true), json!(guid(1)))
    );
    assert_eq!(
        graph.get("/v1.0/users/fresh@x.example?$select=onPremisesImmutableId").await.json()["onPremisesImmutableId"],
        anchor(6)
    );
    assert_eq!(graph.get("/v1.0/users/binned@x.example").await.status, 200);
    let again: Vec<String> = outcomes(&graph).await.into_iter().map(|(word, _)| word).collect();
    assert_eq!(again, ["alreadyLinked", "alreadyLinked", "refused", "refused", "alreadyLinked", "alreadyLinked"]);
}

#[tokio::test]
async fn the_forest_is_read_again_and_switches_count() {
    let mut tenant = tenant(vec![user(1, "ann", json!({ "onPremisesImmutableId": anchor(1) }))], vec![]);
    tenant["roles"] = json!([{ "principalId": id(1), "role": "Reports Reader", "privileged": false, "state": "assigned" }]);
    let graph = start(&tenant, &[(1, "ann", "")]).await;
    graph.post("/__emulator/faults", json!({ "switches": { "takeoverRoles": "any" } })).await;
    assert_eq!(outcomes(&graph).await[0].0, "refused");
    graph.post("/__emulator/faults", json!({})).await;
    let path = graph.folder.path().join("corp.ldif");
    std::fs::write(&path, forest(&[(1, "ann", ""), (2, "bob", "")])).unwrap();
    let words: Vec<String> = outcomes(&graph).await.into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, ["hardMatch", "create"]);
    std::fs::write(&path, "nonsense").unwrap();
    assert_eq!(graph.post("/__emulator/sync", json!({})).await.status, 422);
}

#[tokio::test]
async fn a_cycle_can_come_in_between() {
    let graph =
        start(&tenant(vec![user(1, "ann", json!({ "onPremisesImmutableId": anchor(1) }))], vec![]), &[(1, "ann", "")]).await;
    graph.post("/__emulator/faults", json!({ "faults": [{ "method": "PATCH", "nth": 1, "sync": true }] })).await;
    let reply = graph.patch(&format!("/v1.0/users/{}", id(1)), json!({ "onPremisesImmutableId": null })).await;
    assert!(reply.status == 400 && reply.text.contains("mastered"), "the user was taken over just before");
}
