//! Facts that guard an account: where Graph does not tell them, a doubt does.

use std::collections::BTreeSet;

use hardmatch::directory::ports::TenantReader as _;
use hardmatch::model::questions::CloudQuestion;

use super::gateway::{Act, Asked, answer, behind};
use super::*;

type Change = fn(&mut Value);

/// Two holders of whom each fact matters, one of them with an admin role.
fn holders() -> Value {
    let linked = |n: u16| user(n, &format!("u{n}"), json!({ "onPremisesImmutableId": format!("id{n}") }));
    let mut tenant = tenant(vec![linked(1), linked(2)], Vec::new());
    tenant["roles"] =
        json!([{ "principalId": id(1), "role": "Exchange Administrator", "privileged": false, "state": "assigned" }]);
    tenant
}

/// Changes the parts of batches that ask for something.
fn parts(asked: &Asked, of: &str, change: Change) -> Act {
    if !asked.is("POST", "$batch") {
        return Act::Pass;
    }
    let batch: Value = serde_json::from_str(&asked.body).unwrap();
    let is_meant = |request: &&Value| request["url"].as_str().unwrap().contains(of);
    let meant: BTreeSet<String> =
        batch["requests"].as_array().unwrap().iter().filter(is_meant).map(|request| request["id"].to_string()).collect();
    Act::Edit(Box::new(move |body| {
        let mut replies: Value = serde_json::from_str(&body).unwrap();
        let replies_of_graph = replies["responses"].as_array_mut().unwrap();
        replies_of_graph.iter_mut().filter(|part| meant.contains(&part["id"].to_string())).for_each(change);
        replies.to_string()
    }))
}

fn missing(part: &mut Value) {
    (part["status"], part["body"]) = (json!(404), json!({ "error": { "code": "Request_ResourceNotFound", "message": "m" } }));
}

fn without_mailbox(part: &mut Value) {
    (part["status"], part["body"]) = (json!(404), json!({ "error": { "code": "MailboxNotEnabledForRESTAPI", "message": "m" } }));
}

