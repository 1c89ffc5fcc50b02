//! The allowed_signers file of OpenSSH: principals, options, key.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use ssh_key::PublicKey;
use ssh_key::public::{Ed25519PublicKey, KeyData};
use wildmatch::WildMatch;

use super::NAMESPACE;
use crate::model::text::printable;
use crate::redact::Redactor;

/// Who may approve.
#[derive(Debug, Clone, Default)]
pub struct AllowedSigners {
    signers: Vec<Signer>,
}

/// One line of the file.
#[derive(Debug, Clone)]
pub struct Signer {
    principals: Vec<String>,
    namespaces: Option<Vec<String>>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
    key: PublicKey,
    /// One-based.
    pub line: u32,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct SignersError {
    /// One-based.
    pub line: u32,
    /// In words.
    pub why: String,
}

impl AllowedSigners {
    /// Reads the file.
    ///
    /// # Errors
    /// Every line that cannot be read: a line that is passed over could be the one that limits somebody.
    pub fn parse(text: &str) -> Result<Self, Vec<SignersError>> {
        let (mut signers, mut errors) = (Vec::new(), Vec::new());
        // Editors of Windows put a byte order mark before the first name.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (line, text) in (1u32..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match signer(text, line) {
                Ok(signer) => signers.push(signer),
                Err(why) => errors.push(SignersError { line, why }),
            }
        }
        if errors.is_empty() { Ok(Self { signers }) } else { Err(errors) }
    }

    /// The lines with this key.
    pub fn with_key<'s, 'k>(&'s self, key: &'k KeyData) -> impl DoubleEndedIterator<Item = &'s Signer> + use<'s, 'k> {
        self.signers.iter().filter(move |signer| signer.key.key_data() == key)
    }

    /// The file with other names and keys, and nothing else of it changed but comments, which are left out.
    ///
    /// Nobody has the private half of such a key.
    #[must_use]
    pub fn redacted(&self, redactor: &mut Redactor) -> String {
        let mut out = String::new();
        for signer in &self.signers {
            let names: Vec<String> = signer.principals.iter().map(|principal| redactor.signer(principal)).collect();
            let bytes = redactor.public_key(&signer.key.to_bytes().unwrap_or_default());
            let key = PublicKey::from(Ed25519PublicKey(bytes)).to_openssh().unwrap_or_default();
            out.push_str(&format!("{} {}{key}\n", names.join(","), signer.options()));
        }
        out
    }

    /// How many may approve at a time, at most: each key and each name counts once.
    #[must_use]
    pub fn approvers(&self, now: Timestamp) -> usize {
        let usable: Vec<&Signer> = self.signers.iter().filter(|signer| signer.refusal(now).is_none()).collect();
        let keys: HashSet<&KeyData> = usable.iter().map(|signer| signer.key.key_data()).collect();
        // A pattern stands for any number of people.
        let has_pattern = usable.iter().any(|signer| signer.names().count() < signer.principals.len());
        let names: HashSet<String> = usable.iter().flat_map(|signer| signer.names()).map(str::to_ascii_lowercase).collect();
        if has_pattern { keys.len() } else { keys.len().min(names.len()) }
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.signers.len()
    }

    /// Whether nobody may sign.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.signers.is_empty()
    }
}

impl Signer {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The options as they are written, with a blank behind them.
    fn options(&self) -> String {
        let time = |name: &str, time: Timestamp| format!("{name}=\"{}\"", time.strftime("%Y%m%d%H%M%SZ"));
        let namespaces = self.namespaces.as_ref().map(|patterns| format!("namespaces=\"{}\"", patterns.join(",")));
        let after = self.valid_after.map(|from| time("valid-after", from));
        let before = self.valid_before.map(|until| time("valid-before", until));
        let all: Vec<String> = [namespaces, after, before].into_iter().flatten().collect();
        if all.is_empty() { String::new() } else { all.join(",") + " " }
    }

