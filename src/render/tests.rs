mod diff;
mod explain;
mod hostile;
mod verify;

use std::collections::HashSet;

use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::model::{FactName, FactValue};
use crate::plan::action::{Action, ActionKind, Target};
use crate::plan::body::{MappingState, Status};
use crate::plan::finding::{Code, Finding};
use crate::planfile::PlanFile;
use crate::planfile::sample::{facts, mapping, sample, with};

const PLAIN: Style = Style { color: false, width: 80, all: false };

fn human_text(plan: &PlanFile, style: Style) -> String {
    let mut out = Vec::new();
    human(&PlanView::new(plan), &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_plan_of_a_rollback_tells_of_the_tenant_before_the_run() {
    let mut plan = sample();
    plan.body.rollback_of = Some("01a21e01-89cb-7496-a19b-7a8b84f9ffd0".into());
    let view = PlanView::new(&plan);
    let mut page = Vec::new();
    html(&view, &mut page).unwrap();
    for text in [human_text(&plan, PLAIN), markdown(&view), String::from_utf8(page).unwrap()] {
        assert!(text.contains("200 live, 3 in the recycle bin before the run"), "{text}");
    }
}

#[test]
fn human_reads_from_what_needs_attention_to_the_summary() {
    insta::assert_snapshot!(human_text(&sample(), PLAIN), @r#"
    hardmatch plan for contoso.onmicrosoft.com

      tenant   11111111-2222-4333-8444-555555555555
      users    200 live, 3 in the recycle bin
      forest   corp: 210 users, source anchor consistencyGuid
      made     2026-11-25T08:00:00Z by hardmatch 0.1.0 from hardmatch.yaml, commit
               4f41f60
      proof    4 steps carried out on the tenant model, 4 interruptions tried
      status   blocked: something stands in the way, `apply` refuses

    Blockers: 1

      holder-undecided (1): Another account holds the wanted ImmutableID, and there
      is no decision on it that can be carried out.
      * eve  hardmatch.yaml:16
          `eve.old@contoso.com` (live) holds the ImmutableID that `eve@contoso.com`
          is to get
          hint: decide under `holders` what becomes of it: purge or clear
          1. Look whether anybody uses eve.old@contoso.com
          2. Add it to `holders` of this mapping
          3. Plan again

    Cannot be undone: 1 action

      ! 2 remove bond4711@contoso.onmicrosoft.com from the recycle bin for ever
          (0f8fad5b-d9cb-469f-a165-70867728950e)

    Actions: 4

      james.bond  hardmatch.yaml:12
      - 1 move bond4711@contoso.onmicrosoft.com to the recycle bin
          state: live -> deleted
          only if onPremisesImmutableId 4AQlP4lP0xGaDAMF6CwzAQ==, userPrincipalName
                  bond4711@contoso.onmicrosoft.com
          because it holds the ImmutableID of james.bond, and the YAML says purge
      ! 2 remove bond4711@contoso.onmicrosoft.com from the recycle bin for ever
          state: deleted -> gone
          only if onPremisesImmutableId 4AQlP4lP0xGaDAMF6CwzAQ==, userPrincipalName
                  bond4711@contoso.onmicrosoft.com
          because the recycle bin keeps an ImmutableID in use
      + 3 set ImmutableID of james.bond@contoso.com to 4AQlP4lP0xGaDAMF6CwzAQ==
          (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301)
          onPremisesImmutableId:
            - (none)
            + 4AQlP4lP0xGaDAMF6CwzAQ==  (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301)
          only if onPremisesSyncEnabled false, state live, userPrincipalName
                  james.bond@contoso.com
          because the AD user's source anchor

      m  hardmatch.yaml:21
      - 4 clear ImmutableID of m@contoso.com
          onPremisesImmutableId:
            - MyIRAFVEd2aImaq7zN3u/w==  (GUID 00112233-4455-6677-8899-aabbccddeeff)
            + (none)
          only if state live, userPrincipalName m@contoso.com
          because onPrem: none

    Warnings: 2

      not-checked (1): A part of the directories is unknown, so something could not
      be checked.
      * the whole plan
          the export names no groups and contacts
          hint: export them with `hardmatch snapshot`

      takeover-overwrites (1): What Active Directory will change on the account once
      sync takes over.
      * james.bond  hardmatch.yaml:12
          sync will change the job title from `Agent` to `007`

    Next sync, once this is carried out: 1 × new account, 1 × hard match, 1 ×
    already linked

      ? eve
          new account eveNNNN@contoso.onmicrosoft.com: nobody has the anchor
          * beside eve@contoso.com (id 0): InvalidSoftMatch: it has another
            ImmutableID

    Mappings: 4

     state      mapping     AD user            cloud user         written at
     ~ planned  james.bond  james.bond (corp)  james.bond@contos  hardmatch.yaml:12
                                               o.com
     x blocked  eve         eve (corp)         eve@contoso.com    hardmatch.yaml:16
     ~ planned  m           (none)             m@contoso.com      hardmatch.yaml:21
     = linked   q           q (corp)           q@contoso.com      hardmatch.yaml:24

    Plan: 1 to set, 1 to clear, 1 to delete, 1 to purge · 1 mapping blocked, 2 planned, 1 linked · 1 blocker, 2 warnings · blocked · digest 6261af
    "#);
}

/// A plan in which each of `count` mappings purges a twin, sets an ID and has a finding.
pub(super) fn large(count: usize, name: impl Fn(usize) -> String) -> PlanFile {
    let mut actions = Vec::new();
    let (mut mappings, mut findings) = (Vec::new(), Vec::new());
    for number in 0..count {
        let id = name(number);
        let target = |half: u32| Target::account(format!("{number:08x}-0000-4000-8000-{half:012x}").parse().unwrap(), &id);
        let gone = facts([(FactName::State, FactValue::text("gone"))]);
        actions.push(Action::new(ActionKind::Purge, &id, target(1), facts([]), gone, id.clone()));
        let set = facts([(FactName::OnPremisesImmutableId, FactValue::text("4AQlP4lP0xGaDAMF6CwzAQ=="))]);
        actions.push(Action::new(ActionKind::SetImmutableId, &id, target(2), facts([]), set, id.clone()));
        let state = if number % 10 == 9 { MappingState::Linked } else { MappingState::Planned };
        mappings.push(mapping(&id, 1, state));
        let code = [Code::OnpremNotFound, Code::HolderSynced, Code::TakeoverOverwrites][number % 3];
        let finding = Finding::new(code, &id, format!("{id} is odd"));
        findings.push(if number % 3 == 0 {
            finding.hint("look for typing errors")
        } else {
            finding.hint(id.clone()).steps([id])
        });
    }
    with(actions, findings, mappings, Status::Blocked)
}

#[test]
fn human_stays_short_when_the_plan_is_large_and_shows_all_on_request() {
    let plan = large(5_000, |number| format!("user{number}"));
    let text = human_text(&plan, PLAIN);
    assert!(text.lines().count() < 1000, "{}", text.lines().count());
    let mut rest: Vec<&str> = text.lines().filter(|line| line.contains('…')).collect();
    rest.extend(text.lines().rev().take(2).collect::<Vec<_>>().into_iter().rev());
    let shortened = rest.join("\n");
    insta::assert_snapshot!(shortened, @r#"
      … and 1,647 more
      … and 1,647 more
      … and 4,900 more that cannot be undone
      … and 9,940 more actions of 4,970 mappings
      … and 1,626 more
      … and 4,950 more mappings: 4,450 planned, 500 linked
    `hardmatch show PLAN --all` shows every row
    Plan: 5,000 to set, 5,000 to purge · 4,500 mappings planned, 500 linked · 3,334 blockers, 1,666 warnings · blocked · digest d3c302
    "#);
    let all = human_text(&large(300, |number| format!("user{number}")), Style { all: true, ..PLAIN });
    let words: HashSet<&str> = all.split_whitespace().collect();
    assert!(!all.contains('…') && (0..300).all(|number| words.contains(&*format!("user{number}@contoso.com"))));
}

#[test]
fn human_fits_its_columns_whatever_the_names() {
    let names = ["王小明".repeat(30), "zoe\u{308} ".repeat(40), "a".repeat(300), "x y".into()];
    let plan = large(4, |number| names[number].clone());
    for width in [60, 80, 120] {
        let text = human_text(&plan, Style { width, ..PLAIN });
        for line in text.lines().filter(|line| !line.starts_with("Plan: ")) {
            assert!(line.width() <= width, "{width} {}: {line}", line.width());
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let colour = human_text(&sample(), Style { color: true, ..PLAIN });
    assert!(colour.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&colour).to_string(), human_text(&sample(), PLAIN));
}

#[test]
fn markdown_reads_well_in_a_pull_request() {
    insta::assert_snapshot!(markdown(&PlanView::new(&sample())), @r#"
    <!-- hardmatch plan tenant=11111111-2222-4333-8444-555555555555 config=hardmatch.yaml -->
    ## hardmatch plan: blocked

    **Plan: 1 to set, 1 to clear, 1 to delete, 1 to purge · 1 mapping blocked, 2 planned, 1 linked · 1 blocker, 2 warnings · blocked · digest 6261af**

    | | |
    | --- | --- |
    | status | blocked: something stands in the way, `apply` refuses |
    | tenant | `contoso.onmicrosoft.com` `11111111-2222-4333-8444-555555555555` |
    | users | 200 live, 3 in the recycle bin |
    | forest | `corp`: 210 users, source anchor `consistencyGuid` |
    | next sync | 1 × new account, 1 × hard match, 1 × already linked |
    | made | 2026-11-25T08:00:00Z by hardmatch 0.1.0 from hardmatch.yaml, commit 4f41f60 |
    | digest | `sha256:6261af9146061d1e9120235d833b678f34ec9431e640c5b87dc1622ac18f259b` |

    ### Blockers: 1

    - **holder-undecided** (1): Another account holds the wanted ImmutableID, and there is no decision on it that can be carried out.

    | code | mapping | what was found | what to do |
    | --- | --- | --- | --- |
    | holder-undecided | `eve`<br>`hardmatch.yaml:16` | `eve.old@contoso.com` (live) holds the ImmutableID that `eve@contoso.com` is to get | decide under `holders` what becomes of it: purge or clear<br>1. Look whether anybody uses `eve.old@contoso.com`<br>2. Add it to `holders` of this mapping<br>3. Plan again |

    ### Cannot be undone: 1

    | step | what | object | mapping | why |
    | --- | --- | --- | --- | --- |
    | 2 | remove `bond4711@contoso.onmicrosoft.com` from the recycle bin for ever | `0f8fad5b-d9cb-469f-a165-70867728950e` | `james.bond` | the recycle bin keeps an ImmutableID in use |

    <details><summary>Actions: 4</summary>

    | step | what | mapping | before and after | needs step |
    | --- | --- | --- | --- | --- |
    | `-` 1 | move `bond4711@contoso.onmicrosoft.com` to the recycle bin<br>`0f8fad5b-d9cb-469f-a165-70867728950e` | `james.bond` | state: `live` → `deleted` |  |
    | `!` 2 | remove `bond4711@contoso.onmicrosoft.com` from the recycle bin for ever<br>`0f8fad5b-d9cb-469f-a165-70867728950e` | `james.bond` | state: `deleted` → `gone` |  |
    | `+` 3 | set ImmutableID of `james.bond@contoso.com` to `4AQlP4lP0xGaDAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301)<br>`6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0` | `james.bond` | onPremisesImmutableId: (none) → `4AQlP4lP0xGaDAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301) |  |
    | `-` 4 | clear ImmutableID of `m@contoso.com`<br>`7c9e6679-7425-40de-944b-e07fc1f90ae7` | `m` | onPremisesImmutableId: `MyIRAFVEd2aImaq7zN3u/w==` (GUID 00112233-4455-6677-8899-aabbccddeeff) → (none) |  |

    </details>

    <details><summary>Warnings: 2</summary>

    - **not-checked** (1): A part of the directories is unknown, so something could not be checked.
    - **takeover-overwrites** (1): What Active Directory will change on the account once sync takes over.

    | code | mapping | what was found | what to do |
    | --- | --- | --- | --- |
    | not-checked | the whole plan | the export names no groups and contacts | export them with `hardmatch snapshot` |
    | takeover-overwrites | `james.bond`<br>`hardmatch.yaml:12` | sync will change the job title from `Agent` to `007` |  |

    </details>

    <details><summary>Next sync does not end at the mapped account: 1</summary>

    | mapping | what sync will do |
    | --- | --- |
    | `eve`<br>`hardmatch.yaml:16` | new account `eveNNNN@contoso.onmicrosoft.com`: nobody has the anchor<br>• beside `eve@contoso.com` (id 0): InvalidSoftMatch: it has another ImmutableID |

    </details>

    <details><summary>Mappings: 4</summary>

    | state | mapping | AD user | cloud user | ImmutableID |
    | --- | --- | --- | --- | --- |
    | `~` planned | `james.bond`<br>`hardmatch.yaml:12` | `james.bond (corp)` | `james.bond@contoso.com` | `4AQlP4lP0xGaDAMF6CwzAQ==` |
    | `x` blocked | `eve`<br>`hardmatch.yaml:16` | `eve (corp)` | `eve@contoso.com` | `4AQlP4lP0xGaDAMF6CwzAQ==` |
    | `~` planned | `m`<br>`hardmatch.yaml:21` | (none) | `m@contoso.com` | (none) |
    | `=` linked | `q`<br>`hardmatch.yaml:24` | `q (corp)` | `q@contoso.com` | `4AQlP4lP0xGaDAMF6CwzAQ==` |

    </details>
    "#);
}

#[test]
fn markdown_stays_below_the_size_of_a_comment() {
    let nasty = "|`\u{202e}@team #1 <x> ".repeat(50);
    for (count, name) in [(5_000, "user"), (300, "王小明|`"), (400, nasty.as_str())] {
        let text = markdown(&PlanView::new(&large(count, |number| format!("{number}{name}"))));
        assert!(text.len() < 60_000 && text.len() > 40_000, "{name}: {}", text.len());
        let parts =
            ["### Blockers:", "### Cannot be undone:", "<summary>Warnings:", "onprem-not-found", "holder-synced", "Shortened"];
        assert!(parts.iter().all(|part| text.contains(part)), "{name}");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}

#[test]
fn of_thousands_of_forests_ten_are_named() {
    let mut plan = sample();
    plan.body.forests =
        (0..3_000).map(|n| crate::plan::PlanForest { name: format!("f{n}"), ..plan.body.forests[0].clone() }).collect();
    let head = |text: &str| text.matches("210 users").count();
    let (short, all) = (human_text(&plan, PLAIN), human_text(&plan, Style { all: true, ..PLAIN }));
    assert!(head(&short) == 10 && short.contains("… and 2,990 more forests") && head(&all) == 3_000);
    let mut page = Vec::new();
    html(&PlanView::new(&plan), &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(head(&page) == 10 && page.contains("and 2,990 more"));
}

#[test]
fn a_cell_of_any_length_is_cut() {
    let mut plan = sample();
    let long = "x".repeat(100_000);
    plan.body.mappings[0].cloud.as_mut().unwrap().upn = long.as_str().into();
    let text = human_text(&plan, PLAIN);
    assert!(text.len() < 20_000 && text.contains("…"), "{}", text.len());
}
