//! Connections to Entra: how they are made, and what it means when one breaks.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use serde::de::IgnoredAny;

use crate::directory::ports::DirectoryError;
use crate::directory::text::shown;

/// Why there is no answer, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// Nobody vouches for whoever answered; another try meets the same one.
    Untrusted(String),
    /// There was no connection: nothing was sent.
    Unreached(String),
    /// The connection ended, or the answer took too long: what was sent may have arrived.
    Lost(String),
    /// What came is no HTTP, or more of it than anybody sends; whoever says so once does it again.
    Odd(String),
}

/// Builds a client that follows no redirect, so that no secret does, and never sends anything twice by itself.
pub(super) fn build(builder: ClientBuilder, connecting: Duration, whole: Duration) -> Result<Client, DirectoryError> {
    let builder = builder.user_agent(concat!("hardmatch/", env!("CARGO_PKG_VERSION"))).redirect(Policy::none());
    let builder = builder.retry(reqwest::retry::never()).connect_timeout(connecting).timeout(whole);
    builder.build().map_err(|error| {
        DirectoryError::Unreachable(format!(
            "TLS cannot be set up: {}; install the certificate authorities of this machine (ca-certificates), or name them in \
             SSL_CERT_FILE",
            shown(&causes(&error))
        ))
    })
}

/// What an error of a request to `place` means.
pub(super) fn broken(place: &str, error: &reqwest::Error) -> Broken {
    if let Some(message) = tls_message(place, error) {
        return Broken::Untrusted(message);
    }
    let causes = causes(error);
    let last = shown(causes.rsplit(": ").next().unwrap_or(&causes));
    if causes.contains("dns error") {
        return Broken::Unreached(format!("the name {place} cannot be resolved; check the network, DNS and the proxy"));
    }
    if error.is_connect() && !error.is_timeout() {
        return Broken::Unreached(format!("{place} cannot be reached ({last}); check the network, the firewall and the proxy"));
    }
    if ["parsed", "head is too large"].iter().any(|end| last.contains(end)) {
        return Broken::Odd(format!(
            "what {place} answers is no HTTP that can be read ({last}); check the address and the proxy"
        ));
    }
    let slow = format!("{place} does not answer in time; check the network, the firewall and the proxy");
    match (error.is_timeout(), error.is_connect()) {
        (true, true) => Broken::Unreached(slow),
        (true, false) => Broken::Lost(slow),
        (false, _) => Broken::Lost(format!("the connection to {place} broke ({last}); try again")),
    }
}

/// Why a body was not read to its end.
#[derive(Debug)]
pub(super) enum Unread {
    /// The connection broke, or what came is not what was announced.
    Broken(reqwest::Error),
    /// It is longer than it may be.
    TooLong,
}

/// The body of an answer, of `longest` bytes at most once it is decompressed.
pub(super) async fn body(mut response: Response, longest: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len().saturating_add(chunk.len()) > longest {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether a body is JSON that ends too early: a proxy in between passed on what it had.
pub(super) fn is_cut(body: &[u8]) -> bool {
    let is_early = |error: serde_json::Error| error.is_eof();
    !body.trim_ascii().is_empty() && serde_json::from_slice::<IgnoredAny>(body).is_err_and(is_early)
}

fn tls_message(place: &str, error: &reqwest::Error) -> Option<String> {
    let tls = sources(error).find_map(as_tls)?;
    let rustls::Error::InvalidCertificate(reason) = tls else {
        return Some(format!(
            "the TLS handshake with {place} failed: {}; check the address and the proxy",
            shown(&tls.to_string())
        ));
    };
    let found = shown(&format!("{reason:?}"));
    Some(format!(
        "the certificate of {place} is not trusted ({found}): somebody is in between, or a proxy that opens TLS; if that proxy \
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

fn causes(error: &reqwest::Error) -> String {
    let texts: Vec<String> = sources(error).skip(1).map(ToString::to_string).collect();
    texts.join(": ")
}
