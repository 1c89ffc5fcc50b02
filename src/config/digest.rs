//! Fingerprints of the configuration, so that an approval covers the very files that were reviewed.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::policy::PolicySection;
use crate::model::{Limits, Protected};

/// SHA-256 over files in their order: for each the length of its bytes (64 bits, little-endian), then the bytes.
#[derive(Default)]
pub(super) struct FilesDigest(Sha256);

impl FilesDigest {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(length.to_le_bytes());
        self.0.update(bytes);
    }

    pub(super) fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 over the policy as JSON with sorted keys, defaults filled in.
pub(super) fn of_policy(section: &PolicySection) -> String {
    let policy = &section.policy;
    let canonical = json!({
        "approvals": { "required": policy.required_approvals, "signers": section.signers_text },
        "limits": limits(policy.limits),
        "protect": policy.protect.iter().map(protected).collect::<Vec<Value>>(),
    });
    hex(&Sha256::digest(canonical.to_string()))
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
