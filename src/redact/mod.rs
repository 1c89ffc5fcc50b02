//! Redaction: both directories with other names, and everything else about them the same.
//!
//! The same value gets the same stand-in everywhere, whatever its case, and different values get different ones; GUIDs keep
//! their byte orders, SIDs and DNS names what they share, ImmutableIDs the way in which they are written. So a plan of
//! the redacted directories has the shape of the plan of the true ones. Stand-ins come from a hash with a key that is
//! made for one run and never written down: nobody can confirm a guess with the files alone.
//!
//! What stays: flags, dates, licences, names of roles, relative ids below 1000.

mod anchors;
mod domains;
mod forest;
mod guids;
mod names;
mod sids;
mod tenant;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use crate::model::{ObjectGuid, Observed, Text};

/// Finds the stand-in of every value.
pub struct Redactor {
    key: [u8; 32],
    words: words::Words,
    domains: domains::Domains,
    /// GUIDs whose stand-ins must resemble those of others.
    alike: HashMap<ObjectGuid, ObjectGuid>,
    /// Base64 of binary anchors that are no GUIDs.
    binary_anchors: HashSet<String>,
    /// Names of forests with their stand-ins.
    forests: Vec<(Text, String)>,
    /// NetBIOS names and first labels of DNS names, folded, with their stand-ins.
    logon_domains: HashMap<String, String>,
}

impl Redactor {
    /// A redactor for these directories.
    #[must_use]
    pub fn new(key: [u8; 32], observed: &Observed) -> Self {
        let mut redactor = Self {
            key,
            words: words::Words::default(),
            domains: domains::Domains::default(),
            alike: HashMap::new(),
            binary_anchors: HashSet::new(),
            forests: Vec::new(),
            logon_domains: HashMap::new(),
        };
        for (index, forest) in observed.forests.iter().enumerate() {
            redactor.forests.push((forest.name.clone(), format!("forest{}", index + 1)));
        }
        redactor.learn_anchors(observed);
        redactor.learn_logon_domains(observed);
        redactor
    }

    /// The stand-in of a forest's name.
    #[must_use]
    pub fn forest_name(&self, name: &str) -> Option<&str> {
        self.forests.iter().find(|(own, _)| **own == *name).map(|(_, stand_in)| stand_in.as_str())
    }

    /// Both directories with stand-ins.
    #[must_use]
    pub fn observed(&mut self, observed: Observed) -> Observed {
        let tenant = self.tenant(observed.tenant);
        let forests = observed.forests.into_iter().map(|forest| self.forest(forest)).collect();
        Observed { forests, tenant }
    }

    /// Bytes that only the key and this text give.
    fn hash(&self, topic: &str, text: &[u8], round: u32) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(topic.as_bytes());
        hash.update([0]);
        hash.update(round.to_be_bytes());
        hash.update(text);
        hash.finalize().into()
    }

    /// As many such bytes as are asked for.
    fn stream(&self, topic: &str, text: &[u8], length: usize) -> Vec<u8> {
        (0u32..).flat_map(|round| self.hash(topic, text, round)).take(length).collect()
    }
}

/// What stands in for the words of a doubt.
fn doubts(doubts: &[String]) -> Vec<String> {
    (1..=doubts.len()).map(|index| format!("doubt {index} about the source of this redacted export")).collect()
}
