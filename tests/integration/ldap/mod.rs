//! The LDAP adapter against real servers: a Samba domain controller, and OpenLDAP for what Samba does not do.
//!
//! `tests/run` starts both; without them these tests say that they were skipped.

mod breaking;
mod doctor;
mod servers;
mod wire;

use std::path::{Path, PathBuf};

use hardmatch::directory::ad::ldap::{Credentials, LdapForest, LdapSettings};
use hardmatch::directory::ports::{DirectoryError, ForestReader, ForestWriter};
use hardmatch::model::questions::ForestKey;
use hardmatch::model::{AdUser, AnchorMode, Exclusion, GuidAttribute, ObservedForest, parse_anchor_input};
use servers::{BASE, forest, slapd, variable};
pub(crate) use servers::{Dc, SERVER, dc, old_dc};

fn user<'a>(forest: &'a ObservedForest, sam: &str) -> &'a AdUser {
    forest.users.iter().find(|user| user.sam.as_deref() == Some(sam)).unwrap_or_else(|| panic!("no {sam}"))
}

fn sams(forest: &ObservedForest) -> Vec<&str> {
    let mut names: Vec<&str> = forest.users.iter().filter_map(|user| user.sam.as_deref()).collect();
    names.sort_unstable();
    names
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, DirectoryError>, says: &str) -> DirectoryError {
    let error = outcome.expect_err("it should have been refused");
    assert!(error.to_string().contains(says), "{error}");
    error
}

#[tokio::test]
async fn reads_what_was_seeded() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let forest = dc.reader().read_forest().await.unwrap();
    let expected = ["ann", "bob", "dora", "guidascii", "guidbinary", "guidshort", "guidtwin", "paula", "stampme", "zoe"];
    assert_eq!(sams(&forest), expected);
    assert_eq!(forest.netbios_names, ["HARDMATCH".into()]);
    assert_eq!(forest.doubts, Vec::<String>::new());

    let ann = user(&forest, "ann");
    assert_eq!(ann.upn.as_deref(), Some("ann@hardmatch.test"));
    assert_eq!((ann.mail.as_deref(), ann.employee_id.as_deref()), (Some("ann@corp.example"), Some("E1001")));
    let mut addresses: Vec<&str> = ann.proxy_addresses.iter().collect();
    addresses.sort_unstable();
    assert_eq!(addresses, ["SMTP:ann@corp.example", "smtp:a.plain@corp.example"]);
    assert_eq!((ann.enabled, ann.excluded, &ann.consistency_guid), (Some(true), None, &GuidAttribute::Absent));
    assert_eq!(ann.sid.as_ref().and_then(|sid| sid.domain()), forest.domain_sid);
    assert!(forest.domain_sid.is_some());

    assert_eq!(user(&forest, "zoe").dn.as_str(), format!("CN=Zoë 王 O'Dell,OU=People,{BASE}"));
    assert_eq!(user(&forest, "bob").dn.own_name(), "Smith, Bob (x) *");
    let stamped = |sam| user(&forest, sam).consistency_guid.bytes().unwrap();
    assert_eq!(stamped("guidascii"), b"abcdefghijklmnop");
    assert_eq!(stamped("guidbinary"), [0, 1, 255, 254].repeat(4));
    assert_eq!(stamped("guidshort"), [1, 2, 3, 4, 5]);
    assert_eq!(user(&forest, "dora").enabled, Some(false));
    assert!(user(&forest, "paula").protected_by_admin_sd_holder);
}

#[tokio::test]
async fn reads_past_the_first_page_of_the_whole_domain() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let count: usize = variable("HARDMATCH_TEST_LDAP_BULK").unwrap().parse().unwrap();
    for page_size in [100, 1000] {
        let settings = dc.settings("ldaps://127.0.0.1", "svc-reader@hardmatch.test");
        let forest = forest(LdapSettings { base_dn: None, page_size, ..settings }).read_forest().await.unwrap();
        let bulk: Vec<&AdUser> = forest.users.iter().filter(|user| user.dn.as_str().contains("OU=Bulk")).collect();
        assert_eq!(bulk.len(), count);
        let fits = |user: &&&AdUser| {
            let number = user.sam.as_deref().unwrap().trim_start_matches("bulk");
            user.consistency_guid.bytes() == Some(format!("guid-of-bulk{number}").as_bytes())
        };
        assert_eq!(bulk.iter().filter(fits).count(), count);
        assert_eq!(user(&forest, "krbtgt").excluded, Some(Exclusion::CriticalSystemObject));
        assert_eq!(forest.doubts, Vec::<String>::new());
    }
}

