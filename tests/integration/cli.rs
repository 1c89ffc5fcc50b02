//! The command line itself: exit codes, streams, colour, and the verbs that need no directory.

use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::common::{Hardmatch, program};

const VERBS: [&str; 14] = [
    "demo",
    "validate",
    "plan",
    "show",
    "diff",
    "apply",
    "verify",
    "rollback",
    "snapshot",
    "convert",
    "explain",
    "schema",
    "completions",
    "man",
];

#[test]
fn help_and_version_are_results() {
    let here = Hardmatch::new();
    for verb in VERBS {
        here.run(&["--help"]).expect(0).shows(&[verb]);
        let help = here.run(&["help", verb]);
        help.expect(0).shows(&["Usage: hardmatch"]);
        assert!(help.stderr.is_empty());
    }
    here.run(&["--version"]).expect(0).shows(&["hardmatch 0."]);
    here.run(&["help"]).expect(0);
    here.run(&["--help"]).expect(0).shows(&["Exit codes:", "143", "the plan has blockers"]);
}

#[test]
fn wrong_use_is_64_and_says_what_is_near() {
    let here = Hardmatch::new();
    here.run(&["aply"]).expect(64).says(&["apply"]);
    here.run(&["plan", "--fromat", "json"]).expect(64).says(&["--format"]);
    here.run(&["schema", "confg"]).expect(64).says(&["a similar value exists: 'config'"]);
    here.run(&["plan", "--log-format", "jsn"]).expect(64).says(&["a similar value exists: 'json'"]);
    for line in [
        &[][..],
        &["plan", "--fromat", "json"],
        &["plan", "--format", "yaml"],
        &["apply", "plan.json", "--yes"],
        &["convert"],
        &["convert", "x", "--config", "y"],
        &["explain", "no-such-code"],
        &["schema", "journal"],
        &["rollback", "x.journal.jsonl"],
        &["show"],
        &["diff", "one.json"],
        &["plan", "extra"],
    ] {
        let run = here.run(line);
        run.expect(64);
        assert!(run.stdout.is_empty(), "{line:?} wrote to stdout: {}", run.stdout);
    }
}

#[test]
fn convert_reads_values_and_lines() {
    let here = Hardmatch::new();
    here.run(&["convert", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"]).expect(0).shows(&[
        "4AQlP4lP0xGaDAMF6CwzAQ==",
        "e004253f894fd3119a0c0305e82c3301",
        r"(objectGUID=\e0\04\25\3f\89\4f\d3\11\9a\0c\03\05\e8\2c\33\01)",
        "CN={3441516C50346C503078476144414D463643777A41513D3D}",
        "PyUE4E+JEdOaDAMF6CwzAQ==",
    ]);
    let lines = here.run_with(&["convert", "--format", "json", "-"], "\u{feff}E10045\r\n\r\n4AQlP4lP0xGaDAMF6CwzAQ==\r\n");
    lines.expect(0);
    assert_eq!(lines.stdout.lines().count(), 2);
    here.run_with(&["convert", "-"], "").expect(3);
    let damaged = here.run(&["convert", "4AQlP4lP0xGaDAMF6CwzAQ==", "4AQlP4lP0xGaDAMF6CwzAQ"]);
    damaged.expect(3).says(&["`4AQlP4lP0xGaDAMF6CwzAQ==`"]).shows(&["3f2504e0"]);
}

#[test]
fn explain_lists_and_describes() {
    let here = Hardmatch::new();
    here.run(&["explain"]).expect(0).shows(&["holder-undecided", "source-empty", "input-trimmed"]);
    here.run(&["explain", "holder-undecided"]).expect(0).shows(&["Why it matters", "resolve: purge"]);
    here.run(&["explain", "holder-undecidd"]).expect(64).says(&["Did you mean `holder-undecided`"]);
    here.run(&["explain", "max@contoso.com"]).expect(3).says(&["no hardmatch.yaml", "--config"]);
    here.run(&["explain", "--format", "json", "waits-for"]).expect(64);
}

