//! objectGUID: one place for the byte order.
//!
//! Of the text form `AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE` AD stores the first three groups byte-reversed. The
//! sync client base64-encodes those stored bytes, so every conversion goes through [`ObjectGuid::ad_bytes`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::digits::{hex, ldap_octets};
use super::{ImmutableId, written};

/// A GUID of Active Directory: the 16 bytes as LDAP returns them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectGuid([u8; 16]);

/// Why a text is no GUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuidError {
    /// Not of any of the accepted forms.
    #[error("`{0}` is not a GUID; write it as 00112233-4455-6677-8899-aabbccddeeff")]
    Malformed(String),
    /// A bracket without its partner.
    #[error("`{0}` has a bracket without its partner")]
    Unbalanced(String),
    /// 32 hex digits: text order and byte order look alike.
    #[error("`{0}` is 32 bare hex digits, which can be read as {1} (text) or {2} (raw bytes)")]
    BareHex(String, ObjectGuid, ObjectGuid),
    /// Bytes, but not 16 of them.
    #[error("{0} bytes; a GUID has 16")]
    WrongLength(usize),
}

/// What somebody may write for a GUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuidInput {
    /// One meaning.
    Guid(ObjectGuid),
    /// 32 bare hex digits: only a look at the directory can tell which is meant.
    BareHex {
        /// Read as GUID text without dashes.
        as_text: ObjectGuid,
        /// Read as raw bytes, as attribute editors show them.
        as_bytes: ObjectGuid,
    },
}

impl ObjectGuid {
    /// From the bytes that LDAP returned, in their order.
    #[must_use]
    pub const fn from_ad_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// From bytes that LDAP returned, of any length.
    ///
    /// # Errors
    /// [`GuidError::WrongLength`] unless there are 16.
    pub fn from_ad_slice(bytes: &[u8]) -> Result<Self, GuidError> {
        bytes.try_into().map(Self).map_err(|_| GuidError::WrongLength(bytes.len()))
    }

    /// The 16 bytes as AD stores them.
    #[must_use]
    pub const fn ad_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether all bytes are zero, as no directory gives them to anybody.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 16]
    }

    /// The ImmutableID that the sync client makes of this GUID.
    #[must_use]
    pub fn immutable_id(&self) -> ImmutableId {
        ImmutableId::of_bytes(&self.0)
    }

    /// The GUID that somebody gets who takes these bytes in text order: the first three groups reversed.
    #[must_use]
    pub fn byte_swapped(&self) -> Self {
        Self(Uuid::from_bytes(self.0).to_bytes_le())
    }

    /// The bytes as lower-case hex, in stored order.
    #[must_use]
    pub fn raw_hex(&self) -> String {
        hex(&self.0)
    }

    /// The bytes as an LDAP filter writes them: `\e0\04\25…`.
    #[must_use]
    pub fn ldap_filter_value(&self) -> String {
        ldap_octets(&self.0)
    }
}

impl GuidInput {
    /// Reads dashed text (with or without one pair of brackets or `urn:uuid:`), byte lists (`EE 7F …`, `0xEE…`, `X'ee…'`,
    /// `\ee\7f…`: always raw bytes) and 32 bare hex digits.
    ///
    /// # Errors
    /// A [`GuidError`] that quotes the text.
    pub fn parse(text: &str) -> Result<Self, GuidError> {
        let inner = strip_wrapping(text.trim())?;
        match Uuid::try_parse(inner) {
            Ok(uuid) if inner.len() == 36 => return Ok(Self::Guid(ObjectGuid(uuid.to_bytes_le()))),
            Ok(uuid) if inner.len() == 32 => {
                return Ok(Self::BareHex { as_text: ObjectGuid(uuid.to_bytes_le()), as_bytes: ObjectGuid(*uuid.as_bytes()) });
            }
            Ok(_) | Err(_) => {}
        }
        match byte_list(inner) {
            Some(bytes) => ObjectGuid::from_ad_slice(&bytes).map(Self::Guid),
            None => Err(GuidError::Malformed(text.to_owned())),
        }
    }
}

fn strip_wrapping(text: &str) -> Result<&str, GuidError> {
    let text = text.get(..9).filter(|head| head.eq_ignore_ascii_case("urn:uuid:")).map_or(text, |head| &text[head.len()..]);
    for (open, close) in [('{', '}'), ('(', ')')] {
        match (text.strip_prefix(open), text.strip_suffix(close)) {
            (Some(rest), Some(_)) => return rest.strip_suffix(close).ok_or_else(|| GuidError::Unbalanced(text.to_owned())),
            (None, None) => {}
            _ => return Err(GuidError::Unbalanced(text.to_owned())),
        }
    }
    Ok(text)
}

/// `EE 7F 05`, `EE-7F-05`, `0xEE7F05`, `X'ee7f05'` (csvde), `\ee\7f\05`: bytes in stored order.
fn byte_list(text: &str) -> Option<Vec<u8>> {
    let digits: String = if let Some(bytes) = marked_bytes(text) {
        return Some(bytes);
    } else if text.starts_with('\\') {
        let parts: Vec<&str> = text.split('\\').skip(1).collect();
        parts.iter().all(|part| part.len() == 2).then(|| parts.concat())?
    } else {
        let parts: Vec<&str> = text.split([' ', ':', '-', ',']).filter(|part| !part.is_empty()).collect();
        (parts.len() > 5).then_some(())?;
        let bare = |part: &&str| part.trim_start_matches("0x").trim_start_matches("0X").to_owned();
        let parts: Vec<String> = parts.iter().map(bare).collect();
        parts.iter().all(|part| part.len() == 2).then(|| parts.concat())?
    };
    from_hex(&digits)
}

