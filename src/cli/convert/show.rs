//! The forms of an identifier, for people and for scripts.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::model::digits::{hex, ldap_octets};
use crate::model::text::{printable, printable_json};
use crate::model::{ImmutableId, ObjectGuid, Sid};

use super::{Converted, Reading, Unreadable};

type Results = [(String, Result<Converted, Unreadable>)];

/// A block for every value that could be read.
pub(super) fn human(results: &Results) -> String {
    let mut blocks = Vec::new();
    for (input, result) in results {
        if let Ok(converted) = result {
            blocks.push(block(input, converted));
        }
    }
    blocks.join("\n")
}

fn block(input: &str, converted: &Converted) -> String {
    let mut text = format!("{}\n  {:<20} {}\n", printable(input.trim()), "read as", converted.form);
    for reading in &converted.readings {
        if let Reading::Guid(_, Some(condition)) = reading {
            let _ = writeln!(text, "\n  {condition}:");
        }
        for (label, _, value) in rows(reading) {
            let _ = writeln!(text, "  {label:<20} {}", printable(&value));
        }
    }
    for note in &converted.notes {
        let _ = writeln!(text, "\n  note: {note}");
    }
    text
}

/// One JSON object a line, in the order of the values; one that cannot be read has an `error`.
pub(super) fn json_lines(results: &Results) -> String {
    results.iter().map(|(input, result)| format!("{}\n", printable_json(&object(input, result).to_string()))).collect()
}

fn object(input: &str, result: &Result<Converted, Unreadable>) -> Value {
    let mut object = Map::new();
    object.insert("input".into(), json!(input));
    match result {
        Err(error) => {
            object.insert("error".into(), json!(error.0));
        }
        Ok(converted) => {
            object.insert("readAs".into(), json!(converted.form));
            match converted.readings.as_slice() {
                [only] => object.extend(properties(only)),
                several => {
                    let several: Vec<Value> = several.iter().map(|reading| Value::Object(properties(reading))).collect();
                    object.insert("readings".into(), several.into());
                }
            }
            object.insert("notes".into(), json!(converted.notes));
        }
    }
    Value::Object(object)
}

fn properties(reading: &Reading) -> Map<String, Value> {
    let mut properties = Map::new();
    if let Reading::Guid(_, Some(condition)) = reading {
        properties.insert("condition".into(), json!(condition));
    }
    let named = rows(reading).into_iter().filter(|(_, name, _)| !name.is_empty());
    properties.extend(named.map(|(_, name, value)| (name.to_owned(), json!(value))));
    properties
}

/// Label, JSON name and value of every form; a row without a name is said to people only.
fn rows(reading: &Reading) -> Vec<(&'static str, &'static str, String)> {
    match reading {
        Reading::Guid(guid, _) => guid_rows(*guid),
        Reading::TextAnchor(id) => vec![
            ("ImmutableID", "immutableId", id.to_string()),
            ("connector-space DN", "connectorSpaceDn", id.connector_space_dn()),
            ("GUID", "", "none: this is a text, not the base64 of a GUID".to_owned()),
        ],
        Reading::Sid(sid) => sid_rows(sid),
        Reading::CloudObject(kind, id) => vec![
            ("cloud object", "cloudObject", kind.to_ascii_lowercase()),
            ("object id in Entra", "entraId", id.to_string()),
            ("cloudAnchor", "cloudAnchor", format!("{kind}_{id}")),
            ("ImmutableID", "", "none follows from it: the object id of a cloud account is no GUID of AD".to_owned()),
        ],
    }
}

fn guid_rows(guid: ObjectGuid) -> Vec<(&'static str, &'static str, String)> {
    let id: ImmutableId = guid.immutable_id();
    let twin = guid.byte_swapped();
    vec![
        ("GUID", "guid", guid.to_string()),
        ("ImmutableID", "immutableId", id.to_string()),
        ("bytes as AD stores", "hexBytes", guid.raw_hex()),
        ("LDAP filter", "ldapFilter", format!("(objectGUID={})", guid.ldap_filter_value())),
        ("LDAP search base", "ldapSearchBase", format!("<GUID={guid}>")),
        ("connector-space DN", "connectorSpaceDn", id.connector_space_dn()),
        ("WRONG byte order", "wrongByteOrderImmutableId", format!("{}", twin.immutable_id())),
        ("  which is the GUID", "wrongByteOrderGuid", twin.to_string()),
    ]
}

fn sid_rows(sid: &Sid) -> Vec<(&'static str, &'static str, String)> {
    let mut rows = vec![("SID", "sid", sid.to_string())];
    match sid.ad_bytes() {
        Some(bytes) => rows.extend(sid_byte_rows(&bytes)),
        None => rows.push((
            "bytes as AD stores",
            "",
            "none: the number behind S-1- does not fit into the 48 bits of objectSid".to_owned(),
        )),
    }
    rows.extend(sid.domain().map(|domain| ("domain", "domainSid", domain.to_string())));
    rows
}

fn sid_byte_rows(bytes: &[u8]) -> [(&'static str, &'static str, String); 3] {
    [
        ("bytes as AD stores", "hexBytes", hex(bytes)),
        ("base64", "base64", STANDARD.encode(bytes)),
        ("LDAP filter", "ldapFilter", format!("(objectSid={})", ldap_octets(bytes))),
    ]
}
