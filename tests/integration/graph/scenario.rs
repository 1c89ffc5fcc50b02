//! The whole way, on servers: a domain controller, a tenant in disorder, doctor, plan, apply through a storm, a sync
//! cycle, and verify says linked.

use std::path::Path;

use hardmatch::directory::exports::read_ldif;
use hardmatch::model::{AdUser, AnchorMode, ObservedForest, effective_anchor};

use super::verbs::run;
use super::*;
use crate::common::Hardmatch;
use crate::ldap::{Dc, SERVER, dc};

/// Accounts by id, as sync will rename them.
const CONFIG: &str = r#"version: 1
tenant:
  SOURCE
forests:
  corp:
    ldap:
      url: ldaps://127.0.0.1
      baseDn: OU=People,DC=hardmatch,DC=test
      bind: { simple: { user: svc-reader@hardmatch.test, password: { env: LDAP_PASSWORD } } }
      ca: AUTHORITY
mappings:
  - onPrem: ann
    cloud: 00000000-0000-4000-8000-000000000011
    holders:
      - { account: ann4711@x.example, resolve: purge, because: stale twin of the first sync }
  - onPrem: bob@hardmatch.test
    cloud: 00000000-0000-4000-8000-000000000021
    holders:
      - { account: { id: "00000000-0000-4000-8000-000000000022" }, resolve: purge, because: deleted last month }
  - { onPrem: zoe, cloud: 00000000-0000-4000-8000-000000000031 }
  - { onPrem: dora, cloud: 00000000-0000-4000-8000-000000000041 }
  - { onPrem: stampme, cloud: 00000000-0000-4000-8000-000000000051 }
policy: { limits: { percent: 100 } }
"#;

/// The mess: a stale twin, a holder in the bin, two accounts with each other's IDs, and one ID that a synced account has.
fn disorder(forest: &ObservedForest) -> Value {
    let id_of = |sam: &str| anchor(forest, sam).1;
    let linked = |id: String, sid: &AdUser| json!({ "onPremisesImmutableId": id, "onPremisesSecurityIdentifier": sid.sid });
    let (ann, bob) = (anchor(forest, "ann").0, anchor(forest, "bob").0);
    let mut twin = linked(id_of("ann"), ann);
    twin["onPremisesSyncEnabled"] = json!(false);
    let mut synced = json!({ "onPremisesImmutableId": id_of("stampme") });
    synced["onPremisesSyncEnabled"] = json!(true);
    tenant(
        vec![
            user(0x11, "ann", json!({})),
            user(0x12, "ann4711", twin),
            user(0x21, "bob", json!({})),
            user(0x31, "zoe", json!({ "onPremisesImmutableId": id_of("dora") })),
            user(0x41, "dora", json!({ "onPremisesImmutableId": id_of("zoe") })),
            user(0x51, "stamp", json!({})),
            user(0x52, "somebody", synced),
        ],
        vec![deleted(0x22, "bob", linked(id_of("bob"), bob))],
    )
}

fn anchor<'f>(forest: &'f ObservedForest, sam: &str) -> (&'f AdUser, String) {
    let user = forest.users.iter().find(|user| user.sam.as_deref() == Some(sam)).unwrap();
    (user, effective_anchor(&AnchorMode::ConsistencyGuid, user).unwrap().value.to_string())
}

fn storm() -> Value {
    json!({
        "switches": { "formerlySynced": "refuse" },
        "lag": { "reads": { "calls": 1 }, "index": { "calls": 2 }, "bin": { "calls": 1 }, "release": { "calls": 1 } },
        "faults": [
            { "method": "PATCH", "every": 3, "answer": { "status": 429, "retryAfter": 0 } },
            { "method": "PATCH", "nth": 2, "answer": { "status": 504, "afterWrite": true, "html": true } },
            { "method": "DELETE", "nth": 1, "reset": "afterWrite" },
            { "method": "GET", "every": 5, "answer": { "status": 503, "retryAfter": 0 } },
            { "method": "GET", "nth": 9, "truncate": true },
            { "batch": true, "every": 7, "answer": { "status": 429, "retryAfter": 0 } },
        ],
    })
}

