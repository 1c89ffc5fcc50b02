//! The pipelines that `init` writes: valid by the schemas of their makers, their scripts sound, those of GitHub run.
#![cfg(unix)]

mod github;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::Hardmatch;

const FILES: [(&str, &[&str]); 5] = [
    (".github/workflows/hardmatch-plan.yml", &["--builtin-schema", "vendor.github-workflows"]),
    (".github/workflows/hardmatch-apply.yml", &["--builtin-schema", "vendor.github-workflows"]),
    ("azure/hardmatch-plan.yml", &["--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines"]),
    ("azure/hardmatch-apply.yml", &["--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines"]),
    (".gitlab-ci.yml", &["--data-transform", "gitlab-ci", "--builtin-schema", "vendor.gitlab-ci"]),
];

/// Says it past the test harness, which keeps to itself what a passing test prints.
fn skip(what: &str) {
    std::io::stderr().write_all(format!("skipped: no {what} (tests/run installs it)\n").as_bytes()).unwrap();
}

fn made() -> Hardmatch {
    let here = Hardmatch::new();
    here.run(&["init", "--ci", "github", "--ci", "azure", "--ci", "gitlab"]).expect(0);
    here
}

fn yaml(here: &Hardmatch, name: &str) -> Value {
    serde_yaml::from_str(&here.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn each_is_valid_by_the_schema_of_its_maker() {
    #[expect(clippy::disallowed_methods, reason = "tests/run says where it is")]
    let Ok(checker) = std::env::var("HARDMATCH_TEST_CHECK_JSONSCHEMA") else { return skip("check-jsonschema") };
    let here = made();
    for (file, options) in FILES {
        let checked = Command::new(&checker).args(options).arg(file).current_dir(here.path()).output().unwrap();
        assert!(checked.status.success(), "{file}: {}", String::from_utf8_lossy(&checked.stdout));
    }
}

/// Everything that a shell runs.
fn scripts(value: &Value, found: &mut Vec<String>) {
    const KEYS: [&str; 5] = ["run", "bash", "script", "before_script", "after_script"];
    for (key, value) in value.as_object().into_iter().flatten() {
        let lines: Option<Vec<&str>> = value.as_array().map(|lines| lines.iter().filter_map(Value::as_str).collect());
        let script = value.as_str().map(str::to_owned).or_else(|| lines.map(|lines| lines.join("\n")));
        match script.filter(|_| KEYS.contains(&key.as_str())) {
            Some(script) => found.push(script),
            None => scripts(value, found),
        }
    }
    value.as_array().into_iter().flatten().for_each(|value| scripts(value, found));
}

/// A program that reads a script.
fn check(program: &str, args: &[&str], script: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some(if output.status.success() { String::new() } else { String::from_utf8_lossy(&said).into_owned() })
}

#[test]
fn their_scripts_are_sound() {
    let here = made();
    let mut found = vec![here.read("ci/install-hardmatch")];
    for (file, _) in FILES {
        let before = found.len();
        scripts(&yaml(&here, file), &mut found);
        assert!(found.len() > before, "{file} has no script");
    }
    for script in &found {
        assert_eq!(check("bash", &["-n"], script).unwrap(), "", "{script}");
        // A file's first line says which shell it is for; scripts of a pipeline have none.
        match check("shellcheck", &["--shell=bash", "-"], script) {
            Some(faults) => assert_eq!(faults, "", "{script}"),
            None => return skip("shellcheck"),
        }
    }
}

/// What somebody from outside can name (a branch, a title) reaches a script as a variable of the environment, never as text.
#[test]
fn nothing_of_the_pull_request_is_put_into_a_script() {
    let here = made();
    for (file, _) in FILES {
        let mut found = Vec::new();
        scripts(&yaml(&here, file), &mut found);
        for script in found {
            assert!(!script.contains("${{") && !script.contains("$(Build.") && !script.contains("$(System."), "{file}: {script}");
        }
        assert!(!here.read(file).contains("pull_request_target"), "{file}");
    }
}

#[test]
fn only_actions_of_github_itself_are_used_and_rights_are_given_by_job() {
    let here = made();
    for file in [FILES[0].0, FILES[1].0] {
        let workflow = yaml(&here, file);
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{file}");
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["permissions"].is_object() && job["timeout-minutes"].is_number(), "{file}: {name}");
            for step in job["steps"].as_array().unwrap() {
                let uses = step["uses"].as_str().unwrap_or("actions/");
                assert!(
                    uses.starts_with("actions/") && !step["with"]["persist-credentials"].as_bool().unwrap_or(false),
                    "{uses}"
                );
            }
        }
    }
    let apply = yaml(&here, FILES[1].0);
    assert_eq!(apply["concurrency"]["cancel-in-progress"], false);
    let writers: Vec<&str> = apply["jobs"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, job)| job["env"]["AZURE_CLIENT_ID"].as_str().is_some_and(|id| id.contains("APPLY")))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(writers, ["apply"], "who writes is behind the environment");
    assert_eq!(apply["jobs"]["apply"]["environment"], "hardmatch-apply");
}
