use super::*;
use crate::model::Exclusion;

const GUID: &[u8] = b"ABCDEFGHIJKLMNOP";

fn entry(attributes: &[(&str, &[u8])]) -> RawEntry {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), vec![value.to_vec()])).collect();
    RawEntry { dn: "CN=Eve,OU=Staff,DC=corp,DC=example".to_owned(), attributes, exported: false }
}

fn with(more: &[(&str, &[u8])]) -> RawEntry {
    let mut own: Vec<(&str, &[u8])> = vec![("objectClass", b"user"), ("objectGUID", GUID), ("sAMAccountName", b"eve")];
    own.extend(more);
    entry(&own)
}

fn user(more: &[(&str, &[u8])]) -> AdUser {
    decode_user(&with(more), &AnchorMode::ConsistencyGuid).unwrap().unwrap()
}

fn error(more: &[(&str, &[u8])]) -> EntryError {
    decode_user(&with(more), &AnchorMode::ConsistencyGuid).unwrap_err()
}

#[test]
fn decodes_what_a_domain_controller_sends() {
    let user = user(&[
        ("MS-ds-consistencyguid", &[0xEF, 0xBF, 0xBD, 0xEF, 0xBF, 0xBD, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]),
        ("userPrincipalName", "zoë@corp.example".as_bytes()),
        ("proxyAddresses;range=0-*", b"SMTP:eve@corp.example"),
        ("userAccountControl", b"514"),
        ("adminCount", b"1"),
        ("msExchMailboxGuid", &[1; 16]),
        ("msDS-ExternalDirectoryObjectId", b"User_6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"),
    ]);
    assert_eq!(user.guid.to_string(), "44434241-4645-4847-494a-4b4c4d4e4f50");
    assert_eq!(user.consistency_guid.bytes().unwrap()[..3], [0xEF, 0xBF, 0xBD]);
    assert_eq!(user.upn.as_deref(), Some("zoë@corp.example"));
    assert_eq!(user.proxy_addresses, ["SMTP:eve@corp.example"].into());
    assert_eq!((user.enabled, user.protected_by_admin_sd_holder, user.has_exchange_mailbox), (Some(false), true, true));
    assert_eq!(user.external_directory_object_id.unwrap().to_string(), "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0");
    assert_eq!(user.excluded, None);
}

#[test]
fn takes_guid_and_sid_as_bytes_or_as_text() {
    let text = entry(&[("objectGUID", b"{44434241-4645-4847-494A-4B4C4D4E4F50}"), ("objectSid", b"S-1-5-21-1-2-3-1108")]);
    let user = decode_user(&text, &AnchorMode::ObjectGuid).unwrap().unwrap();
    assert_eq!(user.guid.ad_bytes(), b"ABCDEFGHIJKLMNOP");
    assert_eq!(user.sid.unwrap().to_string(), "S-1-5-21-1-2-3-1108");
    for bad in [&b"ABC"[..], b"44434241464548474 94a4b4c4d4e4f50", b"4443424146454847494a4b4c4d4e4f50", &[0xFF; 17]] {
        assert!(matches!(decode_user(&entry(&[("objectGUID", bad)]), &AnchorMode::ObjectGuid), Err(EntryError::Guid(_))));
    }
}

#[test]
fn keeps_a_consistency_guid_of_any_length_and_marks_what_stands_for_none() {
    let of = |bytes: &[u8]| user(&[("mS-DS-ConsistencyGuid", bytes)]).consistency_guid;
    assert_eq!(of(b""), GuidAttribute::Absent);
    assert_eq!(of(&[1, 2, 3]), GuidAttribute::Bytes([1, 2, 3].into()));
    for marker in ["N/A", "-", "null", "(null)", "#N/A", "System.Byte[]", "System.Object[]"] {
        let exported = RawEntry { exported: true, ..with(&[("mS-DS-ConsistencyGuid", marker.as_bytes())]) };
        let user = decode_user(&exported, &AnchorMode::ObjectGuid).unwrap().unwrap();
        let is_type = marker.starts_with("System.");
        let meaning = if is_type { GuidAttribute::NotExported } else { GuidAttribute::MarkedMissing };
        assert_eq!(user.consistency_guid, meaning(marker.into()));
        // A directory itself writes bytes.
        assert_eq!(of(marker.as_bytes()), GuidAttribute::Bytes(marker.as_bytes().into()));
    }
}

