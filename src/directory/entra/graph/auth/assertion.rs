//! Signing in with an assertion that somebody else made.

use async_trait::async_trait;
use azure_core::http::ClientMethodOptions;
use azure_identity::{ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions};
use secrecy::{ExposeSecret, SecretString};

use super::authority::Authority;
use super::fault::Fault;
use super::http::Http;
use super::renewing::{Fetch, Fetched};
use super::sdk::Wire;

/// Makes assertions.
#[async_trait]
pub(super) trait Assert: Send + Sync {
    /// A new assertion.
    async fn assertion(&self) -> Result<SecretString, Fault>;
}

/// An assertion that is there already, as the library wants it. Its `Debug` shows nothing.
#[derive(Debug)]
struct Ready(SecretString);

#[async_trait]
impl ClientAssertion for Ready {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose_secret().to_owned())
    }
}

/// Signs in with assertions.
pub(super) struct ByAssertion<A> {
    pub(super) client_id: String,
    pub(super) assert: A,
    pub(super) authority: Authority,
    pub(super) http: Http,
}

#[async_trait]
impl<A: Assert> Fetch for ByAssertion<A> {
    async fn fetch(&self) -> Result<Fetched, Fault> {
        // A new one each time: an assertion is good once and for minutes only.
        let assertion = Ready(self.assert.assertion().await?);
        let wire = Wire::new(&self.http, &self.authority);
        let options = ClientAssertionCredentialOptions { client_options: wire.options(&self.authority) };
        let tenant = self.authority.tenant().to_owned();
        let credential = ClientAssertionCredential::new(tenant, self.client_id.clone(), assertion, Some(options))
            .map_err(|_| Fault::input("the sign-in cannot be used; check `tenantId`, `clientId` and `authority`"))?;
        wire.token(&*credential, &self.authority).await
    }
}
