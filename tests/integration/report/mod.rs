//! The page of a plan: what stands in the file, and what a browser makes of it. The large plan is the one that breaks things.

mod browser;
mod large;
mod page;

use hardmatch::planfile::{self, PlanFile};
use hardmatch::render::{PlanView, html, markdown};
use scraper::{Html, Selector};

use crate::common::Hardmatch;

pub(crate) const ROWS: usize = 50_000;

fn page_of(plan: &PlanFile) -> String {
    let mut out = Vec::new();
    html(&PlanView::new(plan), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn has_no_invisible(text: &str) {
    let invisible = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(text.chars().find(invisible), None);
}

#[test]
fn a_page_is_written_where_it_is_asked_for() {
    let here = Hardmatch::example("first-link");
    here.run(&["plan", "--out", "plan.json", "--output", "html=report.html"]).expect(0);
    let shown = here.run(&["show", "plan.json", "--format", "html"]);
    assert_eq!(shown.expect(0).stdout, here.read("report.html"));
    assert!(shown.stdout.contains(&here.digest("plan.json")));
    let refused = here.run(&["diff", "plan.json", "plan.json", "--format", "html"]);
    refused.expect(64).says(&["`diff` does not write html", "hardmatch show"]);
    here.run(&["verify", "--format", "html"]).expect(64).says(&["`verify` does not write html"]);
}

#[test]
fn the_large_plan_is_one_that_can_be_read_back() {
    let plan = large::plan(2_000);
    assert_eq!(planfile::parse(&plan.to_bytes()).unwrap(), plan);
    assert_eq!(large::plan(2_000).digest(), plan.digest());
}

/// A strict parser finds no fault and no element that a value brought in.
#[test]
fn a_page_of_hostile_names_is_well_formed() {
    let plan = large::plan(600);
    let text = page_of(&plan);
    has_no_invisible(&text);
    let page = Html::parse_document(&text);
    assert_eq!(page.errors, [""; 0]);
    let count = |selector: &str| page.select(&Selector::parse(selector).unwrap()).count();
    assert_eq!((count("script"), count("img"), count("b"), count("title")), (2, 0, 0, count("svg title") + 1));
    assert_eq!(count("[data-finding]"), plan.body.findings.len());
    assert_eq!(count("[data-lost]"), plan.body.actions.iter().filter(|action| !action.reversible).count());
}

/// 50,000 rows take a second or two to be made; the size is why they are there.
#[test]
fn nothing_of_a_large_plan_is_lost_in_its_page() {
    let plan = large::plan(ROWS);
    let text = page_of(&plan);
    has_no_invisible(&text);
    let (_, data) = text.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    assert!(!data.contains(['<', '>', '&']));
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let rows = |table: &str, column: &str| data[table][column].as_array().unwrap().len();
    assert_eq!(rows("actions", "title"), ROWS);
    assert_eq!(rows("mappings", "id"), plan.body.mappings.len());
    assert_eq!(rows("findings", "code"), plan.body.findings.len());
    assert_eq!(text.matches("<li data-finding").count(), plan.body.findings.len());
    assert!(text.len() < 64_000_000, "{}", text.len());
}

#[test]
fn a_large_plan_fits_a_comment_and_keeps_its_counts() {
    let plan = large::plan(ROWS);
    let view = PlanView::new(&plan);
    let text = markdown(&view);
    assert!(text.len() < 60_000 && text.chars().count() < 65_536, "{}", text.len());
    has_no_invisible(&text);
    assert!(text.contains(&view.summary()) && text.contains(&view.digest));
    for group in [&view.blockers, &view.warnings, &view.notes].into_iter().flatten() {
        let line = format!("- **{}** ({}):", group.code, grouped(group.findings.len()));
        assert!(text.contains(&line), "{line}");
    }
    for (name, count) in [("Blockers", blockers(&view)), ("Cannot be undone", view.irreversible.len()), ("Actions", ROWS)] {
        assert!(text.contains(&format!("{name}: {}", grouped(count))), "{name} {count}");
    }
}

fn blockers(view: &PlanView<'_>) -> usize {
    view.blockers.iter().map(|group| group.findings.len()).sum()
}

fn grouped(count: usize) -> String {
    if count < 1_000 { count.to_string() } else { format!("{},{:03}", count / 1_000, count % 1_000) }
}

/// Outside of code, no value is left that could mean something; every row of a table has the same columns.
#[test]
fn hostile_names_break_no_table_of_a_comment() {
    let text = markdown(&PlanView::new(&large::plan(3_000)));
    let (_, text) = text.split_once('\n').unwrap();
    let mut columns = None;
    for line in text.lines() {
        let plain = without_code(line);
        let own = ["<br>", "<details>", "</details>", "<summary>", "</summary>"];
        let left = own.iter().fold(plain.clone(), |left, own| left.replace(own, ""));
        assert!(!left.contains(['<', '@', '`', '[', '\\', '$', '~']) && !left.contains("://"), "{line}");
        let pipes = plain.matches('|').count();
        if pipes == 0 {
            columns = None;
            continue;
        }
        assert_eq!(*columns.get_or_insert(pipes), pipes, "{line}");
    }
}

/// A line without its code spans. A bar inside of a span would still end the cell, so bars are kept.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.replace("<code>", "`").replace("</code>", "`");
    while let Some((before, after)) = rest.split_once('`') {
        let (code, after) = after.split_once('`').unwrap_or_else(|| panic!("a span without an end: {line}"));
        out.push_str(before);
        out.extend(code.matches('|'));
        rest = after.to_owned();
    }
    out + &rest
}

/// Who leaves hybrid misses no AD user, not even where something stands in the way; a way back looks for none.
#[test]
fn nobody_is_not_found_whom_nobody_looks_for() {
    let here = Hardmatch::example("leave-hybrid");
    here.plan();
    here.write("free.yaml", here.read("hardmatch.yaml"));
    here.edit("hardmatch.yaml", "mappings:", "policy: { protect: [tessa.noor@contoso.com] }\nmappings:");
    let planned = here.run(&["plan"]);
    planned.expect(13).shows(&["x blocked   tessa.noor@contoso.com   (none) "]);
    here.run(&["verify"]).shows(&["(none) -> tessa.noor@contoso.com"]);
    here.run(&["apply", "plan.json", "--config", "free.yaml", "--digest", &here.digest("plan.json")]).expect(0);
    let way_back = here.run(&["rollback", "plan.journal.jsonl", "--config", "free.yaml", "--out", "undo.json"]);
    assert!(!way_back.stdout.contains("(not found)"), "{}", way_back.stdout);
    here.run(&["show", "undo.json"]).shows(&["(not looked up)"]);
}
