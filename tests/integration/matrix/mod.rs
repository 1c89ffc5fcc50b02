//! Every fault at every request of every kind of action: the plan is carried out all the same, or the run stops cleanly and
//! the next one finishes it.
//!
//! That is some thirty thousand cells: a few are tried on every change, all of them by `tests/hostile`.

mod check;
mod damage;
#[cfg(target_os = "linux")]
mod domain;
mod fault;
#[cfg(target_os = "linux")]
mod kills;
mod site;
mod soak;
mod wire;
mod world;

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use hardmatch::apply::{ApplyError, ExitKind, RunReport};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use check::Write;
use fault::{Fault, faults, script};
use site::{Image, Site};
use world::{RECIPES, Ready};

/// How many cells are under way at a time.
const AT_ONCE: usize = 8;
/// How long an answer may take.
const PATIENT: Duration = Duration::from_secs(60);
const IMPATIENT: Duration = Duration::from_millis(200);

/// An undisturbed run: what it asks for, what it writes, and how it ends.
struct Calm {
    ready: Ready,
    /// How it begins.
    begin: Image,
    /// The plan that undoes it.
    way_back: Option<Ready>,
    /// What the requests ask for.
    requests: Vec<String>,
    /// The same of the parts of batches.
    parts: Vec<String>,
    writes: Vec<Write>,
    end: Image,
}

/// One cell of the matrix.
struct Cell<'a> {
    calm: &'a Calm,
    fault: Option<(Fault, Place)>,
    /// How late readers are.
    lag: Value,
}

/// Where a fault happens: at which request, or part of a batch, from 1.
#[derive(Debug, Clone, Copy)]
struct Place {
    n: usize,
    in_batch: bool,
}

impl Calm {
    async fn run(ready: Ready) -> Self {
        let site = Site::new(&ready, script(None, &json!({}))).await;
        let begin = site.image().await;
        let ended = site.apply(PATIENT).await.unwrap().unwrap();
        assert_eq!(ended.exit_kind(), ExitKind::Complete, "{}: {ended:?}", ready.name);
        let (log, end) = (site.log().await, site.image().await);
        let what = |entry: &Value, path: &str| format!("{} {}", entry["method"].as_str().unwrap(), entry[path].as_str().unwrap());
        let parts = log.iter().filter_map(|entry| entry["body"]["requests"].as_array()).flatten();
        let parts = parts.map(|part| what(part, "url")).collect();
        let requests = log.iter().map(|entry| what(entry, "path")).collect();
        let way_back = if ready.body.rollback_of.is_none() { site.way_back().await } else { None };
        drop(site);
        Self { begin, way_back, requests, parts, writes: check::writes(&log), end, ready }
    }

    /// Every fault everywhere, with readers that are on time and with late ones.
    fn cells(&self) -> Vec<Cell<'_>> {
        let places = [(self.requests.len(), false), (self.parts.len(), true)];
        let places = places.into_iter().flat_map(|(count, in_batch)| (1..=count).map(move |n| Place { n, in_batch }));
        let lags = fault::lags();
        let (on_time, late) = (json!({}), lags[0].clone());
        let mut cells: Vec<Cell<'_>> = lags.into_iter().map(|lag| Cell { calm: self, fault: None, lag }).collect();
        for (place, fault) in places.flat_map(|place| faults().into_iter().map(move |fault| (place, fault))) {
            for lag in [&on_time, &late] {
                cells.push(Cell { calm: self, fault: Some((fault.clone(), place)), lag: lag.clone() });
            }
        }
        cells
    }

    /// What is wrong after a run that was disturbed and is not any more: with the next run, which has to finish it, and with the
    /// traces of both.
    async fn aftermath(&self, site: &Site<'_>, ended: &Ended, lag: &Value) -> Vec<String> {
        let mut wrong: Vec<String> = finish(site, lag).await.map(|why| format!("{why}, after {ended:?}")).into_iter().collect();
        if site.image().await != self.end {
            wrong.push(format!("ends elsewhere after {ended:?}"));
        }
        wrong.extend(self.traces(site).await);
        wrong
    }

    /// What the log of the server, the journal and the backups tell.
    async fn traces(&self, site: &Site<'_>) -> Vec<String> {
        let log = site.log().await;
        let mut wrong = check::strange_writes(&log, &self.writes);
        wrong.extend(check::repeated_deletions(&log, &self.writes));
        match site.journal() {
            Err(error) => wrong.push(error),
            Ok(journal) => {
                wrong.extend(check::backups(site, &journal));
                if journal.history(&site.ready.digest).open_run().is_some() {
                    wrong.push("the journal stands open".to_owned());
                }
            }
        }
        wrong
    }

    fn asked(&self, place: Place) -> &str {
        let asked = if place.in_batch { &self.parts } else { &self.requests };
        asked[place.n - 1].split('?').next().unwrap_or_default()
    }
}

