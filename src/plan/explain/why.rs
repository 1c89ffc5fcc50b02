//! Why an AD user is linked, or why not: the answer in a few sentences, from what the tenant model says of its next sync.

use std::collections::BTreeSet;

use crate::model::text::same;
use crate::model::{CloudUser, EntraId, Known};
use crate::tenant_model::{SyncOutcome, SyncRefusal, SyncRule, UserRef};

use super::super::account::role_lines;
use super::super::describe::{ad_user_line, anchor_text, cloud_user_line, refusal_line};
use super::super::linked::Proof;
use super::super::listed::Listed;
use super::super::next_sync::object;
use super::super::world::{AdUsers, World, mail_addresses};
use super::account::what_id_is;
use super::case::Case;
use super::{HeldValue, Standing};

const SCOPE: &str = "the scope of sync (OU, group or filter), which hardmatch cannot see";
const MOVED: &str = "Its object identifier is that of the AD user, and a move between domains changes the SID: run a sync cycle, \
                     then explain again.";
const MEANT: &str = "The configuration says that this is the right account, though another one has its name or address.";
/// How many accounts of one kind are told of.
const TOLD: usize = 2;

/// Where the AD user stands, and why.
pub(super) fn answer(case: &Case<'_>, world: &World) -> (Standing, Vec<String>) {
    let mut told = BTreeSet::new();
    let (standing, mut sentences) = match (&case.anchor, &case.outcome) {
        (Err(problem), _) => {
            (Standing::NotLinked, vec![format!("It has no source anchor, so sync cannot export it: {problem}.")])
        }
        (Ok(_), None) => (Standing::NotLinked, Vec::new()),
        (Ok(_), Some(outcome)) => match outcome {
            SyncOutcome::LeftOut(exclusion) => {
                let why = format!("The sync client leaves this AD user out: {}. It is never matched.", exclusion.reason());
                (Standing::LeftOut, vec![why])
            }
            SyncOutcome::AlreadyLinked(user) | SyncOutcome::HardMatch { user, .. } => {
                anchored(case, *user, outcome, &mut told, world)
            }
            SyncOutcome::SoftMatch { user, .. } => (Standing::NotLinked, soft(case, *user, &mut told, world)),
            SyncOutcome::Create { upn, conflicts, passed_over, placeholder } => {
                (Standing::NotLinked, created(case, (upn, *placeholder), conflicts, passed_over, &mut told, world))
            }
            SyncOutcome::Refused(refusal) => match case.anchor_holder(refusal, world) {
                Some(user) => anchored(case, user, outcome, &mut told, world),
                None => (Standing::NotLinked, refused(case, refusal, &mut told, world)),
            },
        },
    };
    if standing != Standing::Linked {
        sentences.extend(misspelt(case, &mut told, world));
    }
    sentences.extend(not_the_one_asked(case, &told, world));
    (standing, sentences)
}

/// An account has the anchor: the right one, or one beside that which has the name.
fn anchored(
    case: &Case<'_>,
    user: UserRef,
    outcome: &SyncOutcome,
    told: &mut BTreeSet<UserRef>,
    world: &World,
) -> (Standing, Vec<String>) {
    let Some(account) = world.tenant.user(user) else { return (Standing::NotLinked, Vec::new()) };
    told.insert(user);
    let rivals = if case.has_of_it(account).is_none() { case.rivals(user, world) } else { Vec::new() };
    let rivals: Vec<_> = rivals.into_iter().take(TOLD).collect();
    told.extend(rivals.iter().map(|(rival, _)| *rival));
    let mut of_rivals: Vec<String> = rivals.iter().map(|(_, account)| rival_sentence(case, account, world)).collect();
    if of_rivals.is_empty() || case.meant == Some(user) {
        let (standing, mut sentences) = taken_up(case, account, outcome, world);
        sentences.extend((!of_rivals.is_empty()).then(|| MEANT.to_owned()));
        sentences.append(&mut of_rivals);
        return (standing, sentences);
    }
    of_rivals.insert(0, wrong_account(case, account, outcome, world));
    (Standing::WrongAccount, of_rivals)
}

/// The account with the anchor is the right one.
fn taken_up(case: &Case<'_>, account: &CloudUser, outcome: &SyncOutcome, world: &World) -> (Standing, Vec<String>) {
    match outcome {
        SyncOutcome::AlreadyLinked(_) => synced(case, account, world),
        SyncOutcome::Refused(refusal) => {
            let (line, why) = (cloud_user_line(account), refusal_line(refusal));
            let detail = detail(case, refusal.rule, account, world).map(|what| format!("The account {what}."));
            let first = format!("{line} has the anchor as ImmutableID, but the link is refused with {why}.");
            (Standing::NotLinked, std::iter::once(first).chain(detail).collect())
        }
        SyncOutcome::HardMatch { .. } | SyncOutcome::SoftMatch { .. } | SyncOutcome::Create { .. } | SyncOutcome::LeftOut(_) => {
            (Standing::Armed, armed(account))
        }
    }
}

