//! The clouds, and the service that signs in.

use url::Url;

use crate::directory::net::{place, secure_setting};
use crate::directory::ports::DirectoryError;
use crate::model::text::printable;

/// The clouds that Microsoft runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub enum Cloud {
    /// The worldwide cloud.
    #[default]
    Global,
    /// US government (GCC High).
    UsGov,
    /// US government (DoD).
    UsGovDod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// Where this cloud signs in.
    #[must_use]
    pub fn login_host(self) -> &'static str {
        match self {
            Self::Global => "login.microsoftonline.com",
            Self::UsGov | Self::UsGovDod => "login.microsoftonline.us",
            Self::China => "login.partner.microsoftonline.cn",
        }
    }

    /// Where this cloud's Graph is.
    #[must_use]
    pub fn graph_host(self) -> &'static str {
        match self {
            Self::Global => "graph.microsoft.com",
            Self::UsGov => "graph.microsoft.us",
            Self::UsGovDod => "dod-graph.microsoft.us",
            Self::China => "microsoftgraph.chinacloudapi.cn",
        }
    }

    /// Whom the tokens of pipelines and clusters have to be meant for, to be taken in exchange.
    #[must_use]
    pub fn exchange_audience(self) -> &'static str {
        match self {
            Self::Global => "api://AzureADTokenExchange",
            Self::UsGov | Self::UsGovDod => "api://AzureADTokenExchangeUSGov",
            Self::China => "api://AzureADTokenExchangeChina",
        }
    }
}

/// Who signs in for which tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    cloud: Cloud,
    login: Url,
    tenant: String,
    is_own: bool,
}

impl Authority {
    /// The authority of a cloud for a tenant; `login` is an address that takes the place of the cloud's own.
    ///
    /// # Errors
    /// [`DirectoryError::Input`] when the tenant is no name of one, or the address is not https (http on loopback).
    pub fn new(cloud: Cloud, tenant: &str, login: Option<&str>) -> Result<Self, DirectoryError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if tenant.is_empty() || !tenant.chars().all(is_name) {
            let message = format!("`{}` is neither the id of a tenant nor one of its domains", printable(tenant));
            return Err(DirectoryError::Input(message));
        }
        let own = format!("https://{}", cloud.login_host());
        let login_url = secure_setting("authority", login.unwrap_or(&own))?;
        if login_url.path() != "/" || login_url.query().is_some() || login_url.fragment().is_some() {
            let message = "`authority`: write the host only, as in https://login.example.com; `tenantId` names the tenant";
            return Err(DirectoryError::Input(message.to_owned()));
        }
        Ok(Self { cloud, login: login_url, tenant: tenant.to_owned(), is_own: login.is_none() })
    }

    /// The cloud.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// The tenant, by its id or one of its domains.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The address of the sign-in service.
    #[must_use]
    pub fn login(&self) -> &Url {
        &self.login
    }

    /// What tokens are asked for: Graph of this cloud, wherever it is reached.
    #[must_use]
    pub fn graph_resource(&self) -> String {
        format!("https://{}", self.cloud.graph_host())
    }

    /// The scope of all permissions that were granted.
    #[must_use]
    pub fn scope(&self) -> String {
        format!("{}/.default", self.graph_resource())
    }

    /// Where tokens are handed out.
    #[must_use]
    pub fn token_endpoint(&self) -> Url {
        self.endpoint("token")
    }

    /// Where the codes for another device are handed out.
    #[must_use]
    pub fn device_code_endpoint(&self) -> Url {
        self.endpoint("devicecode")
    }

    fn endpoint(&self, name: &str) -> Url {
        let mut url = self.login.clone();
        url.set_path(&format!("/{}/oauth2/v2.0/{name}", self.tenant));
        url
    }

    /// Whether it is the cloud's own, not one that the configuration put in its place.
    #[must_use]
    pub(super) fn is_own(&self) -> bool {
        self.is_own
    }

    /// Whether it is on this machine and without TLS, as only an emulator is.
    #[must_use]
    pub(super) fn is_plain_loopback(&self) -> bool {
        self.login.scheme() == "http"
    }

    /// The host with its port, for messages.
    #[must_use]
    pub(super) fn shown(&self) -> String {
        place(&self.login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_hosts() {
        for (cloud, endpoint, scope) in [
            (
                Cloud::Global,
                "https://login.microsoftonline.com/x.example/oauth2/v2.0/token",
                "https://graph.microsoft.com/.default",
            ),
            (Cloud::UsGov, "https://login.microsoftonline.us/x.example/oauth2/v2.0/token", "https://graph.microsoft.us/.default"),
            (
                Cloud::UsGovDod,
                "https://login.microsoftonline.us/x.example/oauth2/v2.0/token",
                "https://dod-graph.microsoft.us/.default",
            ),
            (
                Cloud::China,
                "https://login.partner.microsoftonline.cn/x.example/oauth2/v2.0/token",
                "https://microsoftgraph.chinacloudapi.cn/.default",
            ),
        ] {
            let authority = Authority::new(cloud, "x.example", None).unwrap();
            assert_eq!((authority.token_endpoint().as_str(), authority.scope().as_str()), (endpoint, scope));
        }
    }

    #[test]
    fn another_address_changes_where_but_not_what_for() {
        for login in ["http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost:1", "https://login.example.com"] {
            let authority = Authority::new(Cloud::UsGov, "t", Some(login)).unwrap();
            assert_eq!(authority.graph_resource(), "https://graph.microsoft.us");
            assert!(authority.token_endpoint().as_str().starts_with(login.trim_end_matches('/')), "{login}");
        }
    }

    #[test]
    fn secrets_do_not_travel_in_the_clear() {
        for login in [
            "http://login.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost@evil.example",
            "https://user:pw@login.example.com",
            "http://10.0.0.1",
            "http://0.0.0.0:80",
            "ftp://localhost",
            "file:///etc/passwd",
            "login.example.com",
            "https://login.example.com/tenant",
            "https://login.example.com?x=y",
            "",
        ] {
            let refused = Authority::new(Cloud::Global, "t", Some(login));
            assert!(matches!(refused, Err(DirectoryError::Input(_))), "{login}: {refused:?}");
        }
        for tenant in ["", "a/b", "a b", "../x", "a?b", "a%2fb"] {
            assert!(Authority::new(Cloud::Global, tenant, None).is_err(), "{tenant}");
        }
    }
}
