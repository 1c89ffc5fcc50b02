//! How a run of `apply` ended, for the summary of a CI job.

use super::escape::prose;

/// How many lines of a list are shown, and how many characters of each.
const LINES: usize = 50;
const LINE: usize = 400;

/// A headline, lists under their headings (empty ones are left out), and how to go on.
#[must_use]
pub fn run_markdown(headline: &str, lists: &[(&str, Vec<String>)], next: &str) -> String {
    let mut out = format!("## hardmatch apply\n\n**{}**\n\n", prose(headline, LINE));
    for (heading, lines) in lists.iter().filter(|(_, lines)| !lines.is_empty()) {
        out.push_str(&format!("### {heading}: {}\n\n", lines.len()));
        lines.iter().take(LINES).for_each(|line| out.push_str(&format!("- {}\n", prose(line, LINE))));
        if lines.len() > LINES {
            out.push_str(&format!("- *… and {} more; the journal has them all*\n", lines.len() - LINES));
        }
        out.push('\n');
    }
    out.push_str(&format!("{}\n", prose(next, LINE)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_failed_and_disarms_it() {
        let failed = (0..60).map(|number| format!("set ImmutableID of <b>eve{number}</b>: @team #1")).collect();
        let text = run_markdown("Applied 5828b9: 1 done, 60 failed", &[("Failed", failed), ("Not tried", vec![])], "Go on");
        assert!(text.contains("### Failed: 60") && text.contains("… and 10 more") && !text.contains("Not tried"), "{text}");
        insta::assert_snapshot!(text.lines().nth(6).unwrap(), @"- set ImmutableID of `<b>eve0</b>`: `@team` `#1`");
    }
}
