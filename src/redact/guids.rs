//! GUIDs: the stand-in of a GUID in the wrong byte order is the stand-in in the wrong byte order.

use crate::model::{EntraId, ObjectGuid};

use super::Redactor;

impl Redactor {
    /// The stand-in of a GUID.
    #[must_use]
    pub fn guid(&self, guid: ObjectGuid) -> ObjectGuid {
        match self.alike.get(&guid) {
            Some(stand_in) => *stand_in,
            None => self.plain_guid(guid),
        }
    }

    fn plain_guid(&self, guid: ObjectGuid) -> ObjectGuid {
        let swapped = guid.byte_swapped();
        let base = guid.min(swapped);
        let hash = self.hash("guid", base.ad_bytes(), 0);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
        if guid == swapped {
            let [a, b, _, _, c, _, d, ..] = bytes;
            bytes.iter_mut().zip([a, b, b, a, c, c, d, d]).for_each(|(byte, mirrored)| *byte = mirrored);
        }
        keep_version(base.ad_bytes(), &mut bytes);
        let stand_in = ObjectGuid::from_ad_bytes(bytes);
        if guid == base { stand_in } else { stand_in.byte_swapped() }
    }

    /// The stand-in of an object id. It is that of the same text as a GUID, since people mix them up.
    #[must_use]
    pub fn id(&self, id: EntraId) -> EntraId {
        let guid: Option<ObjectGuid> = id.to_string().parse().ok();
        guid.and_then(|guid| self.guid(guid).to_string().parse().ok()).unwrap_or(id)
    }

    /// Hex digits that spell a GUID in any way (braces, `urn:uuid:`, byte lists), with those of the stand-in in their places.
    #[must_use]
    pub fn spelt_guid(&self, text: &str, guid: ObjectGuid) -> String {
        let raw = guid.raw_hex();
        let plain = guid.to_string().replace('-', "");
        let new = self.guid(guid);
        let digits_of = |text: &str| hex_digits(text).map(|(_, digit)| digit.to_ascii_lowercase()).collect::<String>();
        let stand_in = if digits_of(text) == raw && raw != plain { new.raw_hex() } else { new.to_string().replace('-', "") };
        let upper = hex_digits(text).any(|(_, digit)| digit.is_ascii_uppercase());
        let stand_in = if upper { stand_in.to_ascii_uppercase() } else { stand_in };
        let mut fresh = stand_in.chars();
        let places: Vec<usize> = hex_digits(text).map(|(place, _)| place).collect();
        let put = |(place, c)| if places.binary_search(&place).is_ok() { fresh.next().unwrap_or(c) } else { c };
        text.char_indices().map(put).collect()
    }
}

/// The digits of a spelling, without the `d` of `urn:uuid:` and the zero of `0x`.
fn hex_digits(text: &str) -> impl Iterator<Item = (usize, char)> {
    let start = text.to_ascii_lowercase().find("urn:uuid:").map_or(0, |at| at + "urn:uuid:".len());
    let is_prefix = move |place: usize| text.get(place + 1..place + 2).is_some_and(|next| next.eq_ignore_ascii_case("x"));
    text.char_indices().filter(move |(place, c)| *place >= start && c.is_ascii_hexdigit() && !(*c == '0' && is_prefix(*place)))
}

/// Keeps what tells a made-up GUID from a counted one: the version, in either byte order, and the variant.
fn keep_version(old: &[u8; 16], new: &mut [u8; 16]) {
    const RANDOM: u8 = 0x40;
    for place in [6, 7] {
        let (Some(old), Some(new)) = (old.get(place), new.get_mut(place)) else { continue };
        if old & 0xF0 == RANDOM {
            *new = RANDOM | *new & 0x0F;
        } else if *new & 0xF0 == RANDOM {
            *new |= 0x80;
        }
    }
    if let (Some(old), Some(new)) = (old.get(8), new.get_mut(8)) {
        *new = old & 0xC0 | *new & 0x3F;
    }
}
