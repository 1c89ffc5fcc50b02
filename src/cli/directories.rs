//! From the configuration to the directories: the right adapter for every source.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::apply::Directories;
use crate::config::{Config, ForestSource, LdapForest, SourceTexts, TenantSource, render_diagnostics};
use crate::diag::Diagnostics;
use crate::directory::ports::{ForestWriter, TenantWriter};
use crate::directory::text::words;
use crate::directory::{exports, open};
use crate::model::{AnchorMode, ObservedForest};

use super::exit::Exit;
use super::failure::Failure;
use super::live;
use super::surroundings;
use super::terminal::Terminal;

/// Opens the directories for `apply`; `cancel` ends long waits.
pub(super) fn open_for_writing(config: &Config, terminal: Terminal, cancel: CancellationToken) -> Result<Directories, Failure> {
    let clock = Arc::new(surroundings::now);
    let tenant: Arc<dyn TenantWriter> = match &config.tenant {
        TenantSource::Snapshot(path) => open::snapshot(path, clock).map_err(|faults| drawn(faults, terminal))?,
        TenantSource::Graph(source) => Arc::new(live::tenant(source, terminal, cancel)?),
    };
    let mut forests: BTreeMap<String, Arc<dyn ForestWriter>> = BTreeMap::new();
    for (name, source, anchor) in sources(config) {
        let forest = match source {
            ForestSource::Ldif(path) => open::ldif(path, name, anchor),
            ForestSource::Csv(path) => open::csv(path, name, anchor),
            ForestSource::Ldap(source) => {
                forests.insert(name.to_owned(), Arc::new(live::forest(name, source, anchor, config, terminal)?));
                continue;
            }
        };
        forests.insert(name.to_owned(), forest.map_err(|faults| drawn(faults, terminal))?);
    }
    Ok(Directories { tenant, forests })
}

pub(super) fn sources(config: &Config) -> impl Iterator<Item = (&str, &ForestSource, &AnchorMode)> {
    config.forests.iter().filter_map(|(name, source)| {
        let spec = config.desired.forests.iter().find(|spec| spec.name == *name)?;
        Some((&**name, source, &spec.anchor))
    })
}

/// A forest, as far as its source gives it at once.
pub(super) enum Opened<'a> {
    Export(ObservedForest),
    /// One that has to be asked.
    Live(&'a LdapForest),
}

type ReadExport = fn(&Path, &str, &AnchorMode) -> Result<ObservedForest, Diagnostics>;

/// Reads a forest that was exported to a file.
pub(super) async fn open_for_reading<'a>(
    name: &str,
    source: &'a ForestSource,
    anchor: &AnchorMode,
    terminal: Terminal,
) -> Result<Opened<'a>, Failure> {
    let (path, read): (_, ReadExport) = match source {
        ForestSource::Ldif(path) => (path, exports::read_ldif),
        ForestSource::Csv(path) => (path, exports::read_forest_csv),
        ForestSource::Ldap(source) => return Ok(Opened::Live(source)),
    };
    let owned = (path.clone(), name.to_owned(), anchor.clone());
    let forest = on_another_thread(move || read(&owned.0, &owned.1, &owned.2)).await?;
    terminal.log(1, &format!("read the forest {name} from {}", path.display()));
    forest.map(Opened::Export).map_err(|faults| drawn(faults, terminal))
}

/// Reads a file while others are read, too.
pub(super) async fn on_another_thread<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(read).await.map_err(|cause| Failure::new(Exit::Unexpected, cause.to_string()))
}

pub(super) fn drawn(faults: Diagnostics, terminal: Terminal) -> Failure {
    let faults = faults.sorted();
    let text = render_diagnostics(&faults, &SourceTexts::default(), terminal.width_of_messages(), terminal.colours_messages());
    Failure::drawn(text, faults)
}

/// Runs what waits for directories.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime()?.block_on(work)
}

/// What waits for directories.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    let runtime = may_open_files().and_then(|()| Builder::new_multi_thread().worker_threads(2).enable_all().build());
    let words = |error| format!("the program cannot begin to read or write: {}", words(&error));
    runtime.map_err(|error| Failure::input(words(error)).hint(MORE_FILES))
}

const MORE_FILES: &str = "Let it open more files and start more threads: `ulimit -n` and `ulimit -u` show and set how many.";

/// The runtime opens some files as it begins, and where it may not it panics.
#[cfg(unix)]
fn may_open_files() -> io::Result<()> {
    let pairs: io::Result<Vec<_>> = (0..4).map(|_| std::os::unix::net::UnixStream::pair()).collect();
    pairs.map(drop)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on unix")]
fn may_open_files() -> io::Result<()> {
    Ok(())
}
