//! The actions on one object, and how far along them it stands.
//!
//! An action states what must hold before it and what it leaves behind. So the facts of an object tell how many
//! of its actions are done, whoever did them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccountState, FactName, FactValue, Facts};
use crate::plan::action::{Action, Target};

use super::facts::TargetFacts;

/// The actions on one object, in the order of the plan.
#[derive(Debug, Clone)]
pub(super) struct Chain<'a> {
    pub(super) actions: Vec<&'a Action>,
}

/// A fact that is not what the plan expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mismatch<'a> {
    /// The action that relies on it.
    pub(super) action: &'a Action,
    pub(super) fact: FactName,
    pub(super) expected: FactValue,
    pub(super) found: Option<FactValue>,
}

/// An object that stands at no point of its chain, and how it differs from the nearest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OffTrack<'a>(pub(super) Vec<Mismatch<'a>>);

/// How far an object is from a point of its chain. What counts first stands first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Distance {
    mismatches: usize,
    /// Whether the journal knows of another point.
    is_elsewhere: bool,
    done: usize,
}

/// The chains of a plan, in the order of their first actions.
pub(super) fn chains<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Vec<Chain<'a>> {
    let mut chains: Vec<Chain<'a>> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for action in actions {
        let place = *places.entry(key(&action.target)).or_insert(chains.len());
        match chains.get_mut(place) {
            Some(chain) => chain.actions.push(action),
            None => chains.push(Chain { actions: vec![action] }),
        }
    }
    chains
}

/// What tells objects apart.
pub(super) fn key(target: &Target) -> (&str, &str) {
    (&target.directory, &target.id)
}

/// Whether all that these actions leave behind is there, as far as none of them takes it back.
pub(super) fn is_reached(actions: &[&Action], facts: &TargetFacts) -> bool {
    let mut left_behind = Facts::new();
    for action in actions {
        overlay(&mut left_behind, &action.after);
    }
    facts.hold(&left_behind)
}

fn overlay(facts: &mut Facts, after: &Facts) {
    if is_gone(after) {
        facts.clear();
    }
    facts.extend(after.iter().map(|(name, value)| (*name, value.clone())));
}

fn is_gone(after: &Facts) -> bool {
    after.get(&FactName::State) == Some(&FactValue::text(AccountState::Gone.word()))
}

impl<'a> Chain<'a> {
    /// How many of the actions are done, judged by the facts alone. `recorded` is how many the journal knows of;
    /// it only decides which of two equally near points the differences are told from.
    pub(super) fn position(&self, facts: &TargetFacts, recorded: usize) -> Result<usize, OffTrack<'a>> {
        let count = self.actions.len();
        if is_reached(&self.actions, facts) {
            return Ok(count);
        }
        let points: Vec<(usize, Vec<Mismatch<'a>>)> = (0..count).rev().map(|done| (done, self.mismatches(done, facts))).collect();
        if let Some((done, _)) = points.iter().find(|(_, mismatches)| mismatches.is_empty()) {
            return Ok(*done);
        }
        let distance = |(done, mismatches): &(usize, Vec<_>)| Distance {
            mismatches: mismatches.len(),
            is_elsewhere: *done != recorded,
            done: *done,
        };
        let nearest = points.into_iter().min_by_key(distance);
        Err(OffTrack(nearest.map(|(_, mismatches)| mismatches).unwrap_or_default()))
    }

    /// What would have to be different for exactly `done` actions to be done.
    pub(super) fn mismatches(&self, done: usize, facts: &TargetFacts) -> Vec<Mismatch<'a>> {
        let (past, future) = self.actions.split_at(done.min(self.actions.len()));
        let mut expected: BTreeMap<FactName, (&'a Action, &'a FactValue)> = BTreeMap::new();
        for action in past {
            expected.extend(action.before.iter().map(|(name, value)| (*name, (*action, value))));
            if action.after.contains_key(&FactName::State) {
                // Deletion and restore stamp and remove the time by themselves.
                expected.remove(&FactName::DeletedDateTime);
            }
            expected.extend(action.after.iter().map(|(name, value)| (*name, (*action, value))));
        }
        // What a later action relies on counts now, unless an action before it has a say in it.
        let mut spoken_for: BTreeSet<FactName> = BTreeSet::new();
        for action in future {
            for (name, value) in &action.before {
                if spoken_for.insert(*name) {
                    expected.insert(*name, (*action, value));
                }
            }
            spoken_for.extend(action.after.keys());
            if action.after.contains_key(&FactName::State) {
                spoken_for.insert(FactName::DeletedDateTime);
            }
        }
        let differs = |(fact, (action, expected)): (FactName, (&'a Action, &'a FactValue))| {
            let mismatch = || Mismatch { action, fact, expected: expected.clone(), found: facts.get(fact) };
            (!facts.is(fact, expected)).then(mismatch)
        };
        expected.into_iter().filter_map(differs).collect()
    }
}
