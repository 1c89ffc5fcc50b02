//! Killed at every system call by which it writes, syncs, renames or sends, or refused one of them, the program goes on
//! afterwards as if undisturbed. `strace` does both; with it each run takes a while, so `tests/hostile` runs these tests, and
//! the gate does not.

use std::path::Path;
use std::process::Command;

use hardmatch::model::AdUser;
use hardmatch::plan::action::{Action, ActionKind};

use super::domain::Domain;
use super::world::{self, BOTH, Recipe};
use super::*;
use crate::common::{Hardmatch, program};
use crate::graph::Server;

/// System calls by which something gets out of the program.
const CALLS: [&str; 5] =
    ["write,pwrite64,writev", "fsync,fdatasync", "rename,renameat,renameat2,link,linkat", "sendto", "recvfrom"];

/// What a call can be told instead: which ones, on which file if on one only, and the error.
const ERRORS: [(&str, Option<&str>, &str); 11] = [
    ("write", Some("FOLDER/plan.journal.jsonl"), "ENOSPC"),
    ("fdatasync", Some("FOLDER/plan.journal.jsonl"), "EIO"),
    ("openat", Some("FOLDER/plan.journal.jsonl"), "EROFS"),
    ("fsync", None, "EIO"),
    ("rename,renameat,renameat2,link,linkat", None, "ENOSPC"),
    ("mkdir,mkdirat", None, "EACCES"),
    ("ftruncate", None, "EIO"),
    ("flock", None, "ENOLCK"),
    ("read", Some("FOLDER/plan.journal.jsonl"), "EIO"),
    ("sendto", None, "EPIPE"),
    ("recvfrom", None, "ECONNRESET"),
];

/// Where a recipe is carried out.
#[derive(Clone, Copy)]
enum Place<'d> {
    /// Both directories are files.
    Files,
    /// The tenant is behind the emulator.
    Server,
    /// The forest is a domain controller besides.
    Domain(&'d Domain),
}

impl Place<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Server => "a server",
            Self::Domain(_) => "a server and a domain controller",
        }
    }

    async fn folder(self, recipe: &Recipe) -> Hardmatch {
        let Self::Domain(domain) = self else { return world::folder(recipe) };
        domain.put_back().await;
        let read = domain.read().await;
        let here = Hardmatch::new().env("LDAP_PASSWORD", domain.password());
        world::folder_beside(here, recipe, &domain.config(), |_| read)
    }
}

/// A planned recipe.
struct Ground<'d> {
    here: Hardmatch,
    place: Place<'d>,
    server: Option<Server>,
    digest: String,
}

impl<'d> Ground<'d> {
    async fn new(recipe: &Recipe, place: Place<'d>) -> Self {
        let mut here = place.folder(recipe).await;
        let mut server = None;
        if !matches!(place, Place::Files) {
            let tenant = serde_json::from_str(&here.read("tenant.json")).unwrap();
            let running = Server::with(&tenant, script(None, &json!({})), |_| {}).await;
            let auth = "auth: { token: { env: GRAPH_TOKEN } }";
            let live = format!("graph: {{ tenantId: x.onmicrosoft.com, {auth}, endpoint: \"{}\" }}", running.endpoint);
            here.edit("hardmatch.yaml", "snapshot: tenant.json", &live);
            here = here.env("GRAPH_TOKEN", &running.token);
            server = Some(running);
        }
        let (here, digest) = blocking(here, |here| here.plan()).await;
        Self { here, place, server, digest }
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
        (tenant, self.forest().await)
    }

