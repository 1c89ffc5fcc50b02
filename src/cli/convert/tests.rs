//! Every form that people bring, against the published vectors.

use super::*;

/// GUID text, stored bytes, ImmutableID, ImmutableID of the text order.
const VECTORS: [[&str; 4]; 5] = [
    [
        "01234567-89ab-cdef-0123-456789abcdef",
        "67452301ab89efcd0123456789abcdef",
        "Z0UjAauJ780BI0VniavN7w==",
        "ASNFZ4mrze8BI0VniavN7w==",
    ],
    [
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "e004253f894fd3119a0c0305e82c3301",
        "4AQlP4lP0xGaDAMF6CwzAQ==",
        "PyUE4E+JEdOaDAMF6CwzAQ==",
    ],
    [
        "8d7c3a5e-1f42-4b6e-9c0d-7e1a2b3c4d5f",
        "5e3a7c8d421f6e4b9c0d7e1a2b3c4d5f",
        "Xjp8jUIfbkucDX4aKzxNXw==",
        "jXw6Xh9CS26cDX4aKzxNXw==",
    ],
    [
        "00112233-4455-6677-8899-aabbccddeeff",
        "33221100554477668899aabbccddeeff",
        "MyIRAFVEd2aImaq7zN3u/w==",
        "ABEiM0RVZneImaq7zN3u/w==",
    ],
    [
        "ffffffff-0000-4000-8000-000000000001",
        "ffffffff000000408000000000000001",
        "/////wAAAECAAAAAAAAAAQ==",
        "/////wAAQACAAAAAAAAAAQ==",
    ],
];

fn only_guid(text: &str) -> String {
    match read::read(text).unwrap_or_else(|error| panic!("{text}: {error}")).readings.as_slice() {
        [Reading::Guid(guid, None)] => guid.to_string(),
        other => panic!("{text}: {other:?}"),
    }
}

fn shown(text: &str) -> String {
    show::human(&[(text.to_owned(), read::read(text))])
}

fn refused(text: &str) -> String {
    read::read(text).expect_err(text).0
}

#[test]
fn every_form_of_the_vectors_leads_to_the_same_guid() {
    for [text, hex, id, wrong] in VECTORS {
        let guid: crate::model::ObjectGuid = text.parse().unwrap();
        let spaced: String = guid.ad_bytes().iter().map(|byte| format!("{byte:02X} ")).collect();
        let decimal: Vec<String> = guid.ad_bytes().iter().map(u8::to_string).collect();
        for form in [
            text.to_owned(),
            format!("{{{}}}", text.to_uppercase()),
            id.to_owned(),
            format!("0x{hex}"),
            spaced,
            decimal.join(" "),
            guid.ldap_filter_value(),
            format!("(objectGUID={})", guid.ldap_filter_value()),
            format!("<GUID={text}>"),
            format!("<GUID={hex}>"),
            guid.immutable_id().connector_space_dn(),
            guid.immutable_id().connector_space_dn().to_lowercase(),
            format!("objectGUID:: {id}"),
            format!("mS-DS-ConsistencyGuid:: {}\n {}", &id[..9], &id[9..]),
            format!("onPremisesImmutableId: {id}"),
        ] {
            assert_eq!(only_guid(&form), text, "{form}");
        }
        let shown = shown(text);
        for part in [text, hex, id, wrong] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}

#[test]
fn bare_hex_has_two_readings_and_a_hint() {
    for (hex, hint) in [
        ("ee7f05f53e4c594482dd21250b729601", "raw bytes are likelier"),
        ("f5057fee4c3e445982dd21250b729601", "GUID text is likelier"),
        ("00000000000000000000000000000000", "nothing in the value tells"),
    ] {
        let converted = read::read(hex).unwrap();
        assert_eq!(converted.readings.len(), 2);
        assert!(converted.notes[0].contains(hint), "{hex}: {:?}", converted.notes);
    }
}

#[test]
fn says_when_the_byte_order_was_wrong() {
    let shown_wrong = shown("9QV/7kw+RFmC3SElC3KWAQ==");
    assert!(shown_wrong.contains("wrong byte order") && shown_wrong.contains("7n8F9T5MWUSC3SElC3KWAQ=="), "{shown_wrong}");
    assert!(!shown("7n8F9T5MWUSC3SElC3KWAQ==").contains("wrong byte order"));
    assert!(!shown("4AQlP4lP0xGaDAMF6CwzAQ==").contains("wrong byte order"), "a version 1 GUID proves nothing");
}

#[test]
fn damaged_ids_are_refused_with_what_was_meant() {
    for text in [
        "7n8F9T5MWUSC3SElC3KWAR==",
        "7n8F9T5MWUSC3SElC3KWAQ",
        "7n8F9T5M``WUSC3SElC3KWAQ==",
        "objectGUID:: 7n8F9T5MWUSC3SElC3KWAQ",
    ] {
        assert!(refused(text).contains("7n8F9T5MWUSC3SElC3KWAQ=="), "{text}: {}", refused(text));
    }
    for text in [
        "",
        "  ",
        "{f5057fee-4c3e-4459-82dd-21250b729601",
        "max@x.example",
        "CN={}",
        "CN={0}",
        "CN={zz}",
        "User_x",
        "S-1-x",
        "objectGUID:: AAAA/w==",
    ] {
        assert!(!refused(text).is_empty(), "{text}");
    }
}

#[test]
fn text_anchors_sids_and_cloud_anchors_are_told_apart() {
    assert!(shown("E10045").contains("CN={453130303435}"));
    assert!(shown("CN={453130303435}").contains("E10045"));
    let sid = "S-1-5-21-1004336348-1177238915-682003330-1108";
    let bytes = "010500000000000515000000dcf4dc3b833d2b46828ba62854040000";
    for form in [
        sid,
        bytes,
        &format!("0x{bytes}"),
        "AQUAAAAAAAUVAAAA3PTcO4M9K0aCi6YoVAQAAA==",
        "objectSid:: AQUAAAAAAAUVAAAA3PTcO4M9K0aCi6YoVAQAAA==",
    ] {
        assert!(shown(form).contains(sid) && shown(form).contains(bytes), "{form}");
    }
    let anchor = "User_6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";
    let units: Vec<u8> = anchor.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [&84u32.to_le_bytes()[..], &units].concat());
    for form in [anchor, &encoded] {
        assert!(shown(form).contains("6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"), "{form}");
    }
}

