//! Where Graph is, and the connection to it.

use std::time::Duration;

use reqwest::Client;
use url::Url;

use crate::directory::net::secure_setting;
use crate::directory::ports::DirectoryError;

use super::http::build;

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(15);

/// Reads the address: scheme and host, perhaps a path, never the version. What is wrong is told without the address, in
/// which a key may stand.
pub(super) fn endpoint(text: &str) -> Result<Url, DirectoryError> {
    let wrong = |why: &str| DirectoryError::Input(format!("`endpoint`: {why}"));
    let url = secure_setting("endpoint", text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("leave out what follows the path, as in https://graph.microsoft.com"));
    }
    if ["/v1.0", "/beta"].iter().any(|version| url.path().trim_end_matches('/').ends_with(version)) {
        return Err(wrong("leave the version out; it is added to every request"));
    }
    Ok(url)
}

/// Over http there is no certificate to check, and a machine without any authority shall work as well.
pub(super) fn client(endpoint: &Url, patience: Duration) -> Result<Client, DirectoryError> {
    let builder = Client::builder();
    let plain = endpoint.scheme() == "http";
    let builder = if plain { builder.no_proxy().tls_certs_only([]) } else { builder.https_only(true) };
    build(builder, CONNECTING, patience)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_without_a_version() {
        assert!(endpoint("https://graph.microsoft.com").is_ok() && endpoint("https://x/proxy/").is_ok());
        for bad in ["https://graph.microsoft.com/v1.0/", "https://x/beta", "https://x?key=s3cret", "https://x#s3cret", "http://x"]
        {
            let error = endpoint(bad).unwrap_err().to_string();
            assert!(error.starts_with("`endpoint`: ") && !error.contains("s3cret"), "{bad}");
        }
    }
}
