//! Mapping files: what is read, and what an admin reads when a row is wrong.

use insta::assert_snapshot;

use super::*;
use crate::config::render_diagnostics;
use crate::model::{NoticeKind, OnPremSide, WriteSide};

#[test]
fn every_separator_encoding_and_order_of_columns_works() {
    let plain = wave("onPrem,cloud,because\nann,ann@x.example,\"a, b\"\n").desired.mappings;
    for text in [
        "ONPREM;Cloud;because\r\nann;ann@x.example;a, b\r\n",
        "onPrem\tcloud\tbecause\nann\tann@x.example\ta, b",
        "\u{feff}because,cloud,onPrem\n\"a, b\",ann@x.example,ann\n",
        "\"#TYPE Selected.User\";;\n;;\nonPrem;cloud;because\nann;ann@x.example;a, b\n;;\n",
        "#TYPE Selected.User\n\"onPrem\",\"cloud\",\"because\"\n\"ann\",\"ann@x.example\",\"a, b\"\n",
    ] {
        let mut mappings = wave(text).desired.mappings;
        mappings[0].source = plain[0].source.clone();
        assert_eq!(mappings, plain, "{text}");
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.trim_start_matches('\u{feff}').encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(wave(utf16).desired.mappings.len(), 1, "{text}");
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let config =
        wave("sep=;\r\n\r\nonPrem;cloud;because\r\n\r\na;a@x.example;\"two\r\nlines\"\r\n;;\r\n  ;\r\nb;b@x.example\r\n");
    let lines: Vec<u32> = config.desired.mappings.iter().map(|mapping| mapping.source.line).collect();
    assert_eq!(lines, [5, 9]);
}

#[test]
fn rows_may_leave_hybrid_stamp_and_repeat() {
    let config = wave("onPrem,cloud,write\nnone,a@x.example,\n b ,b@x.example,onPrem\nB,b@x.example,ONPREM\n");
    let [leaving, stamped] = &config.desired.mappings[..] else { panic!() };
    assert_eq!((&leaving.on_prem, stamped.write), (&OnPremSide::Nobody, WriteSide::OnPrem));
    let kinds: Vec<(NoticeKind, u32)> = config.desired.notices.iter().map(|notice| (notice.kind, notice.source.line)).collect();
    assert_eq!(kinds, [(NoticeKind::InputTrimmed, 3), (NoticeKind::DuplicateRow, 4)]);
}

#[test]
fn unknown_columns_are_warnings_and_invisible_characters_too() {
    let config = wave("onPrem,cloud,becuase,team\na\u{200b},a@x.example,x,y\n");
    assert_snapshot!(render_diagnostics(&config.warnings, &config.sources, 100, false), @r#"
    warning: the column `becuase` is not known and is left out
     --> waves/w.csv:1:14
      |
    1 | onPrem,cloud,becuase,team
      |              ^^^^^^^
      |
      = help: did you mean because? The columns are onPrem, cloud, holder, resolve, because, write

    warning: the column `team` is not known and is left out
     --> waves/w.csv:1:22
      |
    1 | onPrem,cloud,becuase,team
      |                      ^^^^
      |
      = help: the columns are onPrem, cloud, holder, resolve, because, write

    warning: `a\u{200b}` holds a character that cannot be seen
     --> waves/w.csv:2:1
      |
    2 | a\u{200b},a@x.example,x,y
      | ^^^^^^^^^
      |
      = help: write the text again by hand, unless the directory holds it that way

    3 warnings
    "#);
}

/// A decision or a direction that is not read would turn the row into another one.
#[test]
fn a_column_that_steers_and_is_misspelt_is_an_error() {
    assert_snapshot!(wave_errors("onPrem,cloud,wirte,action,Hodler\na,a@x.example,onPrem,purge,b@x.example\n"), @r#"
    error: the column `wirte` is not known; did you mean write?
     --> waves/w.csv:1:14
      |
    1 | onPrem,cloud,wirte,action,Hodler
      |              ^^^^^
      |
      = help: rename it to write, or, if it is a note, to something that is not like a column: onPrem, cloud, holder, resolve, because, write

    error: the column `action` is not known; did you mean resolve?
     --> waves/w.csv:1:20
      |
    1 | onPrem,cloud,wirte,action,Hodler
      |                    ^^^^^^
      |
      = help: rename it to resolve, or, if it is a note, to something that is not like a column: onPrem, cloud, holder, resolve, because, write

    error: the column `Hodler` is not known; did you mean holder?
     --> waves/w.csv:1:27
      |
    1 | onPrem,cloud,wirte,action,Hodler
      |                           ^^^^^^
      |
      = help: rename it to holder, or, if it is a note, to something that is not like a column: onPrem, cloud, holder, resolve, because, write

    3 errors
    "#);
    for note in ["team", "Department", "ticket", "date", "who"] {
        assert_eq!(wave(format!("onPrem,cloud,{note}\na,a@x.example,x\n")).warnings.len(), 1, "{note}");
    }
}

/// Renamed to what it resembles, it would say something else.
#[test]
fn a_column_that_only_yaml_knows_is_no_other_column() {
    assert_snapshot!(wave_errors("onPrem,cloud,accept\na,a@x.example,target-guest\n"), @r#"
    error: a row of a mapping file cannot say `accept`
     --> waves/w.csv:1:14
      |
    1 | onPrem,cloud,accept
      |              ^^^^^^
      |
      = help: move the rows that need it to `mappings` of the configuration; the columns are onPrem, cloud, holder, resolve, because, write

    1 error
    "#);
    assert!(wave_errors("onPrem,cloud,Restore\na,a@x.example,yes\n").contains("cannot say `Restore`"));
}

#[test]
fn a_file_without_rows_is_a_warning() {
    assert_eq!(wave("onPrem,cloud\n").warnings[0].summary, "the mapping file has no rows below its header");
}

#[test]
fn wrong_headers() {
    assert_snapshot!(wave_errors("samaacountname;UPN;reason\na;b@c;x\n"), @r#"
    error: the column onPrem is missing
     --> waves/w.csv:1:1
      |
    1 | samaacountname;UPN;reason
      | ^^^^^^^^^^^^^^
      |
      = help: rename the column samaacountname to onPrem

    error: the column cloud is missing
     --> waves/w.csv:1:16
      |
    1 | samaacountname;UPN;reason
      |                ^^^
      |
      = help: rename the column UPN to cloud

    warning: the column `reason` is not known and is left out
     --> waves/w.csv:1:20
      |
    1 | samaacountname;UPN;reason
      |                    ^^^^^^
      |
      = help: did you mean because? The columns are onPrem, cloud, holder, resolve, because, write

    2 errors, 1 warning
    "#);
    assert_snapshot!(wave_errors("onPrem,cloud,onprem\n"), @r#"
    error: the column onprem is there twice
     --> waves/w.csv:1:14
      |
    1 | onPrem,cloud,onprem
      |              ^^^^^^
      |
      = help: remove one of the two

    1 error
    "#);
    assert_snapshot!(wave_errors("\n\n"), @r#"
    error: the mapping file is empty
    --> waves/w.csv
     = help: the first line names the columns: onPrem,cloud,holder,resolve,because,write

    1 error
    "#);
}

#[test]
fn wrong_rows() {
    let csv = "onPrem,cloud,holder,resolve,because,write
,a@x.example
x,
x,y
x,a@x.example,h@x.example
x,a@x.example,,purge
x,a@x.example,h@x.example,delet
x,a@x.example,,,because, it,is,so
none,a@x.example,h@x.example,purge
x,a@x.example,,,,both
";
    assert_snapshot!(wave_errors(csv), @r#"
    error: column onPrem: the cell is empty
     --> waves/w.csv:2:1
      |
    2 | ,a@x.example
      | ^
      |
      = help: name the AD user; to let an account leave hybrid write none

    error: column cloud: the cell is empty
     --> waves/w.csv:3:3
      |
    3 | x, 
      |   ^
      |
      = help: name the cloud user by its UPN or object id

    error: column cloud: `y` names no cloud user: it is neither a UPN (name@domain) nor an object id
     --> waves/w.csv:4:3
      |
    4 | x,y
      |   ^
      |
      = help: write the whole UPN or the object id

    error: column holder: a holder is named, but not what becomes of it
     --> waves/w.csv:5:15
      |
    5 | x,a@x.example,h@x.example
      |               ^^^^^^^^^^^
      |
      = help: write purge or clear into the column resolve

    error: column resolve: a decision without a holder
     --> waves/w.csv:6:16
      |
    6 | x,a@x.example,,purge
      |                ^^^^^
      |
      = help: name the account in the column holder, or empty the cell

    error: column resolve: `delet` is not possible here
     --> waves/w.csv:7:27
      |
    7 | x,a@x.example,h@x.example,delet
      |                           ^^^^^
      |
      = help: the choice is purge or clear

    error: the row has 8 cells where the header has 6
     --> waves/w.csv:8:29
      |
    8 | x,a@x.example,,,because, it,is,so
      |                             ^^
      |
      = help: put texts that contain `,` into double quotes

    error: column holder: a value has no meaning where onPrem is `none`
     --> waves/w.csv:9:18
      |
    9 | none,a@x.example,h@x.example,purge
      |                  ^^^^^^^^^^^
      |
      = help: an account that leaves hybrid is only cleared; empty the cell

    error: column write: `both` is not possible here
      --> waves/w.csv:10:18
       |
    10 | x,a@x.example,,,,both
       |                  ^^^^
       |
       = help: the choice is cloud or onPrem

    9 errors
    "#);
}

#[test]
fn of_columns_without_end_the_first_are_told() {
    let header = |name: &str| {
        format!(
            "onPrem,cloud,{}\nann,ann@x.example\n",
            (0..3_000).map(|n| name.replace('#', &n.to_string())).collect::<Vec<_>>().join(",")
        )
    };
    let config = wave(header("c#"));
    assert_eq!((config.warnings.len(), config.desired.mappings.len()), (11, 1));
    let last = config.warnings.iter().max_by_key(|warning| warning.span.as_ref().map(|span| span.start)).unwrap();
    assert_eq!(last.summary, "and 2,990 more columns like these");
    for name in ["holder#", "cloud"] {
        let said = wave_errors(header(name));
        assert!(said.contains("and 2,990 more columns like these") && said.contains("11 errors"), "{said}");
    }
}
