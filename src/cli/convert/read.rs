//! Which identifier a text is, and in which form it was written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::text::printable;
use crate::model::{AnchorForm, GuidInput, ImmutableId, ObjectGuid, Sid, parse_anchor_input};

use super::{Converted, Reading, Unreadable};

/// Reads any form; the first that fits says what it is.
pub(super) fn read(text: &str) -> Result<Converted, Unreadable> {
    let text = text.trim();
    let special = [search_base, connector_space_dn, attribute_line, filter, cloud_anchor, sid, decimal_bytes, long_bytes];
    special.into_iter().find_map(|form| form(text)).unwrap_or_else(|| guid_or_anchor(text))
}

type Outcome = Option<Result<Converted, Unreadable>>;

fn one(form: &'static str, reading: Reading) -> Converted {
    Converted { form, readings: vec![reading], notes: Vec::new() }
}

fn guid(form: &'static str, guid: ObjectGuid) -> Converted {
    Converted { form, readings: vec![Reading::Guid(guid, None)], notes: byte_order_note(guid).into_iter().collect() }
}

fn unreadable(message: impl Into<String>) -> Unreadable {
    Unreadable(message.into())
}

fn guid_or_anchor(text: &str) -> Result<Converted, Unreadable> {
    match GuidInput::parse(text) {
        Ok(GuidInput::Guid(found)) => {
            Ok(guid(if looks_like_bytes(text) { "bytes in the order AD stores them" } else { "GUID text" }, found))
        }
        Ok(GuidInput::BareHex { as_text, as_bytes }) => Ok(bare_hex(as_text, as_bytes)),
        Err(_) => anchor(text),
    }
}

fn looks_like_bytes(text: &str) -> bool {
    let is_urn = text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("urn:"));
    let is_list = !is_urn && text.split([' ', ':', '-', ',']).count() > 5;
    text.starts_with('\\') || text.starts_with("0x") || text.starts_with("0X") || is_list
}

/// 32 hex digits: nobody can tell, but the version nibble hints.
fn bare_hex(as_text: ObjectGuid, as_bytes: ObjectGuid) -> Converted {
    let hint = match (is_version_4(as_text), is_version_4(as_bytes)) {
        (true, false) => "the first reading is a version 4 GUID, as AD makes them, and the second is not: GUID text is likelier",
        (false, true) => "the second reading is a version 4 GUID, as AD makes them, and the first is not: raw bytes are likelier",
        (true, true) | (false, false) => "nothing in the value tells which one is meant",
    };
    Converted {
        form: "32 bare hex digits, which can be read in two ways",
        readings: vec![
            Reading::Guid(as_text, Some("if it is GUID text without dashes")),
            Reading::Guid(as_bytes, Some("if it is raw bytes, as attribute editors show them")),
        ],
        notes: vec![hint.to_owned()],
    }
}

fn anchor(text: &str) -> Result<Converted, Unreadable> {
    if let Some(sid) = STANDARD.decode(text).ok().and_then(|bytes| Sid::from_ad_bytes(&bytes).ok()) {
        return Ok(one("SID bytes in base64", Reading::Sid(sid)));
    }
    if let Some(reading) = encoded_cloud_anchor(text) {
        return Ok(one("cloudAnchor in base64", reading));
    }
    let id = parse_anchor_input(text).map_err(|error| unreadable(printable(&error.to_string()).into_owned()))?;
    Ok(stored_id("ImmutableID", id))
}

/// A value that is an ImmutableID as it stands.
fn stored_id(form: &'static str, id: ImmutableId) -> Converted {
    match AnchorForm::of(&id) {
        AnchorForm::Guid(found) => guid(form, found),
        AnchorForm::NotCanonical(meant) | AnchorForm::GuidText(meant) | AnchorForm::EncodedGuidText(meant) => Converted {
            form,
            readings: vec![Reading::TextAnchor(id)],
            notes: vec![format!("it spells a GUID in a form that matches nothing; `{}` is meant", meant.immutable_id())],
        },
        AnchorForm::BareHex { .. } | AnchorForm::Opaque => one(form, Reading::TextAnchor(id)),
    }
}

/// AD makes version 4 GUIDs, so a twin of version 4 speaks for a wrong byte order.
fn byte_order_note(found: ObjectGuid) -> Option<String> {
    let twin = found.byte_swapped();
    (!is_version_4(found) && is_version_4(twin)).then(|| {
        format!(
            "this looks like a wrong byte order: {found} is no version 4 GUID as AD makes them, but with the first three \
             groups reversed it is: {twin}, whose ImmutableID is {}",
            twin.immutable_id()
        )
    })
}

fn is_version_4(found: ObjectGuid) -> bool {
    let [.., version, variant, _, _, _, _, _, _, _] = *found.ad_bytes();
    version >> 4 == 4 && variant >> 6 == 0b10
}

/// `CN={3441…}`: the hex of the characters of an ImmutableID.
fn connector_space_dn(text: &str) -> Outcome {
    let head = text.get(..4).filter(|head| head.eq_ignore_ascii_case("CN={"))?;
    let hex = text[head.len()..].split_once('}').map_or(&text[head.len()..], |(hex, _)| hex);
    let stored = hex_bytes(hex).and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|id| ImmutableId::stored(&id));
    Some(stored.map(|id| stored_id("connector-space DN", id)).ok_or_else(|| {
        unreadable(format!("`{}` is no connector-space DN: between the braces stands the hex of an ImmutableID", printable(text)))
    }))
}

