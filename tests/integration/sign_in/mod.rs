//! Sign-in to Entra, over the wire: against the emulator, and against servers that answer whatever a test wants.
#![expect(clippy::disallowed_methods, reason = "tokens are issued and checked against the real clock")]

mod answers;
mod certificates;
#[cfg(feature = "emulator")]
mod emulated;
#[cfg(feature = "emulator")]
mod federated;
mod server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hardmatch::directory::entra::graph::auth::{Authority, Cloud, SignIn, Surroundings, TokenSource, open};
use hardmatch::directory::ports::DirectoryError;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

const TENANT: &str = "11111111-2222-4333-8444-555555555555";

/// Surroundings of which a test can tell what happened.
#[derive(Clone, Default)]
struct World {
    variables: BTreeMap<String, String>,
    ahead: Arc<AtomicI64>,
    prompts: Arc<Mutex<Vec<String>>>,
    slept: Arc<Mutex<Vec<u64>>>,
}

impl World {
    fn with(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { variables, ..Self::default() }
    }

    fn surroundings(&self) -> Surroundings {
        let (variables, ahead) = (self.variables.clone(), Arc::clone(&self.ahead));
        let (prompts, slept) = (Arc::clone(&self.prompts), Arc::clone(&self.slept));
        let clock = move || Timestamp::now() + SignedDuration::from_secs(ahead.load(Ordering::SeqCst));
        let prompt = move |text: &str| prompts.lock().unwrap().push(text.to_owned());
        let variable = move |name: &str| variables.get(name).cloned();
        let mut surroundings = Surroundings::new(Arc::new(variable), Arc::new(clock), Arc::new(prompt));
        surroundings.sleep = Arc::new(move |time: Duration| {
            slept.lock().unwrap().push(time.as_secs());
            Box::pin(std::future::ready(()))
        });
        surroundings
    }

    fn open(&self, login: &str, settings: SignIn) -> Result<Arc<dyn TokenSource>, DirectoryError> {
        open(settings, authority(login), self.surroundings())
    }

    /// Opens a source and asks it for a token.
    async fn token(&self, login: &str, settings: SignIn) -> Result<SecretString, DirectoryError> {
        self.open(login, settings)?.token(None).await.map(|token| token.secret)
    }

    fn slept(&self) -> Vec<u64> {
        self.slept.lock().unwrap().clone()
    }
}

fn authority(login: &str) -> Authority {
    Authority::new(Cloud::Global, TENANT, Some(login)).unwrap()
}

fn by_secret(secret: &str) -> SignIn {
    SignIn::ClientSecret { client_id: "app".to_owned(), secret: secret.to_owned().into() }
}
