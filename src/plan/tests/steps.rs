//! What people are asked to do between two plans.

use super::*;

fn steps(body: &Body, code: Code) -> String {
    let finding = body.findings.iter().find(|finding| finding.code == code).unwrap();
    finding.steps.join("\n")
}

/// Linked by sync to the AD user with this objectGUID.
fn synced_with(object_guid: &str) -> impl FnOnce(&mut CloudUser) {
    let pinned = guid(object_guid);
    move |user| {
        user.sync_enabled = Known::Is(true);
        user.object_identifier = Known::Is(pinned);
    }
}

#[test]
fn a_synced_holder_is_given_up_by_its_ad_user_who_is_named() {
    let case = || {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing);
        case.cloud(2, "twin", Some(anchor(A)), synced_with(A))
    };
    insta::assert_snapshot!(steps(&case().map("ann", "ann", nothing).plan(), Code::HolderSynced), @r"
    Move CN=ann,OU=Staff,DC=corp of forest corp, which is linked to twin@x.example, out of the scope of sync (filter, group or OU).
    Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it takes a second one.
    Decide on it under `holders` of this mapping (account 00000000-0000-4000-8000-000000000002).
    Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced.
    After `hardmatch apply` of a plan that asks for no more steps, bring the AD user of this mapping into the scope of sync (again) and run a cycle: `hardmatch verify` then says linked.
    ");
    let decided = steps(&case().map("ann", "ann", decide("twin", Resolve::Purge)).plan(), Code::HolderSynced);
    assert!(decided.contains("What this mapping decides about it can then be done"), "{decided}");
    let unknown = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, synced_with(S)).map("ann", "ann", nothing).plan();
    let first = "Move the AD user that is linked to ann@x.example out of the scope of sync (filter, group or OU).";
    assert!(steps(&unknown, Code::TargetSynced).starts_with(first), "no forest has it");
}

#[test]
fn a_synced_target_needs_everything_written_that_the_next_plan_asks_for() {
    let case = || {
        let people = Case::new().ad("ann", A, nothing).ad("eve", P, nothing);
        people.cloud(1, "ann", Some(anchor(P)), synced_with(P)).cloud(2, "other", None, nothing)
    };
    insta::assert_snapshot!(steps(&case().map("ann", "ann", nothing).plan(), Code::TargetSynced), @r"
    Move CN=eve,OU=Staff,DC=corp of forest corp, which is linked to ann@x.example, out of the scope of sync (filter, group or OU).
    Once that is done for every mapping with such steps, run a sync cycle: the account goes to the recycle bin. Sometimes it takes a second one.
    Write `restore: true` on this mapping (account 00000000-0000-4000-8000-000000000001), and `accept: [object-identifier-differs]` with `because`: it stays pinned to the AD user that it had.
    Run `hardmatch plan` again, on a new export where it reads one: it checks that the account is no longer synced.
    After `hardmatch apply` of a plan that asks for no more steps, bring the AD user of this mapping into the scope of sync (again) and run a cycle: `hardmatch verify` then says linked.
    ");
    let mut written = case().map("ann", "ann", |mapping| {
        mapping.restore = true;
        mapping.accept.insert(Acceptable::ObjectIdentifierDiffers);
    });
    assert!(!steps(&written.plan(), Code::TargetSynced).contains("accept"), "it is there");
    let account = &mut written.observed.tenant.users[0];
    *account = CloudUser { sync_enabled: Known::Is(false), ..account.binned("2026-11-24T00:00:00Z") };
    assert_eq!(blockers(&written.plan()), []);
    assert_eq!(kinds(&written.plan()), ["restore ann", "clearObjectIdentifier ann", "setImmutableId ann"]);
}

#[test]
fn a_code_that_is_needed_once_the_account_is_out_of_sync_is_no_idle_one() {
    let stamped = |mapping: &mut Mapping| {
        mapping.write = WriteSide::OnPrem;
        mapping.accept.insert(Acceptable::ObjectIdentifierDiffers);
    };
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(P)), synced_with(P));
    let body = case.map("ann", "ann", stamped).plan();
    assert_eq!(kinds(&body), ["stampConsistencyGuid ann"]);
    assert!(!codes(&body).contains(&Code::AcceptUnused), "{:?}", body.findings);
}

