//! Stamps of exported forests, and a stop before the first write.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::Hardmatch;

const CSV: &str = "ObjectGUID,mS-DS-ConsistencyGuid,SamAccountName,UserPrincipalName,SID,mail,proxyAddresses,Enabled\n\
    f5057fee-4c3e-4459-82dd-21250b729601,,eve,eve@contoso.com,S-1-5-21-1-2-3-4,,,True\n";
const TENANT: &str = r#"{ "format": "hardmatch/tenant", "formatVersion": "1.0", "users": [
  { "id": "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0", "userPrincipalName": "eve@contoso.com",
    "onPremisesImmutableId": "azydD6KBV060wC2ean8YNQ==" } ] }"#;
const CONFIG: &str = "version: 1\ntenant: { snapshot: tenant.json }\nforests: { corp: { csv: corp.csv } }\n\
    mappings: [{ onPrem: eve, cloud: eve@contoso.com, write: onPrem }]\n";

#[test]
fn a_forest_in_csv_is_planned_on_and_no_stamp_of_it_begins() {
    let here = Hardmatch::new().file("corp.csv", CSV).file("tenant.json", TENANT).file("hardmatch.yaml", CONFIG);
    let plan = here.run(&["plan", "--out", "plan.json"]);
    plan.expect(0).says(&["its CSV", "cannot be stamped"]);
    plan.hides("To carry it out");
    let refused = here.run(&["apply", "plan.json", "--digest", &here.digest("plan.json")]);
    refused.expect(3).says(&["cannot be stamped; nothing was written", "`ldap:`", "`ldif:`"]);
    assert!(!here.path().join("plan.journal.jsonl").exists());
}

#[test]
fn a_tenant_in_csv_is_planned_on_and_not_applied_to() {
    let tenant = "Id,UserPrincipalName,OnPremisesImmutableId\n6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0,eve@contoso.com,\n";
    let config = CONFIG.replace("tenant.json", "tenant.csv").replace(", write: onPrem", "");
    let here = Hardmatch::new().file("corp.csv", CSV).file("tenant.csv", tenant).file("hardmatch.yaml", config);
    here.run(&["plan", "--out", "plan.json"]).expect(0);
    let refused = here.run(&["apply", "plan.json", "--digest", &here.digest("plan.json")]);
    refused.expect(3).says(&["a tenant in CSV can be planned on, but nothing can be applied to it", "`graph:`"]);
}

/// Where nothing has been written yet nothing is waited for.
#[cfg(unix)]
#[test]
fn an_apply_that_is_stopped_while_it_reads_stops_at_once() {
    let config = CONFIG.replace(", write: onPrem", "");
    let here = Hardmatch::new().file("corp.csv", CSV).file("tenant.json", TENANT).file("hardmatch.yaml", &config);
    here.run(&["plan", "--out", "plan.json"]).expect(0);
    // A service that takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let live = format!("graph: {{ tenantId: contoso.com, endpoint: '{endpoint}', auth: {{ token: {{ env: GRAPH_TOKEN }} }} }}");
    here.write("hardmatch.yaml", config.replace("snapshot: tenant.json", &live));
    let here = here.env("GRAPH_TOKEN", "opaque-token");
    silent.set_nonblocking(true).unwrap();
    let mut run = here.spawn(&["apply", "plan.json", "--digest", &here.digest("plan.json")]);
    let _connection = loop {
        match silent.accept() {
            Ok(connection) => break connection,
            Err(_) => assert!(run.try_wait().unwrap().is_none(), "it asks the service"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let asked = Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    assert!(!here.path().join("plan.journal.jsonl").exists());
}
