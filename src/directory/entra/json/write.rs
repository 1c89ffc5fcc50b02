//! The model's user as Graph's JSON, whole or only what differs.

use serde_json::{Map, Value, json};

use crate::model::{CloudUser, ImmutableId, Known, UserKind};
use crate::tenant_model::RoleHeld;

/// A property, perhaps of a nested object.
pub type Path = (&'static str, Option<&'static str>);

/// Every property of the model that is known, in Graph's names. `deletedDateTime` is there only for a deleted user.
fn properties(user: &CloudUser) -> Vec<(Path, Value)> {
    let mut list = List(Vec::with_capacity(20));
    list.push("id", json!(user.id.to_string()));
    list.push("userPrincipalName", json!(user.upn));
    list.push("displayName", json!(user.display_name));
    list.push("onPremisesImmutableId", json!(user.immutable_id.as_ref().map(ImmutableId::as_str)));
    list.known("onPremisesSyncEnabled", &user.sync_enabled, |on| json!(on));
    list.known("onPremisesSecurityIdentifier", &user.sid, |sid| json!(sid));
    list.known("onPremisesObjectIdentifier", &user.object_identifier, |guid| json!(guid.to_string()));
    list.known("onPremisesDistinguishedName", &user.residue.distinguished_name, |text| json!(text));
    list.known("onPremisesDomainName", &user.traits.domain_name, |text| json!(text));
    list.known("onPremisesSamAccountName", &user.residue.sam_account_name, |text| json!(text));
    list.known("onPremisesUserPrincipalName", &user.residue.user_principal_name, |text| json!(text));
    list.known("onPremisesLastSyncDateTime", &user.last_sync, |text| json!(text));
    list.known("mail", &user.mail, |text| json!(text));
    list.known("proxyAddresses", &user.proxy_addresses, |entries| json!(entries));
    list.known("employeeId", &user.employee_id, |text| json!(text));
    list.known("accountEnabled", &user.traits.account_enabled, |on| json!(on));
    list.known("userType", &user.traits.user_type, |kind| json!(kind_word(kind)));
    list.known("assignedLicenses", &user.traits.licenses, |skus| skus.iter().map(|sku| json!({ "skuId": sku })).collect());
    list.nested("signInActivity", "lastSignInDateTime", &user.last_sign_in, |text| json!(text));
    list.nested("onPremisesSyncBehavior", "isCloudManaged", &user.traits.cloud_managed, |on| json!(on));
    list.nested("mailboxSettings", "userPurpose", &user.traits.mailbox_purpose, |text| json!(text));
    list.push("deletedDateTime", json!(user.traits.deleted_at.as_deref().filter(|at| !at.is_empty())));
    list.0
}

struct List(Vec<(Path, Value)>);

impl List {
    fn push(&mut self, name: &'static str, value: Value) {
        self.0.push(((name, None), value));
    }

    fn known<T>(&mut self, name: &'static str, read: &Known<T>, convert: impl FnOnce(&T) -> Value) {
        self.at((name, None), read, convert);
    }

    fn nested<T>(&mut self, name: &'static str, inner: &'static str, read: &Known<T>, convert: impl FnOnce(&T) -> Value) {
        self.at((name, Some(inner)), read, convert);
    }

    fn at<T>(&mut self, path: Path, read: &Known<T>, convert: impl FnOnce(&T) -> Value) {
        match read {
            Known::Unknown => {}
            Known::Null => self.0.push((path, Value::Null)),
            Known::Is(value) => self.0.push((path, convert(value))),
        }
    }
}

fn kind_word(kind: &UserKind) -> &str {
    match kind {
        UserKind::Member => "Member",
        UserKind::Guest => "Guest",
        UserKind::Other(word) => word,
    }
}

/// Roles as a backup keeps them; null where they are not known.
#[must_use]
pub fn roles_json(held: Option<Vec<RoleHeld>>) -> Value {
    let words =
        |held: RoleHeld| json!({ "role": held.role, "privileged": held.privileged, "state": held.state.word(), "via": held.via });
    held.map_or(Value::Null, |held| held.into_iter().map(words).collect())
}

/// The whole user as Graph would return it. What is not known is absent.
#[must_use]
pub fn user_json(user: &CloudUser) -> Value {
    let mut object = Map::new();
    for ((name, inner), value) in properties(user) {
        match inner {
            None => object.insert(name.to_owned(), value),
            Some(inner) => object.insert(name.to_owned(), json!({ inner: value })),
        };
    }
    Value::Object(object)
}

/// The properties in which two states of one user differ, with the old value (`None` where it was not known) and the new
/// one. A property that only the old state knows is left out: it is not known any more, which is not a change.
#[must_use]
pub fn property_changes(before: &CloudUser, after: &CloudUser) -> Vec<(Path, Option<Value>, Value)> {
    let old = properties(before);
    let old_value = |path: &Path| old.iter().find(|(own, _)| own == path).map(|(_, value)| value);
    let pairs = properties(after).into_iter().map(|(path, new)| (path, old_value(&path).cloned(), new));
    pairs.filter(|(_, old, new)| old.as_ref() != Some(new)).collect()
}
