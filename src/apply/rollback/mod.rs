//! The way back: what a journal says was done becomes a plan of the inverse actions, reviewed like any other.
//!
//! Planning is pure: the facts of now, which [`read_settled`] reads, are handed in. What cannot be undone is found first and
//! stands first.

mod guards;
mod inverse;
mod limits;
mod rehearse;
mod settled;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FactName, FactValue, Facts, Policy};
use crate::plan::action::{Action, ActionId, ActionKind};
use crate::plan::body::{Body, MappingState, PlanCloudUser, PlanSource, PlannedMapping, Proof, Status};
use crate::plan::finding::{Code, Finding};
use crate::plan::protection::Protection;
use crate::plan::summary;

use super::chain::{Chain, is_reached, key};
use super::facts::{Current, TargetFacts};
use super::journal::{Fate, FateKind, History};
use guards::{Guards, hold_use, licenses};
use inverse::{Inverse, inverse};
use rehearse::Refused;
use words::{blocked, changed_since, in_doubt, not_reversible, objected, unknown};

pub use rehearse::rehearsed;
pub use settled::read_settled;

/// Plans the way back from all runs of one plan; `None` when it never ran. `journal` is what the file is called. The policy
/// is that of now: whom it protects stays as it is. What is known to be refused is left out with all else on its object.
fn rollback(history: &History<'_>, journal: &str, current: &Current, policy: &Policy, refused: &Refused) -> Option<Body> {
    let header = &history.runs.last()?.header;
    let (done, unknown) = done_actions(history, current);
    let since = history.runs.first()?.header.started_at;
    let guards = Guards { protection: Protection::of(policy), since, licenses: licenses(&done), refused };
    let mut way = WayBack::new(&done, &history.lasting, guards);
    unknown.into_iter().for_each(|(fate, facts)| way.leave_unknown(&fate, facts));
    way.invert_all(current);
    way.collect();
    let mappings = mappings(&done, journal, &way.actions);
    let status = match (way.actions.is_empty(), way.findings.iter().any(|finding| finding.code == Code::NotReversible)) {
        (true, _) => Status::Empty,
        (false, false) => Status::Ready,
        (false, true) => Status::Partial,
    };
    Some(Body {
        summary: summary(&mappings, &way.actions, &way.findings),
        actions: way.actions,
        findings: way.findings,
        forests: header.forests.clone(),
        inputs: header.inputs.clone(),
        leaves: way.lost.iter().map(|id| (*id).clone()).collect(),
        mappings,
        proof: Proof::default(),
        rollback_of: Some(header.run_id.to_string()),
        status,
        tenant: header.tenant.clone(),
    })
}

/// What this plan did, in the order in which it was sent. What nobody could tell then is told by the facts of now, or by
/// nothing where the object stands neither before nor behind it: such come second, as what failed and is there all the same.
fn done_actions<'a, 'c>(history: &History<'a>, current: &'c Current) -> (Vec<Fate<'a>>, Vec<(Fate<'a>, &'c TargetFacts)>) {
    let (mut done, mut unknown) = (Vec::<Fate<'a>>::new(), Vec::new());
    for fate in history.in_order() {
        let earlier = done.iter().map(|fate| fate.action).filter(|other| other.target == fate.action.target);
        match (fate.kind, current.of(&fate.action.target)) {
            (FateKind::Done, _) => done.push(fate),
            (FateKind::Open, Some(facts)) => {
                let chain: Vec<&Action> = earlier.chain([fate.action]).collect();
                if is_reached(&chain, facts) {
                    done.push(fate);
                } else if !is_untouched(fate.action, facts) {
                    unknown.push((fate, facts));
                }
            }
            (FateKind::Failed, Some(facts)) if is_reached(&[fate.action], facts) && !is_untouched(fate.action, facts) => {
                unknown.push((fate, facts));
            }
            (FateKind::Failed, _) | (FateKind::Open, None) => {}
        }
    }
    (done, unknown)
}

/// Whether all that an action changes is as it was before it.
fn is_untouched(action: &Action, facts: &TargetFacts) -> bool {
    action.after.keys().all(|name| action.before.get(name).is_some_and(|before| facts.is(*name, before)))
}

/// Actions by what they undo.
type Inverses<'a> = Vec<(&'a ActionId, Action)>;

/// The actions of a plan on the way back, as they are found.
struct WayBack<'a> {
    /// What is to be undone, the last first.
    undo: Vec<&'a Action>,
    /// By action the later ones that were only possible after it.
    later: BTreeMap<&'a ActionId, Vec<&'a Action>>,
    /// By what, as far as that is possible at all.
    by: BTreeMap<&'a ActionId, Action>,
    /// Actions that cannot be undone now, and may be later: nothing but what is there today is in the way.
    lost: BTreeSet<&'a ActionId>,
    actions: Vec<Action>,
    /// Findings about what can never be undone, then those about what cannot be undone now.
    findings: Vec<Finding>,
    guards: Guards<'a>,
    /// By object what other plans left there for good.
    lasting: BTreeMap<(&'a str, &'a str), Facts>,
}

