//! Bodies of the kind `application/x-www-form-urlencoded`.

use super::super::odata::query::decode;

/// The fields of a form; `None` when bytes are no UTF-8.
pub(crate) fn parse(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(body).ok()?;
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name).ok()?, decode(value).ok()?))
        })
        .collect()
}

/// A form that can be asked for its fields.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form; what cannot be read has no fields.
    pub(super) fn read(body: &[u8]) -> Self {
        Self(parse(body).unwrap_or_default())
    }

    /// A field that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, value)| own == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}
