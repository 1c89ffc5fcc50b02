//! Reading a tenant: lists that are whole, whatever happens on the way, and errors that say what to do.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hardmatch::directory::exports::read_tenant_from;
use hardmatch::directory::ports::{AskedAccount, TenantReader as _, TenantWriter as _};
use hardmatch::model::{CloudUser, EntraId, ImmutableId, Known, ObservedTenant};
use hardmatch::tenant_model::{Change, ChangeKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn many(count: u16) -> Value {
    let users = (1..=count).map(|n| user(n, &format!("u{n}"), json!({ "onPremisesImmutableId": format!("id{n}") })));
    tenant(users.collect(), vec![deleted(0xff00, "gone", json!({ "onPremisesImmutableId": "idGone" }))])
}

fn ids(users: &[CloudUser]) -> BTreeSet<EntraId> {
    users.iter().map(|user| user.id).collect()
}

async fn lists(script: Value) -> Result<ObservedTenant, DirectoryError> {
    Server::scripted(&many(30), script).await.client().read_tenant().await
}

/// Everything that a list has is read as a file would be.
#[tokio::test]
async fn a_live_tenant_is_read_as_its_snapshot() {
    let roles = json!([
        { "principalId": id(1), "role": "Global Administrator", "privileged": true, "state": "assigned" },
        { "principalId": id(2), "role": "Reports Reader", "privileged": false, "state": "eligible" },
        { "principalId": id(0x300), "role": "User Administrator", "privileged": true, "state": "assigned" },
    ]);
    let mut tenant = many(3);
    tenant["roles"] = roles;
    tenant["features"] = json!({ "blockSoftMatchEnabled": true, "passwordSyncEnabled": false });
    tenant["groups"] = json!([{ "id": id(0x300), "displayName": "Admins", "mail": null, "proxyAddresses": ["SMTP:admins@x.example"],
                                "isAssignableToRole": true, "members": [id(3)] }]);
    tenant["contacts"] = json!([{ "id": id(0x400), "displayName": "C", "mail": "c@y.example", "proxyAddresses": [] }]);
    let live = Server::start(&tenant).await.client().read_tenant().await.unwrap();
    let file = read_tenant_from(tenant.to_string().as_bytes(), &"tenant.json".into()).unwrap();
    let common = |tenant: &ObservedTenant| {
        let mut users = tenant.users.clone();
        users.iter_mut().for_each(|user| user.object_identifier = Known::Unknown);
        users.sort_by_key(|user| user.id);
        users
    };
    assert_eq!(common(&live), common(&file));
    assert_eq!((&live.id, &live.initial_domain, live.sync_enabled), (&file.id, &file.initial_domain, file.sync_enabled));
    let sorted = |tenant: &ObservedTenant| {
        let (mut domains, mut others) = (tenant.domains.clone().unwrap(), tenant.others.clone());
        domains.sort_by_key(|domain| domain.name.clone());
        others.sort_by_key(|other| other.id);
        (domains, others, tenant.roles.clone().map(BTreeSet::from_iter), tenant.features.clone())
    };
    assert_eq!(sorted(&live), sorted(&file));
    assert!(live.doubts.is_empty() && live.recycle_bin_read && live.groups_read && live.contacts_read);
}

#[tokio::test]
async fn no_list_is_short_whatever_happens_between_its_pages() {
    let whole = ids(&lists(json!({})).await.unwrap().users);
    assert_eq!(whole.len(), 31);
    for fault in [
        json!({ "path": "/users", "nth": 3, "answer": { "status": 429, "retryAfter": 0 } }),
        json!({ "path": "/users", "nth": 2, "answer": { "status": 429 } }),
        json!({ "path": "/users", "nth": 3, "answer": { "status": 503, "html": true } }),
        json!({ "path": "/users", "nth": 2, "reset": "beforeWrite" }),
        json!({ "path": "/users", "nth": 4, "truncate": true }),
        json!({ "path": "/users", "nth": 4, "reset": "inAnswer" }),
        json!({ "path": "/users", "nth": 3, "expirePageTokens": true }),
        json!({ "path": "/users", "nth": 3, "expirePageTokens": true, "truncate": true }),
        json!({ "path": "/users", "nth": 2, "answer": { "status": 403 }, "truncate": true }),
        json!({ "path": "/users", "nth": 2, "answer": { "status": 404 }, "reset": "inAnswer" }),
        json!({ "path": "/$batch", "nth": 1, "answer": { "status": 400 }, "reset": "inAnswer" }),
        json!({ "path": "/users", "nth": 3, "expireTokens": true }),
        json!({ "path": "/$batch", "nth": 1, "answer": { "status": 502, "html": true } }),
        json!({ "batch": true, "every": 2, "times": 4, "answer": { "status": 429, "retryAfter": 0 } }),
        json!({ "batch": true, "nth": 2, "answer": { "status": 504 } }),
    ] {
        let script = json!({ "pages": { "size": 7, "empty": true }, "faults": [fault] });
        let read = lists(script).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert_eq!(ids(&read.users), whole, "{fault}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_to_its_end_is_an_error() {
    for answer in [json!({ "status": 429, "retryAfter": 0 }), json!({ "status": 503 })] {
        let script = json!({ "pages": { "size": 7 }, "faults": [{ "path": "/users", "after": 2, "answer": answer }] });
        let error = lists(script).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("request-id")), "{error}");
    }
    let error = lists(json!({ "faults": [{ "answer": { "status": 429, "retryAfter": 600 } }] })).await.unwrap_err();
    assert!(error.to_string().contains("600 s"), "{error}");
}

#[tokio::test]
async fn a_list_whose_pages_do_not_end_is_an_error() {
    for (way, says) in [("same", "begin again"), ("empty", "in a row are empty"), ("again", "by its own count there are 30")] {
        let script = json!({ "pages": { "size": 25, "endless": way } });
        let error = lists(script).await.unwrap_err();
        let DirectoryError::Unusable(text) = &error else { panic!("{way}: {error}") };
        assert!(text.contains("GET /beta/users has pages without end") && text.contains(says), "{way}: {text}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_kept() {
    let server = Server::start(&tenant(vec![user(1, "a", json!({}))], vec![])).await;
    let client = GraphTenant::new(GraphSettings { largest_answer: 100, ..server.settings() }).unwrap();
    let error = client.read_tenant().await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("is longer than")), "{error}");
    let asked = server.requests().await;
    let set: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(set.len(), asked.len(), "another try brings as much: {asked:?}");
}

/// A hundred thousand blanks in few bytes.
const BLANKS: &str = "H4sIAAAAAAACA+3BMQEAAADCoCrrn9IaHkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAArwYt8HnKoIYBAA==";

#[tokio::test]
async fn an_answer_is_measured_as_it_is_decompressed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let body = STANDARD.decode(BLANKS).unwrap();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
        }
    });
    let server = Server::start(&tenant(vec![], vec![])).await;
    let limited =
        |largest_answer| GraphTenant::new(GraphSettings { endpoint: endpoint.clone(), largest_answer, ..server.settings() });
    let (below, above) = (limited(99_999).unwrap(), limited(100_000).unwrap());
    assert!(below.read_tenant().await.unwrap_err().to_string().contains("is longer than"));
    assert!(above.read_tenant().await.unwrap_err().to_string().contains("is no JSON"));
}

