//! Federated credentials: which pipeline or cluster this is, and the token that it issues.

use std::path::PathBuf;

use async_trait::async_trait;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::assertion::Assert;
use super::authority::Authority;
use super::fault::Fault;
use super::http::{Http, Reply};
use super::secrets::check_client_id;
use super::settings::Surroundings;
use crate::directory::limited;
use crate::directory::net::{place, secure_setting};
use crate::directory::ports::DirectoryError;
use crate::directory::text::{shown, words};

const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const AZURE_DEVOPS_URL: &str = "SYSTEM_OIDCREQUESTURI";
const AZURE_DEVOPS_TOKEN: &str = "SYSTEM_ACCESSTOKEN";
const SERVICE_CONNECTION: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";
/// What the tasks of Azure DevOps hand to their script when they are told to.
const TASK_TOKEN: &str = "idToken";
/// Names of the application in the environment: clusters and GitHub's convention, then the tasks of Azure DevOps.
const CLIENT_IDS: [&str; 3] = ["AZURE_CLIENT_ID", "AZURESUBSCRIPTION_CLIENT_ID", "servicePrincipalId"];

/// Who issues the token that is exchanged.
pub(super) enum Issuer {
    /// A service of the pipeline that has to be asked.
    Service(Service),
    /// A file that somebody keeps fresh.
    File(PathBuf),
    /// A token that the pipeline has handed over, good for minutes.
    Ready(SecretString),
}

/// A service that issues tokens to the job it serves.
pub(super) struct Service {
    kind: Kind,
    url: Url,
    bearer: SecretString,
    http: Http,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    GitHub,
    AzureDevOps,
}

/// The application to sign in as.
pub(super) fn client_id(configured: Option<String>, surroundings: &Surroundings) -> Result<String, DirectoryError> {
    let found = configured.or_else(|| CLIENT_IDS.iter().find_map(|name| surroundings.variable(name)));
    let id = found.ok_or_else(|| {
        DirectoryError::Input("workloadIdentity: which application? write `clientId`, or set AZURE_CLIENT_ID".to_owned())
    })?;
    check_client_id(&id).map(|()| id)
}

impl Issuer {
    /// What the environment offers; what is meant for this very job comes before what its machine has.
    ///
    /// # Errors
    /// [`DirectoryError::Input`] when it offers nothing, or nothing complete.
    pub(super) fn find(surroundings: &Surroundings, authority: &Authority, http: &Http) -> Result<Self, DirectoryError> {
        if let Some(service) = Service::github(surroundings, authority, http)? {
            return Ok(Self::Service(service));
        }
        if let Some(service) = Service::azure_devops(surroundings, http)? {
            return Ok(Self::Service(service));
        }
        if let Some(path) = surroundings.variable(TOKEN_FILE) {
            check_cloud(surroundings, authority)?;
            return Ok(Self::File(path.into()));
        }
        if let Some(token) = surroundings.variable(TASK_TOKEN) {
            return Ok(Self::Ready(token.into()));
        }
        Err(DirectoryError::Input(missing(surroundings)))
    }
}

/// A cluster says which cloud it is in; its token is not sent to another.
fn check_cloud(surroundings: &Surroundings, authority: &Authority) -> Result<(), DirectoryError> {
    let Some(host) = surroundings.variable(AUTHORITY_HOST).filter(|_| authority.is_own()) else { return Ok(()) };
    let url = secure_setting(AUTHORITY_HOST, &host)?;
    if url.host_str() == authority.login().host_str() {
        return Ok(());
    }
    Err(DirectoryError::Input(format!(
        "{AUTHORITY_HOST} names {}, but `cloud` is one that signs in at {}; set `cloud` to that of the cluster, or `authority`",
        place(&url),
        authority.shown()
    )))
}

/// What is missing of the way that was most likely meant.
fn missing(surroundings: &Surroundings) -> String {
    let has = |name: &str| surroundings.variable(name).is_some();
    if has("GITHUB_ACTIONS") {
        return "this GitHub job may not fetch a token: add `permissions: { id-token: write }` to it".to_owned();
    }
    if has(AZURE_DEVOPS_URL) && !has(AZURE_DEVOPS_TOKEN) {
        return format!(
            "this pipeline may not fetch a token: map it in the step, `env: {{ {AZURE_DEVOPS_TOKEN}: $(System.AccessToken) }}`"
        );
    }
    if has(AZURE_DEVOPS_URL) {
        return format!("which service connection? run in an AzureCLI task, or set {SERVICE_CONNECTION} to its id");
    }
    format!(
        "workloadIdentity: nothing here issues a token: neither GitHub Actions ({GITHUB_URL}), nor Azure DevOps \
         ({AZURE_DEVOPS_URL}), nor a cluster ({TOKEN_FILE})"
    )
}

