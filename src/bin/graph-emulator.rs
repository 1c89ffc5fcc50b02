//! Serves a tenant snapshot as Microsoft Graph would, on the loopback interface: for tests and rehearsals.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use hardmatch::emulator::{Emulator, Options, StartError, help};
use hardmatch::model::{AnchorMode, DistinguishedName};

/// As that of hardmatch: snapshots are millions of small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serve a tenant snapshot as Microsoft Graph would, on 127.0.0.1 only
///
/// Prints one line of JSON when it is ready, {"endpoint": …, "authority": …, "token": …}, and serves until it gets SIGINT
/// or SIGTERM. The snapshot is read once and never written.
#[derive(Debug, Parser)]
#[command(name = "graph-emulator", version, after_long_help = help::SCRIPT)]
struct Arguments {
    /// Tenant snapshot, as `hardmatch snapshot` writes it
    #[arg(long, value_name = "FILE")]
    tenant: PathBuf,
    /// Forest for sync cycles, as LDIF; can be given more than once, and is read again for each cycle
    #[arg(long, value_name = "FILE.ldif")]
    forest: Vec<PathBuf>,
    /// Container whose users are not synced; can be given more than once. Who moves there is deleted in the next cycle
    #[arg(long, value_name = "DN")]
    out_of_scope: Vec<DistinguishedName>,
    /// Source anchor of the sync client: consistencyGuid, objectGuid, or the LDAP name of another attribute
    #[arg(long, value_name = "ANCHOR", default_value = "consistencyGuid", value_parser = anchor)]
    anchor: AnchorMode,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Fault script (see below)
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Write a line of JSON for each request: time, atMs (milliseconds since the start), method, path, body, status, requestId
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Demand what Microsoft's pages demand, even where the service is known to be lenient
    #[arg(long)]
    strict: bool,
    /// What links in answers begin with, when clients come through a proxy
    #[arg(long, value_name = "URL", value_parser = url)]
    public_url: Option<String>,
    /// The most entries of a page, whatever $top says
    #[arg(long, value_name = "N", value_parser = page_size)]
    page_size: Option<usize>,
}

#[expect(clippy::unnecessary_wraps, reason = "clap asks for a result")]
fn anchor(text: &str) -> Result<AnchorMode, String> {
    Ok(match text {
        "consistencyGuid" => AnchorMode::ConsistencyGuid,
        "objectGuid" => AnchorMode::ObjectGuid,
        name => AnchorMode::Attribute(name.into()),
    })
}

fn url(text: &str) -> Result<String, String> {
    let is_url = text.starts_with("http://") || text.starts_with("https://");
    if is_url { Ok(text.to_owned()) } else { Err("it has to begin with http:// or https://".to_owned()) }
}

fn page_size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|size| (1..=999).contains(size)).ok_or_else(|| "it has to be between 1 and 999".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done if even this cannot be written.
            writeln!(std::io::stderr(), "error: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let emulator = Emulator::bind(&options(arguments)).await.map_err(explained)?;
    let end = end_signal().context("cannot wait for signals")?;
    writeln!(std::io::stdout(), "{}", emulator.ready_line()).context("cannot say that it is ready")?;
    std::io::stdout().flush().context("cannot say that it is ready")?;
    emulator.serve(end).await.context("the listener failed")
}

fn options(arguments: Arguments) -> Options {
    Options {
        tenant: arguments.tenant,
        forests: arguments.forest,
        out_of_scope: arguments.out_of_scope,
        anchor: arguments.anchor,
        port: arguments.port,
        faults: arguments.faults,
        log: arguments.log,
        strict: arguments.strict,
        public_url: arguments.public_url,
        page_size: arguments.page_size,
    }
}

/// All that is wrong with an input, one problem a line.
fn explained(error: StartError) -> anyhow::Error {
    match error {
        StartError::Input(problems) => {
            let lines: Vec<String> = problems.sorted().iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", lines.join("\nerror: "))
        }
        StartError::Listen(..) | StartError::Log(_) => error.into(),
    }
}

#[cfg(unix)]
fn end_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn end_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        // Without a way to be told, it serves until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
