//! The servers that `tests/run` started. Without them the tests that need them say that they were skipped.

use std::io::Write as _;
use std::path::PathBuf;

use hardmatch::directory::ad::ldap::{Credentials, LdapForest, LdapSettings};
use hardmatch::model::AnchorMode;
use tokio::sync::RwLock;

/// Who kills the server takes it for itself; everybody else shares it.
pub(crate) static SERVER: RwLock<()> = RwLock::const_new(());

pub(super) const BASE: &str = "DC=hardmatch,DC=test";
const OLD_BASE: &str = "DC=old,DC=test";

/// A domain controller that `tests/run` started.
pub(crate) struct Dc {
    pub(super) folder: PathBuf,
    address: &'static str,
    base: &'static str,
    pub(crate) password: String,
}

pub(super) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests/run says where the servers are")]
    std::env::var(name).ok()
}

/// Says it past the test harness, which keeps to itself what a passing test prints.
pub(super) fn skip(what: &str) {
    std::io::stderr().write_all(format!("skipped: no {what} (tests/run starts one)\n").as_bytes()).unwrap();
}

pub(crate) fn dc() -> Option<Dc> {
    let found = variable("HARDMATCH_TEST_LDAP_DIR").zip(variable("HARDMATCH_TEST_LDAP_PASSWORD"));
    if found.is_none() {
        skip("Samba DC");
    }
    found.map(|(folder, password)| Dc { folder: folder.into(), address: "127.0.0.1", base: BASE, password })
}

/// The domain controller of the domain that people are migrated from.
pub(crate) fn old_dc() -> Option<Dc> {
    let found = variable("HARDMATCH_TEST_OLD_LDAP_DIR").zip(variable("HARDMATCH_TEST_LDAP_PASSWORD"));
    if found.is_none() {
        skip("second Samba DC");
    }
    found.map(|(folder, password)| Dc { folder: folder.into(), address: "127.0.0.2", base: OLD_BASE, password })
}

pub(super) fn slapd() -> Option<String> {
    let found = variable("HARDMATCH_TEST_SLAPD");
    if found.is_none() {
        skip("OpenLDAP");
    }
    found
}

impl Dc {
    /// The name of its domain.
    pub(crate) fn base(&self) -> &str {
        self.base
    }

    pub(crate) fn url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// Who may stamp.
    pub(crate) fn writer(&self) -> String {
        format!("svc-writer@{}", self.base.trim_start_matches("DC=").replace(",DC=", "."))
    }

    /// A tool on the server's own database, past all rights.
    pub(crate) fn database(&self, tool: &str, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(tool);
        let path = |name: &str| self.folder.join(name).display().to_string();
        command.args(["-H", &path("private/sam.ldb"), "--nosync", &format!("--configfile={}", path("etc/smb.conf"))]).args(args);
        command
    }

    pub(crate) fn tls(&self, name: &str) -> PathBuf {
        self.folder.join("tls").join(name)
    }

    pub(super) fn credentials(&self, user: &str) -> Credentials {
        Credentials::Simple { user: user.to_owned(), password: self.password.clone().into() }
    }

    pub(crate) fn settings(&self, url: &str, user: &str) -> LdapSettings {
        LdapSettings {
            base_dn: Some(format!("OU=People,{BASE}").parse().unwrap()),
            ca: Some(self.tls("ca.pem")),
            ..LdapSettings::new("corp", AnchorMode::ConsistencyGuid, url, self.credentials(user))
        }
    }

    pub(super) fn forest(&self, user: &str) -> LdapForest {
        forest(self.settings("ldaps://127.0.0.1", user))
    }

    pub(super) fn reader(&self) -> LdapForest {
        self.forest("svc-reader@hardmatch.test")
    }

    /// All of the domain, in small pages.
    pub(super) fn whole(&self, url: &str) -> LdapForest {
        let settings = self.settings(url, "svc-reader@hardmatch.test");
        forest(LdapSettings { base_dn: None, page_size: 100, ..settings })
    }
}

pub(super) fn forest(settings: LdapSettings) -> LdapForest {
    LdapForest::new(settings).unwrap()
}
