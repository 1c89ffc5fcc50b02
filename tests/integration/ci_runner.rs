//! What the program tells the CI runner that it runs in: annotations on stderr, a summary, outputs for later steps.

use crate::common::Hardmatch;

/// A folder that is the workspace of GitHub Actions, with the configuration in a folder below it.
fn github(example: &str) -> Hardmatch {
    let here = Hardmatch::example(example);
    let path = |name: &str| here.path().join(name).to_str().unwrap().to_owned();
    let (workspace, output, summary) = (path(""), path("output"), path("summary"));
    here.env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", &workspace)
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_STEP_SUMMARY", &summary)
}

/// An output as GitHub reads it: `name<<DELIMITER`, the value, the delimiter.
fn output(here: &Hardmatch, name: &str) -> String {
    let text = format!("\n{}", here.read("output"));
    let (_, rest) = text.rsplit_once(&format!("\n{name}<<")).unwrap_or_else(|| panic!("no {name} in {text}"));
    let (delimiter, rest) = rest.split_once('\n').unwrap();
    rest.split_once(&format!("\n{delimiter}\n")).unwrap().0.to_owned()
}

#[test]
fn github_gets_outputs_a_summary_and_nothing_on_stdout() {
    let here = github("duplicate-account");
    let plain = Hardmatch::example("duplicate-account").run(&["plan", "--format", "markdown"]);
    let planned = here.run(&["plan", "--out", "plan.json", "--format", "markdown"]);
    planned.expect(0);
    // The line that says when the plan was made differs.
    let lines =
        |text: &str| text.trim_end().lines().filter(|line| !line.starts_with("| made")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&planned.stdout), lines(&plain.stdout), "stdout is the result and nothing else");
    assert_eq!(lines(&here.read("summary")), lines(&plain.stdout));
    let digest = here.digest("plan.json");
    for (name, value) in [
        ("status", "ready"),
        ("digest", &digest),
        ("short-digest", &digest[7..13]),
        ("changes", "5"),
        ("blockers", "0"),
        ("exit-code", "0"),
    ] {
        assert_eq!(output(&here, name), value, "{name}");
    }
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    assert_eq!((output(&here, "done").as_str(), output(&here, "failed").as_str()), ("5", "0"));
    assert!(here.read("summary").contains("## hardmatch apply"));
    here.run(&["verify"]).expect(0);
    assert_eq!(output(&here, "armed"), "2");
    assert!(here.read("summary").contains("hardmatch verify"));
}

#[test]
fn blockers_are_errors_at_the_lines_of_their_mappings() {
    let here = github("everything-wrong");
    let planned = here.run(&["plan"]);
    planned.says(&["::error file=hardmatch.yaml,line=", "::error title=and more::", "::warning file="]);
    for kind in ["::error ", "::warning "] {
        assert_eq!(planned.stderr.lines().filter(|line| line.starts_with(kind)).count(), 10, "{}", planned.stderr);
    }
    assert!(!planned.stdout.contains("::error"));
    assert_eq!(output(&here, "exit-code"), planned.code.unwrap().to_string());
}

#[test]
fn a_fault_of_the_configuration_is_an_error_at_its_line_below_the_root_of_the_repository() {
    let here = github("duplicate-account");
    here.write("sub/hardmatch.yaml", here.read("hardmatch.yaml").replace("    holders:", "    hodlers:"));
    for verb in ["validate", "plan"] {
        here.run(&[verb, "--config", "sub/hardmatch.yaml"])
            .expect(3)
            .says(&["::error file=sub/hardmatch.yaml,line=15,title=configuration::"]);
    }
    here.write("sub/hardmatch.yaml", here.read("hardmatch.yaml").replace("eve.moneypenny", "james.bond"));
    here.run(&["validate", "--config", "sub/hardmatch.yaml"]).expect(3).says(&["is mapped twice"]);
    here.run(&["show", "nothing.json"])
        .expect(3)
        .says(&["::error title=invalid input or configuration::`nothing.json` cannot be read"]);
    assert_eq!(output(&here, "exit-code"), "3");
}

/// A log of JSON is for programs; the runner knows its commands in one form only.
#[test]
fn a_runner_is_commanded_in_its_own_form_beside_a_log_of_json() {
    let here = github("everything-wrong");
    let run = here.run(&["plan", "--log-format", "json"]);
    run.expect(9).says(&["\n::error file="]);
}

#[test]
fn azure_devops_gets_the_same_in_its_own_words() {
    let here = Hardmatch::example("everything-wrong");
    let folder = here.path().to_str().unwrap().to_owned();
    let here = here.env("TF_BUILD", "True").env("BUILD_SOURCESDIRECTORY", &folder).env("AGENT_TEMPDIRECTORY", &folder);
    here.run(&["plan"]).says(&[
        "##vso[task.logissue type=error;sourcepath=hardmatch.yaml;linenumber=",
        "##vso[task.setvariable variable=short_digest;isOutput=true]",
        "##vso[task.uploadsummary][FOLDER]/hardmatch-",
    ]);
}

#[test]
fn nothing_is_said_to_a_runner_that_is_not_there() {
    let here = Hardmatch::example("everything-wrong").env("GITHUB_OUTPUT", "output");
    let planned = here.run(&["plan"]);
    assert!(!planned.stderr.contains("::error") && !here.path().join("output").exists());
}

#[test]
fn a_value_of_a_directory_is_no_command() {
    let here = github("duplicate-account");
    here.edit("corp.ldif", "CN=James Bond,OU=Staff", "CN=::stop-commands::x ##vso[task.prependpath]/tmp,OU=Staff");
    let explain = &["explain", "james.bond"];
    for args in [&["plan"][..], explain, &[&explain[..], &["--format", "json"]].concat(), &["--log-format", "json", "-v", "plan"]]
    {
        let run = here.run(args);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("stop-commands"), "{args:?}: {said}");
        assert!(!said.contains("::stop") && !said.contains("##vso["), "{args:?}: {said}");
    }
}

/// What a screen, a runner and a filter of escape codes each take for their own.
const ARMED: &str = "\u{9b}31m\u{202e}\u{7f}##vso[task.x]";

/// A plan that holds it.
fn armed(here: Hardmatch) -> Hardmatch {
    here.edit("hardmatch.yaml", "the trial account stays, without the ID", r#""\x9b31m\u202e\x7f##vso[task.x]""#);
    here
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// What programs read of a file is the plan file, byte for byte; whoever sees the plan sees escapes.
#[cfg(unix)]
#[test]
fn a_plan_as_json_says_the_same_in_a_log_and_in_a_file() {
    for (here, in_log) in [(Hardmatch::example("duplicate-account"), false), (github("duplicate-account"), true)] {
        let here = armed(here);
        let digest = here.plan();
        for args in [&["plan", "--format", "json"][..], &["show", "plan.json", "--format", "json"]] {
            let piped = here.run(args).stdout;
            assert_eq!(piped.contains(ARMED), !in_log, "{args:?}");
            assert_eq!(json(&piped)["body"], json(&here.read("plan.json"))["body"], "{args:?}");
            here.write("piped.json", &piped);
            let shown = here.run(&["show", "piped.json"]);
            if in_log {
                shown.expect(7).says(&["its body says the same in other bytes", "save plans with `--out FILE`"]);
            } else {
                shown.expect(0);
            }
            here.run_into("kept.json", args);
            here.run(&["show", "kept.json"]).expect(0);
            assert_eq!(here.digest("kept.json"), digest, "{args:?}");
        }
    }
}
