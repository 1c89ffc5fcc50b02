use proptest::prelude::*;

use super::*;
use crate::directory::exports::read_ldif_from;
use crate::model::{DistinguishedName, EntraId, ObjectGuid, Sid, Text};

fn text() -> BoxedStrategy<Text> {
    let long = "[a-zö]{100,200}";
    prop_oneof!["[ -~]{1,12}", "\\PC{1,8}", "[\\\\,;=\"\u{0}-\u{1f}王 ]{1,6}", long].prop_map(Into::into).boxed()
}

fn dn() -> BoxedStrategy<DistinguishedName> {
    let value = "[ -+\\--:<-\\[\\]-~öé王]{1,9}".prop_map(|value| value.replace([';', '"'], "").trim().to_owned());
    let name = (value, proptest::option::of(Just("\\0ACNF:1")), "[a-z]{1,3}");
    name.prop_map(|(value, conflict, dc)| {
        format!("CN=x{value}{},OU=a\\, b\\2C,DC={dc},DC=example", conflict.unwrap_or_default()).parse().unwrap()
    })
    .boxed()
}

fn sid() -> BoxedStrategy<Sid> {
    prop_oneof![
        (1u32..9, any::<u32>()).prop_map(|(domain, rid)| format!("S-1-5-21-1-2-{domain}-{rid}")),
        Just("S-1-5-32-544".to_owned()),
        Just("S-1-5-021-7-8-9-10".to_owned()),
        Just("S-1-281474976710656-1".to_owned()),
    ]
    .prop_map(|text| text.parse().unwrap())
    .boxed()
}

fn exclusion() -> BoxedStrategy<Exclusion> {
    prop_oneof![
        Just(Exclusion::CriticalSystemObject),
        Just(Exclusion::ServiceAccount),
        Just(Exclusion::SystemMailbox),
        Just(Exclusion::LinkedMailbox),
        Just(Exclusion::ReplicationConflict),
    ]
    .boxed()
}

fn consistency_guid() -> BoxedStrategy<GuidAttribute> {
    prop_oneof![
        Just(GuidAttribute::Absent),
        Just(GuidAttribute::MarkedMissing("N/A".into())),
        Just(GuidAttribute::NotExported("System.Byte[]".into())),
        Just(GuidAttribute::Bytes((*b"N/A").into())),
        proptest::collection::vec(any::<u8>(), 1..40).prop_map(|bytes| GuidAttribute::Bytes(bytes.into())),
    ]
    .boxed()
}

/// As reading would see it: text unless there is something in it that no text has.
fn custom_anchor() -> BoxedStrategy<AnchorAttribute> {
    prop_oneof![
        "[ -~ö]{1,40}".prop_map(|text| AnchorAttribute::Text(text.into())),
        proptest::collection::vec(0u8..32, 1..40).prop_map(|bytes| AnchorAttribute::Binary(bytes.into())),
        (2usize..5).prop_map(AnchorAttribute::Many),
    ]
    .boxed()
}

fn user(with_names: bool) -> BoxedStrategy<AdUser> {
    use proptest::option::of;
    let ids = (any::<[u8; 16]>(), dn(), consistency_guid(), of(sid()), of(custom_anchor()));
    let sam = prop_oneof![text(), "MSOL_[a-z]{3}".prop_map(Into::into)];
    let names = (of(sam), of(text()), of(text()), of(text()), of(text()));
    let addresses = proptest::collection::vec(text(), 0..3);
    let flags = (of(any::<bool>()), any::<bool>(), any::<bool>(), of(any::<[u8; 16]>()), of(exclusion()));
    (ids, names, addresses, flags)
        .prop_map(move |(ids, names, addresses, flags)| AdUser {
            consistency_guid: ids.2,
            sid: ids.3,
            custom_anchor: ids.4.map(Box::new),
            sam: names.0.filter(|_| with_names),
            upn: names.1,
            mail: names.2,
            employee_id: names.3,
            display_name: names.4,
            proxy_addresses: addresses.into_iter().collect(),
            enabled: flags.0,
            protected_by_admin_sd_holder: flags.1,
            has_exchange_mailbox: flags.2,
            external_directory_object_id: flags.3.map(EntraId::made_up),
            excluded: flags.4,
            ..AdUser::new(ObjectGuid::from_ad_bytes(ids.0), ids.1)
        })
        .boxed()
}

fn users() -> BoxedStrategy<Vec<AdUser>> {
    let some = any::<bool>().prop_flat_map(|with_names| proptest::collection::vec(user(with_names), 0..5));
    some.prop_map(|mut users| {
        users.sort_by(|left, right| left.sid.cmp(&right.sid));
        users.dedup_by(|one, other| one.sid.is_some() && one.sid == other.sid);
        users.sort_by_key(|user| user.dn.key());
        users.dedup_by_key(|user| user.dn.key());
        users
    })
    .boxed()
}

fn forest() -> BoxedStrategy<ObservedForest> {
    let names = proptest::collection::vec("[A-Z]{1,5}ö?".prop_map(Into::into), 0..3);
    let doubts = proptest::collection::vec(text().prop_map(String::from), 0..3);
    let anchor = prop_oneof![Just(AnchorMode::ConsistencyGuid), Just(AnchorMode::Attribute("extensionAttribute1".into()))];
    (users(), names, doubts, sid(), anchor)
        .prop_map(|(mut users, mut netbios_names, doubts, sid, anchor)| {
            if anchor == AnchorMode::ConsistencyGuid {
                users.iter_mut().for_each(|user| user.custom_anchor = None);
            }
            netbios_names.sort();
            netbios_names.dedup();
            ObservedForest { name: "corp".into(), anchor, domain_sid: Some(sid), netbios_names, users, user_count: None, doubts }
        })
        .boxed()
}

fn written(forest: &ObservedForest) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_forest(forest, &mut bytes).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_read_again(forest in forest()) {
        let bytes = written(&forest);
        prop_assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= WIDTH && line.is_ascii()));
        let again = read_ldif_from(bytes.as_slice(), &"t".into(), "corp", &forest.anchor);
        let again = again.map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        prop_assert_eq!(&written(&again), &bytes);
        prop_assert_eq!(again, forest);
    }
}

#[test]
fn an_anchor_that_is_written_anyway_is_written_once() {
    let guid = ObjectGuid::from_ad_bytes([7; 16]);
    let mut eve = AdUser::new(guid, "CN=Eve,DC=x".parse().unwrap());
    eve.sam = Some("eve".into());
    eve.employee_id = Some("E1".into());
    eve.custom_anchor = Some(AnchorAttribute::Text("E1".into()).into());
    let anchor = AnchorMode::Attribute("EmployeeID".into());
    let forest = ObservedForest { name: "x".into(), anchor: anchor.clone(), users: vec![eve], ..ObservedForest::default() };
    let bytes = written(&forest);
    assert_eq!(String::from_utf8_lossy(&bytes).matches("E1").count(), 1);
    assert_eq!(read_ldif_from(bytes.as_slice(), &"t".into(), "x", &anchor).unwrap(), forest);
}
