//! Who may approve, and who wrote what they approve: what is told where that is not as it reads.
#![cfg(unix)]

use crate::approvals::{approve, git_as, ground, unapproved};
use crate::common::Hardmatch;

/// Who reads of it only when the plan is to be applied has had it reviewed for nothing.
#[test]
fn a_policy_that_nobody_can_satisfy_is_told_before_anything_is_planned() {
    let here = ground();
    let listed = here.read("approvers");
    let alice = listed.lines().next().unwrap().to_owned() + "\n";
    let lacking = [
        (String::new(), "lets nobody approve now"),
        (alice.clone(), "lets only 1 approve now"),
        (alice.repeat(2), "lets only 1 approve now"),
        (listed.replace(".com ", ".com valid-before=\"20200101Z\" "), "lets nobody approve now"),
        (alice + &listed.replace("alice@", "Alice@").replace("bob@", "alice@"), "lets only 1 approve now"),
    ];
    for (signers, lack) in lacking {
        here.write("approvers", signers);
        for verb in ["validate", "plan"] {
            here.run(&[verb]).expect(0).says(&["warning", "asks for 2 approvals", lack]);
        }
        here.run(&["doctor"]).expect(0).shows(&["look  approvals: ", lack]);
    }
    let unreadable = |why: &str| {
        for args in [&["validate"][..], &["plan"], &["apply"]] {
            here.run(args).expect(3).says(&["approvers", why, "`approvals: { signers }`"]);
        }
        here.run(&["doctor"]).expect(3).shows(&["FAIL  approvals: ", "approvers", why]);
    };
    here.write("approvers", "garbage\n");
    unreadable("line 1");
    here.write("approvers", b"\xff\xfe\x00");
    unreadable("approvers");
    std::fs::remove_file(here.path().join("approvers")).unwrap();
    unreadable("there is no such file");
    here.write("approvers", listed);
    assert!(!here.run(&["validate"]).expect(0).stderr.contains("warning"));
    here.run(&["doctor"]).expect(0).shows(&["ok    approvals: 2 required"]);
}

/// A rehearsal is of the whole way, approval included. A redacted one holds nothing by which a signer could be found.
#[test]
fn a_snapshot_takes_the_signers_along() {
    let here = ground();
    here.run(&["snapshot", "reh"]).expect(0).shows(&["reh/approvers", "who may approve"]);
    assert_eq!(here.read("reh/approvers"), here.read("approvers"));
    let config = ["--config", "reh/hardmatch.yaml"];
    let run = |args: &[&str]| here.run(&[args, &config].concat());
    run(&["plan", "--out", "reh/plan.json"]).expect(0);
    for name in ["alice", "bob"] {
        run(&["approve", "reh/plan.json", "--key", name]).expect(0);
    }
    run(&["apply", "reh/plan.json"]).expect(0);

    let keys = here.read("approvers");
    here.write("approvers", keys.replace("bob@contoso.com ", "bob@contoso.com,*@contoso.com namespaces=\"hardmatch-*\" "));
    here.run(&["snapshot", "red", "--redact"]).expect(0).says(&["keys of the signers were replaced"]);
    let redacted = here.read("red/approvers");
    let secrets = keys.split_whitespace().filter(|word| word.starts_with("AAAA")).chain(["alice", "bob", "contoso"]);
    secrets.for_each(|secret| assert!(!redacted.contains(secret), "{secret} in {redacted}"));
    assert!(redacted.contains(" namespaces=\"hardmatch-*\" ssh-ed25519 "), "{redacted}");
    let validated = here.run(&["validate", "--config", "red/hardmatch.yaml"]);
    assert!(!validated.expect(0).stderr.contains("warning"), "{validated:?}");
    // With an option of its own it is still the list of two people.
    here.run(&["plan", "--config", "red/hardmatch.yaml"]).expect(0);
}

/// The rule that authors do not approve their own change is weaker then, and whoever relies on it has to hear so.
#[test]
fn where_nothing_says_who_wrote_the_change_that_is_said() {
    let here = ground().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    unapproved(&here, &["warning: the configuration is in no git repository", "nobody is kept from approving their own"]);
    git_as(&here, "dev", &["init", "-q"]);
    let base = here.read("hardmatch.yaml");
    let commit = |name: &str, more: &str| {
        here.write("hardmatch.yaml", here.read("hardmatch.yaml") + more);
        git_as(&here, name, &["add", "hardmatch.yaml"]);
        git_as(&here, name, &["commit", "-qm", name]);
    };
    commit("dev", "");
    commit("alice", "# a mapping\n");
    commit("dev", "# a comment\n");
    here.plan();
    approve(&here, "alice").expect(0);
    // The policy of the change itself, and one that lies in no repository.
    const ONLY_THE_LAST: &str =
        "warning: nothing says since which commit the change was made, so only the author of the last change";
    unapproved(&here, &[ONLY_THE_LAST, "and 1 count"]);
    let outside = Hardmatch::new().file("policy.yaml", base).file("approvers", here.read("approvers"));
    let policy = outside.path().join("policy.yaml").display().to_string();
    here.run(&["apply", "plan.json", "--policy", &policy]).expect(8).says(&[ONLY_THE_LAST]);
    // A configuration that git is told to ignore.
    here.write(".git/info/exclude", "*\n");
    git_as(&here, "dev", &["rm", "-q", "--cached", "hardmatch.yaml"]);
    git_as(&here, "dev", &["commit", "-qm", "no more"]);
    here.write("sub/hardmatch.yaml", here.read("hardmatch.yaml"));
    for name in ["approvers", "tenant.json", "corp.ldif"] {
        here.write(&format!("sub/{name}"), here.read(name));
    }
    let config = ["--config", "sub/hardmatch.yaml"];
    here.run(&[&["plan", "--out", "plan.json"][..], &config].concat()).expect(0);
    let said = here.run(&[&["apply", "plan.json"][..], &config].concat());
    said.expect(8).says(&["git does not say who wrote the change, so nobody is kept"]);
}
