//! What to do: the mapping that the configuration has, or one to write, each with what a plan of it says.

use std::collections::{BTreeSet, HashMap};

use crate::model::{CloudUser, Desired, Mapping};
use crate::tenant_model::UserRef;

use super::super::action::Action;
use super::super::body::{Body, MappingState, PlannedMapping};
use super::super::called::Called;
use super::super::describe::cloud_user_line;
use super::super::discover::{self, LeftOut, Pair};
use super::super::evidence::{Candidate, Evidence, Pinned, Strength, claimants};
use super::super::finding::{Code, Finding};
use super::super::hints::Hints;
use super::super::link::Link;
use super::super::names::Names;
use super::super::pairing::{Confidence, Pairing, pair, verdict};
use super::super::resolve::{self, names_ad_user};
use super::super::world::{AdRef, World};
use super::super::{Options, ProofFailure, assemble, expand_rules, plan};
use super::case::Case;
use super::{ExplainedMapping, ExplainedProposal, Explanation, Standing, why};

/// Adds what to do to an explanation.
pub(super) fn add(
    explanation: &mut Explanation,
    ad: Option<AdRef>,
    asked: Option<UserRef>,
    desired: &Desired,
    world: &World,
) -> Result<(), ProofFailure> {
    explanation.mappings = configured(ad, asked, desired, world)?;
    say_meant(explanation, ad, asked, world);
    say_wanted_elsewhere(explanation, ad, world);
    let is_due = matches!(explanation.standing, Standing::NotLinked | Standing::WrongAccount);
    let Some(ad) = ad.filter(|_| is_due && explanation.mappings.is_empty()) else { return Ok(()) };
    match choose(ad, world) {
        Choice::One(candidate, confidence) => match somebody_elses(ad, &candidate, desired, world) {
            Some(why) => explanation.left_out = left_out(ad, why, &[candidate], world),
            None => explanation.proposal = proposal(&Pair { ad, candidate, confidence }, desired, world)?,
        },
        Choice::Unsure(why, candidates) => explanation.left_out = left_out(ad, why, &candidates, world),
        Choice::Nobody => {}
    }
    Ok(())
}

/// Names tell of the right account only as long as no mapping does.
fn say_meant(explanation: &mut Explanation, ad: Option<AdRef>, asked: Option<UserRef>, world: &World) {
    let wanted = explanation.mappings.iter().find_map(|mapping| mapping.wants);
    let meant = wanted.and_then(|wanted| world.tenant.by_id(&wanted));
    let is_doubted = explanation.standing == Standing::WrongAccount && meant.is_some();
    let Some(mut case) = ad.filter(|_| is_doubted).and_then(|ad| Case::of(ad, asked, world)) else { return };
    case.meant = meant;
    (explanation.standing, explanation.answer) = why::answer(&case, world);
}

/// The anchor is on an account, and the configuration wants it on another one: that is not the end of the matter.
fn say_wanted_elsewhere(explanation: &mut Explanation, ad: Option<AdRef>, world: &World) {
    let has_anchor = matches!(explanation.standing, Standing::Armed | Standing::Linked);
    let Some(Ok(anchor)) = ad.filter(|_| has_anchor).and_then(|ad| world.forests.anchor(ad)) else { return };
    let holders: Vec<&CloudUser> =
        world.tenant.holders_of(&anchor.value).into_iter().filter_map(|user| world.tenant.user(user)).collect();
    let is_elsewhere = |mapping: &&ExplainedMapping| {
        mapping.wants.is_some_and(|wanted| !holders.iter().any(|holder| holder.id == wanted))
            && matches!(mapping.state, MappingState::Planned | MappingState::Blocked)
    };
    let Some(wanted) = explanation.mappings.iter().filter(is_elsewhere).find_map(|mapping| mapping.wants) else { return };
    let account = world.tenant.by_id(&wanted).and_then(|user| world.tenant.user(user));
    explanation.standing = Standing::WrongAccount;
    explanation
        .answer
        .extend(account.map(|account| format!("The configuration wants {} for the AD user.", cloud_user_line(account))));
}

