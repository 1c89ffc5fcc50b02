//! Signing in: never anonymously, never twice with what was refused.

use ldap3::{Ldap, LdapResult};
use secrecy::{ExposeSecret, SecretString};

use super::connect::{Endpoint, Security, in_the_clear};
use super::errors::{Answer, Fault, shown};
use super::meaning;
use crate::directory::ports::DirectoryError;
use crate::directory::secrets::without_password;

/// How to sign in.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// With a name and a password.
    Simple {
        /// A UPN, a DN or `DOMAIN\name`.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// With the Kerberos ticket of whoever runs the program.
    Gssapi,
}

impl Credentials {
    pub(super) fn carry_a_password(&self) -> bool {
        match self {
            Self::Simple { .. } => true,
            Self::Gssapi => false,
        }
    }

    /// Who signs in, for messages.
    pub(super) fn who(&self) -> String {
        match self {
            Self::Simple { user, .. } => format!("`{}`", shown(user)),
            Self::Gssapi => "the Kerberos ticket".to_owned(),
        }
    }

    /// What a server said, fit for a message: it may repeat the password.
    pub(super) fn said(&self, text: &str) -> String {
        match self {
            Self::Simple { password, .. } => shown(&without_password(text, password.expose_secret())),
            Self::Gssapi => shown(text),
        }
    }

    /// A result of a server that has the password.
    #[cold]
    pub(super) fn answer(&self, result: &LdapResult) -> Answer {
        let referrals = result.refs.iter().map(|uri| self.said(uri)).collect();
        Answer { code: result.rc, text: self.said(&result.text), referrals }
    }

    /// What can be refused before anything is sent.
    ///
    /// A domain controller takes a name without a password for an anonymous sign-in, and says that it succeeded.
    pub(super) fn check(&self, endpoint: &Endpoint) -> Result<(), DirectoryError> {
        match self {
            Self::Simple { user, .. } if user.trim().is_empty() => {
                Err(DirectoryError::Input("the name to sign in with is empty; anonymous sign-in is not supported".to_owned()))
            }
            Self::Simple { user, password } if password.expose_secret().is_empty() => Err(DirectoryError::Input(format!(
                "the password of `{}` is empty; a domain controller would take that for an anonymous sign-in",
                shown(user)
            ))),
            Self::Simple { .. } if endpoint.security() == Security::Clear && !endpoint.is_loopback() => {
                Err(in_the_clear(endpoint))
            }
            Self::Simple { .. } => Ok(()),
            Self::Gssapi => check_kerberos(endpoint),
        }
    }

    /// Signs in. A refusal is final.
    pub(super) async fn bind(&self, ldap: &mut Ldap, endpoint: &Endpoint) -> Result<(), Fault> {
        let result = match self {
            Self::Simple { user, password } => ldap.simple_bind(user, password.expose_secret()).await?,
            Self::Gssapi => kerberos(ldap, endpoint).await?,
        };
        if result.rc == 0 {
            return Ok(());
        }
        let answer = self.answer(&result);
        if matches!(answer.code, 51 | 52) {
            return Err(Fault::Answer(answer));
        }
        Err(Fault::Final(DirectoryError::Denied(self.refusal(&answer, endpoint))))
    }

    fn refusal(&self, answer: &Answer, endpoint: &Endpoint) -> String {
        let says = meaning::of_sign_in(answer.code, &answer.text);
        let hint = match self {
            Self::Simple { user, .. } if answer.code == 49 && !user.contains(['@', '\\', '=']) => {
                ". A bare name is not enough; write name@domain, DOMAIN\\name or the DN"
            }
            Self::Simple { .. } | Self::Gssapi => "",
        };
        format!("{}: sign-in as {} failed: {says}{hint} {}", endpoint.label(), self.who(), answer.details())
    }
}

#[cfg(not(feature = "kerberos"))]
fn check_kerberos(_: &Endpoint) -> Result<(), DirectoryError> {
    Err(DirectoryError::Input(
        "this build has no Kerberos; build it with `cargo install hardmatch --features kerberos` (which needs the packages \
         libkrb5-dev and libclang-dev), or sign in with `simple`"
            .to_owned(),
    ))
}

#[cfg(not(feature = "kerberos"))]
async fn kerberos(_: &mut Ldap, endpoint: &Endpoint) -> Result<LdapResult, Fault> {
    std::future::ready(check_kerberos(endpoint)).await.map_err(Fault::Final)?;
    Err(Fault::Garbled("no Kerberos".to_owned()))
}

#[cfg(feature = "kerberos")]
fn check_kerberos(endpoint: &Endpoint) -> Result<(), DirectoryError> {
    let host = endpoint.host();
    if host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
        let message = format!("{}: Kerberos needs the server's full DNS name in `url`", endpoint.label());
        return Err(DirectoryError::Input(message));
    }
    Ok(())
}

#[cfg(feature = "kerberos")]
async fn kerberos(ldap: &mut Ldap, endpoint: &Endpoint) -> Result<LdapResult, Fault> {
    let outcome = ldap.sasl_gssapi_bind(endpoint.host()).await;
    if let Err(ldap3::LdapError::GssapiOperationError(why)) = &outcome {
        return Err(Fault::Final(DirectoryError::Denied(format!(
            "{}: sign-in with Kerberos failed: {}; get a ticket with `kinit`, and check that `url` has the server's full DNS name",
            endpoint.label(),
            shown(why)
        ))));
    }
    Ok(outcome?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simple(user: &str, password: &str) -> Credentials {
        Credentials::Simple { user: user.to_owned(), password: password.into() }
    }

    fn checked(credentials: &Credentials, url: &str) -> Result<(), DirectoryError> {
        credentials.check(&Endpoint::parse(url, false).unwrap())
    }

    #[test]
    fn nothing_anonymous_and_nothing_in_the_clear_leaves() {
        assert!(checked(&simple("", "x"), "ldaps://dc1").unwrap_err().to_string().contains("empty"));
        assert!(checked(&simple("eve@x", ""), "ldaps://dc1").unwrap_err().to_string().contains("anonymous"));
        assert!(checked(&simple("eve@x", "y"), "ldap://dc1").unwrap_err().to_string().contains("in the clear"));
        for url in ["ldaps://dc1", "ldap://127.0.0.1:1389"] {
            assert_eq!(checked(&simple("eve@x", "y"), url), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_password_is_in_no_message() {
        let secret = simple("eve", "hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        let answer = Answer { code: 49, text: "data 52e, v1".to_owned(), referrals: Vec::new() };
        let message = secret.refusal(&answer, &Endpoint::parse("ldaps://dc1", false).unwrap());
        assert!(!message.contains("hunter2") && message.contains("A bare name is not enough"), "{message}");
        assert!(!simple("eve@x", "y").refusal(&answer, &Endpoint::parse("ldaps://dc1", false).unwrap()).contains("bare name"));
    }

    #[cfg(not(feature = "kerberos"))]
    #[test]
    fn without_kerberos_it_says_how_to_get_it() {
        let error = checked(&Credentials::Gssapi, "ldaps://dc1").unwrap_err().to_string();
        assert!(error.contains("--features kerberos"), "{error}");
    }
}
