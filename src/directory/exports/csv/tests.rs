use crate::diag::{Diagnostic, Diagnostics};
use crate::directory::exports::{read_forest_csv_from, read_tenant_from};
use crate::model::{AnchorMode, GuidAttribute, Known, ObservedForest, ObservedTenant};

use super::cell::{OctetError, addresses, octets};

const HEAD: &str = "\"DistinguishedName\",\"ObjectGUID\",\"mS-DS-ConsistencyGuid\",\"SamAccountName\",\"Enabled\",\"proxyAddresses\",\"SID\",\"ObjectClass\",\"Other\"";
const EVE: &str = "\"CN=Eve,OU=Staff,DC=x\",\"f5057fee-4c3e-4459-82dd-21250b729601\",\"27 239 117 221 87 165 117 78 131 200 57 110 190 119 54 123\",\"eve\",\"True\",\"SMTP:eve@x;smtp:e@x\",\"S-1-5-21-1-2-3-4\",\"user\",\"\"";

fn read_bytes(bytes: &[u8]) -> Result<ObservedForest, Vec<Diagnostic>> {
    read_forest_csv_from(bytes, &"users.csv".into(), "corp", &AnchorMode::ConsistencyGuid).map_err(Diagnostics::sorted)
}

fn read(text: &str) -> Result<ObservedForest, Vec<Diagnostic>> {
    read_bytes(text.as_bytes())
}

fn tenant(text: &str) -> Result<ObservedTenant, Vec<Diagnostic>> {
    read_tenant_from(text.as_bytes(), &"tenant.csv".into()).map_err(Diagnostics::sorted)
}

#[test]
fn reads_what_export_csv_writes() {
    let text = format!("#TYPE Microsoft.ActiveDirectory.Management.ADUser\r\n{HEAD}\r\n{EVE}\r\n");
    let forest = read(&text).unwrap();
    let eve = &forest.users[0];
    assert_eq!((eve.dn.as_str(), eve.sam.as_deref(), eve.enabled), ("CN=Eve,OU=Staff,DC=x", Some("eve"), Some(true)));
    assert_eq!(eve.guid.immutable_id().as_str(), "7n8F9T5MWUSC3SElC3KWAQ==");
    assert_eq!(eve.consistency_guid.guid().unwrap().immutable_id().as_str(), "G+913VeldU6DyDluvnc2ew==");
    assert_eq!(eve.proxy_addresses, ["SMTP:eve@x", "smtp:e@x"].into());
    assert_eq!(forest.domain_sid.unwrap().to_string(), "S-1-5-21-1-2-3");
    let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_bytes(&wide).unwrap().users, forest.users);
    for separator in [';', '\t'] {
        let other = text.replace("\",\"", &format!("\"{separator}\""));
        assert_eq!(read(&other).unwrap().users, forest.users);
        assert_eq!(read(&format!("sep={separator}\r\n{other}")).unwrap().users, forest.users);
    }
}

/// Two people may be left with the same rounded number, and an error value stands for any ID.
#[test]
fn what_a_spreadsheet_damaged_is_nobodys_value() {
    let head = "Id,UserPrincipalName,OnPremisesImmutableId,DisplayName,EmployeeId,Other";
    let row = |id: &str, name: &str, number: &str| {
        format!("{head}\n6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0,a@x.example,{id},{name},{number},#REF!\n")
    };
    assert!(
        tenant(&row("7n8F9T5MWUSC3SElC3KWAQ==", "#NAME?", "00123")).is_ok(),
        "what is only shown, or not read, may be damaged"
    );
    for (id, number, said) in [
        ("#NAME?", "1", "OnPremisesImmutableId: `#NAME?` is an error value of a spreadsheet"),
        ("=A1", "1", "OnPremisesImmutableId: `=A1` is a formula of a spreadsheet"),
        ("", "1.23457E+11", "EmployeeId: `1.23457E+11` is a number that a spreadsheet has rounded"),
    ] {
        let problems = tenant(&row(id, "Ann", number)).unwrap_err();
        assert_eq!((problems.len(), problems[0].summary.as_str()), (1, said));
    }
    for cell in ["#REF!", "1,23457E+11"] {
        let text = format!("{HEAD},employeeID\n{EVE},\"{cell}\"\n");
        let problems = read(&text).unwrap_err();
        assert!(problems[0].summary.starts_with(&format!("employeeID: `{cell}` is ")), "{problems:?}");
    }
}

