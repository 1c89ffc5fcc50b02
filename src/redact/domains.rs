//! DNS names: what lies below another name still does, and the domains that Entra hands out keep their endings.

use std::collections::HashMap;

use crate::model::text::fold;

use super::Redactor;

/// Endings of domains that Entra hands out; the name before them is the organisation's.
const ENDINGS: [&str; 5] =
    ["mail.onmicrosoft.com", "onmicrosoft.com", "onmicrosoft.us", "partner.onmschina.cn", "microsoftonline.com"];

/// The stand-ins so far.
#[derive(Default)]
pub(super) struct Domains {
    known: HashMap<String, String>,
    count: usize,
}

impl Redactor {
    /// The stand-in of a DNS name, with as many labels.
    #[must_use]
    pub fn domain(&mut self, name: &str) -> String {
        let name = fold(name).into_owned();
        if name.is_empty() || ENDINGS.contains(&name.as_str()) {
            return name;
        }
        if let Some(known) = self.domains.known.get(&name) {
            return known.clone();
        }
        let stand_in = match (of_entra(&name), name.split_once('.')) {
            (Some((head, ending)), _) if !head.contains('.') => format!("{}.{ending}", self.domain(head)),
            (_, Some((_, parent))) if parent.contains('.') => {
                let parent = self.domain(parent);
                format!("{}.{parent}", self.fresh("sub"))
            }
            (_, Some(_)) => format!("{}.example", self.fresh("domain")),
            (_, None) => self.fresh("domain"),
        };
        self.domains.known.insert(name, stand_in.clone());
        stand_in
    }

    fn fresh(&mut self, kind: &str) -> String {
        self.domains.count += 1;
        format!("{kind}{}", self.domains.count)
    }
}

fn of_entra(name: &str) -> Option<(&str, &'static str)> {
    ENDINGS.iter().find_map(|ending| Some((name.strip_suffix(ending)?.strip_suffix('.')?, *ending)))
}
