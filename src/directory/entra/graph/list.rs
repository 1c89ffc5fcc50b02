//! Lists, page by page.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::directory::entra::json::{self, Misread, whole};
use crate::directory::pages::Pages;
use crate::directory::ports::DirectoryError;
use crate::directory::progress::Step;
use crate::model::EntraId;
use crate::model::text::cut;

use super::call::{Call, Version};
use super::client::Client;
use super::failure::GraphError;
use super::hide::said;

/// How often a list is begun anew because its page tokens ended.
const RESTARTS: usize = 3;

/// So much of an odd address is shown.
const ADDRESS_SHOWN: usize = 80;

#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
}

/// The entries of a list that came with others.
#[derive(Debug, Clone, Default)]
pub(super) struct Items {
    /// How many there are by the server's count, if that was asked for.
    pub(super) count: Option<u64>,
    values: Vec<Value>,
}

/// A list, or why there is none.
pub(super) type Listed = Result<Items, GraphError>;

impl Items {
    /// The entries, decoded.
    pub(super) fn decode<T: DeserializeOwned>(self, call: &Call) -> Result<Vec<T>, GraphError> {
        let wrong = |error: serde_json::Error| not_understood(call, &format!(": {error}"));
        self.values.into_iter().map(|value| serde_json::from_value(value).map_err(wrong)).collect()
    }
}

impl Client {
    /// A whole list.
    pub(super) async fn list<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, GraphError> {
        self.gather(call, |all: &mut Vec<T>, mut page| all.append(&mut page)).await
    }

    /// A whole list, put together page by page.
    pub(super) async fn gather<T: DeserializeOwned, All: Default>(
        &self,
        call: &Call,
        add: impl Fn(&mut All, Vec<T>),
    ) -> Result<All, GraphError> {
        let mut restarts = RESTARTS;
        loop {
            let (mut all, mut read) = (All::default(), 0);
            let keep = &mut |page: Vec<T>| {
                read += page.len();
                add(&mut all, page);
            };
            match self.pages(call, keep).await {
                // The listing would go on at a place that is no longer known: only from the start is it whole.
                Err(error) if restarts > 0 && is_expired_page(&error) => {
                    restarts -= 1;
                    call.told.iter().for_each(|told| told.take_back(read));
                }
                other => return other.map(|()| all),
            }
        }
    }

    /// Several whole lists; their first pages come in one request.
    pub(super) async fn lists(&self, version: Version, calls: &[Call]) -> Result<Vec<Listed>, GraphError> {
        let mut all = Vec::with_capacity(calls.len());
        for (call, part) in calls.iter().zip(self.batch(version, calls).await?) {
            all.push(match part {
                Ok(json) => match self.rest_of(call, json).await {
                    Err(error) if is_expired_page(&error) => self.list(call).await.map(|values| Items { count: None, values }),
                    other => other,
                },
                Err(error) => Err(error),
            });
        }
        Ok(all)
    }

    /// [`Self::lists`] of a known number.
    pub(super) async fn each<const N: usize>(&self, version: Version, calls: &[Call; N]) -> Result<[Listed; N], GraphError> {
        let listed = self.lists(version, calls).await?.try_into();
        listed.map_err(|_| GraphError::Lost("Microsoft Graph answered a batch in part: run the command again".into()))
    }

    async fn rest_of(&self, call: &Call, json: Value) -> Listed {
        let count = json.get("@odata.count").and_then(whole).and_then(|count| count.try_into().ok());
        let page = serde_json::from_value(json).map_err(|error| not_understood(call, &format!(": {error}")))?;
        let mut values = Vec::new();
        self.follow(call, page, &mut |mut page| values.append(&mut page)).await?;
        Ok(Items { count, values })
    }

    async fn pages<T: DeserializeOwned>(&self, call: &Call, keep: &mut impl FnMut(Vec<T>)) -> Result<(), GraphError> {
        let page = self.read(call).await?;
        self.follow(call, page, keep).await
    }

    async fn follow<T: DeserializeOwned>(
        &self,
        call: &Call,
        mut page: Page<T>,
        keep: &mut impl FnMut(Vec<T>),
    ) -> Result<(), GraphError> {
        let (mut pages, mut read) = (Pages::default(), 0);
        loop {
            let entries = page.value.len();
            read += entries;
            self.tell_read(call, entries)?;
            keep(page.value);
            let is_enough = call.enough.is_some_and(|enough| u32::try_from(read).is_ok_and(|read| read >= enough));
            let Some(next) = page.next.take().filter(|_| !is_enough) else { return Ok(()) };
            self.check_next(call, &next)?;
            pages.go_on(entries, Some(next.as_bytes())).map_err(|why| odd(call, &format!("has pages without end: {why}")))?;
            page = self.read_at(call, &next).await?;
        }
    }

