//! How users are named: a bare text is read by its form, or the kind is given. The same for YAML and CSV.

use super::reader::Fault;
use crate::model::spreadsheet::damage;
use crate::model::text::{cut, number};
use crate::model::{
    AnchorForm, CloudKey, EntraId, GuidInput, ImmutableId, LONGEST_NAME, OnPremKey, SmtpAddress, Upn, parse_anchor_input,
};

/// The kinds of on-premises selectors, by their keys.
pub(super) const ON_PREM_KINDS: [&str; 8] = ["dn", "guid", "sid", "sam", "upn", "mail", "employeeId", "immutableId"];
/// The kinds of cloud selectors, by their keys.
pub(super) const CLOUD_KINDS: [&str; 4] = ["id", "upn", "mail", "employeeId"];

/// What spreadsheets, scripts and exports write where they have nothing to say.
const MARKS_OF_NOTHING: [&str; 10] =
    ["n/a", "-", "null", "(null)", "$null", "<null>", "nil", "#n/a", "system.byte[]", "undefined"];

/// How much of what is longer a message repeats.
const LENGTH_SHOWN: usize = 40;

/// A distinguished name repeats the names of all its containers.
const LONGEST_DN: usize = 16_384;

/// Base64 of 16 bytes without padding; no form of a GUID is shorter.
const SHORTEST_ANCHOR: usize = 22;

/// Reads an on-premises selector of a given kind.
pub(super) fn on_prem(kind: &str, text: &str) -> Result<OnPremKey, Fault> {
    refuse_length(text, if kind == "dn" { LONGEST_DN } else { LONGEST_NAME })?;
    if kind != "immutableId" {
        refuse_damage(text)?;
    }
    let form = |error: &dyn std::fmt::Display| Fault::new(error.to_string(), "");
    match kind {
        "dn" => text.parse().map(OnPremKey::Dn).map_err(|error| form(&error)),
        "guid" => guid(text).map(OnPremKey::Guid),
        "sid" => text.parse().map(OnPremKey::Sid).map_err(|error| form(&error)),
        "sam" => sam(text),
        "upn" => upn(text).map(OnPremKey::Upn),
        "mail" => mail(text).map(OnPremKey::Mail),
        "employeeId" => Ok(OnPremKey::EmployeeId(text.into())),
        "immutableId" => immutable_id(text).map(OnPremKey::ImmutableId),
        _ => Err(Fault::new(format!("`{kind}` is no kind of selector"), "")),
    }
}

/// The kind of a bare on-premises selector: GUID, SID, DN, `DOMAIN\name`, something with `@`, else sAMAccountName.
pub(super) fn on_prem_kind(text: &str) -> Result<&'static str, Fault> {
    refuse_length(text, if is_dn(text) { LONGEST_DN } else { LONGEST_NAME })?;
    refuse_not_a_number(text)?;
    refuse_kind_in_text(text, &ON_PREM_KINDS)?;
    if is_guid(text) {
        return Ok("guid");
    }
    refuse_bare_anchor(text, "onPrem")?;
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    Ok(match text {
        _ if starts("S-1-") => "sid",
        _ if is_dn(text) => "dn",
        _ if text.contains('\\') => "sam",
        _ if text.contains('@') => "upn",
        _ => "sam",
    })
}

/// Whether a text starts like a distinguished name, which a UPN with `=` in it does not.
fn is_dn(text: &str) -> bool {
    const TYPES: [&str; 9] = ["CN", "OU", "DC", "UID", "O", "L", "ST", "C", "E"];
    let kind = text.split_once('=').map(|(kind, _)| kind.trim());
    kind.is_some_and(|kind| TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)))
}

/// Reads a cloud selector of a given kind.
pub(super) fn cloud(kind: &str, text: &str) -> Result<CloudKey, Fault> {
    refuse_length(text, LONGEST_NAME)?;
    refuse_damage(text)?;
    match kind {
        "id" => entra_id(text).map(CloudKey::Id),
        "upn" => upn(text).map(CloudKey::Upn),
        "mail" => mail(text).map(CloudKey::Mail),
        "employeeId" => Ok(CloudKey::EmployeeId(text.into())),
        _ => Err(Fault::new(format!("`{kind}` is no kind of selector"), "")),
    }
}

