use super::*;
use crate::directory::exports::read_ldif_from;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

const TWO: &str = "\
dn: CN=Eve,OU=Staff,DC=corp,DC=example
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
objectGUID:: 7n8F9T5MWUSC3SElC3KWAQ==
mS-DS-ConsistencyGuid:: G+913VeldU6DyDluvnc2ew==
objectSid:: AQUAAAAAAAUVAAAA3PTcO4M9K0aCi6YoVAQAAA==
sAMAccountName: eve
userPrincipalName: eve@corp.example

dn:: Q049WsO2ZSBNw7xsbGVyLE9VPVN0YWZmLERDPWNvcnAsREM9ZXhhbXBsZQ==
objectClass: user
objectGUID: ABCDEFGHIJKLMNOP
sAMAccountName: zoe
proxyAddresses: SMTP:zoe@corp
 .example
proxyAddresses: X500:/o=Org (Alt)/cn=o'dell

";

fn read_bytes(bytes: &[u8]) -> Result<ObservedForest, Vec<Diagnostic>> {
    read_ldif_from(bytes, &"corp.ldif".into(), "corp", &AnchorMode::ConsistencyGuid).map_err(Diagnostics::sorted)
}

fn read(text: &str) -> Result<ObservedForest, Vec<Diagnostic>> {
    read_bytes(text.as_bytes())
}

fn first_error(text: &str) -> String {
    read(text).unwrap_err().first().unwrap().to_string()
}

#[test]
fn reads_what_ldapsearch_writes() {
    let forest = read(TWO).unwrap();
    let [eve, zoe] = forest.users.as_slice() else { panic!("{:?}", forest.users) };
    assert_eq!(eve.guid.to_string(), "f5057fee-4c3e-4459-82dd-21250b729601");
    assert_eq!(eve.consistency_guid.guid().unwrap().to_string(), "dd75ef1b-a557-4e75-83c8-396ebe77367b");
    assert_eq!(zoe.dn.as_str(), "CN=Zöe Müller,OU=Staff,DC=corp,DC=example");
    assert_eq!(zoe.guid.immutable_id().as_str(), "QUJDREVGR0hJSktMTU5PUA==");
    assert_eq!(zoe.proxy_addresses, ["SMTP:zoe@corp.example", "X500:/o=Org (Alt)/cn=o'dell"].into());
    assert_eq!(forest.domain_sid.unwrap().to_string(), "S-1-5-21-1004336348-1177238915-682003330");
}

#[test]
fn reads_what_ldifde_writes_in_every_encoding() {
    let ldifde = TWO.replace("objectClass: top\n", "changetype: add\nobjectClass: top\n").replace('\n', "\r\n");
    let wanted = read(TWO).unwrap().users;
    assert_eq!(read(&ldifde).unwrap().users, wanted);
    assert_eq!(read(&format!("\u{feff}{ldifde}")).unwrap().users, wanted);
    for text in [format!("\u{feff}{ldifde}"), ldifde] {
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read_bytes(&le).unwrap().users, wanted);
        assert_eq!(read_bytes(&be).unwrap().users, wanted);
    }
}

#[test]
fn passes_over_what_is_no_entry() {
    let text = format!(
        "version: 1\n\n# extended LDIF\n#\n# a comment that is\n  folded\n{TWO}# refldap://x\nref: ldap://x/DC=x\n\n\
         # search result\nsearch: 2\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\npagedresults: cookie=\n\n\
         # numResponses: 3\n# numEntries: 2\n"
    );
    assert_eq!(read(&text).unwrap().users, read(TWO).unwrap().users);
}

#[test]
fn knows_the_domain_from_its_objects() {
    let text = format!(
        "dn: DC=corp,DC=example\nobjectClass: top\nobjectClass: domainDNS\nobjectSid: S-1-5-21-7-8-9\n\n\
         dn: CN=CORP,CN=Partitions,CN=Configuration,DC=corp,DC=example\nobjectClass: crossRef\nnETBIOSName: CORP\n\n{TWO}"
    );
    let forest = read(&text).unwrap();
    assert_eq!(forest.domain_sid.unwrap().to_string(), "S-1-5-21-7-8-9");
    assert_eq!(forest.netbios_names, ["CORP".into()]);
    assert_eq!(forest.users.len(), 2);
}

