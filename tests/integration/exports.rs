//! Exports as PowerShell and spreadsheets leave them.

use crate::common::Hardmatch;

const TENANT: &str = "Id;UserPrincipalName;OnPremisesImmutableId;EmployeeId\r\n\
    6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0;eve@contoso.com;;7\r\n";
const FOREST: &str = "ObjectGUID;mS-DS-ConsistencyGuid;SID;SamAccountName;UserPrincipalName;mail;proxyAddresses;Enabled\r\n\
    f5057fee-4c3e-4459-82dd-21250b729601;;S-1-5-21-1-2-3-4;eve;eve@contoso.com;;;True\r\n";
const CONFIG: &str = "version: 1\ntenant: { snapshot: tenant.csv }\nforests: { corp: { csv: corp.csv } }\n";

fn folder(more: &str) -> Hardmatch {
    let here = Hardmatch::new().file("tenant.csv", TENANT).file("corp.csv", FOREST);
    here.file("hardmatch.yaml", format!("{CONFIG}{more}"))
}

#[test]
fn what_a_spreadsheet_adds_changes_nothing() {
    let here = folder("mappings: [{ onPrem: eve, cloud: eve@contoso.com }]\n");
    here.run(&["plan"]).expect(0).shows(&["1 to set"]);
    let typed = format!("\"#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser\";;;;;;;\r\n{FOREST}");
    here.write("corp.csv", format!("{typed};;;;;;;\r\n;;;;;;;\r\n"));
    here.write("tenant.csv", format!("{TENANT};;;\r\n"));
    here.run(&["plan"]).expect(0).shows(&["1 to set"]);
}

/// They said only that nobody was found.
#[test]
fn rules_and_mappings_by_a_column_that_is_not_there_hear_why_they_find_nobody() {
    let rule =
        "rules: [{ name: staff, where: { under: \"OU=Staff,DC=corp\" }, pair: { onPrem: employeeID, cloud: employeeId } }]\n";
    let mapping = "mappings: [{ onPrem: { employeeId: 7 }, cloud: eve@contoso.com }]\n";
    for (more, code) in [(rule, 0), (mapping, 13)] {
        let said = "corp.csv has no column DistinguishedName or employeeID: mappings and rules find no AD user by";
        let of_tenant = "tenant.csv has no column Mail: mappings and rules find no account by Mail";
        folder(more).run(&["plan"]).expect(code).shows(&[said, "and nobody below `under`", of_tenant]);
    }
}
