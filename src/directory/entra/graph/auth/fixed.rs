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
        let now = (self.clock)();
        if let Some(ends) = self.ends.filter(|ends| ends.duration_until(now) > SKEW) {
            // A clock that is days ahead makes every token an old one.
            let now = now.strftime("%Y-%m-%dT%H:%M:%SZ");
            let message = format!("the access token has expired at {ends}, by this machine's clock ({now}); {CURE}");
            return Err(DirectoryError::Denied(message));
        }
        Ok(self.token.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn source(token: &str) -> Fixed {
        Fixed::new(token.to_owned().into(), Arc::new(|| Timestamp::from_second(10_000).unwrap())).unwrap()
    }

    #[tokio::test]
    async fn an_opaque_token_is_handed_out_until_it_is_refused() {
        let source = source("opaque");
        let token = source.token(None).await.unwrap();
        assert_eq!(token.secret.expose_secret(), "opaque");
        assert!(matches!(source.token(Some(&token)).await, Err(DirectoryError::Denied(text)) if !text.contains("opaque")));
    }

    #[test]
    fn one_with_quotes_around_it_is_not_sent() {
        for token in ["\"e30.e30.c2ln\"", "'e30.e30.c2ln'", "“e30.e30.c2ln”", "e30.e30.c2ln\""] {
            let refused = Fixed::new(token.to_owned().into(), Arc::new(|| Timestamp::UNIX_EPOCH)).err();
            assert!(
                matches!(&refused, Some(DirectoryError::Input(text)) if text.contains("has quotes around it") && !text.contains("e30")),
                "{refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn one_that_says_it_has_ended_is_not_sent() {
        for (ends, good) in [(20_000, true), (9_800, true), (9_600, false), (0, false)] {
            let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{ends}}}"#));
            assert_eq!(source(&format!("e30.{claims}.c2ln")).token(None).await.is_ok(), good, "{ends}");
        }
    }
}
