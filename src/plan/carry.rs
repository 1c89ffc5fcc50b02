//! Carrying out writes on the model of both directories, and turning them into actions on the way.

use std::collections::{BTreeSet, HashSet};

use crate::model::{
    Acceptable, AccountFacts, AccountState, FactName, FactValue, Facts, GuidAttribute, ImmutableId, Known, ObjectGuid, Resolve,
};
use crate::tenant_model::{Change, ChangeKind, Refusal, RoleHeld, Tenant, UserRef};

use super::action::{Action, ActionId, ActionKind, Target};
use super::link::Link;
use super::order::{Op, Write};
use super::parallel;
use super::world::World;

/// Writes whose actions are put together at the same time.
const AT_A_TIME: usize = 1_000;

/// Makes one write on the model.
///
/// # Errors
/// The refusal of the tenant model: the plan would break a rule of Entra.
pub(super) fn carry_out(world: &mut World, write: &Write) -> Result<(), Refusal> {
    match write {
        Write::Stamp(user, guid) => {
            world.forests.stamp(*user, *guid);
            Ok(())
        }
        Write::Account(user, kind) => {
            let Some(id) = world.tenant.user(*user).map(|account| account.id) else { return Ok(()) };
            world.tenant.apply(&Change { user: id, kind: kind.clone() }, "")
        }
    }
}

/// Makes every write in order and returns the actions, each with the facts that held right before it.
///
/// # Errors
/// What went wrong: the model refused a write, or its object is not there.
pub(super) fn actions(links: &[Link<'_>], ops: &[Op], world: &mut World) -> Result<Vec<Action>, String> {
    let mut actions = Vec::with_capacity(ops.len());
    // What stands right before a write is large, so not all of it is held at the same time.
    for some in ops.chunks(AT_A_TIME) {
        let mut moments = some.iter().map(|op| carry_out_seen(links, op, world)).collect::<Result<Vec<_>, _>>()?;
        actions.append(&mut parallel::map(&mut moments, |_, moment| moment.action()));
    }
    let ids: Vec<ActionId> = actions.iter().map(|action| action.id.clone()).collect();
    let mut known = HashSet::with_capacity(ids.len());
    for ((action, op), id) in actions.iter_mut().zip(ops).zip(&ids) {
        if !known.insert(id) {
            return Err(format!("a write is planned twice: {:?}", op.write));
        }
        action.depends_on = op.after.iter().filter_map(|before| ids.get(*before)).cloned().collect();
    }
    Ok(actions)
}

fn carry_out_seen<'a>(links: &'a [Link<'_>], op: &'a Op, world: &mut World) -> Result<Moment<'a>, String> {
    let link = links.get(op.link).ok_or("a write belongs to no mapping")?;
    let moment = moment(link, op, world).ok_or_else(|| format!("the object of a write is gone: {:?}", op.write))?;
    carry_out(world, &op.write).map_err(|refusal| format!("a write is refused: {refusal}"))?;
    Ok(moment)
}

/// The moment right before a write.
struct Moment<'a> {
    link: &'a Link<'a>,
    reason: &'a str,
    target: Target,
    object: Object<'a>,
}

/// What is written, as it stands before.
enum Object<'a> {
    AdUser { before: FactValue, guid: ObjectGuid },
    Account { before: Box<AccountFacts>, user: UserRef, kind: &'a ChangeKind },
}

fn moment<'a>(link: &'a Link<'a>, op: &'a Op, world: &World) -> Option<Moment<'a>> {
    let (target, object) = match &op.write {
        Write::Stamp(user, guid) => {
            let (forest, user) = world.forests.get(*user)?;
            let name = user.upn.as_deref().or(user.sam.as_deref()).unwrap_or(user.dn.as_str());
            let before = user.consistency_guid.fact();
            (Target::ad_user(&forest.name, user.guid, name), Object::AdUser { before, guid: *guid })
        }
        Write::Account(user, kind) => {
            let before = Box::new(facts_of(*user, &world.tenant));
            let account = before.user.as_ref()?;
            (Target::account(account.id, account.original_upn()), Object::Account { before, user: *user, kind })
        }
    };
    Some(Moment { link, reason: &op.reason, target, object })
}

impl Moment<'_> {
    fn action(&self) -> Action {
        let (kind, before, after) = match &self.object {
            Object::AdUser { before, guid } => {
                let fact = |value| Facts::from_iter([(FactName::ConsistencyGuid, value)]);
                let after = FactValue::text(guid.immutable_id().as_str());
                (ActionKind::StampConsistencyGuid, fact(before.clone()), fact(after))
            }
            Object::Account { before, user, kind } => {
                (action_kind(kind), self.facts_before(before, *user, kind), facts_after(kind, before))
            }
        };
        Action::new(kind, self.link.id, self.target.clone(), before, after, self.reason.to_owned())
    }

    fn facts_before(&self, before: &AccountFacts, user: UserRef, kind: &ChangeKind) -> Facts {
        let facts = relied_on(self.link, user, kind).into_iter().filter_map(|name| Some((name, before.get(name)?)));
        // A deletion that the plan itself makes has no time yet.
        facts.filter(|fact| *fact != (FactName::DeletedDateTime, FactValue::text(""))).collect()
    }
}

