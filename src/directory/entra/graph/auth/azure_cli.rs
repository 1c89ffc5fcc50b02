//! Whoever is signed in to the Azure command line.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential as _;
use azure_core::error::ErrorKind;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions, Executor};

use super::authority::Authority;
use super::fault::{Fault, shown};
use super::renewing::{Fetch, Fetched};
use super::sdk::fetched;

/// The command line asks nobody anything, so that it is done by then.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks `az` for tokens.
pub(super) struct ByAzureCli {
    pub(super) authority: Authority,
    /// Runs the program; the library's own way when there is none.
    pub(super) executor: Option<Arc<dyn Executor>>,
}

#[async_trait]
impl Fetch for ByAzureCli {
    async fn fetch(&self) -> Result<Fetched, Fault> {
        let mut options = AzureCliCredentialOptions::default();
        options.tenant_id = Some(self.authority.tenant().to_owned());
        options.executor = self.executor.clone();
        let credential = AzureCliCredential::new(Some(options)).map_err(|_| Fault::input("`tenantId` is no tenant"))?;
        let scope = self.authority.scope();
        let scopes = [scope.as_str()];
        let answer = tokio::time::timeout(PATIENCE, credential.get_token(&scopes, None)).await;
        let answer = answer.map_err(|_| Fault::unreachable("`az account get-access-token` does not end; run it by hand"))?;
        let token = answer.map_err(|error| fault(&error, self.authority.tenant()))?;
        fetched(&self.authority, token.token.secret(), token.expires_on.unix_timestamp())
    }
}

fn fault(error: &azure_core::Error, tenant: &str) -> Fault {
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    if why.contains("not found on PATH") {
        return Fault::denied("the Azure command line `az` is not installed, or not on PATH; install it, or sign in another way");
    }
    if !is_of_az(error) {
        return Fault::input("the answer of `az account get-access-token` cannot be read; Azure CLI 2.54 or newer is wanted");
    }
    let says = why.strip_prefix("ERROR: ").unwrap_or(&why);
    Fault::denied(format!("az has no token for Graph ({}); run `az login --tenant {tenant}`, then try again", shown(says)))
}

/// Whether az itself said so. Errors about what it printed are not shown, for that is the token.
fn is_of_az(error: &azure_core::Error) -> bool {
    let inner = error.source().and_then(|source| source.downcast_ref::<azure_core::Error>());
    inner.is_some_and(|inner| matches!(inner.kind(), ErrorKind::Credential))
}
