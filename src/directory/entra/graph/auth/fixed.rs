//! A token that somebody else fetched.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::claims::claims;
use super::secrets::check_secret;
use super::{AccessToken, TokenSource};
use crate::directory::Clock;
use crate::directory::ports::DirectoryError;

/// Clocks differ by so much.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Hands out one token, until it is refused.
pub(super) struct Fixed {
    token: AccessToken,
    ends: Option<Timestamp>,
    clock: Clock,
}

impl Fixed {
    /// # Errors
    /// [`DirectoryError::Input`] for what cannot be a token.
    pub(super) fn new(secret: SecretString, clock: Clock) -> Result<Self, DirectoryError> {
        check_secret("the access token", &secret)?;
        let token = AccessToken { secret };
        let ends = claims(&token).and_then(|claims| claims.exp);
        Ok(Self { token, ends, clock })
    }
}

#[async_trait]
impl TokenSource for Fixed {
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, DirectoryError> {
        const CURE: &str =
            "fetch a new one, for instance with `az account get-access-token --resource-type ms-graph`, and run again";
        if rejected.is_some() {
            let message = format!("the access token has expired or is not for Graph; {CURE}");
            return Err(DirectoryError::Denied(message));
        }
        if let Some(ends) = self.ends.filter(|ends| ends.duration_until((self.clock)()) > SKEW) {
            return Err(DirectoryError::Denied(format!("the access token has expired at {ends}; {CURE}")));
        }
        Ok(self.token.clone())
    }
}
