//! A snapshot file that can be changed: what `apply` rehearses on.
//!
//! Only the properties that differ are touched; everything else, known or not, stays as and where it is.

#[path = "raw.rs"]
mod raw;
#[path = "written.rs"]
mod written;

use std::io;
use std::path::Path;

use hashbrown::HashMap;
use serde::Serialize as _;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Map, Value, json};

use crate::diag::{Diagnostic, Diagnostics};
use crate::directory::entra::json::{Path as Property, property_changes, read_user, user_json};
use crate::directory::text::words;
use crate::model::{CloudUser, EntraId, ObservedTenant};

use super::super::replace::HeldFile;
use super::super::{decoder, label, open, read_tenant_from, unreadable, whole};
use super::FORMAT;
use written::Written;

/// The text of a snapshot, with its users by id.
#[derive(Debug)]
pub struct SnapshotDocument {
    file: HeldFile,
    indent: Option<String>,
    /// Everything; the two lists of users are in the fields below.
    root: Map<String, Value>,
    users: Users,
    deleted: Users,
    places: HashMap<EntraId, (List, usize)>,
}

/// Users in their order; a hole is a user who went to the other list or was purged.
type Users = Vec<Option<Value>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Live,
    Deleted,
}

/// Why a snapshot was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// No such account.
    #[error("the snapshot has no account {0}")]
    NotFound(EntraId),
    /// The account is not as the caller thinks.
    #[error("{0} of account {1} has changed since it was read")]
    Changed(&'static str, EntraId),
    /// Purging takes what is in the recycle bin.
    #[error("account {0} is not in the recycle bin")]
    NotDeleted(EntraId),
    /// There is such an account already.
    #[error("the snapshot has an account {0} already")]
    Exists(EntraId),
    /// A value in the file that is none of its property.
    #[error("account {0} cannot be read: {1}")]
    Unreadable(EntraId, String),
    /// The file could not be written; the old one is untouched.
    #[error("the snapshot could not be saved: {}", words(.0))]
    Save(#[from] io::Error),
}

impl SnapshotDocument {
    /// Loads a snapshot to be changed.
    ///
    /// # Errors
    /// All that [`super::super::read_tenant`] finds, and a list of users that is no snapshot.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        Self::load_observed(path).map(|(document, _)| document)
    }

    /// The same, with the tenant as it was read.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn load_observed(path: &Path) -> Result<(Self, ObservedTenant), Diagnostics> {
        let file = label(path);
        let mut text = String::new();
        let opened = open(path)?;
        let held = HeldFile::of(path, &opened.metadata().map_err(|error| unreadable(&error, &file))?);
        let mut decoded = decoder(opened, &file)?;
        io::Read::read_to_string(&mut decoded, &mut text).map_err(|error| unreadable(&error, &file))?;
        let observed = read_tenant_from(text.as_bytes(), &file)?;
        let refuse = |why: String| Diagnostics::from(Diagnostic::error(why).at(whole(&file)));
        match serde_json::from_str(&text) {
            Ok(Value::Object(root)) if root.get("format").and_then(Value::as_str) == Some(FORMAT) => {
                let document = Self::of(held, &text, root).map_err(|error| refuse(error.to_string()))?;
                Ok((document, observed))
            }
            Ok(_) => Err(Diagnostic::error("a plain list of users can be planned on, but nothing can be applied to it")
                .at(whole(&file))
                .help(format!("put it under `users` of a file with \"format\": \"{FORMAT}\" and \"formatVersion\": \"1.0\""))
                .into()),
            // It was read as a tenant, so it is a table.
            Err(_) => Err(Diagnostic::error("a tenant in CSV can be planned on, but nothing can be applied to it")
                .at(whole(&file))
                .help("name the tenant itself with `graph:`, or a file that `hardmatch snapshot` wrote")
                .into()),
        }
    }

    fn of(file: HeldFile, text: &str, mut root: Map<String, Value>) -> Result<Self, SnapshotError> {
        let mut take = |key: &str| match root.get_mut(key) {
            Some(Value::Array(list)) => std::mem::take(list).into_iter().map(Some).collect(),
            Some(_) | None => Users::new(),
        };
        let (users, deleted) = (take("users"), take("deletedUsers"));
        let mut places = HashMap::new();
        for (list, users) in [(List::Live, &users), (List::Deleted, &deleted)] {
            for (position, user) in users.iter().enumerate() {
                let id = user.as_ref().and_then(id_of);
                places.extend(id.map(|id| (id, (list, position))));
            }
        }
        Ok(Self { file, indent: indent_of(text), root, users, deleted, places })
    }

    /// Whether the file has a recycle bin, whole or as far as earlier runs filled it.
    #[must_use]
    pub fn has_bin(&self) -> bool {
        self.root.get("deletedUsers").is_some_and(|bin| !bin.is_null())
    }

    /// The tenant as it stands in memory.
    ///
    /// # Errors
    /// Only if a change wrote something that cannot be read back.
    pub fn observed(&self) -> Result<ObservedTenant, Diagnostics> {
        let mut bytes = Vec::new();
        let file = label(self.file.path());
        self.write_to(&mut bytes).map_err(|error| unreadable(&error, &file))?;
        read_tenant_from(bytes.as_slice(), &file)
    }

    /// One account as it stands in memory, live or deleted.
    ///
    /// # Errors
    /// [`SnapshotError::Unreadable`] if a value is none of its property.
    pub fn user(&self, id: &EntraId) -> Result<Option<CloudUser>, SnapshotError> {
        let Some((list, value)) = self.find(id) else { return Ok(None) };
        let mut user = read_user(value).map_err(|why| SnapshotError::Unreadable(*id, why))?;
        if list == List::Deleted {
            user.traits_mut().deleted_at.get_or_insert_default();
        }
        Ok(Some(user))
    }

    /// Everything the file says about an account: its properties, the groups it is in, its roles. For backups.
    #[must_use]
    pub fn export_account(&self, id: &EntraId) -> Option<Value> {
        let (_, user) = self.find(id)?;
        let text = id.to_string();
        let entries = |key: &str| self.root.get(key).and_then(Value::as_array).into_iter().flatten();
        let is_member = |member: &Value| {
            let own = member.as_str().or_else(|| member.get("id").and_then(Value::as_str));
            own.is_some_and(|own| own.eq_ignore_ascii_case(&text))
        };
        let in_group =
            |group: &&Value| group.get("members").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_member));
        let groups: Vec<&Value> = entries("groups").filter(in_group).filter_map(|group| group.get("id")).collect();
        let is_own =
            |role: &&Value| role.get("principalId").and_then(Value::as_str).is_some_and(|own| own.eq_ignore_ascii_case(&text));
        let roles: Vec<&Value> = entries("roles").filter(is_own).collect();
        Some(json!({ "user": user, "memberOf": groups, "roles": roles }))
    }

    /// Changes an account from one state to another: the properties that differ, and the list it is in.
    ///
    /// # Errors
    /// [`SnapshotError::Changed`] when what is to be changed is not as in `before`; then nothing is changed.
    pub fn set_user(&mut self, before: &CloudUser, after: &CloudUser) -> Result<(), SnapshotError> {
        let id = before.id;
        let current = self.user(&id)?.ok_or(SnapshotError::NotFound(id))?;
        let changes = property_changes(before, after);
        let drift = property_changes(&current, before);
        let drifted = |path: &Property| drift.iter().any(|(own, ..)| own == path);
        if let Some(((name, _), ..)) = changes.iter().find(|(path, ..)| drifted(path)) {
            return Err(SnapshotError::Changed(name, id));
        }
        if current.is_deleted() != before.is_deleted() {
            return Err(SnapshotError::Changed("the state", id));
        }
        let value = self.find_mut(&id).ok_or(SnapshotError::NotFound(id))?;
        for ((name, inner), _, new) in changes {
            put(value, name, inner, new);
        }
        if before.is_deleted() != after.is_deleted() {
            self.move_user(&id, after)?;
        }
        Ok(())
    }

    /// Moves an account to the recycle bin as Entra does: with the time, and its id in front of the UPN.
    ///
    /// # Errors
    /// [`SnapshotError::NotFound`].
    pub fn soft_delete(&mut self, id: &EntraId, at: &str) -> Result<(), SnapshotError> {
        let before = self.user(id)?.ok_or(SnapshotError::NotFound(*id))?;
        let after = before.clone().with_traits(|traits| traits.deleted_at = Some(at.into()));
        self.set_user(&before, &after)
    }

    /// Brings an account back from the recycle bin under its own name.
    ///
    /// # Errors
    /// [`SnapshotError::NotFound`].
    pub fn restore(&mut self, id: &EntraId) -> Result<(), SnapshotError> {
        let before = self.user(id)?.ok_or(SnapshotError::NotFound(*id))?;
        let after = CloudUser { upn: before.original_upn().into(), ..before.clone() };
        let after = after.with_traits(|traits| traits.deleted_at = None);
        self.set_user(&before, &after)
    }

    /// Removes an account from the recycle bin for good.
    ///
    /// # Errors
    /// [`SnapshotError::NotFound`], [`SnapshotError::NotDeleted`].
    pub fn purge(&mut self, id: &EntraId) -> Result<(), SnapshotError> {
        match self.places.get(id) {
            None => Err(SnapshotError::NotFound(*id)),
            Some((List::Live, _)) => Err(SnapshotError::NotDeleted(*id)),
            Some((List::Deleted, _)) => {
                self.take(id);
                Ok(())
            }
        }
    }

    /// Adds a new live account.
    ///
    /// # Errors
    /// [`SnapshotError::Exists`].
    pub fn add_user(&mut self, user: &CloudUser) -> Result<(), SnapshotError> {
        if self.places.contains_key(&user.id) {
            return Err(SnapshotError::Exists(user.id));
        }
        self.append(user.id, if user.is_deleted() { List::Deleted } else { List::Live }, user_json(user));
        Ok(())
    }

    /// Writes the file: the new content is there whole, or the old one.
    ///
    /// # Errors
    /// [`SnapshotError::Save`].
    pub fn save(&self) -> Result<(), SnapshotError> {
        Ok(self.file.replace(|out| self.write_to(out))?)
    }

    fn move_user(&mut self, id: &EntraId, after: &CloudUser) -> Result<(), SnapshotError> {
        let mut value = self.take(id).ok_or(SnapshotError::NotFound(*id))?;
        let undashed = id.undashed();
        let bare = match after.upn.split_at_checked(undashed.len()) {
            Some((head, rest)) if head.eq_ignore_ascii_case(&undashed) && !rest.starts_with('@') => rest,
            Some(_) | None => &after.upn,
        };
        let (list, upn) =
            if after.is_deleted() { (List::Deleted, format!("{undashed}{bare}")) } else { (List::Live, bare.to_owned()) };
        put(&mut value, "userPrincipalName", None, Value::String(upn));
        self.append(*id, list, value);
        Ok(())
    }

    fn append(&mut self, id: EntraId, list: List, value: Value) {
        let users = self.list_mut(list);
        users.push(Some(value));
        let position = users.len() - 1;
        self.places.insert(id, (list, position));
    }

    fn take(&mut self, id: &EntraId) -> Option<Value> {
        let (list, position) = self.places.remove(id)?;
        self.list_mut(list).get_mut(position)?.take()
    }

    fn find(&self, id: &EntraId) -> Option<(List, &Value)> {
        let (list, position) = *self.places.get(id)?;
        let users = match list {
            List::Live => &self.users,
            List::Deleted => &self.deleted,
        };
        Some((list, users.get(position)?.as_ref()?))
    }

    fn find_mut(&mut self, id: &EntraId) -> Option<&mut Value> {
        let (list, position) = *self.places.get(id)?;
        self.list_mut(list).get_mut(position)?.as_mut()
    }

    fn list_mut(&mut self, list: List) -> &mut Users {
        match list {
            List::Live => &mut self.users,
            List::Deleted => &mut self.deleted,
        }
    }

    fn write_to(&self, out: &mut dyn io::Write) -> io::Result<()> {
        match &self.indent {
            Some(indent) => self.write_with(out, PrettyFormatter::with_indent(indent.as_bytes()))?,
            None => self.write_with(out, CompactFormatter)?,
        }
        out.write_all(b"\n")
    }

    fn write_with(&self, out: &mut dyn io::Write, formatter: impl Formatter) -> io::Result<()> {
        Ok(Written(self).serialize(&mut serde_json::Serializer::with_formatter(out, formatter))?)
    }
}

