use std::fs;

use super::*;
use crate::model::Known;

const EVE: &str = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";
const ANN: &str = "11111111-2222-4333-8444-555555555555";

fn text() -> String {
    format!(
        r#"{{
    "format": "hardmatch/tenant",
    "formatVersion": "1.0",
    "custom": {{
        "kept": 1.50
    }},
    "users": [
        {{
            "zeta": "kept",
            "id": "{EVE}",
            "userPrincipalName": "eve@x",
            "onPremisesImmutableId": "7n8F9T5MWUSC3SElC3KWAQ==",
            "assignedLicenses": [
                {{
                    "skuId": "s",
                    "disabledPlans": [
                        "p"
                    ]
                }}
            ],
            "last": null
        }},
        {{
            "Id": "{ANN}",
            "UserPrincipalName": "ann@x",
            "OnPremisesImmutableId": null
        }}
    ],
    "groups": [
        {{
            "id": "22222222-2222-4333-8444-555555555555",
            "members": [
                "{EVE}"
            ]
        }}
    ]
}}
"#
    )
    .replace("1.50", "1.5")
}

fn load(text: &str) -> (tempfile::TempDir, SnapshotDocument) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tenant.json");
    fs::write(&path, text).unwrap();
    let document = SnapshotDocument::load(&path).unwrap();
    (folder, document)
}

fn saved(folder: &tempfile::TempDir, document: &SnapshotDocument) -> String {
    document.save().unwrap();
    fs::read_to_string(folder.path().join("tenant.json")).unwrap()
}

fn id(text: &str) -> EntraId {
    text.parse().unwrap()
}

#[test]
fn saves_what_it_loaded() {
    let (folder, document) = load(&text());
    assert_eq!(saved(&folder, &document), text());
    let compact = serde_json::to_string(&serde_json::from_str::<Value>(&text()).unwrap()).unwrap() + "\n";
    let (folder, document) = load(&compact);
    assert_eq!(saved(&folder, &document), compact);
}

#[test]
fn an_empty_recycle_bin_stays_one_that_was_read() {
    for bin in ["[]", "null"] {
        let text = format!("{{\"format\":\"hardmatch/tenant\",\"formatVersion\":\"1.0\",\"users\":[],\"deletedUsers\":{bin}}}\n");
        let (folder, document) = load(&text);
        assert_eq!(saved(&folder, &document), text);
        assert_eq!(document.observed().unwrap().recycle_bin_read, bin == "[]");
    }
}

/// Whatever is put there: who was in it before is not known.
#[test]
fn a_recycle_bin_that_was_not_read_does_not_become_a_known_one() {
    for bin in ["", "\"deletedUsers\":null,", "\"incomplete\":[\"groups\"],"] {
        let user = format!("{{\"id\":\"{EVE}\",\"userPrincipalName\":\"eve@x\",\"onPremisesImmutableId\":null}}");
        let text = format!("{{\"format\":\"hardmatch/tenant\",\"formatVersion\":\"1.0\",{bin}\"users\":[{user}]}}");
        let (folder, mut document) = load(&text);
        assert!(!document.has_bin());
        document.soft_delete(&id(EVE), "2026-11-02T00:00:00Z").unwrap();
        saved(&folder, &document);
        let mut document = SnapshotDocument::load(&folder.path().join("tenant.json")).unwrap();
        assert!(document.has_bin() && !document.observed().unwrap().recycle_bin_read, "{bin}");
        document.purge(&id(EVE)).unwrap();
        let end = saved(&folder, &document);
        assert!(end.contains("\"deletedUsers\":[]") && end.contains("\"deletedUsers\"]"), "{end}");
    }
}

