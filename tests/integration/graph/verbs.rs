//! The program on a live tenant, from outside: the same plans as from files, carried out through any storm.

use crate::common::{EXAMPLES, Hardmatch, Outcome};

use super::*;

/// A folder of `examples/`, and an emulator that serves its tenant.
pub(super) struct Live {
    pub(super) here: Hardmatch,
    pub(super) server: Server,
}

impl Live {
    pub(super) async fn example(name: &str, script: Value) -> Self {
        Self::of(Hardmatch::example(name), script).await
    }

    /// The same at the time at which it was exported.
    async fn as_exported(here: Hardmatch) -> Self {
        let tenant: Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
        let live = Self::of(here, allowing()).await;
        live.server.go_to(tenant["takenAt"].as_str().unwrap()).await;
        live
    }

    async fn of(here: Hardmatch, script: Value) -> Self {
        let tenant: Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
        let server = Server::scripted(&tenant, script).await;
        let auth = "auth: { token: { env: GRAPH_TOKEN } }";
        let live = format!("graph: {{ tenantId: contoso.onmicrosoft.com, {auth}, endpoint: \"{}\" }}", server.endpoint);
        here.write("snapshot.yaml", here.read("hardmatch.yaml"));
        here.edit("hardmatch.yaml", "snapshot: tenant.json", &live);
        let here = here.env("GRAPH_TOKEN", &server.token);
        Self { here, server }
    }

    pub(super) async fn run(&self, args: &[&str]) -> Outcome {
        run(&self.here, args).await
    }

    /// The body of a plan, without what says which files it came from.
    async fn body(&self, config: &str, read: &str) -> Value {
        let planned = self.run(&["plan", "--config", config, "--read", read, "--format", "json"]).await;
        let mut plan: Value = serde_json::from_str(&planned.stdout).unwrap_or_else(|_| panic!("{}", planned.stderr));
        let body = plan["body"].as_object_mut().unwrap();
        body.remove("inputs");
        let text = serde_json::to_string(body).unwrap().replace("snapshot.yaml", "hardmatch.yaml");
        serde_json::from_str(&text).unwrap()
    }

    pub(super) async fn apply(&self, extra: &[&str]) -> Outcome {
        let planned = self.run(&["plan", "--out", "plan.json"]).await;
        assert_eq!(planned.code, Some(0), "{}{}", planned.stdout, planned.stderr);
        let plan: Value = serde_json::from_str(&self.here.read("plan.json")).unwrap();
        let digest = plan["digest"].as_str().unwrap().to_owned();
        self.run(&[&["apply", "plan.json", "--digest", &digest], extra].concat()).await
    }
}

