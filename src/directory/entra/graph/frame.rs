//! What is read whole however little of the tenant a plan needs, in as few requests as possible.

use crate::directory::ports::DirectoryError;
use crate::model::ObservedTenant;

use super::bin;
use super::call::Version;
use super::client::Client;
use super::everybody::{count_beginnings, count_ranges};
use super::grants::{self, Held};
use super::organization::{self, count_users, counted};
use super::ranges::Split;
use super::rights::READ_ORGANIZATION;

/// The tenant without users, roles and other objects, and what is known of those.
pub struct Frame {
    /// Organisation, domains, switches, and how many live users there are.
    pub tenant: ObservedTenant,
    pub(super) held: Held,
    pub(super) split: Split,
    /// How many accounts are in the recycle bin, where Graph says so.
    pub(super) deleted: Option<u64>,
}

/// Organisation, domains, switches, who holds roles, and how many live users there are. Where there are at least so many
/// that they will be read side by side, how their names begin is counted on the way; `names` are some of them.
pub(super) async fn read(client: &Client, at_least: u64, names: &[&str]) -> Result<Frame, DirectoryError> {
    let (about, roles) = (organization::calls(), grants::calls());
    let ([of_organization, of_domains, of_switches], [of_assigned, of_eligible]) = (about.clone(), roles.clone());
    let calls = [of_organization, of_domains, of_switches, of_assigned, of_eligible, count_users(), bin::count()];
    let foreseen = Split::foresee(names, client.page_size);
    let beginnings = if foreseen.is_empty() { Split::new(at_least, client.page_size).too_long() } else { Vec::new() };
    let (listed, definitions, counts, of_foreseen) = tokio::join!(
        client.each(Version::V1, &calls),
        grants::definitions(client),
        count_beginnings(client, &beginnings),
        count_ranges(client, &foreseen),
    );
    let [organization, domains, switches, assigned, eligible, count, deleted] =
        listed.map_err(|error| error.of_read(READ_ORGANIZATION))?;
    let tenant = organization::take(&about, [organization, domains, switches])?;
    let held = grants::take(&roles, [assigned, eligible], definitions)?;
    let live_users = counted(count)?;
    let mut split = Split::new(live_users, client.page_size);
    for (beginning, counted) in counts? {
        split.cut(&beginning, counted);
    }
    split.settle(foreseen, &of_foreseen);
    Ok(Frame { tenant: ObservedTenant { live_users: Some(live_users), ..tenant }, held, split, deleted: bin::counted(deleted) })
}

/// Only which tenant it is, and its switches.
pub(super) async fn identity(client: &Client) -> Result<ObservedTenant, DirectoryError> {
    let about = organization::calls();
    let listed = client.each(Version::V1, &about).await.map_err(|error| error.of_read(READ_ORGANIZATION))?;
    organization::take(&about, listed)
}
