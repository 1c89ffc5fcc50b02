//! Who gives which ID to whom: the accounts of a plan between which ImmutableIDs move, as swaps, cycles and chains.

use std::collections::{BTreeMap, HashMap, HashSet};

use petgraph::unionfind::UnionFind;

use crate::model::{FactName, FactValue};
use crate::plan::action::{Action, ActionKind, Target};

/// An ID that one account gives up and another gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handover<'a> {
    /// The ID.
    pub(super) id: &'a str,
    /// Who gives and who gets it: places in [`Exchange::accounts`].
    pub(super) from: usize,
    pub(super) to: usize,
    /// The step after which it is free, and the step that sets it, from 1.
    pub(super) freed: usize,
    pub(super) set: usize,
}

/// What the handovers of some accounts look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// Two accounts exchange their IDs.
    Swap,
    /// Three and more pass theirs on in a circle.
    Cycle,
    /// Each passes its ID to the next, the first gets none of them.
    Chain,
    /// Several accounts give up the same ID.
    Branched,
    /// One ID moves once.
    Single,
}

/// Accounts between which IDs move, in the order in which they are passed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exchange<'a> {
    pub(super) shape: Shape,
    pub(super) accounts: Vec<&'a Target>,
    /// In the order of the steps that set.
    pub(super) handovers: Vec<Handover<'a>>,
}

/// All exchanges of a plan: swaps, cycles and chains first, long ones before short ones.
pub(super) fn exchanges(actions: &[Action]) -> Vec<Exchange<'_>> {
    let (accounts, handovers) = Ledger::of(actions);
    let mut groups = UnionFind::<usize>::new(accounts.len());
    for handover in &handovers {
        groups.union(handover.from, handover.to);
    }
    let mut by_group: BTreeMap<usize, Vec<Handover<'_>>> = BTreeMap::new();
    for handover in handovers {
        by_group.entry(groups.find_mut(handover.from)).or_default().push(handover);
    }
    let mut found: Vec<Exchange<'_>> = by_group.into_values().map(|handovers| exchange(&accounts, handovers)).collect();
    found.sort_by_key(|exchange| {
        let first = exchange.handovers.first().map(|handover| handover.set);
        (exchange.shape, std::cmp::Reverse(exchange.accounts.len()), first)
    });
    found
}

/// What each account holds while the steps are gone through.
#[derive(Default)]
struct Ledger<'a> {
    places: HashMap<&'a str, usize>,
    accounts: Vec<&'a Target>,
    held: HashMap<usize, &'a str>,
    /// Who gave up an ID, and in which step.
    given_up: HashMap<&'a str, Vec<(usize, usize)>>,
    handovers: Vec<Handover<'a>>,
}

impl<'a> Ledger<'a> {
    fn of(actions: &'a [Action]) -> (Vec<&'a Target>, Vec<Handover<'a>>) {
        let mut ledger = Self::default();
        for (action, step) in actions.iter().zip(1..) {
            if action.target.forest().is_none() {
                ledger.carry_out(action, step);
            }
        }
        (ledger.accounts, ledger.handovers)
    }

    fn carry_out(&mut self, action: &'a Action, step: usize) {
        let account = self.place(&action.target);
        if let Some(id) = id_in(action.before.get(&FactName::OnPremisesImmutableId)) {
            self.held.insert(account, id);
        }
        let after = action.after.get(&FactName::OnPremisesImmutableId);
        if (after.is_some() || action.kind == ActionKind::Purge)
            && let Some(id) = self.held.remove(&account)
        {
            self.given_up.entry(id).or_default().push((account, step));
        }
        if let Some(id) = id_in(after) {
            self.take(id, account, step);
        }
    }

    fn take(&mut self, id: &'a str, to: usize, set: usize) {
        self.held.insert(to, id);
        let givers = self.given_up.remove(id).unwrap_or_default();
        let others = givers.into_iter().filter(|(from, _)| *from != to);
        self.handovers.extend(others.map(|(from, freed)| Handover { id, from, to, freed, set }));
    }

    fn place(&mut self, target: &'a Target) -> usize {
        let next = self.accounts.len();
        let place = *self.places.entry(target.id.as_str()).or_insert(next);
        if place == next {
            self.accounts.push(target);
        }
        place
    }
}

fn id_in(value: Option<&FactValue>) -> Option<&str> {
    match value {
        Some(FactValue::Text(id)) => Some(id),
        Some(FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => None,
    }
}

/// Handovers that belong together, with their accounts in the order of passing on.
fn exchange<'a>(all: &[&'a Target], handovers: Vec<Handover<'a>>) -> Exchange<'a> {
    let order = passing_order(&handovers);
    let shape = shape(&handovers, order.len());
    let places: HashMap<usize, usize> = order.iter().zip(0..).map(|(account, place)| (*account, place)).collect();
    let place = |account: usize| places.get(&account).copied().unwrap_or_default();
    let moved = |handover: Handover<'a>| Handover { from: place(handover.from), to: place(handover.to), ..handover };
    let accounts = order.iter().filter_map(|account| all.get(*account).copied()).collect();
    Exchange { shape, accounts, handovers: handovers.into_iter().map(moved).collect() }
}

