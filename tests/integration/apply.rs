//! The way from a plan to the directories and back: approval, lock, staleness, interruption, rollback.

use crate::common::Hardmatch;

const EXAMPLE: &str = "duplicate-account";

#[test]
fn plan_apply_verify_plan() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.run(&["plan", "--detailed-exitcode"]).expect(2);
    here.run(&["verify", "--detailed-exitcode"]).expect(2).shows(&["planned"]);
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    here.run(&["verify"]).expect(0).shows(&["armed"]);
    here.run(&["plan", "--detailed-exitcode"]).expect(0);
    let again = here.run(&["apply", "plan.json", "--digest", &digest]);
    again.expect(0);
    let tenant: serde_json::Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
    let ids: Vec<_> = tenant["users"].as_array().unwrap().iter().map(|user| user["onPremisesImmutableId"].as_str()).collect();
    assert_eq!(ids, [Some("5KfBsj9dikyeIX9tDEs6GQ=="), Some("azydD6KBV060wC2ean8YNQ=="), None]);
    assert!(here.path().join("backups").is_dir(), "what is purged is saved first");
}

#[test]
fn nothing_is_written_without_approval() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let before = here.read("tenant.json");
    here.run(&["apply", "plan.json"]).expect(8).says(&["hardmatch apply plan.json --digest", &digest]);
    let short = &digest["sha256:".len()..][..6];
    here.run(&["apply"]).expect(8).says(&[&format!("hardmatch apply plan-{short}.json --digest {digest}")]);
    for wrong in ["sha256:00", &digest[..20], "yes", &digest.to_uppercase()] {
        here.run(&["apply", "plan.json", "--digest", wrong]).expect(8);
    }
    assert_eq!(here.read("tenant.json"), before);
}

/// Whoever names another digest means another plan.
#[test]
fn an_empty_plan_takes_no_other_digest_either() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let empty = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(8).says(&["the digest given is not that of `plan.json`"]);
    here.run(&["apply", "plan.json", "--digest", "quatsch"]).expect(8);
    here.run(&["apply", "plan.json", "--digest", &empty]).expect(0).shows(&["Nothing to do"]);
    here.run(&["apply", "plan.json"]).expect(0).shows(&["Nothing to do"]);
}

#[test]
fn a_policy_that_asks_for_signatures_is_not_met_by_a_digest() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "mappings:", "policy:\n  approvals: { required: 2, signers: approvers }\nmappings:");
    here.write("approvers", "");
    let (before, digest) = (here.read("tenant.json"), here.plan());
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(8).says(&["asks for 2 approvals, and 0 count"]);
    assert_eq!(here.read("tenant.json"), before);
}

#[test]
fn a_plan_made_under_another_policy_is_stale() {
    let here = Hardmatch::example(EXAMPLE);
    let (before, digest) = (here.read("tenant.json"), here.plan());
    here.edit("hardmatch.yaml", "mappings:", "policy:\n  protect: [eve.trial@contoso.com]\nmappings:");
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(6).says(&["policy"]);
    assert_eq!(here.read("tenant.json"), before);
}

#[test]
fn blocked_and_guarded_plans_are_refused() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "    holders:\n      - account: james.bond4711@contoso.onmicrosoft.com\n        resolve: purge\n        because: empty account made by the first failed sync\n", "");
    let plan = here.run(&["plan", "--out", "plan.json"]);
    plan.expect(13).shows(&["holder-undecided"]);
    let digest = here.digest("plan.json");
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(13);
    here.run(&["verify"]).expect(13).shows(&["blocked"]);
    here.run(&["plan", "--partial", "--out", "part.json"]).expect(0);
    here.run(&["apply", "part.json", "--digest", &here.digest("part.json")]).expect(0);
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "mappings:", "policy:\n  limits: { purges: 0 }\nmappings:");
    here.run(&["plan", "--out", "plan.json"]).expect(9).shows(&["limit-exceeded"]);
    here.run(&["apply", "plan.json", "--digest", &here.digest("plan.json")]).expect(9);
}

