//! A run that stopped half-way, and what happened before it goes on.

use crate::common::{Hardmatch, Outcome};

const DUPLICATE: &str = "james.bond4711@contoso.onmicrosoft.com";

/// A folder with a run that was killed after the duplicate was deleted; the tenant is as it was before, as if somebody had
/// restored the account.
fn begun() -> Hardmatch {
    let here = Hardmatch::example("duplicate-account");
    let digest = here.plan();
    let before = here.read("tenant.json");
    here.run(&["apply", "plan.json", "--digest", &digest, "--concurrency", "1"]).expect(0);
    here.write("tenant.json", before);
    let journal = here.read("plan.journal.jsonl");
    let deleted = journal.lines().position(|line| line.contains("deletedDateTime\":\"20")).unwrap();
    let kept: Vec<&str> = journal.lines().take(deleted + 1).collect();
    here.write("plan.journal.jsonl", kept.join("\n") + "\n");
    here
}

fn apply(here: &Hardmatch, extra: &[&str]) -> Outcome {
    let digest = here.digest("plan.json");
    here.run(&[&["apply", "plan.json", "--digest", &digest], extra].concat())
}

#[test]
fn an_account_that_was_restored_meanwhile_is_asked_about() {
    let here = begun();
    here.edit("tenant.json", "\"James Bond\"", "\"James Bond, in use\"");
    let before = here.read("tenant.json");
    let stale = apply(&here, &[]);
    stale.expect(6).says(&["deleted, as it was at", "live", "an earlier one did", "hardmatch rollback", "--abandon-unfinished"]);
    assert!(!stale.stderr.contains("nothing was written"), "{}", stale.stderr);
    assert_eq!(here.read("tenant.json"), before);
    // The same plan, approved again, saves and deletes the account as it is now.
    apply(&here, &["--abandon-unfinished"]).expect(0).says(&["gave up the unfinished run", "saved to"]);
}

#[test]
fn another_policy_says_the_ways_out_of_a_begun_run() {
    let here = begun();
    let (yaml, before) = (here.read("hardmatch.yaml"), here.read("tenant.json"));
    here.write("hardmatch.yaml", format!("{yaml}\npolicy: {{ protect: [{DUPLICATE}] }}\n"));
    let refused = apply(&here, &[]);
    refused.expect(6).says(&["the policy in", "put the policy back", "hardmatch rollback", "--abandon-unfinished"]);
    assert!(!refused.stderr.contains("nothing was written"), "{}", refused.stderr);
    assert_eq!(here.read("tenant.json"), before);
}

/// An account came out of the recycle bin only to lose its ID, and the run that was to put it back is given up.
#[test]
fn who_is_left_live_by_a_run_that_is_given_up_is_named() {
    const OLD: &str = "5f09c39b-c577-48be-9cbc-459828380608";
    let here = Hardmatch::example("recycle-bin");
    let digest = here.plan();
    let mut tenant: serde_json::Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
    here.run(&["apply", "plan.json", "--digest", &digest, "--concurrency", "1"]).expect(0);
    let journal = here.read("plan.journal.jsonl");
    let restore = journal.lines().position(|line| line.contains(OLD) && line.contains("\"kind\":\"restore\"")).unwrap();
    let kept: Vec<&str> = journal.lines().take(restore + 1).collect();
    here.write("plan.journal.jsonl", kept.join("\n") + "\n");
    let deleted = tenant["deletedUsers"].as_array_mut().unwrap();
    let at = deleted.iter().position(|user| user["id"] == OLD).unwrap();
    let mut old = deleted.remove(at);
    old["deletedDateTime"] = serde_json::Value::Null;
    old["userPrincipalName"] = "pia.linden.old@contoso.com".into();
    tenant["users"].as_array_mut().unwrap().push(old);
    here.write("tenant.json", tenant.to_string());
    here.run(&["plan", "--out", "second.json"]).expect(0);
    let digest = here.digest("second.json");
    let run = here.run(&["apply", "second.json", "--digest", &digest, "--abandon-unfinished"]);
    run.expect(0).says(&["gave up the unfinished run", "pia.linden.old@contoso.com was taken out of the recycle bin"]);
}
