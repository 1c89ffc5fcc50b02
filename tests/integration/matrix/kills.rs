//! Killed at every system call by which it writes, syncs, renames or sends, or refused one of them, the program goes on
//! afterwards as if undisturbed. `strace` does both; with it each run takes a while, so `tests/hostile` runs these tests, and
//! the gate does not.

use std::path::Path;
use std::process::Command;

use hardmatch::plan::action::{Action, ActionKind};

use super::world::{self, Recipe};
use super::*;
use crate::common::{Hardmatch, program};
use crate::graph::Server;

/// System calls by which something gets out of the program.
const CALLS: [&str; 5] =
    ["write,pwrite64,writev", "fsync,fdatasync", "rename,renameat,renameat2,link,linkat", "sendto", "recvfrom"];

/// What a call can be told instead: which ones, on which file if on one only, and the error.
const ERRORS: [(&str, Option<&str>, &str); 9] = [
    ("write", Some("FOLDER/plan.journal.jsonl"), "ENOSPC"),
    ("fdatasync", Some("FOLDER/plan.journal.jsonl"), "EIO"),
    ("openat", Some("FOLDER/plan.journal.jsonl"), "EROFS"),
    ("fsync", None, "EIO"),
    ("rename,renameat,renameat2,link,linkat", None, "ENOSPC"),
    ("mkdir,mkdirat", None, "EACCES"),
    ("ftruncate", None, "EIO"),
    ("flock", None, "ENOLCK"),
    ("read", Some("FOLDER/plan.journal.jsonl"), "EIO"),
];

/// A planned recipe, on files or on a server.
struct Ground {
    here: Hardmatch,
    server: Option<Server>,
    digest: String,
}

impl Ground {
    async fn new(recipe: &Recipe, is_live: bool) -> Self {
        let mut here = world::folder(recipe);
        let mut server = None;
        if is_live {
            let tenant = serde_json::from_str(&here.read("tenant.json")).unwrap();
            let running = Server::with(&tenant, script(None, &json!({})), |_| {}).await;
            let auth = "auth: { token: { env: GRAPH_TOKEN } }";
            let live = format!("graph: {{ tenantId: x.onmicrosoft.com, {auth}, endpoint: \"{}\" }}", running.endpoint);
            here.edit("hardmatch.yaml", "snapshot: tenant.json", &live);
            here = here.env("GRAPH_TOKEN", &running.token);
            server = Some(running);
        }
        let (here, digest) = blocking(here, |here| here.plan()).await;
        Self { here, server, digest }
    }

    /// Applies the plan, under strace if it is told what to do; the exit code and what was said.
    async fn apply(&self, inject: Option<&[String]>) -> (Option<i32>, String) {
        let plain = self.here.command(&["apply", "plan.json", "--digest", &self.digest, "--concurrency", "2"]);
        let mut command = match inject {
            None => Command::new(program()),
            Some(inject) => {
                let mut strace = Command::new("strace");
                let folder = self.here.path().to_str().unwrap();
                let inject = inject.iter().map(|argument| argument.replace("FOLDER", folder));
                strace.args(["-f", "-qq", "-o", "trace"]).args(inject).arg(program());
                strace
            }
        };
        command.args(plain.get_args()).current_dir(self.here.path()).env_clear().envs(self.here.environment().iter().cloned());
        let path = "/usr/local/bin:/usr/bin:/bin";
        let output =
            tokio::task::spawn_blocking(move || command.env("PATH", path).output().expect("strace is needed")).await.unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code(), text)
    }

    /// The directories as they stand, without times.
    async fn image(&self) -> (Value, String) {
        let mut tenant = match &self.server {
            Some(server) => server.ask("/__emulator/tenant").await,
            None => serde_json::from_str(&self.here.read("tenant.json")).unwrap(),
        };
        tenant["takenAt"] = Value::Null;
        for user in tenant["deletedUsers"].as_array_mut().unwrap() {
            user["deletedDateTime"] = json!("then");
        }
        (tenant, self.here.read("corp.ldif"))
    }

    async fn writes(&self) -> Vec<Write> {
        let Some(server) = &self.server else { return Vec::new() };
        check::writes(server.ask("/__emulator/requests").await["value"].as_array().unwrap())
    }

    /// Accounts that are gone or deleted without a whole copy.
    fn unsaved(&self, planned: &[Action]) -> Vec<String> {
        let is_deletion = |kind| [ActionKind::SoftDelete, ActionKind::Purge].contains(&kind);
        let deleted = planned.iter().filter(|action| is_deletion(action.kind)).map(|action| action.target.id.clone());
        deleted.filter(|id| !has_copy(&self.here.path().join("backups"), id)).collect()
    }

    fn actions(&self) -> Vec<Action> {
        hardmatch::planfile::parse(self.here.read("plan.json").as_bytes()).unwrap().body.actions
    }
}

