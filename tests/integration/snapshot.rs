//! `snapshot`: planning from the saved files gives the plan of their source, and a redacted one of the same shape.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hardmatch::directory::exports;
use hardmatch::model::{CloudKey, CloudSelector, Desired, Observed, OnPremKey, OnPremSelector, OnPremSide};
use hardmatch::plan::{Options, compute};
use hardmatch::redact::Redactor;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{EXAMPLES, Hardmatch, Outcome};
use crate::properties::case;

fn body(here: &Hardmatch, config: &str) -> Value {
    let plan = here.run(&["plan", "--config", config, "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap_or_else(|_| panic!("{}", plan.stderr));
    let mut body = plan["body"].clone();
    body["inputs"] = Value::Null;
    body
}

fn snapshot(here: &Hardmatch, args: &[&str]) -> Outcome {
    let outcome = here.run(&[&["snapshot"], args].concat());
    outcome.expect(0);
    outcome
}

#[test]
fn the_plan_is_that_of_the_source() {
    for name in EXAMPLES {
        let here = Hardmatch::example(name);
        snapshot(&here, &[]).shows(&["snapshot/tenant.json", "snapshot/hardmatch.yaml", "source anchor"]);
        assert_eq!(body(&here, "snapshot/hardmatch.yaml"), body(&here, "hardmatch.yaml"), "{name}");
    }
}

#[test]
fn the_same_directories_give_the_same_bytes() {
    let here = Hardmatch::example("everything-wrong");
    snapshot(&here, &["one"]);
    snapshot(&here, &["two", "--config", "one/hardmatch.yaml"]);
    for name in ["tenant.json", "corp.ldif", "old.ldif", "lab.ldif", "wave.csv"] {
        assert_eq!(here.read(&format!("one/{name}")), here.read(&format!("two/{name}")), "{name}");
    }
}

/// What redaction keeps of a plan.
fn shape(body: &Value) -> Value {
    let list = |key: &str| body[key].as_array().unwrap().clone();
    let sorted = |mut items: Vec<String>| {
        items.sort();
        items
    };
    // Which of the accounts in a circle is cleared first, and so who waits for whom, may depend on the values.
    let action = |action: &Value| format!("{} {}", action["kind"], action["reversible"]);
    let finding = |finding: &Value| {
        let count = |key: &str| finding[key].as_array().map_or(0, Vec::len);
        format!("{} {} {} {}", finding["code"], finding["severity"], finding["mapping"].is_null(), count("objects"))
    };
    let mapping = |mapping: &Value| {
        json!([mapping["state"], mapping["anchorFrom"], mapping["onPrem"].is_null(), mapping["cloud"].is_null()])
    };
    json!({
        "status": body["status"],
        "summary": body["summary"],
        "users": list("forests").iter().map(|forest| forest["users"].clone()).collect::<Vec<_>>(),
        "mappings": sorted(list("mappings").iter().map(|one| mapping(one).to_string()).collect()),
        "actions": sorted(list("actions").iter().map(action).collect()),
        "findings": sorted(list("findings").iter().map(finding).collect()),
    })
}

#[test]
fn a_redacted_plan_has_the_same_shape() {
    for name in EXAMPLES {
        let here = Hardmatch::example(name);
        snapshot(&here, &["r", "--redact"]);
        let (redacted, original) = (shape(&body(&here, "r/hardmatch.yaml")), shape(&body(&here, "hardmatch.yaml")));
        for key in ["status", "summary", "users", "mappings", "actions", "findings"] {
            assert_eq!(redacted[key], original[key], "{key} of {name}");
        }
    }
}

#[test]
fn nothing_of_the_original_is_left() {
    for name in EXAMPLES {
        let here = Hardmatch::example(name);
        snapshot(&here, &["r", "--redact"]);
        let all = everything(&here.path().join("r"));
        let secrets = secrets(&here);
        assert!(secrets.len() > 10, "{name}: {secrets:?}");
        for secret in secrets {
            assert!(!is_left(&secret.to_lowercase(), &all), "{secret} of {name} is left");
        }
    }
}

/// A short word counts only where it stands alone, as it stands in longer ones by accident.
fn is_left(secret: &str, all: &str) -> bool {
    let alone = |start: usize| {
        let around = [all[..start].chars().next_back(), all[start + secret.len()..].chars().next()];
        !around.into_iter().flatten().any(char::is_alphanumeric)
    };
    all.match_indices(secret).any(|(start, _)| secret.len() >= 9 || alone(start))
}

/// All that was written, decoded, unfolded and in small letters.
fn everything(folder: &Path) -> String {
    use base64::Engine as _;
    let mut all = String::new();
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&file).unwrap();
        let text = if file.extension().is_some_and(|own| own == "ldif") { text.replace("\n ", "") } else { text };
        let text: String = text.lines().filter(|line| !is_a_word_of_ours(line)).map(|line| format!("{line}\n")).collect();
        let base64 = text
            .split_whitespace()
            .filter_map(|word| base64::engine::general_purpose::STANDARD.decode(word.trim_matches(['"', ','])).ok());
        let decoded: String = base64.map(|bytes| format!("\n{}\n{}", String::from_utf8_lossy(&bytes), hex(&bytes))).collect();
        all.push_str(&format!("{}\n{text}{decoded}\n", file.display()).to_lowercase());
    }
    all
}