#[tokio::test]
async fn signs_in_with_each_form_of_a_name_and_over_start_tls() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let dn = format!("CN=svc-reader,OU=Service,{BASE}");
    for name in ["svc-reader@hardmatch.test", r"HARDMATCH\svc-reader", &dn] {
        let facts = dc.forest(name).check().await.unwrap();
        assert_eq!(facts.host.as_deref(), Some("dc1.hardmatch.test"), "{name}");
        assert_eq!(facts.domain.unwrap().as_str(), BASE);
    }
    let settings = dc.settings("ldap://127.0.0.1", "svc-reader@hardmatch.test");
    assert_eq!(forest(LdapSettings { start_tls: true, ..settings }).read_forest().await.unwrap().users.len(), 10);
}

/// Needs `kinit` on the machine that started the server. Without TLS, Kerberos encrypts by itself.
#[cfg(feature = "kerberos")]
#[tokio::test]
async fn signs_in_with_a_ticket() {
    let Some(dc) = dc() else { return };
    if !dc.folder.join("ticket").exists() {
        return servers::skip("Kerberos ticket");
    }
    let _shared = SERVER.read().await;
    let settings = LdapSettings { credentials: Credentials::Gssapi, ..dc.settings("ldap://localhost", "") };
    assert_eq!(forest(settings.clone()).read_forest().await.unwrap().users.len(), 10);
    let by_number = LdapForest::new(LdapSettings { url: "ldaps://127.0.0.1".to_owned(), ..settings });
    assert!(by_number.err().unwrap().to_string().contains("full DNS name"));
}

#[tokio::test]
async fn a_refused_sign_in_says_why() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let wrong = Credentials::Simple { user: "ann@hardmatch.test".to_owned(), password: "Wrong.Pass1".into() };
    let settings = dc.settings("ldaps://127.0.0.1", "");
    let error = refused(
        forest(LdapSettings { credentials: wrong, ..settings }).read_forest().await,
        "the name or the password is wrong. It was tried once only",
    );
    assert!(matches!(error, DirectoryError::Denied(_)) && !error.to_string().contains("Wrong.Pass1"), "{error}");
    for (name, says) in [
        ("svc-disabled@hardmatch.test", "disabled"),
        ("svc-newpass@hardmatch.test", "must be changed"),
        ("nobody@hardmatch.test", "wrong"),
        ("svc-reader", "A bare name is not enough"),
    ] {
        refused(dc.forest(name).read_forest().await, says);
    }
}

#[tokio::test]
async fn nobody_else_is_taken_for_the_server() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let of = |url: &str, ca: Option<PathBuf>| forest(LdapSettings { ca, ..dc.settings(url, "svc-reader@hardmatch.test") });
    let right = || Some(dc.tls("ca.pem"));
    refused(of("ldaps://127.0.0.1", Some(dc.tls("wrong-ca.pem"))).read_forest().await, "not issued by the authority in `ca`");
    refused(of("ldaps://127.0.0.1", None).read_forest().await, "`127.0.0.1`");
    refused(of("ldaps://localhost", right()).read_forest().await, "for another name");
    refused(of("ldaps://127.0.0.1:389", right()).read_forest().await, "TLS");
    refused(of("ldap://127.0.0.1:636", right()).read_forest().await, "");
    // This one asks for encryption before it takes a password, which must not be sent again in some other way.
    refused(of("ldap://127.0.0.1", right()).read_forest().await, "unencrypted connection");
}

#[tokio::test]
async fn a_base_that_is_not_there_is_no_empty_forest() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    for base in [&format!("OU=Nowhere,{BASE}"), "DC=other,DC=test"] {
        let settings = dc.settings("ldaps://127.0.0.1", "svc-reader@hardmatch.test");
        let forest = forest(LdapSettings { base_dn: Some(base.parse().unwrap()), ..settings });
        let error = refused(forest.read_forest().await, "check `baseDn`");
        assert!(matches!(error, DirectoryError::Input(_)), "{error}");
    }
}

