//! Sync was switched off for the tenant; it is switched on again with a new forest, whose users were made anew.

use super::ground::person;
use super::*;

const MAPPINGS: &str =
    "  - { onPrem: { sam: sara }, cloud: sara@x.example }\n  - { onPrem: { sam: stan }, cloud: stan@x.example, write: onPrem }\n";

/// What sync left behind when it was switched off.
fn residue(forest: &ObservedForest, sam: &str) -> Value {
    let mut left = linked(forest, sam);
    left["onPremisesSyncEnabled"] = json!(false);
    left
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_sync_left_behind_are_linked_to_a_new_forest() {
    let here = Hardmatch::new();
    let (lost, new) = (Forest::file("former", "off"), Forest::file("corp", "off"));
    lost.make(&here, &[person("sara", "Staff"), person("stan", "Staff")]);
    let lost = lost.read(here.path());
    new.make(&here, &[person("sara", "NoSync"), person("stan", "NoSync")]);
    let script = json!({ "switches": { "formerlySynced": "allow" } });
    let walk = Walk::start(here, vec![new], MAPPINGS, script.clone(), |_| {
        let accounts = ["sara", "stan"].into_iter().zip(1..).map(|(sam, n)| user(n, sam, residue(&lost, sam)));
        let mut tenant = tenant(accounts.collect(), vec![]);
        tenant["organization"]["onPremisesSyncEnabled"] = json!(false);
        tenant
    })
    .await;

    assert_eq!(walk.plan(13).await.blockers(), ["object-identifier-differs", "object-identifier-differs"]);
    walk.write(".example }", ".example, accept: [object-identifier-differs], because: the old forest is gone }");
    walk.write("onPrem }", "onPrem, accept: [object-identifier-differs], because: the old forest is gone }");
    let planned = walk.apply().await;
    insta::assert_snapshot!(planned.actions().join("\n"), @r"
    clearObjectIdentifier
    setImmutableId
    stampConsistencyGuid
    clearObjectIdentifier
    ");
    insta::assert_snapshot!(walk.verify().await.join("\n"), @r"
    sara@x.example armed
    stan@x.example armed
    ");

    let walk = walk.later(|tenant| tenant["organization"]["onPremisesSyncEnabled"] = json!(true), script).await;
    walk.move_to("Staff", 0, &["sara", "stan"]);
    assert_eq!(walk.cycle().await, ["sara hardMatch", "stan hardMatch"]);
    assert_eq!(walk.verify().await, ["sara@x.example linked", "stan@x.example linked"]);
}