/// Such a text holds more than a name, most likely: all that follows a quote or bracket that is not closed.
fn refuse_length(text: &str, longest: usize) -> Result<(), Fault> {
    let length = if text.len() <= longest { 0 } else { text.chars().count() };
    if length <= longest {
        return Ok(());
    }
    let (beginning, length) = (cut(text, LENGTH_SHOWN), number(length));
    let summary =
        format!("`{beginning}` has {length} characters, and no directory takes a name of more than {}", number(longest));
    Err(Fault::new(summary, "write one name; if more stands there, a quote or the end of a line is missing"))
}

/// What pandas writes where there is nothing. It may be a name: then the kind has to be told.
fn refuse_not_a_number(text: &str) -> Result<(), Fault> {
    if !text.eq_ignore_ascii_case("nan") {
        return Ok(());
    }
    let help = "name the user, or remove the mapping; if somebody is called so, write { sam: nan } under `mappings`";
    Err(Fault::new(format!("`{text}` marks a missing value"), help))
}

/// A kind within the text: in a cell as YAML would have it, or as plans show a selector.
fn refuse_kind_in_text(text: &str, kinds: &[&str]) -> Result<(), Fault> {
    let parts = text.trim_start_matches('{').split_once(':');
    let known = parts.and_then(|(kind, value)| {
        let kind = kinds.iter().find(|known| known.eq_ignore_ascii_case(kind.trim()))?;
        Some((kind, value.trim_end_matches('}').trim().trim_matches(['"', '\''])))
    });
    let Some((kind, value)) = known else { return Ok(()) };
    let form = format!("{{ {kind}: '{}' }}", value.replace('\'', "''"));
    let fault = Fault::new(format!("`{text}` has the kind of the selector within the text"), format!("write {form}"));
    Err(fault.in_a_row(format!("a cell takes no kind: write {form} under `mappings` in the YAML")))
}

/// The kind of a bare cloud selector: an object id or a UPN.
pub(super) fn cloud_kind(text: &str) -> Result<&'static str, Fault> {
    refuse_length(text, LONGEST_NAME)?;
    refuse_damage(text)?;
    refuse_kind_in_text(text, &CLOUD_KINDS)?;
    if is_guid(text) {
        return Ok("id");
    }
    if text.contains('@') {
        return Ok("upn");
    }
    refuse_bare_anchor(text, "cloud")?;
    let summary = format!("`{text}` names no cloud user: it is neither a UPN (name@domain) nor an object id");
    Err(Fault::new(summary, "write the whole UPN or the object id"))
}

fn guid(text: &str) -> Result<GuidInput, Fault> {
    GuidInput::parse(text).map_err(|error| Fault::new(error.to_string(), ""))
}

/// The GUID of a cloud user has one reading only: as text.
fn entra_id(text: &str) -> Result<EntraId, Fault> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    inner.parse().map_err(|error: crate::model::EntraIdError| {
        Fault::new(error.to_string(), "copy the object id from the Entra portal or from Graph")
    })
}

fn upn(text: &str) -> Result<Upn, Fault> {
    text.parse().map_err(|error: crate::model::AddressError| Fault::new(error.to_string(), "write the whole user principal name"))
}

fn mail(text: &str) -> Result<SmtpAddress, Fault> {
    let address = text
        .get(..5)
        .filter(|head| head.eq_ignore_ascii_case("smtp:"))
        .map_or(text, |head| text.get(head.len()..).unwrap_or(text));
    address.parse().map_err(|error: crate::model::AddressError| Fault::new(error.to_string(), "write the whole mail address"))
}

fn immutable_id(text: &str) -> Result<ImmutableId, Fault> {
    parse_anchor_input(text).map_err(|error| Fault::new(error.to_string(), ""))
}

