//! Accounts that exchange their IDs in a circle: where each circle is opened.

use std::collections::BTreeSet;

use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;

/// The cheapest of every cycle, until none is left when nobody waits for those.
pub(super) fn one_of_each_cycle<C: Ord>(mut graph: DiGraphMap<usize, ()>, cost: impl Fn(usize) -> C) -> BTreeSet<usize> {
    let mut opened = BTreeSet::new();
    loop {
        // Of the two ways to find them the one that needs no stack: a chain may be as long as the tenant is large.
        let cycles: Vec<Vec<usize>> = kosaraju_scc(&graph).into_iter().filter(|cycle| cycle.len() > 1).collect();
        if cycles.is_empty() {
            return opened;
        }
        for cycle in cycles {
            let Some(first) = cycle.into_iter().min_by_key(|at| cost(*at)) else { continue };
            let waiting: Vec<usize> = graph.neighbors_directed(first, petgraph::Incoming).collect();
            for other in waiting {
                graph.remove_edge(other, first);
            }
            opened.insert(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::*;

    #[test]
    fn chains_and_cycles_may_be_as_long_as_the_tenant_is_large() {
        const COUNT: usize = 50_000;
        let opened = |graph: DiGraphMap<usize, ()>| one_of_each_cycle(graph, Reverse).into_iter().collect::<Vec<_>>();
        let chain = || (1..COUNT).map(|at| (at - 1, at));
        assert!(opened(chain().collect()).is_empty());
        assert!(opened(chain().map(|(left, right)| (right, left)).collect()).is_empty());
        assert_eq!(opened(chain().chain([(COUNT - 1, 0)]).collect()), [COUNT - 1]);
    }
}