#[tokio::test]
async fn the_token_goes_to_no_other_host() {
    let adapt = |options: &mut Options| options.public_url = Some("http://127.0.0.1:9/".into());
    let server = Server::with(&many(30), json!({ "pages": { "size": 7 } }), adapt).await;
    let error = server.client().read_tenant().await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
}

#[tokio::test]
async fn a_missing_right_is_named_or_leaves_a_doubt() {
    let denied = lists(json!({ "access": { "permissions": ["Organization.Read.All"] } })).await.unwrap_err();
    assert!(matches!(&denied, DirectoryError::Denied(text) if text.contains("User.Read.All")), "{denied}");
    let permissions = json!(["User.Read.All", "Organization.Read.All", "RoleManagement.Read.Directory"]);
    let poor = lists(json!({ "access": { "permissions": permissions, "roles": [] } })).await.unwrap();
    assert!(poor.features.is_none() && !poor.groups_read && !poor.contacts_read);
    let none =
        lists(json!({ "access": { "permissions": ["User.Read.All", "Organization.Read.All"], "roles": [] } })).await.unwrap();
    assert_eq!(none.roles, None);
    let unlicensed = lists(json!({ "switches": { "pimLicence": false } })).await.unwrap();
    assert!(unlicensed.doubts.is_empty() && unlicensed.roles.is_some());
}

#[tokio::test]
async fn holders_are_found_to_the_letter_live_and_deleted() {
    let users = vec![
        user(1, "a", json!({ "onPremisesImmutableId": "ab+/cd==" })),
        user(2, "b", json!({ "onPremisesImmutableId": "AB+/CD==" })),
        user(3, "c", json!({ "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1104" })),
    ];
    let bin = vec![deleted(4, "d", json!({ "onPremisesImmutableId": "zz+/cd==" }))];
    for strict in [false, true] {
        let server = Server::with(&tenant(users.clone(), bin.clone()), json!({}), |options| options.strict = strict).await;
        let client = server.client();
        let wanted = ["ab+/cd==", "zz+/cd==", "nobody"].map(|text| ImmutableId::stored(text).unwrap());
        let found = client.find_holders(&wanted).await.unwrap();
        let found: Vec<(&str, String)> = found.iter().map(|(value, id)| (value.as_str(), id.to_string())).collect();
        assert_eq!(found, [("ab+/cd==", id(1)), ("zz+/cd==", id(4))]);
        let sids = client.find_sid_holders(&["S-1-5-21-1-2-3-1104".parse().unwrap()]).await.unwrap();
        assert_eq!(sids[0].1.to_string(), id(3));
    }
}

