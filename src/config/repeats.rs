//! Mappings that say the same twice: exact repetitions are left out, the others reported by `validate`.

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashSet, HashTable};

use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::model::text::{fold, hash_folded, same};
use crate::model::{
    CloudKey, CloudSelector, Desired, GuidInput, HolderDecision, Mapping, Notice, NoticeKind, OnPremKey, OnPremSelector,
    OnPremSide, Source,
};

/// Leaves out mappings that repeat an earlier one exactly, and notes both places.
pub(super) fn drop_repetitions(mut mappings: Vec<Mapping>, notices: &mut Vec<Notice>) -> Vec<Mapping> {
    let repeated = repetitions(&mappings, notices);
    if !repeated.is_empty() {
        let mut position = 0..;
        mappings.retain(|_| position.next().is_none_or(|at: usize| !repeated.contains(&at)));
    }
    mappings
}

/// The positions of mappings that repeat an earlier one.
fn repetitions(mappings: &[Mapping], notices: &mut Vec<Notice>) -> HashSet<usize> {
    let state = DefaultHashBuilder::default();
    let mut repeated = HashSet::new();
    let mut seen: HashTable<&Mapping> = HashTable::with_capacity(mappings.len());
    for (position, mapping) in mappings.iter().enumerate() {
        let hash = hash(&state, mapping);
        match seen.find(hash, |earlier| repeats(mapping, earlier)) {
            Some(earlier) => {
                notices.push(repetition(mapping, earlier));
                repeated.insert(position);
            }
            None => {
                seen.insert_unique(hash, mapping, |earlier| self::hash(&state, earlier));
            }
        }
    }
    repeated
}

fn hash(state: &impl BuildHasher, mapping: &Mapping) -> u64 {
    let mut hasher = state.build_hasher();
    hash_folded(on_prem_text(mapping), &mut hasher);
    hash_folded(&mapping.cloud.text, &mut hasher);
    std::hash::Hasher::finish(&hasher)
}

fn on_prem_text(mapping: &Mapping) -> &str {
    match &mapping.on_prem {
        OnPremSide::User(user) => &user.text,
        OnPremSide::Nobody => "none",
    }
}

/// The same selectors and the same options, wherever they stand.
fn repeats(one: &Mapping, other: &Mapping) -> bool {
    let sides = matches!(one.on_prem, OnPremSide::Nobody) == matches!(other.on_prem, OnPremSide::Nobody);
    let selectors = same(on_prem_text(one), on_prem_text(other)) && same(&one.cloud.text, &other.cloud.text);
    let options =
        one.write == other.write && one.restore == other.restore && one.accept == other.accept && one.because == other.because;
    let decisions = one.holders.len() == other.holders.len() && one.holders.iter().zip(&other.holders).all(same_decision);
    sides && selectors && options && decisions
}

fn same_decision((one, other): (&HolderDecision, &HolderDecision)) -> bool {
    same(&one.account.text, &other.account.text) && one.resolve == other.resolve && one.because == other.because
}

fn repetition(mapping: &Mapping, earlier: &Mapping) -> Notice {
    let message = format!(
        "`{}` to `{}` repeats {}:{} and was left out",
        on_prem_text(mapping),
        mapping.cloud.text,
        earlier.source.file,
        earlier.source.line
    );
    Notice { kind: NoticeKind::DuplicateRow, source: mapping.source.clone(), message }
}

/// Mappings that name the same cloud user or the same AD user in the same words.
///
/// Users named in different words are found by planning only, which looks them up.
#[must_use]
pub fn check_duplicates(desired: &Desired) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let (mut clouds, mut on_prems) = (HashMap::new(), HashMap::new());
    for mapping in &desired.mappings {
        let cloud = clouds.entry(cloud_identity(&mapping.cloud)).or_insert(mapping);
        report(&mut diagnostics, mapping, cloud, "cloud user", &mapping.cloud.text);
        if let OnPremSide::User(user) = &mapping.on_prem {
            let on_prem = on_prems.entry(on_prem_identity(user)).or_insert(mapping);
            report(&mut diagnostics, mapping, on_prem, "AD user", &user.text);
        }
    }
    diagnostics
}

fn report(diagnostics: &mut Diagnostics, mapping: &Mapping, first: &Mapping, side: &str, text: &str) {
    if std::ptr::eq(mapping, first) {
        return;
    }
    let error = Diagnostic::error(format!("the {side} `{text}` is mapped twice")).at(place(&mapping.source));
    let help = "keep one of the two mappings: a user has one partner";
    diagnostics.push(error.with(place(&first.source), "it is mapped here first").help(help));
}

fn place(source: &Source) -> Location {
    Location::line(&source.file, source.line)
}

fn on_prem_identity(selector: &OnPremSelector) -> String {
    let key = match &selector.key {
        OnPremKey::Dn(dn) => format!("dn:{}", dn.key()),
        OnPremKey::Guid(GuidInput::Guid(guid)) => format!("anchor:{}", guid.immutable_id()),
        OnPremKey::Guid(GuidInput::BareHex { as_text, .. }) => format!("hex:{as_text}"),
        OnPremKey::Sid(sid) => format!("sid:{sid}"),
        OnPremKey::Sam { domain, name } => format!("sam:{}\\{}", domain.as_deref().map(fold).unwrap_or_default(), fold(name)),
        OnPremKey::Upn(upn) => format!("upn:{}", fold(upn.as_str())),
        OnPremKey::Mail(mail) => format!("mail:{}", fold(mail.as_str())),
        OnPremKey::EmployeeId(id) => format!("employeeId:{}", fold(id)),
        OnPremKey::ImmutableId(id) => format!("anchor:{id}"),
    };
    format!("{key} {}", selector.forest.as_deref().unwrap_or_default())
}

/// A text that two selectors share when they name a cloud user in the same words.
pub(super) fn cloud_identity(selector: &CloudSelector) -> String {
    match &selector.key {
        CloudKey::Id(id) => format!("id:{id}"),
        CloudKey::Upn(upn) => format!("upn:{}", fold(upn.as_str())),
        CloudKey::Mail(mail) => format!("mail:{}", fold(mail.as_str())),
        CloudKey::EmployeeId(id) => format!("employeeId:{}", fold(id)),
    }
}
