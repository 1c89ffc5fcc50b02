//! `explain USER` from outside: who is found by which name, what is said of nobody, and the document for scripts.

use crate::common::Hardmatch;

#[test]
fn an_ad_user_is_found_by_every_name_that_a_mapping_may_use() {
    let here = Hardmatch::example("duplicate-account");
    let whole = here.run(&["explain", "james.bond"]);
    whole.expect(0).shows(&[
        "james.bond4711@contoso.onmicrosoft.com",
        "duplicate: its placeholder name",
        "planned  james.bond@contoso.com",
    ]);
    let body = |text: &str| text.split_once('\n').unwrap().1.rsplit_once("\nExplain ").unwrap().0.to_owned();
    for name in [
        r"CORP\james.bond",
        "james.bond@contoso.com",
        "JAMES.BOND@CONTOSO.COM",
        "b2c1a7e4-5d3f-4c8a-9e21-7f6d0c4b3a19",
        "{B2C1A7E4-5D3F-4C8A-9E21-7F6D0C4B3A19}",
        "S-1-5-21-1004336348-1177238915-682003330-1107",
        "CN=James Bond,OU=Staff,DC=corp,DC=example,DC=com",
        "5KfBsj9dikyeIX9tDEs6GQ==",
    ] {
        let again = here.run(&["explain", name]);
        again.expect(0);
        assert_eq!(body(&again.stdout), body(&whole.stdout), "{name}");
    }
}

#[test]
fn a_cloud_user_is_found_where_no_ad_user_answers() {
    let here = Hardmatch::example("duplicate-account");
    for name in ["james.bond4711@contoso.onmicrosoft.com", "c3d7f0a2-94b1-4f6e-8a35-1e2d3c4b5a69"] {
        here.run(&["explain", name]).expect(0).shows(&["AD users with its values", "CN=James Bond,OU=Staff"]);
        here.run(&["explain", name, "--forest", "corp"]).expect(3);
    }
}

#[test]
fn without_forests_a_cloud_user_is_explained_as_far_as_that_goes() {
    let config = "version: 1\ntenant: { snapshot: tenant.json }\nmappings:\n  - { onPrem: { guid: b2c1a7e4-5d3f-4c8a-9e21-7f6d0c4b3a19 }, cloud: james.bond@contoso.com }\n";
    let here = Hardmatch::example("duplicate-account").file("hardmatch.yaml", config);
    let explained = here.run(&["explain", "james.bond@contoso.com"]);
    explained.expect(0).shows(&["No forest is configured", "holder-undecided"]);
    assert!(!explained.stdout.contains("nobody"), "{}", explained.stdout);
    here.run(&["explain", "james.bond"]).expect(3).says(&["No forest is configured"]);
}

#[test]
fn nobody_and_several_get_a_hint_and_3() {
    let here = Hardmatch::example("everything-wrong");
    here.run(&["explain", "lena.brant"]).expect(3).says(&["neither an AD user nor a cloud user", "lena.brandt"]);
    here.run(&["explain", "all@contoso.com"]).expect(3).says(&["It is a group (All staff)"]);
    here.run(&["explain", "holder-undecidd"]).expect(3).says(&["Did you mean the finding code `holder-undecided`?"]);
    here.run(&["explain", "VrcAitbTQPWw0SoRzS1KxQ=="])
        .expect(3)
        .says(&["first three groups reversed", "CN=Anchor Wrong Byte Order"]);
    here.run(&["explain", "a*b"]).expect(3);
    here.run(&["explain", "enabled-twin@contoso.com"]).expect(3).says(&["2 users answer", "forest old", "hardmatch explain ID"]);
    here.run(&["explain", "enabled-twin@contoso.com", "--forest", "corp"]).expect(0).shows(&["forest          corp"]);
    here.run(&["explain", "lena.brandt", "--forest", "nowhere"]).expect(64).says(&["There are: corp, old, lab."]);
}

#[test]
fn every_person_of_the_examples_can_be_explained() {
    for name in crate::common::EXAMPLES.into_iter().filter(|name| *name != "bulk-rules") {
        let here = Hardmatch::example(name);
        let tenant: serde_json::Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
        for user in tenant["users"].as_array().unwrap() {
            let explained = here.run(&["explain", user["id"].as_str().unwrap(), "--format", "json"]);
            explained.expect(0);
            let document: serde_json::Value = serde_json::from_str(&explained.stdout).unwrap();
            assert_eq!((&document["kind"], &document["formatVersion"]), (&"hardmatch/explanation".into(), &"1.0".into()));
            assert!(!document["answer"].as_array().unwrap().is_empty(), "{name}: {user}");
        }
    }
}

#[test]
fn what_sync_did_is_explained_afterwards() {
    let here = Hardmatch::example("first-link");
    here.run(&["explain", "--format", "human"]).expect(0).shows(&["holder-undecided"]);
    here.run(&["explain", "waits-for"]).expect(0).shows(&["Why it matters"]);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    for name in ["ada.keller", "jonas.weber@contoso.com"] {
        here.run(&["explain", name]).expect(0).shows(&["armed, waits for sync", "has its anchor as ImmutableID"]);
    }
}
