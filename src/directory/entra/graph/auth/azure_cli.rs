//! Whoever is signed in to the Azure command line.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential as _;
use azure_core::error::ErrorKind;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions, Executor};

use super::authority::Authority;
use super::bounded::Bounded;
use super::fault::Fault;
use super::renewing::{Fetch, Fetched};
use super::sdk::fetched;
use crate::directory::text::shown;

/// The command line asks nobody anything, so that it is done by then.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that it prints at most.
const LONGEST: u64 = 1 << 20;

/// Asks `az` for tokens.
pub(super) struct ByAzureCli {
    authority: Authority,
    executor: Arc<dyn Executor>,
}

impl ByAzureCli {
    pub(super) fn new(authority: Authority) -> Self {
        Self { authority, executor: Arc::new(Bounded(LONGEST)) }
    }
}

#[async_trait]
impl Fetch for ByAzureCli {
    async fn fetch(&self) -> Result<Fetched, Fault> {
        let options = AzureCliCredentialOptions {
            tenant_id: Some(self.authority.tenant().to_owned()),
            executor: Some(Arc::clone(&self.executor)),
            ..AzureCliCredentialOptions::default()
        };
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{ExitStatus, Output};

    use secrecy::ExposeSecret as _;

    use super::super::Cloud;
    use super::*;
    use crate::directory::ports::DirectoryError;

    /// An `az` that prints what it was told to, if it is asked for Graph of this tenant.
    #[derive(Debug)]
    struct Az(i32, &'static str, &'static str);

    #[async_trait]
    impl Executor for Az {
        async fn run(&self, _: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
            let command = args.last().unwrap().to_str().unwrap();
            let wanted = "az account get-access-token -o json --scope https://graph.microsoft.us/.default --tenant x.example";
            assert!(command.ends_with(wanted), "{command}");
            Ok(Output { status: ExitStatus::from_raw(self.0 << 8), stdout: self.1.into(), stderr: self.2.into() })
        }
    }

    async fn asked(az: Az) -> Result<Fetched, DirectoryError> {
        let authority = Authority::new(Cloud::UsGov, "x.example", None).unwrap();
        ByAzureCli { authority, executor: Arc::new(az) }.fetch().await.map_err(Fault::into_error)
    }

    #[tokio::test]
    async fn takes_the_token_that_az_prints() {
        let printed = r#"{"accessToken":"a.b.c","expires_on":1800000000,"tokenType":"Bearer"}"#;
        let fetched = asked(Az(0, printed, "")).await.unwrap();
        assert_eq!((fetched.secret.expose_secret(), fetched.ends.as_second()), ("a.b.c", 1_800_000_000));
    }

    #[tokio::test]
    async fn says_what_az_says_and_never_the_token() {
        for (az, says) in [
            (Az(127, "", "sh: az: not found"), "not installed"),
            (
                Az(1, "", "ERROR: Please run 'az login' to setup account."),
                "(Please run 'az login' to setup account.); run `az login --tenant x.example`",
            ),
            (Az(0, r#"{"accessToken":"hunter2","tokenType":"Bearer"}"#, ""), "2.54"),
            (Az(0, r#"{"accessToken":["hunter2"],"expires_on":"hunter2"}"#, ""), "cannot be read"),
            (Az(0, r#""hunter2""#, ""), "cannot be read"),
        ] {
            let error = asked(az).await.unwrap_err();
            assert!(error.to_string().contains(says) && !format!("{error:?}").contains("hunter2"), "{error}");
        }
    }
}
