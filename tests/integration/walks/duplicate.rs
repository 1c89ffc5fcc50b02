//! The sync already made a duplicate: it is synced and has the ImmutableID that the right account needs.

use super::ground::person;
use super::*;
use crate::ldap::{SERVER, dc};
use crate::tenants::id;

const MAPPING: &str = "  - onPrem: { sam: james }\n    cloud: james@x.example\n";
const DECISION: &str =
    "    holders:\n      - { account: james4711@x.onmicrosoft.com, resolve: purge, because: empty duplicate of the sync }\n";

fn accounts(forests: &[ObservedForest]) -> Value {
    let mut duplicate = user(2, "james4711", linked(&forests[0], "james"));
    duplicate["userPrincipalName"] = json!("james4711@x.onmicrosoft.com");
    let mailbox = json!({ "mail": "james@x.example", "proxyAddresses": ["SMTP:james@x.example"], "assignedLicenses": [{ "skuId": id(9) }] });
    tenant(vec![user(1, "james", mailbox), duplicate], vec![])
}

async fn walk(forest: Forest) {
    let here = Hardmatch::new();
    forest.make(&here, &[person("james", "Staff")]);
    let walk = Walk::start(here, vec![forest], MAPPING, json!({}), accounts).await;
    assert_eq!(walk.cycle().await, ["james alreadyLinked"]);

    let first = walk.plan(13).await;
    assert_eq!(first.blockers(), ["holder-synced"]);
    insta::allow_duplicates! {
        insta::assert_snapshot!(first.steps("holder-synced"), @r"
        1. Move CN=james,OU=Staff,[WALK] of forest corp, which is linked to james4711@x.onmicrosoft.com, out of the scope of sync (filter, group or OU).
        2. Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it takes a second one.
        3. Decide on it under `holders` of this mapping (account 00000000-0000-4000-8000-000000000002).
        4. Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced.
        5. After `hardmatch apply` of a plan that asks for no more steps, bring the AD user of this mapping into the scope of sync (again) and run a cycle: `hardmatch verify` then says linked.
        ");
    }

    walk.move_to("NoSync", 0, &["james"]);
    assert_eq!(walk.plan(13).await.blockers(), ["holder-synced"], "nothing happens before the cycle");
    assert_eq!(walk.cycle().await, ["james deleted"]);
    assert_eq!(walk.plan(13).await.blockers(), ["holder-undecided"]);
    walk.write(MAPPING, &format!("{MAPPING}{DECISION}"));
    let second = walk.apply().await;
    assert_eq!(second.actions(), ["purge", "setImmutableId"]);

    assert_eq!(walk.verify().await, ["james@x.example armed"]);
    walk.move_to("Staff", 0, &["james"]);
    assert_eq!(walk.cycle().await, ["james hardMatch"]);
    assert_eq!(walk.verify().await, ["james@x.example linked"]);
    assert_eq!(walk.tenant().await["users"].as_array().unwrap().len(), 1);
    assert!(walk.plan(0).await.actions().is_empty());
}

/// Who brings the AD user back too early gets the duplicate back, and begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_too_early_is_noticed() {
    let here = Hardmatch::new();
    let forest = Forest::file("corp", "early");
    forest.make(&here, &[person("james", "Staff")]);
    let walk = Walk::start(here, vec![forest], &format!("{MAPPING}{DECISION}"), json!({}), accounts).await;
    walk.move_to("NoSync", 0, &["james"]);
    assert_eq!(walk.cycle().await, ["james deleted"]);
    walk.move_to("Staff", 0, &["james"]);
    assert_eq!(walk.cycle().await, ["james hardMatch"]);
    assert_eq!(walk.plan(13).await.blockers(), ["holder-synced"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_that_is_synced_gives_way() {
    walk(Forest::file("corp", "duplicate")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_that_is_synced_gives_way_on_a_domain_controller() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    walk(Forest::samba("corp", "duplicate", dc)).await;
}
