//! A configuration with stand-ins, written anew: of the text only the meaning is left.

use std::path::PathBuf;

use serde_json::{Map, Value as Json, json};

use super::super::Config;
use super::super::selector;
use super::super::source::SourceText;
use super::super::tree::Value;
use super::super::yaml;
use super::{Exported, SIGNERS, WrittenFile, block, table, text_of};
use crate::diag::Diagnostics;
use crate::model::{AccountPattern, AnchorMode, EntraId, GuidInput, ImmutableId, ObjectGuid, ObservedTenant, has_wildcards};
use crate::redact::Redactor;

/// The configuration with stand-ins and other sources, and its mapping files; the configuration comes first.
///
/// # Errors
/// In words, when its text is not at hand.
pub fn redact(
    config: &Config,
    shown: &str,
    exported: &Exported,
    tenant: &ObservedTenant,
    redactor: &mut Redactor,
) -> Result<Vec<WrittenFile>, String> {
    let source = config.sources.get(shown).ok_or("its text is not at hand")?;
    let mut selectors = Selectors(redactor);
    let mut waves: Vec<WrittenFile> = Vec::new();
    let text = document(source, config, exported, tenant, &mut selectors, &mut waves)?;
    waves.insert(0, WrittenFile::configuration(text));
    waves.extend(exported.signers.clone().map(|content| WrittenFile::signers(SIGNERS.into(), content)));
    Ok(waves)
}

fn document(
    source: &SourceText,
    config: &Config,
    exported: &Exported,
    tenant: &ObservedTenant,
    selectors: &mut Selectors<'_>,
    waves: &mut Vec<WrittenFile>,
) -> Result<String, String> {
    let mut diagnostics = Diagnostics::default();
    let tree = yaml::read(source, &mut diagnostics);
    let root = tree.as_ref().and_then(|tree| tree.root()).ok_or("the file is empty")?;
    let mut fields = Map::new();
    for (key, _, value) in root.entries().into_iter().flatten() {
        let fresh = match key {
            "tenant" => json!({ "snapshot": exported.tenant }),
            "forests" => forests(config, exported, selectors),
            "mappings" => list(value, |value| mapping(value, selectors)),
            "mappingFiles" => mapping_files(value, config, selectors, waves)?,
            "rules" => numbered(value, |number, value| rule(number, value, selectors)),
            "policy" => policy(value, tenant, selectors),
            _ => plain(value),
        };
        fields.insert(key.to_owned(), fresh);
    }
    Ok(block::written(&fields.into()))
}

fn forests(config: &Config, exported: &Exported, selectors: &Selectors<'_>) -> Json {
    let entries = config.desired.forests.iter().zip(&exported.forests).map(|(spec, (_, file))| {
        let anchor = match &spec.anchor {
            AnchorMode::ConsistencyGuid => json!("consistencyGuid"),
            AnchorMode::ObjectGuid => json!("objectGuid"),
            AnchorMode::Attribute(name) => json!({ "attribute": name }),
        };
        (selectors.forest(&spec.name), json!({ "ldif": file, "anchor": anchor }))
    });
    Json::Object(entries.collect())
}

fn mapping_files(
    value: Value<'_>,
    config: &Config,
    selectors: &mut Selectors<'_>,
    waves: &mut Vec<WrittenFile>,
) -> Result<Json, String> {
    let mut names = Vec::new();
    for item in value.items().into_iter().flatten() {
        let Some((name, _)) = item.scalar() else { continue };
        let text = table::redacted(text_of(config, name.trim())?.text(), selectors)?;
        let path = PathBuf::from(format!("mappings-{}.csv", names.len() + 1));
        names.push(path.display().to_string());
        waves.push(WrittenFile::mappings(path, text));
    }
    Ok(json!(names))
}

