//! Searches: in pages, to the end, or an error. A list that may be short is never returned.

use std::sync::Arc;
use std::time::Duration;

use ldap3::controls::{Control, ControlType, MakeCritical, PagedResults};
use ldap3::{Ldap, Scope, SearchOptions};
use tokio_util::task::AbortOnDropHandle;

use super::ber;
use super::bind::Credentials;
use super::contain::contained;
use super::errors::{Fault, shown};
use super::session::Session;
use super::wire;
use crate::directory::ad::entry::{RawEntry, base_name, cost, span_of};
use crate::directory::pages::{Endless, Pages};
use crate::directory::progress::Step;
use crate::model::digits::size;

/// Bytes that one page may hold, or one entry whose values come in parts; a page of 1,000 full entries has some MiB.
const LARGEST: usize = if cfg!(test) { 1 << 20 } else { 256 << 20 };

/// Requests for the rest of the values of one entry; a domain controller sends 1,500 values in answer to each.
const MOST_RANGES: usize = if cfg!(test) { 30 } else { 1000 };

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) base: &'a str,
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [String],
    /// What the entries are called where somebody watches; they are not told where this is `None`.
    pub(super) told: Option<&'a str>,
}

/// What one request brought.
struct Page {
    entries: Vec<RawEntry>,
    referrals: Vec<String>,
    /// Where the next page starts; empty at the end, `None` when the server said nothing about pages.
    cookie: Option<Vec<u8>>,
}

/// A page on its way. It is given up when this is dropped.
type Coming = AbortOnDropHandle<Result<Page, Fault>>;

/// Entries of which some attribute came as a range of its values.
type Unfinished = Vec<RawEntry>;

impl Session {
    /// Everything below the base, page by page. Returns the servers that hold the rest of the tree.
    pub(super) async fn search_below(
        &self,
        ldap: &Ldap,
        query: Query<'_>,
        page_size: i32,
        each: &mut (dyn FnMut(RawEntry) + Send),
    ) -> Result<Vec<String>, Fault> {
        let (mut referrals, mut unfinished) = (Vec::new(), Unfinished::new());
        let (mut pages, mut so_far) = (Pages::default(), 0u64);
        let page_after = |cookie| self.request(ldap, query, Some(PagedResults { size: page_size, cookie }));
        let (mut cookie, mut coming) = (Vec::new(), Some(page_after(Vec::new())));
        while let Some(page) = coming {
            let page = self.arrived(page).await?;
            so_far = so_far.saturating_add(size(page.entries.len()));
            if let Some(what) = query.told {
                self.progress.note(Step::Read { what, so_far, of: None });
            }
            let next = next_page(&mut pages, &page, &cookie)?;
            // While these entries are looked at, the next ones are on their way.
            coming = next.clone().map(page_after);
            cookie = next.unwrap_or_default();
            referrals.extend(page.referrals);
            for entry in page.entries {
                if has_ranges(&entry) { unfinished.push(entry) } else { each(entry) }
            }
        }
        for entry in unfinished {
            each(self.finish(ldap, entry).await?);
        }
        Ok(referrals)
    }

    /// One object, whole; `None` when there is none.
    pub(super) async fn read_object(&self, ldap: &Ldap, base: &str, attributes: &[String]) -> Result<Option<RawEntry>, Fault> {
        let query = Query { base, filter: "(objectClass=*)", attributes, told: None };
        let found = match self.arrived(self.request(ldap, query, None)).await {
            Ok(page) => page.entries.into_iter().last(),
            Err(Fault::Answer(answer)) if answer.code == 32 => return Ok(None),
            Err(fault) => return Err(fault),
        };
        match found {
            Some(entry) if has_ranges(&entry) => self.finish(ldap, entry).await.map(Some),
            other => Ok(other),
        }
    }

    /// Asks for a page of what is below the base, or for the base itself. The answer is put together where the connection
    /// is served: were each entry handed to another thread, most of the time would go into waking that thread.
    fn request(&self, ldap: &Ldap, query: Query<'_>, paging: Option<PagedResults>) -> Coming {
        let request = Request {
            base: query.base.to_owned(),
            filter: query.filter.to_owned(),
            attributes: query.attributes.to_vec(),
            paging,
            patience: self.patience,
            credentials: Arc::clone(&self.credentials),
        };
        AbortOnDropHandle::new(tokio::spawn(contained(request.page(ldap.clone()))))
    }

    async fn arrived(&self, page: Coming) -> Result<Page, Fault> {
        let outcome = page.await.unwrap_or_else(|_| Err(Fault::Garbled("it could not be read to its end".to_owned())));
        outcome.map_err(|fault| if matches!(fault, Fault::Slow(_)) { Fault::Slow(self.patience) } else { fault })
    }

    /// Fetches the rest of the values of attributes that came as a range.
    async fn finish(&self, ldap: &Ldap, mut entry: RawEntry) -> Result<RawEntry, Fault> {
        for _ in 0..MOST_RANGES {
            let Some((name, next)) = next_range(&entry)? else { return Ok(entry) };
            let wanted = [format!("{name};range={next}-*")];
            let query = Query { base: &entry.dn, filter: "(objectClass=*)", attributes: &wanted, told: None };
            let page = self.arrived(self.request(ldap, query, None)).await?;
            let more = page.entries.into_iter().last().and_then(|found| continuation(found, &name, next));
            let (last, values) = more.ok_or_else(|| cut_off(&name, next))?;
            append(&mut entry, &name, last, values);
            check_size(entry.size())?;
        }
        Err(Fault::Garbled(format!("of one user come more than {MOST_RANGES} ranges of values, and there is no end to them")))
    }
}

