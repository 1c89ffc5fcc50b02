//! A wire that damages what Graph answers. What is read is read as it is, or not at all; a plan is carried out, or the run stops
//! cleanly and the next one finishes it; and whatever Graph is made to say, nothing happens that is not in the plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fastrand::Rng;
use futures_util::{StreamExt as _, stream};
use hardmatch::directory::ports::{DirectoryError, TenantReader as _};
use hardmatch::model::ObservedTenant;
use serde_json::{Value, json};

use super::damage::{Damage, LIES, PLAIN};
use super::fault::script;
use super::site::{Image, Site};
use super::{AT_ONCE, Calm, Ended, PATIENT, calm_runs, check, is_complete};
use crate::common::cases;
use crate::graph::Server;
use crate::graph::gateway::{Act, gated};

/// More than this tells nothing new.
const MOST: u32 = 5_000;

/// Which answers are damaged, and how; by lot, and the same for the same seed.
#[derive(Clone)]
struct Wire(Arc<State>);

struct State {
    seed: u64,
    /// The number of the answer, and what happens to it.
    damage: Vec<(usize, &'static str, Damage)>,
    answers: AtomicUsize,
    is_mended: AtomicBool,
}

impl Wire {
    /// Damages up to three of the first so many answers, and now and then the two after each as well.
    fn new(seed: u64, kinds: &[(&'static str, Damage)], answers: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut damage = Vec::new();
        let in_a_row = if rng.u8(..7) == 0 { 3 } else { 1 };
        for _ in 0..=rng.usize(..3) {
            let (at, (name, kind)) = (rng.usize(..answers), kinds[rng.usize(..kinds.len())]);
            damage.extend((at..at + in_a_row).map(|at| (at, name, kind)));
        }
        Self(Arc::new(State { seed, damage, answers: AtomicUsize::new(0), is_mended: AtomicBool::new(false) }))
    }

    async fn before(self, tenant: &Value) -> Server {
        let script = script(None, &json!({}));
        gated(tenant, script, move |_| self.act()).await
    }

    fn act(&self) -> Act {
        let n = self.0.answers.fetch_add(1, Ordering::Relaxed);
        let damage = self.0.damage.iter().find(|(at, ..)| *at == n).filter(|_| !self.0.is_mended.load(Ordering::Relaxed));
        let seed = self.0.seed.wrapping_mul(31).wrapping_add(n.try_into().unwrap());
        damage.map_or(Act::Pass, |(_, _, kind)| kind(&mut Rng::with_seed(seed)))
    }

    fn mend(&self) {
        self.0.is_mended.store(true, Ordering::Relaxed);
    }

    fn told(&self, wrong: &str) -> String {
        let damage: Vec<_> = self.0.damage.iter().map(|(at, name, _)| format!("{name} at {at}")).collect();
        let wrong: String = wrong.chars().take(700).collect();
        format!("seed {}, {}: {wrong}", self.0.seed, damage.join(", "))
    }
}

/// How one run ended.
struct Outcome {
    /// Whether it got over the damage.
    is_through: bool,
    wrong: Vec<String>,
}

impl Outcome {
    fn endless(wire: &Wire) -> Self {
        Self { is_through: false, wrong: vec![wire.told("it does not end")] }
    }
}

/// Runs so many seeds, and tells all that went wrong.
async fn run_seeds<F: Future<Output = Outcome>>(few: u32, run: impl Fn(u64) -> F) {
    let count = cases(few).clamp(few, MOST);
    let outcomes: Vec<Outcome> = stream::iter(0..u64::from(count)).map(run).buffer_unordered(AT_ONCE).collect().await;
    let through = outcomes.iter().filter(|outcome| outcome.is_through).count();
    assert!(0 < through && through < outcomes.len(), "{through} of {count} came through: nothing is damaged, or everything");
    let wrong: Vec<String> = outcomes.into_iter().flat_map(|outcome| outcome.wrong).collect();
    assert!(wrong.is_empty(), "{} faults in {count} runs:\n{}", wrong.len(), wrong.join("\n"));
}

/// Reads a tenant through the wire, in small pages.
async fn read(seed: u64, kinds: &[(&'static str, Damage)], calm: &Calm) -> Outcome {
    let wire = Wire::new(seed, kinds, 12);
    let server = wire.clone().before(&calm.ready.tenant).await;
    let client = server.client_with_pages(4);
    let Ok(read) = tokio::time::timeout(PATIENT, client.read_tenant()).await else {
        return Outcome::endless(&wire);
    };
    wire.mend();
    let whole = client.read_tenant().await.unwrap();
    let is_through = read.is_ok();
    let wrong = match read {
        Ok(read) if (ObservedTenant { taken_at: whole.taken_at.clone(), ..read.clone() }) != whole => {
            vec![wire.told(&format!("reads something else: {read:?}"))]
        }
        Ok(_) | Err(DirectoryError::Unreachable(_) | DirectoryError::Denied(_) | DirectoryError::Unusable(_)) => Vec::new(),
        Err(error) => vec![wire.told(&format!("takes it for something else: {error:?}"))],
    };
    Outcome { is_through, wrong }
}

/// Applies a plan through the wire, and once more when it is mended.
async fn apply(seed: u64, kinds: &[(&'static str, Damage)], calm: &Calm, end: CheckEnd) -> Outcome {
    let wire = Wire::new(seed, kinds, calm.requests.len() + 3);
    let site = Site::at(&calm.ready, Arc::new(wire.clone().before(&calm.ready.tenant).await));
    let before = site.image().await;
    let Some(ended) = site.apply(PATIENT).await else { return Outcome::endless(&wire) };
    wire.mend();
    let mut wrong = end(&ended, &before, &site.image().await, &calm.end);
    wrong.extend(calm.aftermath(&site, &ended, &json!({})).await);
    Outcome { is_through: is_complete(&ended), wrong: wrong.iter().map(|wrong| wire.told(wrong)).collect() }
}

/// What may be wrong with the end of a run.
type CheckEnd = fn(&Ended, &Image, &Image, &Image) -> Vec<String>;

fn one_of(calm: &[Calm], seed: u64) -> &Calm {
    &calm[usize::try_from(seed).unwrap() % calm.len()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_read_as_it_is_or_not_at_all() {
    let calm = calm_runs().await;
    run_seeds(20, async |seed| read(seed, &PLAIN, one_of(calm, seed)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_answer_changes_nothing_of_the_end() {
    let calm = calm_runs().await;
    run_seeds(20, async |seed| apply(seed, &PLAIN, one_of(calm, seed), check::end).await).await;
}

/// A run that is lied to may say that all is done, or that nothing is.
#[tokio::test(flavor = "multi_thread")]
async fn a_lie_of_the_wire_leads_to_no_write_that_was_not_planned() {
    let calm = calm_runs().await;
    run_seeds(20, async |seed| apply(seed, &LIES, one_of(calm, seed), |_, _, _, _| Vec::new()).await).await;
}
