//! The tenant as the emulator keeps it: the snapshot's JSON, the model beside it, and what readers do not see yet.
//!
//! The model decides what is allowed, the JSON is what is answered. Every change goes through [`World::change`], which
//! carries it into both, or into neither.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::diag::Diagnostics;
use crate::directory::exports::snapshot::write::SnapshotDocument;
use crate::model::{CloudUser, EntraId, Known, OtherKind};
use crate::tenant_model::{Refusal, Tenant};

use super::access::Grants;
use super::audit::Audit;
use super::clock::Clock;
use super::errors::Failure;
use super::lag::{History, Reader, Released, Seen};
use super::names::Names;
use super::odata::list::{Item, Settings};
use super::script::{FormerlySynced, RefusalText, Script};

/// Days that a deleted user stays in the recycle bin.
const BIN_DAYS: i64 = 30;

/// Everything behind the API.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) document: SnapshotDocument,
    pub(crate) tenant: Tenant,
    pub(crate) history: History,
    pub(crate) released: Released,
    pub(crate) audit: Audit,
    pub(crate) clock: Clock,
    pub(crate) script: Script,
    pub(crate) grants: Grants,
    /// What is configured of synchronisation beside its features; no part of a snapshot.
    pub(crate) sync_configuration: Value,
    /// Page tokens of an earlier epoch have expired.
    pub(crate) page_epoch: u32,
    pub(crate) names: Names,
}

/// Properties to set beside what the model changed.
pub(crate) type Extra = Vec<(String, Value)>;

