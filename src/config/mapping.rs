//! The entries of `mappings`, and the checks that they share with the rows of mapping files.

use std::collections::HashMap;

use enumset::EnumSet;

use super::forests::Forests;
use super::reader::{Fault, Fields, Reader};
use super::repeats::cloud_identity;
use super::selector::{self, CLOUD_KINDS, ON_PREM_KINDS};
use super::tree::Value;
use crate::model::text::{nearest, some_of};
use crate::model::{
    Acceptable, AnchorMode, CloudSelector, GuidInput, HolderDecision, Mapping, MappingForm, OnPremKey, OnPremSelector,
    OnPremSide, Resolve, Text, WriteSide,
};

/// The words of `write`.
pub(super) const WRITE: [(&str, WriteSide); 2] = [("cloud", WriteSide::Cloud), ("onPrem", WriteSide::OnPrem)];
/// The words of `resolve`.
pub(super) const RESOLVE: [(&str, Resolve); 2] = [("purge", Resolve::Purge), ("clear", Resolve::Clear)];

const KEYS: [&str; 7] = ["onPrem", "cloud", "holders", "write", "restore", "accept", "because"];

/// So many entries are worth a thread of their own.
pub(super) const MANY: usize = 4_096;

/// Reads the entries; those of a long list on two threads.
pub(super) fn read<'t>(reader: &mut Reader<'t>, value: Value<'t>, forests: &Forests) -> Vec<Mapping> {
    let entries = reader.list(value);
    let mut mappings = Vec::with_capacity(entries.len());
    let add = |reader: &mut Reader<'t>, entries: &[Value<'t>], mappings: &mut Vec<Mapping>| {
        mappings.extend(entries.iter().filter_map(|entry| mapping(reader, *entry, forests)));
    };
    if entries.len() < MANY {
        add(reader, &entries, &mut mappings);
        return mappings;
    }
    let (first, rest) = entries.split_at(entries.len() / 2);
    let mut later = Vec::with_capacity(rest.len());
    reader.read_both(|reader| add(reader, first, &mut mappings), |reader| add(reader, rest, &mut later));
    mappings.append(&mut later);
    mappings
}

fn mapping<'t>(reader: &mut Reader<'t>, value: Value<'t>, forests: &Forests) -> Option<Mapping> {
    let fields = reader.fields(value, &KEYS)?;
    let on_prem = fields.required(reader, "onPrem").and_then(|value| on_prem(reader, value, forests));
    let cloud = fields.required(reader, "cloud").and_then(|value| cloud(reader, value, &CLOUD_KINDS));
    let holders = fields.get("holders").map(|value| holders(reader, value)).unwrap_or_default().into();
    let write = fields.get("write").map_or(Some(WriteSide::Cloud), |value| reader.word(value, &WRITE));
    let restore = fields.get("restore").map_or(Some(false), |value| reader.boolean(value));
    let accept = fields.get("accept").map(|value| accept(reader, value)).unwrap_or_default();
    let because = fields.get("because").and_then(|value| reader.prose(value));
    let on_prem = on_prem?;
    if on_prem == OnPremSide::Nobody {
        refuse_with_nobody(reader, &fields);
    }
    if let (Some(value), Some(WriteSide::OnPrem), OnPremSide::User(user)) = (fields.get("write"), write, &on_prem) {
        reader.accept(value, can_stamp(user, forests))?;
    }
    let source = reader.place(value);
    let (cloud, write, restore) = (cloud?, write?, restore?);
    Some(Mapping { source, form: MappingForm::Entry, on_prem, cloud, holders, write, restore, accept, because, rule: None })
}

fn refuse_with_nobody<'t>(reader: &mut Reader<'t>, fields: &Fields<'t>) {
    for key in ["holders", "write"] {
        if let Some(value) = fields.get(key) {
            let summary = format!("`{key}` has no meaning with `onPrem: none`");
            reader.error(value, summary, "an account that leaves hybrid is only cleared; remove the key");
        }
    }
}

