//! What stands between the client and Graph: its answers say nothing of accounts, and nothing of it is taken for Graph's.

use std::sync::atomic::{AtomicUsize, Ordering};

use hardmatch::directory::ports::{AskedAccount, TenantReader as _, TenantWriter as _};
use hardmatch::model::{AccountState, EntraId};
use hardmatch::tenant_model::{Change, ChangeKind};

use super::gateway::{Act, Asked, answer, behind, gated, page};
use super::*;

type Make = fn() -> Act;

fn small() -> Value {
    let linked = json!({ "onPremisesImmutableId": "old" });
    tenant(vec![user(1, "a", linked), user(2, "b", json!({}))], vec![deleted(3, "c", json!({ "onPremisesImmutableId": "gone" }))])
}

fn account(n: u16) -> EntraId {
    id(n).parse().unwrap()
}

/// Does something to the first requests only, so many of them.
fn first(
    times: usize,
    is_meant: fn(&Asked) -> bool,
    act: impl Fn() -> Act + Send + Sync,
) -> impl Fn(&Asked) -> Act + Send + Sync {
    let seen = AtomicUsize::new(0);
    move |asked| if is_meant(asked) && seen.fetch_add(1, Ordering::Relaxed) < times { act() } else { Act::Pass }
}

fn of_the_deleted(asked: &Asked) -> bool {
    asked.is("GET", &format!("/deletedItems/{}", id(3)))
}

#[tokio::test]
async fn a_gateways_404_is_not_the_end_of_an_account() {
    let pages: [Make; 4] = [
        || page("404 Not Found"),
        || answer("404 Not Found", ""),
        || page("403 Forbidden"),
        || answer("302 Found\r\nLocation: /", ""),
    ];
    for make in pages {
        let (client, _server) = behind(&small(), first(2, of_the_deleted, make)).await;
        let found = client.read_accounts(&[account(3).into()]).await.unwrap();
        assert_eq!(found[0].state(), AccountState::Deleted);
        let (client, _server) = behind(&small(), first(usize::MAX, of_the_deleted, make)).await;
        let error = client.read_accounts(&[account(3).into()]).await.unwrap_err();
        let DirectoryError::Unreachable(text) = &error else { panic!("{error:?}") };
        assert!(text.contains("given up after") && text.contains("gateway") && text.contains("`endpoint`"), "{text}");
    }
}

#[tokio::test]
async fn a_part_of_a_batch_that_graph_did_not_write_is_asked_again() {
    let parts: fn() -> Act =
        || parts(|parts| parts.iter_mut().for_each(|part| (part["status"], part["body"]) = (json!(404), Value::Null)));
    let of_batches: fn(&Asked) -> bool = |asked| asked.is("POST", "/beta/$batch");
    let ids = [account(1), account(3)].map(AskedAccount::from);
    let (client, _server) = behind(&small(), first(2, of_batches, parts)).await;
    let states: Vec<AccountState> = client.read_accounts(&ids).await.unwrap().iter().map(|facts| facts.state()).collect();
    assert_eq!(states, [AccountState::Live, AccountState::Deleted]);
    let (client, _server) = behind(&small(), first(usize::MAX, of_batches, parts)).await;
    let error = client.read_accounts(&ids).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(text) if !text.contains("request-id )")), "{error}");
}

/// Changes the parts of a batch's answer.
fn parts(change: fn(&mut Vec<Value>)) -> Act {
    Act::Edit(Box::new(move |body| {
        let mut batch: Value = serde_json::from_str(&body).unwrap();
        change(batch["responses"].as_array_mut().unwrap());
        batch.to_string()
    }))
}