impl World {
    /// Loads a snapshot.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn load(path: &Path, script: Script) -> Result<Self, Diagnostics> {
        let (document, observed) = SnapshotDocument::load_observed(path)?;
        let tenant = Tenant::new(observed);
        let prevention = json!({ "synchronizationPreventionType": "enabledForCount", "alertThreshold": 500 });
        let mut world = Self {
            document,
            tenant,
            history: History::default(),
            released: Released::default(),
            audit: Audit::default(),
            clock: Clock::new(),
            grants: Grants::default(),
            script: Script::default(),
            sync_configuration: json!({ "accidentalDeletionPrevention": prevention }),
            page_epoch: 0,
            names: Names::default(),
        };
        world.set_script(script);
        Ok(world)
    }

    /// Puts a script in force.
    pub(crate) fn set_script(&mut self, script: Script) {
        self.tenant.set_formerly_synced_editable(script.switches.formerly_synced != FormerlySynced::Refuse);
        self.grants = Grants::of(&script.access);
        self.script = script;
    }

    /// Sets the features of synchronisation, which the model takes for fixed.
    pub(crate) fn set_features(&mut self, features: Map<String, Value>) {
        let mut observed = self.tenant.observed().clone();
        observed.users = self.tenant.users().map(|(_, user)| user.clone()).collect();
        let switches = features.iter().filter_map(|(name, value)| Some((name.as_str().into(), value.as_bool()?)));
        observed.features = Some(switches.collect());
        self.tenant = Tenant::new(observed);
        self.tenant.set_formerly_synced_editable(self.script.switches.formerly_synced != FormerlySynced::Refuse);
        self.document.set_section("features", Value::Object(features));
    }

    /// What lists need to know.
    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings { switches: &self.script.switches, pages: self.script.pages, epoch: self.page_epoch }
    }

    /// Now, in RFC 3339.
    pub(crate) fn now(&self) -> String {
        self.clock.now().to_string()
    }

    /// An account as it stands.
    pub(crate) fn account(&self, id: &EntraId) -> Option<&CloudUser> {
        self.tenant.user(self.tenant.by_id(id)?)
    }

    /// The live account with this object id or sign-in name.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn live(&self, key: &str) -> Result<EntraId, Failure> {
        let found = self.by_key(key).filter(|id| self.account(id).is_some_and(|account| !account.is_deleted()));
        found.ok_or_else(|| Failure::not_found(key))
    }

    /// The account with this object id or sign-in name; live ones go first.
    pub(crate) fn by_key(&self, key: &str) -> Option<EntraId> {
        if let Ok(id) = key.parse() {
            return Some(id);
        }
        let named = self.tenant.by_upn(key).into_iter().filter_map(|user| self.tenant.user(user));
        named.min_by_key(|user| user.is_deleted()).map(|user| user.id)
    }

    /// An account as it really is.
    pub(crate) fn present(&self, id: &EntraId) -> Option<Seen> {
        let (deleted, _) = self.document.place(id)?;
        self.document.json(id).map(|json| Seen { json: json.clone(), deleted })
    }

    /// An account as a reader sees it.
    pub(crate) fn seen(&mut self, id: &EntraId, reader: Reader) -> Option<Seen> {
        let lags = self.script.lag;
        self.history.view(id, reader, &lags).unwrap_or_else(|| self.present(id))
    }

    /// The accounts that a reader sees differently.
    pub(crate) fn views(&mut self, reader: Reader) -> BTreeMap<EntraId, Option<Seen>> {
        let lags = self.script.lag;
        self.history.views(reader, &lags)
    }

    /// The live or deleted accounts from a place on, as seen by somebody who has these views.
    pub(crate) fn items<'a>(
        &'a self,
        deleted: bool,
        first: usize,
        views: &'a BTreeMap<EntraId, Option<Seen>>,
    ) -> Box<dyn Iterator<Item = Item<'a>> + 'a> {
        let present = self.document.entries(deleted, first).map(|(place, json)| (place, Cow::Borrowed(json)));
        if views.is_empty() {
            return Box::new(present);
        }
        let shown = present.filter_map(move |(place, json)| match id_of(&json).and_then(|id| views.get(&id)) {
            Some(seen) => Some((place, Cow::Borrowed(visible(seen, deleted)?))),
            None => Some((place, json)),
        });
        let moved = move |id: &EntraId| self.document.place(id).is_none_or(|(list, _)| list != deleted);
        let gone = views.iter().filter(move |(id, _)| moved(id)).filter_map(move |(_, seen)| visible(seen, deleted));
        let behind = (self.document.slots(deleted)..).zip(gone.map(Cow::Borrowed));
        Box::new(shown.chain(behind))
    }

    /// Changes an account: by the rules of the model, and properties that it does not know.
    ///
    /// # Errors
    /// The refusal of the first step; then nothing is changed.
    pub(crate) fn change(
        &mut self,
        id: &EntraId,
        activity: &'static str,
        steps: impl FnOnce(&mut Tenant) -> Result<(), Refusal>,
        extra: Extra,
    ) -> Result<(), Failure> {
        let before = self.account(id).cloned();
        if let Err(refusal) = steps(&mut self.tenant) {
            self.undo(id, before);
            return Err(self.refused(&refusal));
        }
        self.record(id, before.as_ref(), activity, extra)
    }

    fn undo(&mut self, id: &EntraId, before: Option<CloudUser>) {
        use crate::tenant_model::{Change, ChangeKind};
        match before {
            Some(before) => {
                self.tenant.put(before);
            }
            None => {
                for kind in [ChangeKind::SoftDelete, ChangeKind::Purge] {
                    // A user that was never there has nothing to remove: that is no error.
                    self.tenant.apply(&Change { user: *id, kind }, "").ok();
                }
            }
        }
    }

    /// Carries what the model did to an account into the document.
    ///
    /// # Errors
    /// Only if document and model have come apart.
    pub(crate) fn record(
        &mut self,
        id: &EntraId,
        before: Option<&CloudUser>,
        activity: &'static str,
        extra: Extra,
    ) -> Result<(), Failure> {
        let seen = self.present(id);
        self.names.forget();
        let after = self.account(id).cloned();
        match (before, &after) {
            (Some(before), Some(after)) => self.document.set_user(before, after),
            (Some(_), None) => self.document.purge(id),
            (None, Some(after)) => self.document.add_user(after),
            (None, None) => Ok(()),
        }
        .map_err(Failure::internal)?;
        for (name, value) in extra {
            self.document.set_property(id, &name, value).map_err(Failure::internal)?;
        }
        self.read_back(id)?;
        self.history.note(*id, seen, &self.script.lag);
        self.note_released(id, before);
        let after = self.account(id).cloned();
        self.audit.note(self.clock.now(), activity, id, before, after.as_ref());
        Ok(())
    }

    /// The document has the last word: properties that the model knows may have been among the others.
    fn read_back(&mut self, id: &EntraId) -> Result<(), Failure> {
        if let Some(user) = self.document.user(id).map_err(Failure::internal)?
            && self.account(id) != Some(&user)
        {
            self.tenant.put(user);
        }
        Ok(())
    }

    fn note_released(&mut self, id: &EntraId, before: Option<&CloudUser>) {
        let Some(before) = before else { return };
        let kept = self.account(id).map(unique_values).unwrap_or_default();
        let lag = self.script.lag.release;
        for (property, value) in unique_values(before).into_iter().filter(|value| !kept.contains(value)) {
            self.released.note(property, &value, *id, lag);
        }
    }

    /// Somebody else changes an account, and asks nobody.
    ///
    /// # Errors
    /// No such account, or a value that is none.
    pub(crate) fn edit(&mut self, id: &EntraId, set: &Map<String, Value>) -> Result<(), Failure> {
        let seen = self.present(id).ok_or_else(|| Failure::not_found(&id.to_string()))?;
        let mut json = seen.json.clone();
        if let Some(object) = json.as_object_mut() {
            object.extend(set.clone());
        }
        crate::directory::entra::json::read_user(&json).map_err(Failure::malformed)?;
        self.names.forget();
        for (name, value) in set.iter().filter(|(name, _)| *name != "id") {
            self.document.set_property(id, name, value.clone()).map_err(Failure::internal)?;
        }
        self.history.note(*id, Some(seen), &self.script.lag);
        self.read_back(id)
    }

    /// The moved clock empties the recycle bin.
    ///
    /// # Errors
    /// Only if document and model have come apart.
    pub(crate) fn expire_bin(&mut self) -> Result<(), Failure> {
        let limit = self.clock.now().as_second() - BIN_DAYS * 86_400;
        let is_old = |user: &CloudUser| {
            let at = user.traits.deleted_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
            at.is_some_and(|at| at.as_second() < limit)
        };
        let old: Vec<EntraId> = self.tenant.users().filter(|(_, user)| is_old(user)).map(|(_, user)| user.id).collect();
        for id in old {
            let change = crate::tenant_model::Change { user: id, kind: crate::tenant_model::ChangeKind::Purge };
            self.change(&id, "Hard Delete user", |tenant| tenant.apply(&change, ""), Extra::new())?;
        }
        Ok(())
    }

    /// What Graph answers to a refusal of the model.
    pub(crate) fn refused(&self, refusal: &Refusal) -> Failure {
        match refusal {
            Refusal::NotLive(id) | Refusal::NotDeleted(id) => Failure::not_found(&id.to_string()),
            Refusal::Synced(_) => refusal_text(RefusalText::Mastered),
            Refusal::Conflict { property, holder } => Failure::conflict(property, self.kind_of(holder), holder),
            Refusal::Federated(_) | Refusal::FederatedWithoutId(_) => refusal_text(self.script.switches.federated_text),
            Refusal::UnverifiedDomain(_) => Failure::bad(
                "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.",
            ),
            Refusal::BadValue(_, why) => {
                Failure::bad(format!("Invalid value specified for property 'onPremisesImmutableId' of resource 'User': {why}."))
            }
        }
    }

    /// What kind of object has an id, as conflicts name it.
    fn kind_of(&self, id: &EntraId) -> &'static str {
        match self.tenant.observed().others.iter().find(|other| other.id == *id).map(|other| other.kind) {
            Some(OtherKind::Group) => "Group",
            Some(OtherKind::Contact) => "Contact",
            Some(OtherKind::Device) => "Device",
            None => "User",
        }
    }

    /// The tenant's id, or the one that a tenant without one goes by.
    pub(crate) fn tenant_id(&self) -> String {
        let id = self.tenant.observed().id.as_deref();
        id.unwrap_or("00000000-0000-4000-8000-00000000aaaa").to_owned()
    }

    /// A list of the snapshot beside the users.
    pub(crate) fn section(&self, name: &str) -> &[Value] {
        self.document.section(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the account was synced once.
    pub(crate) fn is_formerly_synced(account: &CloudUser) -> bool {
        account.sync_enabled == Known::Is(false)
    }
}

/// The values of an account that nobody else can have, as long as it has them.
fn unique_values(account: &CloudUser) -> Vec<(&'static str, String)> {
    let anchor = account.immutable_id.as_ref().map(|id| ("onPremisesImmutableId", id.as_str().to_owned()));
    let sid = account.sid.value().map(|sid| ("onPremisesSecurityIdentifier", sid.to_string()));
    anchor.into_iter().chain(sid).collect()
}

/// What is seen of an account in one of the two lists.
fn visible(seen: &Option<Seen>, deleted: bool) -> Option<&Value> {
    seen.as_ref().filter(|seen| seen.deleted == deleted).map(|seen| &seen.json)
}

/// One of the known texts of refusals.
pub(crate) fn refusal_text(text: RefusalText) -> Failure {
    Failure::bad(match text {
        RefusalText::Mastered => {
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
        }
        RefusalText::External => {
            "Unable to update the specified properties for objects that have originated within an external service."
        }
        RefusalText::Invalid => "One or more properties contains invalid values.",
        RefusalText::Required => {
            "A required property is missing: onPremisesImmutableId cannot change while the domain is federated."
        }
    })
}

/// The object id in a JSON object.
pub(crate) fn id_of(json: &Value) -> Option<EntraId> {
    json.get("id").or_else(|| json.get("Id"))?.as_str()?.parse().ok()
}
