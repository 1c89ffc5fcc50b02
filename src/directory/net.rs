//! Addresses of servers: what is this very machine, and where a secret may be sent.

use std::net::IpAddr;

use url::Url;

use super::ports::DirectoryError;

/// Whether a host, with or without the brackets of IPv6, is this machine.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether an address is one of this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}

/// Host and port, for messages.
pub(crate) fn place(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// What is wrong with an address, and how to cure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) why: &'static str,
    pub(crate) cure: &'static str,
}

/// Reads an address that gets secrets: https anywhere, http on loopback only, and nobody hides another host behind an `@`.
///
/// # Errors
/// What is wrong with it, without the address itself, which may hold a password.
pub(crate) fn secure(text: &str) -> Result<Url, Unfit> {
    const HTTPS: &str = "write an https address, such as https://name.example.com";
    let wrong = |why| Unfit { why, cure: HTTPS };
    let url = Url::parse(text).map_err(|_| wrong("this is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unfit { why: "an address must not carry a user or a password", cure: "write them under `auth`" });
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong("http is allowed on loopback only: secrets would travel in the clear")),
        _ => Err(wrong("an address starts with https://")),
    }
}

/// The same, for a setting that messages name.
///
/// # Errors
/// [`DirectoryError::Input`].
pub(crate) fn secure_setting(setting: &str, text: &str) -> Result<Url, DirectoryError> {
    secure(text).map_err(|Unfit { why, cure }| DirectoryError::Input(format!("`{setting}`: {why}; {cure}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_travel_in_the_clear() {
        for good in
            ["https://graph.microsoft.com", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost:9", "https://x/proxy"]
        {
            assert!(secure(good).is_ok(), "{good}");
        }
        for bad in [
            "http://graph.microsoft.com",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
            "https://user:pw@login.example.com",
            "http://10.0.0.1",
            "http://0.0.0.0:1",
            "ftp://localhost",
            "file:///etc/passwd",
            "x",
            "",
        ] {
            assert!(secure(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_by_name_and_number() {
        assert!(["localhost", "LOCALHOST", "127.1.2.3", "[::1]", "::1"].into_iter().all(is_loopback_host));
        assert!(!["", "localhost.example", "128.0.0.1", "[::2]", "0.0.0.0"].into_iter().any(is_loopback_host));
    }
}
