//! Which account is that of an AD user: one, or nobody, or somebody has to decide.
//!
//! Rather nobody than the wrong one: whatever contradicts, and whatever two accounts or two AD users share, is left to people.

use serde::{Deserialize, Serialize};

use super::describe::{ad_user_line, cloud_user_line};
use super::evidence::{Candidate, Candidates, Evidence, Pinned, Strength, candidates};
use super::hints::skeleton;
use super::listed::EXAMPLES;
use super::rivals::SAME_OBJECT;
use super::world::{AdRef, World};
use crate::model::text::local_part;
use crate::model::{AdUser, CloudUser, Known};
use crate::tenant_model::exported_primary;

/// How sure a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Confidence {
    /// A program wrote something that only this AD user has.
    High,
    /// Names and numbers agree, and nothing that both have contradicts.
    Medium,
}

impl Confidence {
    /// For people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
        }
    }
}

/// What the evidence says of one AD user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pairing {
    /// This account.
    One { candidate: Candidate, confidence: Confidence },
    /// Some accounts have something of it, but none is proposed; the reason is a sentence.
    Unsure { why: String, candidates: Vec<Candidate> },
    /// No account has anything of it.
    Nobody,
}

const ONLY_A_GUEST: &str = "only a guest of this tenant has something of this AD user: if that is the right account, make it a \
                            member first, or map it with `accept: [target-guest]`";

/// Weighs the evidence of all accounts for one AD user.
pub(super) fn pair(ad: AdRef, world: &World, pinned: &Pinned) -> Pairing {
    let Candidates { all, guests, are_crowded } = candidates(ad, world, pinned);
    let is_live = |candidate: &&Candidate| !is_deleted(candidate, world);
    let strong: Vec<&Candidate> = all.iter().filter(|candidate| candidate.strength() > Strength::Weak).collect();
    let has_live = strong.iter().any(is_live);
    // What was deleted does not count beside what lives, unless a program wrote that it belongs to this AD user.
    let counts = |candidate: &&&Candidate| is_live(candidate) || !has_live || candidate.strength() == Strength::Hard;
    let strong: Vec<&Candidate> = strong.iter().filter(counts).copied().collect();
    let why = match strong.as_slice() {
        [] if all.is_empty() && guests.is_empty() => return Pairing::Nobody,
        [] if all.is_empty() => return Pairing::Unsure { why: ONLY_A_GUEST.to_owned(), candidates: guests },
        _ if are_crowded => format!("more than {EXAMPLES} accounts have something of this AD user; these are some of them"),
        [] => why_too_little(ad, &all, world),
        [one] => match verdict(ad, one, &all, world) {
            Ok(confidence) => return Pairing::One { candidate: (*one).clone(), confidence },
            Err(why) => why,
        },
        many => format!("{} accounts have something of this AD user", many.len()),
    };
    Pairing::Unsure { why, candidates: all }
}

/// Where nothing speaks for any account that is enough by itself.
fn why_too_little(ad: AdRef, all: &[Candidate], world: &World) -> String {
    let number = world.forests.user(ad).and_then(|user| user.employee_id.as_deref());
    let is_shared = all.iter().any(|one| one.evidence.contains(&Evidence::SharedEmployeeId));
    let Some(number) = number.filter(|_| is_shared) else {
        return "only an alias or the name before the @ is the same".to_owned();
    };
    let mut others = world.forests.by_employee_id(number, None).into_iter().filter(|other| *other != ad);
    match others.find_map(|other| ad_user_line(other, world)) {
        Some(other) => format!("the employeeID is the same, and it is that of {other}, too"),
        None => "the employeeID is the same, and several accounts have it".to_owned(),
    }
}

fn is_deleted(candidate: &Candidate, world: &World) -> bool {
    world.tenant.user(candidate.user).is_some_and(CloudUser::is_deleted)
}

