//! A tenant behind HTTP, a forest in a file, and a plan that is carried out in them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hardmatch::apply::journal::{Journal, JournalState, journal_path};
use hardmatch::apply::rollback::{read_settled, rehearsed};
use hardmatch::apply::{self, ApplyError, Directories, Options, RunReport};
use hardmatch::directory::open;
use hardmatch::model::{AnchorMode, Policy};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::fault::script;
use super::world::Ready;
use crate::applying::{folder, request};
use crate::graph::Server;

/// Whoever is slower has given up.
const LONGEST: Duration = Duration::from_secs(60);

/// Where one plan is carried out.
pub(super) struct Site<'a> {
    pub(super) ready: &'a Ready,
    server: Arc<Server>,
    folder: TempDir,
}

/// The directories as they stand, without times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Image {
    tenant: Value,
    ldif: String,
}

impl<'a> Site<'a> {
    pub(super) async fn new(ready: &'a Ready, script: Value) -> Self {
        Self::at(ready, Arc::new(Server::with(&ready.tenant, script, |_| {}).await))
    }

    pub(super) fn at(ready: &'a Ready, server: Arc<Server>) -> Self {
        let folder = folder();
        std::fs::write(folder.path().join("corp.ldif"), &ready.ldif).unwrap();
        Self { ready, server, folder }
    }

    /// The same plan and tenant, and another folder.
    pub(super) fn elsewhere(&self) -> Self {
        Self::at(self.ready, Arc::clone(&self.server))
    }

    fn plan(&self) -> PathBuf {
        self.folder.path().join("plan.json")
    }

    pub(super) fn backups(&self) -> PathBuf {
        self.folder.path().join("backups")
    }

    fn directories(&self, answer_timeout: Duration) -> Directories {
        let tenant = Arc::new(self.server.client_that_waits(answer_timeout));
        let forest = open::ldif(&self.folder.path().join("corp.ldif"), "corp", &AnchorMode::ConsistencyGuid).unwrap();
        Directories { tenant, forests: BTreeMap::from([("corp".to_owned(), forest)]) }
    }

    /// Carries the plan out, or goes on with it; `None` when that takes for ever.
    pub(super) async fn apply(&self, answer_timeout: Duration) -> Option<Result<RunReport, ApplyError>> {
        let (plan, millis) = (self.plan(), Duration::from_millis);
        let options = Options {
            concurrency: 1,
            read_back: vec![millis(0), millis(1), millis(1), millis(2), millis(2)],
            retry: vec![millis(1); 5],
            ..Options::new(self.backups())
        };
        let request = request(&plan, &self.ready.digest, &self.ready.body, options);
        let directories = self.directories(answer_timeout);
        tokio::time::timeout(LONGEST, apply::carry_out(&request, &directories)).await.ok()
    }

    /// The plan that undoes what was done, on the directories as they stand; `None` where nothing of it can be undone.
    pub(super) async fn way_back(&self) -> Option<Ready> {
        let state = self.journal().unwrap();
        let (history, directories) = (state.history(&self.ready.digest), self.directories(LONGEST));
        let pauses = [0, 1, 1, 2, 2].map(Duration::from_millis);
        let current = read_settled(&history, &directories, &pauses, history.last_told().unwrap(), |_, _| {}).await.unwrap();
        let policy = Policy::default();
        let back = rehearsed(&history, "plan.journal.jsonl", &current, &policy, &*directories.tenant).await;
        let body = back.unwrap().unwrap();
        let tenant = self.server.ask("/__emulator/tenant").await;
        let ldif = std::fs::read_to_string(self.folder.path().join("corp.ldif")).unwrap();
        let name = format!("the way back of {}", self.ready.name);
        (!body.actions.is_empty()).then(|| Ready { digest: name.clone(), name, tenant, ldif, body })
    }

    /// No fault happens from now on; readers are as late as before.
    pub(super) async fn calm(&self, lag: &Value) {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let address = format!("{}/__emulator/faults", self.server.endpoint);
        assert!(client.post(address).json(&script(None, lag)).send().await.unwrap().status().is_success());
    }

    pub(super) async fn image(&self) -> Image {
        let mut tenant = self.server.ask("/__emulator/tenant").await;
        for list in ["users", "deletedUsers"] {
            tenant[list].as_array_mut().unwrap().sort_by_key(|user| user["id"].to_string());
        }
        for user in tenant["deletedUsers"].as_array_mut().unwrap() {
            user["deletedDateTime"] = json!("then");
        }
        tenant["takenAt"] = Value::Null;
        Image { tenant, ldif: std::fs::read_to_string(self.folder.path().join("corp.ldif")).unwrap() }
    }

    /// The log of the server.
    pub(super) async fn log(&self) -> Vec<Value> {
        self.server.ask("/__emulator/requests").await["value"].as_array().unwrap().clone()
    }

    pub(super) fn journal(&self) -> Result<JournalState, String> {
        Journal::read(&journal_path(&self.plan())).map_err(|error| error.to_string())
    }
}
