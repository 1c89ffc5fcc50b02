//! Writing users: three answers of a property, what is refused, and who may.

use serde_json::json;

use super::*;

const ANCHOR: &str = "7n8F9T5MWUSC3SElC3KWAQ==";

#[tokio::test]
async fn absent_null_and_value() {
    let graph =
        Graph::start(&tenant(vec![user(1, "ann", json!({ "onPremisesImmutableId": "old", "unknownProperty": [1] }))], vec![]))
            .await;
    let reply = graph
        .patch(&format!("/v1.0/users/{}", id(1)), json!({ "displayName": "Ann", "@odata.type": "#microsoft.graph.user" }))
        .await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert_eq!(graph.stored(1, "onPremisesImmutableId").await, "old");
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": ANCHOR })).await, 204);
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": ANCHOR })).await, 204, "the same value again");
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": null })).await, 204);
    assert_eq!(graph.stored(1, "onPremisesImmutableId").await, Value::Null);
    assert_eq!(graph.stored(1, "unknownProperty").await, json!([1]));
    assert_eq!(graph.stored(1, "displayName").await, "Ann");
}

#[tokio::test]
async fn refused_whole() {
    let graph = Graph::start(&tenant(vec![user(1, "ann", json!({}))], vec![])).await;
    for (body, code) in [
        (json!({ "onPremisesImmutableId": "" }), "Request_BadRequest"),
        (json!({ "onPremisesImmutableId": "a_b" }), "Request_BadRequest"),
        (json!({ "onPremisesImmutableId": "a$b" }), "Request_BadRequest"),
        (json!({ "onPremisesImmutableId": "a b" }), "Request_BadRequest"),
        (json!({ "onPremisesImmutableId": 7 }), "Request_BadRequest"),
        (json!({ "accountEnabled": "yes" }), "Request_BadRequest"),
        (json!({ "accountEnabled": null }), "Request_BadRequest"),
        (json!({ "proxyAddresses": [] }), "Request_BadRequest"),
        (json!({ "onPremisesSyncEnabled": null }), "Request_BadRequest"),
        (json!({ "id": id(1) }), "Request_BadRequest"),
        (json!({ "onPremisesSecurityIdentifier": null }), "Request_BadRequest"),
        (json!({ "onPremisesObjectIdentifier": null }), "BadRequest"),
        (json!({ "nonsense": 1 }), "BadRequest"),
        (json!({ "userPrincipalName": "a b@x.example" }), "Request_BadRequest"),
        (json!({ "userPrincipalName": "ann@new.example" }), "Request_BadRequest"),
        (json!({ "userPrincipalName": "ann@elsewhere.example" }), "Request_BadRequest"),
        (json!({}), "Request_BadRequest"),
        (json!([]), "BadRequest"),
    ] {
        let mut whole = body.clone();
        whole.as_object_mut().into_iter().for_each(|object| drop(object.insert("displayName".into(), json!("changed"))));
        let body = if body == json!({}) || body.is_array() { body } else { whole };
        let reply = graph.patch(&format!("/v1.0/users/{}", id(1)), body.clone()).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{body}");
        assert_eq!(graph.stored(1, "displayName").await, "ann", "{body}");
    }
    let raw = |body: &'static str| graph.request(Method::PATCH, &format!("/v1.0/users/{}", id(1))).body(body);
    assert_eq!(Graph::send(raw("{}")).await.status, 400, "no content type");
    assert_eq!(Graph::send(raw("{\"a").header("content-type", "application/json")).await.status, 400);
    assert_eq!(Graph::send(raw("{}").header("content-type", "text/plain")).await.status, 415);
}