/// The batch itself is answered well, and its parts say that the token has ended.
#[tokio::test]
async fn a_token_that_ends_inside_a_batch_is_renewed_once() {
    let ended: fn(&mut Vec<Value>) = |parts| {
        for part in parts {
            part["status"] = json!(401);
            part["body"] = json!({ "error": { "code": "InvalidAuthenticationToken", "message": "it has ended" } });
        }
    };
    let ids = [account(1), account(3)].map(AskedAccount::from);
    let old: Arc<Mutex<Option<String>>> = Arc::default();
    let seen = Arc::clone(&old);
    let rule = move |asked: &Asked| {
        let mut old = seen.lock().unwrap();
        let is_old = asked.authorization == *old.get_or_insert_with(|| asked.authorization.clone());
        if asked.is("POST", "/beta/$batch") && is_old { parts(ended) } else { Act::Pass }
    };
    let (client, _server) = behind(&small(), rule).await;
    let states: Vec<AccountState> = client.read_accounts(&ids).await.unwrap().iter().map(|facts| facts.state()).collect();
    assert_eq!(states, [AccountState::Live, AccountState::Deleted]);
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let act = move || {
        seen.fetch_add(1, Ordering::Relaxed);
        parts(ended)
    };
    let (client, _server) = behind(&small(), first(usize::MAX, |asked| asked.is("POST", "/beta/$batch"), act)).await;
    let error = client.read_accounts(&ids).await.unwrap_err();
    let says = |text: &str| text.contains("token was not taken") && !text.contains("User.Read.All");
    assert!(matches!(&error, DirectoryError::Denied(text) if says(text)), "{error}");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

/// One answer says this and the other that: neither is taken for what happened.
#[tokio::test]
async fn what_is_answered_twice_in_a_batch_is_not_known() {
    let twice: fn(&mut Vec<Value>) = |parts| {
        let mut other = parts[0].clone();
        (other["status"], other["body"]) = (json!(400), json!({ "error": { "code": "Request_BadRequest" } }));
        parts.push(other);
    };
    let users: Vec<Value> = (1..=200).map(|n| user(n, &format!("u{n}"), json!({}))).collect();
    let act = move || parts(twice);
    let (client, server) = behind(&tenant(users, vec![]), first(usize::MAX, |asked| asked.is("POST", "/v1.0/$batch"), act)).await;
    let writes: Vec<Change> = (1..=200).map(|n| Change { user: account(n), kind: ChangeKind::SoftDelete }).collect();
    let outcomes = futures_util::future::join_all(writes.iter().map(|write| client.write(write))).await;
    let unknown = outcomes.iter().filter(|outcome| matches!(outcome, Err(DirectoryError::Unknown(_)))).count();
    assert!(unknown > 0 && outcomes.iter().filter(|outcome| outcome.is_ok()).count() == 200 - unknown, "{outcomes:?}");
    assert!(server.ask("/__emulator/tenant").await["users"].as_array().unwrap().is_empty());
    let act = move || parts(twice);
    let (client, _server) = behind(&small(), first(1, |asked| asked.is("POST", "/beta/$batch"), act)).await;
    let read = client.read_accounts(&[account(1), account(3)].map(AskedAccount::from)).await.unwrap();
    assert_eq!(read[0].state(), AccountState::Live);
}

/// Takes the last entry of a list, and leaves its count as it is.
fn shortened() -> Act {
    Act::Edit(Box::new(|body| {
        let mut list: Value = serde_json::from_str(&body).unwrap();
        list["value"].as_array_mut().unwrap().pop();
        list.to_string()
    }))
}

#[tokio::test]
async fn a_list_that_stays_shorter_than_its_count_is_told() {
    for (path, times, what) in [
        ("/users?", usize::MAX, Some("of the live users Microsoft Graph counts 1 more than it lists")),
        (
            "/deletedItems/microsoft.graph.user?",
            usize::MAX,
            Some("of the users in the recycle bin Microsoft Graph counts 1 more"),
        ),
        ("/users?", 1, None),
        ("/deletedItems/microsoft.graph.user?", 1, None),
    ] {
        let seen = AtomicUsize::new(0);
        let rule = move |asked: &Asked| {
            let is_meant = asked.is("GET", path) && seen.fetch_add(1, Ordering::Relaxed) < times;
            if is_meant { shortened() } else { Act::Pass }
        };
        let read = behind(&small(), rule).await.0.read_tenant().await.unwrap();
        let told = read.doubts.iter().any(|doubt| what.is_some_and(|what| doubt.starts_with(what)));
        assert_eq!((told, read.doubts.len()), (what.is_some(), usize::from(what.is_some())), "{path}: {:?}", read.doubts);
        assert_eq!(read.users.len(), if what.is_some() { 2 } else { 3 });
    }
}

#[tokio::test]
async fn a_write_that_a_gateway_answers_is_not_refused_by_entra() {
    let pages: [(Make, &str); 3] = [
        (|| answer("302 Found\r\nLocation: https://login.proxy.corp/x?y", ""), "302 to login.proxy.corp,"),
        (|| page("403 Forbidden"), "403 (text/html)"),
        (|| page("404 Not Found"), "404 (text/html)"),
    ];
    for (make, says) in pages {
        let (client, server) = behind(&small(), first(usize::MAX, |asked| !asked.is("GET", ""), make)).await;
        let error = client.write(&Change { user: account(1), kind: ChangeKind::SoftDelete }).await.unwrap_err();
        let DirectoryError::Unknown(text) = &error else { panic!("{error:?}") };
        assert!(text.contains(says) && !text.contains("Entra refuses") && !text.contains("permission"), "{text}");
        assert_eq!(server.ask("/__emulator/tenant").await["users"].as_array().unwrap().len(), 2);
    }
}

/// Another account's answer, or nobody's, in the place of the one that was asked for.
#[tokio::test]
async fn an_answer_about_another_account_says_nothing_of_the_one_asked_for() {
    let swap: fn() -> Act = || Act::Edit(Box::new(|body| body.replace(&id(3), &id(9))));
    let without: fn() -> Act = || Act::Edit(Box::new(|body| body.replace(&format!("\"id\":\"{}\"", id(3)), "\"it\":7")));
    for make in [swap, without] {
        let (client, _server) = behind(&small(), first(2, of_the_deleted, make)).await;
        assert_eq!(client.read_accounts(&[account(3).into()]).await.unwrap()[0].state(), AccountState::Deleted);
        let saved = behind(&small(), first(2, of_the_deleted, make)).await.0.export_account(&account(3)).await.unwrap();
        assert_eq!(saved["user"]["id"], id(3));
        let (client, _server) = behind(&small(), first(usize::MAX, of_the_deleted, make)).await;
        let error = client.read_accounts(&[account(3).into()]).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("another object")), "{error}");
        let (client, _server) = behind(&small(), first(2, |asked| asked.is("POST", "/beta/$batch"), make)).await;
        let ids = [account(1), account(3)].map(AskedAccount::from);
        let states: Vec<AccountState> = client.read_accounts(&ids).await.unwrap().iter().map(|facts| facts.state()).collect();
        assert_eq!(states, [AccountState::Live, AccountState::Deleted]);
    }
}

