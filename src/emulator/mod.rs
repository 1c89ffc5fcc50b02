//! Microsoft Graph for rehearsals: the tenant model behind HTTP, on the loopback interface only.
//!
//! It behaves as Microsoft describes the API, and where sources disagree it has a switch ([`script::Switches`]). A fault
//! script makes it as unreliable as the real thing. Read [`engine`] first: a request in, an answer out, no socket in sight.
//!
//! | module | what lives there |
//! |---|---|
//! | [`server`] | sockets: reads a request, waits, resets, writes the answer |
//! | [`engine`] | the order of things: fault script, token, quota, route, log |
//! | [`world`] | the tenant: the snapshot's JSON and the model side by side, and what readers do not see yet |
//! | [`routes`] | paths to handlers: `users`, `deleted_items`, `batch`, `roles`, `directory`, `synchronization`, `audit` |
//! | [`odata`] | queries: `$select`, `$filter`, paging, and what needs `ConsistencyLevel: eventual` |
//! | [`schema`] | the properties of each type: kind, who may write it, which filters work |
//! | [`token`] | sign-in; [`access`] what a caller may do; [`quota`] throttling |
//! | [`control`] | `/__emulator/…`: snapshot, sync cycle, script, log, clock |

mod access;
mod audit;
mod batch;
mod by_ids;
mod call;
mod clock;
mod control;
mod deleted_items;
mod directory;
mod engine;
mod errors;
mod faults;
mod forests;
pub mod help;
mod lag;
mod licenses;
mod log;
mod metadata;
mod names;
mod odata;
mod quota;
mod rank;
mod roles;
mod routes;
mod schema;
mod scope;
pub mod script;
mod server;
mod synchronization;
mod token;
mod users;
mod world;

use std::path::PathBuf;

use crate::model::{AnchorMode, DistinguishedName};

pub use server::{Emulator, StartError};

/// What to serve, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The tenant snapshot. It is read once and never written.
    pub tenant: PathBuf,
    /// The forests that a sync cycle exports, as LDIF; read again for every cycle.
    pub forests: Vec<PathBuf>,
    /// Containers whose users the sync client leaves out. Who moves there is deleted in the next cycle.
    pub out_of_scope: Vec<DistinguishedName>,
    /// Where the sync client takes the source anchor from.
    pub anchor: AnchorMode,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The fault script.
    pub faults: Option<PathBuf>,
    /// Where each request is written down as a line of JSON.
    pub log: Option<PathBuf>,
    /// Demand what Microsoft's pages demand, even where the service is known to be lenient.
    pub strict: bool,
    /// What links in answers begin with, when clients come through a proxy.
    pub public_url: Option<String>,
    /// The most entries that a page holds, whatever `$top` says.
    pub page_size: Option<usize>,
}
