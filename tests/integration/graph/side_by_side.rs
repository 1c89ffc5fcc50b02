//! Many users: several chains of pages at a time, each user once, and nobody lost while others are renamed.

use hardmatch::directory::ports::TenantReader as _;
use hardmatch::model::{CloudUser, ObservedTenant};

use super::*;

const PAGE: u32 = 10;

/// A tenant with numbered names, and others behind them.
fn crowd() -> Value {
    let numbered = (0..300).map(|n| user(n, &format!("u{n:05}"), json!({})));
    let lettered = (1000..1025).map(|n| user(n, &format!("a{n}"), json!({})));
    let others = ["Zoe", "o'dell", "max#ext#"].iter().zip(2000..).map(|(name, n)| user(n, name, json!({})));
    tenant(numbered.chain(lettered).chain(others).collect(), vec![deleted(0xff00, "gone", json!({}))])
}

fn wide(server: &Server) -> GraphTenant {
    let mut settings = server.settings();
    settings.page_size = PAGE;
    GraphTenant::new(settings).unwrap()
}

async fn read(tenant: &Value, script: Value) -> (ObservedTenant, Vec<String>) {
    let server = Server::scripted(tenant, script).await;
    let read = wide(&server).read_tenant().await.unwrap();
    (read, server.requests().await)
}

fn names(tenant: &ObservedTenant) -> Vec<String> {
    let mut names: Vec<String> = tenant.users.iter().map(|user: &CloudUser| user.original_upn().to_lowercase()).collect();
    names.sort();
    names
}

fn expected(tenant: &Value) -> Vec<String> {
    let of = |list: &str| tenant[list].as_array().unwrap().clone();
    let name = |user: &Value| user["userPrincipalName"].as_str().unwrap().to_lowercase();
    let mut names: Vec<String> = of("users").iter().map(name).collect();
    names.push("gone@x.example".to_owned());
    names.sort();
    names
}

/// The first pages of lists of users with all facts.
fn chains(requests: &[String]) -> Vec<&String> {
    let is_chain = |request: &&String| {
        request.starts_with("GET /beta/users?") && request.contains("proxyAddresses") && !request.contains("$skiptoken")
    };
    requests.iter().filter(is_chain).collect()
}

#[tokio::test]
async fn many_users_are_read_in_several_chains_and_each_once() {
    let tenant = crowd();
    let (read, requests) = read(&tenant, json!({})).await;
    assert_eq!(names(&read), expected(&tenant));
    let chains = chains(&requests);
    assert!(chains.len() >= 8 && chains.iter().all(|chain| chain.contains("startsWith")), "{chains:#?}");
    let pages = requests.iter().filter(|request| request.starts_with("GET /beta/users?")).count();
    assert!(pages <= 33 + chains.len(), "{pages} pages for 328 users in {} chains", chains.len());
}

/// In the bin names begin with the id of their account. A name that does not is found all the same, and so is everybody where
/// Graph does not ask by beginnings.
#[tokio::test]
async fn a_large_bin_is_read_in_several_chains_and_nobody_in_it_is_missed() {
    let binned: Vec<Value> = (0..70).map(|n| deleted(0xf000 + n, &format!("gone{n}"), json!({}))).collect();
    let tenant = tenant(vec![user(1, "ann", json!({}))], binned);
    let mut odd = tenant.clone();
    odd["deletedUsers"][7]["userPrincipalName"] = json!("zoe@x.example");
    let refused = json!({ "status": 400, "code": "Request_UnsupportedQuery" });
    let refused =
        json!([{ "path": "/directory/deletedItems/microsoft.graph.user", "batch": false, "times": 1, "answer": refused }]);
    for (tenant, faults, in_one) in [(&tenant, json!([]), false), (&odd, json!([]), true), (&tenant, refused, true)] {
        let server = Server::scripted(tenant, json!({ "faults": faults })).await;
        let live = wide(&server);
        let frame = live.read_frame(5, &[]).await.unwrap();
        let read = live.add_bin(frame).await.unwrap();
        assert_eq!(read.users.len(), 70);
        let requests = server.requests().await;
        let of_bin = |request: &&String| request.contains("/deletedItems/microsoft.graph.user?");
        let whole = requests.iter().filter(of_bin).filter(|request| !request.contains("startsWith")).count();
        assert_eq!(whole > 0, in_one, "{requests:#?}");
    }
}

