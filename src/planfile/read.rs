//! From bytes to a plan: nothing is believed before the hashes are right, and nothing is taken that would not be written
//! again byte for byte.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Deserialize;

use super::error::quoted;
use super::{FORMAT_VERSION, KIND, Meta, PlanFile, PlanFileError, check, layout};
use crate::plan::body::Body;

/// A plan: what is to be done, and what was found. Never edited by hand; the hashes would tell.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "hardmatch plan")]
#[expect(dead_code, reason = "the head was compared before; the fields are named for the schema and to refuse others")]
pub(super) struct Document {
    /// What the file is.
    #[schemars(extend("const" = KIND))]
    kind: String,
    /// The version of the format.
    #[schemars(extend("const" = FORMAT_VERSION))]
    format_version: String,
    /// SHA-256 over the canonical body: compact JSON with sorted keys. This is what is approved.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    digest: String,
    /// About the making of the plan; not covered by the digest.
    meta: SealedMeta,
    /// What the plan says.
    body: Body,
}

/// About the making of a plan.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Meta")]
struct SealedMeta {
    /// SHA-256 over the rest of the meta data, as compact JSON with sorted keys.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    checksum: String,
    /// The commit of the configuration, when it is known.
    commit: Option<String>,
    /// The configuration file, as it was named.
    config: Option<String>,
    /// When the plan was made.
    created_at: String,
    /// What made it: name and version.
    tool: String,
}

/// What every plan file of any version says about itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    kind: Option<serde_json::Value>,
    #[serde(default)]
    format_version: Option<serde_json::Value>,
}

/// Reads a plan file. A change of any byte is an error, except that line ends may all be CRLF, as git on Windows makes them.
///
/// # Errors
/// A [`PlanFileError`] that says what shows that this is not a plan as it was written.
pub fn parse(bytes: &[u8]) -> Result<PlanFile, PlanFileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_text(bytes))?;
    let text = unix_lines(text)?;
    let parts = split(&text)?;
    let digest = layout::hash_of(|out| parts.body.split('\n').try_for_each(|line| out.write_all(line.as_bytes())));
    if digest != parts.digest {
        return Err(unlike_its_digest(&text, parts.digest, &digest));
    }
    let document: Document = serde_json::from_str(&text).map_err(|error| PlanFileError::altered(printable_error(&error)))?;
    let plan = seal_checked(document)?;
    check::consistent(&plan.body)?;
    same_again(&plan, text.as_bytes())?;
    Ok(plan)
}

fn unlike_its_digest(text: &str, told: &str, found: &str) -> PlanFileError {
    if serde_json::from_str::<Document>(text).is_ok_and(|document| layout::body_digest(&document.body) == told) {
        return PlanFileError::altered(
            "its body says the same in other bytes, as a screen and the log of a CI run show a plan; save plans with `--out FILE`",
        );
    }
    PlanFileError::altered(format!("the body hashes to {found}, but the file says {}", quoted(told)))
}

fn seal_checked(document: Document) -> Result<PlanFile, PlanFileError> {
    let SealedMeta { checksum, commit, config, created_at, tool } = document.meta;
    let meta = Meta { commit, config, created_at, tool };
    if layout::meta_checksum(&meta) != checksum {
        return Err(PlanFileError::altered("`meta` does not fit its checksum"));
    }
    Ok(PlanFile { meta, body: document.body })
}

/// The parts of a file that is laid out as it was written.
struct Parts<'a> {
    digest: &'a str,
    body: &'a str,
}

fn split(text: &str) -> Result<Parts<'_>, PlanFileError> {
    let Some(rest) = text.strip_prefix(layout::head().as_str()) else {
        return Err(foreign(text));
    };
    let unlike = || PlanFileError::altered("it does not begin as it was written");
    let (digest, rest) = rest.split_once(layout::BEFORE_META).ok_or_else(unlike)?;
    let (_, rest) = rest.split_once(layout::BEFORE_BODY).ok_or_else(unlike)?;
    let body = rest.strip_suffix(layout::END).ok_or_else(|| PlanFileError::altered("its end is missing or changed"))?;
    Ok(Parts { digest, body })
}

/// Names what a text is that does not begin like a plan file of this version.
fn foreign(text: &str) -> PlanFileError {
    if text.trim().is_empty() {
        return PlanFileError::not_a_plan("it is empty");
    }
    if text.starts_with('\u{feff}') {
        return PlanFileError::altered("it begins with a byte order mark, so another program saved it");
    }
    if layout::head().starts_with(text) {
        return PlanFileError::altered("it is cut off");
    }
    let head: Head = match serde_json::from_str(text) {
        Ok(head) => head,
        Err(error) => return PlanFileError::not_a_plan(format!("it is no JSON object ({})", printable_error(&error))),
    };
    match (head.kind, head.format_version) {
        (None, _) => PlanFileError::not_a_plan("it names no `kind`"),
        (Some(kind), _) if kind != KIND => PlanFileError::not_a_plan(format!("its kind is {}", quoted(&plain(&kind)))),
        (Some(_), Some(version)) if version != FORMAT_VERSION => {
            PlanFileError::UnknownVersion { found: quoted(&plain(&version)), known: FORMAT_VERSION }
        }
        (Some(_), None) => PlanFileError::altered("`formatVersion` is missing"),
        (Some(_), Some(_)) => PlanFileError::altered("it is not laid out as it was written"),
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The message of the JSON reader, which may quote the file.
fn printable_error(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    format!("line {}: {}", error.line(), quoted(message).trim_matches('`'))
}

fn not_text(bytes: &[u8]) -> PlanFileError {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            PlanFileError::altered("it is UTF-16, as `>` of Windows PowerShell writes it; save plans with `--out FILE`")
        }
        _ if bytes.starts_with(layout::head().as_bytes()) => PlanFileError::altered("it is not UTF-8 text"),
        _ => PlanFileError::not_a_plan("it is not UTF-8 text"),
    }
}

/// The text with LF line ends; either all of them were CRLF or none.
fn unix_lines(text: &str) -> Result<Cow<'_, str>, PlanFileError> {
    if !text.contains('\r') {
        return Ok(Cow::Borrowed(text));
    }
    let unix = text.replace("\r\n", "\n");
    let count = |text: &str, wanted| text.bytes().filter(|byte| *byte == wanted).count();
    if count(text, b'\r') == count(text, b'\n') && !unix.contains('\r') {
        return Ok(Cow::Owned(unix));
    }
    Err(PlanFileError::altered("its line ends are mixed"))
}

/// Compares what would be written with what was read.
fn same_again(plan: &PlanFile, bytes: &[u8]) -> Result<(), PlanFileError> {
    let mut comparison = Comparison { rest: bytes, differs: false };
    let written = plan.write(&mut comparison);
    if written.is_ok() && comparison.rest.is_empty() {
        return Ok(());
    }
    let same = bytes.len() - comparison.rest.len();
    let line = bytes.iter().take(same).filter(|byte| **byte == b'\n').count() + 1;
    Err(PlanFileError::altered(format!("line {line} is not as it was written")))
}

/// A writer that takes just the bytes that are expected.
struct Comparison<'a> {
    rest: &'a [u8],
    differs: bool,
}

impl Write for Comparison<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.differs {
            let same = bytes.iter().zip(self.rest).take_while(|(left, right)| left == right).count();
            self.rest = self.rest.get(same..).unwrap_or_default();
            self.differs = same < bytes.len();
        }
        if self.differs { Err(io::Error::other("not the expected bytes")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
