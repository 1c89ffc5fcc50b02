//! `azure_identity` on our connections: its requests go out by [`Http`], and what goes wrong is told by us.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, ClientOptions, HttpClient, Request, RetryOptions, Transport};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::authority::Authority;
use super::fault::Fault;
use super::http::{Http, Reply, is_nearby};
use super::refusal;
use super::renewing::Fetched;
use crate::directory::entra::json::whole;
use crate::directory::net::{is_loopback, place};

/// Where Azure machines ask for their identity.
const IDENTITY_SERVICE: &str = "169.254.169.254";

/// No token lasts longer, in seconds.
const LONGEST: i64 = 315_360_000;

/// Carries the requests of one sign-in, and keeps what went wrong: the library's own errors would quote bodies.
pub(super) struct Wire {
    http: Http,
    /// An authority on this machine that has no TLS. The library takes https only, so that it is told https.
    plain: Option<Url>,
    fault: Mutex<Option<Fault>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    /// A wire to this authority.
    pub(super) fn new(http: &Http, authority: &Authority) -> Arc<Self> {
        let plain = authority.is_plain_loopback().then(|| authority.login().clone());
        Arc::new(Self { http: http.clone(), plain, fault: Mutex::new(None) })
    }

    /// Options for a credential that sign in to this authority over this wire, once.
    pub(super) fn options(self: &Arc<Self>, authority: &Authority) -> ClientOptions {
        let mut own = CustomConfiguration::default();
        own.authority_host = authority.login().as_str().replacen("http://", "https://", 1);
        let client: Arc<dyn HttpClient> = Arc::<Self>::clone(self);
        ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(Transport::new(client)),
            cloud: Some(Arc::new(CloudConfiguration::from(own))),
            ..ClientOptions::default()
        }
    }

    /// The token of a credential that uses this wire.
    pub(super) async fn token(&self, credential: &dyn TokenCredential, authority: &Authority) -> Result<Fetched, Fault> {
        match credential.get_token(&[&authority.scope()], None).await {
            Ok(token) => fetched(authority, token.token.secret(), token.expires_on.unix_timestamp()),
            Err(_) => Err(self.taken_fault().unwrap_or_else(|| not_understood(&authority.shown()))),
        }
    }

    fn taken_fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        let url = target(request.url(), self.plain.as_ref())?;
        let host = place(&url);
        let (method, body) = (request.method().as_str().to_owned(), bytes(request.body()));
        let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|_| not_understood(&host))?;
        let mut builder = self.http.client(&url)?.request(method, url).body(body.clone());
        for (name, value) in request.headers().iter() {
            builder = builder.header(name.as_str(), value.as_str());
        }
        let reply = self.http.send(builder.build().map_err(|_| not_understood(&host))?).await?;
        if !reply.is_success() {
            return Err(refusal::fault(&host, reply.status, reply.retry_after, &reply.body, &body));
        }
        let body = tidied(&reply.body).ok_or_else(|| not_understood(&host))?;
        Ok(Reply { body, ..reply })
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        match self.exchange(request).await {
            Ok(reply) => Ok(AsyncRawResponse::from_bytes(reply.status.into(), Headers::new(), reply.body)),
            Err(fault) => {
                *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
                // Of a kind that the library does not try again.
                Err(azure_core::Error::with_message(ErrorKind::Other, "no token"))
            }
        }
    }
}

fn bytes(body: &Body) -> Vec<u8> {
    match body {
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::SeekableStream(_) => Vec::new(),
    }
}

/// Where a request really goes. What was meant for a loopback authority goes there without TLS, and so does the identity
/// of a machine; nothing else is led elsewhere, and nothing else leaves this machine without TLS.
fn target(asked: &Url, plain: Option<&Url>) -> Result<Url, Fault> {
    let mut url = asked.clone();
    if let Some(plain) = plain.filter(|plain| is_loopback(plain)) {
        let is_identity = url.host_str() == Some(IDENTITY_SERVICE);
        let is_authority = url.scheme() == "https" && place(&url) == place(plain);
        if is_identity || is_authority {
            url = plain.clone();
            url.set_path(asked.path());
            url.set_query(asked.query());
        }
    }
    if url.scheme() == "https" || is_nearby(&url) {
        return Ok(url);
    }
    Err(Fault::input(format!("{} would get a secret without TLS; an https address is wanted", place(&url))))
}