/// A search as it is sent.
struct Request {
    base: String,
    filter: String,
    attributes: Vec<String>,
    /// A page of everything below the base; `None` for the base itself.
    paging: Option<PagedResults>,
    patience: Duration,
    credentials: Arc<Credentials>,
}

impl Request {
    async fn page(self, mut ldap: Ldap) -> Result<Page, Fault> {
        let scope = if self.paging.is_some() { Scope::Subtree } else { Scope::Base };
        ldap.with_timeout(self.patience).with_search_options(SearchOptions::new());
        if let Some(paging) = self.paging {
            ldap.with_controls(paging.critical());
        }
        let mut stream = ldap.streaming_search(&self.base, scope, &self.filter, self.attributes).await?;
        let (mut entries, mut referrals, mut size) = (Vec::new(), Vec::new(), 0);
        while let Some(item) = stream.next().await? {
            if item.is_ref() {
                let found = wire::referrals(item);
                size = found.iter().map(|uri| cost(uri.len())).sum::<usize>().saturating_add(size);
                check_size(size)?;
                referrals.extend(found);
            } else if !item.is_intermediate() {
                let entry = wire::entry(item)?;
                size = entry.size().saturating_add(size);
                check_size(size)?;
                entries.push(entry);
            }
        }
        let result = stream.finish().await;
        if result.rc != 0 {
            return Err(Fault::Answer(self.credentials.answer(&result)));
        }
        let cookies = result.ctrls.iter().map(cookie).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { entries, referrals, cookie: cookies.into_iter().flatten().next() })
    }
}

/// Where the page after this one starts; `None` when this was the last.
fn next_page(pages: &mut Pages, page: &Page, cookie: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let next = match &page.cookie {
        None => return Err(Fault::Garbled("it pays no heed to paging, so the list may be short".to_owned())),
        Some(next) if next.is_empty() => return Ok(None),
        Some(next) if page.entries.is_empty() && next == cookie => return Err(endless(&Endless::Again)),
        Some(next) => next.clone(),
    };
    let first = page.entries.first().map(|entry| entry.dn.as_bytes());
    pages.go_on(page.entries.len(), first).map_err(|why| endless(&why))?;
    Ok(Some(next))
}

fn endless(why: &Endless) -> Fault {
    Fault::Garbled(format!("its pages do not end: {why}"))
}

/// No answer is put together without end.
fn check_size(bytes: usize) -> Result<(), Fault> {
    let why =
        || Fault::Garbled(format!("one page, or one entry, has more than {} MiB; no directory has that much", LARGEST >> 20));
    if bytes > LARGEST { Err(why()) } else { Ok(()) }
}

/// What a control holds is a message of its own inside the message.
fn cookie(control: &Control) -> Result<Option<Vec<u8>>, Fault> {
    match &control.1.val {
        Some(value) if matches!(control.0, Some(ControlType::PagedResults)) => {
            ber::check(value).map_err(|flaw| Fault::Garbled(flaw.to_string()))?;
            Ok(Some(control.1.parse::<PagedResults>().cookie))
        }
        Some(_) | None => Ok(None),
    }
}

fn has_ranges(entry: &RawEntry) -> bool {
    entry.attributes.iter().any(|(name, _)| span_of(name).is_some())
}

/// The first attribute of which values are missing, and the number of the next one.
fn next_range(entry: &RawEntry) -> Result<Option<(String, u64)>, Fault> {
    for (own, _) in &entry.attributes {
        let name = base_name(own);
        match span_of(own) {
            None | Some((0, None)) => {}
            Some((0, Some(last))) => {
                let next = last.checked_add(1).ok_or_else(|| cut_off(name, last))?;
                return Ok(Some((name.to_owned(), next)));
            }
            Some(_) => return Err(cut_off(name, 0)),
        }
    }
    Ok(None)
}

#[cold]
fn cut_off(name: &str, count: u64) -> Fault {
    Fault::Garbled(format!("of `{}` of one user only the first {count} values came", shown(name)))
}

/// The wanted range in an answer: the number of its last value, if that is not the end, and its values.
fn continuation(found: RawEntry, name: &str, next: u64) -> Option<(Option<u64>, Vec<Vec<u8>>)> {
    found.attributes.into_iter().find_map(|(own, values)| {
        let (first, last) = span_of(&own).filter(|_| base_name(&own).eq_ignore_ascii_case(name))?;
        let follows = first == next && last.is_none_or(|last| last >= next) && !values.is_empty();
        follows.then_some((last, values))
    })
}

/// Puts further values behind those that are there; the name then tells how far they reach.
fn append(entry: &mut RawEntry, name: &str, last: Option<u64>, values: Vec<Vec<u8>>) {
    let is_open = |own: &str| span_of(own).is_some_and(|(_, last)| last.is_some()) && base_name(own).eq_ignore_ascii_case(name);
    if let Some((own, all)) = entry.attributes.iter_mut().find(|(own, _)| is_open(own)) {
        *own = format!("{name};range=0-{}", last.map_or_else(|| "*".to_owned(), |last| last.to_string()));
        all.extend(values);
    }
}
