//! Small tenants written in the tests, and the emulator that serves them.
#![expect(clippy::needless_pass_by_value, reason = "values are written down where they are handed over")]

use std::path::Path;

use hardmatch::emulator::{Emulator, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running emulator, and where its files are.
pub(crate) struct Running {
    pub(crate) endpoint: String,
    pub(crate) token: String,
    pub(crate) folder: TempDir,
}

/// Serves a tenant until the test ends; `adapt` changes the options and may write files beside those of the server.
pub(crate) async fn serve(tenant: &Value, script: &Value, adapt: impl FnOnce(&mut Options, &Path)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, json: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, json.to_string()).unwrap();
        path
    };
    let mut options =
        Options { tenant: file("tenant.json", tenant), faults: Some(file("faults.json", script)), ..Options::default() };
    adapt(&mut options, folder.path());
    let emulator = Emulator::bind(&options).await.unwrap();
    let (endpoint, token) = (emulator.endpoint().to_owned(), emulator.token().to_owned());
    tokio::spawn(emulator.serve(std::future::pending()));
    Running { endpoint, token, folder }
}

/// The object id of user number `n`.
pub(crate) fn id(n: u16) -> String {
    format!("00000000-0000-4000-8000-00000000{n:04x}")
}

/// A cloud-only user, changed by the properties of `more`.
pub(crate) fn user(n: u16, name: &str, more: Value) -> Value {
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
pub(crate) fn deleted(n: u16, name: &str, more: Value) -> Value {
    let mangled = format!("{}{name}@x.example", id(n).replace('-', ""));
    let mut user = user(n, name, json!({ "userPrincipalName": mangled, "deletedDateTime": "2026-11-10T10:00:00Z" }));
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

/// A tenant with managed, federated and unverified domains.
pub(crate) fn tenant(users: Vec<Value>, deleted: Vec<Value>) -> Value {
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
