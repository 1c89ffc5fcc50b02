//! A plan of any size with names that try to break out of what they are shown in; the same on every run.

use fastrand::Rng;
use hardmatch::model::{FactName, FactValue, Facts};
use hardmatch::plan::action::{Action, ActionKind, Target};
use hardmatch::plan::body::*;
use hardmatch::plan::finding::{Code, Finding, Severity};
use hardmatch::plan::next_sync::{NextAccount, NextSync, Outcome};
use hardmatch::planfile::{Meta, PlanFile};

/// Pieces of names, each an attempt of its own.
const PIECES: [&str; 24] = [
    "`",
    "```",
    "|",
    " | --- | ",
    "@team",
    "#12 GH-3",
    "</script><script>alert(1)</script>",
    "<!--",
    "-->",
    "<img src=x onerror=alert(1)>",
    "]]>",
    "\u{202e}",
    "\u{2066}\u{200f}",
    "\n\n## Approved",
    "\r\n::error::",
    "\u{2028}",
    "👩\u{200d}🔬",
    "王小明",
    "e\u{301}\u{323}\u{32d}\u{360}",
    "שלום",
    "[a](javascript:alert(1))",
    "**b** ~~s~~ $x$",
    "https://x.example www.x.example",
    "\\u003c&lt;&#60;\\|",
];

/// What a plan is grown from.
struct Garden {
    rng: Rng,
    actions: Vec<Action>,
    mappings: Vec<PlannedMapping>,
    findings: Vec<Finding>,
}

/// A plan with `count` actions.
pub(crate) fn plan(count: usize) -> PlanFile {
    let mut garden = Garden { rng: Rng::with_seed(2_026), actions: Vec::new(), mappings: Vec::new(), findings: Vec::new() };
    while garden.actions.len() < count {
        garden.grow(count - garden.actions.len());
    }
    garden.finding(Code::LimitExceeded, None);
    garden.harvest()
}

impl Garden {
    /// One or two mappings with what belongs to them; at most `room` actions.
    fn grow(&mut self, room: usize) {
        match self.rng.u8(0..10) {
            0 => self.blocked(),
            1 | 2 => self.quiet(),
            3 if room >= 3 => self.swap(),
            4 | 5 if room >= 3 => self.twin(),
            6 if room >= 2 => self.stamp(),
            _ => self.set(),
        }
    }

    fn blocked(&mut self) {
        let id = self.mapping(MappingState::Blocked);
        let codes: Vec<Code> = Code::ALL.iter().copied().filter(|code| code.severity() == Severity::Blocker).collect();
        let code = codes[self.rng.usize(..codes.len())];
        self.finding(code, Some(id));
    }

    fn quiet(&mut self) {
        let state = if self.rng.bool() { MappingState::Linked } else { MappingState::Armed };
        self.mapping(state);
    }

    fn set(&mut self) {
        let (id, account) = (self.planned(), self.account());
        let new = self.anchor();
        self.act(ActionKind::SetImmutableId, &id, account, holding(None), holding(Some(&new)));
    }

    /// Two accounts exchange their IDs.
    fn swap(&mut self) {
        let (one, other) = (self.planned(), self.planned());
        let (left, right) = (self.account(), self.account());
        let (a, b) = (self.anchor(), self.anchor());
        self.act(ActionKind::ClearImmutableId, &one, left.clone(), holding(Some(&a)), holding(None));
        self.act(ActionKind::SetImmutableId, &other, right, holding(Some(&b)), holding(Some(&a)));
        self.waits_for_the_one_before();
        self.act(ActionKind::SetImmutableId, &one, left, holding(None), holding(Some(&b)));
        self.waits_for_the_one_before();
    }

    /// A second account is purged, and the first gets its ID.
    fn twin(&mut self) {
        let (id, account, twin) = (self.planned(), self.account(), self.account());
        let new = self.anchor();
        let state = |word: &str| Facts::from_iter([(FactName::State, FactValue::text(word))]);
        let mut live = state("live");
        live.extend(holding(Some(&new)));
        self.act(ActionKind::SoftDelete, &id, twin.clone(), live, state("deleted"));
        self.act(ActionKind::Purge, &id, twin, state("deleted"), state("gone"));
        self.waits_for_the_one_before();
        self.act(ActionKind::SetImmutableId, &id, account, holding(None), holding(Some(&new)));
        self.waits_for_the_one_before();
    }

