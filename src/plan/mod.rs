//! Desired and observed in, a proven plan out.
//!
//! [`compute`] is the whole tool in a page: expand the rules, draft every mapping against both directories, prove the
//! draft on the tenant model, turn its writes into actions, ask the model what sync will make of the end, and hold the
//! result against the policy. Everything here is pure: no file, no clock, no network.

mod account;
pub mod action;
mod advice;
mod anchor;
mod anchor_mode;
mod assemble;
pub mod body;
mod called;
mod carry;
mod cycles;
mod decided;
mod decision;
mod describe;
pub mod discover;
mod draft;
pub mod evidence;
pub mod explain;
mod federation;
pub mod finding;
mod forecast;
mod guard;
mod hints;
mod holders;
pub(crate) mod limits;
mod link;
mod linked;
mod listed;
mod names;
mod narrow;
pub mod next_sync;
mod obstacles;
mod only;
mod order;
mod owners;
pub mod pairing;
mod parallel;
pub(crate) mod protection;
mod prove;
pub mod questions;
mod reasons;
mod resolve;
mod restores;
mod rivals;
mod rules;
mod shown;
mod steps;
pub mod synced_report;
mod taken;
mod target;
#[cfg(test)]
mod tests;
mod unread;
mod world;

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashSet};

use crate::model::questions::Recorder;
use crate::model::{Desired, Mapping, Observed};

pub(crate) use assemble::summary;
pub use body::{Body, PlanForest, PlanTenant};
pub(crate) use carry::facts_of;
pub(crate) use describe::sync_state;
pub(crate) use draft::is_same_person;
pub(crate) use guard::{SYNC_IS_OFF, says_blocked_by};
pub use prove::ProofFailure;
pub use questions::{Unplanned, inquire, needs_everything};
pub(crate) use unread::says_roles_unread;

use finding::Finding;
use hints::Hints;
use link::Link;
use names::Names;
use only::Only;
use protection::Protection;
use rules::Claimed;
use shown::Shown;
use world::World;

/// How to plan.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Leave blocked mappings out on purpose.
    pub partial: bool,
    /// Plan only mappings whose name matches one of these patterns (`*` and `?`); all when empty. The others are not
    /// written, but nothing is planned against them either.
    pub only: Vec<String>,
    /// Runs of earlier plans, in any order: a directory that shrank since the last one is suspicious.
    pub earlier_runs: Vec<EarlierRun>,
}

/// How large the directories were when a plan was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierRun {
    /// When, RFC 3339.
    pub at: String,
    /// The tenant.
    pub tenant: PlanTenant,
    /// The forests.
    pub forests: Vec<PlanForest>,
    /// How many accounts that were live then the plan purged.
    pub purged: u64,
}

/// Plans the wanted links against both directories, which are only lent.
///
/// # Errors
/// [`ProofFailure`] when the plan breaks a rule of the tenant model: a fault of hardmatch that must not reach anybody.
pub fn compute(desired: &Desired, observed: &mut Observed, options: &Options) -> Result<Body, ProofFailure> {
    let world = World::new(std::mem::take(observed), Recorder::default());
    let body = plan(desired, &world, options);
    *observed = world.into_observed();
    body
}

/// The same, where the directories are needed for nothing else: the memory that they take becomes that of the plan.
///
/// # Errors
/// As [`compute`].
pub fn compute_at_last(desired: &Desired, observed: Observed, options: &Options) -> Result<Body, ProofFailure> {
    plan(desired, World::new(observed, Recorder::default()), options)
}

fn plan<'w>(desired: &Desired, world: impl Borrow<World> + Into<Shown<'w>>, options: &Options) -> Result<Body, ProofFailure> {
    with_draft(desired, world, options, |drafted, world| finish(drafted, desired, world, options))
}

/// What is planned so far: what drafting made of the mappings, and what there is to say of the rules.
struct Drafted<'a> {
    draft: draft::Draft<'a>,
    rule_findings: Vec<Finding>,
    protection: Protection<'a>,
}

