//! The JSON of a snapshot as it is: for the emulator, which answers with properties that the model does not know.

use serde_json::Value;

use crate::model::EntraId;

use super::{List, SnapshotDocument, SnapshotError, put};

impl SnapshotDocument {
    /// The JSON of an account, live or deleted.
    #[must_use]
    pub fn json(&self, id: &EntraId) -> Option<&Value> {
        self.find(id).map(|(_, user)| user)
    }

    /// Where an account stands: whether in the recycle bin, and at which place of that list.
    #[must_use]
    pub fn place(&self, id: &EntraId) -> Option<(bool, usize)> {
        self.places.get(id).map(|(list, position)| (*list == List::Deleted, *position))
    }

    /// The live or the deleted accounts from a place on, each with its place in the list. Places stay when others leave.
    pub fn entries(&self, deleted: bool, first: usize) -> impl Iterator<Item = (usize, &Value)> {
        let list = if deleted { &self.deleted } else { &self.users };
        (first..).zip(list.iter().skip(first)).filter_map(|(position, user)| Some((position, user.as_ref()?)))
    }

    /// The live account at a place.
    #[must_use]
    pub fn live_at(&self, place: usize) -> Option<&Value> {
        self.users.get(place)?.as_ref()
    }

    /// How many places a list has, holes included.
    #[must_use]
    pub fn slots(&self, deleted: bool) -> usize {
        if deleted { self.deleted.len() } else { self.users.len() }
    }

    /// Sets any property of an account. What the model knows goes through [`Self::set_user`].
    ///
    /// # Errors
    /// [`SnapshotError::NotFound`].
    pub fn set_property(&mut self, id: &EntraId, name: &str, value: Value) -> Result<(), SnapshotError> {
        put(self.find_mut(id).ok_or(SnapshotError::NotFound(*id))?, name, None, value);
        Ok(())
    }

    /// A section beside the users: `domains`, `groups`, `features` …
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Value> {
        self.root.get(name).filter(|value| !value.is_null())
    }

    /// Replaces a section beside the users.
    pub fn set_section(&mut self, name: &str, value: Value) {
        self.root.insert(name.to_owned(), value);
    }

    /// The whole file as it would be saved.
    ///
    /// # Errors
    /// [`SnapshotError::Save`] if it cannot be written down.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SnapshotError> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }
}
