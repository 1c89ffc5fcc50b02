//! A connection to a domain controller: encrypted, verified, and never waited for without end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::Url;

use super::contain::contained;
use super::errors::{Answer, Fault, shown};
use super::tls;
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
}

impl Route {
    /// Opens a connection; TLS is up when it returns, and nothing else was sent.
    pub(super) async fn open(&self) -> Result<Ldap, Fault> {
        let opening = async {
            let stream = self.reach().await?;
            self.secure(stream).await
        };
        timeout(self.patience, opening).await.map_err(|_| self.not_in_time())?
    }

    fn not_in_time(&self) -> Fault {
        Fault::NoConnection(format!("no connection within {} s; is the server up, and the port open?", self.patience.as_secs()))
    }

    /// The first of the host's addresses that answers.
    async fn reach(&self) -> Result<TcpStream, Fault> {
        let Endpoint { host, port, .. } = &self.endpoint;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = lookup_host((bare, *port)).await.map_err(|error| self.no_such_host(&error))?.collect();
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

    async fn secure(&self, stream: TcpStream) -> Result<Ldap, Fault> {
        let stream = stream.into_std().map_err(|error| Fault::NoConnection(format!("the socket failed ({error})")))?;
        let mut settings = LdapConnSettings::new().set_std_stream(StdStream::Tcp(stream));
        settings = match self.endpoint.security {
            Security::Tls => settings.set_config(self.trust.config()?),
            Security::StartTls => settings.set_config(self.trust.config()?).set_starttls(true),
            Security::Clear => settings,
        };
        let (connection, ldap) =
            LdapConnAsync::from_url_with_settings(settings, &self.endpoint.url).await.map_err(|error| self.handshake(error))?;
        // It ends when the last handle is dropped or the server hangs up; whoever waits for an answer then learns of it.
        tokio::spawn(contained(async move {
            drop(connection.drive().await);
            Ok(())
        }));
        Ok(ldap)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the variants depend on features of the library")]
    fn handshake(&self, error: LdapError) -> Fault {
        let host = shown(&self.endpoint.host);
        match error {
            LdapError::Io { source } => tls::handshake_fault(&source, &host, self.trust.is_own()),
            LdapError::DNSName { .. } => Fault::Final(DirectoryError::Input(format!(
                "`{host}` cannot stand in a certificate; write the server's DNS name in `url`"
            ))),
            LdapError::LdapResult { result } => {
                let answer = Answer::from(result);
                Fault::Final(DirectoryError::Unreachable(format!(
                    "{}: the server does not start TLS; write ldaps:// {}",
                    self.endpoint.label(),
                    answer.details()
                )))
            }
            other => Fault::NoConnection(format!("the connection failed: {}", shown(&other.to_string()))),
        }
    }
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
