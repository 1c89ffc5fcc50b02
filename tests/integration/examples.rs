//! Every folder of `examples/`: the plan is the one that is written down beside it, and where it can be applied, it works
//! there and back. `UPDATE_GOLDEN=1` writes the plans anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hardmatch::plan::finding::Code;
use serde_json::{Value, json};

use crate::common::{EXAMPLES, Hardmatch};

/// Codes that no plan of exported files can hold.
const NOT_IN_PLANS: [(Code, &str); 1] = [(Code::NotReversible, "`rollback` raises it, when it makes a plan of the way back")];

#[test]
fn first_link() {
    goes_there_and_back("first-link");
}

#[test]
fn duplicate_account() {
    goes_there_and_back("duplicate-account");
}

#[test]
fn recycle_bin() {
    goes_there_and_back("recycle-bin");
}

#[test]
fn swap() {
    goes_there_and_back("swap");
}

#[test]
fn sync_switched_off() {
    goes_there_and_back("sync-switched-off");
}

#[test]
fn chain() {
    goes_there_and_back("chain");
}

#[test]
fn bulk_rules() {
    goes_there_and_back("bulk-rules");
}

#[test]
fn forest_migration() {
    goes_there_and_back("forest-migration");
}

#[test]
fn leave_hybrid() {
    goes_there_and_back("leave-hybrid");
}

#[test]
fn everything_wrong() {
    let here = Hardmatch::example("everything-wrong");
    let before = files(&here);
    let plan = planned(&here, "everything-wrong", 9);
    assert_eq!(plan["body"]["status"], "blocked");
    here.run(&["apply", "plan.json", "--digest", plan["digest"].as_str().unwrap()]).expect(9);
    assert_eq!(files(&here), before);
}

/// The plan says before what sync would say after.
#[test]
fn sync_refuses() {
    let here = Hardmatch::example("sync-refuses");
    let plan = planned(&here, "sync-refuses", 13);
    let refused =
        |mapping: &Value| Some((mapping["nextSync"]["code"].as_str()?.to_owned(), mapping["nextSync"]["since"].clone()));
    let codes: Vec<(String, Value)> = plan["body"]["mappings"].as_array().unwrap().iter().filter_map(refused).collect();
    let count = |code: &str, since: Value| codes.iter().filter(|refused| **refused == (code.to_owned(), since.clone())).count();
    assert_eq!(count("InvalidHardMatch", json!("June 2026")), 4);
    assert_eq!(count("AttributeUpdateNotAllowed", json!("July 2026")), 1);
    assert_eq!((count("BlockedOnPremises", Value::Null), count("AttributeValueMustBeUnique", Value::Null)), (1, 1));
    assert_eq!(codes.len(), 7);
}

#[test]
fn every_example_has_a_test_and_a_few_words() {
    assert_eq!(examples().iter().map(|folder| name_of(folder)).collect::<Vec<_>>(), EXAMPLES);
    for folder in examples() {
        let words = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(words.starts_with("# ") && words.lines().count() < 30, "{}", folder.display());
    }
}

#[test]
fn every_code_is_shown_by_an_example() {
    let mut shown = BTreeSet::new();
    for folder in examples() {
        let plan: Value = serde_json::from_str(&fs::read_to_string(folder.join("plan.golden.json")).unwrap()).unwrap();
        let findings = plan["body"]["findings"].as_array().unwrap();
        shown.extend(findings.iter().map(|finding| Code::parse(finding["code"].as_str().unwrap()).unwrap()));
    }
    let excused: BTreeSet<Code> = NOT_IN_PLANS.iter().map(|(code, _)| *code).collect();
    let missing: Vec<&Code> = Code::ALL.iter().filter(|code| !shown.contains(code) && !excused.contains(code)).collect();
    assert!(missing.is_empty(), "no example shows {missing:?}");
    assert!(shown.is_disjoint(&excused), "an example shows what is said to be impossible");
}

#[test]
fn every_configuration_fits_the_schema() {
    let schema = jsonschema::validator_for(&hardmatch::config::schema()).unwrap();
    for folder in examples() {
        let yaml = fs::read_to_string(folder.join("hardmatch.yaml")).unwrap();
        let document: Value = serde_yaml::from_str(&yaml).unwrap();
        fits(&schema, &document, &folder);
    }
}

/// Plan, apply, plan again to nothing, verify; then the way back.
#[track_caller]
fn goes_there_and_back(name: &str) {
    let here = Hardmatch::example(name);
    let before = files(&here);
    let plan = planned(&here, name, 0);
    let actions = plan["body"]["actions"].as_array().unwrap();
    here.run(&["apply", "plan.json", "--digest", plan["digest"].as_str().unwrap()]).expect(0);
    assert_eq!(tenant(&here), carried_out(&before.tenant, actions), "the tenant changes where the plan says so, and only there");
    assert_eq!(stamped(&before.forests, &files(&here).forests), stamps(actions));

    let again = here.run(&["plan", "--format", "json"]);
    let again: Value = serde_json::from_str(&again.expect(0).stdout).unwrap();
    assert_eq!((&again["body"]["status"], &again["body"]["actions"]), (&json!("empty"), &json!([])));
    here.run(&["verify"]).expect(0);

    here.run(&["rollback", "plan.journal.jsonl", "--out", "undo.json"]).expect(0);
    here.run(&["apply", "undo.json", "--digest", &here.digest("undo.json")]).expect(0);
    let lost = lost(actions);
    assert_eq!(without(tenant(&here), &lost), without(before.tenant, &lost), "what can be undone is as it was");
    assert_eq!(files(&here).forests, before.forests);
}

