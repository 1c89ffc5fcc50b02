//! Sign-in: where the access tokens for Graph come from.

mod aadsts;
mod assertion;
mod authority;
mod azure_cli;
mod bounded;
mod certificate;
mod claims;
mod device;
mod fault;
mod fixed;
mod http;
mod managed;
mod refusal;
mod renewing;
mod sdk;
mod secrets;
mod settings;
mod workload;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

pub use authority::{Authority, Cloud};
pub use claims::{Claims, claims};
pub use settings::{Prompt, SignIn, Sleep, Surroundings, Variable};

use crate::directory::ports::DirectoryError;
use assertion::ByAssertion;
use azure_cli::ByAzureCli;
use certificate::Signer;
use device::ByPerson;
use fixed::Fixed;
use http::Http;
use managed::ByMachine;
use renewing::{Fetch, Renewing};
use secrets::{BySecret, check_client_id};
use workload::Issuer;

/// An access token for Graph.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The bearer token itself.
    pub secret: SecretString,
}

/// Hands out access tokens, and fetches new ones when the old ones run out.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is good for a while yet.
    ///
    /// `rejected` is a token of this source that Graph has just refused: a source that can fetch a new one does so and
    /// never hands that one out again.
    ///
    /// # Errors
    /// [`DirectoryError::Denied`] when sign-in is refused, [`DirectoryError::Unreachable`] when the sign-in service does
    /// not answer, [`DirectoryError::Input`] when the configuration cannot be used.
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, DirectoryError>;
}

/// What is said of an answer to a sign-in that is no success; `sent` is the form that it answers.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn refused(status: u16, body: &[u8], sent: &[u8]) -> String {
    refusal::fault("login.example", status, None, body, sent).into_error().to_string()
}

/// A source of tokens for Graph; nobody is asked for one yet.
///
/// # Errors
/// [`DirectoryError::Input`] when the settings cannot be used.
pub fn open(settings: SignIn, authority: Authority, surroundings: Surroundings) -> Result<Arc<dyn TokenSource>, DirectoryError> {
    let http = Http::default();
    match settings {
        SignIn::ClientSecret { client_id, secret } => {
            Ok(renewing(BySecret::new(client_id, secret, authority, http)?, surroundings))
        }
        SignIn::ClientCertificate { client_id, pem } => {
            check_client_id(&client_id)?;
            let clock = Arc::clone(&surroundings.clock);
            let assert = Signer::new(&client_id, authority.token_endpoint().to_string(), &pem, clock)?;
            Ok(renewing(ByAssertion { client_id, assert, authority, http }, surroundings))
        }
        SignIn::WorkloadIdentity { client_id } => {
            let client_id = workload::client_id(client_id, &surroundings)?;
            let assert = Issuer::find(&surroundings, &authority, &http)?;
            Ok(renewing(ByAssertion { client_id, assert, authority, http }, surroundings))
        }
        SignIn::ManagedIdentity { client_id } => {
            check_optional(client_id.as_deref())?;
            Ok(renewing(ByMachine { client_id, authority, http }, surroundings))
        }
        SignIn::AzureCli => Ok(renewing(ByAzureCli::new(authority), surroundings)),
        SignIn::DeviceCode { client_id } => {
            check_optional(client_id.as_deref())?;
            let fetch = ByPerson::new(client_id, authority, http, surroundings.clone());
            Ok(renewing(fetch, surroundings))
        }
        SignIn::Token(secret) => Ok(Arc::new(Fixed::new(secret, surroundings.clock)?)),
    }
}

fn renewing(fetch: impl Fetch + 'static, surroundings: Surroundings) -> Arc<dyn TokenSource> {
    Arc::new(Renewing::new(fetch, surroundings))
}

fn check_optional(client_id: Option<&str>) -> Result<(), DirectoryError> {
    client_id.map_or(Ok(()), check_client_id)
}
