//! `explain CODE`: what a finding means, why it matters and how to cure it.
//!
//! The texts lie in `codes.txt`, one section a code; what a code means in one sentence is said in `plan::finding`.

use std::fmt::Write as _;

use crate::model::Acceptable;
use crate::model::text::{self, printable};
use crate::plan::finding::{Code, Severity};
use crate::render::hanging;

use super::super::failure::Failure;

const TEXTS: &str = include_str!("codes.txt");

/// The code with this name, also where it is not written quite so.
pub(super) fn find(wanted: &str) -> Option<Code> {
    Code::parse(&normal(wanted))
}

/// Whether a text is more likely a misspelt code than a user.
pub(super) fn is_alike(wanted: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    nearest(wanted).is_some() || (wanted.contains('-') && wanted.split('-').all(is_word))
}

/// The code that was most likely meant.
pub(super) fn nearest(wanted: &str) -> Option<Code> {
    text::nearest(wanted, Code::ALL.iter().map(|code| code.as_str())).and_then(find)
}

fn normal(wanted: &str) -> String {
    wanted.trim().to_ascii_lowercase().replace('_', "-")
}

/// Why a text that looks like a code cannot be explained.
pub(super) fn unknown(wanted: &str) -> Failure {
    let failure = Failure::usage(format!("`{}` is no finding code", printable(wanted)));
    let failure = match nearest(wanted) {
        Some(code) => failure.hint(format!("Did you mean `{code}`? `hardmatch explain` lists all codes.")),
        None => failure.hint("`hardmatch explain` lists all codes."),
    };
    failure.hint("To explain a user, run it beside hardmatch.yaml or name that with `--config FILE`.")
}

/// All codes, in lines of this width.
pub(super) fn list(width: usize) -> String {
    let mut text = String::new();
    for severity in Severity::ALL {
        let codes: Vec<&Code> = Code::ALL.iter().filter(|code| code.severity() == severity).collect();
        let heading = match severity {
            Severity::Blocker => "Blockers: `apply` refuses while there is one",
            Severity::Warning => "Warnings: somebody should look",
            Severity::Info => "Good to know",
        };
        if !codes.is_empty() {
            let _ = writeln!(text, "{heading}");
        }
        for code in codes {
            text.push_str(&hanging(&format!("  {:<26} ", code.as_str()), code.about(), width));
        }
    }
    text.push_str("\n`hardmatch explain CODE` says why it matters and what to do.\n");
    text
}

/// Everything about a code.
pub(super) fn page(code: Code) -> String {
    let mut text = format!("{code} ({})\n{}\n\n", code.severity().word(), code.about());
    text.push_str(section(code).unwrap_or("No text yet."));
    text.push('\n');
    if code.severity() == Severity::Blocker {
        let acceptable = Acceptable::ALL.iter().any(|accepted| accepted.code() == code.as_str());
        text.push_str(if acceptable {
            "\nCan be accepted in the mapping with `accept` and `because`; it then is a warning.\n"
        } else {
            "\nCannot be accepted: the mapping stays blocked until it is cured.\n"
        });
    }
    text
}

fn section(code: Code) -> Option<&'static str> {
    let sections = TEXTS.split("\n# ").map(|section| section.strip_prefix("# ").unwrap_or(section));
    sections.into_iter().find_map(|section| section.strip_prefix(code.as_str())?.strip_prefix('\n')).map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text_that_says_why_and_what_to_do() {
        for code in Code::ALL {
            let text = section(*code).unwrap_or_else(|| panic!("{code} has no text"));
            assert!(text.starts_with("Why it matters\n") && text.contains("\nWhat to do\n"), "{code}");
            assert!(text.lines().all(|line| line.chars().count() <= 115), "{code}");
            assert!(list(120).contains(code.as_str()));
        }
        let sections = TEXTS.lines().filter(|line| line.starts_with("# ")).count();
        assert_eq!(sections, Code::ALL.len(), "a text for a code that is gone");
    }

    #[test]
    fn says_what_can_be_accepted() {
        for code in Code::ALL {
            let accepted = Acceptable::ALL.iter().any(|accepted| accepted.code() == code.as_str());
            assert_eq!(page(*code).contains("Can be accepted"), accepted, "{code}");
            assert_eq!(section(*code).unwrap().contains(&format!("accept: [{code}]")), accepted, "{code}");
        }
    }

    #[test]
    fn suggests_the_nearest_code() {
        assert!(unknown("holder-undecide").hints[0].contains("holder-undecided"));
        assert_eq!(find("Waits_For"), Some(Code::WaitsFor));
        for user in
            ["max@contoso.com", "james.bond", r"CORP\eve", "f5057fee-4c3e-4459-82dd-21250b729601", "7n8F9T5MWUSC3SElC3KWAQ=="]
        {
            assert!(find(user).is_none() && !is_alike(user), "{user}");
        }
        assert!(is_alike("no-such-code") && is_alike("holder_undecide"));
    }
}
