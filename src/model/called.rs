//! What an account is called, and patterns that name accounts by it.

use super::text::{Pattern, lowered};
use super::{CloudUser, ProxyAddress};

/// What an account is called, in lower case; made once for many patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountNames {
    /// Object id, UPN as it is and as it was before deletion, `mail` and primary address.
    pub own: Vec<String>,
    /// The other smtp entries of proxyAddresses, without prefix.
    pub aliases: Vec<String>,
}

/// A name, or a pattern in which `*` and `?` stand for any characters, whatever the case.
#[derive(Debug, Clone)]
pub struct AccountPattern {
    pattern: Pattern,
    /// Nearly every mailbox has an alias in the initial domain, so that an alias does not put an account into a domain.
    is_about_domain: bool,
}

impl AccountPattern {
    /// Takes a pattern as it was written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { pattern: Pattern::new(text), is_about_domain: is_about_domain(text) }
    }

    /// Whether an account of these names is meant. Of a whole domain (`*@contoso.com`) are those who sign in or have their
    /// primary address there.
    #[must_use]
    pub fn fits(&self, names: &AccountNames) -> bool {
        let aliases = names.aliases.iter().filter(|_| !self.is_about_domain);
        names.own.iter().chain(aliases).any(|name| self.pattern.fits_lowered(name))
    }
}

/// Whether a text has characters that stand for others.
#[must_use]
pub fn has_wildcards(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn is_about_domain(pattern: &str) -> bool {
    match pattern.rsplit_once('@') {
        Some((local, _)) => local.contains('*') && local.chars().all(|c| c == '*' || c == '?'),
        None => pattern.starts_with('*') && !pattern.ends_with('*'),
    }
}

impl CloudUser {
    /// What the account is called.
    #[must_use]
    pub fn names(&self) -> AccountNames {
        let of_name = [Some(self.original_upn()), self.is_deleted().then_some(&*self.upn)].into_iter().flatten();
        let mail = self.mail.value().map(AsRef::as_ref);
        let own = of_name.chain(mail).chain(self.primary_address()).map(lowered).chain([self.id.to_string()]);
        let aliases = self.addresses().map(ProxyAddress::parse).filter(ProxyAddress::is_mail);
        AccountNames { own: own.collect(), aliases: aliases.map(|alias| lowered(alias.address)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Known;

    fn vip() -> CloudUser {
        let mut user = CloudUser::new("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap(), "M.Mayer@Contoso.com", None);
        user.mail = Known::Is("vip@contoso.com".into());
        let entries = ["SMTP:Boss@contoso.com", "smtp:j\u{f6}rg@x.example", "smtp:m@contoso.onmicrosoft.com", "X500:/o=corp"];
        user.proxy_addresses = Known::Is(entries.into_iter().collect());
        user
    }

    fn is_called(user: &CloudUser, pattern: &str) -> bool {
        AccountPattern::new(pattern).fits(&user.names())
    }

    #[test]
    fn an_account_is_called_by_sign_in_name_id_mail_and_every_address() {
        for pattern in [
            "m.mayer@contoso.com",
            "VIP@contoso.com",
            "boss@contoso.com",
            "M@contoso.onmicrosoft.com",
            "jo\u{308}rg@x.example",
            "J\u{d6}RG@x.example",
            "vip*",
            "m@*",
            "*rg@x.example",
            "6EA91A8D-E32E-41A1-B7BD-D2D185EED0E0",
        ] {
            assert!(is_called(&vip(), pattern), "{pattern}");
        }
        for pattern in ["vip", "smtp:vip@contoso.com", "/o=corp", "mayer@contoso.com", "?vip@contoso.com"] {
            assert!(!is_called(&vip(), pattern), "{pattern}");
        }
    }

    #[test]
    fn an_alias_puts_no_account_into_a_domain() {
        for pattern in ["*@contoso.com", "*contoso.com", "?*@contoso.com", "*"] {
            assert!(is_called(&vip(), pattern), "{pattern}");
        }
        for pattern in ["*@contoso.onmicrosoft.com", "*.onmicrosoft.com", "*@x.example"] {
            assert!(!is_called(&vip(), pattern), "{pattern}");
        }
    }

    #[test]
    fn a_deleted_account_is_called_as_before() {
        let user = vip().binned("2026-11-01T00:00:00Z");
        assert!(is_called(&user, "m.mayer@contoso.com") && is_called(&user, &user.upn) && is_called(&user, "vip@contoso.com"));
    }
}