/// What a server says of pauses is only a number.
#[tokio::test]
async fn no_pause_is_endless_and_none_is_nothing() {
    let refuse: fn(&Asked) -> bool = |asked| asked.is("", "/groups");
    for (wanted, tries, says) in [
        ("18446744073709551615", 1, "wait 18446744073709551615 s"),
        ("0", 5, "given up after 5 tries"),
        ("Wed, 21 Oct 2015 07:28:00 GMT\r\nDate: Thu, 26 Nov 2026 21:00:00 GMT", 5, "given up after 5 tries"),
    ] {
        let head = format!("429 Too Many Requests\r\nRetry-After: {wanted}");
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let act = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            answer(&head, "")
        };
        let (client, _server) = behind(&small(), first(usize::MAX, refuse, act)).await;
        let error = client.read_tenant().await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains(says)), "{error}");
        assert_eq!(seen.load(Ordering::Relaxed), tries);
    }
}

/// What is broken may be whole the next time; who answers in a wrong way goes on doing so.
#[tokio::test]
async fn a_wrong_address_takes_few_tries_to_say_so() {
    let acts: [(Make, usize, &str); 5] = [
        (|| answer("200 OK\r\nContent-Type: text/html", "<html>Sign in</html>"), 5, "(200 text/html) is no JSON"),
        (|| answer("200 OK", "\u{feff}{}"), 5, "is no JSON"),
        (|| Act::Send(Box::new(|_, _| b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())), 5, "no HTTP that can be read"),
        (|| answer("200 OK", "{\"value\":["), 8, "is no JSON"),
        (|| Act::Drop, 8, "broke"),
    ];
    for (make, tries, says) in acts {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let act = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            make()
        };
        let server = gated(&small(), json!({}), first(usize::MAX, of_the_deleted, act)).await;
        let mut settings = server.settings();
        settings.patience.attempts = 8;
        let error = GraphTenant::new(settings).unwrap().read_accounts(&[account(3).into()]).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains(says)), "{error}");
        assert_eq!(seen.load(Ordering::Relaxed), tries, "{error}");
    }
}

#[tokio::test]
async fn a_next_page_that_is_no_address_is_told_from_one_elsewhere() {
    for (next, says) in [
        ("", "no whole web address (``)"),
        ("/v1.0/users?$skiptoken=1", "(`/v1.0/users`); check"),
        ("file:///etc/passwd", "no whole web address"),
        ("https://evil.example/v1.0/users", "another host"),
    ] {
        let rule = move |asked: &Asked| {
            let page = json!({ "value": [], "@odata.nextLink": next }).to_string();
            if asked.is("GET", "/users?") { answer("200 OK", &page) } else { Act::Pass }
        };
        let error = behind(&small(), rule).await.0.read_tenant().await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Unusable(text) if text.contains(says)), "{error}");
    }
}