/// Any number of bytes behind a mark: `0xEE7F05`, or `X'ee7f05'` as csvde writes them.
pub(crate) fn marked_bytes(text: &str) -> Option<Vec<u8>> {
    let of_csvde = || text.strip_prefix(['X', 'x'])?.strip_prefix('\'')?.strip_suffix('\'');
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).or_else(of_csvde).and_then(from_hex)
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pair = |chunk: &[u8]| std::str::from_utf8(chunk).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
    (digits.len().is_multiple_of(2) && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(())?;
    digits.as_bytes().chunks(2).map(pair).collect()
}

impl FromStr for ObjectGuid {
    type Err = GuidError;

    fn from_str(text: &str) -> Result<Self, GuidError> {
        match GuidInput::parse(text)? {
            GuidInput::Guid(guid) => Ok(guid),
            GuidInput::BareHex { as_text, as_bytes } => Err(GuidError::BareHex(text.to_owned(), as_text, as_bytes)),
        }
    }
}

impl fmt::Display for ObjectGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes_le(self.0).hyphenated().fmt(f)
    }
}

impl Serialize for ObjectGuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Uuid::from_bytes_le(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ObjectGuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written::parse(deserializer)
    }
}

impl fmt::Debug for ObjectGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectGuid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GUID text, stored bytes, ImmutableID, ImmutableID of the text order.
    const VECTORS: [[&str; 4]; 5] = [
        [
            "01234567-89ab-cdef-0123-456789abcdef",
            "67452301ab89efcd0123456789abcdef",
            "Z0UjAauJ780BI0VniavN7w==",
            "ASNFZ4mrze8BI0VniavN7w==",
        ],
        [
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "e004253f894fd3119a0c0305e82c3301",
            "4AQlP4lP0xGaDAMF6CwzAQ==",
            "PyUE4E+JEdOaDAMF6CwzAQ==",
        ],
        [
            "8d7c3a5e-1f42-4b6e-9c0d-7e1a2b3c4d5f",
            "5e3a7c8d421f6e4b9c0d7e1a2b3c4d5f",
            "Xjp8jUIfbkucDX4aKzxNXw==",
            "jXw6Xh9CS26cDX4aKzxNXw==",
        ],
        [
            "00112233-4455-6677-8899-aabbccddeeff",
            "33221100554477668899aabbccddeeff",
            "MyIRAFVEd2aImaq7zN3u/w==",
            "ABEiM0RVZneImaq7zN3u/w==",
        ],
        [
            "ffffffff-0000-4000-8000-000000000001",
            "ffffffff000000408000000000000001",
            "/////wAAAECAAAAAAAAAAQ==",
            "/////wAAQACAAAAAAAAAAQ==",
        ],
    ];

    #[test]
    fn converts_every_published_vector() {
        for [text, hex, id, wrong] in VECTORS {
            let guid: ObjectGuid = text.parse().unwrap();
            assert_eq!(guid.raw_hex(), hex);
            assert_eq!(guid.immutable_id().as_str(), id);
            assert_eq!(guid.byte_swapped().immutable_id().as_str(), wrong);
            assert_eq!(guid.to_string(), text);
            assert_eq!(guid.byte_swapped().byte_swapped(), guid);
        }
    }

    #[test]
    fn reads_what_people_write_and_shows_one_form() {
        for text in [
            "{F5057FEE-4C3E-4459-82DD-21250B729601}",
            "(f5057fee-4c3e-4459-82dd-21250b729601)",
            " f5057fee-4c3e-4459-82dd-21250b729601 ",
            "urn:uuid:f5057fee-4c3e-4459-82dd-21250b729601",
            "EE 7F 05 F5 3E 4C 59 44 82 DD 21 25 0B 72 96 01",
            "0xEE7F05F53E4C594482DD21250B729601",
            "X'ee7f05f53e4c594482dd21250b729601'",
            r"\ee\7f\05\f5\3e\4c\59\44\82\dd\21\25\0b\72\96\01",
        ] {
            assert_eq!(text.parse::<ObjectGuid>().unwrap().to_string(), "f5057fee-4c3e-4459-82dd-21250b729601", "{text}");
        }
    }

    #[test]
    fn refuses_the_rest_with_a_reason() {
        assert!(matches!("{f5057fee-4c3e-4459-82dd-21250b729601".parse::<ObjectGuid>(), Err(GuidError::Unbalanced(_))));
        assert!(matches!("f5057fee4c3e445982dd21250b729601".parse::<ObjectGuid>(), Err(GuidError::BareHex(..))));
        for text in
            ["", "N/A", "f5057fee-4c3e-4459-82dd-21250b72960", "f5057fee-4c3e-4459-82dd-21250b72960g", "ä", "{}", "urn:uuid:"]
        {
            assert!(text.parse::<ObjectGuid>().is_err(), "{text}");
        }
    }

    #[test]
    fn writes_filters_byte_by_byte_in_stored_order() {
        let guid: ObjectGuid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().unwrap();
        assert_eq!(guid.ldap_filter_value(), r"\e0\04\25\3f\89\4f\d3\11\9a\0c\03\05\e8\2c\33\01");
    }
}
