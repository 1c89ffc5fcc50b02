//! What programs read of a run: `apply --format ndjson` on stdout, `--log-format json` on stderr.

use serde_json::Value;

use crate::common::{Hardmatch, Outcome};

const EXAMPLE: &str = "duplicate-account";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The events of a run, each checked against the schema.
#[track_caller]
fn events(run: &Outcome) -> Vec<Value> {
    let schema: Value = serde_json::from_str(&Hardmatch::new().run(&["schema", "events"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let events = lines(&run.stdout);
    for event in &events {
        let wrong: Vec<String> = validator.iter_errors(event).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{event}: {wrong:?}");
    }
    let last = events.last().unwrap();
    assert_eq!(last["event"], "run-ended", "{}", run.stdout);
    assert_eq!(last["exitCode"].as_i64(), run.code.map(i64::from));
    events
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_run_is_told_event_by_event() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let run = here.run(&["apply", "plan.json", "--digest", &digest, "--format", "ndjson", "--concurrency", "1"]);
    let told = events(run.expect(0));
    let [first, second, .., last] = told.as_slice() else { panic!("{}", run.stdout) };
    assert_eq!((&first["event"], &first["formatVersion"]), (&"run-started".into(), &"1.1".into()));
    assert_eq!(first["digest"], digest.as_str());
    assert_eq!(second["event"], "ready");
    assert_eq!(last["counts"]["done"], first["total"]);
    let plan: Value = serde_json::from_str(&here.read("plan.json")).unwrap();
    for action in plan["body"]["actions"].as_array().unwrap() {
        let of: Vec<&Value> = told.iter().filter(|event| event["action"] == action["id"]).collect();
        let of_action: Vec<&str> =
            of.iter().map(|event| event["event"].as_str().unwrap()).filter(|name| *name != "waiting").collect();
        let deletes = ["softDelete", "purge"].contains(&action["kind"].as_str().unwrap());
        let has_backup = of_action.contains(&"backed-up");
        assert!(deletes || !has_backup);
        assert_eq!(of_action.iter().filter(|name| **name != "backed-up").collect::<Vec<_>>(), [&"started", &"done"]);
        for event in of {
            assert_eq!(
                (&event["kind"], &event["target"], &event["mapping"]),
                (&action["kind"], &action["target"], &action["mapping"])
            );
            assert!(event["time"].as_str().unwrap().ends_with('Z'));
        }
    }
    assert!(names(&told).contains(&"backed-up"));
    let again = here.run(&["apply", "plan.json", "--digest", &digest, "--format", "ndjson"]);
    let told = events(again.expect(0));
    assert_eq!(told.last().unwrap()["counts"]["alreadyDone"], first["total"]);
}

#[test]
fn a_run_that_is_refused_ends_with_why() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let apply = |plan: &str, digest: &str| here.run(&["apply", plan, "--digest", digest, "--format", "ndjson"]);
    let unapproved = here.run(&["apply", "plan.json", "--format", "ndjson"]);
    let told = events(unapproved.expect(8));
    assert_eq!(names(&told), ["run-ended"]);
    assert!(told[0]["next"][0].as_str().unwrap().contains(&digest), "{}", told[0]);
    assert_eq!(told[0]["counts"], Value::Null);
    events(apply("plan.json", "sha256:0").expect(8));
    events(apply("nowhere.json", &digest).expect(3));
    here.write("torn.json", &here.read("plan.json")[..400]);
    events(apply("torn.json", &digest).expect(7));
    here.edit("tenant.json", "azydD6KBV060wC2ean8YNQ==", "AAAAAAAAAEAAgAAAAAAAAA==");
    let stale = apply("plan.json", &digest);
    let told = events(stale.expect(6));
    assert_eq!(names(&told), ["run-started", "run-ended"]);
    assert!(told[1]["reason"].as_str().unwrap().contains("stale"));
    here.edit("hardmatch.yaml", "mappings:", "policy:\n  limits: { purges: 0 }\nmappings:");
    here.run(&["plan", "--out", "guarded.json"]).expect(9);
    events(apply("guarded.json", &here.digest("guarded.json")).expect(9));
}

#[test]
fn a_plan_without_actions_ends_well() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
    let empty = here.plan();
    let run = here.run(&["apply", "plan.json", "--digest", &empty, "--format", "ndjson"]);
    assert_eq!(names(&events(run.expect(0))), ["run-started", "run-ended"]);
}

/// Every line on stderr is an object, whatever happens; results are as always.
#[test]
fn messages_are_objects() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    here.write("broken.yaml", "version: 1\nmapings: []\n");
    for (args, code) in [
        (&["-vv", "plan"][..], 0),
        (&["plan", "--config", "broken.yaml"], 3),
        (&["plan", "--only", "nobody*"], 64),
        (&["show", "nowhere.json"], 3),
        (&["apply", "plan.json"], 8),
        (&["aply"], 64),
        (&["plan", "--fromat", "json"], 64),
        (&["apply", "plan.json", "--digest", &digest, "--color", "always"], 0),
    ] {
        let run = here.run(&[args, &["--log-format", "json"]].concat());
        run.expect(code);
        let told = lines(&run.stderr);
        assert!(!run.stderr.contains("\\u001b"), "{args:?}: {}", run.stderr);
        for line in &told {
            assert!(["debug", "info", "warning", "error"].contains(&line["level"].as_str().unwrap()), "{line}");
            assert!(line["time"].is_string() && !line["message"].as_str().unwrap().is_empty(), "{line}");
        }
        let last = told.last().unwrap();
        let exit = last["exit"].as_i64();
        assert_eq!(exit, (code != 0).then_some(i64::from(code)), "{args:?}: {last}");
        assert_eq!(last["level"] == "error", code != 0);
    }
    let refused = here.run(&["apply", "plan.json", "--digest", "x", "--log-format=json"]);
    let told = lines(&refused.expect(8).stderr);
    assert_eq!(told[0]["verb"], "apply");
    assert_eq!(told[0]["hints"].as_array().unwrap().len(), 3);
}