#[test]
fn is_no_user() {
    for classes in [&b"computer"[..], b"group", b"contact", b"msDS-GroupManagedServiceAccount", b"organizationalUnit"] {
        assert_eq!(decode_user(&entry(&[("objectClass", classes)]), &AnchorMode::ObjectGuid), Ok(None));
    }
    for more in [("objectClass", &b"computer"[..]), ("sAMAccountType", b"805306370"), ("userAccountControl", b"2080")] {
        assert_eq!(decode_user(&with(&[more]), &AnchorMode::ObjectGuid), Ok(None), "{more:?}");
    }
    for dn in [
        "CN=Eve\\0ADEL:44434241-4645-4847-494a-4b4c4d4e4f50,CN=Deleted Objects,DC=x",
        "CN=Eve\nDEL:44434241-4645,CN=Deleted Objects,DC=x",
    ] {
        let deleted = RawEntry { dn: dn.to_owned(), ..with(&[]) };
        assert_eq!(decode_user(&deleted, &AnchorMode::ObjectGuid), Ok(None), "{dn}");
    }
    assert_eq!(decode_user(&with(&[("isDeleted", b"TRUE")]), &AnchorMode::ObjectGuid), Ok(None));
    let nameless = |attributes: &[(&str, &[u8])]| {
        let entry = RawEntry { dn: String::new(), ..entry(attributes) };
        decode_user(&entry, &AnchorMode::ObjectGuid)
    };
    assert_eq!(nameless(&[("supportedLDAPVersion", b"3")]), Ok(None), "the root DSE");
    assert!(matches!(nameless(&[("objectClass", b"user"), ("objectGUID", GUID)]), Err(EntryError::Dn(_))), "is not passed over");
    let person = entry(&[("objectClass", b"inetOrgPerson"), ("objectGUID", GUID)]);
    assert!(decode_user(&person, &AnchorMode::ObjectGuid).unwrap().is_some());
}

#[test]
fn says_why_the_sync_client_leaves_a_user_out() {
    let cases: [(&str, &[u8], Exclusion); 7] = [
        ("isCriticalSystemObject", b"TRUE", Exclusion::CriticalSystemObject),
        ("mailNickname", b"SystemMailbox{1}", Exclusion::SystemMailbox),
        ("msExchRecipientTypeDetails", b"2", Exclusion::LinkedMailbox),
        ("msExchRecipientTypeDetails", b"8192", Exclusion::SystemMailbox),
        ("msExchRecipientTypeDetails", b"536870912", Exclusion::SystemMailbox),
        ("mailNickname", b"CAS_{x}", Exclusion::SystemMailbox),
        ("isCriticalSystemObject", b"true", Exclusion::CriticalSystemObject),
    ];
    for (name, value, why) in cases {
        assert_eq!(user(&[(name, value)]).excluded, Some(why), "{name}");
    }
    for (sam, why) in [("MSOL_1234", Exclusion::ServiceAccount), ("aad_x", Exclusion::ServiceAccount)] {
        let entry = entry(&[("objectGUID", GUID), ("sAMAccountName", sam.as_bytes())]);
        assert_eq!(decode_user(&entry, &AnchorMode::ObjectGuid).unwrap().unwrap().excluded, Some(why));
    }
    let conflict = RawEntry { dn: "CN=Eve\\0ACNF:44434241-4645-4847-494a-4b4c4d4e4f50,DC=x".to_owned(), ..with(&[]) };
    let user = decode_user(&conflict, &AnchorMode::ObjectGuid).unwrap().unwrap();
    assert_eq!(user.excluded, Some(Exclusion::ReplicationConflict));
}

