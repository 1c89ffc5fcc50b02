//! Values that try to become markup, commands or directions of text, wherever values are shown.

use serde_json::Value;

use crate::cli;
use crate::plan::body::Body;
use crate::planfile::{Meta, PlanFile};
use crate::render::{
    Dialect, PlanDiff, PlanView, Style, VerifyReport, annotation_commands, annotations_of_plan, diff_human, diff_markdown,
    harmless, html, human, markdown, verify_human, verify_markdown,
};

use super::assert_harmless;

/// A plan in which each code of a finding, each kind of action and each state of a mapping occurs.
const PLAN: &str = include_str!("../../examples/everything-wrong/plan.golden.json");
/// Keys under which stands a word of the format, and no value of a directory.
const WORDS: [&str; 7] = ["code", "kind", "outcome", "severity", "state", "status", "anchorFrom"];
/// How many rows of each list are shown: enough for each code path, few enough to be quick.
const ROWS: usize = 5;

pub(super) fn convert(bytes: &[u8]) {
    let value = String::from_utf8_lossy(bytes);
    let first = cli::convert::both_forms(&value);
    assert_eq!(first, cli::convert::both_forms(&value));
    match first {
        Ok([human, json]) => {
            assert_harmless(&human);
            serde_json::from_str::<Value>(&json).expect("a line of JSON");
        }
        Err(why) => assert_harmless(&why),
    }
}

pub(super) fn hostile(bytes: &[u8]) {
    every_format(&plan_full_of(&String::from_utf8_lossy(bytes)));
}

/// The plan with this text behind each of its values.
fn plan_full_of(text: &str) -> PlanFile {
    let mut plan: Value = serde_json::from_str(PLAN).expect("a plan of the examples");
    let mut body = plan.get_mut("body").map(Value::take).expect("the body of the plan");
    fill(&mut body, text);
    let body: Body = serde_json::from_value(body).expect("a body with other values");
    let meta = Meta { commit: Some(text.into()), config: Some(text.into()), created_at: text.into(), tool: text.into() };
    PlanFile { meta, body }
}

fn fill(value: &mut Value, text: &str) {
    match value {
        Value::String(own) => own.push_str(text),
        Value::Array(rows) => {
            rows.truncate(ROWS);
            rows.iter_mut().for_each(|row| fill(row, text));
        }
        Value::Object(fields) => {
            // An account of the plan is an id and a name; no other id can stand there.
            let is_account = fields.len() == 2 && fields.contains_key("id") && fields.contains_key("upn");
            let is_fixed =
                |key: &str| WORDS.contains(&key) || ["objectGuid", "objectSid"].contains(&key) || (key == "id" && is_account);
            let values = fields.iter_mut().filter(|(key, _)| !is_fixed(key));
            values.for_each(|(_, value)| fill(value, text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Draws a plan in every way, and finds nothing in it that could do harm there.
pub(super) fn every_format(plan: &PlanFile) {
    let other = other_plan(plan);
    let (view, report) = (PlanView::new(plan), VerifyReport::new(&plan.body));
    let (gone, come) = (PlanDiff::new(plan, &other), PlanDiff::new(&other, plan));
    for all in [false, true] {
        let style = Style { color: false, width: 80, all };
        harmless::in_a_terminal(&drawn(|out| human(&view, &style, out)));
        harmless::in_a_terminal(&drawn(|out| verify_human(&report, &style, out)));
        harmless::in_a_terminal(&drawn(|out| diff_human(&come, &style, out)));
    }
    let texts = [markdown(&view), verify_markdown(&report), diff_markdown(&gone), diff_markdown(&come)];
    texts.iter().for_each(|text| harmless::in_markdown(text));
    harmless::in_html(&drawn(|out| html(&view, out)));
    for dialect in [Dialect::GitHub, Dialect::AzureDevOps] {
        let notes = annotations_of_plan(&plan.body, plan.meta.config.as_deref());
        harmless::in_a_runner(&annotation_commands(dialect, &notes));
    }
}

/// The same plan before somebody came to it.
fn other_plan(plan: &PlanFile) -> PlanFile {
    let mut other = plan.clone();
    other.body.actions.truncate(1);
    other.body.findings.truncate(1);
    other.body.mappings.truncate(1);
    other
}

fn drawn(draw: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    draw(&mut out).expect("a Vec takes everything");
    String::from_utf8(out).expect("text")
}
