//! The steps of the GitHub workflows, run by bash in a repository, with a `gh` that answers from files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::yaml;
use crate::common::{Hardmatch, program};

const PLAN: &str = ".github/workflows/hardmatch-plan.yml";
const APPLY: &str = ".github/workflows/hardmatch-apply.yml";

/// Notes what it is asked, and answers with the files of `api/`: `pulls`, `runs`, `artifacts`, `comments`; a download copies a folder.
const GH: &str = r#"#!/bin/bash
echo "$@" >>"$API/log"
case "$*" in
    "run download "*) while [ "$1" != --dir ]; do [ "$1" = --name ] && name="$2"; shift; done; mkdir -p "$2"; cp -R "$API/$name/." "$2/" ;;
    *"--method "*) cp run/plan.md "$API/body" ;;
    */pulls*) cat "$API/pulls" ;;
    *hardmatch-plan.yml/runs*) cat "$API/runs" ;;
    */actions/artifacts*) cat "$API/artifacts" ;;
    */comments*) cat "$API/comments" ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"#;

struct Pipeline {
    files: Hardmatch,
}

impl Pipeline {
    /// A repository whose checkout of the target branch lies in `base/`, and a change in it.
    fn new() -> Self {
        let files = Hardmatch::new();
        files.run(&["init", "--ci", "github"]).expect(0);
        for name in ["hardmatch.yaml", "approvers"] {
            files.write(&format!("base/{name}"), files.read(name));
        }
        files.write("waves/wave-1.csv", files.read("waves/wave-1.csv") + "zoe.mueller,zoe.mueller@contoso.com,,,,\n");
        files.write("bin/gh", GH);
        fs::set_permissions(files.path().join("bin/gh"), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["pulls", "runs", "artifacts", "comments", "log"] {
            files.write(&format!("api/{name}"), "");
        }
        Self { files }
    }

    /// Runs a step as GitHub does with `shell: bash`, in the environment of the step and with more of ours.
    fn step(&self, workflow: &str, job: &str, name: &str, more: &[(&str, &str)]) -> Output {
        let whole = yaml(&self.files, workflow);
        let steps = whole["jobs"][job]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"].as_str().is_some_and(|found| found.starts_with(name)));
        let script = step.unwrap_or_else(|| panic!("{job} has no step {name}"))["run"].as_str().unwrap();
        let path = |name: &str| self.files.path().join(name).display().to_string();
        let folder = program().parent().unwrap().display().to_string();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &self.without_html(script)]);
        command.current_dir(self.files.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", format!("{}:{folder}:/usr/bin:/bin", path("bin"))).env("API", path("api"));
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("CI", "true"),
            ("GITHUB_REPOSITORY", "contoso/x"),
            ("GITHUB_SHA", "1234"),
            ("GITHUB_REF_NAME", "main"),
            ("NUMBER", "7"),
            ("RUN_URL", "https://github.com/contoso/x/actions/runs/1"),
        ] {
            command.env(name, value);
        }
        for (name, file) in [("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary"), ("GITHUB_WORKSPACE", "")] {
            command.env(name, path(file));
        }
        command.envs(more.iter().copied()).output().unwrap()
    }

    #[track_caller]
    fn green(&self, workflow: &str, job: &str, name: &str, more: &[(&str, &str)]) -> String {
        let done = self.step(workflow, job, name, more);
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{name}: {said}");
        said
    }

    /// A build that has no HTML yet is not asked for it.
    fn without_html(&self, script: &str) -> String {
        let knows = self.files.run(&["show", "nothing.json", "--format", "html"]).code != Some(64);
        if knows { script.to_owned() } else { script.replace(" --output html=run/plan.html", "") }
    }

    /// The newest value of an output.
    fn output(&self, name: &str) -> String {
        let text = format!("\n{}", self.files.read("output"));
        let heredoc = text.rsplit_once(&format!("\n{name}<<")).map(|(_, rest)| rest.lines().nth(1).unwrap().to_owned());
        let plain = text.rsplit_once(&format!("\n{name}=")).map(|(_, rest)| rest.lines().next().unwrap().to_owned());
        heredoc.or(plain).unwrap_or_default()
    }

    /// Up to the reviewed plan; gives the name of its file.
    fn reviewed(&self) -> String {
        self.green(PLAN, "plan", "Plan", &[]);
        fs::create_dir_all(self.files.path().join("api/hardmatch-plan")).unwrap();
        self.files.write("api/hardmatch-plan/plan.json", self.files.read("run/plan.json"));
        fs::remove_dir_all(self.files.path().join("run")).unwrap();
        self.files.write("api/pulls", "abcd\n");
        self.files.write("api/runs", "42\n");
        self.green(APPLY, "review", "Find the plan", &[]);
        self.output("file")
    }
}

