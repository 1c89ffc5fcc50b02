//! Two accounts are synced, each with the AD user of the other.

use super::ground::person;
use super::*;
use crate::ldap::{SERVER, dc};

const MAPPINGS: &str =
    "  - { onPrem: { sam: maria }, cloud: maria@x.example }\n  - { onPrem: { sam: marie }, cloud: marie@x.example }\n";

async fn walk(forest: Forest) {
    let here = Hardmatch::new();
    forest.make(&here, &[person("maria", "Staff"), person("marie", "Staff")]);
    let script = json!({ "switches": { "formerlySynced": "allow" } });
    let walk = Walk::start(here, vec![forest], MAPPINGS, script, |forests| {
        let crossed = |n, name, other| user(n, name, linked(&forests[0], other));
        tenant(vec![crossed(1, "maria", "marie"), crossed(2, "marie", "maria"), user(3, "other", json!({}))], vec![])
    })
    .await;

    let first = walk.plan(13).await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(first.blockers().join(" "), @"target-synced target-synced");
        insta::assert_snapshot!(first.steps("target-synced"), @r"
        1. Move CN=marie,OU=Staff,[WALK] of forest corp, which is linked to maria@x.example, out of the scope of sync (filter, group or OU).
        2. Run a sync cycle: the account goes to the recycle bin. Sometimes a second cycle is needed.
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
