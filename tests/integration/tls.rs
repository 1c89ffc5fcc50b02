//! Connections to servers that are not what they should be: nothing secret is sent over one.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::common::Hardmatch;

const SECRET: &str = "hunter2-and-more";
/// A handshake of TLS 1.1, as far as it goes: the record, then ServerHello with a cipher of that time.
const OLD_HELLO: [u8; 7] = [0x16, 3, 2, 0, 42, 2, 0];

/// A server that speaks TLS 1.1 only; tells what each connection sent.
fn old_server() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, sent) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if sender.send(answer_in_old_tls(stream.unwrap())).is_err() {
                return;
            }
        }
    });
    (port, sent)
}

fn answer_in_old_tls(mut stream: TcpStream) -> Vec<u8> {
    let mut hello = [0; 4096];
    let count = stream.read(&mut hello).unwrap_or(0);
    let random = [7; 32];
    let answer = [&OLD_HELLO[..], &[0, 38, 3, 2], &random, &[0, 0xc0, 0x13, 0]].concat();
    stream.write_all(&answer).ok();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).ok();
    [&hello[..count], &rest].concat()
}

fn assert_sent_nothing_secret(sent: &Receiver<Vec<u8>>) {
    // The server tells once the connection has ended, which may be after the program.
    let first = sent.recv_timeout(Duration::from_secs(30)).expect("nobody called");
    for sent in std::iter::once(first).chain(sent.try_iter()) {
        assert!(!String::from_utf8_lossy(&sent).contains("hunter2"), "{sent:?}");
    }
}

#[test]
fn old_tls_is_refused() {
    let (port, sent) = old_server();
    let here = Hardmatch::example("first-link").env("SECRET", SECRET);
    here.write("snapshot.yaml", here.read("hardmatch.yaml"));
    let auth = "auth: { token: { env: SECRET } }";
    let live = format!("graph: {{ tenantId: contoso.onmicrosoft.com, {auth}, endpoint: \"https://127.0.0.1:{port}\" }}");
    here.edit("hardmatch.yaml", "snapshot: tenant.json", &live);
    let run = here.run(&["-vvv", "plan"]);
    run.expect(5).says(&["TLS handshake", &format!("127.0.0.1:{port}")]).hides(SECRET);
    assert_sent_nothing_secret(&sent);

    let bind = "bind: { simple: { user: svc@corp.example, password: { env: SECRET } } }";
    here.write("hardmatch.yaml", here.read("snapshot.yaml"));
    here.edit(
        "hardmatch.yaml",
        "ldif: corp.ldif",
        &format!("ldap: {{ url: \"ldaps://127.0.0.1:{port}\", baseDn: \"DC=corp\", {bind} }}"),
    );
    let run = here.run(&["-vvv", "plan"]);
    run.expect(5).says(&["TLS handshake"]).hides(SECRET);
    assert_sent_nothing_secret(&sent);
}

/// There is no word for it, whatever others call it.
#[test]
fn certificates_are_checked_and_there_is_no_switch() {
    for switch in ["insecure: true", "verify: false", "skipVerify: true", "tlsVerify: none", "checkCertificate: false"] {
        let here = Hardmatch::example("first-link").env("SECRET", SECRET);
        let graph = format!("graph: {{ tenantId: contoso.onmicrosoft.com, auth: {{ token: {{ env: SECRET }} }}, {switch} }}");
        here.edit("hardmatch.yaml", "snapshot: tenant.json", &graph);
        here.run(&["validate"]).expect(3).says(&["unknown key"]);
    }
}

#[test]
fn http_is_for_this_very_machine_only() {
    for endpoint in ["http://10.0.0.1:9", "http://graph.example", "http://127.0.0.1.example:9", "http://0.0.0.0:9"] {
        let here = Hardmatch::example("first-link").env("SECRET", SECRET);
        let auth = "auth: { token: { env: SECRET } }";
        let live = format!("graph: {{ tenantId: contoso.onmicrosoft.com, {auth}, endpoint: \"{endpoint}\" }}");
        here.edit("hardmatch.yaml", "snapshot: tenant.json", &live);
        here.run(&["plan"]).expect(3).says(&["https"]).hides(SECRET);
    }
}
