//! Tokens that are kept and renewed before they end; whoever asks at the same time shares one sign-in.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::fault::Fault;
use super::settings::Surroundings;
use super::{AccessToken, TokenSource};
use crate::directory::ports::DirectoryError;

/// Renewed so long before the end.
const EARLY: SignedDuration = SignedDuration::from_mins(5);
/// Waiting times between attempts, unless the server wants a longer one.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];
/// No server makes us wait longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A token as it comes from sign-in.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    pub(super) secret: SecretString,
    pub(super) ends: Timestamp,
}

/// Signs in, once.
#[async_trait]
pub(super) trait Fetch: Send + Sync {
    /// A token that was not handed out before, as far as that is ours to say.
    async fn fetch(&self) -> Result<Fetched, Fault>;
}

#[derive(Debug, Default)]
struct Held {
    token: Option<Kept>,
    refused: Option<SecretString>,
}

#[derive(Debug)]
struct Kept {
    secret: SecretString,
    renew_at: Timestamp,
}

/// A source that signs in again when it has to.
pub(super) struct Renewing<F> {
    fetch: F,
    surroundings: Surroundings,
    held: Mutex<Held>,
}

impl<F: Fetch> Renewing<F> {
    /// A source that has not signed in yet.
    pub(super) fn new(fetch: F, surroundings: Surroundings) -> Self {
        Self { fetch, surroundings, held: Mutex::new(Held::default()) }
    }

    async fn sign_in(&self) -> Result<Fetched, DirectoryError> {
        for pause in PAUSES {
            match self.fetch.fetch().await {
                Ok(fetched) => return Ok(fetched),
                Err(Fault::Final(error)) => return Err(error),
                Err(Fault::Passing(_, wanted)) => {
                    (self.surroundings.sleep)(wanted.map_or(pause, |wanted| wanted.clamp(pause, LONGEST_PAUSE))).await;
                }
            }
        }
        self.fetch.fetch().await.map_err(Fault::into_error)
    }
}

impl Held {
    /// Puts aside what Graph has refused.
    fn reject(&mut self, rejected: Option<&AccessToken>) {
        let Some(rejected) = rejected else { return };
        self.token.take_if(|kept| is_same(&kept.secret, &rejected.secret));
        self.refused = Some(rejected.secret.clone());
    }

    fn current(&self, now: Timestamp) -> Option<AccessToken> {
        let kept = self.token.as_ref().filter(|kept| now < kept.renew_at)?;
        Some(AccessToken { secret: kept.secret.clone() })
    }

    fn keep(&mut self, fetched: Fetched, now: Timestamp) -> Result<AccessToken, DirectoryError> {
        if self.refused.as_ref().is_some_and(|refused| is_same(refused, &fetched.secret)) {
            let message = "Graph has refused the access token, and sign-in hands out the same one again; sign in anew, or wait \
                           until that one has ended (a managed identity keeps its token for up to a day)";
            return Err(DirectoryError::Denied(message.to_owned()));
        }
        self.token = Some(Kept { secret: fetched.secret.clone(), renew_at: renew_at(now, fetched.ends) });
        Ok(AccessToken { secret: fetched.secret })
    }
}

/// Some minutes before the end; a token that lasts only minutes is used for half of them.
fn renew_at(now: Timestamp, ends: Timestamp) -> Timestamp {
    let early = EARLY.min(ends.duration_since(now) / 2);
    ends.checked_sub(early).unwrap_or(ends)
}

fn is_same(left: &SecretString, right: &SecretString) -> bool {
    left.expose_secret() == right.expose_secret()
}

#[async_trait]
impl<F: Fetch> TokenSource for Renewing<F> {
    async fn token(&self, rejected: Option<&AccessToken>) -> Result<AccessToken, DirectoryError> {
        let mut held = self.held.lock().await;
        held.reject(rejected);
        if let Some(token) = held.current((self.surroundings.clock)()) {
            return Ok(token);
        }
        let fetched = self.sign_in().await?;
        held.keep(fetched, (self.surroundings.clock)())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, Mutex as Lock};

    use super::*;

    /// Hands out what it was given, one after the other.
    struct Script(Lock<VecDeque<Result<Fetched, Fault>>>);

    #[async_trait]
    impl Fetch for Script {
        async fn fetch(&self) -> Result<Fetched, Fault> {
            self.0.lock().unwrap().pop_front().unwrap_or_else(|| Err(Fault::denied("nothing left")))
        }
    }

    fn token(text: &str, ends: i64) -> Result<Fetched, Fault> {
        Ok(Fetched { secret: text.to_owned().into(), ends: Timestamp::from_second(ends).unwrap() })
    }

    fn source(now: &Arc<AtomicI64>, answers: Vec<Result<Fetched, Fault>>) -> Renewing<Script> {
        let now = Arc::clone(now);
        let clock = Arc::new(move || Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap());
        let mut surroundings = Surroundings::new(Arc::new(|_| None), clock, Arc::new(|_| ()));
        surroundings.sleep = Arc::new(|_| Box::pin(std::future::ready(())));
        Renewing::new(Script(Lock::new(answers.into())), surroundings)
    }

    async fn asked(source: &Renewing<Script>, rejected: Option<&str>) -> Result<String, DirectoryError> {
        let rejected = rejected.map(|text| AccessToken { secret: text.to_owned().into() });
        source.token(rejected.as_ref()).await.map(|token| token.secret.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn renews_some_minutes_early_and_short_tokens_at_half_their_time() {
        let now = Arc::new(AtomicI64::new(0));
        let source = source(&now, vec![token("long", 3600), token("short", 3460), token("next", 9000)]);
        for (second, wanted) in [(0, "long"), (3299, "long"), (3300, "short"), (3379, "short"), (3380, "next")] {
            now.store(second, Ordering::SeqCst);
            assert_eq!(asked(&source, None).await.unwrap(), wanted, "{second}");
        }
    }

    #[tokio::test]
    async fn what_was_refused_is_never_handed_out_again() {
        let now = Arc::new(AtomicI64::new(0));
        let source = source(&now, vec![token("a", 3600), token("a", 3600), token("a", 3600), token("b", 3600)]);
        assert_eq!(asked(&source, None).await.unwrap(), "a");
        assert!(matches!(asked(&source, Some("a")).await, Err(DirectoryError::Denied(text)) if text.contains("the same one")));
        assert!(asked(&source, None).await.is_err(), "nor to the next who asks");
        assert_eq!(asked(&source, None).await.unwrap(), "b");
        assert_eq!(asked(&source, Some("a")).await.unwrap(), "b", "somebody else has renewed it by then");
    }

    #[tokio::test]
    async fn tries_again_what_may_pass_and_nothing_else() {
        let now = Arc::new(AtomicI64::new(0));
        let passing = || Err(Fault::Passing(DirectoryError::Unreachable("busy".to_owned()), None));
        let answers = vec![passing(), passing(), passing(), token("a", 3600)];
        assert_eq!(asked(&source(&now, answers), None).await.unwrap(), "a");
        let busy = source(&now, (0..9).map(|_| passing()).collect());
        assert_eq!(asked(&busy, None).await, Err(DirectoryError::Unreachable("busy".to_owned())));
        let denied = source(&now, vec![Err(Fault::denied("no")), token("a", 3600)]);
        assert_eq!(asked(&denied, None).await, Err(DirectoryError::Denied("no".to_owned())));
    }
}
