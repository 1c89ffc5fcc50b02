//! A person with a browser: search, filters, sorting, rows that open, keys, themes.

use std::fs;

use serde_json::json;

use super::browser::Browser;
use super::{ROWS, large, page_of};
use crate::common::Hardmatch;

const ENTER: &str = "\u{e007}";
const DOWN: &str = "\u{e015}";
const RIGHT: &str = "\u{e014}";
const ESCAPE: &str = "\u{e00c}";

/// The page of an example, opened.
async fn opened(example: &str, exit: i32) -> Option<(Hardmatch, Browser)> {
    let browser = Browser::start().await?;
    let here = Hardmatch::example(example);
    here.run(&["plan", "--output", "html=report.html"]).expect(exit);
    browser.open(&here.path().join("report.html"), "").await;
    Some((here, browser))
}

const SHOWN: &str = "document.getElementById('shown').textContent";
const FOCUS: &str = "document.activeElement.id || document.activeElement.textContent";

#[tokio::test]
async fn rows_are_searched_filtered_and_sorted() {
    let Some((here, browser)) = opened("everything-wrong", 9).await else { return };
    assert_eq!(browser.look(SHOWN).await, "All shown: 16 actions, 44 mappings, 58 findings");
    browser.press("/lena.brant").await;
    assert_eq!(browser.look(SHOWN).await, "Shown: 0 of 16 actions, 0 of 44 mappings, 1 of 58 findings");
    assert_eq!(browser.look("location.hash").await, "#q=lena.brant");
    browser.press(ESCAPE).await;
    browser.click("select[name=state] option[value=blocked]").await;
    browser.click("select[name=finding] option[value=holder-undecided]").await;
    assert_eq!(browser.look("location.hash").await, "#state=blocked&finding=holder-undecided");
    let states = "[...document.querySelectorAll('#mappings tr[data-place]')].map(row => row.cells[0].textContent.trim())";
    assert_eq!(browser.look(&format!("new Set({states}).size")).await, 1);
    browser.click("#reset").await;
    browser.click("#mappings th:nth-child(2) button").await;
    browser.click("#mappings th:nth-child(2) button").await;
    assert_eq!(browser.look("document.querySelector('#mappings th:nth-child(2)').getAttribute('aria-sort')").await, "descending");
    let names =
        "[...document.querySelectorAll('#mappings tr[data-place]')].map(row => row.cells[1].firstChild.firstChild.textContent)";
    assert_eq!(
        browser.look(&format!("(n => n.length > 9 && n.every((one, at) => !at || n[at - 1] >= one))({names})")).await,
        true
    );

    browser.open(&here.path().join("report.html"), "#state=planned&mappings=-1").await;
    assert_eq!(browser.look("document.querySelector('select[name=state]').value").await, "planned");
    assert!(browser.look(SHOWN).await.as_str().unwrap().starts_with("Shown: 16 of 16 actions, 16 of 44 mappings"));
    browser.click(".totals a[href='#finding=blocker']").await;
    assert!(browser.look(SHOWN).await.as_str().unwrap().contains("31 of 58 findings"));
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn steps_lead_to_the_steps_that_they_wait_for() {
    let Some((_here, browser)) = opened("swap", 0).await else { return };
    let open = "[...document.querySelectorAll('#actions .is-open')].map(row => row.cells[0].textContent.trim())";
    browser.click("#actions tr[data-place='6'] .toggle").await;
    assert_eq!(browser.look(open).await, json!(["+ 7"]));
    let detail = browser.look("document.querySelector('#actions .more').innerText").await;
    let detail = detail.as_str().unwrap();
    ["PSaHXoL3E0Wl6gKoXSh4hg==", "5e87263d-f782-4513-a5ea-02a85d287886", "only if", "because"]
        .iter()
        .for_each(|part| assert!(detail.contains(part), "{detail}"));
    browser.click("#actions .more a[data-step='5']").await;
    assert_eq!(browser.look(open).await, json!(["~ 6", "+ 7"]));
    assert_eq!(browser.look(FOCUS).await, "~ 6");
    browser.click("#irreversible a[data-step='0']").await;
    assert_eq!(browser.look(FOCUS).await, "! 1");
    browser.press(&format!("{DOWN}{DOWN}{RIGHT}")).await;
    assert_eq!(browser.look(open).await, json!(["! 1", "- 3", "~ 6", "+ 7"]));
    browser.press(ENTER).await;
    assert_eq!(browser.look(open).await, json!(["! 1", "~ 6", "+ 7"]));
    assert_eq!(browser.look("document.querySelectorAll('figure svg .account').length").await, 2);
    assert_eq!(browser.complaints().await, [""; 0]);
}

#[tokio::test]
async fn the_theme_can_be_turned() {
    let Some((_here, browser)) = opened("chain", 0).await else { return };
    let ground = "getComputedStyle(document.body).backgroundColor";
    let before = browser.look(ground).await;
    browser.click("#theme").await;
    assert_ne!(browser.look(ground).await, before);
    browser.click("#theme").await;
    assert_eq!(browser.look(ground).await, before);
    browser.click("#copy").await;
    assert_eq!(
        browser.look("new Promise(done => setTimeout(() => done(document.getElementById('copy').textContent), 200))").await,
        "Copied"
    );
    assert_eq!(browser.complaints().await, [""; 0]);
}

/// The bound tells an answer from a page that stands still, on a slow machine, too.
#[tokio::test]
async fn fifty_thousand_actions_answer_at_once() {
    let Some(browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let plan = large::plan(ROWS);
    fs::write(&file, page_of(&plan)).unwrap();
    browser.open(&file, "").await;
    let (mappings, findings) = (plan.body.mappings.len(), plan.body.findings.len());
    let all = browser.look("document.getElementById('shown').textContent.replaceAll(',', '')").await;
    assert_eq!(all, format!("All shown: {ROWS} actions {mappings} mappings {findings} findings"));
    assert!(browser.look("document.querySelectorAll('.rows tr').length").await.as_u64().unwrap() < 200);
    let time = |work: &str| {
        format!(
            "(() => {{ const start = performance.now(); {work}; document.body.getBoundingClientRect(); return performance.now() - start; }})()"
        )
    };
    let search =
        "const query = document.getElementById('query'); query.value = 'user77'; query.dispatchEvent(new Event('input'))";
    browser.look(&time(search)).await;
    let again = search.replace("user77", "user123");
    let milliseconds = browser.look(&time(&again)).await.as_f64().unwrap();
    assert!(milliseconds < 10_000.0, "the page stood still for {milliseconds} ms");
    browser.click("#reset").await;
    browser.look("document.querySelector('#actions .rows').scrollTo(0, 1e9)").await;
    let last = browser.look("new Promise(done => setTimeout(() => done([...document.querySelectorAll('#actions tr[data-place]')].at(-1).dataset.place), 200))").await;
    assert_eq!(last, (ROWS - 1).to_string());
    assert_eq!(browser.complaints().await, [""; 0]);
}
