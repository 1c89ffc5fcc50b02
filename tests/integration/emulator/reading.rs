//! Reading users: projection, pages, filters, and what needs the index.

use serde_json::json;

use super::*;

fn people(count: u16) -> Value {
    tenant((1..=count).map(|n| user(n, &format!("u{n:03}"), json!({}))).collect(), vec![])
}

#[tokio::test]
async fn answers_exactly_what_was_selected() {
    let graph = Graph::start(&tenant(
        vec![user(1, "ann", json!({ "extensionX": 1, "department": "Sales" }))],
        vec![deleted(2, "bob", json!({}))],
    ))
    .await;
    let plain = graph.get("/v1.0/users/ANN@x.example").await.json();
    let object = plain.as_object().unwrap();
    let names = [
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
    ];
    assert_eq!(object.len(), names.len() + 1, "{plain}");
    assert!(names.iter().all(|name| object.contains_key(*name)) && object["mail"].is_null());
    let selected =
        graph.get(&format!("/v1.0/users/{}?$select=OnPremisesImmutableId,proxyAddresses,department", id(1))).await.json();
    let wanted = json!({ "@odata.context": format!("{}/v1.0/$metadata#users(onPremisesImmutableId,proxyAddresses,department)/$entity", graph.endpoint), "onPremisesImmutableId": null, "proxyAddresses": [], "department": "Sales" });
    assert_eq!(selected, wanted);
    for gone in [id(2), id(77), "nobody@x.example".to_owned(), "bob@x.example".to_owned()] {
        let reply = graph.get(&format!("/v1.0/users/{gone}")).await;
        assert_eq!((reply.status, reply.code().as_str()), (404, "Request_ResourceNotFound"), "{gone}");
    }
    let unknown = graph.get(&format!("/v1.0/users/{}?$select=nonsense", id(1))).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "BadRequest"));
}

