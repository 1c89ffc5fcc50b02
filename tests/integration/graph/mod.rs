//! The Graph adapter and the verbs on a live tenant, against the emulator over HTTP.

mod between;
mod depth;
pub(crate) mod gateway;
mod guards;
mod reading;
mod rights;
mod scenario;
mod side_by_side;
mod signals;
mod verbs;
mod writing;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hardmatch::directory::entra::graph::auth::{AccessToken, TokenSource};
use hardmatch::directory::entra::graph::{GraphSettings, GraphTenant, Patience};
use hardmatch::directory::ports::DirectoryError;
use hardmatch::emulator::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::tenants::{Running, deleted, id, serve, tenant, user};

/// A running emulator.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) token: String,
    /// Where its clients come in, if not at its own endpoint.
    gate: Option<String>,
    _folder: TempDir,
}

impl Server {
    async fn start(tenant: &Value) -> Self {
        Self::scripted(tenant, json!({})).await
    }

    async fn scripted(tenant: &Value, script: Value) -> Self {
        Self::with(tenant, script, |_| {}).await
    }

    pub(crate) async fn with(tenant: &Value, script: Value, adapt: impl FnOnce(&mut Options)) -> Self {
        let Running { endpoint, token, folder } = serve(tenant, &script, |options, _| adapt(options)).await;
        Self { endpoint, token, gate: None, _folder: folder }
    }

    /// Moves its clock to a time.
    pub(crate) async fn go_to(&self, time: &str) {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let advance = async |seconds: i64| -> Value {
            let body = json!({ "advanceSeconds": seconds });
            client.post(format!("{}/__emulator/clock", self.endpoint)).json(&body).send().await.unwrap().json().await.unwrap()
        };
        let moment = |time: &str| time.parse::<jiff::Timestamp>().unwrap().as_second();
        let now = advance(0).await;
        advance(moment(time) - moment(now["now"].as_str().unwrap())).await;
    }

    fn client(&self) -> GraphTenant {
        GraphTenant::new(self.settings()).unwrap()
    }

    /// A client that gives an answer so much time.
    pub(crate) fn client_that_waits(&self, answer_timeout: Duration) -> GraphTenant {
        GraphTenant::new(GraphSettings { answer_timeout, ..self.settings() }).unwrap()
    }

    /// A client that asks for so many users a page.
    pub(crate) fn client_with_pages(&self, page_size: u32) -> GraphTenant {
        GraphTenant::new(GraphSettings { page_size, ..self.settings() }).unwrap()
    }

    fn settings(&self) -> GraphSettings {
        let tokens = Arc::new(Emulated::new(self));
        let mut settings = GraphSettings::new(self.gate.as_ref().unwrap_or(&self.endpoint), tokens);
        let millis = Duration::from_millis;
        settings.patience = Patience { attempts: 5, total: millis(3_000), first: millis(1), longest: millis(5) };
        settings
    }

    pub(crate) async fn ask(&self, path: &str) -> Value {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        client.get(format!("{}{path}", self.endpoint)).send().await.unwrap().json().await.unwrap()
    }

    /// Method and path of every request so far, parts of batches included.
    async fn requests(&self) -> Vec<String> {
        let log = self.ask("/__emulator/requests").await;
        let entries = log["value"].as_array().or(log.as_array()).unwrap().clone();
        entries.iter().map(|entry| format!("{} {}", entry["method"].as_str().unwrap(), entry["path"].as_str().unwrap())).collect()
    }
}

/// The token that the emulator printed; a fresh one once that is refused.
struct Emulated {
    endpoint: String,
    held: Mutex<String>,
}

impl Emulated {
    fn new(server: &Server) -> Self {
        Self { endpoint: server.endpoint.clone(), held: Mutex::new(server.token.clone()) }
    }
}

#[async_trait]
impl TokenSource for Emulated {
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, DirectoryError> {
        if rejected.is_none() {
            return Ok(AccessToken { secret: self.held.lock().unwrap().clone().into() });
        }
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let url = format!("{}/__emulator/token", self.endpoint);
        let fresh: Value = client.post(url).send().await.unwrap().json().await.unwrap();
        fresh["token"].as_str().unwrap().clone_into(&mut self.held.lock().unwrap());
        Ok(AccessToken { secret: self.held.lock().unwrap().clone().into() })
    }
}
