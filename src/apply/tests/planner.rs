//! Small plans made by hand, checked against the tenant model as they grow.

use super::*;

/// Builds actions as a planner does: each relies on what the ones before it leave behind.
pub(super) struct Planner {
    tenant: Tenant,
    pub(super) actions: Vec<Action>,
}

impl Planner {
    pub(super) fn new() -> Self {
        Self::of(observed_tenant())
    }

    pub(super) fn of(tenant: ObservedTenant) -> Self {
        Self { tenant: Tenant::new(tenant), actions: Vec::new() }
    }

    /// Adds a write to account `n`, checks that the model takes it, and gives its place.
    pub(super) fn add(&mut self, kind: ActionKind, n: u8, after: (FactName, FactValue), needs: &[usize]) -> usize {
        let user = self.tenant.by_id(&id(n)).and_then(|place| self.tenant.user(place)).cloned();
        let upn = user.as_ref().unwrap().original_upn().to_owned();
        let is_deleted = user.as_ref().unwrap().is_deleted();
        let facts = AccountFacts { user, roles: Known::Is(Vec::new()), privileged_roles: Known::Is(Vec::new()) };
        let mut relied_on = vec![
            FactName::AssignedLicenses,
            FactName::OnPremisesImmutableId,
            FactName::OnPremisesSecurityIdentifier,
            FactName::OnPremisesSyncEnabled,
            FactName::PrivilegedRoles,
            FactName::State,
            FactName::UserPrincipalName,
        ];
        let touched = self.actions.iter().any(|action| action.target.entra_id() == Some(id(n)));
        if is_deleted && !touched {
            relied_on.push(FactName::DeletedDateTime);
        }
        let before: Facts = relied_on.into_iter().map(|name| (name, facts.get(name).unwrap())).collect();
        let mut action =
            Action::new(kind, &format!("m{n}"), Target::account(id(n), &upn), before, Facts::from_iter([after]), "test".into());
        action.depends_on = needs.iter().map(|place| self.actions[*place].id.clone()).collect();
        self.tenant.apply(&action.change().unwrap(), NOW).unwrap();
        self.actions.push(action);
        self.actions.len() - 1
    }

    pub(super) fn set(&mut self, n: u8, anchor_of: u8, needs: &[usize]) -> usize {
        let value = FactValue::text(anchor(anchor_of));
        self.add(ActionKind::SetImmutableId, n, (FactName::OnPremisesImmutableId, value), needs)
    }

    pub(super) fn clear(&mut self, n: u8, needs: &[usize]) -> usize {
        self.add(ActionKind::ClearImmutableId, n, (FactName::OnPremisesImmutableId, FactValue::Null), needs)
    }

    pub(super) fn state(&mut self, kind: ActionKind, n: u8, word: &str, needs: &[usize]) -> usize {
        self.add(kind, n, (FactName::State, FactValue::text(word)), needs)
    }

    pub(super) fn upn(&mut self, n: u8, upn: &str, needs: &[usize]) -> usize {
        let after = (FactName::UserPrincipalName, FactValue::text(upn));
        self.add(ActionKind::SetUserPrincipalName, n, after, needs)
    }

    pub(super) fn stamp(&mut self, n: u8, value: u8) -> usize {
        let before = Facts::from_iter([(FactName::ConsistencyGuid, FactValue::Null)]);
        let after = Facts::from_iter([(FactName::ConsistencyGuid, FactValue::text(anchor(value)))]);
        let target = Target::ad_user("corp", guid(n), "u");
        let kind = ActionKind::StampConsistencyGuid;
        self.actions.push(Action::new(kind, &format!("m{n}"), target, before, after, "test".into()));
        self.actions.len() - 1
    }

    pub(super) fn swap(&mut self) {
        let cleared = self.clear(1, &[]);
        let second = self.set(2, 2, &[cleared]);
        self.set(1, 1, &[cleared, second]);
    }

    pub(super) fn purge_chain(&mut self) {
        let deleted = self.state(ActionKind::SoftDelete, 4, "deleted", &[]);
        let purged = self.state(ActionKind::Purge, 4, "gone", &[deleted]);
        self.set(3, 3, &[purged]);
    }

    pub(super) fn purge_of_deleted(&mut self) {
        let purged = self.state(ActionKind::Purge, 6, "gone", &[]);
        self.set(5, 5, &[purged]);
    }

    pub(super) fn clear_of_deleted(&mut self) {
        let restored = self.state(ActionKind::Restore, 8, "live", &[]);
        let cleared = self.clear(8, &[restored]);
        self.state(ActionKind::SoftDelete, 8, "deleted", &[cleared]);
        self.set(7, 7, &[cleared]);
    }

    pub(super) fn detour(&mut self) {
        let parked = self.upn(9, "u9@x.onmicrosoft.com", &[]);
        let set = self.set(9, 9, &[parked]);
        self.upn(9, "u9@fed.example", &[set]);
    }

    /// Everything at once.
    pub(super) fn everything() -> Self {
        let mut planner = Self::new();
        planner.swap();
        planner.purge_chain();
        planner.purge_of_deleted();
        planner.clear_of_deleted();
        planner.detour();
        planner.stamp(10, 100);
        planner.set(11, 11, &[]);
        planner
    }

    pub(super) fn body(self) -> Body {
        body(self.actions)
    }
}

/// A body around actions; mapping `mN` links AD user N to account N, by the ID that is stamped if one is.
pub(super) fn body(actions: Vec<Action>) -> Body {
    let stamped = |n: u8| actions.iter().filter(|action| action.mapping == format!("m{n}")).find_map(stamp_of);
    let mapping = |n: u8| PlannedMapping {
        anchor: Some(stamped(n).unwrap_or_else(|| anchor(n)).into()),
        anchor_from: Some("objectGuid".into()),
        cloud: Some(PlanCloudUser { id: id(n), upn: format!("u{n}@x.example").into() }),
        id: format!("m{n}").into(),
        next_sync: None,
        on_prem: Some(PlanAdUser {
            dn: Some(format!("CN=u{n},DC=corp,DC=local").into()),
            forest: Some("corp".into()),
            object_guid: Some(guid(n)),
            object_sid: Some(sid(n)),
            sam: Some(format!("u{n}").into()),
        }),
        source: PlanSource { file: "hardmatch.yaml".into(), line: u32::from(n) },
        state: MappingState::Planned,
    };
    Body {
        mappings: (1..=12).map(mapping).collect(),
        actions,
        findings: Vec::new(),
        forests: vec![PlanForest { anchor: "consistencyGuid".into(), domain_sid: None, name: "corp".into(), users: 12 }],
        inputs: Inputs { config: String::new(), policy: String::new() },
        proof: Proof::default(),
        leaves: Vec::new(),
        rollback_of: None,
        status: Status::Ready,
        summary: Summary::default(),
        tenant: PlanTenant {
            deleted_users: 2,
            id: Some("11111111-1111-1111-1111-111111111111".into()),
            initial_domain: Some("x.onmicrosoft.com".into()),
            users: 11,
        },
    }
}

fn stamp_of(action: &Action) -> Option<String> {
    match action.after.get(&FactName::ConsistencyGuid)? {
        FactValue::Text(id) => Some(id.clone()),
        other @ (FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) => panic!("{other:?}"),
    }
}
