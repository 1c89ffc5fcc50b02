//! The Graph emulator from outside: over HTTP, one test for each behaviour that clients rely on.
#![expect(clippy::disallowed_methods, reason = "tokens are issued and checked against the real clock")]

mod batch;
mod bin;
mod clients;
mod directory;
mod faults;
mod hostile;
mod laws;
mod reading;
mod sign_in;
mod sync;
mod writing;

use std::path::Path;

use hardmatch::emulator::Options;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::tenants::{Running, deleted, id, serve, tenant, user};

/// A running emulator and a client of it.
struct Graph {
    client: reqwest::Client,
    endpoint: String,
    token: String,
    folder: TempDir,
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// One property of every entry of a list.
    fn column(&self, name: &str) -> Vec<String> {
        let json = self.json();
        json["value"]
            .as_array()
            .unwrap_or_else(|| panic!("{json}"))
            .iter()
            .map(|one| one[name].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Graph {
    async fn start(tenant: &Value) -> Self {
        Self::with(tenant, &json!({}), |_, _| {}).await
    }

    async fn scripted(tenant: &Value, script: Value) -> Self {
        Self::with(tenant, &script, |_, _| {}).await
    }

    async fn with(tenant: &Value, script: &Value, adapt: impl FnOnce(&mut Options, &Path)) -> Self {
        let Running { endpoint, token, folder } = serve(tenant, script, adapt).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, endpoint, token, folder }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.endpoint) };
        self.client.request(method, url).bearer_auth(&self.token)
    }

    async fn send(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, text: response.text().await.unwrap() }
    }

    async fn get(&self, path: &str) -> Reply {
        Self::send(self.request(Method::GET, path)).await
    }

    /// With `ConsistencyLevel: eventual`; the path has to bring `$count=true`.
    async fn advanced(&self, path: &str) -> Reply {
        Self::send(self.request(Method::GET, path).header("ConsistencyLevel", "eventual")).await
    }

    async fn delete(&self, path: &str) -> Reply {
        Self::send(self.request(Method::DELETE, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        Self::send(self.request(Method::POST, path).json(&body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Reply {
        Self::send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Changes a user, and says with which status that ended.
    async fn write(&self, n: u16, body: Value) -> u16 {
        self.patch(&format!("/v1.0/users/{}", id(n)), body).await.status
    }

    /// A property of a user as it stands in the snapshot.
    async fn stored(&self, n: u16, name: &str) -> Value {
        let tenant = self.get("/__emulator/tenant").await.json();
        let users = ["users", "deletedUsers"].into_iter().flat_map(|list| tenant[list].as_array().cloned().unwrap_or_default());
        users.into_iter().find(|user| user["id"] == json!(id(n))).map_or(Value::Null, |user| user[name].clone())
    }
}
