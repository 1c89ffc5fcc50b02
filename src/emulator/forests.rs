//! One sync cycle: who left the scope is deleted, everybody in it is exported, and the model does what Entra would do.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::diag::Diagnostics;
use crate::directory::exports::read_ldif;
use crate::model::{
    AdUser, AnchorMode, CloudUser, DistinguishedName, EntraId, ImmutableId, Known, ObservedForest, ProvisioningError,
    effective_anchor,
};
use crate::tenant_model::{Incoming, SyncOutcome, SyncRefusal, Tenant};

use super::Options;
use super::errors::Failure;
use super::scope::Exported;
use super::script::TakeoverRoles;
use super::world::{Extra, World};

/// Where the forests are, and what the sync client makes of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forests {
    files: Vec<PathBuf>,
    anchor: AnchorMode,
    /// Containers whose users are not synced.
    out_of_scope: Vec<DistinguishedName>,
    exported: Exported,
}

impl Forests {
    /// The client as it stands before its first cycle.
    ///
    /// # Errors
    /// What is wrong with a file.
    pub(crate) fn start(options: &Options, tenant: &Tenant) -> Result<Self, Diagnostics> {
        let load = |file: &PathBuf| read_ldif(file, &name(file), &options.anchor);
        let read: Vec<ObservedForest> = options.forests.iter().map(load).collect::<Result<_, _>>()?;
        let exported = Exported::at_start(&read, &options.out_of_scope, tenant);
        let (files, anchor) = (options.forests.clone(), options.anchor.clone());
        Ok(Self { files, anchor, out_of_scope: options.out_of_scope.clone(), exported })
    }
}

/// Runs a cycle and says what it did with each user.
///
/// # Errors
/// A forest that cannot be read; then nothing is changed.
pub(crate) fn cycle(world: &mut World, forests: &mut Forests) -> Result<Value, Failure> {
    let read: Vec<ObservedForest> = forests.files.iter().map(|file| load(file, &forests.anchor)).collect::<Result<_, _>>()?;
    // Deletions go first: an AD user that gets the anchor of another one in the same cycle finds the account in the bin.
    let mut entries = forests.exported.delete_lost(world, &read, &forests.out_of_scope)?;
    let mut model = exporting(world);
    for (file, forest) in read.iter().enumerate() {
        for user in forest.users.iter().filter(|user| !forests.out_of_scope.iter().any(|base| user.dn.is_under(base))) {
            let (outcome, details) = export(world, &mut model, forest, user, |anchor| {
                forests.exported.remember(file, forest, user, anchor);
            })?;
            entries.push(merged(merged(head(forest, user), json!({ "outcome": outcome })), details));
        }
    }
    Ok(json!({ "at": world.now(), "value": entries }))
}

fn load(file: &Path, anchor: &AnchorMode) -> Result<ObservedForest, Failure> {
    read_ldif(file, &name(file), anchor).map_err(|problems| {
        let first = problems.sorted().first().map(ToString::to_string).unwrap_or_default();
        Failure::new(422, "ForestUnreadable", format!("The forest cannot be read: {first}"))
    })
}