#[tokio::test]
async fn stamps_only_what_still_is_as_it_was() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let writer = dc.forest("svc-writer@hardmatch.test");
    let guid = user(&writer.read_forest().await.unwrap(), "stampme").guid;
    let held = async || {
        let users = writer.read_users(&[guid]).await.unwrap();
        users[0].as_ref().unwrap().consistency_guid.bytes().map(<[u8]>::to_vec)
    };
    let (first, second) = ([0xEF; 16], *b"ABCDEFGHIJKLMNOP");
    assert_eq!(held().await, None);
    writer.stamp(&guid, None, Some(&first)).await.unwrap();
    assert_eq!(held().await.as_deref(), Some(&first[..]));
    refused(writer.stamp(&guid, None, Some(&second)).await, "changed meanwhile");
    let error = refused(writer.stamp(&guid, Some(&second), Some(&second)).await, "changed meanwhile");
    assert!(matches!(error, DirectoryError::Refused { .. }));
    assert_eq!(held().await.as_deref(), Some(&first[..]));
    writer.stamp(&guid, Some(&first), Some(&second)).await.unwrap();
    assert_eq!(held().await.as_deref(), Some(&second[..]));
    writer.stamp(&guid, Some(&second), None).await.unwrap();
    assert_eq!(held().await, None);

    let gone = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
    refused(writer.stamp(&gone, None, Some(&first)).await, "no longer there");
    assert_eq!(writer.read_users(&[gone, guid]).await.unwrap().iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn writes_nothing_without_the_right() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let (reader, writer) = (dc.reader(), dc.forest("svc-writer@hardmatch.test"));
    let guid = user(&reader.read_forest().await.unwrap(), "ann").guid;
    let error = refused(reader.stamp(&guid, None, Some(&[1; 16])).await, "grant it");
    assert!(matches!(error, DirectoryError::Denied(_)), "{error}");
    assert_eq!(reader.may_stamp(&guid).await.unwrap(), Some(false));
    assert_eq!(writer.may_stamp(&guid).await.unwrap(), Some(true));
    assert_eq!(user(&reader.read_forest().await.unwrap(), "ann").consistency_guid, GuidAttribute::Absent);
}

#[tokio::test]
async fn a_selective_read_finds_what_the_whole_forest_holds() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let reader = dc.reader();
    let all = reader.read_forest().await.unwrap();
    let ann = user(&all, "ann");
    let twin = user(&all, "guidtwin");
    let id = parse_anchor_input("AAH//gAB//4AAf/+AAH//g==").unwrap();
    let (frame, stamps) = reader.read_frame().await.unwrap();
    assert_eq!((frame.user_count, frame.users.len()), (Some(u64::try_from(all.users.len()).unwrap()), 0));
    assert_eq!((&frame.domain_sid, &frame.netbios_names, &frame.doubts), (&all.domain_sid, &all.netbios_names, &all.doubts));
    for (key, expected) in [
        (ForestKey::Dn(user(&all, "zoe").dn.clone()), vec!["zoe"]),
        (ForestKey::Dn(user(&all, "bob").dn.clone()), vec!["bob"]),
        (ForestKey::Guid(ann.guid), vec!["ann"]),
        (ForestKey::Sid(ann.sid.clone().unwrap()), vec!["ann"]),
        (ForestKey::Sam("ANN".into()), vec!["ann"]),
        (ForestKey::Sam("*".into()), vec![]),
        (ForestKey::Upn("zoë@corp.example".into()), vec!["zoe"]),
        (ForestKey::Upn("zoe\u{308}@corp.example".into()), vec!["zoe"]),
        (ForestKey::Mail("A.Plain@corp.example".into()), vec!["ann"]),
        (ForestKey::EmployeeId("E1001".into()), vec!["ann"]),
        (ForestKey::ImmutableId(id), vec!["guidbinary", "guidtwin"]),
        (ForestKey::ConsistencyGuid(twin.consistency_guid.guid().unwrap()), vec!["guidbinary", "guidtwin"]),
        (ForestKey::ImmutableId(ann.guid.immutable_id()), vec!["ann"]),
        (ForestKey::Similar("guidb".into()), vec!["guidbinary"]),
        (ForestKey::Similar("*".into()), vec![]),
    ] {
        let found = reader.read_matching(std::slice::from_ref(&key), None).await.unwrap();
        assert_eq!(found, reader.read_matching(std::slice::from_ref(&key), Some(&stamps)).await.unwrap(), "{key:?}");
        let mut names: Vec<&str> = found.iter().filter_map(|user| user.sam.as_deref()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{key:?}");
        for own in &found {
            assert_eq!(own, user(&all, own.sam.as_deref().unwrap()));
        }
    }
    let twins = twin.consistency_guid.guid().unwrap().immutable_id();
    let sharers = reader.find_by_anchor(&[twins]).await.unwrap();
    let mut names: Vec<&str> = sharers.iter().filter_map(|user| user.sam.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["guidbinary", "guidtwin"]);
    // More than one search carries.
    let many: Vec<ForestKey> = (1..=120).map(|n| ForestKey::Sam(format!("bulk{n:04}").into())).collect();
    assert_eq!(dc.whole("ldaps://127.0.0.1").read_matching(&many, None).await.unwrap().len(), 120);
}

