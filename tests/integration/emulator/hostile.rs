//! Nothing that a client sends brings the emulator down: there is always an envelope.

use std::io::{Read as _, Write as _};

use serde_json::json;

use super::*;

#[tokio::test]
async fn odd_addresses_and_bodies_get_an_error() {
    let graph = Graph::start(&tenant(vec![user(1, "ann", json!({}))], vec![])).await;
    let deep = "(".repeat(5000);
    for path in [
        "/",
        "/v1.0",
        "/v1.0/",
        "//",
        "/beta//",
        "/v1.0/users/%ff",
        "/v1.0/users/%00",
        "/v1.0/users('",
        "/v1.0/users('')",
        "/v1.0/users/a/b/c/d",
        "/v1.0/users?$filter=%ff",
        "/v1.0/users?$filter=",
        "/v1.0/users?$orderby=",
        "/v1.0/users?$search=",
        "/v1.0/users?$expand=((((",
        "/v1.0/users?$skiptoken=%F0%9F%98%80",
        "/v1.0/users?$skiptoken=e30",
        "/v1.0/directory",
        "/v1.0/directory/deletedItems/x/y/z",
        "/v1.0/$metadata",
        "/__emulator",
        "/__emulator/nothing",
        "/x/oauth2/v2.0/token",
        "/.well-known/openid-configuration",
        "/v1.0/roleManagement",
        "/v1.0/users/delta",
        "/v1.0/me/x",
        &format!("/v1.0/users?$filter={deep}"),
    ] {
        for method in [Method::GET, Method::PATCH, Method::DELETE, Method::POST, Method::PUT, Method::OPTIONS] {
            let reply =
                Graph::send(graph.request(method.clone(), path).header("content-type", "application/json").body("{]")).await;
            let known = reply.status == 200 || (400..500).contains(&reply.status);
            assert!(known, "{method} {path}: {} {}", reply.status, reply.text);
            assert!(reply.status == 200 || !reply.json()["error"].is_null(), "{method} {path}: {}", reply.text);
        }
    }
    let nested = format!("{{\"displayName\":{}}}", "[".repeat(100_000));
    let patch = |body: String| {
        graph.request(Method::PATCH, &format!("/v1.0/users/{}", id(1))).header("content-type", "application/json").body(body)
    };
    assert_eq!(Graph::send(patch(nested)).await.status, 400);
    assert_eq!(Graph::send(patch(format!("{{\"displayName\":\"{}\"}}", "x".repeat(5 << 20)))).await.status, 413);
    assert_eq!(graph.get("/v1.0/users").await.status, 200);
}

#[tokio::test]
async fn raw_bytes_do_not_bring_it_down() {
    let graph = Graph::start(&tenant(vec![user(1, "ann", json!({}))], vec![])).await;
    let address = graph.endpoint.trim_start_matches("http://").to_owned();
    for bytes in [
        &b"\xff\xfe\x00\x01\r\n\r\n"[..],
        b"GET /v1.0/users HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"POST /v1.0/$batch HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ] {
        let (address, bytes) = (address.clone(), bytes.to_vec());
        tokio::task::spawn_blocking(move || {
            let mut socket = std::net::TcpStream::connect(address).unwrap();
            socket.write_all(&bytes).unwrap();
            socket.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).ok();
        })
        .await
        .unwrap();
    }
    assert_eq!(graph.get("/v1.0/users").await.status, 200);
}
