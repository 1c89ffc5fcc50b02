//! Writing a tenant: each write is one request with only what changes, and what became of it is never guessed.

use hardmatch::directory::ports::{TenantReader as _, TenantWriter as _};
use hardmatch::model::{EntraId, FactName, FactValue, ImmutableId};
use hardmatch::tenant_model::{Change, ChangeKind};

use super::*;

fn change(n: u16, kind: ChangeKind) -> Change {
    Change { user: id(n).parse().unwrap(), kind }
}

fn set(n: u16, value: &str) -> Change {
    change(n, ChangeKind::SetImmutableId(ImmutableId::stored(value).unwrap()))
}

fn linked() -> Value {
    let residue = json!({
        "onPremisesImmutableId": "old", "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1104",
        "onPremisesObjectIdentifier": "f5057fee-4c3e-4459-82dd-21250b729601", "onPremisesDistinguishedName": "CN=a",
        "onPremisesDomainName": "x.example", "onPremisesSamAccountName": "a", "onPremisesUserPrincipalName": "a@x.example",
    });
    tenant(
        vec![user(1, "a", residue), user(2, "b", json!({ "onPremisesImmutableId": "taken" }))],
        vec![deleted(3, "c", json!({}))],
    )
}

async fn fact(client: &GraphTenant, n: u16, name: FactName) -> FactValue {
    client.read_accounts(&[id(n).parse::<EntraId>().unwrap().into()]).await.unwrap()[0].get(name).unwrap_or(FactValue::Null)
}

#[tokio::test]
async fn every_kind_of_write_does_what_it_says_and_nothing_else() {
    let server = Server::start(&linked()).await;
    let client = server.client();
    let before = server.ask("/__emulator/tenant").await;
    let steps = [
        (set(1, "new+/=="), json!({ "onPremisesImmutableId": "new+/==" })),
        (change(1, ChangeKind::ClearImmutableId { residue: false }), json!({ "onPremisesImmutableId": null })),
        (change(1, ChangeKind::ClearSecurityIdentifier), json!({ "onPremisesSecurityIdentifier": null })),
        (change(1, ChangeKind::ClearObjectIdentifier), json!({ "onPremisesObjectIdentifier": null })),
        (
            change(1, ChangeKind::SetUserPrincipalName("n@x.example".parse().unwrap())),
            json!({ "userPrincipalName": "n@x.example" }),
        ),
        (
            change(1, ChangeKind::ClearImmutableId { residue: true }),
            json!({ "onPremisesDistinguishedName": null, "onPremisesDomainName": null, "onPremisesSamAccountName": null,
                    "onPremisesUserPrincipalName": null }),
        ),
    ];
    let mut expected = before["users"][0].clone();
    for (change, changes) in steps {
        let receipt = client.write(&change).await.unwrap_or_else(|error| panic!("{change:?}: {error}"));
        assert!(receipt.request_id.is_some());
        expected.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let now = server.ask("/__emulator/tenant").await;
        assert_eq!(now["users"][0], expected, "{change:?}");
    }
    for (kind, place) in [(ChangeKind::SoftDelete, "deleted"), (ChangeKind::Restore, "live"), (ChangeKind::SoftDelete, "deleted")]
    {
        client.write(&change(1, kind)).await.unwrap();
        assert_eq!(fact(&client, 1, FactName::State).await, FactValue::text(place));
    }
    client.write(&change(1, ChangeKind::Purge)).await.unwrap();
    assert_eq!(fact(&client, 1, FactName::State).await, FactValue::text("gone"));
}

#[tokio::test]
async fn a_refusal_names_the_holder_and_changes_nothing() {
    let server = Server::start(&linked()).await;
    let error = server.client().write(&set(1, "taken")).await.unwrap_err();
    let DirectoryError::Refused { message, holder } = error else { panic!("{error}") };
    assert_eq!(holder.unwrap().to_string(), id(2));
    assert!(message.contains("request-id") && message.contains("400"), "{message}");
    assert_eq!(server.ask("/__emulator/tenant").await["users"][0]["onPremisesImmutableId"], "old");
}

#[tokio::test]
async fn a_write_is_repeated_only_where_it_surely_was_not_made() {
    for (answer, unknown) in [
        (json!({ "answer": { "status": 429, "retryAfter": 0 }, "times": 2 }), false),
        (json!({ "answer": { "status": 504, "afterWrite": true, "html": true } }), true),
        (json!({ "answer": { "status": 500 } }), true),
        (json!({ "reset": "afterWrite" }), true),
        (json!({ "expireTokens": true, "nth": 1 }), false),
    ] {
        let mut fault = json!({ "method": "PATCH" });
        fault.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        let server = Server::scripted(&linked(), json!({ "faults": [fault] })).await;
        let outcome = server.client().write(&set(1, "new")).await;
        let sent = server.requests().await.iter().filter(|request| request.starts_with("PATCH")).count();
        if unknown {
            assert!(matches!(outcome, Err(DirectoryError::Unknown(_))), "{fault}: {outcome:?}");
            assert_eq!(sent, 1, "{fault}");
        } else {
            assert!(outcome.is_ok() && sent > 1, "{fault}: {outcome:?}, {sent}");
        }
    }
}