/// As servers show what the account of the export may not read.
#[test]
fn entries_with_nothing_but_a_name_are_told_and_left_out() {
    let bare = |names: &[&str]| names.iter().map(|name| format!("dn: CN={name},DC=x\n\n")).collect::<String>();
    let doubts = |names: &[&str]| {
        let forest = read(&format!("{}{TWO}\n{}", bare(&names[..1]), bare(&names[1..]))).unwrap();
        assert_eq!(forest.users.len(), 2);
        forest.doubts.join("|")
    };
    assert!(doubts(&["Hidden"]).starts_with("1 entry has nothing but a name in the export (the first is CN=Hidden,DC=x)"));
    assert!(doubts(&["Hidden", "Other"]).starts_with("2 entries have nothing"));
}

#[test]
fn an_export_without_account_names_says_nothing_about_them() {
    let text = "dn: CN=Eve,DC=x\nobjectGUID:: 7n8F9T5MWUSC3SElC3KWAQ==\n";
    assert_eq!(read(text).unwrap().users[0].excluded, None);
    let forest = read(&format!("{text}\ndn: CN=Ann,DC=x\nobjectGUID: ABCDEFGHIJKLMNOP\nsAMAccountName: ann\n")).unwrap();
    assert!(forest.users[0].excluded.is_some());
}

#[test]
fn every_cut_is_an_error_unless_it_lies_between_entries() {
    let boundary = TWO.find("\n\n").unwrap() + 1;
    for cut in 0..TWO.len() {
        let read = read_bytes(&TWO.as_bytes()[..cut]);
        match read {
            Ok(forest) if forest.users.len() == 1 => assert!((boundary..=boundary + 1).contains(&cut) || eve_whole(cut), "{cut}"),
            Ok(forest) => assert_eq!(forest.users.len(), 2, "{cut}"),
            Err(problems) => assert!(!problems.is_empty()),
        }
    }
}

/// A cut behind one of the last lines of the first entry leaves an entry that is sound in itself.
fn eve_whole(cut: usize) -> bool {
    TWO.as_bytes()[cut - 1] == b'\n' && cut > TWO.find("objectGUID").unwrap()
}

#[test]
fn an_entry_at_the_end_that_lacks_what_all_others_have_was_cut() {
    let entry = |n: u8| {
        let guid = STANDARD.encode([n; 16]);
        format!("dn: CN=u{n},DC=x\nobjectClass: user\nobjectGUID:: {guid}\nsAMAccountName: u{n}\nmail: u{n}@x\n\n")
    };
    let whole: String = (1..=4).map(entry).collect();
    let cut = &whole[..whole.find("sAMAccountName: u4").unwrap()];
    assert!(first_error(cut).contains("CN=u4,DC=x: the last entry lacks what all others have"), "{}", first_error(cut));
    assert_eq!(read(&format!("{cut}\n")).unwrap().users.len(), 4);
    assert_eq!(read(whole.trim_end_matches('\n').to_owned().as_str()).unwrap_err().len(), 1);
}

#[test]
fn tells_a_partial_search_result() {
    assert!(first_error(&format!("# extended LDIF\n{TWO}")).contains("no closing result"));
    let partial = format!("{TWO}# search result\nsearch: 2\nresult: 4 Size limit exceeded\n");
    assert!(first_error(&partial).contains("4 Size limit exceeded"), "{}", first_error(&partial));
    assert!(first_error(&format!("{TWO}# result: 11 Administrative limit exceeded\n")).contains("not complete"));
    assert!(first_error(&format!("{TWO}search: 2\nresult: 0 Success\npagedresults: cookie=AAAB\n")).contains("last page"));
    assert!(first_error(&format!("{TWO}# pagedresults: cookie=AAAB\n")).contains("last page"));
    assert_eq!(read(&format!("{TWO}# pagedresults: cookie=AAAB\n# pagedresults: cookie=\n")).unwrap().users.len(), 2);
}

