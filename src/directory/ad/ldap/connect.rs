//! A connection to a domain controller: encrypted, verified, and never waited for without end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError};
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

use super::ber::Flaw;
use super::bind::Credentials;
use super::contain::contained;
use super::errors::{Answer, Fault, shown};
use super::relay::{self, Stream, Verdict};
use super::{start_tls, tls};
use crate::directory::net::is_loopback_host;
use crate::directory::ports::DirectoryError;

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// From the first byte.
    Tls,
    /// Before anything but the request for it is sent.
    StartTls,
    /// Not at all.
    Clear,
}

/// Where a domain controller listens.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    url: Url,
    host: String,
    port: u16,
    security: Security,
}

impl Endpoint {
    /// Reads the configured address.
    pub(super) fn parse(text: &str, start_tls: bool) -> Result<Self, DirectoryError> {
        let wrong = |why: &str| DirectoryError::Input(format!("`{}` {why}", shown(text)));
        let url = Url::parse(text).map_err(|_| wrong("is no address; write ldaps://dc1.corp.example.com"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DirectoryError::Input("an address must not carry a user or a password".to_owned()));
        }
        let (security, usual) = match (url.scheme(), start_tls) {
            ("ldaps", false) => (Security::Tls, 636),
            ("ldaps", true) => return Err(wrong("is encrypted from the start; leave out `startTls`")),
            ("ldap", true) => (Security::StartTls, 389),
            ("ldap", false) => (Security::Clear, 389),
            _ => return Err(wrong("is no address of a directory; write ldaps://dc1.corp.example.com")),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?.to_owned();
        let port = url.port().unwrap_or(usual);
        if matches!(port, 3268 | 3269) {
            return Err(wrong("is the global catalog, which holds no mS-DS-ConsistencyGuid; write port 636, or none"));
        }
        Ok(Self { url, host, port, security })
    }

    #[cfg(feature = "kerberos")]
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// An IPv6 address stands in brackets only in a URL.
    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn security(&self) -> Security {
        self.security
    }

    /// Whether the name itself means this machine.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback_host(&self.host)
    }

    /// The address for messages.
    pub(super) fn label(&self) -> String {
        format!("{}://{}:{}", self.url.scheme(), shown(&self.host), self.port)
    }
}

/// How to reach it.
pub(super) struct Route {
    pub(super) endpoint: Endpoint,
    pub(super) trust: tls::Trust,
    pub(super) patience: Duration,
    /// Whether a secret will be sent, which must not happen in the clear.
    pub(super) carries_password: bool,
    /// Why the last connection was cut, if it was.
    pub(super) verdict: Verdict,
}

impl Route {
    /// Opens a connection; TLS is up when it returns, and nothing else was sent.
    pub(super) async fn open(&self, credentials: &Credentials) -> Result<Ldap, Fault> {
        self.verdict.take();
        let opening = async {
            let stream = self.reach().await?;
            self.secure(stream, credentials).await
        };
        timeout(self.patience, opening).await.map_err(|_| self.not_in_time())?
    }

    fn not_in_time(&self) -> Fault {
        Fault::NoConnection(format!("no connection within {} s; is the server up, and the port open?", self.patience.as_secs()))
    }

    /// The first of the host's addresses that answers.
    async fn reach(&self) -> Result<TcpStream, Fault> {
        let Endpoint { host, port, .. } = &self.endpoint;
        let named = lookup_host((self.endpoint.bare_host(), *port));
        let addresses: Vec<SocketAddr> = named.await.map_err(|error| self.no_such_host(&error))?.collect();
        let each = self.patience / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut last = Fault::NoConnection(format!("`{}` has no address", shown(host)));
        for address in addresses {
            match timeout(each, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return self.accept(stream, address),
                Ok(Err(error)) => last = self.refused(address, &error),
                Err(_) => last = self.not_in_time(),
            }
        }
        Err(last)
    }

    fn accept(&self, stream: TcpStream, address: SocketAddr) -> Result<TcpStream, Fault> {
        if self.endpoint.security == Security::Clear && self.carries_password && !address.ip().is_loopback() {
            return Err(Fault::Final(in_the_clear(&self.endpoint)));
        }
        // Small requests go out at once instead of waiting for the answer to the one before.
        stream.set_nodelay(true).map_err(|error| self.refused(address, &error))?;
        Ok(stream)
    }

    fn no_such_host(&self, error: &io::Error) -> Fault {
        Fault::NoConnection(format!("the name `{}` cannot be resolved ({error}); check `url`", shown(&self.endpoint.host)))
    }

    fn refused(&self, address: SocketAddr, error: &io::Error) -> Fault {
        Fault::NoConnection(format!("no connection to {address} ({error}); is the server up, and the port open?"))
    }

    async fn secure(&self, stream: TcpStream, credentials: &Credentials) -> Result<Ldap, Fault> {
        let (settings, address) = self.settings(stream, credentials).await?;
        let opening = LdapConnAsync::from_url_with_settings(settings, &address).await;
        let (connection, ldap) = opening.map_err(|error| self.not_opened(error))?;
        let verdict = self.verdict.clone();
        // It ends when the last handle is dropped or the server hangs up; whoever waits for an answer then learns of it.
        tokio::spawn(async move {
            let driven = contained(async {
                drop(connection.drive().await);
                Ok(())
            });
            if driven.await.is_err() {
                verdict.give(Flaw::Malformed);
            }
        });
        Ok(ldap)
    }

