//! Everybody: live users in several chains of pages at a time, then the recycle bin, and a check that nobody is missing.
//!
//! While the pages go by, users are created, deleted, restored and renamed; who gets a name of another range may be seen
//! twice or not at all. So each range is counted when all were read. Where fewer were read than are counted, the ids there
//! are asked for, and whoever is unknown is read by id; a list of ids that is short as well is told. What cannot be told
//! apart is read in one chain.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use crate::directory::ports::DirectoryError;
use crate::model::digits::size;
use crate::model::{CloudUser, EntraId};

use super::bin;
use super::call::{Call, Told, Version};
use super::client::Client;
use super::crowd::{Crowd, unlisted};
use super::failure::GraphError;
use super::list::Listed;
use super::organization::{self, count_users, counted};
use super::ranges::{AT_ONCE, Counted, Range, Split, starts_with};
use super::rights::READ_USERS;
use super::users::{self, Decoded, Depth, Place, listing};

/// More rounds of counting than any names take.
const ROUNDS: usize = 6;

#[derive(Deserialize)]
struct Row {
    id: EntraId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    user_principal_name: String,
}

/// Whom there is, and what is not sure of that.
pub(super) struct Everybody {
    pub(super) users: Vec<CloudUser>,
    /// In words.
    pub(super) doubts: Vec<String>,
}

/// What lists of ids hold.
struct Ids {
    ids: BTreeSet<EntraId>,
    /// How many fewer than were counted.
    lacking: u64,
}

/// Everybody, live or deleted, by id. `split` is how the live ones are cut, as far as that is known, and `deleted` how many
/// are in the recycle bin.
pub(super) async fn read(
    client: &Client,
    depth: Depth,
    users: u64,
    split: Split,
    deleted: Option<u64>,
) -> Result<Everybody, DirectoryError> {
    let ranges = cut(client, split).await?.into_ranges();
    let parts = read_ranges(client, depth, &ranges, users).await?;
    // The bin comes last: whoever is deleted in between is seen twice, and not missed.
    let (bin, counts) = tokio::join!(bin::read(client, depth, deleted), count(client, &ranges));
    let (bin, counts) = (bin?, counts?);
    let crowd = Crowd::new(parts, bin.users)?;
    let everywhere = [(&Range::everybody(users), counts.first().copied().unwrap_or_default())];
    let listed = match counts.as_slice() {
        [all, of_ranges @ ..] if of_ranges.iter().sum::<u64>() >= *all => {
            let counted: Vec<(&Range, u64)> = ranges.iter().zip(of_ranges.iter().copied()).collect();
            let short: Vec<(&Range, u64)> = crowd.short(&counted, of_ranges).copied().collect();
            list_again(client, &short).await?
        }
        // Somebody has a name that fits nowhere.
        _ => list_again(client, &everywhere).await?,
    };
    let missing = listed.ids.into_iter().filter(|id| !crowd.knows(id)).collect();
    let again: Vec<EntraId> = crowd.doubles.union(&missing).copied().collect();
    let read = users::by_id(client, &again, &BTreeSet::new()).await?;
    let doubts = unlisted("live users", listed.lacking).into_iter().chain(bin.doubt).collect();
    Ok(Everybody { users: crowd.with(again.into_iter().zip(read).collect()), doubts })
}

/// Cuts the users until no part is too long, or none of the long ones can be cut.
async fn cut(client: &Client, mut split: Split) -> Result<Split, DirectoryError> {
    for _ in 0..ROUNDS {
        let long = split.too_long();
        if long.is_empty() {
            break;
        }
        for (beginning, counted) in count_beginnings(client, &long).await? {
            split.cut(&beginning, counted);
        }
    }
    Ok(split)
}

/// How the users whose names begin in these ways go on; nothing where Graph does not count that.
pub(super) async fn count_beginnings(client: &Client, all: &[String]) -> Result<Vec<(String, Option<Counted>)>, DirectoryError> {
    let calls: Vec<Call> = all.iter().flat_map(|beginning| questions(beginning)).collect();
    let listed = client.lists(Version::V1, &calls).await.map_err(|error| error.of_read(READ_USERS))?;
    let mut answers = calls.iter().zip(listed);
    let each = all.iter().map(|beginning| match take(beginning, &mut answers) {
        Ok(counted) => Ok((beginning.clone(), Some(counted))),
        Err(error) if error.is_unsupported() => Ok((beginning.clone(), None)),
        Err(error) => Err(error.of_read(READ_USERS)),
    });
    each.collect()
}