/// Runs the program while the emulator goes on serving.
pub(super) async fn run(here: &Hardmatch, args: &[&str]) -> Outcome {
    let mut command = here.command(args);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn allowing() -> Value {
    json!({ "switches": { "formerlySynced": "allow" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_tenant_gives_the_same_plan_as_its_snapshot() {
    for name in EXAMPLES {
        let live = Live::as_exported(Hardmatch::example(name)).await;
        let file = live.body("snapshot.yaml", "auto").await;
        for read in ["needed", "everything"] {
            assert_eq!(live.body("hardmatch.yaml", read).await, file, "{name}, {read}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_as_lately_is_told_by_the_clock_of_the_tenant() {
    for (last, is_in_use) in [("2026-10-01T08:00:00Z", false), ("2026-11-20T08:00:00Z", true)] {
        let here = Hardmatch::example("duplicate-account");
        let mut tenant: Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
        for user in tenant["users"].as_array_mut().unwrap() {
            user["signInActivity"] = json!({ "lastSignInDateTime": last });
        }
        here.write("tenant.json", tenant.to_string());
        let live = Live::as_exported(here).await;
        let file = live.body("snapshot.yaml", "auto").await;
        assert_eq!(file.to_string().contains("holder-in-use"), is_in_use, "{last}");
        for read in ["needed", "everything"] {
            assert_eq!(live.body("hardmatch.yaml", read).await, file, "{last}, {read}");
        }
    }
}

/// Looked up one by one or picked from lists, a live tenant says of a person what its snapshot says.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_tenant_explains_as_its_snapshot() {
    let people =
        [("duplicate-account", "james.bond"), ("everything-wrong", "target-synced@contoso.com"), ("recycle-bin", "omar.haddad")];
    for (name, who) in people {
        let live = Live::as_exported(Hardmatch::example(name)).await;
        let explained = async |config: &str, read: &str| {
            let outcome = live.run(&["explain", who, "--config", config, "--read", read, "--format", "json"]).await;
            assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
            outcome.stdout.replace("snapshot.yaml", "hardmatch.yaml")
        };
        let file = explained("snapshot.yaml", "auto").await;
        for read in ["auto", "needed", "everything"] {
            assert_eq!(explained("hardmatch.yaml", read).await, file, "{name}, {read}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_tenant_gives_the_same_proposals_as_its_snapshot() {
    for name in ["bulk-rules", "everything-wrong", "duplicate-account"] {
        let live = Live::as_exported(Hardmatch::example(name)).await;
        let mut found = Vec::new();
        for config in ["snapshot.yaml", "hardmatch.yaml"] {
            let yaml = live.here.read(config);
            let bare = yaml.split("\nmappings:").next().unwrap().split("\nmappingFiles:").next().unwrap();
            live.here.write(config, format!("{bare}\n"));
            let discovered = live.run(&["discover", "--config", config, "--format", "json"]).await;
            assert_eq!(discovered.code, Some(0), "{}", discovered.stderr);
            let json: Value = serde_json::from_str(&discovered.stdout).unwrap();
            found.push(json);
        }
        let count = |list: &str| found[0][list].as_array().unwrap().len();
        assert!(count("proposals") + count("leftOut") > 1, "{name}");
        assert_eq!(found[0], found[1], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_live_is_planned_no_more() {
    for name in EXAMPLES.into_iter().filter(|name| !["everything-wrong", "sync-refuses"].contains(name)) {
        let live = Live::example(name, allowing()).await;
        let applied = live.apply(&[]).await;
        assert_eq!(applied.code, Some(0), "{name}: {}{}", applied.stdout, applied.stderr);
        let again = live.run(&["plan", "--detailed-exitcode"]).await;
        assert_eq!(again.code, Some(0), "{name}: {}", again.stdout);
    }
}

/// Whatever goes wrong on the way, the run ends with everything done, or goes on where it stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_faults_changes_nothing_of_the_end() {
    let storm = json!({
        "switches": { "formerlySynced": "allow" },
        "lag": { "reads": { "calls": 1 }, "index": { "calls": 2 }, "bin": { "calls": 1 }, "release": { "calls": 1 } },
        "faults": [
            { "method": "PATCH", "every": 4, "answer": { "status": 429, "retryAfter": 0 } },
            { "method": "PATCH", "nth": 2, "answer": { "status": 504, "afterWrite": true, "html": true } },
            { "method": "DELETE", "nth": 2, "reset": "afterWrite" },
            { "method": "GET", "every": 5, "answer": { "status": 503, "retryAfter": 0 } },
            { "method": "GET", "nth": 7, "truncate": true },
            { "batch": true, "every": 6, "answer": { "status": 429, "retryAfter": 0 } },
            { "path": "/users/*", "nth": 9, "reset": "beforeWrite" },
        ],
    });
    let calm = Live::example("recycle-bin", allowing()).await;
    assert_eq!(calm.apply(&[]).await.code, Some(0));
    let stormy = Live::example("recycle-bin", storm).await;
    let mut run = stormy.apply(&[]).await;
    for _ in 0..5 {
        if run.code == Some(0) {
            break;
        }
        let plan: Value = serde_json::from_str(&stormy.here.read("plan.json")).unwrap();
        let digest = plan["digest"].as_str().unwrap().to_owned();
        run = stormy.run(&["apply", "plan.json", "--digest", &digest]).await;
    }
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let users = |tenant: Value| {
        let mut tenant = tenant;
        for user in tenant["deletedUsers"].as_array_mut().unwrap() {
            user["deletedDateTime"] = json!("then");
        }
        (tenant["users"].clone(), tenant["deletedUsers"].clone())
    };
    assert_eq!(users(calm.server.ask("/__emulator/tenant").await), users(stormy.server.ask("/__emulator/tenant").await));
}

/// Nothing is written before approval, every write follows a reading of the same account, and only accounts of the plan
/// are written.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_the_server_shows_a_careful_client() {
    let live = Live::example("duplicate-account", allowing()).await;
    live.run(&["doctor"]).await;
    live.run(&["plan", "--out", "plan.json"]).await;
    live.run(&["apply", "plan.json", "--digest", "sha256:0"]).await;
    let is_write = |request: &String| ["PATCH ", "DELETE "].iter().any(|method| request.starts_with(method));
    assert!(!live.server.requests().await.iter().any(is_write));
    std::fs::remove_file(live.here.path().join("plan.json")).unwrap();
    assert_eq!(live.apply(&[]).await.code, Some(0));
    let plan: Value = serde_json::from_str(&live.here.read("plan.json")).unwrap();
    let planned: Vec<&str> =
        plan["body"]["actions"].as_array().unwrap().iter().map(|one| one["target"]["id"].as_str().unwrap()).collect();
    let requests = live.server.requests().await;
    let id_of = |request: &str| planned.iter().find(|id| request.contains(**id)).copied();
    let mut read = std::collections::BTreeSet::new();
    for request in &requests {
        if is_write(request) {
            let id = id_of(request).unwrap_or_else(|| panic!("{request} is not of the plan"));
            assert!(read.remove(id), "{request} follows no reading");
        } else if let Some(id) = id_of(request) {
            read.insert(id);
        }
    }
    assert!(requests.iter().filter(|request| is_write(request)).count() >= planned.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_in_the_middle_stops_all_writes() {
    let fault = json!({ "method": "PATCH", "nth": 2, "removePermissions": ["User.ReadWrite.All"] });
    let live = Live::example("first-link", json!({ "faults": [fault] })).await;
    let run = live.apply(&[]).await;
    assert_eq!(run.code, Some(11), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("User.ReadWrite.All") || run.stderr.contains("User.ReadWrite.All"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    let written = live.server.requests().await.iter().filter(|request| request.starts_with("PATCH")).count();
    assert!(written <= 3, "{written}");
}

/// The tenant that answers is the one that the plan is for.
#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_is_noticed() {
    let live = Live::example("first-link", json!({})).await;
    live.here.edit("hardmatch.yaml", "contoso.onmicrosoft.com", "fabrikam.onmicrosoft.com");
    let run = live.run(&["plan"]).await;
    assert_eq!(run.code, Some(3));
    assert!(run.stderr.contains("fabrikam.onmicrosoft.com") && run.stderr.contains("contoso.onmicrosoft.com"), "{}", run.stderr);
}

/// Neither the token nor anything that looks like one is shown, however much is said.
#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_shown_at_any_verbosity() {
    let fault = json!({ "path": "/users", "nth": 1, "answer": { "status": 401, "code": "InvalidAuthenticationToken" } });
    let live = Live::example("first-link", json!({ "faults": [fault] })).await;
    for args in [&["-vvv", "plan"][..], &["-vvv", "doctor"], &["-vvv", "verify", "--format", "json"], &["-vvv", "snapshot"]] {
        let run = live.run(args).await;
        assert!(run.stderr.contains("request-id"), "{args:?}: {}", run.stderr);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(!said.contains(&live.server.token) && !said.contains("Bearer"), "{args:?}");
    }
}

/// A tenant that says "later" for ever is waited for with patience, not for ever; nothing is half done.
#[tokio::test(flavor = "multi_thread")]
async fn patience_ends_with_a_code_of_its_own() {
    let throttled = json!({ "faults": [{ "path": "/organization", "answer": { "status": 429, "retryAfter": 400 } }] });
    let planned = Live::example("first-link", throttled).await.run(&["plan"]).await;
    assert_eq!(planned.code, Some(5), "{}", planned.stderr);
    assert!(planned.stderr.contains("429"), "{}", planned.stderr);
    let writes = json!({ "faults": [{ "method": "PATCH", "after": 1, "answer": { "status": 429, "retryAfter": 400 } }] });
    let applied = Live::example("first-link", writes).await.apply(&[]).await;
    assert_eq!(applied.code, Some(11), "{}{}", applied.stdout, applied.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_missing_and_how_to_cure_it() {
    let healthy = Live::example("recycle-bin", json!({})).await;
    let well = healthy.run(&["doctor"]).await;
    well.expect(0).shows(&[
        "ok    tenant: signed in to contoso.onmicrosoft.com",
        "ok    tenant: reads users",
        "ok    tenant: writes users (User.ReadWrite.All)",
        "ok    tenant: deletes, purges and restores users (User.DeleteRestore.All)",
        "Everything that is needed works.",
    ]);
    assert!(!healthy.server.requests().await.iter().any(|request| request.starts_with("PATCH") || request.starts_with("DELETE")));

    let permissions = ["User.Read.All", "Organization.Read.All", "User.ReadWrite.All"];
    let poor = Live::example("recycle-bin", json!({ "access": { "permissions": permissions, "roles": [] } })).await;
    poor.run(&["doctor"]).await.expect(4).shows(&[
        "FAIL  tenant: the token lacks User.DeleteRestore.All",
        "Grant the Graph permission User.DeleteRestore.All",
        "look  tenant: cannot read roles",
        "1 to mend first.",
    ]);

    let blocked = Live::example("first-link", json!({ "faults": [{ "answer": { "status": 403 } }] })).await;
    blocked.run(&["doctor"]).await.expect(4).shows(&["FAIL  tenant: GET /v1.0/organization was answered with 403"]);
}
