//! The way back, held against the tenant as it stands: what Entra would refuse is left out before anybody approves it.

use std::collections::BTreeMap;

use crate::apply::facts::Current;
use crate::apply::journal::History;
use crate::directory::ports::{DirectoryError, TenantReader};
use crate::model::Policy;
use crate::plan::action::ActionId;
use crate::plan::body::Body;
use crate::tenant_model::Change;

use super::rollback;

/// Inverses that would be refused, each with the reason.
pub(super) type Refused = BTreeMap<ActionId, String>;

/// Plans the way back as [`rollback`] does, without what would be refused as things stand.
///
/// # Errors
/// What the tenant answered.
pub async fn rehearsed(
    history: &History<'_>,
    journal: &str,
    current: &Current,
    policy: &Policy,
    tenant: &dyn TenantReader,
) -> Result<Option<Body>, DirectoryError> {
    let mut refused = Refused::new();
    loop {
        let Some(mut body) = rollback(history, journal, current, policy, &refused) else { return Ok(None) };
        let writes = body.actions.iter().filter_map(|action| Some((action.id.clone(), action.change()?)));
        let (ids, changes): (Vec<ActionId>, Vec<Change>) = writes.unzip();
        let answers = tenant.rehearse(&changes).await?;
        let known = refused.len();
        refused.extend(ids.into_iter().zip(answers).filter_map(|(id, answer)| Some((id, answer?))));
        // What is left out is not asked about again, so this ends.
        if refused.len() == known {
            body.proof.steps = u64::try_from(changes.len()).unwrap_or(u64::MAX);
            return Ok(Some(body));
        }
    }
}
