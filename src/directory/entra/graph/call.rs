//! One request to Graph: what is asked, at which version, and what asking it does.
//!
//! Percent-encoding happens here and nowhere else: a `+` of an ImmutableID that is sent as it is arrives as a blank,
//! and the search silently finds nobody.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;

use crate::model::EntraId;
use crate::model::digits::size;

/// What RFC 3986 calls unreserved stays as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// So many accounts may be made while a list is read, or before the index that counts them knows them.
const NEW_AT_MOST: u64 = 10_000;

/// The two versions of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Version {
    V1,
    /// Only for what v1.0 does not have: onPremisesObjectIdentifier and isPrivileged.
    Beta,
}

impl Version {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::V1 => "/v1.0",
            Self::Beta => "/beta",
        }
    }
}

/// How far a list is. Copies count together, for a list that is read in parts.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// What the entries are called.
    pub(super) what: &'static str,
    /// How many are expected.
    pub(super) of: Option<u64>,
    so_far: Arc<AtomicU64>,
}

impl Told {
    pub(super) fn new(what: &'static str, of: Option<u64>) -> Self {
        Self { what, of, so_far: Arc::default() }
    }

    /// Adds what was read, and gives all of it.
    pub(super) fn add(&self, more: usize) -> u64 {
        let more = size(more);
        self.so_far.fetch_add(more, Ordering::Relaxed).saturating_add(more)
    }

    /// Whether so many are more than can have come since they were counted.
    pub(super) fn is_far_beyond(&self, so_far: u64) -> bool {
        self.of.is_some_and(|of| so_far > of.saturating_mul(2).saturating_add(NEW_AT_MOST))
    }

    /// What was read does not count, as it is read again.
    pub(super) fn take_back(&self, read: usize) {
        self.so_far.fetch_sub(size(read), Ordering::Relaxed);
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) version: Version,
    /// Behind the version, with the query, encoded.
    pub(super) target: String,
    /// Whether it goes to the index that knows more operators and lags behind.
    pub(super) advanced: bool,
    /// How many entries of a list are enough; all when `None`.
    pub(super) enough: Option<u32>,
    pub(super) body: Option<Value>,
    /// What whoever watches is told of a list.
    pub(super) told: Option<Told>,
    /// The one object that the answer has to be about, by its `id`.
    pub(super) about: Option<EntraId>,
    /// Whether a POST only reads.
    only_reads: bool,
}

impl Call {
    /// Asks for something below this path, whose segments are encoded here.
    pub(super) fn get(version: Version, segments: &[&str]) -> Self {
        Self::new(Method::GET, version, segments, None)
    }

    pub(super) fn new(method: Method, version: Version, segments: &[&str], body: Option<Value>) -> Self {
        let target = segments.iter().fold(String::new(), |mut path, segment| {
            path.push('/');
            path.extend(utf8_percent_encode(segment, PATH));
            path
        });
        Self { method, version, target, advanced: false, enough: None, body, told: None, about: None, only_reads: false }
    }

    /// Asks for something with a body that is too long for an address.
    pub(super) fn ask(version: Version, segments: &[&str], body: Value) -> Self {
        Self { only_reads: true, ..Self::new(Method::POST, version, segments, Some(body)) }
    }

    /// Adds a query option such as `$select`.
    pub(super) fn option(mut self, name: &str, value: &str) -> Self {
        let sign = if self.target.contains('?') { '&' } else { '?' };
        // Writing to a String cannot fail.
        let _ = write!(self.target, "{sign}{name}={}", utf8_percent_encode(value, ESCAPED));
        self
    }

    pub(super) fn select(self, properties: &str) -> Self {
        self.option("$select", properties)
    }

    pub(super) fn filter(self, filter: &str) -> Self {
        self.option("$filter", filter)
    }

    pub(super) fn top(self, entries: u32) -> Self {
        self.option("$top", &entries.to_string())
    }

    /// Sends it to the index, which takes the header and `$count` together.
    pub(super) fn advanced(mut self) -> Self {
        self.advanced = true;
        self.option("$count", "true")
    }

    /// Only the number of entries, which comes with the first page.
    pub(super) fn count(mut self) -> Self {
        self.enough = Some(0);
        self.top(1).advanced()
    }

    /// The first so many entries, and no more.
    pub(super) fn first(mut self, entries: u32) -> Self {
        self.enough = Some(entries);
        self.top(entries)
    }

    /// Tells whoever watches how many of these were read.
    pub(super) fn told(mut self, told: Told) -> Self {
        self.told = Some(told);
        self
    }

    /// Takes only an answer whose `id` is this one.
    pub(super) fn about(mut self, id: EntraId) -> Self {
        self.about = Some(id);
        self
    }

    /// Whether it changes nothing, so that it may be sent again without knowing what became of it.
    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET || self.only_reads
    }

    /// What a log may show: the path without the query, which holds names of people.
    pub(super) fn shown(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        format!("{} {}{path}", self.method, self.version.path())
    }
}

/// In a path `$` and a few others are common and need no escape.
const PATH: &AsciiSet = &ESCAPED.remove(b'$').remove(b'@').remove(b'!').remove(b'(').remove(b')');

/// A text as a literal of a filter.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `property in ('a','b')`
pub(super) fn is_one_of<'a>(property: &str, values: impl IntoIterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.into_iter().map(literal).collect();
    match values.as_slice() {
        [one] => format!("{property} eq {one}"),
        many => format!("{property} in ({})", many.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_gets_out_of_its_place() {
        let filter = is_one_of("onPremisesImmutableId", ["ab+/cd==", "o'dell"]);
        assert_eq!(filter, "onPremisesImmutableId in ('ab+/cd==','o''dell')");
        let call = Call::get(Version::V1, &["users"]).select("id,mail").filter(&filter).advanced();
        let expected = "/users?$select=id%2Cmail&$filter=onPremisesImmutableId%20in%20%28%27ab%2B%2Fcd%3D%3D%27%2C%27o%27%27dell%27%29&$count=true";
        assert_eq!(call.target, expected);
        assert!(call.advanced && call.is_read());
        let guest = Call::get(Version::Beta, &["users", "a_b#EXT#@x.example/../?$select=*"]);
        assert_eq!(guest.target, "/users/a_b%23EXT%23@x.example%2F..%2F%3F$select%3D%2A");
        assert_eq!(guest.shown(), "GET /beta/users/a_b%23EXT%23@x.example%2F..%2F%3F$select%3D%2A");
    }
}
