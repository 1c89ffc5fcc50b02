//! ImmutableIDs and what they are made of: the stand-in is written in the same way, right or wrong, as the original.

use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;

use crate::model::text::fold;
use crate::model::{AdUser, AnchorAttribute, AnchorForm, ImmutableId, ObjectGuid, Observed, Sid};

use super::Redactor;

/// In base64 of 16 bytes, the last place that carries bits; it has only two of them.
const LAST: usize = 21;

impl Redactor {
    /// The stand-in of an ImmutableID.
    #[must_use]
    pub fn immutable_id(&mut self, id: &ImmutableId) -> ImmutableId {
        let text = id.as_str();
        let stand_in = match AnchorForm::of(id) {
            AnchorForm::Guid(guid) => return self.guid(guid).immutable_id(),
            AnchorForm::NotCanonical(guid) => self.misspelt(text, guid),
            AnchorForm::GuidText(guid) => self.spelt_guid(text, guid),
            AnchorForm::BareHex { as_bytes, .. } => self.spelt_guid(text, as_bytes),
            AnchorForm::EncodedGuidText(guid) => {
                let inner = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
                STANDARD.encode(self.spelt_guid(&inner, guid))
            }
            AnchorForm::Opaque => self.opaque(text),
        };
        ImmutableId::stored(&stand_in).unwrap_or_else(|| id.clone())
    }

    fn opaque(&mut self, text: &str) -> String {
        if self.binary_anchors.contains(text)
            && let Ok(bytes) = STANDARD.decode(text)
        {
            return STANDARD.encode(self.bytes(&bytes));
        }
        if text.contains('@') { self.cased_address(text) } else { self.shaped(text, &fold(text)) }
    }

    /// The stand-in of an address in a case of its own, since ImmutableIDs that differ only in case are not the same.
    fn cased_address(&mut self, text: &str) -> String {
        let plain = self.address(text);
        if text == &*fold(text) {
            return plain;
        }
        let bits = self.stream("case", text.as_bytes(), plain.len());
        plain.chars().zip(bits).map(|(c, bit)| if bit & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect()
    }

    /// The same mistakes: stray bits, missing padding, the other alphabet, blanks around.
    fn misspelt(&self, text: &str, guid: ObjectGuid) -> String {
        let bare = text.trim();
        let right = self.guid(guid).immutable_id().as_str().to_owned();
        let stray = bare.as_bytes().get(LAST).and_then(|byte| value_of(*byte)).unwrap_or_default() & 0xF;
        let with_stray = |(place, byte): (usize, u8)| match value_of(byte) {
            Some(value) if place == LAST => letters().get(usize::from(value | stray)).copied().unwrap_or(byte),
            Some(_) | None => byte,
        };
        let mut fresh: String = right.bytes().enumerate().map(with_stray).map(char::from).collect();
        fresh.truncate(bare.len());
        if bare.contains(['-', '_']) {
            fresh = fresh.replace('+', "-").replace('/', "_");
        }
        if bare == text && fresh == right {
            fresh.truncate(LAST + 1);
        }
        text.replacen(bare, &fresh, 1)
    }

    /// The stand-in of the bytes of an anchor attribute or of mS-DS-ConsistencyGuid.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        if let Ok(guid) = ObjectGuid::from_ad_slice(bytes) {
            return self.guid(guid).ad_bytes().to_vec();
        }
        if let Ok(sid) = Sid::from_ad_bytes(bytes)
            && let Some(bytes) = self.sid(&sid).ad_bytes()
        {
            return bytes;
        }
        let text = std::str::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control));
        let spelt = text.and_then(ImmutableId::stored).map(|id| self.immutable_id(&id).as_str().as_bytes().to_vec());
        spelt.filter(|fresh| fresh.len() != 16).unwrap_or_else(|| self.raw(bytes))
    }

    /// As many bytes, which are no text.
    fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut fresh = self.stream("bytes", bytes, bytes.len());
        if let Some(first) = fresh.first_mut() {
            *first = 0x80 | *first & 0x3F;
        }
        fresh
    }

    /// Learns which texts are anchors, and makes the stand-ins of ImmutableIDs that differ only in case differ only in case.
    pub(super) fn learn_anchors(&mut self, observed: &Observed) {
        let mut spellings: HashMap<String, Vec<ImmutableId>> = HashMap::new();
        let cloud = observed.tenant.users.iter().filter_map(|user| user.immutable_id.clone());
        let ad = observed.forests.iter().flat_map(|forest| forest.users.iter()).flat_map(|user| self.anchors_of(user));
        for id in cloud.chain(ad.collect::<Vec<_>>()) {
            let folded = fold(id.as_str()).into_owned();
            if matches!(AnchorForm::of(&id), AnchorForm::Opaque | AnchorForm::NotCanonical(_)) && !id.as_str().contains('@') {
                self.words.anchors.insert(folded.clone());
            }
            let known = spellings.entry(folded).or_default();
            if !known.contains(&id) {
                known.push(id);
            }
        }
        spellings.into_values().filter(|group| group.len() > 1).for_each(|group| self.make_alike(&group));
    }

    fn anchors_of(&mut self, user: &AdUser) -> Vec<ImmutableId> {
        let guids = [Some(user.guid), user.consistency_guid.guid()];
        let mut ids: Vec<ImmutableId> = guids.into_iter().flatten().map(|guid| guid.immutable_id()).collect();
        match user.custom_anchor.as_deref() {
            Some(AnchorAttribute::Text(text)) => ids.extend(ImmutableId::stored(text)),
            Some(AnchorAttribute::Binary(bytes)) => {
                self.binary_anchors.insert(STANDARD.encode(bytes));
            }
            Some(AnchorAttribute::Many(_)) | None => {}
        }
        ids
    }

    fn make_alike(&mut self, group: &[ImmutableId]) {
        let mut guids: Vec<ObjectGuid> = group.iter().filter_map(|id| AnchorForm::of(id).guids()[0]).collect();
        guids.sort_unstable();
        let Some((first, others)) = guids.split_first() else { return };
        let model = self.guid(*first).immutable_id();
        for (number, other) in (1u32..).zip(others) {
            let alike = ImmutableId::stored(&with_other_case(model.as_str(), number)).map(|id| AnchorForm::of(&id));
            if let Some(AnchorForm::Guid(stand_in)) = alike {
                self.alike.insert(*other, stand_in);
                self.alike.insert(other.byte_swapped(), stand_in.byte_swapped());
            }
        }
    }
}

/// The letters of base64, in the order of their values.
fn letters() -> &'static [u8] {
    alphabet::STANDARD.as_str().as_bytes()
}

fn value_of(byte: u8) -> Option<u8> {
    let byte = match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    letters().iter().position(|own| *own == byte).and_then(|value| u8::try_from(value).ok())
}

/// The same letters, some of them in the other case, as the bits of a number say.
fn with_other_case(text: &str, mut bits: u32) -> String {
    let flip = |(place, c): (usize, char)| {
        if place >= LAST || !c.is_ascii_alphabetic() {
            return c;
        }
        let flips = bits & 1 == 1;
        bits >>= 1;
        match c {
            _ if !flips => c,
            'a'..='z' => c.to_ascii_uppercase(),
            _ => c.to_ascii_lowercase(),
        }
    };
    text.chars().enumerate().map(flip).collect()
}