/// Whether the AD user may be stamped: a forest must take its anchors from mS-DS-ConsistencyGuid.
pub(super) fn can_stamp(user: &OnPremSelector, forests: &Forests) -> Result<(), Fault> {
    let stamped = |spec: &&crate::model::ForestSpec| spec.anchor == AnchorMode::ConsistencyGuid;
    let named = |spec: &&crate::model::ForestSpec| user.forest.as_ref().is_none_or(|forest| *forest == spec.name);
    if forests.unreadable || forests.specs.iter().filter(named).any(|spec| stamped(&spec)) {
        return Ok(());
    }
    Err(if forests.specs.is_empty() {
        Fault::new("`write: onPrem` needs forests", "add the forest of the user under `forests`")
    } else {
        Fault::new(
            "`write: onPrem` needs a forest whose anchor is mS-DS-ConsistencyGuid",
            "set `anchor: consistencyGuid` for the forest, or leave `write` out",
        )
    })
}

fn on_prem<'t>(reader: &mut Reader<'t>, value: Value<'t>, forests: &Forests) -> Option<OnPremSide> {
    if value.scalar().is_some() {
        let text = reader.text(value)?;
        let side = bare_on_prem(text, forests);
        return reader.accept(value, side);
    }
    let fields = reader.fields(value, &["dn", "guid", "sid", "sam", "upn", "mail", "employeeId", "immutableId", "forest"])?;
    let forest = fields.get("forest").map(|value| forest(reader, value, forests));
    let (kind, value) = fields.exactly_one(reader, &ON_PREM_KINDS, "the AD user")?;
    let text = selector_text(reader, value, kind)?;
    let key = selector::on_prem(kind, text).and_then(|key| without_forests(key, forests));
    let key = reader.accept(value, key)?;
    let forest = super::tenant::flatten(forest)?;
    let text = match &forest {
        Some(forest) => format!("{kind}:{text} forest:{forest}"),
        None => format!("{kind}:{text}"),
    };
    Some(OnPremSide::User(OnPremSelector { key, forest, text: text.into() }))
}

/// An empty ImmutableID has a message of its own: it is never taken for "clear".
fn selector_text<'t>(reader: &mut Reader<'t>, value: Value<'t>, kind: &str) -> Option<&'t str> {
    match value.scalar() {
        Some((text, _)) if kind == "immutableId" && text.trim().is_empty() => Some(""),
        _ => reader.text(value),
    }
}

/// Reads a bare on-premises selector; `none` means that the account leaves hybrid.
pub(super) fn bare_on_prem(text: &str, forests: &Forests) -> Result<OnPremSide, Fault> {
    if text == "none" {
        return Ok(OnPremSide::Nobody);
    }
    if text.eq_ignore_ascii_case("none") {
        let summary = format!("`{text}` may be what a script writes where it found nobody");
        return Err(Fault::new(
            summary,
            "write `none`, in small letters, if the account is to leave hybrid; else name the AD user",
        ));
    }
    let kind = selector::on_prem_kind(text)?;
    let key = selector::on_prem(kind, text).and_then(|key| without_forests(key, forests))?;
    Ok(OnPremSide::User(OnPremSelector { key, forest: None, text: text.into() }))
}

/// Without forests nobody can be looked up: only what is an anchor by itself can be taken at its word.
fn without_forests(key: OnPremKey, forests: &Forests) -> Result<OnPremKey, Fault> {
    if !forests.specs.is_empty() || forests.unreadable {
        return Ok(key);
    }
    match key {
        OnPremKey::Guid(GuidInput::BareHex { as_text, as_bytes }) => Err(Fault::new(
            "32 bare hex digits can be read in two ways, and there is no forest to tell which is meant",
            format!("write {as_text} if they are GUID text, or {as_bytes} if they are raw bytes"),
        )),
        OnPremKey::Guid(GuidInput::Guid(_)) | OnPremKey::ImmutableId(_) => Ok(key),
        OnPremKey::Dn(_)
        | OnPremKey::Sid(_)
        | OnPremKey::Sam { .. }
        | OnPremKey::Upn(_)
        | OnPremKey::Mail(_)
        | OnPremKey::EmployeeId(_) => Err(Fault::new(
            "without `forests` an AD user can only be named by objectGUID or ImmutableID",
            "add `forests`, so that the user can be looked up, or write { guid: … } or { immutableId: … }",
        )
        .in_a_row("add `forests`, so that the user can be looked up, or write the objectGUID into the cell")),
    }
}

