//! The way back, held against the limits of the policy: a large change is reviewed as one, whichever way it goes.
//!
//! What was allowed on the way there is allowed on the way back, unless the limits are lower now: the accounts are the same.

use std::collections::BTreeMap;

use crate::model::digits::size;
use crate::model::{EntraId, Limits};
use crate::plan::body::{Body, Status};
use crate::plan::limits::{Accounts, exceeded, leaves_in_bin};
use crate::plan::summary;

/// In an emergency nobody should have to look for what helps.
const AGAIN: &str = "then run `hardmatch rollback` again: the journal stays as it is.";

/// The body, blocked where it is more than the limits allow.
pub(super) fn held_against(limits: &Limits, mut body: Body) -> Body {
    let findings = exceeded(&body.actions, limits, before_the_run(&body), AGAIN);
    if !findings.is_empty() {
        body.status = Status::Blocked;
        body.findings.extend(findings);
        body.summary = summary(&body.mappings, &body.actions, &body.findings);
    }
    body
}

/// The accounts as they were before the run that is undone, which is as they are to be again.
fn before_the_run(body: &Body) -> Accounts {
    let ends = body.actions.iter().filter_map(|action| Some((action.target.entra_id()?, leaves_in_bin(action))));
    let ends: BTreeMap<EntraId, bool> = ends.collect();
    let in_bin = ends.values().filter(|in_bin| **in_bin).count();
    Accounts { live: body.tenant.users, in_bin: size(in_bin) }
}
