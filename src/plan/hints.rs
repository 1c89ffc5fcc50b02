//! Near misses: what somebody may have meant whose selector found nothing. Hints only, never matches.
//!
//! Only names that begin alike are looked at, so that a directory can be asked for them: the first two letters, with and
//! without accents. The beginnings that were looked for are questions like any other look-up.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use strsim::damerau_levenshtein;

use crate::model::questions::{CloudQuestion, ForestKey, ForestQuestion};
use crate::model::text::{fold, local_part};
use crate::model::{CloudKey, CloudSelector, OnPremKey, OnPremSelector};

use super::world::World;

/// How many similar names one hint shows.
const SHOWN: usize = 3;
/// How many names of one beginning are compared letter by letter.
const COMPARED: usize = 5_000;
/// How many selectors get a hint; a file that is wrong from top to bottom has another fault than a typo.
const CAREFUL: usize = 40;
/// How far the full-width letters are from the plain ones.
const FULL_WIDTH: u32 = 0xfee0;
/// How many letters may differ.
const NEAR: usize = 2;

/// Names of both directories in order, made when the first selector finds nothing.
#[derive(Debug, Default)]
pub(super) struct Hints {
    on_prem: OnceLock<Names>,
    cloud: OnceLock<Names>,
    /// Selectors that were looked for.
    looked: AtomicUsize,
}

/// Names in the order of their lower-cased forms.
#[derive(Debug, Default)]
struct Names(Vec<Name>);

/// A name in lower case, and as it is written.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    lowered: Box<str>,
    written: Box<str>,
}

impl Hints {
    /// For those who do not show them to anybody.
    pub(super) fn none() -> Self {
        Self { looked: AtomicUsize::new(CAREFUL), ..Self::default() }
    }

    pub(super) fn on_prem(&self, selector: &OnPremSelector, world: &World) -> Vec<String> {
        let text = match &selector.key {
            OnPremKey::Upn(upn) => upn.as_str(),
            OnPremKey::Mail(mail) => mail.as_str(),
            OnPremKey::Sam { name, .. } => name,
            OnPremKey::Dn(_) | OnPremKey::Guid(_) | OnPremKey::Sid(_) | OnPremKey::EmployeeId(_) | OnPremKey::ImmutableId(_) => {
                return Vec::new();
            }
        };
        let Some(beginnings) = self.next(text) else { return Vec::new() };
        for beginning in &beginnings {
            let key = || ForestKey::Similar(beginning.as_str().into());
            world.recorder().forests(|| ForestQuestion { forest: None, key: key() });
        }
        let names = self.on_prem.get_or_init(|| {
            let users = world.forests.users().map(|(_, _, user)| user);
            Names::new(users.flat_map(|user| [user.upn.as_deref(), user.sam.as_deref(), user.mail.as_deref()]).flatten())
        });
        names.near(text, &beginnings)
    }

    pub(super) fn cloud(&self, selector: &CloudSelector, world: &World) -> Vec<String> {
        let text = match &selector.key {
            CloudKey::Upn(upn) => upn.as_str(),
            CloudKey::Mail(mail) => mail.as_str(),
            CloudKey::Id(_) | CloudKey::EmployeeId(_) => return Vec::new(),
        };
        let Some(beginnings) = self.next(text) else { return Vec::new() };
        for beginning in &beginnings {
            world.recorder().tenant(|| CloudQuestion::Similar(beginning.as_str().into()));
        }
        let names = self.cloud.get_or_init(|| {
            let users = world.tenant.users();
            Names::new(users.flat_map(|(_, user)| [Some(user.original_upn()), user.mail.value().map(AsRef::as_ref)]).flatten())
        });
        names.near(text, &beginnings)
    }

    /// How the names begin that a text is compared with; `None` when that was done often enough.
    fn next(&self, text: &str) -> Option<BTreeSet<String>> {
        (self.looked.fetch_add(1, Ordering::Relaxed) < CAREFUL).then(|| beginnings(text))
    }
}

