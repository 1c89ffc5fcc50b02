//! Names with parts: addresses, distinguished names, the words before a backslash.

use crate::model::text::fold;
use crate::model::{DistinguishedName, GUEST_MARK, Observed, ObservedForest};

use super::Redactor;

impl Redactor {
    /// The stand-in of a sign-in name or a mail address.
    #[must_use]
    pub fn address(&mut self, text: &str) -> String {
        let Some((local, domain)) = text.rsplit_once('@') else { return self.word(text) };
        let (local, mark) = match local.len().checked_sub(GUEST_MARK.len()).and_then(|at| local.split_at_checked(at)) {
            Some((head, tail)) if tail.eq_ignore_ascii_case(GUEST_MARK) => (head, tail),
            Some(_) | None => (local, ""),
        };
        format!("{}{mark}@{}", self.word(local), self.domain(domain))
    }

    /// The stand-in of an entry of proxyAddresses; its prefix stays.
    #[must_use]
    pub fn proxy_address(&mut self, entry: &str) -> String {
        match entry.split_once(':') {
            Some((prefix, address)) if address.contains('@') => format!("{prefix}:{}", self.address(address)),
            Some((prefix, rest)) => format!("{prefix}:{}", self.word(rest)),
            None => self.address(entry),
        }
    }

    /// The stand-in of a distinguished name: every container has one, and a domain the one of its DNS name.
    #[must_use]
    pub fn dn(&mut self, dn: &DistinguishedName) -> DistinguishedName {
        let mut labels = Some(self.domain(&dn.dns_domain()));
        let mut parts = Vec::new();
        for (kind, value) in dn.parts() {
            if kind.eq_ignore_ascii_case("DC") {
                let labels = labels.take().unwrap_or_default();
                parts.extend(labels.split('.').filter(|label| !label.is_empty()).map(|label| format!("{kind}={label}")));
            } else {
                parts.push(format!("{kind}={}", escaped(&self.word(&value))));
            }
        }
        parts.join(",").parse().unwrap_or_else(|_| dn.clone())
    }

    /// The stand-in of a text that should be a distinguished name.
    #[must_use]
    pub fn dn_text(&mut self, text: &str) -> String {
        match text.parse() {
            Ok(dn) => self.dn(&dn).as_str().to_owned(),
            Err(_) => self.word(text),
        }
    }

    /// The stand-in of the domain of a logon name: of a forest, a NetBIOS name, a DNS name or its first label.
    #[must_use]
    pub fn logon_domain(&mut self, text: &str) -> String {
        let folded = fold(text).into_owned();
        if let Some(stand_in) = self.logon_domains.get(&folded) {
            return stand_in.clone();
        }
        if text.contains('.') { self.domain(text) } else { self.word(text) }
    }

    pub(super) fn learn_logon_domains(&mut self, observed: &Observed) {
        for domain in observed.tenant.domains.iter().flatten() {
            drop(self.domain(&domain.name));
        }
        for forest in &observed.forests {
            self.learn_labels(forest);
            for name in &forest.netbios_names {
                let stand_in = self.word(name);
                self.logon_domains.insert(fold(name).into_owned(), stand_in);
            }
        }
        let forests = self.forests.iter().map(|(name, stand_in)| (fold(name).into_owned(), stand_in.clone()));
        self.logon_domains.extend(forests);
    }

    fn learn_labels(&mut self, forest: &ObservedForest) {
        for dns in forest.users.iter().map(|user| user.dn.dns_domain()) {
            let label = fold(dns.split('.').next().unwrap_or_default()).into_owned();
            if !self.logon_domains.contains_key(&label) {
                let stand_in = self.domain(&dns);
                self.logon_domains.insert(label, stand_in.split('.').next().unwrap_or_default().to_owned());
            }
        }
    }
}

fn escaped(value: &str) -> String {
    let mut out = String::new();
    let last = value.chars().count().saturating_sub(1);
    for (place, c) in value.chars().enumerate() {
        let at_edge = (place == 0 && matches!(c, ' ' | '#')) || (place == last && c == ' ');
        if at_edge || r#"\,;+"<>="#.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