    async fn forest(&self) -> String {
        let Place::Domain(domain) = self.place else { return self.here.read("corp.ldif") };
        let stamped = |user: &AdUser| format!("{} {:?}", user.dn.as_str(), user.consistency_guid.bytes());
        let mut lines: Vec<String> = domain.read().await.users.iter().map(stamped).collect();
        lines.sort();
        lines.join("\n")
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
async fn disturbed(recipe: &Recipe, place: Place<'_>, inject: &[String], expected: &Undisturbed) -> (bool, Vec<String>) {
    let ground = Ground::new(recipe, place).await;
    let (code, said) = ground.apply(Some(inject)).await;
    let is_killed = code.is_none();
    let came = is_killed || ground.here.read("trace").contains("(INJECTED)");
    let mut wrong = Vec::new();
    if said.contains("panicked") || !matches!(code, None | Some(0 | 1 | 3 | 5 | 6 | 11 | 12)) {
        wrong.push(format!("ends with {code:?}: {said}"));
    }
    if code == Some(3) && !ground.writes().await.is_empty() {
        wrong.push(format!("says that it did not begin, and it wrote: {said}"));
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

async fn undisturbed(recipe: &Recipe, place: Place<'_>) -> Undisturbed {
    let ground = Ground::new(recipe, place).await;
    let (code, said) = ground.apply(None).await;
    assert_eq!(code, Some(0), "{}: {said}", recipe.name);
    Undisturbed { image: ground.image().await, writes: ground.writes().await }
}

/// Disturbs the first call of a kind, the second and so on, until there are no more; how many, and what is wrong.
async fn disturb_all(recipe: &Recipe, place: Place<'_>, inject: impl Fn(usize) -> Vec<String>) -> (usize, Vec<String>) {
    let expected = undisturbed(recipe, place).await;
    let mut all = Vec::new();
    for n in 1.. {
        let inject = inject(n);
        let (came, wrong) = disturbed(recipe, place, &inject, &expected).await;
        all.extend(wrong.into_iter().map(|wrong| format!("{} on {}, {inject:?}: {wrong}", recipe.name, place.name())));
        if !came {
            return (n - 1, all);
        }
    }
    unreachable!("a run has an end")
}

/// What strace is told to do at the n-th call.
type Inject = Box<dyn Fn(usize) -> Vec<String>>;

/// The same in all of these ways and places; how often.
async fn disturb_everywhere(grounds: &[(&Recipe, Place<'_>)], all: Vec<Inject>) -> usize {
    let (mut count, mut wrong) = (0, Vec::new());
    for (recipe, place) in grounds {
        for inject in &all {
            let (times, more) = disturb_all(recipe, *place, inject).await;
            count += times;
            wrong.extend(more);
        }
    }
    assert!(wrong.is_empty(), "{} faults in {count} runs:\n{}", wrong.len(), wrong.join("\n"));
    count
}

fn files_and_server() -> Vec<(&'static Recipe, Place<'static>)> {
    RECIPES.iter().flat_map(|recipe| [(recipe, Place::Files), (recipe, Place::Server)]).collect()
}

fn kills() -> Vec<Inject> {
    let kill = |calls: &'static str| -> Inject {
        Box::new(move |n| [traced(calls), vec!["-e".into(), format!("inject={calls}:signal=KILL:when={n}")]].concat())
    };
    CALLS.into_iter().map(kill).collect()
}

fn refusals() -> Vec<Inject> {
    let refuse = |(calls, file, error): (&'static str, Option<&'static str>, &'static str)| -> Inject {
        Box::new(move |n| {
            let only = file.map_or(Vec::new(), |file| vec!["-P".to_owned(), file.to_owned()]);
            let inject = vec!["-e".into(), format!("inject={calls}:error={error}:when={n}")];
            [traced(calls), only, inject].concat()
        })
    };
    ERRORS.into_iter().map(refuse).collect()
}

fn traced(calls: &str) -> Vec<String> {
    vec!["-e".into(), format!("trace={calls}")]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes, and strace"]
async fn killed_at_every_call_it_ends_the_same() {
    eprintln!("killed {} times", disturb_everywhere(&files_and_server(), kills()).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes, and strace"]
async fn refused_any_call_it_stops_cleanly() {
    eprintln!("refused {} calls", disturb_everywhere(&files_and_server(), refusals()).await);
}

/// Plans that write to a domain controller, too, which goes on serving.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes many minutes, strace and a domain controller"]
async fn disturbed_at_any_call_between_both_directories_it_ends_the_same() {
    let Some(domain) = Domain::new().await else { return };
    let ways = kills().into_iter().chain(refusals()).collect();
    eprintln!("disturbed {} times", disturb_everywhere(&[(&BOTH, Place::Domain(&domain))], ways).await);
}
