//! Reading the tenant.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use crate::cli::args::Read;
use crate::cli::directories::{drawn, on_another_thread};
use crate::cli::failure::Failure;
use crate::cli::live;
use crate::cli::terminal::Terminal;
use crate::config::{Config, GraphTenant as Source, TenantSource};
use crate::directory::entra::graph::{GraphTenant, cost};
use crate::directory::exports;
use crate::model::questions::CloudQuestion;
use crate::model::{CloudKey, Mapping, ObservedTenant};

/// A live tenant that can be asked for more.
pub(super) struct LiveTenant {
    graph: GraphTenant,
    /// Whether only a part of it is read.
    is_part: bool,
}

/// Reads what is read in any case.
pub(super) async fn begin(
    config: &Config,
    extent: Read,
    terminal: Terminal,
) -> Result<(ObservedTenant, Option<LiveTenant>), Failure> {
    match &config.tenant {
        TenantSource::Snapshot(path) => {
            terminal.log(1, &format!("reading the tenant from {}", path.display()));
            let path = path.clone();
            let tenant =
                on_another_thread(move || exports::read_tenant(&path)).await?.map_err(|faults| drawn(faults, terminal))?;
            Ok((tenant, None))
        }
        TenantSource::Graph(source) => {
            let (tenant, live) = begin_live(source, &config.desired.mappings, extent, terminal).await?;
            Ok((tenant, Some(live)))
        }
    }
}

async fn begin_live(
    source: &Source,
    mappings: &[Mapping],
    extent: Read,
    terminal: Terminal,
) -> Result<(ObservedTenant, LiveTenant), Failure> {
    let graph = live::tenant(source, terminal, CancellationToken::new())?;
    let names: Vec<&str> = mappings.iter().filter_map(sign_in_name).collect();
    let mappings = mappings.len();
    let frame = graph.read_frame(mappings, &names).await?;
    if let Some(message) = live::wrong_tenant(source, &frame.tenant) {
        return Err(Failure::input(message).hint("Sign in to the right tenant, or correct `tenantId`."));
    }
    let users = frame.tenant.live_users.unwrap_or_default();
    let is_part = match extent {
        Read::Auto => cost::of_looking_up(mappings) < cost::of_listing(users),
        Read::Needed => true,
        Read::Everything | Read::Identifiers => false,
    };
    let tenant = if is_part {
        terminal.log(1, &format!("the tenant has {users} users: looking up only what {mappings} mappings need"));
        graph.add_bin(frame).await?
    } else {
        terminal.log(1, &format!("the tenant has {users} users: listing everything once"));
        // Where reading the targets again one by one takes longer than one more list, the list brings all facts.
        let touches_many = cost::of_reading(mappings) > cost::of_listing(users);
        graph.add_everything(frame, touches_many || extent == Read::Identifiers).await?
    };
    Ok((tenant, LiveTenant { graph, is_part }))
}

/// The cloud account's name, where that is what it is called by.
fn sign_in_name(mapping: &Mapping) -> Option<&str> {
    match &mapping.cloud.key {
        CloudKey::Upn(name) => Some(name.as_str()),
        CloudKey::Id(_) | CloudKey::Mail(_) | CloudKey::EmployeeId(_) => None,
    }
}

impl LiveTenant {
    /// Adds what answers these questions and is not known yet.
    pub(super) async fn answer(&self, tenant: &mut ObservedTenant, open: &BTreeSet<CloudQuestion>) -> Result<(), Failure> {
        let is_due = |question: &&CloudQuestion| self.is_part || matches!(question, CloudQuestion::Details(_));
        let due: BTreeSet<CloudQuestion> = open.iter().filter(is_due).cloned().collect();
        if !due.is_empty() {
            self.graph.answer(tenant, &due).await?;
        }
        Ok(())
    }
}
