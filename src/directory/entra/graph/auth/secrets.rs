//! An app registration with a client secret, and what no secret looks like.

use async_trait::async_trait;
use azure_core::credentials::Secret;
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use secrecy::{ExposeSecret, SecretString};

use super::authority::Authority;
use super::fault::Fault;
use super::http::Http;
use super::renewing::{Fetch, Fetched};
use super::sdk::Wire;
use crate::directory::ports::DirectoryError;
use crate::model::text::printable;

/// What people copy along from a file of JSON, a script or a letter.
const QUOTES: [char; 6] = ['"', '\'', '`', '“', '”', '„'];

/// Refuses what cannot be a secret before it is sent anywhere.
pub(super) fn check_secret(what: &str, secret: &SecretString) -> Result<(), DirectoryError> {
    let text = secret.expose_secret();
    if text.is_empty() {
        return Err(DirectoryError::Input(format!("{what} is empty; check the variable or the file that it comes from")));
    }
    if text.starts_with(QUOTES) || text.ends_with(QUOTES) {
        return Err(DirectoryError::Input(format!("{what} has quotes around it; write nothing but the value itself")));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let message = format!(
            "{what} holds whitespace or control characters; write nothing but the value itself, without quotes, `Bearer` or \
             further lines"
        );
        return Err(DirectoryError::Input(message));
    }
    Ok(())
}

/// Refuses what cannot be the id of an application.
pub(super) fn check_client_id(id: &str) -> Result<(), DirectoryError> {
    if !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')) {
        return Ok(());
    }
    let message = format!("`{}` is no application id; copy it from the overview of the app registration", printable(id));
    Err(DirectoryError::Input(message))
}

/// Signs in with a client secret.
pub(super) struct BySecret {
    pub(super) client_id: String,
    pub(super) secret: SecretString,
    pub(super) authority: Authority,
    pub(super) http: Http,
}

impl BySecret {
    /// # Errors
    /// [`DirectoryError::Input`] for what cannot be an id or a secret.
    pub(super) fn new(client_id: String, secret: SecretString, authority: Authority, http: Http) -> Result<Self, DirectoryError> {
        check_client_id(&client_id)?;
        check_secret("the client secret", &secret)?;
        Ok(Self { client_id, secret, authority, http })
    }
}

#[async_trait]
impl Fetch for BySecret {
    async fn fetch(&self) -> Result<Fetched, Fault> {
        let wire = Wire::new(&self.http, &self.authority);
        let options = ClientSecretCredentialOptions { client_options: wire.options(&self.authority) };
        let secret = Secret::new(self.secret.expose_secret().to_owned());
        // A new one each time: it would hand out the same token again.
        let credential = ClientSecretCredential::new(self.authority.tenant(), self.client_id.clone(), secret, Some(options))
            .map_err(|_| Fault::input("the client secret cannot be used; check `tenantId`, `clientId` and `authority`"))?;
        wire.token(&*credential, &self.authority).await
    }
}