#[test]
fn a_missing_quote_swallows_no_row() {
    let bare = |line: &str| line.replace("\",\"", "\t").trim_matches('"').to_owned();
    let eve = bare(EVE);
    let ann = eve.replace("29601", "29602").replace("Eve", "Ann").replace("-3-4", "-3-5");
    let text = format!("{}\tdisplayName\n{eve}\t\"his desk\n{ann}\t\"her desk\n", bare(HEAD));
    let problems = read(&text).unwrap_err();
    assert_eq!(problems[0].location.as_ref().map(|at| at.line), Some(2));
    assert!(problems[0].summary.contains("behind a quoted text"), "{problems:?}");
    assert!(read(&text.replace('"', "5\" ")).is_ok(), "a quote within a text is one");
}

/// One column that was sorted gives everybody the values of somebody else.
#[test]
fn columns_that_contradict_each_other_are_an_error() {
    let head = format!("{HEAD},\"objectSid\",\"userAccountControl\",\"mail\",\"EmailAddress\"");
    let problems = |sid: &str, control: &str, mail: &str| {
        let row = format!("{EVE},\"{sid}\",\"{control}\",\"{mail}\",\"eve@x\"");
        read(&format!("{head}\n{row}\n"))
            .map_or_else(|problems| problems.iter().map(|one| one.summary.clone()).collect(), |_| Vec::new())
    };
    for (sid, control, mail) in [("S-1-5-21-1-2-3-4", "512", "Eve@x"), ("", "", ""), ("AQU=", "0", "eve@x")] {
        assert_eq!(problems(sid, control, mail), [""; 0], "{sid} {control} {mail}");
    }
    for (sid, control, mail, said) in [
        (
            "S-1-5-21-1-2-3-5",
            "512",
            "eve@x",
            "objectSid: two columns of it say `S-1-5-21-1-2-3-4` and `S-1-5-21-1-2-3-5` of one user",
        ),
        ("", "514", "eve@x", "Enabled and userAccountControl (514) of one user contradict each other"),
        ("", "512", "ann@x", "mail: two columns of it say `ann@x` and `eve@x` of one user"),
    ] {
        assert_eq!(problems(sid, control, mail), [said]);
    }
}

#[test]
fn letters_that_an_export_could_not_write_are_a_doubt() {
    let doubts = |row: &str| read(&format!("{HEAD}\n{row}\n")).unwrap().doubts.join("\n");
    assert!(!doubts(EVE).contains("`?`"));
    assert!(doubts(&EVE.replace("CN=Eve", "CN=?ve")).contains("1 user has `?` in the DN"));
}

#[test]
fn a_sid_of_two_users_is_a_doubt() {
    let ann = EVE.replace("29601", "29602").replace("Eve", "Ann");
    let doubts = |ann: &str| {
        let all = read(&format!("{HEAD}\n{EVE}\n{ann}\n")).unwrap().doubts;
        all.into_iter().filter(|doubt| doubt.contains("SID of") || doubt.contains("objectSid of")).collect::<Vec<_>>()
    };
    assert_eq!(
        doubts(&ann),
        [
            "1 user has the objectSid of a user before in the export (the first is CN=Ann,OU=Staff,DC=x), and no two have one: it is damaged"
        ]
    );
    assert!(doubts(&ann.replace("-3-4", "-3-5")).is_empty());
}

#[test]
fn reads_bytes_in_every_spelling() {
    let wanted = [0xEE, 0x7F, 0x05, 0xF5, 0x3E, 0x4C, 0x59, 0x44, 0x82, 0xDD, 0x21, 0x25, 0x0B, 0x72, 0x96, 0x01];
    for text in [
        "f5057fee-4c3e-4459-82dd-21250b729601",
        "{F5057FEE-4C3E-4459-82DD-21250B729601}",
        "7n8F9T5MWUSC3SElC3KWAQ==",
        "EE 7F 05 F5 3E 4C 59 44 82 DD 21 25 0B 72 96 01",
        "EE-7F-05-F5-3E-4C-59-44-82-DD-21-25-0B-72-96-01",
        "0xEE7F05F53E4C594482DD21250B729601",
        "X'ee7f05f53e4c594482dd21250b729601'",
        "238 127 5 245 62 76 89 68 130 221 33 37 11 114 150 1",
        "238,127,5,245,62,76,89,68,130,221,33,37,11,114,150,1",
    ] {
        assert_eq!(octets(text).as_deref(), Ok(&wanted[..]), "{text}");
    }
    assert_eq!(octets("1 2 3").unwrap(), [1, 2, 3]);
    assert_eq!(octets("EE 7F").unwrap(), [0xEE, 0x7F]);
    assert_eq!(octets("f5057fee4c3e445982dd21250b729601"), Err(OctetError::BareHex));
    assert_eq!(octets("10 20 30 40 50 60 70 80 90 10 20 30 40 50 60 70"), Err(OctetError::DecimalOrHex));
    assert_eq!(octets("X'ee7f'").unwrap(), [0xEE, 0x7F], "as csvde writes bytes");
    for text in ["", "x", "X'ee7", "X''", "X'ee7'", "X'eä'", "256 1", "1 2 -3", "7n8F9T5MWUSC3SElC3KWAQ=", "System.Byte[]"] {
        assert_eq!(octets(text), Err(OctetError::Unknown), "{text}");
    }
}