#[test]
fn says_where_and_what_is_wrong() {
    let cases = [
        ("", "no entry"),
        ("\n\n# nothing\n", "no entry"),
        ("<!DOCTYPE html>\n", "HTML"),
        ("{\"users\": []}\n", "JSON"),
        ("\"DistinguishedName\",\"ObjectGUID\"\n", "CSV"),
        ("DistinguishedName,ObjectGUID\n", "CSV"),
        ("cn: x\nsn: y\n\n", "corp.ldif:1: this entry starts with `cn`"),
        ("dn: CN=a,DC=x\nchangetype: modify\n\n", "corp.ldif:2: `changetype: modify`"),
        ("dn: CN=a,DC=x\ncn:< file:///etc/passwd\n\n", "corp.ldif:2: `cn:<` points"),
        ("dn: CN=a,DC=x\ndn: CN=b,DC=x\n\n", "corp.ldif:2: a second `dn:`"),
        ("dn: CN=a,DC=x\nobjectGUID:: 7n8F9T5M\n\n", "corp.ldif:2: CN=a,DC=x: objectGUID is not usable: "),
        ("dn: CN=a,DC=x\nobjectGUID:: 7n8F9T5MWUSC3SElC3KWAQ=\n\n", "corp.ldif:2: the base64 of `objectGUID` is damaged"),
        ("dn: CN=a,DC=x\nobjectClass: user\n\n", "corp.ldif:1: CN=a,DC=x: there is no objectGUID"),
        ("dn: CN=a,DC=x\n", "corp.ldif:1: CN=a,DC=x: the last entry has no objectGUID; the file seems to be cut"),
        ("dn: CN=a,DC=x\ngarbage\n\n", "corp.ldif:2: `garbage` is no line of LDIF"),
        (" x: y\n\n", "corp.ldif:1: ` x: y` continues nothing"),
        ("dn: eve\nobjectGUID: ABCDEFGHIJKLMNOP\n\n", "corp.ldif:1: eve: `eve` is not a distinguished name"),
        ("version: 2\n\ndn: CN=a,DC=x\nobjectClass: group\n\n", "corp.ldif:1: this version"),
        ("dn: CN=a,DC=x\ncn: a\0b\n\n", "NUL"),
    ];
    for (text, wanted) in cases {
        let found = first_error(text);
        assert!(found.contains(wanted), "{text:?}: {found}");
    }
    let latin1 = read_bytes(b"dn: CN=a,DC=x\ncn: M\xFCller\n\n").unwrap_err();
    assert!(latin1[0].to_string().starts_with("corp.ldif:2: the line is not valid UTF-8"));
}

#[test]
fn names_both_places_of_a_duplicate() {
    let again = read(&format!("{TWO}{TWO}")).unwrap_err();
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].location.as_ref().unwrap().line, 20);
    assert_eq!(again[0].related.as_ref().unwrap().0.line, 1);
    let moved = read(&format!("{TWO}dn: cn=eve, ou=staff,DC=corp,DC=example\nobjectGUID: 1234567890123456\n\n")).unwrap_err();
    assert!(moved[0].summary.contains("in the file twice"), "{moved:?}");
}

#[test]
fn stops_collecting_at_some_point() {
    let text: String = (0..1_300).map(|n| format!("dn: CN=u{n},DC=x\nobjectClass: user\n\n")).collect();
    let problems = read(&text).unwrap_err();
    assert_eq!(problems.len(), 1_001);
    assert!(problems.last().unwrap().summary.contains("300 more"));
}

fn line(name: &str, value: &[u8]) -> String {
    let plain = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.chars().all(|c| matches!(c, '!'..='~')) && !text.starts_with([':', '<', ' ']));
    let line = plain.map_or_else(|| format!("{name}:: {}", STANDARD.encode(value)), |text| format!("{name}: {text}"));
    let (head, rest) = line.split_at(line.len().min(76));
    rest.as_bytes().chunks(75).fold(head.to_owned(), |all, part| all + "\n " + std::str::from_utf8(part).unwrap()) + "\n"
}

proptest! {
    #[test]
    fn reads_back_what_was_written(
        entries in proptest::collection::btree_map(any::<[u8; 16]>(), ("\\PC{1,90}", proptest::collection::vec(any::<u8>(), 1..70)), 1..6)
    ) {
        let mut text = String::new();
        for (index, (guid, (name, consistency))) in entries.iter().enumerate() {
            text += &line("dn", format!("CN=u{index},DC=x").as_bytes());
            text += &(line("objectGUID", guid) + &line("displayName", name.as_bytes()));
            text += &(line("mS-DS-ConsistencyGuid", consistency) + "\n");
        }
        let forest = read(&text).unwrap();
        prop_assert_eq!(forest.users.len(), entries.len());
        for (user, (guid, (name, consistency))) in forest.users.iter().zip(&entries) {
            prop_assert_eq!(user.guid.ad_bytes(), guid);
            prop_assert_eq!(user.display_name.as_deref(), Some(name.as_str()));
            if let Some(bytes) = user.consistency_guid.bytes() {
                prop_assert_eq!(bytes, consistency.as_slice());
            }
        }
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..600_usize) {
        drop(read_bytes(&bytes));
        drop(read_bytes(&[&TWO.as_bytes()[..cut.min(TWO.len())], &bytes].concat()));
    }
}