#[test]
fn who_leaves_hybrid_stays_out_of_scope() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(A)), synced_with(A));
    let body = case.map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody).plan();
    let last = steps(&body, Code::TargetSynced).lines().last().unwrap().to_owned();
    assert_eq!(last, "After `hardmatch apply`, leave that AD user out of the scope of sync, and run a cycle: the account stays.");
}

#[test]
fn an_ad_user_that_has_an_account_already_is_not_stamped() {
    let stamped = |mapping: &mut Mapping| mapping.write = WriteSide::OnPrem;
    let by_sid = |user: &mut CloudUser| (user.sync_enabled, user.sid) = (Known::Is(true), Known::Is(sid(1)));
    let by_anchor = |user: &mut CloudUser| user.sync_enabled = Known::Is(true);
    let case = |target: fn(&mut CloudUser)| Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(P)), target);
    for target in [nothing, by_anchor] {
        let own = case(target).cloud(2, "twin", Some(anchor(S)), by_sid).map("ann", "ann", stamped).plan();
        let other = case(target).cloud(2, "twin", Some(anchor(A)), by_anchor).map("ann", "ann", stamped).plan();
        for body in [own, other] {
            assert_eq!((blockers(&body), body.actions.len()), (vec![Code::HolderSynced], 0));
            assert!(steps(&body, Code::HolderSynced).contains("Decide on it under `holders`"));
        }
    }
    let mapped = case(nothing).cloud(2, "twin", Some(anchor(A)), by_anchor).ad("eve", S, nothing);
    let mapped = mapped.map("ann", "ann", stamped).map("eve", "twin", nothing).plan();
    let wanted = "Write `restore: true` on the mapping of that account (account 00000000-0000-4000-8000-000000000002).";
    assert!(steps(&mapped, Code::HolderSynced).contains(wanted), "{:?}", mapped.findings);
    let both = case(by_anchor).cloud(2, "twin", Some(anchor(S)), by_sid).cloud(3, "old", Some(anchor(A)), by_anchor);
    assert_eq!(blockers(&both.map("ann", "ann", stamped).plan()), [Code::HolderSynced, Code::HolderSynced]);
    let unsynced = case(by_anchor).cloud(2, "twin", Some(anchor(A)), nothing).map("ann", "ann", stamped).plan();
    assert_eq!((blockers(&unsynced), kinds(&unsynced)), (vec![], vec!["stampConsistencyGuid ann".to_owned()]));
    let deleted =
        |user: &mut CloudUser| *user = CloudUser { sync_enabled: Known::Is(false), ..user.binned("2026-11-24T00:00:00Z") };
    let free = case(by_anchor).cloud(2, "twin", Some(anchor(A)), deleted).map("ann", "ann", stamped).plan();
    assert_eq!((blockers(&free), kinds(&free)), (vec![], vec!["stampConsistencyGuid ann".to_owned()]));
}

#[test]
fn a_swap_half_way_out_of_sync_says_who_is_still_in_it() {
    let own = |number: u32, synced: bool| {
        move |user: &mut CloudUser| (user.sync_enabled, user.sid) = (Known::Is(synced), Known::Is(sid(number)))
    };
    let people = Case::new().ad("ann", A, nothing).ad("eve", P, nothing);
    let accounts = people.cloud(1, "ann", Some(anchor(P)), own(2, false)).cloud(2, "eve", Some(anchor(A)), own(1, true));
    let body = accounts.map("ann", "ann", nothing).map("eve", "eve", nothing).plan();
    assert_eq!(blockers(&body), [Code::HolderSynced, Code::TargetSynced]);
    let first = steps(&body, Code::HolderSynced);
    assert!(first.starts_with("Move CN=ann,OU=Staff,DC=corp of forest corp, which is linked to eve@x.example,"), "{first}");
    assert!(first.contains("Write `restore: true` on the mapping of that account"), "{first}");
}
