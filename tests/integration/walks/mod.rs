//! Recipes from the first plan to `linked`: plan, do what the steps say, sync, apply, as often as it takes.
//!
//! Only what a plan says is done between two runs: that is what these tests are about.

mod duplicate;
mod federated;
pub(crate) mod ground;
mod migration;
mod recycle_bin;
mod swap;
mod switched_off;

use hardmatch::model::{AdUser, ObservedForest};
use serde_json::{Value, json};

use crate::common::{Hardmatch, Outcome};
use crate::tenants::{Running, serve, tenant, user};
use ground::{Forest, somebody};

/// A walk under way.
struct Walk {
    here: Hardmatch,
    server: Running,
    forests: Vec<Forest>,
}

/// A plan that was looked at.
struct Planned(Value);

impl Walk {
    /// Puts a tenant beside forests whose users were made already, and a configuration with these mappings.
    async fn start(
        here: Hardmatch,
        forests: Vec<Forest>,
        mappings: &str,
        script: Value,
        accounts: impl FnOnce(&[ObservedForest]) -> Value,
    ) -> Self {
        let entries: String = forests.iter().map(Forest::config).collect();
        let here = forests.iter().filter_map(Forest::password).fold(here, |here, password| here.env("LDAP_PASSWORD", password));
        let nobody = tenant(vec![user(1, "nobody", json!({}))], vec![]);
        here.write("nobody.json", nobody.to_string());
        let config = |tenant: &str| format!("version: 1\ntenant: {{ {tenant} }}\nforests:\n{entries}mappings:\n{mappings}");
        here.write("hardmatch.yaml", config("snapshot: nobody.json"));
        save(&here, &forests).await;
        let read: Vec<ObservedForest> = forests.iter().map(|forest| forest.read(here.path())).collect();
        let server = serve_synced(&here, &forests, &accounts(&read), &script).await;
        let auth = "auth: { token: { env: GRAPH_TOKEN } }";
        let live = format!("graph: {{ tenantId: x.onmicrosoft.com, {auth}, endpoint: \"{}\" }}", server.endpoint);
        here.write("hardmatch.yaml", config(&live));
        let here = here.env("GRAPH_TOKEN", &server.token);
        Self { here, server, forests }
    }

    /// The tenant some days later, changed in a way that takes another sync client.
    async fn later(mut self, change: impl FnOnce(&mut Value), script: Value) -> Self {
        let mut tenant = self.tenant().await;
        change(&mut tenant);
        let server = serve_synced(&self.here, &self.forests, &tenant, &script).await;
        self.here.edit("hardmatch.yaml", &self.server.endpoint, &server.endpoint);
        self.here = self.here.env("GRAPH_TOKEN", &server.token);
        Self { server, ..self }
    }

    /// Plans and checks how that ends.
    async fn plan(&self, code: i32) -> Planned {
        let run = run(&self.here, &["plan", "--format", "json"]).await;
        run.expect(code);
        self.planned(&run.stdout)
    }

    /// A plan, with the containers of the walk written as `[WALK]`.
    fn planned(&self, plan: &str) -> Planned {
        let plan = self.forests.iter().fold(plan.to_owned(), |plan, forest| plan.replace(&forest.base, "[WALK]"));
        let plan: Value = serde_json::from_str(&plan).unwrap();
        Planned(plan["body"].clone())
    }

    /// Plans, and carries the plan out.
    async fn apply(&self) -> Planned {
        self.apply_with(&[]).await
    }

    async fn apply_with(&self, extra: &[&str]) -> Planned {
        let planned = run(&self.here, &["plan", "--out", "plan.json"]).await;
        planned.expect(0);
        let digest = self.here.digest("plan.json");
        run(&self.here, &[&["apply", "plan.json", "--digest", &digest], extra].concat()).await.expect(0);
        self.planned(&self.here.read("plan.json"))
    }

