//! The identity of the Azure machine that the program runs on.

use async_trait::async_trait;
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};

use super::authority::Authority;
use super::fault::Fault;
use super::http::Http;
use super::renewing::{Fetch, Fetched};
use super::sdk::Wire;
use crate::directory::ports::DirectoryError;

/// Signs in as the machine.
pub(super) struct ByMachine {
    pub(super) client_id: Option<String>,
    pub(super) authority: Authority,
    pub(super) http: Http,
}

#[async_trait]
impl Fetch for ByMachine {
    async fn fetch(&self) -> Result<Fetched, Fault> {
        let wire = Wire::new(&self.http, &self.authority);
        let options = ManagedIdentityCredentialOptions {
            client_options: wire.options(&self.authority),
            user_assigned_id: self.client_id.clone().map(UserAssignedId::ClientId),
        };
        let credential = ManagedIdentityCredential::new(Some(options)).map_err(|_| {
            Fault::input(
                "the managed identity of this kind of machine cannot be used (Azure Arc, Machine Learning, Cloud Shell and \
                 Service Fabric are not supported); sign in with workloadIdentity, clientCertificate or azureCli",
            )
        })?;
        wire.token(&*credential, &self.authority).await.map_err(|fault| explained(fault, self.client_id.as_deref()))
    }
}

/// What a managed identity needs, beside what went wrong.
fn explained(fault: Fault, client_id: Option<&str>) -> Fault {
    let which = client_id.map_or_else(|| "its own identity".to_owned(), |id| format!("the identity {id}"));
    let explain = |error: DirectoryError| match error {
        DirectoryError::Denied(why) => DirectoryError::Denied(format!(
            "{why}; check that this machine was given {which}, and Graph's application permissions with it"
        )),
        DirectoryError::Unreachable(why) => {
            DirectoryError::Unreachable(format!("{why}; managedIdentity works on Azure machines only"))
        }
        other @ (DirectoryError::Input(_)
        | DirectoryError::Refused { .. }
        | DirectoryError::NotThere(_)
        | DirectoryError::Throttled(_)
        | DirectoryError::Unsaved(_)
        | DirectoryError::Unusable(_)
        | DirectoryError::Unknown(_)) => other,
    };
    match fault {
        Fault::Passing(error, wait) => Fault::Passing(explain(error), wait),
        Fault::Final(error) => Fault::Final(explain(error)),
    }
}