#[test]
fn a_pull_request_is_planned_and_commented_once() {
    let here = Pipeline::new();
    here.green(PLAN, "plan", "Validate", &[]);
    here.green(PLAN, "plan", "Plan", &[]);
    assert_eq!((here.output("status"), here.output("changes")), ("ready".into(), "3".into()));
    assert!(here.files.read("summary").contains("zoe.mueller@contoso.com"));
    here.green(PLAN, "comment", "Comment", &[]);
    here.files.write("api/comments", "99\n");
    here.green(PLAN, "comment", "Comment", &[]);
    let log = here.files.read("api/log");
    assert!(log.contains("--method POST repos/contoso/x/issues/7/comments -F body=@run/plan.md"), "{log}");
    assert!(log.contains("--method PATCH repos/contoso/x/issues/comments/99 -F body=@run/plan.md"), "{log}");
    assert!(here.files.read("api/body").starts_with("<!-- hardmatch plan tenant="));
}

#[test]
fn a_blocked_plan_is_red_and_still_commented_and_so_is_none_at_all() {
    let here = Pipeline::new();
    here.files.write("waves/wave-1.csv", "onPrem,clowd\n");
    assert_eq!(here.step(PLAN, "plan", "Plan", &[]).status.code(), Some(3));
    here.green(PLAN, "comment", "Comment", &[]);
    assert!(here.files.read("api/body").starts_with("<!-- hardmatch plan -->\n## hardmatch plan: none"));
    here.files.write("waves/wave-1.csv", "onPrem,cloud\nnobody,jonas.weber@contoso.com\n");
    assert_eq!(here.step(PLAN, "plan", "Plan", &[]).status.code(), Some(13));
    here.green(PLAN, "comment", "Comment", &[]);
    assert!(here.files.read("api/body").contains("onprem-not-found"));
}

#[test]
fn after_the_merge_the_reviewed_plan_is_shown_and_applied_and_nothing_else() {
    let here = Pipeline::new();
    let file = here.reviewed();
    here.green(APPLY, "review", "Show the plan", &[("FILE", &file)]);
    let digest = here.output("digest");
    assert_eq!(digest, here.files.digest(&format!("run/{file}")));
    here.green(APPLY, "review", "Show what a plan", &[("FILE", &file)]);
    let put_back = "Put back the journals";
    here.green(APPLY, "apply", put_back, &[]);
    let wrong = here.step(APPLY, "apply", "Apply", &[("FILE", &file), ("DIGEST", "sha256:00")]);
    assert_eq!(wrong.status.code(), Some(8));
    let said = here.green(APPLY, "apply", "Apply", &[("FILE", &file), ("DIGEST", &digest)]);
    assert!(said.contains("3 done"), "{said}");
    // A re-run on a fresh runner: the journal comes back from the artifact, and there is nothing left to do.
    let journal = format!("run/{}", file.replace(".json", ".journal.jsonl"));
    here.files.write(&format!("api/hardmatch-run-1-1/{journal}"), here.files.read(&journal));
    here.files.write("api/artifacts", "2026-11-25T10:00:00Z 1 hardmatch-run-1-1\n2026-11-24T10:00:00Z 0 hardmatch-run-0-1\n");
    fs::remove_file(here.files.path().join(&journal)).unwrap();
    here.green(APPLY, "apply", put_back, &[]);
    assert!(here.files.path().join(&journal).exists());
    let said = here.green(APPLY, "apply", "Apply", &[("FILE", &file), ("DIGEST", &digest)]);
    assert!(said.contains("0 done, 3 done before"), "{said}");
}

#[test]
fn without_a_reviewed_plan_nothing_is_applied() {
    let here = Pipeline::new();
    here.green(APPLY, "review", "Find the plan", &[]);
    assert!(!here.files.path().join("output").exists());
    here.files.write("api/pulls", "abcd\n");
    let red = here.step(APPLY, "review", "Find the plan", &[]);
    assert_eq!(red.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&red.stdout).contains("there is no plan of abcd"));
    let whole: Value = yaml(&here.files, APPLY);
    assert_eq!(whole["jobs"]["apply"]["if"], "needs.review.outputs.changes != '' && needs.review.outputs.changes != '0'");
}

#[test]
fn signatures_of_the_branch_are_handed_to_apply() {
    let here = Pipeline::new();
    let file = here.reviewed();
    here.files.edit("base/hardmatch.yaml", "required: 0", "required: 1");
    let digest = here.files.digest(&format!("run/{file}"));
    // The plan was made while no signature was asked for, so the policy comes first.
    assert_eq!(here.step(APPLY, "apply", "Apply", &[("FILE", &file), ("DIGEST", &digest)]).status.code(), Some(6));
    here.files.write("approvals/plan.eve.approval", "{}");
    here.green(PLAN, "plan", "Plan", &[]);
    here.files.write(&format!("run/{file}"), here.files.read("run/plan.json"));
    let digest = here.files.digest(&format!("run/{file}"));
    let refused = here.step(APPLY, "apply", "Apply", &[("FILE", &file), ("DIGEST", &digest)]);
    assert_eq!(refused.status.code(), Some(8));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("approvals/plan.eve.approval"));
}
