//! What stands in the place of a user that a mapping does not have, or whom nobody found.

use std::collections::HashMap;

use hashbrown::DefaultHashBuilder;

use super::view::Group;
use crate::plan::body::{Body, PlannedMapping};
use crate::plan::finding::Code;

const NOT_FOUND: &str = "(not found)";
const SEVERAL: &str = "(several)";

/// The codes that say why a side of a mapping is empty, with what is said in its place.
const OF_AD_USERS: [(Code, &str); 3] =
    [(Code::OnpremNotFound, NOT_FOUND), (Code::OnpremAmbiguous, SEVERAL), (Code::CloudIdAsGuid, NOT_FOUND)];
const OF_CLOUD_USERS: [(Code, &str); 2] = [(Code::CloudAmbiguous, SEVERAL), (Code::TargetNotAUser, "(not a user)")];

/// In the place of an AD user: without a code that says otherwise, nobody is wanted.
pub(super) fn ad_user(codes: impl IntoIterator<Item = Code>) -> &'static str {
    said(&OF_AD_USERS, codes).unwrap_or("(none)")
}

/// In the place of a cloud user, whom every mapping has.
pub(super) fn cloud_user(codes: impl IntoIterator<Item = Code>) -> &'static str {
    said(&OF_CLOUD_USERS, codes).unwrap_or(NOT_FOUND)
}

fn said(of: &[(Code, &'static str)], codes: impl IntoIterator<Item = Code>) -> Option<&'static str> {
    codes.into_iter().find_map(|code| of.iter().find(|(own, _)| *own == code)).map(|(_, words)| *words)
}

/// Why sides of the mappings of a plan are empty.
#[derive(Debug)]
pub(super) struct Nobody<'a> {
    codes: HashMap<&'a str, Vec<Code>, DefaultHashBuilder>,
    /// A way back looks nobody up: it goes by the journal.
    is_way_back: bool,
}

impl<'a> Nobody<'a> {
    pub(super) fn of(body: &Body, blockers: &[Group<'a>]) -> Self {
        let says = |code: Code| OF_AD_USERS.iter().chain(&OF_CLOUD_USERS).any(|(own, _)| *own == code);
        let mut codes: HashMap<&str, Vec<Code>, DefaultHashBuilder> = HashMap::default();
        for finding in blockers.iter().filter(|group| says(group.code)).flat_map(|group| &group.findings) {
            codes.entry(finding.mapping.as_deref().unwrap_or_default()).or_default().push(finding.code);
        }
        Self { codes, is_way_back: body.rollback_of.is_some() }
    }

    /// In the place of the AD user of a mapping.
    pub(super) fn ad_user(&self, mapping: &PlannedMapping) -> &'static str {
        if self.is_way_back { "(not looked up)" } else { ad_user(self.codes_of(mapping)) }
    }

    /// In the place of the cloud user of a mapping.
    pub(super) fn cloud_user(&self, mapping: &PlannedMapping) -> &'static str {
        if self.is_way_back { "(not looked up)" } else { cloud_user(self.codes_of(mapping)) }
    }

    fn codes_of(&self, mapping: &PlannedMapping) -> impl Iterator<Item = Code> {
        self.codes.get(&*mapping.id).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::body::MappingState::Blocked;
    use crate::plan::body::Status;
    use crate::plan::finding::Finding;
    use crate::planfile::sample::{mapping, with};
    use crate::render::PlanView;

    /// What is shown for a mapping with a finding, of which neither side is known.
    fn shown(code: Code, edit: impl FnOnce(&mut Body)) -> (&'static str, &'static str) {
        let mut mapping = mapping("m", 1, Blocked);
        (mapping.on_prem, mapping.cloud) = (None, None);
        let mut plan = with(Vec::new(), vec![Finding::new(code, "m", "x")], vec![mapping], Status::Blocked);
        edit(&mut plan.body);
        let view = PlanView::new(&plan);
        (view.nobody().ad_user(&plan.body.mappings[0]), view.nobody().cloud_user(&plan.body.mappings[0]))
    }

    #[test]
    fn nobody_is_missed_whom_the_mapping_does_not_want() {
        for (code, ad_user, cloud_user) in [
            (Code::OnpremNotFound, "(not found)", "(not found)"),
            (Code::OnpremAmbiguous, "(several)", "(not found)"),
            (Code::CloudIdAsGuid, "(not found)", "(not found)"),
            (Code::CloudNotFound, "(none)", "(not found)"),
            (Code::CloudAmbiguous, "(none)", "(several)"),
            (Code::TargetNotAUser, "(none)", "(not a user)"),
            (Code::TargetProtected, "(none)", "(not found)"),
        ] {
            assert_eq!(shown(code, |_| {}), (ad_user, cloud_user), "{code}");
        }
    }

    #[test]
    fn a_way_back_has_looked_for_nobody() {
        let way_back = |body: &mut Body| body.rollback_of = Some("run".to_owned());
        assert_eq!(shown(Code::NotReversible, way_back), ("(not looked up)", "(not looked up)"));
    }
}