#[test]
fn takes_joined_addresses_apart() {
    let cases: [(&str, &[&str]); 9] = [
        ("SMTP:a@x;smtp:b@x", &["SMTP:a@x", "smtp:b@x"]),
        ("SMTP:a@x|smtp:b@x\nsmtp:c@x", &["SMTP:a@x", "smtp:b@x", "smtp:c@x"]),
        ("SMTP:a@x smtp:b@x", &["SMTP:a@x", "smtp:b@x"]),
        ("SMTP:a@x, smtp:b@x", &["SMTP:a@x", "smtp:b@x"]),
        ("X500:/o=Org (Alt)/cn=o'dell smtp:b@x", &["X500:/o=Org (Alt)/cn=o'dell", "smtp:b@x"]),
        ("EUM:1234;phone-context=pool;SIP:a@x", &["EUM:1234;phone-context=pool", "SIP:a@x"]),
        ("X400:C=US;A= ;P=Org;S=Doe;smtp:a@x", &["X400:C=US;A=;P=Org;S=Doe", "smtp:a@x"]),
        ("a@x;b@x", &["a@x", "b@x"]),
        ("", &[]),
    ];
    for (text, wanted) in cases {
        assert_eq!(addresses(text), wanted, "{text}");
    }
}

#[test]
fn an_anchor_that_was_not_exported_is_not_taken_as_empty() {
    let read = |head: &str, anchor: AnchorMode| {
        let text = format!("ObjectGUID,{head}\nf5057fee-4c3e-4459-82dd-21250b729601,x\n");
        read_forest_csv_from(text.as_bytes(), &"users.csv".into(), "corp", &anchor).map_err(Diagnostics::sorted)
    };
    let employee_id = || AnchorMode::Attribute("employeeID".into());
    let problems = read("employeID", employee_id()).unwrap_err();
    assert!(problems[0].summary.contains("is missing; is `employeID` meant"), "{problems:?}");
    assert!(problems[0].help.as_deref().is_some_and(|help| help.contains("anchor")), "{problems:?}");
    let is_doubted = |column: &str, anchor| {
        let doubts = read(column, anchor).unwrap().doubts;
        doubts.iter().any(|doubt| doubt.contains("objectGUID is taken as the anchor of everybody"))
    };
    assert!(is_doubted("Mail", AnchorMode::ConsistencyGuid));
    assert!(!is_doubted("EmployeeId", employee_id()) && !is_doubted("Mail", AnchorMode::ObjectGuid));
}

#[test]
fn lines_are_those_of_an_editor() {
    let guid = |n: u8| format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02}");
    for end in ["\n", "\r\n"] {
        for before in ["", "sep=,~", "#TYPE X~", "\"#TYPE X\",~,~"] {
            for blank in ["", "~", "~~"] {
                let [good, good2] = [1, 5].map(|n| format!("{},\"a~b\"~", guid(n)));
                let bad = format!("{}x,c~", guid(2));
                let short = format!("{}~", guid(3));
                let cut = format!("{},d", guid(4));
                let text =
                    format!("{before}ObjectGUID,displayName~{good}{blank}{bad}{good2}{blank}{short}{cut}").replace('~', end);
                let expected: Vec<u32> = [&bad, &short, &cut]
                    .iter()
                    .map(|row| text.find(&row.replace('~', end)).map(|at| text[..at].matches('\n').count() as u32 + 1).unwrap())
                    .collect();
                let problems = read(&text).unwrap_err();
                let lines: Vec<u32> = problems.iter().map(|problem| problem.location.as_ref().unwrap().line).collect();
                assert_eq!(lines, expected, "{text:?}: {problems:?}");
            }
        }
    }
}

