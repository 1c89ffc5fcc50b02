//! What a run wrote, read as it stands now. A reader may be later than the last writes: what does not show them is read again,
//! as apply does after a write.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::apply::Directories;
use crate::apply::chain::{chains, is_reached};
use crate::apply::facts::{Current, read_targets};
use crate::apply::journal::{FateKind, History};
use crate::directory::ports::DirectoryError;
use crate::plan::action::{Action, Target};

/// After so many minutes no reader is late any more.
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// Reads the objects that have to be known before a way back can be planned. `pauses` are those between two looks, and
/// `waits` is told before each of them how many objects do not show yet what the run did.
///
/// # Errors
/// What a directory answered.
pub async fn read_settled(
    history: &History<'_>,
    directories: &Directories,
    pauses: &[Duration],
    now: Timestamp,
    waits: impl Fn(usize, Duration),
) -> Result<Current, DirectoryError> {
    let fates = history.in_order();
    let mut current = read_targets(fates.iter().map(|fate| &fate.action.target), directories).await?;
    let sent: Vec<&Action> = fates.iter().filter(|fate| fate.kind != FateKind::Failed).map(|fate| fate.action).collect();
    if !may_be_late(history, now) {
        return Ok(current);
    }
    for pause in pauses {
        let unsettled = unsettled(&sent, &current);
        if unsettled.is_empty() {
            break;
        }
        waits(unsettled.len(), *pause);
        tokio::time::sleep(*pause).await;
        current.renew(read_targets(unsettled, directories).await?);
    }
    Ok(current)
}

/// Whether the run ended a short while ago, or after now by a clock that was changed.
fn may_be_late(history: &History<'_>, now: Timestamp) -> bool {
    history.last_told().is_none_or(|told| now.duration_since(told) < LATE)
}

/// The objects that do not show all that was sent.
fn unsettled<'a>(sent: &[&'a Action], current: &Current) -> Vec<&'a Target> {
    let shows = |target: &Target, actions: &[&Action]| current.of(target).is_some_and(|facts| is_reached(actions, facts));
    let open = chains(sent.iter().copied()).into_iter().filter_map(|chain| {
        let target = &chain.actions.first()?.target;
        (!shows(target, &chain.actions)).then_some(target)
    });
    open.collect()
}
