//! Live forests.

use std::sync::Arc;

use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::config::{self, Config, ForestSource, LdapBind};
use crate::directory::ad::ldap::{Credentials, LdapForest, LdapSettings};
use crate::model::{AnchorMode, DistinguishedName};

use super::{in_forest, secret};

/// A live forest, as the configuration describes it. Nothing is sent yet.
pub(in crate::cli) fn forest(
    name: &str,
    source: &config::LdapForest,
    anchor: &AnchorMode,
    config: &Config,
    terminal: Terminal,
) -> Result<LdapForest, Failure> {
    let mut settings = LdapSettings::new(name, anchor.clone(), &source.url, credentials(name, &source.bind)?);
    settings.read_elsewhere = elsewhere(name, config);
    settings.base_dn = Some(source.base_dn.parse().map_err(|error: crate::model::DnError| Failure::input(error.to_string()))?);
    settings.ca.clone_from(&source.ca);
    settings.progress = Arc::new(terminal);
    settings.start_tls = source.start_tls;
    LdapForest::new(settings).map_err(|error| in_forest(name, Failure::from(error)))
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

fn credentials(forest: &str, bind: &LdapBind) -> Result<Credentials, Failure> {
    match bind {
        LdapBind::Gssapi {} => Ok(Credentials::Gssapi),
        LdapBind::Simple { user, password } => {
            let password = secret(password).map_err(|failure| in_forest(forest, failure))?;
            Ok(Credentials::Simple { user: user.clone(), password })
        }
    }
}
