//! Sign-in to the emulator.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hardmatch::directory::entra::graph::auth::{AccessToken, SignIn, TokenSource, claims};
use hardmatch::directory::ports::DirectoryError;
use hardmatch::emulator::{Emulator, Options};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::certificates::{PEM, THUMBPRINT, by_certificate};
use super::{TENANT, World, by_secret};

/// A running emulator.
pub(super) struct Entra {
    pub(super) endpoint: String,
    client: reqwest::Client,
    _folder: TempDir,
}

impl Entra {
    pub(super) async fn start(sign_in: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, json: Value| {
            let path = folder.path().join(name);
            std::fs::write(&path, json.to_string()).unwrap();
            path
        };
        let tenant = json!({
            "format": "hardmatch/tenant", "formatVersion": "1.0",
            "organization": { "id": TENANT, "onPremisesSyncEnabled": true },
            "domains": [{ "id": "x.onmicrosoft.com", "isVerified": true, "isInitial": true, "isDefault": true }],
            "users": [],
        });
        let faults = Some(file("faults.json", json!({ "signIn": sign_in })));
        let options = Options { tenant: file("tenant.json", tenant), faults, ..Options::default() };
        let emulator = Emulator::bind(&options).await.unwrap();
        let endpoint = emulator.endpoint().to_owned();
        tokio::spawn(emulator.serve(std::future::pending()));
        Self { endpoint, client: reqwest::Client::builder().no_proxy().build().unwrap(), _folder: folder }
    }

    async fn post(&self, path: &str, body: Value) {
        let sent = self.client.post(format!("{}{path}", self.endpoint)).json(&body).send().await.unwrap();
        assert!(sent.status().is_success(), "{path}: {}", sent.status());
    }

    /// Moves both clocks.
    async fn pass(&self, world: &World, seconds: i64) {
        self.post("/__emulator/clock", json!({ "advanceSeconds": seconds })).await;
        world.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Whether Graph takes a token.
    async fn takes(&self, token: &AccessToken) -> bool {
        let request = self.client.get(format!("{}/v1.0/users", self.endpoint)).bearer_auth(token.secret.expose_secret());
        request.send().await.unwrap().status().is_success()
    }

    /// How many sign-ins it has seen.
    async fn sign_ins(&self) -> usize {
        let log = self.client.get(format!("{}/__emulator/requests", self.endpoint)).send().await.unwrap().text().await.unwrap();
        log.matches("/oauth2/").count()
    }
}

fn text(token: &AccessToken) -> &str {
    token.secret.expose_secret()
}

#[tokio::test]
async fn a_secret_gives_tokens_that_are_kept() {
    let entra = Entra::start(json!({ "clients": [{ "clientId": "app", "secret": "right+secret" }] })).await;
    let source = World::default().open(&entra.endpoint, by_secret("right+secret")).unwrap();
    let asked = (0..5).map(|_| {
        let source = Arc::clone(&source);
        tokio::spawn(async move { source.token(None).await.unwrap() })
    });
    let mut tokens = Vec::new();
    for task in asked.collect::<Vec<_>>() {
        tokens.push(task.await.unwrap());
    }
    assert!(tokens.iter().all(|token| text(token) == text(&tokens[0])));
    assert!(entra.takes(&tokens[0]).await);
    assert_eq!(entra.sign_ins().await, 1, "five callers share a sign-in");
    let claims = claims(&tokens[0]).unwrap();
    assert!(claims.roles.iter().any(|role| role == "User.ReadWrite.All"));
    assert_eq!((claims.tid.as_deref(), claims.aud.as_deref()), (Some(TENANT), Some("https://graph.microsoft.com")));
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let clients = json!([{ "clientId": "app", "secret": "s" }, { "clientId": "old", "secret": "s", "secretExpired": true }]);
    let entra = Entra::start(json!({ "clients": clients })).await;
    let as_client = |id: &str| SignIn::ClientSecret { client_id: id.to_owned(), secret: "s".to_owned().into() };
    for (settings, code, says) in [
        (by_secret("wrong"), "AADSTS7000215", "`Value` of the secret"),
        (as_client("old"), "AADSTS7000222", "has expired"),
        (as_client("stranger"), "AADSTS700016", "`clientId`"),
        (by_certificate(PEM), "AADSTS700027", "upload it"),
    ] {
        let error = World::default().token(&entra.endpoint, settings).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Denied(text) if text.contains(says) && text.contains(code)), "{error}");
        assert!(error.to_string().contains("trace id ") && error.to_string().contains("correlation id "), "{error}");
    }
}

