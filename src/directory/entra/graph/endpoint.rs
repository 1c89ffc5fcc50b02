//! Where Graph is, and the connection to it: https anywhere, http on this very machine only.

use std::time::Duration;

use reqwest::redirect;
use url::{Host, Url};

use crate::directory::ports::DirectoryError;
use crate::directory::text::shown;

/// The innermost reason, which is the one that helps.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    shown(&cause.to_string())
}

pub(super) fn place(endpoint: &Url) -> String {
    let port = endpoint.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", endpoint.host_str().unwrap_or_default())
}

/// https anywhere, http on loopback only: whoever listens in between reads the token.
pub(super) fn endpoint(text: &str) -> Result<Url, DirectoryError> {
    let wrong = |why: &str| DirectoryError::Input(format!("`{}` is no address of Graph: {why}", shown(text)));
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it must be a scheme and a host, such as https://graph.microsoft.com"));
    }
    if ["/v1.0", "/beta"].iter().any(|version| url.path().trim_end_matches('/').ends_with(version)) {
        return Err(wrong("leave the version out; it is added to every request"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong("http is allowed on loopback only: the token would travel in the clear")),
        _ => Err(wrong("it must start with https://")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

pub(super) fn http_client(endpoint: &Url, patience: Duration) -> Result<reqwest::Client, DirectoryError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("hardmatch/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(15))
        .timeout(patience)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never());
    // Over http there is no certificate to check, and a machine without any authority shall work as well.
    let plain = endpoint.scheme() == "http";
    let builder = if plain { builder.no_proxy().tls_certs_only([]) } else { builder.https_only(true) };
    builder.build().map_err(|error| {
        let message = format!(
            "no secure connection can be made from this machine: {}. Are there certificate authorities (package ca-certificates)?",
            root_cause(&error)
        );
        DirectoryError::Unreachable(message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_travel_in_the_clear() {
        for good in
            ["https://graph.microsoft.com", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost:9", "https://x/proxy"]
        {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in [
            "http://graph.microsoft.com",
            "http://127.0.0.1.evil.example",
            "ftp://x",
            "https://u:p@x",
            "https://x?y",
            "x",
            "http://0.0.0.0:1",
            "https://graph.microsoft.com/v1.0/",
        ] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }
}
