//! The README is true: its commands run, and what it shows is what they print. `HARDMATCH_UPDATE=1` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::Hardmatch;

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

#[test]
fn shows_what_the_commands_print() {
    let written = fs::read_to_string(readme()).unwrap();
    let fresh = with_exit_codes(&with_outputs(&written));
    if is_to_be_updated() {
        fs::write(readme(), &fresh).unwrap();
    }
    assert_eq!(fresh, written, "README.md is stale; run the tests once with HARDMATCH_UPDATE=1");
}

/// Runs every `$ …` line of the console blocks, one after the other in one folder, and puts the output below it.
fn with_outputs(text: &str) -> String {
    let here = Hardmatch::new();
    here.run(&["demo"]).expect(0);
    fs::remove_dir_all(here.path().join("hardmatch-demo")).unwrap();
    lay_out_example(&here);
    let mut session = Session { here, folder: PathBuf::new() };
    let mut out = String::new();
    let mut inside = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        if is_fence {
            inside = line == "```console";
        }
        if !inside || is_fence {
            let _ = writeln!(out, "{line}");
        } else if let Some(command) = line.strip_prefix("$ ") {
            let _ = write!(out, "{line}\n{}", session.run(command));
        }
    }
    out
}

/// The plan of the README as a terminal shows it, `docs/plan.svg`.
#[test]
fn the_picture_is_the_plan() {
    let here = Hardmatch::example("duplicate-account");
    let plan = here.command(&["plan", "--color", "always"]).output().unwrap();
    let text = String::from_utf8(plan.stdout).unwrap();
    let drawn = anstyle_svg::Term::new().palette(anstyle_svg::WIN10_CONSOLE).render_svg(&text);
    let fresh = drawn.split('>').map(without_time).collect::<Vec<_>>().join(">");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plan.svg");
    if is_to_be_updated() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &fresh).unwrap();
    }
    assert_eq!(fresh, fs::read_to_string(path).unwrap(), "docs/plan.svg is stale; run the tests once with HARDMATCH_UPDATE=1");
}

#[expect(clippy::disallowed_methods, reason = "tests that can rewrite what they compare with")]
fn is_to_be_updated() -> bool {
    std::env::var_os("HARDMATCH_UPDATE").is_some()
}

fn lay_out_example(here: &Hardmatch) {
    let example = Hardmatch::example("duplicate-account");
    for name in ["hardmatch.yaml", "corp.ldif", "tenant.json"] {
        here.write(&format!("hardmatch-demo/{name}"), example.read(name));
    }
}

struct Session {
    here: Hardmatch,
    folder: PathBuf,
}

impl Session {
    fn run(&mut self, line: &str) -> String {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match words.remove(0).as_str() {
            "cd" => {
                self.folder.push(&words[0]);
                String::new()
            }
            "hardmatch" => {
                if words[0] == "apply" {
                    // At a terminal the digest's first characters are typed.
                    let plan = self.folder.join(&words[1]);
                    words.extend(["--digest".to_owned(), self.here.digest(plan.to_str().unwrap())]);
                }
                let args: Vec<&str> = words.iter().map(String::as_str).collect();
                let output = self.here.command(&args).current_dir(self.here.path().join(&self.folder)).output().unwrap();
                assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
                String::from_utf8(output.stdout)
                    .unwrap()
                    .lines()
                    .map(|line| format!("{}\n", without_time(line.trim_end())))
                    .collect()
            }
            other => panic!("the README shows a command that this test does not know: {other}"),
        }
    }
}

/// Every time is the same one.
fn without_time(line: &str) -> String {
    line.split(' ')
        .map(|word| if word.parse::<jiff::Timestamp>().is_ok() { "2026-11-25T09:00:00Z" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Puts the table of `--help` in place.
fn with_exit_codes(text: &str) -> String {
    const MARK: &str = "<!-- exit codes -->\n";
    let (head, rest) = text.split_once(MARK).expect("the mark of the exit codes");
    let tail = rest.find("\n## ").map_or("", |start| &rest[start..]);
    let help = Hardmatch::new().run(&["--help"]).stdout;
    let (_, table) = help.split_once("Exit codes:\n").unwrap();
    let rows: String = table
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(code, meaning)| format!("| {} | {} |\n", code.trim(), meaning.trim()))
        .collect();
    format!("{head}{MARK}\n| code | meaning |\n|---:|---|\n{rows}{tail}")
}

#[test]
fn the_two_commands_are_there_and_can_be_run() {
    let text = fs::read_to_string(readme()).unwrap();
    assert!(text.contains("cargo run -- demo") && text.contains("tests/run"));
    Hardmatch::new().run(&["demo"]).expect(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
        assert_ne!(fs::metadata(script).unwrap().permissions().mode() & 0o111, 0);
    }
}

#[test]
fn the_yaml_of_the_readme_is_valid() {
    let text = fs::read_to_string(readme()).unwrap();
    let (_, rest) = text.split_once("```yaml\n").unwrap();
    let (yaml, _) = rest.split_once("```").unwrap();
    let here = Hardmatch::new().file("hardmatch.yaml", yaml).file("waves/wave-1.csv", "onPrem,cloud\nr,r@contoso.com\n");
    here.run(&["validate"]).expect(0).shows(&["5 mappings", "1 rule"]);
}

#[test]
fn every_link_leads_somewhere() {
    let text = fs::read_to_string(readme()).unwrap();
    let anchors: Vec<String> = text.lines().filter_map(|line| line.strip_prefix('#')).map(anchor).collect();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    for target in targets.filter(|target| !target.starts_with("https://")) {
        let (file, part) = target.split_once('#').unwrap_or((target, ""));
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{target}");
        assert!(part.is_empty() || anchors.iter().any(|anchor| anchor == part), "{target}");
    }
}

/// What GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}