/// The mappings that name the AD user or the account, as a plan of them and of all that take part says.
fn configured(
    ad: Option<AdRef>,
    asked: Option<UserRef>,
    desired: &Desired,
    world: &World,
) -> Result<Vec<ExplainedMapping>, ProofFailure> {
    let (from_rules, _) = expand_rules(desired, world);
    let all: Vec<&Mapping> = desired.mappings.iter().chain(&from_rules).collect();
    let names = Names::of(&all);
    let asked = Called::of(asked, world);
    let is_own =
        |mapping: &&&Mapping| ad.is_some_and(|ad| names_ad_user(&mapping.on_prem, ad, world)) || asked.has(&mapping.cloud.key);
    let own: BTreeSet<usize> = (0..).zip(&all).filter(|(_, mapping)| is_own(mapping)).map(|(at, _)| at).collect();
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let name = |at: usize| all.get(at).map(|mapping| names.name(at, mapping));
    let only = taking_part(&own, &all, world).into_iter().filter_map(name).map(str::to_owned).collect();
    let options = Options { only, ..Options::default() };
    let body =
        if from_rules.is_empty() { plan(desired, world, &options) } else { plan(&written_out(desired, &all), world, &options) }?;
    let own: BTreeSet<&str> = own.into_iter().filter_map(name).collect();
    let is_of_ad = |at: usize| ad.zip(all.get(at)).is_some_and(|(ad, mapping)| names_ad_user(&mapping.on_prem, ad, world));
    let of_ad: BTreeSet<&str> = (0..all.len()).filter(|at| is_of_ad(*at)).filter_map(name).collect();
    let mappings = body.mappings.iter().filter(|mapping| own.contains(&*mapping.id));
    let of_mappings = OfMappings::of(&body);
    Ok(mappings.map(|mapping| of_plan(&of_mappings, mapping, of_ad.contains(&*mapping.id))).collect())
}

/// The same with the mappings that its rules make, so that they are not made once more.
fn written_out(desired: &Desired, all: &[&Mapping]) -> Desired {
    Desired { mappings: all.iter().copied().cloned().collect(), rules: Vec::new(), ..desired.clone() }
}

/// What a plan says, by the names of its mappings.
struct OfMappings<'b> {
    actions: HashMap<&'b str, Vec<&'b Action>>,
    findings: HashMap<&'b str, Vec<&'b Finding>>,
    /// What keeps every link of the tenant or the forest from coming about.
    general: Vec<&'b Finding>,
}

impl<'b> OfMappings<'b> {
    fn of(body: &'b Body) -> Self {
        let mut all = Self { actions: HashMap::new(), findings: HashMap::new(), general: Vec::new() };
        for action in &body.actions {
            all.actions.entry(&action.mapping).or_default().push(action);
        }
        for finding in &body.findings {
            match &finding.mapping {
                Some(mapping) => all.findings.entry(mapping).or_default().push(finding),
                None if matches!(finding.code, Code::HardMatchBlocked | Code::AnchorModeDoubtful) => all.general.push(finding),
                None => {}
            }
        }
        all
    }

    fn actions(&self, id: &str) -> Vec<Action> {
        self.actions.get(id).into_iter().flatten().copied().cloned().collect()
    }

    /// What concerns a mapping: its own findings, then the general ones.
    fn findings(&self, id: &str) -> Vec<Finding> {
        self.findings.get(id).into_iter().flatten().chain(&self.general).copied().cloned().collect()
    }
}

fn of_plan(all: &OfMappings<'_>, mapping: &PlannedMapping, is_of_ad: bool) -> ExplainedMapping {
    ExplainedMapping {
        wants: mapping.cloud.as_ref().filter(|_| is_of_ad).map(|cloud| cloud.id),
        actions: all.actions(&mapping.id),
        findings: all.findings(&mapping.id),
        id: mapping.id.to_string(),
        next_sync: mapping.next_sync.as_deref().cloned(),
        source: mapping.source.clone(),
        state: mapping.state,
    }
}

/// How far a chain of mappings is followed, one look-up after the other. Beyond that, reading for all at once is faster.
const STEPS: usize = 3;

/// Mappings that have to be planned together: those that name whoever stands in the way of one of them.
fn taking_part(own: &BTreeSet<usize>, all: &[&Mapping], world: &World) -> BTreeSet<usize> {
    let mut taken = own.clone();
    let mut open: Vec<usize> = taken.iter().copied().collect();
    for _ in 0..STEPS {
        let mappings = open.iter().filter_map(|at| all.get(*at));
        let accounts: BTreeSet<UserRef> = mappings.flat_map(|mapping| accounts_of(mapping, world)).collect();
        let called = Called::of(accounts, world);
        let others = (0..).zip(all).filter(|(at, other)| !taken.contains(at) && called.has(&other.cloud.key));
        open = others.map(|(at, _)| at).collect();
        taken.extend(&open);
    }
    if open.is_empty() { taken } else { (0..all.len()).collect() }
}