#[test]
fn a_stale_plan_writes_nothing_and_an_unrelated_change_is_no_reason() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.edit("tenant.json", "\"displayName\": \"Contoso\"", "\"displayName\": \"Contoso Ltd\"");
    let whole = here.read("tenant.json");
    here.edit("tenant.json", "azydD6KBV060wC2ean8YNQ==", "AAAAAAAAAEAAgAAAAAAAAA==");
    let before = here.read("tenant.json");
    here.run(&["apply", "plan.json", "--digest", &digest])
        .expect(6)
        .says(&["azydD6KBV060wC2ean8YNQ==", "AAAAAAAAAEAAgAAAAAAAAA=="]);
    assert_eq!(here.read("tenant.json"), before);
    here.write("tenant.json", whole);
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
}

#[test]
fn rollback_is_a_plan_of_its_own() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let undo = here.run(&["rollback", "plan.journal.jsonl", "--out", "undo.json"]);
    undo.expect(0);
    assert!(undo.stdout.contains("purge") || undo.stderr.contains("purge"), "what cannot be undone is listed: {undo:?}");
    let config = here.read("hardmatch.yaml");
    here.write("hardmatch.yaml", format!("{config}\npolicy: {{ protect: [james.bond@contoso.com] }}\n"));
    here.run(&["apply", "undo.json", "--digest", &here.digest("undo.json")])
        .expect(6)
        .says(&["the policy in", "nothing was written"]);
    here.write("hardmatch.yaml", &config);
    here.run(&["apply", "undo.json", "--digest", &here.digest("undo.json")]).expect(0);
    let tenant = here.read("tenant.json");
    assert_eq!(tenant.matches("azydD6KBV060wC2ean8YNQ==").count(), 1);
    std::fs::create_dir(here.path().join("other")).unwrap();
    let elsewhere = here.run(&["rollback", "plan.journal.jsonl", "--out", "other/undo.json"]);
    elsewhere.expect(3).says(&["is not in the folder of the journal", "--out undo.json"]);
    let plan = here.run(&["rollback", "plan.json", "--out", "undo.json"]);
    plan.expect(3).says(&["`plan.json` is a plan", "Name the journal of the plan", "plan.journal.jsonl"]);
    for (name, content) in [("tenant.json", None), ("list.txt", Some("")), ("notes.txt", Some("{}\n"))] {
        content.into_iter().for_each(|content| here.write(name, content));
        let other = here.run(&["rollback", name, "--out", "undo.json"]);
        assert!(!other.expect(3).stderr.contains("damaged"), "{other:?}");
    }
    here.run(&["rollback", "tenant.json", "--out", "undo.json"])
        .expect(3)
        .says(&["`tenant.json` is no journal", "Name the journal beside the plan"]);
    let journal = here.read("plan.journal.jsonl");
    here.write("copy.txt", format!("x\n{journal}"));
    here.run(&["rollback", "copy.txt", "--out", "undo.json"]).expect(3).says(&["line 1 of the journal `copy.txt` is damaged"]);
    here.run(&["rollback", "nowhere.journal.jsonl", "--out", "undo.json"]).expect(3).says(&["nowhere.journal.jsonl"]);
}

/// A pipeline may carry no more than the plan to where it is applied.
#[test]
fn a_way_back_without_the_journal_says_that_nobody_is_told() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    here.run(&["rollback", "plan.journal.jsonl", "--out", "undo.json"]).expect(0);
    std::fs::create_dir(here.path().join("other")).unwrap();
    for name in ["undo.json", "plan.journal.jsonl"] {
        std::fs::copy(here.path().join(name), here.path().join("other").join(name)).unwrap();
    }
    std::fs::remove_file(here.path().join("plan.journal.jsonl")).unwrap();
    let digest = here.digest("undo.json");
    here.run(&["apply", "undo.json", "--digest", &digest]).expect(0).says(&["no journal beside `undo.json` knows the run"]);
    let beside = here.run(&["apply", "other/undo.json", "--digest", &digest]);
    beside.expect(0);
    assert!(!beside.stderr.contains("knows the run"), "{}", beside.stderr);
    assert!(here.read("other/plan.journal.jsonl").contains("rolledBack"));
}

#[test]
fn another_plans_run_that_is_unfinished_is_in_the_way() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let journal = here.read("plan.journal.jsonl");
    let begun: Vec<&str> = journal.lines().take(3).collect();
    let here = Hardmatch::example(EXAMPLE).file("old.journal.jsonl", begun.join("\n") + "\n");
    here.run(&["plan", "--only", "eve*", "--out", "eve.json"]).expect(0);
    let digest = here.digest("eve.json");
    here.run(&["apply", "eve.json", "--digest", &digest]).expect(15).says(&["not finished", "--abandon-unfinished"]);
    here.run(&["apply", "eve.json", "--digest", &digest, "--abandon-unfinished"]).expect(0);
}

