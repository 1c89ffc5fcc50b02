//! A run that is asked to stop ends within seconds, and the next one does the rest. Fewer actions than Graph's burst of
//! writes, so that no test waits for the quota.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::common::{Hardmatch, program};

use super::*;

const ACTIONS: u16 = 120;
const SOON: Duration = Duration::from_secs(5);

/// A folder that links everybody of a tenant, and the emulator that serves it.
struct Stage {
    here: Hardmatch,
    server: Server,
    digest: String,
}

impl Stage {
    async fn new(script: Value) -> Self {
        let users = (1..=ACTIONS).map(|n| user(n, &format!("user{n}"), json!({}))).collect();
        let server = Server::scripted(&tenant(users, Vec::new()), script).await;
        let auth = "auth: { token: { env: GRAPH_TOKEN } }";
        let config = format!(
            "version: 1\ntenant:\n  graph: {{ tenantId: x.onmicrosoft.com, {auth}, endpoint: \"{}\" }}\nforests:\n  corp: {{ ldif: corp.ldif }}\n\
             rules:\n  - name: all\n    where: {{ forest: corp, under: \"OU=Staff,DC=x,DC=example\" }}\n    pair: {{ onPrem: userPrincipalName, cloud: userPrincipalName }}\n\
             policy:\n  limits: {{ changes: 1000, percent: 100 }}\n",
            server.endpoint
        );
        let entries: String = (1..=ACTIONS).map(entry).collect();
        let here = Hardmatch::new().file("hardmatch.yaml", config).file("corp.ldif", format!("version: 1\n\n{entries}"));
        let here = here.env("GRAPH_TOKEN", &server.token);
        let planned = super::verbs::run(&here, &["plan", "--out", "plan.json"]).await;
        planned.expect(0);
        let digest = here.digest("plan.json");
        Self { here, server, digest }
    }

    /// Changes what the server does, and counts its requests anew.
    async fn script(&self, script: Value) {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let sent = client.post(format!("{}/__emulator/faults", self.server.endpoint)).json(&script).send().await.unwrap();
        assert!(sent.status().is_success(), "{sent:?}");
    }

