//! What an approver signs.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

const KIND: &str = "hardmatch/approval";
const FORMAT_VERSION: &str = "1.0";
/// No statement is longer.
const LONGEST: usize = 16 << 10;

/// That somebody approves a plan for a tenant until a certain time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    kind: String,
    format_version: String,
    /// Who approves, as the allowed_signers file names the principal.
    pub approver: String,
    /// The digest of the plan, `sha256:…`.
    pub digest: String,
    /// From when on it counts no more.
    pub expires: Timestamp,
    /// The tenant's id.
    pub tenant: String,
}

/// Why a file is no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// No JSON of this shape.
    #[error("it is no approval: {0}")]
    Unreadable(String),
    /// Another format.
    #[error("it is of the kind `{0}`, version {1}, which this program does not know")]
    Unknown(String, String),
    /// Far longer than any statement.
    #[error("it is no approval: it is too long")]
    TooLong,
}

impl Statement {
    /// A statement to be signed.
    #[must_use]
    pub fn new(approver: &str, digest: &str, tenant: &str, expires: Timestamp) -> Self {
        Self {
            kind: KIND.to_owned(),
            format_version: FORMAT_VERSION.to_owned(),
            approver: approver.to_owned(),
            digest: digest.to_owned(),
            expires,
            tenant: tenant.to_owned(),
        }
    }

    /// The bytes of the file, which are the bytes that are signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { kind, format_version, approver, digest, expires, tenant } = self;
        let json = json!({
            "kind": kind,
            "formatVersion": format_version,
            "approver": approver,
            "digest": digest,
            "expires": expires.to_string(),
            "tenant": tenant,
        });
        format!("{json:#}\n")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`StatementError`] in words.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > LONGEST {
            return Err(StatementError::TooLong);
        }
        let statement: Self = serde_json::from_slice(bytes).map_err(|why| StatementError::Unreadable(why.to_string()))?;
        if statement.kind != KIND || statement.format_version != FORMAT_VERSION {
            return Err(StatementError::Unknown(statement.kind, statement.format_version));
        }
        Ok(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_back_as_it_was_written() {
        let expires = "2026-12-01T00:00:00Z".parse().unwrap();
        let statement = Statement::new("alice@contoso.com", "sha256:00", "t", expires);
        assert_eq!(Statement::parse(statement.to_text().as_bytes()), Ok(statement.clone()));
        insta::assert_snapshot!(statement.to_text(), @r#"
        {
          "kind": "hardmatch/approval",
          "formatVersion": "1.0",
          "approver": "alice@contoso.com",
          "digest": "sha256:00",
          "expires": "2026-12-01T00:00:00Z",
          "tenant": "t"
        }
        "#);
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let of = |text: &str| Statement::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(of("").starts_with("it is no approval"));
        assert!(of("{}").contains("missing field"));
        let other = Statement::new("a", "d", "t", Timestamp::UNIX_EPOCH).to_text();
        assert!(of(&other.replace("\"1.0\"", "\"2.0\"")).contains("version 2.0"));
        assert!(of(&other.replace("\"tenant\"", "\"more\": 1, \"tenant\"")).contains("unknown field"));
        assert_eq!(of(&" ".repeat(LONGEST + 1)), "it is no approval: it is too long");
    }
}