/// The name of a configured forest.
pub(super) fn forest<'t>(reader: &mut Reader<'t>, value: Value<'t>, forests: &Forests) -> Option<Text> {
    let text = reader.text(value)?;
    let names: Vec<&str> = forests.specs.iter().map(|spec| &*spec.name).collect();
    if forests.unreadable || names.contains(&text) {
        return Some(text.into());
    }
    let help = match nearest(text, names.iter().copied()) {
        _ if names.is_empty() => "add it under `forests`".to_owned(),
        Some(name) => format!("did you mean `{name}`? The forests are {}", some_of(&names)),
        None => format!("the forests are {}", some_of(&names)),
    };
    reader.error(value, format!("there is no forest `{text}`"), help);
    None
}

fn cloud<'t>(reader: &mut Reader<'t>, value: Value<'t>, kinds: &'static [&'static str]) -> Option<CloudSelector> {
    if value.scalar().is_some() {
        let text = reader.text(value)?;
        return reader.accept(value, bare_cloud(text));
    }
    let fields = reader.fields(value, kinds)?;
    let (kind, value) = fields.exactly_one(reader, kinds, "the cloud user")?;
    let text = reader.text(value)?;
    let key = reader.accept(value, selector::cloud(kind, text))?;
    Some(CloudSelector { key, text: format!("{kind}:{text}").into() })
}

/// Reads a bare cloud selector.
pub(super) fn bare_cloud(text: &str) -> Result<CloudSelector, Fault> {
    let kind = selector::cloud_kind(text)?;
    selector::cloud(kind, text).map(|key| CloudSelector { key, text: text.into() })
}

fn holders<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Vec<HolderDecision> {
    let mut decisions: Vec<HolderDecision> = Vec::new();
    let mut lines: HashMap<String, u32> = HashMap::new();
    for entry in reader.list(value) {
        let Some(decision) = holder(reader, entry) else { continue };
        if let Some(line) = lines.insert(cloud_identity(&decision.account), decision.source.line) {
            let summary = format!("there are two decisions on `{}`", decision.account.text);
            reader.error(entry, summary, format!("keep one; the other is in line {line}"));
        }
        decisions.push(decision);
    }
    decisions
}

fn holder<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<HolderDecision> {
    let fields = reader.fields(value, &["account", "resolve", "because"])?;
    let account = fields.required(reader, "account").and_then(|value| cloud(reader, value, &["id", "upn"]));
    let resolve = fields.required(reader, "resolve").and_then(|value| reader.word(value, &RESOLVE));
    let because = fields.get("because").and_then(|value| reader.prose(value));
    Some(HolderDecision { account: account?, resolve: resolve?, because, source: reader.place(value) })
}

fn accept<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> EnumSet<Acceptable> {
    let entries = reader.list(value);
    let codes = entries.into_iter().filter_map(|entry| {
        let text = reader.text(entry)?;
        reader.accept(entry, acceptable(text))
    });
    codes.collect()
}

fn acceptable(text: &str) -> Result<Acceptable, Fault> {
    if let Some(code) = Acceptable::ALL.into_iter().find(|code| code.code() == text) {
        return Ok(code);
    }
    let codes = Acceptable::ALL.map(Acceptable::code);
    let list = codes.join(", ");
    let help = match nearest(text, codes.iter().copied()).filter(|name| strsim::damerau_levenshtein(name, text) < 4) {
        Some(name) => format!("did you mean `{name}`? Only these can be accepted: {list}"),
        None => format!("only these can be accepted: {list}; every other blocker has to be cured"),
    };
    Err(Fault::new(format!("`{text}` cannot be accepted"), help))
}
