//! Pieces that the wire types share: three answers, and what PowerShell makes of nested objects.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use crate::model::Known;
use crate::model::spreadsheet::is_type_name;

/// Reads a property that is there: null or a value. Absent is the default of [`Known`].
pub(super) fn tri<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Known<T>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Known::from)
}

/// Reads a list, or nothing where the list is null.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A whole number, also where it is written as a text.
pub(crate) fn whole(json: &Value) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str()?.parse().ok())
}

/// A nested object; `None` where `ConvertTo-Json` wrote the name of a type instead, because its depth was used up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nested<T>(pub(crate) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NestedVisitor(PhantomData))
    }
}

struct NestedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NestedVisitor<T> {
    type Value = Nested<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|inner| Nested(Some(inner)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if is_type_name(text) { Ok(Nested(None)) } else { Err(E::invalid_type(serde::de::Unexpected::Str(text), &self)) }
    }
}

/// An object and nothing else. Derived structs would take a list of values in the order of their fields, too.
#[derive(Debug, Clone)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}
