//! Many reads, or many writes, in one request: <https://learn.microsoft.com/en-us/graph/json-batching>.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::directory::entra::json::Strict;
use crate::directory::ports::Receipt;
use crate::directory::progress::Step;
use crate::model::digits::size;

use super::call::{Call, Version};
use super::client::{Client, given_up};
use super::cost::BATCH;
use super::failure::{Answer, GraphError, media_type};
use super::hide::said;
use super::list::parse;
use super::pace::{THROTTLE_SCOPE, Tries, after, is_of_writes};
use super::useless::{about_another, is_about_asked};

/// How many batches are under way at a time.
const AT_ONCE: usize = 20;

/// What became of one request of a batch.
pub(super) type Part = Result<Value, GraphError>;

#[derive(Deserialize)]
pub(super) struct Replies {
    pub(super) responses: Vec<PartReply>,
}

#[derive(Deserialize)]
pub(super) struct PartReply {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Strict,
}

impl PartReply {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.headers.iter().flatten().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        // Seconds may be written as a number.
        value.as_str().map(Cow::Borrowed).or_else(|| value.as_u64().map(|number| number.to_string().into()))
    }
}

/// What one batch left to ask again.
pub(super) struct Left {
    places: Vec<usize>,
    pause: Option<Duration>,
    /// Whether the token was not taken.
    is_expired: bool,
    pub(super) why: GraphError,
}

impl Client {
    /// Sends reads of one version in as few requests as possible; the answers come in the order of the reads.
    pub(super) async fn batch(&self, version: Version, calls: &[Call]) -> Result<Vec<Part>, GraphError> {
        let chunks: Vec<_> = calls.chunks(BATCH).map(|chunk| self.chunk(version, chunk)).collect();
        let parts: Vec<Vec<Part>> = stream::iter(chunks).buffered(AT_ONCE).try_collect().await?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// Sends writes of one version in one request. None is sent again here, and what is not answered may have been done.
    pub(super) async fn write_together(&self, version: Version, calls: &[Call]) -> Vec<Result<Receipt, GraphError>> {
        let requests: Vec<Value> = calls.iter().enumerate().map(|(place, call)| request(place, call)).collect();
        let batch = Call::new(Method::POST, version, &["$batch"], Some(json!({ "requests": requests })));
        let reply = match self.send(&batch).await {
            Ok(reply) => reply,
            Err(error) => return vec![Err(error); calls.len()],
        };
        let replies = parse::<Replies>(&batch, &reply.body).map_or_else(|_| Vec::new(), |replies| replies.responses);
        let mut by_place = by_place(replies);
        let settle = |(place, call): (usize, &Call)| match by_place.remove(&place) {
            Some(mut part) => {
                let request_id = part.header("request-id").map(|id| said(&id)).or_else(|| reply.request_id.clone());
                outcome(call, &mut part).map(|_| Receipt { request_id })
            }
            None => Err(GraphError::Lost(format!("{} (in a batch) was not answered, or twice", call.shown()))),
        };
        calls.iter().enumerate().map(settle).collect()
    }

    async fn chunk(&self, version: Version, calls: &[Call]) -> Result<Vec<Part>, GraphError> {
        let mut parts: Vec<Option<Part>> = calls.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..calls.len()).collect();
        let (mut tries, mut may_renew) = (Tries::new(&self.patience), true);
        loop {
            let token = self.tokens.token(None).await.map_err(GraphError::Directory)?;
            let round = Round { calls, parts: &mut parts, missing: open.clone(), left: None, may_renew };
            let Some(left) = self.round(version, round).await? else { break };
            if left.is_expired {
                // A fresh token is tried once, as for a request that stands alone.
                may_renew = false;
                self.tokens.token(Some(&token)).await.map_err(GraphError::Directory)?;
            }
            if !left.is_expired || left.pause.is_some() {
                self.before_next_round(&mut tries, &left)?;
            }
            open = left.places;
        }
        self.progress.note(Step::LookedUp(size(calls.len())));
        Ok(parts
            .into_iter()
            .map(|part| part.unwrap_or_else(|| Err(GraphError::Lost("a part of a batch was not answered".into()))))
            .collect())
    }

    /// Has the next round wait, or says why there is none.
    fn before_next_round(&self, tries: &mut Tries, left: &Left) -> Result<(), GraphError> {
        let is_throttled = left.why.answer().is_some_and(Answer::is_throttled);
        if is_throttled {
            self.progress.note(Step::Refused);
        }
        let next = if left.why.is_foreign() { tries.next_short(left.pause) } else { tries.next(left.pause) };
        let pause = next.map_err(|why| given_up(left.why.clone(), &why))?;
        self.progress.note(Step::Paused { pause, is_throttled, why: &left.why.in_short() });
        self.pace.hold(pause);
        Ok(())
    }