#[tokio::test]
async fn conflicts_name_the_holder() {
    let sid = "S-1-5-21-1-2-3-1001";
    let graph = Graph::start(&tenant(
        vec![
            user(1, "ann", json!({})),
            user(2, "bob", json!({ "onPremisesImmutableId": "live", "onPremisesSecurityIdentifier": sid })),
            user(4, "cid", json!({ "onPremisesImmutableId": "LIVE" })),
        ],
        vec![deleted(3, "dan", json!({ "onPremisesImmutableId": "binned" }))],
    ))
    .await;
    let conflict = |reply: Reply, property: &str, holder: u16| {
        let json = reply.json();
        let details = [
            json!({ "code": "ObjectConflict", "target": property }),
            json!({ "code": "ConflictingObjects", "target": format!("User_{}", id(holder)) }),
        ];
        for (position, wanted) in details.iter().enumerate() {
            let found = &json["error"]["details"][position];
            assert_eq!((&found["code"], &found["target"]), (&wanted["code"], &wanted["target"]), "{json}");
        }
        assert_eq!((reply.status, reply.code().as_str()), (400, "Request_BadRequest"));
    };
    let path = format!("/v1.0/users/{}", id(1));
    conflict(graph.patch(&path, json!({ "onPremisesImmutableId": "live" })).await, "onPremisesImmutableId", 2);
    conflict(graph.patch(&path, json!({ "onPremisesImmutableId": "binned" })).await, "onPremisesImmutableId", 3);
    conflict(graph.patch(&path, json!({ "userPrincipalName": "BOB@x.example" })).await, "userPrincipalName", 2);
    conflict(
        graph.patch(&path.replace("v1.0", "beta"), json!({ "onPremisesSecurityIdentifier": sid })).await,
        "onPremisesSecurityIdentifier",
        2,
    );
    assert_eq!(graph.write(1, json!({ "userPrincipalName": "dan@x.example" })).await, 204, "names of deleted users are free");
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": "Live" })).await, 204, "case tells them apart");
    graph.post("/__emulator/faults", json!({ "switches": { "uniquenessIgnoresCase": true } })).await;
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": "lIVE" })).await, 400);
}

#[tokio::test]
async fn masters_of_a_user() {
    let with = |n, state: bool| {
        user(n, &format!("u{n}"), json!({ "onPremisesSyncEnabled": state, "onPremisesImmutableId": format!("v{n}") }))
    };
    let graph = Graph::start(&tenant(vec![with(1, true), with(2, false)], vec![])).await;
    let synced = graph.patch(&format!("/v1.0/users/{}", id(1)), json!({ "onPremisesImmutableId": "x" })).await;
    assert_eq!(synced.status, 400);
    assert!(synced.text.contains("on-premises mastered"), "{}", synced.text);
    assert_eq!(graph.write(1, json!({ "displayName": "x" })).await, 400);
    assert_eq!(graph.write(1, json!({ "usageLocation": "DE" })).await, 204);
    let (set, clear) = (json!({ "onPremisesImmutableId": "x" }), json!({ "onPremisesImmutableId": null }));
    assert_eq!([graph.write(2, set.clone()).await, graph.write(2, clear.clone()).await], [400, 400]);
    assert_eq!(graph.write(2, json!({ "userPrincipalName": "other@x.example" })).await, 204);
    let switch = |word: &str| json!({ "switches": { "formerlySynced": word, "formerlySyncedText": "external" } });
    graph.post("/__emulator/faults", switch("nullOnly")).await;
    assert_eq!([graph.write(2, set.clone()).await, graph.write(2, clear).await], [400, 204]);
    graph.post("/__emulator/faults", switch("allow")).await;
    assert_eq!(graph.write(2, set).await, 204);
}

#[tokio::test]
async fn federated_names_protect_their_anchor() {
    let federated = json!({ "userPrincipalName": "ann@fed.example", "onPremisesImmutableId": "old" });
    let graph = Graph::start(&tenant(vec![user(1, "ann", federated)], vec![])).await;
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": "new" })).await, 400);
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": null })).await, 400);
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": "old" })).await, 204);
    assert_eq!(graph.write(1, json!({ "userPrincipalName": "ann@x.onmicrosoft.com" })).await, 204);
    assert_eq!(graph.write(1, json!({ "userPrincipalName": "ann@fed.example", "onPremisesImmutableId": null })).await, 400);
    assert_eq!(graph.stored(1, "onPremisesImmutableId").await, "old");
    assert_eq!(graph.write(1, json!({ "userPrincipalName": "ann@fed.example", "onPremisesImmutableId": "new" })).await, 204);
    assert_eq!(
        (graph.stored(1, "userPrincipalName").await, graph.stored(1, "onPremisesImmutableId").await),
        (json!("ann@fed.example"), json!("new"))
    );
}

