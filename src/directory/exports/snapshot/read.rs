//! Streams a tenant out of JSON: nothing is held but what the model keeps, so a million users fit.

use std::collections::BTreeSet;
use std::fmt;
use std::io::BufRead;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::scope;

use serde::de::{Deserialize, Deserializer, IgnoredAny, Visitor};

use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::directory::entra::json::{
    self, Misread, Object, WireDomain, WireGrant, WireOrganization, WireOther, WireSwitches, WireUser,
};
use crate::model::{ObservedTenant, OtherKind};

use super::super::expected::Expected;
use super::super::problems::Problems;
use super::super::whole;
use super::batch::Batch;
use super::check_head;
use super::frames::{Frame, FrameError, Frames};
use super::tenant::{Place, TenantBuilder};

/// How many batches of users may wait for the parser.
const BATCHES_AHEAD: usize = 4;

/// Reads a snapshot, a page or a list of users from decoded text.
pub(crate) fn read(text: impl BufRead, file: &Arc<str>, expected: Expected) -> Result<ObservedTenant, Diagnostics> {
    let mut reader = Reader { frames: Frames::new(text), document: Document::new(file, expected) };
    let end = reader.document().err();
    let mut document = reader.document;
    document.end = end.map(|wrong| wrong.diagnostic(file));
    document.finish(file)
}

/// What ends reading, and in which part of the document (`users[12].id`).
struct Wrong {
    path: String,
    error: FrameError,
}

impl Wrong {
    fn diagnostic(self, file: &Arc<str>) -> Diagnostic {
        let Self { path, error } = self;
        let summary = if path.is_empty() { error.summary } else { format!("{path}: {}", error.summary) };
        let location = Location { file: Arc::clone(file), line: error.place.line, column: error.place.column };
        let found = Diagnostic::error(summary).at(location);
        if error.is_cut { found.help("the file is cut; export it again") } else { found }
    }
}

impl From<FrameError> for Wrong {
    fn from(error: FrameError) -> Self {
        Self { path: String::new(), error }
    }
}

/// Parses a value; `path` names it.
fn parse<'a, T: Deserialize<'a>>(frame: Frame<'a>, path: impl FnOnce() -> String) -> Result<T, Wrong> {
    json::read(frame.bytes).map_err(|misread| wrong(frame, misread, path()))
}

fn wrong(frame: Frame<'_>, misread: Misread, path: String) -> Wrong {
    let place = frame.place_of(misread.line, misread.column);
    let path = match misread.path {
        inner if inner.is_empty() => path,
        inner if path.is_empty() || inner.starts_with('[') => format!("{path}{inner}"),
        inner => format!("{path}.{inner}"),
    };
    Wrong { path, error: FrameError { summary: misread.why, place, is_cut: misread.is_cut } }
}