#[test]
fn references_come_from_the_same_definition() {
    let here = Hardmatch::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        here.run(&["completions", shell]).expect(0).shows(&["rollback"]);
    }
    here.run(&["man"]).expect(0).shows(&[".TH hardmatch", "rollback", "hardmatch\\-apply(1)", ".SH EXIT STATUS"]);
    here.run(&["man", "apply"]).expect(0).shows(&[".TH hardmatch-apply", "abandon", ".SH EXAMPLES"]);
    here.run(&["man", "aply"]).expect(64).says(&["Did you mean `apply`"]);
    for name in ["config", "plan", "events"] {
        let schema = here.run(&["schema", name]);
        schema.expect(0);
        let parsed: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
        jsonschema::validator_for(&parsed).unwrap();
        assert_eq!(
            std::fs::read_to_string(format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"))).unwrap(),
            schema.stdout
        );
    }
}

#[test]
fn results_go_to_stdout_and_nothing_else_does() {
    let here = Hardmatch::example("duplicate-account");
    let plan = here.run(&["plan", "--format", "json", "-vv"]);
    plan.expect(0);
    let parsed: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(parsed["kind"], "hardmatch/plan");
    here.write("broken.yaml", "version: 1\nmapings: []\n");
    let broken = here.run(&["plan", "--config", "broken.yaml"]);
    broken.expect(3);
    assert!(broken.stdout.is_empty(), "{}", broken.stdout);
}

#[test]
fn colour_follows_stream_flag_and_environment() {
    let escape = '\u{1b}';
    let plain = Hardmatch::example("duplicate-account");
    assert!(!plain.run(&["plan"]).stdout.contains(escape), "no terminal, no colour");
    assert!(plain.run(&["plan", "--color", "always"]).stdout.contains(escape));
    assert!(plain.run(&["plam", "--color", "always"]).code == Some(64));
    let forced = Hardmatch::example("duplicate-account").env("CLICOLOR_FORCE", "1");
    assert!(forced.run(&["plan"]).stdout.contains(escape));
    assert!(!forced.run(&["plan", "--color", "never"]).stdout.contains(escape), "the flag wins");
    let refused = Hardmatch::example("duplicate-account").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!refused.run(&["plan"]).stdout.contains(escape));
    plain.plan();
    let text = plain.run(&["show", "plan.json"]).stdout;
    assert!(!forced.run(&["plan", "--format", "json"]).stdout.contains(escape), "files and scripts get no colour");
    let stripped = strip(&plain.run(&["show", "plan.json", "--color", "always"]).stdout);
    assert_eq!(stripped, text, "colour is decoration");
}

fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(|c| *c == 'm');
        } else {
            out.push(c);
        }
    }
    out
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let here = Hardmatch::example("duplicate-account");
    for line in [&["plan"][..], &["explain"], &["man"], &["--help"], &["completions", "bash"], &["schema", "plan"]] {
        let mut child = Command::new(program())
            .args(line)
            .current_dir(here.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let status = child.wait().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!said.contains("panicked") && !said.contains("error:"), "{line:?}: {said}");
        assert!(matches!(status.code(), Some(0) | None), "{line:?}: {status}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let here = Hardmatch::example("duplicate-account");
    for line in [&["plan"][..], &["explain"], &["schema", "plan"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output =
            Command::new(program()).args(line).current_dir(here.path()).stdin(Stdio::null()).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn finds_the_configuration_by_flag_variable_and_folder() {
    let here = Hardmatch::example("duplicate-account");
    std::fs::create_dir_all(here.path().join("deep/down")).unwrap();
    std::fs::create_dir(here.path().join(".git")).unwrap();
    let below = |args: &[&str]| here.command(args).current_dir(here.path().join("deep/down")).output().unwrap().status.code();
    assert_eq!(below(&["validate"]), Some(0), "above, in the repository");
    assert_eq!(below(&["validate", "--config", "../../hardmatch.yaml"]), Some(0));
    assert_eq!(below(&["validate", "--config", "nowhere.yaml"]), Some(3));
    let named = Hardmatch::new().env("HARDMATCH_CONFIG", here.path().join("hardmatch.yaml").to_str().unwrap());
    named.run(&["validate"]).expect(0);
    named.run(&["plan"]).expect(0);
    Hardmatch::new().run(&["plan"]).expect(3).says(&["hardmatch.yaml", "--config", "hardmatch demo"]);
}

#[test]
fn nothing_is_saved_over_what_is_read() {
    let here = Hardmatch::example("duplicate-account");
    here.run(&["plan", "--out", "plan.json"]).expect(0);
    let inputs = ["hardmatch.yaml", "corp.ldif", "tenant.json"];
    let before = inputs.map(|name| here.read(name));
    for name in inputs {
        here.run(&["plan", "--out", name]).expect(3).says(&[name, "is read here"]);
        here.run(&["plan", "--output", &format!("html=./{name}")]).expect(3).says(&["is read here"]);
        here.run(&["discover", "--format", "json", "--out", name]).expect(3).says(&["is read here"]);
    }
    assert_eq!(inputs.map(|name| here.read(name)), before);
    here.run(&["show", "plan.json", "--output", "html=plan.json"]).expect(3).says(&["is read here"]);
    here.run(&["plan", "--out", "p.json", "--output", "html=p.json"]).expect(64).says(&["written twice"]);
    here.run(&["discover", "--out", "hardmatch.yaml"]).expect(0);
    here.run(&["validate"]).expect(0);
}

/// Who starts the program may have a name from a pull request.
#[test]
fn a_message_quotes_no_name_that_a_terminal_or_a_runner_obeys() {
    let here = Hardmatch::example("duplicate-account");
    for args in [
        ["show", "\u{1b}[31m\u{202e}::error::x"],
        ["plan", "--only=\u{1b}[31m\u{202e}::error::x"],
        ["discover", "--forest=\u{1b}[31m\u{202e}::error::x"],
    ] {
        let run = here.run(&args);
        run.says(&["\\u{1b}[31m\\u{202e}\\u{3a}:error"]);
        assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{}", run.stderr);
    }
}

/// What is printed as the next step is copied into a shell: it has to work there.
#[cfg(unix)]
#[test]
fn the_command_that_is_told_as_the_next_step_works() {
    let here = Hardmatch::example("first-link");
    let there = here.path().join("mit Leer $HOME");
    std::fs::create_dir(&there).unwrap();
    for name in ["hardmatch.yaml", "tenant.json", "corp.ldif"] {
        std::fs::rename(here.path().join(name), there.join(name)).unwrap();
    }
    here.write("main/it's.yaml", "policy:\n  limits: { changes: 400 }\n");
    let named = ["--config", "mit Leer $HOME/hardmatch.yaml", "--policy", "main/it's.yaml"];
    let sh = |line: &str| {
        let folder = program().parent().unwrap().display().to_string();
        let path = format!("{folder}:/usr/bin:/bin");
        let output =
            Command::new("sh").args(["-c", line]).current_dir(here.path()).env_clear().env("PATH", path).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let behind = |text: &str, words: &str| {
        let at = text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
        text[at + words.len()..].lines().next().unwrap().to_owned()
    };
    let planned = here.run(&[&["plan", "--out", "mit Leer $HOME/p q.json"][..], &named].concat());
    let apply = behind(&planned.expect(0).stderr, "To carry it out: ");
    let (code, refused) = sh(&apply);
    assert_eq!(code, Some(8), "{apply}: {refused}");
    let with_digest = behind(&refused, "After review: ");
    let (code, said) = sh(&with_digest);
    assert_eq!(code, Some(0), "{with_digest}: {said}");
    let back =
        here.run(&["rollback", "mit Leer $HOME/p q.journal.jsonl", "--out", "mit Leer $HOME/b k.json", named[0], named[1]]);
    let (_, refused) = sh(&behind(&back.expect(0).stderr, "After review: "));
    let (code, said) = sh(&behind(&refused, "After review: "));
    assert_eq!(code, Some(0), "{refused}: {said}");
}

#[cfg(unix)]
#[test]
fn the_folder_that_is_told_can_be_entered() {
    let here = Hardmatch::new();
    for verb in ["init", "demo"] {
        let told = here.run(&[verb, &format!("{verb} mit Leer")]).expect(0).stdout.clone();
        assert!(told.contains(&format!("cd '{verb} mit Leer'")), "{told}");
    }
}
