//! What must hold whatever went wrong.

use std::collections::{BTreeMap, BTreeSet};

use hardmatch::apply::journal::{JournalState, Step};
use hardmatch::apply::{ApplyError, ExitKind, RunReport};
use hardmatch::plan::action::ActionKind;
use serde_json::{Value, json};

use super::site::{Image, Site};

/// What is wrong with the end of a run, by the directories before and after it and the end that was planned.
pub(super) fn end(ended: &Result<RunReport, ApplyError>, before: &Image, after: &Image, planned: &Image) -> Vec<String> {
    let mut wrong = Vec::new();
    let kind = match ended {
        Err(error) => {
            if before != after {
                wrong.push(format!("says that nothing was tried, and wrote: {error}"));
            }
            return wrong;
        }
        Ok(report) => report.exit_kind(),
    };
    let wrote_nothing = [ExitKind::Denied, ExitKind::Journal, ExitKind::Stale, ExitKind::Unreachable, ExitKind::Unsaved];
    if kind == ExitKind::Complete && after != planned {
        wrong.push("says that all is done, and it is not".to_owned());
    }
    if wrote_nothing.contains(&kind) && before != after {
        wrong.push(format!("says that nothing was written ({kind:?}), and it was"));
    }
    wrong
}

/// A write as the log of the server tells it: method, path without version, body.
pub(super) type Write = (String, String, String);

/// The writes of a log.
pub(super) fn writes(log: &[Value]) -> Vec<Write> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let is_write = |write: &Write| write.0 != "GET" && !["/$batch", "/directoryObjects/getByIds"].contains(&write.1.as_str());
    let write = |entry: &Value| {
        let path = text(entry, "path");
        let version = ["/v1.0", "/beta"].iter().find_map(|version| path.strip_prefix(version));
        (text(entry, "method"), version.unwrap_or(&path).to_owned(), entry["body"].to_string())
    };
    parts_too(log).iter().map(write).filter(is_write).collect()
}

/// A log in which the parts of a batch stand in its place, like requests of their own.
fn parts_too(log: &[Value]) -> Vec<Value> {
    log.iter()
        .flat_map(|entry| entry["body"]["requests"].as_array().map_or_else(|| vec![entry.clone()], |_| parts(entry)))
        .collect()
}

fn parts(batch: &Value) -> Vec<Value> {
    let answers: Vec<&Value> = batch["responses"].as_array().into_iter().flatten().collect();
    let part = |asked: &Value| {
        let answer = answers.iter().find(|answer| answer["id"] == asked["id"]);
        let mut part = answer.map_or_else(|| json!({}), |answer| (*answer).clone());
        part["path"] = asked["url"].clone();
        part["method"] = asked["method"].clone();
        part["body"] = asked["body"].clone();
        part
    };
    batch["body"]["requests"].as_array().into_iter().flatten().map(part).collect()
}

/// What is written that the undisturbed run does not write.
pub(super) fn strange_writes(log: &[Value], planned: &[Write]) -> Vec<String> {
    let strange = writes(log).into_iter().filter(|write| !planned.contains(write));
    strange.map(|write| format!("writes what is not in the plan: {write:?}")).collect()
}

/// Accounts that are deleted or purged more often than planned.
pub(super) fn repeated_deletions(log: &[Value], planned: &[Write]) -> Vec<String> {
    let mut done: BTreeMap<Write, usize> = BTreeMap::new();
    let is_taken = |entry: &&Value| entry["carriedOut"].as_bool().unwrap_or(entry["status"] == 204);
    let taken: Vec<Value> = parts_too(log).iter().filter(is_taken).cloned().collect();
    for write in writes(&taken).into_iter().filter(|write| write.0 == "DELETE") {
        *done.entry(write).or_default() += 1;
    }
    let too_often = |(write, times): (Write, usize)| {
        let allowed = planned.iter().filter(|planned| **planned == write).count();
        (times > allowed).then(|| format!("{} {} was carried out {times} times", write.0, write.1))
    };
    done.into_iter().filter_map(too_often).collect()
}

/// Accounts that are deleted before they are saved, or saved badly, or twice in one run.
pub(super) fn backups(site: &Site<'_>, journal: &JournalState) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut saved: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for run in &journal.runs {
        let accounts: BTreeSet<_> = run.backups.iter().map(|backup| backup.account).collect();
        if accounts.len() < run.backups.len() {
            wrong.push(format!("saved twice in one run: {:?}", run.backups));
        }
        for backup in &run.backups {
            saved.entry(backup.account.to_string()).or_default().push(backup.file.clone());
        }
        let intents = run.steps.iter().filter_map(|step| match step {
            Step::Intent { action, .. } => Some(action),
            Step::Outcome(_) => None,
        });
        for action in intents.filter(|action| [ActionKind::SoftDelete, ActionKind::Purge].contains(&action.kind)) {
            if !saved.contains_key(&action.target.id) {
                wrong.push(format!("{} of {} without a backup", action.kind, action.target.upn));
            }
        }
    }
    for (account, files) in &saved {
        wrong.extend(files.iter().filter_map(|file| bad_copy(file, account)));
    }
    let count = std::fs::read_dir(site.backups()).map_or(0, Iterator::count);
    let named: usize = saved.values().map(Vec::len).sum();
    if count != named {
        wrong.push(format!("{count} files in the folder of backups, and {named} in the journal"));
    }
    wrong
}

fn bad_copy(file: &str, account: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let is_whole = json["user"]["id"] == account && json["user"]["userPrincipalName"].is_string() && json["roles"].is_array();
    (!is_whole).then(|| format!("{file} is no copy of {account}: {text}"))
}
