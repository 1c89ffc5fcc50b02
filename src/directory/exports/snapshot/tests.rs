use crate::diag::{Diagnostic, Diagnostics};
use crate::directory::exports::read_tenant_from;
use crate::model::{Known, ObservedTenant, RoleState, UserKind};

const EVE: &str = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";
const ANN: &str = "11111111-2222-4333-8444-555555555555";

fn whole() -> String {
    format!(
        r##"{{
  "format": "hardmatch/tenant",
  "formatVersion": "1.0",
  "takenAt": "2026-11-01T00:00:00Z",
  "organization": {{ "id": "t-1", "onPremisesSyncEnabled": true, "unknown": [1, {{}}] }},
  "domains": [
    {{ "id": "contoso.com", "isVerified": true, "authenticationType": "Federated" }},
    {{ "id": "contoso.onmicrosoft.com", "isInitial": true, "authenticationType": "Managed" }}
  ],
  "users": [
    {{ "id": "{EVE}", "userPrincipalName": "eve@contoso.com", "onPremisesImmutableId": "7n8F9T5MWUSC3SElC3KWAQ==",
      "onPremisesSyncEnabled": null, "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-4",
      "onPremisesObjectIdentifier": "f5057fee-4c3e-4459-82dd-21250b729601", "userType": "Guest",
      "proxyAddresses": ["SMTP:eve@contoso.com"], "assignedLicenses": [{{ "skuId": "s-1", "disabledPlans": [] }}],
      "signInActivity": {{ "lastSignInDateTime": "2026-10-01T00:00:00Z", "lastNonInteractiveSignInDateTime": "2026-10-02T00:00:00Z" }},
      "onPremisesSyncBehavior": {{ "isCloudManaged": true }}, "mailboxSettings": {{ "userPurpose": "shared" }},
      "onPremisesProvisioningErrors": [{{ "category": "PropertyConflict", "propertyCausingError": "UserPrincipalName",
        "value": "eva@contoso.com", "occurredDateTime": "2026-10-03T00:00:00Z" }}], "extra": {{ "a": [null] }} }}
  ],
  "deletedUsers": [
    {{ "id": "{ANN}", "userPrincipalName": "11111111222243338444555555555555ann@contoso.com", "onPremisesImmutableId": null }}
  ],
  "groups": [ {{ "id": "22222222-2222-4333-8444-555555555555", "displayName": "G", "members": ["{EVE}", {{ "id": "{ANN}", "x": 1 }}] }} ],
  "contacts": [],
  "roles": [ {{ "principalId": "{EVE}", "role": "User Administrator", "privileged": true, "state": "eligible" }} ],
  "features": {{ "@odata.type": "#microsoft.graph.x", "blockSoftMatchEnabled": true, "new": null }}
}}
"##
    )
}

fn read(text: &str) -> Result<ObservedTenant, Vec<Diagnostic>> {
    read_tenant_from(text.as_bytes(), &"tenant.json".into()).map_err(Diagnostics::sorted)
}

fn first_error(text: &str) -> String {
    read(text).unwrap_err()[0].to_string()
}

fn page(users: &str) -> String {
    format!("{{ \"value\": [{users}] }}")
}