fn openldap(url: &str, who: &str, base: &str) -> LdapForest {
    forest(openldap_settings(url, who, base))
}

fn openldap_settings(url: &str, who: &str, base: &str) -> LdapSettings {
    let credentials = Credentials::Simple { user: format!("CN={who},{BASE}"), password: "Secret.Pass1".into() };
    let settings = LdapSettings::new("corp", AnchorMode::ConsistencyGuid, url, credentials);
    LdapSettings { base_dn: Some(base.parse().unwrap()), ..settings }
}

#[tokio::test]
async fn a_size_limit_is_an_error_and_a_referral_is_named() {
    let Some(url) = slapd() else { return };
    let read = openldap(&url, "svc-reader", BASE).read_forest().await.unwrap();
    assert_eq!(read.users.len(), 2100);
    assert_eq!(read.doubts.len(), 1);
    assert!(read.doubts[0].contains("dc=emea,dc=hardmatch,dc=test was not read"), "{:?}", read.doubts);

    refused(openldap(&url, "svc-limited", BASE).read_forest().await, "the server cut the list short");
    let referred =
        refused(openldap(&url, "svc-reader", &format!("DC=emea,{BASE}")).read_forest().await, "does not hold that part");
    assert!(referred.to_string().contains("ldap://127.0.0.1:9/"), "{referred}");
}

#[test]
fn the_doctor_reads_the_users_to_their_end() {
    let Some(url) = slapd() else { return };
    let with = |who: &str, base: &str| {
        let bind = format!("simple: {{ user: 'CN={who},{BASE}', password: {{ env: LDAP_PASSWORD }} }}");
        let yaml = format!(
            "version: 1\ntenant: {{ snapshot: tenant.json }}\n\
             forests: {{ corp: {{ ldap: {{ url: '{url}', baseDn: '{base}', bind: {{ {bind} }} }} }} }}\n"
        );
        let here = crate::common::Hardmatch::new().file("tenant.json", LIVE_TENANT).file("hardmatch.yaml", yaml);
        here.env("LDAP_PASSWORD", "Secret.Pass1").run(&["doctor"])
    };
    with("svc-reader", BASE).expect(0).shows(&["2,100 users below DC=hardmatch,DC=test"]);
    with("svc-reader", &format!("CN=svc-limited,{BASE}")).expect(0).shows(&["no user is seen below CN=svc-limited"]);
    with("svc-reader", &format!("OU=Nobody,{BASE}")).expect(3).shows(&["FAIL  forest corp", "check `baseDn`"]);
    with("svc-limited", BASE).expect(5).shows(&["FAIL  forest corp", "the server cut the list short"]);
}

const LIVE_CONFIG: &str = "version: 1
tenant: { snapshot: tenant.json }
forests:
  corp:
    ldap:
      url: ldaps://127.0.0.1
      baseDn: OU=People,DC=hardmatch,DC=test
      bind: { simple: { user: svc-reader@hardmatch.test, password: { env: LDAP_PASSWORD } } }
      ca: CA
mappings:
  - { onPrem: ann, cloud: ann@contoso.com }
  - { onPrem: zoë@corp.example, cloud: zoe@contoso.com }
";

const LIVE_TENANT: &str = r#"{ "format": "hardmatch/tenant", "formatVersion": "1.0", "users": [
  { "id": "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0", "userPrincipalName": "ann@contoso.com", "onPremisesImmutableId": null },
  { "id": "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e1", "userPrincipalName": "zoe@contoso.com", "onPremisesImmutableId": null } ] }"#;

#[tokio::test]
async fn the_program_plans_and_applies_with_a_live_forest() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let here = crate::common::Hardmatch::new()
        .file("tenant.json", LIVE_TENANT)
        .file("hardmatch.yaml", LIVE_CONFIG.replace("CA", &dc.tls("ca.pem").display().to_string()))
        .env("LDAP_PASSWORD", &dc.password);
    let planned = here.run(&["plan", "-vv", "--out", "plan.json"]);
    planned.expect(0).shows(&["2 to set", "corp: "]);
    planned.hides(&dc.password);
    here.run(&["apply", "plan.json", "--digest", &here.digest("plan.json")]).expect(0);
    here.run(&["plan", "--detailed-exitcode"]).expect(0).shows(&["2 mappings armed"]);
    let refused = here.env("LDAP_PASSWORD", "Wrong.Pass1").run(&["plan", "-vv"]);
    refused.expect(4).says(&["forest `corp`", "the name or the password is wrong"]);
    refused.hides("Wrong.Pass1");
}
