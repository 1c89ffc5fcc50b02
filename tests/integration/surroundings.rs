//! Every verb in every surrounding: pipes, closed streams, full disks, odd paths. The code is right, nothing panics,
//! nobody is asked, and no escape code lands where none belongs. A surrounding takes a second: it is some twenty runs.
#![cfg(unix)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::Output;

use crate::common::{Hardmatch, program};

/// The verbs in an order in which each finds what it needs, and the code that each ends with.
const VERBS: [(&str, i32); 20] = [
    ("validate", 0),
    ("plan", 0),
    ("plan --detailed-exitcode --out plan.json", 2),
    ("show plan.json", 0),
    ("show plan.json --format markdown", 0),
    ("diff plan.json plan.json", 0),
    ("verify", 0),
    ("doctor", 0),
    ("discover", 0),
    ("explain", 0),
    ("explain james.bond", 0),
    ("convert 3f2504e0-4f89-11d3-9a0c-0305e82c3301", 0),
    ("schema events", 0),
    ("completions zsh", 0),
    ("man apply", 0),
    ("snapshot saved", 0),
    ("approve plan.json --key nowhere", 3),
    ("apply plan.json", 8),
    ("apply plan.json --digest $DIGEST", 0),
    ("rollback plan.journal.jsonl --out undo.json", 0),
];

struct Place {
    here: Hardmatch,
    digest: String,
}

impl Place {
    fn new() -> Self {
        let here = Hardmatch::example("duplicate-account");
        let digest = here.plan();
        Self { here, digest }
    }

    /// Runs a line of shell in which `$P` is the program; `set -o pipefail` needs bash.
    fn shell(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        let mut command = std::process::Command::new("bash");
        command.args(["-o", "pipefail", "-c", line]).current_dir(self.here.path()).env_clear();
        command.env("P", program()).env("DIGEST", &self.digest).envs(variables.iter().copied());
        command.stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Tries every verb with this behind it; `code` may expect another code than the usual one.
    #[track_caller]
    fn try_all(&self, behind: &str, variables: &[(&str, &str)], code: impl Fn(&str, i32) -> i32) {
        for (verb, usual) in VERBS {
            let output = self.shell(&format!("$P {verb} {behind}"), variables);
            let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(code(verb, usual)), "{verb} {behind}\n{out}\n{err}");
            assert!(!err.contains("panicked"), "{verb} {behind}: {err}");
            assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{verb} {behind}: {out}{err}");
            assert!(!err.contains("anything else declines"), "{verb} {behind} asks: {err}");
        }
    }
}

fn as_usual(_: &str, usual: i32) -> i32 {
    usual
}

#[test]
fn in_a_pipe() {
    Place::new().try_all("| cat", &[], as_usual);
}

#[test]
fn in_ci() {
    Place::new().try_all("", &[("CI", "true")], as_usual);
}

#[test]
fn with_a_width() {
    let place = Place::new();
    place.try_all("", &[("COLUMNS", "40")], as_usual);
    let help = place.shell("$P help apply", &[("COLUMNS", "80")]);
    assert!(String::from_utf8_lossy(&help.stdout).lines().all(|line| line.chars().count() <= 80));
}

/// Whoever closes stdout wants no result; as with /dev/null the exit code tells how it went.
#[test]
fn without_stdout() {
    Place::new().try_all(">&-", &[], as_usual);
}

#[test]
fn without_stderr() {
    Place::new().try_all("2>&-", &[], as_usual);
}

#[test]
fn without_stdin() {
    Place::new().try_all("<&-", &[], as_usual);
}

#[test]
fn with_a_reader_that_goes_away() {
    Place::new().try_all("| head -c 1", &[], as_usual);
}

/// A result that is lost is told, unless something worse is.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk() {
    Place::new().try_all(">/dev/full", &[], |_, usual| if matches!(usual, 0 | 2) { 1 } else { usual });
    Place::new().try_all("2>/dev/full", &[], as_usual);
}

/// Writes that were made are not hidden by a report that cannot be shown.
#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_report_is_lost_is_done_all_the_same() {
    for format in ["human", "ndjson"] {
        let place = Place::new();
        let run = place.shell(&format!("$P apply plan.json --digest $DIGEST --format {format} >/dev/full"), &[]);
        assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(["standard output", "all that the plan says is done"].iter().all(|words| said.contains(words)), "{said}");
        place.here.run(&["verify"]).expect(0).shows(&["armed"]);
    }
}

