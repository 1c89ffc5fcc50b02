//! Tokens: how to get one, and what happens without.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const SCOPE: &str = "https://graph.microsoft.com/.default";

async fn start(sign_in: Value) -> Graph {
    Graph::scripted(&tenant(vec![user(1, "ann", json!({}))], vec![]), json!({ "signIn": sign_in })).await
}

async fn form(graph: &Graph, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('%', "%25").replace('+', "%2B").replace('&', "%26")))
        .collect();
    let request = graph.client.post(format!("{}{path}", graph.endpoint));
    Graph::send(request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"))).await
}

async fn token(graph: &Graph, fields: &[(&str, &str)]) -> Reply {
    let fixed = [("grant_type", "client_credentials"), ("client_id", "app"), ("scope", SCOPE)];
    form(graph, &format!("/{TENANT}/oauth2/v2.0/token"), &[&fixed[..], fields].concat()).await
}

fn refusal(reply: &Reply) -> u64 {
    let json = reply.json();
    let code = json["error_codes"][0].as_u64().unwrap_or_else(|| panic!("{json}"));
    assert!(json["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{code}:")));
    code
}

fn jwt(header: Value, claims: Value) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", encode(header), encode(claims), URL_SAFE_NO_PAD.encode("signature"))
}

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let graph = start(json!({})).await;
    for header in ["", "Bearer", "Bearer nonsense", "Basic YTpi"] {
        let reply = Graph::send(graph.client.get(format!("{}/v1.0/users", graph.endpoint)).header("authorization", header)).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "InvalidAuthenticationToken"), "{header}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
}

#[tokio::test]
async fn client_secrets() {
    let clients = json!({ "clients": [{ "clientId": "app", "secret": "right+secret" }, { "clientId": "old", "secret": "s", "secretExpired": true }], "tokenSeconds": 600 });
    let graph = start(clients).await;
    let reply = token(&graph, &[("client_secret", "right+secret")]).await;
    let json = reply.json();
    assert_eq!((reply.status, &json["token_type"], &json["expires_in"]), (200, &json!("Bearer"), &json!(600)));
    let access = json["access_token"].as_str().unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert!(
        claims["roles"].as_array().unwrap().contains(&json!("User.ReadWrite.All"))
            && claims["wids"][0] == "62e90394-69f5-4237-9190-012177145e10"
    );
    let read = |token: String| graph.client.get(format!("{}/v1.0/users", graph.endpoint)).bearer_auth(token);
    assert_eq!(Graph::send(read(access.to_owned())).await.status, 200);
    graph.post("/__emulator/clock", json!({ "advanceSeconds": 601 })).await;
    assert_eq!(Graph::send(read(access.to_owned())).await.status, 401, "its time is over");
    let wrong = token(&graph, &[("client_secret", "wrong")]).await;
    assert_eq!((wrong.status, wrong.json()["error"].as_str(), refusal(&wrong)), (401, Some("invalid_client"), 7_000_215));
    assert_eq!(refusal(&token(&graph, &[]).await), 7_000_218);
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let other = |client: &'static str| {
        [("grant_type", "client_credentials"), ("client_id", client), ("scope", SCOPE), ("client_secret", "s")]
    };
    assert_eq!(refusal(&form(&graph, &path, &other("old")).await), 7_000_222);
    assert_eq!(refusal(&form(&graph, &path, &other("stranger")).await), 700_016);
    assert_eq!(refusal(&form(&graph, "/nowhere.example/oauth2/v2.0/token", &other("app")).await), 90_002);
    assert_eq!(
        form(
            &graph,
            "/x.onmicrosoft.com/oauth2/v2.0/token",
            &[("grant_type", "client_credentials"), ("client_id", "app"), ("scope", SCOPE), ("client_secret", "right+secret")]
        )
        .await
        .status,
        200
    );
    let log = graph.get("/__emulator/requests").await.text;
    assert!(!log.contains("right") && !log.contains(access));
}

#[tokio::test]
async fn scopes_name_graph() {
    let graph = start(json!({})).await;
    let ask = async |scope: &str| {
        form(
            &graph,
            &format!("/{TENANT}/oauth2/v2.0/token"),
            &[("grant_type", "client_credentials"), ("client_id", "a"), ("client_secret", "s"), ("scope", scope)],
        )
        .await
    };
    assert_eq!(ask(SCOPE).await.status, 200);
    assert_eq!(ask(&format!("{}/.default", graph.endpoint)).await.status, 200);
    assert_eq!(refusal(&ask("User.Read").await), 1_002_012);
    assert_eq!(refusal(&ask("https://vault.azure.net/.default").await), 500_011);
}

