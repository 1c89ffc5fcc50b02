//! A draft: every mapping resolved and examined, and the writes of those that nothing stands in the way of.
//!
//! Drafting looks at nothing but its arguments, so it can be repeated from any state of the directories; the proof
//! does just that.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use hashbrown::HashMap;

use crate::model::spreadsheet::is_value;
use crate::model::text::{local_part, same};
use crate::model::{AdUser, CloudUser, OnPremSide, Resolve, Text, WriteSide};
use crate::tenant_model::UserRef;

use super::decided::raise_purged_targets;
use super::describe::{ad_user_line, cloud_user_line};
use super::federation;
use super::finding::Code;
use super::hints::Hints;
use super::holders;
use super::link::Link;
use super::linked;
use super::listed::Listed;
use super::narrow::{Narrowed, narrow};
use super::obstacles::Obstacles;
use super::order::{self, Op};
use super::parallel;
use super::protection::Protection;
use super::restores;
use super::taken::raise_taken_from_others;
use super::target::{self, Need};
use super::world::{AdRef, World};

/// Mappings with their findings, and the writes in an order in which they can be carried out.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) links: Vec<Link<'a>>,
    pub(super) ops: Vec<Op>,
    /// Mappings (by position), each with another one that it has to be planned together with.
    pub(super) neighbours: Vec<(usize, usize)>,
    /// Targets of mappings that are not to be planned.
    pub(super) unwanted: BTreeSet<UserRef>,
}

/// The targets of mappings, with the position of each.
pub(super) type Targets = HashMap<UserRef, usize>;

/// What the second half of drafting knows of each mapping.
#[derive(Debug, Default)]
pub(super) struct Plans {
    pub(super) needs: Vec<Need>,
    /// Of those mappings (by position) that have something in their way.
    pub(super) obstacles: BTreeMap<usize, Obstacles>,
}

impl Plans {
    /// What is in the way of a mapping.
    pub(super) fn obstacles(&self, at: usize) -> &Obstacles {
        static NONE: Obstacles = Obstacles::none();
        self.obstacles.get(&at).unwrap_or(&NONE)
    }
}

/// What a draft needs beside the mappings and the directories.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) protection: &'c Protection<'c>,
    pub(super) hints: &'c Hints,
    /// Targets of mappings that are not drafted along: they belong to somebody all the same.
    pub(super) others: &'c BTreeSet<UserRef>,
}

/// Drafts mappings, of which nothing is known yet, against the directories as they stand.
pub(super) fn draft<'a>(mut links: Vec<Link<'a>>, world: &World, context: Context<'_>) -> Draft<'a> {
    resolve(&mut links, world, context.hints);
    raise_duplicates(&mut links, world);
    raise_shared_anchors(&mut links, world);
    let mut plans = examine(&mut links, world, context);
    settle_undecided(&mut links, &mut plans, world, context.protection);
    raise_contradictions(&mut links, world);
    raise_taken_from_others(&mut links, world);
    restores::raise_colliding(&mut links, &plans, world);
    restores::raise_passing_twins(&mut links, &plans, world);
    federation::raise_colliding_detours(&mut links, &plans.needs, world);
    federation::raise_restores_of_parked_names(&mut links, &plans, world);
    raise_waiting(&mut links, &plans);
    let Narrowed { links, plans, unwanted } = narrow(links, plans);
    let ops = order::order(&links, &plans, world);
    let neighbours =
        plans.obstacles.iter().flat_map(|(at, obstacles)| obstacles.neighbours().map(|other| (*at, other))).collect();
    Draft { links, ops, neighbours, unwanted }
}

