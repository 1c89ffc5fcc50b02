//! Answers that are meant to bring the program down.

use super::*;

const MALFORMED: &str = "no well-formed LDAP message";

/// Elements in one another, with lengths that are right.
fn deep() -> Vec<u8> {
    let mut heads = Vec::new();
    let mut length = 0u32;
    for _ in 0..20_000 {
        heads.push([&[0x30, 0x84], &length.to_be_bytes()[..]].concat());
        length += 6;
    }
    heads.into_iter().rev().flatten().collect()
}

/// A message of 2^40 bytes, as far as it has come.
fn endless() -> Vec<u8> {
    [&[0x30, 0x88, 0, 0, 1, 0, 0, 0, 0, 0][..], &[0; 1 << 12]].concat()
}

fn unreachable(error: &DirectoryError, says: &str) {
    assert!(matches!(error, DirectoryError::Unreachable(message) if message.contains(says)), "{error}");
}

#[tokio::test]
async fn what_would_exhaust_the_stack_or_the_memory_is_an_error() {
    for (bytes, says) in
        [(deep(), MALFORMED), (endless(), "more than 16 MiB"), (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), MALFORMED)]
    {
        let listed = bytes.clone();
        let fake = users(move |_| vec![user(65), Reply::Bytes(listed.clone())]).await;
        unreachable(&forest(&fake).read_forest().await.unwrap_err(), says);
        assert_eq!(fake.count(Op::Bind), 1, "nothing is tried again");

        let fake = Fake::start(move |_| vec![Reply::Bytes(bytes.clone())]).await;
        let error = forest(&fake).read_forest().await.unwrap_err();
        unreachable(&error, says);
        unreachable(&error, "answer to the sign-in");
        let error =
            LdapForest::new(LdapSettings { start_tls: true, ..settings(&fake) }).unwrap().read_forest().await.unwrap_err();
        unreachable(&error, says);
        unreachable(&error, "while TLS was to be started");
    }
}

#[tokio::test]
async fn what_is_deep_inside_a_control_is_an_error() {
    let fake = users(|_| vec![user(65), fake::page_of(&deep())]).await;
    unreachable(&forest(&fake).read_forest().await.unwrap_err(), MALFORMED);
}

#[tokio::test]
async fn values_and_references_of_no_length_are_counted() {
    let many = vec![Reply::Message(fake::no_values(10_000), Vec::new()); 4];
    let fake = users(move |_| [many.clone(), vec![page(b"")]].concat()).await;
    unreachable(&forest(&fake).read_forest().await.unwrap_err(), "more than 1 MiB");

    let fake = users(move |_| vec![fake::references(30_000), page(b"")]).await;
    unreachable(&forest(&fake).read_forest().await.unwrap_err(), "more than 1 MiB");
}

#[tokio::test]
async fn a_server_that_hangs_up_before_it_is_one_is_told_from_a_list_that_broke() {
    let fake = Fake::start(|_| vec![Reply::HangUp]).await;
    unreachable(&forest(&fake).read_forest().await.unwrap_err(), "hung up at the sign-in; does a domain controller listen");
    let guid = ObjectGuid::from_ad_slice(GUID).unwrap();
    unreachable(&forest(&fake).stamp(&guid, None, Some(GUID)).await.unwrap_err(), "was not written");
    let error = LdapForest::new(LdapSettings { start_tls: true, ..settings(&fake) }).unwrap().read_forest().await.unwrap_err();
    unreachable(&error, "hung up when it was asked to start TLS");
}

#[tokio::test]
async fn what_is_sent_before_tls_is_up_is_not_used() {
    let fake = Fake::start(|_| vec![result(24, 0, ""), result(1, 0, "")]).await;
    let error = LdapForest::new(LdapSettings { start_tls: true, ..settings(&fake) }).unwrap().read_forest().await.unwrap_err();
    assert!(error.to_string().contains("TLS"), "{error}");
    assert_eq!((fake.count(Op::Other), fake.count(Op::Bind)), (1, 0));
}

#[tokio::test]
async fn a_password_that_comes_back_is_not_shown() {
    let echo = |op, code| {
        let text = format!("{}hunter2 HUNTER2, aHVudGVyMg==", "x".repeat(235));
        fake::referred(op, code, &text, "ldap://x/hunter2")
    };
    let hidden = |error: DirectoryError| {
        let text = format!("{error} {error:?}").to_ascii_lowercase();
        assert!(!text.contains("hunt") && !text.contains("ahvud") && text.contains("xx"), "{text}");
    };
    let fake = Fake::start(move |_| vec![echo(1, 49)]).await;
    hidden(forest(&fake).read_forest().await.unwrap_err());
    let fake = users(move |_| vec![echo(5, 10)]).await;
    hidden(forest(&fake).read_forest().await.unwrap_err());
    let guid = ObjectGuid::from_ad_slice(GUID).unwrap();
    for code in [10, 19, 50, 51] {
        let fake = Fake::start(move |request| vec![if request.op == Op::Bind { result(1, 0, "") } else { echo(7, code) }]).await;
        hidden(forest(&fake).stamp(&guid, None, Some(GUID)).await.unwrap_err());
    }
    let fake = Fake::start(move |_| vec![echo(24, 52)]).await;
    hidden(LdapForest::new(LdapSettings { start_tls: true, ..settings(&fake) }).unwrap().read_forest().await.unwrap_err());
}

/// A server that cuts the addresses of its only user after the first two; the script names the range that comes next.
async fn ranges(first: &'static str, script: impl Fn(u64) -> String + Send + Sync + 'static) -> DirectoryError {
    let fake = Fake::start(move |request| match request.op {
        Op::Bind => vec![result(1, 0, "")],
        Op::Search if request.scope == 2 => {
            let cut: &[(&str, &[u8])] = &[("objectClass", b"user"), ("objectGUID", GUID), (first, b"smtp:a@x")];
            vec![entry("CN=a,DC=x", cut), page(b"")]
        }
        Op::Search => match request.attributes.first().and_then(|wanted| wanted.strip_prefix("proxyAddresses;range=")) {
            Some(range) => {
                let name = format!("proxyAddresses;range={}", script(range.trim_end_matches("-*").parse().unwrap()));
                vec![entry("CN=a,DC=x", &[(&name, b"smtp:b@x")]), result(5, 0, "")]
            }
            None => vec![entry("", &[("defaultNamingContext", b"DC=x")]), result(5, 0, "")],
        },
        Op::Modify | Op::Other => vec![Reply::HangUp],
    })
    .await;
    forest(&fake).read_forest().await.unwrap_err()
}

#[tokio::test]
async fn ranges_without_end_or_with_a_gap_are_an_error() {
    let first = "proxyAddresses;range=0-1";
    unreachable(&ranges(first, |next| format!("{next}-{next}")).await, "more than 30 ranges of values");
    unreachable(&ranges(first, |_| "5-*".to_owned()).await, "of `proxyAddresses` of one user only the first 2 values came");
    unreachable(&ranges(first, |_| "0-*".to_owned()).await, "only the first 2 values came");
    unreachable(&ranges("proxyAddresses;range=3-*", |_| "0-*".to_owned()).await, "only the first 0 values came");
}