#[tokio::test]
async fn certificate_assertions() {
    let graph = start(json!({ "clients": [{ "clientId": "app", "thumbprints": ["good"] }] })).await;
    let endpoint = format!("{}/{TENANT}/oauth2/v2.0/token", graph.endpoint);
    let now = jiff::Timestamp::now().as_second();
    let claims = |jti: &str| json!({ "aud": endpoint, "iss": "app", "sub": "app", "jti": jti, "nbf": now, "exp": now + 300 });
    let head = || json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": "good" });
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let send =
        async |assertion: String| token(&graph, &[("client_assertion", &assertion), ("client_assertion_type", kind)]).await;
    assert_eq!(send(jwt(head(), claims("1"))).await.status, 200);
    assert_eq!(refusal(&send(jwt(head(), claims("1"))).await), 700_027, "used before");
    assert_eq!(send(jwt(json!({ "alg": "RS256", "x5t": "good" }), claims("2"))).await.status, 200);
    let with = |name: &str, value: Value| {
        let mut claims = claims(&format!("{name}{value}"));
        claims[name] = value;
        claims
    };
    for (wrong, code) in [
        (jwt(head(), with("aud", json!("https://elsewhere.example/oauth2/v2.0/token"))), 700_027),
        (jwt(head(), with("sub", json!("other"))), 700_027),
        (jwt(head(), with("jti", Value::Null)), 700_027),
        (jwt(head(), with("exp", json!(now - 1000))), 700_024),
        (jwt(head(), with("nbf", json!(now + 1000))), 700_024),
        (jwt(json!({ "alg": "HS256", "x5t": "good" }), claims("3")), 700_027),
        (jwt(json!({ "alg": "PS256", "x5t#S256": "bad" }), claims("4")), 700_027),
        (jwt(json!({ "alg": "PS256" }), claims("5")), 700_027),
        ("a.b".to_owned(), 50_027),
    ] {
        assert_eq!(refusal(&send(wrong.clone()).await), code, "{wrong}");
    }
}

#[tokio::test]
async fn federated_assertions() {
    let trusted = json!({ "clients": [{ "clientId": "app", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:o/r:environment:prod" }] });
    let graph = start(trusted).await;
    let now = jiff::Timestamp::now().as_second();
    let claims = |aud: &str, iss: &str, sub: &str| json!({ "aud": aud, "iss": iss, "sub": sub, "exp": now + 300 });
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let send = async |claims: Value| {
        token(&graph, &[("client_assertion", &jwt(json!({ "alg": "RS256" }), claims)), ("client_assertion_type", kind)]).await
    };
    let (aud, iss, sub) =
        ("api://AzureADTokenExchange", "https://token.actions.githubusercontent.com", "repo:o/r:environment:prod");
    assert_eq!(send(claims(aud, iss, sub)).await.status, 200);
    assert_eq!(refusal(&send(claims("api://other", iss, sub)).await), 700_212);
    assert_eq!(refusal(&send(claims(aud, "https://other.example", sub)).await), 700_211);
    assert_eq!(refusal(&send(claims(aud, iss, "repo:o/r:pull_request")).await), 700_213);
}

#[tokio::test]
async fn device_codes() {
    let code = async |settings: Value| {
        let graph = start(json!({ "deviceCode": settings })).await;
        let began = form(
            &graph,
            "/common/oauth2/v2.0/devicecode",
            &[("client_id", "app"), ("scope", "https://graph.microsoft.com/.default offline_access")],
        )
        .await
        .json();
        let mut answers = Vec::new();
        let mut last = Value::Null;
        for _ in 0..4 {
            last = form(
                &graph,
                "/common/oauth2/v2.0/token",
                &[
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                    ("client_id", "app"),
                    ("device_code", began["device_code"].as_str().unwrap()),
                ],
            )
            .await
            .json();
            answers.push(last["error"].as_str().unwrap_or("token").to_owned());
            if last["error"].is_null() {
                break;
            }
        }
        assert!(began["message"].as_str().unwrap().contains(began["user_code"].as_str().unwrap()));
        (graph, answers, last)
    };
    let (graph, answers, last) = code(json!({ "pending": 1, "slowDown": 1 })).await;
    assert_eq!(answers, ["authorization_pending", "slow_down", "token"]);
    let refresh = last["refresh_token"].as_str().unwrap();
    let again = async || {
        form(
            &graph,
            "/common/oauth2/v2.0/token",
            &[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh)],
        )
        .await
    };
    assert_eq!([again().await.status, again().await.status], [200, 400], "a refresh token is used once");
    assert_eq!(
        code(json!({ "pending": 0, "outcome": "declined" })).await.1[..2],
        ["authorization_declined", "bad_verification_code"]
    );
    assert_eq!(code(json!({ "pending": 0, "outcome": "expired" })).await.1[0], "expired_token");
}

#[tokio::test]
async fn discovery_and_managed_identity() {
    let graph = start(json!({})).await;
    let found = graph.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration")).await.json();
    assert_eq!(found["token_endpoint"], format!("{}/{TENANT}/oauth2/v2.0/token", graph.endpoint));
    let identity = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://graph.microsoft.com";
    assert_eq!(graph.get(identity).await.status, 400, "the header is missing");
    let reply = Graph::send(graph.request(Method::GET, identity).header("Metadata", "true")).await;
    assert!(reply.json()["access_token"].is_string() && reply.json()["expires_on"].is_string());
}
