//! From the configuration to the directories: the right adapter for every source.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::apply::Directories;
use crate::config::{self, Config, ForestSource, SourceTexts, TenantSource, render_diagnostics};
use crate::diag::Diagnostics;
use crate::directory::ports::{ForestReader, ForestWriter, TenantWriter};
use crate::directory::{exports, open};
use crate::model::{AnchorMode, Observed, ObservedForest, ObservedTenant};

use super::failure::Failure;
use super::live;
use super::surroundings;
use super::terminal::Terminal;

/// Reads everything that planning needs. What is wrong with one directory does not hide what is wrong with the next.
pub(super) fn read(config: &Config, terminal: Terminal) -> Result<Observed, Failure> {
    let tenant = read_tenant(&config.tenant, terminal);
    let forests: Vec<Result<ObservedForest, Failure>> =
        sources(config).map(|(name, source, anchor)| read_forest(name, source, anchor, config, terminal)).collect();
    let mut failures: Vec<Failure> = Vec::new();
    let tenant = tenant.map_err(|failure| failures.push(failure)).unwrap_or_default();
    let forests = forests.into_iter().filter_map(|forest| forest.map_err(|failure| failures.push(failure)).ok()).collect();
    match join(failures) {
        Some(failure) => Err(failure),
        None => Ok(Observed { forests, tenant }),
    }
}

/// Opens the directories for `apply`.
pub(super) fn open_for_writing(config: &Config, terminal: Terminal) -> Result<Directories, Failure> {
    let clock = Arc::new(surroundings::now);
    let tenant: Arc<dyn TenantWriter> = match &config.tenant {
        TenantSource::Snapshot(path) => open::snapshot(path, clock).map_err(|faults| drawn(faults, terminal))?,
        TenantSource::Graph(source) => Arc::new(live::tenant(source, terminal)?),
    };
    let mut forests: BTreeMap<String, Arc<dyn ForestWriter>> = BTreeMap::new();
    for (name, source, anchor) in sources(config) {
        let forest = match source {
            ForestSource::Ldif(path) => open::ldif(path, name, anchor),
            ForestSource::Csv(path) => open::csv(path, name, anchor),
            ForestSource::Ldap(source) => {
                forests.insert(name.to_owned(), Arc::new(live::forest(name, source, anchor, config)?));
                continue;
            }
        };
        forests.insert(name.to_owned(), forest.map_err(|faults| drawn(faults, terminal))?);
    }
    Ok(Directories { tenant, forests })
}

fn sources(config: &Config) -> impl Iterator<Item = (&str, &ForestSource, &AnchorMode)> {
    config.forests.iter().filter_map(|(name, source)| {
        let spec = config.desired.forests.iter().find(|spec| spec.name == *name)?;
        Some((&**name, source, &spec.anchor))
    })
}

fn read_tenant(source: &TenantSource, terminal: Terminal) -> Result<ObservedTenant, Failure> {
    match source {
        TenantSource::Snapshot(path) => {
            terminal.log(1, &format!("reading the tenant from {}", path.display()));
            exports::read_tenant(path).map_err(|faults| drawn(faults, terminal))
        }
        TenantSource::Graph(source) => {
            terminal.log(1, "listing the tenant");
            let tenant = live::tenant(source, terminal)?;
            let found = block_on(async { Ok(tenant.read_lists().await?) })?;
            match live::wrong_tenant(source, &found) {
                Some(message) => Err(Failure::input(message).hint("Sign in to the right tenant, or correct `tenantId`.")),
                None => Ok(found),
            }
        }
    }
}

pub(super) fn read_forest(
    name: &str,
    source: &ForestSource,
    anchor: &AnchorMode,
    config: &Config,
    terminal: Terminal,
) -> Result<ObservedForest, Failure> {
    let (path, forest) = match source {
        ForestSource::Ldif(path) => (path, exports::read_ldif(path, name, anchor)),
        ForestSource::Csv(path) => (path, exports::read_forest_csv(path, name, anchor)),
        ForestSource::Ldap(source) => return read_live_forest(name, source, anchor, config, terminal),
    };
    terminal.log(1, &format!("read the forest {name} from {}", path.display()));
    forest.map_err(|faults| drawn(faults, terminal))
}

fn read_live_forest(
    name: &str,
    source: &config::LdapForest,
    anchor: &AnchorMode,
    config: &Config,
    terminal: Terminal,
) -> Result<ObservedForest, Failure> {
    terminal.log(1, &format!("reading the forest {name} from {}", source.url));
    let forest = live::forest(name, source, anchor, config)?;
    let read = block_on(async {
        let read = forest.read_forest().await;
        forest.close().await;
        Ok(read?)
    });
    let forest = read.map_err(|failure| live::in_forest(name, failure))?;
    terminal.log(1, &format!("read {} users of the forest {name}", forest.users.len()));
    Ok(forest)
}

pub(super) fn drawn(faults: Diagnostics, terminal: Terminal) -> Failure {
    let text =
        render_diagnostics(&faults.sorted(), &SourceTexts::default(), terminal.width_of_messages(), terminal.colours_messages());
    Failure::drawn(text)
}

fn join(failures: Vec<Failure>) -> Option<Failure> {
    failures.into_iter().reduce(|mut first, next| {
        first.message = format!("{}\n\n{}", first.message.trim_end(), next.message.trim_end());
        first.hints.extend(next.hints);
        first
    })
}

/// Runs what waits for directories.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(work)
}