    fn stamp(&mut self) {
        let (id, new) = (self.planned(), self.anchor());
        let (guid, forest, name) = (self.id().parse().unwrap(), self.text(), self.text());
        let stamped = |id: FactValue| Facts::from_iter([(FactName::ConsistencyGuid, id)]);
        let user = Target::ad_user(&forest, guid, &name);
        self.act(ActionKind::StampConsistencyGuid, &id, user, stamped(FactValue::Null), stamped(FactValue::text(&new)));
        let account = self.account();
        self.act(ActionKind::SetImmutableId, &id, account, holding(None), holding(Some(&new)));
        self.waits_for_the_one_before();
    }

    fn act(&mut self, kind: ActionKind, mapping: &str, target: Target, mut before: Facts, after: Facts) {
        if target.entra_id().is_some() {
            let (state, name) = (FactValue::text("live"), FactValue::text(&*target.upn));
            before.entry(FactName::OnPremisesImmutableId).or_insert(FactValue::Null);
            before.entry(FactName::State).or_insert(state);
            before.insert(FactName::UserPrincipalName, name);
        }
        self.link(kind, mapping, &target, &after);
        let reason = self.text();
        self.actions.push(Action::new(kind, mapping, target, before, after, reason));
    }

    /// An ID goes to the account, or the AD user, of its mapping.
    fn link(&mut self, kind: ActionKind, mapping: &str, target: &Target, after: &Facts) {
        let Some(mapping) = self.mappings.iter_mut().rfind(|own| own.id == mapping) else { return };
        let anchor = match after.iter().next() {
            Some((_, FactValue::Text(id))) => Some(id.as_str().into()),
            _ => None,
        };
        match (kind, &mut mapping.on_prem) {
            (ActionKind::SetImmutableId, _) => {
                mapping.anchor = anchor;
                mapping.cloud = Some(PlanCloudUser { id: target.entra_id().unwrap(), upn: (&*target.upn).into() });
            }
            (ActionKind::StampConsistencyGuid, Some(user)) => {
                mapping.anchor = anchor;
                (user.object_guid, user.forest) = (target.object_guid(), target.forest().map(Into::into));
            }
            _ => {}
        }
    }

    fn waits_for_the_one_before(&mut self) {
        let [.., earlier, last] = self.actions.as_mut_slice() else { return };
        last.depends_on = vec![earlier.id.clone()];
    }

    fn planned(&mut self) -> String {
        let id = self.mapping(MappingState::Planned);
        if self.rng.u8(0..6) == 0 {
            let codes: Vec<Code> = Code::ALL.iter().copied().filter(|code| code.severity() != Severity::Blocker).collect();
            let code = codes[self.rng.usize(..codes.len())];
            self.finding(code, Some(id.clone()));
        }
        id
    }

    fn mapping(&mut self, state: MappingState) -> String {
        let id = format!("{}{}", self.mappings.len(), self.text());
        let cloud = PlanCloudUser { id: self.id().parse().unwrap(), upn: self.text().into() };
        let on_prem = PlanAdUser {
            dn: Some(format!("CN={}", self.text()).into()),
            forest: Some(["corp", "old", "l|a`b"][self.rng.usize(..3)].into()),
            object_guid: self.id().parse().ok(),
            object_sid: None,
            sam: Some(self.text().into()),
        };
        let source = PlanSource { file: "wave|1`.csv".into(), line: self.rng.u32(1..99_999) };
        let (anchor, next_sync) = (Some(self.anchor().into()), Some(Box::new(self.next_sync(&cloud))));
        let anchor_from = Some("objectGuid".into());
        let on_prem = Some(on_prem);
        let mapping =
            PlannedMapping { anchor, anchor_from, cloud: Some(cloud), id: (&*id).into(), next_sync, on_prem, source, state };
        self.mappings.push(mapping);
        id
    }

