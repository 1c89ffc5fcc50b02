//! The adapter against a scripted server: answers that a good server never gives.

mod fake;
mod harm;

use std::sync::atomic::{AtomicU8, Ordering};

use super::*;
use fake::{Fake, Op, Reply, entry, page, reference, result};

const GUID: &[u8] = b"ABCDEFGHIJKLMNOP";
const LOST: &str = "the connection broke";

fn user(number: u8) -> Reply {
    let mut guid = GUID.to_vec();
    guid[0] = number;
    let name = format!("user{number}");
    entry(&format!("CN={name},DC=x"), &[("objectClass", b"user"), ("objectGUID", &guid), ("sAMAccountName", name.as_bytes())])
}

fn settings(fake: &Fake) -> LdapSettings {
    let credentials = Credentials::Simple { user: "eve@x".to_owned(), password: "hunter2".into() };
    LdapSettings {
        base_dn: Some("DC=x".parse().unwrap()),
        answer_timeout: Duration::from_millis(300),
        connect_timeout: Duration::from_secs(5),
        ..LdapSettings::new("corp", AnchorMode::ConsistencyGuid, &fake.url(), credentials)
    }
}

fn forest(fake: &Fake) -> LdapForest {
    LdapForest::new(settings(fake)).unwrap()
}

/// A server whose users come as the script says; everything else works.
async fn users(script: impl Fn(&fake::Request) -> Vec<Reply> + Send + Sync + 'static) -> Fake {
    Fake::start(move |request| match request.op {
        Op::Bind => vec![result(1, 0, "")],
        Op::Search if request.scope == 2 => script(request),
        Op::Search if request.base == "DC=x" => {
            vec![entry("DC=x", &[("objectSid", b"\x01\x01\0\0\0\0\0\x05\x15\0\0\0")]), result(5, 0, "")]
        }
        Op::Search => vec![entry("", &[("defaultNamingContext", b"DC=x")]), result(5, 0, "")],
        Op::Modify | Op::Other => vec![Reply::HangUp],
    })
    .await
}

#[tokio::test]
async fn reads_page_after_page_whatever_the_values_spell() {
    let fake = users(|request| match request.cookie.as_slice() {
        b"" => vec![user(65), user(0xFF), page(b"next")],
        b"next" => vec![reference("ldap://emea.x/DC=emea,DC=x"), page(b"last")],
        _ => vec![user(67), page(b"")],
    })
    .await;
    let read = forest(&fake).read_forest().await.unwrap();
    assert_eq!(read.users.iter().map(|user| user.sam.as_deref().unwrap()).collect::<Vec<_>>(), ["user65", "user67", "user255"]);
    assert_eq!(read.doubts.len(), 1);
    assert!(read.doubts[0].contains("DC=emea,DC=x"), "{:?}", read.doubts);
    assert_eq!(fake.count(Op::Bind), 1);
}

#[tokio::test]
async fn a_reference_that_names_nothing_is_a_doubt_that_quotes_it() {
    for (uri, quoted) in [
        (&b"ldap://a b/DC=x\x1b[2J"[..], "`ldap://a b/DC=x\\u{1b}[2J`"),
        (b"ldap://x/\xff", "`ldap://x/\\xff`"),
        (b"ldap://x/hunter2", "`ldap://x/[password]`"),
        (b"", "``"),
    ] {
        let fake = users(move |_| vec![user(65), reference(uri), page(b"")]).await;
        let doubts = forest(&fake).read_forest().await.unwrap().doubts;
        assert!(doubts.len() == 1 && doubts[0].contains(&format!("refers to {quoted}, which names none")), "{doubts:?}");
    }
}

#[tokio::test]
async fn a_refused_sign_in_is_not_repeated() {
    let fake =
        Fake::start(|_| vec![result(1, 49, "80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data 52e, v1")])
            .await;
    let forest = forest(&fake);
    for _ in 0..3 {
        let Err(DirectoryError::Denied(message)) = forest.read_forest().await else { panic!("let in") };
        assert!(message.contains("the name or the password is wrong") && !message.contains("hunter2"), "{message}");
    }
    assert!(forest.stamp(&ObjectGuid::from_ad_slice(GUID).unwrap(), None, Some(GUID)).await.is_err());
    assert_eq!(fake.count(Op::Bind), 1);
}

