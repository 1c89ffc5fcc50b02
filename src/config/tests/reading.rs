//! Valid configurations and what becomes of them.

use std::path::PathBuf;

use super::*;
use crate::config::{ForestSource, GraphAuth, Secret, TenantSource, check_duplicates};
use crate::model::{
    Acceptable, AnchorMode, CloudKey, CloudPairKey, GuidInput, Limits, Mapping, MappingForm, NoticeKind, OnPremKey,
    OnPremPairKey, OnPremSide, Resolve, WriteSide,
};

fn config(yaml: &str) -> Config {
    read(format!("{HEAD}{yaml}")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn mapping(on_prem: &str) -> Mapping {
    let mut mappings = config(&format!("mappings:\n  - onPrem: {on_prem}\n    cloud: a@x.example\n")).desired.mappings;
    mappings.pop().unwrap()
}

fn key(on_prem: &str) -> OnPremKey {
    match mapping(on_prem).on_prem {
        OnPremSide::User(user) => user.key,
        OnPremSide::Nobody => panic!("{on_prem} is nobody"),
    }
}

const WHOLE: &str = r#"# yaml-language-server: $schema=./schemas/config.schema.json
version: 1
tenant:
  snapshot: tenant.json
forests:
  corp:
    ldif: corp.ldif
    anchor: consistencyGuid
  old: { csv: sub/old.csv, anchor: { attribute: employeeID } }
mappings:
  - onPrem: james.bond             # read by its form
    cloud: james.bond@contoso.com
  - onPrem: { dn: "CN=Eve,OU=Staff,DC=corp,DC=example,DC=com" }
    cloud: { id: 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0 }
    holders:
      - account: eve4711@contoso.onmicrosoft.com
        resolve: purge
        because: empty account made by the first failed sync
  - onPrem: q
    cloud: q@contoso.com
    write: onPrem
  - cloud: m@contoso.com
    onPrem: none
  - onPrem: { employeeId: 00123, forest: old }
    cloud: r@contoso.com
    restore: true
    accept: [anchor-opaque]
    because: the old single sign-on provider was retired in March
mappingFiles: [waves/wave-1.csv]
rules:
  - name: staff by UPN
    where: { forest: corp, under: "OU=Staff,DC=corp,DC=example,DC=com" }
    pair: { onPrem: userPrincipalName, cloud: USERPRINCIPALNAME, replaceSuffix: { "@corp.local": contoso.com } }
policy:
  protect: [breakglass@contoso.com, "*@admin.contoso.com"]
  limits: { changes: 100, purges: 0 }
  approvals: { required: 2, signers: approvers }
  backups: backups/
"#;

#[test]
fn reads_every_section() {
    let wave: &[u8] = b"onPrem,cloud,holder,resolve,because,write\nw,w@contoso.com,h@contoso.com,clear,moved,\n";
    let config = read_with(WHOLE, &[("waves/wave-1.csv", wave)]).unwrap_or_else(|errors| panic!("{errors}"));
    let desired = &config.desired;
    let lines: Vec<String> = desired.mappings.iter().map(|m| format!("{}:{}", m.source.file, m.source.line)).collect();
    assert_eq!(
        lines,
        [
            "hardmatch.yaml:11",
            "hardmatch.yaml:13",
            "hardmatch.yaml:19",
            "hardmatch.yaml:22",
            "hardmatch.yaml:24",
            "waves/wave-1.csv:2"
        ]
    );
    let [bond, eve, q, m, r, w] = &desired.mappings[..] else { panic!() };
    assert!(matches!(&bond.on_prem, OnPremSide::User(user) if &*user.text == "james.bond" && user.forest.is_none()));
    assert!(matches!(&eve.cloud.key, CloudKey::Id(_)));
    assert_eq!(&*eve.cloud.text, "id:6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0");
    assert_eq!((eve.holders[0].resolve, eve.holders[0].source.line), (Resolve::Purge, 16));
    assert_eq!((q.write, m.write), (WriteSide::OnPrem, WriteSide::Cloud));
    assert_eq!(m.on_prem, OnPremSide::Nobody);
    assert!(
        matches!(&r.on_prem, OnPremSide::User(user) if user.key == OnPremKey::EmployeeId("00123".into()) && user.forest.as_deref() == Some("old"))
    );
    assert!(r.restore && r.accept.contains(Acceptable::AnchorOpaque) && r.because.is_some());
    assert_eq!(
        (w.holders[0].resolve, w.holders[0].because.as_deref(), w.because.as_deref()),
        (Resolve::Clear, Some("moved"), None)
    );

    let rule = &desired.rules[0];
    assert_eq!(
        (rule.on_prem, rule.cloud, rule.source.line),
        (OnPremPairKey::UserPrincipalName, CloudPairKey::UserPrincipalName, 31)
    );
    assert_eq!((&*rule.replace_suffix[0].from, &*rule.replace_suffix[0].to), ("corp.local", "contoso.com"));
    assert_eq!(desired.policy.limits, Limits { changes: 100, percent: 20, purges: 0, shrink: 20 });
    assert_eq!((desired.policy.required_approvals, config.signers.clone()), (2, Some(PathBuf::from("approvers"))));
    assert_eq!(desired.forests[1].anchor, AnchorMode::Attribute("employeeID".into()));
    assert_eq!(config.forests[1], ("old".into(), ForestSource::Csv("sub/old.csv".into())));
    assert_eq!(config.tenant, TenantSource::Snapshot("tenant.json".into()));
    assert_eq!(config.warnings, []);
}

#[test]
fn a_bare_selector_is_read_by_its_form() {
    assert!(matches!(key("'{F5057FEE-4C3E-4459-82DD-21250B729601}'"), OnPremKey::Guid(GuidInput::Guid(_))));
    assert!(matches!(key("EE 7F 05 F5 3E 4C 59 44 82 DD 21 25 0B 72 96 01"), OnPremKey::Guid(GuidInput::Guid(_))));
    assert!(matches!(key("f5057fee4c3e445982dd21250b729601"), OnPremKey::Guid(GuidInput::BareHex { .. })));
    assert!(matches!(key("S-1-5-21-1004336348-1177238915-682003330-1108"), OnPremKey::Sid(_)));
    assert!(matches!(key("CN=O'Dell\\, Ann,DC=corp"), OnPremKey::Dn(_)));
    assert!(matches!(key("ann@x.example"), OnPremKey::Upn(_)));
    assert!(matches!(key("a=b@x.example"), OnPremKey::Upn(_)));
    assert_eq!(key("CORP\\ann"), OnPremKey::Sam { domain: Some("CORP".into()), name: "ann".into() });
    assert_eq!(key("00123"), OnPremKey::Sam { domain: None, name: "00123".into() });
    assert_eq!(key("1e5"), OnPremKey::Sam { domain: None, name: "1e5".into() });
    assert_eq!(key("{ sam: none }"), OnPremKey::Sam { domain: None, name: "none".into() });
    assert_eq!(key("{ employeeId: 1_000 }"), OnPremKey::EmployeeId("1_000".into()));
    assert_eq!(key("{ employeeId: !!str 007 }"), OnPremKey::EmployeeId("007".into()));
    assert_eq!(key("no"), OnPremKey::Sam { domain: None, name: "no".into() });
    assert_eq!(mapping("none").on_prem, OnPremSide::Nobody);
}

#[test]
fn aliases_and_every_quoting_style_work() {
    let yaml = "mappings:\n  - onPrem: 'siobhan.o''dell'\n    cloud: \"siobhan.o'dell@x.example\"\n    because: &why |\n      two\n      lines\n  - { onPrem: b, cloud: b@x.example, because: *why }\n";
    let mappings = config(yaml).desired.mappings;
    assert_eq!(mappings[0].because.as_deref(), Some("two\nlines"));
    assert_eq!(mappings[0].because, mappings[1].because);
    assert!(matches!(&mappings[0].cloud.key, CloudKey::Upn(upn) if upn.as_str() == "siobhan.o'dell@x.example"));
}

#[test]
fn encodings_and_line_ends_make_no_difference() {
    let plain = config("mappings: [{ onPrem: jörg, cloud: j@x.example }]\n").desired.mappings;
    let text = format!("{HEAD}mappings: [{{ onPrem: jörg, cloud: j@x.example }}]\n");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let crlf = text.replace('\n', "\r\n").into_bytes();
    let bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for bytes in [utf16, crlf, bom] {
        assert_eq!(read(bytes).unwrap().desired.mappings, plain);
    }
}

#[test]
fn live_directories_are_read_and_checked() {
    let yaml = "version: 1\ntenant: { graph: { tenantId: contoso.onmicrosoft.com, auth: { token: { env: GRAPH_TOKEN } }, endpoint: 'http://[::1]:8080/v1.0' } }\n\
                forests: { corp: { ldap: { url: 'ldap://localhost:389', baseDn: 'DC=x', bind: { simple: { user: a, password: { env: PW } } } } } }\n";
    let config = read(yaml).unwrap_or_else(|errors| panic!("{errors}"));
    let TenantSource::Graph(graph) = config.tenant else { panic!() };
    assert_eq!(graph.auth, GraphAuth::Token(Secret::Env("GRAPH_TOKEN".to_owned())));
    assert!(matches!(&config.forests[0].1, ForestSource::Ldap(ldap) if !ldap.start_tls));
}

#[test]
fn blanks_are_removed_and_reported() {
    let config = config("mappings:\n  - onPrem: ' ann '\n    cloud: a@x.example\n");
    assert!(matches!(&config.desired.mappings[0].on_prem, OnPremSide::User(user) if &*user.text == "ann"));
    assert_eq!((config.desired.notices[0].kind, config.desired.notices[0].source.line), (NoticeKind::InputTrimmed, 8));
}

#[test]
fn exact_repetitions_are_left_out_and_named_across_files() {
    let yaml = format!(
        "{HEAD}mappings:\n  - {{ onPrem: ann, cloud: a@x.example }}\n  - {{ onPrem: bob, cloud: b@x.example, restore: true }}\nmappingFiles: [w.csv]\n"
    );
    let config = read_with(yaml, &[("w.csv", b"onPrem,cloud\nANN,A@x.example\nbob,b@x.example\n")]).unwrap();
    assert_eq!(config.desired.mappings.len(), 3);
    let notice = &config.desired.notices[0];
    assert_eq!((notice.kind, &*notice.source.file, notice.source.line), (NoticeKind::DuplicateRow, "w.csv", 2));
    assert_eq!(notice.message, "`ANN` to `A@x.example` repeats hardmatch.yaml:8 and was left out");
}

#[test]
fn duplicates_in_other_words_are_found_by_validate() {
    let yaml = "mappings:\n  - { onPrem: ann, cloud: a@x.example }\n  - { onPrem: { sam: ANN }, cloud: b@x.example }\n  - { onPrem: bob, cloud: { upn: A@x.example } }\n  - { onPrem: none, cloud: c@x.example }\n  - { onPrem: none, cloud: d@x.example }\n";
    let config = config(yaml);
    let duplicates = check_duplicates(&config.desired).sorted();
    insta::assert_snapshot!(crate::config::render_diagnostics(&duplicates, &config.sources, 100, false), @r#"
    error: the AD user `sam:ANN` is mapped twice
     --> hardmatch.yaml:9
      |
    9 |   - { onPrem: { sam: ANN }, cloud: b@x.example }
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     ::: hardmatch.yaml:8
      |
    8 |   - { onPrem: ann, cloud: a@x.example }
      |   ------------------------------------- it is mapped here first
      |
      = help: keep one of the two mappings: a user has one partner

    error: the cloud user `upn:A@x.example` is mapped twice
      --> hardmatch.yaml:10
       |
    10 |   - { onPrem: bob, cloud: { upn: A@x.example } }
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      ::: hardmatch.yaml:8
       |
     8 |   - { onPrem: ann, cloud: a@x.example }
       |   ------------------------------------- it is mapped here first
       |
       = help: keep one of the two mappings: a user has one partner

    2 errors
    "#);
}

#[test]
fn fingerprints_cover_every_file_and_the_whole_policy() {
    let read = |policy: &str, csv: &'static [u8]| {
        let yaml = format!("{HEAD}mappingFiles: [w.csv]\npolicy: {policy}\n");
        let desired = read_with(yaml, &[("w.csv", csv)]).unwrap().desired;
        (desired.config_sha256, desired.policy_sha256)
    };
    let first = read("{ limits: { changes: 500 } }", b"onPrem,cloud\na,a@x.example\n");
    let same_policy = read("{ limits: { purges: 10 } }", b"onPrem,cloud\na,a@x.example\n");
    let other_file = read("{ limits: { changes: 500 } }", b"onPrem,cloud\nb,a@x.example\n");
    let other_policy = read("{ protect: ['*@x.example'] }", b"onPrem,cloud\na,a@x.example\n");
    assert!(first.0 != same_policy.0 && first.1 == same_policy.1);
    assert!(first.0 != other_file.0 && first.1 == other_file.1);
    assert_ne!(first.1, other_policy.1);
}

#[test]
fn how_the_directories_are_reached_is_no_part_of_what_is_wanted() {
    let read = |tenant: &str, forest: &str, mapping: &str| {
        let yaml = format!(
            "version: 1\ntenant:\n  {tenant}\nforests:\n  corp: {{ {forest} }}\nmappings:\n  - {{ onPrem: a, cloud: {mapping} }}\n"
        );
        super::read(yaml).unwrap().desired.config_sha256
    };
    let graph = "graph: { tenantId: x.example, auth: azureCli, endpoint: \"http://127.0.0.1:1\" }";
    let first = read("snapshot: tenant.json", "ldif: corp.ldif, anchor: objectGuid", "a@x.example");
    assert_eq!(first, read(graph, "ldif: elsewhere.ldif, anchor: objectGuid", "a@x.example"));
    assert_ne!(first, read("snapshot: tenant.json", "ldif: corp.ldif, anchor: consistencyGuid", "a@x.example"));
    assert_ne!(first, read("snapshot: tenant.json", "ldif: corp.ldif, anchor: objectGuid", "b@x.example"));
}

mod never_panics {
    use proptest::prelude::*;

    use super::super::*;

    /// Draws the errors, if there are any.
    fn show(read: Result<Config, ConfigErrors>, color: bool) {
        if let Err(errors) = read {
            assert!(errors.render(60, color).contains("error"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            show(read(&bytes), true);
        }

        #[test]
        fn on_yaml_like_text(text in "[-a-c:{}\\[\\],\"'&*!|>#\t\n ö?~<@=]{0,80}") {
            show(read(format!("{HEAD}{text}")), false);
        }

        #[test]
        fn on_csv_like_text(text in "[a-c;,\"\t\r\n @=#'ö]{0,80}") {
            let yaml = format!("{HEAD}mappingFiles: [w.csv]\n");
            let text = format!("onPrem,cloud,holder\n{text}");
            show(read_with(yaml, &[("w.csv", text.as_bytes())]), false);
        }

        #[test]
        fn on_damaged_configurations(at in 0usize..1_600, with in "[-:{}\\[\\]\"'&*\t\n ö]{0,3}", cut in 0usize..4) {
            let mut text = super::WHOLE.to_owned();
            let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (at + cut).min(text.len());
            if text.is_char_boundary(end) {
                text.replace_range(at..end, &with);
            }
            show(read(text), false);
        }
    }
}

/// It is read on two threads, which does not show.
#[test]
fn a_long_list_stays_in_order_and_all_its_faults_are_told() {
    let entry = |n: u32| format!("  - {{ onPrem: u{n}, cloud: u{n}@x.example }}\n");
    let list: String = (0..4_200).map(entry).collect();
    let mappings = config(&format!("mappings:\n{list}")).desired.mappings;
    assert!(mappings.iter().map(|mapping| mapping.source.line).eq(8..4_208));
    let broken = list.replace("onPrem: u3,", "onPerm: u3,").replace("cloud: u4150@", "clod: u4150@");
    let told = errors_below_head(&format!("mappings:\n{broken}"));
    let places: Vec<&str> = told.lines().filter_map(|line| line.trim_start().strip_prefix("--> hardmatch.yaml:")).collect();
    assert_eq!(places, ["11:7", "4158:22"], "{told}");
}

#[test]
fn a_row_is_one_whatever_its_file_is_called() {
    let yaml = format!("{HEAD}mappings:\n  - {{ onPrem: ann, cloud: ann@x.example }}\nmappingFiles: [w.yaml]\n");
    let config = read_with(yaml, &[("w.yaml", b"onPrem,cloud\nbob,bob@x.example\n")]).unwrap();
    let forms: Vec<MappingForm> = config.desired.mappings.iter().map(|mapping| mapping.form).collect();
    assert_eq!(forms, [MappingForm::Entry, MappingForm::Row]);
}