impl<'a> WayBack<'a> {
    fn new(done: &[Fate<'a>], lasting: &[&'a Action], guards: Guards<'a>) -> Self {
        let undo = done.iter().rev().map(|fate| fate.action).collect();
        let later = later_ones(done);
        let lasting = left_for_good(lasting);
        Self {
            undo,
            later,
            by: BTreeMap::new(),
            lost: BTreeSet::new(),
            actions: Vec::new(),
            findings: Vec::new(),
            guards,
            lasting,
        }
    }

    /// Leaves an action of which nobody knows whether it was carried out.
    fn leave_unknown(&mut self, fate: &Fate<'a>, facts: &TargetFacts) {
        self.findings.push(unknown(fate, facts));
        if fate.kind == FateKind::Open {
            self.lost.insert(&fate.action.id);
        }
    }

    /// Finds the inverse of every action, object by object.
    fn invert_all(&mut self, current: &Current) {
        let mut objects: BTreeMap<(&str, &str), Vec<&'a Action>> = BTreeMap::new();
        for action in &self.undo {
            objects.entry(key(&action.target)).or_default().push(action);
        }
        let mut changed = Vec::new();
        for undo in objects.into_values() {
            let Some(last) = undo.first() else { continue };
            let facts = current.of(&last.target);
            let inverses = self.invert(&undo, self.stays(last, facts));
            let Some(facts) = facts else { continue };
            match self.left_to_do(last, inverses.clone(), facts) {
                Ok((undone, left)) => {
                    let doubt = restored_since(&undone, &left).or_else(|| self.guards.doubt(&left, facts));
                    changed.extend(doubt.map(|doubt| in_doubt(last, doubt)));
                    self.by.extend(left);
                }
                Err(finding) => {
                    changed.push(*finding);
                    self.lost.extend(inverses.iter().map(|(id, _)| *id));
                }
            }
        }
        self.findings.extend(changed);
    }

    /// Those inverses of the actions on one object that are there already, and those still to be written; or why none of these is.
    fn left_to_do(
        &self,
        last: &Action,
        mut inverses: Inverses<'a>,
        facts: &TargetFacts,
    ) -> Result<(Inverses<'a>, Inverses<'a>), Box<Finding>> {
        let chain = Chain { actions: inverses.iter().map(|(_, inverse)| inverse).collect() };
        let undone = chain.position(facts, 0).map_err(|off_track| Box::new(changed_since(last, &off_track, facts)))?;
        let mut left = inverses.split_off(undone.min(inverses.len()));
        if let Some(why) = self.guards.objection(&left, facts) {
            return Err(Box::new(objected(last, &why, facts)));
        }
        left.iter_mut().for_each(|(_, inverse)| hold_use(inverse, facts));
        Ok((inverses, left))
    }

    /// What other plans left on an object for good, as far as it still shows.
    fn stays(&self, action: &Action, facts: Option<&TargetFacts>) -> Facts {
        let left = self.lasting.get(&key(&action.target)).into_iter().flatten();
        let shows = |name: FactName, value: &FactValue| facts.is_some_and(|facts| facts.is(name, value));
        left.filter(|(name, value)| shows(**name, value)).map(|(name, value)| (*name, value.clone())).collect()
    }

    /// The inverses of the actions on one object, the last action first. `stays` is what is there for good.
    fn invert(&mut self, undo: &[&'a Action], mut stays: Facts) -> Inverses<'a> {
        let (mut inverses, mut purged) = (Vec::new(), false);
        let mut next: Option<&Action> = None;
        for action in undo {
            let mut reached = reached(action, next);
            reached.extend(stays.clone());
            next = Some(action);
            if purged {
                self.findings.push(not_reversible(action, "the account was purged afterwards"));
                continue;
            }
            match inverse(action, reached) {
                Inverse::By { action: inverse, lost } => {
                    self.findings.extend(lost.map(|lost| not_reversible(action, &lost)));
                    // Residue that went with an ID does not come back with it.
                    let gone = action.after.iter().filter(|(name, _)| !inverse.after.contains_key(name));
                    stays.extend(gone.map(|(name, value)| (*name, value.clone())));
                    inverses.push((&action.id, *inverse));
                }
                Inverse::Impossible(why) => {
                    self.findings.push(not_reversible(action, &why));
                    purged = action.kind == ActionKind::Purge;
                    stays.extend(action.after.clone());
                }
            }
        }
        inverses
    }

    /// Puts the inverses in order, and leaves out what needs one that cannot be had. Behind an action that needs no inverse
    /// stand those that it stood behind: they still have to be undone first.
    fn collect(&mut self) {
        let mut firsts: BTreeMap<&ActionId, BTreeSet<usize>> = BTreeMap::new();
        for action in std::mem::take(&mut self.undo) {
            let later = self.later.remove(&action.id).unwrap_or_default();
            if let Some(blocker) = later.iter().find(|other| self.lost.contains(&other.id)) {
                if self.by.remove(&action.id).is_some() {
                    self.findings.push(blocked(action, blocker));
                }
                self.lost.insert(&action.id);
                continue;
            }
            let first: BTreeSet<usize> = later.iter().filter_map(|other| firsts.get(&other.id)).flatten().copied().collect();
            let Some(mut inverse) = self.by.remove(&action.id) else {
                firsts.insert(&action.id, first);
                continue;
            };
            inverse.depends_on = first.iter().filter_map(|at| self.actions.get(*at)).map(|other| other.id.clone()).collect();
            firsts.insert(&action.id, BTreeSet::from([self.actions.len()]));
            self.actions.push(inverse);
        }
    }
}

fn left_for_good<'a>(lasting: &[&'a Action]) -> BTreeMap<(&'a str, &'a str), Facts> {
    let mut left: BTreeMap<(&str, &str), Facts> = BTreeMap::new();
    for action in lasting {
        let facts = left.entry(key(&action.target)).or_default();
        facts.extend(action.lasting().map(|(name, value)| (name, value.clone())));
    }
    left
}