impl Service {
    fn github(surroundings: &Surroundings, authority: &Authority, http: &Http) -> Result<Option<Self>, DirectoryError> {
        let variables = (surroundings.variable(GITHUB_URL), surroundings.variable(GITHUB_TOKEN));
        let (Some(url), Some(bearer)) = variables else { return Ok(None) };
        let mut url = secure_setting(GITHUB_URL, &url)?;
        url.query_pairs_mut().append_pair("audience", authority.cloud().exchange_audience());
        Ok(Some(Self { kind: Kind::GitHub, url, bearer: bearer.into(), http: http.clone() }))
    }

    fn azure_devops(surroundings: &Surroundings, http: &Http) -> Result<Option<Self>, DirectoryError> {
        let variables = (surroundings.variable(AZURE_DEVOPS_URL), surroundings.variable(AZURE_DEVOPS_TOKEN));
        let (Some(url), Some(bearer)) = variables else { return Ok(None) };
        let Some(connection) = surroundings.variable(SERVICE_CONNECTION) else { return Ok(None) };
        let mut url = secure_setting(AZURE_DEVOPS_URL, &url)?;
        url.query_pairs_mut().append_pair("api-version", "7.1").append_pair("serviceConnectionId", &connection);
        Ok(Some(Self { kind: Kind::AzureDevOps, url, bearer: bearer.into(), http: http.clone() }))
    }

    fn request(&self) -> Result<RequestBuilder, Fault> {
        let client = self.http.client(&self.url)?;
        let request = match self.kind {
            Kind::GitHub => client.get(self.url.clone()),
            // Without the header, a refusal would lead to a sign-in page.
            Kind::AzureDevOps => {
                client.post(self.url.clone()).header("content-length", "0").header("x-tfs-fedauthredirect", "Suppress")
            }
        };
        Ok(request.header("accept", "application/json").bearer_auth(self.bearer.expose_secret()))
    }

    async fn token(&self) -> Result<SecretString, Fault> {
        let request = self.request()?.build().map_err(|_| Fault::input(format!("{} cannot be asked", self.name())))?;
        let reply = self.http.send(request).await?;
        if !reply.is_success() {
            return Err(self.refused(&reply));
        }
        let field = if self.kind == Kind::GitHub { "value" } else { "oidcToken" };
        let json: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let token = json.as_ref().and_then(|json| json.get(field)).and_then(Value::as_str).filter(|token| !token.is_empty());
        token.map(SecretString::from).ok_or_else(|| Fault::unreachable(format!("the answer of {} holds no token", self.name())))
    }

    fn name(&self) -> String {
        let name = if self.kind == Kind::GitHub { "GitHub Actions" } else { "Azure DevOps" };
        format!("{name} ({})", place(&self.url))
    }

    fn refused(&self, reply: &Reply) -> Fault {
        if reply.status == 429 || reply.status >= 500 {
            let message =
                format!("{} does not issue a token at the moment (HTTP {}); try again later", self.name(), reply.status);
            return Fault::Passing(DirectoryError::Unreachable(message), reply.retry_after);
        }
        let check = match self.kind {
            Kind::GitHub => "check that the job has `permissions: { id-token: write }` and still runs",
            Kind::AzureDevOps => "check the id of the service connection, and that the pipeline may use it",
        };
        Fault::denied(format!("{} issues no token (HTTP {}); {check}", self.name(), reply.status))
    }
}

#[async_trait]
impl Assert for Issuer {
    async fn assertion(&self) -> Result<SecretString, Fault> {
        match self {
            Self::Service(service) => service.token().await,
            Self::File(path) => read(path),
            Self::Ready(token) => Ok(token.clone()),
        }
    }
}

/// Reads the file anew each time: the cluster replaces it.
fn read(path: &std::path::Path) -> Result<SecretString, Fault> {
    let place = shown(&path.display().to_string());
    let text = limited::read_small_text(path).map_err(|error| {
        let message = format!(
            "the token of the cluster cannot be read: {place}: {}; check {TOKEN_FILE} and the service account",
            words(&error)
        );
        Fault::input(message)
    })?;
    let token = text.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(Fault::input(format!("{place} holds no token; check {TOKEN_FILE} and the service account")));
    }
    Ok(token.to_owned().into())
}
