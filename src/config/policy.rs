//! The section `policy`: what no plan may touch, how much one plan may do, and who approves.

use std::path::{Path, PathBuf};

use super::digest::of_file;
use super::document::ReadFile;
use super::reader::Reader;
use super::tree::Value;
use crate::diag::Diagnostic;
use crate::model::{EntraId, Limits, Policy, Protected};

/// The section as it was read.
#[derive(Debug, Default)]
pub(super) struct PolicySection {
    /// What planning needs of it.
    pub policy: Policy,
    /// The allowed_signers file.
    pub signers: Option<PathBuf>,
    /// The same as it was written, for the digest.
    pub signers_text: Option<String>,
    /// SHA-256 over that file, lower-case hex; unknown where it cannot be read, which is for applying to say.
    pub signers_sha256: Option<String>,
    /// Where backups go.
    pub backups: Option<PathBuf>,
}

impl PolicySection {
    /// Looks at the signers' file, so that the digest covers who may approve.
    pub(super) fn look_at_signers(&mut self, read_file: &mut ReadFile<'_>) {
        let bytes = self.signers.as_deref().map(read_file).and_then(Result::ok);
        self.signers_sha256 = bytes.map(|bytes| of_file(&bytes));
    }
}

/// Reads the section.
pub(super) fn read<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> PolicySection {
    let mut section = PolicySection::default();
    let Some(fields) = reader.fields(value, &["protect", "limits", "approvals", "backups"]) else { return section };
    if let Some(value) = fields.get("protect") {
        section.policy.protect = reader.list(value).into_iter().filter_map(|entry| protect(reader, entry)).collect();
    }
    if let Some(value) = fields.get("limits") {
        section.policy.limits = limits(reader, value);
    }
    if let Some(value) = fields.get("approvals") {
        approvals(reader, value, base, &mut section);
    }
    section.backups = fields.get("backups").and_then(|value| reader.path(value, base));
    section
}

fn protect<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<Protected> {
    if value.entries().is_none() {
        return account(reader, value).map(Protected::Account);
    }
    let role = reader.fields(value, &["role"])?.required(reader, "role")?;
    reader.text(role).map(|name| Protected::Role(name.into()))
}

/// A pattern that can match nobody protects nobody, which its author should hear.
fn account<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<Box<str>> {
    let text = reader.text(value)?;
    if !text.contains(['@', '*', '?']) && text.parse::<EntraId>().is_err() {
        let warning =
            Diagnostic::warning(format!("`{text}` protects nobody: it is no UPN, no mail address, no object id and no pattern"));
        reader.note(value.span(), warning.help("write the whole UPN, or a pattern such as \"breakglass*\""));
    }
    Some(text.into())
}

fn limits<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Limits {
    let mut limits = Limits::default();
    let Some(fields) = reader.fields(value, &["changes", "percent", "purges", "shrink"]) else { return limits };
    let mut take = |key, max, limit: &mut u64| {
        if let Some(number) = fields.get(key).and_then(|value| reader.number(value, max)) {
            *limit = number;
        }
    };
    take("changes", u64::from(u32::MAX), &mut limits.changes);
    take("percent", 100, &mut limits.percent);
    take("purges", u64::from(u32::MAX), &mut limits.purges);
    take("shrink", 100, &mut limits.shrink);
    limits
}

fn approvals<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path, section: &mut PolicySection) {
    let Some(fields) = reader.fields(value, &["required", "signers"]) else { return };
    let required = fields.required(reader, "required").and_then(|value| reader.number(value, 100));
    section.policy.required_approvals = required.and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    if let Some(value) = fields.get("signers") {
        section.signers_text = reader.text(value).map(str::to_owned);
        section.signers = section.signers_text.as_ref().map(|text| base.join(text));
    } else if section.policy.required_approvals > 0 && !fields.has("signers") {
        let help = "add `signers: FILE`, an OpenSSH allowed_signers file";
        reader.error(value, "approvals are required, but nobody may give them", help);
    }
}