#[test]
fn reads_a_whole_snapshot() {
    let tenant = read(&whole()).unwrap();
    assert_eq!((tenant.id.as_deref(), tenant.initial_domain.as_deref()), (Some("t-1"), Some("contoso.onmicrosoft.com")));
    assert_eq!(tenant.sync_enabled, Known::Is(true));
    assert!(tenant.recycle_bin_read && tenant.groups_read && tenant.contacts_read);
    assert!(tenant.domains.as_ref().unwrap()[0].federated == Some(true));
    let [eve, ann] = tenant.users.as_slice() else { panic!() };
    assert_eq!(eve.immutable_id.as_ref().unwrap().as_str(), "7n8F9T5MWUSC3SElC3KWAQ==");
    assert_eq!((&eve.sync_enabled, &eve.employee_id), (&Known::Null, &Known::Unknown));
    assert_eq!(eve.object_identifier.value().unwrap().immutable_id().as_str(), "7n8F9T5MWUSC3SElC3KWAQ==");
    assert_eq!(eve.traits.user_type, Known::Is(UserKind::Guest));
    assert_eq!(eve.last_sign_in, Known::Is("2026-10-02T00:00:00Z".into()));
    assert_eq!((&eve.traits.cloud_managed, &eve.traits.mailbox_purpose), (&Known::Is(true), &Known::Is("shared".into())));
    let [error] = eve.errors() else { panic!("{eve:?}") };
    assert_eq!((error.property.as_deref(), error.value.as_deref()), (Some("UserPrincipalName"), Some("eva@contoso.com")));
    assert_eq!((error.category.as_deref(), error.occurred.as_deref()), (Some("PropertyConflict"), Some("2026-10-03T00:00:00Z")));
    assert!(!eve.is_deleted());
    assert_eq!((ann.traits.deleted_at.as_deref(), ann.original_upn()), (Some(""), "ann@contoso.com"));
    assert_eq!(tenant.others[0].members.as_ref().unwrap().len(), 2);
    assert_eq!(tenant.roles.unwrap()[0].state, RoleState::Eligible);
    assert_eq!(tenant.features.unwrap().into_iter().collect::<Vec<_>>(), [("blockSoftMatchEnabled".into(), true)]);
    assert!(tenant.doubts.is_empty());
}

#[test]
fn what_is_absent_or_null_is_unknown() {
    let tenant =
        read(r#"{"format":"hardmatch/tenant","formatVersion":"1.7","users":[],"deletedUsers":null,"roles":null}"#).unwrap();
    assert!(!tenant.recycle_bin_read && !tenant.groups_read && tenant.roles.is_none() && tenant.features.is_none());
    assert!(tenant.domains.is_none() && tenant.sync_enabled == Known::Unknown && tenant.users.is_empty());
}

#[test]
fn reads_plain_pages_and_lists() {
    let user = format!(r#"{{"id":"{EVE}","userPrincipalName":"e@x","onPremisesImmutableId":null}}"#);
    for text in [page(&user), format!("[{user}]"), format!("\u{feff}[{user}]"), format!("\n\n  {}", page(&user))] {
        let tenant = read(&text).unwrap();
        assert_eq!((tenant.users.len(), tenant.recycle_bin_read), (1, false));
    }
    let utf16: Vec<u8> = format!("\u{feff}[{user}]").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_tenant_from(utf16.as_slice(), &"t".into()).unwrap().users.len(), 1);
    let more = format!(r#"{{"@odata.nextLink":"https://graph/x","value":[{user}]}}"#);
    assert!(first_error(&more).contains("only the first page"), "{}", first_error(&more));
}

#[test]
fn doubts_powershell_exports_in_which_nothing_was_selected() {
    let user = |id: &str, anchor: &str| {
        format!(
            r#"{{"Id":"{id}","UserPrincipalName":"e@x","OnPremisesImmutableId":{anchor},"OnPremisesSyncEnabled":null,"AccountEnabled":null,
                "AssignedLicenses":[],"SignInActivity":{{"LastSignInDateTime":null,"AdditionalProperties":{{}}}},
                "MailboxSettings":"Microsoft.Graph.PowerShell.Models.MicrosoftGraphMailboxSettings","DeletedDateTime":null}}"#
        )
    };
    let tenant = read(&format!("[{},{}]", user(EVE, "null"), user(ANN, "null"))).unwrap();
    assert_eq!(tenant.doubts.len(), 1);
    let eve = &tenant.users[0];
    assert_eq!((&eve.sync_enabled, &eve.traits.account_enabled), (&Known::Unknown, &Known::Unknown));
    assert_eq!(
        (&eve.traits.licenses, &eve.last_sign_in, &eve.traits.mailbox_purpose),
        (&Known::Unknown, &Known::Unknown, &Known::Unknown)
    );
    assert!(read(&format!("[{},{}]", user(EVE, "null"), user(ANN, "\"E1\""))).unwrap().doubts.is_empty());
}

