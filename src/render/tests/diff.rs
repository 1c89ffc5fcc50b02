//! What changed between two plans, as people read it.

use super::*;

/// The sample planned again: the blocked mapping is decided, one write is gone, one changed, the tenant grew.
fn again() -> PlanFile {
    let mut new = sample();
    new.body.actions.remove(3);
    new.body.actions[2].before.insert(FactName::OnPremisesImmutableId, FactValue::text("4AQlP4lP0xGaDAMF6CwzAB=="));
    new.body.mappings[1].state = MappingState::Armed;
    new.body.mappings[2].state = MappingState::Detached;
    new.body.mappings[3].anchor = Some("4AQlP4lP0xGadAMF6CwzAQ==".into());
    new.body.findings.remove(0);
    new.body.findings.push(Finding::new(Code::AcceptUnused, "q", "`anchor-opaque` was accepted and did not occur"));
    let mut new = with(new.body.actions, new.body.findings, new.body.mappings, Status::Ready);
    new.body.tenant.users = 201;
    new
}

pub(super) fn diff_text(old: &PlanFile, new: &PlanFile) -> String {
    let mut out = Vec::new();
    diff_human(&PlanDiff::new(old, new), &PLAIN, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn diff_tells_what_came_went_and_changed() {
    insta::assert_snapshot!(diff_text(&sample(), &again()), @r#"
    hardmatch diff of 6261af and bd5eca

    Plan
      status: blocked -> ready
      tenant.users:
        - 200
            ^
        + 201
            ^

    Actions: 2
      - clear ImmutableID of m@contoso.com  [m]
      ~ set ImmutableID of james.bond@contoso.com to 4AQlP4lP0xGaDAMF6CwzAQ== (GUID
        3f2504e0-4f89-11d3-9a0c-0305e82c3301)  [james.bond]
          before.onPremisesImmutableId: (none) -> 4AQlP4lP0xGaDAMF6CwzAB==

    Mappings: 3
      ~ eve  hardmatch.yaml:16  armed
          state: blocked -> armed
      ~ m  hardmatch.yaml:21  detached
          state: planned -> detached
      ~ q  hardmatch.yaml:24  linked
          anchor:
            - 4AQlP4lP0xGaDAMF6CwzAQ==  (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301)
                          ^
            + 4AQlP4lP0xGadAMF6CwzAQ==  (GUID 3f2504e0-4f89-11d3-9a74-0305e82c3301)
                          ^

    Findings: 2
      - blocker holder-undecided  [eve]: `eve.old@contoso.com` (live) holds the
        ImmutableID that `eve@contoso.com` is to get
      + warning accept-unused  [q]: `anchor-opaque` was accepted and did not occur

    Diff: 1 action gone, 1 changed · 3 mappings changed · 1 finding gone, 1 new · 2 other values changed · digest 6261af -> bd5eca
    "#);
    insta::assert_snapshot!(diff_markdown(&PlanDiff::new(&sample(), &again())), @r#"
    <!-- hardmatch diff tenant=11111111-2222-4333-8444-555555555555 -->
    ## hardmatch diff

    **Diff: 1 action gone, 1 changed · 3 mappings changed · 1 finding gone, 1 new · 2 other values changed · digest 6261af -> bd5eca**

    ### Actions: 2

    |  | what | mapping | what changed |
    | --- | --- | --- | --- |
    | `-` | clear ImmutableID of `m@contoso.com` | `m` |  |
    | `~` | set ImmutableID of `james.bond@contoso.com` to `4AQlP4lP0xGaDAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301) | `james.bond` | before.onPremisesImmutableId: (none) → `4AQlP4lP0xGaDAMF6CwzAB==` |

    ### Plan: 2

    | what changed |
    | --- |
    | status: `blocked` → `ready` |
    | tenant.users: `200` → `201` |

    <details><summary>Findings: 2</summary>

    |  | what | mapping | what changed |
    | --- | --- | --- | --- |
    | `-` | blocker holder-undecided: `eve.old@contoso.com` (live) holds the ImmutableID that `eve@contoso.com` is to get | `eve` |  |
    | `+` | warning accept-unused: `anchor-opaque` was accepted and did not occur | `q` |  |

    </details>

    <details><summary>Mappings: 3</summary>

    |  | what | mapping | what changed |
    | --- | --- | --- | --- |
    | `~` | armed | `eve`<br>`hardmatch.yaml:16` | state: `blocked` → `armed` |
    | `~` | detached | `m`<br>`hardmatch.yaml:21` | state: `planned` → `detached` |
    | `~` | linked | `q`<br>`hardmatch.yaml:24` | anchor: `4AQlP4lP0xGaDAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301) → `4AQlP4lP0xGadAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a74-0305e82c3301) |

    </details>
    "#);
    let mut out = Vec::new();
    diff_json(&PlanDiff::new(&sample(), &again()), &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&json["same"], json["actions"]["gone"].as_array().unwrap().len()), (&false.into(), 1));
    assert_eq!(json["mappings"]["changed"][0]["fields"][0]["after"], "armed");
}

#[test]
fn diff_of_a_plan_with_itself_is_nothing_and_no_change_goes_unseen() {
    insta::assert_snapshot!(diff_text(&sample(), &sample()), @r#"
    hardmatch diff of 6261af and 6261af

    Diff: the plans are the same · digest 6261af
    "#);
    let changes: [fn(&mut PlanFile); 9] = [
        |plan| plan.body.actions.swap(2, 3),
        |plan| plan.body.mappings.swap(0, 1),
        |plan| plan.body.findings.swap(0, 1),
        |plan| plan.body.findings.push(plan.body.findings[0].clone()),
        |plan| plan.body.forests[0].users += 1,
        |plan| plan.body.inputs.policy.push('1'),
        |plan| plan.body.proof.steps += 1,
        |plan| plan.body.rollback_of = Some("run".into()),
        |plan| plan.body.actions[0].reason.push('!'),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut new = sample();
        change(&mut new);
        let old = sample();
        let diff = PlanDiff::new(&old, &new);
        let seen = !(diff.actions.is_empty() && diff.mappings.is_empty() && diff.findings.is_empty() && diff.other.is_empty());
        assert!(!diff.is_same() && (seen || diff.reordered), "{number}: {}", diff.summary());
    }
}
