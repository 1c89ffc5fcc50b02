//! What of a configuration may be a secret: it is masked in every line that is shown and in every message.
//!
//! Below a key that opens a way to sign in, whatever is no plain setting may be one, under whatever key it stands.

use std::borrow::Cow;
use std::collections::HashSet;

use super::reader::Reader;
use super::secrets::{PLAIN_KEYS, PLAIN_WORDS, SIGN_IN, is_nearly, is_plain, is_secret_key, looks_like_secret, scrubbed};
use super::tenant::AUTH_KINDS;
use super::tree::Value;
use super::{forests, tenant};
use crate::diag::Diagnostics;
use crate::model::text::printable;

/// How deep secrets are looked for: deeper than any section goes.
const DEPTH: usize = 16;
/// The longest unknown key that is shown below a way to sign in.
const LONGEST_KEY: usize = 24;
/// The other keys that are known there.
const OTHER_KEYS: [&str; 4] = ["simple", "gssapi", "secret", "password"];

/// What a value stands below.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    /// Anything.
    Other,
    /// A connection with these keys.
    Connection(&'static [&'static str]),
    /// A way to sign in.
    SignIn,
}

/// Masks whatever may be a secret in a section, so that no message shows it.
pub(super) fn secrets<'t>(reader: &mut Reader<'t>, section: Value<'t>) {
    look(reader, section, Below::Other, DEPTH);
}

/// Masks all of a value.
pub(super) fn all<'t>(reader: &mut Reader<'t>, value: Value<'t>) {
    reader.hide(value);
    for item in value.items().into_iter().flatten() {
        all(reader, item);
    }
    for (key, span, entry) in value.entries().into_iter().flatten() {
        reader.masks.push(span);
        reader.hidden.push(key);
        all(reader, entry);
    }
}

/// Takes the masked values out of what was said of the file.
pub(super) fn from_messages(diagnostics: &mut Diagnostics, hidden: &[&str]) {
    let mut secrets: HashSet<Cow<'_, str>> = HashSet::new();
    for text in hidden.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        secrets.insert(printable(text));
        secrets.insert(Cow::Borrowed(text));
    }
    diagnostics.each_text(|text| *text = scrubbed(text, &secrets));
}

fn look<'t>(reader: &mut Reader<'t>, value: Value<'t>, below: Below, depth: usize) {
    if depth == 0 {
        return;
    }
    for (key, span, entry) in value.entries().into_iter().flatten() {
        if below == Below::SignIn && !is_key(key, entry) {
            reader.masks.push(span);
            reader.hidden.push(key);
        }
        let inside = below_key(key, below);
        if entry.scalar().is_some_and(|(text, _)| may_be_secret(key, text, inside)) {
            reader.hide(entry);
        }
        look(reader, entry, inside, depth - 1);
    }
    for item in value.items().into_iter().flatten() {
        if item.scalar().is_some() && below == Below::SignIn {
            reader.hide(item);
        }
        look(reader, item, below, depth - 1);
    }
}

/// What the value of a key stands below; an unknown key of a connection may hold anything.
fn below_key(key: &str, below: Below) -> Below {
    let is_sign_in = SIGN_IN.iter().any(|known| known.eq_ignore_ascii_case(key));
    match (below, key) {
        (Below::SignIn, _) => Below::SignIn,
        _ if is_sign_in => Below::SignIn,
        (Below::Connection(keys), _) if !keys.contains(&key) => Below::SignIn,
        (Below::Connection(_), _) => below,
        (Below::Other, "graph") => Below::Connection(&tenant::GRAPH_KEYS),
        (Below::Other, "ldap") => Below::Connection(&forests::LDAP_KEYS),
        (Below::Other, _) => Below::Other,
    }
}

fn may_be_secret(key: &str, text: &str, below: Below) -> bool {
    let is_shown = if SIGN_IN.contains(&key) { is_nearly(text, &PLAIN_WORDS) } else { is_plain(key, text) };
    is_secret_key(key) || looks_like_secret(text) || below == Below::SignIn && !is_shown
}

/// Whether a key below a way to sign in is one, and not a secret in the place of a key.
fn is_key(key: &str, value: Value<'_>) -> bool {
    let is_word = key.len() <= LONGEST_KEY && key.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
    let mut known = AUTH_KINDS.iter().chain(&OTHER_KEYS).chain(&PLAIN_KEYS);
    is_word && !value.is_null() || known.any(|known| is_nearly(key, &[known]))
}
