//! What of an object is sent: exactly the selected properties, null for empty ones, or the default ones.

use std::sync::LazyLock;

use hashbrown::HashMap;
use serde_json::{Map, Value};

use super::super::errors::Failure;
use super::super::schema::{Entity, Kind, Property};
use super::check::Asked;
use super::row::Row;

static NULL: Value = Value::Null;
static EMPTY: Value = Value::Array(Vec::new());
/// The fifteen are always there.
static NO_EXTENSION_ATTRIBUTES: LazyLock<Value> =
    LazyLock::new(|| (1..=15).map(|n| (format!("extensionAttribute{n}"), Value::Null)).collect::<Map<_, _>>().into());

/// Which properties are sent.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    entity: &'static Entity,
    properties: Vec<&'static Property>,
    /// Where each of them stands in the list.
    places: HashMap<&'static str, usize>,
    /// The part of `@odata.context` that names them.
    pub(crate) suffix: String,
}

impl Projection {
    /// What `$select` asks for.
    ///
    /// # Errors
    /// A property that there is not.
    pub(crate) fn of(select: &[String], asked: &Asked) -> Result<Self, Failure> {
        let entity = asked.entity;
        if select.is_empty() || select.iter().any(|name| name == "*") {
            return Ok(Self::default_of(entity, asked.beta));
        }
        let mut properties: Vec<&'static Property> = Vec::new();
        for name in select.iter().map(|name| name.trim_start_matches("microsoft.graph.user/")) {
            let property = asked.property(name)?;
            if !properties.iter().any(|own| own.name == property.name) {
                properties.push(property);
            }
        }
        let names: Vec<&str> = properties.iter().map(|property| property.name).collect();
        let suffix = format!("({})", names.join(","));
        Ok(Self::new(entity, properties, suffix))
    }

    /// The default properties.
    pub(crate) fn default_of(entity: &'static Entity, beta: bool) -> Self {
        let properties = entity.properties.iter().filter(|property| property.default && (beta || !property.beta)).collect();
        Self::new(entity, properties, String::new())
    }

    fn new(entity: &'static Entity, properties: Vec<&'static Property>, suffix: String) -> Self {
        let places = properties.iter().enumerate().map(|(place, property)| (property.name, place)).collect();
        Self { entity, properties, places, suffix }
    }

    /// Whether a property is sent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// An object as it is sent.
    pub(crate) fn apply<'o>(&self, object: &'o Value) -> Row<'o> {
        let found = self.find(object);
        let sent = |(property, found): (&&'static Property, Option<&'o Value>)| {
            let value = found.filter(|value| !value.is_null()).or_else(|| instead_of_null(property));
            Some((property.name, value?))
        };
        Row::of(self.properties.iter().zip(found).filter_map(sent))
    }

    /// The same, with its type: for lists of several types.
    pub(crate) fn typed<'o>(&self, object: &'o Value) -> Row<'o> {
        self.apply(object).annotated("@odata.type", format!("#{}", self.entity.type_name))
    }

    /// What an object has of each property, as [`super::eval::property`] finds it, but in one walk for all of them.
    fn find<'o>(&self, object: &'o Value) -> Vec<Option<&'o Value>> {
        let mut found = vec![None; self.properties.len()];
        for (name, value) in object.as_object().into_iter().flatten() {
            let loosely = || self.properties.iter().position(|own| own.name.eq_ignore_ascii_case(name));
            if let Some(slot) = self.places.get(name.as_str()).and_then(|place| found.get_mut(*place)) {
                *slot = Some(value);
            } else if let Some(slot) = loosely().and_then(|place| found.get_mut(place)) {
                slot.get_or_insert(value);
            }
        }
        found
    }
}

/// What is sent where an object has nothing.
fn instead_of_null(property: &Property) -> Option<&'static Value> {
    match property.kind {
        Kind::Texts | Kind::Objects => Some(&EMPTY),
        Kind::Object if property.name == "onPremisesExtensionAttributes" => Some(&NO_EXTENSION_ATTRIBUTES),
        Kind::Text | Kind::Bool | Kind::Date | Kind::Int | Kind::Object => (!property.never_null).then_some(&NULL),
    }
}
