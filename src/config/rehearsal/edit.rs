//! Exchanges the sources in the text of a configuration; every line stays where it is.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::super::source::SourceText;
use super::super::tree::Value;
use super::super::yaml;
use super::{Exported, entry};
use crate::diag::Diagnostics;

/// What stands in for a range of the text.
type Edit = (Range<usize>, String);

/// A file that goes along.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moved {
    Mappings,
    Signers,
}

/// Says where a file goes.
type PlaceOf<'a> = dyn FnMut(Moved, &str) -> PathBuf + 'a;

/// The text with other sources; `place_of` says where a file that goes along is then.
pub(super) fn with_sources(source: &SourceText, exported: &Exported, place_of: &mut PlaceOf<'_>) -> Result<String, String> {
    let mut diagnostics = Diagnostics::default();
    let tree = yaml::read(source, &mut diagnostics);
    let root = tree.as_ref().and_then(|tree| tree.root()).ok_or("the file is empty")?;
    let text = source.text();
    let mut edits = Vec::new();
    edits.extend(entry(root, "tenant").and_then(|value| one_source(value, text, "snapshot", &exported.tenant)));
    for (name, file) in &exported.forests {
        let forest = entry(root, "forests").and_then(|forests| entry(forests, name));
        edits.extend(forest.and_then(|value| one_source(value, text, "ldif", file)));
    }
    for wave in entry(root, "mappingFiles").and_then(Value::items).into_iter().flatten() {
        edits.extend(moved(wave, Moved::Mappings, place_of));
    }
    let approvals = entry(root, "policy").and_then(|policy| entry(policy, "approvals"));
    let signers = approvals.and_then(|approvals| entry(approvals, "signers"));
    edits.extend(signers.and_then(|signers| moved(signers, Moved::Signers, place_of)));
    Ok(apply(text, edits))
}

/// Exchanges the one key of a section that names its source.
fn one_source(section: Value<'_>, text: &str, key: &str, file: &str) -> Option<Edit> {
    const KEYS: [&str; 5] = ["snapshot", "graph", "ldif", "csv", "ldap"];
    let (_, place, value) = section.entries()?.find(|(name, _, _)| KEYS.contains(name))?;
    let range = place.start..end_of(value, text).max(place.end);
    Some((range, format!("{key}: {}", quoted(file))))
}

fn moved(file: Value<'_>, kind: Moved, place_of: &mut PlaceOf<'_>) -> Option<Edit> {
    let (name, _) = file.scalar()?;
    let name = name.trim();
    let place = place_of(kind, name);
    (place != Path::new(name)).then(|| (file.span(), quoted(&place.display().to_string())))
}

/// Where a value ends: a block where its last part does, as the parser counts blank lines and comments in.
fn end_of(value: Value<'_>, text: &str) -> usize {
    let own = value.outer_span();
    let is_flow = text.get(own.start..).is_some_and(|rest| rest.starts_with(['{', '[', '*']));
    if is_flow || value.scalar().is_some() {
        return own.end;
    }
    let keys = value.entries().into_iter().flatten().map(|(_, key, value)| end_of(value, text).max(key.end));
    let items = value.items().into_iter().flatten().map(|item| end_of(item, text));
    keys.chain(items).max().unwrap_or(own.end)
}

/// JSON's quotes are YAML's, too.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_unstable_by_key(|(range, _)| range.start);
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (range, fresh) in edits {
        let old = text.get(range.clone()).unwrap_or_default();
        out.push_str(text.get(done..range.start).unwrap_or_default());
        out.push_str(&fresh);
        // The lines below keep their numbers.
        out.extend(old.chars().filter(|c| *c == '\n'));
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
