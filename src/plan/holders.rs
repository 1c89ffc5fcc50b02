//! Accounts that stand in the way: who holds the wanted ImmutableID or the AD user's SID, and what was decided of them.

use std::collections::BTreeSet;

use crate::model::text::number;
use crate::model::{AnchorForm, CloudUser, Resolve, SourceAnchor};
use crate::tenant_model::{Found, UserRef};

use super::advice::{decision_hint, name_of};
use super::decided::{conclude_decisions, decision_on};
use super::decision::{check_decision, check_protected};
use super::describe::{anchor_text, cloud_user_line};
use super::draft::Targets;
use super::finding::{Code, Finding};
use super::link::{Asked, Link};
use super::listed::{EXAMPLES, Listed};
use super::obstacles::{Obstacle, Obstacles};
use super::protection::Protection;
use super::steps::{self, Release};
use super::world::World;

/// Whether the policy lets a SID be taken from the targets of other mappings.
fn check_targets(obstacles: &Obstacles, link: &mut Link<'_>, world: &World, protection: &Protection<'_>) {
    let accounts = obstacles.sid_of_targets.iter().filter_map(|(user, _)| world.tenant.user(*user));
    accounts.for_each(|account| {
        check_protected(link, account, world, protection);
    });
}

/// Looks for everything in the way of a mapping that is to be set (or is armed).
pub(super) fn examine(
    link: &mut Link<'_>,
    sets: bool,
    targets: &Targets,
    world: &World,
    protection: &Protection<'_>,
) -> Obstacles {
    let mut obstacles = Obstacles::none();
    let Some(anchor) = link.anchor.clone() else { return obstacles };
    let found = match find(link, &anchor, sets, world) {
        Ok(found) => found,
        Err(crowd) => return raise_crowd(link, &crowd, &anchor, world),
    };
    let mut odd: Vec<&CloudUser> = Vec::new();
    let accounts = found.iter().filter_map(|(user, obstacle)| Some((*user, world.tenant.user(*user)?, *obstacle)));
    for (user, account, obstacle) in accounts {
        if let Some(other) = targets.get(&user) {
            overwritten_in_order(link, account, user, *other, obstacle, &mut obstacles, world);
            continue;
        }
        world.tenant.ask_details(account);
        match decision_on(link, account) {
            Some(decision) => {
                raise_synced_decided(link, account, obstacle, world, protection);
                decide(link, (user, account), decision.resolve, world, protection);
            }
            None if obstacle == Obstacle::OddEncoding => odd.push(account),
            // Only sync can release what it has, whoever decides.
            None if account.is_held_by_sync() => raise_undecided(link, account, obstacle, world, protection),
            None => obstacles.undecided.push((user, obstacle)),
        }
    }
    raise_odd_encodings(link, &odd, &anchor, world, protection);
    check_targets(&obstacles, link, world, protection);
    conclude_decisions(link, sets, &found, targets, world);
    if sets {
        raise_near_duplicates(link, &anchor, world);
    }
    obstacles
}

fn decide(
    link: &mut Link<'_>,
    (user, account): (UserRef, &CloudUser),
    resolve: Resolve,
    world: &World,
    protection: &Protection<'_>,
) {
    check_decision(link, account, resolve, world, protection);
    link.decided.push((user, resolve));
}

/// Many accounts that hold a value of which a tenant has one: no tenant is like that, but a damaged export is.
struct Crowd {
    obstacle: Obstacle,
    users: Found,
}

/// Who is in the way; or the value that so many hold that nothing can be said of anybody.
fn find(link: &Link<'_>, anchor: &SourceAnchor, sets: bool, world: &World) -> Result<Vec<(UserRef, Obstacle)>, Crowd> {
    // Where the target has the ID already nobody else can; a damaged export says so all the same.
    let is_held = |account: &CloudUser| account.immutable_id.as_ref() == Some(&anchor.value);
    let by_anchor = if sets || link.target_user(world).is_some_and(is_held) {
        world.tenant.holders_of(&anchor.value)
    } else {
        Found::default()
    };
    let by_sid = link.ad_sid(world).map(|sid| world.tenant.by_sid(sid)).unwrap_or_default();
    for (obstacle, users) in [(Obstacle::Anchor, &by_anchor), (Obstacle::Sid, &by_sid)] {
        if users.len() > EXAMPLES {
            return Err(Crowd { obstacle, users: users.clone() });
        }
    }
    let odd = anchor.guid.filter(|_| sets).map(|guid| world.tenant.odd_holders_of(&guid)).unwrap_or_default();
    let all = by_anchor.into_iter().map(|user| (user, Obstacle::Anchor));
    let all = all.chain(by_sid.into_iter().map(|user| (user, Obstacle::Sid)));
    let all = all.chain(odd.into_iter().map(|(user, _)| (user, Obstacle::OddEncoding)));
    let mut known: BTreeSet<UserRef> = link.target.into_iter().collect();
    Ok(all.filter(|(user, _)| known.insert(*user)).collect())
}