#[test]
fn every_user_without_a_selected_id_is_named() {
    let users = format!(
        r#"{{"id":"{EVE}","userPrincipalName":"eve@x"}},
           {{"id":"{ANN}","userPrincipalName":"ann@x","onPremisesImmutableId":""}}"#
    );
    let problems = read(&page(&users)).unwrap_err();
    assert_eq!(problems.len(), 2);
    assert!(
        problems[0].to_string().starts_with("tenant.json:1: user 1 (eve@x): `onPremisesImmutableId` is missing"),
        "{}",
        problems[0]
    );
    assert!(problems[0].to_string().contains("$select"));
    assert!(problems[1].to_string().starts_with("tenant.json:2: user 2 (ann@x): `onPremisesImmutableId` is an empty text"));
}

#[test]
fn refuses_the_same_account_twice() {
    let text = whole().replace(ANN, EVE);
    let problems = read(&text).unwrap_err();
    assert!(problems[0].to_string().contains("deletedUsers[0]") && problems[0].to_string().contains("is there twice"));
    assert!(problems[0].related.is_some());
    let live = whole().replace(r#""userType": "Guest""#, r#""deletedDateTime": "2026-10-01T00:00:00Z""#);
    assert!(first_error(&live).contains("belongs under `deletedUsers`"));
}

#[test]
fn says_where_and_what_is_wrong() {
    let cases = [
        (
            whole().replace(&format!("\"id\": \"{EVE}\""), "\"id\": 5"),
            "tenant.json:11:13: users[0].id: invalid type: integer `5`",
        ),
        (whole().replace(EVE, "eve"), "users[0].id: `eve` is not an Entra object id"),
        (whole().replace("S-1-5-21-1-2-3-4", "S-1"), "users[0] (eve@contoso.com): `onPremisesSecurityIdentifier` is not usable"),
        (whole().replace("2026-10-02T", "tomorrow "), "`signInActivity` is not usable"),
        (whole().replace("\"eligible\"", "\"maybe\""), "roles[0].state: unknown variant `maybe`"),
        (whole().replace("\"privileged\": true, ", ""), "roles[0]: missing field `privileged`"),
        (whole().replace("\"users\": [", "\"users\": 5, \"x\": ["), "users: invalid type: integer `5`, expected a list"),
        (whole().replace("\"users\"", "\"people\""), "`users` is missing"),
        (whole().replace("\"contacts\"", "\"groups\""), "`groups` is there twice"),
        (whole().replace("\"1.0\"", "\"2.0\""), "formatVersion \"2.0\" is not known"),
        (whole().replace("\"1.0\"", "1.0"), "formatVersion: invalid type: floating point `1.0`"),
        (whole().replace("hardmatch/tenant", "hardmatch/plan"), "`format` is \"hardmatch/plan\""),
        (whole().replace("\"format\"", "\"Format\""), "`format` is missing"),
        (format!("{} {{}}", whole()), "trailing characters"),
        (format!("{{\"Id\":\"{EVE}\"}}"), "single user"),
        ("".to_owned(), "empty"),
        (" \n ".to_owned(), "empty"),
        ("<html>".to_owned(), "HTML"),
        ("{\"error\":{\"code\":\"x\"}}".to_owned(), "an error that Graph answered with"),
        (whole().replace(EVE, "a\\u001b[31m"), "users[0].id: `a\\u{1b}[31m` is not"),
        ("null".to_owned(), "neither JSON nor CSV"),
        ("[".repeat(100_000), "expected an object"),
        ("[5]".to_owned(), ": [0]: invalid type: integer `5`, expected an object"),
        (format!("[[\"{EVE}\", null, \"e@x\"]]"), "[0]: invalid type: sequence, expected an object"),
    ];
    for (text, wanted) in cases {
        let found = first_error(&text);
        assert!(found.contains(wanted), "wanted {wanted}, found {found}");
    }
}

#[test]
fn a_cut_is_an_error() {
    let text = whole();
    for cut in (0..text.trim_end().len()).step_by(11) {
        assert!(read(text.get(..cut).unwrap()).is_err(), "{cut}");
    }
}
