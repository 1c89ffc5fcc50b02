//! The recycle bin. In front of a deleted account's name Entra puts its id without dashes, so names begin with one of sixteen
//! digits: a large bin is read in as many chains of pages side by side, and in one chain where they do not add up. A list that
//! stays shorter than Graph's count is told.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::directory::ports::DirectoryError;
use crate::model::CloudUser;
use crate::model::digits::size;

use super::call::{Call, Told, Version};
use super::client::Client;
use super::crowd::unlisted;
use super::list::Listed;
use super::organization::number;
use super::ranges::{AT_ONCE, starts_with};
use super::rights::READ_USERS;
use super::users::{self, Decoded, Depth, Place, listing};

const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
/// Fewer pages are read one after the other.
const WORTH_PARTING: u64 = 4;

/// Asks how many accounts there are; the count comes with the list.
pub(super) fn count() -> Call {
    Place::Bin.list(Version::V1).select("id").count()
}

/// How many there are by the answer to [`count`]; nothing where Graph does not say.
pub(super) fn counted(listed: Listed) -> Option<u64> {
    number(&listed.ok()?).ok()
}

/// Who is in it, and what is not sure of that.
pub(super) struct Bin {
    pub(super) users: Vec<CloudUser>,
    /// In words.
    pub(super) doubt: Option<String>,
}

/// Everybody in it, told to whoever watches; `expected` is how many were counted.
pub(super) async fn read(client: &Client, depth: Depth, expected: Option<u64>) -> Result<Bin, DirectoryError> {
    let pages = expected.unwrap_or_default().div_ceil(client.page_size.into());
    if pages >= WORTH_PARTING
        && let Some(users) = in_parts(client, depth, expected).await?
    {
        return Ok(Bin { users, doubt: None });
    }
    let users = in_one(client, depth).await?;
    if lacking(expected, &users) == 0 {
        return Ok(Bin { users, doubt: None });
    }
    // Somebody was restored or purged since they were counted, or the list is short.
    let again = [count()];
    let (now, users) = tokio::join!(client.each(Version::V1, &again), in_one(client, depth));
    let ([now], users) = (now.map_err(|error| error.of_read(READ_USERS))?, users?);
    Ok(Bin { doubt: unlisted("users in the recycle bin", lacking(counted(now), &users)), users })
}

/// How many fewer these are than were counted.
fn lacking(counted: Option<u64>, users: &[CloudUser]) -> u64 {
    counted.unwrap_or_default().saturating_sub(size(users.len()))
}

async fn in_one(client: &Client, depth: Depth) -> Result<Vec<CloudUser>, DirectoryError> {
    let call = listing(Place::Bin, depth, client.page_size).told(Told::new("users in the recycle bin", None));
    users::list(client, &call, Place::Bin).await?.finish()
}

/// The same by their first digits; nothing where those are fewer than there are.
async fn in_parts(client: &Client, depth: Depth, expected: Option<u64>) -> Result<Option<Vec<CloudUser>>, DirectoryError> {
    let told = Told::new("users in the recycle bin", expected);
    let call = |digit: &&str| listing(Place::Bin, depth, client.page_size).filter(&starts_with(digit)).told(told.clone());
    let calls: Vec<Call> = DIGITS.iter().map(call).collect();
    let lists: Vec<_> = calls.iter().map(|call| users::list(client, call, Place::Bin)).collect();
    let again = [count()];
    let (parts, now) =
        tokio::join!(stream::iter(lists).buffered(AT_ONCE).try_collect::<Vec<Decoded>>(), client.each(Version::V1, &again));
    let (parts, now) = match (parts, now) {
        (Ok(parts), Ok([now])) => (parts, counted(now)),
        // What is not to be had in this way is asked in the other.
        (Err(DirectoryError::Unusable(_)), _) => return Ok(None),
        (Err(error), _) => return Err(error),
        (_, Err(error)) => return Err(error.of_read(READ_USERS)),
    };
    let mut wrong = Decoded::default();
    let all: Vec<CloudUser> = parts.into_iter().flat_map(|part| wrong.join(part)).collect();
    wrong.finish()?;
    // Both counts: who has left since the first one must not stand in for somebody who was missed.
    let counted = now.max(expected);
    Ok((counted.is_some() && lacking(counted, &all) == 0).then_some(all))
}