/// Plans, and compares the plan with what is written down.
#[track_caller]
fn planned(here: &Hardmatch, name: &str, exit: i32) -> Value {
    let run = here.run(&["plan", "--out", "plan.json"]);
    run.expect(exit);
    let file = here.read("plan.json");
    let body = file.find("\"body\":").unwrap();
    golden(name, "plan.golden.json", &format!("{{\n{}", &file[body..]));
    let made = |line: &str| line.starts_with("  made ");
    let lines = run.stdout.lines().map(|line| if made(line) { "  made     [TIME] by [TOOL] from hardmatch.yaml" } else { line });
    golden(name, "plan.golden.txt", &lines.map(|line| format!("{line}\n")).collect::<String>());
    let plan: Value = serde_json::from_str(&file).unwrap();
    fits(&jsonschema::validator_for(&hardmatch::planfile::schema()).unwrap(), &plan, Path::new(name));
    plan
}

#[track_caller]
fn golden(example: &str, file: &str, new: &str) {
    let path = folder().join(example).join(file);
    #[expect(clippy::disallowed_methods, reason = "a test that can write the plans anew")]
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, new).unwrap();
    }
    let old = fs::read_to_string(&path).unwrap_or_default();
    if old != new {
        let diff = similar::TextDiff::from_lines(old.as_str(), new);
        panic!("{} is not what is planned now:\n{}", path.display(), diff.unified_diff().context_radius(2));
    }
}

#[track_caller]
fn fits(schema: &jsonschema::Validator, document: &Value, place: &Path) {
    let problems: Vec<String> = schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{}: {}", place.display(), problems.join("\n"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn examples() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn name_of(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

/// What a plan may write.
#[derive(Debug, PartialEq)]
struct Files {
    tenant: Value,
    forests: Vec<(String, String)>,
}

fn files(here: &Hardmatch) -> Files {
    let names = fs::read_dir(here.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".ldif")).collect();
    names.sort();
    let forests = names.into_iter().map(|name| (name.clone(), here.read(&name))).collect();
    Files { tenant: tenant(here), forests }
}

fn tenant(here: &Hardmatch) -> Value {
    comparable(serde_json::from_str(&here.read("tenant.json")).unwrap())
}

/// Users by id; when somebody was deleted depends on the clock.
fn comparable(mut tenant: Value) -> Value {
    for list in ["users", "deletedUsers"] {
        let users = tenant[list].as_array_mut().unwrap();
        users.sort_by_key(|user| user["id"].to_string());
        users.iter_mut().filter(|user| !user["deletedDateTime"].is_null()).for_each(|user| user["deletedDateTime"] = json!("…"));
    }
    tenant
}

/// The tenant after these actions, by a reading of the plan that knows nothing of the program.
fn carried_out(before: &Value, actions: &[Value]) -> Value {
    let mut tenant = before.clone();
    for action in actions.iter().filter(|action| action["target"]["directory"] == "entra") {
        let id = action["target"]["id"].as_str().unwrap();
        match action["kind"].as_str().unwrap() {
            "softDelete" => {
                let mut user = taken(&mut tenant, "users", id);
                user["userPrincipalName"] = json!(id.replace('-', "") + user["userPrincipalName"].as_str().unwrap());
                user["deletedDateTime"] = json!("…");
                tenant["deletedUsers"].as_array_mut().unwrap().push(user);
            }
            "restore" => {
                let mut user = taken(&mut tenant, "deletedUsers", id);
                user["userPrincipalName"] = json!(user["userPrincipalName"].as_str().unwrap()[32..]);
                user["deletedDateTime"] = Value::Null;
                tenant["users"].as_array_mut().unwrap().push(user);
            }
            "purge" => drop(taken(&mut tenant, "deletedUsers", id)),
            _ => {
                let users = tenant["users"].as_array_mut().unwrap();
                let user = users.iter_mut().find(|user| user["id"] == id).unwrap();
                for (name, value) in action["after"].as_object().unwrap() {
                    user[name.as_str()] = value.clone();
                }
            }
        }
    }
    comparable(tenant)
}

fn taken(tenant: &mut Value, list: &str, id: &str) -> Value {
    let users = tenant[list].as_array_mut().unwrap();
    let place = users.iter().position(|user| user["id"] == id).unwrap();
    users.remove(place)
}

/// The stamps that a plan names.
fn stamps(actions: &[Value]) -> Vec<String> {
    let stamps = actions.iter().filter(|action| action["kind"] == "stampConsistencyGuid");
    let mut lines: Vec<String> = stamps
        .map(|action| format!("mS-DS-ConsistencyGuid:: {}", action["after"]["mS-DS-ConsistencyGuid"].as_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

/// The lines that the forests have gained. Nothing else may have changed.
fn stamped(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let mut gained = Vec::new();
    for ((_, old), (name, new)) in before.iter().zip(after) {
        for change in similar::TextDiff::from_lines(old.as_str(), new).iter_all_changes() {
            match change.tag() {
                similar::ChangeTag::Equal => {}
                similar::ChangeTag::Insert => gained.push(change.value().trim_end().to_owned()),
                similar::ChangeTag::Delete => panic!("{name} has lost {:?}", change.value()),
            }
        }
    }
    gained.sort();
    gained
}

/// Accounts of which something cannot come back.
fn lost(actions: &[Value]) -> BTreeSet<&str> {
    let is_lost = |action: &&Value| action["reversible"] == false || action["after"].as_object().unwrap().len() > 1;
    actions.iter().filter(is_lost).map(|action| action["target"]["id"].as_str().unwrap()).collect()
}

fn without(mut tenant: Value, ids: &BTreeSet<&str>) -> Value {
    for list in ["users", "deletedUsers"] {
        tenant[list].as_array_mut().unwrap().retain(|user| !ids.contains(user["id"].as_str().unwrap()));
    }
    tenant
}
