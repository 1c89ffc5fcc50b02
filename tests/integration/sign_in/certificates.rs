//! Certificates: what is signed with them, and files that cannot be used.

use hardmatch::directory::entra::graph::auth::SignIn;
use hardmatch::directory::ports::DirectoryError;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::server::{Server, canned};
use super::{TENANT, World};

pub(super) const PEM: &str = include_str!("app.pem");
/// SHA-256 of the certificate, as the header of an assertion has it.
pub(super) const THUMBPRINT: &str = "-3CMWrObUODEjqK6lByPPNKqPazwtB0mm4WQd8ZM2_s";

pub(super) fn by_certificate(pem: &str) -> SignIn {
    SignIn::ClientCertificate { client_id: "app".to_owned(), pem: pem.to_owned().into() }
}

#[tokio::test]
async fn the_assertion_is_signed_by_the_key_and_names_the_certificate() {
    let server = Server::start(vec![canned(200, r#"{"access_token":"good","expires_in":3599,"token_type":"Bearer"}"#)]);
    let token = World::default().token(&server.endpoint, by_certificate(PEM)).await.unwrap();
    assert_eq!(token.expose_secret(), "good");
    let request = server.requests().remove(0);
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let field = |name: &str| url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(field("scope"), "https://graph.microsoft.com/.default");
    let assertion = field("client_assertion");
    let mut wanted = Validation::new(Algorithm::PS256);
    wanted.set_audience(&[format!("{}/{TENANT}/oauth2/v2.0/token", server.endpoint)]);
    let certificate = PEM.split("-----BEGIN PRIVATE").next().unwrap();
    let key = DecodingKey::from_rsa_pem(certificate.as_bytes()).unwrap();
    let read = jsonwebtoken::decode::<Value>(&assertion, &key, &wanted).unwrap();
    assert_eq!(read.header.x5t_s256.as_deref(), Some(THUMBPRINT));
    assert_eq!((read.claims["iss"].as_str(), read.claims["sub"].as_str()), (Some("app"), Some("app")));
    let lasts = read.claims["exp"].as_i64().unwrap() - read.claims["nbf"].as_i64().unwrap();
    assert!((300..=600).contains(&lasts) && read.claims["jti"].is_string());
}

#[test]
fn a_file_that_cannot_sign_says_why() {
    let (certificate, key) = PEM.split_at(PEM.find("-----BEGIN PRIVATE").unwrap());
    let other = include_str!("server.pem");
    let foreign = other.split("-----BEGIN PRIVATE").next().unwrap();
    for (pem, says) in [
        (String::new(), "no private key"),
        (certificate.to_owned(), "no private key"),
        (key.to_owned(), "no certificate"),
        (other.to_owned(), "no RSA key"),
        (format!("{foreign}{key}"), "belongs to none"),
        (PEM.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), "password"),
        (PEM.replace("-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA"), "no RSA key"),
        (PEM.replace("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n!!"), "broken"),
    ] {
        let error = World::default().open("http://127.0.0.1:1", by_certificate(&pem)).err().unwrap();
        assert!(matches!(&error, DirectoryError::Input(text) if text.contains(says)), "{says}: {error}");
    }
    assert!(World::default().open("http://127.0.0.1:1", by_certificate(&format!("{foreign}{PEM}"))).is_ok(), "a chain");
}
