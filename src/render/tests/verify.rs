//! Where every mapping stands, as people read it.

use super::*;

#[test]
fn verify_shows_where_every_mapping_stands() {
    let report = VerifyReport::new(&sample().body);
    let mut out = Vec::new();
    verify_human(&report, &PLAIN, &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
    hardmatch verify for contoso.onmicrosoft.com

    x blocked  eve  hardmatch.yaml:16
        eve (corp) -> eve@contoso.com
        wanted ImmutableID 4AQlP4lP0xGaDAMF6CwzAQ== (GUID
        3f2504e0-4f89-11d3-9a0c-0305e82c3301), from objectGuid
        next sync: new account eveNNNN@contoso.onmicrosoft.com: nobody has the
        anchor
        blocker holder-undecided: `eve.old@contoso.com` (live) holds the ImmutableID
                                  that `eve@contoso.com` is to get
          hint: decide under `holders` what becomes of it: purge or clear
          1. Look whether anybody uses eve.old@contoso.com
          2. Add it to `holders` of this mapping
          3. Plan again

    ~ planned  james.bond  hardmatch.yaml:12
        james.bond (corp) -> james.bond@contoso.com
        wanted ImmutableID 4AQlP4lP0xGaDAMF6CwzAQ== (GUID
        3f2504e0-4f89-11d3-9a0c-0305e82c3301), from objectGuid
        then the next sync: hard match james.bond@contoso.com: it has the anchor
        warning takeover-overwrites: sync will change the job title from `Agent` to
                                     `007`
        waits for: 3 writes of a plan to be applied

    ~ planned  m  hardmatch.yaml:21
        (none) -> m@contoso.com
        waits for: 1 write of a plan to be applied

    = linked   q  hardmatch.yaml:24
        q (corp) -> q@contoso.com
        wanted ImmutableID 4AQlP4lP0xGaDAMF6CwzAQ== (GUID
        3f2504e0-4f89-11d3-9a0c-0305e82c3301), from objectGuid

    About the whole
      warning not-checked: the export names no groups and contacts
        hint: export them with `hardmatch snapshot`

    Verify: 1 mapping blocked, 2 planned, 1 linked · 1 blocker, 2 warnings
    "#);
    insta::assert_snapshot!(verify_markdown(&report), @r#"
    <!-- hardmatch verify tenant=11111111-2222-4333-8444-555555555555 -->
    ## hardmatch verify

    **Verify: 1 mapping blocked, 2 planned, 1 linked · 1 blocker, 2 warnings**

    tenant `contoso.onmicrosoft.com`

    ### About the whole: 1

    | what was found |
    | --- |
    | warning not-checked: the export names no groups and contacts |

    ### Mappings: 4

    | state | mapping | AD user -> cloud user | proof | what was found | waits for |
    | --- | --- | --- | --- | --- | --- |
    | `x` blocked | `eve`<br>`hardmatch.yaml:16` | `eve (corp)` -> `eve@contoso.com` | wanted ImmutableID `4AQlP4lP0xGaDAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301), from objectGuid<br>next sync: new account `eveNNNN@contoso.onmicrosoft.com`: nobody has the anchor | blocker holder-undecided: `eve.old@contoso.com` (live) holds the ImmutableID that `eve@contoso.com` is to get |  |
    | `~` planned | `james.bond`<br>`hardmatch.yaml:12` | `james.bond (corp)` -> `james.bond@contoso.com` | wanted ImmutableID `4AQlP4lP0xGaDAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301), from objectGuid<br>then the next sync: hard match `james.bond@contoso.com`: it has the anchor | warning takeover-overwrites: sync will change the job title from `Agent` to `007` | 3 writes of a plan to be applied |
    | `~` planned | `m`<br>`hardmatch.yaml:21` | (none) -> `m@contoso.com` |  |  | 1 write of a plan to be applied |
    | `=` linked | `q`<br>`hardmatch.yaml:24` | `q (corp)` -> `q@contoso.com` | wanted ImmutableID `4AQlP4lP0xGaDAMF6CwzAQ==` (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301), from objectGuid |  |  |
    "#);
    let mut out = Vec::new();
    verify_json(&report, &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&json["kind"], &json["summary"]["linked"]), (&"hardmatch/verify".into(), &1.into()));
}

#[test]
fn of_findings_without_end_some_are_shown_and_a_blocker_behind_them() {
    let mut report = VerifyReport::new(&sample().body);
    let many = |code: Code| (0..5_000).map(move |n| Finding::new(code, "m", format!("finding {n}")));
    report.findings = many(Code::DuplicateRow).collect();
    report.rows[0].findings = many(Code::AcceptUnused).chain([Finding::new(Code::HolderSynced, "m", "the last one")]).collect();
    let text = |style: Style| {
        let mut out = Vec::new();
        verify_human(&report, &style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let (short, all) = (text(PLAIN), text(Style { all: true, ..PLAIN }));
    assert!(short.lines().count() < 120, "{short}");
    for said in ["and 4,980 more accept-unused", "and 4,960 more duplicate-row", "blocker holder-synced: the last one", "--all"] {
        assert!(short.contains(said), "{said}: {short}");
    }
    assert!(all.lines().count() > 10_000 && !all.contains('…'));
}