/// What the document has said so far.
struct Document {
    expected: Expected,
    tenant: TenantBuilder,
    problems: Problems,
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
    fn new(file: &Arc<str>, expected: Expected) -> Self {
        Self {
            expected,
            tenant: TenantBuilder::default(),
            problems: Problems::new(file),
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

    /// Parses users and adds them.
    fn users(&mut self, cut: &Receiver<Batch>, path: &str, place: Place) -> Result<(), Wrong> {
        let (mut index, mut read) = (0, 0);
        for batch in cut {
            for frame in batch.frames() {
                let Object(user) = parse::<Object<WireUser>>(frame, || format!("{path}[{index}]"))?;
                self.tenant.add(user, place, index, frame.place.line, &mut self.problems);
                index += 1;
            }
            read += batch.len();
            self.expected.make_room(&mut self.tenant.tenant.users, read);
        }
        Ok(())
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

/// The document, and what was understood of it.
struct Reader<R> {
    frames: Frames<R>,
    document: Document,
}

impl<R: BufRead> Reader<R> {
    fn document(&mut self) -> Result<(), Wrong> {
        match self.frames.peek()? {
            Some(b'[') => {
                self.document.shape = Shape::List;
                self.users("", Place::Page)?;
            }
            Some(b'{') => self.object()?,
            _ => return Err(self.frames.error("expected a tenant snapshot (an object), or a list of users").into()),
        }
        if self.frames.peek()?.is_some() { Err(self.frames.error("trailing characters").into()) } else { Ok(()) }
    }

    fn object(&mut self) -> Result<(), Wrong> {
        self.frames.skip(b'{')?;
        if self.frames.skip(b'}')? {
            return Ok(());
        }
        loop {
            let key: Box<str> = parse(self.frames.value()?, String::new)?;
            if !self.document.seen.insert(key.clone()) {
                return Err(self.frames.error(format!("`{key}` is there twice")).into());
            }
            if !self.frames.skip(b':')? {
                return Err(self.frames.error("expected `:`").into());
            }
            self.section(&key)?;
            if !goes_on(&mut self.frames, b'}')? {
                return Ok(());
            }
        }
    }

    fn section(&mut self, key: &str) -> Result<(), Wrong> {
        match key {
            "format" => self.document.format = Some(self.value(key)?),
            "formatVersion" => {
                self.document.version = Some(self.value(key)?);
                let head = check_head(self.document.format.as_deref(), self.document.version.as_deref());
                head.map_err(|why| Wrong { path: key.to_owned(), error: self.frames.error(why) })?;
            }
            "takenAt" => self.document.tenant.tenant.taken_at = self.value(key)?,
            "users" => self.users(key, Place::Live)?,
            "value" => self.users(key, Place::Page)?,
            "deletedUsers" if self.null(key)? => self.document.tenant.tenant.recycle_bin_read = false,
            "deletedUsers" => {
                self.users(key, Place::Bin)?;
                self.document.tenant.tenant.recycle_bin_read = true;
            }
            "@odata.nextLink" => self.document.next_page = self.value::<Option<IgnoredAny>>(key)?.is_some(),
            _ => return self.other_section(key),
        }
        Ok(())
    }

    /// The sections beside users. What is null was not read.
    fn other_section(&mut self, key: &str) -> Result<(), Wrong> {
        match key {
            "organization" => {
                let read = self.value::<Option<Object<WireOrganization>>>(key)?;
                self.document.tenant.organization = read.map(|object| object.0);
            }
            "domains" => {
                self.document.tenant.tenant.domains = self.list_of(key, |Object(domain): Object<WireDomain>| domain.into())?;
            }
            "roles" => self.document.tenant.tenant.roles = self.list_of(key, |Object(grant): Object<WireGrant>| grant.into())?,
            "groups" => self.document.tenant.tenant.groups_read = self.others(key, OtherKind::Group)?,
            "contacts" => self.document.tenant.tenant.contacts_read = self.others(key, OtherKind::Contact)?,
            "devices" => {
                self.others(key, OtherKind::Device)?;
            }
            "initialDomain" => self.document.tenant.initial_domain = Some(self.value(key)?),
            "incomplete" => self.document.tenant.incomplete = self.value(key)?,
            "doubts" => {
                let read = self.value::<Option<Vec<String>>>(key)?;
                self.document.tenant.tenant.doubts.extend(read.into_iter().flatten());
            }
            "features" => {
                self.document.tenant.tenant.features = self.value::<Option<WireSwitches>>(key)?.map(|switches| switches.0);
            }
            _ => self.skipped(key)?,
        }
        Ok(())
    }

    fn value<T: for<'de> Deserialize<'de>>(&mut self, path: &str) -> Result<T, Wrong> {
        parse(self.frames.value()?, || path.to_owned())
    }

    /// Passes null, if that is what comes.
    fn null(&mut self, path: &str) -> Result<bool, Wrong> {
        if self.frames.peek()? != Some(b'n') {
            return Ok(false);
        }
        self.value::<()>(path).map(|()| true)
    }

    /// A list of users, which most files consist of: they are cut here and parsed on another thread.
    fn users(&mut self, path: &str, place: Place) -> Result<(), Wrong> {
        let Self { frames, document } = self;
        let (batches, cut) = sync_channel(BATCHES_AHEAD);
        scope(|threads| {
            let parser = threads.spawn(move || document.users(&cut, path, place));
            let mut batch = Batch::default();
            // Once the parser has found something wrong it takes no more; its error came first and is the one that counts.
            let send = |batch| drop(batches.send(batch));
            let end = each(frames, path, |frame, _| {
                batch.push(frame);
                batch.take_full().into_iter().for_each(send);
                Ok(())
            });
            send(batch);
            drop(batches);
            parser.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            end
        })
    }

    /// A list, or nothing where it is null.
    fn list_of<T: for<'de> Deserialize<'de>, U>(
        &mut self,
        path: &str,
        convert: impl Fn(T) -> U,
    ) -> Result<Option<Vec<U>>, Wrong> {
        if self.null(path)? {
            return Ok(None);
        }
        let mut list = Vec::new();
        each(&mut self.frames, path, |frame, index| {
            list.push(convert(parse(frame, || format!("{path}[{index}]"))?));
            Ok(())
        })?;
        Ok(Some(list))
    }

    fn others(&mut self, path: &str, kind: OtherKind) -> Result<bool, Wrong> {
        let read = self.list_of(path, |Object(other): Object<WireOther>| other.into_other(kind))?;
        let is_read = read.is_some();
        self.document.tenant.tenant.others.extend(read.into_iter().flatten());
        Ok(is_read)
    }

    /// A section that is not known still has to be sound.
    fn skipped(&mut self, path: &str) -> Result<(), Wrong> {
        if self.frames.peek()? == Some(b'[') {
            each(&mut self.frames, path, |frame, index| parse::<IgnoredAny>(frame, || format!("{path}[{index}]")).map(|_| ()))
        } else {
            self.value::<IgnoredAny>(path).map(|_| ())
        }
    }
}

/// Hands over the values of a list one by one.
fn each(
    frames: &mut Frames<impl BufRead>,
    path: &str,
    mut take: impl FnMut(Frame<'_>, usize) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    if !frames.skip(b'[')? {
        return parse::<NoList>(frames.value()?, || path.to_owned()).map(|_| ());
    }
    if frames.skip(b']')? {
        return Ok(());
    }
    let mut index = 0;
    loop {
        take(frames.value()?, index)?;
        index += 1;
        if !goes_on(frames, b']')? {
            return Ok(());
        }
    }
}

/// Passes a comma, or the bracket that ends a list or object.
fn goes_on(frames: &mut Frames<impl BufRead>, end: u8) -> Result<bool, Wrong> {
    if frames.skip(b',')? {
        return Ok(true);
    }
    if frames.skip(end)? {
        return Ok(false);
    }
    Err(frames.error(format!("expected `,` or `{}`", char::from(end))).into())
}

/// What stands where a list should be: parsing it tells what it is.
struct NoList;

impl<'de> Deserialize<'de> for NoList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self)
    }
}

impl Visitor<'_> for NoList {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
}
