//! `verify --wait`: until sync has taken over. These tests take a second each, the shortest wait there is.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::Hardmatch;

/// Both people of the example, armed.
fn armed() -> Hardmatch {
    let here = Hardmatch::example("duplicate-account");
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    here
}

/// What a sync cycle writes.
fn sync(here: &Hardmatch) {
    let mut tenant: Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
    for user in tenant["users"].as_array_mut().unwrap() {
        let guid = match user["userPrincipalName"].as_str() {
            Some("james.bond@contoso.com") => "b2c1a7e4-5d3f-4c8a-9e21-7f6d0c4b3a19",
            Some("eve.moneypenny@contoso.com") => "0f9d3c6b-81a2-4e57-b4c0-2d9e6a7f1835",
            _ => continue,
        };
        user["onPremisesSyncEnabled"] = json!(true);
        user["onPremisesObjectIdentifier"] = json!(guid);
    }
    here.write("tenant.json", tenant.to_string());
}

#[test]
fn waits_until_everybody_is_linked() {
    let here = armed();
    let mut waiting = here.spawn(&["verify", "--wait=60s", "--every=1s"]);
    std::thread::sleep(Duration::from_millis(300));
    assert!(waiting.try_wait().unwrap().is_none(), "it waits");
    sync(&here);
    let begun = Instant::now();
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(30));
    // Where nothing waits for sync there is no waiting.
    here.run(&["verify", "--wait"]).expect(0).shows(&["2 mappings linked"]);
}

#[test]
fn says_when_the_time_is_over() {
    let over = armed().run(&["verify", "--wait=1s"]);
    over.expect(12).shows(&["2 mappings armed"]);
    over.says(&["0 linked, 2 waiting for sync; looking again in 1 s", "the time is over, and 2 still wait for sync"]);
    Hardmatch::new().run(&["verify", "--wait=soon"]).expect(64).says(&["a time is for example 90s"]);
    Hardmatch::new().run(&["verify", "--every=5s"]).expect(64).says(&["--wait"]);
}

/// The ID was right all the time, and what kept sync from it is gone with the plan.
#[test]
fn a_plan_without_an_id_leaves_somebody_to_sync_too() {
    let here = armed();
    let mut tenant: Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
    let james =
        tenant["users"].as_array_mut().unwrap().iter_mut().find(|user| user["userPrincipalName"] == "james.bond@contoso.com");
    james.unwrap()["onPremisesObjectIdentifier"] = json!("11111111-2222-4333-8444-555555555555");
    here.write("tenant.json", tenant.to_string());
    let accepted = here.read("hardmatch.yaml").replace(
        "    cloud: james.bond@contoso.com",
        "    cloud: james.bond@contoso.com\n    accept: [object-identifier-differs]\n    because: pinned by mistake",
    );
    here.write("hardmatch.yaml", accepted);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0).shows(&["1 done", "Now let sync run"]);
    here.run(&["verify"]).expect(0).shows(&["waits for: the next sync cycle to take over"]);
}
