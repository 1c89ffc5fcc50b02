//! The kind of a selector can be told in the YAML; a cell of a mapping file takes none.

use super::*;

const ID: &str = "+s++JYOZcUyXcrNcUj2CmA==";

/// What is advised in a row of a mapping file, and for the same text in the YAML.
fn cures(on_prem: &str, cloud: &str) -> [String; 2] {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let said = [
        wave_errors(format!("onPrem;cloud\n{on_prem};{cloud}\n")),
        errors_below_head(&format!("mappings:\n  - {{ onPrem: {}, cloud: {} }}\n", quoted(on_prem), quoted(cloud))),
    ];
    said.map(|said| said.lines().filter_map(|line| line.trim_start().strip_prefix("= help: ")).collect())
}

#[test]
fn what_needs_a_kind_goes_under_mappings() {
    let id = format!("{{ immutableId: \"{ID}\" }}");
    for (cell, form) in [
        ("employeeId:007", "{ employeeId: '007' }"),
        ("{ employeeId: 007 }", "{ employeeId: '007' }"),
        ("{UPN:eve@corp.example}", "{ upn: 'eve@corp.example' }"),
        ("{ dn: CN=Eve,DC=corp }", "{ dn: 'CN=Eve,DC=corp' }"),
        (ID, &id),
        (&id, &format!("{{ immutableId: '{ID}' }}")),
        ("a:b", "{ dn: … }, { upn: … }, { employeeId: … } and so on"),
    ] {
        let [row, yaml] = cures(cell, "a@x.example");
        assert!(
            row.contains("a cell takes no kind") && row.contains("under `mappings` in the YAML") && row.contains(form),
            "{row}"
        );
        assert!(!yaml.contains("cell") && yaml.contains(form), "{yaml}");
    }
    for cell in ["mail:eve@x.example", "{ mail: eve@x.example }"] {
        let [row, yaml] = cures("eve", cell);
        assert_eq!(row, "a cell takes no kind: write { mail: 'eve@x.example' } under `mappings` in the YAML");
        assert_eq!(yaml, "write { mail: 'eve@x.example' }");
    }
}

#[test]
fn without_forests_a_cell_takes_an_object_guid() {
    let yaml = "version: 1\ntenant: { snapshot: a }\nmappingFiles: [w.csv]\n";
    let said = read_with(yaml, &[("w.csv", b"onPrem,cloud\neve,a@x.example\n")]).unwrap_err().render(100, false);
    assert!(said.contains("or write the objectGUID into the cell") && !said.contains('{'), "{said}");
}

#[test]
fn no_name_is_longer_than_any_directory_takes() {
    let address = |length: usize| format!("{}@x.example", "x".repeat(length - "@x.example".len()));
    for length in [2_049, 400_000] {
        let (on_prem, cloud) = (address(length), address(length));
        for said in [
            wave_errors(format!("onPrem,cloud\neve,{cloud}\n")),
            wave_errors(format!("onPrem,cloud\n{on_prem},a@x.example\n")),
            errors_below_head(&format!("mappings:\n  - {{ onPrem: eve, cloud: {{ mail: {cloud} }} }}\n")),
        ] {
            assert!(said.contains("no directory takes a name of more than 2,048") && said.contains("write one name"), "{said}");
            assert!(said.len() < 2_000, "{}", said.len());
        }
    }
    let dn = format!("CN=eve,{}DC=corp", "OU=x,".repeat(1_000));
    let fine = format!("onPrem,cloud\n{},{}\n\"{dn}\",b@x.example\n", address(2_048), address(2_048));
    assert_eq!(wave(fine).desired.mappings.len(), 2);
    assert!(wave_errors(format!("onPrem,cloud\n\"{}{dn}\",b@x.example\n", dn.repeat(3))).contains("16,384"));
}
