//! Which domains belong to the tenant, and which of them send sign-in elsewhere.

use std::collections::HashMap;

use crate::model::text::fold;
use crate::model::{Domain, ObservedTenant};

use super::Tenant;

/// What the tenant says about the domain of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// Domains were not read.
    Unread,
    /// Not a domain of this tenant.
    Unverified,
    /// Not listed, but below a verified domain, whose authentication it shares.
    Inherited {
        /// Whether sign-in goes to another identity provider; `None` when that was not read.
        federated: Option<bool>,
    },
    /// Listed and verified.
    Verified {
        /// Whether sign-in goes to another identity provider; `None` when that was not read.
        federated: Option<bool>,
    },
}

impl Suffix {
    /// Whether sign-in is known to go to another identity provider.
    #[must_use]
    pub fn is_federated(self) -> bool {
        matches!(self, Self::Inherited { federated: Some(true) } | Self::Verified { federated: Some(true) })
    }

    /// Whether nobody can tell that.
    #[must_use]
    pub fn is_federation_unread(self) -> bool {
        matches!(self, Self::Unread | Self::Inherited { federated: None } | Self::Verified { federated: None })
    }
}

/// Domains by their folded names.
#[derive(Debug, Default)]
pub(super) struct DomainIndex {
    by_name: HashMap<Box<str>, Listed>,
    initial: Option<Box<str>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Listed {
    verified: bool,
    federated: Option<bool>,
}

impl Tenant {
    /// What the tenant says about the domain of a sign-in name or mail address.
    #[must_use]
    pub fn suffix_of(&self, name: &str) -> Suffix {
        self.domain_index().suffix(name.rsplit_once('@').map_or(name, |(_, domain)| domain))
    }

    /// The `….onmicrosoft.com` domain, as read or as the list of domains tells.
    #[must_use]
    pub fn initial_domain(&self) -> Option<&str> {
        self.domain_index().initial.as_deref()
    }

    fn domain_index(&self) -> &DomainIndex {
        self.lookups().domains.get_or_init(|| DomainIndex::build(self.observed()))
    }
}

impl DomainIndex {
    fn build(observed: &ObservedTenant) -> Self {
        let mut index = Self::default();
        for domain in observed.domains.iter().flatten() {
            let listed = index.by_name.entry(fold(&domain.name).into()).or_default();
            listed.verified |= domain.verified;
            // Of a domain that is listed twice the word that forbids more counts.
            listed.federated = listed.federated.max(domain.federated);
        }
        index.initial = observed.initial_domain.clone().or_else(|| initial(observed.domains.as_deref()?));
        index
    }

    fn suffix(&self, domain: &str) -> Suffix {
        let domain = fold(domain);
        if let Some(listed) = self.by_name.get(&*domain) {
            let federated = listed.federated;
            return if listed.verified { Suffix::Verified { federated } } else { Suffix::Unverified };
        }
        if self.initial.as_deref().is_some_and(|initial| fold(initial) == domain) {
            return Suffix::Verified { federated: Some(false) };
        }
        // A tenant always has a domain, so an empty list is one that was not read.
        if self.by_name.is_empty() {
            return Suffix::Unread;
        }
        self.nearest(&domain).map_or(Suffix::Unverified, |parent| Suffix::Inherited { federated: parent.federated })
    }

    /// The verified domain that a name is, or else that it is below of.
    fn nearest(&self, domain: &str) -> Option<&Listed> {
        let domains = std::iter::successors(Some(domain), |domain| parent(domain));
        domains.filter_map(|domain| self.by_name.get(domain)).find(|listed| listed.verified)
    }
}

fn parent(domain: &str) -> Option<&str> {
    domain.split_once('.').map(|(_, parent)| parent)
}

fn initial(domains: &[Domain]) -> Option<Box<str>> {
    let routing = |domain: &&Domain| {
        let name = fold(&domain.name);
        let label = name.strip_suffix(".onmicrosoft.com");
        domain.verified && label.is_some_and(|label| !label.contains('.'))
    };
    // The smallest name, so that the order of reading does not matter.
    let guess = || domains.iter().filter(routing).min_by_key(|domain| fold(&domain.name).into_owned());
    domains.iter().find(|domain| domain.initial).or_else(guess).map(|domain| domain.name.clone())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TenantBuilder, domain};
    use super::*;

    #[test]
    fn a_domain_below_a_verified_one_inherits_from_the_nearest() {
        let mut observed = TenantBuilder::users(&[]).observed();
        observed.domains = Some(vec![
            domain("x.example", "verified"),
            domain("Fed.x.example", "federated"),
            domain("new.fed.x.example", "unverified"),
            domain("x.onmicrosoft.com", "verified"),
            domain("x.mail.onmicrosoft.com", "verified"),
        ]);
        let tenant = Tenant::new(observed);
        let suffix = |name| tenant.suffix_of(name);
        assert_eq!(suffix("a@X.EXAMPLE"), Suffix::Verified { federated: Some(false) });
        assert_eq!(suffix("a@fed.x.example"), Suffix::Verified { federated: Some(true) });
        assert_eq!(suffix("a@deep.new.fed.x.example"), Suffix::Inherited { federated: Some(true) });
        assert_eq!(suffix("a@other.x.example"), Suffix::Inherited { federated: Some(false) });
        assert_eq!(suffix("a@new.fed.x.example"), Suffix::Unverified);
        assert_eq!(suffix("a@example"), Suffix::Unverified);
        assert_eq!(tenant.initial_domain(), Some("x.onmicrosoft.com"));
    }

    #[test]
    fn without_domains_only_the_initial_domain_is_known() {
        let mut observed = TenantBuilder::users(&[]).observed();
        observed.domains = Some(Vec::new());
        observed.initial_domain = Some("x.onmicrosoft.com".into());
        let tenant = Tenant::new(observed);
        assert_eq!(tenant.suffix_of("a@x.OnMicrosoft.com"), Suffix::Verified { federated: Some(false) });
        assert_eq!(tenant.suffix_of("a@x.example"), Suffix::Unread);
    }
}