fn shape(handovers: &[Handover<'_>], accounts: usize) -> Shape {
    let mut ends: BTreeMap<(bool, usize), usize> = BTreeMap::new();
    for handover in handovers {
        *ends.entry((false, handover.from)).or_default() += 1;
        *ends.entry((true, handover.to)).or_default() += 1;
    }
    let branches = ends.values().any(|count| *count > 1);
    match (handovers.len(), accounts) {
        _ if branches => Shape::Branched,
        (1, _) => Shape::Single,
        (2, 2) => Shape::Swap,
        (count, accounts) if count == accounts => Shape::Cycle,
        _ => Shape::Chain,
    }
}

/// The accounts from giver to receiver, beginning with one that gets nothing, or in a circle with the one that gives first.
fn passing_order(handovers: &[Handover<'_>]) -> Vec<usize> {
    let mut next: HashMap<usize, Vec<usize>> = HashMap::new();
    for handover in handovers {
        next.entry(handover.from).or_default().push(handover.to);
    }
    let getters: HashSet<usize> = handovers.iter().map(|handover| handover.to).collect();
    let mut by_freed: Vec<&Handover<'_>> = handovers.iter().collect();
    by_freed.sort_by_key(|handover| handover.freed);
    let givers = by_freed.iter().map(|handover| handover.from);
    let starts: Vec<usize> = givers.clone().filter(|account| !getters.contains(account)).chain(givers.clone()).collect();
    let (mut order, mut seen) = (Vec::new(), HashSet::new());
    for start in starts {
        let mut account = start;
        while seen.insert(account) {
            order.push(account);
            let Some(following) = next.get(&account).and_then(|to| to.first()) else { break };
            account = *following;
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Facts;
    use crate::planfile::sample::facts;

    fn account(number: u128) -> Target {
        Target::account(uuid::Uuid::from_u128(number).to_string().parse().unwrap(), &format!("user{number}@contoso.com"))
    }

    fn id(id: Option<&str>) -> Facts {
        facts([(FactName::OnPremisesImmutableId, id.map_or(FactValue::Null, FactValue::text))])
    }

    fn set(number: u128, before: Option<&str>, after: Option<&str>) -> Action {
        let kind = if after.is_some() { ActionKind::SetImmutableId } else { ActionKind::ClearImmutableId };
        Action::new(kind, "m", account(number), id(before), id(after), String::new())
    }

    fn told(actions: &[Action]) -> Vec<String> {
        let tell = |exchange: &Exchange<'_>| {
            let name = |place: usize| exchange.accounts[place].upn.trim_end_matches("@contoso.com").to_owned();
            let moves = exchange.handovers.iter();
            let moves = moves.map(|m| format!("{}: {} {} -> {} {}", m.id, name(m.from), m.freed, name(m.to), m.set));
            let order: Vec<String> = (0..exchange.accounts.len()).map(name).collect();
            format!("{:?} {} | {}", exchange.shape, order.join(" "), moves.collect::<Vec<_>>().join(", "))
        };
        exchanges(actions).iter().map(tell).collect()
    }

    #[test]
    fn a_swap_is_opened_by_clearing() {
        let actions = [set(1, Some("a"), None), set(2, Some("b"), Some("a")), set(1, None, Some("b"))];
        assert_eq!(told(&actions), ["Swap user1 user2 | a: user1 1 -> user2 2, b: user2 2 -> user1 3"]);
    }

    #[test]
    fn three_pass_their_ids_in_a_circle() {
        let actions =
            [set(1, Some("a"), None), set(3, Some("c"), Some("a")), set(2, Some("b"), Some("c")), set(1, None, Some("b"))];
        assert_eq!(
            told(&actions),
            ["Cycle user1 user3 user2 | a: user1 1 -> user3 2, c: user3 2 -> user2 3, b: user2 3 -> user1 4"]
        );
    }

    #[test]
    fn a_chain_begins_with_the_one_that_gets_nothing_from_the_others() {
        let actions = [set(1, Some("a"), Some("new")), set(2, Some("b"), Some("a")), set(3, None, Some("b"))];
        assert_eq!(told(&actions), ["Chain user1 user2 user3 | a: user1 1 -> user2 2, b: user2 2 -> user3 3"]);
    }

    #[test]
    fn a_purged_account_gives_up_what_it_held_when_it_was_deleted() {
        let state = |word: &str| facts([(FactName::State, FactValue::text(word))]);
        let mut live = state("live");
        live.extend(id(Some("a")));
        let delete = Action::new(ActionKind::SoftDelete, "m", account(1), live, state("deleted"), String::new());
        let purge = Action::new(ActionKind::Purge, "m", account(1), state("deleted"), state("gone"), String::new());
        let actions = [delete, purge, set(2, None, Some("a")), set(3, Some("x"), None), set(4, None, Some("y"))];
        assert_eq!(told(&actions), ["Single user1 user2 | a: user1 2 -> user2 3"]);
    }

    #[test]
    fn two_holders_of_one_id_both_give_it_up() {
        let actions = [set(1, Some("a"), None), set(2, Some("a"), None), set(3, None, Some("a"))];
        assert_eq!(told(&actions), ["Branched user1 user3 user2 | a: user1 1 -> user3 3, a: user2 2 -> user3 3"]);
    }
}
