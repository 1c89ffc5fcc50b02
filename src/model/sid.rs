//! Security identifiers: the strongest proof of which AD user a cloud user is linked to.

use std::fmt;
use std::str::FromStr;

/// A SID in its `S-1-…` form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(Box<str>);

/// Why something is no SID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SidError {
    /// Text that is not `S-1-…`.
    #[error("`{0}` is not a SID; write it as S-1-5-21-1004336348-1177238915-682003330-1108")]
    Text(String),
    /// Bytes that do not have the shape of a SID.
    #[error("{0} bytes that are no SID")]
    Bytes(usize),
}

impl Sid {
    /// Decodes objectSid: revision, count, 48-bit big-endian authority, then little-endian 32-bit parts.
    ///
    /// # Errors
    /// [`SidError::Bytes`] when the length or the revision is wrong.
    pub fn from_ad_bytes(bytes: &[u8]) -> Result<Self, SidError> {
        let wrong = || SidError::Bytes(bytes.len());
        let (head, parts) = bytes.split_at_checked(8).ok_or_else(wrong)?;
        let [1, count, authority @ ..] = head else { return Err(wrong()) };
        if parts.len() != usize::from(*count) * 4 || *count > 15 {
            return Err(wrong());
        }
        let authority = authority.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let mut text = format!("S-1-{authority}");
        for part in parts.chunks_exact(4) {
            let value = part.iter().rev().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
            text.push_str(&format!("-{value}"));
        }
        Ok(Self(text.into()))
    }

    /// The bytes of objectSid; `None` for an authority that does not fit into 48 bits.
    #[must_use]
    pub fn ad_bytes(&self) -> Option<Vec<u8>> {
        let mut parts = self.0.strip_prefix("S-1-")?.split('-');
        let authority: u64 = parts.next()?.parse().ok()?;
        let parts: Vec<u32> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let ([0, 0, authority @ ..], count) = (authority.to_be_bytes(), u8::try_from(parts.len()).ok()?) else { return None };
        let head = [1, count].into_iter().chain(authority);
        Some(head.chain(parts.iter().flat_map(|part| part.to_le_bytes())).collect())
    }

    /// The domain's SID: this one without its last part.
    #[must_use]
    pub fn domain(&self) -> Option<Self> {
        let (domain, _) = self.0.rsplit_once('-')?;
        domain.starts_with("S-1-5-21-").then(|| Self(domain.into()))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sid {
    type Err = SidError;

    fn from_str(text: &str) -> Result<Self, SidError> {
        let wrong = || SidError::Text(text.to_owned());
        let trimmed = text.trim();
        let (head, parts) = trimmed.split_at_checked(4).ok_or_else(wrong)?;
        let mut parts = parts.as_bytes().split(|byte| *byte == b'-').map(number);
        let authority = parts.next().flatten();
        let mut count = 0;
        let fits = parts.all(|part| {
            count += 1;
            part.is_some_and(|part| u32::try_from(part).is_ok())
        });
        if !head.eq_ignore_ascii_case("S-1-") || authority.is_none() || !fits || !(1..=15).contains(&count) {
            return Err(wrong());
        }
        let mut sid: Box<str> = trimmed.into();
        sid.make_ascii_uppercase();
        Ok(Self(sid))
    }
}

/// A number of digits alone, which `str::parse` is not so strict about.
fn number(digits: &[u8]) -> Option<u64> {
    let append = |number: u64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, append) }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_published_vector() {
        let bytes: Vec<u8> = (0..28)
            .map(|i| {
                u8::from_str_radix(&"010500000000000515000000dcf4dc3b833d2b46828ba62854040000"[2 * i..2 * i + 2], 16).unwrap()
            })
            .collect();
        let sid = Sid::from_ad_bytes(&bytes).unwrap();
        assert_eq!(sid.as_str(), "S-1-5-21-1004336348-1177238915-682003330-1108");
        assert_eq!(sid.ad_bytes().unwrap(), bytes);
        assert_eq!("S-1-281474976710656-1".parse::<Sid>().unwrap().ad_bytes(), None);
        assert_eq!(sid.domain().unwrap().as_str(), "S-1-5-21-1004336348-1177238915-682003330");
        assert_eq!("s-1-5-21-1004336348-1177238915-682003330-1108".parse::<Sid>().unwrap(), sid);
    }

    #[test]
    fn refuses_what_is_no_sid() {
        for text in [
            "",
            "S-1-",
            "S-1-5",
            "S-2-5-21-1",
            "S-1-5-21-99999999999",
            "S-1-5-21-x",
            "S-1-5-+1",
            "S-1-5-",
            "S-1-99999999999999999999-1",
        ] {
            assert!(text.parse::<Sid>().is_err(), "{text}");
        }
        for bytes in [&[][..], &[1, 1, 0, 0, 0, 0, 0, 5], &[2, 0, 0, 0, 0, 0, 0, 5]] {
            assert!(Sid::from_ad_bytes(bytes).is_err());
        }
    }
}
