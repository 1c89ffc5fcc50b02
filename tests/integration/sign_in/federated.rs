//! Federated credentials: pipelines and clusters, with the emulator taking their tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hardmatch::directory::entra::graph::auth::{Authority, Cloud, SignIn, open};
use hardmatch::directory::ports::DirectoryError;
use serde_json::{Value, json};

use super::emulated::Entra;
use super::server::{Server, canned};
use super::{TENANT, World};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "repo:o/r:environment:prod";

fn jwt(subject: &str) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let ends = jiff::Timestamp::now().as_second() + 300;
    let claims = json!({ "aud": "api://AzureADTokenExchange", "iss": ISSUER, "sub": subject, "exp": ends });
    format!("{}.{}.{}", encode(json!({ "alg": "RS256" })), encode(claims), URL_SAFE_NO_PAD.encode("signature"))
}

async fn entra() -> Entra {
    Entra::start(json!({ "clients": [{ "clientId": "app", "issuer": ISSUER, "subject": SUBJECT }] })).await
}

fn workload() -> SignIn {
    SignIn::WorkloadIdentity { client_id: None }
}

fn github(endpoint: &str) -> World {
    World::with(&[
        ("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("{endpoint}/token?api-version=2.0")),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner-token"),
        ("AZURE_CLIENT_ID", "app"),
    ])
}

#[tokio::test]
async fn github_actions() {
    let entra = entra().await;
    let issuer = Server::start(vec![canned(200, json!({ "value": jwt(SUBJECT) }).to_string())]);
    let world = github(&issuer.endpoint);
    let source = world.open(&entra.endpoint, workload()).unwrap();
    let first = source.token(None).await.unwrap();
    source.token(Some(&first)).await.unwrap();
    let requests = issuer.requests();
    assert_eq!(requests.len(), 2, "a token of the pipeline is fetched for each sign-in");
    let line = "GET /token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange HTTP/1.1\r\n";
    assert!(requests[0].starts_with(line) && requests[0].contains("authorization: Bearer runner-token\r\n"), "{}", requests[0]);
}

#[tokio::test]
async fn a_subject_that_nobody_trusts_is_named_and_the_token_is_not() {
    let entra = entra().await;
    let assertion = jwt("repo:o/r:pull_request");
    let issuer = Server::start(vec![canned(200, json!({ "value": assertion }).to_string())]);
    let error = github(&issuer.endpoint).token(&entra.endpoint, workload()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("AADSTS700213") && text.contains("compare `subject`"), "{text}");
    assert!(!text.contains(&assertion) && !text.contains("runner-token"));
}

#[tokio::test]
async fn an_issuer_that_gives_nothing() {
    let entra = entra().await;
    for (status, body, says) in [(401, "runner-token", "id-token: write"), (200, "{}", "no token"), (503, "", "HTTP 503")] {
        let issuer = Server::start(vec![canned(status, body)]);
        let error = github(&issuer.endpoint).token(&entra.endpoint, workload()).await.unwrap_err();
        assert!(error.to_string().contains(says) && !error.to_string().contains("runner-token"), "{error}");
    }
}

#[tokio::test]
async fn azure_devops() {
    let entra = entra().await;
    let issuer = Server::start(vec![canned(200, json!({ "oidcToken": jwt(SUBJECT) }).to_string())]);
    let world = World::with(&[
        ("SYSTEM_OIDCREQUESTURI", &format!("{}/oidc", issuer.endpoint)),
        ("SYSTEM_ACCESSTOKEN", "job-token"),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "conn"),
        ("AZURESUBSCRIPTION_CLIENT_ID", "app"),
    ]);
    world.token(&entra.endpoint, workload()).await.unwrap();
    let request = issuer.requests().remove(0);
    assert!(request.starts_with("POST /oidc?api-version=7.1&serviceConnectionId=conn HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer job-token\r\n"));
}

#[tokio::test]
async fn a_cluster_whose_file_is_read_each_time() {
    let entra = entra().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let world = World::with(&[
        ("AZURE_FEDERATED_TOKEN_FILE", path.to_str().unwrap()),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"),
        ("AZURE_CLIENT_ID", "app"),
    ]);
    let source = world.open(&entra.endpoint, workload()).unwrap();
    assert!(matches!(source.token(None).await, Err(DirectoryError::Input(text)) if text.contains("AZURE_FEDERATED_TOKEN_FILE")));
    std::fs::write(&path, jwt("system:serviceaccount:other")).unwrap();
    assert!(matches!(source.token(None).await, Err(DirectoryError::Denied(text)) if text.contains("AADSTS700213")));
    std::fs::write(&path, jwt(SUBJECT) + "\n").unwrap();
    source.token(None).await.unwrap();
}

#[tokio::test]
async fn a_token_that_a_task_hands_over() {
    let entra = entra().await;
    let world = World::with(&[("idToken", &jwt(SUBJECT)), ("servicePrincipalId", "app")]);
    world.token(&entra.endpoint, workload()).await.unwrap();
}

#[test]
fn an_environment_that_offers_nothing_says_what_is_missing() {
    for (variables, says) in [
        (&[("AZURE_CLIENT_ID", "app")][..], "nothing here issues a token"),
        (&[], "AZURE_CLIENT_ID"),
        (&[("AZURE_CLIENT_ID", "app"), ("GITHUB_ACTIONS", "true")], "id-token: write"),
        (&[("AZURE_CLIENT_ID", "app"), ("SYSTEM_OIDCREQUESTURI", "https://x.example")], "SYSTEM_ACCESSTOKEN"),
        (
            &[("AZURE_CLIENT_ID", "app"), ("SYSTEM_OIDCREQUESTURI", "https://x.example"), ("SYSTEM_ACCESSTOKEN", "t")],
            "service connection",
        ),
        (
            &[
                ("AZURE_CLIENT_ID", "app"),
                ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://x.example"),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t"),
            ],
            "loopback only",
        ),
    ] {
        let error = World::with(variables).open("http://127.0.0.1:1", workload()).err().unwrap();
        assert!(matches!(&error, DirectoryError::Input(text) if text.contains(says)), "{says}: {error}");
    }
}

#[test]
fn a_cluster_of_another_cloud_keeps_its_token() {
    let variables = [
        ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
        ("AZURE_CLIENT_ID", "app"),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"),
    ];
    let opened = |cloud| {
        let authority = Authority::new(cloud, TENANT, None).unwrap();
        open(workload(), authority, World::with(&variables).surroundings())
    };
    assert!(opened(Cloud::UsGov).is_ok());
    let error = opened(Cloud::Global).err().unwrap();
    assert!(matches!(&error, DirectoryError::Input(text) if text.contains("set `cloud`")), "{error}");
}
