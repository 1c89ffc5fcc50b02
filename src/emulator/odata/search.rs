//! `$search`, as far as it goes here: one clause `"property:text"` on the index.

use serde_json::Value;

use crate::model::text::fold;

use super::super::errors::Failure;
use super::check::Asked;
use super::eval::property;

/// A clause.
#[derive(Debug, Clone)]
pub(super) struct Search {
    property: &'static str,
    text: String,
}

impl Search {
    /// Reads a clause.
    ///
    /// # Errors
    /// No header, no property, or more than one clause.
    pub(super) fn parse(search: &str, asked: &Asked, has_header: bool) -> Result<Self, Failure> {
        if !has_header {
            let message = "Request with $search query parameter only works with the 'ConsistencyLevel:eventual' header.";
            return Err(Failure::unsupported(message));
        }
        let inner = search.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inner.filter(|inner| !inner.contains('"')).and_then(|inner| inner.split_once(':')) {
            Some((name, text)) => Ok(Self { property: asked.property(name.trim())?.name, text: fold(text.trim()).into_owned() }),
            None => Err(Failure::malformed("Syntax error in $search: one clause \"property:text\" is supported.")),
        }
    }

    /// Whether a word of the property begins with the text.
    pub(super) fn meets(&self, object: &Value) -> bool {
        let found = |value: &Value| {
            value.as_str().is_some_and(|own| {
                let own = fold(own);
                own.starts_with(&self.text) || own.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(&self.text))
            })
        };
        match property(object, self.property) {
            Some(Value::Array(list)) => list.iter().any(found),
            Some(value) => found(value),
            None => false,
        }
    }
}