#[tokio::test]
async fn object_identifier_needs_a_permission_of_its_own() {
    let guid = json!("f5057fee-4c3e-4459-82dd-21250b729601");
    let tenant = tenant(
        vec![user(1, "ann", json!({ "onPremisesObjectIdentifier": guid, "onPremisesDistinguishedName": "CN=x" }))],
        vec![],
    );
    let graph = Graph::start(&tenant).await;
    let path = format!("/beta/users/{}", id(1));
    assert_eq!(graph.patch(&path, json!({ "onPremisesObjectIdentifier": guid })).await.status, 400);
    let access = |permissions: Value, roles: Value| json!({ "access": { "permissions": permissions, "roles": roles } });
    let clear = json!({ "onPremisesObjectIdentifier": null });
    graph.post("/__emulator/faults", access(json!(["User.ReadWrite.All"]), json!(["Global Administrator"]))).await;
    assert_eq!(graph.patch(&path, clear.clone()).await.code(), "Authorization_RequestDenied");
    graph.post("/__emulator/faults", access(json!(["User-OnPremisesSyncBehavior.ReadWrite.All"]), json!([]))).await;
    assert_eq!(graph.patch(&path, clear.clone()).await.status, 403);
    graph
        .post(
            "/__emulator/faults",
            access(json!(["User-OnPremisesSyncBehavior.ReadWrite.All"]), json!(["Hybrid Identity Administrator"])),
        )
        .await;
    assert_eq!(graph.patch(&path, clear).await.status, 204);
    assert_eq!(graph.stored(1, "onPremisesObjectIdentifier").await, Value::Null);
    graph.post("/__emulator/faults", json!({})).await;
    let residue = json!({ "onPremisesDistinguishedName": null, "onPremisesSamAccountName": "ann", "onPremisesDomainName": null, "onPremisesUserPrincipalName": null });
    assert_eq!(graph.patch(&path, residue).await.status, 204);
    assert_eq!(
        (graph.stored(1, "onPremisesDistinguishedName").await, graph.stored(1, "onPremisesSamAccountName").await),
        (Value::Null, json!("ann"))
    );
}

#[tokio::test]
async fn mail_becomes_the_primary_address_unless_it_is_taken() {
    let mut tenant =
        tenant(vec![user(1, "ann", json!({ "proxyAddresses": ["SMTP:old@x.example"], "mail": "old@x.example" }))], vec![]);
    tenant["groups"] = json!([{ "id": id(99), "mail": "taken@x.example", "proxyAddresses": ["SMTP:taken@x.example"] }]);
    let graph = Graph::start(&tenant).await;
    assert_eq!(graph.write(1, json!({ "mail": "new@x.example" })).await, 204);
    assert_eq!(graph.stored(1, "proxyAddresses").await, json!(["SMTP:new@x.example", "smtp:old@x.example"]));
    assert_eq!(graph.write(1, json!({ "mail": "taken@x.example" })).await, 204);
    assert_eq!(graph.stored(1, "proxyAddresses").await, json!(["SMTP:new@x.example", "smtp:old@x.example"]));
    assert_eq!(graph.stored(1, "mail").await, "taken@x.example");
    assert_eq!(graph.write(1, json!({ "mail": "no address" })).await, 400);
}

