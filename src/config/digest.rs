//! Fingerprints of the configuration, so that an approval covers the very files that were reviewed.

use std::ops::Range;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::policy::PolicySection;
use crate::model::digits::{hex, size};
use crate::model::{Limits, Protected};

/// SHA-256 over files in their order: for each the length of its bytes (64 bits, little-endian), then the bytes. Of the
/// YAML only what is wanted counts, not how the directories are reached.
#[derive(Default)]
pub(super) struct FilesDigest(Sha256);

impl FilesDigest {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let length = size(bytes.len());
        self.0.update(length.to_le_bytes());
        self.0.update(bytes);
    }

    /// A text without these parts, which are in order and apart.
    pub(super) fn add_without(&mut self, text: &str, parts: &[Range<usize>]) {
        let mut kept = Vec::with_capacity(text.len());
        let mut from = 0;
        for part in parts {
            kept.extend_from_slice(text.as_bytes().get(from..part.start).unwrap_or_default());
            from = part.end;
        }
        kept.extend_from_slice(text.as_bytes().get(from..).unwrap_or_default());
        self.add(&kept);
    }

    pub(super) fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 over the policy as JSON with sorted keys, defaults filled in.
pub(super) fn of_policy(section: &PolicySection) -> String {
    let policy = &section.policy;
    let canonical = json!({
        "approvals": approvals(section),
        "limits": limits(policy.limits),
        "protect": policy.protect.iter().map(protected).collect::<Vec<Value>>(),
    });
    hex(&Sha256::digest(canonical.to_string()))
}

/// Whoever adds a signer changes the policy.
fn approvals(section: &PolicySection) -> Value {
    let required = section.policy.required_approvals;
    match &section.signers_sha256 {
        Some(sha256) => json!({ "required": required, "signers": section.signers_text, "signersSha256": sha256 }),
        None => json!({ "required": required, "signers": section.signers_text }),
    }
}

/// What came later counts only where it is used: plans that an older version made stay good.
fn limits(limits: Limits) -> Value {
    let mut canonical = json!({ "changes": limits.changes, "percent": limits.percent, "purges": limits.purges });
    if let Some(map) = canonical.as_object_mut().filter(|_| limits.shrink != Limits::default().shrink) {
        map.insert("shrink".to_owned(), json!(limits.shrink));
    }
    canonical
}

fn protected(protected: &Protected) -> Value {
    match protected {
        Protected::Account(pattern) => json!(pattern),
        Protected::Role(name) => json!({ "role": name }),
    }
}

/// SHA-256 over one file, lower-case hex.
pub(super) fn of_file(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
