//! How many calls of a plan wait for one another: what somebody far away from Graph waits for.

use super::verbs::Live;
use super::*;

/// Long enough that calls which are sent together are under way together, however busy the machine is.
const SLOW: u64 = 150;

/// The longest chain of calls each of which came after the one before it was answered.
async fn depth(server: &Server) -> usize {
    let log = server.ask("/__emulator/requests").await;
    let mut begun: Vec<u64> = log["value"].as_array().unwrap().iter().map(|call| call["atMs"].as_u64().unwrap()).collect();
    begun.sort_unstable();
    let (mut depth, mut answered) = (0, 0);
    for begin in begun {
        if depth == 0 || begin >= answered {
            (depth, answered) = (depth + 1, begin + SLOW);
        }
    }
    depth
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_a_few_mappings_is_six_calls_deep_at_most() {
    for name in ["swap", "recycle-bin", "duplicate-account"] {
        let live = Live::example(name, json!({ "faults": [{ "batch": false, "slowMs": SLOW }] })).await;
        let planned = live.run(&["plan", "--read", "needed", "--out", "plan.json"]).await;
        assert!(live.here.path().join("plan.json").exists(), "{name}: {}", planned.stderr);
        let depth = depth(&live.server).await;
        assert!(depth <= 6, "{name}: {depth} calls deep, {:#?}", live.server.requests().await);
    }
}
