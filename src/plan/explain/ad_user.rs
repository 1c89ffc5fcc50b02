//! The AD user itself, and its source anchor.

use crate::model::{AdUser, AnchorMode, AnchorOrigin, GuidAttribute, ObjectGuid, SourceAnchor, Text};

use super::super::describe::ad_user_line;
use super::super::world::World;
use super::case::Case;
use super::{ExplainedAdUser, ExplainedAnchor};

const CONSISTENCY_GUID: &str = "mS-DS-ConsistencyGuid";
const OBJECT_GUID: &str = "objectGUID";

/// The AD user; what sync makes of it is to be added.
pub(super) fn explained(case: &Case<'_>, world: &World) -> ExplainedAdUser {
    let user = case.user;
    let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
    ExplainedAdUser {
        anchor: anchor(case, world),
        dn: user.dn.as_str().to_owned(),
        enabled: user.enabled,
        excluded: user.excluded.map(|exclusion| exclusion.reason().to_owned()),
        forest: case.forest.name.to_string(),
        mail: text(&user.mail),
        next_sync: None,
        object_guid: user.guid.to_string(),
        object_sid: user.sid.as_ref().map(|sid| sid.to_string()),
        overwrites: Vec::new(),
        sam: text(&user.sam),
        upn: text(&user.upn),
        values: Vec::new(),
    }
}

fn anchor(case: &Case<'_>, world: &World) -> ExplainedAnchor {
    let attribute = match &case.forest.anchor {
        AnchorMode::Attribute(name) => name.to_string(),
        AnchorMode::ObjectGuid => OBJECT_GUID.to_owned(),
        AnchorMode::ConsistencyGuid => CONSISTENCY_GUID.to_owned(),
    };
    let anchor = match &case.anchor {
        Ok(anchor) => anchor,
        Err(problem) => return ExplainedAnchor { attribute, problem: Some(problem.to_string()), ..ExplainedAnchor::default() },
    };
    let attribute = if anchor.origin == AnchorOrigin::ObjectGuid { OBJECT_GUID.to_owned() } else { attribute };
    let twins = world.forests.by_anchor(&anchor.value, None).into_iter().filter(|user| *user != case.ad);
    ExplainedAnchor {
        guid: anchor.guid.map(|guid| guid.to_string()),
        immutable_id: Some(anchor.value.as_str().to_owned()),
        ldap_filter: filter(&attribute, anchor, case.user),
        other: other(anchor, &case.forest.anchor, case.user),
        problem: None,
        shared_with: twins.filter_map(|user| ad_user_line(user, world)).collect(),
        attribute,
    }
}

/// Finds the AD user by what the anchor is made of. A text anchor holds no character that a filter would have to escape.
fn filter(attribute: &str, anchor: &SourceAnchor, user: &AdUser) -> Option<String> {
    let is_text = matches!(user.custom_anchor.as_deref(), Some(crate::model::AnchorAttribute::Text(_)));
    match anchor.guid {
        Some(guid) => Some(format!("({attribute}={})", guid.ldap_filter_value())),
        None if is_text => Some(format!("({attribute}={})", anchor.value)),
        None => None,
    }
}

/// What mS-DS-ConsistencyGuid or objectGUID says beside the one that counts.
fn other(anchor: &SourceAnchor, mode: &AnchorMode, user: &AdUser) -> Option<String> {
    match (mode, &user.consistency_guid) {
        (AnchorMode::ConsistencyGuid, GuidAttribute::Absent) => {
            Some(format!("{CONSISTENCY_GUID} is empty, so {OBJECT_GUID} counts"))
        }
        (AnchorMode::ConsistencyGuid, GuidAttribute::MarkedMissing(mark)) => {
            Some(format!("the export says `{mark}` for {CONSISTENCY_GUID}, which is taken as empty, so {OBJECT_GUID} counts"))
        }
        (AnchorMode::ConsistencyGuid, GuidAttribute::NotExported(mark)) => {
            Some(format!("the export says `{mark}` for {CONSISTENCY_GUID}: there is a value, and it was not exported"))
        }
        (AnchorMode::ConsistencyGuid, GuidAttribute::Bytes(_)) => {
            (anchor.guid != Some(user.guid)).then(|| says(OBJECT_GUID, user.guid))
        }
        (AnchorMode::ObjectGuid | AnchorMode::Attribute(_), value) => {
            value.guid().filter(|guid| anchor.guid != Some(*guid)).map(|guid| says(CONSISTENCY_GUID, guid))
        }
    }
}

fn says(attribute: &str, guid: ObjectGuid) -> String {
    format!("{attribute} says {guid}, which would be the ImmutableID {}", guid.immutable_id())
}
