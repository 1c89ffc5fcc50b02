//! Fifty people move from one forest to another, and keep their accounts.

use super::ground::person;
use super::*;
use crate::ldap::{SERVER, dc, old_dc};

const PEOPLE: u16 = 50;

fn sam(n: u16) -> String {
    format!("mover{n:02}")
}

fn mappings() -> String {
    let mapping = |n| format!("  - {{ onPrem: {{ sam: {0}, forest: corp }}, cloud: {0}@x.example, write: onPrem }}\n", sam(n));
    (1..=PEOPLE).map(mapping).collect::<String>() + "policy: { limits: { percent: 100 } }\n"
}

async fn walk(old: Forest, new: Forest) {
    let here = Hardmatch::new();
    let names: Vec<String> = (1..=PEOPLE).map(sam).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let people = |ou| names.iter().map(|sam| person(sam, ou)).collect::<Vec<_>>();
    old.make(&here, &people("Staff"));
    new.make(&here, &people("NoSync"));
    let script = json!({ "switches": { "formerlySynced": "allow" } });
    let walk = Walk::start(here, vec![old, new], &mappings(), script, |forests| {
        let movers = (1..=PEOPLE).map(|n| user(n, &sam(n), linked(&forests[0], &sam(n))));
        tenant(movers.chain([user(99, "other", json!({}))]).collect(), vec![])
    })
    .await;
    let all = |word: &str| names.iter().map(|sam| format!("{sam}{word}")).collect::<Vec<_>>();

    let first = walk.apply().await;
    assert_eq!(first.actions(), ["stampConsistencyGuid"; PEOPLE as usize]);
    let stamped = walk.plan(0).await;
    assert!(stamped.actions().is_empty());
    assert_eq!(stamped.steps("hard-match-blocked"), first.steps("hard-match-blocked"), "what is left to do is still said");
    assert_eq!(walk.verify().await, all("@x.example armed"));
    insta::allow_duplicates! {
        insta::assert_snapshot!(first.steps("hard-match-blocked"), @r"
        1. Move CN=mover01,OU=Staff,[WALK] of forest old, which is linked to mover01@x.example, out of the scope of sync (filter, group or OU).
        2. Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it takes a second one.
        3. Write `restore: true` on this mapping (account 00000000-0000-4000-8000-000000000001), and `accept: [object-identifier-differs]` with `because`: it stays pinned to the AD user that it had.
        4. Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced.
        5. After `hardmatch apply` of a plan that asks for no more steps, bring the AD user of this mapping into the scope of sync (again) and run a cycle: `hardmatch verify` then says linked.
        ");
    }
    walk.move_to("NoSync", 0, &names);
    assert_eq!(walk.cycle().await, all(" deleted"));
    walk.write_everywhere(
        "write: onPrem }",
        "write: onPrem, restore: true, accept: [object-identifier-differs], because: moves to corp }",
    );
    let second = walk.apply().await;
    assert_eq!(second.actions(), ["restore", "clearObjectIdentifier"].repeat(PEOPLE.into()));
    assert_eq!(walk.verify().await, all("@x.example armed"));
    walk.move_to("Staff", 1, &names);
    assert_eq!(walk.cycle().await, all(" hardMatch"));
    assert_eq!(walk.verify().await, all("@x.example linked"));
    assert!(walk.plan(0).await.actions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_people_move_to_another_forest() {
    walk(Forest::file("old", "migration"), Forest::file("corp", "migration")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_people_move_from_one_domain_controller_to_another() {
    let Some((old, new)) = old_dc().zip(dc()) else { return };
    let _shared = SERVER.read().await;
    walk(Forest::samba("old", "migration", old), Forest::samba("corp", "migration", new)).await;
}

/// The new AD users came into scope before they were stamped, so that each has got an account of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_stamp_that_comes_too_late_waits_for_the_cycle() {
    let here = Hardmatch::new();
    let (old, new) = (Forest::file("old", "late"), Forest::file("corp", "late"));
    old.make(&here, &[person("mover", "Staff")]);
    new.make(&here, &[person("mover", "Staff")]);
    let mapping = "  - onPrem: { sam: mover, forest: corp }\n    cloud: mover@x.example\n    write: onPrem\n";
    let script = json!({ "switches": { "formerlySynced": "allow" } });
    let walk = Walk::start(here, vec![old, new], mapping, script, |forests| {
        let twin = user(2, "mover4711", linked(&forests[1], "mover"));
        tenant(vec![user(1, "mover", linked(&forests[0], "mover")), twin, user(3, "other", json!({}))], vec![])
    })
    .await;
    let first = walk.plan(13).await;
    assert_eq!((first.blockers(), first.actions().len()), (vec!["holder-synced"], 0));
    insta::assert_snapshot!(first.steps("holder-synced"), @r"
    1. Move CN=mover,OU=Staff,[WALK] of forest corp, which is linked to mover4711@x.example, out of the scope of sync (filter, group or OU).
    2. Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it takes a second one.
    3. Decide on it under `holders` of this mapping (account 00000000-0000-4000-8000-000000000002).
    4. Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced.
    5. After `hardmatch apply` of a plan that asks for no more steps, bring the AD user of this mapping into the scope of sync (again) and run a cycle: `hardmatch verify` then says linked.
    ");

    walk.move_to("NoSync", 1, &["mover"]);
    assert_eq!(walk.cycle().await, ["mover alreadyLinked", "mover deleted"]);
    let decided = "write: onPrem\n    holders: [{ account: mover4711@x.example, resolve: purge, because: made by mistake }]\n";
    walk.write("write: onPrem\n", decided);
    let second = walk.apply().await;
    assert_eq!(second.actions(), ["stampConsistencyGuid"]);

    assert!(second.steps("hard-match-blocked").starts_with("1. Move CN=mover,OU=Staff,[WALK] of forest old"));
    walk.move_to("NoSync", 0, &["mover"]);
    assert_eq!(walk.cycle().await, ["mover deleted"]);
    let restored = "write: onPrem\n    restore: true\n    accept: [object-identifier-differs]\n    because: moves to corp\n";
    walk.write("write: onPrem\n", restored);
    insta::assert_snapshot!(walk.apply().await.actions().join("\n"), @r"
    purge
    restore
    clearObjectIdentifier
    ");
    walk.move_to("Staff", 1, &["mover"]);
    assert_eq!(walk.cycle().await, ["mover hardMatch"]);
    assert_eq!(walk.verify().await, ["mover@x.example linked"]);
}