#[test]
fn changes_only_what_differs() {
    let (folder, mut document) = load(&text());
    let before = document.user(&id(EVE)).unwrap().unwrap();
    document.set_user(&before, &CloudUser { immutable_id: None, ..before.clone() }).unwrap();
    let ann = document.user(&id(ANN)).unwrap().unwrap();
    document.set_user(&ann, &CloudUser { immutable_id: before.immutable_id.clone(), ..ann.clone() }).unwrap();
    let wanted = text()
        .replace(r#""onPremisesImmutableId": "7n8F9T5MWUSC3SElC3KWAQ==""#, r#""onPremisesImmutableId": null"#)
        .replace(r#""OnPremisesImmutableId": null"#, r#""OnPremisesImmutableId": "7n8F9T5MWUSC3SElC3KWAQ==""#);
    assert_eq!(saved(&folder, &document), wanted);
}

#[test]
fn refuses_to_change_what_is_not_as_expected() {
    let (_folder, mut document) = load(&text());
    let before = document.user(&id(EVE)).unwrap().unwrap();
    let other = CloudUser { immutable_id: None, ..before.clone() };
    assert!(matches!(document.set_user(&other, &before), Err(SnapshotError::Changed("onPremisesImmutableId", _))));
    let deleted = before.clone().with_traits(|traits| traits.deleted_at = Some("".into()));
    assert!(matches!(document.set_user(&deleted, &before), Err(SnapshotError::Changed("the state", _))));
    assert!(matches!(document.purge(&id(EVE)), Err(SnapshotError::NotDeleted(_))));
    assert_eq!(document.user(&id(EVE)).unwrap().unwrap(), before);
}

#[test]
fn goes_to_the_recycle_bin_and_back() {
    let (folder, mut document) = load(&text());
    let before = document.user(&id(EVE)).unwrap().unwrap();
    document.soft_delete(&id(EVE), "2026-11-02T00:00:00Z").unwrap();
    let deleted = document.user(&id(EVE)).unwrap().unwrap();
    assert_eq!(&*deleted.upn, "6ea91a8de32e41a1b7bdd2d185eed0e0eve@x");
    assert_eq!((deleted.traits.deleted_at.as_deref(), deleted.original_upn()), (Some("2026-11-02T00:00:00Z"), "eve@x"));
    let observed = document.observed().unwrap();
    assert!(observed.users.contains(&deleted));
    assert!(saved(&folder, &document).contains(r#""deletedUsers": ["#));
    document.restore(&id(EVE)).unwrap();
    assert_eq!(document.user(&id(EVE)).unwrap().unwrap(), before);
    assert_eq!(document.export_account(&id(EVE)).unwrap()["user"]["zeta"], "kept");
    document.soft_delete(&id(EVE), "2026-11-02T00:00:00Z").unwrap();
    document.purge(&id(EVE)).unwrap();
    assert!(document.user(&id(EVE)).unwrap().is_none());
    assert!(!saved(&folder, &document).contains("kept\","));
    assert!(SnapshotDocument::load(&folder.path().join("tenant.json")).is_ok());
}

#[test]
fn keeps_the_plans_of_licences_that_stay() {
    let (_folder, mut document) = load(&text());
    let before = document.user(&id(EVE)).unwrap().unwrap();
    let licenses = Known::Is(["t", "s"].into());
    document.set_user(&before, &before.clone().with_traits(|traits| traits.licenses = licenses)).unwrap();
    let exported = document.export_account(&id(EVE)).unwrap();
    assert_eq!(exported["user"]["assignedLicenses"], json!([{ "skuId": "t" }, { "skuId": "s", "disabledPlans": ["p"] }]));
    assert_eq!(exported["memberOf"], json!(["22222222-2222-4333-8444-555555555555"]));
}

#[test]
fn a_plain_list_cannot_be_applied_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.json");
    fs::write(&path, r#"{"value":[]}"#).unwrap();
    let problems = SnapshotDocument::load(&path).unwrap_err().sorted();
    assert!(problems[0].to_string().contains("nothing can be applied to it"), "{}", problems[0]);
    assert!(SnapshotDocument::load(&folder.path().join("none.json")).is_err());
    assert!(SnapshotDocument::load(folder.path()).is_err());
}

#[test]
fn many_changes_keep_every_user() {
    let users: Vec<Value> = (0..600_u32)
        .map(|n| json!({ "id": format!("00000000-0000-4000-8000-{n:012}"), "userPrincipalName": format!("u{n}@x"), "onPremisesImmutableId": null }))
        .collect();
    let whole = json!({ "format": "hardmatch/tenant", "formatVersion": "1.0", "users": users }).to_string();
    let (_folder, mut document) = load(&whole);
    for n in 0..200_u32 {
        document.soft_delete(&id(&format!("00000000-0000-4000-8000-{n:012}")), "2026-11-02T00:00:00Z").unwrap();
    }
    let observed = document.observed().unwrap();
    assert_eq!(observed.users.iter().filter(|user| user.is_deleted()).count(), 200);
    assert_eq!(observed.users.len(), 600);
}
