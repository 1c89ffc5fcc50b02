//! Errors as a user meets them: what is wrong, where, and how to cure it; everything at once; no panic, exit 3.

use crate::common::{Hardmatch, Outcome};

const EXAMPLE: &str = "duplicate-account";

/// Runs what reads the configuration and checks that all of them refuse it alike.
#[track_caller]
fn refused(here: &Hardmatch, parts: &[&str]) {
    for verb in ["validate", "plan", "verify", "apply"] {
        check(&here.run(&[verb]), parts);
    }
}

/// Runs what reads the directories.
#[track_caller]
fn unreadable(here: &Hardmatch, parts: &[&str]) {
    here.run(&["validate"]).expect(0);
    for verb in ["plan", "verify"] {
        check(&here.run(&[verb]), parts);
    }
}

#[track_caller]
fn check(run: &Outcome, parts: &[&str]) {
    run.expect(3).says(parts);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn a_misspelt_key() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "    holders:", "    hodlers:");
    refused(&here, &["hardmatch.yaml:15", "hodlers", "holders"]);
}

#[test]
fn a_file_that_is_not_there() {
    for file in ["tenant.json", "corp.ldif"] {
        let here = Hardmatch::example(EXAMPLE);
        std::fs::remove_file(here.path().join(file)).unwrap();
        unreadable(&here, &[file, "cannot read the file: there is no such file or folder", "relative to its own folder"]);
    }
}

#[test]
fn several_errors_are_shown_at_once() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "    holders:", "    hodlers:");
    here.edit("hardmatch.yaml", "resolve: clear", "resolve: cleer");
    refused(&here, &["hodlers", "cleer", "clear"]);
}

#[test]
fn a_duplicate_key() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit(
        "hardmatch.yaml",
        "    cloud: james.bond@contoso.com\n",
        "    cloud: james.bond@contoso.com\n    cloud: q@contoso.com\n",
    );
    refused(&here, &["hardmatch.yaml:15", "cloud"]);
}

#[test]
fn a_tab() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "  snapshot:", "\tsnapshot:");
    refused(&here, &["hardmatch.yaml:5", "tab"]);
}

#[test]
fn an_unclosed_quote() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "because: empty account", "because: \"empty account");
    refused(&here, &["hardmatch.yaml:", "quot"]);
}

#[test]
fn files_that_are_not_there() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "ldif: corp.ldif", "ldif: corpse.ldif");
    unreadable(&here, &["corpse.ldif"]);
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "snapshot: tenant.json", "snapshot: tenants.json");
    unreadable(&here, &["tenants.json"]);
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "mappings:", "mappingFiles: [wave.csv]\nmappings:");
    refused(&here, &["wave.csv"]);
    refused(&Hardmatch::new().file("hardmatch.yaml", ""), &["hardmatch.yaml"]);
    Hardmatch::new().run(&["show", "plan.json"]).expect(3).says(&["plan.json"]);
}

#[test]
fn an_ldif_that_was_cut() {
    let here = Hardmatch::example(EXAMPLE);
    let whole = here.read("corp.ldif");
    here.write("corp.ldif", &whole[..whole.len() * 3 / 5]);
    unreadable(&here, &["corp.ldif"]);
}

#[test]
fn json_of_the_wrong_shape() {
    for (content, part) in [
        ("", "empty"),
        ("{}", "format"),
        ("{\"format\": \"hardmatch/tenant\", \"formatVersion\": \"1.0\"}", "users"),
        ("[1, 2]", "tenant.json"),
        ("{\"users\": [{\"id\": \"x\"}]}", "users[0]"),
        ("{\"users\": [", "tenant.json"),
        ("<html></html>", "HTML"),
        ("nonsense", "tenant.json"),
    ] {
        unreadable(&Hardmatch::example(EXAMPLE).file("tenant.json", content), &[part]);
    }
}

#[test]
fn a_user_without_the_key_that_counts_is_named() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("tenant.json", "\"onPremisesImmutableId\": null,", "");
    unreadable(&here, &["onPremisesImmutableId", "james.bond@contoso.com"]);
}

#[test]
fn an_empty_directory_is_a_guard_and_shows_the_plan() {
    let no_user = "dn: DC=corp,DC=example,DC=com\nobjectClass: domain\n\n";
    let no_account = "{\"format\": \"hardmatch/tenant\", \"formatVersion\": \"1.0\", \"users\": []}";
    for (file, content) in [("corp.ldif", no_user), ("tenant.json", no_account)] {
        let run = Hardmatch::example(EXAMPLE).file(file, content).run(&["plan"]);
        run.expect(9).shows(&["source-empty"]);
    }
    unreadable(&Hardmatch::example(EXAMPLE).file("corp.ldif", ""), &["corp.ldif"]);
}

/// Nobody is signed in, nobody answers, or the address would send the token in the clear.
#[test]
fn a_live_tenant_that_cannot_be_reached_says_why() {
    let here = Hardmatch::example(EXAMPLE).env("TOKEN", "ey.token.of-somebody");
    let tenant = |auth: &str, more: &str| format!("  graph: {{ tenantId: contoso.onmicrosoft.com, auth: {auth}{more} }}");
    here.edit("hardmatch.yaml", "  snapshot: tenant.json", &tenant("azureCli", ""));
    here.run(&["plan"]).expect(4).says(&["`az`", "not installed"]);
    here.edit("hardmatch.yaml", "azureCli", "{ token: { env: NOBODY } }");
    here.run(&["plan"]).expect(3).says(&["`NOBODY`", "not set"]);
    here.edit("hardmatch.yaml", "env: NOBODY } }", "env: TOKEN } }, endpoint: \"http://127.0.0.1:9\"");
    let refused = here.run(&["doctor"]);
    refused.expect(5).shows(&["FAIL  tenant: 127.0.0.1:9 cannot be reached"]);
    assert!(!refused.stdout.contains("of-somebody") && !refused.stderr.contains("of-somebody"));
    here.edit("hardmatch.yaml", "127.0.0.1:9", "10.0.0.1");
    here.run(&["plan"]).expect(3).says(&["loopback"]);
}

#[test]
fn a_plan_file_that_was_touched_is_7_and_one_of_another_kind_too() {
    let here = Hardmatch::example(EXAMPLE);
    here.plan();
    here.edit("plan.json", "james.bond", "james.bund");
    for verb in [&["show", "plan.json"][..], &["apply", "plan.json"], &["diff", "plan.json", "plan.json"]] {
        here.run(verb).expect(7).says(&["plan.json", "altered"]);
    }
    here.write("plan.json", "{}");
    here.run(&["show", "plan.json"]).expect(7);
    here.write("plan.json", [0xff, 0xfe, 0x00]);
    here.run(&["apply", "plan.json"]).expect(7);
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let here = Hardmatch::example(EXAMPLE);
    here.run(&["plan", "--out", "no/such/folder/plan.json"]).expect(3).says(&["no/such/folder/plan.json"]);
    here.run(&["plan", "--output", "markdown"]).expect(64).says(&["FORMAT=PATH"]);
    here.run(&["plan", "--output", "pdf=x.pdf"]).expect(64).says(&["pdf"]);
    here.run(&["plan", "--output", "json="]).expect(64);
}