/// Spreadsheets write them where anything was ever entered, and put the type of PowerShell into quotes.
#[test]
fn empty_rows_of_a_spreadsheet_are_none() {
    let wide = |text: &str| text.replace("\",\"", "\";\"");
    let text = format!("\"#TYPE Selected.ADUser\";;;;;;;;\r\n;;;;;;;;\r\n{HEAD}\r\n;;;;;;;;\r\n{EVE}\r\n;; ;;;;\"\";;\r\n;;\r\n");
    assert_eq!(read(&wide(&text)).unwrap().users.len(), 1);
    let head = "Id;UserPrincipalName;OnPremisesImmutableId";
    let text = format!("{head}\r\n;;\r\n6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0;a@x.example;\r\n;;\r\n5;;\r\n");
    let problems = tenant(&text).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.location.as_ref().unwrap().line).collect::<Vec<_>>(), [5]);
    assert_eq!(tenant(&text.replace("5;;", ";;")).unwrap().users.len(), 1);
}

#[test]
fn what_is_compared_and_has_no_column_is_unknown() {
    let doubts = |more: &str| {
        let cells = ",".repeat(more.matches(',').count());
        let text = format!("ObjectGUID,mS-DS-ConsistencyGuid,{more}\nf5057fee-4c3e-4459-82dd-21250b729601,,{cells}\n");
        read(&text).unwrap().doubts
    };
    let all =
        "distinguishedName,objectSid,samAccountName,userPrincipalName,EmailAddress,proxyAddresses,EmployeeID,userAccountControl";
    assert!(doubts(all).is_empty());
    let without = |names: &[&str]| {
        let left: Vec<&str> = all.split(',').filter(|name| !names.contains(name)).collect();
        let [doubt] = &doubts(&left.join(","))[..] else { panic!("{names:?}") };
        doubt.clone()
    };
    let cure = "; export it, too, if that matters";
    assert_eq!(
        without(&["objectSid", "EmployeeID", "userAccountControl"]),
        "users.csv has no column SID, employeeID or Enabled: mappings and rules find no AD user by SID or employeeID; \
         conflicts in SID or Enabled are not seen, and what the takeover changes of it is not foretold"
            .to_owned()
            + cure
    );
    let by = |name: &str| format!("users.csv has no column {name}: mappings and rules find no AD user by {name}");
    assert_eq!(without(&["samAccountName"]), by("SamAccountName") + cure);
    assert_eq!(without(&["distinguishedName"]), by("DistinguishedName") + ", and nobody below `under`" + cure);
    assert!(without(&["userAccountControl"]).starts_with("users.csv has no column Enabled: conflicts in Enabled are not seen"));
}

#[test]
fn what_stands_for_no_value_is_marked() {
    for (marker, meaning) in [
        ("N/A", GuidAttribute::MarkedMissing as fn(Box<str>) -> GuidAttribute),
        ("-", GuidAttribute::MarkedMissing),
        ("System.Byte[]", GuidAttribute::NotExported),
    ] {
        let text = format!("ObjectGUID,mS-DS-ConsistencyGuid\nf5057fee-4c3e-4459-82dd-21250b729601,{marker}\n");
        let forest = read(&text).unwrap();
        assert_eq!(forest.users[0].consistency_guid, meaning(marker.into()));
        assert_eq!(forest.users[0].dn.as_str(), "<GUID=f5057fee-4c3e-4459-82dd-21250b729601>");
        assert_eq!(forest.users[0].excluded, None);
    }
}

