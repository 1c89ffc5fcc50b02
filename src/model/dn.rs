//! Distinguished names: compared by their parts, kept as they were written.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::text::{composed, fold};

/// A distinguished name as the directory wrote it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DistinguishedName(Arc<str>);

/// A text that is no distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a distinguished name; write it as CN=Eve,OU=Staff,DC=corp,DC=example,DC=com")]
pub struct DnError(pub String);

impl DistinguishedName {
    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, shared.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.0
    }

    /// The form under which two names are the same: parts unescaped, without blanks around them, folded.
    #[must_use]
    pub fn key(&self) -> String {
        if let Some(key) = plain_key(&self.0) {
            return key;
        }
        let mut key = String::with_capacity(self.0.len());
        for part in split_parts(&self.0) {
            let Some((kind, value)) = kind_and_value(part) else { continue };
            key.push_str(if key.is_empty() { "" } else { "\u{0}" });
            key.push_str(&fold(kind));
            key.push('=');
            key.push_str(&fold(&unescape(trim_unescaped(value))));
        }
        key
    }

    /// Whether this name lies below (or is) another.
    #[must_use]
    pub fn is_under(&self, base: &Self) -> bool {
        let (own, base) = (self.key(), base.key());
        own == base || own.ends_with(&format!("\u{0}{base}"))
    }

    /// The value of the first part: the object's own name.
    #[must_use]
    pub fn own_name(&self) -> String {
        split_parts(&self.0)
            .first()
            .and_then(|part| part.split_once('='))
            .map_or_else(String::new, |(_, value)| unescape(value.trim()).into_owned())
    }

    /// Type and value of each part, the value without escapes; several values of one part stay together.
    #[must_use]
    pub fn parts(&self) -> Vec<(&str, String)> {
        let pair =
            |part| str::split_once(part, '=').map(|(kind, value)| (kind.trim(), unescape(trim_unescaped(value)).into_owned()));
        split_parts(&self.0).into_iter().filter_map(pair).collect()
    }

    /// The `DC=` parts as a DNS name.
    #[must_use]
    pub fn dns_domain(&self) -> String {
        let labels = split_parts(&self.0).into_iter().filter_map(|part| {
            let (kind, value) = part.split_once('=')?;
            kind.trim().eq_ignore_ascii_case("DC").then(|| unescape(value.trim()).into_owned())
        });
        labels.collect::<Vec<_>>().join(".")
    }
}

/// The key of a name whose parts lie open. Most names are written so plainly.
fn plain_key(text: &str) -> Option<String> {
    let key = |byte: u8| if byte == b',' { 0 } else { byte.to_ascii_lowercase() };
    let parted = || composed(text).bytes().map(key).collect();
    is_plain(text).then(|| String::from_utf8(parted()).unwrap_or_default())
}

/// Whether there are no escapes, quotes and control characters, and at the ends of parts neither blanks, which could be
/// left out, nor anything but ASCII, which may be a blank or belong to the character before.
fn is_plain(text: &str) -> bool {
    let is_odd = |byte: u8| matches!(byte, 0..=b' ' | 127..);
    let mut before = b',';
    text.bytes().chain([b',']).all(|byte| {
        let pair = (std::mem::replace(&mut before, byte), byte);
        match pair {
            (_, b'\\' | b'"' | b';' | ..b' ' | 127) => false,
            (b',' | b'=', odd) | (odd, b',' | b'=') => !is_odd(odd),
            _ => true,
        }
    })
}

/// Splits at commas (and AD's `;`) that are not escaped or quoted.
fn split_parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut escaped, mut quoted) = (Vec::new(), 0, false, false);
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' | ';' if !quoted => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn kind_and_value(part: &str) -> Option<(&str, &str)> {
    let (kind, value) = part.split_once('=')?;
    Some((kind.trim(), value)).filter(|(kind, _)| !kind.is_empty())
}

/// Trims blanks, but keeps one that a backslash protects.
fn trim_unescaped(value: &str) -> &str {
    let trimmed = value.trim();
    if trimmed.ends_with('\\') && value.len() > trimmed.len() { value.trim_start() } else { trimmed }
}

/// Undoes `\,`, `\2C` and quotes.
fn unescape(value: &str) -> Cow<'_, str> {
    let value = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let mut ahead = rest.clone();
        let hex = ahead.next().zip(ahead.next()).and_then(|(high, low)| Some(hex_digit(high)? << 4 | hex_digit(low)?));
        match hex {
            Some(decoded) => {
                bytes.push(decoded);
                rest = ahead;
            }
            None => bytes.extend(rest.next()),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl FromStr for DistinguishedName {
    type Err = DnError;

    fn from_str(text: &str) -> Result<Self, DnError> {
        let trimmed = text.trim_start();
        let valid = if is_plain(trimmed) {
            trimmed.split(',').all(|part| part.find('=').is_some_and(|kind| kind > 0))
        } else {
            split_parts(trimmed).into_iter().all(|part| kind_and_value(part).is_some())
        };
        if valid { Ok(Self(trimmed.into())) } else { Err(DnError(text.to_owned())) }
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> DistinguishedName {
        text.parse().unwrap()
    }

    #[test]
    fn compares_by_parts() {
        assert_eq!(dn("CN=Eve, OU=Staff,DC=corp").key(), dn("cn=eve,ou=STAFF,dc=Corp").key());
        assert_eq!(dn(r"CN=Smith\, Ann,DC=x").key(), dn(r"CN=Smith\2c Ann,DC=x").key());
        assert_ne!(dn(r"CN=a\,OU\=b,DC=x").key(), dn("CN=a,OU=b,DC=x").key());
    }

    #[test]
    fn a_plain_name_has_the_key_that_its_parts_give() {
        for text in [" CN=Eve", "CN=Eve ", "CN=Eve\u{7f}", "CN=Zoë", "CN=Eve\u{a0},DC=x", "CN=\u{338}a", "CN=a\\,b"] {
            assert!(plain_key(text).is_none(), "{text}");
        }
        for text in ["CN=Zoe\u{308} X,DC=x", "CN=Eve,OU=Staff,DC=corp", "cn=a=b,dc=x", "CN=,DC=x", "CN=x y,DC=x"] {
            assert!(plain_key(text).is_some(), "{text}");
            let written_loosely = text.replace(',', " , ");
            assert!(plain_key(&written_loosely).is_none());
            assert_eq!(dn(text).key(), dn(&written_loosely).key(), "{text}");
        }
    }

    #[test]
    fn knows_what_lies_below_a_container() {
        assert!(dn("CN=Eve,OU=Staff,DC=corp,DC=example").is_under(&dn("ou=staff,dc=corp,dc=example")));
        assert!(!dn("CN=Eve,OU=Nostaff,DC=corp").is_under(&dn("OU=Staff,DC=corp")));
        assert_eq!(dn(r"CN=Smith\, Ann,OU=x,DC=corp,DC=example").own_name(), "Smith, Ann");
        assert_eq!(dn(r"CN=Smith\, Ann , DC=x").parts(), [("CN", "Smith, Ann".to_owned()), ("DC", "x".to_owned())]);
        assert_eq!(dn("CN=a,DC=corp,DC=example,DC=com").dns_domain(), "corp.example.com");
    }

    #[test]
    fn refuses_what_has_no_parts() {
        for text in ["", " ", "eve", "CN=a,", "=x,DC=y", ",,", "Zoë ", "CN=a, ", " =x,DC=y", "CN=a;"] {
            assert!(text.parse::<DistinguishedName>().is_err(), "{text}");
        }
    }
}
