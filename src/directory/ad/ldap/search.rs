//! Searches: in pages, to the end, or an error. A list that may be short is never returned.

use ldap3::controls::{Control, ControlType, MakeCritical, PagedResults};
use ldap3::{Ldap, Scope, SearchOptions};

use super::errors::{Answer, Fault};
use super::session::{Session, contained};
use super::wire;
use crate::directory::ad::entry::{RawEntry, base_name};
use crate::directory::pages::{Endless, Pages};
use crate::directory::progress::Step;

/// Bytes that one page may hold, or one entry whose values come in parts; a page of 1,000 full entries has some MiB.
const LARGEST: usize = if cfg!(test) { 1 << 20 } else { 256 << 20 };

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
    referrals: Vec<String>,
    count: usize,
    /// Where the next page starts; empty at the end, `None` when the server said nothing about pages.
    cookie: Option<Vec<u8>>,
}

/// Entries of which only a range of some attribute has come yet.
type Unfinished = Vec<RawEntry>;

impl Session {
    /// Everything below the base, page by page. Returns the servers that hold the rest of the tree.
    pub(super) async fn search_below(
        &self,
        ldap: &mut Ldap,
        query: Query<'_>,
        page_size: i32,
        each: &mut (dyn FnMut(RawEntry) + Send),
    ) -> Result<Vec<String>, Fault> {
        let (mut cookie, mut referrals, mut unfinished) = (Vec::new(), Vec::new(), Unfinished::new());
        let (mut pages, mut so_far) = (Pages::default(), 0u64);
        loop {
            let mut first = None;
            ldap.with_controls(PagedResults { size: page_size, cookie: cookie.clone() }.critical());
            let mut sort = |entry: RawEntry| {
                first.get_or_insert_with(|| entry.dn.clone());
                if is_unfinished(&entry) { unfinished.push(entry) } else { each(entry) }
            };
            let page = self.page(ldap, query, Scope::Subtree, &mut sort).await?;
            referrals.extend(page.referrals);
            so_far = so_far.saturating_add(u64::try_from(page.count).unwrap_or(u64::MAX));
            if let Some(what) = query.told {
                self.progress.note(Step::Read { what, so_far, of: None });
            }
            match page.cookie {
                None => return Err(Fault::Garbled("it pays no heed to paging, so the list may be short".to_owned())),
                Some(next) if next.is_empty() => break,
                Some(next) if page.count == 0 && next == cookie => return Err(endless(&Endless::Again)),
                Some(next) => cookie = next,
            }
            pages.go_on(page.count, first.as_deref().map(str::as_bytes)).map_err(|why| endless(&why))?;
        }
        for entry in unfinished {
            each(self.finish(ldap, entry).await?);
        }
        Ok(referrals)
    }

    /// One object, whole; `None` when there is none.
    pub(super) async fn read_object(
        &self,
        ldap: &mut Ldap,
        base: &str,
        attributes: &[String],
    ) -> Result<Option<RawEntry>, Fault> {
        let query = Query { base, filter: "(objectClass=*)", attributes, told: None };
        let mut found = None;
        match self.page(ldap, query, Scope::Base, &mut |entry| found = Some(entry)).await {
            Ok(_) => {}
            Err(Fault::Answer(answer)) if answer.code == 32 => return Ok(None),
            Err(fault) => return Err(fault),
        }
        match found {
            Some(entry) if is_unfinished(&entry) => self.finish(ldap, entry).await.map(Some),
            other => Ok(other),
        }
    }

    async fn page(
        &self,
        ldap: &mut Ldap,
        query: Query<'_>,
        scope: Scope,
        each: &mut (dyn FnMut(RawEntry) + Send),
    ) -> Result<Page, Fault> {
        let outcome = contained(page(ldap, query, scope, self.patience, each)).await;
        outcome.map_err(|fault| if matches!(fault, Fault::Slow(_)) { Fault::Slow(self.patience) } else { fault })
    }

    /// Fetches the rest of the values of attributes that came as a range.
    async fn finish(&self, ldap: &mut Ldap, mut entry: RawEntry) -> Result<RawEntry, Fault> {
        while let Some((name, last)) = next_range(&entry) {
            let next =
                last.checked_add(1).ok_or_else(|| Fault::Garbled(format!("it numbers the values of `{name}` up to {last}")))?;
            let wanted = [format!("{name};range={next}-*")];
            let query = Query { base: &entry.dn, filter: "(objectClass=*)", attributes: &wanted, told: None };
            let mut more = None;
            self.page(ldap, query, Scope::Base, &mut |found| more = Some(found)).await?;
            let more = more.and_then(|found| continuation(found, &name, next));
            let (range, values) =
                more.ok_or_else(|| Fault::Garbled(format!("of `{name}` of one user only the first {next} values came")))?;
            append(&mut entry, &name, range, values);
            check_size(entry.size())?;
        }
        Ok(entry)
    }
}

async fn page(
    ldap: &mut Ldap,
    query: Query<'_>,
    scope: Scope,
    patience: std::time::Duration,
    each: &mut (dyn FnMut(RawEntry) + Send),
) -> Result<Page, Fault> {
    ldap.with_timeout(patience).with_search_options(SearchOptions::new());
    let attributes: Vec<&str> = query.attributes.iter().map(String::as_str).collect();
    let mut stream = ldap.streaming_search(query.base, scope, query.filter, attributes).await?;
    let (mut referrals, mut count, mut size) = (Vec::new(), 0, 0);
    while let Some(item) = stream.next().await? {
        if item.is_ref() {
            referrals.extend(wire::referrals(item));
        } else if !item.is_intermediate() {
            let entry = wire::entry(item)?;
            (count, size) = (count + 1, entry.size().saturating_add(size));
            check_size(size)?;
            each(entry);
        }
    }
    let result = stream.finish().await;
    if result.rc != 0 {
        return Err(Fault::Answer(Answer::from(result)));
    }
    Ok(Page { referrals, count, cookie: result.ctrls.iter().find_map(cookie) })
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

fn cookie(control: &Control) -> Option<Vec<u8>> {
    let is_paging = matches!(control.0, Some(ControlType::PagedResults)) && control.1.val.is_some();
    is_paging.then(|| control.1.parse::<PagedResults>().cookie)
}

fn is_unfinished(entry: &RawEntry) -> bool {
    next_range(entry).is_some()
}

/// The first attribute of which values are missing, and the number of its last value that is there.
fn next_range(entry: &RawEntry) -> Option<(String, u64)> {
    entry.attributes.iter().find_map(|(name, _)| {
        let (base, last) = wire::range(name)?;
        Some((base.to_owned(), last?))
    })
}

/// The wanted range in an answer: the attribute's name and its values.
fn continuation(found: RawEntry, name: &str, next: u64) -> Option<(String, Vec<Vec<u8>>)> {
    found.attributes.into_iter().find(|(own, values)| {
        let reaches = wire::range(own).is_some_and(|(_, last)| last.is_none_or(|last| last >= next));
        base_name(own).eq_ignore_ascii_case(name) && reaches && !values.is_empty()
    })
}

/// Puts further values behind those that are there; the name then tells how far they reach.
fn append(entry: &mut RawEntry, name: &str, range: String, values: Vec<Vec<u8>>) {
    let open = entry
        .attributes
        .iter_mut()
        .find(|(own, _)| wire::range(own).is_some_and(|(base, last)| base.eq_ignore_ascii_case(name) && last.is_some()));
    if let Some((own, all)) = open {
        *own = range;
        all.extend(values);
    }
}