#[tokio::test]
async fn a_broken_list_is_read_again_from_its_start_or_not_used() {
    let fake = users(|request| match request.cookie.as_slice() {
        b"" => vec![user(65), page(b"next")],
        _ if request.connection < 2 => vec![user(66), Reply::HangUp],
        _ => vec![user(67), page(b"")],
    })
    .await;
    let read = forest(&fake).read_forest().await.unwrap();
    assert_eq!(read.users.len(), 2);
    assert_eq!(fake.count(Op::Bind), 3);

    let fake = users(|_| vec![user(65), Reply::HangUp]).await;
    let error = forest(&fake).read_forest().await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(message) if message.contains(LOST)), "{error}");
    assert_eq!(fake.count(Op::Bind), 3);
}

#[tokio::test]
async fn a_list_that_may_be_short_is_an_error() {
    for (replies, says) in [
        (vec![user(65), result(5, 4, "")], "cut the list short"),
        (vec![user(65), result(5, 3, "")], "ran out of its time"),
        (vec![user(65), result(5, 11, "")], "administrative limit"),
        (vec![user(65), result(5, 0, "")], "no heed to paging"),
        (vec![result(5, 32, "0000208D: NameErr")], "check `baseDn`"),
        (vec![result(5, 10, "0000202B: RefErr")], "does not hold that part"),
        (vec![user(65), Reply::Silence], "no answer within"),
        (vec![page(b"same")], "pages do not end: they begin again"),
        (vec![user(65), user(66), page(b"same")], "pages do not end: they begin again"),
        (vec![user(65), Reply::Bytes(vec![0x30, 0x05, 0x02, 0x01, 0x03, 0x7e, 0x00])], ""),
        (vec![Reply::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())], ""),
        (vec![entry("CN=a,DC=x", &[("objectClass", b"user"), ("objectGUID", b"short")]), page(b"")], "objectGUID is not usable"),
    ] {
        let label = format!("{replies:?}");
        let fake = users(move |_| replies.clone()).await;
        let error = forest(&fake).read_forest().await.expect_err(&label).to_string();
        assert!(error.contains(says), "{label}: {error}");
    }
}