    /// The only principal of the line, where it is a name and no pattern.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.names().next().filter(|_| self.principals.len() == 1)
    }

    /// The principals of the line that are names and no patterns.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.principals.iter().map(String::as_str).filter(|name| !name.contains(['*', '?', '!']))
    }

    /// Whether the line is about this principal.
    #[must_use]
    pub fn is_for(&self, principal: &str) -> bool {
        is_in(&self.principals, principal)
    }

    /// Why the key may not sign approvals now; `None` where it may.
    #[must_use]
    pub fn refusal(&self, now: Timestamp) -> Option<&'static str> {
        if !self.namespaces.as_ref().is_none_or(|namespaces| is_in(namespaces, NAMESPACE)) {
            return Some("the allowed_signers file does not let this key sign in the namespace hardmatch-approval");
        }
        if self.valid_after.is_some_and(|from| now < from) {
            return Some("the allowed_signers file does not let this key sign yet");
        }
        self.valid_before.is_some_and(|until| now >= until).then_some("the allowed_signers file lets this key sign no more")
    }
}

/// Whether one of the patterns fits, and none of those with `!`.
fn is_in(patterns: &[String], text: &str) -> bool {
    let fits = |pattern: &str| WildMatch::new(pattern).matches(text);
    let is_excluded = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(fits);
    !is_excluded && patterns.iter().any(|pattern| fits(pattern))
}

/// `principals [options] keytype base64 [comment]`
fn signer(text: &str, line: u32) -> Result<Signer, String> {
    let (principals, rest) = field(text)?;
    let principals: Vec<String> = principals.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let is_key = |text: &str| ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| text.starts_with(kind));
    let (options, key) = if is_key(rest) { ("", rest) } else { field(rest)? };
    let key = PublicKey::from_openssh(key).map_err(|why| format!("the key cannot be read: {why}"))?;
    let mut signer = Signer { principals, namespaces: None, valid_after: None, valid_before: None, key, line };
    for option in split_options(options) {
        set_option(&mut signer, option)?;
    }
    if signer.principals.is_empty() {
        return Err("it names nobody".to_owned());
    }
    // A name that only looks like that of the author would let authors approve their own change.
    match signer.principals.iter().find(|name| printable(name) != name.as_str()) {
        Some(name) => Err(format!("the name `{}` holds a character that cannot be seen", printable(name))),
        None => Ok(signer),
    }
}

/// A field up to the next blank that is not within quotes, without the quotes around all of it; and the rest.
fn field(text: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    let (field, rest) = end.and_then(|end| text.split_at_checked(end)).ok_or("it ends before the key")?;
    let bare = field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field);
    Ok((bare, rest.trim_start()))
}

/// Options stand between commas that are not within quotes.
fn split_options(options: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    options
        .split(move |c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .filter(|option| !option.is_empty())
}

fn set_option(signer: &mut Signer, option: &str) -> Result<(), String> {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let value = value.trim_matches('"');
    match name.to_ascii_lowercase().as_str() {
        "namespaces" => signer.namespaces = Some(value.split(',').map(str::to_owned).collect()),
        "valid-after" => signer.valid_after = Some(time(value)?),
        "valid-before" => signer.valid_before = Some(time(value)?),
        "cert-authority" => return Err("certificates (cert-authority) are not taken; list the keys themselves".to_owned()),
        _ => return Err(format!("the option `{name}` is not known")),
    }
    Ok(())
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, in UTC with a `Z` and else in local time, which is not known here.
fn time(text: &str) -> Result<Timestamp, String> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let wrong = || format!("`{text}` is no time: write for example 20261231Z");
    let read = match digits.len() {
        8 => Date::strptime("%Y%m%d", digits).map(DateTime::from),
        12 => DateTime::strptime("%Y%m%d%H%M", digits),
        14 => DateTime::strptime("%Y%m%d%H%M%S", digits),
        _ => return Err(wrong()),
    };
    let read = read.map_err(|_| wrong())?;
    if digits.len() == text.len() {
        return Err(format!("`{text}` is in local time, which is another one everywhere: write `{text}Z`"));
    }
    TimeZone::UTC.to_timestamp(read).map_err(|_| wrong())
}