/// An answer as the library takes it: without nulls, lifetimes as numbers and moments as texts. `None` when it holds a
/// lifetime that cannot be added to the time: the library does not look.
fn tidied(body: &[u8]) -> Option<Vec<u8>> {
    let mut json: Map<String, Value> = serde_json::from_slice(body).ok()?;
    json.retain(|_, value| !value.is_null());
    for (name, value) in &mut json {
        match (name.as_str(), whole(value)) {
            ("expires_in" | "ext_expires_in", Some(seconds)) => {
                *value = Some(seconds).filter(|seconds| (0..=LONGEST).contains(seconds))?.into();
            }
            ("expires_in" | "ext_expires_in", None) => return None,
            ("expires_on", Some(moment)) => *value = moment.to_string().into(),
            _ => {}
        }
    }
    serde_json::to_vec(&json).ok()
}

/// A token that came, if it is one.
pub(super) fn fetched(authority: &Authority, token: &str, ends: i64) -> Result<Fetched, Fault> {
    let ends = Timestamp::from_second(ends).map_err(|_| not_understood(&authority.shown()))?;
    if token.is_empty() || token.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(not_understood(&authority.shown()));
    }
    Ok(Fetched { secret: SecretString::from(token.to_owned()), ends })
}

/// An answer that is none of a sign-in service.
pub(super) fn not_understood(host: &str) -> Fault {
    Fault::unreachable(format!("the answer of {host} is none of a sign-in service; check `authority` and the proxy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_loopback_authority_is_reached_without_tls() {
        let url = |text: &str| Url::parse(text).unwrap();
        let plain = url("http://127.0.0.1:8080/");
        let goes = |asked: &str, plain: Option<&Url>| target(&url(asked), plain).map(|url| url.to_string());
        assert_eq!(goes("https://127.0.0.1:8080/t/token?a=b", Some(&plain)).unwrap(), "http://127.0.0.1:8080/t/token?a=b");
        assert_eq!(goes("https://127.0.0.1:9090/t", Some(&plain)).unwrap(), "https://127.0.0.1:9090/t");
        assert_eq!(goes("http://169.254.169.254/metadata?x=y", Some(&plain)).unwrap(), "http://127.0.0.1:8080/metadata?x=y");
        assert_eq!(goes("http://169.254.169.254/metadata", None).unwrap(), "http://169.254.169.254/metadata");
        assert_eq!(goes("https://login.example.com/t", Some(&plain)).unwrap(), "https://login.example.com/t");
        assert!(goes("http://login.example.com/t", Some(&plain)).is_err());
        let elsewhere = url("http://login.example.com:8080/");
        assert_eq!(goes("https://login.example.com:8080/t", Some(&elsewhere)).unwrap(), "https://login.example.com:8080/t");
    }

    #[test]
    fn lifetimes_are_numbers_that_can_be_added_and_nothing_is_null() {
        for (body, usable) in [
            (r#"{"expires_in":3599}"#, Some(r#"{"expires_in":3599}"#)),
            (r#"{"expires_in":"3599","ext_expires_in":null}"#, Some(r#"{"expires_in":3599}"#)),
            (r#"{"expires_on":1800000000,"resource":"r"}"#, Some(r#"{"expires_on":"1800000000","resource":"r"}"#)),
            (r#"{"expires_in":9223372036854775807}"#, None),
            (r#"{"expires_in":"9223372036854775807"}"#, None),
            (r#"{"expires_in":-1}"#, None),
            (r#"{"expires_in":"soon"}"#, None),
            ("<html>", None),
        ] {
            let tidied = tidied(body.as_bytes()).map(|body| String::from_utf8(body).unwrap());
            assert_eq!(tidied.as_deref(), usable, "{body}");
        }
    }
}
