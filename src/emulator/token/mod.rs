//! Sign-in as Entra's `/oauth2/v2.0` endpoints do it, and the check of bearer tokens.
//!
//! What an assertion claims is checked; its signature is not, because the emulator has no certificates.

mod assertion;
mod claims;
mod device;
mod discovery;
mod error;
pub(crate) mod form;
mod grant;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderMap, Method};
use jiff::Timestamp;

use super::call::Answer;
use super::errors::Failure;
use super::world::World;

pub(crate) use error::Refused;

/// Old tokens are swept out when there are more than these.
const MANY: usize = 10_000;

/// What was issued.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Access tokens with the second in which they end; `None` for the one that was printed at the start.
    issued: BTreeMap<String, Option<i64>>,
    refresh: BTreeSet<String>,
    /// Ids of assertions that were used.
    used_assertions: BTreeSet<String>,
    devices: BTreeMap<String, device::Pending>,
}

/// A request to one of the sign-in endpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignInCall<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a [String],
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// What links begin with.
    pub(crate) base: &'a str,
}

impl Tokens {
    /// Whether a path is one of sign-in.
    pub(crate) fn owns(path: &[String]) -> bool {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        matches!(
            path.as_slice(),
            [_, "oauth2", ..]
                | [_, .., ".well-known", "openid-configuration"]
                | ["common", "discovery", "instance"]
                | [_, "discovery", "v2.0", "keys"]
                | ["metadata", "identity", "oauth2", "token"]
        )
    }

    /// Answers a request of sign-in.
    pub(crate) fn handle(&mut self, world: &World, call: &SignInCall<'_>) -> Answer {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let answered = match (call.method.as_str(), path.as_slice()) {
            ("GET", ["metadata", "identity", "oauth2", "token"]) => grant::managed_identity(self, world, call),
            ("GET", ["common", "discovery", "instance"]) => Ok(discovery::instances(call)),
            ("GET", [tenant, .., ".well-known", "openid-configuration"]) => discovery::configuration(world, call, tenant),
            ("GET", [_, "discovery", "v2.0", "keys"]) => Ok(discovery::keys()),
            ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) => device::begin(self, world, call, tenant),
            ("POST", [tenant, "oauth2", "v2.0", "token"] | [tenant, "oauth2", "token"]) => {
                grant::token(self, world, call, tenant)
            }
            _ => Err(Refused::new(404, "invalid_request", 900_561, "The endpoint does not exist or takes another method.")),
        };
        answered.unwrap_or_else(|refused| refused.answer(world.clock.now()))
    }

    /// A new access token that ends after so many seconds, or never.
    pub(crate) fn issue(&mut self, world: &World, client: &str, base: &str, seconds: Option<u32>) -> String {
        let now = world.clock.now();
        let ends = seconds.map(|seconds| now.as_second().saturating_add(seconds.into()));
        if self.issued.len() > MANY {
            self.issued.retain(|_, ends| ends.is_none_or(|ends| ends > now.as_second()));
        }
        let token = claims::token(world, client, base, seconds.unwrap_or(86_400));
        self.issued.insert(token.clone(), ends);
        token
    }

    /// All tokens issued so far end.
    pub(crate) fn expire_all(&mut self) {
        self.issued.values_mut().for_each(|ends| *ends = Some(i64::MIN));
    }

    /// Checks the bearer token of a request.
    ///
    /// # Errors
    /// 401.
    pub(crate) fn check(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), Failure> {
        let sent = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, token) = sent.split_once(' ').unwrap_or((sent, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(Failure::unauthenticated("Access token is empty."));
        }
        match self.issued.get(token.trim()) {
            None => Err(Failure::unauthenticated("Access token validation failure. Invalid audience or signature.")),
            Some(Some(ends)) if *ends <= now.as_second() => {
                Err(Failure::unauthenticated("Lifetime validation failed, the token is expired."))
            }
            Some(_) => Ok(()),
        }
    }
}