    fn start(&self, args: &[&str]) -> Child {
        let mut command = Command::new(program());
        command.args(args).current_dir(self.here.path()).env_clear().env("GRAPH_TOKEN", &self.server.token);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn apply(&self) -> Child {
        self.start(&["apply", "plan.json", "--digest", &self.digest, "--format", "ndjson"])
    }

    /// The plan goes on where it stopped, and ends well.
    async fn finish(&self) {
        let rest = super::verbs::run(&self.here, &["apply", "plan.json", "--digest", &self.digest]).await;
        rest.expect(0).shows(&["0 failed, 0 unknown, 0 not tried"]);
        let tenant = self.server.ask("/__emulator/tenant").await;
        assert!(tenant["users"].as_array().unwrap().iter().all(|user| user["onPremisesImmutableId"].is_string()));
    }
}

fn entry(n: u16) -> String {
    let guid = STANDARD.encode([
        0x11,
        0x22,
        0x33,
        0x44,
        0x55,
        0x66,
        0x47,
        0x88,
        0x99,
        0,
        0,
        0,
        0,
        0,
        n.to_be_bytes()[0],
        n.to_be_bytes()[1],
    ]);
    format!(
        "dn: CN=User {n},OU=Staff,DC=x,DC=example\nobjectClass: user\nobjectGUID:: {guid}\nsAMAccountName: user{n}\nuserPrincipalName: user{n}@x.example\n\n"
    )
}

/// Reads events until so many actions are done; gives the rest of the stream.
fn read_until_done(child: &mut Child, count: usize) -> BufReader<ChildStdout> {
    let mut events = BufReader::new(child.stdout.take().unwrap());
    let mut done = 0;
    while done < count {
        let mut line = String::new();
        assert!(events.read_line(&mut line).unwrap() > 0, "ended after {done}: {}", rest(child.stderr.take().unwrap()));
        done += usize::from(line.contains("\"event\":\"done\""));
    }
    events
}

fn rest(mut stream: impl std::io::Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn ends_soon(mut child: Child) -> ExitStatus {
    let begun = Instant::now();
    let status = child.wait().unwrap();
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_asked_to_stop_goes_on_next_time() {
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 143)] {
        let stage = Stage::new(json!({ "faults": [{ "method": "PATCH", "slowMs": 30 }] })).await;
        let mut child = stage.apply();
        let events = read_until_done(&mut child, 20);
        signal(&child, name);
        let status = ends_soon(child);
        let last: Value = serde_json::from_str(rest(events).lines().last().unwrap()).unwrap();
        assert_eq!(status.code(), Some(code), "{name}");
        assert_eq!((&last["event"], &last["exitCode"]), (&json!("run-ended"), &json!(code)));
        assert!(last["counts"]["notStarted"].as_u64().unwrap() > 0, "{last}");
        assert_eq!(last["counts"]["failed"], 0, "{last}");
        stage.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_retry_after_when_asked_to_stop() {
    let throttled = json!({ "method": "PATCH", "after": 20, "times": 3, "answer": { "status": 429, "retryAfter": 60 } });
    let stage = Stage::new(json!({ "faults": [throttled] })).await;
    let mut child = stage.apply();
    // Throttled, nothing is read either, so that not all that was written is done yet.
    let events = read_until_done(&mut child, 8);
    std::thread::sleep(Duration::from_millis(1000));
    signal(&child, "-TERM");
    let status = ends_soon(child);
    let last: Value = serde_json::from_str(rest(events).lines().last().unwrap()).unwrap();
    assert_eq!(status.code(), Some(143), "{last}");
    assert!(last["throttled"].as_u64().unwrap() > 0 && last["waitedSeconds"].as_f64().unwrap() > 0.1, "{last}");
    stage.script(json!({})).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_stops_at_once() {
    let stage = Stage::new(json!({ "faults": [{ "method": "PATCH", "after": 3, "times": 8, "slowMs": 20_000 }] })).await;
    let mut child = stage.apply();
    let events = read_until_done(&mut child, 3);
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(200));
    signal(&child, "-INT");
    assert_eq!(ends_soon(child).code(), Some(130));
    let last: Value = serde_json::from_str(rest(events).lines().last().unwrap()).unwrap();
    assert!(last["next"][0].as_str().unwrap().contains("hardmatch apply plan.json"), "{last}");
}

/// Reading changes nothing, so the signal ends it as it ends any program.
#[tokio::test(flavor = "multi_thread")]
async fn reading_and_waiting_end_at_once() {
    let stage = Stage::new(json!({})).await;
    stage.script(json!({ "faults": [{ "method": "GET", "path": "/users", "slowMs": 20_000 }] })).await;
    let child = stage.start(&["plan", "--read", "everything", "--out", "new.json"]);
    std::thread::sleep(Duration::from_millis(400));
    signal(&child, "-INT");
    assert_eq!(ends_soon(child).signal(), Some(2));
    assert!(!stage.here.path().join("new.json").exists());
    let armed = Hardmatch::example("duplicate-account");
    let digest = armed.plan();
    armed.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let waiting = armed.spawn(&["verify", "--wait=1h", "--every=30m"]);
    std::thread::sleep(Duration::from_millis(400));
    signal(&waiting, "-TERM");
    assert_eq!(ends_soon(waiting).signal(), Some(15));
}

/// A large export takes its time; this one never comes.
#[test]
fn an_export_that_is_still_being_read_is_not_waited_for() {
    let here = Hardmatch::example("duplicate-account");
    let digest = here.plan();
    let export = here.path().join("corp.ldif");
    std::fs::remove_file(&export).unwrap();
    assert!(Command::new("mkfifo").arg(&export).status().unwrap().success());
    let child = here.spawn(&["apply", "plan.json", "--digest", &digest]);
    std::thread::sleep(Duration::from_millis(400));
    signal(&child, "-TERM");
    assert_eq!(ends_soon(child).code(), Some(143));
    assert!(!here.path().join("plan.journal.jsonl").exists());
}

/// Where nobody watches, a line says every five seconds how far a long reading is; this test takes as long.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_is_told_in_plain_lines() {
    let stage = Stage::new(json!({})).await;
    let fault =
        json!({ "path": "/users", "method": "GET", "batch": false, "nth": 2, "answer": { "status": 429, "retryAfter": 6 } });
    stage.script(json!({ "pages": { "size": 50 }, "faults": [fault] })).await;
    let planned = super::verbs::run(&stage.here, &["plan", "--read", "everything"]).await;
    planned.expect(0);
    let lines: Vec<&str> = planned.stderr.lines().filter(|line| line.starts_with("reading: ")).collect();
    assert_eq!(lines.len(), 1, "{}", planned.stderr);
    assert!(lines[0].contains("throttled for"), "{}", lines[0]);
    assert!(!planned.stderr.contains('\r') && !planned.stderr.contains('\u{1b}'));
}