    /// One sync cycle, as `name outcome` in the order of the names; of refusals the code.
    async fn cycle(&self) -> Vec<String> {
        save(&self.here, &self.forests).await;
        let done = self.post("/__emulator/sync").await;
        let entries = done["value"].as_array().unwrap_or_else(|| panic!("{done}"));
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let word = |entry: &Value| entry["code"].as_str().map_or_else(|| text(entry, "outcome"), ToOwned::to_owned);
        let mut told: Vec<String> = entries.iter().map(|entry| format!("{} {}", text(entry, "sam"), word(entry))).collect();
        told.sort();
        told
    }

    /// State and mapping of everybody.
    async fn verify(&self) -> Vec<String> {
        let run = run(&self.here, &["verify", "--format", "json"]).await;
        let states: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let states = states["mappings"].as_array().unwrap();
        states.iter().map(|entry| format!("{} {}", text(entry, "id"), text(entry, "state"))).collect()
    }

    /// Takes people out of the scope of sync, or brings them back.
    fn move_to(&self, ou: &str, forest: usize, people: &[&str]) {
        self.forests[forest].move_to(&self.here, people, ou);
    }

    /// Writes something into the configuration.
    fn write(&self, from: &str, to: &str) {
        self.here.edit("hardmatch.yaml", from, to);
    }

    /// Writes something into the configuration wherever a text stands.
    fn write_everywhere(&self, from: &str, to: &str) {
        let old = self.here.read("hardmatch.yaml");
        assert!(old.contains(from), "{old}");
        self.here.write("hardmatch.yaml", old.replace(from, to));
    }

    async fn post(&self, path: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        client.post(format!("{}{path}", self.server.endpoint)).send().await.unwrap().json().await.unwrap()
    }

    /// The tenant as it stands.
    async fn tenant(&self) -> Value {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        client.get(format!("{}/__emulator/tenant", self.server.endpoint)).send().await.unwrap().json().await.unwrap()
    }
}

impl Planned {
    /// The codes of all blockers, in order.
    fn blockers(&self) -> Vec<&str> {
        let blockers = self.findings().filter(|finding| finding["severity"] == "blocker");
        blockers.map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    /// What the first finding of this code says, its steps numbered.
    #[track_caller]
    fn steps(&self, code: &str) -> String {
        let found = self.findings().find(|finding| finding["code"] == code);
        let finding = found.unwrap_or_else(|| panic!("no {code} in {:#}", self.0["findings"]));
        let steps = finding["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap());
        let steps = (1..).zip(steps).map(|(n, step)| format!("{n}. {step}"));
        steps.collect::<Vec<_>>().join("\n")
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.0["findings"].as_array().unwrap().iter()
    }

    /// What is done, in order.
    fn actions(&self) -> Vec<&str> {
        self.0["actions"].as_array().unwrap().iter().map(|action| action["kind"].as_str().unwrap()).collect()
    }
}

/// Serves a tenant, and a sync client that reads these forests.
async fn serve_synced(here: &Hardmatch, forests: &[Forest], tenant: &Value, script: &Value) -> Running {
    let files = forests.iter().map(|forest| here.path().join(forest.ldif())).collect();
    let excluded = forests.iter().map(|forest| forest.below("NoSync").parse().unwrap()).collect();
    serve(tenant, script, |options, _| (options.forests, options.out_of_scope) = (files, excluded)).await
}

/// Runs the program while the emulator goes on serving.
async fn run(here: &Hardmatch, args: &[&str]) -> Outcome {
    let mut command = here.command(args);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Saves the forests that live on a server; the sync client reads what was saved.
async fn save(here: &Hardmatch, forests: &[Forest]) {
    if forests.iter().any(Forest::is_live) {
        run(here, &["snapshot", "--force", "synced"]).await.expect(0);
    }
}

/// The properties of an account that sync links to this AD user.
fn linked(forest: &ObservedForest, sam: &str) -> Value {
    let (user, anchor): (&AdUser, String) = somebody(forest, sam);
    json!({
        "onPremisesImmutableId": anchor, "onPremisesSyncEnabled": true, "onPremisesObjectIdentifier": user.guid.to_string(),
        "onPremisesSecurityIdentifier": user.sid,
    })
}