/// A group may be called like a role, and a user like a finding; roles and findings keep their names.
fn is_a_word_of_ours(line: &str) -> bool {
    let word = line.trim().trim_start_matches("- ").trim_matches('"');
    line.contains("\"role\":") || hardmatch::model::Acceptable::ALL.iter().any(|code| code.code() == word)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every name, address, GUID and SID of the inputs, in every spelling.
fn secrets(here: &Hardmatch) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    let tenant: Value = serde_json::from_str(&here.read("tenant.json")).unwrap();
    for list in ["users", "deletedUsers", "groups", "contacts"] {
        for object in tenant[list].as_array().into_iter().flatten() {
            collect(object, &mut secrets);
        }
    }
    for file in ["corp.ldif", "old.ldif"] {
        let Ok(text) = fs::read_to_string(here.path().join(file)) else { continue };
        let text = text.replace("\n ", "");
        for (key, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            match key.trim_end_matches(':') {
                "dn" => secrets.extend(value.split(',').filter_map(|part| part.split_once('=')).map(|(_, own)| own.to_owned())),
                "sAMAccountName" | "displayName" | "employeeID" | "nETBIOSName" => drop(secrets.insert(value.to_owned())),
                "mail" | "userPrincipalName" | "proxyAddresses" => address(value, &mut secrets),
                "objectGUID" | "mS-DS-ConsistencyGuid" | "objectSid" => drop(secrets.insert(value.to_owned())),
                _ => {}
            }
        }
    }
    // `example` is not the organisation's, and `users` is a section of the file.
    secrets.retain(|secret| secret.len() >= 5 && secret != "example" && !secret.eq_ignore_ascii_case("users"));
    let guids: Vec<hardmatch::model::ObjectGuid> = secrets.iter().filter_map(|secret| secret.parse().ok()).collect();
    secrets.extend(
        guids.iter().flat_map(|guid| [guid.raw_hex(), guid.to_string().replace('-', ""), guid.immutable_id().to_string()]),
    );
    secrets
}

fn collect(object: &Value, secrets: &mut BTreeSet<String>) {
    let fields = object.as_object().unwrap();
    for (key, value) in fields {
        let texts = value.as_array().into_iter().flatten().chain([value]).filter_map(Value::as_str);
        for text in texts {
            match key.as_str() {
                "id" | "displayName" | "employeeId" | "members" => drop(secrets.insert(text.to_owned())),
                "onPremisesDateTime" | "deletedDateTime" | "userType" | "onPremisesLastSyncDateTime" => {}
                _ if text.contains('@') => address(text, secrets),
                _ if key.starts_with("onPremises") => drop(secrets.insert(text.to_owned())),
                _ => {}
            }
        }
    }
}

