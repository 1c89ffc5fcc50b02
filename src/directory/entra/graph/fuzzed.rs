//! Answers as anybody could forge them, read as the client reads them. For fuzzing.

use crate::directory::entra::json::{Object, WireUser};
use crate::model::CloudUser;

use super::batch::{Part, Replies, Round};
use super::call::Call;
use super::cost::PAGE;
use super::failure::{Answer, GraphError};
use super::list::{Page, parse};
use super::users::{self, Depth, Place};

/// Users of one page, or what is said of it.
pub(crate) fn page_of_users(body: &[u8], in_bin: bool) -> Result<Vec<CloudUser>, String> {
    let place = if in_bin { Place::Bin } else { Place::Live };
    let call = users::listing(place, Depth::WithIdentifier, PAGE);
    let page: Page<Object<WireUser>> = parse(&call, body).map_err(read_failed)?;
    users::decode(page.value.into_iter().map(|Object(wire)| wire), place).map_err(|error| error.to_string())
}

/// What became of three questions that went out in one batch, and what is said of those that have to be asked again.
pub(crate) fn batch(body: &[u8]) -> Result<(Vec<Option<String>>, Option<String>), String> {
    let calls: Vec<Call> = [Place::Live, Place::Bin, Place::Live].map(|place| users::listing(place, Depth::Common, PAGE)).into();
    let replies: Replies = parse(calls.first().ok_or("no call")?, body).map_err(read_failed)?;
    let mut parts: Vec<Option<Part>> = calls.iter().map(|_| None).collect();
    let mut round = Round { calls: &calls, parts: &mut parts, missing: (0..calls.len()).collect(), left: None, may_renew: true };
    round.take_all(replies);
    let left = round.finish().map(|left| read_failed(left.why));
    let shown = |part: Option<Part>| part.map(|part| part.map_or_else(read_failed, |json| json.to_string()));
    Ok((parts.into_iter().map(shown).collect(), left))
}

/// What is said of an error that answers a read, a write and a sign-in.
pub(crate) fn refusals(status: u16, body: &[u8], sent: &[u8]) -> [String; 3] {
    let answer = || GraphError::Answer(Box::new(Answer { asked: "GET /v1.0/users".into(), ..Answer::read(status, body) }));
    let (read, write) = (answer().of_read("User.Read.All"), answer().of_write("It takes User.ReadWrite.All."));
    [read.to_string(), write.to_string(), super::auth::refused(status, body, sent)]
}

fn read_failed(error: GraphError) -> String {
    error.of_read("User.Read.All").to_string()
}
