//! Whom to trust: the configured certificate authority only, or else those of the machine. There is no way around it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::certificate;
use super::errors::{Fault, shown};
use crate::directory::limited;
use crate::directory::ports::DirectoryError;
use crate::directory::text::words;

/// The certificate authorities that may vouch for the server.
pub(super) enum Trust {
    /// Those of the configured file, and no others.
    Own(Arc<ClientConfig>),
    /// Those of the machine, looked up when a connection needs them.
    Machine,
}

impl Trust {
    /// Reads the configured file.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, DirectoryError> {
        let Some(path) = ca else { return Ok(Self::Machine) };
        let wrong = |why: String| DirectoryError::Input(format!("{}: {why}", shown(&path.display().to_string())));
        let bytes = limited::read_small(path)
            .map_err(|error| wrong(format!("cannot read the certificate authority: {}", words(&error))))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificate::read(&bytes).map_err(wrong)? {
            roots.add(certificate).map_err(|error| wrong(format!("a certificate in it is not usable: {error}")))?;
        }
        config(roots).map(Self::Own)
    }

    pub(super) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, Fault> {
        match self {
            Self::Own(config) => Ok(Arc::clone(config)),
            Self::Machine => machine_roots().and_then(config).map_err(Fault::Final),
        }
    }
}

fn machine_roots() -> Result<RootCertStore, DirectoryError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        let message = format!("this machine has no certificate authorities of its own{why}; name yours with `ca`");
        return Err(DirectoryError::Input(message));
    }
    Ok(roots)
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, DirectoryError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| DirectoryError::Unreachable(format!("TLS cannot be set up: {error}")))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Why a handshake failed, and whether another attempt could change that.
pub(super) fn handshake_fault(error: &io::Error, host: &str, own_roots: bool) -> Fault {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return Fault::NoConnection(format!("the server hung up during the TLS handshake ({error}); does this port speak TLS?"));
    };
    Fault::Final(DirectoryError::Unreachable(handshake_message(tls, host, own_roots)))
}

fn handshake_message(error: &rustls::Error, host: &str, own_roots: bool) -> String {
    let whose = if own_roots { "the authority in `ca`" } else { "an authority that this machine trusts" };
    if let rustls::Error::InvalidCertificate(reason) = error {
        return format!("the certificate of `{host}` is refused: {}", certificate::refusal(reason, whose));
    }
    if matches!(error, rustls::Error::InvalidMessage(_)) {
        return format!(
            "`{host}` does not speak TLS on this port; write ldaps:// for 636, ldap:// with `startTls: true` for 389"
        );
    }
    format!("the TLS handshake with `{host}` failed: {}", shown(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use rustls::CertificateError;

    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for (content, says) in [
            ("", "no certificate in it"),
            ("-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n", "no certificate in it"),
            ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "broken"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not usable"),
            ("0\u{1}", "not usable"),
        ] {
            std::fs::write(&path, content).unwrap();
            let error = Trust::new(Some(&path)).err().unwrap().to_string();
            assert!(error.contains(says) && error.contains("ca.pem"), "{content:?}: {error}");
        }
        let error = Trust::new(Some(&folder.path().join("none.pem"))).err().unwrap().to_string();
        assert!(error.contains("there is no such file or folder"), "{error}");
    }

    #[test]
    fn one_provider_makes_a_configuration_without_any_set_up() {
        let config = config(RootCertStore::empty()).unwrap();
        assert!(!config.crypto_provider().cipher_suites.is_empty());
        assert!(config.enable_sni);
    }

    #[test]
    fn says_what_is_wrong_with_a_certificate() {
        let message = |error, own| handshake_message(&error, "dc1", own);
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(message(unknown.clone(), true).contains("the authority in `ca`"));
        assert!(message(unknown, false).contains("this machine trusts"));
        let name = rustls::Error::InvalidCertificate(CertificateError::NotValidForName);
        assert!(message(name, true).contains("another name"));
        assert!(message(rustls::Error::InvalidCertificate(CertificateError::Expired), true).contains("expired"));
        let clear = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(message(clear, true).contains("does not speak TLS"));
    }
}