#[tokio::test]
async fn tokens_are_renewed_before_they_end() {
    let entra = Entra::start(json!({ "tokenSeconds": 1200 })).await;
    let world = World::default();
    let source = world.open(&entra.endpoint, by_secret("s")).unwrap();
    let first = source.token(None).await.unwrap();
    entra.pass(&world, 850).await;
    assert_eq!(text(&source.token(None).await.unwrap()), text(&first), "good for a while yet");
    entra.pass(&world, 100).await;
    let second = source.token(None).await.unwrap();
    assert_ne!(text(&second), text(&first));
    entra.pass(&world, 260).await;
    assert!(!entra.takes(&first).await && entra.takes(&second).await);
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once() {
    let entra = Entra::start(json!({})).await;
    let source = World::default().open(&entra.endpoint, by_secret("s")).unwrap();
    let old = source.token(None).await.unwrap();
    let (one, other) = tokio::join!(source.token(Some(&old)), source.token(Some(&old)));
    let new = one.unwrap();
    assert_ne!(text(&new), text(&old));
    assert_eq!((text(&new), entra.sign_ins().await), (text(&other.unwrap()), 2));
    assert_eq!(text(&source.token(None).await.unwrap()), text(&new));
}

#[tokio::test]
async fn a_certificate_signs_in_again_and_again() {
    let entra = Entra::start(json!({ "clients": [{ "clientId": "app", "thumbprints": [THUMBPRINT] }] })).await;
    let source = World::default().open(&entra.endpoint, by_certificate(PEM)).unwrap();
    let first = source.token(None).await.unwrap();
    let second = source.token(Some(&first)).await.unwrap();
    assert!(entra.takes(&second).await);
}

#[tokio::test]
async fn a_managed_identity() {
    let entra = Entra::start(json!({})).await;
    for client_id in [None, Some("00000000-0000-4000-8000-00000000cccc".to_owned())] {
        let wanted = client_id.clone();
        let source = World::default().open(&entra.endpoint, SignIn::ManagedIdentity { client_id }).unwrap();
        let token = source.token(None).await.unwrap();
        assert!(entra.takes(&token).await);
        assert!(wanted.is_none() || claims(&token).unwrap().appid == wanted);
    }
    let error = World::default().token("http://127.0.0.1:1", SignIn::ManagedIdentity { client_id: None }).await.unwrap_err();
    assert!(matches!(&error, DirectoryError::Unreachable(text) if text.contains("Azure machines only")), "{error}");
}

async fn device(settings: Value) -> (Entra, World, Arc<dyn TokenSource>) {
    let entra = Entra::start(json!({ "deviceCode": settings })).await;
    let world = World::default();
    let source = world.open(&entra.endpoint, SignIn::DeviceCode { client_id: None }).unwrap();
    (entra, world, source)
}

#[tokio::test]
async fn a_device_code_waits_for_the_person() {
    let (entra, world, source) = device(json!({ "pending": 2, "slowDown": 1, "interval": 2 })).await;
    let token = source.token(None).await.unwrap();
    assert!(entra.takes(&token).await);
    assert_eq!(world.slept(), [2, 2, 2, 7], "slower once it is told so");
    let prompt = world.prompts.lock().unwrap()[0].clone();
    assert!(prompt.contains(&format!("open {}/devicelogin", entra.endpoint)) && prompt.contains("15 minutes"), "{prompt}");
    entra.pass(&world, 3500).await;
    let next = source.token(None).await.unwrap();
    assert!(text(&next) != text(&token) && entra.takes(&next).await);
    assert_eq!(world.prompts.lock().unwrap().len(), 1, "nobody is asked twice");
}

#[tokio::test]
async fn a_device_code_that_nobody_takes() {
    for (settings, says) in [
        (json!({ "pending": 0, "outcome": "declined" }), "declined"),
        (json!({ "pending": 0, "outcome": "expired" }), "in time"),
        (json!({ "pending": 100_000, "interval": 60 }), "in time"),
    ] {
        let (_entra, _, source) = device(settings).await;
        let error = source.token(None).await.unwrap_err();
        assert!(matches!(&error, DirectoryError::Denied(text) if text.contains(says)), "{error}");
    }
}

#[tokio::test]
async fn a_token_from_elsewhere_is_used_until_it_is_refused() {
    let entra = Entra::start(json!({ "tokenSeconds": 600 })).await;
    let world = World::default();
    let secret = world.token(&entra.endpoint, by_secret("s")).await.unwrap();
    let source = world.open(&entra.endpoint, SignIn::Token(secret)).unwrap();
    let token = source.token(None).await.unwrap();
    assert!(entra.takes(&token).await);
    let refused = source.token(Some(&token)).await.unwrap_err();
    let says = "the access token has expired or is not for Graph";
    assert!(matches!(&refused, DirectoryError::Denied(text) if text.starts_with(says)), "{refused}");
    world.ahead.fetch_add(1000, Ordering::SeqCst);
    assert!(matches!(source.token(None).await, Err(DirectoryError::Denied(_))), "it says itself that it has ended");
}
