//! Streams a tenant out of JSON: nothing is held but what the model keeps, so a million users fit.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{BufRead, Read};
use std::rc::Rc;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::directory::entra::json::{Object, WireDomain, WireGrant, WireOrganization, WireOther, WireSwitches, WireUser};
use crate::model::{ObservedTenant, OtherKind};

use super::super::problems::Problems;
use super::super::whole;
use super::check_head;
use super::tenant::{Place, TenantBuilder};

/// Reads a snapshot, a page or a list of users from decoded text.
pub(crate) fn read(text: impl BufRead, file: &Arc<str>) -> Result<ObservedTenant, Diagnostics> {
    let line = Rc::new(Cell::new(1));
    let mut json = serde_json::Deserializer::from_reader(LineCounter { inner: text, line: Rc::clone(&line) });
    let mut document = Document::new(file, line);
    let mut track = serde_path_to_error::Track::new();
    let seed = DocumentSeed(&mut document);
    let result = seed.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    let path = track.path().to_string();
    match result {
        Ok(()) => document.end = json.end().err().map(|error| problem(&error, ".", file)),
        Err(error) => document.end = Some(problem(&error, &path, file)),
    }
    document.finish(file)
}

fn problem(error: &serde_json::Error, path: &str, file: &Arc<str>) -> Diagnostic {
    let text = error.to_string();
    let bare = text.rsplit_once(" at line ").map_or(text.as_str(), |(head, _)| head);
    let summary = if path == "." || path.is_empty() { bare.to_owned() } else { format!("{path}: {bare}") };
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    let location = Location { file: Arc::clone(file), line: number(error.line()), column: number(error.column()) };
    let found = Diagnostic::error(summary).at(location);
    match error.classify() {
        serde_json::error::Category::Eof => found.help("the file is cut; export it again"),
        serde_json::error::Category::Io | serde_json::error::Category::Syntax | serde_json::error::Category::Data => found,
    }
}

/// Counts the lines that were read; serde_json reads no more than one byte ahead.
struct LineCounter<R> {
    inner: R,
    line: Rc<Cell<u32>>,
}

impl<R: BufRead> Read for LineCounter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // serde_json asks for one byte after the other.
        if let [slot] = buffer {
            let Some(byte) = self.inner.fill_buf()?.first().copied() else { return Ok(0) };
            self.inner.consume(1);
            *slot = byte;
            if byte == b'\n' {
                self.line.set(self.line.get().saturating_add(1));
            }
            return Ok(1);
        }
        let count = self.inner.read(buffer)?;
        let breaks = buffer.iter().take(count).filter(|byte| **byte == b'\n').count();
        if breaks > 0 {
            self.line.set(self.line.get().saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX)));
        }
        Ok(count)
    }
}

/// What the document has said so far.
struct Document {
    tenant: TenantBuilder,
    problems: Problems,
    line: Rc<Cell<u32>>,
    seen: BTreeSet<Box<str>>,
    format: Option<Box<str>>,
    version: Option<Box<str>>,
    shape: Shape,
    next_page: bool,
    end: Option<Diagnostic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    List,
}

impl Document {
    fn new(file: &Arc<str>, line: Rc<Cell<u32>>) -> Self {
        Self {
            tenant: TenantBuilder::default(),
            problems: Problems::new(file),
            line,
            seen: BTreeSet::new(),
            format: None,
            version: None,
            shape: Shape::Object,
            next_page: false,
            end: None,
        }
    }

    fn has(&self, key: &str) -> bool {
        self.seen.contains(key)
    }

    /// What the document as a whole lacks. A document that could not be read to its end has said enough.
    fn lack(&self) -> Option<Diagnostic> {
        let is_page = self.is_page();
        if self.next_page {
            let help = "follow the link to the end, or use `Get-MgUser -All`; one page cannot rule out a conflict";
            return Some(Diagnostic::error("this is only the first page of the users (it has an `@odata.nextLink`)").help(help));
        }
        if self.has("error") {
            return Some(Diagnostic::error("this is an error that Graph answered with, not an export of users"));
        }
        if !is_page && let Err(why) = check_head(self.format.as_deref(), self.version.as_deref()) {
            let single = self.has("id") || self.has("Id");
            let help = "this looks like a single user; write a list: `ConvertTo-Json -InputObject @($users)`";
            return Some(if single { Diagnostic::error(why).help(help) } else { Diagnostic::error(why) });
        }
        (!is_page && !self.has("users")).then(|| Diagnostic::error("`users` is missing"))
    }