/// A line of LDIF: `objectGUID:: …` (base64 of bytes) or `name: text`; a folded line is joined first.
fn attribute_line(text: &str) -> Outcome {
    let unfolded = text.replace("\r\n ", "").replace("\n ", "");
    let (name, value) = unfolded.split_once(':')?;
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b';'))
        && (value.starts_with(':') || value.starts_with(' '))
        && hex_bytes(name).is_none();
    named.then(|| match value.strip_prefix(':') {
        Some(encoded) => ldif_bytes(encoded.trim()),
        None => read(value),
    })
}

fn ldif_bytes(encoded: &str) -> Result<Converted, Unreadable> {
    let bytes = STANDARD.decode(encoded).map_err(|_| {
        let meant = parse_anchor_input(encoded).err().map_or_else(String::new, |error| format!(": {error}"));
        unreadable(format!("the value after `::` is no base64{}", printable(&meant)))
    })?;
    if let Ok(found) = ObjectGuid::from_ad_slice(&bytes) {
        return Ok(guid("attribute line of LDIF", found));
    }
    if let Ok(sid) = Sid::from_ad_bytes(&bytes) {
        return Ok(one("attribute line of LDIF", Reading::Sid(sid)));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| unreadable(format!("the value after `::` has {} bytes; a GUID has 16", error.as_bytes().len())))?;
    guid_or_anchor(&text)
}

/// `(objectGUID=\e0\04…)`.
fn filter(text: &str) -> Outcome {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let (name, value) = inner.split_once('=')?;
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-').then(|| read(value))
}

/// `<GUID=…>` (dashed is text order, bare hex is byte order) and `<SID=…>`.
fn search_base(text: &str) -> Outcome {
    let (kind, value) = text.strip_prefix('<')?.strip_suffix('>')?.split_once('=')?;
    if kind.eq_ignore_ascii_case("SID") {
        return Some(read(value));
    }
    kind.eq_ignore_ascii_case("GUID").then(|| match GuidInput::parse(value) {
        Ok(GuidInput::Guid(found) | GuidInput::BareHex { as_bytes: found, .. }) => Ok(guid("search base of LDAP", found)),
        Err(error) => Err(unreadable(printable(&error.to_string()).into_owned())),
    })
}

/// `User_<object id>`, as the sync API names cloud objects.
fn cloud_anchor(text: &str) -> Outcome {
    let (kind, id) = text.split_once('_')?;
    let kind = ["User", "Group", "Contact", "Device"].into_iter().find(|known| known.eq_ignore_ascii_case(kind))?;
    Some(match id.parse() {
        Ok(id) => Ok(one("cloudAnchor", Reading::CloudObject(kind, id))),
        Err(error) => Err(unreadable(printable(&error.to_string()).into_owned())),
    })
}

/// The base64 form of a cloudAnchor: a length, UTF-16 text, NUL.
fn encoded_cloud_anchor(text: &str) -> Option<Reading> {
    let bytes = STANDARD.decode(text).ok()?;
    let (length, rest) = bytes.split_at_checked(4)?;
    (u32::from_le_bytes(length.try_into().ok()?) as usize == rest.len()).then_some(())?;
    let units: Vec<u16> =
        rest.chunks_exact(2).map(|pair| pair.iter().rev().fold(0, |sum, byte| sum << 8 | u16::from(*byte))).collect();
    let decoded = String::from_utf16(&units).ok()?;
    match cloud_anchor(decoded.trim_end_matches('\0'))? {
        Ok(converted) => converted.readings.into_iter().next(),
        Err(_) => None,
    }
}

fn sid(text: &str) -> Outcome {
    text.get(..4).filter(|head| head.eq_ignore_ascii_case("S-1-"))?;
    Some(
        text.parse()
            .map(|sid| one("SID text", Reading::Sid(sid)))
            .map_err(|error: crate::model::SidError| unreadable(printable(&error.to_string()).into_owned())),
    )
}

/// A byte array as PowerShell prints it: sixteen numbers.
fn decimal_bytes(text: &str) -> Outcome {
    let inner = text.trim_start_matches(['{', '[', '@', '(']).trim_end_matches(['}', ']', ')']);
    let parts: Vec<&str> = inner.split([' ', ',', '\t', '\n', '\r']).filter(|part| !part.is_empty()).collect();
    let decimal = parts.len() == 16 && parts.iter().any(|part| part.len() != 2) && parts.iter().all(|part| part.len() <= 3);
    let bytes: Option<Vec<u8>> = decimal.then(|| parts.iter().map(|part| part.parse().ok()).collect())?;
    let found = ObjectGuid::from_ad_slice(&bytes?).ok()?;
    Some(Ok(guid("sixteen bytes as PowerShell prints them", found)))
}

/// Hex of another length than a GUID's: SID bytes, or a mistake worth naming.
fn long_bytes(text: &str) -> Outcome {
    let digits: String = text.replace("0x", "").chars().filter(|c| !matches!(c, ' ' | ':' | '-' | ',' | '\\')).collect();
    let bytes = hex_bytes(&digits)?;
    Sid::from_ad_bytes(&bytes).ok().map(|sid| Ok(one("SID bytes", Reading::Sid(sid))))
}

fn hex_bytes(hex: &str) -> Option<Vec<u8>> {
    let whole = !hex.is_empty() && hex.len().is_multiple_of(2) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pair = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
    whole.then(|| hex.as_bytes().chunks(2).map(pair).collect())?
}