/// An account that the run put back into the recycle bin, that is live again, and that the way back would delete.
fn restored_since(undone: &Inverses<'_>, left: &Inverses<'_>) -> Option<String> {
    let (_, restore) = undone.iter().find(|(_, inverse)| inverse.kind == ActionKind::Restore)?;
    let deletes = left.iter().any(|(_, inverse)| inverse.kind == ActionKind::SoftDelete);
    let by_whom = "somebody restored it since the run, or a way back that was stopped";
    deletes.then(|| format!("{} is live again: {by_whom}", restore.target.upn))
}

/// By action the later ones that depend on it, or follow it on the same object; those have to be undone first.
fn later_ones<'a>(done: &[Fate<'a>]) -> BTreeMap<&'a ActionId, Vec<&'a Action>> {
    let mut later: BTreeMap<&ActionId, Vec<&Action>> = BTreeMap::new();
    let mut last_on_object: BTreeMap<(&str, &str), &Action> = BTreeMap::new();
    for action in done.iter().map(|fate| fate.action) {
        let previous = last_on_object.insert(key(&action.target), action).map(|previous| &previous.id);
        let needed: BTreeSet<&ActionId> = action.depends_on.iter().chain(previous).collect();
        needed.into_iter().for_each(|needed| later.entry(needed).or_default().push(action));
    }
    later
}

/// The facts right after an action: what it relied on and left behind, and what the next one on the object saw.
fn reached(action: &Action, next: Option<&Action>) -> Facts {
    let mut facts = action.before.clone();
    if action.after.contains_key(&FactName::State) {
        // Deletion and restore change these by themselves.
        drop(facts.remove(&FactName::DeletedDateTime));
        drop(facts.remove(&FactName::OnPremisesSyncEnabled));
    }
    facts.extend(action.after.clone());
    facts.extend(next.iter().flat_map(|next| next.before.clone()));
    facts
}

fn mappings(done: &[Fate<'_>], journal: &str, actions: &[Action]) -> Vec<PlannedMapping> {
    let planned: BTreeSet<&str> = actions.iter().map(|action| action.mapping.as_str()).collect();
    let ids = ids_left(actions);
    let mut mappings: Vec<PlannedMapping> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for fate in done {
        let Action { mapping: id, target, kind, .. } = fate.action;
        let place = *places.entry(id).or_insert(mappings.len());
        if place == mappings.len() {
            let state = if planned.contains(id.as_str()) { MappingState::Planned } else { MappingState::Blocked };
            mappings.push(mapping(fate, journal, state));
        }
        // The account whose ID is set is the mapping's own; the others stood in its way.
        let is_own = mappings.get(place).is_some_and(|mapping| mapping.cloud.is_none());
        if let (true, Some(account), Some(mapping)) =
            (is_own || *kind == ActionKind::SetImmutableId, target.entra_id(), mappings.get_mut(place))
        {
            mapping.cloud = Some(PlanCloudUser { id: account, upn: (&*target.upn).into() });
            mapping.anchor = ids.get(&key(target)).map(|id| (*id).into());
        }
    }
    mappings
}

fn mapping(fate: &Fate<'_>, journal: &str, state: MappingState) -> PlannedMapping {
    let line = u32::try_from(fate.line).unwrap_or(u32::MAX);
    PlannedMapping {
        anchor: None,
        anchor_from: None,
        cloud: None,
        id: (&*fate.action.mapping).into(),
        next_sync: None,
        on_prem: None,
        source: PlanSource { file: journal.into(), line },
        state,
    }
}

/// The IDs that the way back leaves on accounts.
fn ids_left(actions: &[Action]) -> BTreeMap<(&str, &str), &str> {
    let mut ids = BTreeMap::new();
    for action in actions {
        match action.after.get(&FactName::OnPremisesImmutableId) {
            Some(FactValue::Text(id)) => drop(ids.insert(key(&action.target), id.as_str())),
            Some(FactValue::Null) => drop(ids.remove(&key(&action.target))),
            Some(FactValue::Bool(_) | FactValue::List(_)) | None => {}
        }
    }
    ids
}
