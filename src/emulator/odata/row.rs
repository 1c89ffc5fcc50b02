//! An object as it is sent: names and values that stay where they are until they are written.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// Properties in their order, perhaps behind an annotation.
#[derive(Debug, Clone)]
pub(crate) struct Row<'o> {
    annotation: Option<(&'static str, String)>,
    properties: Vec<(&'o str, &'o Value)>,
}

impl<'o> Row<'o> {
    /// These properties.
    pub(crate) fn of(properties: impl Iterator<Item = (&'o str, &'o Value)>) -> Self {
        Self { annotation: None, properties: properties.collect() }
    }

    /// All of an object.
    pub(crate) fn whole(object: &'o Value) -> Self {
        Self::of(object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value)))
    }

    /// The same with `@odata.type` or `@odata.context` in front.
    pub(crate) fn annotated(self, name: &'static str, value: String) -> Self {
        Self { annotation: Some((name, value)), ..self }
    }

    /// The same with one more property.
    pub(crate) fn with(mut self, name: &'o str, value: &'o Value) -> Self {
        self.properties.push((name, value));
        self
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some((name, value)) = &self.annotation {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in &self.properties {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
