//! What must hold of every text in which values of a directory are shown, whatever these spell. For tests and fuzzing.

use crate::model::text::printable;

/// No control character but line ends, no invisible character that turns or hides text, no command of a CI runner.
pub(crate) fn no_commands(text: &str) {
    text.lines().for_each(|line| assert_eq!(printable(line), line));
}

/// A summary is printed once, so nobody can have written another one.
pub(crate) fn in_a_terminal(text: &str) {
    no_commands(text);
    let summaries = text.lines().filter(|line| ["Plan: ", "Diff: ", "Verify: "].iter().any(|start| line.starts_with(start)));
    assert_eq!(summaries.count(), 1, "{text}");
}

/// Every line is a command of its own, and holds no other.
pub(crate) fn in_a_runner(text: &str) {
    for line in text.lines() {
        let heads = ["::error ", "::warning ", "##vso[task.logissue type=error;", "##vso[task.logissue type=warning;"];
        let rest = heads.iter().find_map(|head| line.strip_prefix(head)).unwrap_or_else(|| panic!("{line}"));
        let message = rest.split_once("::").map_or(rest, |(_, message)| message);
        no_commands(message);
    }
}

/// Outside of code spans there are only words and the few marks of the program's own.
pub(crate) fn in_markdown(text: &str) {
    no_commands(text);
    let (marker, text) = text.split_once('\n').expect("a marker");
    assert!(marker.ends_with(" -->") && marker.matches("-->").count() == 1, "{marker}");
    let mut columns = 0;
    for line in text.lines() {
        let own = ["<br>", "<details>", "</details>", "<summary>", "</summary>", "->", "### ", "## ", "- **", "**"];
        let counted = line.strip_prefix("*… and ").and_then(|rest| rest.strip_suffix(" more*"));
        let line = counted.filter(|count| count.chars().all(|c| c.is_ascii_digit() || c == ',')).unwrap_or(line);
        let left = own.iter().fold(outside_of_code(line), |line, own| line.replace(own, ""));
        assert!(!left.contains(['<', '>', '`', '@', '[', '*', '$', '\\', '#', '_', '~', '&']), "{line}");
        assert!(!left.contains("www.") && !left.contains("GH-") && !left.contains("://"), "{line}");
        let count = left.matches('|').count();
        columns = if columns == 0 || count == 0 { count } else { columns };
        assert_eq!(count, columns, "{line}");
    }
}

/// What is left of a line of Markdown without its code spans.
fn outside_of_code(line: &str) -> String {
    let mut rest = line.to_owned();
    while let Some((before, after)) = rest.split_once('`') {
        let (_, after) = after.split_once('`').expect("backticks come in pairs");
        rest = format!("{before}{after}");
    }
    while let Some((before, after)) = rest.split_once("<code>") {
        let (code, after) = after.split_once("</code>").expect("code is closed");
        assert!(!code.contains(['<', '>', '`', '|', '@', '[', '*', '$', '\\']), "{code}");
        rest = format!("{before}{after}");
    }
    rest
}

/// A strict parser finds no fault, and no element that a value brought in.
pub(crate) fn in_html(text: &str) {
    // Style and script have marks of their own that look like commands; nobody prints a page.
    no_commands(&text.replace("::", ": :").replace("##", "# #"));
    let page = scraper::Html::parse_document(text);
    assert_eq!(page.errors, [""; 0]);
    let elements = |wanted: &[&str]| {
        let names = page.tree.nodes().filter_map(|node| node.value().as_element());
        names.filter(|element| wanted.contains(&element.name())).count()
    };
    assert_eq!((elements(&["script"]), elements(&["img", "iframe", "object", "embed", "base", "form", "b", "i"])), (2, 0));
    let handlers = page.tree.nodes().filter_map(|node| node.value().as_element()).flat_map(scraper::node::Element::attrs);
    assert_eq!(handlers.filter(|(name, _)| name.starts_with("on") || *name == "src").count(), 0);
}
