//! Near misses: what somebody may have meant whose selector found nothing. Hints only, never matches.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use strsim::damerau_levenshtein;

use crate::model::{CloudKey, CloudSelector, OnPremKey, OnPremSelector};

use super::world::World;

/// How many similar names one hint shows.
const SHOWN: usize = 3;
/// How many names of one bucket are compared letter by letter.
const COMPARED: usize = 5_000;
/// How many look-ups compare letter by letter; a file that is wrong from top to bottom has another fault than a typo.
const CAREFUL: usize = 40;
/// How many letters may differ.
const NEAR: usize = 2;

/// Names of both directories by a rough key, made when the first selector finds nothing.
#[derive(Debug, Default)]
pub(super) struct Hints {
    on_prem: OnceLock<Names>,
    cloud: OnceLock<Names>,
}

#[derive(Debug, Default)]
struct Names {
    /// Names by their skeleton without domain.
    by_skeleton: BTreeMap<String, Vec<Box<str>>>,
    /// Names by their first letter.
    by_start: BTreeMap<String, Vec<Name>>,
    /// Look-ups that have compared letter by letter.
    careful: AtomicUsize,
}

/// A name, and the same in lower case.
#[derive(Debug)]
struct Name {
    written: Box<str>,
    lowered: Box<str>,
}

impl Hints {
    pub(super) fn on_prem(&self, selector: &OnPremSelector, world: &World) -> Vec<String> {
        let text = match &selector.key {
            OnPremKey::Upn(upn) => upn.as_str(),
            OnPremKey::Mail(mail) => mail.as_str(),
            OnPremKey::Sam { name, .. } => name,
            OnPremKey::Dn(_) | OnPremKey::Guid(_) | OnPremKey::Sid(_) | OnPremKey::EmployeeId(_) | OnPremKey::ImmutableId(_) => {
                return Vec::new();
            }
        };
        let names = self.on_prem.get_or_init(|| {
            let users = world.forests.users().map(|(_, _, user)| user);
            Names::new(users.flat_map(|user| [user.upn.as_deref(), user.sam.as_deref(), user.mail.as_deref()]).flatten())
        });
        names.near(text)
    }

    pub(super) fn cloud(&self, selector: &CloudSelector, world: &World) -> Vec<String> {
        let text = match &selector.key {
            CloudKey::Upn(upn) => upn.as_str(),
            CloudKey::Mail(mail) => mail.as_str(),
            CloudKey::Id(_) | CloudKey::EmployeeId(_) => return Vec::new(),
        };
        let names = self.cloud.get_or_init(|| {
            Names::new(
                world
                    .tenant
                    .users()
                    .flat_map(|(_, user)| [Some(user.original_upn()), user.mail.value().map(AsRef::as_ref)])
                    .flatten(),
            )
        });
        names.near(text)
    }
}

impl Names {
    fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut all = Self::default();
        for name in names {
            all.by_skeleton.entry(skeleton(local(name))).or_default().push(name.into());
            all.by_start.entry(start(name)).or_default().push(Name { written: name.into(), lowered: name.to_lowercase().into() });
        }
        all
    }

    fn near(&self, text: &str) -> Vec<String> {
        let lowered = text.to_lowercase();
        let alike = self.by_skeleton.get(&skeleton(local(text))).into_iter().flatten();
        let mut found: Vec<(usize, &str)> =
            alike.map(|name| (damerau_levenshtein(&lowered, &name.to_lowercase()), &**name)).collect();
        if self.careful.fetch_add(1, Ordering::Relaxed) < CAREFUL {
            found.extend(self.misspelt(&lowered, text));
        }
        found.sort();
        found.dedup();
        found.into_iter().take(SHOWN).map(|(_, name)| explain_difference(text, name)).collect()
    }

    /// Names in which only a few letters differ.
    fn misspelt(&self, lowered: &str, text: &str) -> Vec<(usize, &str)> {
        let candidates = self.by_start.get(&start(text)).into_iter().flatten().take(COMPARED);
        let close = candidates.filter(|name| name.lowered.len().abs_diff(lowered.len()) <= NEAR);
        let distances = close.map(|name| (damerau_levenshtein(lowered, &name.lowered), &*name.written));
        distances.filter(|(distance, _)| *distance <= NEAR).collect()
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once('@').map_or(name, |(local, _)| local)
}

fn start(name: &str) -> String {
    skeleton(name).chars().take(1).collect()
}

/// Letters that look or sound alike made one; marks and punctuation dropped.
fn skeleton(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.to_lowercase().chars() {
        match c {
            'ß' => out.push_str("ss"),
            'ä' | 'å' | 'á' | 'à' | 'â' | 'ã' => out.push('a'),
            'ö' | 'ó' | 'ò' | 'ô' | 'õ' | 'ø' => out.push('o'),
            'ü' | 'ú' | 'ù' | 'û' => out.push('u'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'ı' | 'í' | 'ì' | 'î' | 'ï' => out.push('i'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            _ if c.is_alphanumeric() => out.push(c),
            _ => {}
        }
    }
    // ae, oe, ue as people write umlauts where they cannot type them
    out.replace("ae", "a").replace("oe", "o").replace("ue", "u")
}

/// Names the first character that differs when it is one that the eye passes over.
fn explain_difference(wanted: &str, found: &str) -> String {
    let differing = wanted.chars().zip(found.chars()).find(|(left, right)| left != right && !left.eq_ignore_ascii_case(right));
    match differing {
        Some((left, right)) if !left.is_ascii() || !right.is_ascii() => {
            format!("{found} (`{left}` U+{:04X} is not `{right}` U+{:04X})", u32::from(left), u32::from(right))
        }
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_names_that_look_alike_and_says_how_they_differ() {
        let names = Names::new(
            ["siobhan.o'dell@x.example", "joerg.weiss@x.example", "ipek@x.example", "lena.brandt@x.example"].into_iter(),
        );
        assert_eq!(names.near("siobhan.o’dell@x.example"), ["siobhan.o'dell@x.example (`’` U+2019 is not `'` U+0027)"]);
        assert_eq!(names.near("jörg.weiß@x.example").len(), 1);
        assert_eq!(names.near("lena.brant@x.example"), ["lena.brandt@x.example"]);
        assert_eq!(names.near("lena.brandt@y.example"), ["lena.brandt@x.example"]);
        assert!(names.near("max@x.example").is_empty());
    }
}