/// Drafts every mapping, wanted or not, and goes on with those that are.
fn with_draft<T, W: Borrow<World>>(desired: &Desired, held: W, options: &Options, go_on: impl FnOnce(Drafted<'_>, W) -> T) -> T {
    let world = held.borrow();
    let hints = Hints::default();
    let (from_rules, rule_findings) = expand_rules(desired, world);
    let mappings: Vec<&Mapping> = desired.mappings.iter().chain(&from_rules).collect();
    let count = mappings.len();
    let (names, ()) = parallel::both(count, || Names::of(&mappings), || world.index_ahead(count));
    let only = Only::of(&options.only);
    let link = |(at, mapping)| {
        let id = names.name(at, mapping);
        Link::new(id, mapping).wanted(only.wants(id))
    };
    let mut links = Vec::with_capacity(count);
    links.extend(mappings.iter().copied().enumerate().map(link));

    let protection = Protection::of(&desired.policy);
    let context = draft::Context { protection: &protection, hints: &hints, others: &BTreeSet::new() };
    let draft = draft::draft(links, world, context);
    go_on(Drafted { draft, rule_findings, protection }, held)
}

fn finish<'w>(
    drafted: Drafted<'_>,
    desired: &Desired,
    held: impl Borrow<World> + Into<Shown<'w>>,
    options: &Options,
) -> Result<Body, ProofFailure> {
    let world = held.borrow();
    let Drafted { mut draft, rule_findings, protection } = drafted;
    let mut end = world.unchanged();
    let count = draft.links.len();
    let proof = || prove::prove(&draft, world, &protection);
    let actions = || carry::actions(&draft.links, &draft.ops, &mut end);
    let general = || general_findings(&draft, desired, world, options);
    let ((proof, actions), mut general) = parallel::both(count, || parallel::both(count, proof, actions), general);
    let (proof, actions) = (proof?, actions.map_err(ProofFailure)?);

    let acting: HashSet<usize> = draft.ops.iter().map(|op| op.link).collect();
    let states = parallel::map(&mut draft.links, |at, link| {
        link.next_sync = next_sync::of_link(link, &end).map(Box::new);
        if wants_sync(link, world) {
            forecast::forecast(link, &end, &protection);
        }
        if !link.is_blocked() {
            rivals::raise_opened(link, &end);
        }
        assemble::state(link, acting.contains(&at), world)
    });
    // Large, and nobody looks at it any more.
    drop(end);
    let accounts = limits::Accounts::before(&actions, world.tenant.observed().live_count());
    general.extend(limits::exceeded(&actions, &desired.policy.limits, accounts, limits::IN_WAVES));
    general.extend(guard::blocked_takeover(&actions, &states, world));
    general.extend(rule_findings);
    general.extend(protection.of_nobody(world));
    Ok(assemble::body(assemble::Parts { desired, options, draft, states, actions, general, proof }, held))
}

/// What there is to say of the whole, whatever is written.
fn general_findings(draft: &draft::Draft<'_>, desired: &Desired, world: &World, options: &Options) -> Vec<Finding> {
    let mut findings = guard::empty_sources(world);
    findings.extend(guard::shrunk_sources(&options.earlier_runs, desired.policy.limits.shrink, world));
    findings.extend(unread::not_read(draft, world));
    findings.extend(anchor_mode::doubtful_anchor_modes(world));
    findings.extend(desired.notices.iter().map(assemble::notice_finding));
    findings
}

/// Whether a takeover is still to come: the mapping goes through, and sync has not linked it yet.
fn wants_sync(link: &Link<'_>, world: &World) -> bool {
    let linked = link.target_user(world).is_some_and(|account| linked::is_linked(link, account, world));
    !link.is_blocked() && !linked && link.anchor.is_some()
}

fn expand_rules(desired: &Desired, world: &World) -> (Vec<Mapping>, Vec<Finding>) {
    if desired.rules.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let mut claimed = Claimed::default();
    for mapping in &desired.mappings {
        let mut link = Link::new("", mapping);
        resolve::resolve(&mut link, world, &Hints::none());
        claimed.ad.extend(link.ad);
        claimed.cloud.extend(link.target);
    }
    rules::expand(&desired.rules, claimed, world)
}
