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

/// A synced account of AD user number `n`.
fn linked(n: u16, name: &str) -> Value {
    let ad = u8::try_from(n).unwrap();
    let sid = format!("S-1-5-21-1-2-3-{}", 1024 + n);
    let values = json!({
        "onPremisesImmutableId": anchor(ad), "onPremisesSyncEnabled": true, "onPremisesSecurityIdentifier": sid,
        "onPremisesObjectIdentifier": guid(ad),
    });
    user(n, name, values)
}

async fn words(graph: &Graph) -> Vec<String> {
    outcomes(graph).await.into_iter().map(|(word, _)| word).collect()
}

/// A client with AD users that it synced before, and `OU=NoSync` out of its scope.
async fn running(users: &[(u8, &str, &str)]) -> Graph {
    let accounts = users.iter().map(|(n, name, _)| linked(u16::from(*n), name)).collect();
    let (tenant, ldif) = (tenant(accounts, vec![]), forest(users));
    Graph::with(&tenant, &json!({}), |options, folder| {
        let path = folder.join("corp.ldif");
        std::fs::write(&path, &ldif).unwrap();
        options.forests = vec![path];
        options.out_of_scope = vec!["OU=NoSync,DC=corp,DC=local".parse().unwrap()];
    })
    .await
}

/// Moves somebody in the forest.
fn move_user(graph: &Graph, from: &str, to: &str) {
    let path = graph.folder.path().join("corp.ldif");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
}

const ANN: &str = "dn: CN=ann,DC=corp";
const ANN_OUT: &str = "dn: CN=ann,OU=nosync,DC=corp";

#[tokio::test]
async fn who_leaves_the_scope_is_deleted_and_comes_back_with_it() {
    let graph = running(&[(1, "ann", ""), (2, "bob", "")]).await;
    move_user(&graph, ANN, ANN_OUT);
    let told = outcomes(&graph).await;
    assert_eq!((told.len(), told[0].0.as_str(), told[1].0.as_str()), (2, "deleted", "alreadyLinked"));
    assert_eq!((&told[0].1["sam"], &told[0].1["forest"], &told[0].1["user"]), (&json!("ann"), &json!("corp"), &json!(id(1))));
    let bin = graph.get("/__emulator/tenant").await.json()["deletedUsers"].clone();
    assert_eq!(bin[0]["userPrincipalName"], format!("{}ann@x.example", id(1).replace('-', "")));
    assert_eq!(
        (&bin[0]["onPremisesSyncEnabled"], &bin[0]["onPremisesImmutableId"], &bin[0]["onPremisesObjectIdentifier"]),
        (&json!(false), &json!(anchor(1)), &json!(guid(1)))
    );
    assert_eq!(words(&graph).await, ["alreadyLinked"], "it is deleted once");
    move_user(&graph, ANN_OUT, ANN);
    assert_eq!(words(&graph).await, ["hardMatch", "alreadyLinked"]);
    assert_eq!(graph.stored(1, "onPremisesSyncEnabled").await, true);
}

#[tokio::test]
async fn who_is_gone_from_the_forest_is_deleted_too_and_strangers_are_left_alone() {
    let users = [(1, "ann", ""), (2, "bob", "")];
    let tenant = tenant(vec![linked(1, "ann"), linked(3, "stranger"), user(2, "bob", json!({}))], vec![]);
    let graph = start(&tenant, &users).await;
    assert_eq!(words(&graph).await, ["alreadyLinked", "softMatch"]);
    std::fs::write(graph.folder.path().join("corp.ldif"), forest(&users[..1])).unwrap();
    assert_eq!(words(&graph).await, ["deleted", "alreadyLinked"], "bob was exported by the first cycle");
    assert_eq!(graph.stored(3, "onPremisesSyncEnabled").await, true);
}

#[tokio::test]
async fn what_was_taken_from_the_client_meanwhile_is_not_deleted() {
    let graph = running(&[(1, "ann", ""), (2, "bob", "")]).await;
    graph.delete(&format!("/v1.0/users/{}", id(2))).await;
    graph.post(&format!("/__emulator/users/{}", id(1)), json!({ "onPremisesSyncEnabled": null })).await;
    move_user(&graph, ANN, ANN_OUT);
    move_user(&graph, "dn: CN=bob,", "dn: CN=bob,OU=NoSync,");
    let told = outcomes(&graph).await;
    assert_eq!((told[0].0.as_str(), &told[0].1["code"]), ("refused", &json!("DeletingCloudOnlyObjectNotAllowed")));
    assert_eq!((told[1].0.as_str(), told.len()), ("gone", 2));
    assert!(outcomes(&graph).await.is_empty(), "the client has forgotten both");
}

#[tokio::test]
async fn a_restored_and_cleared_account_stays_out_of_sync() {
    let graph = running(&[(1, "ann", "")]).await;
    graph.post("/__emulator/faults", json!({ "switches": { "formerlySynced": "nullOnly" } })).await;
    move_user(&graph, ANN, ANN_OUT);
    assert_eq!(words(&graph).await, ["deleted"]);
    assert_eq!(graph.post(&format!("/v1.0/directory/deletedItems/{}/restore", id(1)), json!({})).await.status, 200);
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": null })).await, 204);
    assert!(outcomes(&graph).await.is_empty());
    assert_eq!(graph.stored(1, "onPremisesSyncEnabled").await, false);
}
