//! What stands in a cell: bytes in several spellings, lists joined to one text, True and False.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::problems::{Problems, excerpt};
use crate::diag::Diagnostic;
use crate::directory::ad::entry::unambiguous_guid;
use crate::model::spreadsheet::{damage, is_type_name};
use crate::model::{GuidInput, ProxyAddress, ProxyKind, marked_bytes};

/// Refuses a row in which a spreadsheet damaged one of these cells, given with the names of their columns. What people are
/// called for show may look so.
pub(super) fn is_undamaged<'c>(cells: impl Iterator<Item = (&'c str, &'c str)>, line: u32, problems: &mut Problems) -> bool {
    let mut is_sound = true;
    for (name, cell) in cells.filter(|(name, _)| !name.eq_ignore_ascii_case("displayName")) {
        if let Some(what) = damage(cell) {
            is_sound = false;
            let summary = format!("{name}: `{}` {what}", excerpt(cell));
            problems.push(Diagnostic::error(summary).at(problems.at(line)).help(
                "export again, and do not save the file from a spreadsheet; or remove the column, if nothing is found by it",
            ));
        }
    }
    is_sound
}

/// Why a cell holds no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OctetError {
    /// Two readings.
    #[error("is 32 bare hex digits, which can be read as GUID text or as raw bytes; export it as GUID text with dashes")]
    BareHex,
    /// Two readings.
    #[error("is a list of numbers that can be read as decimal or as hex; export it as GUID text")]
    DecimalOrHex,
    /// No reading.
    #[error("is neither a GUID nor base64 nor a list of bytes")]
    Unknown,
}

/// Bytes written as GUID text, base64, hex (`EE 7F …`, `EE-7F-…`, `0xEE7F…`), as csvde writes them (`X'ee7f…'`) or as
/// PowerShell joins them (`238 127 …`).
pub(crate) fn octets(text: &str) -> Result<Vec<u8>, OctetError> {
    let text = text.trim();
    let tokens: Vec<&str> = text.split([' ', ',', ';']).filter(|token| !token.is_empty()).collect();
    let all_digits = tokens.iter().all(|token| token.bytes().all(|byte| byte.is_ascii_digit()));
    if tokens.len() > 1 && all_digits {
        return decimals(&tokens);
    }
    if let Some(guid) = unambiguous_guid(text) {
        return Ok(guid.ad_bytes().to_vec());
    }
    if matches!(GuidInput::parse(text), Ok(GuidInput::BareHex { .. })) {
        return Err(OctetError::BareHex);
    }
    let hex = marked_bytes(text).or_else(|| hex_list(text));
    hex.or_else(|| STANDARD.decode(text).ok()).filter(|bytes| !bytes.is_empty()).ok_or(OctetError::Unknown)
}

/// PowerShell writes no leading zeros; a hex list without letters has some, unless it happens to look like both.
fn decimals(tokens: &[&str]) -> Result<Vec<u8>, OctetError> {
    let two_digits = tokens.iter().all(|token| token.len() == 2);
    let leading_zero = tokens.iter().any(|token| token.len() > 1 && token.starts_with('0'));
    match (two_digits, leading_zero) {
        (true, true) => hex_pairs(tokens).ok_or(OctetError::Unknown),
        (true, false) => Err(OctetError::DecimalOrHex),
        (false, _) => tokens.iter().map(|token| token.parse().ok()).collect::<Option<_>>().ok_or(OctetError::Unknown),
    }
}

/// Hex lists of any length; those of 16 bytes are read by the model.
fn hex_list(text: &str) -> Option<Vec<u8>> {
    let tokens: Vec<&str> = text.split([' ', '-', ':', ',']).filter(|token| !token.is_empty()).collect();
    (tokens.len() > 1).then(|| hex_pairs(&tokens))?
}

fn hex_pairs(tokens: &[&str]) -> Option<Vec<u8>> {
    let pair = |token: &&str| (token.len() == 2).then(|| u8::from_str_radix(token, 16).ok())?;
    tokens.iter().map(pair).collect()
}

/// True, False, nothing; `None` for anything else.
pub(crate) fn flag(text: &str) -> Option<Option<bool>> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" => Some(None),
        "true" => Some(Some(true)),
        "false" => Some(Some(false)),
        _ => None,
    }
}

/// Whether the cell holds the name of a list's type instead of the list: `Export-Csv` does that to what it cannot write.
pub(crate) fn is_lost_list(text: &str) -> bool {
    is_type_name(text.trim())
}

/// Takes a joined list of addresses apart: at `;`, `|` or a line break, and at a blank or comma before a known prefix.
///
/// Entries such as `EUM:1234;phone-context=pool` and `X400:C=US;A= ;P=Org` hold semicolons of their own and stay whole.
pub(crate) fn addresses(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for piece in text.split([';', '|', '\n']) {
        for entry in split_at_prefixes(piece) {
            match entries.last_mut() {
                Some(last) if continues(last, entry) => {
                    last.push(';');
                    last.push_str(entry);
                }
                Some(_) | None => entries.push(entry.to_owned()),
            }
        }
    }
    entries.retain(|entry| !entry.is_empty());
    entries
}

/// Whether a piece belongs to the entry before it: it has no prefix, and that entry is no mail address.
fn continues(last: &str, piece: &str) -> bool {
    let no_mail = ProxyAddress::parse(last).kind == ProxyKind::Other;
    no_mail && !has_prefix(piece) && !piece.contains('@')
}

/// `prefix:` of letters and digits.
fn has_prefix(piece: &str) -> bool {
    piece.split_once(':').is_some_and(|(prefix, _)| {
        prefix.starts_with(|c: char| c.is_ascii_alphabetic()) && prefix.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// Splits before a prefix that Exchange knows, where a blank or a comma comes before it.
fn split_at_prefixes(piece: &str) -> Vec<&str> {
    const KNOWN: [&str; 9] = ["smtp:", "sip:", "x500:", "x400:", "eum:", "spo:", "notes:", "gwise:", "ccmail:"];
    let starts = |rest: &str| KNOWN.iter().any(|head| rest.get(..head.len()).is_some_and(|own| own.eq_ignore_ascii_case(head)));
    let mut cuts = vec![0];
    for (at, c) in piece.char_indices() {
        if matches!(c, ' ' | ',') && piece.get(at + 1..).is_some_and(starts) {
            cuts.push(at + 1);
        }
    }
    let ends = cuts.iter().skip(1).copied().chain([piece.len()]);
    let parts = cuts.iter().zip(ends).filter_map(|(start, end)| piece.get(*start..end));
    parts.map(|part| part.trim().trim_end_matches(',').trim_end()).collect()
}
