//! What is read whole however little of the tenant a plan needs, in as few requests as possible.

use crate::directory::ports::DirectoryError;
use crate::model::ObservedTenant;

use super::call::Version;
use super::client::Client;
use super::organization::{count_users, counted};
use super::rights::READ_ORGANIZATION;
use super::{grants, organization};

/// Organisation, domains, switches, roles with the groups that hold them, and how many live users there are.
pub(super) async fn read(client: &Client) -> Result<(ObservedTenant, u64), DirectoryError> {
    let (about, roles) = (organization::calls(), grants::calls());
    let ([of_organization, of_domains, of_switches], [of_assigned, of_eligible]) = (about.clone(), roles.clone());
    let calls = [of_organization, of_domains, of_switches, of_assigned, of_eligible, count_users()];
    let listed = client.each(Version::V1, &calls).await.map_err(|error| error.of_read(READ_ORGANIZATION))?;
    let [organization, domains, switches, assigned, eligible, count] = listed;
    let mut tenant = organization::take(&about, [organization, domains, switches])?;
    grants::take(client, &roles, [assigned, eligible]).await?.add_to(&mut tenant);
    Ok((tenant, counted(count)?))
}

/// Only which tenant it is.
pub(super) async fn identity(client: &Client) -> Result<ObservedTenant, DirectoryError> {
    let about = organization::calls();
    let listed = client.each(Version::V1, &about).await.map_err(|error| error.of_read(READ_ORGANIZATION))?;
    organization::take(&about, listed)
}
