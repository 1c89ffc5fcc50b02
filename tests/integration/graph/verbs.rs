//! The program on a live tenant, from outside: the same plans as from files, carried out through any storm.

use crate::common::{Hardmatch, Outcome};

use super::*;

/// A folder of `examples/`, and an emulator that serves its tenant.
struct Live {
    here: Hardmatch,
    server: Server,
}

impl Live {
    async fn example(name: &str, script: Value) -> Self {
        let here = Hardmatch::example(name);
        let tenant: Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
        let server = Server::scripted(&tenant, script).await;
        let auth = "auth: { token: { env: GRAPH_TOKEN } }";
        let live = format!("graph: {{ tenantId: contoso.onmicrosoft.com, {auth}, endpoint: \"{}\" }}", server.endpoint);
        here.write("snapshot.yaml", here.read("hardmatch.yaml"));
        here.edit("hardmatch.yaml", "snapshot: tenant.json", &live);
        let here = here.env("GRAPH_TOKEN", &server.token);
        Self { here, server }
    }

    async fn run(&self, args: &[&str]) -> Outcome {
        let mut command = self.here.command(args);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The body of a plan, without what says which files it came from.
    async fn body(&self, config: &str) -> Value {
        let planned = self.run(&["plan", "--config", config, "--format", "json"]).await;
        let mut plan: Value = serde_json::from_str(&planned.stdout).unwrap_or_else(|_| panic!("{}", planned.stderr));
        let body = plan["body"].as_object_mut().unwrap();
        body.remove("inputs");
        let text = serde_json::to_string(body).unwrap().replace("snapshot.yaml", "hardmatch.yaml");
        serde_json::from_str(&text).unwrap()
    }

    async fn apply(&self, extra: &[&str]) -> Outcome {
        let planned = self.run(&["plan", "--out", "plan.json"]).await;
        assert_eq!(planned.code, Some(0), "{}{}", planned.stdout, planned.stderr);
        let plan: Value = serde_json::from_str(&self.here.read("plan.json")).unwrap();
        let digest = plan["digest"].as_str().unwrap().to_owned();
        self.run(&[&["apply", "plan.json", "--digest", &digest], extra].concat()).await
    }
}

fn allowing() -> Value {
    json!({ "switches": { "formerlySynced": "allow" } })
}

const EXAMPLES: [&str; 9] = [
    "bulk-rules",
    "chain",
    "duplicate-account",
    "everything-wrong",
    "first-link",
    "forest-migration",
    "leave-hybrid",
    "recycle-bin",
    "swap",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_live_tenant_gives_the_same_plan_as_its_snapshot() {
    for name in EXAMPLES {
        let live = Live::example(name, allowing()).await;
        let (live, file) = (live.body("hardmatch.yaml").await, live.body("snapshot.yaml").await);
        assert_eq!(live, file, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_live_is_planned_no_more() {
    for name in EXAMPLES.into_iter().filter(|name| *name != "everything-wrong") {
        let live = Live::example(name, allowing()).await;
        let applied = live.apply(&[]).await;
        assert_eq!(applied.code, Some(0), "{name}: {}{}", applied.stdout, applied.stderr);
        let again = live.run(&["plan", "--detailed-exitcode"]).await;
        assert_eq!(again.code, Some(0), "{name}: {}", again.stdout);
    }
}