fn wrong_account(case: &Case<'_>, account: &CloudUser, outcome: &SyncOutcome, world: &World) -> String {
    let line = cloud_user_line(account);
    let placeholder = if case.is_placeholder(account, world) {
        ", a duplicate: its placeholder name says that sync made it while the right name was taken"
    } else {
        ""
    };
    let (then, end) = match outcome {
        SyncOutcome::AlreadyLinked(_) => ("Sync has linked the AD user to it", String::new()),
        SyncOutcome::HardMatch { restored: true, .. } => ("The next sync brings that one back and takes it over", String::new()),
        SyncOutcome::Refused(refusal) => {
            ("The next sync tries that one", format!("; it is refused with {}", refusal_line(refusal)))
        }
        SyncOutcome::HardMatch { .. } | SyncOutcome::SoftMatch { .. } | SyncOutcome::Create { .. } | SyncOutcome::LeftOut(_) => {
            ("The next sync takes over that one", String::new())
        }
    };
    format!("Its anchor is on {line}{placeholder}. {then}, and not the account that has its name or address{end}.")
}

/// An account with the name or address that did not get the anchor.
fn rival_sentence(case: &Case<'_>, account: &CloudUser, world: &World) -> String {
    let by_upn = case.cloud_name().is_some_and(|name| same(name, account.original_upn()));
    let refusal =
        world.tenant.soft_match_refusal(account).or_else(|| by_upn.then(|| world.tenant.federated_name(account)).flatten());
    match refusal {
        Some(refusal) => passed_over_sentence(case, account, &refusal, world),
        None => {
            let what = case.has_of_it(account).unwrap_or("an address");
            format!("{} has {what}, but the anchor is looked at first.", cloud_user_line(account))
        }
    }
}

/// Why soft match does not take an account that has the name or the address, and what else is wrong with it.
fn passed_over_sentence(case: &Case<'_>, account: &CloudUser, refusal: &SyncRefusal, world: &World) -> String {
    let (line, what) = (cloud_user_line(account), case.has_of_it(account).unwrap_or("an address"));
    let id = account.immutable_id.as_ref().zip(what_id_is(account, Some(case.ad), world));
    let id = id.map(|(id, is)| format!("{}, {is}", anchor_text(id)));
    match id {
        Some(id) if refusal.rule == SyncRule::HasOtherId => format!(
            "{line} has {what}, but it carries another ImmutableID: {id}. Soft match takes only accounts without one, so it is passed over."
        ),
        id => {
            let also = id.map(|id| format!(" It carries the ImmutableID {id}.")).unwrap_or_default();
            format!(
                "{line} has {what}, but it is passed over: {}.{also}{}",
                refusal_line(refusal),
                roles_sentence(account, world)
            )
        }
    }
}

fn roles_sentence(account: &CloudUser, world: &World) -> String {
    let roles = world.tenant.roles_of(&account.id).unwrap_or_default();
    let privileged = roles.iter().any(|role| role.privileged);
    let too = if privileged { "; a privileged role keeps it from being hard matched, too" } else { "" };
    if roles.is_empty() { String::new() } else { format!(" It holds {}{too}.", role_lines(&roles, &world.tenant).join(", ")) }
}

/// Sync has an account under the anchor; what it wrote there says for whom.
fn synced(case: &Case<'_>, account: &CloudUser, world: &World) -> (Standing, Vec<String>) {
    let proof = Proof::of(account, case.user.sid.as_ref(), Some(case.user.guid));
    let told = match (proof.sid, proof.object_identifier) {
        (Some(false), _) => format!("but has {}", foreign_sid(account, world)),
        (Some(true), Some(true)) => "and its SID and object identifier are those of the AD user".to_owned(),
        (Some(true), _) => "and its SID is that of the AD user".to_owned(),
        (None, Some(true)) => "and its object identifier is that of the AD user".to_owned(),
        (None, _) => "but neither its SID nor its object identifier proves it".to_owned(),
    };
    let last = account.last_sync.value().map(|at| format!(" Sync last wrote it at {at}.")).unwrap_or_default();
    let mut sentences = vec![format!("{} is synced under its anchor, {told}.{last}", cloud_user_line(account))];
    let was_moved = proof.sid == Some(false) && proof.object_identifier == Some(true);
    sentences.extend(was_moved.then(|| MOVED.to_owned()));
    sentences.extend(account.errors().iter().take(TOLD).map(|error| format!("{error}.")));
    let standing = match proof {
        proof if proof.holds() => Standing::Linked,
        Proof { sid: Some(false), .. } | Proof { object_identifier: Some(false), .. } => Standing::NotLinked,
        Proof { .. } => Standing::Armed,
    };
    (standing, sentences)
}