fn has_copy(folder: &Path, id: &str) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut copies = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    copies.any(|path| std::fs::read_to_string(path).unwrap().contains(&format!("\"id\": \"{id}\"")))
}

async fn blocking<T: Send + 'static>(here: Hardmatch, work: impl FnOnce(&Hardmatch) -> T + Send + 'static) -> (Hardmatch, T) {
    tokio::task::spawn_blocking(move || {
        let done = work(&here);
        (here, done)
    })
    .await
    .unwrap()
}

/// What an undisturbed run leaves.
struct Undisturbed {
    image: (Value, String),
    writes: Vec<Write>,
}

/// Disturbs one run, and lets the next one finish it; whether the disturbance came at all, and what is wrong.
async fn disturbed(recipe: &Recipe, is_live: bool, inject: &[String], expected: &Undisturbed) -> (bool, Vec<String>) {
    let ground = Ground::new(recipe, is_live).await;
    let (code, said) = ground.apply(Some(inject)).await;
    let is_killed = code.is_none();
    let came = is_killed || ground.here.read("trace").contains("(INJECTED)");
    let mut wrong = Vec::new();
    if said.contains("panicked") || !matches!(code, None | Some(0 | 1 | 5 | 6 | 11 | 12)) {
        wrong.push(format!("ends with {code:?}: {said}"));
    }
    if code == Some(0) && ground.image().await != expected.image {
        wrong.push(format!("says that all is done, and it is not: {said}"));
    }
    let (code, said_again) = ground.apply(None).await;
    if code != Some(0) {
        wrong.push(format!("the next run ends with {code:?}: {said_again}\nafter {said}"));
    }
    if ground.image().await != expected.image {
        wrong.push(format!("ends elsewhere: {said_again}\nafter {said}"));
    }
    let strange = ground.writes().await.into_iter().filter(|write| !expected.writes.contains(write));
    wrong.extend(strange.map(|write| format!("writes what is not in the plan: {write:?}")));
    wrong.extend(ground.unsaved(&ground.actions()).into_iter().map(|id| format!("{id} was not saved")));
    (came, wrong)
}

async fn undisturbed(recipe: &Recipe, is_live: bool) -> Undisturbed {
    let ground = Ground::new(recipe, is_live).await;
    let (code, said) = ground.apply(None).await;
    assert_eq!(code, Some(0), "{}: {said}", recipe.name);
    Undisturbed { image: ground.image().await, writes: ground.writes().await }
}

/// Disturbs the first call of a kind, the second and so on, until there are no more; how many, and what is wrong.
async fn disturb_all(recipe: &Recipe, is_live: bool, inject: impl Fn(usize) -> Vec<String>) -> (usize, Vec<String>) {
    let expected = undisturbed(recipe, is_live).await;
    let mut all = Vec::new();
    for n in 1.. {
        let inject = inject(n);
        let (came, wrong) = disturbed(recipe, is_live, &inject, &expected).await;
        let place = if is_live { "a server" } else { "files" };
        all.extend(wrong.into_iter().map(|wrong| format!("{} on {place}, {inject:?}: {wrong}", recipe.name)));
        if !came {
            return (n - 1, all);
        }
    }
    unreachable!("a run has an end")
}

/// What strace is told to do at the n-th call.
type Inject = Box<dyn Fn(usize) -> Vec<String>>;

/// The same with every recipe, on files and on a server.
async fn disturb_everywhere(all: Vec<Inject>) -> (usize, Vec<String>) {
    let (mut count, mut wrong) = (0, Vec::new());
    for (recipe, is_live) in RECIPES.iter().flat_map(|recipe| [(recipe, false), (recipe, true)]) {
        for inject in &all {
            let (times, more) = disturb_all(recipe, is_live, inject).await;
            count += times;
            wrong.extend(more);
        }
    }
    (count, wrong)
}

fn traced(calls: &str) -> Vec<String> {
    vec!["-e".into(), format!("trace={calls}")]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes, and strace"]
async fn killed_at_every_call_it_ends_the_same() {
    let kill = |calls: &'static str| -> Inject {
        Box::new(move |n| [traced(calls), vec!["-e".into(), format!("inject={calls}:signal=KILL:when={n}")]].concat())
    };
    let (count, wrong) = disturb_everywhere(CALLS.into_iter().map(kill).collect()).await;
    eprintln!("killed {count} times");
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes, and strace"]
async fn refused_any_call_it_stops_cleanly() {
    let refuse = |(calls, file, error): (&'static str, Option<&'static str>, &'static str)| -> Inject {
        Box::new(move |n| {
            let only = file.map_or(Vec::new(), |file| vec!["-P".to_owned(), file.to_owned()]);
            let inject = vec!["-e".into(), format!("inject={calls}:error={error}:when={n}")];
            [traced(calls), only, inject].concat()
        })
    };
    let (count, wrong) = disturb_everywhere(ERRORS.into_iter().map(refuse).collect()).await;
    eprintln!("refused {count} calls");
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}
