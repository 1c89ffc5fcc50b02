//! Sign-in: where the access tokens for Graph come from.

mod claims;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::directory::ports::DirectoryError;

pub use claims::{Claims, claims};

/// An access token for Graph.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The bearer token itself.
    pub secret: SecretString,
}

/// Hands out access tokens, and fetches new ones when the old ones run out.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is good for a while yet.
    ///
    /// `rejected` is a token of this source that Graph has just refused: a source that can fetch a new one does so and
    /// never hands that one out again.
    ///
    /// # Errors
    /// [`DirectoryError::Denied`] when sign-in is refused, [`DirectoryError::Unreachable`] when the sign-in service does
    /// not answer, [`DirectoryError::Input`] when the configuration cannot be used.
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, DirectoryError>;
}
