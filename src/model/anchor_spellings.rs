//! The other ways in which people write the ImmutableID of a GUID, for searches that can only ask for whole values.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;

use super::ObjectGuid;

/// Every spelling but the canonical one that [`AnchorForm`](super::AnchorForm) recognises as this GUID, or as the GUID
/// with its first three groups reversed. Letter case of hex digits aside, which no search in a directory minds.
#[must_use]
pub fn odd_spellings(guid: ObjectGuid) -> BTreeSet<String> {
    let swapped = guid.byte_swapped();
    let mut all = of_one(guid);
    all.extend(of_one(swapped));
    all.insert(swapped.immutable_id().as_str().to_owned());
    all.remove(guid.immutable_id().as_str());
    all
}

fn of_one(guid: ObjectGuid) -> BTreeSet<String> {
    let (text, braced) = (guid.to_string(), format!("{{{guid}}}"));
    let encoded = [text.clone(), text.to_uppercase(), braced.clone(), braced.to_uppercase()].map(|text| STANDARD.encode(text));
    let bare = text.replace('-', "");
    base64_spellings(guid).into_iter().chain(encoded).chain([text, braced, guid.raw_hex(), bare]).collect()
}

/// Base64 of the bytes with stray bits, without padding, or in the alphabet of URLs.
fn base64_spellings(guid: ObjectGuid) -> BTreeSet<String> {
    let id = guid.immutable_id();
    let bare = id.as_str().trim_end_matches('=').to_owned();
    let mut spelt = stray_bits(&bare);
    spelt.insert(bare);
    let urls: Vec<String> = spelt.iter().map(|text| text.replace('+', "-").replace('/', "_")).collect();
    spelt.extend(urls);
    let padded: Vec<String> = spelt.iter().flat_map(|text| [format!("{text}="), format!("{text}==")]).collect();
    spelt.extend(padded);
    spelt
}

/// The last of the 22 characters carries two bits of the bytes; the other four may be anything.
fn stray_bits(bare: &str) -> BTreeSet<String> {
    let letters = alphabet::STANDARD.as_str();
    let Some((head, last)) = bare.split_at_checked(bare.len().saturating_sub(1)) else { return BTreeSet::new() };
    let Some(value) = last.chars().next().and_then(|last| letters.find(last)) else { return BTreeSet::new() };
    let kept = value / 16 * 16;
    letters.chars().skip(kept).take(16).map(|letter| format!("{head}{letter}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AnchorForm, ImmutableId};

    #[test]
    fn every_spelling_is_recognised_and_none_is_canonical_for_the_guid() {
        let guid: ObjectGuid = "fb057fee-4c3e-4459-82dd-21250b7e96ff".parse().unwrap();
        let all = odd_spellings(guid);
        for text in &all {
            let form = AnchorForm::of(&ImmutableId::stored(text).unwrap());
            let meant = form.guids();
            assert!(meant.contains(&Some(guid)) || meant.contains(&Some(guid.byte_swapped())), "{text}: {form:?}");
            assert_ne!(form, AnchorForm::Guid(guid), "{text}");
        }
        for text in ["{fb057fee-4c3e-4459-82dd-21250b7e96ff}", "fb057fee4c3e445982dd21250b7e96ff"] {
            assert!(all.contains(text), "{text}");
        }
        assert!(all.contains(guid.byte_swapped().immutable_id().as_str()));
        assert!(all.contains(guid.immutable_id().as_str().trim_end_matches('=')));
    }
}