#[test]
fn names_the_attribute_that_is_wrong() {
    let missing = decode_user(&entry(&[("objectClass", b"user")]), &AnchorMode::ObjectGuid);
    assert_eq!(missing, Err(EntryError::MissingGuid));
    assert_eq!(error(&[("userPrincipalName", &[0xFF])]).attribute(), Some("userPrincipalName"));
    assert_eq!(error(&[("sAMAccountName", b"eva")]), EntryError::ManyValues("sAMAccountName", 2));
    assert_eq!(error(&[("userAccountControl", b"x")]).to_string(), "userAccountControl is not a whole number: `x`");
    assert!(matches!(error(&[("objectSid", &[1, 2])]), EntryError::Sid(_)));
}

#[test]
fn what_is_in_a_language_is_another_attribute() {
    let more: [(&str, &[u8]); 4] = [
        ("displayName;lang-de", b"Eva"),
        ("displayName", b"Eve"),
        ("displayName;x;LANG-fr", b"\xc8ve"),
        ("mail;lang-de", b"e@x"),
    ];
    let eve = user(&more);
    assert_eq!((eve.display_name.as_deref(), eve.mail), (Some("Eve"), None));
    let anchor = decode_user(&with(&more), &AnchorMode::Attribute("displayName".into())).unwrap().unwrap().custom_anchor;
    assert_eq!(anchor.map(|value| *value), Some(AnchorAttribute::Text("Eve".into())));
    assert_eq!(error(&[("displayName;binary", b"Eve"), ("displayName", b"Eva")]), EntryError::ManyValues("displayName", 2));
}

#[test]
fn no_user_has_an_object_guid_of_zeros() {
    for zeros in [&[0; 16][..], b"00000000-0000-0000-0000-000000000000"] {
        let user = decode_user(&entry(&[("objectClass", b"user"), ("objectGUID", zeros)]), &AnchorMode::ObjectGuid);
        assert_eq!(user, Err(EntryError::NilGuid));
    }
}

#[test]
fn ranges_of_values_have_no_gap() {
    let of = |ranges: &[&str]| {
        let names: Vec<String> = ranges.iter().map(|range| format!("proxyAddresses;{range}")).collect();
        let all: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"smtp:a@x"[..])).collect();
        decode_user(&with(&all), &AnchorMode::ObjectGuid).map(|user| user.unwrap().proxy_addresses.iter().count())
    };
    for whole in [&["range=0-*"][..], &["Range=0-1", "range=0-1", "range=2-*"], &["range=2-*", "range=0-1"]] {
        assert!(of(whole).is_ok(), "{whole:?}");
    }
    for cut in [
        &["range=0-1499"][..],
        &["range=1-*"],
        &["range=0-1", "range=5-*"],
        &["range=0-1", "range=1-*"],
        &["range=0-*", "range=5-*"],
        &["range=0-18446744073709551615"],
        &["range=5"],
        &["range="],
    ] {
        assert_eq!(of(cut), Err(EntryError::Partial("proxyAddresses".to_owned())), "{cut:?}");
    }
    let anchor = decode_user(&with(&[("x;range=0-0", b"1")]), &AnchorMode::Attribute("x".into()));
    assert_eq!(anchor, Err(EntryError::Partial("x".to_owned())));
}

#[test]
fn reads_the_configured_anchor_attribute() {
    let mode = |name: &str| AnchorMode::Attribute(name.into());
    let of = |entry: RawEntry, name| decode_user(&entry, &mode(name)).unwrap().unwrap().custom_anchor.map(|value| *value);
    assert_eq!(of(with(&[("employeeID", b"E1")]), "EMPLOYEEid"), Some(AnchorAttribute::Text("E1".into())));
    assert_eq!(of(with(&[]), "employeeID"), None);
    assert_eq!(of(with(&[("x", b"1"), ("x", b"2")]), "x"), Some(AnchorAttribute::Many(2)));
    assert_eq!(of(with(&[]), "objectGUID"), Some(AnchorAttribute::Binary(GUID.into())));
    assert_eq!(of(with(&[("x", &[0xFF, 1])]), "x"), Some(AnchorAttribute::Binary([0xFF, 1].into())));
}
