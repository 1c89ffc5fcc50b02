//! DELETE /users/{id}: into the recycle bin.

use crate::model::CloudUser;
use crate::tenant_model::{Change, ChangeKind, Tenant};

use super::super::access::{DELETE_USERS, GLOBAL, USER as USER_ADMIN};
use super::super::call::{Answer, Call};
use super::super::errors::Failure;
use super::super::rank::outranks;
use super::super::script::RefusalText;
use super::super::world::{Extra, World, refusal_text};
use super::target;

/// DELETE /users/{id}
pub(crate) fn remove(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    world.grants.need(DELETE_USERS)?;
    world.grants.need_role_of_user(&[USER_ADMIN, "Privileged Authentication Administrator", GLOBAL])?;
    let id = target(world, call)?;
    outranks(&world.tenant, &world.grants, &id)?;
    let (now, account) = (world.now(), world.account(&id).cloned());
    let synced = account.filter(CloudUser::is_synced);
    if synced.is_some() && !world.script.switches.delete_synced {
        return Err(refusal_text(RefusalText::Mastered));
    }
    let change = Change { user: id, kind: ChangeKind::SoftDelete };
    let steps = |tenant: &mut Tenant| match synced {
        // The model refuses this, because the next sync cycle undoes it; the directory does it.
        Some(account) => {
            tenant.put(account.binned(&now));
            Ok(())
        }
        None => tenant.apply(&change, &now),
    };
    world.change(&id, "Delete user", steps, Extra::new())?;
    Ok(Answer::no_content())
}