fn sam(text: &str) -> Result<OnPremKey, Fault> {
    let (domain, name) = match text.split_once('\\') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, text),
    };
    if name.is_empty() || domain.is_some_and(str::is_empty) {
        return Err(Fault::new(format!("`{text}` is not of the form DOMAIN\\name"), "write both sides of the backslash"));
    }
    if let Some(c) = text.chars().find(|c| "\"/[]:;|=,+*?<>".contains(*c)) {
        let summary = format!("`{text}` is no sAMAccountName: it holds `{c}`");
        return Err(unlike_sam(text, summary));
    }
    if name.contains('\\') || domain.is_some_and(|domain| domain.contains(char::is_whitespace)) {
        return Err(Fault::new(
            format!("`{text}` is not of the form DOMAIN\\name"),
            "write one backslash between domain and name",
        ));
    }
    Ok(OnPremKey::Sam { domain: domain.map(Into::into), name: name.into() })
}

fn unlike_sam(text: &str, summary: String) -> Fault {
    if text.contains(['*', '?']) {
        return Fault::new(summary, "a mapping names one user; to pair many at once write a rule");
    }
    let kinds = "{ dn: … }, { upn: … }, { employeeId: … } and so on";
    let fault = Fault::new(summary, format!("name the kind of the selector: {kinds}"));
    fault.in_a_row(format!("a cell takes no kind: name such a user under `mappings` in the YAML, by {kinds}"))
}

fn is_guid(text: &str) -> bool {
    text.len() >= SHORTEST_ANCHOR && (looks_like_guid(text) || GuidInput::parse(text).is_ok())
}

/// Text of the shape of a GUID, so that a slip in it is not taken for a name.
fn looks_like_guid(text: &str) -> bool {
    let wrapped = text.starts_with(['{', '(']) || text.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("urn:uuid:"));
    let dashes = text.bytes().filter(|byte| *byte == b'-').count();
    let hex = text.bytes().filter(u8::is_ascii_hexdigit).count();
    wrapped || ((30..=42).contains(&text.len()) && dashes >= 3 && hex + dashes + 3 >= text.len())
}

fn refuse_bare_anchor(text: &str, side: &str) -> Result<(), Fault> {
    if text.len() < SHORTEST_ANCHOR {
        return Ok(());
    }
    let is_anchor = ImmutableId::stored(text).is_some_and(|id| match AnchorForm::of(&id) {
        AnchorForm::Guid(_) | AnchorForm::EncodedGuidText(_) => true,
        AnchorForm::NotCanonical(_) => text.ends_with('='),
        AnchorForm::GuidText(_) | AnchorForm::BareHex { .. } | AnchorForm::Opaque => false,
    });
    let fault = |help: &str| Fault::new(format!("`{text}` looks like an ImmutableID"), help);
    match side {
        _ if !is_anchor => Ok(()),
        "onPrem" => {
            let form = format!("{{ immutableId: \"{text}\" }}");
            let in_yaml = format!("a cell takes no kind: write {form} under `mappings` in the YAML");
            Err(fault(&format!("name the kind: {form}")).in_a_row(in_yaml))
        }
        _ => Err(fault("the cloud side names the account: its UPN or its object id")),
    }
}

/// Values that spreadsheets and scripts damaged, or wrote where there was none.
fn refuse_damage(text: &str) -> Result<(), Fault> {
    let again = "write the value by hand, or format the column as text and export again";
    if MARKS_OF_NOTHING.iter().any(|mark| text.eq_ignore_ascii_case(mark)) {
        return Err(Fault::new(format!("`{text}` marks a missing value"), "name the user, or remove the mapping"));
    }
    if let Some(what) = damage(text) {
        return Err(Fault::new(format!("`{text}` {what}"), again));
    }
    if text.starts_with(['\'', '‘', '’']) {
        return Err(Fault::new(format!("`{text}` starts with the quote by which spreadsheets mark text"), "remove the quote"));
    }
    if text.contains('\u{fffd}') {
        return Err(Fault::new(format!("`{text}` holds the sign of a damaged character"), again));
    }
    Ok(())
}
