//! A collection: filtered, ordered, cut into pages.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::Serialize;
use serde_json::Value;

use crate::model::text::fold;

use super::super::call::{Answer, Call};
use super::super::errors::Failure;
use super::super::schema::{DIRECTORY_OBJECT, Entity};
use super::super::script::{Endless, Pages, Switches};
use super::check::Asked;
use super::eval::{meets, property};
use super::expr::Expr;
use super::page::Cursor;
use super::project::Projection;
use super::query::Order;
use super::row::Row;
use super::search::Search;

const DEFAULT_PAGE: usize = 100;

/// An entry with its place, which stays while others come and go.
pub(crate) type Item<'a> = (usize, Cow<'a, Value>);

/// What all lists of one request have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) switches: &'a Switches,
    pub(crate) pages: Pages,
    pub(crate) epoch: u32,
}

/// A page as it is sent.
#[derive(Debug, Serialize)]
struct Page<'o> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    value: Vec<Row<'o>>,
}

/// A checked query on a collection.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    call: &'a Call,
    pub(crate) filter: Option<Expr>,
    search: Option<Search>,
    pub(crate) projection: Projection,
    cursor: Cursor,
    pages: Pages,
    /// What `@odata.context` calls the collection.
    set: String,
}

impl<'a> Listing<'a> {
    /// Checks the query of a call.
    ///
    /// # Errors
    /// What the directory answers to a query that it does not take.
    pub(crate) fn new(call: &'a Call, entity: &'static Entity, settings: &Settings<'_>) -> Result<Self, Failure> {
        let asked = asked(call, entity, settings.switches);
        let query = &call.query;
        let is_count = call.path.last().is_some_and(|last| last == "$count");
        if is_count && !call.has_consistency_level() {
            return Err(Failure::bad("$count is not supported here without the 'ConsistencyLevel:eventual' header."));
        }
        let filter = query.filter.as_deref().map(super::parse).transpose()?;
        if let Some(filter) = &filter {
            asked.filter(filter)?;
        }
        asked.order(&query.order_by, filter.is_some())?;
        let search = query.search.as_deref().map(|text| Search::parse(text, &asked, call.has_consistency_level())).transpose()?;
        let projection = Projection::of(&query.select, &asked)?;
        let cursor = Cursor::of(call, settings.epoch)?;
        Ok(Self { call, filter, search, projection, cursor, pages: settings.pages, set: entity.set.to_owned() })
    }

    /// The same list as one of objects of any kind, which is what relations hold.
    pub(crate) fn of_objects(self) -> Self {
        Self { set: DIRECTORY_OBJECT.set.to_owned(), ..self }
    }

    /// The first place that may be on the page: what earlier ones had need not be looked at again.
    pub(crate) fn first(&self) -> usize {
        let after = self.cursor.after.filter(|_| self.call.query.order_by.is_empty());
        after.map_or(0, |after| after + 1)
    }

