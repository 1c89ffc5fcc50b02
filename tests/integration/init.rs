//! `init`: a repository that works at once, and never at the cost of a file that is there.

use crate::common::Hardmatch;

#[test]
fn validates_and_plans_at_once_and_the_editor_gets_the_schema() {
    let here = Hardmatch::new();
    let made = here.run(&["init"]);
    made.expect(0).shows(&["hardmatch.yaml ", "Next:\n  1. hardmatch plan"]).says(&["no git remote tells which"]);
    here.run(&["validate"]).expect(0).shows(&["3 mappings"]);
    here.run(&["plan", "--out", "plan.json"]).expect(0).shows(&["Plan: 2 to set", "ready"]);
    here.run(&["apply", "plan.json", "--digest", &here.digest("plan.json")]).expect(0);
    here.run(&["verify"]).expect(0).shows(&["3 mappings armed"]);
    assert!(here.read("hardmatch.yaml").starts_with("# yaml-language-server: $schema=./schemas/config.schema.json\n"));
    assert_eq!(here.read("schemas/config.schema.json"), here.run(&["schema", "config"]).stdout);
    for file in made.stdout.lines().take_while(|line| !line.is_empty()) {
        assert!(here.path().join(file.split_once(' ').unwrap().0).is_file(), "{file}");
    }
}

/// What stands in the comments is what people switch to.
#[test]
fn the_live_directories_of_the_comments_are_valid() {
    let here = Hardmatch::new();
    here.run(&["init", "--ci", "github"]).expect(0);
    let live =
        here.read("hardmatch.yaml").replace("  snapshot: exports/tenant.json\n", "").replace("    ldif: exports/corp.ldif\n", "");
    let uncommented = ["# graph:", "# ldap:", "#   url:", "#   baseDn:", "#   ca:", "#   bind:"];
    let live = uncommented.iter().fold(live, |text, key| {
        assert!(text.contains(key), "{key}");
        text.replace(key, key.strip_prefix("# ").or(key.strip_prefix('#')).unwrap())
    });
    here.write("hardmatch.yaml", live);
    here.run(&["validate"]).expect(0);
}

#[test]
fn a_file_in_the_way_stops_it_whole() {
    let here = Hardmatch::new().file("new/README.md", "mine").file("new/waves", "a file where a folder has to be");
    let refused = here.run(&["init", "new"]);
    refused.expect(3).says(&["these files are in the way", "new/README.md", "new/waves", "nothing was written"]);
    assert_eq!(here.read("new/README.md"), "mine");
    assert_eq!(std::fs::read_dir(here.path().join("new")).unwrap().count(), 2, "nothing half-done");
    std::fs::remove_file(here.path().join("new/waves")).unwrap();
    here.run(&["init", "new"]).expect(3).says(&["this file is in the way"]);
    std::fs::remove_file(here.path().join("new/README.md")).unwrap();
    here.run(&["init", "new"]).expect(0).shows(&["1. cd new && hardmatch plan"]);
}

#[test]
fn the_pipelines_are_those_of_the_remote_for_its_branch() {
    let here = Hardmatch::new()
        .file(".git/config", "[remote \"origin\"]\n  url = https://contoso@dev.azure.com/contoso/x/_git/x\n")
        .file(".git/HEAD", "ref: refs/heads/trunk\n");
    here.run(&["init"]).expect(0).says(&["Pipelines are for Azure DevOps: the git remote points there"]);
    assert!(here.read("azure/hardmatch-apply.yml").contains("include: [trunk]"));
    assert!(!here.path().join(".github").exists() && !here.path().join(".gitlab-ci.yml").exists());
    here.run(&["init", "below", "--ci", "gitlab", "--ci", "github"])
        .expect(0)
        .says(&["GitHub Actions, GitLab CI", "only found there"]);
    assert!(here.path().join("below/.gitlab-ci.yml").exists() && !here.path().join("below/azure").exists());
    here.run(&["init", "x", "--ci", "jenkins"]).expect(64);
}

#[cfg(unix)]
#[test]
fn others_may_read_it_and_the_installer_runs() {
    use std::os::unix::fs::PermissionsExt as _;
    let here = Hardmatch::new();
    here.run(&["init"]).expect(0);
    let mode = |name: &str| here.path().join(name).metadata().unwrap().permissions().mode();
    assert_ne!(mode("ci/install-hardmatch") & 0o100, 0);
    assert_eq!(mode("hardmatch.yaml") & 0o111, 0);
}