#[tokio::test]
async fn names_as_powershell_writes_them() {
    let more = json!({
        "signInActivity": { "LastSignInDateTime": "2026-05-01T00:00:00Z" }, "proxyAddresses": null,
        "assignedLicenses": [{ "SkuId": "05e9a617-0261-4cee-bb44-138d3ef5d965" }],
    });
    let pascal = |(name, value): (&String, &Value)| (format!("{}{}", name[..1].to_ascii_uppercase(), &name[1..]), value.clone());
    let mut user: Value = user(1, "ann", more).as_object().unwrap().iter().map(pascal).collect();
    user["Department"] = json!("other");
    user["department"] = json!("exact");
    user["CITY"] = json!("Ulm");
    let graph = Graph::start(&tenant(vec![user], vec![])).await;
    let select = "userPrincipalName,department,city,id,proxyAddresses,assignedLicenses,signInActivity,state";
    // Own names as the schema spells them and in the order that was asked for; what is in them as it is in the file.
    let sent = r#""userPrincipalName":"ann@x.example","department":"exact","city":"Ulm","id":"00000000-0000-4000-8000-000000000001","proxyAddresses":[],"assignedLicenses":[{"SkuId":"05e9a617-0261-4cee-bb44-138d3ef5d965"}],"signInActivity":{"LastSignInDateTime":"2026-05-01T00:00:00Z"},"state":null"#;
    let context = format!(r#"{{"@odata.context":"{}/v1.0/$metadata#users({select})"#, graph.endpoint);
    let list = graph.get(&format!("/v1.0/users?$select={}", select.to_ascii_uppercase())).await;
    assert_eq!(list.text, format!(r#"{context}","value":[{{{sent}}}]}}"#));
    let one = graph.get(&format!("/v1.0/users/ANN@x.example?$select={select}")).await;
    assert_eq!(one.text, format!(r#"{context}/$entity",{sent}}}"#));
    for filter in [
        "startsWith(userPrincipalName,'ANN')",
        "id eq '00000000-0000-4000-8000-000000000001'",
        "CiTy eq 'ulm' and department eq 'exact' and state eq null",
        "signInActivity/lastSignInDateTime le 2026-06-01T00:00:00Z",
        "assignedLicenses/any(x:x/skuId eq 05e9a617-0261-4cee-bb44-138d3ef5d965)",
    ] {
        let found = graph.advanced(&format!("/v1.0/users?$filter={filter}&$count=true")).await;
        assert_eq!(found.column("id"), [id(1)], "{filter}");
    }
}

#[tokio::test]
async fn two_versions_of_one_tenant() {
    let graph = Graph::start(&tenant(
        vec![user(1, "ann", json!({ "onPremisesObjectIdentifier": "f5057fee-4c3e-4459-82dd-21250b729601" }))],
        vec![],
    ))
    .await;
    let path = |version: &str| format!("/{version}/users/{}?$select=onPremisesObjectIdentifier", id(1));
    assert_eq!(graph.get(&path("v1.0")).await.status, 400);
    assert_eq!(graph.get(&path("beta")).await.json()["onPremisesObjectIdentifier"], "f5057fee-4c3e-4459-82dd-21250b729601");
    assert_eq!(graph.get("/v2.0/users").await.code(), "BadRequest");
}

#[tokio::test]
async fn every_answer_carries_its_ids() {
    let graph = Graph::start(&people(1)).await;
    let sent = "8c4e2f3e-0000-4000-8000-000000000001";
    for path in ["/v1.0/users", "/v1.0/nothing"] {
        let reply = Graph::send(graph.request(Method::GET, path).header("client-request-id", sent)).await;
        assert_eq!(reply.header("client-request-id"), sent);
        assert_eq!(reply.header("request-id").len(), 36);
        assert!(
            reply.header("content-type").starts_with("application/json;odata.metadata=minimal")
                && !reply.header("date").is_empty()
        );
    }
    assert_eq!(graph.get("/v1.0/users").await.header("x-ms-resource-unit"), "2");
    let error = graph.get("/v1.0/nothing").await;
    let inner = &error.json()["error"]["innerError"];
    assert_eq!((inner["request-id"].as_str(), inner["date"].as_str().unwrap().len()), (Some(error.header("request-id")), 19));
}

#[tokio::test]
async fn tri_state_of_sync() {
    let sync = |n, state: Value| user(n, &format!("u{n}"), json!({ "onPremisesSyncEnabled": state }));
    let graph = Graph::start(&tenant(vec![sync(1, json!(true)), sync(2, json!(false)), sync(3, json!(null))], vec![])).await;
    let states = graph.get("/v1.0/users?$select=onPremisesSyncEnabled").await.json();
    let states: Vec<Value> =
        states["value"].as_array().unwrap().iter().map(|user| user["onPremisesSyncEnabled"].clone()).collect();
    assert_eq!(states, [json!(true), json!(false), json!(null)]);
    for (literal, found) in [("true", 1), ("false", 2), ("null", 3)] {
        let reply = graph.get(&format!("/v1.0/users?$filter=onPremisesSyncEnabled eq {literal}")).await;
        assert_eq!(reply.column("id"), [id(found)]);
    }
}

#[tokio::test]
async fn pages_by_opaque_links() {
    let graph = Graph::start(&people(250)).await;
    assert_eq!(graph.get("/v1.0/users?$select=id").await.column("id").len(), 100);
    let (mut next, mut seen, mut pages) = (format!("{}/v1.0/users?$select=id&$top=99", graph.endpoint), Vec::new(), 0);
    while !next.is_empty() {
        let page = graph.get(&next).await;
        seen.extend(page.column("id"));
        next = page.json()["@odata.nextLink"].as_str().unwrap_or_default().to_owned();
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (250, 3));
    seen.dedup();
    assert_eq!(seen.len(), 250);
    for wrong in ["$top=0", "$top=1000", "$top=-1", "$skip=5", "$skiptoken=nonsense", "$nonsense=1"] {
        assert_eq!(graph.get(&format!("/v1.0/users?{wrong}")).await.status, 400, "{wrong}");
    }
    let exact = graph.get("/v1.0/users?$top=250").await.json();
    assert!(exact.get("@odata.nextLink").is_none(), "the last page has no link");
}

#[tokio::test]
async fn page_tokens_are_bound_and_can_expire() {
    let graph = Graph::scripted(&people(5), json!({ "faults": [{ "path": "/domains", "expirePageTokens": true }] })).await;
    let page = graph.get("/v1.0/users?$top=2").await.json();
    let link = page["@odata.nextLink"].as_str().unwrap();
    let token = link.split("$skiptoken=").nth(1).unwrap();
    assert_eq!(graph.get(&format!("/v1.0/users?$top=3&$skiptoken={token}")).await.code(), "Directory_InvalidPageToken");
    assert_eq!(graph.get(link).await.status, 200);
    graph.get("/v1.0/domains").await;
    assert_eq!(graph.get(link).await.code(), "Directory_ExpiredPageToken");
}

#[tokio::test]
async fn pages_may_be_short_or_empty() {
    let graph = Graph::scripted(&people(7), json!({ "pages": { "size": 3, "empty": true } })).await;
    let (mut next, mut sizes) = (format!("{}/v1.0/users?$top=999", graph.endpoint), Vec::new());
    while !next.is_empty() {
        let page = graph.get(&next).await;
        sizes.push(page.column("id").len());
        next = page.json()["@odata.nextLink"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(sizes, [0, 3, 0, 3, 0, 1]);
}

#[tokio::test]
async fn links_honour_the_public_url() {
    let graph =
        Graph::with(&people(3), &json!({}), |options, _| options.public_url = Some("https://proxy.example/graph/".to_owned()))
            .await;
    let page = graph.get("/v1.0/users?$top=2&$select=id").await.json();
    assert!(page["@odata.nextLink"].as_str().unwrap().starts_with("https://proxy.example/graph/v1.0/users?"));
    assert!(page["@odata.context"].as_str().unwrap().starts_with("https://proxy.example/graph/v1.0/$metadata#users"));
}

#[tokio::test]
async fn counts_need_the_header() {
    let graph = Graph::start(&people(5)).await;
    let counted = graph.advanced("/v1.0/users?$count=true&$top=2").await.json();
    assert_eq!(counted["@odata.count"], 5);
    let second = graph.advanced(counted["@odata.nextLink"].as_str().unwrap()).await.json();
    assert!(second.get("@odata.count").is_none(), "only the first page counts");
    assert!(graph.get("/v1.0/users?$count=true").await.json().get("@odata.count").is_none());
    let number = graph.advanced("/v1.0/users/$count?$filter=startsWith(displayName,'u00')").await;
    assert_eq!((number.text.as_str(), number.header("content-type")), ("5", "text/plain"));
    assert_eq!(graph.get("/v1.0/users/$count").await.code(), "Request_BadRequest");
}

#[tokio::test]
async fn filters_find_holders() {
    let graph = Graph::start(&tenant(
        vec![
            user(
                1,
                "ann",
                json!({ "onPremisesImmutableId": "a+/bc===", "proxyAddresses": ["SMTP:Ann@x.example", "smtp:a2@x.example"] }),
            ),
            user(2, "bob", json!({ "onPremisesImmutableId": "A+/BC===", "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1001" })),
            user(3, "o'dell", json!({})),
        ],
        vec![],
    ))
    .await;
    for (filter, found) in [
        ("onPremisesImmutableId eq 'a%2B%2Fbc%3D%3D%3D'", vec![1, 2]),
        ("onPremisesImmutableId eq 'a+/bc==='", vec![]),
        ("onPremisesImmutableId in ('x','a%2B/bc===')", vec![1, 2]),
        ("onPremisesSecurityIdentifier eq 's-1-5-21-1-2-3-1001'", vec![2]),
        ("proxyAddresses/any(p:p eq 'smtp:ANN@x.example')", vec![1]),
        ("proxyAddresses/any(p:startsWith(p,'smtp:a2'))", vec![1]),
        ("userPrincipalName in ('BOB@x.example','o''dell@x.example')", vec![2, 3]),
        (&format!("id in ('{}') and accountEnabled eq true", id(3)), vec![3]),
        ("startsWith(displayName,'b') or displayName eq 'ANN'", vec![1, 2]),
    ] {
        let reply = graph.get(&format!("/v1.0/users?$select=id&$filter={}", filter.replace('#', "%23"))).await;
        assert_eq!(reply.column("id"), found.into_iter().map(id).collect::<Vec<_>>(), "{filter}");
    }
}

#[tokio::test]
async fn advanced_queries_need_header_and_count() {
    let graph = Graph::start(&people(3)).await;
    for query in [
        "$filter=displayName ne 'u001'",
        "$filter=endsWith(userPrincipalName,'1@x.example')",
        "$filter=not(displayName eq 'u001')",
        "$filter=proxyAddresses/$count eq 0",
        "$filter=startsWith(displayName,'u')&$orderby=displayName",
    ] {
        let without = graph.get(&format!("/v1.0/users?{query}")).await;
        assert_eq!((without.status, without.code().as_str()), (400, "Request_UnsupportedQuery"), "{query}");
        assert_eq!(graph.advanced(&format!("/v1.0/users?{query}")).await.status, 400, "{query}: $count is missing");
        assert_eq!(graph.advanced(&format!("/v1.0/users?{query}&$count=true")).await.status, 200, "{query}");
    }
    assert_eq!(graph.get("/v1.0/users?$filter=onPremisesDistinguishedName eq 'x'").await.code(), "Request_UnsupportedQuery");
    assert_eq!(graph.get("/v1.0/users?$search=\"displayName:u\"").await.code(), "Request_UnsupportedQuery");
    assert_eq!(graph.advanced("/v1.0/users?$search=\"displayName:u\"").await.column("id").len(), 3);
    let by_anchor = "/v1.0/users?$filter=onPremisesImmutableId eq 'x'";
    assert_eq!(graph.get(by_anchor).await.status, 200);
    let strict = Graph::with(&people(1), &json!({}), |options, _| options.strict = true).await;
    assert_eq!(strict.get(by_anchor).await.code(), "Request_UnsupportedQuery");
    assert_eq!(strict.advanced(&format!("{by_anchor}&$count=true")).await.status, 200);
}

#[tokio::test]
async fn orders_over_pages() {
    let named = |n, name: &str| user(n, name, json!({}));
    let graph = Graph::start(&tenant(
        vec![named(1, "Cid"), named(2, "ann"), named(3, "Bob"), named(4, "bob2"), named(5, "ANN3")],
        vec![],
    ))
    .await;
    let (mut next, mut seen) = (format!("{}/v1.0/users?$orderby=displayName desc&$top=2", graph.endpoint), Vec::new());
    while !next.is_empty() {
        let page = graph.get(&next).await;
        seen.extend(page.column("displayName"));
        next = page.json()["@odata.nextLink"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(seen, ["Cid", "bob2", "Bob", "ANN3", "ann"]);
}

#[tokio::test]
async fn readers_lag_behind_writes() {
    let lag = json!({ "lag": { "reads": { "calls": 1 }, "index": { "calls": 2 } } });
    let graph = Graph::scripted(&people(2), lag).await;
    assert_eq!(graph.write(1, json!({ "onPremisesImmutableId": "new" })).await, 204);
    let by_id = format!("/v1.0/users/{}?$select=onPremisesImmutableId", id(1));
    assert!(graph.get(&by_id).await.json()["onPremisesImmutableId"].is_null(), "the replica is late");
    assert_eq!(graph.get(&by_id).await.json()["onPremisesImmutableId"], "new");
    let by_anchor = "/v1.0/users?$count=true&$filter=onPremisesImmutableId eq 'new'";
    assert_eq!([graph.advanced(by_anchor).await.column("id").len(), graph.advanced(by_anchor).await.column("id").len()], [0, 0]);
    assert_eq!(graph.advanced(by_anchor).await.column("id"), [id(1)]);
    assert_eq!(graph.write(2, json!({ "onPremisesImmutableId": "new" })).await, 400, "uniqueness sees the truth");
    graph.delete(&format!("/v1.0/users/{}", id(2))).await;
    assert_eq!(graph.get(&format!("/v1.0/users/{}", id(2))).await.status, 200, "still there for the replica");
    assert_eq!(graph.get(&format!("/v1.0/users/{}", id(2))).await.status, 404);
}
