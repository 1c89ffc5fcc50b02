//! Accounts in the recycle bin: whatever their flags say they are not synced, and two of one name do not come out together.

use super::*;

fn binned(name: &'static str, synced: bool) -> impl FnOnce(&mut CloudUser) {
    move |user| {
        *user = user.binned("2026-11-20T00:00:00Z");
        user.upn = format!("{}{name}@x.example", user.id.to_string().replace('-', "")).into();
        user.sync_enabled = Known::Is(synced);
    }
}

fn restored(n: u8) -> impl FnOnce(&mut Mapping) {
    move |mapping| (mapping.cloud, mapping.restore) = (by_id(n), true)
}

/// Somebody deleted a synced account by hand: it keeps its flag in the bin, and comes back as one that is not synced.
#[test]
fn a_deleted_account_is_not_synced_whatever_its_flag_says() {
    let target = |held: &str| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(held)), binned("ann", true));
        case.cloud(9, "other", None, nothing).map("ann", "ann", restored(1)).plan()
    };
    assert_eq!((blockers(&target(P)), kinds(&target(P))), (vec![], vec!["restore ann".into(), "setImmutableId ann".into()]));
    assert_eq!((blockers(&target(A)), kinds(&target(A))), (vec![], vec!["restore ann".to_owned()]));
    let leaving = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(P)), binned("ann", true));
    let leaving = leaving.cloud(9, "other", None, nothing).map("ann", "ann", |mapping| {
        restored(1)(mapping);
        mapping.on_prem = OnPremSide::Nobody;
    });
    assert_eq!(kinds(&leaving.plan()), ["restore ann", "clearImmutableId ann"]);
    let holder = |edit: fn(&mut Mapping)| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(
            2,
            "old",
            Some(anchor(A)),
            binned("old", true),
        );
        case.map("ann", "ann", edit).plan()
    };
    assert_eq!(blockers(&holder(|_| {})), [Code::HolderUndecided]);
    assert_eq!(kinds(&holder(|mapping| decide("old", Resolve::Purge)(mapping))), ["purge old", "setImmutableId ann"]);
}

/// Whatever order the mappings come in.
#[test]
fn two_deleted_accounts_of_one_name_do_not_come_out_together() {
    let clear = |mapping: &mut Mapping| decide_of(2, Resolve::Clear)(mapping);
    let copies = |second: &'static str| {
        let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(3, "bob", None, nothing);
        case.cloud(1, "ann", None, binned("ann", false)).cloud(2, "ann2", Some(anchor(A)), binned(second, false))
    };
    let one = copies("ann").map("ann", "ann", |mapping| {
        restored(1)(mapping);
        clear(mapping);
    });
    assert_eq!(blockers(&one.plan()), [Code::TargetSoftDeleted]);
    for restore_first in [true, false] {
        let holds_bobs = |mut case: Case| {
            case.observed.tenant.users[2].immutable_id = Some(anchor(P));
            case
        };
        let case = holds_bobs(copies("ann"));
        let case = if restore_first {
            case.map("ann", "ann", restored(1)).map("bob", "bob", clear)
        } else {
            case.map("bob", "bob", clear).map("ann", "ann", restored(1))
        };
        assert_eq!(blockers(&case.plan()), [Code::TargetSoftDeleted, Code::TargetSoftDeleted], "{restore_first}");
    }
    let different = copies("other").map("ann", "ann", |mapping| {
        restored(1)(mapping);
        clear(mapping);
    });
    assert_eq!(blockers(&different.plan()), []);
}

/// A decision by a name that two accounts have would be about another one, or about both.
#[test]
fn a_hint_names_the_account_that_is_meant() {
    let hint = |live: &str| {
        let case =
            Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "x", Some(anchor(A)), binned("old", false));
        let body = case.cloud(3, live, None, nothing).map("ann", "ann", nothing).plan();
        body.findings.iter().find(|finding| finding.code == Code::HolderUndecided).unwrap().hint.clone().unwrap()
    };
    assert!(hint("other").contains("account: old@x.example,"), "{}", hint("other"));
    assert!(hint("old").contains(&format!("account: {},", entra(2))), "{}", hint("old"));
}

