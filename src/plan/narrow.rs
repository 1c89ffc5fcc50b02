//! A draft of every mapping becomes one of those that are to be planned.
//!
//! Until here all of them are looked at: what one mapping decides or wants counts against every other, wanted or not.

use std::collections::BTreeSet;

use crate::tenant_model::UserRef;

use super::draft::Plans;
use super::link::Link;
use super::obstacles::Obstacles;

/// What is left of all mappings.
pub(super) struct Narrowed<'a> {
    pub(super) links: Vec<Link<'a>>,
    pub(super) plans: Plans,
    /// Targets of those that are gone.
    pub(super) unwanted: BTreeSet<UserRef>,
}

/// Drops the mappings that are not wanted. None that goes through depends on one of them.
pub(super) fn narrow<'a>(links: Vec<Link<'a>>, plans: Plans) -> Narrowed<'a> {
    if links.iter().all(|link| link.wanted) {
        return Narrowed { links, plans, unwanted: BTreeSet::new() };
    }
    let places = places(&links);
    let place = |at: usize| places.get(at).copied().flatten();
    let unwanted = links.iter().filter(|link| !link.wanted).filter_map(|link| link.target).collect();
    let Plans { needs, obstacles } = plans;
    let needs = needs.into_iter().enumerate().filter(|(at, _)| place(*at).is_some()).map(|(_, need)| need).collect();
    let obstacles = obstacles.into_iter().filter_map(|(at, found)| Some((place(at)?, among(found, place)))).collect();
    Narrowed { links: links.into_iter().filter(|link| link.wanted).collect(), plans: Plans { needs, obstacles }, unwanted }
}

/// Where each mapping stands among the wanted ones.
fn places(links: &[Link<'_>]) -> Vec<Option<usize>> {
    let mut places = 0..;
    links.iter().map(|link| if link.wanted { places.next() } else { None }).collect()
}

/// What is in the way, as far as wanted mappings take part.
fn among(found: Obstacles, place: impl Fn(usize) -> Option<usize>) -> Obstacles {
    let places = |found: Vec<usize>| found.into_iter().filter_map(&place).collect();
    let accounts = |found: Vec<(UserRef, usize)>| found.into_iter().filter_map(|(user, at)| Some((user, place(at)?))).collect();
    Obstacles {
        released_by: places(found.released_by),
        sid_of_targets: accounts(found.sid_of_targets),
        seen: places(found.seen),
        undecided: found.undecided,
        decided_by: accounts(found.decided_by),
    }
}
