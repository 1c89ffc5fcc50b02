//! From the configuration to a live forest. Secrets are read here, at the last moment, and nowhere shown.

use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use crate::config::{self, Config, ForestSource, LdapBind, Secret};
use crate::directory::ad::ldap::{Credentials, LdapForest, LdapSettings};
use crate::directory::entra::graph::auth::{AccessToken, TokenSource};
use crate::directory::entra::graph::{GraphSettings, GraphTenant, Sent};
use crate::directory::ports::DirectoryError;
use crate::model::{AnchorMode, DistinguishedName, EntraId, ObservedTenant};

use super::failure::Failure;
use super::surroundings;
use super::terminal::Terminal;

/// A live forest, as the configuration describes it. Nothing is sent yet.
pub(super) fn forest(
    name: &str,
    source: &config::LdapForest,
    anchor: &AnchorMode,
    config: &Config,
) -> Result<LdapForest, Failure> {
    let mut settings = LdapSettings::new(name, anchor.clone(), &source.url, credentials(name, &source.bind)?);
    settings.read_elsewhere = elsewhere(name, config);
    settings.base_dn = Some(source.base_dn.parse().map_err(|error: crate::model::DnError| Failure::input(error.to_string()))?);
    settings.ca.clone_from(&source.ca);
    settings.start_tls = source.start_tls;
    LdapForest::new(settings).map_err(|error| in_forest(name, Failure::from(error)))
}

/// A live tenant, as the configuration describes it. Nothing is sent yet.
pub(super) fn tenant(source: &config::GraphTenant, terminal: Terminal) -> Result<GraphTenant, Failure> {
    let endpoint = source.endpoint.clone().unwrap_or_else(|| "https://graph.microsoft.com".to_owned());
    let mut settings = GraphSettings::new(&endpoint, tokens(source)?);
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

/// The containers that other entries of the configuration read: further domains of the same forest, mostly.
fn elsewhere(name: &str, config: &Config) -> Vec<DistinguishedName> {
    let others = config.forests.iter().filter(|(other, _)| &**other != name);
    let bases = others.filter_map(|(_, source)| match source {
        ForestSource::Ldap(source) => source.base_dn.parse().ok(),
        ForestSource::Ldif(_) | ForestSource::Csv(_) => None,
    });
    bases.collect()
}

/// What is wrong when the tenant that answers is not the one that the configuration names.
pub(super) fn wrong_tenant(source: &config::GraphTenant, found: &ObservedTenant) -> Option<String> {
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

/// Says which forest a failure is about.
pub(super) fn in_forest(name: &str, mut failure: Failure) -> Failure {
    failure.message = format!("forest `{name}`: {}", failure.message);
    failure
}

fn credentials(forest: &str, bind: &LdapBind) -> Result<Credentials, Failure> {
    match bind {
        LdapBind::Gssapi {} => Ok(Credentials::Gssapi),
        LdapBind::Simple { user, password } => {
            let password = secret(password).map_err(|failure| in_forest(forest, failure))?;
            Ok(Credentials::Simple { user: user.clone(), password })
        }
    }
}

fn secret(source: &Secret) -> Result<SecretString, Failure> {
    match source {
        Secret::Env(variable) => {
            surroundings::variable(variable).and_then(|value| value.into_string().ok()).map(SecretString::from).ok_or_else(|| {
                Failure::input(format!("the environment variable `{variable}`, which is to hold a secret, is not set"))
            })
        }
        Secret::File(path) => first_line(path),
    }
}

fn first_line(path: &Path) -> Result<SecretString, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("the secret in `{}` cannot be read: {error}", path.display())))?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(SecretString::from(line.to_owned())),
        None => Err(Failure::input(format!("the first line of `{}`, which is to hold a secret, is empty", path.display()))),
    }
}

fn tokens(source: &config::GraphTenant) -> Result<Arc<dyn TokenSource>, Failure> {
    match &source.auth {
        config::GraphAuth::Token(place) => Ok(Arc::new(Fixed(secret(place)?))),
        _ => Err(Failure::input("sign-in comes")),
    }
}

struct Fixed(SecretString);

#[async_trait::async_trait]
impl TokenSource for Fixed {
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, DirectoryError> {
        match rejected {
            None => Ok(AccessToken { secret: self.0.clone() }),
            Some(_) => Err(DirectoryError::Denied("the token is refused".into())),
        }
    }
}
