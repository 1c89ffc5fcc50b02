//! The proof: the plan is run on the tenant model before anybody sees it.
//!
//! Mappings that depend on one another form a group; groups do not touch the same accounts. In each group every write
//! must be legal, planning again after every write must lead to the same end, and planning on the end must give nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::digits::size;
use crate::model::text::fold;
use crate::model::{CloudUser, Resolve, Text};
use crate::tenant_model::{ChangeKind, UserRef};

use super::body::Proof;
use super::carry::carry_out;
use super::draft::{Context, Draft, draft};
use super::hints::Hints;
use super::link::Link;
use super::order::{Op, Write};
use super::parallel;
use super::protection::Protection;
use super::world::{AdRef, World};

/// In groups with more writes than this, interruptions are tried at so many places at most, evenly spread, and at half as many
/// at least.
const INTERRUPTIONS: usize = 64;

/// A plan that does not keep its promise. That is a fault of hardmatch, not of the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan does not stand the proof on the tenant model: {0}; this is a fault of hardmatch, please report it")]
pub struct ProofFailure(pub(super) String);

/// Runs every group of a draft on the model.
///
/// # Errors
/// The first promise that is not kept.
pub(super) fn prove(draft: &Draft<'_>, world: &World, protection: &Protection<'_>) -> Result<Proof, ProofFailure> {
    let targets =
        |blocked: bool| draft.links.iter().filter(move |link| link.is_blocked() == blocked).filter_map(|link| link.target);
    let kept: BTreeSet<UserRef> = targets(true).chain(draft.unwanted.iter().copied()).collect();
    if let Some(at) = draft.ops.iter().enumerate().find_map(|(at, op)| op.after.iter().any(|before| *before >= at).then_some(at))
    {
        let write = draft.ops.get(at).map(|op| &op.write);
        return Err(ProofFailure(format!("a write waits for one that does not come before it: {write:?}")));
    }
    let prover = Prover { whole: draft, world, protection, kept, written: targets(false).collect() };
    let mut trials: Vec<(Group, Result<Proof, ProofFailure>)> =
        groups(draft).into_iter().map(|group| (group, Ok(Proof::default()))).collect();
    parallel::for_each(&mut trials, |(group, outcome)| *outcome = prover.prove_group(group));
    trials.into_iter().try_fold(Proof::default(), |whole, (_, outcome)| Ok(whole.and(&outcome?)))
}

/// Mappings and writes that depend on one another.
#[derive(Debug, Default)]
struct Group {
    links: Vec<usize>,
    ops: Vec<usize>,
}

