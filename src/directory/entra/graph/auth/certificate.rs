//! An app registration with a certificate: it signs an assertion of its own.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::assertion::Assert;
use super::fault::Fault;
use crate::directory::Clock;
use crate::directory::ports::DirectoryError;

/// Seconds that an assertion is good for.
const LIFETIME: i64 = 540;

/// Signs assertions.
pub(super) struct Signer {
    client_id: String,
    /// The token endpoint, which is whom the assertion is for.
    audience: String,
    thumbprint: String,
    key: EncodingKey,
    clock: Clock,
}

impl Signer {
    /// # Errors
    /// [`DirectoryError::Input`] when the PEM holds no certificate with its RSA key.
    pub(super) fn new(client_id: &str, audience: String, pem: &SecretString, clock: Clock) -> Result<Self, DirectoryError> {
        let pem = pem.expose_secret();
        let block = key_block(pem)?;
        let key = EncodingKey::from_rsa_pem(block.as_bytes())
            .map_err(|_| wrong("its private key is no RSA key, which is the only kind that Entra takes"))?;
        let certificate = certificate_of(pem, block)?;
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        Ok(Self { client_id: client_id.to_owned(), audience, thumbprint, key, clock })
    }
}

#[async_trait]
impl Assert for Signer {
    async fn assertion(&self) -> Result<SecretString, Fault> {
        let now = (self.clock)().as_second();
        let mut header = Header::new(Algorithm::PS256);
        header.x5t_s256 = Some(self.thumbprint.clone());
        let claims = json!({
            "aud": self.audience, "iss": self.client_id, "sub": self.client_id, "jti": uuid::Uuid::now_v7(),
            "nbf": now, "iat": now, "exp": now.saturating_add(LIFETIME),
        });
        let signed = jsonwebtoken::encode(&header, &claims, &self.key);
        signed
            .map(SecretString::from)
            .map_err(|_| wrong("its private key cannot sign; is it an RSA key of 2048 bits or more?").into())
    }
}

fn wrong(why: &str) -> DirectoryError {
    DirectoryError::Input(format!("the certificate to sign in with: {why}"))
}

/// The private key in a PEM file, with its frame.
fn key_block(pem: &str) -> Result<&str, DirectoryError> {
    const PLAIN: &str = "write it without one: openssl pkey -in key.pem -out plain.pem";
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(wrong(&format!("its private key is protected by a password; {PLAIN}")));
    }
    let found = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"].into_iter().find_map(|kind| framed(pem, kind));
    found.ok_or_else(|| {
        let convert = "openssl pkcs12 -in app.pfx -nodes -out app.pem";
        wrong(&format!("there is no private key in the file; a PEM file with both is wanted (from a PFX file: {convert})"))
    })
}

fn framed<'p>(pem: &'p str, kind: &str) -> Option<&'p str> {
    let (head, foot) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let rest = pem.get(pem.find(&head)?..)?;
    rest.get(..rest.find(&foot)?.saturating_add(foot.len()))
}

/// The certificate that belongs to the key, among those of the file.
fn certificate_of(pem: &str, key: &str) -> Result<CertificateDer<'static>, DirectoryError> {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| wrong("a certificate in the file is broken"))?;
    if certificates.is_empty() {
        return Err(wrong("there is no certificate in the file; a PEM file with the certificate and its private key is wanted"));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| wrong("its private key is broken"))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(key).map_err(|_| wrong("its private key cannot be used"))?;
    let belongs =
        |certificate: &CertificateDer<'static>| CertifiedKey::new(vec![certificate.clone()], key.clone()).keys_match().is_ok();
    let found = certificates.into_iter().find(belongs);
    found.ok_or_else(|| wrong("the private key in the file belongs to none of its certificates"))
}
