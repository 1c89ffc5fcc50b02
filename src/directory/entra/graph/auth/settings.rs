//! How to sign in, and what that needs of the surroundings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::directory::Clock;

/// How to sign in to Graph.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// An app registration with a client secret.
    ClientSecret {
        /// The application id.
        client_id: String,
        /// Its secret.
        secret: SecretString,
    },
    /// An app registration with a certificate.
    ClientCertificate {
        /// The application id.
        client_id: String,
        /// The certificate and its private key, as PEM.
        pem: SecretString,
    },
    /// Federated credentials of a pipeline or a cluster.
    WorkloadIdentity {
        /// The application id, where the environment does not name it.
        client_id: Option<String>,
    },
    /// The identity of the Azure machine that the program runs on.
    ManagedIdentity {
        /// The application id of a user-assigned identity.
        client_id: Option<String>,
    },
    /// Whoever is signed in to the Azure command line.
    AzureCli,
    /// A person who enters a code in a browser.
    DeviceCode {
        /// The application id; Microsoft Graph Command Line Tools when there is none.
        client_id: Option<String>,
    },
    /// An access token that somebody else fetched.
    Token(SecretString),
}

/// Reads a variable of the environment.
pub type Variable = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;
/// Tells somebody something while a sign-in waits for them.
pub type Prompt = Arc<dyn Fn(&str) + Send + Sync>;
/// Waits.
pub type Sleep = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// What sign-in needs of the world around it.
#[derive(Clone)]
pub struct Surroundings {
    /// Reads the environment.
    pub variable: Variable,
    /// Tells the time.
    pub clock: Clock,
    /// Shows the code that somebody has to enter.
    pub prompt: Prompt,
    /// Waits between attempts.
    pub sleep: Sleep,
}

impl Surroundings {
    /// Surroundings that wait in real time.
    #[must_use]
    pub fn new(variable: Variable, clock: Clock, prompt: Prompt) -> Self {
        Self { variable, clock, prompt, sleep: Arc::new(|time| Box::pin(tokio::time::sleep(time))) }
    }

    /// A variable of the environment, unless it is empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}
