use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::model::text::same;
use crate::model::{
    AnchorForm, CloudUser, DistinguishedName, ImmutableId, Known, ObservedForest, ObservedTenant, ProvisioningError, Sid,
};

fn redactor() -> Redactor {
    Redactor::new([7; 32], &Observed::default())
}

fn id(text: &str) -> ImmutableId {
    ImmutableId::stored(text).unwrap()
}

/// A redactor that has seen these ImmutableIDs.
fn with_ids(ids: &[&str]) -> Redactor {
    let user = |text: &&str| CloudUser::new("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap(), "a@x", Some(id(text)));
    let tenant = ObservedTenant { users: ids.iter().map(user).collect(), ..ObservedTenant::default() };
    Redactor::new([7; 32], &Observed { tenant, forests: Vec::new() })
}

#[test]
fn the_same_word_has_one_stand_in_and_others_have_others() {
    let mut redactor = redactor();
    assert_eq!(redactor.word("James.Bond"), redactor.word("james.bond"));
    assert_eq!(redactor.word("Zoe\u{308}"), redactor.word("Zo\u{eb}"));
    assert_ne!(redactor.word("james.bond"), redactor.word("james.bond1"));
    assert_ne!(Redactor::new([8; 32], &Observed::default()).word("eve"), redactor.word("eve"), "the key decides");
    let local = redactor.word("james.bond");
    assert_eq!(redactor.address("James.Bond@Contoso.com"), format!("{local}@{}", redactor.domain("contoso.com")));
    assert_eq!(redactor.proxy_address("SMTP:james.bond@contoso.com"), format!("SMTP:{local}@{}", redactor.domain("contoso.com")));
    assert!(redactor.address("a_b.example#EXT#@contoso.onmicrosoft.com").contains("#EXT#@"));
}

#[test]
fn domains_keep_what_they_share() {
    let mut redactor = redactor();
    let (base, below) = (redactor.domain("contoso.com"), redactor.domain("FED.contoso.com"));
    assert!(below.ends_with(&format!(".{base}")) && below != base);
    assert_ne!(redactor.domain("contoso.org"), base);
    let (initial, mail) = (redactor.domain("contoso.onmicrosoft.com"), redactor.domain("contoso.mail.onmicrosoft.com"));
    let label = initial.strip_suffix(".onmicrosoft.com").unwrap();
    assert_eq!(mail, format!("{label}.mail.onmicrosoft.com"));
    let dn: DistinguishedName = r"CN=Bond\, James,OU=Staff,DC=fed,DC=contoso,DC=com".parse().unwrap();
    let (container, stand_in) = ("ou=STAFF,dc=fed,dc=contoso,dc=com".parse().unwrap(), redactor.dn(&dn));
    assert!(stand_in.is_under(&redactor.dn(&container)));
    assert_eq!(stand_in.dns_domain(), below);
    assert_eq!(stand_in.own_name(), redactor.word("bond, james"));
}

#[test]
fn sids_keep_their_domain_and_what_is_well_known() {
    let redactor = redactor();
    let sid = |text: &str| redactor.sid(&text.parse::<Sid>().unwrap());
    let (eve, ann) = (sid("S-1-5-21-1-2-3-1108"), sid("S-1-5-21-1-2-3-1109"));
    assert_ne!(eve, ann);
    assert_eq!(eve.domain(), ann.domain());
    assert_eq!(eve.domain().unwrap(), sid("S-1-5-21-1-2-3"));
    assert_ne!(sid("S-1-5-21-1-2-4-1108").domain(), eve.domain());
    assert!(sid("S-1-5-21-1-2-3-500").to_string().ends_with("-500"));
    assert_eq!(sid("S-1-5-32-544").to_string(), "S-1-5-32-544");
    assert!(sid("S-1-12-1-11-22-33-44").to_string().starts_with("S-1-12-1-"));
    assert!(!sid("S-1-12-1-11-22-33-44").to_string().contains("-22-"));
}

#[test]
fn immutable_ids_keep_the_way_in_which_they_are_written() {
    let guid: ObjectGuid = "f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap();
    let canonical = guid.immutable_id().as_str().to_owned();
    let spellings = [
        canonical.clone(),
        canonical.trim_end_matches('=').to_owned(),
        format!(" {canonical}"),
        canonical.replace("AQ==", "AR=="),
        canonical.replace('+', "-").replace('/', "_").replace("==", ""),
        "{F5057FEE-4C3E-4459-82DD-21250B729601}".to_owned(),
        "urn:uuid:f5057fee-4c3e-4459-82dd-21250b729601".to_owned(),
        "0xee7f05f53e4c594482dd21250b729601".to_owned(),
        "ee7f05f53e4c594482dd21250b729601".to_owned(),
        STANDARD.encode("f5057fee-4c3e-4459-82dd-21250b729601"),
    ];
    for spelling in spellings {
        let mut redactor = with_ids(&[&spelling]);
        let (old, new) = (AnchorForm::of(&id(&spelling)), redactor.immutable_id(&id(&spelling)));
        let form = AnchorForm::of(&new);
        assert_eq!(std::mem::discriminant(&old), std::mem::discriminant(&form), "{spelling} became {new}");
        let expected: Vec<_> = old.guids().into_iter().flatten().map(|guid| redactor.guid(guid)).collect();
        assert_eq!(form.guids().into_iter().flatten().collect::<Vec<_>>(), expected, "{spelling} became {new}");
    }
}

#[test]
fn ids_that_differ_only_in_case_still_do() {
    for group in [
        &["ktq0mZb8W0eQd7uYh1xJmA==", "KTQ0mZb8W0eQd7uYh1xJmA==", "ktq0mzb8W0eQd7uYh1xJmA=="][..],
        &["Employee-17", "employee-17"],
        &["Eve@contoso.com", "eve@contoso.com"],
    ] {
        let mut redactor = with_ids(group);
        let fresh: Vec<String> = group.iter().map(|text| redactor.immutable_id(&id(text)).as_str().to_owned()).collect();
        assert!(fresh.iter().all(|text| same(text, &fresh[0])), "{fresh:?}");
        assert_eq!(fresh.iter().collect::<HashSet<_>>().len(), group.len(), "{fresh:?}");
    }
    let mut redactor = with_ids(&["E-1", "4711"]);
    assert_eq!(redactor.word("4711"), redactor.immutable_id(&id("4711")).as_str(), "an employee number may be an anchor");
    assert!(redactor.word("4711").bytes().all(|byte| byte.is_ascii_digit()));
}

#[test]
fn logon_domains_answer_to_all_their_names() {
    let dn: DistinguishedName = "CN=Eve,DC=corp,DC=example,DC=com".parse().unwrap();
    let user = crate::model::AdUser::new(ObjectGuid::from_ad_bytes([1; 16]), dn);
    let forest = ObservedForest {
        name: "main".into(),
        netbios_names: vec!["CORPNB".into()],
        users: vec![user],
        ..ObservedForest::default()
    };
    let mut redactor = Redactor::new([7; 32], &Observed { forests: vec![forest], ..Observed::default() });
    let dns = redactor.domain("corp.example.com");
    assert_eq!(redactor.logon_domain("MAIN"), "forest1");
    assert_eq!(redactor.logon_domain("corpnb"), redactor.word("CORPNB"));
    assert_eq!(redactor.logon_domain("Corp.Example.com"), dns);
    assert_eq!(redactor.logon_domain("CORP"), dns.split('.').next().unwrap());
}

#[test]
fn what_entra_withholds_gets_the_stand_in_of_the_name_or_address() {
    let error = |property: &str, value: &str| ProvisioningError {
        property: Some(property.into()),
        value: Some(value.into()),
        ..ProvisioningError::default()
    };
    let mut user = CloudUser::new("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap(), "eve@x.example", None);
    let errors = [error("UserPrincipalName", "eve@x.example"), error("ProxyAddress", "SMTP:eve@x.example")];
    user.traits_mut().provisioning_errors = Known::Is(errors.into());
    let tenant = ObservedTenant { users: vec![user], ..ObservedTenant::default() };
    let redacted = redactor().observed(Observed { tenant, ..Observed::default() }).tenant;
    let [user] = redacted.users.as_slice() else { panic!("{redacted:?}") };
    let values: Vec<&str> = user.errors().iter().filter_map(|error| error.value.as_deref()).collect();
    assert_eq!(values, [&*user.upn, &format!("SMTP:{}", user.upn)]);
    assert_ne!(&*user.upn, "eve@x.example");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn guids_keep_their_byte_orders(bytes in any::<[u8; 16]>(), other in any::<[u8; 16]>()) {
        let redactor = redactor();
        let (guid, other) = (ObjectGuid::from_ad_bytes(bytes), ObjectGuid::from_ad_bytes(other));
        prop_assert_eq!(redactor.guid(guid.byte_swapped()), redactor.guid(guid).byte_swapped());
        prop_assert_ne!(redactor.guid(guid), guid);
        prop_assert!(guid == other || redactor.guid(guid) != redactor.guid(other));
        let is_random = |guid: ObjectGuid| (guid.ad_bytes()[7] >> 4 == 4, guid.ad_bytes()[6] >> 4 == 4);
        prop_assert_eq!(is_random(redactor.guid(guid)), is_random(guid));
    }

    #[test]
    fn relative_ids_do_not_meet(one in any::<u32>(), other in any::<u32>()) {
        let redactor = redactor();
        let sid = |id: u32| redactor.sid(&format!("S-1-5-21-1-2-3-{id}").parse().unwrap());
        prop_assert!(one == other || sid(one) != sid(other));
    }

    #[test]
    fn words_do_not_meet(one in "[a-z0-9.é]{1,4}", other in "[a-z0-9.é]{1,4}") {
        let mut redactor = with_ids(&["12", "7", "a1", "b2"]);
        let (left, right) = (redactor.word(&one), redactor.word(&other));
        prop_assert_eq!(same(&left, &right), same(&one, &other));
    }
}