/// An account with its roles, as actions see it.
pub(crate) fn facts_of(user: UserRef, tenant: &Tenant) -> AccountFacts {
    let user = tenant.user(user).cloned();
    user.iter().for_each(|user| tenant.ask_details(user));
    let held = user.as_ref().and_then(|user| tenant.roles_of(&user.id));
    let names = |wanted: fn(&RoleHeld) -> bool| {
        let names = |held: &Vec<RoleHeld>| held.iter().filter(|role| wanted(role)).map(|role| role.role.to_string()).collect();
        held.as_ref().map_or(Known::Unknown, |held| Known::Is(BTreeSet::into_iter(names(held)).collect()))
    };
    AccountFacts { roles: names(|_| true), privileged_roles: names(|role| role.privileged), user }
}

fn action_kind(kind: &ChangeKind) -> ActionKind {
    match kind {
        ChangeKind::SetImmutableId(_) => ActionKind::SetImmutableId,
        ChangeKind::ClearImmutableId { .. } => ActionKind::ClearImmutableId,
        ChangeKind::SoftDelete => ActionKind::SoftDelete,
        ChangeKind::Purge => ActionKind::Purge,
        ChangeKind::Restore => ActionKind::Restore,
        ChangeKind::ClearSecurityIdentifier => ActionKind::ClearSecurityIdentifier,
        ChangeKind::ClearObjectIdentifier => ActionKind::ClearObjectIdentifier,
        ChangeKind::SetUserPrincipalName(_) => ActionKind::SetUserPrincipalName,
    }
}

const RESIDUE: [FactName; 4] = [
    FactName::OnPremisesDistinguishedName,
    FactName::OnPremisesDomainName,
    FactName::OnPremisesSamAccountName,
    FactName::OnPremisesUserPrincipalName,
];

/// The facts that a write relies on: if one of them changes after the review, the write must not happen.
fn relied_on(link: &Link<'_>, user: UserRef, kind: &ChangeKind) -> Vec<FactName> {
    let mut names =
        vec![FactName::OnPremisesImmutableId, FactName::OnPremisesSyncEnabled, FactName::State, FactName::UserPrincipalName];
    match kind {
        ChangeKind::SetImmutableId(_) => {
            names.extend([FactName::OnPremisesObjectIdentifier, FactName::PrivilegedRoles]);
        }
        ChangeKind::ClearImmutableId { residue } => {
            names.push(FactName::OnPremisesSecurityIdentifier);
            if *residue {
                names.extend(RESIDUE);
            }
        }
        ChangeKind::SoftDelete | ChangeKind::Purge => {
            names.extend([FactName::DeletedDateTime, FactName::Roles]);
            if !link.accepts(Acceptable::HolderInUse) && link.decision_for(user) == Some(Resolve::Purge) {
                names.extend([FactName::AssignedLicenses, FactName::LastSignInDateTime]);
            }
        }
        ChangeKind::Restore => names.push(FactName::DeletedDateTime),
        ChangeKind::ClearSecurityIdentifier => names.push(FactName::OnPremisesSecurityIdentifier),
        ChangeKind::ClearObjectIdentifier => names.push(FactName::OnPremisesObjectIdentifier),
        ChangeKind::SetUserPrincipalName(_) => {}
    }
    // Nothing of a guest is written without its author's word.
    if link.target == Some(user) {
        names.push(FactName::UserType);
    }
    names
}

fn facts_after(kind: &ChangeKind, before: &AccountFacts) -> Facts {
    let state = |state: AccountState| vec![(FactName::State, FactValue::text(state.word()))];
    let entries = match kind {
        ChangeKind::SetImmutableId(id) => vec![(FactName::OnPremisesImmutableId, FactValue::text(id.as_str()))],
        ChangeKind::ClearImmutableId { residue } => {
            let mut names = vec![FactName::OnPremisesImmutableId];
            names.extend(RESIDUE.into_iter().filter(|name| *residue && before.get(*name).is_some()));
            names.into_iter().map(|name| (name, FactValue::Null)).collect()
        }
        ChangeKind::SoftDelete => state(AccountState::Deleted),
        ChangeKind::Purge => state(AccountState::Gone),
        ChangeKind::Restore => state(AccountState::Live),
        ChangeKind::ClearSecurityIdentifier => vec![(FactName::OnPremisesSecurityIdentifier, FactValue::Null)],
        ChangeKind::ClearObjectIdentifier => vec![(FactName::OnPremisesObjectIdentifier, FactValue::Null)],
        ChangeKind::SetUserPrincipalName(name) => vec![(FactName::UserPrincipalName, FactValue::text(name.as_str()))],
    };
    entries.into_iter().collect()
}

impl GuidAttribute {
    /// The attribute as a fact: base64 of its bytes.
    #[must_use]
    pub fn fact(&self) -> FactValue {
        self.bytes().map_or(FactValue::Null, |bytes| FactValue::text(ImmutableId::of_bytes(bytes).as_str()))
    }
}