    /// A socket for the library, behind which everything that comes is looked at.
    async fn settings(&self, mut stream: TcpStream, credentials: &Credentials) -> Result<(LdapConnSettings, Url), Fault> {
        if self.endpoint.security == Security::StartTls
            && let Some(answer) = start_tls::ask(&mut stream, credentials).await?
        {
            return Err(self.no_tls(&answer));
        }
        let is_clear = self.endpoint.security == Security::Clear;
        #[cfg(feature = "kerberos")]
        if !is_clear && !self.carries_password {
            return self.encrypted_by_library(stream);
        }
        let server: Box<dyn Stream> = if is_clear { Box::new(stream) } else { Box::new(self.encrypted(stream).await?) };
        let between = relay::between(server, !self.carries_password, self.verdict.clone()).await;
        let (library, address) = between.map_err(|error| no_socket(&error))?;
        let address = Url::parse(address).map_err(|error| no_socket(&io::Error::other(error)))?;
        Ok((LdapConnSettings::new().set_std_stream(library), address))
    }

    /// What Kerberos agrees on is bound to the encryption below it, which only the library can do where it does that itself.
    #[cfg(feature = "kerberos")]
    fn encrypted_by_library(&self, stream: TcpStream) -> Result<(LdapConnSettings, Url), Fault> {
        let stream = ldap3::StdStream::Tcp(stream.into_std().map_err(|error| no_socket(&error))?);
        let (mut address, config) = (self.endpoint.url.clone(), self.trust.config()?);
        address.set_scheme("ldaps").map_err(|()| self.no_name())?;
        Ok((LdapConnSettings::new().set_std_stream(stream).set_config(config), address))
    }

    async fn encrypted(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Fault> {
        let name = ServerName::try_from(self.endpoint.bare_host().to_owned()).map_err(|_| self.no_name())?;
        let encrypting = TlsConnector::from(self.trust.config()?).connect(name, stream);
        encrypting.await.map_err(|error| self.no_handshake(&error))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the variants depend on features of the library")]
    #[cold]
    fn not_opened(&self, error: LdapError) -> Fault {
        match error {
            LdapError::Io { source } => self.no_handshake(&source),
            other => Fault::NoConnection(format!("the connection failed: {}", shown(&other.to_string()))),
        }
    }

    #[cold]
    fn no_handshake(&self, error: &io::Error) -> Fault {
        tls::handshake_fault(error, &shown(&self.endpoint.host), self.trust.is_own())
    }

    #[cold]
    fn no_name(&self) -> Fault {
        Fault::Final(DirectoryError::Input(format!(
            "`{}` cannot stand in a certificate; write the server's DNS name in `url`",
            shown(&self.endpoint.host)
        )))
    }

    #[cold]
    fn no_tls(&self, answer: &Answer) -> Fault {
        Fault::Final(DirectoryError::Unreachable(format!(
            "{}: the server does not start TLS; write ldaps:// {}",
            self.endpoint.label(),
            answer.details()
        )))
    }
}

#[cold]
fn no_socket(error: &io::Error) -> Fault {
    Fault::NoConnection(format!("the socket failed ({error})"))
}

/// The refusal to send a password where anybody can read it.
pub(super) fn in_the_clear(endpoint: &Endpoint) -> DirectoryError {
    DirectoryError::Input(format!(
        "{}: the password would travel in the clear; write ldaps:// or add `startTls: true`",
        endpoint.label()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_knows_their_ports() {
        let of = |text: &str, start_tls| Endpoint::parse(text, start_tls).unwrap();
        assert_eq!(of("ldaps://dc1.corp.example", false).label(), "ldaps://dc1.corp.example:636");
        assert_eq!(of("LDAP://dc1.corp.example:1389/DC=x", true).label(), "ldap://dc1.corp.example:1389");
        assert_eq!(of("ldap://dc1", true).security(), Security::StartTls);
        for loopback in ["ldap://127.0.0.1", "ldap://localhost:1389", "ldap://[::1]:389", "ldap://LOCALHOST"] {
            assert!(of(loopback, false).is_loopback(), "{loopback}");
        }
        for other in ["ldap://localhost.evil.example", "ldap://10.0.0.1", "ldap://127.0.0.1.example", "ldap://[::2]"] {
            assert!(!of(other, false).is_loopback(), "{other}");
        }
    }

    #[test]
    fn refuses_what_is_no_domain_controller() {
        for (text, start_tls, says) in [
            ("dc1.corp.example", false, "no address"),
            ("https://dc1", false, "no address of a directory"),
            ("ldapi://%2ftmp%2fx", false, "no address of a directory"),
            ("ldaps://", false, "names no host"),
            ("ldaps://dc1", true, "leave out `startTls`"),
            ("ldaps://dc1:3269", false, "global catalog"),
            ("ldap://dc1:3268", true, "global catalog"),
        ] {
            let error = Endpoint::parse(text, start_tls).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let error = Endpoint::parse("ldaps://eve:hunter2@dc1", false).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
