//! The order of writes: chains from the free end, each cycle opened by one clear, nobody deleted for a swap.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use hashbrown::HashMap;
use petgraph::graphmap::DiGraphMap;

use crate::model::{CloudUser, Known, ObjectGuid, Resolve, Upn};
use crate::tenant_model::{ChangeKind, UserRef};

use super::cycles::one_of_each_cycle;
use super::draft::Plans;
use super::link::Link;
use super::reasons::{InTheWay, anchor_reason, decision_reason};
use super::restores::{Freed, restore_conflicts};
use super::world::{AdRef, World};

/// One write before it has become an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Op {
    /// Position of the mapping that wants it.
    pub(super) link: usize,
    pub(super) write: Write,
    /// Positions of writes that come first, in the list that [`order`] returns.
    pub(super) after: Vec<usize>,
    pub(super) reason: String,
}

/// What is written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Write {
    Account(UserRef, ChangeKind),
    Stamp(AdRef, ObjectGuid),
}

/// The writes of all mappings that are not blocked.
pub(super) fn order(links: &[Link<'_>], plans: &Plans, world: &World) -> Vec<Op> {
    let (ops, releases, holder_ops) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let (deciders, followers) = (deciders(links), followers(links, plans));
    let mut builder = Builder { links, plans, world, ops, deciders, followers, releases, holder_ops };
    let due = builder.due();
    let opened = builder.open_cycles(&due);
    for at in &due {
        builder.add_holders(*at);
    }
    for at in due {
        builder.add_target(at, opened.contains(&at));
    }
    builder.connect_releases();
    builder.connect_restores();
    sort(builder.ops)
}

fn deciders(links: &[Link<'_>]) -> HashMap<UserRef, Vec<usize>> {
    let mut deciders: HashMap<UserRef, Vec<usize>> = HashMap::new();
    for (at, link) in links.iter().enumerate().filter(|(_, link)| !link.is_blocked()) {
        link.decided.iter().for_each(|(user, _)| deciders.entry(*user).or_default().push(at));
    }
    deciders
}

fn followers(links: &[Link<'_>], plans: &Plans) -> HashMap<UserRef, Vec<usize>> {
    let mut followers: HashMap<UserRef, Vec<usize>> = HashMap::new();
    let due = plans.obstacles.iter().filter(|(at, _)| links.get(**at).is_some_and(|link| !link.is_blocked()));
    for (at, obstacles) in due {
        obstacles.decided_by.iter().for_each(|(user, _)| followers.entry(*user).or_default().push(*at));
    }
    followers
}

struct Builder<'a, 'l> {
    links: &'l [Link<'a>],
    plans: &'l Plans,
    world: &'l World,
    ops: Vec<Op>,
    /// The mappings (by position) that go through and decided on an account.
    deciders: HashMap<UserRef, Vec<usize>>,
    /// The mappings (by position) that go through and by what others decided on an account.
    followers: HashMap<UserRef, Vec<usize>>,
    /// The write by which a mapping takes the old ID off its target.
    releases: BTreeMap<usize, usize>,
    /// The last write on each holder.
    holder_ops: BTreeMap<UserRef, usize>,
}

impl<'a> Builder<'a, '_> {
    /// Mappings that may write: not blocked, and with something to do.
    fn due(&self) -> Vec<usize> {
        let has_work = |at: &usize| {
            let need = self.plans.needs.get(*at).is_some_and(|need| !need.is_nothing());
            let decided = self.links.get(*at).is_some_and(|link| !link.decided.is_empty());
            need || decided || !self.plans.obstacles(*at).sid_of_targets.is_empty()
        };
        (0..self.links.len()).filter(|at| self.links.get(*at).is_some_and(|link| !link.is_blocked())).filter(has_work).collect()
    }

    /// Which mappings clear their own target first, so that every cycle is open. One for each cycle.
    fn open_cycles(&self, due: &[usize]) -> BTreeSet<usize> {
        let mut graph: DiGraphMap<usize, ()> = DiGraphMap::new();
        for at in due {
            for other in &self.plans.obstacles(*at).released_by {
                graph.add_edge(*at, *other, ());
            }
        }
        one_of_each_cycle(graph, |at| self.opening_cost(at))
    }

    /// A detour is best not entered early; beyond that the object id decides, so that the order of reading does not.
    fn opening_cost(&self, at: usize) -> (bool, Option<crate::model::EntraId>) {
        let detour = self.plans.needs.get(at).is_some_and(|need| need.detour);
        (detour, self.links.get(at).and_then(|link| link.target_user(self.world)).map(|user| user.id))
    }

    fn push(&mut self, link: usize, write: Write, after: Option<usize>, reason: String) -> usize {
        self.ops.push(Op { link, write, after: after.into_iter().collect(), reason });
        self.ops.len() - 1
    }

    /// The writes on accounts with a decision, and SIDs taken off other targets.
    fn add_holders(&mut self, at: usize) {
        let (obstacles, Some(link)) = (self.plans.obstacles(at), self.links.get(at)) else { return };
        for (user, resolve) in &link.decided {
            let done = match self.holder_ops.get(user) {
                Some(done) => Some(*done),
                None => self.add_holder(at, *user, *resolve),
            };
            self.holder_ops.extend(done.map(|done| (*user, done)));
        }
        for (user, _) in &obstacles.sid_of_targets {
            if !self.holder_ops.contains_key(user) {
                let owner = link.ad_user(self.world).map_or("the AD user", |user| user.dn.as_str());
                let reason = format!("frees the SID of {owner}, which must be unique");
                let op = self.push(at, Write::Account(*user, ChangeKind::ClearSecurityIdentifier), None, reason);
                self.holder_ops.insert(*user, op);
            }
        }
    }

    fn add_holder(&mut self, at: usize, user: UserRef, resolve: Resolve) -> Option<usize> {
        let (link, account) = (self.links.get(at)?, self.world.tenant.user(user)?);
        let because = decision_reason(link, account);
        let in_the_way = self.in_the_way(user, account);
        let mut last = None;
        let mut step =
            |builder: &mut Self, kind, why: String| last = Some(builder.push(at, Write::Account(user, kind), last, why));
        match resolve {
            Resolve::Purge => {
                if !account.is_deleted() {
                    step(self, ChangeKind::SoftDelete, format!("stands in the way and is to be purged{because}"));
                }
                step(self, ChangeKind::Purge, format!("{}{because}", in_the_way.why_purged()));
            }
            Resolve::Clear => {
                if account.is_deleted() {
                    step(
                        self,
                        ChangeKind::Restore,
                        "only a live account can be cleared; it goes back to the recycle bin".to_owned(),
                    );
                }
                if account.immutable_id.is_some() {
                    let why = format!("{}{because}", in_the_way.why_cleared());
                    step(self, ChangeKind::ClearImmutableId { residue: false }, why);
                }
                if self.clears_sid(user, account) {
                    step(self, ChangeKind::ClearSecurityIdentifier, format!("frees the SID{because}"));
                }
                if account.is_deleted() {
                    step(self, ChangeKind::SoftDelete, "back to the recycle bin, where it came from".to_owned());
                }
            }
        }
        last
    }

    fn in_the_way(&self, user: UserRef, account: &CloudUser) -> InTheWay {
        let served = [&self.deciders, &self.followers].into_iter().filter_map(|map| map.get(&user)).flatten();
        InTheWay::of(account, served.filter_map(|at| self.links.get(*at)), self.world)
    }

    /// Whether any mapping that goes through and decided on the account is about the AD user whose SID it carries.
    fn clears_sid(&self, user: UserRef, account: &CloudUser) -> bool {
        let deciders = self.deciders.get(&user).into_iter().flatten().filter_map(|at| self.links.get(*at));
        deciders.into_iter().any(|link| super::holders::clears_sid(link, account, self.world))
    }

    /// The writes on the target itself, each after the one before.
    fn add_target(&mut self, at: usize, opens_cycle: bool) {
        let (Some(need), Some(link)) = (self.plans.needs.get(at).copied(), self.links.get(at)) else { return };
        let (Some(target), Some(account)) = (link.target, link.target_user(self.world)) else { return };
        let mut last = None;
        if need.stamp {
            self.add_stamp(at, link);
        }
        if need.restore {
            last = Some(self.add_restore(at, link, target, account));
        }
        if need.clear_object_identifier {
            let reason = "it pins the account to another AD object, and sync may not change that".to_owned();
            last = Some(self.push(at, Write::Account(target, ChangeKind::ClearObjectIdentifier), last, reason));
        }
        if need.leave {
            self.add_leave(at, target, account, last);
            return;
        }
        self.add_set(at, target, account, opens_cycle, last);
    }

    /// Behind what the mapping does with others, where somebody has a name or the SID of the account: nobody else may by now.
    fn add_restore(&mut self, at: usize, link: &Link<'a>, target: UserRef, account: &CloudUser) -> usize {
        let reason = "in the recycle bin the account cannot be written".to_owned();
        let restore = self.push(at, Write::Account(target, ChangeKind::Restore), None, reason);
        if !restore_conflicts(account, &self.world.tenant, &Freed::default()).is_empty()
            && let Some(op) = self.ops.get_mut(restore)
        {
            let sids = self.plans.obstacles(at).sid_of_targets.iter().map(|(user, _)| *user);
            let others = link.decided.iter().map(|(user, _)| *user).chain(sids);
            op.after.extend(others.filter_map(|user| self.holder_ops.get(&user).copied()));
        }
        restore
    }

    fn add_stamp(&mut self, at: usize, link: &Link<'a>) {
        let Some((user, guid)) = link.ad.zip(link.anchor.as_ref().and_then(|anchor| anchor.guid)) else { return };
        let name = link.target_user(self.world).map_or("", |account| account.original_upn()).to_owned();
        self.push(at, Write::Stamp(user, guid), None, format!("makes sync send the ImmutableID that {name} has"));
    }

    fn add_leave(&mut self, at: usize, target: UserRef, account: &CloudUser, mut last: Option<usize>) {
        let texts = account.on_premises_names();
        let has_residue = texts.iter().any(|text| text.value().is_some());
        let reason = || "the account leaves hybrid".to_owned();
        if account.immutable_id.is_some() || has_residue {
            let kind = ChangeKind::ClearImmutableId { residue: texts.iter().any(|text| text.is_read()) };
            last = Some(self.push(at, Write::Account(target, kind), last, reason()));
            self.releases.extend(last.map(|op| (at, op)));
        }
        // Another mapping may have asked for the SID already.
        if matches!(account.sid, Known::Is(_)) && !self.holder_ops.contains_key(&target) {
            last = Some(self.push(at, Write::Account(target, ChangeKind::ClearSecurityIdentifier), last, reason()));
        }
        if matches!(account.object_identifier, Known::Is(_)) {
            self.push(at, Write::Account(target, ChangeKind::ClearObjectIdentifier), last, reason());
        }
    }

    fn add_set(&mut self, at: usize, target: UserRef, account: &CloudUser, opens_cycle: bool, mut last: Option<usize>) {
        let (Some(need), Some(link)) = (self.plans.needs.get(at).copied(), self.links.get(at)) else { return };
        let mut back = if need.unpark { link.parked.as_deref().cloned() } else { None };
        if need.detour
            && let Ok(name) = account.original_upn().parse::<Upn>()
            && let Some(park) = super::federation::park_name(&name, &self.world.tenant)
        {
            let reason = "the ImmutableID cannot change while the name is in a federated domain".to_owned();
            last = Some(self.push(at, Write::Account(target, ChangeKind::SetUserPrincipalName(park)), last, reason));
            back = Some(name);
        }
        if opens_cycle {
            let reason = "opens a cycle of accounts that exchange their IDs".to_owned();
            last = Some(self.push(at, Write::Account(target, ChangeKind::ClearImmutableId { residue: false }), last, reason));
            self.releases.extend(last.map(|op| (at, op)));
        }
        if need.set
            && let Some(anchor) = &link.anchor
        {
            let reason = anchor_reason(link, anchor, self.world);
            let op = self.push(at, Write::Account(target, ChangeKind::SetImmutableId(anchor.value.clone())), last, reason);
            self.releases.entry(at).or_insert(op);
            last = Some(op);
        }
        if let Some(name) = back {
            self.push(
                at,
                Write::Account(target, ChangeKind::SetUserPrincipalName(name)),
                last,
                "the name goes back to its federated domain".to_owned(),
            );
        }
    }

    /// A set waits for whatever frees its value: a decided holder, or the write on another mapping's target.
    fn connect_releases(&mut self) {
        let mut edges: Vec<(usize, usize)> = Vec::new();
        for (position, op) in self.ops.iter().enumerate() {
            let (obstacles, Some(link)) = (self.plans.obstacles(op.link), self.links.get(op.link)) else { continue };
            if !self.waits(op) {
                continue;
            }
            let others = obstacles.sid_of_targets.iter().chain(&obstacles.decided_by).map(|(user, _)| user);
            let accounts = link.decided.iter().map(|(user, _)| user).chain(others);
            let holders = accounts.filter_map(|user| self.holder_ops.get(user));
            let others = obstacles.released_by.iter().filter_map(|other| self.releases.get(other));
            edges.extend(holders.chain(others).map(|before| (position, *before)));
        }
        for (position, before) in edges {
            if let Some(op) = self.ops.get_mut(position)
                && position != before
                && !op.after.contains(&before)
            {
                op.after.push(before);
            }
        }
    }

    /// A write of one mapping on the target of another needs that target back from the recycle bin first.
    fn connect_restores(&mut self) {
        let restored = |op: &Op| match &op.write {
            Write::Account(user, ChangeKind::Restore) => Some(*user),
            Write::Account(..) | Write::Stamp(..) => None,
        };
        let restores: BTreeMap<UserRef, usize> =
            self.ops.iter().enumerate().filter_map(|(at, op)| Some((restored(op)?, at))).collect();
        for (position, op) in self.ops.iter_mut().enumerate() {
            if let Write::Account(user, _) = &op.write
                && let Some(restore) = restores.get(user)
                && *restore != position
                && !op.after.contains(restore)
            {
                op.after.push(*restore);
            }
        }
    }

    /// The set itself waits, and so does the detour in front of it, to keep the time without sign-in short. In the
    /// mapping that opens a cycle the detour has to come first.
    fn waits(&self, op: &Op) -> bool {
        let Write::Account(user, kind) = &op.write else { return false };
        if self.links.get(op.link).and_then(|link| link.target) != Some(*user) {
            return false;
        }
        let opens = self
            .releases
            .get(&op.link)
            .and_then(|op| self.ops.get(*op))
            .is_some_and(|op| matches!(op.write, Write::Account(_, ChangeKind::ClearImmutableId { .. })));
        match kind {
            ChangeKind::SetImmutableId(_) => true,
            ChangeKind::SetUserPrincipalName(_) => !opens,
            ChangeKind::ClearImmutableId { .. }
            | ChangeKind::SoftDelete
            | ChangeKind::Purge
            | ChangeKind::Restore
            | ChangeKind::ClearSecurityIdentifier
            | ChangeKind::ClearObjectIdentifier => false,
        }
    }
}

/// Topological order; among writes that are free the one of the earliest mapping comes first.
fn sort(ops: Vec<Op>) -> Vec<Op> {
    let mut missing: Vec<usize> = ops.iter().map(|op| op.after.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); ops.len()];
    for (position, op) in ops.iter().enumerate() {
        for before in &op.after {
            followers.get_mut(*before).into_iter().for_each(|list| list.push(position));
        }
    }
    let mut free: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    free.extend(ops.iter().enumerate().filter(|(_, op)| op.after.is_empty()).map(|(at, op)| Reverse((op.link, at))));
    let mut order: Vec<usize> = Vec::with_capacity(ops.len());
    while let Some(Reverse((_, at))) = free.pop() {
        order.push(at);
        for follower in followers.get(at).into_iter().flatten() {
            if let (Some(left), Some(op)) = (missing.get_mut(*follower), ops.get(*follower)) {
                *left -= 1;
                if *left == 0 {
                    free.push(Reverse((op.link, *follower)));
                }
            }
        }
    }
    // Those that wait for one another in a circle. The proof refuses them; left out they would be missed by nobody.
    let sorted: BTreeSet<usize> = order.iter().copied().collect();
    order.extend((0..ops.len()).filter(|at| !sorted.contains(at)));
    renumber(ops, &order)
}

fn renumber(ops: Vec<Op>, order: &[usize]) -> Vec<Op> {
    let places: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let mut ops: Vec<Option<Op>> = ops.into_iter().map(Some).collect();
    let mut sorted: Vec<Op> = order.iter().filter_map(|old| ops.get_mut(*old).and_then(Option::take)).collect();
    for op in &mut sorted {
        op.after = op.after.iter().filter_map(|old| places.get(old).copied()).collect();
        op.after.sort_unstable();
    }
    sorted
}
