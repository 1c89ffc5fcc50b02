//! Planning on small directories: one test for each thing that can stand in the way.

mod actions;
mod decided;
mod discover;
mod evidence;
mod explain;
mod explained_parts;
mod federation;
mod forecast;
mod groups;
mod holders;
mod large;
mod linked;
mod next_sync;
mod only;
mod order;
mod other_ids;
mod parts;
mod proof;
mod proposals;
mod protection;
mod recycled;
mod rivals;
mod rules;
mod selectors;
mod steps;
mod synced_report;
mod targets;
mod unread;
mod whole;

use std::sync::Arc;

use super::body::{Body, MappingState, Status};
use super::finding::{Code, Severity};
use super::{EarlierRun, Options, PlanForest, PlanTenant, compute, compute_at_last};
use crate::model::*;

const A: &str = "f5057fee-4c3e-4459-82dd-21250b729601";
const P: &str = "dd75ef1b-a557-4e75-83c8-396ebe77367b";
const S: &str = "54920444-b948-4159-a8ce-b6fbfc188d19";

/// Both directories and what is wanted of them, built up by name.
struct Case {
    desired: Desired,
    observed: Observed,
}

fn guid(text: &str) -> ObjectGuid {
    text.parse().unwrap()
}

fn anchor(text: &str) -> ImmutableId {
    guid(text).immutable_id()
}

fn entra(n: u8) -> EntraId {
    format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap()
}

fn sid(n: u32) -> Sid {
    format!("S-1-5-21-1-2-3-{n}").parse().unwrap()
}

fn domain(name: &str, federated: bool) -> Domain {
    Domain { name: name.into(), verified: true, federated: Some(federated), initial: name.ends_with("onmicrosoft.com") }
}

impl Case {
    fn new() -> Self {
        let tenant = ObservedTenant {
            id: Some("t".into()),
            initial_domain: Some("x.onmicrosoft.com".into()),
            taken_at: Some("2026-11-25T00:00:00Z".into()),
            domains: Some(vec![domain("x.onmicrosoft.com", false), domain("x.example", false), domain("fed.example", true)]),
            recycle_bin_read: true,
            groups_read: true,
            contacts_read: true,
            roles: Some(Vec::new()),
            features: Some([("softMatchOnUpnEnabled".into(), true)].into()),
            ..ObservedTenant::default()
        };
        let forest = ObservedForest { name: "corp".into(), ..ObservedForest::default() };
        let desired = Desired {
            forests: vec![ForestSpec { name: "corp".into(), anchor: AnchorMode::ConsistencyGuid }],
            ..Desired::default()
        };
        Self { desired, observed: Observed { forests: vec![forest], tenant } }
    }

    /// An AD user `name` with sAMAccountName and UPN of that name.
    fn ad(mut self, name: &str, object_guid: &str, edit: impl FnOnce(&mut AdUser)) -> Self {
        let users = &mut self.observed.forests[0].users;
        let number = u32::try_from(users.len()).unwrap() + 1;
        let mut user = AdUser::new(guid(object_guid), format!("CN={name},OU=Staff,DC=corp").parse().unwrap());
        user.sam = Some(name.into());
        user.upn = Some(format!("{name}@x.example").into());
        user.sid = Some(sid(number));
        user.enabled = Some(true);
        edit(&mut user);
        users.push(user);
        self
    }

    /// A cloud user `name@x.example` that was never synced.
    fn cloud(mut self, n: u8, name: &str, id: Option<ImmutableId>, edit: impl FnOnce(&mut CloudUser)) -> Self {
        let upn = if name.contains('@') { name.to_owned() } else { format!("{name}@x.example") };
        let mut user = CloudUser::new(entra(n), &upn, id);
        user.sync_enabled = Known::Null;
        user.sid = Known::Null;
        user.object_identifier = Known::Null;
        user.traits_mut().licenses = Known::Is(Texts::default());
        user.last_sign_in = Known::Null;
        user.traits_mut().user_type = Known::Is(UserKind::Member);
        user.traits_mut().account_enabled = Known::Is(true);
        user.proxy_addresses = Known::Is(Texts::default());
        user.mail = Known::Null;
        edit(&mut user);
        self.observed.tenant.users.push(user);
        self
    }

    fn map(mut self, on_prem: &str, cloud: &str, edit: impl FnOnce(&mut Mapping)) -> Self {
        let line = u32::try_from(self.desired.mappings.len()).unwrap() + 1;
        let key = OnPremKey::Sam { domain: None, name: on_prem.into() };
        let on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: on_prem.into() });
        let mut mapping = Mapping::new(Source { file: Arc::from("hardmatch.yaml"), line }, on_prem, account(cloud));
        edit(&mut mapping);
        self.desired.mappings.push(mapping);
        self
    }

    fn plan(&self) -> Body {
        self.plan_with(&Options::default())
    }

    fn plan_with(&self, options: &Options) -> Body {
        compute(&self.desired, &mut self.observed.clone(), options).unwrap()
    }
}

fn account(name: &str) -> CloudSelector {
    let text = if name.contains('@') { name.to_owned() } else { format!("{name}@x.example") };
    CloudSelector { key: CloudKey::Upn(text.parse().unwrap()), text: text.into() }
}

fn decide(name: &str, resolve: Resolve) -> impl FnOnce(&mut Mapping) {
    let decision =
        HolderDecision { account: account(name), resolve, because: None, source: Source { file: Arc::from("y"), line: 9 } };
    move |mapping| mapping.holders.push(decision)
}

fn by_id(n: u8) -> CloudSelector {
    CloudSelector { key: CloudKey::Id(entra(n)), text: entra(n).to_string().into() }
}

/// A decision on the account with this id.
fn decide_of(n: u8, resolve: Resolve) -> impl FnOnce(&mut Mapping) {
    let decided = decide("somebody", resolve);
    move |mapping| {
        decided(mapping);
        mapping.holders.iter_mut().for_each(|decision| decision.account = by_id(n));
    }
}

fn accept(code: Acceptable) -> impl FnOnce(&mut Mapping) {
    move |mapping| {
        mapping.accept.insert(code);
    }
}

fn nothing<T>(_: &mut T) {}

fn kinds(body: &Body) -> Vec<String> {
    body.actions.iter().map(|action| format!("{} {}", action.kind, action.target.upn.split('@').next().unwrap())).collect()
}

fn blockers(body: &Body) -> Vec<Code> {
    body.findings.iter().filter(|finding| finding.severity == Severity::Blocker).map(|finding| finding.code).collect()
}

fn codes(body: &Body) -> Vec<Code> {
    body.findings.iter().map(|finding| finding.code).collect()
}
