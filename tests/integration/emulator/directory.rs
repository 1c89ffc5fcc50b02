//! What is beside users: domains, the organisation, groups, contacts, roles, synchronisation, the audit log.

use serde_json::json;

use super::*;

fn whole() -> Value {
    let mut tenant = tenant(
        vec![
            user(1, "ann", json!({ "assignedLicenses": [{ "skuId": "sku-1" }] })),
            user(2, "bob", json!({})),
            user(3, "cid", json!({})),
        ],
        vec![],
    );
    tenant["groups"] = json!([
        { "id": id(10), "displayName": "Admins", "mail": "admins@x.example", "proxyAddresses": ["SMTP:admins@x.example"], "isAssignableToRole": true, "members": [id(2), id(11)], "owners": [id(3)] },
        { "id": id(11), "displayName": "Inner", "proxyAddresses": [], "members": [{ "id": id(3) }] },
    ]);
    tenant["contacts"] =
        json!([{ "id": id(20), "displayName": "Partner", "mail": "p@y.example", "proxyAddresses": ["SMTP:p@y.example"] }]);
    let grant = |n, role: &str, privileged: bool, state: &str| json!({ "principalId": id(n), "role": role, "privileged": privileged, "state": state });
    tenant["roles"] = json!([
        grant(1, "Global Administrator", true, "assigned"),
        grant(10, "Helpdesk Administrator", true, "assigned"),
        grant(2, "Reports Reader", false, "eligible")
    ]);
    tenant["features"] = json!({ "softMatchOnUpnEnabled": true, "someNewFlag": false });
    tenant
}

#[tokio::test]
async fn domains_and_organisation() {
    let graph = Graph::start(&whole()).await;
    let domains = graph.get("/v1.0/domains").await;
    assert_eq!(domains.column("authenticationType"), ["Managed", "Managed", "Federated", "Managed"]);
    assert_eq!(graph.get("/v1.0/domains/FED.example").await.json()["id"], "fed.example");
    assert_eq!(graph.get("/v1.0/domains/nothing.example").await.status, 404);
    assert_eq!(graph.get("/v1.0/domains/fed.example/federationConfiguration").await.column("id").len(), 1);
    assert_eq!(graph.get("/v1.0/domains/x.example/federationConfiguration").await.column("id").len(), 0);
    let organization = graph.get("/v1.0/organization?$select=id,verifiedDomains,onPremisesSyncEnabled").await.json();
    let own = &organization["value"][0];
    assert_eq!((&own["onPremisesSyncEnabled"], own["verifiedDomains"].as_array().unwrap().len()), (&json!(true), 3));
}

#[tokio::test]
async fn objects_of_any_kind_by_their_ids() {
    let graph = Graph::start(&whole()).await;
    let ids = [id(1), id(10), id(20), id(99)];
    let all = graph.post("/v1.0/directoryObjects/getByIds", json!({ "ids": ids })).await;
    let kinds = ["#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.orgContact"];
    assert_eq!((all.column("id"), all.column("@odata.type")), (vec![id(1), id(10), id(20)], kinds.map(str::to_owned).into()));
    let groups = json!({ "ids": ids, "types": ["group"] });
    let groups = graph.post("/v1.0/directoryObjects/getByIds?$select=id,displayName", groups).await;
    assert_eq!(groups.column("displayName"), ["Admins"]);
    assert_eq!(groups.json()["value"][0].get("mail"), None);
    assert_eq!(graph.post("/v1.0/directoryObjects/getByIds", json!({})).await.status, 400);
    assert_eq!(graph.post("/v1.0/directoryObjects/getByIds", json!({ "ids": ["x"] })).await.status, 400);
    let poor = Graph::scripted(&whole(), json!({ "access": { "permissions": ["User.Read.All"], "roles": [] } })).await;
    assert_eq!(poor.post("/v1.0/directoryObjects/getByIds", json!({ "ids": ids, "types": ["group"] })).await.status, 403);
}