/// Resolves every mapping. Only so many hints are given, to the first that need one: those come last, in their order.
fn resolve(links: &mut [Link<'_>], world: &World, hints: &Hints) {
    let none = Hints::none();
    if world.recorder().has_look_ups() {
        // What one mapping asks would seem to be asked by another at the same time.
        let hints = |link: &Link<'_>| if link.wanted { hints } else { &none };
        links.iter_mut().for_each(|link| super::resolve::resolve(link, world, hints(link)));
        return;
    }
    parallel::for_each(links, |link| super::resolve::resolve(link, world, &none));
    for link in links.iter_mut().filter(|link| link.wanted && link.finds_nobody()) {
        *link = link.anew();
        super::resolve::resolve(link, world, hints);
    }
}

fn examine(links: &mut [Link<'_>], world: &World, context: Context<'_>) -> Plans {
    // No mapping has that position: whoever waits for it waits for a blocked one.
    let mut targets: Targets = context.others.iter().map(|user| (*user, usize::MAX)).collect();
    let own = links.iter().enumerate().filter_map(|(at, link)| Some((link.target?, at)));
    targets.extend(own);
    let mut found = parallel::map(links, |_, link| examine_one(link, &targets, world, context.protection));
    let obstacles = found.iter_mut().enumerate().filter_map(|(at, (_, obstacles))| Some((at, *obstacles.take()?))).collect();
    Plans { needs: found.into_iter().map(|(need, _)| need).collect(), obstacles }
}

/// What a mapping needs, and what is in its way if anything is.
fn examine_one(
    link: &mut Link<'_>,
    targets: &Targets,
    world: &World,
    protection: &Protection<'_>,
) -> (Need, Option<Box<Obstacles>>) {
    if !link.is_examined() {
        return Default::default();
    }
    raise_purged_targets(link, targets, world);
    let linked = link.target_user(world).is_some_and(|account| linked::is_linked(link, account, world));
    if linked || link.target.is_none() {
        return Default::default();
    }
    let need = target::examine(link, world, protection);
    let mut obstacles = Obstacles::none();
    let wants_match = matches!(link.mapping.on_prem, OnPremSide::User(_));
    if wants_match
        && (!is_held_by_sync(link, world) || link.target_user(world).is_some_and(|own| linked::lost_sid(link, own, world)))
    {
        obstacles = holders::examine(link, need.set, targets, world, protection);
    }
    if let Some(account) = link.target_user(world).filter(|_| need.restore) {
        restores::raise_restore_conflicts(link, account, &obstacles, world);
    }
    if need.stamp {
        holders::raise_stamped_too_late(link, targets, world);
    }
    if let Some(account) = link.target_user(world).filter(|_| !need.is_nothing()) {
        target::raise_unused_accepts(link, account, world);
    }
    (need, (!obstacles.are_none()).then(|| Box::new(obstacles)))
}

/// What one mapping decides of an account holds for every other that it stands in the way of; what nobody decides blocks.
fn settle_undecided(links: &mut [Link<'_>], plans: &mut Plans, world: &World, protection: &Protection<'_>) {
    if plans.obstacles.values().all(|obstacles| obstacles.undecided.is_empty()) {
        return;
    }
    let mut decisions: HashMap<UserRef, (usize, Resolve)> = HashMap::new();
    let all = links.iter().enumerate().flat_map(|(at, link)| link.decided.iter().map(move |decision| (at, *decision)));
    for (at, (user, resolve)) in all {
        decisions.entry(user).or_insert((at, resolve));
    }
    for (at, obstacles) in &mut plans.obstacles {
        let Some(link) = links.get_mut(*at) else { continue };
        for (user, obstacle) in std::mem::take(&mut obstacles.undecided) {
            let Some(account) = world.tenant.user(user) else { continue };
            match decisions.get(&user).filter(|(_, resolve)| obstacle.is_freed_by(*resolve)) {
                Some((other, _)) => obstacles.decided_by.push((user, *other)),
                None => holders::raise_undecided(link, account, obstacle, world, protection),
            }
        }
    }
}

/// A synced target keeps what it has: whether its SID is right is for `verify` to say.
fn is_held_by_sync(link: &Link<'_>, world: &World) -> bool {
    link.target_user(world).is_some_and(CloudUser::is_held_by_sync)
}

/// Two mappings for one cloud user, or for one AD user.
fn raise_duplicates(links: &mut [Link<'_>], world: &World) {
    let by_target = group(links.iter().map(|link| link.target));
    for group in by_target {
        let name = first_of(links, &group).and_then(|link| link.target_user(world)).map(cloud_user_line).unwrap_or_default();
        raise_duplicate(links, &group, &format!("the cloud user {name}"));
    }
    // Without forests the same GUID or ImmutableID is the same AD user.
    let at_their_word = |link: &Link<'_>| link.anchor.as_ref().filter(|_| link.ad.is_none()).map(|anchor| anchor.value.clone());
    let by_value = group(links.iter().map(|link| if world.forests.is_empty() { at_their_word(link) } else { None }));
    for group in by_value {
        let id = first_of(links, &group).and_then(at_their_word).map(|id| id.to_string()).unwrap_or_default();
        raise_duplicate(links, &group, &format!("the AD user with the ImmutableID {id}"));
    }
    let by_ad = group(links.iter().map(|link| link.ad));
    for group in by_ad {
        let name =
            first_of(links, &group).and_then(|link| link.ad).and_then(|user| ad_user_line(user, world)).unwrap_or_default();
        raise_duplicate(links, &group, &format!("the AD user {name}"));
    }
}

fn first_of<'l, 'a>(links: &'l [Link<'a>], group: &[usize]) -> Option<&'l Link<'a>> {
    group.first().and_then(|at| links.get(*at))
}

/// Positions that share a value, where there is more than one, in the order of the first of each.
fn group<T: Hash + Eq>(values: impl Iterator<Item = Option<T>>) -> Vec<Vec<usize>> {
    let mut firsts: HashMap<T, usize> = HashMap::with_capacity(values.size_hint().1.unwrap_or_default());
    let mut shared: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, value) in values.enumerate() {
        if let Some(value) = value {
            let first = *firsts.entry(value).or_insert(at);
            if first != at {
                shared.entry(first).or_insert_with(|| vec![first]).push(at);
            }
        }
    }
    shared.into_values().collect()
}

fn raise_duplicate(links: &mut [Link<'_>], group: &[usize], what: &str) {
    let places = places(links, group);
    for at in group {
        let Some(link) = links.get_mut(*at) else { continue };
        let message = format!("{} mappings name {what}", group.len());
        let finding = link.finding(Code::DuplicateMapping, message).listed(places.clone()).hint("Keep one of them.");
        link.raise(finding);
    }
}

/// Where the mappings of a group stand, made once for all of them.
pub(super) fn places(links: &[Link<'_>], group: &[usize]) -> Listed {
    Listed::of(group.len(), group.iter().filter_map(|at| links.get(*at)).map(place))
}

fn place(link: &Link<'_>) -> String {
    let source = &link.mapping.source;
    format!("{}:{} {}", source.file, source.line, link.id)
}

/// Two AD users with one anchor: whether both are mapped, or one of them only exists.
fn raise_shared_anchors(links: &mut [Link<'_>], world: &World) {
    let wanted = group(links.iter().map(|link| link.anchor.as_ref().map(|anchor| &anchor.value)));
    for group in wanted {
        let different = group.iter().filter_map(|at| links.get(*at)).map(|link| (link.ad, link.given())).collect::<BTreeSet<_>>();
        if different.len() < 2 {
            continue;
        }
        let places = places(links, &group);
        for at in group {
            let Some(link) = links.get_mut(at) else { continue };
            let finding = link.finding(Code::DuplicateAnchor, "another mapping wants the same ImmutableID for another AD user");
            link.raise(finding.listed(places.clone()).hint("Keep one of them; in a forest migration that is the new AD user."));
        }
    }
    parallel::for_each(links, |link| raise_anchor_of_others(link, world));
}

/// Another AD user, mapped or not, from whom the sync client would make the same anchor.
fn raise_anchor_of_others(link: &mut Link<'_>, world: &World) {
    let (Some(own), Some(anchor)) = (link.ad, &link.anchor) else { return };
    let sharers = world.forests.by_anchor(&anchor.value, None);
    let neighbours = world.forests.of_the_forest_of(own, &sharers);
    let is_one_of_them =
        world.forests.anchor(own).is_some_and(|current| current.is_ok_and(|current| current.value == anchor.value));
    let count = neighbours.len() - usize::from(is_one_of_them && !neighbours.is_empty());
    if count > 0 {
        let lines = neighbours.iter().filter(|user| **user != own).filter_map(|user| ad_user_line(*user, world));
        let message = format!("another AD user of the same forest has the source anchor `{}`, too", anchor.value);
        let is_swap = neighbours.iter().any(|user| *user != own && is_swapped(link, own, *user, world));
        return raise_shared_anchor(link, message, Listed::of(count, lines), is_swap);
    }
    // Across forests the old and the new object of a migrated person share the anchor on purpose.
    let is_somebody_else = |user: &&AdRef| {
        let both = world.forests.user(own).zip(world.forests.user(**user));
        !neighbours.contains(user) && !both.is_some_and(|(own, other)| is_same_person(own, other))
    };
    let strangers: Vec<AdRef> = sharers.iter().filter(is_somebody_else).copied().collect();
    let is_told = link.findings.iter().any(|finding| finding.code == Code::DuplicateAnchor);
    if !strangers.is_empty() && !is_told {
        let message = format!(
            "an AD user of another forest, who seems to be another person, has the source anchor `{}`, too: whom sync sees first gets the account",
            anchor.value
        );
        let lines = strangers.iter().filter_map(|user| ad_user_line(*user, world));
        raise_shared_anchor(link, message, Listed::of(strangers.len(), lines), false);
    }
}

/// Whether another AD user has what this one is to be stamped with, and the account of that one has what this one has now.
fn is_swapped(link: &Link<'_>, own: AdRef, other: AdRef, world: &World) -> bool {
    let anchor = |user: AdRef| world.forests.anchor(user).and_then(Result::ok).map(|anchor| anchor.value);
    let is_stamped = link.mapping.write == WriteSide::OnPrem;
    let (Some(now), Some(others)) = (anchor(own).filter(|_| is_stamped), anchor(other)) else { return false };
    let wanted = link.anchor.as_ref().map(|wanted| &wanted.value);
    now != others && wanted == Some(&others) && !world.tenant.holders_of(&now).is_empty()
}

fn raise_shared_anchor(link: &mut Link<'_>, message: String, who: Listed, is_swap: bool) {
    let finding = link.finding(Code::DuplicateAnchor, message).listed(who);
    link.raise(finding.hint(if is_swap { SWAPPED } else { SHARED }));
}

const SWAPPED: &str = "Where two people have each other's ID, neither can be stamped first. Leave out `write: onPrem` in both mappings, so that \
                       the IDs are exchanged in the cloud; or stamp both by hand while both are out of the scope of sync.";
const SHARED: &str = "Correct mS-DS-ConsistencyGuid (or the anchor attribute) of the one that it does not belong to. Where a mapping with \
                      `write: onPrem` does that, apply a plan with it first (`--partial`), then plan again.";

/// Whether two AD users are the old and the new object of one person: they have a number, an address or a sign-in name in
/// common, and no two numbers. What people are called for show tells nobody, and a sAMAccountName only where nothing else can.
pub(crate) fn is_same_person(one: &AdUser, other: &AdUser) -> bool {
    let number = |user: &AdUser| user.employee_id.clone().filter(|number| is_value(number));
    if let Some((own, others)) = number(one).zip(number(other)) {
        return same(&own, &others);
    }
    let local = |name: &Option<Text>| name.as_deref().map(local_part).map(str::to_owned);
    let pairs = [(local(&one.upn), local(&other.upn)), (local(&one.mail), local(&other.mail))];
    let both: Vec<(String, String)> = pairs.into_iter().filter_map(|(own, others)| own.zip(others)).collect();
    if both.is_empty() {
        return one.sam.as_deref().zip(other.sam.as_deref()).is_some_and(|(own, others)| same(own, others));
    }
    both.iter().any(|(own, others)| same(own, others))
}

/// Two mappings that decide differently about one account.
fn raise_contradictions(links: &mut [Link<'_>], world: &World) {
    let mut decisions: BTreeMap<UserRef, BTreeMap<Resolve, Vec<usize>>> = BTreeMap::new();
    for (at, link) in links.iter().enumerate() {
        for (user, resolve) in &link.decided {
            decisions.entry(*user).or_default().entry(*resolve).or_default().push(at);
        }
    }
    for (user, ways) in decisions.into_iter().filter(|(_, ways)| ways.len() > 1) {
        let name = world.tenant.user(user).map(cloud_user_line).unwrap_or_default();
        for at in ways.into_values().flatten() {
            let Some(link) = links.get_mut(at) else { continue };
            let message = format!("one mapping decides to purge {name}, another to clear it");
            let finding = link.finding(Code::HolderUndecided, message).hint("Decide one way in both mappings.");
            link.raise(finding);
        }
    }
}

/// A mapping that depends on one that is blocked, or not to be planned, is blocked, too, and says on whom it waits.
fn raise_waiting(links: &mut [Link<'_>], plans: &Plans) {
    let mut waiters: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, obstacles) in &plans.obstacles {
        obstacles.others().for_each(|other| waiters.entry(other).or_default().push(*at));
    }
    // At first whoever depends on somebody, then who depends on those that have just been blocked.
    let mut doubtful: BTreeSet<usize> = waiters.values().flatten().copied().collect();
    while !doubtful.is_empty() {
        let blocked = |other: &usize| links.get(*other).is_none_or(|link| !link.wanted || link.is_blocked());
        let open = doubtful.iter().copied().filter(|at| !blocked(at));
        let waiting: Vec<(usize, usize)> =
            open.filter_map(|at| Some((at, plans.obstacles(at).others().find(blocked)?))).collect();
        waiting.iter().for_each(|(at, other)| raise_wait(links, *at, *other, plans.obstacles(*at)));
        doubtful = waiting.iter().filter_map(|(at, _)| waiters.get(at)).flatten().copied().collect();
    }
}

fn raise_wait(links: &mut [Link<'_>], at: usize, other: usize, obstacles: &Obstacles) {
    let (id, place, wanted) = links.get(other).map_or_else(Default::default, |other| (other.id, place(other), other.wanted));
    let (why, cure) = if wanted {
        ("is blocked", format!("Clear what blocks `{id}`; this mapping then goes through by itself."))
    } else {
        ("is left out by `--only`", format!("Plan both together, with one more `--only` for `{id}`, or leave `--only` out."))
    };
    let is_target = !obstacles.decided_by.iter().any(|(_, by)| *by == other);
    let whose = if is_target { "the account of" } else { "an account that is to go by a decision of" };
    let message = format!("{whose} mapping `{id}` holds the wanted ImmutableID or SID, and that mapping {why}");
    let Some(link) = links.get_mut(at) else { return };
    let finding = link.finding(Code::WaitsFor, message).objects([place]);
    link.raise(finding.hint(cure));
}
