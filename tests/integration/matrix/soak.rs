//! Ten thousand mappings through a storm, by a program that is killed again and again. Graph's write quota alone makes that
//! take a quarter of an hour, and the storm two, so `tests/hostile` runs it, and the gate does not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use hardmatch::model::ObjectGuid;
use serde_json::{Value, json};

use super::check::{self, Write};
use crate::common::{Hardmatch, cases};
use crate::graph::Server;
use crate::tenants::{deleted, id, tenant, user};

/// The number of an account that stands in the way of account `n`.
const TWIN: u16 = 0x8000;
/// The number of the first account that no mapping names: not all of a tenant changes.
const IDLE: u16 = 0x4000;
/// How long a run is let run before it is killed, in seconds. To find out what a killed one did takes a minute and more.
const LIVES: std::ops::Range<u64> = 120..600;

/// What a person's accounts look like before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Plain,
    /// Has the ID of the next one, and the next one has this one's.
    SwapsWithNext,
    SwapsWithLast,
    Twin {
        is_deleted: bool,
        purge: bool,
    },
}

fn fate(n: u16) -> Fate {
    match n % 10 {
        6 => Fate::SwapsWithNext,
        7 => Fate::SwapsWithLast,
        8 => Fate::Twin { is_deleted: false, purge: (n / 10).is_multiple_of(2) },
        9 => Fate::Twin { is_deleted: true, purge: (n / 10).is_multiple_of(2) },
        _ => Fate::Plain,
    }
}

fn guid(n: u16) -> ObjectGuid {
    format!("f5057fee-4c3e-4459-82dd-21250000{n:04x}").parse().unwrap()
}

fn anchor(n: u16) -> Value {
    json!(guid(n).immutable_id().as_str())
}

fn entry(n: u16) -> String {
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let [low, high] = n.to_le_bytes();
    let sid = [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, low, high, 1, 0];
    format!(
        "dn: CN=p{n},OU=Staff,DC=corp,DC=test\nobjectClass: user\nobjectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=test\n\
         sAMAccountName: p{n}\nuserPrincipalName: p{n}@x.example\nuserAccountControl: 544\nobjectGUID:: {}\nobjectSid:: {}\n\n",
        base64(guid(n).ad_bytes()),
        base64(&sid)
    )
}

fn row(n: u16) -> String {
    let decision = match fate(n) {
        Fate::Twin { purge, .. } => format!("{},{},empty", id(n + TWIN), if purge { "purge" } else { "clear" }),
        Fate::Plain | Fate::SwapsWithLast | Fate::SwapsWithNext => ",,".to_owned(),
    };
    format!("p{n},p{n}@x.example,{decision}\n")
}

/// The tenant before, or as it is to be in the end.
fn accounts(count: u16, is_done: bool) -> Value {
    let idle = (0..count / 4).map(|n| user(IDLE + n, &format!("idle{n}"), json!({})));
    let (mut live, mut bin) = (idle.collect::<Vec<_>>(), Vec::new());
    let with = |id: Value| json!({ "onPremisesImmutableId": id });
    for n in 1..=count {
        let before = match fate(n) {
            Fate::SwapsWithNext => anchor(n + 1),
            Fate::SwapsWithLast => anchor(n - 1),
            Fate::Plain | Fate::Twin { .. } => Value::Null,
        };
        live.push(user(n, &format!("p{n}"), with(if is_done { anchor(n) } else { before })));
        let Fate::Twin { is_deleted, purge } = fate(n) else { continue };
        let held = with(if is_done { Value::Null } else { anchor(n) });
        match (is_deleted, is_done && purge) {
            (_, true) => {}
            (true, false) => bin.push(deleted(n + TWIN, &format!("twin{n}"), held)),
            (false, false) => live.push(user(n + TWIN, &format!("twin{n}"), held)),
        }
    }
    tenant(live, bin)
}

/// Rules by lot: now and then every kind of fault, at no rhythm that repeats soon.
fn storm(seed: u64) -> Value {
    let mut random = Rng::with_seed(seed);
    let answers = [
        json!({ "answer": { "status": 429, "retryAfter": 1 } }),
        json!({ "answer": { "status": 429 } }),
        json!({ "answer": { "status": 503, "retryAfter": 0 } }),
        json!({ "answer": { "status": 503, "afterWrite": true } }),
        json!({ "answer": { "status": 504, "afterWrite": true, "html": true } }),
        json!({ "reset": "beforeWrite" }),
        json!({ "reset": "afterWrite" }),
        json!({ "truncate": true }),
    ];
    let mut faults = Vec::new();
    for (method, often) in [("PATCH", 60..200), ("DELETE", 20..60), ("GET", 100..300), ("POST", 20..60)] {
        for answer in &answers {
            let mut rule = answer.clone();
            rule["method"] = json!(method);
            rule["every"] = json!(random.u32(often.clone()));
            rule["after"] = json!(random.u32(..50));
            faults.push(rule);
        }
    }
    let late = json!({ "calls": 1 });
    json!({
        "faults": faults, "signIn": { "tokenSeconds": 420 },
        "lag": { "reads": late, "index": { "calls": 2 }, "bin": late, "release": late },
    })
}

