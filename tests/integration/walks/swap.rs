//! Two accounts are synced, each with the AD user of the other.

use super::ground::person;
use super::*;
use crate::ldap::{SERVER, dc};
use crate::tenants::id;

const MAPPINGS: &str =
    "  - { onPrem: { sam: maria }, cloud: maria@x.example }\n  - { onPrem: { sam: marie }, cloud: marie@x.example }\n";

fn crossed(forests: &[ObservedForest]) -> Value {
    let crossed = |n, name, other| user(n, name, linked(&forests[0], other));
    tenant(vec![crossed(1, "maria", "marie"), crossed(2, "marie", "maria"), user(3, "other", json!({}))], vec![])
}

async fn walk(forest: Forest) {
    let here = Hardmatch::new();
    forest.make(&here, &[person("maria", "Staff"), person("marie", "Staff")]);
    let script = json!({ "switches": { "formerlySynced": "allow" } });
    let walk = Walk::start(here, vec![forest], MAPPINGS, script, crossed).await;

    let first = walk.plan(13).await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(first.blockers().join(" "), @"target-synced target-synced");
        insta::assert_snapshot!(first.steps("target-synced"), @r"
        1. Move CN=marie,OU=Staff,[WALK] of forest corp, which is linked to maria@x.example, out of the scope of sync (filter, group or OU).
        2. Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it takes a second one.
        3. Write `restore: true` on this mapping (account 00000000-0000-4000-8000-000000000001), and `accept: [object-identifier-differs]` with `because`: it stays pinned to the AD user that it had.
        4. Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced.
        5. After `hardmatch apply` of a plan that asks for no more steps, bring the AD user of this mapping into the scope of sync (again) and run a cycle: `hardmatch verify` then says linked.
        ");
    }
    walk.move_to("NoSync", 0, &["maria", "marie"]);
    assert_eq!(walk.cycle().await, ["maria deleted", "marie deleted"]);
    walk.write_everywhere(
        ".example }",
        ".example, restore: true, accept: [object-identifier-differs], because: linked the wrong way round }",
    );
    let second = walk.apply().await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(second.actions().join("\n"), @r"
        restore
        clearObjectIdentifier
        clearImmutableId
        clearSecurityIdentifier
        restore
        clearSecurityIdentifier
        clearObjectIdentifier
        setImmutableId
        setImmutableId
        ");
    }
    assert_eq!(walk.verify().await, ["maria@x.example armed", "marie@x.example armed"]);
    walk.move_to("Staff", 0, &["maria", "marie"]);
    assert_eq!(walk.cycle().await, ["maria hardMatch", "marie hardMatch"]);
    assert_eq!(walk.verify().await, ["maria@x.example linked", "marie@x.example linked"]);
    assert!(walk.plan(0).await.actions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_synced_accounts_change_hands() {
    walk(Forest::file("corp", "swap")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_synced_accounts_change_hands_on_a_domain_controller() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    walk(Forest::samba("corp", "swap", dc)).await;
}

/// One goes before the other, and sync gives the free name to the account that stays: ids tell the two apart all the same.
#[tokio::test(flavor = "multi_thread")]
async fn half_way_the_plan_names_who_is_still_in_sync() {
    let here = Hardmatch::new();
    let forest = Forest::file("corp", "halfway");
    forest.make(&here, &[person("maria", "Staff"), person("marie", "Staff")]);
    let mapping = |sam: &str, n| format!("  - {{ onPrem: {{ sam: {sam} }}, cloud: {}, restore: true }}\n", id(n));
    let walk = Walk::start(here, vec![forest], &(mapping("maria", 1) + &mapping("marie", 2)), json!({}), crossed).await;
    walk.move_to("NoSync", 0, &["marie"]);
    assert_eq!(walk.cycle().await, ["maria alreadyLinked", "marie deleted"]);
    let half_way = walk.plan(13).await;
    assert!(half_way.blockers().contains(&"target-synced"), "{:?}", half_way.blockers());
    for code in ["holder-synced", "target-synced"] {
        assert!(half_way.steps(code).starts_with("1. Move CN=maria,"), "{}", half_way.steps(code));
    }
}
