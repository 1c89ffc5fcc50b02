//! A small invented plan for tests.

use thin_vec::thin_vec;

use super::{Meta, PlanFile};
use crate::model::{FactName, FactValue, Facts};
use crate::plan::action::{Action, ActionKind, Target};
use crate::plan::body::{
    Body, Inputs, MappingState, PlanAdUser, PlanCloudUser, PlanForest, PlanSource, PlanTenant, PlannedMapping, Proof, Status,
};
use crate::plan::finding::{Code, Finding};
use crate::plan::next_sync::{NextAccount, NextSync, Outcome};
use crate::plan::summary;

pub(crate) const BOND: &str = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";
pub(crate) const TWIN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
const M: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
/// objectGUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301.
pub(crate) const BOND_ID: &str = "4AQlP4lP0xGaDAMF6CwzAQ==";

/// Two writes that end in a purge, one link, one clearing, one linked and one blocked mapping.
pub(crate) fn sample() -> PlanFile {
    with(actions(), findings(), mappings(), Status::Blocked)
}

/// A plan of these parts, with counts that fit.
pub(crate) fn with(actions: Vec<Action>, findings: Vec<Finding>, mappings: Vec<PlannedMapping>, status: Status) -> PlanFile {
    let summary = summary(&mappings, &actions, &findings);
    let meta = Meta {
        commit: Some("4f41f60".into()),
        config: Some("hardmatch.yaml".into()),
        created_at: "2026-11-25T08:00:00Z".into(),
        tool: "hardmatch 0.1.0".into(),
    };
    let forest = PlanForest {
        anchor: "consistencyGuid".into(),
        domain_sid: Some("S-1-5-21-1-2-3".into()),
        name: "corp".into(),
        users: 210,
    };
    let tenant = PlanTenant {
        deleted_users: 3,
        id: Some("11111111-2222-4333-8444-555555555555".into()),
        initial_domain: Some("contoso.onmicrosoft.com".into()),
        users: 200,
    };
    let body = Body {
        actions,
        findings,
        forests: vec![forest],
        inputs: Inputs { config: "sha256:01".into(), policy: "sha256:02".into() },
        mappings,
        proof: Proof { groups: 3, interruptions: 4, replanned: 3, steps: 4 },
        leaves: Vec::new(),
        rollback_of: None,
        status,
        summary,
        tenant,
    };
    PlanFile { meta, body }
}

pub(crate) fn facts<const N: usize>(facts: [(FactName, FactValue); N]) -> Facts {
    facts.into_iter().collect()
}

fn actions() -> Vec<Action> {
    use FactName::{OnPremisesImmutableId as Id, OnPremisesSyncEnabled as Synced, State, UserPrincipalName as Name};
    let text = |text: &str| FactValue::text(text);
    let twin = || Target::account(TWIN.parse().unwrap(), "bond4711@contoso.onmicrosoft.com");
    let delete = Action::new(
        ActionKind::SoftDelete,
        "james.bond",
        twin(),
        facts([(Id, text(BOND_ID)), (State, text("live")), (Name, text("bond4711@contoso.onmicrosoft.com"))]),
        facts([(State, text("deleted"))]),
        "it holds the ImmutableID of james.bond, and the YAML says purge".into(),
    );
    let mut purge = Action::new(
        ActionKind::Purge,
        "james.bond",
        twin(),
        facts([(Id, text(BOND_ID)), (State, text("deleted")), (Name, text("bond4711@contoso.onmicrosoft.com"))]),
        facts([(State, text("gone"))]),
        "the recycle bin keeps an ImmutableID in use".into(),
    );
    purge.depends_on = vec![delete.id.clone()];
    let mut set = Action::new(
        ActionKind::SetImmutableId,
        "james.bond",
        Target::account(BOND.parse().unwrap(), "james.bond@contoso.com"),
        facts([
            (Id, FactValue::Null),
            (State, text("live")),
            (Synced, FactValue::Bool(false)),
            (Name, text("james.bond@contoso.com")),
        ]),
        facts([(Id, text(BOND_ID))]),
        "the AD user's source anchor".into(),
    );
    set.depends_on = vec![purge.id.clone()];
    let clear = Action::new(
        ActionKind::ClearImmutableId,
        "m",
        Target::account(M.parse().unwrap(), "m@contoso.com"),
        facts([(Id, text("MyIRAFVEd2aImaq7zN3u/w==")), (State, text("live")), (Name, text("m@contoso.com"))]),
        facts([(Id, FactValue::Null)]),
        "onPrem: none".into(),
    );
    vec![delete, purge, set, clear]
}

fn findings() -> Vec<Finding> {
    vec![
        Finding::new(
            Code::HolderUndecided,
            "eve",
            "`eve.old@contoso.com` (live) holds the ImmutableID that `eve@contoso.com` is to get",
        )
        .hint("decide under `holders` what becomes of it: purge or clear")
        .steps(["Look whether anybody uses eve.old@contoso.com", "Add it to `holders` of this mapping", "Plan again"]),
        Finding::new(Code::TakeoverOverwrites, "james.bond", "sync will change the job title from `Agent` to `007`"),
        Finding::general(Code::NotChecked, "the export names no groups and contacts")
            .hint("export them with `hardmatch snapshot`"),
    ]
}

pub(crate) fn mapping(id: &str, line: u32, state: MappingState) -> PlannedMapping {
    PlannedMapping {
        anchor: Some(BOND_ID.into()),
        anchor_from: Some("objectGuid".into()),
        cloud: Some(PlanCloudUser { id: BOND.parse().unwrap(), upn: format!("{id}@contoso.com").into() }),
        id: id.into(),
        next_sync: None,
        on_prem: Some(PlanAdUser {
            dn: Some(format!("CN={id},OU=Staff,DC=corp,DC=example,DC=com").into()),
            forest: Some("corp".into()),
            object_guid: "3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().ok(),
            object_sid: None,
            sam: Some(id.into()),
        }),
        source: PlanSource { file: "hardmatch.yaml".into(), line },
        state,
    }
}

fn mappings() -> Vec<PlannedMapping> {
    let mut leaving = mapping("m", 21, MappingState::Planned);
    (leaving.anchor, leaving.anchor_from, leaving.on_prem) = (None, None, None);
    let mut eve = mapping("eve", 16, MappingState::Blocked);
    let new = NextAccount { id: None, upn: "eveNNNN@contoso.onmicrosoft.com".into() };
    let beside = vec!["beside eve@contoso.com (id 0): InvalidSoftMatch: it has another ImmutableID".into()];
    let next = NextSync { account: Some(new), notes: beside.into(), ..next_sync(Outcome::Create, "nobody has the anchor") };
    eve.next_sync = Some(Box::new(next));
    let on = |mapping: PlannedMapping, outcome, rule| PlannedMapping {
        next_sync: Some(Box::new(NextSync {
            account: mapping.cloud.clone().map(|cloud| NextAccount { id: Some(cloud.id), upn: cloud.upn }),
            ..next_sync(outcome, rule)
        })),
        ..mapping
    };
    vec![
        on(mapping("james.bond", 12, MappingState::Planned), Outcome::HardMatch, "it has the anchor"),
        eve,
        leaving,
        on(mapping("q", 24, MappingState::Linked), Outcome::AlreadyLinked, "it is synced"),
    ]
}

fn next_sync(outcome: Outcome, rule: &str) -> NextSync {
    NextSync { account: None, code: None, notes: thin_vec![], outcome, rule: rule.to_owned().into(), since: None }
}