async fn ground(count: u16, seed: u64) -> (Hardmatch, Server) {
    let server = Server::with(&accounts(count, false), storm(seed), |_| {}).await;
    let auth = "auth: { clientSecret: { clientId: 11111111-2222-4333-8444-000000000001, secret: { env: SECRET } } }";
    let live = format!("tenantId: x.onmicrosoft.com, {auth}, endpoint: \"{0}\", authority: \"{0}\"", server.endpoint);
    let config = format!(
        "version: 1\ntenant: {{ graph: {{ {live} }} }}\nforests: {{ corp: {{ ldif: corp.ldif }} }}\nmappingFiles: [wave.csv]\n\
         policy: {{ limits: {{ changes: 1000000, percent: 100, purges: 1000000 }} }}\n"
    );
    let here = Hardmatch::new().env("SECRET", "anything").file("hardmatch.yaml", config);
    here.write("corp.ldif", (1..=count).map(entry).collect::<String>());
    here.write("wave.csv", format!("onPrem,cloud,holder,resolve,because\n{}", (1..=count).map(row).collect::<String>()));
    (here, server)
}

/// Applies until all is done; how often it was started and killed.
async fn apply(here: Hardmatch, mut random: Rng) -> (Hardmatch, u32, u32) {
    let work = move || {
        let digest = here.plan();
        let (mut runs, mut kills) = (0, 0);
        loop {
            runs += 1;
            let mut child = here.spawn(&["apply", "plan.json", "--digest", &digest]);
            let until = Instant::now() + Duration::from_secs(random.u64(LIVES));
            let ended = loop {
                match child.try_wait().unwrap() {
                    None if Instant::now() < until => std::thread::sleep(Duration::from_millis(100)),
                    ended => break ended,
                }
            };
            match ended.map(|status| status.code()) {
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                }
                Some(Some(0)) => return (here, runs, kills),
                Some(code) => assert!(matches!(code, Some(5 | 6 | 11 | 12)), "{code:?}"),
            }
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn by_id(tenant: &Value, list: &str) -> BTreeMap<String, Value> {
    let users = tenant[list].as_array().unwrap().iter();
    users.map(|user| (user["id"].as_str().unwrap().to_owned(), user["onPremisesImmutableId"].clone())).collect()
}

/// The deletions that the plan has, as the server sees them.
fn deletions(count: u16) -> Vec<Write> {
    let mut planned = Vec::new();
    let mut delete = |path: String| planned.push(("DELETE".to_owned(), path, "null".to_owned()));
    for n in 1..=count {
        let Fate::Twin { is_deleted, purge } = fate(n) else { continue };
        let twin = id(n + TWIN);
        // A live one is deleted to be purged, a deleted one is deleted again after it was restored to be cleared.
        if is_deleted != purge {
            delete(format!("/users/{twin}"));
        }
        if purge {
            delete(format!("/directory/deletedItems/{twin}"));
        }
    }
    planned
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two hours: the storm makes everybody wait"]
async fn ten_thousand_mappings_come_through_a_storm() {
    let (count, seed) = (cases(10_000).min(10_000).try_into().unwrap(), 11);
    let (here, server) = ground(count, seed).await;
    let begun = Instant::now();
    let (here, runs, kills) = apply(here, Rng::with_seed(seed)).await;
    let took = begun.elapsed().as_secs();
    let (found, wanted) = (server.ask("/__emulator/tenant").await, accounts(count, true));
    for list in ["users", "deletedUsers"] {
        assert_eq!(by_id(&found, list), by_id(&wanted, list), "{list}");
    }
    let log = server.ask("/__emulator/requests").await["value"].as_array().unwrap().clone();
    let deletions = deletions(count);
    assert_eq!(check::repeated_deletions(&log, &deletions), [] as [String; 0]);
    let copies = std::fs::read_dir(here.path().join("backups")).unwrap().count();
    let of = |wanted: &dyn Fn(&Value) -> bool| log.iter().filter(|entry| wanted(entry)).count();
    let status = |status: u16| of(&|entry| entry["status"] == status);
    eprintln!(
        "{count} mappings in {took} s, {runs} runs of which {kills} were killed; {} requests, {} writes, {} answers 429, {} 503, {} 504, \
         {} resets; {} deletions, {copies} copies",
        log.len(),
        check::writes(&log).len(),
        status(429),
        status(503),
        status(504),
        of(&|entry| entry["fault"] == "reset"),
        deletions.len(),
    );
}
