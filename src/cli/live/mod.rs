//! From the configuration to live directories. Secrets are read here, at the last moment, and nowhere shown.

mod forest;
mod tenant;

use std::path::Path;

use secrecy::SecretString;

use crate::config::Secret;
use crate::directory::limited;
use crate::directory::text::words;

use super::failure::Failure;
use super::surroundings;
pub(super) use forest::forest;
pub(super) use tenant::{tenant, wrong_tenant};

/// Says which forest a failure is about.
pub(super) fn in_forest(name: &str, mut failure: Failure) -> Failure {
    failure.message = format!("forest `{name}`: {}", failure.message);
    failure
}

fn secret(source: &Secret) -> Result<SecretString, Failure> {
    match source {
        Secret::Env(variable) => {
            surroundings::variable(variable).and_then(|value| value.into_string().ok()).map(SecretString::from).ok_or_else(|| {
                Failure::input(format!(
                    "the environment variable `{variable}`, which is to hold a secret, is not set or is empty"
                ))
            })
        }
        Secret::File(path) => first_line(path),
    }
}

fn first_line(path: &Path) -> Result<SecretString, Failure> {
    let text = limited::read_small_text(path)
        .map_err(|error| Failure::input(format!("the secret in `{}` cannot be read: {}", path.display(), words(&error))))?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(SecretString::from(line.to_owned())),
        None => Err(Failure::input(format!("the first line of `{}`, which is to hold a secret, is empty", path.display()))),
    }
}