/// A plan of everything asks for the beginnings of the names that it wants, and not for one letter after the other.
#[tokio::test]
async fn names_that_are_wanted_spare_rounds_of_counting() {
    let tenant = crowd();
    let wanted: Vec<String> = (0..300).map(|n| format!("U{n:05}@x.example")).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    for wanted in [&wanted[..], &[]] {
        let server = Server::scripted(&tenant, json!({})).await;
        let live = wide(&server);
        let frame = live.read_frame(300, wanted).await.unwrap();
        let read = live.add_everything(frame, true).await.unwrap();
        assert_eq!(names(&read), expected(&tenant));
        let log = server.ask("/__emulator/requests").await.to_string();
        assert_eq!(log.contains("orderby"), wanted.is_empty(), "{log}");
        assert!(chains(&server.requests().await).len() >= 8);
    }
}

#[tokio::test]
async fn the_chains_are_whole_whatever_happens_between_their_pages() {
    let tenant = crowd();
    for fault in [
        json!({ "path": "/users", "nth": 15, "expirePageTokens": true }),
        json!({ "path": "/users", "every": 7, "answer": { "status": 503 } }),
        json!({ "path": "/users", "nth": 14, "truncate": true }),
        json!({ "batch": true, "every": 9, "times": 6, "answer": { "status": 429, "retryAfter": 0 } }),
    ] {
        let (read, _) = read(&tenant, json!({ "faults": [fault] })).await;
        assert_eq!(names(&read), expected(&tenant), "{fault}");
    }
}

/// The last number is read late, and gets a name of a range of which the first page was read already, where it stands
/// before all others. Whether the index knows of it yet or not, it is found; and so is everybody else.
#[tokio::test]
async fn who_is_renamed_while_the_pages_go_by_is_not_lost() {
    let tenant = crowd();
    for lag in [json!({}), json!({ "index": { "ms": 60_000 } })] {
        for (nth, n) in [(16, 299), (18, 149), (20, 39), (30, 0)] {
            let edit = json!({ "user": id(n), "set": { "userPrincipalName": "aaron@x.example" } });
            let faults = json!([{ "path": "/users", "batch": false, "nth": nth, "edit": edit }]);
            let (read, _) = read(&tenant, json!({ "lag": lag, "faults": faults })).await;
            assert_eq!(read.users.iter().filter(|user| user.id.to_string() == id(n)).count(), 1, "{nth} {n} {lag}");
            assert_eq!(read.users.len(), 329);
        }
    }
}

#[tokio::test]
async fn where_beginnings_do_not_add_up_or_are_not_counted_there_is_one_chain() {
    let mut tenant = crowd();
    tenant["users"][7]["userPrincipalName"] = json!("ünal@x.example");
    let (odd, requests) = read(&tenant, json!({})).await;
    assert_eq!(names(&odd), expected(&tenant));
    assert_eq!(chains(&requests).len(), 1);
    let refused = json!({ "status": 400, "code": "Request_UnsupportedQuery" });
    // Behind the six questions of the frame come those about beginnings.
    let faults = json!([{ "path": "/users", "batch": true, "after": 1, "times": 46, "answer": refused }]);
    let tenant = crowd();
    let (refused, requests) = read(&tenant, json!({ "faults": faults })).await;
    assert_eq!(names(&refused), expected(&tenant));
    assert_eq!(chains(&requests).len(), 1);
}