/// Without its plan nobody could finish the run.
#[test]
fn the_plan_of_an_unfinished_run_is_kept() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let plan = here.read("plan.json");
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let begun: Vec<String> = here.read("plan.journal.jsonl").lines().take(3).map(str::to_owned).collect();
    here.write("plan.journal.jsonl", begun.join("\n") + "\n");
    let kept = format!("plan-{}.json", &digest[7..13]);
    for args in [&["plan", "--out", "plan.json"][..], &["plan", "--output", "json=plan.json"]] {
        here.run(args).expect(0).says(&["is unfinished; that plan is kept as", &kept, "--abandon-unfinished"]);
        assert_eq!(here.read(&kept), plan);
        here.write("plan.json", &plan);
    }
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    assert!(!here.run(&["plan", "--out", "plan.json"]).expect(0).stderr.contains("unfinished"));
}

#[test]
fn what_lies_in_the_place_of_the_journal_the_lock_or_the_backups_is_named() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let before = here.read("tenant.json");
    for name in [".hardmatch.lock", "plan.journal.jsonl"] {
        let place = here.path().join(name);
        std::fs::create_dir(&place).unwrap();
        here.run(&["apply", "plan.json", "--digest", &digest]).expect(3).says(&[name, "it is a folder", "move away"]);
        assert_eq!(here.read("tenant.json"), before);
        std::fs::remove_dir(&place).unwrap();
    }
    here.write("backups", "a file");
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(3).says(&["`backups`: a file is in its place", "move away"]);
    assert_eq!(here.read("tenant.json"), before);
    assert!(!here.path().join("plan.journal.jsonl").exists());
    std::fs::remove_file(here.path().join("backups")).unwrap();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_second_apply_is_kept_out() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let lock = std::fs::File::create(here.path().join(".hardmatch.lock")).unwrap();
    lock.lock().unwrap();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(15).says(&["another `apply` or `rollback`"]);
    drop(lock);
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let lock = std::fs::File::open(here.path().join(".hardmatch.lock")).unwrap();
    lock.lock().unwrap();
    let rollback = ["rollback", "plan.journal.jsonl", "--out", "undo.json"];
    here.run(&rollback).expect(15).says(&["another `apply` or `rollback`"]);
    drop(lock);
    here.run(&rollback).expect(0);
}

/// The journal of a run that goes on tomorrow has to be found then.
#[cfg(unix)]
#[test]
fn a_plan_that_is_no_file_is_not_applied() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let before = here.read("tenant.json");
    let streamed = here.run_with(&["apply", "/dev/stdin", "--digest", &digest], &here.read("plan.json"));
    streamed.expect(3).says(&["Save the plan under a name of its own"]);
    assert_eq!(here.read("tenant.json"), before);
}

#[cfg(unix)]
#[test]
fn killed_at_any_moment_it_ends_as_if_undisturbed() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let start = here.read("tenant.json");
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let undisturbed = here.read("tenant.json");
    for moment in 0..15 {
        here.write("tenant.json", &start);
        std::fs::remove_file(here.path().join("plan.journal.jsonl")).unwrap();
        let mut child = here.spawn(&["apply", "plan.json", "--digest", &digest]);
        std::thread::sleep(std::time::Duration::from_millis(8 * moment));
        child.kill().unwrap();
        child.wait().unwrap();
        here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
        assert_eq!(without_times(&here.read("tenant.json")), without_times(&undisturbed), "killed at moment {moment}");
    }
}

/// Deletions are dated by the clock.
fn without_times(snapshot: &str) -> String {
    snapshot.lines().filter(|line| !line.contains("DateTime")).collect::<Vec<_>>().join("\n")
}

#[cfg(unix)]
#[test]
fn plans_and_journals_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    for name in ["plan.json", "plan.journal.jsonl"] {
        let mode = std::fs::metadata(here.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} has mode {mode:o}");
    }
}

#[test]
fn the_demonstration_works_and_refuses_to_overwrite() {
    let here = Hardmatch::new();
    here.run(&["demo"]).expect(0);
    assert!(here.path().join("hardmatch-demo/plan.json").is_file());
    here.run(&["demo"]).expect(3).says(&["hardmatch-demo"]);
    here.run(&["demo", "other"]).expect(0);
}