#[test]
fn says_what_is_wrong_with_a_forest() {
    let row = |text: &str| format!("{HEAD}\n{text}\n");
    let cases = [
        (row(&EVE.replace("SMTP:eve@x;smtp:e@x", "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection")), "-join ';'"),
        (row(&EVE.replace("True", "Wahr")), "users.csv:2: Enabled: `Wahr` is neither True nor False"),
        (
            row(&EVE.replace("f5057fee-4c3e-4459-82dd-21250b729601", "")),
            "users.csv:2: CN=Eve,OU=Staff,DC=x: there is no objectGUID",
        ),
        (row(&EVE.replace("f5057fee-4c3e-4459-82dd-21250b729601", "f5057fee")), "users.csv:2: "),
        (format!("{HEAD}\n{EVE}\n{EVE}\n"), "users.csv:3: "),
        (format!("{HEAD}\n{EVE},\"more\"\n"), "users.csv:2: the row has 10 cells where the head has 9"),
        (format!("{HEAD}\n{EVE}"), "users.csv:2: the file ends in the middle of this row"),
        ("Name,ObjectGuidd\n".to_owned(), "the column `ObjectGUID` is missing; is `ObjectGuidd` meant to be it?"),
        ("ObjectGUID,objectguid\n".to_owned(), "is there twice"),
        ("".to_owned(), "no table"),
        ("#TYPE x\n\n".to_owned(), "no table"),
        ("dn: CN=a\n".to_owned(), "LDIF"),
        ("<html>\n".to_owned(), "HTML"),
        ("# ldapsearch -LLL\n\ndn: CN=x\n".to_owned(), "but LDIF, the export of a forest"),
    ];
    for (text, wanted) in cases {
        let found = read(&text).unwrap_err()[0].to_string();
        assert!(found.contains(wanted), "wanted {wanted}, found {found}");
    }
    assert_eq!(read(&format!("{HEAD}\n")).unwrap().users.len(), 0);
}

#[test]
fn a_cut_of_a_table_is_an_error_or_lies_between_rows() {
    let ann = EVE.replace("Eve", "Ann").replace("f5057fee", "a5057fee").replace("eve", "ann");
    let text = format!("{HEAD}\r\n{EVE}\r\n{ann}\r\n");
    for cut in (0..text.len()).step_by(3).chain([text.len() - EVE.len() - 4, text.len() - EVE.len() - 5]) {
        let between = text.get(..cut).is_some_and(|head| head.ends_with("\r\n"));
        assert_eq!(read(&text[..cut]).is_ok(), between, "{cut}");
    }
}

#[test]
fn reads_a_tenant() {
    let head = "Id,UserPrincipalName,OnPremisesImmutableId,OnPremisesSyncEnabled,ProxyAddresses,Mail,EmployeeId";
    let text = format!(
        "{head}\n6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0,e@x,7n8F9T5MWUSC3SElC3KWAQ==,True,System.String[],,\n\
         11111111-2222-4333-8444-555555555555,a@x,,,System.String[],a@x,\n"
    );
    let tenant = tenant(&text).unwrap();
    let [eve, ann] = tenant.users.as_slice() else { panic!() };
    assert_eq!((eve.immutable_id.is_some(), &eve.sync_enabled, &eve.mail), (true, &Known::Is(true), &Known::Null));
    assert_eq!((&ann.sync_enabled, &ann.proxy_addresses, &ann.employee_id), (&Known::Null, &Known::Unknown, &Known::Unknown));
    assert_eq!(tenant.doubts.len(), 1);
}

#[test]
fn what_accounts_are_found_by_and_has_no_column_is_told() {
    let doubts = |more: &str| {
        let cells = ",".repeat(more.matches(',').count());
        let text =
            format!("Id,UserPrincipalName,OnPremisesImmutableId{more}\n6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0,e@x,{cells}\n");
        tenant(&text).unwrap().doubts.join("\n")
    };
    assert!(!doubts(",Mail,EmployeeId").contains("no column"));
    assert!(doubts("").contains("tenant.csv has no column Mail or EmployeeId: mappings and rules find no account by Mail or"));
    assert!(doubts(",Mail").contains("has no column EmployeeId: mappings and rules find no account by EmployeeId; export it"));
}

#[test]
fn says_what_is_wrong_with_a_tenant() {
    let missing = tenant("Id;UserPrincipalName;ImmutableId\n").unwrap_err();
    assert!(missing[0].to_string().contains("`OnPremisesImmutableId` is missing"), "{}", missing[0]);
    assert!(missing[0].to_string().contains("Get-MgUser"));
    let rows = "Id,UserPrincipalName,OnPremisesImmutableId,AccountEnabled\n5,e@x,,\n,a@x,,\n11111111-2222-4333-8444-555555555555,b@x,,2\n";
    let problems = tenant(rows).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.location.as_ref().unwrap().line).collect::<Vec<_>>(), [2, 3, 4]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in "[\\PC\n;\",0-9A-F]{0,80}") {
        drop(read_bytes(&[HEAD.as_bytes(), b"\n", &bytes].concat()));
        drop(read(&format!("{HEAD}\n{text}\n")));
        drop(tenant(&text));
        drop(octets(&text));
        drop(addresses(&text));
    }
}
