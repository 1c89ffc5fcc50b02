//! The way back, held against the tenant as it stands: what Entra would refuse is left out before anybody approves it.

use std::collections::BTreeMap;

use crate::apply::facts::{Current, TargetFacts};
use crate::apply::journal::History;
use crate::directory::ports::{AskedAccount, DirectoryError, TenantReader};
use crate::model::digits::size;
use crate::model::{CloudUser, EntraId, FactName, FactValue, ImmutableId, Policy};
use crate::plan::action::{Action, ActionId, ActionKind};
use crate::plan::body::Body;
use crate::tenant_model::Change;

use super::limits::held_against;
use super::rollback;

/// Inverses that would be refused or do harm, each with the reason.
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
        let known = refused.len();
        let writes = body.actions.iter().filter_map(|action| Some((action, action.change()?)));
        let (actions, changes): (Vec<&Action>, Vec<Change>) = writes.unzip();
        let answers = actions.iter().zip(tenant.rehearse(&changes).await?);
        let would_be = |action: &Action, why: String| (action.id.clone(), format!("{} would be refused now: {why}", action.kind));
        refused.extend(answers.filter_map(|(action, answer)| Some(would_be(action, answer?))));
        refused.extend(linked_stamps(&body.actions, current, tenant).await?);
        // What is left out is not asked about again, so this ends.
        if refused.len() == known {
            body.proof.steps = size(changes.len());
            return Ok(Some(held_against(&policy.limits, body)));
        }
    }
}

/// Stamps by which sync has linked an account since: without its source anchor it would lose the account.
async fn linked_stamps(actions: &[Action], current: &Current, tenant: &dyn TenantReader) -> Result<Refused, DirectoryError> {
    let anchor = |action: &Action| match action.before.get(&FactName::ConsistencyGuid) {
        Some(FactValue::Text(id)) if action.kind == ActionKind::StampConsistencyGuid => ImmutableId::stored(id),
        Some(FactValue::Text(_) | FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => None,
    };
    let stamps: BTreeMap<ImmutableId, &Action> = actions.iter().filter_map(|action| Some((anchor(action)?, action))).collect();
    if stamps.is_empty() {
        return Ok(Refused::new());
    }
    let (anchors, holders): (Vec<ImmutableId>, Vec<EntraId>) =
        tenant.find_holders(&stamps.keys().cloned().collect::<Vec<_>>()).await?.into_iter().unzip();
    let accounts = tenant.read_accounts(&holders.into_iter().map(AskedAccount::from).collect::<Vec<_>>()).await?;
    let linked = anchors.iter().zip(accounts).filter_map(|(anchor, account)| {
        let stamp = *stamps.get(anchor)?;
        let user =
            account.user.filter(|user| user.immutable_id.as_ref() == Some(anchor) && is_linked_to(user, stamp, current))?;
        let why = format!("{} is synced by this source anchor now, and sync would lose the account", user.original_upn());
        Some((stamp.id.clone(), why))
    });
    Ok(linked.collect())
}

/// Whether an account is synced from the AD user that a stamp is on, and not from an older object of the person.
fn is_linked_to(account: &CloudUser, stamp: &Action, current: &Current) -> bool {
    let sid = match current.of(&stamp.target) {
        Some(TargetFacts::AdUser(Some(user))) => user.sid.as_ref(),
        Some(TargetFacts::AdUser(None) | TargetFacts::Account(_)) | None => None,
    };
    let by_guid = account.object_identifier.value().map(|guid| Some(*guid) == stamp.target.object_guid());
    let by_sid = account.sid.value().map(|own| Some(own) == sid);
    account.is_synced() && by_guid.or(by_sid).unwrap_or(true)
}