/// One finding of all of them, and nothing that could be done about each.
fn raise_crowd(link: &mut Link<'_>, crowd: &Crowd, anchor: &SourceAnchor, world: &World) -> Obstacles {
    let (code, what) = match crowd.obstacle {
        Obstacle::Anchor | Obstacle::OddEncoding => {
            (Code::HolderUndecided, format!("hold the wanted ImmutableID {}", anchor_text(&anchor.value)))
        }
        Obstacle::Sid => (Code::SecurityIdentifierHeld, "carry this AD user's SID".to_owned()),
    };
    let count = crowd.users.len();
    let accounts = crowd.users.iter().filter_map(|user| world.tenant.user(*user)).map(cloud_user_line);
    let message = format!("{} accounts {what}, which no more than one can have", number(count));
    let finding = link.finding(code, message).listed(Listed::of(count, accounts));
    link.raise(finding.hint("Look at the export of the tenant, and at that of AD: one of them is damaged. Make it anew."));
    Obstacles::none()
}

/// The account is the target of another mapping: that mapping's own write releases the value.
fn overwritten_in_order(
    link: &mut Link<'_>,
    account: &CloudUser,
    user: UserRef,
    other: usize,
    obstacle: Obstacle,
    obstacles: &mut Obstacles,
    world: &World,
) {
    match obstacle {
        Obstacle::Anchor => obstacles.released_by.push(other),
        Obstacle::Sid => {}
        Obstacle::OddEncoding => {
            obstacles.seen.push(other);
            return;
        }
    }
    let own = clears_sid(link, account, world);
    if own && account.is_held_by_sync() {
        raise_synced_holder(link, account, Obstacle::Sid, Release::OtherMapping, world);
    } else if own {
        obstacles.sid_of_targets.push((user, other));
    }
}

/// A stamp changes the anchor of an AD user that sync links to another account already: sync would stop for it.
pub(super) fn raise_stamped_too_late(link: &mut Link<'_>, targets: &Targets, world: &World) {
    let Some(ad) = link.ad else { return };
    let sid = link.ad_sid(world);
    let by_sid = sid.map(|sid| world.tenant.by_sid(sid)).unwrap_or_default();
    let current = world.forests.anchor(ad).and_then(Result::ok);
    let by_anchor = current.map(|anchor| world.tenant.holders_of(&anchor.value)).unwrap_or_default();
    let synced = |user: &UserRef| world.tenant.user(*user).is_some_and(CloudUser::is_held_by_sync);
    let some = |users: Found| users.into_iter().filter(synced).take(EXAMPLES);
    for user in some(by_sid).chain(some(by_anchor)).collect::<BTreeSet<_>>() {
        let Some(account) = world.tenant.user(user) else { continue };
        let told = |finding: &Finding| finding.code == Code::HolderSynced && finding.objects.contains(&cloud_user_line(account));
        if Some(user) == link.target || link.findings.iter().any(told) {
            continue;
        }
        let release = match (targets.contains_key(&user), decision_on(link, account)) {
            (true, _) => Release::OtherMapping,
            (false, Some(_)) => Release::Decided,
            (false, None) => Release::Undecided,
        };
        let message = format!("sync links the AD user to {} already; a stamp now would only make sync stop for it", account.upn);
        let finding = link
            .finding(Code::HolderSynced, message)
            .objects([cloud_user_line(account)])
            .hint("Take the AD user out of sync first: it can be stamped once that account is in the recycle bin.");
        steps::raise_to_free_a_holder(link, account, release, finding, world);
    }
}

/// What is said first where the right account holds the ID, too.
const ONE_HOLDER: &str =
    "No tenant gives one ImmutableID to two accounts, and the right one has it already: read the tenant anew first. ";

/// Nobody says what becomes of an account that is in the way. Of one that the policy protects nobody can.
pub(super) fn raise_undecided(
    link: &mut Link<'_>,
    account: &CloudUser,
    obstacle: Obstacle,
    world: &World,
    protection: &Protection<'_>,
) {
    if check_protected(link, account, world, protection) {
        return;
    }
    match obstacle {
        Obstacle::Anchor | Obstacle::Sid if account.is_held_by_sync() => {
            raise_synced_holder(link, account, obstacle, Release::Undecided, world);
        }
        Obstacle::Sid => raise_sid_held(link, account, world),
        Obstacle::Anchor | Obstacle::OddEncoding => raise_id_held(link, account, obstacle, world),
    }
}

fn raise_id_held(link: &mut Link<'_>, account: &CloudUser, obstacle: Obstacle, world: &World) {
    let Some(anchor) = link.anchor.clone() else { return };
    let place = if account.is_deleted() { ", in the recycle bin," } else { "" };
    let message =
        format!("{}{place} already holds the wanted ImmutableID {}", account.original_upn(), anchor_text(&anchor.value));
    let is_second = link.target_user(world).is_some_and(|target| target.immutable_id.as_ref() == Some(&anchor.value));
    let doubt = if obstacle == Obstacle::Anchor && is_second { ONE_HOLDER } else { "" };
    let finding = link
        .finding(Code::HolderUndecided, message)
        .objects([cloud_user_line(account)])
        .hint(format!("{doubt}{}", decision_hint(link, account, world)));
    link.raise_asking(Asked::Decision, finding);
}

