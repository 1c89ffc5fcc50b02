//! A repository made by `init`, whose main branch asks for two approvals; a checkout of main beside it, as pipelines have it.

use std::process::{Command, Output, Stdio};

use crate::common::{Hardmatch, Outcome};

pub(super) const ALICE: &str = "alice";
pub(super) const BOB: &str = "bob";
/// Writes the change.
pub(super) const MALLORY: &str = "mallory";

/// The folder, the policy of `base/` and the keys of everybody.
pub(super) struct Ground {
    pub(super) files: Hardmatch,
}

impl Ground {
    /// Main, and a branch `change` that has nothing of its own yet; `base/` is main as it is before the merge.
    pub(super) fn new() -> Self {
        let files = Hardmatch::new().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let here = Self { files };
        here.hardmatch(&["init", "--ci", "github"]).expect(0);
        here.files.edit("hardmatch.yaml", "required: 0", "required: 2");
        for name in [ALICE, BOB, MALLORY] {
            here.make_key(name);
        }
        here.files.write("approvers", here.line(ALICE) + &here.line(BOB));
        here.git_as("admin", &["init", "-q", "-b", "main"]);
        here.files.write(".git/info/exclude", "/keys/\n");
        here.commit("admin", "start");
        here.git_as(MALLORY, &["checkout", "-q", "-b", "change"]);
        here.git_as("admin", &["worktree", "add", "-q", "--detach", "base", "main"]);
        here
    }

    /// The same with a change that is planned and signed by both.
    pub(super) fn signed() -> Self {
        let here = Self::new();
        here.change();
        here.plan();
        here.approve(ALICE);
        here.approve(BOB);
        here
    }

    /// A line of the allowed_signers file.
    pub(super) fn line(&self, name: &str) -> String {
        format!("{name}@contoso.com {}", self.files.read(&format!("keys/{name}.pub")))
    }

    pub(super) fn make_key(&self, name: &str) {
        std::fs::create_dir_all(self.files.path().join("keys")).unwrap();
        self.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &format!("keys/{name}")]);
    }

    pub(super) fn run(&self, program: &str, args: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.files.path()).stdin(Stdio::null());
        for (name, value) in [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")] {
            command.env(name, value);
        }
        let done = command.output().unwrap_or_else(|error| panic!("{program} is needed: {error}"));
        assert!(done.status.success(), "{program} {args:?}: {done:?}");
        done
    }

    pub(super) fn git_as(&self, name: &str, args: &[&str]) {
        let (user, mail) = (format!("user.name={name}"), format!("user.email={name}@contoso.com"));
        self.run("git", &[&["-c", &user, "-c", &mail, "-c", "commit.gpgsign=false"], args].concat());
    }

    pub(super) fn commit(&self, name: &str, message: &str) {
        self.git_as(name, &["add", "-A"]);
        self.git_as(name, &["commit", "-qm", message]);
    }

    pub(super) fn hardmatch(&self, args: &[&str]) -> Outcome {
        self.files.run(args)
    }

    /// Mallory adds a mapping.
    pub(super) fn change(&self) {
        let wave = self.files.read("waves/wave-1.csv");
        self.files.write("waves/wave-1.csv", wave + "zoe.mueller,zoe.mueller@contoso.com,,,,\n");
        self.commit(MALLORY, "one more");
    }

    /// The plan of the pipeline.
    pub(super) fn plan(&self) {
        self.hardmatch(&["plan", "--policy", "base/hardmatch.yaml", "--out", "approvals/plan.json"]).expect(0);
    }

    /// Somebody signs the plan and commits the approval.
    pub(super) fn approve(&self, name: &str) {
        let key = format!("keys/{name}");
        self.hardmatch(&["approve", "approvals/plan.json", "--key", &key]).expect(0);
        self.commit(name, "approve");
    }

    pub(super) fn merge(&self) {
        self.git_as("admin", &["checkout", "-q", "main"]);
        self.git_as("admin", &["merge", "-q", "--no-ff", "-m", "merge", "change"]);
    }

    /// What the pipeline does after the merge: the policy is that of main before it.
    pub(super) fn apply(&self) -> Outcome {
        self.hardmatch(&["apply", "approvals/plan.json", "--policy", "base/hardmatch.yaml"])
    }

    /// Applying ends with this code and these words, also when the digest is given, and writes nothing.
    #[track_caller]
    pub(super) fn refused(&self, code: i32, why: &[&str]) {
        let before = self.files.read("exports/tenant.json");
        self.apply().expect(code).says(why);
        let plan: serde_json::Value = serde_json::from_str(&self.files.read("approvals/plan.json")).unwrap();
        let digest = plan["digest"].as_str().unwrap();
        self.hardmatch(&["apply", "approvals/plan.json", "--policy", "base/hardmatch.yaml", "--digest", digest]).expect(code);
        assert_eq!(self.files.read("exports/tenant.json"), before);
    }
}