/// The forest as a file, saved by the program itself: the emulator's sync reads it.
async fn save_forest(dc: &Dc) -> (Hardmatch, ObservedForest) {
    let config = CONFIG.replace("AUTHORITY", &dc.tls("ca.pem").display().to_string());
    let nobody = tenant(vec![user(1, "nobody", json!({}))], Vec::new());
    let here = Hardmatch::new().env("LDAP_PASSWORD", &dc.password).file("tenant.json", nobody.to_string());
    here.write("hardmatch.yaml", config.replace("SOURCE", "snapshot: tenant.json"));
    run(&here, &["snapshot", "saved"]).await.expect(0);
    let forest = read_ldif(&here.path().join("saved/corp.ldif"), "corp", &AnchorMode::ConsistencyGuid).unwrap();
    here.write("hardmatch.yaml", config);
    (here, forest)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_disorder_to_linked() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let (here, forest) = save_forest(&dc).await;
    let ldif = here.path().join("saved/corp.ldif");
    let server = Server::with(&disorder(&forest), storm(), |options| options.forests = vec![ldif]).await;
    let live = format!(
        "graph: {{ tenantId: x.onmicrosoft.com, auth: {{ token: {{ env: GRAPH_TOKEN }} }}, endpoint: \"{}\" }}",
        server.endpoint
    );
    here.edit("hardmatch.yaml", "SOURCE", &live);
    let here = here.env("GRAPH_TOKEN", &server.token);

    let doctor = run(&here, &["doctor"]).await;
    doctor.expect(0).shows(&["signed in to x.onmicrosoft.com", "certificate verified", "Everything that is needed works"]);
    let whole = run(&here, &["plan"]).await;
    whole.expect(13).shows(&["holder-synced", "somebody@x.example"]);
    run(&here, &["plan", "--partial", "--out", "plan.json"]).await.expect(0).shows(&["status   partial"]);
    apply(&here).await;

    let synced = post(&server, "/__emulator/sync").await;
    let verify = run(&here, &["verify", "--format", "json"]).await;
    let states: Value = serde_json::from_str(&verify.stdout).unwrap_or_else(|_| panic!("{}", verify.stderr));
    let states: Vec<(&str, &str)> = states["mappings"].as_array().unwrap().iter().map(state).collect();
    let states: Vec<(&str, &str)> = states.into_iter().map(|(id, state)| (&id[34..], state)).collect();
    let wanted = [("11", "linked"), ("21", "linked"), ("31", "linked"), ("41", "linked"), ("51", "blocked")];
    assert_eq!(states, wanted, "{synced:#}");
    let backups = std::fs::read_dir(here.path().join("backups")).unwrap().count();
    assert_eq!(backups, 2, "both purged accounts are saved");
}

fn state(mapping: &Value) -> (&str, &str) {
    (mapping["id"].as_str().unwrap(), mapping["state"].as_str().unwrap())
}

/// Runs `apply` until it has nothing left to say: a storm may stop it, and it goes on where it was.
async fn apply(here: &Hardmatch) {
    let plan: Value = serde_json::from_str(&here.read("plan.json")).unwrap();
    let digest = plan["digest"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        let applied = run(here, &["apply", "plan.json", "--digest", &digest]).await;
        if applied.code == Some(0) {
            return;
        }
        assert!(matches!(applied.code, Some(5 | 11 | 12)), "{}{}", applied.stdout, applied.stderr);
    }
    panic!("the plan was not carried out: {}", here.read(Path::new("plan.journal.jsonl").to_str().unwrap()));
}

async fn post(server: &Server, path: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    client.post(format!("{}{path}", server.endpoint)).send().await.unwrap().json().await.unwrap()
}

/// Whoever answers with a certificate that nobody vouches for never sees the token.
#[tokio::test(flavor = "multi_thread")]
async fn a_man_in_the_middle_is_refused() {
    let Some(_dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let here = Hardmatch::example("first-link").env("GRAPH_TOKEN", "ey.secret.token");
    let live = "graph: { tenantId: contoso.onmicrosoft.com, auth: { token: { env: GRAPH_TOKEN } }, endpoint: \"https://127.0.0.1:636\" }";
    here.edit("hardmatch.yaml", "snapshot: tenant.json", live);
    let refused = run(&here, &["-vvv", "plan"]).await;
    refused.expect(5);
    assert!(refused.stderr.contains("certificate"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("ey.secret"), "{}", refused.stderr);
}