/// Only sync can release what a synced account holds.
fn raise_synced_holder(link: &mut Link<'_>, account: &CloudUser, obstacle: Obstacle, release: Release, world: &World) {
    let what = match obstacle {
        Obstacle::Anchor => "holds the wanted ImmutableID",
        Obstacle::Sid => "holds this AD user's SID",
        Obstacle::OddEncoding => "carries this AD user's GUID in another encoding",
    };
    let message = format!("{} is synced and {what}; only sync can release it", account.upn);
    let finding = link.finding(Code::HolderSynced, message).objects([cloud_user_line(account)]).hint(
        "Take the AD user out of sync first, so that this account goes to the recycle bin; then it can be dealt with here.",
    );
    steps::raise_to_free_a_holder(link, account, release, finding, world);
}

/// Whatever was decided of it. Who is protected is not to go to the recycle bin either.
fn raise_synced_decided(
    link: &mut Link<'_>,
    account: &CloudUser,
    obstacle: Obstacle,
    world: &World,
    protection: &Protection<'_>,
) {
    if account.is_held_by_sync() && protection.of_account(account, &world.tenant).is_none() {
        raise_synced_holder(link, account, obstacle, Release::Decided, world);
    }
}

fn raise_sid_held(link: &mut Link<'_>, account: &CloudUser, world: &World) {
    let message = format!(
        "{} carries this AD user's SID, which must be unique: the hard match would fail (AttributeValueMustBeUnique)",
        account.original_upn()
    );
    let hint = format!("Write under `holders`: `- {{ account: {}, resolve: clear }}`.", name_of(link, account, world));
    let finding = link.finding(Code::SecurityIdentifierHeld, message).objects([cloud_user_line(account)]).hint(hint);
    link.raise_asking(Asked::Decision, finding);
}

/// What stands in nobody's way; of very many one finding.
fn raise_odd_encodings(
    link: &mut Link<'_>,
    accounts: &[&CloudUser],
    anchor: &SourceAnchor,
    world: &World,
    protection: &Protection<'_>,
) {
    if accounts.len() <= EXAMPLES {
        let protected = |account: &CloudUser| protection.of_account(account, &world.tenant);
        return accounts.iter().for_each(|account| raise_odd_encoding(link, account, anchor, protected(account)));
    }
    let lines = accounts.iter().map(|account| cloud_user_line(account));
    let message = format!("{} accounts carry this AD user's GUID in encodings that match nothing", number(accounts.len()));
    let finding = link.finding(Code::AnchorNotCanonical, message).listed(Listed::of(accounts.len(), lines));
    link.raise(finding.hint("They stand in nobody's way, but no tenant is like that: look at its export."));
}

fn raise_odd_encoding(link: &mut Link<'_>, account: &CloudUser, anchor: &SourceAnchor, protected: Option<String>) {
    let Some(held) = &account.immutable_id else { return };
    let canonical = AnchorForm::of(held).is_canonical();
    let (code, how) = if canonical {
        (Code::AnchorWrongByteOrder, "with the first three groups swapped (text order)")
    } else {
        (Code::AnchorNotCanonical, "in an encoding that matches nothing")
    };
    let message = format!("{} carries this AD user's GUID {how}: `{held}` instead of `{}`", account.original_upn(), anchor.value);
    let finding = link.finding(code, message).objects([cloud_user_line(account)]);
    match protected {
        None => link.raise_asking(
            Asked::Decision,
            finding.hint(
                "It stands in nobody's way, but somebody meant to link it. Decide under `holders` if it should lose the value.",
            ),
        ),
        Some(by) => link.raise(finding.hint(format!("It stands in nobody's way and is protected {by}: it is left as it is."))),
    }
}

fn raise_near_duplicates(link: &mut Link<'_>, anchor: &SourceAnchor, world: &World) {
    let users = world.tenant.case_variants_of(&anchor.value);
    let others = || users.iter().filter(|user| Some(**user) != link.target);
    let count = others().count();
    if count == 0 {
        return;
    }
    let variant = |account: &CloudUser| {
        let id = account.immutable_id.as_ref().map_or("", |id| id.as_str());
        format!("{}: {id}", cloud_user_line(account))
    };
    let variants = others().filter_map(|user| world.tenant.user(*user)).map(variant);
    let message = format!("another account holds an ImmutableID that differs from `{}` only in case", anchor.value);
    let hint = "They are two different values; nothing is done about it. Make sure that no list was put through a spreadsheet.";
    let finding = link.finding(Code::AnchorNearDuplicate, message).listed(Listed::of(count, variants)).hint(hint);
    link.raise(finding);
}

/// Whether clearing a holder has to take its SID, too: only where it is this AD user's.
pub(super) fn clears_sid(link: &Link<'_>, account: &CloudUser, world: &World) -> bool {
    account.sid.value().is_some_and(|sid| link.ad_sid(world) == Some(sid))
}