fn mapping(value: Value<'_>, selectors: &mut Selectors<'_>) -> Json {
    each(value, |key, value| match key {
        "onPrem" => selectors.on_prem(value),
        "cloud" => selectors.cloud(value),
        "holders" => list(value, |holder| {
            each(holder, |key, value| match key {
                "account" => selectors.cloud(value),
                "because" => text(value, |reason| selectors.reason(reason)),
                _ => plain(value),
            })
        }),
        "because" => text(value, |reason| selectors.reason(reason)),
        _ => plain(value),
    })
}

fn rule(number: usize, value: Value<'_>, selectors: &mut Selectors<'_>) -> Json {
    each(value, |key, value| match key {
        "name" => json!(format!("rule {number}")),
        "where" => each(value, |key, value| match key {
            "forest" => text(value, |name| selectors.forest(name.trim())),
            "under" => text(value, |dn| framed(dn, |dn| selectors.selector("dn", dn))),
            _ => plain(value),
        }),
        "pair" => each(value, |key, value| match key {
            "replaceSuffix" => suffixes(value, selectors),
            _ => plain(value),
        }),
        _ => plain(value),
    })
}

fn suffixes(value: Value<'_>, selectors: &mut Selectors<'_>) -> Json {
    let mut suffix = |text: &str| selectors.0.domain(text.trim().trim_start_matches('@'));
    let entries = value.entries().into_iter().flatten();
    Json::Object(entries.map(|(from, _, to)| (suffix(from), text(to, &mut suffix))).collect())
}

fn policy(value: Value<'_>, tenant: &ObservedTenant, selectors: &mut Selectors<'_>) -> Json {
    each(value, |key, value| match key {
        "protect" => {
            Json::Array(value.items().into_iter().flatten().flat_map(|entry| protected(entry, tenant, selectors)).collect())
        }
        "backups" => json!("backups"),
        "approvals" => each(value, |key, value| if key == "signers" { json!(SIGNERS) } else { plain(value) }),
        _ => plain(value),
    })
}

fn protected(entry: Value<'_>, tenant: &ObservedTenant, selectors: &mut Selectors<'_>) -> Vec<Json> {
    match entry.scalar() {
        Some((pattern, _)) => selectors.protected(pattern.trim(), tenant).into_iter().map(Json::from).collect(),
        // Names of roles stay.
        None => vec![plain(entry)],
    }
}

/// Stand-ins of what names users.
pub(super) struct Selectors<'r>(&'r mut Redactor);

