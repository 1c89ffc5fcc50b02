//! What people and the sync engine have to do, where hardmatch cannot: take an AD user out of sync, and bring it back.

use crate::model::{Acceptable, CloudUser, OnPremSide};

use super::account::pinned_elsewhere;
use super::finding::Finding;
use super::link::{Asked, Link};
use super::world::{AdUsers, World};

/// Adds a finding, and how its synced target becomes an account that can be written.
pub(super) fn raise_to_free_the_target(link: &mut Link<'_>, account: &CloudUser, finding: Finding, world: &World) {
    let wants_accept = pinned_elsewhere(link, account, world).is_some() && !link.accepts(Acceptable::ObjectIdentifierDiffers);
    let accept = if wants_accept {
        format!(
            ", and `accept: [{}]` with `because`: it stays pinned to the AD user that it had",
            Acceptable::ObjectIdentifierDiffers.code()
        )
    } else {
        String::new()
    };
    let then = format!("Write `restore: true` on this mapping (account {}){accept}.", account.id);
    let steps = out_of_scope(link, account, then, world);
    link.raise_asking(Asked::Switch, finding.steps(steps));
}

/// What becomes of an account that was synced, once it is in the recycle bin.
#[derive(Debug, Clone, Copy)]
pub(super) enum Release {
    /// This mapping says it.
    Decided,
    /// Nobody said it.
    Undecided,
    /// It is the target of another mapping.
    OtherMapping,
}

/// Adds a finding, and how the synced account that it is about gives up what this mapping needs.
pub(super) fn raise_to_free_a_holder(
    link: &mut Link<'_>,
    account: &CloudUser,
    release: Release,
    finding: Finding,
    world: &World,
) {
    let (then, asked) = match release {
        Release::Decided => ("What this mapping decides about it can then be done", None),
        Release::Undecided => ("Decide on it under `holders` of this mapping", Some(Asked::Decision)),
        Release::OtherMapping => ("Write `restore: true` on the mapping of that account", Some(Asked::Switch)),
    };
    let steps = out_of_scope(link, account, format!("{then} (account {}).", account.id), world);
    let finding = finding.steps(steps);
    match asked {
        Some(asked) => link.raise_asking(asked, finding),
        None => link.raise(finding),
    }
}

fn out_of_scope(link: &Link<'_>, account: &CloudUser, then: String, world: &World) -> Vec<String> {
    let last = match link.mapping.on_prem {
        OnPremSide::Nobody => {
            "After `hardmatch apply`, leave that AD user out of the scope of sync, and run a cycle: the account stays."
        }
        OnPremSide::User(_) => {
            "After `hardmatch apply` of a plan that asks for no more steps, bring the AD user of this mapping into the scope of sync \
             (again) and run a cycle: `hardmatch verify` then says linked."
        }
    };
    vec![
        format!("Move {} out of the scope of sync (filter, group or OU).", linked_ad_user(account, world)),
        "Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it \
         takes a second one."
            .to_owned(),
        then,
        "Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced."
            .to_owned(),
        last.to_owned(),
    ]
}

/// The AD user that sync links to an account, by name where the forests tell. Who only has the anchor of the account is
/// somebody else where its SID and object identifier name nobody who was read.
fn linked_ad_user(account: &CloudUser, world: &World) -> String {
    world.tenant.ask_details(account);
    let pinned = account.object_identifier.value().map(|guid| world.forests.by_guid(guid, None));
    let by_sid = || account.sid.value().map(|sid| world.forests.by_sid(sid, None));
    let is_bare = account.object_identifier.value().is_none() && account.sid.value().is_none();
    let by_anchor = || account.immutable_id.as_ref().filter(|_| is_bare).map(|id| world.forests.by_anchor(id, None));
    let is_found = |users: &AdUsers| !users.is_empty();
    let users = pinned.filter(is_found).or_else(|| by_sid().filter(is_found)).or_else(by_anchor).unwrap_or_default();
    match &*users {
        [user] => match world.forests.get(*user) {
            Some((forest, user)) => format!("{} of forest {}, which is linked to {},", user.dn, forest.name, account.upn),
            None => unnamed(account),
        },
        _ => unnamed(account),
    }
}

fn unnamed(account: &CloudUser) -> String {
    format!("the AD user that is linked to {}", account.upn)
}
