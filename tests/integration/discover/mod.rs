//! `discover`: nobody gets the account of somebody else, and most get their own.

mod population;

use std::collections::BTreeMap;

use hardmatch::model::questions::Questions;
use hardmatch::model::*;
use hardmatch::plan::discover::{Scope, discover};

use crate::common::Hardmatch;
use population::Population;

/// The proposals as pairs of ids.
fn proposed(population: &Population) -> BTreeMap<ObjectGuid, EntraId> {
    let desired =
        Desired { forests: vec![ForestSpec { name: "corp".into(), anchor: AnchorMode::ConsistencyGuid }], ..Desired::default() };
    let found = discover(&desired, population.observed.clone(), &Scope::default(), &Questions::default()).0.unwrap();
    let pair = |proposal: &hardmatch::plan::discover::Proposal| (proposal.on_prem.object_guid.unwrap(), proposal.cloud.id);
    let total = found.proposals.len() + found.left_out.len() + found.nobody.len();
    assert_eq!(total, population.truth.len(), "every AD user is in one of the lists");
    found.proposals.iter().map(pair).collect()
}

/// How many people a run has: few on every change, `PROPTEST_CASES=10000` to be thorough.
#[test]
fn no_wrong_pair_is_proposed_and_most_right_ones_are() {
    let size = usize::try_from(crate::common::cases(1500)).unwrap();
    for (seed, rarity) in [(1, 33), (2, 33), (3, 3)] {
        let population = Population::new(size, rarity, seed);
        let proposed = proposed(&population);
        let wrong: Vec<_> = proposed.iter().filter(|(user, account)| population.truth[user] != Some(**account)).collect();
        let told: Vec<_> = wrong
            .iter()
            .map(|(guid, id)| {
                let user = population.observed.forests[0].users.iter().find(|user| user.guid == **guid);
                let account = population.observed.tenant.users.iter().find(|account| account.id == **id);
                (user, account)
            })
            .collect();
        assert!(wrong.is_empty(), "{} wrong: {told:#?}", wrong.len());
        let right = population.truth.values().flatten().count();
        let share = proposed.len() * 1000 / right;
        eprintln!("{size} AD users, {} of them in traps: {} of {right} right pairs found", population.trapped, proposed.len());
        let ordinary = population.truth.len() - population.trapped;
        assert!(proposed.len() >= ordinary, "found {} of {ordinary} ordinary pairs ({share} of a thousand)", proposed.len());
    }
}

const LDIF: &str = "\
dn: CN=Ann Plain,OU=Staff,DC=corp
objectClass: user
objectGUID:: AQIDBAUGB0iJCgsMDQ4PEA==
sAMAccountName: ann
userPrincipalName: ann@x.example
mail: ann@x.example
userAccountControl: 512

dn:: Q049Wm/DqyBPJ0RlbGwsT1U9U3RhZmYsREM9Y29ycA==
objectClass: user
objectGUID:: AgIDBAUGB0iJCgsMDQ4PEA==
sAMAccountName: zoe
userPrincipalName:: em/Dq0B4LmV4YW1wbGU=
mail: zoe@x.example
userAccountControl: 512

dn: CN=Max One,OU=Staff,DC=corp
objectClass: user
objectGUID:: AwIDBAUGB0iJCgsMDQ4PEA==
sAMAccountName: max
userPrincipalName: max@x.example
mail: moritz@x.example
userAccountControl: 512

dn: CN=New Hire,OU=Staff,DC=corp
objectClass: user
objectGUID:: BAIDBAUGB0iJCgsMDQ4PEA==
sAMAccountName: newhire
userPrincipalName: new.hire@x.example
userAccountControl: 512
";