/// Some servers send one cookie for all pages, and some send a page without an entry where they passed over much.
#[tokio::test]
async fn a_list_whose_pages_do_not_end_is_an_error() {
    let asked = AtomicU8::new(0);
    let fake = users(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        number @ 0..5 => vec![user(65 + number), page(b"same")],
        _ => vec![user(70), page(b"")],
    })
    .await;
    assert_eq!(forest(&fake).read_forest().await.unwrap().users.len(), 6);

    let fake = users(|request| vec![page(&[&request.cookie[..], b"x"].concat())]).await;
    let error = forest(&fake).read_forest().await.unwrap_err().to_string();
    assert!(error.contains("more than 200 in a row are empty"), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_kept() {
    let large = vec![b'x'; 60_000];
    let many = (0..20).map(|n| entry(&format!("CN={n},DC=x"), &[("description", &large)])).collect::<Vec<_>>();
    let fake = users(move |_| [many.clone(), vec![page(b"")]].concat()).await;
    let error = forest(&fake).read_forest().await.unwrap_err().to_string();
    assert!(error.contains("more than 1 MiB"), "{error}");

    let value = vec![b'x'; 60_000];
    let fake = Fake::start(move |request| match request.op {
        Op::Bind => vec![result(1, 0, "")],
        Op::Search if request.scope == 2 => {
            let first: &[(&str, &[u8])] =
                &[("objectClass", b"user"), ("objectGUID", GUID), ("proxyAddresses;range=0-0", &value), ("proxyAddresses", b"")];
            vec![entry("CN=a,DC=x", first), page(b"")]
        }
        Op::Search => match request.attributes.first().and_then(|wanted| wanted.strip_prefix("proxyAddresses;range=")) {
            Some(range) => {
                let next = range.trim_end_matches("-*");
                vec![entry("CN=a,DC=x", &[(&format!("proxyAddresses;range={next}-{next}"), &value)]), result(5, 0, "")]
            }
            None => vec![entry("", &[("defaultNamingContext", b"DC=x")]), result(5, 0, "")],
        },
        Op::Modify | Op::Other => vec![Reply::HangUp],
    })
    .await;
    let error = forest(&fake).read_forest().await.unwrap_err().to_string();
    assert!(error.contains("more than 1 MiB"), "{error}");
}

#[tokio::test]
async fn the_rest_of_many_values_is_fetched() {
    let fake = Fake::start(|request| match request.op {
        Op::Bind => vec![result(1, 0, "")],
        Op::Search if request.scope == 2 => {
            let first: &[(&str, &[u8])] = &[
                ("objectClass", b"user"),
                ("objectGUID", GUID),
                ("proxyAddresses;range=0-0", b"SMTP:a@x"),
                ("proxyAddresses", b""),
            ];
            vec![entry("CN=a,DC=x", first), page(b"")]
        }
        Op::Search => match request.attributes.first().map(String::as_str) {
            Some("proxyAddresses;range=1-*") => {
                vec![entry("CN=a,DC=x", &[("proxyAddresses;range=1-1", b"smtp:b@x")]), result(5, 0, "")]
            }
            Some("proxyAddresses;range=2-*") => {
                vec![entry("CN=a,DC=x", &[("proxyAddresses;range=2-*", b"smtp:c@x")]), result(5, 0, "")]
            }
            _ => vec![entry("", &[("defaultNamingContext", b"DC=x")]), result(5, 0, "")],
        },
        Op::Modify | Op::Other => vec![Reply::HangUp],
    })
    .await;
    let read = forest(&fake).read_forest().await.unwrap();
    let addresses: Vec<&str> = read.users[0].proxy_addresses.iter().collect();
    assert_eq!(addresses, ["SMTP:a@x", "smtp:b@x", "smtp:c@x"]);

    let fake = users(|_| {
        let cut: &[(&str, &[u8])] = &[("objectClass", b"user"), ("objectGUID", GUID), ("proxyAddresses;range=0-0", b"SMTP:a@x")];
        vec![entry("CN=a,DC=x", cut), page(b"")]
    })
    .await;
    let error = forest(&fake).read_forest().await.unwrap_err().to_string();
    assert!(error.contains("only the first 1 values came"), "{error}");

    let last = format!("proxyAddresses;range=0-{}", u64::MAX);
    let fake = users(move |_| {
        let cut: &[(&str, &[u8])] = &[("objectClass", b"user"), ("objectGUID", GUID), (&last, b"SMTP:a@x")];
        vec![entry("CN=a,DC=x", cut), page(b"")]
    })
    .await;
    let error = forest(&fake).read_forest().await.unwrap_err().to_string();
    assert!(error.contains("only the first 18446744073709551615 values came"), "{error}");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_unknown() {
    let guid = ObjectGuid::from_ad_slice(GUID).unwrap();
    for last in [Reply::HangUp, Reply::Silence] {
        let fake = Fake::start(move |request| match request.op {
            Op::Bind => vec![result(1, 0, "")],
            Op::Search | Op::Modify | Op::Other => vec![last.clone()],
        })
        .await;
        let forest = forest(&fake);
        let outcome = forest.stamp(&guid, None, Some(GUID)).await;
        assert!(matches!(outcome, Err(DirectoryError::Unknown(_))), "{outcome:?}");
        assert_eq!(fake.count(Op::Modify), 1);
    }
}

#[tokio::test]
async fn a_refused_write_says_why() {
    let guid = ObjectGuid::from_ad_slice(GUID).unwrap();
    for (code, admin_count, says) in [
        (20, b"0", "changed meanwhile"),
        (16, b"0", "changed meanwhile"),
        (50, b"0", "grant it"),
        (50, b"1", "AdminSDHolder"),
        (10, b"0", "writable one"),
    ] {
        let fake = Fake::start(move |request| match request.op {
            Op::Bind => vec![result(1, 0, "")],
            Op::Modify => vec![result(7, code, "")],
            Op::Search if request.scope == 2 => {
                let own: &[(&str, &[u8])] = &[("objectClass", b"user"), ("objectGUID", GUID), ("adminCount", admin_count)];
                vec![entry("CN=a,DC=x", own), page(b"")]
            }
            Op::Search => vec![result(5, 0, "")],
            Op::Other => vec![Reply::HangUp],
        })
        .await;
        let error = forest(&fake).stamp(&guid, Some(&[1; 16]), Some(GUID)).await.unwrap_err();
        assert!(error.to_string().contains(says), "{code}: {error}");
        assert_eq!(matches!(error, DirectoryError::Denied(_)), code == 50);
    }
}

#[tokio::test]
async fn nothing_follows_a_refused_start_tls() {
    let fake = Fake::start(|_| vec![result(24, 52, "no certificate")]).await;
    let error = LdapForest::new(LdapSettings { start_tls: true, ..settings(&fake) }).unwrap().read_forest().await.unwrap_err();
    assert!(error.to_string().contains("does not start TLS"), "{error}");
    assert_eq!((fake.count(Op::Other), fake.count(Op::Bind)), (1, 0));
}

#[tokio::test]
async fn users_come_back_in_the_order_asked_for() {
    let fake = users(|_| vec![user(66), user(65), page(b"")]).await;
    let guid = |number| ObjectGuid::from_ad_slice(&[&[number], &GUID[1..]].concat()).unwrap();
    let read = forest(&fake).read_users(&[guid(65), guid(67), guid(66), guid(65)]).await.unwrap();
    let names: Vec<Option<&str>> = read.iter().map(|user| user.as_ref().and_then(|user| user.sam.as_deref())).collect();
    assert_eq!(names, [Some("user65"), None, Some("user66"), Some("user65")]);
}

#[tokio::test]
async fn few_are_looked_for_by_their_anchors_and_many_in_a_list() {
    let fake = users(|_| vec![user(66), page(b"")]).await;
    let anchor = |number| ObjectGuid::from_ad_slice(&[&[number], &GUID[1..]].concat()).unwrap().immutable_id();
    let found = forest(&fake).find_by_anchor(&[anchor(66)]).await.unwrap();
    assert_eq!(found.iter().filter_map(|user| user.sam.as_deref()).collect::<Vec<_>>(), ["user66"]);
    let one = fake.count(Op::Search);
    let many: Vec<ImmutableId> = (0..=100).map(anchor).collect();
    assert_eq!(forest(&fake).find_by_anchor(&many).await.unwrap().len(), 1);
    assert!(fake.count(Op::Search) - one > one, "a list first");
}

#[tokio::test]
async fn nobody_there_is_said_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://127.0.0.1:{}", listener.local_addr().unwrap().port());
    drop(listener);
    let credentials = Credentials::Simple { user: "eve@x".to_owned(), password: "y".into() };
    let forest = LdapForest::new(LdapSettings::new("corp", AnchorMode::ObjectGuid, &url, credentials)).unwrap();
    let error = forest.read_forest().await.unwrap_err().to_string();
    assert!(error.contains("is the server up"), "{error}");
}

#[test]
fn an_ldaps_forest_needs_no_set_up() {
    let credentials = Credentials::Simple { user: "eve@x".to_owned(), password: "y".into() };
    let settings = LdapSettings::new("corp", AnchorMode::Attribute("extensionAttribute1".into()), "ldaps://dc1.x", credentials);
    let forest = LdapForest::new(settings).unwrap();
    assert!(forest.attributes.iter().any(|name| name == "extensionAttribute1"));
    assert!(forest.attributes.iter().any(|name| name == "mS-DS-ConsistencyGuid"));
}
