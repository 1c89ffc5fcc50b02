//! Live tenants.

use std::sync::Arc;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::cli::failure::Failure;
use crate::cli::surroundings;
use crate::cli::terminal::Terminal;
use crate::config::{self, GraphAuth};
use crate::directory::entra::graph::auth::{self, Authority, SignIn, Surroundings, TokenSource};
use crate::directory::entra::graph::{GraphSettings, GraphTenant, Sent};
use crate::directory::limited;
use crate::directory::text::words;
use crate::model::{EntraId, ObservedTenant};

use super::secret;

/// A live tenant, as the configuration describes it. Nothing is sent yet.
pub(in crate::cli) fn tenant(
    source: &config::GraphTenant,
    terminal: Terminal,
    cancel: CancellationToken,
) -> Result<GraphTenant, Failure> {
    let own = || format!("https://{}", source.cloud.graph_host());
    let endpoint = source.endpoint.clone().unwrap_or_else(own);
    let mut settings = GraphSettings::new(&endpoint, tokens(source, terminal)?);
    settings.cancel = cancel;
    settings.progress = Arc::new(terminal);
    settings.trace = Some(Arc::new(move |sent: &Sent| terminal.log(1, &request_line(sent))));
    Ok(GraphTenant::new(settings)?)
}

/// A request as `-v` shows it.
fn request_line(sent: &Sent) -> String {
    let outcome = match &sent.outcome {
        Ok(status) => status.to_string(),
        Err(why) => why.clone(),
    };
    let ids = match &sent.request_id {
        Some(id) => format!("request-id {id}, client-request-id {}", sent.client_request_id),
        None => format!("client-request-id {}", sent.client_request_id),
    };
    let again = sent.again_in.map_or_else(String::new, |pause| format!("; again in {:.1} s", pause.as_secs_f64()));
    format!("{} {outcome} in {} ms ({ids}){again}", sent.what, sent.took.as_millis())
}

/// What is wrong when the tenant that answers is not the one that the configuration names.
pub(in crate::cli) fn wrong_tenant(source: &config::GraphTenant, found: &ObservedTenant) -> Option<String> {
    let wanted = &source.tenant_id;
    let id = found.id.as_deref().unwrap_or_default();
    let is_id = wanted.parse::<EntraId>().is_ok();
    let mut domains = found.domains.iter().flatten();
    let same =
        if is_id { id.eq_ignore_ascii_case(wanted) } else { domains.any(|domain| domain.name.eq_ignore_ascii_case(wanted)) };
    let known = if is_id { found.id.is_some() } else { found.domains.as_ref().is_some_and(|domains| !domains.is_empty()) };
    let name = found.initial_domain.as_deref().unwrap_or("?");
    (known && !same)
        .then(|| format!("the configuration names the tenant `{wanted}`, but the one that answers is {name} (id {id})"))
}

fn tokens(source: &config::GraphTenant, terminal: Terminal) -> Result<Arc<dyn TokenSource>, Failure> {
    let authority = Authority::new(source.cloud, &source.tenant_id, source.authority.as_deref())?;
    let variable = |name: &str| surroundings::variable(name).and_then(|value| value.into_string().ok());
    let prompt = move |text: &str| terminal.say(text);
    let surroundings = Surroundings::new(Arc::new(variable), Arc::new(surroundings::now), Arc::new(prompt));
    Ok(auth::open(sign_in(&source.auth)?, authority, surroundings)?)
}

fn sign_in(auth: &GraphAuth) -> Result<SignIn, Failure> {
    Ok(match auth {
        GraphAuth::ClientSecret { client_id, secret: place } => {
            SignIn::ClientSecret { client_id: client_id.clone(), secret: secret(place)? }
        }
        GraphAuth::ClientCertificate { client_id, certificate } => {
            let pem = limited::read_small_text(certificate).map(SecretString::from).map_err(|error| {
                Failure::input(format!("the certificate `{}` cannot be read: {}", certificate.display(), words(&error)))
                    .hint("It has to be a PEM file with the certificate and its private key.")
            })?;
            SignIn::ClientCertificate { client_id: client_id.clone(), pem }
        }
        GraphAuth::WorkloadIdentity { client_id } => SignIn::WorkloadIdentity { client_id: client_id.clone() },
        GraphAuth::ManagedIdentity { client_id } => SignIn::ManagedIdentity { client_id: client_id.clone() },
        GraphAuth::AzureCli {} => SignIn::AzureCli,
        GraphAuth::DeviceCode { client_id } => SignIn::DeviceCode { client_id: client_id.clone() },
        GraphAuth::Token(place) => SignIn::Token(secret(place)?),
    })
}
