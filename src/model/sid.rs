//! Security identifiers: the strongest proof of which AD user a cloud user is linked to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The authority that Windows domains count below.
const NT_AUTHORITY: u64 = 5;

/// What the SIDs of accounts of a domain begin with.
const ACCOUNT_DOMAIN: u32 = 21;

/// The most parts that a SID has.
const MOST_PARTS: usize = 15;

/// A SID. Those that look like the SID of an account need no memory of their own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid(Form);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Form {
    /// `S-1-5-` and five parts.
    Account([u32; 5]),
    Other(Box<Parts>),
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Parts {
    authority: u64,
    parts: Vec<u32>,
}

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
    fn of(authority: u64, parts: &[u32]) -> Self {
        match <[u32; 5]>::try_from(parts) {
            Ok(five) if authority == NT_AUTHORITY => Self(Form::Account(five)),
            Ok(_) | Err(_) => Self(Form::Other(Box::new(Parts { authority, parts: parts.to_vec() }))),
        }
    }

    /// Decodes objectSid: revision, count, 48-bit big-endian authority, then little-endian 32-bit parts.
    ///
    /// # Errors
    /// [`SidError::Bytes`] when the length or the revision is wrong.
    pub fn from_ad_bytes(bytes: &[u8]) -> Result<Self, SidError> {
        let wrong = || SidError::Bytes(bytes.len());
        let (head, rest) = bytes.split_at_checked(8).ok_or_else(wrong)?;
        let [1, count, authority @ ..] = head else { return Err(wrong()) };
        let (parts, []) = rest.as_chunks::<4>() else { return Err(wrong()) };
        if parts.len() != usize::from(*count) || parts.len() > MOST_PARTS {
            return Err(wrong());
        }
        let authority = authority.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let parts: Vec<u32> = parts.iter().map(|part| u32::from_le_bytes(*part)).collect();
        Ok(Self::of(authority, &parts))
    }

    /// The bytes of objectSid; none for an authority beyond 48 bits, which text can hold and the attribute cannot.
    #[must_use]
    pub fn ad_bytes(&self) -> Option<Vec<u8>> {
        let [0, 0, authority @ ..] = self.authority().to_be_bytes() else { return None };
        let head = [1, u8::try_from(self.parts().len()).ok()?].into_iter().chain(authority);
        Some(head.chain(self.parts().iter().flat_map(|part| part.to_le_bytes())).collect())
    }

    /// The number behind `S-1-`.
    #[must_use]
    pub fn authority(&self) -> u64 {
        match &self.0 {
            Form::Account(_) => NT_AUTHORITY,
            Form::Other(other) => other.authority,
        }
    }

    /// The numbers behind the authority; the last one of an account is its RID.
    #[must_use]
    pub fn parts(&self) -> &[u32] {
        match &self.0 {
            Form::Account(parts) => parts,
            Form::Other(other) => &other.parts,
        }
    }

    /// The SID of the account's domain (all but the last part), if this is a SID of an account in a domain.
    #[must_use]
    pub fn domain(&self) -> Option<Self> {
        match self.parts() {
            [ACCOUNT_DOMAIN, domain @ .., _] if self.authority() == NT_AUTHORITY && !domain.is_empty() => {
                self.parts().split_last().map(|(_, parts)| Self::of(NT_AUTHORITY, parts))
            }
            _ => None,
        }
    }
}

impl FromStr for Sid {
    type Err = SidError;

    fn from_str(text: &str) -> Result<Self, SidError> {
        let wrong = || SidError::Text(text.to_owned());
        let (head, numbers) = text.trim().split_at_checked(4).ok_or_else(wrong)?;
        let mut numbers = numbers.as_bytes().split(|byte| *byte == b'-').map(number);
        let authority = numbers.next().flatten().ok_or_else(wrong)?;
        let mut parts = [0; MOST_PARTS];
        let mut count = 0;
        for part in numbers {
            let place = parts.get_mut(count).ok_or_else(wrong)?;
            *place = part.and_then(|part| u32::try_from(part).ok()).ok_or_else(wrong)?;
            count += 1;
        }
        match parts.get(..count) {
            Some(parts @ [_, ..]) if head.eq_ignore_ascii_case("S-1-") => Ok(Self::of(authority, parts)),
            _ => Err(wrong()),
        }
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
        write!(f, "S-1-{}", self.authority())?;
        self.parts().iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({self})")
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::written::parse(deserializer)
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
        assert_eq!(sid.to_string(), "S-1-5-21-1004336348-1177238915-682003330-1108");
        assert_eq!(sid.ad_bytes().unwrap(), bytes);
        assert_eq!("S-1-281474976710656-1".parse::<Sid>().unwrap().ad_bytes(), None);
        assert_eq!(sid.domain().unwrap().to_string(), "S-1-5-21-1004336348-1177238915-682003330");
        assert_eq!("s-1-5-21-1004336348-1177238915-682003330-1108".parse::<Sid>().unwrap(), sid);
    }

    #[test]
    fn numbers_decide_and_not_how_they_are_written() {
        let sid: Sid = " s-1-5-021-7-8-9-0010 ".parse().unwrap();
        assert_eq!((sid.to_string().as_str(), sid.authority(), sid.parts()), ("S-1-5-21-7-8-9-10", 5, &[21, 7, 8, 9, 10][..]));
        for text in ["S-1-5-32-544", "S-1-12-1-1-2-3-4", "S-1-0-0"] {
            let sid: Sid = text.parse().unwrap();
            assert_eq!((sid.to_string(), sid.domain()), (text.to_owned(), None));
            assert_eq!(Sid::from_ad_bytes(&sid.ad_bytes().unwrap()), Ok(sid));
        }
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