fn groups(draft: &Draft<'_>) -> Vec<Group> {
    let mut sets = petgraph::unionfind::UnionFind::new(draft.links.len());
    let mut owners: BTreeMap<UserRef, usize> = BTreeMap::new();
    for op in &draft.ops {
        for before in op.after.iter().filter_map(|before| draft.ops.get(*before)) {
            sets.union(op.link, before.link);
        }
        if let Write::Account(user, _) = &op.write {
            let first = *owners.entry(*user).or_insert(op.link);
            sets.union(op.link, first);
        }
    }
    for (at, link) in draft.links.iter().enumerate() {
        // Of several mappings that decide on one account, one has the writes.
        let decided = link.decided.iter().map(|(user, _)| *user);
        for owner in link.target.into_iter().chain(decided).filter_map(|user| owners.get(&user)) {
            sets.union(at, *owner);
        }
    }
    for (at, other) in draft.neighbours.iter().filter(|(_, other)| *other < draft.links.len()) {
        sets.union(*at, *other);
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for (position, op) in draft.ops.iter().enumerate() {
        groups.entry(sets.find(op.link)).or_default().ops.push(position);
    }
    for (at, link) in draft.links.iter().enumerate() {
        if let Some(group) = groups.get_mut(&sets.find(at)).filter(|_| !link.is_blocked()) {
            group.links.push(at);
        }
    }
    groups.into_values().collect()
}

/// What the proof of each group looks at.
struct Prover<'a, 'd> {
    whole: &'d Draft<'a>,
    world: &'d World,
    protection: &'d Protection<'d>,
    /// Targets of mappings that are blocked or not wanted: nobody may write them.
    kept: BTreeSet<UserRef>,
    /// Targets of all other mappings.
    written: BTreeSet<UserRef>,
}

impl<'a> Prover<'a, '_> {
    fn prove_group(&self, group: &Group) -> Result<Proof, ProofFailure> {
        let mut proof = Proof::default();
        let links: Vec<&Link<'a>> = group.links.iter().filter_map(|at| self.whole.links.get(*at)).collect();
        let ops: Vec<&Op> = group.ops.iter().filter_map(|at| self.whole.ops.get(*at)).collect();
        let end = self.run(&ops, &links)?;
        let touched = touched(&ops);
        let step = ops.len().div_ceil(INTERRUPTIONS).max(1);
        let mut state = self.world.unchanged();
        for (position, op) in ops.iter().enumerate() {
            carry_out(&mut state, &op.write).map_err(|refusal| failure(&links, &format!("a write is refused: {refusal}")))?;
            let done = position + 1;
            if done.is_multiple_of(step) && done < ops.len() {
                let reached = self.finish_from(state.clone(), &links)?;
                same_end(&reached, &end, &touched, &links, self.world)?;
                proof.interruptions += 1;
            }
        }
        let again = self.draft(&links, &end);
        if let Some(op) = again.ops.first() {
            return Err(failure(&links, &format!("planning on the end state wants another write: {:?}", op.write)));
        }
        proof.groups += 1;
        proof.replanned += size(links.len());
        proof.steps += size(ops.len());
        Ok(proof)
    }

    fn draft(&self, links: &[&Link<'a>], world: &World) -> Draft<'a> {
        draft(
            links.iter().map(|link| link.anew()).collect(),
            world,
            Context { protection: self.protection, hints: &Hints::none(), others: &self.kept },
        )
    }

    /// Carries out the writes in their order and checks that each only touches what it may.
    fn run(&self, ops: &[&Op], links: &[&Link<'_>]) -> Result<World, ProofFailure> {
        let mut world = self.world.unchanged();
        for op in ops {
            if !self.is_named(op) {
                return Err(failure(links, &format!("a write touches an account that no mapping names: {:?}", op.write)));
            }
            carry_out(&mut world, &op.write).map_err(|refusal| failure(links, &format!("a write is refused: {refusal}")))?;
        }
        Ok(world)
    }

    /// Law 7: an account is written only when it is a target, or by a decision on that very account.
    fn is_named(&self, op: &Op) -> bool {
        let Write::Account(user, kind) = &op.write else { return true };
        let Some(link) = self.whole.links.get(op.link) else { return false };
        let decided = link.decision_for(*user);
        match kind {
            ChangeKind::Purge => decided == Some(Resolve::Purge),
            ChangeKind::SoftDelete => decided.is_some(),
            ChangeKind::SetImmutableId(_) | ChangeKind::SetUserPrincipalName(_) | ChangeKind::ClearObjectIdentifier => {
                link.target == Some(*user)
            }
            ChangeKind::ClearImmutableId { .. } | ChangeKind::Restore => {
                link.target == Some(*user) || decided == Some(Resolve::Clear)
            }
            ChangeKind::ClearSecurityIdentifier => self.written.contains(user) || decided == Some(Resolve::Clear),
        }
    }

    /// Plans again from a state in the middle and carries that plan out.
    fn finish_from(&self, mut world: World, links: &[&Link<'a>]) -> Result<World, ProofFailure> {
        let again = self.draft(links, &world);
        if let Some(link) = again.links.iter().find(|link| link.is_blocked()) {
            let codes: Vec<&str> = link.findings.iter().map(|finding| finding.code.as_str()).collect();
            return Err(failure(links, &format!("after an interruption a mapping is blocked: {}", codes.join(", "))));
        }
        for op in &again.ops {
            let refused = |refusal| failure(links, &format!("after an interruption a write is refused: {refusal}"));
            carry_out(&mut world, &op.write).map_err(refused)?;
        }
        Ok(world)
    }
}

fn failure(links: &[&Link<'_>], what: &str) -> ProofFailure {
    let ids: Vec<&str> = links.iter().take(5).map(|link| link.id).collect();
    ProofFailure(format!("{what} (mappings {})", ids.join(", ")))
}

#[derive(Debug, Default)]
struct Touched {
    accounts: BTreeSet<UserRef>,
    ad_users: BTreeSet<AdRef>,
}

fn touched(ops: &[&Op]) -> Touched {
    let mut touched = Touched::default();
    for op in ops {
        match &op.write {
            Write::Account(user, _) => touched.accounts.insert(*user),
            Write::Stamp(user, _) => touched.ad_users.insert(*user),
        };
    }
    touched
}

fn same_end(reached: &World, end: &World, touched: &Touched, links: &[&Link<'_>], start: &World) -> Result<(), ProofFailure> {
    for user in &touched.accounts {
        let was_deleted = start.tenant.user(*user).is_some_and(CloudUser::is_deleted);
        let (left, right) = (reached.tenant.user(*user), end.tenant.user(*user));
        let same = match (left, right) {
            (Some(left), Some(right)) => same_account(left, right, was_deleted),
            (left, right) => left.is_none() == right.is_none(),
        };
        if !same {
            return Err(failure(links, &format!("an interruption leads to another end: {left:?} instead of {right:?}")));
        }
    }
    for user in &touched.ad_users {
        if reached.forests.user(*user) != end.forests.user(*user) {
            return Err(failure(links, "an interruption leads to another end in Active Directory"));
        }
    }
    Ok(())
}

/// The same account, deletion times and the letter case of its name aside. A holder that came out of the recycle bin only to be cleared stays live if
/// the run ends right there and its journal is lost: nothing in the tenant tells where it came from.
fn same_account(left: &CloudUser, right: &CloudUser, was_deleted: bool) -> bool {
    let plain = |user: &CloudUser| {
        let upn = fold(user.original_upn()).as_ref().into();
        CloudUser { upn, ..user.clone() }.with_traits(|traits| {
            traits.deleted_at = traits.deleted_at.take().filter(|_| !was_deleted).map(|_| Text::default());
        })
    };
    plain(left) == plain(right)
}