impl Names {
    fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut all: Vec<Name> = names.map(|name| Name { lowered: lowered(name).into(), written: name.into() }).collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }

    fn near(&self, text: &str, beginnings: &BTreeSet<String>) -> Vec<String> {
        let (lower, look) = (lowered(text), skeleton(local_part(text)));
        let mut found: Vec<(usize, &str)> = Vec::new();
        for beginning in beginnings {
            let candidates = self.beginning_with(beginning);
            let alike = candidates.clone().filter(|name| skeleton(local_part(&name.lowered)) == look);
            found.extend(alike.map(|name| (damerau_levenshtein(&lower, &name.lowered), &*name.written)));
            let close = candidates.filter(|name| name.lowered.len().abs_diff(lower.len()) <= NEAR).take(COMPARED);
            let distances = close.map(|name| (damerau_levenshtein(&lower, &name.lowered), &*name.written));
            found.extend(distances.filter(|(distance, _)| *distance <= NEAR));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().take(SHOWN).map(|(_, name)| explain_difference(text, name)).collect()
    }

    fn beginning_with<'n>(&'n self, beginning: &'n str) -> impl Iterator<Item = &'n Name> + Clone {
        let from = self.0.partition_point(|name| &*name.lowered < beginning);
        self.0.iter().skip(from).take_while(move |name| name.lowered.starts_with(beginning))
    }
}

/// In lower case, with Latin letters for those that only look like one; `İ` in lower case has a dot of its own.
fn lowered(name: &str) -> String {
    let lower = fold(name).to_lowercase();
    if lower.is_ascii() { lower } else { lower.replace("i\u{307}", "i").chars().map(latin).collect() }
}

/// How names begin that may have been meant by a text: its first two letters as they are, plain, and with the accents
/// that are most often left out or added; with a dot between them; and `ae` for what may be an `ä`.
fn beginnings(text: &str) -> BTreeSet<String> {
    let own = [fold(text).to_lowercase(), lowered(text)];
    let look = skeleton(local_part(text));
    let mut letters = look.chars();
    let (Some(first), second) = (letters.next(), letters.next()) else { return BTreeSet::new() };
    // A name of one letter ends there.
    let second = second.unwrap_or('@');
    let mut all: BTreeSet<String> = own.iter().map(|own| as_written(own)).collect();
    all.insert(format!("{first}.{second}"));
    for first in variants(first) {
        all.extend(variants(second).map(|second| format!("{first}{second}")));
    }
    if matches!(first, 'a' | 'o' | 'u') {
        all.insert(format!("{first}e"));
    }
    all
}

/// A text up to its second letter.
fn as_written(text: &str) -> String {
    let second = text.char_indices().filter(|(_, c)| c.is_alphanumeric()).nth(1);
    second.and_then(|(at, c)| text.get(..at + c.len_utf8())).unwrap_or(text).to_owned()
}

/// A letter, and the one that it is most often mistaken for.
fn variants(letter: char) -> impl Iterator<Item = char> {
    let accented = match letter {
        'a' => Some('ä'),
        'c' => Some('ç'),
        'e' => Some('é'),
        'i' => Some('ı'),
        'n' => Some('ñ'),
        'o' => Some('ö'),
        'u' => Some('ü'),
        _ => None,
    };
    std::iter::once(letter).chain(accented)
}

/// Cyrillic and Greek letters, each with the Latin one that it looks like.
const LOOK_ALIKES: [(char, char); 16] = [
    ('а', 'a'),
    ('е', 'e'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѕ', 's'),
    ('һ', 'h'),
    ('ԁ', 'd'),
    ('ѵ', 'v'),
    ('ο', 'o'),
    ('ν', 'v'),
    ('α', 'a'),
];

/// The Latin letter or the apostrophe that another character looks like.
fn latin(letter: char) -> char {
    match letter {
        _ if letter.is_ascii() => letter,
        '‘' | '’' | 'ʼ' | '´' => '\'',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - FULL_WIDTH).unwrap_or(letter),
        _ => LOOK_ALIKES.iter().find(|(other, _)| *other == letter).map_or(letter, |(_, latin)| *latin),
    }
}

