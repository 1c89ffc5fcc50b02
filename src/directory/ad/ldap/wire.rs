//! Search results as they come off the wire, taken apart without judging the bytes.
//!
//! The library's own parser sorts values into text and binary by what they happen to spell, and panics on a malformed
//! entry. A GUID may spell valid text, so values stay bytes here.

use ldap3::ResultEntry;
use ldap3::asn1::{PL, StructureTag};

use super::errors::Fault;
use crate::directory::ad::entry::RawEntry;

/// The entry of a search result.
pub(super) fn entry(item: ResultEntry) -> Result<RawEntry, Fault> {
    parse_entry(item.0).ok_or_else(|| Fault::Garbled("an entry in it is malformed".to_owned()))
}

/// The entry that these bytes are on the wire; `None` when they are none.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn entry_of_bytes(bytes: &[u8]) -> Option<RawEntry> {
    super::ber::check(bytes).ok()?;
    let (_, tag) = ldap3::asn1::parse_tag(bytes).ok()?;
    parse_entry(tag)
}

fn parse_entry(tag: StructureTag) -> Option<RawEntry> {
    let [dn, attributes] = <[StructureTag; 2]>::try_from(parts(tag)?).ok()?;
    let attributes = parts(attributes)?.into_iter().map(attribute).collect::<Option<_>>()?;
    Some(RawEntry { dn: text(dn)?, attributes, exported: false })
}

fn attribute(tag: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let [name, values] = <[StructureTag; 2]>::try_from(parts(tag)?).ok()?;
    Some((text(name)?, parts(values)?.into_iter().map(bytes).collect::<Option<_>>()?))
}

/// The addresses of a continuation reference as they came; one that is empty where there is none.
pub(super) fn referrals(item: ResultEntry) -> Vec<String> {
    let as_it_came = |tag| {
        let bytes = bytes(tag).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().escape_ascii().to_string())
    };
    let found: Vec<String> = parts(item.0).into_iter().flatten().map(as_it_came).collect();
    if found.is_empty() { vec![String::new()] } else { found }
}

fn parts(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

fn bytes(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(bytes(tag)?).ok()
}

#[cfg(test)]
mod tests {
    use ldap3::asn1::TagClass;

    use super::*;

    fn p(bytes: &[u8]) -> StructureTag {
        StructureTag { class: TagClass::Universal, id: 4, payload: PL::P(bytes.to_vec()) }
    }

    fn c(parts: Vec<StructureTag>) -> StructureTag {
        StructureTag { class: TagClass::Universal, id: 16, payload: PL::C(parts) }
    }

    #[test]
    fn keeps_bytes_whatever_they_spell() {
        let values = |bytes: &[u8]| c(vec![p(bytes)]);
        let attributes = c(vec![
            c(vec![p(b"objectGUID"), values(b"ABCDEFGHIJKLMNOP")]),
            c(vec![p(b"mS-DS-ConsistencyGuid"), values(&[0xFF; 16])]),
            c(vec![p(b"mail"), c(vec![])]),
        ]);
        let entry = parse_entry(c(vec![p("CN=Zoë,DC=x".as_bytes()), attributes])).unwrap();
        assert_eq!(entry.dn, "CN=Zoë,DC=x");
        let values: Vec<&[u8]> = entry.attributes.iter().flat_map(|(_, values)| values).map(Vec::as_slice).collect();
        assert_eq!(values, [&b"ABCDEFGHIJKLMNOP"[..], &[0xFF; 16]]);
    }

    #[test]
    fn a_malformed_entry_is_no_entry() {
        for tag in [
            p(b"x"),
            c(vec![]),
            c(vec![p(b"CN=a,DC=x")]),
            c(vec![p(&[0xFF]), c(vec![])]),
            c(vec![p(b"CN=a,DC=x"), c(vec![p(b"x")])]),
            c(vec![p(b"CN=a,DC=x"), c(vec![c(vec![p(b"mail"), p(b"x")])])]),
            c(vec![p(b"CN=a,DC=x"), c(vec![c(vec![p(b"mail"), c(vec![c(vec![])])])])]),
            c(vec![p(b"CN=a,DC=x"), c(vec![]), c(vec![])]),
        ] {
            assert_eq!(parse_entry(tag.clone()), None, "{tag:?}");
        }
    }
}