    /// The page that was asked for, or the number of entries.
    pub(crate) fn answer<'i>(&self, items: impl Iterator<Item = Item<'i>>) -> Answer {
        self.answer_with(items, Projection::apply)
    }

    /// The same, with another way to write an entry down.
    pub(crate) fn answer_with<'i>(
        &self,
        items: impl Iterator<Item = Item<'i>>,
        write: impl for<'o> Fn(&Projection, &'o Value) -> Row<'o>,
    ) -> Answer {
        let is_sorted = !self.call.query.order_by.is_empty();
        let first = self.first();
        let rest = items.filter(|(place, _)| *place >= first);
        let mut matching = rest.filter(|(_, object)| self.meets(object));
        if self.call.path.last().is_some_and(|last| last == "$count") {
            return Answer::number(matching.count());
        }
        if self.is_empty() {
            let next = self.cursor.behind_empty_page();
            let count = self.wants_count().then(|| matching.count());
            return self.page(count, Vec::new(), Some(&next));
        }
        let size = self.size();
        let (page, more, count) = if is_sorted { self.sorted(matching, size) } else { self.in_place(&mut matching, size) };
        let behind = page.last().filter(|_| more).map(|(place, object)| self.cursor.behind(*place, self.keys(object)));
        let next = self.next(behind);
        let rows = page.iter().map(|(_, object)| write(&self.projection, object)).collect();
        self.page(count, rows, next.as_ref())
    }

    /// Whether a page is empty though the list goes on.
    fn is_empty(&self) -> bool {
        self.is_endless(Endless::Empty) || self.pages.empty && self.cursor.empty == 0
    }

    /// The page after one that may be the last.
    fn next(&self, behind: Option<Cursor>) -> Option<Cursor> {
        if self.is_endless(Endless::Same) {
            return Some(self.cursor.clone());
        }
        behind.or_else(|| self.is_endless(Endless::Again).then(|| self.cursor.again()))
    }

    fn is_endless(&self, way: Endless) -> bool {
        self.pages.endless == Some(way) && !self.cursor.is_first()
    }

    fn size(&self) -> usize {
        let asked = self.call.query.top.unwrap_or(DEFAULT_PAGE);
        self.pages.size.map_or(asked, |most| asked.min(most)).max(1)
    }

    fn wants_count(&self) -> bool {
        self.call.query.count && self.call.has_consistency_level() && self.cursor.is_first()
    }

    fn meets(&self, object: &Value) -> bool {
        self.filter.as_ref().is_none_or(|filter| meets(filter, object))
            && self.search.as_ref().is_none_or(|search| search.meets(object))
    }

    /// A page in the order of places; stops reading as soon as it is full.
    fn in_place<'i>(&self, matching: &mut impl Iterator<Item = Item<'i>>, size: usize) -> (Vec<Item<'i>>, bool, Option<usize>) {
        let page: Vec<Item<'i>> = matching.by_ref().take(size).collect();
        if self.wants_count() {
            let beyond = matching.count();
            let total = page.len() + beyond;
            return (page, beyond > 0, Some(total));
        }
        let more = page.len() == size && matching.next().is_some();
        (page, more, None)
    }

    fn sorted<'i>(&self, matching: impl Iterator<Item = Item<'i>>, size: usize) -> (Vec<Item<'i>>, bool, Option<usize>) {
        let order = &self.call.query.order_by;
        let mut all: Vec<(Vec<Option<String>>, Item<'i>)> = matching.map(|item| (self.keys(&item.1), item)).collect();
        all.sort_by(|left, right| compare(order, &left.0, &right.0).then(left.1.0.cmp(&right.1.0)));
        let total = self.wants_count().then_some(all.len());
        let is_behind = |keys: &[Option<String>], place: usize| match self.cursor.after {
            None => true,
            Some(after) => compare(order, keys, &self.cursor.keys).then(place.cmp(&after)).is_gt(),
        };
        let mut rest = all.into_iter().filter(|(keys, (place, _))| is_behind(keys, *place)).map(|(_, item)| item);
        let page: Vec<Item<'i>> = rest.by_ref().take(size).collect();
        (page, rest.next().is_some(), total)
    }

    fn keys(&self, object: &Value) -> Vec<Option<String>> {
        let key = |key: &Order| match property(object, &key.property) {
            Some(Value::String(text)) => Some(fold(text).into_owned()),
            Some(Value::Bool(on)) => Some(on.to_string()),
            Some(_) | None => None,
        };
        self.call.query.order_by.iter().map(key).collect()
    }

    fn page(&self, count: Option<usize>, value: Vec<Row<'_>>, next: Option<&Cursor>) -> Answer {
        let context = self.call.context(&format!("{}{}", self.set, self.projection.suffix));
        Answer::written(&Page { context, count, next: next.map(|next| self.link(next)), value })
    }

    fn link(&self, next: &Cursor) -> String {
        let path: String = self.call.path.iter().map(|segment| format!("/{}", link_segment(segment))).collect();
        format!("{}/{}{path}?{}", self.call.base, self.call.version.name(), self.call.query.link(&next.token()))
    }
}

/// A segment as it stands in a link: casts with their whole names.
fn link_segment(segment: &str) -> String {
    let cast = segment.strip_prefix("graph.").map(|name| format!("microsoft.graph.{name}"));
    super::query::encode(&cast.unwrap_or_else(|| segment.to_owned()))
}

/// The conditions of a call.
pub(crate) fn asked(call: &Call, entity: &'static Entity, switches: &Switches) -> Asked {
    Asked {
        entity,
        beta: call.version == super::super::call::Version::Beta || switches.object_identifier_on_v1,
        advanced: call.is_advanced(),
        strict: switches.immutable_id_filter_needs_advanced,
    }
}

fn compare(order: &[Order], left: &[Option<String>], right: &[Option<String>]) -> Ordering {
    let keys = order.iter().zip(left.iter().zip(right));
    let compared = keys.map(|(key, (left, right))| if key.descending { right.cmp(left) } else { left.cmp(right) });
    compared.fold(Ordering::Equal, Ordering::then)
}
