//! A user in a federated domain, whose name is on its way when the run is killed.

use std::time::Duration;

use super::ground::person;
use super::*;

async fn killed_while_parked() -> Walk {
    let here = Hardmatch::new();
    let forest = Forest::file("corp", "federated");
    forest.make(&here, &[person("fay", "NoSync").in_domain("fed.example")]);
    let mapping = "  - { onPrem: { sam: fay }, cloud: fay@fed.example, accept: [federated-domain] }\n";
    // The second write is carried out, and its answer never comes.
    let script = json!({ "faults": [{ "method": "PATCH", "nth": 2, "slowMs": 60_000 }] });
    let walk = Walk::start(here, vec![forest], mapping, script, |_| {
        tenant(vec![user(1, "fay", json!({ "userPrincipalName": "fay@fed.example" })), user(2, "other", json!({}))], vec![])
    })
    .await;
    run(&walk.here, &["plan", "--out", "plan.json"]).await.expect(0);
    let digest = walk.here.digest("plan.json");
    let mut child = walk.here.spawn(&["apply", "plan.json", "--digest", &digest]);
    for _ in 0..500 {
        if walk.tenant().await["users"][0]["onPremisesImmutableId"].is_string() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(walk.tenant().await["users"][0]["userPrincipalName"], "fay@x.onmicrosoft.com");
    walk
}

async fn goes_on(walk: Walk) {
    assert_eq!(walk.tenant().await["users"][0]["userPrincipalName"], "fay@fed.example");
    walk.move_to("Staff", 0, &["fay"]);
    assert_eq!(walk.cycle().await, ["fay hardMatch"]);
    assert_eq!(walk.verify().await, ["fay@fed.example linked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_name_is_put_back_by_the_next_apply() {
    let walk = killed_while_parked().await;
    let digest = walk.here.digest("plan.json");
    run(&walk.here, &["apply", "plan.json", "--digest", &digest]).await.expect(0);
    goes_on(walk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_name_is_put_back_by_the_next_plan() {
    let walk = killed_while_parked().await;
    let planned = walk.apply_with(&["--abandon-unfinished"]).await;
    insta::assert_snapshot!(planned.actions().join("\n"), @"setUserPrincipalName");
    goes_on(walk).await;
}