#[tokio::test]
async fn accounts_are_read_by_id_wherever_they_are() {
    let mut tenant = tenant(
        vec![user(1, "a", json!({ "onPremisesObjectIdentifier": "f5057fee-4c3e-4459-82dd-21250b729601" }))],
        vec![deleted(
            2,
            "b",
            json!({ "onPremisesImmutableId": "x", "signInActivity": { "lastSignInDateTime": "2026-11-01T08:00:00Z" } }),
        )],
    );
    tenant["roles"] = json!([{ "principalId": id(1), "role": "Global Administrator", "privileged": true, "state": "assigned" }]);
    let client = Server::start(&tenant).await.client();
    let asked = [1, 2, 3].map(|n| AskedAccount { id: id(n).parse().unwrap(), sign_in: true });
    let found = client.read_accounts(&asked).await.unwrap();
    let [live, bin, gone] = found.as_slice() else { panic!("{found:?}") };
    assert!(live.user.as_ref().unwrap().object_identifier.value().is_some());
    assert_eq!(live.privileged_roles, Known::Is(vec!["Global Administrator".to_owned()]));
    let bin = bin.user.as_ref().unwrap();
    assert!(bin.is_deleted() && bin.last_sign_in.value().is_some() && bin.original_upn() == "b@x.example");
    assert_eq!(gone.user, None);
    assert_eq!(client.read_accounts(&asked[..1]).await.unwrap()[0], *live);
}

#[tokio::test]
async fn an_account_is_saved_whole() {
    let mut tenant = tenant(vec![user(1, "a", json!({ "assignedLicenses": [{ "skuId": "e5" }] }))], Vec::new());
    tenant["groups"] = json!([{ "id": id(0x300), "displayName": "Staff", "proxyAddresses": [], "members": [id(1)] }]);
    let saved = Server::start(&tenant).await.client().export_account(&id(1).parse().unwrap()).await.unwrap();
    assert_eq!(saved["user"]["assignedLicenses"][0]["skuId"], "e5");
    assert_eq!(saved["memberOf"][0]["displayName"], "Staff");
    assert_eq!(saved["roles"], json!([]));
}

#[tokio::test]
async fn what_would_be_refused_is_known_before_the_first_write() {
    let users = vec![user(1, "a", json!({})), user(2, "b", json!({})), user(3, "c", json!({ "onPremisesImmutableId": "x" }))];
    let client = Server::start(&tenant(users, Vec::new())).await.client();
    let change = |n, kind| Change { user: id(n).parse().unwrap(), kind };
    let name = |text: &str| ChangeKind::SetUserPrincipalName(text.parse().unwrap());
    let answers = client
        .rehearse(&[change(1, name("b@x.example")), change(1, name("free@x.example")), change(2, name("z@new.example"))])
        .await
        .unwrap();
    assert!(answers[0].as_ref().unwrap().contains(&id(2)), "{answers:?}");
    assert_eq!(answers[1], None);
    assert!(answers[2].as_ref().unwrap().contains("new.example"), "{answers:?}");
}

/// Whoever got the ID or the SID meanwhile is not among the accounts that are written, and is found all the same.
#[tokio::test]
async fn nor_is_an_id_or_a_sid_taken_for_free_that_somebody_else_has() {
    let (first, second) = ("kTq0mZb8W0eQd7uYh1xJmA==", "pc3dTE9RC0iHVZvTF7cmRA==");
    let with = |property: &str, value: &str| json!({ property: value });
    let sid = "S-1-5-21-1-2-3-1001";
    let live = vec![
        user(1, "a", json!({})),
        user(2, "b", with("onPremisesImmutableId", first)),
        user(3, "c", with("onPremisesSecurityIdentifier", sid)),
    ];
    let bin = vec![
        deleted(4, "d", with("onPremisesImmutableId", second)),
        deleted(5, "e", with("onPremisesImmutableId", first)),
        deleted(6, "f", with("onPremisesSecurityIdentifier", sid)),
        deleted(7, "g", json!({})),
    ];
    let client = Server::start(&tenant(live, bin)).await.client();
    let change = |n, kind| Change { user: id(n).parse().unwrap(), kind };
    let set = |value| ChangeKind::SetImmutableId(ImmutableId::stored(value).unwrap());
    let restore = |n| change(n, ChangeKind::Restore);
    let changes = [change(1, set(first)), change(1, set(second)), restore(5), restore(6), restore(7)];
    let answers = client.rehearse(&changes).await.unwrap();
    for (answer, holder) in answers.iter().zip([2, 4, 2, 3]) {
        assert!(answer.as_ref().is_some_and(|refusal| refusal.contains(&id(holder))), "{answers:?}");
    }
    assert_eq!(answers[4], None);
}
