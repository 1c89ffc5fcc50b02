//! The ImmutableID of a cloud user: an opaque, case-sensitive string.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Text;

/// `onPremisesImmutableId` exactly as a tenant stores it; never trimmed, folded or re-encoded.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ImmutableId(Text);

impl ImmutableId {
    /// A value as it is stored; `None` for the empty string, which no tenant holds.
    #[must_use]
    pub fn stored(text: &str) -> Option<Self> {
        Self::owned(text.into())
    }

    /// The same of a text that is not needed elsewhere.
    #[must_use]
    pub fn owned(text: Text) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// The value that the sync client makes of binary attributes: standard base64 with padding.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut of_guid = [0; 24];
        let encoded = STANDARD.encode_slice(bytes, &mut of_guid).ok().and_then(|length| of_guid.get(..length));
        let short = encoded.and_then(|encoded| Text::from_utf8(encoded).ok());
        Self(short.unwrap_or_else(|| STANDARD.encode(bytes).into()))
    }

    /// The stored text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value with small letters only: what differs from another only in case is the same here.
    #[must_use]
    pub fn lowered(&self) -> Text {
        let mut lowered = self.0.clone();
        lowered.make_ascii_lowercase();
        lowered
    }

    /// The name of the object in the sync client's connector space: the upper-case hex of the characters.
    #[must_use]
    pub fn connector_space_dn(&self) -> String {
        let hex: String = self.0.bytes().map(|byte| format!("{byte:02X}")).collect();
        format!("CN={{{hex}}}")
    }
}

impl fmt::Display for ImmutableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ImmutableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImmutableId({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_connector_space_object_by_the_hex_of_its_characters() {
        let of = |text| ImmutableId::stored(text).unwrap().connector_space_dn();
        assert_eq!(of("4AQlP4lP0xGaDAMF6CwzAQ=="), "CN={3441516C50346C503078476144414D463643777A41513D3D}");
        assert_eq!(of("E10045"), "CN={453130303435}");
    }
}
