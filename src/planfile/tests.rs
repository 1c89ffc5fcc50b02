use serde_json::Value;
use sha2::{Digest, Sha256};

use super::sample::{BOND, BOND_ID, TWIN, sample};
use super::*;
use crate::model::{FactName, FactValue, Facts};
use crate::plan::action::{Action, ActionKind, Target};
use crate::plan::body::Status;

/// The value with sorted keys, all the way down.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            Value::Object(keys.into_iter().map(|key| (key.clone(), sorted(&map[key]))).collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The digest as a stranger would take it.
fn digest_of(value: &Value) -> String {
    let canonical = serde_json::to_string(&sorted(value)).unwrap();
    let hex: String = Sha256::digest(canonical.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn altered(bytes: &[u8]) -> String {
    match parse(bytes) {
        Err(PlanFileError::Altered { what }) => what,
        other => panic!("{other:?}"),
    }
}

/// One of each.
fn small() -> PlanFile {
    let Body { mut actions, mut findings, mut mappings, .. } = sample().body;
    actions.truncate(1);
    findings.truncate(1);
    mappings.truncate(1);
    super::sample::with(actions, findings, mappings, Status::Blocked)
}

/// The sample, changed and sealed again: the right hashes over the wrong thing.
fn forged(change: impl FnOnce(&mut PlanFile)) -> Vec<u8> {
    let mut plan = sample();
    change(&mut plan);
    plan.to_bytes()
}

#[test]
fn one_pass_writes_what_two_passes_write() {
    let mut out = std::io::Cursor::new(b"before".to_vec());
    out.set_position(6);
    let digest = sample().write_once(&mut out).unwrap();
    assert_eq!(digest, sample().digest());
    assert_eq!(out.into_inner(), [b"before", sample().to_bytes().as_slice()].concat());
}

#[test]
fn is_laid_out_for_people_and_their_diffs() {
    let text = String::from_utf8(sample().to_bytes()).unwrap();
    let starts: Vec<String> = text.lines().map(|line| line.chars().take(28).collect()).collect();
    insta::assert_snapshot!(starts.join("\n"), @r#"
    {
    "kind":"hardmatch/plan",
    "formatVersion":"1.0",
    "digest":"sha256:6261af91460
    "meta":{"checksum":"sha256:7
    "body":{
    "actions":[
    {"after":{"state":"deleted"}
    {"after":{"state":"gone"},"b
    {"after":{"onPremisesImmutab
    {"after":{"onPremisesImmutab
    ],
    "findings":[
    {"code":"holder-undecided","
    {"code":"takeover-overwrites
    {"code":"not-checked","hint"
    ],
    "forests":[
    {"anchor":"consistencyGuid",
    ],
    "inputs":{"config":"sha256:0
    "mappings":[
    {"anchor":"4AQlP4lP0xGaDAMF6
    {"anchor":"4AQlP4lP0xGaDAMF6
    {"anchor":null,"anchorFrom":
    {"anchor":"4AQlP4lP0xGaDAMF6
    ],
    "proof":{"groups":3,"interru
    "status":"blocked",
    "summary":{"actions":{"clear
    "tenant":{"deletedUsers":3,"
    }
    }
    "#);
}

#[test]
fn reads_what_it_writes() {
    let plan = sample();
    let bytes = plan.to_bytes();
    assert_eq!(parse(&bytes).unwrap(), plan);
    assert_eq!(parse(String::from_utf8(bytes).unwrap().replace('\n', "\r\n").as_bytes()).unwrap(), plan);

    let mut bare = plan.clone();
    bare.meta.commit = None;
    bare.body.rollback_of = Some("run \u{1}\u{7f}\u{2028}\"\\ü".into());
    bare.body.forests.clear();
    assert_eq!(parse(&bare.to_bytes()).unwrap(), bare);
}

#[test]
fn a_stranger_takes_the_same_hashes() {
    let mut plan = sample();
    plan.body.rollback_of = Some("run \u{1}\u{8}\u{7f}\u{2028}\"\\ü😀/".into());
    let file: Value = serde_json::from_slice(&plan.to_bytes()).unwrap();
    assert_eq!(file["digest"], digest_of(&file["body"]));
    assert_eq!(file["digest"], plan.digest());
    let mut meta = file["meta"].clone();
    let checksum = meta.as_object_mut().unwrap().shift_remove("checksum").unwrap();
    assert_eq!(checksum, digest_of(&meta));
    assert!(plan.digest().starts_with(&format!("sha256:{}", plan.short_digest())) && plan.short_digest().len() == 6);
}

#[test]
fn the_fields_are_declared_in_the_order_of_their_names() {
    let mut plan = sample();
    plan.body.rollback_of = Some("run".into());
    let compact = serde_json::to_string(&plan.body).unwrap();
    let value: Value = serde_json::from_str(&compact).unwrap();
    assert_eq!(compact, serde_json::to_string(&sorted(&value)).unwrap());
    let lines = String::from_utf8(plan.to_bytes()).unwrap().replace('\n', "");
    assert!(lines.contains(&compact), "the lines of the body joined are the canonical body");
}

#[test]
fn the_digest_covers_the_body_and_nothing_else() {
    let plan = sample();
    let mut later = plan.clone();
    later.meta.created_at = "2027-01-01T00:00:00Z".into();
    assert_eq!(later.digest(), plan.digest());
    later.body.tenant.users += 1;
    assert_ne!(later.digest(), plan.digest());
}

#[test]
#[should_panic(expected = "a plan cannot be laid out: half of it")]
fn a_part_has_no_digest() {
    layout::hash_of(|_| Err(io::Error::other("half of it")));
}

#[test]
fn refuses_every_flipped_bit() {
    let bytes = small().to_bytes();
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1 << bit;
            let around =
                String::from_utf8_lossy(&flipped[position.saturating_sub(20)..(position + 5).min(bytes.len())]).into_owned();
            assert!(parse(&flipped).is_err(), "byte {position} bit {bit}: {around}");
        }
    }
}

#[test]
fn refuses_a_file_that_is_cut_off_or_continued() {
    let bytes = small().to_bytes();
    for end in 0..bytes.len() {
        assert!(parse(&bytes[..end]).is_err(), "cut at {end}");
    }
    for extra in ["\n", " ", "}", "{}"] {
        assert!(parse(&[&bytes, extra.as_bytes()].concat()).is_err());
    }
}

#[test]
fn names_what_is_not_a_plan() {
    let message = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
    insta::assert_snapshot!(message(""), @"this is not a plan file of hardmatch: it is empty; name the file that `hardmatch plan --out FILE` wrote");
    insta::assert_snapshot!(message("version: 1\n"), @"this is not a plan file of hardmatch: it is no JSON object (line 1: expected value); name the file that `hardmatch plan --out FILE` wrote");
    insta::assert_snapshot!(message("{\"format\":\"hardmatch/tenant\"}"), @"this is not a plan file of hardmatch: it names no `kind`; name the file that `hardmatch plan --out FILE` wrote");
    insta::assert_snapshot!(message("{\"kind\":\"hardmatch/\\u001b[31mjournal\"}"), @r#"this is not a plan file of hardmatch: its kind is `hardmatch/\u{1b}[31mjournal`; name the file that `hardmatch plan --out FILE` wrote"#);
    insta::assert_snapshot!(message("{\"kind\":\"hardmatch/plan\",\"formatVersion\":\"2.0\"}"), @"the plan file has format version `2.0`, this hardmatch reads 1.0; use the hardmatch that wrote it, or plan again with this one");
    assert!(matches!(parse(b"\xff\x00"), Err(PlanFileError::NotAPlan { .. })));
    assert!(parse(b"\xff\xfe{\0").unwrap_err().to_string().contains("UTF-16"));
    assert!(parse("[".repeat(200_000).as_bytes()).is_err());
}

#[test]
fn names_what_was_altered() {
    let text = String::from_utf8(sample().to_bytes()).unwrap();
    insta::assert_snapshot!(altered(format!("\u{feff}{text}").as_bytes()), @"it begins with a byte order mark, so another program saved it");
    insta::assert_snapshot!(altered(text.replacen('\n', "\r\n", 3).as_bytes()), @"its line ends are mixed");
    insta::assert_snapshot!(altered(text.replace("2026-11-25", "2026-11-26").as_bytes()), @"`meta` does not fit its checksum");
    let pretty: Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!(altered(serde_json::to_string_pretty(&pretty).unwrap().as_bytes()), @"it is not laid out as it was written");
    assert!(altered(text.replace("james.bond@", "eve@").as_bytes()).contains("the body hashes to sha256:"));
    let escaped = text.replace("james.bond@", "james.bond\\u0040");
    insta::assert_snapshot!(altered(escaped.as_bytes()), @"its body says the same in other bytes, as a screen and the log of a CI run show a plan; save plans with `--out FILE`");
    assert!(parse(text.replace("bond", "eve").as_bytes()).unwrap_err().to_string().ends_with("never edited by hand"));
}

#[test]
fn refuses_a_body_that_disagrees_with_itself() {
    let what = |change: fn(&mut PlanFile)| altered(&forged(change));
    insta::assert_snapshot!(what(|plan| plan.body.actions[2].kind = ActionKind::Purge), @"the action `a-58e5b9e8c003328d` is not the one that its id names");
    insta::assert_snapshot!(what(|plan| plan.body.actions[1].reversible = true), @"the action `a-dca8ecda3bb8e470` is not the one that its id names");
    insta::assert_snapshot!(what(|plan| plan.body.actions.swap(0, 1)), @"the action `a-dca8ecda3bb8e470` depends on `a-0dcd8e7b20319a5a`, which does not come before it");
    insta::assert_snapshot!(what(|plan| plan.body.actions.push(plan.body.actions[0].clone())), @"the action `a-0dcd8e7b20319a5a` is listed twice");
    insta::assert_snapshot!(what(|plan| plan.body.actions[0].mapping = "x`\u{202e}".into()), @r#"the action `a-0dcd8e7b20319a5a` belongs to the mapping `x`\u{202e}`, which is not in the plan"#);
    insta::assert_snapshot!(what(|plan| plan.body.actions[3].mapping = "eve".into()), @"the action `a-11faa1a6aa0920df` belongs to the mapping `eve`, which is blocked");
    insta::assert_snapshot!(what(|plan| drop(plan.body.actions[2].before.remove(&FactName::UserPrincipalName))), @"the action `a-58e5b9e8c003328d` does not rely on userPrincipalName, as every action of its kind does");
    insta::assert_snapshot!(what(|plan| drop(plan.body.actions[1].before.remove(&FactName::OnPremisesImmutableId))), @"the action `a-dca8ecda3bb8e470` does not rely on onPremisesImmutableId, as every action of its kind does");
    insta::assert_snapshot!(what(|plan| plan.body.actions[0].target.upn = "eve@contoso.com".into()), @"the action `a-0dcd8e7b20319a5a` is shown for `eve@contoso.com`, which is not the name of the account that it writes");
    insta::assert_snapshot!(what(|plan| plan.body.mappings[0].cloud.as_mut().unwrap().upn = "eve@contoso.com".into()), @"the mapping `james.bond` is shown for `eve@contoso.com`, and its account has another name");
    insta::assert_snapshot!(what(|plan| sets(plan, TWIN, BOND_ID)), @"the action `a-969b51752eb34387` writes another object than that of the mapping `james.bond`");
    insta::assert_snapshot!(what(|plan| sets(plan, BOND, "MyIRAFVEd2aImaq7zN3u/w==")), @"the action `a-d0d5e4dc3d11a18d` sets another ID than the mapping `james.bond` is shown with");
    insta::assert_snapshot!(what(|plan| stamps(plan, "4d49e5a5-2ba8-4b5e-bb6a-6d3f0c9c2d11", "corp")), @"the action `a-5b598e319be443a8` writes another object than that of the mapping `james.bond`");
    let without_account = |plan: &mut PlanFile| {
        stamps(plan, "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "corp");
        plan.body.mappings.iter_mut().for_each(|mapping| mapping.cloud = None);
    };
    insta::assert_snapshot!(what(without_account), @"the action `a-b3d919e79e5e62cc` is for no account: the mapping `james.bond` is shown without one");
    insta::assert_snapshot!(what(|plan| stamps(plan, "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "old")), @"the action `a-db3ad8491b66be3f` writes another object than that of the mapping `james.bond`");
    insta::assert_snapshot!(what(|plan| plan.body.mappings[1].id = "q".into()), @"the mapping `q` is listed twice");
    insta::assert_snapshot!(what(|plan| plan.body.findings.truncate(1)), @"the counts of `summary` are not those of the lists");
    insta::assert_snapshot!(what(|plan| plan.body.status = Status::Ready), @"the status `ready` does not fit what it lists");
}

/// The link of the sample, to another account or of another ID.
fn sets(plan: &mut PlanFile, account: &str, id: &str) {
    let before = &plan.body.actions[2];
    let target = Target::account(account.parse().unwrap(), &before.target.upn);
    let after = Facts::from_iter([(FactName::OnPremisesImmutableId, FactValue::text(id))]);
    let mut set = Action::new(before.kind, &before.mapping, target, before.before.clone(), after, before.reason.clone());
    set.depends_on.clone_from(&before.depends_on);
    plan.body.actions[2] = set;
}

/// A stamp in place of the link.
fn stamps(plan: &mut PlanFile, guid: &str, forest: &str) {
    let fact = |value| Facts::from_iter([(FactName::ConsistencyGuid, value)]);
    let target = Target::ad_user(forest, guid.parse().unwrap(), "james.bond");
    let (before, after) = (fact(FactValue::Null), fact(FactValue::text(BOND_ID)));
    let stamp = Action::new(ActionKind::StampConsistencyGuid, "james.bond", target, before, after, "stamp".into());
    plan.body.actions[2] = stamp;
}

#[test]
fn refuses_keys_that_are_unknown_repeated_missing_or_misplaced() {
    let text = String::from_utf8(sample().to_bytes()).unwrap();
    let sealed = |from: &str, to: &str| {
        let text = text.replacen(from, to, 1);
        let (head, body) = text.split_once(",\n\"body\":").unwrap();
        let body = body.strip_suffix("\n}\n").unwrap();
        let hex: String = Sha256::digest(body.replace('\n', "")).iter().map(|byte| format!("{byte:02x}")).collect();
        let (before, after) = head.split_once("sha256:").unwrap();
        format!("{before}sha256:{hex}{},\n\"body\":{body}\n}}\n", &after[64..])
    };
    assert!(parse(sealed("\"groups\":3", "\"groups\":3").as_bytes()).is_ok(), "sealing itself is right");
    for (from, to) in [
        ("\"groups\":3", "\"groups\":3,\"x\":1"),
        ("\"groups\":3", "\"groups\":3,\"groups\":3"),
        ("\"clearImmutableId\":1", "\"clearImmutableId\":1,\"clearImmutableId\":1"),
        ("\"groups\":3", "\"groups\": 3"),
        ("\"groups\":3", "\"groups\":3.0"),
        ("\"hint\":null,", ""),
        ("\"hint\":null,\"mapping\"", "\"mapping\""),
        ("\"status\":\"blocked\"", "\"rollbackOf\":null,\n\"status\":\"blocked\""),
        ("corp", "c\\u006frp"),
        ("\"state\":\"live\"", "\"state\":7"),
    ] {
        let error = parse(sealed(from, to).as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("hashes to"), "{from} -> {to}: {error}");
    }
}

#[test]
fn the_schema_takes_a_plan_and_refuses_strange_keys() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut file: Value = serde_json::from_slice(&sample().to_bytes()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&file).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    file["body"]["actions"][0]["force"] = true.into();
    assert!(!validator.is_valid(&file));
}
