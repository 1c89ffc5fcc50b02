//! Planning on a part of the directories: what was looked up is what has to be read.
//!
//! Read what is always read whole (domains, switches, who holds a role, the recycle bin; of the users of a forest only their
//! number), ask [`inquire`], add the answers to the questions that are new, and ask again until none is. The body of the last
//! round is that of [`super::compute`] on the whole, byte for byte: the run saw the answer of every look-up that it made.

use crate::model::questions::Recorder;
use crate::model::{Desired, Observed};

use super::world::World;
use super::{Body, Options, ProofFailure, finish, with_draft};

pub use crate::model::questions::{CloudQuestion, ForestKey, ForestQuestion, Questions, SYNCED_SAMPLE};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unplanned {
    /// All that is missing are details of accounts; a plan without them would be thrown away.
    #[error("accounts have to be read more closely first")]
    DetailsFirst,
    /// It does not keep its promise.
    #[error(transparent)]
    Proof(#[from] ProofFailure),
}

/// Plans on what is known, and says what it looked up. What is known is only lent.
///
/// `answered` are the questions whose answers `observed` holds. Where one of the returned questions is not among them,
/// the body (or the failure) means nothing.
pub fn inquire(
    desired: &Desired,
    observed: &mut Observed,
    options: &Options,
    answered: &Questions,
) -> (Result<Body, Unplanned>, Questions) {
    let (world, recorder) = recorded(std::mem::take(observed), answered);
    let body = with_draft(desired, &world, options, |drafted, world| {
        if recorder.lacks_only_details() {
            return Err(Unplanned::DetailsFirst);
        }
        Ok(finish(drafted, desired, world, options)?)
    });
    *observed = world.into_observed();
    (body, recorder.questions())
}

/// What is known as a world, and where every look-up in it is written down.
pub(super) fn recorded(observed: Observed, answered: &Questions) -> (World, Recorder) {
    let whole_forests = observed.forests.iter().all(|forest| forest.user_count.is_none());
    let recorder = Recorder::knowing(answered.clone(), observed.tenant.live_users.is_none(), whole_forests);
    (World::new(observed, recorder.clone()), recorder)
}

/// Whether planning looks at every user: then the whole is to be read, and only [`CloudQuestion::Details`] count.
#[must_use]
pub fn needs_everything(desired: &Desired) -> bool {
    !desired.rules.is_empty()
}