    fn next_sync(&mut self, cloud: &PlanCloudUser) -> NextSync {
        let is_usual = self.rng.u8(0..10) > 0;
        let outcome = if is_usual { Outcome::HardMatch } else { Outcome::ALL[self.rng.usize(..Outcome::ALL.len())] };
        let account = Some(NextAccount { id: Some(cloud.id), upn: cloud.upn.clone() });
        NextSync { account, code: None, notes: [self.text()].into(), outcome, rule: self.text().into(), since: None }
    }

    fn finding(&mut self, code: Code, mapping: Option<String>) {
        let (message, hint) = (self.text(), self.text());
        let mut finding = Finding::general(code, message).hint(hint);
        finding.mapping = mapping;
        let count = self.rng.usize(0..9);
        let objects: Vec<String> = (0..count).map(|_| self.text()).collect();
        let steps = [self.text(), self.text()];
        self.findings.push(finding.objects(objects).steps(steps));
    }

    fn account(&mut self) -> Target {
        let (id, name) = (self.id().parse().unwrap(), self.text());
        Target::account(id, &name)
    }

    fn id(&mut self) -> String {
        uuid::Uuid::from_u128(self.rng.u128(..)).to_string()
    }

    fn anchor(&mut self) -> String {
        let letters = (0..22).map(|_| self.rng.alphanumeric());
        format!("{}==", letters.collect::<String>())
    }

    /// Words with attempts between them; now and then far too long.
    fn text(&mut self) -> String {
        let count = if self.rng.u16(0..2_000) == 0 { 120 } else { self.rng.usize(1..4) };
        let piece = |rng: &mut Rng| format!("{}user{}", PIECES[rng.usize(..PIECES.len())], rng.u16(..));
        (0..count).map(|_| piece(&mut self.rng)).collect()
    }

    fn harvest(self) -> PlanFile {
        let Self { actions, mappings, findings, .. } = self;
        let tenant =
            PlanTenant { deleted_users: 9, id: None, initial_domain: Some("</title>`|.onmicrosoft.com".into()), users: 90_000 };
        let body = Body {
            summary: summary(&actions, &mappings, &findings),
            actions,
            findings,
            forests: vec![PlanForest { anchor: "objectGuid".into(), domain_sid: None, name: "l|a`b".into(), users: 80_000 }],
            inputs: Inputs { config: "sha256:01".into(), policy: "sha256:02".into() },
            mappings,
            proof: Proof { groups: 1, interruptions: 2, replanned: 3, steps: 4 },
            leaves: Vec::new(),
            rollback_of: None,
            status: Status::Blocked,
            tenant,
        };
        let meta = Meta {
            commit: Some("4f41f60".into()),
            config: Some("--><b>hardmatch.yaml".into()),
            created_at: "2026-11-25T08:00:00Z".into(),
            tool: "hardmatch 0.1.0".into(),
        };
        PlanFile { meta, body }
    }
}

fn holding(id: Option<&str>) -> Facts {
    Facts::from_iter([(FactName::OnPremisesImmutableId, id.map_or(FactValue::Null, FactValue::text))])
}

/// Counts in which every word is named.
fn summary(actions: &[Action], mappings: &[PlannedMapping], findings: &[Finding]) -> Summary {
    let count = |words: Vec<&str>, found: Vec<&str>| {
        let of = |word: &str| found.iter().filter(|other| **other == word).count() as u64;
        words.into_iter().map(|word| (word.to_owned(), of(word))).collect()
    };
    Summary {
        actions: count(ActionKind::ALL.map(ActionKind::name).into(), actions.iter().map(|action| action.kind.name()).collect()),
        findings: count(
            Severity::ALL.map(Severity::word).into(),
            findings.iter().map(|finding| finding.severity.word()).collect(),
        ),
        mappings: count(
            MappingState::ALL.map(MappingState::word).into(),
            mappings.iter().map(|mapping| mapping.state.word()).collect(),
        ),
    }
}