#[tokio::test]
async fn unknown_members_are_kept_back_only_where_a_role_depends_on_them() {
    let mut tenant = whole();
    tenant["groups"][1].as_object_mut().unwrap().remove("members");
    let graph = Graph::start(&tenant).await;
    let status = async |n: u16, relation: &str| graph.get(&format!("/v1.0/groups/{}/{relation}", id(n))).await.status;
    assert_eq!(status(10, "members").await, 200);
    assert_eq!(status(10, "transitiveMembers").await, 403, "the inner group has members that nobody knows");
    assert_eq!([status(11, "members").await, status(11, "transitiveMembers").await], [200, 200]);
}

#[tokio::test]
async fn groups_and_contacts_own_addresses() {
    let graph = Graph::start(&whole()).await;
    let owner = |set: &str, address: &str| format!("/v1.0/{set}?$select=id&$filter=proxyAddresses/any(p:p eq 'smtp:{address}')");
    assert_eq!(graph.get(&owner("groups", "ADMINS@x.example")).await.column("id"), [id(10)]);
    assert_eq!(graph.get(&owner("contacts", "p@y.example")).await.column("id"), [id(20)]);
    assert_eq!(graph.get(&owner("groups", "p@y.example")).await.column("id").len(), 0);
    let members = |relation: &str| format!("/v1.0/groups/{}/{relation}", id(10));
    assert_eq!(graph.get(&members("members")).await.column("id"), [id(2), id(11)]);
    assert_eq!(graph.get(&members("members")).await.column("@odata.type"), ["#microsoft.graph.user", "#microsoft.graph.group"]);
    assert_eq!(graph.get(&members("transitiveMembers")).await.column("id"), [id(2), id(11), id(3)]);
    assert_eq!(graph.get(&members("owners")).await.column("id"), [id(3)]);
    let below = |n: u16, relation: &str| format!("/v1.0/users/{}/{relation}", id(n));
    assert_eq!(graph.get(&below(3, "memberOf")).await.column("displayName"), ["Inner"]);
    assert_eq!(
        graph.get(&below(3, "transitiveMemberOf")).await.column("displayName"),
        ["Inner", "Admins", "Helpdesk Administrator"]
    );
    assert_eq!(graph.get(&below(1, "licenseDetails")).await.column("skuId"), ["sku-1"]);
    let cast = below(1, "transitiveMemberOf/microsoft.graph.directoryRole");
    assert_eq!(graph.get(&cast).await.status, 400);
    assert_eq!(graph.advanced(&format!("{cast}?$count=true")).await.column("displayName"), ["Global Administrator"]);
}

#[tokio::test]
async fn roles_direct_through_groups_and_eligible() {
    let graph = Graph::start(&whole()).await;
    let roles = "/roleManagement/directory";
    let of = |n: u16| format!("$filter=principalId eq '{}'&$expand=roleDefinition", id(n));
    let direct = graph.get(&format!("/v1.0{roles}/roleAssignments?{}", of(1))).await.json();
    assert_eq!(direct["value"][0]["roleDefinition"]["displayName"], "Global Administrator");
    assert!(direct["value"][0]["roleDefinition"].get("isPrivileged").is_none(), "only in beta");
    let transitive = format!("/beta{roles}/transitiveRoleAssignments?$count=true&$filter=principalId eq '{}'", id(3));
    assert_eq!(graph.get(&transitive).await.status, 400);
    assert_eq!(graph.advanced(&transitive).await.column("principalId"), [id(10)]);
    assert_eq!(graph.advanced(&transitive.replace("beta", "v1.0")).await.status, 400);
    let privileged = graph
        .get(&format!("/beta{roles}/roleAssignments?$expand=roleDefinition&$filter=roleDefinition/isPrivileged eq true"))
        .await;
    assert_eq!(privileged.column("principalId"), [id(1), id(10)]);
    let definitions = graph.get(&format!("/beta{roles}/roleDefinitions?$filter=isPrivileged eq true")).await.column("id");
    assert!(definitions.contains(&"62e90394-69f5-4237-9190-012177145e10".to_owned()));
    assert_eq!(graph.get(&format!("/v1.0{roles}/roleDefinitions?$filter=isPrivileged eq true")).await.status, 400);
    for name in ["roleEligibilitySchedules", "roleEligibilityScheduleInstances"] {
        assert_eq!(graph.get(&format!("/v1.0{roles}/{name}?{}", of(2))).await.column("principalId"), [id(2)]);
    }
    let active = graph.get("/v1.0/directoryRoles").await;
    assert_eq!(active.column("displayName"), ["Global Administrator", "Helpdesk Administrator"]);
    assert_eq!(graph.get(&format!("/v1.0/directoryRoles/{}/members", active.column("id")[0])).await.column("id"), [id(1)]);
    graph.post("/__emulator/faults", json!({ "switches": { "pimLicence": false } })).await;
    assert_eq!(graph.get(&format!("/v1.0{roles}/roleEligibilitySchedules")).await.code(), "AadPremiumLicenseRequired");
    graph.post("/__emulator/faults", json!({ "access": { "permissions": ["User.Read.All"] } })).await;
    assert_eq!(graph.get(&format!("/v1.0{roles}/roleAssignments")).await.status, 403);
}

