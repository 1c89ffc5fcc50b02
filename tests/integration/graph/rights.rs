//! Least privilege: with what the README lists each verb works, and without any one of it somebody says what is missing.

use super::verbs::Live;
use super::*;

/// What planning needs for a plan in which nothing is unchecked.
const READ: [&str; 10] = [
    "User.Read.All",
    "Organization.Read.All",
    "Domain.Read.All",
    "Group.Read.All",
    "OrgContact.Read.All",
    "RoleManagement.Read.Directory",
    "RoleEligibilitySchedule.Read.Directory",
    "OnPremDirectorySynchronization.Read.All",
    "AuditLog.Read.All",
    "MailboxSettings.Read",
];
/// Covered by others of them.
const IMPLIED: [&str; 2] = ["Organization.Read.All", "RoleEligibilitySchedule.Read.Directory"];
const WRITE: [&str; 3] = ["User.ReadWrite.All", "User.DeleteRestore.All", "User-OnPremisesSyncBehavior.ReadWrite.All"];
const VERBS: [&[&str]; 5] = [&["plan"], &["verify"], &["explain", "james.bond"], &["discover"], &["snapshot", "shot"]];

/// An application with these permissions and no role.
fn granting(permissions: &[&str]) -> Value {
    json!({ "switches": { "formerlySynced": "allow" }, "access": { "permissions": permissions, "roles": [] } })
}

fn without(all: &[&'static str], one: &str) -> Vec<&'static str> {
    all.iter().copied().filter(|own| *own != one).collect()
}

/// What the tenant holds now.
async fn users(live: &Live) -> (Value, Value) {
    let tenant = live.server.ask("/__emulator/tenant").await;
    (tenant["users"].clone(), tenant["deletedUsers"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_takes_what_the_readme_lists_and_no_right_to_write() {
    let live = Live::example("duplicate-account", granting(&READ)).await;
    for verb in VERBS {
        let run = live.run(verb).await;
        assert_eq!(run.code, Some(0), "{verb:?}: {}{}", run.stdout, run.stderr);
        let asked = READ.iter().find(|right| run.stdout.contains(**right));
        assert_eq!(asked, None, "{verb:?}: {}", run.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_right_to_read_it_is_named_or_what_was_not_checked_is() {
    for missing in READ {
        let live = Live::example("duplicate-account", granting(&without(&READ, missing))).await;
        for verb in VERBS {
            let run = live.run(verb).await;
            let said = format!("{}{}", run.stdout, run.stderr);
            if missing == "User.Read.All" {
                assert_eq!(run.code, Some(4), "{verb:?}: {said}");
                assert!(run.stderr.contains(missing), "{verb:?}: {said}");
            } else {
                // Whether somebody with unknown roles may be purged is for a person to say.
                assert!(matches!(run.code, Some(0 | 13)), "{verb:?} without {missing}: {said}");
            }
        }
        let doctor = live.run(&["doctor"]).await;
        assert!(doctor.stdout.contains(missing) || IMPLIED.contains(&missing), "{missing}: {}", doctor.stdout);
    }
}

/// Of a plan that sets, clears, deletes, purges and restores.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_right_to_write_nothing_is_begun() {
    for (example, missing) in [
        ("duplicate-account", "User.ReadWrite.All"),
        ("duplicate-account", "User.DeleteRestore.All"),
        ("recycle-bin", "User.ReadWrite.All"),
        ("recycle-bin", "User.DeleteRestore.All"),
        ("swap", "User.ReadWrite.All"),
    ] {
        let live = Live::example(example, granting(&[&READ[..], &without(&WRITE, missing)].concat())).await;
        let before = users(&live).await;
        let run = live.apply(&[]).await;
        assert_eq!(run.code, Some(4), "{example} without {missing}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(missing), "{example} without {missing}: {}", run.stderr);
        assert_eq!(users(&live).await, before, "{example} without {missing}");
        let written = ["PATCH", "DELETE", "POST /v1.0/directory"];
        let requests = live.server.requests().await;
        assert!(!requests.iter().any(|request| written.iter().any(|write| request.starts_with(write))), "{requests:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn applying_takes_what_the_readme_lists() {
    for example in ["first-link", "duplicate-account", "recycle-bin"] {
        let live = Live::example(example, granting(&[&READ[..], &WRITE[..2]].concat())).await;
        let run = live.apply(&[]).await;
        assert_eq!(run.code, Some(0), "{example}: {}{}", run.stdout, run.stderr);
    }
}