impl Cell<'_> {
    fn name(&self) -> String {
        let fault = self
            .fault
            .as_ref()
            .map_or("nothing".to_owned(), |(fault, place)| format!("{} at {place:?} ({})", fault.name, self.calm.asked(*place)));
        format!("{}: {fault}, late {}", self.calm.ready.name, self.lag)
    }

    /// Whether the run has to get over it.
    fn rides(&self) -> bool {
        self.fault.as_ref().is_none_or(|(fault, _)| fault.rides && self.is_on_time())
    }

    fn is_on_time(&self) -> bool {
        self.lag == json!({})
    }

    /// The same in lines that say which cell it was.
    async fn told(&self) -> Vec<String> {
        let told = |wrong: String| format!("{}: {}", self.name(), wrong.chars().take(600).collect::<String>());
        self.run().await.into_iter().map(told).collect()
    }

    /// What is wrong in the end; nothing, if all goes well.
    async fn run(&self) -> Vec<String> {
        let rule = self.fault.as_ref().map(|(fault, place)| fault.rule(place.n, place.in_batch));
        let site = Site::new(&self.calm.ready, script(rule, &self.lag)).await;
        let before = site.image().await;
        let is_slow = self.fault.as_ref().is_some_and(|(fault, _)| fault.is_slow());
        let Some(ended) = site.apply(if is_slow { IMPATIENT } else { PATIENT }).await else {
            return vec!["it does not end".to_owned()];
        };
        site.calm(&self.lag).await;
        let mut wrong = check::end(&ended, &before, &site.image().await, &self.calm.end);
        wrong.extend(self.calm.aftermath(&site, &ended, &self.lag).await);
        if self.rides() && !is_complete(&ended) {
            wrong.push(format!("stopped by a fault that passes: {ended:?}"));
        }
        wrong
    }
}

/// Goes on until everything is done, and says what if it cannot be. A finished plan that is applied once more at once may be
/// taken for stale by late readers.
async fn finish(site: &Site<'_>, lag: &Value) -> Option<String> {
    let mut last = None;
    for _ in 0..if lag == &json!({}) { 1 } else { 3 } {
        match site.apply(PATIENT).await {
            Some(again) if is_complete(&again) => return None,
            other => last = Some(format!("the next run does not finish it: {other:?}")),
        }
    }
    last
}

/// How a run ended.
type Ended = Result<RunReport, ApplyError>;

fn is_complete(ended: &Ended) -> bool {
    ended.as_ref().is_ok_and(|report| report.exit_kind() == ExitKind::Complete)
}

/// Planned and run once for all tests.
async fn calm_runs() -> &'static [Calm] {
    static RUNS: OnceCell<Vec<Calm>> = OnceCell::const_new();
    let run = async || {
        let plans = tokio::task::spawn_blocking(|| RECIPES.iter().map(world::plan).collect::<Vec<_>>()).await.unwrap();
        let mut runs: Vec<Calm> = stream::iter(plans).then(Calm::run).collect().await;
        let back: Vec<Ready> = runs.iter_mut().filter_map(|calm| calm.way_back.take()).collect();
        runs.extend(stream::iter(back).then(Calm::run).collect::<Vec<_>>().await);
        runs
    };
    RUNS.get_or_init(run).await
}

/// Runs so many of the cells, chosen by lot but always the same ones, and tells everything that went wrong.
async fn run_some(mut cells: Vec<Cell<'_>>, few: u32) {
    fastrand::Rng::with_seed(7).shuffle(&mut cells);
    cells.truncate(crate::common::cases(few).try_into().unwrap());
    let count = cells.len();
    let wrong: Vec<String> =
        stream::iter(cells.iter().map(Cell::told)).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.concat();
    assert!(wrong.is_empty(), "{} faults in {count} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// Over HTTP every fact of an account is asked for, and the way back relies on others than the way there.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_leads_back() {
    let (there, back): (Vec<&Calm>, Vec<&Calm>) =
        calm_runs().await.iter().partition(|calm| calm.ready.body.rollback_of.is_none());
    let whole = there.iter().filter_map(|calm| {
        let way = back.iter().find(|back| back.ready.name == format!("the way back of {}", calm.ready.name))?;
        let is_whole = way.ready.body.findings.is_empty();
        assert!(!is_whole || way.end == calm.begin, "{}", way.ready.name);
        is_whole.then_some(calm.ready.name.as_str())
    });
    assert_eq!(whole.collect::<Vec<_>>(), ["link", "swap", "clear of a deleted one", "restore", "stamp"]);
}

/// The lock keeps them apart in one folder; in two, each finds out what the other did.
#[tokio::test(flavor = "multi_thread")]
async fn two_that_apply_the_same_plan_write_nothing_twice() {
    for calm in calm_runs().await {
        let one = Site::new(&calm.ready, script(None, &json!({}))).await;
        let other = one.elsewhere();
        let (first, second) = tokio::join!(one.apply(PATIENT), other.apply(PATIENT));
        for (site, ended) in [(&one, first), (&other, second)] {
            assert!(ended.is_some(), "{}: it does not end", calm.ready.name);
            let again = site.apply(PATIENT).await.unwrap();
            assert!(is_complete(&again), "{}: {again:?} after {ended:?}", calm.ready.name);
        }
        assert_eq!(one.image().await, calm.end);
        let log = one.log().await;
        let wrong = [check::strange_writes(&log, &calm.writes), check::repeated_deletions(&log, &calm.writes)].concat();
        assert!(wrong.is_empty(), "{}: {wrong:?}", calm.ready.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_anywhere_changes_nothing_of_the_end() {
    run_some(calm_runs().await.iter().flat_map(Calm::cells).collect(), 25).await;
}