/// How many begin with each of the beginnings that are one character longer, and the first and the last name.
fn questions(beginning: &str) -> Vec<Call> {
    let names = || Call::get(Version::V1, &["users"]).select("userPrincipalName");
    let own = || if beginning.is_empty() { names() } else { names().filter(&starts_with(beginning)) };
    let end = |order| own().first(1).option("$orderby", order).advanced();
    let parts = Split::next_beginnings(beginning);
    let parts = parts.iter().map(|next| Call::get(Version::V1, &["users"]).select("id").filter(&starts_with(next)).count());
    parts.chain(["userPrincipalName", "userPrincipalName desc"].map(end)).collect()
}

fn take<'c>(beginning: &str, answers: &mut impl Iterator<Item = (&'c Call, Listed)>) -> Result<Counted, GraphError> {
    let next = Split::next_beginnings(beginning);
    // All answers are taken, whatever one of them is.
    let counts: Vec<Result<u64, GraphError>> =
        answers.by_ref().take(next.len()).map(|(_, listed)| listed.and_then(|items| organization::number(&items))).collect();
    let ends: Vec<Result<Vec<Named>, GraphError>> =
        answers.by_ref().take(2).map(|(call, listed)| listed.and_then(|items| items.decode(call))).collect();
    let counts: Vec<u64> = counts.into_iter().collect::<Result<_, _>>()?;
    let ends: Vec<Vec<Named>> = ends.into_iter().collect::<Result<_, _>>()?;
    let ends: Vec<String> = ends.into_iter().flatten().map(|named| named.user_principal_name).collect();
    Ok(Counted { parts: next.into_iter().zip(counts).collect(), ends: ends.try_into().ok() })
}

async fn read_ranges(client: &Client, depth: Depth, ranges: &[Range], users: u64) -> Result<Vec<Decoded>, DirectoryError> {
    let told = Told::new("users of the tenant", Some(users));
    let calls: Vec<Call> = ranges
        .iter()
        .map(|range| {
            let all = listing(Place::Live, depth, client.page_size).told(told.clone());
            range.filter().map_or(all.clone(), |filter| all.filter(&filter))
        })
        .collect();
    let lists: Vec<_> = calls.iter().map(|call| users::list(client, call, Place::Live)).collect();
    stream::iter(lists).buffered(AT_ONCE).try_collect().await
}

/// How many live users there are in each of these ranges; nothing where Graph does not count that.
pub(super) async fn count_ranges(client: &Client, ranges: &[Range]) -> Vec<u64> {
    if ranges.is_empty() {
        return Vec::new();
    }
    // What goes wrong here does so again, and is told, where the users are counted in another way.
    count(client, ranges).await.map(|counts| counts.into_iter().skip(1).collect()).unwrap_or_default()
}

/// How many live users there are now: in all, and in each range.
async fn count(client: &Client, ranges: &[Range]) -> Result<Vec<u64>, DirectoryError> {
    let of_range = |range: &Range| range.filter().map(|filter| count_users_where(&filter));
    let calls: Vec<Call> = std::iter::once(count_users()).chain(ranges.iter().filter_map(of_range)).collect();
    let listed = client.lists(Version::V1, &calls).await.map_err(|error| error.of_read(READ_USERS))?;
    let mut counts: Vec<u64> = listed.into_iter().map(counted).collect::<Result<_, _>>()?;
    if ranges.iter().any(|range| range.filter().is_none()) {
        // The one range is everybody.
        counts.extend(counts.first().copied());
    }
    Ok(counts)
}

fn count_users_where(filter: &str) -> Call {
    Call::get(Version::V1, &["users"]).select("id").filter(filter).count()
}

/// The ids in these ranges, of which so many were counted.
async fn list_again(client: &Client, ranges: &[(&Range, u64)]) -> Result<Ids, DirectoryError> {
    let call = |range: &Range| {
        let all = Place::Live.list(Version::V1).select("id").top(client.page_size).advanced();
        range.filter().map_or(all.clone(), |filter| all.filter(&filter))
    };
    let calls: Vec<Call> = ranges.iter().map(|(range, _)| call(range)).collect();
    let lists: Vec<_> = calls.iter().map(|call| client.list::<Row>(call)).collect();
    let rows: Vec<Vec<Row>> =
        stream::iter(lists).buffered(AT_ONCE).try_collect().await.map_err(|error| error.of_read(READ_USERS))?;
    let mut found = Ids { ids: BTreeSet::new(), lacking: 0 };
    for (rows, (_, counted)) in rows.into_iter().zip(ranges) {
        let ids: BTreeSet<EntraId> = rows.into_iter().map(|row| row.id).collect();
        found.lacking += counted.saturating_sub(size(ids.len()));
        found.ids.extend(ids);
    }
    Ok(found)
}