/// Cleared accounts are live for a moment. Whoever is named by what one of them has, too, could not be told from it then.
#[test]
fn nobody_is_named_by_what_a_passing_account_has_too() {
    let numbered = |user: &mut CloudUser| user.employee_id = Known::Is("7".into());
    let case = || {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, numbered);
        case.cloud(2, "old", Some(anchor(A)), |user| {
            binned("old", false)(user);
            numbered(user);
        })
    };
    let named = |key: CloudKey| {
        move |mapping: &mut Mapping| {
            decide_of(2, Resolve::Clear)(mapping);
            mapping.cloud.key = key;
        }
    };
    let by_number = CloudKey::EmployeeId("7".into());
    assert_eq!(blockers(&case().map("ann", "ann", named(by_number.clone())).plan()), [Code::CloudAmbiguous]);
    assert_eq!(blockers(&case().map("ann", "ann", named(CloudKey::Id(entra(1)))).plan()), []);
    let purged = |mapping: &mut Mapping| {
        decide_of(2, Resolve::Purge)(mapping);
        mapping.cloud.key = by_number;
    };
    assert_eq!(blockers(&case().map("ann", "ann", purged).plan()), [], "it never comes out");
}

/// An AD user came back under another anchor, and sync made a second account: the SID is on both.
#[test]
fn who_shares_its_sid_with_another_account_comes_back_only_once_that_one_has_lost_it() {
    let deleted = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        user.sid = Known::Is(sid(1));
    };
    let carries = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let case = |edit: &dyn Fn(&mut Mapping)| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, deleted).cloud(2, "second", None, carries);
        case.map("ann", "ann", |mapping| {
            mapping.restore = true;
            edit(mapping);
        })
    };
    let restoring = |body: &Body| blockers(body).contains(&Code::TargetSoftDeleted);
    assert!(restoring(&case(&|mapping| mapping.on_prem = OnPremSide::Nobody).plan()));
    let cleared = case(&|mapping| decide("second", Resolve::Clear)(mapping)).plan();
    assert_eq!(kinds(&cleared), ["clearSecurityIdentifier second", "restore ann", "setImmutableId ann"]);
    let purged = case(&|mapping| decide("second", Resolve::Purge)(mapping)).plan();
    assert_eq!(kinds(&purged), ["softDelete second", "purge second", "restore ann", "setImmutableId ann"]);
    let target = case(&nothing).ad("bob", P, nothing).map("bob", "second", nothing).plan();
    let wanted = ["clearSecurityIdentifier second", "restore ann", "setImmutableId ann", "setImmutableId second"];
    assert_eq!((blockers(&target), kinds(&target)), (vec![], wanted.map(str::to_owned).to_vec()));
}

/// Such a holder cannot even come out of the bin to be cleared.
#[test]
fn a_deleted_holder_whose_sid_another_account_has_is_not_cleared() {
    let deleted = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        user.sid = Known::Is(sid(7));
    };
    let case = || {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "old", Some(anchor(A)), deleted);
        case.cloud(3, "other", None, |user| user.sid = Known::Is(sid(7)))
    };
    assert_eq!(blockers(&case().map("ann", "ann", decide("old", Resolve::Clear)).plan()), [Code::HolderUndecided]);
    assert_eq!(kinds(&case().map("ann", "ann", decide("old", Resolve::Purge)).plan()), ["purge old", "setImmutableId ann"]);
    let hint = case().map("ann", "ann", nothing).plan().findings[0].hint.clone().unwrap();
    assert!(hint.contains("resolve: purge") && hint.contains("It cannot be cleared"), "{hint}");
}