/// What an answer that breaks off refuses may be something else, or was done all the same.
#[tokio::test]
async fn a_refusal_that_is_not_whole_is_none() {
    for status in [400, 401, 403, 404, 409, 413, 503] {
        for how in [json!({ "truncate": true }), json!({ "reset": "inAnswer" })] {
            let mut fault = json!({ "method": "PATCH", "answer": { "status": status } });
            fault.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
            let server = Server::scripted(&linked(), json!({ "faults": [fault] })).await;
            let outcome = server.client().write(&set(1, "new")).await;
            assert!(matches!(outcome, Err(DirectoryError::Unknown(_))), "{fault}: {outcome:?}");
            let sent = server.requests().await.iter().filter(|request| request.starts_with("PATCH")).count();
            assert_eq!(sent, 1, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_too_long_may_have_been_done() {
    let server = Server::start(&linked()).await;
    let client = GraphTenant::new(GraphSettings { largest_answer: 100, ..server.settings() }).unwrap();
    let outcome = client.write(&set(1, "taken")).await;
    assert!(matches!(outcome, Err(DirectoryError::Unknown(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_throttled_write_that_breaks_off_waits_for_its_next_turn() {
    let fault = json!({ "method": "PATCH", "times": 2, "answer": { "status": 429, "retryAfter": 0 }, "reset": "inAnswer" });
    let server = Server::scripted(&linked(), json!({ "faults": [fault] })).await;
    server.client().write(&set(1, "new")).await.unwrap();
}

/// Writes leave together once some were taken.
/// Whole or not, the answer says when to come back; longer than any patience nobody waits.
#[tokio::test]
async fn nobody_asks_what_became_of_a_write_before_the_service_is_back() {
    for (seconds, waits) in [(1, true), (600, false)] {
        let answer = json!({ "status": 503, "retryAfter": seconds });
        let fault = json!({ "method": "PATCH", "answer": answer, "reset": "inAnswer" });
        let client = Server::scripted(&linked(), json!({ "faults": [fault] })).await.client();
        assert!(matches!(client.write(&set(1, "new")).await, Err(DirectoryError::Unknown(_))));
        let asked = std::time::Instant::now();
        assert_eq!(fact(&client, 1, FactName::OnPremisesImmutableId).await, FactValue::text("old"));
        assert_eq!(asked.elapsed() > Duration::from_millis(900), waits, "{seconds} s");
    }
}

#[tokio::test]
async fn a_batch_of_writes_whose_refusal_breaks_off_may_have_been_done() {
    let users: Vec<Value> = (1..=200).map(|n| user(n, &format!("user{n}"), json!({}))).collect();
    let fault = json!({ "path": "/$batch", "answer": { "status": 400 }, "reset": "inAnswer" });
    let server = Server::scripted(&tenant(users, vec![]), json!({ "faults": [fault] })).await;
    let client = server.client();
    let writes: Vec<Change> = (1..=200).map(|n| set(n, &format!("new{n}"))).collect();
    let outcomes = futures_util::future::join_all(writes.iter().map(|write| client.write(write))).await;
    let (taken, other): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert!(!taken.is_empty() && !other.is_empty());
    assert!(other.iter().all(|outcome| matches!(outcome, Err(DirectoryError::Unknown(_)))), "{other:?}");
}

#[tokio::test]
async fn a_missing_right_says_what_it_takes() {
    let script = json!({ "access": { "permissions": ["User.Read.All", "RoleManagement.Read.Directory"], "roles": [] } });
    let client = Server::scripted(&linked(), script).await.client();
    for (write, right) in [
        (set(1, "new"), "User.ReadWrite.All"),
        (change(1, ChangeKind::SoftDelete), "User.DeleteRestore.All"),
        (change(3, ChangeKind::Purge), "User.DeleteRestore.All"),
        (change(1, ChangeKind::ClearObjectIdentifier), "User-OnPremisesSyncBehavior.ReadWrite.All"),
    ] {
        let error = client.write(&write).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Denied(text) if text.contains(right)), "{error}");
    }
}

#[tokio::test]
async fn an_object_that_is_not_there_is_no_lost_write() {
    let client = Server::start(&linked()).await.client();
    for kind in [ChangeKind::Purge, ChangeKind::Restore] {
        assert!(matches!(client.write(&change(1, kind)).await, Err(DirectoryError::NotThere(_))));
    }
    assert!(matches!(client.write(&change(9, ChangeKind::SoftDelete)).await, Err(DirectoryError::NotThere(_))));
}

/// Whoever is told to end does not sit out a long pause first.
#[tokio::test]
async fn a_signal_ends_the_wait_for_another_try() {
    let script = json!({ "faults": [{ "method": "PATCH", "answer": { "status": 429, "retryAfter": 200 } }] });
    let server = Server::scripted(&linked(), script).await;
    let tokens = Arc::new(Emulated::new(&server));
    let settings = GraphSettings::new(&server.endpoint, tokens);
    let cancel = settings.cancel.clone();
    let client = GraphTenant::new(settings).unwrap();
    let write = set(1, "new");
    let (outcome, ()) = tokio::join!(client.write(&write), async {
        while server.requests().await.is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    let error = outcome.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("stopped while waiting")), "{error}");
}
