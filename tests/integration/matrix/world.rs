//! Small plans that have every kind of action between them, made by the program itself.

use hardmatch::model::ObservedForest;
use hardmatch::plan::action::ActionKind;
use hardmatch::plan::body::Body;
use serde_json::{Value, json};

use crate::common::Hardmatch;
use crate::tenants::{deleted, tenant, user};
use crate::walks::ground::{Forest, Person, person, somebody};

/// A plan to be: its mappings, and the actions that they lead to.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    mappings: &'static str,
    pub(super) actions: &'static [ActionKind],
}

use ActionKind::{
    ClearImmutableId as Clear, ClearObjectIdentifier, ClearSecurityIdentifier, Purge, Restore, SetImmutableId as Set,
    SetUserPrincipalName as Rename, SoftDelete, StampConsistencyGuid as Stamp,
};

/// Between them they have every kind of action.
pub(super) const RECIPES: [Recipe; 11] = [
    Recipe { name: "link", mappings: "  - { onPrem: { sam: abe }, cloud: abe@x.example }\n", actions: &[Set] },
    Recipe {
        name: "swap",
        mappings: "  - { onPrem: { sam: bea }, cloud: bea@x.example }\n  - { onPrem: { sam: cat }, cloud: cat@x.example }\n",
        actions: &[Clear, Set, Set],
    },
    Recipe {
        name: "purge",
        mappings: "  - onPrem: { sam: dan }\n    cloud: dan@x.example\n    holders: [{ account: dan-twin@x.example, resolve: purge, because: empty }]\n",
        actions: &[SoftDelete, Purge, Set],
    },
    Recipe {
        name: "purge of a deleted one",
        mappings: "  - onPrem: { sam: eve }\n    cloud: eve@x.example\n    holders: [{ account: { id: 00000000-0000-4000-8000-000000000015 }, resolve: purge, because: empty }]\n",
        actions: &[Purge, Set],
    },
    Recipe {
        name: "clear of a deleted one",
        mappings: "  - onPrem: { sam: gil }\n    cloud: gil@x.example\n    holders: [{ account: { id: 00000000-0000-4000-8000-000000000016 }, resolve: clear, because: kept }]\n",
        actions: &[Restore, Clear, SoftDelete, Set],
    },
    Recipe {
        name: "restore",
        mappings: "  - { onPrem: { sam: hal }, cloud: { id: 00000000-0000-4000-8000-000000000007 }, restore: true }\n",
        actions: &[Restore, Set],
    },
    Recipe {
        name: "detour",
        mappings: "  - { onPrem: { sam: fay }, cloud: fay@fed.example, accept: [federated-domain], because: no password sync }\n",
        actions: &[Rename, Set, Rename],
    },
    Recipe {
        name: "SID of somebody else",
        mappings: "  - onPrem: { sam: ivy }\n    cloud: ivy@x.example\n    holders: [{ account: ivy-twin@x.example, resolve: clear, because: kept }]\n",
        actions: &[ClearSecurityIdentifier, Set],
    },
    Recipe {
        name: "pinned elsewhere",
        mappings: "  - { onPrem: { sam: jon }, cloud: jon@x.example, accept: [object-identifier-differs], because: moved }\n",
        actions: &[ClearObjectIdentifier, Set],
    },
    Recipe { name: "leave", mappings: "  - { onPrem: none, cloud: kim@x.example }\n", actions: &[Clear] },
    Recipe { name: "stamp", mappings: "  - { onPrem: { sam: leo }, cloud: leo@x.example, write: onPrem }\n", actions: &[Stamp] },
];

/// What is written to both directories in one run.
pub(super) const BOTH: Recipe = Recipe {
    name: "both directories",
    mappings: "  - { onPrem: { sam: leo }, cloud: leo@x.example, write: onPrem }\n  - { onPrem: { sam: mia }, cloud: mia@x.example, write: onPrem }\n  - onPrem: { sam: dan }\n    cloud: dan@x.example\n    holders: [{ account: dan-twin@x.example, resolve: purge, because: empty }]\n",
    actions: &[SoftDelete, Purge, Set, Stamp, Stamp],
};