/// As on a disk that is full. Wherever that is met before the first write it is one exit code, and no fault of the program.
#[cfg(target_os = "linux")]
#[test]
fn where_no_file_may_grow() {
    let mut ends = std::collections::BTreeSet::new();
    for kibibytes in [0, 1, 2, 3, 4, 6, 8, 12, 16, 64] {
        let place = Place::new();
        let before = place.here.read("tenant.json");
        let run = place.shell(&format!("trap '' XFSZ; ulimit -f {kibibytes}; exec $P apply plan.json --digest $DIGEST"), &[]);
        let has_written = place.here.read("tenant.json") != before;
        let code = run.status.code().unwrap();
        let said = [run.stdout, run.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        assert!(
            if has_written { [0, 11].contains(&code) } else { code == 3 },
            "{kibibytes} KiB, written {has_written}: {code}\n{said}"
        );
        ends.insert(code);
        place.here.run(&["apply", "plan.json", "--digest", &place.digest]).expect(0);
    }
    assert!(ends.contains(&0) && ends.contains(&3), "{ends:?}");
}

/// Fewer than the program needs is no fault of the program.
#[cfg(target_os = "linux")]
#[test]
fn where_too_few_files_may_be_open() {
    let place = Place::new();
    let before = place.here.read("tenant.json");
    for files in [5, 6, 7, 8, 9, 10] {
        for verb in ["plan", "apply plan.json --digest $DIGEST"] {
            let run = place.shell(&format!("ulimit -n {files}; exec $P {verb}"), &[]);
            let said = String::from_utf8_lossy(&run.stderr);
            assert_eq!(run.status.code(), Some(3), "{verb} with {files}: {said}");
            assert!(said.contains("too few files may be open") && !said.contains("panicked"), "{verb} with {files}: {said}");
        }
    }
    assert_eq!(place.here.read("tenant.json"), before);
}

/// `/proc` takes no files, even from root.
#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_written() {
    let here = Hardmatch::example("duplicate-account");
    for args in [
        &["plan", "--out", "/proc/plan.json"][..],
        &["snapshot", "/proc/saved"],
        &["demo", "/proc/demo"],
        &["man", "--out", "/proc/man"],
    ] {
        let run = here.run(args);
        run.expect(3).says(&["/proc/", "cannot be"]);
    }
}

#[test]
fn arguments_that_are_no_text() {
    let here = Hardmatch::example("duplicate-account");
    let odd = OsString::from_vec(b"\xff\xfe.yaml".to_vec());
    for (verb, code) in
        [("show", 3), ("validate --config", 3), ("convert", 64), ("apply", 3), ("rollback --out x", 3), ("no-such-verb", 64)]
    {
        let words: Vec<&str> = verb.split(' ').collect();
        let output = here.command(&words).arg(&odd).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{verb}: {said}");
        assert!(!said.contains("panicked") && output.stdout.is_empty(), "{verb}: {said}");
    }
}

#[test]
fn folders_with_blanks_umlauts_and_bytes_that_are_no_text() {
    for name in ["Ordner mit Ümläuten und 中文".as_bytes(), b"\xff\xfe", b"-dash"] {
        let here = Hardmatch::example("duplicate-account");
        let folder = here.path().join(OsString::from_vec(name.to_vec()));
        move_all(here.path(), &folder);
        let run = |args: &[&str]| here.command(args).current_dir(&folder).output().unwrap();
        let planned = run(&["plan", "--out", "der Plan.json"]);
        assert_eq!(planned.status.code(), Some(0), "{}", String::from_utf8_lossy(&planned.stderr));
        let plan: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("der Plan.json")).unwrap()).unwrap();
        let applied = run(&["apply", "der Plan.json", "--digest", plan["digest"].as_str().unwrap()]);
        assert_eq!(applied.status.code(), Some(0), "{}", String::from_utf8_lossy(&applied.stderr));
        assert_eq!(run(&["rollback", "der Plan.journal.jsonl", "--out", "zurück.json"]).status.code(), Some(0));
        let config = folder.join("hardmatch.yaml");
        let verified = here.command(&["verify", "--config"]).arg(config).output().unwrap();
        assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
    }
}

fn move_all(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path() != to) {
        std::fs::rename(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn completions_load_in_the_shells_that_are_here() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let has_it = place.shell(&format!("command -v {shell}"), &[("PATH", "/usr/bin:/bin")]).status.success();
        if has_it {
            let checked =
                place.shell(&format!("$P completions {shell} > script && {shell} -n script"), &[("PATH", "/usr/bin:/bin")]);
            assert!(
                checked.status.success() && checked.stderr.is_empty(),
                "{shell}: {}",
                String::from_utf8_lossy(&checked.stderr)
            );
        }
    }
    let words = "source <($P completions bash); COMP_WORDS=(hardmatch ro); COMP_CWORD=1; _hardmatch hardmatch ro hardmatch; \
                 echo ${COMPREPLY[@]}; COMP_WORDS=(hardmatch apply --format ''); COMP_CWORD=3; \
                 _hardmatch hardmatch '' --format; echo ${COMPREPLY[@]}";
    let completed = place.shell(words, &[("PATH", "/usr/bin:/bin")]);
    assert_eq!(String::from_utf8_lossy(&completed.stdout), "rollback\nhuman ndjson\n", "{completed:?}");
}

#[test]
fn manual_pages_are_clean() {
    let place = Place::new();
    let saved = place.shell("$P man --out pages", &[]);
    assert_eq!(saved.status.code(), Some(0), "{}", String::from_utf8_lossy(&saved.stderr));
    let path = [("PATH", "/usr/bin:/bin")];
    assert!(place.here.read("pages/hardmatch-apply.1").contains("max\\-failures"));
    for (tool, check) in [("groff", "groff -ww -man -Tutf8 -z pages/*.1"), ("mandoc", "mandoc -Tlint -Wwarning pages/*.1")] {
        if place.shell(&format!("command -v {tool}"), &path).status.success() {
            let checked = place.shell(check, &path);
            let said = [checked.stdout, checked.stderr].concat();
            assert!(checked.status.success() && said.is_empty(), "{tool}: {}", String::from_utf8_lossy(&said));
        }
    }
}