impl Selectors<'_> {
    fn forest(&self, name: &str) -> String {
        self.0.forest_name(name).unwrap_or("forest").to_owned()
    }

    fn on_prem(&mut self, value: Value<'_>) -> Json {
        if value.scalar().is_some() {
            return text(value, |bare| self.bare_on_prem(bare));
        }
        each(value, |kind, value| text(value, |text| framed(text, |text| self.selector(kind, text))))
    }

    fn cloud(&mut self, value: Value<'_>) -> Json {
        if value.scalar().is_some() {
            return text(value, |bare| self.bare_cloud(bare));
        }
        each(value, |kind, value| text(value, |text| framed(text, |text| self.selector(kind, text))))
    }

    /// A bare on-premises selector.
    pub(super) fn bare_on_prem(&mut self, text: &str) -> String {
        framed(text, |text| match selector::on_prem_kind(text) {
            _ if text.eq_ignore_ascii_case("none") => text.to_owned(),
            Ok(kind) => self.selector(kind, text),
            Err(_) => self.0.word(text),
        })
    }

    /// A bare cloud selector.
    pub(super) fn bare_cloud(&mut self, text: &str) -> String {
        framed(text, |text| self.selector(if text.contains('@') { "upn" } else { "id" }, text))
    }

    /// Reasons that are the same stay the same.
    pub(super) fn reason(&mut self, text: &str) -> String {
        framed(text, |text| self.0.word(text))
    }

    fn selector(&mut self, kind: &str, text: &str) -> String {
        match kind {
            "forest" => self.forest(text),
            "dn" => self.0.dn_text(text),
            "guid" | "id" => self.guid(text),
            "sid" => match text.parse() {
                Ok(sid) => self.0.sid(&sid).to_string(),
                Err(_) => self.0.word(text),
            },
            "sam" => match text.split_once('\\') {
                Some((domain, name)) => format!("{}\\{}", self.0.logon_domain(domain), self.0.word(name)),
                None => self.0.word(text),
            },
            "upn" => self.0.address(text),
            "mail" => match text.split_at_checked(5) {
                Some((head, address)) if head.eq_ignore_ascii_case("smtp:") => format!("{head}{}", self.0.address(address)),
                Some(_) | None => self.0.address(text),
            },
            "immutableId" => {
                ImmutableId::stored(text).map_or_else(String::new, |id| self.0.immutable_id(&id).as_str().to_owned())
            }
            _ => self.0.word(text),
        }
    }

    fn guid(&mut self, text: &str) -> String {
        match GuidInput::parse(text) {
            Ok(GuidInput::Guid(guid) | GuidInput::BareHex { as_bytes: guid, .. }) => self.0.spelt_guid(text, guid),
            Err(_) => self.0.word(text),
        }
    }

    /// A pattern of the policy. One with wildcards becomes the accounts that it protects, unless it is about a whole domain.
    fn protected(&mut self, pattern: &str, tenant: &ObservedTenant) -> Vec<String> {
        if pattern.parse::<EntraId>().is_ok() || pattern.parse::<ObjectGuid>().is_ok() {
            return vec![self.guid(pattern)];
        }
        match pattern.split_once('@') {
            _ if pattern == "*" => return vec![pattern.to_owned()],
            Some(("*", domain)) if !has_wildcards(domain) => return vec![format!("*@{}", self.0.domain(domain))],
            _ if !has_wildcards(pattern) => return vec![self.0.address(pattern)],
            _ => {}
        }
        let pattern = AccountPattern::new(pattern);
        let users = tenant.users.iter().filter(|user| pattern.fits(&user.names()));
        users.map(|user| self.0.id(user.id).to_string()).collect()
    }
}

/// Exchanges a text and keeps the blanks around it, which a plan tells about.
fn framed(text: &str, stand_in: impl FnOnce(&str) -> String) -> String {
    let bare = text.trim();
    if bare.is_empty() { text.to_owned() } else { text.replacen(bare, &stand_in(bare), 1) }
}

fn text(value: Value<'_>, stand_in: impl FnOnce(&str) -> String) -> Json {
    value.scalar().map_or(Json::Null, |(text, _)| json!(stand_in(text)))
}

fn each(value: Value<'_>, mut stand_in: impl FnMut(&str, Value<'_>) -> Json) -> Json {
    let entries = value.entries().into_iter().flatten();
    Json::Object(entries.map(|(key, _, value)| (key.to_owned(), stand_in(key, value))).collect())
}

fn list(value: Value<'_>, mut stand_in: impl FnMut(Value<'_>) -> Json) -> Json {
    numbered(value, |_, value| stand_in(value))
}

fn numbered(value: Value<'_>, mut stand_in: impl FnMut(usize, Value<'_>) -> Json) -> Json {
    let items = value.items().into_iter().flatten().enumerate();
    Json::Array(items.map(|(index, value)| stand_in(index + 1, value)).collect())
}

/// Words and numbers of the configuration itself: nothing in them is about anybody.
fn plain(value: Value<'_>) -> Json {
    if value.entries().is_some() {
        return each(value, |_, value| plain(value));
    }
    match value.scalar() {
        None => list(value, plain),
        Some(_) if value.is_null() => Json::Null,
        Some((text, true)) if value.is_boolean() => json!(text.eq_ignore_ascii_case("true")),
        Some((text, is_plain)) => match text.parse::<u64>() {
            Ok(number) if is_plain => json!(number),
            Ok(_) | Err(_) => json!(text),
        },
    }
}
