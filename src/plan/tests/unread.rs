//! What is absent is unknown, never empty: it is told, and nothing is concluded from it.

use super::*;

fn told(body: &Body, part: &str) -> bool {
    body.findings.iter().any(|finding| finding.code == Code::NotChecked && finding.message.contains(part))
}

#[test]
fn groups_and_contacts_that_were_not_read_are_told_where_something_is_written() {
    let body = |id: Option<ImmutableId>, read: bool| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", id, nothing).map("ann", "ann", nothing);
        (case.observed.tenant.groups_read, case.observed.tenant.contacts_read) = (read, read);
        case.plan()
    };
    let unread = body(None, false);
    assert!(told(&unread, "groups were not read") && told(&unread, "contacts were not read"));
    let read = body(None, true);
    assert!(!told(&read, "groups were") && !told(&body(Some(anchor(A)), false), "groups were"));
}

/// Accounts that were never synced are pinned to nothing.
#[test]
fn a_pin_that_was_not_read_is_told_and_what_was_accepted_for_it_stays() {
    let body = |sync: Known<bool>, pin: Known<ObjectGuid>| {
        let account = move |user: &mut CloudUser| (user.sync_enabled, user.object_identifier) = (sync, pin);
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, account);
        case.map("ann", "ann", accept(Acceptable::ObjectIdentifierDiffers)).plan()
    };
    let unread = body(Known::Is(false), Known::Unknown);
    assert!(told(&unread, "`onPremisesObjectIdentifier` of 1") && !codes(&unread).contains(&Code::AcceptUnused));
    let read = body(Known::Is(false), Known::Null);
    assert!(!told(&read, "`onPremisesObjectIdentifier`") && codes(&read).contains(&Code::AcceptUnused));
    assert!(!told(&body(Known::Null, Known::Unknown), "`onPremisesObjectIdentifier`"));
}

#[test]
fn a_domain_that_does_not_say_whether_it_is_federated_is_not_taken_as_managed() {
    let body = |domains: Vec<Domain>| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing);
        case.observed.tenant.domains = Some(domains);
        case.map("ann", "ann", accept(Acceptable::FederatedDomain)).plan()
    };
    let unread = body(vec![Domain { federated: None, ..domain("x.example", false) }]);
    assert!(told(&unread, "federated was not read") && !codes(&unread).contains(&Code::AcceptUnused));
    let below = body(vec![Domain { federated: None, ..domain("example", false) }]);
    assert!(told(&below, "federated was not read"), "it inherits from the domain above");
    let none = body(Vec::new());
    assert!(told(&none, "the domains were not read") && !codes(&none).contains(&Code::AcceptUnused));
    let read = body(vec![domain("x.example", false)]);
    assert!(!told(&read, "not read") && codes(&read).contains(&Code::AcceptUnused));
}

/// Graph does not tell it of accounts in the recycle bin.
#[test]
fn a_restored_account_may_be_managed_in_the_cloud() {
    let body = |managed: Known<bool>| {
        let deleted = move |user: &mut CloudUser| {
            user.sync_enabled = Known::Is(false);
            user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
            user.traits_mut().cloud_managed = managed;
        };
        Case::new()
            .ad("ann", A, nothing)
            .cloud(1, "ann", None, deleted)
            .map("ann", "ann", |mapping| mapping.restore = true)
            .plan()
    };
    assert!(told(&body(Known::Unknown), "isCloudManaged") && !told(&body(Known::Null), "isCloudManaged"));
}
