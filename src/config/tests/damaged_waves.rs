//! Mapping files that a spreadsheet damaged, that are torn, or long.

use insta::assert_snapshot;

use super::*;
use crate::model::Mapping;

#[test]
fn values_that_a_spreadsheet_damaged() {
    let csv = "onPrem;cloud\n=A1;a@x.example\n'00123;a@x.example\n#N/A;#REF!\n1.23E+11;a@x.example\nN/A;System.Byte[]\n";
    assert_snapshot!(wave_errors(csv), @r#"
    error: column onPrem: `=A1` is a formula of a spreadsheet
     --> waves/w.csv:2:1
      |
    2 | =A1;a@x.example
      | ^^^
      |
      = help: write the value by hand, or format the column as text and export again

    error: column onPrem: `'00123` starts with the quote by which spreadsheets mark text
     --> waves/w.csv:3:1
      |
    3 | '00123;a@x.example
      | ^^^^^^
      |
      = help: remove the quote

    error: column onPrem: `#N/A` marks a missing value
     --> waves/w.csv:4:1
      |
    4 | #N/A;#REF!
      | ^^^^
      |
      = help: name the user, or remove the mapping

    error: column cloud: `#REF!` is an error value of a spreadsheet
     --> waves/w.csv:4:6
      |
    4 | #N/A;#REF!
      |      ^^^^^
      |
      = help: write the value by hand, or format the column as text and export again

    error: column onPrem: `1.23E+11` is a number that a spreadsheet has rounded
     --> waves/w.csv:5:1
      |
    5 | 1.23E+11;a@x.example
      | ^^^^^^^^
      |
      = help: write the value by hand, or format the column as text and export again

    error: column onPrem: `N/A` marks a missing value
     --> waves/w.csv:6:1
      |
    6 | N/A;System.Byte[]
      | ^^^
      |
      = help: name the user, or remove the mapping

    error: column cloud: `System.Byte[]` marks a missing value
     --> waves/w.csv:6:5
      |
    6 | N/A;System.Byte[]
      |     ^^^^^^^^^^^^^
      |
      = help: name the user, or remove the mapping

    7 errors
    "#);
}

/// Two quotes that are not closed look like one text, and the rows between them would be missed by nobody.
#[test]
fn a_text_that_goes_on_behind_its_quote() {
    let rows = "a,a@x.example,\"his desk\nb,b@x.example,\"her desk\nc,c@x.example,x\n";
    assert_snapshot!(wave_errors(format!("onPrem,cloud,because\n{rows}")), @r#"
    error: something stands behind a quoted text
     --> waves/w.csv:3:16
      |
    3 | b,b@x.example,"her desk
      |                ^
      |
      = help: a quote is missing; rows above it may belong to the text, and a quote inside a text is written twice

    1 error
    "#);
}

#[test]
fn a_quote_within_a_bare_text_is_one() {
    let read = wave("onPrem,cloud,because\nann,ann@x.example,her 15\" screen\n").desired.mappings;
    assert_eq!(read[0].because.as_deref(), Some("her 15\" screen"));
}

#[test]
fn an_unclosed_quote() {
    assert_snapshot!(wave_errors("onPrem,cloud\n\"a,a@x.example\nb,b@x.example\n"), @r#"
    error: a quote is not closed in this row
     --> waves/w.csv:2:1
      |
    2 | "a,a@x.example
      | ^
      |
      = help: close the text with a second quote; until then the rows below belong to it and are not read

    1 error
    "#);
}

#[test]
fn thirteen_hundred_bad_rows_still_read_well() {
    let mut csv = "onPrem;cloud\n".to_owned();
    for row in 0..1_300 {
        csv.push_str(&if row == 700 { "fine;fine@x.example\n".to_owned() } else { format!("user{row};user{row}.example\n") });
    }
    csv.push_str(";last@x.example\n");
    assert_snapshot!(wave_errors(csv), @r#"
    error: column cloud: `user0.example` names no cloud user: it is neither a UPN (name@domain) nor an object id
     --> waves/w.csv:2:7
      |
    2 | user0;user0.example
      |       ^^^^^^^^^^^^^
      |
      = help: write the whole UPN or the object id

    error: column cloud: `user1.example` names no cloud user: it is neither a UPN (name@domain) nor an object id
     --> waves/w.csv:3:7
      |
    3 | user1;user1.example
      |       ^^^^^^^^^^^^^
      |
      = help: write the whole UPN or the object id

    error: column cloud: `user2.example` names no cloud user: it is neither a UPN (name@domain) nor an object id
     --> waves/w.csv:4:7
      |
    4 | user2;user2.example
      |       ^^^^^^^^^^^^^
      |
      = help: write the whole UPN or the object id

      the same in 1,296 more places: lines 5-701, 703-1301

    error: column onPrem: the cell is empty
        --> waves/w.csv:1302:1
         |
    1302 | ;last@x.example
         | ^
         |
         = help: name the AD user; to let an account leave hybrid write none

    1,300 errors
    "#);
}

/// It is read on two threads, which does not show: lines, quotes over several lines, blank lines and faults.
#[test]
fn a_long_file_is_read_as_a_short_one() {
    for end in ["\n", "\r\n"] {
        let row = |n: u32| match n {
            700 | 3_999 => format!("u{n},u{n}@x.example,,,\"over{end}two lines\"{end}"),
            1_000 | 2_100..=2_110 => end.to_owned(),
            _ => format!("u{n},u{n}@x.example,,,{end}"),
        };
        let head = format!("onPrem,cloud,holder,resolve,because{end}");
        let rows = (0..4_400).map(row).collect::<String>();
        let long = wave(format!("{head}{rows}")).desired.mappings;
        let short = (0..4).map(|part| (part * 1_100..(part + 1) * 1_100).map(row).collect::<String>());
        let short: Vec<_> = short.flat_map(|rows| wave(format!("{head}{rows}")).desired.mappings).collect();
        let said = |mapping: &Mapping| (mapping.on_prem.clone(), mapping.cloud.clone(), mapping.because.clone());
        assert!(long.iter().map(said).eq(short.iter().map(said)) && long.len() == 4_388);
        assert_eq!(long.iter().map(|mapping| mapping.source.line).max(), Some(4_403));
        let broken = rows.replace("u5,", "u5,,").replace("u4300,", "u4300,,");
        let told = wave_errors(format!("{head}{broken}"));
        let places: Vec<&str> = told.lines().filter_map(|line| line.trim_start().strip_prefix("--> waves/w.csv:")).collect();
        assert_eq!(places, ["7:4", "4304:7"], "{told}");
    }
}
