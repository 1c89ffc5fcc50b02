//! POST /directoryObjects/getByIds: objects of any kind, for ids of which the kind is not known.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::model::EntraId;

use super::access::{READ_CONTACTS, READ_GROUPS, READ_USERS};
use super::call::{Answer, Call};
use super::errors::Failure;
use super::odata::list::Listing;
use super::odata::project::Projection;
use super::odata::row::Row;
use super::schema::{CONTACT, DIRECTORY_OBJECT, Entity, GROUP, USER};
use super::world::{World, id_of};

/// The most ids of a request.
const MOST: usize = 1000;

/// A kind: its word in `types`, its properties, and the right to read it.
type Kind = (&'static str, &'static Entity, &'static [&'static str]);

/// The kinds of objects that a snapshot holds.
const KINDS: [Kind; 3] = [("user", &USER, READ_USERS), ("group", &GROUP, READ_GROUPS), ("contact", &CONTACT, READ_CONTACTS)];

/// Answers with those that are there; ids of nobody are passed over.
pub(crate) fn get(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let body = call.object()?;
    let texts =
        |name: &str| -> Option<Vec<&str>> { Some(body.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect()) };
    let ids: Vec<&str> = texts("ids").ok_or_else(|| Failure::bad("Required parameter 'ids' is missing."))?;
    let types: Vec<&str> = texts("types").unwrap_or_default();
    if ids.len() > MOST {
        return Err(Failure::bad(format!("At most {MOST} ids can be asked for.")));
    }
    let ids: Vec<EntraId> =
        ids.iter().map(|id| id.parse().map_err(|_| Failure::bad("Invalid object identifier."))).collect::<Result<_, _>>()?;
    let wanted = |word: &str| types.is_empty() || types.iter().any(|own| own.eq_ignore_ascii_case(word));
    let kinds: Vec<Kind> = KINDS.into_iter().filter(|(word, ..)| wanted(word)).collect();
    kinds.iter().try_for_each(|(_, _, right)| world.grants.need(right))?;
    // Properties can be selected where all objects are of one kind.
    let (listing, selects) = match kinds.as_slice() {
        [(_, entity, _)] => (Listing::new(call, entity, &world.settings())?.of_objects(), true),
        _ => (Listing::new(call, &DIRECTORY_OBJECT, &world.settings())?, false),
    };
    let of_kind = |(word, entity, _): &Kind| {
        let own = objects(world, word).filter(|object| id_of(object).is_some_and(|id| ids.contains(&id)));
        own.map(|object| if selects { object.clone() } else { json!(Projection::default_of(entity, true).typed(object)) })
            .collect::<Vec<_>>()
    };
    let found: Vec<Value> = kinds.iter().flat_map(of_kind).collect();
    let items = found.into_iter().map(Cow::Owned).enumerate();
    Ok(listing.answer_with(items, |select, object| if selects { select.typed(object) } else { Row::whole(object) }))
}

fn objects<'w>(world: &'w World, kind: &str) -> Box<dyn Iterator<Item = &'w Value> + 'w> {
    match kind {
        "user" => Box::new(world.document.entries(false, 0).map(|(_, user)| user)),
        "group" => Box::new(world.section("groups").iter()),
        _ => Box::new(world.section("contacts").iter()),
    }
}
