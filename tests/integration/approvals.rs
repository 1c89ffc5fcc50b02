//! Approval by signature, with keys and signatures of the real ssh-keygen; and each way to cheat it.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::common::{Hardmatch, Outcome};

const EXAMPLE: &str = "duplicate-account";

/// Runs a program of OpenSSH in a folder.
fn ssh(here: &Hardmatch, program: &str, args: &[&str], input: &[u8]) -> Output {
    use std::io::Write as _;
    let mut command = Command::new(program);
    command.args(args).current_dir(here.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} is needed (openssh-client): {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn made_key(here: &Hardmatch, name: &str, kind: &str) {
    let made = ssh(here, "ssh-keygen", &["-q", "-t", kind, "-N", "", "-C", name, "-f", name], b"");
    assert!(made.status.success(), "{made:?}");
}

/// A policy of two approvals, keys of Alice and Bob, who may approve, and of Eve, who may not; and a plan.
pub(crate) fn ground() -> Hardmatch {
    let here = Hardmatch::example(EXAMPLE);
    for (name, kind) in [("alice", "ed25519"), ("bob", "ecdsa"), ("eve", "ed25519")] {
        made_key(&here, name, kind);
    }
    let line = |name: &str| format!("{name}@contoso.com {}", here.read(&format!("{name}.pub")));
    here.write("approvers", format!("{}{}", line("alice"), line("bob")));
    let yaml = here.read("hardmatch.yaml");
    here.write("hardmatch.yaml", format!("{yaml}\npolicy:\n  approvals: {{ required: 2, signers: approvers }}\n"));
    here.plan();
    here
}

pub(crate) fn approve(here: &Hardmatch, name: &str) -> Outcome {
    here.run(&["approve", "plan.json", "--key", name])
}

pub(crate) fn unapproved(here: &Hardmatch, why: &[&str]) {
    let before = here.read("tenant.json");
    here.run(&["apply", "plan.json"]).expect(8).says(why);
    assert_eq!(here.read("tenant.json"), before);
}

/// Cut, flipped, swapped, emptied, blown up, or no file at all: it does not count, the reason is named, and nothing is written.
#[test]
fn a_damaged_approval_does_not_count_and_says_why() {
    let here = ground();
    approve(&here, "alice").expect(0);
    approve(&here, "bob").expect(0);
    let (statement, signature) = ("plan.alice@contoso.com.approval", "plan.alice@contoso.com.approval.sig");
    let read = |name: &str| std::fs::read(here.path().join(name)).unwrap();
    let (text, signed, of_bob) = (read(statement), read(signature), read("plan.bob@contoso.com.approval.sig"));
    let flipped = |bytes: &[u8], at: usize| [&bytes[..at], &[bytes[at] ^ 4][..], &bytes[at + 1..]].concat();
    let zeros = vec![0; 2 << 20];
    let damages: [(&str, &[u8], &str); 12] = [
        (statement, &text[..text.len() / 2], "it is no approval"),
        (statement, b"", "it is no approval"),
        (statement, &text[..text.len() - 1], "one of the two was altered"),
        (statement, &[&text[..], b" "].concat(), "one of the two was altered"),
        (statement, &flipped(&text, 40), "plan.alice@contoso.com.approval"),
        (statement, b"\x1b[2J\xff\xfe", "it is no approval"),
        (signature, &signed[..signed.len() / 2], "the signature cannot be read"),
        (signature, b"", "its signature is missing"),
        (signature, &flipped(&signed, signed.len() / 2), "plan.alice@contoso.com.approval"),
        (signature, &of_bob, "one of the two was altered"),
        (statement, &zeros, "it is larger than 1 MiB"),
        (signature, &zeros, "approval.sig` cannot be read: it is larger than 1 MiB"),
    ];
    for (name, bytes, why) in damages {
        std::fs::write(here.path().join(name), bytes).unwrap();
        unapproved(&here, &["and 1 count", why]);
        std::fs::write(here.path().join(statement), &text).unwrap();
        std::fs::write(here.path().join(signature), &signed).unwrap();
    }
    std::fs::write(here.path().join("plan.eve.approval"), &zeros).unwrap();
    std::fs::remove_file(here.path().join(signature)).unwrap();
    unapproved(
        &here,
        &["and 1 count", "plan.eve.approval: it cannot be read: it is larger than 1 MiB", "its signature is missing"],
    );
    std::fs::write(here.path().join(signature), &signed).unwrap();
    here.run(&["apply", "plan.json"]).expect(0).says(&["does not count: ", "plan.eve.approval: it cannot be read"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_called_like_an_approval_is_not_waited_for() {
    let here = ground();
    let pipe = std::process::Command::new("mkfifo").arg(here.path().join("plan.eve.approval")).status().unwrap();
    assert!(pipe.success());
    unapproved(&here, &["plan.eve.approval: it cannot be read: it is a pipe or a device"]);
}

#[test]
fn two_signatures_let_a_plan_through() {
    let here = ground();
    const WAY: &str =
        "To carry it out: hardmatch approve plan.json --key KEY (each of 2 people), then hardmatch apply plan.json\n";
    here.run(&["plan", "--out", "plan.json"]).expect(0).says(&[WAY]);
    unapproved(&here, &["the policy asks for 2 approvals, and 0 count", "hardmatch approve plan.json --key KEY"]);
    approve(&here, "alice").expect(0).says(&["alice@contoso.com approves it until"]).shows(&["plan.alice@contoso.com.approval"]);
    unapproved(&here, &["and 1 count"]);
    // The right digest alone is no approval where the policy asks for signatures.
    here.run(&["apply", "plan.json", "--digest", &here.digest("plan.json")]).expect(8);
    approve(&here, "bob").expect(0);
    here.run(&["apply", "plan.json"]).expect(0).says(&["approved by alice@contoso.com", "approved by bob@contoso.com"]);
}

#[test]
fn ssh_keygen_takes_the_signatures_and_makes_them() {
    let here = ground();
    approve(&here, "alice").expect(0);
    let statement = here.read("plan.alice@contoso.com.approval");
    let verify = |who: &str, statement: &str| {
        let args = [
            "-Y",
            "verify",
            "-f",
            "approvers",
            "-I",
            who,
            "-n",
            "hardmatch-approval",
            "-s",
            "plan.alice@contoso.com.approval.sig",
        ];
        ssh(&here, "ssh-keygen", &args, statement.as_bytes()).status.success()
    };
    assert!(verify("alice@contoso.com", &statement));
    assert!(!verify("bob@contoso.com", &statement) && !verify("alice@contoso.com", &format!("{statement} ")));
    // Bob signs with ssh-keygen what Alice's statement says, in his name.
    here.write("plan.bob.approval", statement.replace("alice@", "bob@"));
    let signed = ssh(&here, "ssh-keygen", &["-Y", "sign", "-f", "bob", "-n", "hardmatch-approval", "plan.bob.approval"], b"");
    assert!(signed.status.success(), "{signed:?}");
    here.run(&["apply", "plan.json"]).expect(0);
}

#[test]
fn each_way_to_cheat_is_refused_with_its_reason() {
    let here = ground();
    approve(&here, "eve").expect(8).says(&["not among the allowed signers"]);
    here.run(&["approve", "plan.json", "--key", "alice", "--as", "bob@contoso.com"])
        .expect(8)
        .says(&["do not give this key to bob"]);
    // What would not count is not signed.
    let listed = here.read("approvers");
    here.write("approvers", listed.replace("alice@contoso.com ", "alice@contoso.com valid-before=\"20200101Z\" "));
    approve(&here, "alice").expect(8).says(&["lets this key sign no more"]);
    here.write("approvers", listed.replace("alice@contoso.com ", "alice@contoso.com namespaces=\"git\" "));
    approve(&here, "alice").expect(8).says(&["does not let this key sign in the namespace"]);
    here.write("approvers", listed);
    approve(&here, "alice").expect(0);
    // The same key in the name of somebody else.
    let statement = here.read("plan.alice@contoso.com.approval");
    here.write("plan.bob.approval", statement.replace("alice@", "bob@"));
    ssh(&here, "ssh-keygen", &["-Y", "sign", "-f", "alice", "-n", "hardmatch-approval", "plan.bob.approval"], b"");
    unapproved(&here, &["plan.bob.approval: the key is not that of bob@contoso.com"]);
    // Another namespace.
    std::fs::remove_file(here.path().join("plan.bob.approval.sig")).unwrap();
    unapproved(&here, &["plan.bob.approval: its signature is missing"]);
    ssh(&here, "ssh-keygen", &["-Y", "sign", "-f", "bob", "-n", "git", "plan.bob.approval"], b"");
    unapproved(&here, &["it was signed for `git`"]);
    // A longer time than was signed.
    here.write("plan.bob.approval", here.read("plan.bob.approval").replace("\"expires\": \"20", "\"expires\": \"21"));
    unapproved(&here, &["plan.bob.approval"]);
    // Whoever is taken from the list approves nothing any more.
    approve(&here, "bob").expect(0);
    std::fs::remove_file(here.path().join("plan.bob.approval")).unwrap();
    let signers = here.read("approvers");
    here.write(
        "approvers",
        signers.lines().filter(|line| !line.starts_with("bob")).map(|line| format!("{line}\n")).collect::<String>(),
    );
    unapproved(&here, &["plan.bob@contoso.com.approval", "not among the allowed signers"]);
}

#[test]
fn an_approval_is_of_one_plan_and_expires() {
    let here = ground();
    here.run(&["approve", "plan.json", "--key", "alice", "--expires", "1s"]).expect(0);
    approve(&here, "bob").expect(0);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    unapproved(&here, &["it expired at"]);
    approve(&here, "alice").expect(0);
    here.run(&["plan", "--only", "eve*", "--out", "plan.json"]).expect(0);
    unapproved(&here, &["it approves another plan"]);
}

#[test]
fn the_policy_of_the_protected_branch_counts() {
    let here = ground();
    here.write("main/policy.yaml", "policy:\n  approvals: { required: 2, signers: approvers }\n");
    here.write("main/approvers", here.read("approvers"));
    // The change lowers the bar for itself.
    here.edit("hardmatch.yaml", "required: 2", "required: 0");
    here.run(&["plan", "--out", "plan.json"]).expect(0);
    let digest = here.digest("plan.json");
    here.run(&["apply", "plan.json", "--digest", &digest, "--policy", "main/policy.yaml"]).expect(6).says(&["the policy"]);
    here.run(&["plan", "--out", "plan.json", "--policy", "main/policy.yaml"]).expect(0);
    let digest = here.digest("plan.json");
    let with_main = ["apply", "plan.json", "--digest", &digest, "--policy", "main/policy.yaml"];
    here.run(&with_main).expect(8).says(&["asks for 2 approvals"]);
    for name in ["alice", "bob"] {
        here.run(&["approve", "plan.json", "--key", name, "--policy", "main/policy.yaml"]).expect(0);
    }
    here.run(&with_main).expect(0);
    here.run(&["plan", "--policy", "nowhere.yaml"]).expect(3).says(&["there is no such file"]);
    here.write("empty.yaml", "version: 1\n");
    here.run(&["plan", "--policy", "empty.yaml"]).expect(3).says(&["policy"]);
}

#[test]
fn who_wrote_the_change_does_not_approve_it() {
    let here = ground().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let git = |here: &Hardmatch, args: &[&str]| git_as(here, "alice", args);
    git(&here, &["init", "-q"]);
    git(&here, &["add", "hardmatch.yaml"]);
    git(&here, &["commit", "-qm", "a wave"]);
    const WILL_NOT_COUNT: &str = "warning: by what git says here alice@contoso.com wrote the change, so `apply` will not count";
    approve(&here, "alice").expect(0).says(&[WILL_NOT_COUNT]);
    assert!(!approve(&here, "bob").expect(0).stderr.contains("wrote the change"));
    unapproved(&here, &["alice@contoso.com wrote the change"]);
    // Nor whoever goes on writing without a commit.
    git(&here, &["config", "user.email", "bob@contoso.com"]);
    here.edit("hardmatch.yaml", "version: 1", "version: 1 # more");
    here.run(&["plan", "--out", "plan.json"]).expect(0);
    approve(&here, "alice").expect(0);
    approve(&here, "bob").expect(0);
    let told =
        ["alice@contoso.com wrote the change", "bob@contoso.com wrote the change", "they count as written by bob@contoso.com"];
    unapproved(&here, &told);
}

pub(crate) fn git_as(here: &Hardmatch, name: &str, args: &[&str]) {
    let (user, mail) = (format!("user.name={name}"), format!("user.email={name}@contoso.com"));
    let done = ssh(here, "git", &[&["-c", &user, "-c", &mail, "-c", "commit.gpgsign=false"], args].concat(), b"");
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_key_of_every_kind_signs_from_its_file() {
    let here = ground();
    made_key(&here, "rita", "rsa");
    ssh(&here, "ssh-keygen", &["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", "small"], b"");
    let of_rita = ["rita.pub", "small.pub"].map(|name| format!("rita@contoso.com {}", here.read(name)));
    here.write("approvers", here.read("approvers") + &of_rita.concat());
    here.plan();
    for name in ["rita", "bob"] {
        approve(&here, name).expect(0);
    }
    here.run(&["approve", "plan.json", "--key", "small", "--as", "rita@contoso.com"]).expect(3).says(&["2048 bits or more"]);
    here.run(&["apply", "plan.json"]).expect(0).says(&["approved by rita@contoso.com", "approved by bob@contoso.com"]);
}

/// As PowerShell 5.1 redirects what `ssh-add -L` prints.
#[test]
fn keys_may_stand_in_utf_16() {
    let here = ground();
    let wide = |text: &str| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    here.write("approvers", wide(&here.read("approvers")));
    here.plan();
    approve(&here, "alice").expect(0);
    unapproved(&here, &["and 1 count"]);
    here.write("wide.pub", wide(&here.read("alice.pub")));
    approve(&here, "wide.pub").expect(3).says(&["there is no ssh-agent"]);
}

/// An agent that ends with the test.
struct Agent(std::process::Child);

impl Drop for Agent {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn an_agent_signs_for_a_public_key() {
    let here = ground();
    let socket = here.path().join("agent");
    let mut command = Command::new("ssh-agent");
    command.args(["-D", "-a"]).arg(&socket).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _agent = Agent(command.spawn().unwrap());
    let listens = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        Path::new(&socket).exists()
    });
    assert!(listens, "ssh-agent does not start");
    let add =
        Command::new("ssh-add").arg("-q").arg("alice").env("SSH_AUTH_SOCK", &socket).current_dir(here.path()).status().unwrap();
    assert!(add.success());
    approve(&here, "alice.pub").expect(3).says(&["there is no ssh-agent"]);
    let here = here.env("SSH_AUTH_SOCK", socket.to_str().unwrap());
    approve(&here, "bob.pub").expect(3).says(&["ssh-agent does not hold the key"]);
    approve(&here, "alice.pub").expect(0);
    unapproved(&here, &["and 1 count"]);
}

#[test]
fn what_is_no_key_is_said_to_be_none() {
    let here = ground();
    here.run(&["approve", "plan.json", "--key", "hardmatch.yaml"]).expect(3).says(&["is no OpenSSH key"]);
    here.run(&["approve", "plan.json", "--key", "nowhere"]).expect(3);
    here.run(&["approve", "nowhere.json", "--key", "alice"]).expect(3);
    ssh(&here, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "secret", "-f", "locked"], b"");
    let signers = here.read("approvers");
    here.write("approvers", format!("{signers}locked@contoso.com {}", here.read("locked.pub")));
    approve(&here, "locked").expect(3).says(&["has a passphrase", "ssh-add"]);
    here.write("approvers", "nobody\n");
    approve(&here, "alice").expect(3).says(&["`approvers`, line 1: it ends before the key"]);
}
