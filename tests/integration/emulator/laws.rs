//! Any sequence of writes over HTTP ends as the same sequence on the model does.

use hardmatch::directory::exports::read_tenant_from;
use hardmatch::model::{CloudUser, ImmutableId, Upn};
use hardmatch::tenant_model::{Change, ChangeKind, Tenant};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const USERS: u16 = 5;

fn start_of(n: u16, anchor: usize, sync: usize, state: usize) -> Value {
    let anchors = [json!(null), json!("a"), json!("b"), json!(format!("own{n}"))];
    let syncs = [json!(null), json!(true), json!(false)];
    let more = json!({
        "onPremisesImmutableId": anchors[anchor], "onPremisesSyncEnabled": syncs[sync],
        "onPremisesSecurityIdentifier": format!("S-1-5-21-1-2-3-{}", 1000 + n),
        "onPremisesObjectIdentifier": format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}"),
        "onPremisesDistinguishedName": "CN=x", "proxyAddresses": [format!("SMTP:u{}@x.example", n % 3)],
    });
    if state == 0 { deleted(n, &format!("u{n}"), more) } else { user(n, &format!("u{n}"), more) }
}

fn any_tenant() -> impl Strategy<Value = Value> {
    vec((0..4usize, 0..3usize, 0..4usize), usize::from(USERS)).prop_map(|states| {
        let all: Vec<(usize, Value)> =
            (1..=USERS).zip(states).map(|(n, (anchor, sync, state))| (state, start_of(n, anchor, sync, state))).collect();
        let part = |bin: bool| all.iter().filter(|(state, _)| (*state == 0) == bin).map(|(_, user)| user.clone()).collect();
        tenant(part(false), part(true))
    })
}

fn any_change() -> impl Strategy<Value = Change> {
    let values = prop_oneof![Just("a"), Just("b"), Just("c"), Just("own1"), Just("a_b"), Just("a b"), Just("A")];
    let names = prop_oneof![
        Just("u1@x.example"),
        Just("u2@x.example"),
        Just("n@x.onmicrosoft.com"),
        Just("f@fed.example"),
        Just("z@new.example")
    ];
    let kinds = prop_oneof![
        4 => values.prop_map(|value| ChangeKind::SetImmutableId(ImmutableId::stored(value).unwrap())),
        2 => any::<bool>().prop_map(|residue| ChangeKind::ClearImmutableId { residue }),
        2 => Just(ChangeKind::SoftDelete),
        1 => Just(ChangeKind::Purge),
        2 => Just(ChangeKind::Restore),
        1 => Just(ChangeKind::ClearSecurityIdentifier),
        1 => Just(ChangeKind::ClearObjectIdentifier),
        2 => names.prop_map(|name: &str| ChangeKind::SetUserPrincipalName(name.parse::<Upn>().unwrap())),
    ];
    (1..=USERS, kinds).prop_map(|(n, kind)| Change { user: id(n).parse().unwrap(), kind })
}

/// The write as a client sends it.
async fn over_http(graph: &Graph, change: &Change) -> u16 {
    let user = |version: &str| format!("/{version}/users/{}", change.user);
    let bin = format!("/v1.0/directory/deletedItems/{}", change.user);
    let reply = match &change.kind {
        ChangeKind::SetImmutableId(value) => graph.patch(&user("v1.0"), json!({ "onPremisesImmutableId": value })).await,
        ChangeKind::ClearImmutableId { residue: false } => {
            graph.patch(&user("v1.0"), json!({ "onPremisesImmutableId": null })).await
        }
        ChangeKind::ClearImmutableId { residue: true } => {
            let names = [
                "onPremisesImmutableId",
                "onPremisesDistinguishedName",
                "onPremisesDomainName",
                "onPremisesSamAccountName",
                "onPremisesUserPrincipalName",
            ];
            graph.patch(&user("beta"), names.into_iter().map(|name| (name.to_owned(), Value::Null)).collect()).await
        }
        ChangeKind::SoftDelete => graph.delete(&user("v1.0")).await,
        ChangeKind::Purge => graph.delete(&bin).await,
        ChangeKind::Restore => graph.post(&format!("{bin}/restore"), json!({})).await,
        ChangeKind::ClearSecurityIdentifier => graph.patch(&user("beta"), json!({ "onPremisesSecurityIdentifier": null })).await,
        ChangeKind::ClearObjectIdentifier => graph.patch(&user("beta"), json!({ "onPremisesObjectIdentifier": null })).await,
        ChangeKind::SetUserPrincipalName(upn) => graph.patch(&user("v1.0"), json!({ "userPrincipalName": upn.as_str() })).await,
    };
    reply.status
}

fn users(json: &str) -> Vec<CloudUser> {
    let mut users = read_tenant_from(json.as_bytes(), &"tenant".into()).unwrap().users;
    tidy(&mut users);
    users
}

/// Order and time of deletion are no part of the law.
fn tidy(users: &mut [CloudUser]) {
    users.sort_by_key(|user| user.id);
    for user in users {
        user.traits_mut().deleted_at = user.traits_mut().deleted_at.take().map(|_| "deleted".into());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn http_and_model_agree(tenant in any_tenant(), changes in vec(any_change(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let switches = json!({ "switches": { "formerlySynced": "allow", "deleteSynced": false } });
            let graph = Graph::scripted(&tenant, switches).await;
            let mut model = Tenant::new(read_tenant_from(tenant.to_string().as_bytes(), &"tenant".into()).unwrap());
            for change in &changes {
                let status = over_http(&graph, change).await;
                let taken = model.apply(change, "2026-11-20T10:00:00Z");
                prop_assert_eq!(taken.is_ok(), status < 300, "{:?}: {} {:?}", change, status, taken);
            }
            let mut expected: Vec<CloudUser> = model.users().map(|(_, user)| user.clone()).collect();
            tidy(&mut expected);
            prop_assert_eq!(users(&graph.get("/__emulator/tenant").await.text), expected);
            Ok(())
        })?;
    }
}
