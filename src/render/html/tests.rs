use std::collections::HashSet;

use super::html;
use super::value::{Prose, Value, json_in_script};
use crate::planfile::PlanFile;
use crate::planfile::sample::sample;
use crate::render::PlanView;
use maud::Render;

fn page_of(plan: &PlanFile) -> String {
    let mut out = Vec::new();
    html(&PlanView::new(plan), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What stands between two marks.
fn between<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
    let (_, rest) = text.split_once(open).unwrap();
    rest.split_once(close).unwrap().0
}

fn shown(of: &impl Render) -> String {
    of.render().into_string()
}

#[test]
fn values_become_text_and_nothing_else() {
    assert_eq!(shown(&Value("</script><!--`\"'&")), "<bdi>&lt;/script&gt;&lt;!--`&quot;'&amp;</bdi>");
    assert_eq!(shown(&Value("a\u{202e}b\n\u{2028}")), "<bdi>a\\u{202e}b\\u{a}\\u{2028}</bdi>");
    assert_eq!(shown(&Prose("see `a<b` & c")), "see <code><bdi>a&lt;b</bdi></code> &amp; c");
    assert_eq!(shown(&Prose("one ` <tick>")), "one ` &lt;tick&gt;");
}

#[test]
fn json_cannot_end_its_element() {
    let hostile = "</script><!-- <script> ]]> \u{2028}\u{2029} & `";
    let json = json_in_script(&serde_json::to_string(hostile).unwrap()).0;
    assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
}

#[test]
fn the_head_says_without_a_script_what_must_be_read() {
    let page = page_of(&sample());
    let (head, _) = page.split_once("<script id=\"data\"").unwrap();
    let digest = sample().digest();
    let parts = [
        "<title>Plan for contoso.onmicrosoft.com: blocked</title>",
        digest.as_str(),
        "something stands in the way, <code><bdi>apply</bdi></code> refuses",
        "1 to purge",
        "1 blocked",
        "2 warnings",
        "Another account holds the wanted ImmutableID, and there is no decision on it that can be carried out.",
        "<code><bdi>eve.old@contoso.com</bdi></code> (live) holds the ImmutableID",
        "decide under <code><bdi>holders</bdi></code>",
        "<li>Plan again</li>",
        "remove <code><bdi>bond4711@contoso.onmicrosoft.com</bdi></code> from the recycle bin for ever",
        "the recycle bin keeps an ImmutableID in use",
        "the export names no groups and contacts",
        "Next sync does not end at the mapped account",
        "One account hands its ID to another",
    ];
    parts.iter().for_each(|part| assert!(head.contains(part), "{part}\n{head}"));
    assert_eq!(head.matches("<li data-finding").count(), sample().body.findings.len());
    assert_eq!(head.matches("<li data-lost").count(), 1);
}

#[test]
fn nothing_is_loaded_and_nothing_but_the_own_script_runs() {
    let page = page_of(&sample());
    for loading in [
        "http:",
        "https:",
        "//",
        "src=",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "innerHTML",
        "eval(",
        "style=",
        "onclick",
    ] {
        let comments = |line: &&str| !line.trim_start().starts_with("//");
        let found = page.lines().filter(comments).find(|line| line.contains(loading));
        assert_eq!(found, None, "{loading}");
    }
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("href=\"").count(), page.matches("href=\"#").count());
}

#[test]
fn links_of_the_page_lead_somewhere() {
    let page = page_of(&sample());
    let filters = ["kind=", "state=", "finding="];
    let targets = page.split("href=\"#").skip(1).filter_map(|rest| rest.split_once('"')).map(|(target, _)| target);
    for target in targets.filter(|target| !filters.iter().any(|filter| target.starts_with(filter))) {
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(id, _)| id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{ids:?}");
}

#[test]
fn the_data_holds_every_row() {
    let page = page_of(&sample());
    let data: serde_json::Value =
        serde_json::from_str(between(&page, "<script id=\"data\" type=\"application/json\">", "</script>")).unwrap();
    let text = |place: &serde_json::Value| data["texts"][usize::try_from(place.as_u64().unwrap()).unwrap()].as_str().unwrap();
    let title = |step: usize| data["actions"]["title"][step].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join("|");
    let titles: Vec<String> = (0..4).map(title).collect();
    insta::assert_snapshot!(titles.join("\n"), @"
    move |bond4711@contoso.onmicrosoft.com| to the recycle bin
    remove |bond4711@contoso.onmicrosoft.com| from the recycle bin for ever
    set ImmutableID of |james.bond@contoso.com| to |4AQlP4lP0xGaDAMF6CwzAQ==| (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301)
    clear ImmutableID of |m@contoso.com
    ");
    assert_eq!(data["actions"]["after"], serde_json::json!([[], [0], [1], []]));
    assert_eq!(data["actions"]["sign"], "-!+-");
    assert_eq!(data["mappings"]["line"], serde_json::json!([12, 16, 21, 24]));
    assert_eq!(data["mappings"]["surprise"], serde_json::json!([0, 1, 0, 0]));
    // In the order of the page: what concerns the whole plan is read first.
    assert_eq!(data["findings"]["mapping"], serde_json::json!([1, null, 0]));
}