    /// Asks what is open, and says what has to be asked again.
    async fn round(&self, version: Version, mut round: Round<'_>) -> Result<Option<Left>, GraphError> {
        let open = round.missing.iter();
        let requests: Vec<Value> = open.filter_map(|place| Some(request(*place, round.calls.get(*place)?))).collect();
        let batch = Call::ask(version, &["$batch"], json!({ "requests": requests }));
        let replies: Replies = self.read(&batch).await?;
        round.take_all(replies);
        Ok(round.finish())
    }
}

/// The answers to one batch, as they are sorted.
pub(super) struct Round<'a> {
    pub(super) calls: &'a [Call],
    pub(super) parts: &'a mut [Option<Part>],
    pub(super) missing: Vec<usize>,
    pub(super) left: Option<Left>,
    /// Whether a token that is not taken any more is renewed, and what it was sent with asked again.
    pub(super) may_renew: bool,
}

impl Round<'_> {
    pub(super) fn take_all(&mut self, replies: Replies) {
        by_place(replies.responses).into_iter().for_each(|(place, reply)| self.take(place, reply));
    }

    fn take(&mut self, place: usize, mut reply: PartReply) {
        if !self.missing.contains(&place) {
            return;
        }
        self.missing.retain(|other| *other != place);
        let Some(call) = self.calls.get(place) else { return };
        match outcome(call, &mut reply) {
            Err(GraphError::Answer(answer)) if answer.is_throttled() || answer.is_passing() => {
                self.ask_again(&[place], answer.retry_after, GraphError::Answer(answer));
            }
            Err(GraphError::Answer(answer)) if answer.status == 401 && self.may_renew => {
                self.ask_again(&[place], answer.retry_after, GraphError::Answer(answer)).is_expired = true;
            }
            Ok(Value::Null | Value::String(_)) => {
                let why = format!("the answer to {} (in a batch) broke off", call.shown());
                self.ask_again(&[place], None, GraphError::Lost(why));
            }
            Ok(json) if !is_about_asked(call, &json) => {
                let why = about_another(&format!("{} (in a batch)", call.shown()));
                self.ask_again(&[place], None, why);
            }
            part => {
                if let Some(slot) = self.parts.get_mut(place) {
                    *slot = Some(part);
                }
            }
        }
    }

    /// The first reason is told, the longest pause is kept.
    fn ask_again(&mut self, places: &[usize], pause: Option<Duration>, why: GraphError) -> &mut Left {
        let left = self.left.get_or_insert_with(|| Left { places: Vec::new(), pause: None, is_expired: false, why });
        left.places.extend(places);
        left.pause = left.pause.max(pause);
        left
    }

    pub(super) fn finish(mut self) -> Option<Left> {
        let missing = std::mem::take(&mut self.missing);
        if !missing.is_empty() {
            let why = format!("{} parts of a batch were not answered, or twice", missing.len());
            self.ask_again(&missing, None, GraphError::Lost(why));
        }
        self.left
    }
}

/// Answers by the place of their request. Of two for the same one nobody knows which is true, so both are left out.
fn by_place(replies: Vec<PartReply>) -> BTreeMap<usize, PartReply> {
    let (mut all, mut twice) = (BTreeMap::new(), BTreeSet::new());
    for reply in replies {
        let Ok(place) = reply.id.parse() else { continue };
        if all.insert(place, reply).is_some() {
            twice.insert(place);
        }
    }
    all.retain(|place, _| !twice.contains(place));
    all
}

fn request(place: usize, call: &Call) -> Value {
    let mut request = Map::new();
    request.insert("id".into(), json!(place.to_string()));
    request.insert("method".into(), json!(call.method.as_str()));
    request.insert("url".into(), json!(call.target));
    if call.advanced {
        request.insert("headers".into(), json!({ "ConsistencyLevel": "eventual" }));
    }
    if let Some(body) = &call.body {
        request.insert("headers".into(), json!({ "Content-Type": "application/json" }));
        request.insert("body".into(), body.clone());
    }
    request.into()
}

fn outcome(call: &Call, reply: &mut PartReply) -> Part {
    if (200..300).contains(&reply.status) {
        return Ok(reply.body.0.take());
    }
    let inner = |name| inner_id(&reply.body.0, name);
    let request_id = reply.header("request-id").map(Cow::into_owned).or_else(|| inner("request-id"));
    let client_request_id = inner("client-request-id").unwrap_or_default();
    let content_type = reply.header("Content-Type").map(|text| media_type(&said(&text)));
    let asked = format!("{} (in a batch)", call.shown());
    let retry_after = reply.header("Retry-After").and_then(|wanted| after(&wanted, reply.header("Date").as_deref()));
    let only_writes = is_of_writes(reply.header(THROTTLE_SCOPE).as_deref());
    let read = Answer::of_value(reply.status, &reply.body.0);
    Err(GraphError::Answer(Box::new(Answer {
        asked,
        request_id,
        client_request_id,
        content_type,
        retry_after,
        only_writes,
        ..read
    })))
}

/// Parts of a batch carry their ids in the error only.
fn inner_id(body: &Value, name: &str) -> Option<String> {
    let error = body.get("error")?;
    let inner = error.get("innerError").or_else(|| error.get("innererror"))?;
    inner.get(name)?.as_str().map(str::to_owned)
}