    fn tell_read(&self, call: &Call, more: usize) -> Result<(), GraphError> {
        let Some(told) = &call.told else { return Ok(()) };
        let so_far = told.add(more);
        self.progress.note(Step::Read { what: told.what, so_far, of: told.of });
        match told.of {
            Some(of) if told.is_far_beyond(so_far) => {
                let what = format!("has pages without end: they hold {so_far} entries, and by its own count there are {of}");
                Err(odd(call, &what))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The token goes to the configured host and to nobody else.
    fn check_next(&self, call: &Call, next: &str) -> Result<(), GraphError> {
        let foreign = || odd(call, "names a next page on another host; no token is sent there");
        // An empty one is no end of the list, either: that is told by none at all.
        let url = Url::parse(next).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| no_address(call, next))?;
        let same_origin = url.origin() == self.endpoint.origin() && url.username().is_empty() && url.password().is_none();
        let below = url.path().starts_with(self.endpoint.path().trim_end_matches('/'));
        if same_origin && below { Ok(()) } else { Err(foreign()) }
    }
}

fn is_expired_page(error: &GraphError) -> bool {
    error.answer().is_some_and(|answer| answer.is("Directory_ExpiredPageToken"))
}

/// Reads an answer.
pub(super) fn parse<T: DeserializeOwned>(call: &Call, body: &[u8]) -> Result<T, GraphError> {
    json::read(body).map_err(|misread| misunderstood(call, body, &misread))
}

#[cold]
fn misunderstood(call: &Call, body: &[u8], misread: &Misread) -> GraphError {
    let Misread { path, why, line, column, .. } = misread;
    let whose = whose(body, path).map(|id| format!(" (id {id})")).unwrap_or_default();
    let place = if path.is_empty() { String::new() } else { format!(" at `{path}`{whose}") };
    not_understood(call, &format!("{place}: {why} at line {line} column {column}"))
}

#[derive(Deserialize)]
struct Ids {
    value: Vec<WithId>,
}

#[derive(Deserialize)]
struct WithId {
    #[serde(default)]
    id: Option<EntraId>,
}

/// The id of the entry of a list that a path leads into, as far as that can be read.
#[cold]
fn whose(body: &[u8], path: &str) -> Option<EntraId> {
    let place: usize = path.strip_prefix("value[")?.split_once(']')?.0.parse().ok()?;
    // Whatever else cannot be read is passed over.
    let ids: Ids = serde_json::from_str(&String::from_utf8_lossy(body)).ok()?;
    ids.value.get(place)?.id
}

#[cold]
fn not_understood(call: &Call, what: &str) -> GraphError {
    const CURE: &str =
        "if it is a value of one object, write that anew in the Entra admin centre; else a proxy in between changes answers";
    let (call, what) = (call.shown(), said(&format!("cannot be understood{what}")));
    GraphError::Directory(DirectoryError::Unusable(format!("the answer to {call} {what}; {CURE}")))
}

#[cold]
fn no_address(call: &Call, next: &str) -> GraphError {
    // The query holds names of people.
    let path = cut(next.split('?').next().unwrap_or_default(), ADDRESS_SHOWN);
    odd(call, &format!("names a next page by what is no whole web address (`{path}`); check `endpoint` and the proxy"))
}

#[cold]
fn odd(call: &Call, what: &str) -> GraphError {
    // What is wrong may quote the answer.
    GraphError::Directory(DirectoryError::Unusable(format!("the answer to {} {}", call.shown(), said(what))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One name that cannot be read keeps everybody from being read, so that it is told whose it is.
    #[test]
    fn an_entry_that_cannot_be_read_is_named() {
        let call = Call::get(Version::V1, &["users"]);
        let first = r#"{"id":"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0","displayName":"a"}"#;
        let told = |name: &[u8]| {
            let second = [br#"{"id":"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e1","displayName":"#, name, b"}]}"].concat();
            let body = [b"{\"value\":[", first.as_bytes(), b",", &second].concat();
            let Err(error) = parse::<Page<Named>>(&call, &body) else { panic!("it was read") };
            error.of_read("R").to_string()
        };
        for name in [&b"\"\\ud800\""[..], b"\"\xff\"", b"7"] {
            let told = told(name);
            let place =
                "GET /v1.0/users cannot be understood at `value[1].displayName` (id 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e1): ";
            assert!(told.contains(place) && told.contains("admin centre"), "{told}");
        }
    }

    #[derive(Debug, Deserialize)]
    struct Named {
        #[serde(rename = "displayName")]
        _name: String,
    }
}