/// A proxy that repeats what it refuses, wherever a server can put a text.
#[tokio::test]
async fn an_echo_of_the_token_is_neither_told_nor_logged() {
    let lists: fn(&Asked) -> bool = |asked| asked.is("", "/groups") || asked.is("DELETE", "");
    for place in ["code", "message", "escaped", "request-id", "value", "type"] {
        let act = move |asked: &Asked| match place {
            _ if !lists(asked) => Act::Pass,
            "code" => answer("400 Bad Request", &json!({ "error": { "code": asked.authorization } }).to_string()),
            "message" => {
                answer("400 Bad Request", &json!({ "error": { "code": "X", "message": asked.authorization } }).to_string())
            }
            "escaped" => {
                let token = asked.authorization.replace('e', "\\u0065").replace('1', "%31");
                answer("400 Bad Request", &format!(r#"{{"error":{{"code":"X","message":"{token}"}}}}"#))
            }
            "request-id" => {
                answer(&format!("400 Bad Request\r\nrequest-id: {}", asked.authorization), r#"{"error":{"code":"X"}}"#)
            }
            "value" => answer("200 OK", &json!({ "value": asked.authorization }).to_string()),
            _ => answer(&format!("403 Forbidden\r\nContent-Type: {}", asked.authorization), ""),
        };
        let (client, server) = behind(&small(), act).await;
        let read = client.read_tenant().await.unwrap_err().to_string();
        let write = client.write(&Change { user: account(1), kind: ChangeKind::SoftDelete }).await;
        let told = format!("{read} {write:?}");
        assert!(!told.contains(&server.token[..40]), "{place}: {told}");
        assert!(told.contains("[token]"), "{place}: {told}");
    }
}

#[tokio::test]
async fn what_is_behind_an_answer_or_in_it_twice_is_not_passed_over() {
    let trailing = |asked: &Asked| {
        if asked.is("", "/groups") { Act::Edit(Box::new(|body| format!("{body}<html>"))) } else { Act::Pass }
    };
    let error = behind(&small(), trailing).await.0.read_tenant().await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("(200 application/json) is no JSON")), "{error}");
    let twice = || {
        Act::Edit(Box::new(|body: String| {
            body.replace("\"onPremisesImmutableId\":", "\"onPremisesImmutableId\":null,\"onPremisesImmutableId\":")
        }))
    };
    for (part, ids) in [("/deletedItems/", &[account(3).into()][..]), ("$batch", &[account(1).into(), account(3).into()])] {
        let rule = move |asked: &Asked| if asked.is("", part) && asked.is("", "/beta/") { twice() } else { Act::Pass };
        let error = behind(&small(), rule).await.0.read_accounts(ids).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Unusable(text) if text.contains("is there twice")), "{error}");
    }
}

/// Planning could not read it either.
#[tokio::test]
async fn an_answer_without_its_list_is_nothing_that_can_be_read() {
    for body in ["{}", r#"{"value":null}"#, r#"{"value":[null]}"#] {
        let rule = move |asked: &Asked| {
            let is_meant = asked.is("GET", "/users?");
            if is_meant { answer("200 OK\r\nContent-Type: application/json", body) } else { Act::Pass }
        };
        let probes = behind(&small(), rule).await.0.probe().await.unwrap().probes;
        let failed = probes.iter().filter(|probe| matches!(probe.error, Some(DirectoryError::Unusable(_))));
        let failed: Vec<&str> = failed.map(|probe| probe.reading.what).collect();
        assert_eq!(failed, ["users", "holders of an ImmutableID", "sign-ins"], "{body}");
    }
}

/// What is asked for, how the answer is changed, and what is said then.
type PartOf = (String, fn(Value) -> Value, &'static str);

/// What a copy lacks is lost with the account.
#[tokio::test]
async fn an_account_that_is_told_in_part_is_not_saved() {
    let live = || format!("GET /v1.0/users/{}", id(1));
    let edits: [PartOf; 4] = [
        (live() + "?", |user| json!({ "id": user["id"], "displayName": user["displayName"] }), "left out 46 properties"),
        (live() + "?", |mut user| (user["userPrincipalName"] = Value::Null, user).1, "no `userPrincipalName`"),
        (live() + "/memberOf", |_| json!({ "value": ["a"] }), "but not which"),
        (
            format!("GET /v1.0/directory/deletedItems/{}", id(3)),
            |mut user| (user.as_object_mut().unwrap().remove("proxyAddresses"), user).1,
            "left out 1 property of it: proxyAddresses",
        ),
    ];
    for (what, edit, says) in edits {
        let of = if what.contains("deletedItems") { 3 } else { 1 };
        let act = move || Act::Edit(Box::new(move |body| edit(serde_json::from_str(&body).unwrap()).to_string()));
        let rule = move |asked: &Asked| if asked.what.starts_with(&what) { act() } else { Act::Pass };
        let error = behind(&small(), rule).await.0.export_account(&account(of)).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Unusable(text) if text.contains(says)), "{error}");
    }
}