fn foreign_sid(account: &CloudUser, world: &World) -> String {
    let Some(sid) = account.sid.value() else { return "another SID".to_owned() };
    let owner = world.forests.by_sid(sid, None).into_iter().find_map(|user| ad_user_line(user, world));
    format!("the SID {sid} of {}", owner.unwrap_or_else(|| "no AD user of these forests".to_owned()))
}

fn armed(account: &CloudUser) -> Vec<String> {
    let line = cloud_user_line(account);
    if account.is_deleted() {
        return vec![format!(
            "{line} has its anchor as ImmutableID: the next sync that sees the AD user brings it back from the recycle bin and takes it over."
        )];
    }
    let first = format!("{line} has its anchor as ImmutableID: the next sync that sees the AD user takes it over.");
    let second = if account.sync_enabled == Known::Is(false) {
        format!("It was synced before and is not any more: most likely the AD user is out of {SCOPE}.")
    } else {
        format!("If sync has run since the ID was set, the AD user is out of {SCOPE}.")
    };
    vec![first, second]
}

fn soft(case: &Case<'_>, user: UserRef, told: &mut BTreeSet<UserRef>, world: &World) -> Vec<String> {
    let Some(account) = world.tenant.user(user) else { return Vec::new() };
    told.insert(user);
    let what = case.has_of_it(account).unwrap_or("an address");
    vec![
        format!(
            "No account has its anchor. {} has {what} and no ImmutableID: the next sync that sees the AD user takes it over by soft match.",
            cloud_user_line(account)
        ),
        format!("If sync has run before, the AD user is out of {SCOPE}."),
    ]
}

fn created(
    case: &Case<'_>,
    (upn, placeholder): (&str, bool),
    conflicts: &[EntraId],
    passed_over: &[SyncRefusal],
    told: &mut BTreeSet<UserRef>,
    world: &World,
) -> Vec<String> {
    let named = if placeholder { " under a placeholder name".to_owned() } else { format!(" {upn}") };
    let mut sentences = vec![format!(
        "No account has its anchor, and none can be soft matched: the next sync that sees the AD user makes a new account{named}."
    )];
    for refusal in passed_over.iter().take(TOLD) {
        let user = refusal.user.and_then(|id| world.tenant.by_id(&id));
        let Some((user, account)) = user.and_then(|user| Some((user, world.tenant.user(user)?))) else { continue };
        told.insert(user);
        sentences.push(passed_over_sentence(case, account, refusal, world));
    }
    let passed: BTreeSet<EntraId> = passed_over.iter().filter_map(|refusal| refusal.user).collect();
    for id in conflicts.iter().filter(|id| !passed.contains(id)).take(TOLD) {
        told.extend(world.tenant.by_id(id));
        sentences.push(conflict_sentence(case, *id, world));
    }
    sentences
}

/// Why an object with a name or address of the AD user was not even looked at by soft match.
fn conflict_sentence(case: &Case<'_>, id: EntraId, world: &World) -> String {
    let name = object(id, world);
    let account = world.tenant.by_id(&id).and_then(|user| world.tenant.user(user));
    match (account, &case.names) {
        (Some(account), _) if account.is_deleted() => {
            format!("{name} has the sign-in name or an address, but what is deleted is not soft matched.")
        }
        (Some(account), Some((in_ad, in_cloud))) if in_ad != in_cloud && same(account.original_upn(), in_cloud) => format!(
            "{name} has the sign-in name that it would get in the cloud, but {in_ad} ends in a domain that is not verified, and a name that Entra has to replace is never matched."
        ),
        (Some(_) | None, _) => format!("{name} has the sign-in name or an address."),
    }
}

fn refused(case: &Case<'_>, refusal: &SyncRefusal, told: &mut BTreeSet<UserRef>, world: &World) -> Vec<String> {
    if refusal.rule == SyncRule::SyncIsOff {
        return vec![format!("Nothing is exported: {}.", refusal.rule.words())];
    }
    let first = format!("Entra refuses the link with {}.", refusal_line(refusal));
    let Some(id) = refusal.user else { return vec![first] };
    let Some(user) = world.tenant.by_id(&id) else {
        let owns = |address: &&str| world.tenant.others_with_address(address).iter().any(|other| other.id == id);
        let addresses: Listed = mail_addresses(case.user).filter(owns).map(str::to_owned).collect();
        return vec![first, format!("{} has {}.", object(id, world), addresses.in_a_row())];
    };
    told.insert(user);
    let Some(account) = world.tenant.user(user) else { return vec![first] };
    let line = cloud_user_line(account);
    let second = if refusal.rule.is_of_soft_match() {
        passed_over_sentence(case, account, refusal, world)
    } else {
        let detail = detail(case, refusal.rule, account, world).map(|what| format!(", which {what}")).unwrap_or_default();
        format!("It is about {line}{detail}.")
    };
    vec![first, second]
}