fn address(text: &str, secrets: &mut BTreeSet<String>) {
    let bare = text.split_once(':').map_or(text, |(_, rest)| rest);
    let (local, domain) = bare.rsplit_once('@').unwrap();
    secrets.extend([local.to_owned(), domain.to_owned()]);
    secrets.insert(domain.split('.').next().unwrap().to_owned());
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written() {
    let here = Hardmatch::example("duplicate-account").file("saved/corp.ldif", "mine");
    here.run(&["snapshot", "saved"]).expect(3).says(&["saved/corp.ldif", "already exists", "--force"]);
    assert_eq!(fs::read_dir(here.path().join("saved")).unwrap().count(), 1);
    snapshot(&here, &["saved", "--force"]);
    assert!(here.read("saved/corp.ldif").contains("objectGUID"));
    here.run(&["snapshot", ".", "--force"]).expect(3).says(&["is read here"]);
    here.edit("tenant.json", "\"users\"", "\"people\"");
    here.run(&["snapshot", "late"]).expect(3).says(&["`users` is missing"]);
    assert!(!here.path().join("late").exists());
    assert!(!here.path().join("saved/tenant.json.tmp").exists());
}

#[test]
fn a_snapshot_can_be_rehearsed_on() {
    for redact in [&["s"][..], &["s", "--redact"]] {
        let here = Hardmatch::example("forest-migration");
        let before = here.read("tenant.json");
        snapshot(&here, redact);
        here.run(&["plan", "--config", "s/hardmatch.yaml", "--out", "plan.json"]).expect(0);
        let digest = here.digest("plan.json");
        here.run(&["apply", "plan.json", "--config", "s/hardmatch.yaml", "--digest", &digest]).expect(0);
        here.run(&["plan", "--config", "s/hardmatch.yaml", "--detailed-exitcode"]).expect(0);
        assert_eq!(here.read("tenant.json"), before);
        snapshot(&here, &["again", "--config", "s/hardmatch.yaml"]);
        assert!(here.read("again/tenant.json").contains("onPremisesImmutableId"));
    }
}

#[test]
fn a_json_name_is_that_of_the_tenant() {
    let here = Hardmatch::example("duplicate-account");
    snapshot(&here, &["out/before.json"]);
    let names = fs::read_dir(here.path().join("out")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.collect::<BTreeSet<_>>(), ["before.json", "before.yaml", "corp.ldif"].map(str::to_owned).into());
    here.run(&["plan", "--config", "out/before.yaml"]).expect(0);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let here = Hardmatch::example("bulk-rules");
    snapshot(&here, &["s"]);
    for name in ["tenant.json", "corp.ldif", "hardmatch.yaml", "waves/wave-1.csv"] {
        let mode = fs::metadata(here.path().join("s").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn doubts_travel_along() {
    let user = r#"{"Id":"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0","UserPrincipalName":"e@x.example","OnPremisesImmutableId":null}"#;
    let yaml = "version: 1\ntenant: { snapshot: users.json }\nmappings: [{ onPrem: { guid: f5057fee-4c3e-4459-82dd-21250b729601 }, cloud: e@x.example }]\n";
    let here = Hardmatch::new().file("users.json", format!("[{user}]")).file("hardmatch.yaml", yaml);
    snapshot(&here, &[]);
    let (from_source, from_snapshot) = (body(&here, "hardmatch.yaml"), body(&here, "snapshot/hardmatch.yaml"));
    assert!(from_source["findings"].to_string().contains("were probably not selected"), "{from_source}");
    assert_eq!(from_snapshot, from_source);
}

/// Both directories, written and read again.
fn through_files(observed: &Observed) -> Observed {
    let (mut tenant, mut forests) = (Vec::new(), Vec::new());
    exports::snapshot::write_tenant(&observed.tenant, &mut tenant).unwrap();
    for forest in &observed.forests {
        let mut ldif = Vec::new();
        exports::write_forest(forest, &mut ldif).unwrap();
        forests.push(exports::read_ldif_from(ldif.as_slice(), &"f".into(), &forest.name, &forest.anchor).unwrap());
    }
    Observed { forests, tenant: exports::read_tenant_from(tenant.as_slice(), &"t".into()).unwrap() }
}

fn redacted_wishes(mut desired: Desired, redactor: &mut Redactor) -> Desired {
    let cloud = |selector: &mut CloudSelector, redactor: &mut Redactor| {
        selector.key = match &selector.key {
            CloudKey::Id(id) => CloudKey::Id(redactor.id(*id)),
            CloudKey::Upn(upn) => CloudKey::Upn(redactor.address(upn.as_str()).parse().unwrap()),
            other @ (CloudKey::Mail(_) | CloudKey::EmployeeId(_)) => panic!("{other:?}"),
        };
    };
    for mapping in &mut desired.mappings {
        cloud(&mut mapping.cloud, redactor);
        mapping.holders.iter_mut().for_each(|decision| cloud(&mut decision.account, redactor));
        if let OnPremSide::User(OnPremSelector { key: OnPremKey::Sam { name, .. }, .. }) = &mut mapping.on_prem {
            *name = redactor.word(name).into();
        }
    }
    for forest in &mut desired.forests {
        forest.name = redactor.forest_name(&forest.name).unwrap().into();
    }
    desired
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_directories_give_the_same_plan_from_their_snapshots(case in case()) {
        let mut case = case;
        // Every reader finds it, at least by the users.
        case.observed.forests[0].domain_sid = Some("S-1-5-21-1-2-3".parse().unwrap());
        let plan = |desired: &Desired, mut observed: Observed| {
            let body = compute(desired, &mut observed, &Options::default()).unwrap_or_else(|failure| panic!("{failure}"));
            serde_json::to_value(body).unwrap()
        };
        let original = plan(&case.desired, case.observed.clone());
        prop_assert_eq!(plan(&case.desired, through_files(&case.observed)), original.clone());
        let mut redactor = Redactor::new([9; 32], &case.observed);
        let desired = redacted_wishes(case.desired.clone(), &mut redactor);
        let observed = redactor.observed(case.observed);
        prop_assert_eq!(shape(&plan(&desired, through_files(&observed))), shape(&original));
    }
}