const TENANT: &str = r#"{ "format": "hardmatch/tenant", "formatVersion": "1.0",
  "domains": [{ "id": "x.example", "isVerified": true }, { "id": "x.onmicrosoft.com", "isVerified": true, "isInitial": true }],
  "deletedUsers": [], "groups": [], "contacts": [], "roles": [], "features": {},
  "users": [
    { "id": "00000000-0000-4000-8000-000000000001", "userPrincipalName": "ann@x.example", "mail": "ann@x.example",
      "onPremisesImmutableId": "AQIDBAUGB0iJCgsMDQ4PEA==", "onPremisesSyncEnabled": null, "accountEnabled": true },
    { "id": "00000000-0000-4000-8000-000000000002", "userPrincipalName": "zoe.odell@x.example", "mail": "zoe@x.example",
      "onPremisesImmutableId": "AgIDBAUGB0iJCgsMDQ4PEA==", "onPremisesSyncEnabled": true, "accountEnabled": true },
    { "id": "00000000-0000-4000-8000-000000000003", "userPrincipalName": "max@x.example", "mail": null,
      "onPremisesImmutableId": null, "onPremisesSyncEnabled": null, "accountEnabled": true },
    { "id": "00000000-0000-4000-8000-000000000004", "userPrincipalName": "moritz@x.example", "mail": "moritz@x.example",
      "onPremisesImmutableId": null, "onPremisesSyncEnabled": null, "accountEnabled": true } ] }"#;

const CONFIG: &str = "version: 1\ntenant: { snapshot: tenant.json }\nforests: { corp: { ldif: corp.ldif } }\n# no mappings yet\n";

fn small() -> Hardmatch {
    Hardmatch::new().file("hardmatch.yaml", CONFIG).file("corp.ldif", LDIF).file("tenant.json", TENANT)
}

#[test]
fn the_yaml_tells_why_and_plans_without_edits() {
    let here = small();
    let found = here.run(&["discover", "--out", "discovered.yaml"]);
    found.expect(0).says(&[
        "4 AD users: 2 proposed and waiting for sync",
        "1 left to somebody's decision",
        "1 without an account",
    ]);
    insta::assert_snapshot!(here.read("discovered.yaml"));
    let planned = here.run(&["plan", "--config", "discovered.yaml"]);
    planned.expect(0).shows(&["2 mappings armed"]);
    // Who is mapped is not proposed again.
    let again = here.run(&["discover", "--config", "discovered.yaml"]);
    again.expect(0).says(&["2 in the configuration already"]);
}

#[test]
fn a_part_of_a_forest_can_be_asked_for() {
    let here = small();
    here.run(&["discover", "--under", "OU=Nowhere,DC=corp"]).expect(0).says(&["0 AD users"]);
    here.run(&["discover", "--under", "OU=Staff,DC=corp", "--forest", "corp"]).expect(0).says(&["4 AD users"]);
    here.run(&["discover", "--forest", "lab"]).expect(64).says(&["no forest is called `lab`", "There are: corp."]);
    here.run(&["discover", "--under", "Staff"]).expect(64).says(&["`--under` needs the name of a container"]);
    let json: serde_json::Value = serde_json::from_str(&here.run(&["discover", "--format", "json"]).stdout).unwrap();
    assert_eq!((json["kind"].as_str(), json["proposals"].as_array().unwrap().len()), (Some("hardmatch/discovery"), 2));
}

#[test]
fn the_synced_report_counts_and_names_what_is_odd() {
    let here = small();
    // An account that is linked, and one with the ID of Max in the wrong byte order.
    let linked = r#""onPremisesSyncEnabled": true, "onPremisesObjectIdentifier": "04030202-0605-4807-890a-0b0c0d0e0f10""#;
    here.edit("tenant.json", r#""onPremisesSyncEnabled": true"#, linked);
    here.edit(
        "tenant.json",
        r#""mail": null,
      "onPremisesImmutableId": null"#,
        r#""mail": null, "onPremisesImmutableId": "BAMCAwYFSAeJCgsMDQ4PEA==""#,
    );
    here.edit("tenant.json", r#""onPremisesImmutableId": null"#, r#""onPremisesImmutableId": "E10045""#);
    let report = here.run(&["discover", "--synced-report"]);
    insta::assert_snapshot!(report.expect(0).stdout);
}
