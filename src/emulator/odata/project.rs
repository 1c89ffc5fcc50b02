//! What of an object is sent: exactly the selected properties, null for empty ones, or the default ones.

use serde_json::{Map, Value, json};

use super::super::errors::Failure;
use super::super::schema::{Entity, Kind, Property};
use super::check::Asked;
use super::eval::property;

/// Which properties are sent.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    entity: &'static Entity,
    properties: Vec<&'static Property>,
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
        Ok(Self { entity, properties, suffix: format!("({})", names.join(",")) })
    }

    /// The default properties.
    pub(crate) fn default_of(entity: &'static Entity, beta: bool) -> Self {
        let properties = entity.properties.iter().filter(|property| property.default && (beta || !property.beta)).collect();
        Self { entity, properties, suffix: String::new() }
    }

    /// Whether a property is sent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.properties.iter().any(|property| property.name == name)
    }

    /// An object as it is sent.
    pub(crate) fn apply(&self, object: &Value) -> Map<String, Value> {
        let sent = |property: &&'static Property| Some((property.name.to_owned(), value_of(property, object)?));
        self.properties.iter().filter_map(sent).collect()
    }

    /// The same, with its type: for lists of several types.
    pub(crate) fn typed(&self, object: &Value) -> Value {
        let mut map = Map::new();
        map.insert("@odata.type".to_owned(), json!(format!("#{}", self.entity.type_name)));
        map.extend(self.apply(object));
        Value::Object(map)
    }
}

fn value_of(wanted: &Property, object: &Value) -> Option<Value> {
    let found = property(object, wanted.name).filter(|value| !value.is_null());
    match (found, wanted.kind) {
        (Some(value), _) => Some(value.clone()),
        (None, Kind::Texts | Kind::Objects) => Some(json!([])),
        (None, _) if wanted.name == "onPremisesExtensionAttributes" => Some(no_extension_attributes()),
        (None, _) => (!wanted.never_null).then_some(Value::Null),
    }
}

/// The fifteen are always there.
fn no_extension_attributes() -> Value {
    (1..=15).map(|n| (format!("extensionAttribute{n}"), Value::Null)).collect::<Map<_, _>>().into()
}
