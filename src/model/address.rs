//! Sign-in names and mail addresses.

use std::fmt;
use std::str::FromStr;

use super::Text;
use super::text::{fold, same};

/// A user principal name; compares without case, keeps its spelling.
#[derive(Debug, Clone)]
pub struct Upn(Text);

/// A mail address; compares without case, keeps its spelling.
#[derive(Debug, Clone)]
pub struct SmtpAddress(Text);

/// No directory takes a longer name, in characters.
pub const LONGEST_NAME: usize = 2_048;

/// Why a text is no sign-in name or mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form name@domain")]
pub struct AddressError(pub String);

fn check(text: &str) -> Result<Text, AddressError> {
    let trimmed = text.trim();
    let whole = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
    match trimmed.rsplit_once('@') {
        Some((local, domain)) if whole(local) && whole(domain) => Ok(trimmed.into()),
        _ => Err(AddressError(text.to_owned())),
    }
}

macro_rules! name_at_domain {
    ($type:ident) => {
        impl $type {
            /// The spelling as it was read.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The part before the last `@`.
            #[must_use]
            pub fn local(&self) -> &str {
                self.0.rsplit_once('@').map_or(&self.0, |(local, _)| local)
            }

            /// The part after the last `@`.
            #[must_use]
            pub fn domain(&self) -> &str {
                self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
            }
        }

        impl FromStr for $type {
            type Err = AddressError;

            fn from_str(text: &str) -> Result<Self, AddressError> {
                check(text).map(Self)
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                same(&self.0, &other.0)
            }
        }

        impl Eq for $type {}

        impl std::hash::Hash for $type {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                fold(&self.0).hash(state);
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_at_domain!(Upn);
name_at_domain!(SmtpAddress);

/// Letters without accents, digits and these:
/// <https://learn.microsoft.com/en-us/entra/identity/hybrid/connect/plan-connect-userprincipalname#upn-format>.
pub const SIGN_IN_SIGNS: &str = "'.-_!#^~";

impl Upn {
    /// Whether Entra takes it as a sign-in name.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        let local = self.local();
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || SIGN_IN_SIGNS.contains(c);
        let fits = local.len() <= 64 && local.chars().all(is_allowed) && !local.ends_with('.') && self.as_str().len() <= 113;
        fits && self.domain().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    }
}

/// What kind of address a proxyAddresses entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// `SMTP:` in capitals: the primary mail address, the one that soft match compares.
    Primary,
    /// `smtp:`, or no prefix at all.
    Secondary,
    /// `X500:`, `SIP:`, `EUM:` and the like: no mail.
    Other,
}

/// One entry of proxyAddresses, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyAddress<'a> {
    /// Mail or not, primary or not.
    pub kind: ProxyKind,
    /// The part after the prefix.
    pub address: &'a str,
    /// Whether the prefix is missing (Entra discards such entries).
    pub bare: bool,
}

impl<'a> ProxyAddress<'a> {
    /// Takes an entry apart; the prefix counts without case, except that capitals make the primary address.
    #[must_use]
    pub fn parse(entry: &'a str) -> Self {
        match entry.split_once(':') {
            Some(("SMTP", address)) => Self { kind: ProxyKind::Primary, address, bare: false },
            Some((prefix, address)) if prefix.eq_ignore_ascii_case("smtp") => {
                Self { kind: ProxyKind::Secondary, address, bare: false }
            }
            Some((_, address)) => Self { kind: ProxyKind::Other, address, bare: false },
            None => Self { kind: ProxyKind::Secondary, address: entry, bare: true },
        }
    }

    /// The primary address among entries. Two are a fault; which one is taken must not depend on the order of reading.
    pub fn primary_of(entries: impl Iterator<Item = Self>) -> Option<&'a str> {
        entries.filter(|entry| entry.kind == ProxyKind::Primary).map(|entry| entry.address).min_by_key(|own| fold(own))
    }

    /// Whether mail goes there.
    #[must_use]
    pub fn is_mail(&self) -> bool {
        self.kind != ProxyKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_part_in_matching_only_as_smtp() {
        let kinds =
            ["SMTP:a@x", "smtp:b@x", "Smtp:c@x", "X500:/o=Org (Alt)/cn=o'dell", "SIP:a@x", "EUM:1;phone-context=p", "d@x"]
                .map(|entry| ProxyAddress::parse(entry).kind);
        use ProxyKind::{Other, Primary, Secondary};
        assert_eq!(kinds, [Primary, Secondary, Secondary, Other, Other, Other, Secondary]);
    }

    #[test]
    fn of_two_primary_addresses_the_order_does_not_decide() {
        let of = |entries: &[&'static str]| ProxyAddress::primary_of(entries.iter().map(|entry| ProxyAddress::parse(entry)));
        assert_eq!(of(&["SMTP:b@x", "smtp:0@x", "SMTP:A@x"]), Some("A@x"));
        assert_eq!(of(&["SMTP:A@x", "SMTP:b@x"]), Some("A@x"));
        assert_eq!(of(&["smtp:a@x", "a@x"]), None);
    }

    #[test]
    fn names_compare_without_case_and_need_a_domain() {
        assert_eq!("Ann@X.example".parse::<Upn>().unwrap(), "ann@x.EXAMPLE".parse().unwrap());
        for text in ["", "ann", "@x", "ann@", "a b@x"] {
            assert!(text.parse::<Upn>().is_err(), "{text}");
        }
        assert!("siobhan.o'dell@x.example".parse::<Upn>().is_ok());
    }
}
