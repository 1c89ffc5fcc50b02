use super::*;
use crate::model::Known;

use serde_json::json;

fn user() -> serde_json::Value {
    json!({
        "id": "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0",
        "userPrincipalName": "eve@x",
        "displayName": "Eve",
        "onPremisesImmutableId": "7n8F9T5MWUSC3SElC3KWAQ==",
        "onPremisesSyncEnabled": false,
        "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-4",
        "onPremisesObjectIdentifier": null,
        "proxyAddresses": ["SMTP:eve@x"],
        "userType": "Member",
        "assignedLicenses": [{ "skuId": "s" }],
        "signInActivity": { "lastSignInDateTime": "2026-10-01T00:00:00Z" },
        "onPremisesSyncBehavior": { "isCloudManaged": false },
        "deletedDateTime": null
    })
}

#[test]
fn a_user_survives_the_way_there_and_back() {
    let read = read_user(&user()).unwrap();
    let written = user_json(&read);
    assert_eq!(written, user());
    assert_eq!(read_user(&written).unwrap(), read);
}

#[test]
fn only_what_differs_is_a_change() {
    let before = read_user(&user()).unwrap();
    let mut after = before.clone();
    assert_eq!(property_changes(&before, &after), []);
    after.immutable_id = None;
    after.sid = Known::Null;
    after.traits_mut().cloud_managed = Known::Is(true);
    after.mail = Known::Unknown;
    let changes = property_changes(&before, &after);
    let paths: Vec<Path> = changes.iter().map(|(path, ..)| *path).collect();
    assert_eq!(
        paths,
        [
            ("onPremisesImmutableId", None),
            ("onPremisesSecurityIdentifier", None),
            ("onPremisesSyncBehavior", Some("isCloudManaged"))
        ]
    );
    assert_eq!(changes[0].1, Some(json!("7n8F9T5MWUSC3SElC3KWAQ==")));
    assert_eq!(changes[0].2, json!(null));
}

#[test]
fn dates_of_windows_powershell_are_rewritten() {
    let mut json = user();
    json["deletedDateTime"] = json!("/Date(1767225600000)/");
    assert_eq!(read_user(&json).unwrap().traits.deleted_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    json["deletedDateTime"] = json!("1.1.2026");
    assert!(read_user(&json).is_err());
}

#[test]
fn provisioning_errors_are_read_as_far_as_they_were_written() {
    let mut json = user();
    json["onPremisesProvisioningErrors"] = json!([
        { "Category": "PropertyConflict", "OccurredDateTime": "/Date(1767225600000)/", "PropertyCausingError": "ProxyAddress",
          "Value": "eve@x" },
        "Microsoft.Graph.PowerShell.Models.MicrosoftGraphOnPremisesProvisioningError",
    ]);
    let read = read_user(&json).unwrap();
    let expected = json!([
        { "category": "PropertyConflict", "occurredDateTime": "2026-01-01T00:00:00Z", "propertyCausingError": "ProxyAddress",
          "value": "eve@x" },
        { "category": null, "occurredDateTime": null, "propertyCausingError": null, "value": null },
    ]);
    assert_eq!(json!(read.errors()), expected);
    json["onPremisesProvisioningErrors"] = json!([]);
    assert_eq!(read_user(&json).unwrap().traits.provisioning_errors, Known::Is(Box::default()));
}

#[test]
fn licences_are_counted_even_where_they_were_not_written() {
    let mut json = user();
    json["assignedLicenses"] = json!([{ "SkuId": "s\n1", "disabledPlans": [] }, "Microsoft.Graph.Models.AssignedLicense"]);
    let expected = Known::Is(["s\n1", "(unreadable)"].into());
    assert_eq!(read_user(&json).unwrap().traits.licenses, expected);
    let text = serde_json::from_str::<Object<WireUser>>(&json.to_string()).unwrap();
    assert_eq!(text.0.into_user(false).unwrap().traits.licenses, expected);
    let error = |licenses| {
        json["assignedLicenses"] = licenses;
        read_user(&json).unwrap_err()
    };
    let errors = [json!(1), json!([1]), json!([{}]), json!([{ "skuId": 1 }])].map(error);
    let expected = [
        "invalid type: integer `1`, expected a sequence",
        "invalid type: integer `1`, expected an object",
        "missing field `skuId`",
        "invalid type: integer `1`, expected a string",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn the_initial_domain_is_marked_or_the_only_one_of_its_kind() {
    let domain =
        |name: &str, initial| crate::model::Domain { name: name.into(), verified: true, federated: Some(false), initial };
    let of = |domains: &[crate::model::Domain]| initial_domain(domains);
    assert_eq!(of(&[domain("x.com", false), domain("X.onmicrosoft.com", false)]).as_deref(), Some("X.onmicrosoft.com"));
    assert_eq!(of(&[domain("x.mail.onmicrosoft.com", false)]), None);
    assert_eq!(
        of(&[domain("a.onmicrosoft.com", false), domain("b.onmicrosoft.com", true)]).as_deref(),
        Some("b.onmicrosoft.com")
    );
    assert_eq!(of(&[domain("a.onmicrosoft.com", false), domain("b.onmicrosoft.com", false)]), None);
}