/// A plan that can be carried out as often as one likes.
pub(super) struct Ready {
    pub(super) name: String,
    pub(super) tenant: Value,
    pub(super) ldif: String,
    pub(super) digest: String,
    pub(super) body: Body,
}

/// The files of a recipe.
pub(super) fn folder(recipe: &Recipe) -> Hardmatch {
    let here = Hardmatch::new();
    let forest = Forest::file("corp", "matrix");
    forest.make(&here, &people());
    folder_beside(here, recipe, &forest.config(), |here| forest.read(here.path()))
}

/// The same beside a forest that is there, by its entry in the configuration.
pub(super) fn folder_beside(
    here: Hardmatch,
    recipe: &Recipe,
    forest: &str,
    read: impl FnOnce(&Hardmatch) -> ObservedForest,
) -> Hardmatch {
    let tenant = accounts(&read(&here));
    here.write("tenant.json", tenant.to_string());
    let config = format!("version: 1\ntenant: {{ snapshot: tenant.json }}\nforests:\n{forest}mappings:\n{}", recipe.mappings);
    here.write("hardmatch.yaml", config);
    here
}

/// Plans a recipe from files.
pub(super) fn plan(recipe: &Recipe) -> Ready {
    let here = folder(recipe);
    let digest = here.plan();
    let body = hardmatch::planfile::parse(here.read("plan.json").as_bytes()).unwrap().body;
    let kinds: Vec<ActionKind> = body.actions.iter().map(|action| action.kind).collect();
    assert_eq!(kinds, recipe.actions, "{}", recipe.name);
    let tenant = serde_json::from_str(&here.read("tenant.json")).unwrap();
    Ready { name: recipe.name.to_owned(), tenant, ldif: here.read("corp.ldif"), digest, body }
}

/// The AD users of all recipes.
pub(super) fn people() -> Vec<Person> {
    let staff = |sam| person(sam, "Staff");
    let sams = ["abe", "bea", "cat", "dan", "eve", "gil", "hal", "ivy", "jon", "kim", "leo", "mia"];
    sams.into_iter().map(staff).chain([staff("fay").in_domain("fed.example")]).collect()
}

/// Who is to be linked has a number below 16, who stands in the way one above.
fn accounts(forest: &ObservedForest) -> Value {
    let somebody = |sam| somebody(forest, sam);
    let id_of = |sam| json!({ "onPremisesImmutableId": somebody(sam).1 });
    let sid_of = |sam| somebody(sam).0.sid.as_ref().unwrap().to_string();
    let pinned = json!({ "onPremisesObjectIdentifier": somebody("abe").0.guid.to_string() });
    let left = json!({
        "onPremisesImmutableId": "5KfBsj9dikyeIX9tDEs6GQ==", "onPremisesDistinguishedName": "CN=kim,DC=old,DC=example",
        "onPremisesDomainName": "old.example", "onPremisesSamAccountName": "kim",
    });
    let live = vec![
        user(1, "abe", json!({})),
        user(2, "bea", id_of("cat")),
        user(3, "cat", id_of("bea")),
        user(4, "dan", json!({})),
        user(0x14, "dan-twin", id_of("dan")),
        user(5, "eve", json!({})),
        user(6, "gil", json!({})),
        user(8, "fay", json!({ "userPrincipalName": "fay@fed.example" })),
        user(9, "ivy", json!({})),
        user(0x19, "ivy-twin", json!({ "onPremisesSecurityIdentifier": sid_of("ivy") })),
        user(0xa, "jon", pinned),
        user(0xb, "kim", left),
        user(0xc, "leo", json!({ "onPremisesImmutableId": "azydD6KBV060wC2ean8YNQ==" })),
        user(0xd, "mia", json!({ "onPremisesImmutableId": "vB1zo3H0d0uVqHqYVbJ0eQ==" })),
    ];
    let bin =
        vec![deleted(0x15, "eve-twin", id_of("eve")), deleted(0x16, "gil-twin", id_of("gil")), deleted(7, "hal", json!({}))];
    tenant(live, bin)
}
