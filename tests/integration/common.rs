//! A folder with inputs, and the program run in it with a clean environment.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// The folders of `examples/`.
pub(crate) const EXAMPLES: [&str; 11] = [
    "bulk-rules",
    "chain",
    "duplicate-account",
    "everything-wrong",
    "first-link",
    "forest-migration",
    "leave-hybrid",
    "recycle-bin",
    "swap",
    "sync-refuses",
    "sync-switched-off",
];

/// How many random cases a law is tried on: few on every change, `PROPTEST_CASES=3000` to be thorough.
pub(crate) fn cases(few: u32) -> u32 {
    #[expect(clippy::disallowed_methods, reason = "a thorough run is asked for from outside")]
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(few)
}

/// A folder of its own, in which the program is run.
pub(crate) struct Hardmatch {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output, with the folder written as `[FOLDER]`.
    pub(crate) stdout: String,
    /// Standard error, likewise.
    pub(crate) stderr: String,
}

impl Hardmatch {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// A copy of a folder of `examples/`.
    pub(crate) fn example(name: &str) -> Self {
        let this = Self::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        copy(&source, this.path());
        this
    }

    /// Writes a file.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(name, content);
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The variables that were set.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Writes a file, later.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces a text of a file, which must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let old = self.read(name);
        assert!(old.contains(from), "{name} has no {from:?}");
        self.write(name, old.replacen(from, to, 1));
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command that is ready to run, for tests that need more than [`Hardmatch::run`].
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args).current_dir(self.path()).env_clear().envs(self.environment.iter().cloned());
        command
    }

    /// Starts the program and lets it run.
    pub(crate) fn spawn(&self, args: &[&str]) -> std::process::Child {
        let mut command = std::process::Command::new(program());
        command.args(args).current_dir(self.path()).env_clear().envs(self.environment.iter().cloned());
        let quiet = std::process::Stdio::null;
        command.stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap()
    }

    /// Runs the program without input.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.run_with(args, "")
    }

    /// Runs the program with this input.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Outcome {
        let output = self.command(args).write_stdin(stdin).output().unwrap();
        let scrub = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(self.path().to_str().unwrap(), "[FOLDER]");
        Outcome { code: output.status.code(), stdout: scrub(output.stdout), stderr: scrub(output.stderr) }
    }

    /// Runs the program with its standard output in a file.
    pub(crate) fn run_into(&self, name: &str, args: &[&str]) {
        let mut command = std::process::Command::new(program());
        command.args(args).current_dir(self.path()).env_clear().envs(self.environment.iter().cloned());
        let status = command.stdout(fs::File::create(self.path().join(name)).unwrap()).status().unwrap();
        assert!(status.success(), "{args:?}");
    }

    /// Plans into `plan.json` and gives the digest.
    pub(crate) fn plan(&self) -> String {
        let planned = self.run(&["plan", "--out", "plan.json"]);
        planned.expect(0);
        self.digest("plan.json")
    }

    /// The digest that a plan file names.
    pub(crate) fn digest(&self, name: &str) -> String {
        let plan: serde_json::Value = serde_json::from_str(&self.read(name)).unwrap();
        plan["digest"].as_str().unwrap().to_owned()
    }
}

impl Outcome {
    /// Checks the exit code and shows everything when it is another one.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that standard error says all of this.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in\n{}", self.stderr);
        }
        self
    }

    /// Checks that standard output shows all of this.
    #[track_caller]
    pub(crate) fn shows(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.stdout.contains(part), "no {part:?} in\n{}", self.stdout);
        }
        self
    }

    /// Checks that a secret stands nowhere.
    #[track_caller]
    pub(crate) fn hides(&self, secret: &str) {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "a secret is shown");
    }
}

/// The built program.
pub(crate) fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin!("hardmatch").to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