#[tokio::test]
async fn switches_of_synchronisation() {
    let graph = Graph::start(&whole()).await;
    let list = "/v1.0/directory/onPremisesSynchronization";
    let sync = graph.get(list).await.json()["value"][0].clone();
    assert_eq!(sync["features"], json!({ "softMatchOnUpnEnabled": true, "someNewFlag": false }));
    let path = format!("{list}/{}", sync["id"].as_str().unwrap());
    let set = |name: &str, on: Value| json!({ "features": { name: on } });
    assert_eq!(graph.patch(&path, set("blockSoftMatchEnabled", json!(true))).await.status, 204);
    assert_eq!(graph.patch(&path, set("softMatchOnUpnEnabled", json!(false))).await.status, 400);
    assert_eq!(graph.patch(&path, set("blockSoftMatchEnabled", json!("yes"))).await.status, 400);
    assert_eq!(graph.patch(&format!("{list}/other"), set("blockSoftMatchEnabled", json!(true))).await.status, 404);
    let prevention =
        |more: Value| json!({ "configuration": { "accidentalDeletionPrevention": more }, "features": { "other": true } });
    for wrong in [
        json!({ "alertThreshold": "x" }),
        json!({ "synchronizationPreventionType": "never" }),
        json!({ "nonsense": 1 }),
        json!(1),
    ] {
        assert_eq!(graph.patch(&path, prevention(wrong.clone())).await.status, 400, "{wrong}");
    }
    let features = json!({ "softMatchOnUpnEnabled": true, "someNewFlag": false, "blockSoftMatchEnabled": true });
    assert_eq!(graph.get(&path).await.json()["features"], features);
    assert_eq!(graph.patch(&path, prevention(json!({ "alertThreshold": 7 }))).await.status, 204);
    assert_eq!(graph.get(&path).await.json()["configuration"]["accidentalDeletionPrevention"]["alertThreshold"], 7);
    assert_eq!(graph.get(&format!("{list}?$expand=nonsense")).await.status, 400);
}

#[tokio::test]
async fn writes_show_up_in_the_audit_log() {
    let graph = Graph::scripted(&whole(), json!({ "lag": { "audit": { "calls": 1 } } })).await;
    graph.write(1, json!({ "onPremisesImmutableId": "v" })).await;
    graph.delete(&format!("/v1.0/users/{}", id(2))).await;
    let log = format!(
        "/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Update user' and targetResources/any(t:t/id eq '{}')",
        id(1)
    );
    assert_eq!(graph.get(&log).await.column("id").len(), 0, "late");
    let record = graph.get(&log).await.json()["value"][0].clone();
    let changed = &record["targetResources"][0]["modifiedProperties"][0];
    assert_eq!(
        (changed["displayName"].as_str(), changed["oldValue"].as_str(), changed["newValue"].as_str()),
        (Some("SourceAnchor"), Some("[]"), Some("[\"v\"]"))
    );
    assert_eq!(graph.get("/v1.0/auditLogs/directoryAudits").await.column("activityDisplayName"), ["Delete user", "Update user"]);
}
