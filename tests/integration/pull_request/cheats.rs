//! Each way to cheat, with its exit code and its reason.

use hardmatch::planfile::PlanFile;

use super::ground::{ALICE, BOB, Ground, MALLORY};

/// A change that is planned, approved by both and merged, with a twist before the plan.
fn approved(twist: impl FnOnce(&Ground)) -> Ground {
    let here = Ground::new();
    here.change();
    twist(&here);
    here.plan();
    here.approve(ALICE);
    here.approve(BOB);
    here.merge();
    here
}

/// A change with a twist that is planned under its own policy instead of that of main.
fn planned_under_its_own_policy(twist: impl FnOnce(&Ground)) -> Ground {
    let here = Ground::new();
    here.change();
    twist(&here);
    here.commit(MALLORY, "twist");
    here.hardmatch(&["plan", "--out", "approvals/plan.json"]).expect(0);
    here.merge();
    here
}

#[test]
fn a_policy_that_the_change_loosens_does_not_count() {
    for (from, to) in [
        ("required: 2", "required: 0"),
        ("required: 2", "required: 1"),
        ("changes: 500", "changes: 5000"),
        ("protect: [breakglass@contoso.com, ", "protect: ["),
        ("  approvals: { required: 2, signers: approvers }\n", ""),
        ("signers: approvers", "signers: waves/mine"),
    ] {
        let here = planned_under_its_own_policy(|here| {
            here.files.edit("hardmatch.yaml", from, to);
            here.files.write("waves/mine", here.line(MALLORY));
        });
        here.refused(
            6,
            &["the policy in `base/hardmatch.yaml`, or the file of its signers, is not the one that the plan was made under"],
        );
    }
}

#[test]
fn limits_and_protected_accounts_are_those_of_main() {
    let here = Ground::new();
    here.files.edit("base/hardmatch.yaml", "changes: 500", "changes: 1");
    here.change();
    here.files.edit("hardmatch.yaml", "changes: 500", "changes: 5000");
    here.hardmatch(&["plan", "--policy", "base/hardmatch.yaml", "--out", "approvals/plan.json"])
        .expect(9)
        .shows(&["limit-exceeded"]);
    here.refused(9, &["limit-exceeded"]);
    here.files.edit("base/hardmatch.yaml", "changes: 1", "changes: 500");
    here.files.edit("base/hardmatch.yaml", "protect: [", "protect: [\"ada*\", ");
    here.hardmatch(&["plan", "--policy", "base/hardmatch.yaml", "--out", "approvals/plan.json"])
        .expect(13)
        .shows(&["target-protected"]);
    here.refused(13, &["target-protected"]);
}

/// A change that brings its own approver along, who approves it.
fn with_a_friend() -> Ground {
    let here = Ground::new();
    here.make_key("eve");
    here.change();
    here.files.write("approvers", here.line(ALICE) + &here.line(BOB) + &here.line("eve"));
    here.commit(MALLORY, "a friend");
    here.plan();
    here.approve(ALICE);
    here.approve("eve");
    here.merge();
    here
}

#[test]
fn an_approver_that_the_change_adds_does_not_count() {
    with_a_friend().refused(8, &["is not among the allowed signers", "and 1 count"]);
}

/// Somebody takes the policy from main as it is after the merge.
#[test]
fn an_approver_that_came_with_the_merge_does_not_count_either() {
    let here = with_a_friend();
    here.files.write("base/approvers", here.files.read("approvers"));
    here.refused(6, &["or the file of its signers, is not the one that the plan was made under"]);
}

#[test]
fn whoever_wrote_the_change_does_not_approve_it() {
    let here = Ground::new();
    // Bob writes, and somebody else has the last word in the same branch.
    let wave = here.files.read("waves/wave-1.csv");
    here.files.write("waves/wave-1.csv", wave + "zoe.mueller,zoe.mueller@contoso.com,,,,\n");
    here.commit(BOB, "one more");
    here.files.edit("hardmatch.yaml", "# sAMAccountName", "# the name");
    here.commit(MALLORY, "a comment");
    here.plan();
    here.approve(ALICE);
    here.approve(BOB);
    here.merge();
    here.refused(8, &["bob@contoso.com wrote the change, and somebody else has to approve it", "and 1 count"]);
}

#[test]
fn one_person_with_two_keys_counts_once() {
    let here = Ground::new();
    here.make_key("second");
    let second = here.line("second").replace("second@contoso.com", "alice@contoso.com");
    here.files.write("base/approvers", here.line(ALICE) + &here.line(BOB) + &second);
    here.change();
    here.plan();
    here.approve(ALICE);
    here.files.write("approvals/plan.again.approval", here.files.read("approvals/plan.alice@contoso.com.approval"));
    here.run(
        "ssh-keygen",
        &["-q", "-Y", "sign", "-f", "keys/second", "-n", "hardmatch-approval", "approvals/plan.again.approval"],
    );
    here.merge();
    here.refused(8, &["this approver or this key has approved already, and counts once"]);
}

