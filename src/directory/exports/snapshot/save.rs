//! A tenant as it was read, written down as a snapshot: planning from the file sees what planning from the source saw.

use std::io;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Value, json};

use crate::directory::entra::json::{initial_domain, user_json};
use crate::model::{CloudUser, Domain, EntraId, Known, ObservedTenant, OtherKind, OtherObject, RoleGrant};

use super::{FORMAT, FORMAT_VERSION};

/// Writes a tenant of which all users were read, sorted by id, so that the same tenant gives the same bytes.
///
/// # Errors
/// When it cannot be written.
pub fn write_tenant(tenant: &ObservedTenant, out: &mut dyn io::Write) -> io::Result<()> {
    let mut json = serde_json::Serializer::with_formatter(&mut *out, PrettyFormatter::with_indent(b"  "));
    Written(tenant).serialize(&mut json)?;
    out.write_all(b"\n")
}

struct Written<'a>(&'a ObservedTenant);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tenant = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", FORMAT)?;
        map.serialize_entry("formatVersion", FORMAT_VERSION)?;
        for (key, value) in head(tenant) {
            map.serialize_entry(key, &value)?;
        }
        map.serialize_entry("users", &Users(sorted(tenant, false)))?;
        let deleted = sorted(tenant, true);
        if tenant.recycle_bin_read || !deleted.is_empty() {
            map.serialize_entry("deletedUsers", &Users(deleted))?;
        }
        for (key, kind, is_read) in sections(tenant) {
            let objects = objects(tenant, kind);
            if is_read || !objects.is_empty() {
                map.serialize_entry(key, &objects)?;
            }
        }
        for (key, value) in tail(tenant) {
            map.serialize_entry(key, &value)?;
        }
        map.end()
    }
}

/// The sections beside users, and whether all of them is there.
fn sections(tenant: &ObservedTenant) -> [(&'static str, OtherKind, bool); 3] {
    [
        ("groups", OtherKind::Group, tenant.groups_read),
        ("contacts", OtherKind::Contact, tenant.contacts_read),
        ("devices", OtherKind::Device, false),
    ]
}

fn head(tenant: &ObservedTenant) -> Vec<(&'static str, Value)> {
    let mut head: Vec<(&'static str, Value)> = Vec::new();
    head.extend(tenant.taken_at.as_deref().map(|at| ("takenAt", json!(at))));
    head.extend(Some(organization(tenant)).filter(|fields| !fields.is_empty()).map(|fields| ("organization", fields.into())));
    if tenant.initial_domain != tenant.domains.as_deref().and_then(initial_domain) {
        head.push(("initialDomain", json!(tenant.initial_domain)));
    }
    head.extend(tenant.domains.as_deref().map(|domains| ("domains", domains.iter().map(domain).collect())));
    let incomplete: Vec<&str> = incomplete(tenant);
    if !incomplete.is_empty() {
        head.push(("incomplete", json!(incomplete)));
    }
    if !tenant.doubts.is_empty() {
        head.push(("doubts", json!(tenant.doubts)));
    }
    head
}

/// Sections that are there, but not as a whole.
fn incomplete(tenant: &ObservedTenant) -> Vec<&'static str> {
    let bin = (!tenant.recycle_bin_read && tenant.users.iter().any(CloudUser::is_deleted)).then_some("deletedUsers");
    let partly = |(key, kind, is_read): &(&'static str, OtherKind, bool)| {
        (*kind != OtherKind::Device && !is_read && tenant.others.iter().any(|object| object.kind == *kind)).then_some(*key)
    };
    bin.into_iter().chain(sections(tenant).iter().filter_map(partly)).collect()
}

fn organization(tenant: &ObservedTenant) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(id) = &tenant.id {
        fields.insert("id".to_owned(), json!(id));
    }
    match tenant.sync_enabled {
        Known::Unknown => None,
        Known::Null => fields.insert("onPremisesSyncEnabled".to_owned(), Value::Null),
        Known::Is(on) => fields.insert("onPremisesSyncEnabled".to_owned(), json!(on)),
    };
    fields
}

fn domain(domain: &Domain) -> Value {
    let authentication = domain.federated.map(|federated| if federated { "Federated" } else { "Managed" });
    json!({
        "id": domain.name,
        "isVerified": domain.verified,
        "isInitial": domain.initial,
        "authenticationType": authentication,
    })
}

fn tail(tenant: &ObservedTenant) -> Vec<(&'static str, Value)> {
    let roles = tenant.roles.as_deref().map(|grants| {
        let mut sorted: Vec<&RoleGrant> = grants.iter().collect();
        sorted.sort_unstable();
        ("roles", sorted.into_iter().map(grant).collect())
    });
    let features = tenant.features.as_ref().map(|features| ("features", json!(features)));
    roles.into_iter().chain(features).collect()
}

fn grant(grant: &RoleGrant) -> Value {
    json!({
        "principalId": grant.principal.to_string(),
        "role": grant.role,
        "privileged": grant.privileged,
        "state": grant.state.word(),
    })
}

fn sorted(tenant: &ObservedTenant, deleted: bool) -> Vec<&CloudUser> {
    let mut users: Vec<&CloudUser> = tenant.users.iter().filter(|user| user.is_deleted() == deleted).collect();
    users.sort_unstable_by_key(|user| user.id);
    users
}

struct Users<'a>(Vec<&'a CloudUser>);

impl Serialize for Users<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|user| whole_user(user)))
    }
}

fn whole_user(user: &CloudUser) -> Value {
    let mut json = user_json(user);
    let errors = match &user.traits.provisioning_errors {
        Known::Unknown => None,
        Known::Null => Some(Value::Null),
        Known::Is(errors) => Some(json!(errors)),
    };
    if let (Some(errors), Some(fields)) = (errors, json.as_object_mut()) {
        fields.insert("onPremisesProvisioningErrors".to_owned(), errors);
    }
    json
}

fn objects(tenant: &ObservedTenant, kind: OtherKind) -> Vec<Value> {
    let mut objects: Vec<&OtherObject> = tenant.others.iter().filter(|object| object.kind == kind).collect();
    objects.sort_unstable_by_key(|object| object.id);
    objects.into_iter().map(object).collect()
}

fn object(object: &OtherObject) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(object.id.to_string()));
    fields.insert("displayName".to_owned(), json!(object.display_name));
    fields.insert("mail".to_owned(), json!(object.mail));
    fields.insert("proxyAddresses".to_owned(), json!(object.proxy_addresses));
    if let Some(members) = &object.members {
        let mut members: Vec<&EntraId> = members.iter().collect();
        members.sort_unstable();
        fields.insert("members".to_owned(), members.into_iter().map(|id| json!(id.to_string())).collect());
    }
    fields.into()
}

#[cfg(test)]
#[path = "save_tests.rs"]
mod tests;
