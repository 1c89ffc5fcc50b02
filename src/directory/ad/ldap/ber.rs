//! What a server sends, measured before the LDAP library sees it: that keeps whatever a message announces, and goes as deep
//! as one is nested.

use std::fmt;

/// What a message may take in memory. One is an entry or less, and a domain controller sends no more than some thousand
/// values of it at once.
const LARGEST: usize = 16 << 20;
/// What an element takes beside its bytes.
const ELEMENT: usize = 64;
/// So many elements may lie in one another, with all that has come around them; six do in an entry.
const DEEPEST: usize = 16;

/// What begins every message.
const SEQUENCE: u8 = 0x30;
const CONSTRUCTED: u8 = 0x20;

/// Why a message is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Malformed,
    TooLarge,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is no well-formed LDAP message"),
            Self::TooLarge => write!(f, "one message takes more than {} MiB; no directory sends one that large", LARGEST >> 20),
        }
    }
}

/// The length of the first message as soon as it is there; its inside was looked at then.
///
/// What Kerberos has sealed is told by its first byte, which is of its length: nobody but the server that it vouches for
/// can have written that, and it is only measured.
pub(super) fn first_message(bytes: &[u8], may_be_sealed: bool) -> Result<Option<usize>, Flaw> {
    let Some(first) = bytes.first() else { return Ok(None) };
    if *first == SEQUENCE {
        let Some(head) = Head::read(bytes)? else { return Ok(None) };
        let Some(message) = bytes.get(..head.end) else { return Ok(None) };
        return check(message).map(|()| Some(head.end));
    }
    if !may_be_sealed {
        return Err(Flaw::Malformed);
    }
    let Some(length) = bytes.first_chunk() else { return Ok(None) };
    let end = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX).saturating_add(length.len());
    if end > LARGEST { Err(Flaw::TooLarge) } else { Ok((end <= bytes.len()).then_some(end)) }
}

/// Whether elements fit into one another, no deeper than any message has them, and do not take too much together.
pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let (mut at, mut taken) = (0usize, bytes.len());
    let mut ends = vec![bytes.len()];
    while let Some(end) = ends.last().copied() {
        if at == end {
            ends.pop();
            continue;
        }
        let inside = bytes.get(at..end).ok_or(Flaw::Malformed)?;
        let head = Head::read(inside)?.filter(|head| head.end <= inside.len()).ok_or(Flaw::Malformed)?;
        taken = taken.saturating_add(ELEMENT);
        if taken > LARGEST {
            return Err(Flaw::TooLarge);
        }
        if head.is_constructed {
            ends.push(at + head.end);
            at += head.start;
        } else {
            at += head.end;
        }
        if ends.len() > DEEPEST {
            return Err(Flaw::Malformed);
        }
    }
    Ok(())
}

/// The head of an element, with the places where its content starts and ends.
struct Head {
    is_constructed: bool,
    start: usize,
    end: usize,
}

impl Head {
    /// As the library reads it, `None` when it is not all there. LDAP knows no length that is left open.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Flaw> {
        let [tag, first, rest @ ..] = bytes else { return Ok(None) };
        let digits = if *first < 0x80 { 0 } else { usize::from(*first & 0x7f) };
        if *first == 0x80 || digits > size_of::<u64>() {
            return Err(Flaw::Malformed);
        }
        let Some(digits) = rest.get(..digits) else { return Ok(None) };
        let long = digits.iter().fold(0, |length, digit| (length << 8) | u64::from(*digit));
        let length = usize::try_from(if digits.is_empty() { u64::from(*first) } else { long }).unwrap_or(usize::MAX);
        if length > LARGEST {
            return Err(Flaw::TooLarge);
        }
        let start = 2 + digits.len();
        Ok(Some(Self { is_constructed: tag & CONSTRUCTED != 0, start, end: start + length }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x84], &length[..], content].concat()
    }

    fn nested(depth: u32) -> Vec<u8> {
        (0..depth).rev().flat_map(|inside| [&[0x30, 0x84], &(6 * inside).to_be_bytes()[..]].concat()).collect()
    }

    #[test]
    fn a_message_is_passed_on_when_it_is_all_there() {
        let message = element(0x30, &[&[2, 1, 7][..], &element(0x64, &[4, 1, b'x', 0x30, 0])].concat());
        for end in 0..message.len() {
            assert_eq!(first_message(&message[..end], false), Ok(None), "{end}");
        }
        let two = [&message[..], &message].concat();
        assert_eq!(first_message(&two, false), Ok(Some(message.len())));
    }

    #[test]
    fn what_the_library_could_not_bear_is_told_at_once() {
        assert_eq!(first_message(&nested(15), false), Ok(Some(90)));
        for (bytes, flaw) in [
            (nested(16), Flaw::Malformed),
            (b"HTTP/1.1 400 Bad Request".to_vec(), Flaw::Malformed),
            (vec![0x30, 0x80], Flaw::Malformed),
            (vec![0x30, 0xff], Flaw::Malformed),
            (vec![0x30, 3, 2, 2, 1], Flaw::Malformed),
            (vec![0x30, 4, 0x30, 3, 2, 0], Flaw::Malformed),
            (vec![0x30, 1, 2], Flaw::Malformed),
            (vec![0x30, 0x88, 0, 0, 1, 0, 0, 0, 0, 0], Flaw::TooLarge),
            (vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Flaw::TooLarge),
            (element(0x30, &[4, 0].repeat(300_000)), Flaw::TooLarge),
        ] {
            assert_eq!(first_message(&bytes, false), Err(flaw), "{:x?}", &bytes[..bytes.len().min(20)]);
        }
    }

    #[test]
    fn what_is_sealed_is_measured() {
        assert_eq!(first_message(&[0, 0, 0, 2, 9, 9, 0], true), Ok(Some(6)));
        assert_eq!(first_message(&[0, 0, 0, 2, 9], true), Ok(None));
        assert_eq!(first_message(&[0x2f, 0, 0, 0], true), Err(Flaw::TooLarge));
        assert_eq!(first_message(&[0, 0, 0, 2, 9, 9], false), Err(Flaw::Malformed));
    }
}
