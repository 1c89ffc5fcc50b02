//! Out of the recycle bin: back to work, or out of hybrid for good.

use super::ground::person;
use super::*;
use crate::tenants::{deleted, id};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_brought_back_and_linked() {
    let here = Hardmatch::new();
    let forest = Forest::file("corp", "bin");
    forest.make(&here, &[person("omar", "NoSync")]);
    let mapping = "  - { onPrem: { sam: omar }, cloud: omar@x.example }\n";
    let accounts = |_: &[ObservedForest]| tenant(vec![user(2, "other", json!({}))], vec![deleted(1, "omar", json!({}))]);
    let walk = Walk::start(here, vec![forest], mapping, json!({}), accounts).await;

    assert_eq!(walk.plan(13).await.blockers(), ["target-soft-deleted"]);
    walk.write(".example }", ".example, restore: true }");
    assert_eq!(walk.apply().await.actions(), ["restore", "setImmutableId"]);
    walk.move_to("Staff", 0, &["omar"]);
    assert_eq!(walk.cycle().await, ["omar hardMatch"]);
    assert_eq!(walk.verify().await, ["omar@x.example linked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synced_account_leaves_hybrid_for_good() {
    let here = Hardmatch::new();
    let forest = Forest::file("corp", "leave");
    forest.make(&here, &[person("lea", "Staff"), person("max", "Staff")]);
    let mapping = "  - { onPrem: none, cloud: lea@x.example }\n";
    let script = json!({ "switches": { "formerlySynced": "nullOnly" } });
    let walk = Walk::start(here, vec![forest], mapping, script, |forests| {
        tenant(vec![user(1, "lea", linked(&forests[0], "lea")), user(2, "max", linked(&forests[0], "max"))], vec![])
    })
    .await;

    let first = walk.plan(13).await;
    assert_eq!(first.blockers(), ["target-synced"]);
    insta::assert_snapshot!(first.steps("target-synced"), @r"
    1. Move CN=lea,OU=Staff,[WALK] of forest corp, which is linked to lea@x.example, out of the scope of sync (filter, group or OU).
    2. Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it takes a second one.
    3. Write `restore: true` on this mapping (account 00000000-0000-4000-8000-000000000001).
    4. Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced.
    5. After `hardmatch apply`, leave that AD user out of the scope of sync, and run a cycle: the account stays.
    ");
    walk.move_to("NoSync", 0, &["lea"]);
    assert_eq!(walk.cycle().await, ["lea deleted", "max alreadyLinked"]);
    walk.write(".example }", ".example, restore: true }");
    let second = walk.apply().await;
    insta::assert_snapshot!(second.actions().join("\n"), @r"
    restore
    clearImmutableId
    clearSecurityIdentifier
    clearObjectIdentifier
    ");
    let before = walk.tenant().await;
    assert_eq!(walk.cycle().await, ["max alreadyLinked"]);
    let lea = |tenant: &Value| tenant["users"].as_array().unwrap().iter().find(|user| user["id"] == id(1)).cloned();
    assert_eq!(lea(&before), lea(&walk.tenant().await), "the next cycle leaves the account alone");
    assert!(lea(&before).unwrap()["onPremisesImmutableId"].is_null());
    insta::assert_snapshot!(walk.verify().await.join("\n"), @"lea@x.example detached");
    assert!(walk.plan(0).await.actions().is_empty());
}