/// What a forest is called: as its file is.
fn name(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The model as the cycle asks it: with the roles that count.
fn exporting(world: &World) -> Tenant {
    match world.script.switches.takeover_roles {
        TakeoverRoles::Privileged => world.tenant.clone(),
        TakeoverRoles::Any => {
            let mut observed = world.tenant.observed().clone();
            observed.users = world.tenant.users().map(|(_, user)| user.clone()).collect();
            observed.roles.iter_mut().flatten().for_each(|grant| grant.privileged = true);
            Tenant::new(observed)
        }
    }
}

fn export(
    world: &mut World,
    model: &mut Tenant,
    forest: &ObservedForest,
    user: &AdUser,
    remember: impl FnOnce(&ImmutableId),
) -> Result<(&'static str, Value), Failure> {
    let anchor = match effective_anchor(&forest.anchor, user) {
        Ok(anchor) => anchor,
        Err(problem) => return Ok(("noAnchor", json!({ "reason": problem.to_string() }))),
    };
    let now = world.now();
    let outcome = model.sync(Incoming { user, anchor: &anchor }, &now);
    let touched = touched(model, &outcome, &anchor.value);
    let id = touched.as_ref().map(|account| account.id);
    if let Some(account) = touched {
        remember(&anchor.value);
        let known = world.account(&account.id).cloned();
        let id = account.id;
        let errors = account.traits.provisioning_errors.clone();
        world.tenant.put(account);
        let activity = if known.is_some() { "Update user" } else { "Add user" };
        world.record(&id, known.as_ref(), activity, extra(&outcome, known.as_ref(), &errors, &now))?;
    }
    Ok(told(world, id, anchor.value.as_str(), &outcome))
}

/// The account as the cycle left it.
fn touched(model: &Tenant, outcome: &SyncOutcome, anchor: &ImmutableId) -> Option<CloudUser> {
    // Nobody had the anchor of a new account before.
    let created = || matches!(outcome, SyncOutcome::Create { .. }).then(|| model.holders_of(anchor).first().copied())?;
    model.user(outcome.account().or_else(created)?).cloned()
}

/// A new account has a birthday, and errors where something of it is in quarantine.
fn extra(outcome: &SyncOutcome, known: Option<&CloudUser>, errors: &Known<Box<[ProvisioningError]>>, now: &str) -> Extra {
    let mut extra = Extra::new();
    if matches!(outcome, SyncOutcome::Create { .. }) {
        extra.push(("createdDateTime".to_owned(), json!(now)));
    }
    if let Known::Is(errors) = errors
        && known.is_none_or(|known| known.errors() != &**errors)
    {
        extra.push(("onPremisesProvisioningErrors".to_owned(), json!(errors)));
    }
    extra
}

/// What the cycle did with one user, in words and ids.
fn told(world: &World, id: Option<EntraId>, anchor: &str, outcome: &SyncOutcome) -> (&'static str, Value) {
    let account = id.and_then(|id| world.account(&id));
    let upn = account.map(|account| account.upn.clone());
    let linked = |more: Value| merged(json!({ "immutableId": anchor, "user": id, "userPrincipalName": upn }), more);
    match outcome {
        SyncOutcome::AlreadyLinked(_) => ("alreadyLinked", linked(json!({}))),
        SyncOutcome::HardMatch { restored, .. } => ("hardMatch", linked(json!({ "restored": restored }))),
        SyncOutcome::SoftMatch { by_upn, .. } => ("softMatch", linked(json!({ "byUserPrincipalName": by_upn }))),
        SyncOutcome::Create { placeholder, conflicts, passed_over, .. } => {
            let passed: Vec<Value> = passed_over.iter().map(refusal).collect();
            ("create", linked(json!({ "placeholder": placeholder, "conflicts": conflicts, "passedOver": passed })))
        }
        SyncOutcome::LeftOut(exclusion) => ("leftOut", json!({ "reason": exclusion.reason() })),
        SyncOutcome::Refused(why) => ("refused", merged(json!({ "immutableId": anchor }), refusal(why))),
    }
}

pub(crate) fn refusal(refusal: &SyncRefusal) -> Value {
    let rule = refusal.rule;
    json!({ "code": rule.code(), "reason": rule.words(), "since": rule.since().unwrap_or_default(), "user": refusal.user })
}

/// Who an AD user is.
pub(crate) fn head(forest: &ObservedForest, user: &AdUser) -> Value {
    json!({ "forest": forest.name, "dn": user.dn.as_str(), "sam": user.sam, "objectGuid": user.guid.to_string() })
}

pub(crate) fn merged(mut left: Value, right: Value) -> Value {
    if let (Some(left), Value::Object(right)) = (left.as_object_mut(), right) {
        left.extend(right);
    }
    left
}
