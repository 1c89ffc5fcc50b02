//! From the configuration to a live forest. Secrets are read here, at the last moment, and nowhere shown.

use std::path::Path;

use secrecy::SecretString;

use crate::config::{self, LdapBind, Secret};
use crate::directory::ad::ldap::{Credentials, LdapForest, LdapSettings};
use crate::model::AnchorMode;

use super::failure::Failure;
use super::surroundings;

/// A live forest, as the configuration describes it. Nothing is sent yet.
pub(super) fn forest(name: &str, source: &config::LdapForest, anchor: &AnchorMode) -> Result<LdapForest, Failure> {
    let mut settings = LdapSettings::new(name, anchor.clone(), &source.url, credentials(name, &source.bind)?);
    settings.base_dn = Some(source.base_dn.parse().map_err(|error: crate::model::DnError| Failure::input(error.to_string()))?);
    settings.ca.clone_from(&source.ca);
    settings.start_tls = source.start_tls;
    LdapForest::new(settings).map_err(|error| in_forest(name, Failure::from(error)))
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