    fn is_page(&self) -> bool {
        self.shape == Shape::List || (self.has("value") && self.format.is_none())
    }

    fn finish(mut self, file: &Arc<str>) -> Result<ObservedTenant, Diagnostics> {
        let is_snapshot = !self.is_page();
        let lack = self.lack().map(|problem| problem.at(whole(file)));
        if let Some(problem) = self.end.take().or(lack) {
            self.problems.push(problem);
        }
        self.tenant.finish(is_snapshot, self.problems)
    }
}

struct DocumentSeed<'a>(&'a mut Document);

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tenant snapshot (an object), or a list of users")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.shape = Shape::List;
        Users { document: self.0, place: Place::Page }.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Box<str>>()? {
            if !self.0.seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("`{key}` is there twice")));
            }
            read_key(self.0, &key, &mut map)?;
        }
        Ok(())
    }
}

fn read_key<'de, A: MapAccess<'de>>(document: &mut Document, key: &str, map: &mut A) -> Result<(), A::Error> {
    match key {
        "format" => document.format = Some(map.next_value()?),
        "formatVersion" => {
            document.version = Some(map.next_value()?);
            check_head(document.format.as_deref(), document.version.as_deref()).map_err(A::Error::custom)?;
        }
        "takenAt" => document.tenant.tenant.taken_at = map.next_value()?,
        "users" => map.next_value_seed(Users { document, place: Place::Live })?,
        "value" => map.next_value_seed(Users { document, place: Place::Page })?,
        "deletedUsers" => {
            let read = map.next_value_seed(OptionalUsers(Users { document: &mut *document, place: Place::Bin }))?;
            document.tenant.tenant.recycle_bin_read = read;
        }
        "@odata.nextLink" => document.next_page = map.next_value::<Option<IgnoredAny>>()?.is_some(),
        _ => return read_section(document, key, map),
    }
    Ok(())
}

/// The sections beside users. What is null was not read.
fn read_section<'de, A: MapAccess<'de>>(document: &mut Document, key: &str, map: &mut A) -> Result<(), A::Error> {
    let builder = &mut document.tenant;
    match key {
        "organization" => builder.organization = map.next_value::<Option<Object<WireOrganization>>>()?.map(|object| object.0),
        "domains" => {
            let read = map.next_value::<Option<Vec<Object<WireDomain>>>>()?;
            builder.tenant.domains = read.map(|list| list.into_iter().map(|object| object.0.into()).collect());
        }
        "groups" => builder.tenant.groups_read = others(builder, OtherKind::Group, map.next_value()?),
        "contacts" => builder.tenant.contacts_read = others(builder, OtherKind::Contact, map.next_value()?),
        "devices" => {
            others(builder, OtherKind::Device, map.next_value()?);
        }
        "roles" => {
            let read = map.next_value::<Option<Vec<Object<WireGrant>>>>()?;
            builder.tenant.roles = read.map(|list| list.into_iter().map(|object| object.0.into()).collect());
        }
        "initialDomain" => builder.initial_domain = Some(map.next_value()?),
        "incomplete" => builder.incomplete = map.next_value()?,
        "doubts" => builder.tenant.doubts.extend(map.next_value::<Option<Vec<String>>>()?.into_iter().flatten()),
        "features" => builder.tenant.features = map.next_value::<Option<WireSwitches>>()?.map(|switches| switches.0),
        _ => {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(())
}

fn others(builder: &mut TenantBuilder, kind: OtherKind, read: Option<Vec<Object<WireOther>>>) -> bool {
    let is_read = read.is_some();
    builder.tenant.others.extend(read.into_iter().flatten().map(|object| object.0.into_other(kind)));
    is_read
}

/// A list of users that is consumed one by one.
struct Users<'a> {
    document: &'a mut Document,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Users<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Users<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of users")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(Object(user)) = list.next_element::<Object<WireUser>>()? {
            let Document { tenant, problems, line, .. } = &mut *self.document;
            tenant.add(user, self.place, index, line.get(), problems);
            index += 1;
        }
        Ok(())
    }
}

/// The same, or null; tells which.
struct OptionalUsers<'a>(Users<'a>);

impl<'de> DeserializeSeed<'de> for OptionalUsers<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for OptionalUsers<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of users, or null")
    }

    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        self.0.deserialize(deserializer).map(|()| true)
    }
}
