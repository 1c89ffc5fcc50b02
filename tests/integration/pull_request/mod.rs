//! A pull request from `init` to `apply`, with the real git and ssh-keygen: the way it goes, and each way to cheat it.
#![cfg(unix)]

mod cheats;
mod ground;

use ground::{ALICE, BOB, Ground, MALLORY};

#[test]
fn a_change_is_planned_approved_by_two_merged_and_applied() {
    let here = Ground::new();
    here.change();
    let planned = here.hardmatch(&[
        "plan",
        "--policy",
        "base/hardmatch.yaml",
        "--out",
        "approvals/plan.json",
        "--output",
        "markdown=plan.md",
    ]);
    planned.expect(0).shows(&["Plan: 3 to set"]);
    let comment = here.files.read("plan.md");
    assert!(
        comment.starts_with("<!-- hardmatch plan tenant=7f3c2b1a-0e9d-4c8b-a7f6-5e4d3c2b1a09 config=hardmatch.yaml -->\n"),
        "{comment}"
    );
    assert!(comment.len() < 60_000);
    here.approve(ALICE);
    here.refused(8, &["asks for 2 approvals, and 1 count"]);
    here.approve(BOB);
    // Approvals are commits of the pull request, and change neither the plan nor who wrote the change.
    let digest = here.files.digest("approvals/plan.json");
    here.plan();
    assert_eq!(here.files.digest("approvals/plan.json"), digest);
    here.merge();
    here.apply().expect(0).says(&["approved by alice@contoso.com", "approved by bob@contoso.com"]);
    here.hardmatch(&["plan"]).expect(0).shows(&["4 mappings armed"]);
}

#[test]
fn who_approves_may_also_have_merged() {
    let here = Ground::signed();
    here.git_as(ALICE, &["checkout", "-q", "main"]);
    here.git_as(ALICE, &["merge", "-q", "--no-ff", "-m", "merge", "change"]);
    here.apply().expect(0);
}

#[test]
fn a_squashed_change_keeps_its_authors() {
    let here = Ground::signed();
    here.git_as(ALICE, &["checkout", "-q", "main"]);
    here.git_as(ALICE, &["merge", "-q", "--squash", "change"]);
    let message = "a wave\n\nCo-authored-by: Bob <bob@contoso.com>";
    here.git_as(MALLORY, &["commit", "-qm", message]);
    here.refused(8, &["bob@contoso.com wrote the change", "and 1 count"]);
}