#[test]
fn an_approval_of_another_plan_does_not_count() {
    let here = Ground::signed();
    // Made anew after a further commit.
    here.files.edit("waves/wave-1.csv", "zoe.mueller,zoe.mueller@contoso.com,,,,\n", "");
    here.commit(MALLORY, "on second thoughts");
    here.plan();
    here.merge();
    here.refused(8, &["it approves another plan", "and 0 count"]);
}

#[test]
fn an_approval_is_not_replayed_for_the_next_wave() {
    let here = approved(|_| {});
    here.apply().expect(0);
    here.git_as("admin", &["add", "-A"]);
    here.git_as("admin", &["commit", "-qm", "the exports after the first wave"]);
    here.git_as("admin", &["-C", "base", "checkout", "-q", "--detach", "main"]);
    here.git_as(MALLORY, &["checkout", "-q", "-b", "next"]);
    here.files.edit("waves/wave-1.csv", "mateo.silva,mateo.silva@contoso.com,,,,\n", "");
    here.files.edit(
        "hardmatch.yaml",
        "    cloud: ada.keller@contoso.com",
        "    cloud: ada.keller@contoso.com\n  - { cloud: mateo.silva@contoso.com, onPrem: none }",
    );
    here.commit(MALLORY, "the next wave");
    here.plan();
    here.refused(8, &["it approves another plan"]);
}

#[test]
fn an_expired_approval_and_one_for_another_purpose_do_not_count() {
    let here = Ground::new();
    here.change();
    here.plan();
    here.approve(ALICE);
    here.hardmatch(&["approve", "approvals/plan.json", "--key", "keys/bob", "--expires", "1s"]).expect(0);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    here.refused(8, &["it expired at"]);
    here.approve(BOB);
    std::fs::remove_file(here.files.path().join("approvals/plan.bob@contoso.com.approval.sig")).unwrap();
    here.run("ssh-keygen", &["-q", "-Y", "sign", "-f", "keys/bob", "-n", "git", "approvals/plan.bob@contoso.com.approval"]);
    here.refused(8, &["it was signed for `git`, not for `hardmatch-approval`"]);
}

#[test]
fn a_signer_who_was_removed_or_whose_time_is_over_does_not_count() {
    let here = approved(|_| {});
    here.files.write("base/approvers", here.line(ALICE));
    here.refused(8, &["is not among the allowed signers"]);
    let over = here.line(BOB).replace("bob@contoso.com ", "bob@contoso.com valid-before=\"20200101Z\" ");
    here.files.write("base/approvers", here.line(ALICE) + &over);
    here.refused(8, &["lets this key sign no more"]);
}

#[test]
fn a_plan_that_was_edited_after_signing_is_refused() {
    let here = approved(|_| {});
    let plan = here.files.read("approvals/plan.json");
    let edited = plan.replace("zoe.mueller@contoso.com", "zoe.muellen@contoso.com");
    assert_ne!(plan, edited);
    here.files.write("approvals/plan.json", &edited);
    here.refused(7, &["approvals/plan.json"]);
    // With a digest that fits the edit.
    let file: serde_json::Value = serde_json::from_str(&edited).unwrap();
    let part = |name: &str| file[name].clone();
    let (meta, body) = (serde_json::from_value(part("meta")).unwrap(), serde_json::from_value(part("body")).unwrap());
    here.files.write("approvals/plan.json", PlanFile { meta, body }.to_bytes());
    here.refused(8, &["it approves another plan"]);
}

#[test]
fn a_plan_is_applied_to_its_own_tenant_and_from_its_own_configuration() {
    let here = approved(|_| {});
    let tenant = here.files.read("exports/tenant.json");
    here.files.write(
        "exports/tenant.json",
        tenant.replace("7f3c2b1a-0e9d-4c8b-a7f6-5e4d3c2b1a09", "7f3c2b1a-0e9d-4c8b-a7f6-5e4d3c2b1a00"),
    );
    here.refused(6, &["the tenant", "nothing was written"]);
    here.files.write("exports/tenant.json", tenant);
    here.files.edit("waves/wave-1.csv", "jonas.weber,jonas.weber@contoso.com,,,,\n", "");
    let changed = ["`hardmatch.yaml` or a mapping file of it changed since the plan was made", "A changed line ending counts"];
    here.refused(6, &changed);
}

#[test]
fn the_digest_alone_does_not_do_where_signatures_are_asked_for() {
    let here = Ground::new();
    here.change();
    here.plan();
    here.merge();
    // `refused` gives the right digest, too.
    here.refused(8, &["asks for 2 approvals, and 0 count"]);
}
