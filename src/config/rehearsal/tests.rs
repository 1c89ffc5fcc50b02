use std::path::Path;

use super::*;

const YAML: &str = "version: 1   # one\ntenant:\n  graph:\n    tenantId: contoso.com   # ours\n    auth:\n      azureCli: {}\n\n    # nothing more\nforests:\n  \"corp\": { csv: corp.csv, anchor: objectGuid }   # flow\n  old:\n    anchor: { attribute: employeeID }\n    ldap:\n      url: ldaps://dc1\n      baseDn: DC=x\n      bind: gssapi\nmappingFiles: [a.csv, ../b.csv]\nmappings:\n  - onPrem: CORP\\eve\n    cloud: eve@contoso.com\n    because: |\n      long\n      story\npolicy: { protect: [\"*@x.example\", b@x.example], backups: /var/b }\n";

fn config(yaml: &str) -> Config {
    let place = Place { shown: "dir/h.yaml", relative: "h.yaml", base_dir: Path::new("dir") };
    let wave = |_: &Path| Ok(b"onPrem,cloud,because\nann,ann@contoso.com,she asked\n".to_vec());
    let mut count = 0;
    let mut read = |path: &Path| {
        count += 1;
        if count > 1 { Ok(b"onPrem;cloud\nben;ben@contoso.com\n".to_vec()) } else { wave(path) }
    };
    super::super::parse(yaml.as_bytes(), &place, &mut read).unwrap()
}

fn exported() -> Exported {
    let forests = vec![("corp".into(), "corp.ldif".to_owned()), ("old".into(), "old.ldif".to_owned())];
    Exported { tenant: "tenant.json".to_owned(), forests, signers: None }
}

#[test]
fn only_the_sources_change_and_no_line_moves() {
    let files = relocate(&config(YAML), "dir/h.yaml", &exported()).unwrap();
    let paths: Vec<_> = files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["", "a.csv", "mappings-2.csv"]);
    let text = std::str::from_utf8(&files[0].content).unwrap();
    assert_eq!(text.lines().count(), YAML.lines().count());
    assert!(text.contains("  snapshot: \"tenant.json\"\n\n\n"), "{text}");
    assert!(text.contains("{ ldif: \"corp.ldif\", anchor: objectGuid }   # flow"), "{text}");
    assert!(text.contains("    ldif: \"old.ldif\"\n\n\n\nmappingFiles: [a.csv, \"mappings-2.csv\"]"), "{text}");
    let (old, new): (Vec<_>, Vec<_>) = (YAML.lines().skip(17).collect(), text.lines().skip(17).collect());
    assert_eq!(old, new);
}

#[test]
fn the_signers_go_along_under_a_name_of_their_own_where_theirs_leads_out() {
    for (name, written) in [("team/approvers", "team/approvers"), ("../approvers", "\"approvers\"")] {
        let yaml =
            format!("{YAML}  approvals: {{ required: 2, signers: {name} }} # four eyes\n").replace("policy: { ", "policy:\n  ");
        let yaml = yaml.replace("], backups: /var/b }", "]");
        let exported = Exported { signers: Some(b"a".to_vec()), ..exported() };
        let files = relocate(&config(&yaml), "dir/h.yaml", &exported).unwrap();
        let text = std::str::from_utf8(&files[0].content).unwrap();
        assert!(text.ends_with(&format!("approvals: {{ required: 2, signers: {written} }} # four eyes\n")), "{text}");
        let last = files.last().unwrap();
        assert_eq!((last.path.to_str().unwrap(), &*last.content), (written.trim_matches('"'), &b"a"[..]));
    }
}

#[test]
fn sources_behind_an_alias_are_not_guessed_at() {
    let yaml = "version: 1\ntenant: &t { snapshot: t.json }\nforests:\n  corp: &f { ldif: a.ldif }\n  old: *f\n";
    assert!(relocate(&config(yaml), "dir/h.yaml", &exported()).is_err());
}

#[test]
fn a_redacted_configuration_is_one_and_keeps_nothing() {
    let config = config(YAML);
    let mut redactor = crate::redact::Redactor::new([7; 32], &observed());
    let tenant = crate::model::ObservedTenant::default();
    let files = redact(&config, "dir/h.yaml", &exported(), &tenant, &mut redactor).unwrap();
    let place = Place { shown: "h.yaml", relative: "h.yaml", base_dir: Path::new("") };
    let mut read = |path: &Path| {
        let found = files.iter().find(|file| file.path == path);
        found.map(|file| file.content.clone()).ok_or_else(|| path.display().to_string())
    };
    let again = super::super::parse(&files[0].content, &place, &mut read).unwrap();
    assert_eq!(again.desired.mappings.len(), 3);
    assert_eq!(again.desired.forests.iter().map(|forest| &*forest.name).collect::<Vec<_>>(), ["forest1", "forest2"]);
    let all: String =
        files.iter().map(|file| format!("{}{}", file.path.display(), String::from_utf8_lossy(&file.content))).collect();
    for word in ["contoso", "corp:", "eve", "ann@", "story", "asked", "ldaps", "x.example", "#", "/var"] {
        assert!(!all.to_lowercase().contains(word), "{word} in {all}");
    }
}

fn observed() -> crate::model::Observed {
    let forest = |name: &str| crate::model::ObservedForest { name: name.into(), ..Default::default() };
    crate::model::Observed { forests: vec![forest("corp"), forest("old")], ..Default::default() }
}