fn id_of(user: &Value) -> Option<EntraId> {
    user.get("id").or_else(|| user.get("Id")).and_then(Value::as_str).and_then(|id| id.parse().ok())
}

/// Sets a property under the name that the file has for it; an unknown one comes last.
fn put(object: &mut Value, name: &str, inner: Option<&str>, value: Value) {
    let Some(map) = object.as_object_mut() else { return };
    let mut slot = map.entry(spelling(map, name)).or_insert(Value::Null);
    if let Some(inner) = inner {
        if !slot.is_object() {
            *slot = Value::Object(Map::new());
        }
        let Some(nested) = slot.as_object_mut() else { return };
        slot = nested.entry(spelling(nested, inner)).or_insert(Value::Null);
    }
    *slot = if name == "assignedLicenses" { keep_licenses(slot.take(), value) } else { value };
}

/// PowerShell's spelling of a property, where the object has it.
fn spelling(map: &Map<String, Value>, name: &str) -> String {
    let mut letters = name.chars();
    let pascal: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    if map.contains_key(&pascal) { pascal } else { name.to_owned() }
}

/// Licences that stay keep their plans.
fn keep_licenses(old: Value, new: Value) -> Value {
    let (Value::Array(mut old), Value::Array(new)) = (old, new.clone()) else { return new };
    let sku = |license: &Value| license.get("skuId").or_else(|| license.get("SkuId")).cloned();
    let kept = new.into_iter().map(|license| {
        let position = old.iter().position(|own| sku(own) == sku(&license));
        position.map_or(license, |position| old.swap_remove(position))
    });
    Value::Array(kept.collect())
}

/// The indentation of the file; `None` when it is written in one line.
fn indent_of(text: &str) -> Option<String> {
    let (_, second) = text.trim().split_once('\n')?;
    let indent: String = second.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    Some(if indent.is_empty() { "  ".to_owned() } else { indent })
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
