//! Names without structure: of people, groups and containers, account names, employee numbers.

use std::collections::{HashMap, HashSet};

use crate::model::text::fold;
use crate::model::{AnchorForm, ImmutableId, has_wildcards};

use super::Redactor;

/// Letters and digits that nobody mistakes for each other.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// A stand-in of the same form has at least so many letters or digits, else there would be too few of them.
const SHORTEST: usize = 8;

/// The stand-ins so far.
#[derive(Default)]
pub(super) struct Words {
    known: HashMap<String, String>,
    used: HashSet<String>,
    /// Folded texts that are anchors or ImmutableIDs: their form counts, and so does their case.
    pub(super) anchors: HashSet<String>,
}

impl Redactor {
    /// The stand-in of a name.
    #[must_use]
    pub fn word(&mut self, text: &str) -> String {
        let folded = fold(text).into_owned();
        if folded.trim().is_empty() {
            return folded;
        }
        if let Some(spelt) = self.spelt_word(text, &folded) {
            return spelt;
        }
        if self.words.anchors.contains(&folded) {
            return self.shaped(text, &folded);
        }
        self.stand_in(&folded, |this, round| this.pseudonym(&folded, round))
    }

    /// The stand-in of a name or pattern in a list of signers: a mail address, or a word. What a pattern has of a domain stays one.
    #[must_use]
    pub fn signer(&mut self, text: &str) -> String {
        let (sign, name) = text.strip_prefix('!').map_or(("", text), |name| ("!", name));
        match name.split_once('@') {
            _ if name == "*" => text.to_owned(),
            Some(("*", domain)) if !has_wildcards(domain) => format!("{sign}*@{}", self.domain(domain)),
            Some(_) if !has_wildcards(name) => format!("{sign}{}", self.address(name)),
            _ => format!("{sign}{}", self.word(name)),
        }
    }

    /// Bytes that stand in for those of a public key.
    #[must_use]
    pub fn public_key(&self, bytes: &[u8]) -> [u8; 32] {
        self.hash("public key", bytes, 0)
    }

    /// A GUID where a name should be stays recognisable as that GUID.
    fn spelt_word(&mut self, text: &str, folded: &str) -> Option<String> {
        let id = ImmutableId::stored(text)?;
        let is_guid = match AnchorForm::of(&id) {
            AnchorForm::Opaque => false,
            // Any name of 22 letters could be read so.
            AnchorForm::NotCanonical(_) => self.words.anchors.contains(folded),
            AnchorForm::Guid(_) | AnchorForm::GuidText(_) | AnchorForm::EncodedGuidText(_) | AnchorForm::BareHex { .. } => true,
        };
        is_guid.then(|| self.immutable_id(&id).as_str().to_owned())
    }

    fn pseudonym(&self, folded: &str, round: u32) -> String {
        let hash = self.hash("word", folded.as_bytes(), round);
        let letter = |byte: &u8| ALPHABET.get(usize::from(*byte) % ALPHABET.len()).copied().map_or('x', char::from);
        std::iter::once('u').chain(hash.iter().take(10).map(letter)).collect()
    }

    /// Letters for letters, digits for digits, everything else as it is; texts that differ in case still do so.
    pub(super) fn shaped(&mut self, text: &str, folded: &str) -> String {
        let stand_in = self.stand_in(folded, |this, round| this.same_shape(folded, round));
        let mut normal = crate::model::text::composed(text).chars().collect::<Vec<_>>().into_iter();
        let cased = stand_in.chars().map(|new| match normal.next() {
            Some(old) if old.is_ascii_uppercase() => new.to_ascii_uppercase(),
            Some(_) | None => new,
        });
        cased.collect()
    }

    fn same_shape(&self, folded: &str, round: u32) -> String {
        let topic = format!("shape {round}");
        let length = folded.chars().count() + SHORTEST;
        let bytes = self.stream(&topic, folded.as_bytes(), length);
        let mut random = bytes.iter().copied();
        let mut next = |start: char, count: u32| {
            let value = u32::from(random.next().unwrap_or_default()) % count;
            char::from_u32(u32::from(start) + value).unwrap_or(start)
        };
        let mut out: String = folded
            .chars()
            .map(|c| match c {
                '0'..='9' => next('0', 10),
                _ if c.is_ascii_alphabetic() => next('a', 26),
                _ if c.is_alphabetic() => next('а', 32),
                _ => c,
            })
            .collect();
        let start = if out.contains(char::is_alphabetic) { ('a', 26) } else { ('0', 10) };
        let count = out.chars().filter(|c| c.is_alphanumeric()).count();
        out.extend((count..SHORTEST).map(|_| next(start.0, start.1)));
        out
    }

    /// The stand-in that was given before, or the first that nothing else has.
    fn stand_in(&mut self, folded: &str, make: impl Fn(&Self, u32) -> String) -> String {
        if let Some(known) = self.words.known.get(folded) {
            return known.clone();
        }
        let free = (0..).map(|round| make(self, round)).find(|made| made != folded && !self.words.used.contains(made));
        let made = free.unwrap_or_default();
        self.words.used.insert(made.clone());
        self.words.known.insert(folded.to_owned(), made.clone());
        made
    }
}
