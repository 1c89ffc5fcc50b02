//! The entries of `rules`, which pair many users at once.

use std::collections::HashMap;

use super::forests::Forests;
use super::mapping::forest;
use super::reader::{Fault, Fields, Reader};
use super::tenant::flatten;
use super::tree::Value;
use crate::diag::Diagnostic;
use crate::model::text::fold;
use crate::model::{CloudPairKey, DistinguishedName, OnPremPairKey, Rule, SuffixReplacement, Text};

const ON_PREM: [(&str, OnPremPairKey); 4] = [
    ("userPrincipalName", OnPremPairKey::UserPrincipalName),
    ("mail", OnPremPairKey::Mail),
    ("employeeID", OnPremPairKey::EmployeeId),
    ("sAMAccountName", OnPremPairKey::SamAccountName),
];
const CLOUD: [(&str, CloudPairKey); 3] = [
    ("userPrincipalName", CloudPairKey::UserPrincipalName),
    ("mail", CloudPairKey::Mail),
    ("employeeId", CloudPairKey::EmployeeId),
];

/// Reads the entries.
pub(super) fn read<'t>(reader: &mut Reader<'t>, value: Value<'t>, forests: &Forests) -> Vec<Rule> {
    let entries = reader.list(value);
    if forests.specs.is_empty() && !forests.unreadable && !entries.is_empty() {
        reader.error(value, "rules need forests", "add `forests`: without them there are no AD users to pair");
    }
    let mut rules: Vec<Rule> = Vec::new();
    let mut names: HashMap<String, u32> = HashMap::new();
    for entry in entries {
        let Some(rule) = rule(reader, entry, forests) else { continue };
        if let Some(earlier) = names.insert(fold(&rule.name).into_owned(), rule.source.line) {
            let summary = format!("two rules are called `{}`", rule.name);
            let help = format!("give each rule a name of its own; the other is in line {earlier}");
            reader.error(entry, summary, help);
        }
        rules.push(rule);
    }
    rules
}

fn rule<'t>(reader: &mut Reader<'t>, value: Value<'t>, forests: &Forests) -> Option<Rule> {
    let fields = reader.fields(value, &["name", "where", "pair"])?;
    let name = fields.required(reader, "name").and_then(|value| reader.text(value));
    let scope = flatten(fields.get("where").map(|value| scope(reader, value, forests)));
    let pair = fields.required(reader, "pair").and_then(|value| pair(reader, value));
    let (forest, under) = scope?.unwrap_or_default();
    let (on_prem, cloud, replace_suffix) = pair?;
    Some(Rule { name: name?.into(), source: reader.place(value), forest, under, on_prem, cloud, replace_suffix })
}

type Scope = (Option<Text>, Option<DistinguishedName>);

fn scope<'t>(reader: &mut Reader<'t>, value: Value<'t>, forests: &Forests) -> Option<Scope> {
    let fields = reader.fields(value, &["forest", "under"])?;
    let name = flatten(fields.get("forest").map(|value| forest(reader, value, forests)));
    let under = flatten(fields.get("under").map(|value| {
        let text = reader.text(value)?;
        let name = text.parse().map_err(|error: crate::model::DnError| Fault::new(error.to_string(), ""));
        reader.accept(value, name)
    }));
    Some((name?, under?))
}

type Pair = (OnPremPairKey, CloudPairKey, Vec<SuffixReplacement>);

fn pair<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<Pair> {
    let fields = reader.fields(value, &["onPrem", "cloud", "replaceSuffix"])?;
    let on_prem = fields.required(reader, "onPrem").and_then(|value| reader.word(value, &ON_PREM));
    let cloud = fields.required(reader, "cloud").and_then(|value| reader.word(value, &CLOUD));
    let suffixes = fields.get("replaceSuffix").map(|value| suffixes(reader, value)).unwrap_or_default();
    let (on_prem, cloud) = (on_prem?, cloud?);
    comparable(reader, &fields, on_prem, cloud)?;
    Some((on_prem, cloud, suffixes))
}

/// An address compares with an address and a number with a number; a name without a domain never equals an address.
fn comparable<'t>(reader: &mut Reader<'t>, fields: &Fields<'t>, on_prem: OnPremPairKey, cloud: CloudPairKey) -> Option<()> {
    let on_prem_address = match on_prem {
        OnPremPairKey::UserPrincipalName | OnPremPairKey::Mail => true,
        OnPremPairKey::EmployeeId | OnPremPairKey::SamAccountName => false,
    };
    let cloud_address = match cloud {
        CloudPairKey::UserPrincipalName | CloudPairKey::Mail => true,
        CloudPairKey::EmployeeId => false,
    };
    if on_prem_address != cloud_address {
        let help =
            "pair userPrincipalName or mail with userPrincipalName or mail, and employeeID or sAMAccountName with employeeId";
        reader.error(fields.value(), "these two can never be equal: only one of them is of the form name@domain", help);
        return None;
    }
    match fields.get("replaceSuffix") {
        Some(value) if !on_prem_address => {
            reader.error(value, "`replaceSuffix` has no meaning here: these values have no suffix", "remove the key");
            None
        }
        _ => Some(()),
    }
}

fn suffixes<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Vec<SuffixReplacement> {
    let Some(entries) = value.entries() else {
        let summary = format!("suffixes are wanted here, not {}", value.describe());
        reader.error(value, summary, "write { corp.local: contoso.com }");
        return Vec::new();
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut replacements = Vec::new();
    for (key, span, entry) in entries {
        let from = match suffix(key) {
            Ok(from) => from,
            Err(fault) => {
                reader.note(span, fault.error());
                continue;
            }
        };
        if let Some(first) = seen.insert(fold(from).into_owned(), span.start) {
            let diagnostic = Diagnostic::error(format!("the suffix `{from}` is replaced twice")).help("keep one of the two");
            reader.note(span, diagnostic.with(reader.source.location(first), "it is replaced here first"));
            continue;
        }
        let Some(text) = reader.text(entry) else { continue };
        if let Some(to) = reader.accept(entry, suffix(text)) {
            replacements.push(SuffixReplacement { from: from.into(), to: to.into() });
        }
    }
    replacements
}

/// A suffix, with or without its `@`.
fn suffix(text: &str) -> Result<&str, Fault> {
    let bare = text.trim();
    let bare = bare.strip_prefix('@').unwrap_or(bare);
    if bare.is_empty() || bare.contains(['@', '*']) || bare.contains(char::is_whitespace) {
        return Err(Fault::new(format!("`{text}` is no suffix"), "write the part behind the @, such as contoso.com"));
    }
    Ok(bare)
}
