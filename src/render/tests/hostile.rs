//! Names that try to become markup, commands or mentions.

use super::diff::diff_text;
use super::*;
use crate::plan::next_sync::{NextAccount, NextSync, Outcome};

/// Tries to break out of everything a plan is shown in.
pub(super) const HOSTILE: &str =
    "|`\u{1b}[31m\u{202e}\n# @team #12 GH-1 <img src=x> --> </details> [a](javascript:b) **b** $x$ www.x.example | a@b.example";

/// A plan that has a text in every place where a value of a directory or a file can stand.
fn plan_full_of(hostile: &str) -> PlanFile {
    let mut plan = large(3, |number| format!("{number}{hostile}"));
    let name = || hostile.to_owned();
    (plan.meta.config, plan.meta.commit) = (Some(name()), Some(name()));
    (plan.meta.created_at, plan.meta.tool) = (name(), name());
    (plan.body.tenant.id, plan.body.tenant.initial_domain, plan.body.rollback_of) = (Some(name()), Some(name()), Some(name()));
    (plan.body.forests[0].name, plan.body.forests[0].anchor) = (name(), name());
    for mapping in &mut plan.body.mappings {
        mapping.source.file = hostile.into();
        mapping.anchor = Some(hostile.into());
        let account = Some(NextAccount { id: None, upn: hostile.into() });
        let (code, since) = (Some(Box::new(hostile.into())), Some(Box::new(hostile.into())));
        let (notes, rule) = (thin_vec::thin_vec![name()], name().into());
        mapping.next_sync = Some(Box::new(NextSync { account, code, notes, outcome: Outcome::Create, rule, since }));
        mapping.on_prem.as_mut().unwrap().sam = Some(hostile.into());
        mapping.cloud.as_mut().unwrap().upn = hostile.into();
    }
    for action in &mut plan.body.actions {
        action.before.insert(FactName::OnPremisesImmutableId, FactValue::text(hostile));
        action.before.insert(FactName::PrivilegedRoles, FactValue::List(vec![name(), name()]));
        action.target.directory = format!("forest:{hostile}");
        action.target.id = name();
    }
    plan
}

/// Everything that is shown of a plan in a terminal.
fn terminal_texts(plan: &PlanFile) -> [String; 3] {
    let mut out = Vec::new();
    verify_human(&VerifyReport::new(&plan.body), &PLAIN, &mut out).unwrap();
    [human_text(plan, PLAIN), diff_text(&sample(), plan), String::from_utf8(out).unwrap()]
}

/// Everything that is shown of a plan in a pull request.
fn markdown_texts(plan: &PlanFile) -> [String; 4] {
    let old = sample();
    [
        markdown(&PlanView::new(plan)),
        diff_markdown(&PlanDiff::new(&old, plan)),
        diff_markdown(&PlanDiff::new(plan, &old)),
        verify_markdown(&VerifyReport::new(&plan.body)),
    ]
}

#[test]
fn hostile_names_stay_values() {
    let plan = plan_full_of(HOSTILE);
    for text in terminal_texts(&plan) {
        harmless::in_a_terminal(&text);
        assert!(text.contains("\\u{202e}"));
    }
    markdown_texts(&plan).iter().for_each(|text| harmless::in_markdown(text));
}

/// The JSON that is shown, which says what the plan file says.
fn shown_json(plan: &PlanFile) -> String {
    let mut out = Vec::new();
    plan_json(plan, &mut out).unwrap();
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert_eq!(read(&out), read(&plan.to_bytes()));
    String::from_utf8(out).unwrap()
}

#[test]
fn a_long_plan_as_json_is_harmless_from_piece_to_piece() {
    let plan = plan_full_of(&"é##vso[task.x]\u{9b}\u{202e}::stop-commands::x".repeat(300));
    harmless::no_commands(&shown_json(&plan));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 12, ..Default::default() })]

    #[test]
    fn any_name_stays_a_value(name in r"[ -~\PC\pC]{0,40}", marks in "[|`@#<>*_~ \\n\\\\&a-]{0,30}") {
        for name in [name, marks] {
            let plan = plan_full_of(&name);
            terminal_texts(&plan).iter().for_each(|text| harmless::in_a_terminal(text));
            markdown_texts(&plan).iter().for_each(|text| harmless::in_markdown(text));
            harmless::no_commands(&shown_json(&plan));
        }
    }
}
