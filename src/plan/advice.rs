//! What a mapping may decide of an account that stands in its way: only what the plan would then carry out.

use crate::model::CloudUser;
use crate::model::text::same;

use super::decision::{holds_role, needs_its_id};
use super::link::Link;
use super::restores::{Freed, restore_conflicts};
use super::world::World;

/// How a decision names an account: by its sign-in name, or by its id where somebody else has that name, too, or will have
/// it once sync has given it to the right account.
pub(super) fn name_of(link: &Link<'_>, account: &CloudUser, world: &World) -> String {
    let name = account.original_upn();
    let is_of_the_ad_user = link.ad_user(world).and_then(|user| user.upn.as_deref()).is_some_and(|upn| same(upn, name));
    let namesakes = world.tenant.by_upn(name).into_iter().filter_map(|user| world.tenant.user(user));
    let is_shared = namesakes.filter(|other| other.id != account.id).count() > 0;
    if is_shared || is_of_the_ad_user { account.id.to_string() } else { name.to_owned() }
}

pub(super) fn decision_hint(link: &Link<'_>, account: &CloudUser, world: &World) -> String {
    let name = name_of(link, account, world);
    if account.is_guest() {
        return format!(
            "Write under `holders`: `- {{ account: {name}, resolve: clear }}`. Purging a guest also removes what was shared with it."
        );
    }
    let restore =
        if account.is_deleted() { " If it is in truth the right account, map it with `restore: true` instead." } else { "" };
    let hint = match (why_not_purged(account, world), why_not_cleared(account, world)) {
        (Some(why), None) => {
            format!("Write under `holders`: `- {{ account: {name}, resolve: clear }}`, which only takes its ID away. {why}")
        }
        (None, Some(why)) => {
            format!("Decide under `holders`: `- {{ account: {name}, resolve: purge }}` removes the account for ever. {why}")
        }
        (Some(no_purge), Some(no_clear)) => {
            format!("No decision on it can be carried out as things stand. {no_purge} {no_clear}")
        }
        (None, None) => format!(
            "Decide under `holders`: `- {{ account: {name}, resolve: purge }}` removes the account for ever, `resolve: clear` only takes its ID away."
        ),
    };
    hint + restore
}

fn why_not_purged(account: &CloudUser, world: &World) -> Option<&'static str> {
    holds_role(account, world).then_some("It holds a role, and who does is not purged.")
}

fn why_not_cleared(account: &CloudUser, world: &World) -> Option<&'static str> {
    if needs_its_id(account, world) {
        return Some("In a federated domain it cannot be cleared.");
    }
    let is_stuck = account.is_deleted() && !restore_conflicts(account, &world.tenant, &Freed::default()).is_empty();
    is_stuck
        .then_some("It cannot be cleared: somebody else has a name or address of it, so it cannot come out of the recycle bin.")
}