#[test]
fn a_sid_that_the_attribute_cannot_hold_has_no_bytes() {
    let shown = shown("S-1-281474976710656-1");
    assert!(shown.contains("does not fit into the 48 bits of objectSid") && !shown.contains("(objectSid="), "{shown}");
}

#[test]
fn hostile_text_is_shown_escaped() {
    for text in ["CN={1b5b33316d}", "a\u{1b}[31m", "objectGUID:: \u{202e}", "x: \u{1b}]0;t\u{7}"] {
        let all = match read::read(text) {
            Ok(_) => shown(text),
            Err(error) => error.0,
        };
        assert!(!all.contains('\u{1b}') && !all.contains('\u{202e}'), "{all:?}");
    }
}

#[test]
fn json_is_one_object_a_line() {
    let results: Vec<_> = ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "?", "ee7f05f53e4c594482dd21250b729601"]
        .map(|text| (text.to_owned(), read::read(text)))
        .into();
    let lines: Vec<serde_json::Value> =
        show::json_lines(&results).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["immutableId"], "4AQlP4lP0xGaDAMF6CwzAQ==");
    assert!(lines[1]["error"].is_string());
    assert_eq!(lines[2]["readings"][1]["guid"], "f5057fee-4c3e-4459-82dd-21250b729601");
}

#[test]
fn a_urn_is_guid_text() {
    for text in ["urn:uuid:3f2504e0-4f89-11d3-9a0c-0305e82c3301", "URN:UUID:3F2504E0-4F89-11D3-9A0C-0305E82C3301"] {
        assert_eq!(read::read(text).unwrap().form, "GUID text");
    }
}

#[test]
fn lines_are_read_whatever_windows_wrote_them_in() {
    let text = "4AQlP4lP0xGaDAMF6CwzAQ==\r\n\r\n  müller\r\n";
    let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), format!("\u{feff}{text}").as_bytes(), &wide] {
        assert_eq!(lines(bytes).unwrap(), ["4AQlP4lP0xGaDAMF6CwzAQ==", "müller"]);
    }
    assert!(lines(b"\xff\xfe\x00").is_err() && lines(b"m\xfcller").is_err());
}
