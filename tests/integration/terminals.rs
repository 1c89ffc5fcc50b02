//! At a terminal: questions, colour for each stream, widths; and that nobody is asked where nobody is.
#![cfg(unix)]

use crate::common::Hardmatch;
use crate::screen::Screen;

const EXAMPLE: &str = "duplicate-account";
const ESCAPE: char = '\u{1b}';

fn short(digest: &str) -> &str {
    &digest["sha256:".len()..][..6]
}

/// Nothing was written, and nothing is locked.
fn assert_untouched(here: &Hardmatch, tenant: &str) {
    assert_eq!(here.read("tenant.json"), tenant);
    let digest = here.digest("plan.json");
    here.run(&["apply", "plan.json", "--digest", &digest]).expect(0);
}

#[test]
fn the_start_of_the_digest_approves() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let mut screen = Screen::open(&here, &["apply", "plan.json"], 80);
    screen.wait_for("type the first six characters of the digest");
    screen.press(&format!("{}\r", short(&digest)));
    let ended = screen.end();
    assert_eq!(ended.code, 0, "{}", ended.text);
    assert!(ended.text.contains("5 done"), "{}", ended.text);
}

/// The plan is shown before the question, and kept for who is interrupted.
#[test]
fn without_a_plan_it_plans_shows_and_asks() {
    let here = Hardmatch::example(EXAMPLE);
    let digest = here.plan();
    let mut screen = Screen::open(&here, &["apply"], 80);
    screen.wait_for("type the first six characters of the digest");
    assert!(screen.text().contains("james.bond"), "{}", screen.text());
    screen.press(&format!("{}\r", short(&digest)));
    let ended = screen.end();
    assert_eq!(ended.code, 0, "{}", ended.text);
    assert!(here.path().join(format!("plan-{}.journal.jsonl", short(&digest))).is_file());
}

#[test]
fn any_other_answer_declines() {
    for answer in ["yes\r", "\r", "000000\r", "\u{4}"] {
        let here = Hardmatch::example(EXAMPLE);
        here.plan();
        let tenant = here.read("tenant.json");
        let mut screen = Screen::open(&here, &["apply", "plan.json"], 80);
        screen.wait_for("anything else declines");
        screen.press(answer);
        let ended = screen.end();
        assert_eq!(ended.code, 14, "{answer:?}: {}", ended.text);
        assert!(ended.text.contains("declined; nothing was written"), "{answer:?}: {}", ended.text);
        assert_untouched(&here, &tenant);
    }
}

/// A plan that was made for the question is nobody's once it is declined.
#[test]
fn what_was_planned_for_a_question_that_is_declined_does_not_stay() {
    for answer in ["n\r", "\u{4}", "\u{3}"] {
        let here = Hardmatch::example(EXAMPLE);
        let names = || {
            let entries = std::fs::read_dir(here.path()).unwrap().map(|entry| entry.unwrap().file_name());
            entries.collect::<std::collections::BTreeSet<_>>()
        };
        let before = names();
        let mut screen = Screen::open(&here, &["apply"], 80);
        screen.wait_for("anything else declines");
        screen.press(answer);
        screen.end();
        assert_eq!(names(), before, "{answer:?}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_at_the_question_writes_and_locks_nothing() {
    let here = Hardmatch::example(EXAMPLE);
    here.plan();
    let tenant = here.read("tenant.json");
    let mut screen = Screen::open(&here, &["apply", "plan.json"], 80);
    screen.wait_for("anything else declines");
    screen.press("\u{3}");
    let ended = screen.end();
    // A shell tells 130.
    assert!(ended.signal.is_some(), "{ended:?}");
    assert_untouched(&here, &tenant);
}

#[test]
fn nobody_is_asked_in_ci_or_by_programs() {
    let in_ci = Hardmatch::example(EXAMPLE).env("CI", "true");
    let json = Hardmatch::example(EXAMPLE);
    for (here, more, why) in
        [(&in_ci, &[][..], "nobody is asked where CI is set"), (&json, &["--log-format", "json"], "with --log-format json")]
    {
        let digest = here.plan();
        for args in [&["apply", "plan.json"][..], &["apply"]] {
            let ended = Screen::open(here, &[args, more].concat(), 200).end();
            assert_eq!(ended.code, 8, "{}", ended.text);
            assert!(ended.text.contains(why) && ended.text.contains(&format!("--digest {digest}")), "{}", ended.text);
            assert!(!ended.text.contains("anything else declines"));
        }
    }
}

#[test]
fn a_terminal_gets_colour_unless_it_or_somebody_says_no() {
    let coloured = |here: &Hardmatch, more: &[&str]| {
        let ended = Screen::open(here, &[&["plan"], more].concat(), 80).end();
        assert_eq!(ended.code, 0, "{}", ended.text);
        ended.text.contains(ESCAPE)
    };
    assert!(coloured(&Hardmatch::example(EXAMPLE), &[]));
    assert!(!coloured(&Hardmatch::example(EXAMPLE), &["--color", "never"]));
    for (name, value) in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
        let here = Hardmatch::example(EXAMPLE).env(name, value);
        assert!(!coloured(&here, &[]), "{name}={value}");
        assert!(coloured(&here, &["--color", "always"]), "{name}={value}, but the flag wins");
    }
}

/// A pipe gets none although the other stream is a terminal.
#[cfg(unix)]
#[test]
fn colour_is_decided_for_each_stream() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "mappings:", "policy:\n  limits: { purges: 0 }\nmappings:");
    here.run(&["plan", "--out", "plan.json"]).expect(9);
    let ended = Screen::shell(&here, "$P plan > out.txt; $P apply plan.json").end();
    assert!(!here.read("out.txt").contains(ESCAPE));
    assert!(ended.text.contains(ESCAPE) && ended.text.contains("limit-exceeded"), "{}", ended.text);
    let ended = Screen::shell(&here, "$P apply plan.json 2> err.txt; $P plan").end();
    assert!(!here.read("err.txt").contains(ESCAPE) && here.read("err.txt").contains("limit-exceeded"));
    assert!(ended.text.contains(ESCAPE), "{}", ended.text);
}

/// Wide and combining characters count as the columns that they take. The last line of a plan is one line on purpose.
#[test]
fn nothing_is_wider_than_the_terminal() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("tenant.json", "\"displayName\": \"James Bond\"", "\"displayName\": \"詹姆斯·邦德 👨 e\u{301}\"");
    for columns in [80, 200] {
        for args in [&["plan"][..], &["verify"], &["explain"], &["explain", "james.bond"], &["help", "apply"], &["--help"]] {
            let ended = Screen::open(&here, &[&["--color", "never"], args].concat(), columns).end();
            assert_eq!(ended.code, 0, "{}", ended.text);
            for line in ended.text.lines().filter(|line| !line.starts_with("Plan: ")) {
                let width = unicode_width::UnicodeWidthStr::width(line.trim_end());
                assert!(width <= usize::from(columns), "{args:?} at {columns}: {width} columns in {line:?}");
            }
        }
    }
}

#[test]
fn a_plan_as_json_does_nothing_to_the_screen() {
    let here = Hardmatch::example(EXAMPLE);
    here.edit("hardmatch.yaml", "empty account made by the first failed sync", r#""\x9b2J\u202e\x7f""#);
    let ended = Screen::open(&here, &["plan", "--format", "json"], 80).end();
    assert_eq!(ended.code, 0, "{}", ended.text);
    assert!(
        ended.text.contains(r"\u009b2J\u202e\u007f") && !ended.text.contains(['\u{9b}', '\u{202e}', '\u{7f}']),
        "{}",
        ended.text
    );
}