/// What makes the difference on the account that a refusal is about, to follow its name.
fn detail(case: &Case<'_>, rule: SyncRule, account: &CloudUser, world: &World) -> Option<String> {
    let line = |users: AdUsers| users.into_iter().find_map(|user| ad_user_line(user, world));
    match rule {
        SyncRule::AnchorInUse => {
            let owner = account.sid.value().and_then(|sid| line(world.forests.by_sid(sid, None)))?;
            Some(format!("has the SID of {owner}"))
        }
        SyncRule::Privileged => {
            let roles = world.tenant.privileged_roles(&account.id).unwrap_or_default();
            Some(format!("holds {}", role_lines(&roles, &world.tenant).join(", ")))
        }
        SyncRule::ObjectIdentifierFixed => {
            let pin = account.object_identifier.value()?;
            let owner = line(world.forests.by_guid(pin, None)).unwrap_or_else(|| "no AD user of these forests".to_owned());
            Some(format!("is pinned to the AD object {pin}: {owner}"))
        }
        SyncRule::AnchorChanged | SyncRule::SidHeld | SyncRule::AddressTaken | SyncRule::SignInNameTaken => {
            let id = account.immutable_id.as_ref().zip(what_id_is(account, Some(case.ad), world));
            Some(id.map_or_else(
                || "has no ImmutableID".to_owned(),
                |(id, is)| format!("has the ImmutableID {}, {is}", anchor_text(id)),
            ))
        }
        SyncRule::SyncIsOff
        | SyncRule::NotSynced
        | SyncRule::TakeoverBlocked
        | SyncRule::CloudManaged
        | SyncRule::SoftMatchBlocked
        | SyncRule::Guest
        | SyncRule::SyncedAlready
        | SyncRule::HasOtherId
        | SyncRule::Administrator
        | SyncRule::FederatedName
        | SyncRule::OtherKindOfObject => None,
    }
}

/// Accounts that somebody meant to link, and did not: the ID is in another spelling or byte order, or the other GUID.
fn misspelt(case: &Case<'_>, told: &mut BTreeSet<UserRef>, world: &World) -> Vec<String> {
    let Ok(anchor) = &case.anchor else { return Vec::new() };
    let odd = anchor.guid.map(|guid| world.tenant.odd_holders_of(&guid)).unwrap_or_default().into_iter().map(|(user, _)| user);
    let odd = odd.chain(world.tenant.case_variants_of(&anchor.value));
    let others = case.other_guids().into_iter().flat_map(|guid| world.tenant.holders_of(&guid.immutable_id()));
    let mut found: Vec<UserRef> = odd.chain(others).collect();
    found.sort_by_key(|user| world.tenant.user(*user).map(|account| account.id));
    let mut sentences = Vec::new();
    for user in found {
        let account = world.tenant.user(user).filter(|_| told.insert(user));
        let Some((account, id)) = account.and_then(|account| Some((account, account.immutable_id.as_ref()?))) else { continue };
        let what = what_id_is(account, Some(case.ad), world).unwrap_or_default();
        sentences.push(format!("{} carries {}: {what}.", cloud_user_line(account), anchor_text(id)));
    }
    sentences.truncate(TOLD);
    sentences
}

fn not_the_one_asked(case: &Case<'_>, told: &BTreeSet<UserRef>, world: &World) -> Option<String> {
    let asked = case.asked.filter(|asked| !told.contains(asked))?;
    let account = world.tenant.user(asked)?;
    let excluded = matches!(case.outcome, Some(SyncOutcome::LeftOut(_)));
    (!excluded).then(|| format!("So sync does not end at {}.", cloud_user_line(account)))
}

/// Why no AD user can be told for an account.
pub(super) fn nobody_in_ad(values: &[HeldValue], world: &World) -> Vec<String> {
    if world.forests.is_empty() {
        return vec!["No forest is configured, so its AD user cannot be looked for.".to_owned()];
    }
    let guids: BTreeSet<&str> = values.iter().flat_map(|value| &value.holders).map(|holder| holder.id.as_str()).collect();
    if guids.is_empty() {
        return vec!["No AD user of these forests has anything of this account, so sync has nothing to link it with.".to_owned()];
    }
    let guids: Listed = guids.into_iter().map(str::to_owned).collect();
    vec![format!(
        "Several AD users have something of this account, and nothing decides which one it belongs to. Explain one of them: {}.",
        guids.in_a_row()
    )]
}