/// Letters that look or sound alike made one; marks and punctuation dropped.
pub(super) fn skeleton(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.to_lowercase().chars() {
        match latin(c) {
            'ß' => out.push_str("ss"),
            'ä' | 'å' | 'á' | 'à' | 'â' | 'ã' => out.push('a'),
            'ö' | 'ó' | 'ò' | 'ô' | 'õ' | 'ø' => out.push('o'),
            'ü' | 'ú' | 'ù' | 'û' => out.push('u'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'ı' | 'í' | 'ì' | 'î' | 'ï' => out.push('i'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            c if c.is_alphanumeric() => out.push(c),
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

    fn near(names: &Names, text: &str) -> Vec<String> {
        names.near(text, &beginnings(text))
    }

    #[test]
    fn offers_names_that_look_alike_and_says_how_they_differ() {
        let names = Names::new(
            [
                "siobhan.o'dell@x.example",
                "joerg.weiss@x.example",
                "Özlem@x.example",
                "l.brandt@x.example",
                "lena.brandt@x.example",
            ]
            .into_iter(),
        );
        assert_eq!(near(&names, "siobhan.o’dell@x.example"), ["siobhan.o'dell@x.example (`’` U+2019 is not `'` U+0027)"]);
        assert_eq!(near(&names, "jörg.weiß@x.example").len(), 1);
        assert_eq!(near(&names, "oezlem@x.example").len(), 1);
        assert_eq!(near(&names, "lbrandt"), ["l.brandt@x.example"]);
        assert_eq!(near(&names, "lena.brant@x.example"), ["lena.brandt@x.example"]);
        assert_eq!(near(&names, "lena.brandt@y.example"), ["lena.brandt@x.example"]);
        assert!(near(&names, "max@x.example").is_empty());
        let shouted = near(&names, "SIOBHAN.O’DELL@x.example");
        assert_eq!(shouted, ["siobhan.o'dell@x.example (`’` U+2019 is not `'` U+0027)"]);
        assert_eq!(near(&Names::new(["ma"].into_iter()), "max"), ["ma"], "the whole name is a beginning");
    }

    #[test]
    fn an_accent_that_was_left_out_hides_nobody() {
        for (written, name) in [
            ("asa", "äsa"),
            ("cedric", "çedric"),
            ("emile", "émile"),
            ("irem", "ırem"),
            ("nuria", "ñuria"),
            ("ozan", "özan"),
            ("ulf", "ülf"),
        ] {
            assert!(
                near(&Names::new([name].into_iter()), written).first().is_some_and(|found| found.starts_with(name)),
                "{name}"
            );
        }
        assert_eq!(skeleton("éèêë ıíìîï äåáàâã öóòôõø üúùû ç ñ ß"), "eeeeiiiiiaaaaaaoooooouuuucnss");
    }

    #[test]
    fn letters_that_look_alike_are_pointed_at_wherever_they_stand() {
        for (written, name, points_at) in [
            ("o’dell", "o'dell", "(`’` U+2019 is not `'` U+0027)"),
            ("o'dell", "o’dell", "(`'` U+0027 is not `’` U+2019)"),
            ("ipek", "İpek", "(`i` U+0069 is not `İ` U+0130)"),
            ("İpek", "ipek", "(`İ` U+0130 is not `i` U+0069)"),
            ("anna", "аnna", "(`a` U+0061 is not `а` U+0430)"),
            ("АNNA", "anna", "(`А` U+0410 is not `a` U+0061)"),
            ("petrov", "pеtrοv", "(`e` U+0065 is not `е` U+0435)"),
            ("ab", "ＡＢ", "(`a` U+0061 is not `Ａ` U+FF21)"),
        ] {
            let found = near(&Names::new([name].into_iter()), written);
            assert_eq!(found, [format!("{name} {points_at}")], "{written}");
        }
        assert!(near(&Names::new(["анна"].into_iter()), "анны").len() == 1, "a name of another alphabet");
    }

    #[test]
    fn few_beginnings_are_asked_for() {
        let of = |text| beginnings(text).into_iter().collect::<Vec<_>>();
        assert_eq!(of("max@x.example"), ["m.a", "ma", "mä"]);
        assert_eq!(of("Jörg"), ["j.o", "jo", "jö"]);
        assert_eq!(of("o’dell"), ["o'd", "o.d", "od", "oe", "o’d", "öd"]);
        assert_eq!(of("x@y.example"), ["x.@", "x@", "x@y"]);
        assert!(of("...").is_empty());
        assert!(of("ana").len() <= 9);
    }
}
