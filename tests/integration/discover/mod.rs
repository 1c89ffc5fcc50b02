//! `discover`: nobody gets the account of somebody else, and most get their own.

mod population;

use std::collections::BTreeMap;

use hardmatch::model::*;
use hardmatch::plan::discover::{Scope, discover};

use population::Population;

/// The proposals as pairs of ids.
fn proposed(population: &Population) -> BTreeMap<ObjectGuid, EntraId> {
    let desired =
        Desired { forests: vec![ForestSpec { name: "corp".into(), anchor: AnchorMode::ConsistencyGuid }], ..Desired::default() };
    let found = discover(&desired, population.observed.clone(), &Scope::default()).unwrap();
    let pair = |proposal: &hardmatch::plan::discover::Proposal| {
        (proposal.on_prem.object_guid.as_ref().unwrap().parse().unwrap(), proposal.cloud.id.parse().unwrap())
    };
    let total = found.proposals.len() + found.left_out.len() + found.nobody.len();
    assert_eq!(total, population.truth.len(), "every AD user is in one of the lists");
    found.proposals.iter().map(pair).collect()
}

/// How many people a run has: few on every change, `PROPTEST_CASES=10000` to be thorough.
#[test]
fn no_wrong_pair_is_proposed_and_most_right_ones_are() {
    let size = usize::try_from(crate::common::cases(1500)).unwrap();
    for (seed, rarity) in [(1, 33), (2, 33), (3, 3)] {
        let population = Population::new(size, rarity, seed);
        let proposed = proposed(&population);
        let wrong: Vec<_> = proposed.iter().filter(|(user, account)| population.truth[user] != Some(**account)).collect();
        let told: Vec<_> = wrong
            .iter()
            .map(|(guid, id)| {
                let user = population.observed.forests[0].users.iter().find(|user| user.guid == **guid);
                let account = population.observed.tenant.users.iter().find(|account| account.id == **id);
                (user, account)
            })
            .collect();
        assert!(wrong.is_empty(), "{} wrong: {told:#?}", wrong.len());
        let right = population.truth.values().flatten().count();
        let share = proposed.len() * 1000 / right;
        println!("{size} AD users, {} of them in traps: {} of {right} right pairs found", population.trapped, proposed.len());
        let ordinary = population.truth.len() - population.trapped;
        assert!(proposed.len() >= ordinary, "found {} of {ordinary} ordinary pairs ({share} of a thousand)", proposed.len());
    }
}
