//! The Graph adapter and the verbs on a live tenant, against the emulator over HTTP.
#![expect(clippy::needless_pass_by_value, reason = "values are written down where they are handed over")]

mod reading;
mod scenario;
mod verbs;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hardmatch::directory::entra::graph::auth::{AccessToken, TokenSource};
use hardmatch::directory::entra::graph::{GraphSettings, GraphTenant, Patience};
use hardmatch::directory::ports::DirectoryError;
use hardmatch::emulator::{Emulator, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running emulator.
struct Server {
    endpoint: String,
    token: String,
    _folder: TempDir,
}

impl Server {
    async fn start(tenant: &Value) -> Self {
        Self::scripted(tenant, json!({})).await
    }

    async fn scripted(tenant: &Value, script: Value) -> Self {
        Self::with(tenant, script, |_| {}).await
    }

    async fn with(tenant: &Value, script: Value, adapt: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, json: &Value| {
            let path = folder.path().join(name);
            std::fs::write(&path, json.to_string()).unwrap();
            path
        };
        let mut options =
            Options { tenant: file("tenant.json", tenant), faults: Some(file("faults.json", &script)), ..Options::default() };
        adapt(&mut options);
        let emulator = Emulator::bind(&options).await.unwrap();
        let (endpoint, token) = (emulator.endpoint().to_owned(), emulator.token().to_owned());
        tokio::spawn(emulator.serve(std::future::pending()));
        Self { endpoint, token, _folder: folder }
    }

    fn client(&self) -> GraphTenant {
        let tokens = Arc::new(Emulated { endpoint: self.endpoint.clone(), first: self.token.clone() });
        let mut settings = GraphSettings::new(&self.endpoint, tokens);
        let millis = Duration::from_millis;
        settings.patience = Patience { attempts: 5, total: millis(3_000), first: millis(1), longest: millis(5) };
        GraphTenant::new(settings).unwrap()
    }

    async fn ask(&self, path: &str) -> Value {
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

/// The token that the emulator printed; a fresh one when that is refused.
struct Emulated {
    endpoint: String,
    first: String,
}

#[async_trait]
impl TokenSource for Emulated {
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, DirectoryError> {
        if rejected.is_none() {
            return Ok(AccessToken { secret: self.first.clone().into() });
        }
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let url = format!("{}/__emulator/token", self.endpoint);
        let fresh: Value = client.post(url).send().await.unwrap().json().await.unwrap();
        Ok(AccessToken { secret: fresh["token"].as_str().unwrap().to_owned().into() })
    }
}

/// The object id of user number `n`.
fn id(n: u16) -> String {
    format!("00000000-0000-4000-8000-00000000{n:04x}")
}

/// A cloud-only user, changed by the properties of `more`.
fn user(n: u16, name: &str, more: Value) -> Value {
    let mut user = json!({
        "id": id(n), "userPrincipalName": format!("{name}@x.example"), "displayName": name, "onPremisesImmutableId": null,
        "onPremisesSyncEnabled": null, "onPremisesSecurityIdentifier": null, "onPremisesObjectIdentifier": null,
        "onPremisesDistinguishedName": null, "onPremisesDomainName": null, "onPremisesSamAccountName": null,
        "onPremisesUserPrincipalName": null, "onPremisesLastSyncDateTime": null, "onPremisesProvisioningErrors": [],
        "mail": null, "proxyAddresses": [], "employeeId": null, "accountEnabled": true, "userType": "Member",
        "assignedLicenses": [],
    });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

/// A user in the recycle bin.
fn deleted(n: u16, name: &str, more: Value) -> Value {
    let mangled = format!("{}{name}@x.example", id(n).replace('-', ""));
    let mut user = user(n, name, json!({ "userPrincipalName": mangled, "deletedDateTime": "2026-11-10T10:00:00Z" }));
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

fn tenant(users: Vec<Value>, deleted: Vec<Value>) -> Value {
    json!({
        "format": "hardmatch/tenant", "formatVersion": "1.0",
        "organization": { "id": "11111111-2222-4333-8444-555555555555", "onPremisesSyncEnabled": true },
        "domains": [
            { "id": "x.example", "isVerified": true, "isDefault": true, "authenticationType": "Managed" },
            { "id": "x.onmicrosoft.com", "isVerified": true, "isInitial": true, "authenticationType": "Managed" },
            { "id": "fed.example", "isVerified": true, "authenticationType": "Federated" },
            { "id": "new.example", "isVerified": false, "authenticationType": "Managed" },
        ],
        "users": users, "deletedUsers": deleted, "groups": [], "contacts": [], "roles": [], "features": {},
    })
}