/// Whether the only account in question is good enough, or why not.
pub(super) fn verdict(ad: AdRef, one: &Candidate, all: &[Candidate], world: &World) -> Result<Confidence, String> {
    let (Some(account), Some(user)) = (world.tenant.user(one.user), world.forests.user(ad)) else {
        return Err("one of the two is gone".to_owned());
    };
    if account.is_deleted() {
        return Err("the account is in the recycle bin".to_owned());
    }
    if let Some(copy) = copy_of(ad, user, world) {
        return Err(format!("{SAME_OBJECT}: {copy}"));
    }
    if let Some(against) = one.against.first() {
        return Err(format!("the account is most likely somebody else's: {against}"));
    }
    if one.strength() == Strength::Hard {
        let is_bare = one.soft_values() == 0 && !one.differs.is_empty() && !account.is_synced();
        return if is_bare {
            Err("it has an identifier of this AD user, but its names are others".to_owned())
        } else {
            Ok(Confidence::High)
        };
    }
    by_names(user, one, all, account, world)
}

/// The same object in another forest.
fn copy_of(ad: AdRef, user: &AdUser, world: &World) -> Option<String> {
    let copy = world.forests.by_guid(&user.guid, None).into_iter().find(|other| *other != ad)?;
    ad_user_line(copy, world)
}

/// Where nothing but names and numbers speaks for an account.
fn by_names(user: &AdUser, one: &Candidate, all: &[Candidate], account: &CloudUser, world: &World) -> Result<Confidence, String> {
    let has = |evidence: Evidence| one.evidence.contains(&evidence);
    if let Some(purpose) = account.shared_mailbox() {
        return Err(format!("its mailbox is no person's: {purpose}"));
    }
    if account.traits.account_enabled == Known::Is(false) && !has(Evidence::EmployeeId) {
        return Err("its sign-in is off, as that of shared mailboxes".to_owned());
    }
    if account.is_synced() {
        return Err("it is synced with another AD user, which was not read".to_owned());
    }
    if one.is_stale && !has(Evidence::EmployeeId) {
        return Err("it carries on-premises values of an AD user that is not there: was it recreated, or is it another person of this name?"
            .to_owned());
    }
    let rivals = || all.iter().filter(|other| other.user != one.user);
    let namesake = rivals().find(|rival| rival.evidence.contains(&Evidence::LocalPart));
    if let Some(namesake) = namesake.filter(|_| !has(Evidence::SignInName)).and_then(|rival| world.tenant.user(rival.user)) {
        return Err(format!("the name of the AD user is that of {}", cloud_user_line(namesake)));
    }
    if one.soft_values() > 1 {
        return Ok(Confidence::Medium);
    }
    if let Some(what) = one.differs.first() {
        return Err(format!("one thing is the same, but {what} is another"));
    }
    let has_more = |rival: &Candidate| rival.evidence.iter().any(|evidence| *evidence != Evidence::SharedEmployeeId);
    if rivals().any(has_more) {
        return Err("one thing is the same, and another account has an address of this AD user".to_owned());
    }
    // Somebody may have been given the address of a team.
    let by_address = !has(Evidence::SignInName) && !has(Evidence::EmployeeId);
    if let Some(address) = exported_primary(user).filter(|address| by_address && !could_be_address_of(user, address)) {
        return Err(format!("only {address} is the same, which does not look like an address of this person"));
    }
    Ok(Confidence::Medium)
}

/// Whether an address looks like one of this person: it shares a part of a name with it. Says no more than that it may be.
fn could_be_address_of(user: &AdUser, address: &str) -> bool {
    let own_name = user.dn.own_name();
    let names = [user.display_name.as_deref(), Some(own_name.as_str()), user.sam.as_deref()];
    let names: Vec<String> = names.into_iter().flatten().flat_map(words).collect();
    let parts: Vec<String> = words(local_part(address)).collect();
    let is_part = |name: &String, part: &String| {
        name == part || (name.len() > 2 && part.contains(name.as_str())) || (part.len() > 2 && name.contains(part.as_str()))
    };
    names.iter().any(|name| parts.iter().any(|part| is_part(name, part)))
}

/// The words of a name without digits, letters that look alike made one.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphabetic()).map(skeleton).filter(|word| word.len() > 1)
}