/// The target of a mapping, and whoever holds its anchor or SID.
fn accounts_of(mapping: &Mapping, world: &World) -> Vec<UserRef> {
    let mut link = Link::new("", mapping);
    resolve::resolve(&mut link, world, &Hints::none());
    let holders = link.anchor.as_ref().map(|anchor| world.tenant.holders_of(&anchor.value)).unwrap_or_default();
    let of_sid = link.ad_sid(world).map(|sid| world.tenant.by_sid(sid)).unwrap_or_default();
    holders.into_iter().chain(of_sid).chain(link.target).collect()
}

/// Whose account a mapping should name.
enum Choice {
    One(Candidate, Confidence),
    Unsure(String, Vec<Candidate>),
    Nobody,
}

/// No directory can be asked who is pinned to an AD user, so that does not count here, whatever was read.
fn choose(ad: AdRef, world: &World) -> Choice {
    match pair(ad, world, &Pinned::new()) {
        Pairing::One { candidate, confidence } => Choice::One(candidate, confidence),
        Pairing::Unsure { why, candidates } => match beside_the_wrong_one(ad, &candidates, world) {
            Some(candidate) => Choice::One(candidate, Confidence::Medium),
            None => Choice::Unsure(why, candidates),
        },
        Pairing::Nobody => Choice::Nobody,
    }
}

/// The only account with its name or address, where the others have nothing of the AD user but what sync wrote on them.
fn beside_the_wrong_one(ad: AdRef, candidates: &[Candidate], world: &World) -> Option<Candidate> {
    const NAMES: [Evidence; 3] = [Evidence::SignInName, Evidence::PrimaryAddress, Evidence::AddressAsName];
    let has_name = |candidate: &&Candidate| NAMES.iter().any(|name| candidate.evidence.contains(name));
    let named: Vec<&Candidate> = candidates.iter().filter(has_name).collect();
    let [one] = named[..] else { return None };
    let account = world.tenant.user(one.user)?;
    let is_good = one.against.is_empty() && !one.is_stale && !account.is_deleted() && !account.is_synced();
    // It has to be good enough by itself as well.
    let others: Vec<Candidate> = candidates.iter().filter(|other| other.strength() < Strength::Hard).cloned().collect();
    (is_good && verdict(ad, one, &others, world).is_ok()).then(|| one.clone())
}

/// Why an account is left to somebody else, as `discover` leaves it.
fn somebody_elses(ad: AdRef, candidate: &Candidate, desired: &Desired, world: &World) -> Option<String> {
    if is_claimed(candidate, desired, world) {
        return Some("the configuration maps the account to somebody else".to_owned());
    }
    let is_mapped = |other: AdRef| desired.mappings.iter().any(|mapping| names_ad_user(&mapping.on_prem, other, world));
    let account = world.tenant.user(candidate.user)?;
    let mut others = claimants(account, world).into_iter().filter(|other| *other != ad && !is_mapped(*other));
    let takes = |other: &AdRef| match choose(*other, world) {
        Choice::One(taken, _) => taken.user == candidate.user,
        Choice::Unsure(..) | Choice::Nobody => false,
    };
    discover::could_be_that_of(others.find(takes)?, world)
}

fn is_claimed(candidate: &Candidate, desired: &Desired, world: &World) -> bool {
    let called = Called::of([candidate.user], world);
    desired.mappings.iter().any(|mapping| called.has(&mapping.cloud.key))
}

fn proposal(pair: &Pair, desired: &Desired, world: &World) -> Result<Option<ExplainedProposal>, ProofFailure> {
    let Some(mapping) = discover::mapping(pair, world) else { return Ok(None) };
    let alone = Desired { mappings: vec![mapping], rules: Vec::new(), ..desired.clone() };
    let body = plan(&alone, world, &Options::default())?;
    let Some(planned) = body.mappings.first() else { return Ok(None) };
    let (findings, next_sync) = (OfMappings::of(&body).findings(&planned.id), planned.next_sync.as_deref().cloned());
    let mapping = discover::proposal(pair, planned.state, std::iter::empty(), world);
    Ok(mapping.map(|mapping| ExplainedProposal { actions: body.actions.clone(), findings, mapping, next_sync }))
}

fn left_out(ad: AdRef, why: String, candidates: &[Candidate], world: &World) -> Option<LeftOut> {
    let candidates = candidates.iter().filter_map(|candidate| discover::told_candidate(candidate, world)).collect();
    Some(LeftOut { candidates, on_prem: assemble::plan_ad_user(ad, world)?, why })
}
