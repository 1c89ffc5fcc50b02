//! What the doctor finds out about a live forest.

use super::servers::{BASE, Dc, SERVER, dc};
use crate::common::{Hardmatch, Outcome};

const TENANT: &str = r#"{ "format": "hardmatch/tenant", "formatVersion": "1.0", "users": [] }"#;

/// The doctor of a forest, signed in as svc-writer, who may stamp the people and nobody else.
fn doctor(dc: &Dc, base: &str, stamped: &[&str]) -> Outcome {
    let mappings = stamped.iter().map(|name| format!("{{ onPrem: {name}, cloud: {name}@contoso.com, write: onPrem }}, "));
    let bind = "simple: { user: svc-writer@hardmatch.test, password: { env: LDAP_PASSWORD } }";
    let ca = dc.tls("ca.pem").display().to_string();
    let yaml = format!(
        "version: 1\ntenant: {{ snapshot: tenant.json }}\nforests:\n  corp:\n    ldap:\n      url: ldaps://127.0.0.1\n      \
         baseDn: {base}\n      bind: {{ {bind} }}\n      ca: {ca}\nmappings: [{}]\n",
        mappings.collect::<String>()
    );
    let here = Hardmatch::new().file("tenant.json", TENANT).file("hardmatch.yaml", yaml);
    here.env("LDAP_PASSWORD", &dc.password).run(&["doctor"])
}

#[tokio::test]
async fn the_doctor_tries_everybody_who_is_to_be_stamped() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let all = doctor(&dc, BASE, &["ann", "bob", "nobody"]);
    all.expect(0).shows(&["ok    forest corp: may write mS-DS-ConsistencyGuid of all that are to be stamped (2 AD users tried)"]);
    let some = doctor(&dc, BASE, &["ann", "svc-reader", "bob", "bulk0001"]);
    some.expect(4).shows(&[
        "FAIL  forest corp: may not write mS-DS-ConsistencyGuid of 2 of those that are to be stamped (4 AD users tried)",
        "CN=svc-reader,OU=Service,",
        "CN=Bulk 0001,OU=Bulk,",
    ]);
    assert!(!some.stdout.contains("only what is below") && !some.stdout.contains("shows mS-DS"), "{}", some.stdout);
}

#[tokio::test]
async fn the_doctor_says_what_a_forest_may_not_show() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    doctor(&dc, &format!("OU=Service,{BASE}"), &[]).expect(0).shows(&[
        "look  forest corp: only what is below OU=Service,DC=hardmatch,DC=test is compared",
        "users shows mS-DS-ConsistencyGuid. Either nobody has it yet, or the account may not read it",
    ]);
}