#[tokio::test]
async fn creates_users() {
    let graph = Graph::start(&tenant(vec![user(1, "ann", json!({ "onPremisesImmutableId": "held" }))], vec![])).await;
    let new = |name: &str, more: Value| {
        let mut body = json!({ "accountEnabled": true, "displayName": "New", "mailNickname": "new", "userPrincipalName": name, "passwordProfile": { "password": "Long-enough-1", "forceChangePasswordNextSignIn": false } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let created =
        graph.post("/v1.0/users", new("new@x.example", json!({ "onPremisesImmutableId": "own", "givenName": "N" }))).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let key = created.json()["id"].as_str().unwrap().to_owned();
    assert!(created.header("location").ends_with(&key));
    let read = graph
        .get(&format!("/v1.0/users/{key}?$select=onPremisesImmutableId,givenName,onPremisesSyncEnabled,userType,passwordProfile"))
        .await
        .json();
    assert_eq!(
        (&read["onPremisesImmutableId"], &read["givenName"], &read["userType"]),
        (&json!("own"), &json!("N"), &json!("Member"))
    );
    assert!(read["onPremisesSyncEnabled"].is_null() && read["passwordProfile"].is_null());
    for refused in [
        new("ANN@x.example", json!({})),
        new("b@new.example", json!({})),
        new("b@fed.example", json!({})),
        new("b@x.example", json!({ "onPremisesImmutableId": "held" })),
        new("b@x.example", json!({ "passwordProfile": { "password": "short" } })),
        new("b@x.example", json!({ "passwordProfile": null })),
        new("b@x.example", json!({ "onPremisesSyncEnabled": true })),
    ] {
        assert_eq!(graph.post("/v1.0/users", refused.clone()).await.status, 400, "{refused}");
    }
    assert_eq!(graph.post("/v1.0/users", new("b@fed.example", json!({ "onPremisesImmutableId": "b" }))).await.status, 201);
    assert_eq!(graph.get("/v1.0/users").await.column("id").len(), 3, "what was refused left nothing behind");
    let log = graph.get("/__emulator/requests").await.text;
    assert!(!log.contains("Long-enough") && !log.contains(&graph.token));
}

#[tokio::test]
async fn permissions_and_ranks() {
    let mut tenant = tenant(vec![user(1, "ann", json!({})), user(2, "admin", json!({}))], vec![]);
    tenant["roles"] = json!([{ "principalId": id(2), "role": "Global Administrator", "privileged": true, "state": "assigned" }]);
    let graph = Graph::start(&tenant).await;
    let access = |permissions: Value, roles: Value, delegated: bool| json!({ "access": { "permissions": permissions, "roles": roles, "delegated": delegated, "me": "ann@x.example" } });
    let all = json!(["User.ReadWrite.All"]);
    let set = |value: &str| json!({ "onPremisesImmutableId": value });
    for (script, ordinary, admin) in [
        (access(json!(["User.Read.All"]), json!(["Global Administrator"]), false), 403, 403),
        (access(all.clone(), json!([]), false), 204, 403),
        (access(all.clone(), json!(["User Administrator"]), false), 204, 403),
        (access(all.clone(), json!(["Global Administrator"]), false), 204, 204),
        (access(all.clone(), json!([]), true), 403, 403),
        (access(all.clone(), json!(["Global Administrator"]), true), 204, 403),
        (access(json!(["User.ReadWrite.All", "Directory.AccessAsUser.All"]), json!(["Global Administrator"]), true), 204, 204),
    ] {
        graph.post("/__emulator/faults", script.clone()).await;
        assert_eq!([graph.write(1, set("a")).await, graph.write(2, set("b")).await], [ordinary, admin], "{script}");
    }
    assert_eq!(graph.write(2, json!({ "jobTitle": "x" })).await, 204, "not a sensitive property");
    let me = graph.get("/v1.0/me").await;
    assert_eq!((me.status, &me.json()["id"]), (200, &json!(id(1))));
    graph.post("/__emulator/faults", json!({})).await;
    assert_eq!(graph.get("/v1.0/me").await.status, 400);
}

#[tokio::test]
async fn sign_in_activity_has_a_permission_of_its_own() {
    let graph = Graph::scripted(
        &tenant(vec![user(1, "ann", json!({}))], vec![]),
        json!({ "access": { "permissions": ["User.Read.All"] } }),
    )
    .await;
    assert_eq!(graph.get("/v1.0/users?$select=id,signInActivity").await.status, 403);
    assert_eq!(graph.get("/v1.0/users?$select=id").await.status, 200);
    graph.post("/__emulator/faults", json!({})).await;
    let never = graph.get(&format!("/v1.0/users/{}?$select=id,signInActivity", id(1))).await.json();
    assert!(never.get("signInActivity").is_none());
}

#[tokio::test]
async fn source_of_authority_moves_and_comes_back() {
    let graph = Graph::start(&tenant(
        vec![user(1, "ann", json!({ "onPremisesSyncEnabled": true, "onPremisesImmutableId": "v" })), user(2, "bob", json!({}))],
        vec![],
    ))
    .await;
    let path = |n| format!("/beta/users/{}/onPremisesSyncBehavior", id(n));
    assert_eq!(graph.get(&path(1)).await.json()["isCloudManaged"], false);
    assert_eq!(graph.patch(&path(1), json!({ "isCloudManaged": true })).await.status, 204);
    assert_eq!(
        (graph.get(&path(1)).await.json()["isCloudManaged"].clone(), graph.stored(1, "onPremisesSyncEnabled").await),
        (json!(true), Value::Null)
    );
    assert_eq!(graph.stored(1, "onPremisesImmutableId").await, "v");
    assert_eq!(graph.patch(&path(1), json!({ "isCloudManaged": false })).await.status, 204);
    assert_eq!(graph.stored(1, "onPremisesSyncEnabled").await, Value::Null, "until the next cycle");
    assert_eq!(graph.patch(&path(2), json!({ "isCloudManaged": true })).await.status, 400);
    graph.post("/__emulator/faults", json!({ "switches": { "syncBehaviorOnV1": false } })).await;
    assert_eq!(graph.get(&path(1).replace("beta", "v1.0")).await.status, 405);
    graph.post("/__emulator/faults", json!({ "access": { "permissions": ["User.ReadWrite.All"] } })).await;
    assert_eq!(graph.get(&path(1)).await.status, 403);
}
