//! One request to a sign-in service, without redirects, so that no secret follows one.

use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Request};
use url::Url;

use super::authority::{host_of, is_loopback};
use super::fault::Fault;
use crate::directory::ports::DirectoryError;
use crate::directory::text::shown;

/// No answer of a sign-in service is longer.
const LONGEST: usize = 1024 * 1024;
const WHOLE: Duration = Duration::from_secs(60);

/// An answer, read to its end.
#[derive(Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends requests through the proxy of the machine, or straight to what is on the machine itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Http {
    proxied: Arc<OnceLock<Result<Client, DirectoryError>>>,
    direct: Arc<OnceLock<Result<Client, DirectoryError>>>,
}

impl Http {
    /// A client for an address.
    ///
    /// # Errors
    /// The machine has no certificate authorities that could vouch for anybody.
    pub(super) fn client(&self, url: &Url) -> Result<&Client, Fault> {
        let client = if is_nearby(url) {
            self.direct.get_or_init(|| built(Client::builder().no_proxy(), Duration::from_secs(3)))
        } else {
            self.proxied.get_or_init(|| built(Client::builder(), Duration::from_secs(20)))
        };
        client.as_ref().map_err(|error| error.clone().into())
    }

    /// Sends a request; an answer that is no success is an answer.
    ///
    /// # Errors
    /// No answer, or none that can be read.
    pub(super) async fn send(&self, request: Request) -> Result<Reply, Fault> {
        let host = host_of(request.url());
        let client = self.client(request.url())?.clone();
        let mut response = client.execute(request).await.map_err(|error| no_answer(&host, &error))?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&host, &error))? {
            if body.len().saturating_add(chunk.len()) > LONGEST {
                return Err(Fault::unreachable(format!("the answer of {host} is longer than any of a sign-in service")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, retry_after, body })
    }
}

fn built(builder: ClientBuilder, patience: Duration) -> Result<Client, DirectoryError> {
    let builder = builder.redirect(Policy::none()).connect_timeout(patience).timeout(WHOLE);
    builder.build().map_err(|error| {
        DirectoryError::Unreachable(format!(
            "TLS cannot be set up: {}; install the certificate authorities of this machine (ca-certificates), or name them in \
             SSL_CERT_FILE",
            shown(&causes(&error))
        ))
    })
}

/// On this machine or its own link, where the identity of an Azure machine is served: no proxy lies in between.
pub(super) fn is_nearby(url: &Url) -> bool {
    matches!(url.host(), Some(url::Host::Ipv4(ip)) if ip.is_link_local()) || is_loopback(url)
}

fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Why there was no answer.
fn no_answer(host: &str, error: &reqwest::Error) -> Fault {
    if let Some(message) = tls_message(host, error) {
        return Fault::unreachable(message);
    }
    let causes = causes(error);
    let why = if error.is_timeout() {
        format!("{host} does not answer in time; check the network, the firewall and the proxy")
    } else if causes.contains("dns error") {
        format!("the name {host} cannot be resolved; check the network, DNS and the proxy")
    } else if error.is_connect() {
        format!("{host} cannot be reached ({}); check the network, the firewall and the proxy", shown(last_cause(&causes)))
    } else {
        format!("the connection to {host} broke ({}); try again", shown(last_cause(&causes)))
    };
    Fault::Passing(DirectoryError::Unreachable(why), None)
}

/// What is wrong with the certificate of a server, if that is it.
fn tls_message(host: &str, error: &reqwest::Error) -> Option<String> {
    let tls = sources(error).find_map(as_tls)?;
    let rustls::Error::InvalidCertificate(reason) = tls else {
        return Some(format!(
            "the TLS handshake with {host} failed: {}; check the address and the proxy",
            shown(&tls.to_string())
        ));
    };
    let found = shown(&format!("{reason:?}"));
    Some(format!(
        "the certificate of {host} is not trusted ({found}): somebody is in between, or a proxy that opens TLS; if that proxy \
         is yours, install its certificate authority on this machine or name it in SSL_CERT_FILE; check the clock as well"
    ))
}

fn as_tls<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    // An error of I/O hides what it wraps from `source`.
    as_tls(error.downcast_ref::<io::Error>()?.get_ref()?)
}

fn sources<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The causes of an error, without its address, which may carry what is not to be shown.
fn causes(error: &reqwest::Error) -> String {
    let texts: Vec<String> = sources(error).skip(1).map(ToString::to_string).collect();
    texts.join(": ")
}

fn last_cause(causes: &str) -> &str {
    causes.rsplit(": ").next().unwrap_or(causes)
}