/// What planning is told of the holders.
async fn doubts(rule: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Vec<String> {
    let (client, _server) = behind(&holders(), rule).await;
    let frame = client.read_frame(0, &[]).await.unwrap();
    let mut tenant = client.add_bin(frame).await.unwrap();
    let ids = [1, 2].map(|n| id(n).parse().unwrap());
    let questions: BTreeSet<CloudQuestion> =
        ids.into_iter().flat_map(|id| [CloudQuestion::Id(id), CloudQuestion::Details(id)]).collect();
    client.answer(&mut tenant, &questions).await.unwrap();
    client.answer(&mut tenant, &questions).await.unwrap();
    tenant.doubts
}

#[tokio::test]
async fn what_graph_does_not_tell_of_an_account_is_a_doubt() {
    assert_eq!(doubts(|_| Act::Pass).await, Vec::<String>::new());
    assert_eq!(doubts(|asked| parts(asked, "mailboxSettings", without_mailbox)).await, Vec::<String>::new());
    let without: [(&'static str, Change, &str); 4] = [
        ("signInActivity", missing, "last signed in"),
        ("onPremisesSyncBehavior", missing, "source of authority"),
        ("onPremisesSyncBehavior", |part| part["body"] = json!({}), "source of authority"),
        (
            "onPremisesObjectIdentifier",
            |part| part["body"].as_object_mut().unwrap().retain(|name, _| name != "onPremisesObjectIdentifier"),
            "pinned to",
        ),
    ];
    for (of, change, says) in without {
        let told = doubts(move |asked| parts(asked, of, change)).await;
        let [doubt] = told.as_slice() else { panic!("{of}: {told:?}") };
        assert!(doubt.contains(says) && doubt.ends_with(": u1@x.example, u2@x.example"), "{of}: {doubt}");
    }
}

/// Planning asks for an account by id after its details were answered, and not for those again.
#[tokio::test]
async fn what_is_known_of_an_account_stays_when_it_is_read_again() {
    let mut tenant = holders();
    tenant["users"][0]["signInActivity"] = json!({ "lastSignInDateTime": "2026-05-01T00:00:00Z" });
    tenant["users"][0]["mailboxSettings"] = json!({ "userPurpose": "shared" });
    let (client, _server) = behind(&tenant, |_| Act::Pass).await;
    let frame = client.read_frame(0, &[]).await.unwrap();
    let mut read = client.add_bin(frame).await.unwrap();
    let one = id(1).parse().unwrap();
    for question in [CloudQuestion::Id(one), CloudQuestion::Details(one), CloudQuestion::Id(one)] {
        client.answer(&mut read, &BTreeSet::from([question])).await.unwrap();
    }
    let user = &read.users[0];
    assert!(user.last_sign_in.value().is_some() && user.traits.mailbox_purpose.value().is_some(), "{user:?}");
    assert!(user.traits.cloud_managed.is_read());
}

#[tokio::test]
async fn mailboxes_that_may_not_be_read_are_a_doubt() {
    fn refused(part: &mut Value) {
        (part["status"], part["body"]) = (json!(403), json!({ "error": { "code": "ErrorAccessDenied", "message": "m" } }));
    }
    fn unsupported(part: &mut Value) {
        (part["status"], part["body"]) = (json!(400), json!({ "error": { "code": "BadRequest", "message": "m" } }));
    }
    for change in [refused, unsupported] {
        let told = doubts(move |asked| parts(asked, "mailboxSettings", change)).await;
        assert!(matches!(told.as_slice(), [doubt] if doubt.contains("MailboxSettings.Read")), "{told:?}");
    }
}

#[tokio::test]
async fn roles_that_may_be_privileged_are_a_doubt() {
    let beta: fn(&Asked) -> bool = |asked| asked.is("GET", "/beta/roleManagement/directory/roleDefinitions");
    let gone = json!({ "error": { "code": "ResourceNotFound", "message": "m" } }).to_string();
    let unknown = doubts(move |asked| if beta(asked) { answer("404 Not Found", &gone) } else { Act::Pass }).await;
    let silent = |body: String| body.replace("\"isPrivileged\":false", "\"isPrivileged\":null");
    let null = doubts(move |asked| if beta(asked) { Act::Edit(Box::new(silent)) } else { Act::Pass }).await;
    for told in [unknown, null] {
        assert!(
            matches!(told.as_slice(), [doubt] if doubt.contains("isPrivileged") && doubt.ends_with("Exchange Administrator")),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_tenant_has_a_domain() {
    fn none(part: &mut Value) {
        part["body"]["value"] = json!([]);
    }
    let of_organization = behind(&holders(), |asked| parts(asked, "/domains", none)).await;
    let read = of_organization.0.read_tenant().await.unwrap();
    assert!(read.domains.is_some_and(|domains| !domains.is_empty()) && read.initial_domain.is_some());
    let without = |asked: &Asked| match parts(asked, "/domains", none) {
        Act::Edit(edit) => {
            Act::Edit(Box::new(move |body| edit(body).replace("\"verifiedDomains\":[{", "\"verifiedDomains\":[],\"x\":[{")))
        }
        other @ (Act::Pass | Act::Answer(..) | Act::Send(_) | Act::Drop) => other,
    };
    let error = behind(&holders(), without).await.0.read_tenant().await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("names no domain")), "{error}");
}

/// An answer that is JSON and no list of users: exit 5, whatever is wrong with it.
#[tokio::test]
async fn an_answer_of_another_shape_is_a_directory_that_cannot_be_read() {
    type Twist = fn(&mut Value);
    let twists: [Twist; 6] = [
        |page| page["value"] = json!({}),
        |page| page["value"] = json!("users"),
        |page| page["value"][0]["userPrincipalName"] = json!({ "a": 1 }),
        |page| page["value"][0]["onPremisesSecurityIdentifier"] = json!("no SID"),
        |page| page["@odata.nextLink"] = json!(7),
        |page| *page = json!([]),
    ];
    for (nth, twist) in twists.into_iter().enumerate() {
        let edit = move |body: String| {
            let mut page: Value = serde_json::from_str(&body).unwrap();
            twist(&mut page);
            page.to_string()
        };
        let rule = move |asked: &Asked| if asked.is("GET", "/users?") { Act::Edit(Box::new(edit)) } else { Act::Pass };
        let (client, _server) = behind(&holders(), rule).await;
        let error = client.read_tenant().await.unwrap_err();
        assert!(matches!(error, DirectoryError::Unusable(_)), "{nth}: {error:?}");
    }
}
