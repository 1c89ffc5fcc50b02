//! A person who enters a code in a browser on any device: <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-device-code>.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::authority::Authority;
use super::fault::Fault;
use super::http::{Http, Reply};
use super::refusal::{self, Refusal};
use super::renewing::{Fetch, Fetched};
use super::sdk::{fetched, not_understood};
use super::settings::Surroundings;
use crate::directory::entra::json::whole;
use crate::directory::ports::DirectoryError;
use crate::directory::text::shown;

/// Microsoft Graph Command Line Tools, a public client that every tenant can consent to.
pub(super) const GRAPH_TOOLS: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
/// Seconds between two questions, when the service names none; and by how much it slows down.
const INTERVAL: u64 = 5;
/// No code lasts longer, in seconds.
const LONGEST_WAIT: u64 = 3600;

/// Signs in a person.
pub(super) struct ByPerson {
    client_id: String,
    authority: Authority,
    http: Http,
    surroundings: Surroundings,
    /// Renews the sign-in without asking again.
    refresh: Mutex<Option<SecretString>>,
}

/// It has no `Debug`: the codes are secrets.
#[derive(Deserialize)]
struct Code {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

/// It has no `Debug`: the tokens are secrets.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Value,
    refresh_token: Option<String>,
}

/// What a poll ended with.
enum Polled {
    Granted(Granted),
    NotYet,
    TooOften,
}

impl ByPerson {
    pub(super) fn new(client_id: Option<String>, authority: Authority, http: Http, surroundings: Surroundings) -> Self {
        let client_id = client_id.unwrap_or_else(|| GRAPH_TOOLS.to_owned());
        Self { client_id, authority, http, surroundings, refresh: Mutex::new(None) }
    }

    fn scope(&self) -> String {
        format!("{} offline_access", self.authority.scope())
    }

    /// A token for the refresh token of the last sign-in; `None` when there is none that is still good.
    async fn renew(&self) -> Result<Option<Granted>, Fault> {
        let Some(refresh) = self.refresh.lock().unwrap_or_else(PoisonError::into_inner).clone() else { return Ok(None) };
        let (client, scope) = (self.client_id.as_str(), self.scope());
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("scope", &scope),
            ("refresh_token", refresh.expose_secret()),
        ];
        match self.post(self.authority.token_endpoint(), &fields).await?.read() {
            Ok(granted) => Ok(Some(granted)),
            Err(Fault::Final(DirectoryError::Denied(_))) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn ask(&self) -> Result<Granted, Fault> {
        let fields = [("client_id", self.client_id.as_str()), ("scope", &self.scope())];
        let code: Code = self.post(self.authority.device_code_endpoint(), &fields).await?.read()?;
        let lasts = seconds(&code.expires_in).unwrap_or(900).min(LONGEST_WAIT);
        (self.surroundings.prompt)(&invitation(&code, lasts));
        let mut interval = seconds(&code.interval).unwrap_or(INTERVAL).clamp(1, LONGEST_WAIT);
        let mut waited = 0;
        while waited < lasts {
            (self.surroundings.sleep)(Duration::from_secs(interval)).await;
            waited = waited.saturating_add(interval);
            match self.poll(&code.device_code).await? {
                Polled::Granted(granted) => return Ok(granted),
                Polled::NotYet => {}
                Polled::TooOften => interval = interval.saturating_add(INTERVAL),
            }
        }
        Err(too_late())
    }

    async fn poll(&self, code: &str) -> Result<Polled, Fault> {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", &self.client_id),
            ("device_code", code),
        ];
        match self.post(self.authority.token_endpoint(), &fields).await {
            Ok(answer) => answer.polled(),
            // The code stays good while the network is not.
            Err(Fault::Passing(..)) => Ok(Polled::TooOften),
            Err(fault) => Err(fault),
        }
    }

    async fn post(&self, url: Url, fields: &[(&str, &str)]) -> Result<Answer, Fault> {
        let host = self.authority.shown();
        let sent = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.client(&url)?.post(url).form(fields).build().map_err(|_| not_understood(&host))?;
        Ok(Answer { reply: self.http.send(request).await?, sent, host })
    }

    fn keep(&self, granted: Granted) -> Result<Fetched, Fault> {
        let lasts = whole(&granted.expires_in).ok_or_else(|| not_understood(&self.authority.shown()))?;
        *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = granted.refresh_token.map(SecretString::from);
        let ends = (self.surroundings.clock)().as_second().saturating_add(lasts.max(0));
        fetched(&self.authority, &granted.access_token, ends)
    }
}

#[async_trait]
impl Fetch for ByPerson {
    async fn fetch(&self) -> Result<Fetched, Fault> {
        let granted = match self.renew().await? {
            Some(granted) => granted,
            None => self.ask().await?,
        };
        self.keep(granted)
    }
}

/// An answer to a form.
struct Answer {
    reply: Reply,
    sent: String,
    host: String,
}

impl Answer {
    fn fault(&self) -> Fault {
        refusal::fault(&self.host, self.reply.status, self.reply.retry_after, &self.reply.body, self.sent.as_bytes())
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        if !self.reply.is_success() {
            return Err(self.fault());
        }
        serde_json::from_slice(&self.reply.body).map_err(|_| not_understood(&self.host))
    }

    fn polled(&self) -> Result<Polled, Fault> {
        if self.reply.is_success() {
            return self.read().map(Polled::Granted);
        }
        let error = Refusal::read(&self.reply.body).map(|refusal| refusal.error).unwrap_or_default();
        match (error.as_str(), self.fault()) {
            ("authorization_pending", _) => Ok(Polled::NotYet),
            ("slow_down", _) | (_, Fault::Passing(..)) => Ok(Polled::TooOften),
            ("authorization_declined" | "access_denied", _) => {
                Err(Fault::denied("the sign-in was declined in the browser; run again, and accept it there"))
            }
            ("expired_token", _) => Err(too_late()),
            (_, fault) => Err(fault),
        }
    }
}

/// Some services write numbers as texts.
fn seconds(json: &Value) -> Option<u64> {
    whole(json).and_then(|seconds| seconds.try_into().ok())
}

fn too_late() -> Fault {
    Fault::denied("nobody has entered the code in time; run again, and enter it while the program waits")
}

fn invitation(code: &Code, lasts: u64) -> String {
    let (page, user_code) = (shown(&code.verification_uri), shown(&code.user_code));
    format!("To sign in, open {page} in a browser and enter the code {user_code} (good for {} minutes).", lasts / 60)
}
