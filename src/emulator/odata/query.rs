//! The query part of an address.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::super::errors::Failure;

/// What stands in links as it is: all that RFC 3986 leaves unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'$').remove(b',');

/// The system query options, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) select: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) top: Option<usize>,
    pub(crate) skip_token: Option<String>,
    pub(crate) count: bool,
    pub(crate) order_by: Vec<Order>,
    pub(crate) expand: Vec<String>,
    pub(crate) search: Option<String>,
    /// Everything as it was sent, without the page token.
    pairs: Vec<(String, String)>,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) property: String,
    pub(crate) descending: bool,
}

impl Query {
    /// Reads what stands behind the `?`.
    ///
    /// # Errors
    /// An option that there is not, that is there twice, or whose value is none.
    pub(crate) fn parse(raw: &str) -> Result<Self, Failure> {
        let mut query = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for part in raw.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            let option = name.to_ascii_lowercase();
            if option.starts_with('$') {
                if seen.contains(&option) {
                    return Err(Failure::malformed(format!("Query option '{name}' was specified more than once.")));
                }
                query.set(&option, &value)?;
                seen.push(option.clone());
            }
            if option != "$skiptoken" {
                query.pairs.push((name, value));
            }
        }
        Ok(query)
    }

    fn set(&mut self, option: &str, value: &str) -> Result<(), Failure> {
        match option {
            "$select" => self.select = names(value),
            "$filter" => self.filter = Some(value.to_owned()),
            "$top" => self.top = Some(top(value)?),
            "$skiptoken" => self.skip_token = Some(value.to_owned()),
            "$count" => self.count = flag(value)?,
            "$orderby" => self.order_by = order(value)?,
            "$expand" => self.expand = split_outside_parentheses(value),
            "$search" => self.search = Some(value.to_owned()),
            "$format" => {}
            "$skip" => return Err(Failure::bad("'$skip' is not supported by the service.")),
            other => return Err(Failure::malformed(format!("Query option '{other}' is not supported."))),
        }
        Ok(())
    }

    /// The same query without its filter, for a list that was filtered in another way.
    pub(crate) fn without_filter(&self) -> Self {
        Self { filter: None, ..self.clone() }
    }

    /// The same query on the next page.
    pub(crate) fn link(&self, token: &str) -> String {
        let mut parts: Vec<String> =
            self.pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        parts.push(format!("$skiptoken={}", encode(token)));
        parts.join("&")
    }

    /// What a page token is bound to.
    pub(crate) fn fingerprint(&self) -> String {
        self.pairs.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// A text as it stands in a link.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A part of an address: `+` is a blank, and bytes have to be UTF-8.
///
/// # Errors
/// Bytes that are no UTF-8.
pub(crate) fn decode(text: &str) -> Result<String, Failure> {
    decode_path(&text.replace('+', " "))
}

/// A segment of a path, where `+` is a plus.
///
/// # Errors
/// Bytes that are no UTF-8.
pub(crate) fn decode_path(text: &str) -> Result<String, Failure> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| Failure::malformed("The request's address is not valid UTF-8."))
}

fn names(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn flag(value: &str) -> Result<bool, Failure> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Failure::malformed(format!("Invalid value '{value}' for $count query option found."))),
    }
}

fn top(value: &str) -> Result<usize, Failure> {
    match value.trim().parse() {
        Ok(size @ 1..=999) => Ok(size),
        _ => Err(Failure::bad(format!("Invalid page size specified: '{value}'. Must be between 1 and 999 inclusive."))),
    }
}

fn order(value: &str) -> Result<Vec<Order>, Failure> {
    let key = |text: &str| {
        let mut words = text.split_whitespace();
        let (property, direction, end) = (words.next(), words.next(), words.next());
        let descending = match direction {
            None | Some("asc") => Some(false),
            Some("desc") => Some(true),
            Some(_) => None,
        };
        match (property, descending, end) {
            (Some(property), Some(descending), None) => Ok(Order { property: property.to_owned(), descending }),
            _ => Err(Failure::malformed(format!("Syntax error in $orderby: '{text}'."))),
        }
    };
    value.split(',').map(key).collect()
}

fn split_outside_parentheses(value: &str) -> Vec<String> {
    let (mut parts, mut current, mut depth) = (Vec::new(), String::new(), 0_i32);
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut current));
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    parts.push(current);
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_blank_and_bytes_must_be_text() {
        let query = Query::parse("$filter=a+eq+'x%2By'&$top=5&junk=1&%24count=true&$select=id,%20mail").unwrap();
        assert_eq!(query.filter.as_deref(), Some("a eq 'x+y'"));
        assert_eq!(
            (query.top, query.count, query.select.as_slice()),
            (Some(5), true, ["id".to_owned(), "mail".to_owned()].as_slice())
        );
        assert!(query.link("t=1").ends_with("$select=id,%20mail&$skiptoken=t%3D1"), "{}", query.link("t=1"));
        for wrong in ["$filter=%ff", "$top=0", "$top=1000", "$top=x", "$skip=1", "$top=1&$top=2", "$x=1", "$count=1"] {
            assert!(Query::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_of_an_order_and_expansions() {
        let query = Query::parse("$orderby=displayName desc,id&$expand=a($select=x,y),b").unwrap();
        assert!(query.order_by[0].descending && !query.order_by[1].descending);
        assert_eq!(query.expand, ["a($select=x,y)", "b"]);
        assert!(Query::parse("$orderby=a b c").is_err());
    }
}
