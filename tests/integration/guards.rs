//! The guards as a user meets them: exit codes, what they say, and that nothing is written.

use crate::common::Hardmatch;

/// The hundreds of users of an example; the mapping of one of them.
fn carried_out() -> Hardmatch {
    let here = Hardmatch::example("bulk-rules");
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    here
}

/// Leaves out every other AD user of the export.
fn thin_out(here: &Hardmatch) {
    let forest = here.read("corp.ldif");
    let (mut users, mut kept) = (0, Vec::new());
    for record in forest.split("\n\n") {
        users += usize::from(record.contains("objectClass: user"));
        if !record.contains("objectClass: user") || users % 2 == 0 {
            kept.push(record);
        }
    }
    here.write("corp.ldif", kept.join("\n\n"));
}

#[test]
fn half_an_export_is_noticed_after_a_run() {
    let here = carried_out();
    thin_out(&here);
    let plan = here.run(&["plan"]);
    plan.expect(9).shows(&["source-empty", "forest `corp` has", "at the last run (", "50 % are missing", "policy.limits.shrink"]);
    here.edit("hardmatch.yaml", "purges: 2 }", "purges: 2, shrink: 60 }");
    // Raised in a review, it goes on to those whom the waves name and the export lacks.
    here.run(&["plan"]).expect(13).shows(&["onprem-not-found"]);
}

#[test]
fn without_a_run_before_nothing_is_compared() {
    let here = Hardmatch::example("bulk-rules");
    thin_out(&here);
    here.run(&["plan"]).expect(13).shows(&["onprem-not-found"]);
}

#[test]
fn what_a_guard_refuses_cannot_be_applied() {
    let here = Hardmatch::example("duplicate-account");
    here.edit("hardmatch.yaml", "mappings:", "policy:\n  limits: { purges: 0 }\nmappings:");
    let tenant = here.read("tenant.json");
    let plan = here.run(&["plan", "--out", "plan.json"]);
    plan.expect(9).shows(&["limit-exceeded", "the plan purges 1 account; the limit is 0"]);
    let digest =
        serde_json::from_str::<serde_json::Value>(&here.read("plan.json")).unwrap()["digest"].as_str().unwrap().to_owned();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(9);
    assert_eq!(here.read("tenant.json"), tenant);
}

#[test]
fn accounts_are_protected_by_name_and_by_role() {
    for protect in ["\"james.bond@*\"", "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0", "{ role: \"* Administrator\" }"] {
        let here = Hardmatch::example("duplicate-account");
        here.edit("hardmatch.yaml", "mappings:", &format!("policy:\n  protect: [{protect}]\nmappings:"));
        let grant = r#""roles": [{"principalId": "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0", "role": "Groups Administrator", "privileged": false, "state": "eligible"}]"#;
        here.edit("tenant.json", "\"roles\": []", grant);
        here.run(&["plan"]).expect(13).shows(&["target-protected", "james.bond@contoso.com is protected by `policy.protect`"]);
    }
}

#[test]
fn a_role_is_named_in_the_one_way_there_is() {
    let here = Hardmatch::example("duplicate-account");
    here.edit("hardmatch.yaml", "mappings:", "policy:\n  protect: [{ rolle: x }]\nmappings:");
    here.run(&["validate"]).expect(3).says(&["rolle", "`role`"]);
}

#[test]
fn the_way_back_is_held_against_the_limits_of_now() {
    let here = carried_out();
    let config = here.read("hardmatch.yaml");
    here.edit("hardmatch.yaml", "changes: 250", "changes: 1");
    let refused = here.run(&["rollback", "plan.journal.jsonl", "--out", "undo.json"]);
    refused.expect(9).shows(&["limit-exceeded", "policy.limits.changes", "run `hardmatch rollback` again"]);
    assert!(!refused.stderr.contains("After review: hardmatch apply"), "{refused:?}");
    here.run(&["apply", "undo.json", "--digest", &here.digest("undo.json")])
        .expect(9)
        .says(&["limit-exceeded", "run `hardmatch rollback` again"]);
    // In an emergency a raised limit is all that it takes.
    here.write("hardmatch.yaml", config);
    here.run(&["rollback", "plan.journal.jsonl", "--out", "undo.json"]).expect(0);
    here.run(&["apply", "undo.json", "--digest", &here.digest("undo.json")]).expect(0);
}

/// A switch of the tenant between plan and apply changes no write, and what comes of them.
#[test]
fn a_tenant_that_lets_sync_take_nobody_over_any_more_is_told_before_the_first_write() {
    let flag = (r#""blockCloudObjectTakeoverThroughHardMatchEnabled": "#, "blockCloudObjectTakeoverThroughHardMatchEnabled");
    let sync = (r#""onPremisesSyncEnabled": "#, "directory synchronisation is switched off");
    for ((key, word), off, on) in [(flag, "false", "true"), (sync, "true", "false")] {
        for was_planned in [false, true] {
            let here = Hardmatch::example("first-link");
            let turn = || {
                // The organisation comes first, and nobody of the example is synced.
                let tenant = here.read("tenant.json").replacen(&format!("{key}{off}"), &format!("{key}{on}"), 1);
                assert!(tenant.contains(&format!("{key}{on}")));
                here.write("tenant.json", tenant);
            };
            if was_planned {
                turn();
            }
            let digest = here.plan();
            if !was_planned {
                turn();
            }
            let run = here.run(&["apply", "plan.json", "--digest", &digest]);
            run.expect(0).shows(&["sync takes nobody over", word]);
            assert!(!run.stdout.contains("Now let sync run"), "{run:?}");
            assert_eq!(run.stderr.contains(word), !was_planned, "{run:?}");
        }
    }
}
