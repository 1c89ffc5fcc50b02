//! What nobody can tell of a run is said, and left as it is.

use crate::apply::unfinished::FolderJournals;
use crate::plan::finding::Code;

use super::scripted::{Answer, Scripted, apply, refused};
use super::undo::{roll_back, way_back};
use super::*;

/// Takes the lines of the journal from the first outcome on.
fn cut_behind_the_intent(site: &Site) {
    let journal = std::fs::read_to_string(site.journal()).unwrap();
    let begun: Vec<&str> = journal.lines().take_while(|line| !line.contains("\"outcome\"")).collect();
    std::fs::write(site.journal(), begun.join("\n") + "\n").unwrap();
}

/// The way back of a run of one write, of which the journal holds no more than that it was about to be sent.
async fn way_back_of_one_sent(planner: Planner, change: impl Fn(&mut CloudUser)) -> Body {
    let (site, body) = (Site::new(), planner.body());
    site.apply(&body).await.unwrap();
    cut_behind_the_intent(&site);
    site.disk.change(11, change);
    way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await
}

#[tokio::test]
async fn a_write_that_nobody_saw_on_an_account_that_somebody_changed_is_named() {
    let set = || {
        let mut planner = Planner::new();
        planner.set(11, 11, &[]);
        planner
    };
    let done = way_back_of_one_sent(set(), |_| {}).await;
    assert_eq!((done.actions.len(), done.findings.len()), (1, 0), "{:?}", done.findings);
    let not_done = way_back_of_one_sent(set(), |user| {
        user.immutable_id = None;
        user.upn = "renamed@x.example".into();
    });
    assert_eq!((not_done.await.findings.len()), 0, "nothing of it is there");
    let other = way_back_of_one_sent(set(), |user| user.immutable_id = ImmutableId::stored(&anchor(200))).await;
    let [finding] = other.findings.as_slice() else { panic!("{:?}", other.findings) };
    assert_eq!((other.actions.len(), other.leaves.len(), finding.code), (0, 1, Code::NotReversible));
    let told = format!("onPremisesImmutableId was null before it and is {}", anchor(200));
    assert!(finding.message.contains(&told), "{}", finding.message);
}

/// A gateway says no, and the write goes through behind it.
#[tokio::test]
async fn what_was_refused_and_is_there_all_the_same_is_named() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let (site, body) = (Site::new(), planner.body());
    let no = Scripted::new(&site.disk, |_| Answer::Fail(refused(None)));
    drop(apply(&site, &body, no).await);
    let found = async || way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await.findings;
    assert_eq!(found().await, []);
    site.disk.change(11, |user| user.immutable_id = ImmutableId::stored(&anchor(11)));
    let told = found().await.iter().map(|finding| finding.message.clone()).collect::<String>();
    assert!(told.contains("it failed and is there all the same"), "{told}");
    site.disk.change(11, |user| user.immutable_id = ImmutableId::stored(&anchor(200)));
    assert_eq!(found().await, [], "what somebody else wrote is not of this run");
}

#[tokio::test]
async fn of_an_account_that_is_gone_nothing_else_is_told() {
    for is_open in [false, true] {
        let mut planner = Planner::new();
        planner.set(11, 11, &[]);
        let (site, body) = (Site::new(), planner.body());
        site.apply(&body).await.unwrap();
        if is_open {
            cut_behind_the_intent(&site);
        }
        site.disk.state().users.remove(&id(11));
        let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
        let [finding] = back.findings.as_slice() else { panic!("{:?}", back.findings) };
        assert!(finding.message.contains("the object is gone since") && !finding.message.contains("not reported"));
    }
}

#[tokio::test]
async fn an_account_that_somebody_restored_since_is_not_deleted_again_without_a_word() {
    let mut planner = Planner::new();
    planner.clear_of_deleted();
    let (site, body) = (Site::new(), planner.body());
    site.apply(&body).await.unwrap();
    site.disk.change(8, |user| {
        user.upn = user.original_upn().into();
        user.traits_mut().deleted_at = None;
    });
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    let doubts: Vec<&str> =
        back.findings.iter().filter(|finding| finding.code == Code::NotChecked).map(|finding| &*finding.message).collect();
    assert_eq!(doubts.len(), 1, "{:?}", back.findings);
    assert!(doubts[0].contains("u8@x.example is live again: somebody restored it since the run"), "{doubts:?}");
}

/// Its name cannot go back to where no account without ImmutableID has one.
/// It is live because the run brought it out of the recycle bin, and goes back there.
#[tokio::test]
async fn an_account_that_only_got_its_id_back_was_restored_by_nobody() {
    let mut planner = Planner::new();
    let restored = planner.state(ActionKind::Restore, 8, "live", &[]);
    planner.clear(8, &[restored]);
    let (site, body) = (Site::new(), planner.body());
    let held = site.disk.state().users[&id(8)].immutable_id.clone();
    site.apply(&body).await.unwrap();
    site.disk.change(8, |user| user.immutable_id = held.clone());
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    let kinds: Vec<ActionKind> = back.actions.iter().map(|action| action.kind).collect();
    assert_eq!((kinds, back.findings), (vec![ActionKind::SoftDelete], vec![]));
}

#[tokio::test]
async fn a_name_that_came_out_of_a_federated_domain_without_an_id_stays_and_is_told() {
    let mut tenant = observed_tenant();
    tenant.users.iter_mut().filter(|user| user.id == id(9)).for_each(|user| user.immutable_id = None);
    let mut planner = Planner::of(tenant);
    planner.detour();
    let body = planner.body();
    let reversible: Vec<bool> = body.actions.iter().map(|action| action.reversible).collect();
    assert_eq!(reversible, [false, true, true]);
    let parked = Body { actions: body.actions[..1].to_vec(), ..body };
    let site = Site::new();
    site.disk.change(9, |user| user.immutable_id = None);
    site.apply(&parked).await.unwrap();
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    let told: Vec<&str> = back.findings.iter().map(|finding| &*finding.message).collect();
    assert!(back.actions.is_empty() && told.len() == 1, "{told:?}");
    assert!(told[0].contains("without one no sign-in name can be in a federated domain; it goes by u9@x.onmicrosoft.com now"));
}

/// A run was stopped, and a plan that was made anew cleared a SID of the same account.
#[tokio::test]
async fn what_another_plan_cleared_for_good_is_nobodys_change_since() {
    let with_sid = |user: &mut CloudUser| user.sid = Known::Is(sid(8));
    let mut tenant = observed_tenant();
    tenant.users.iter_mut().filter(|user| user.id == id(8)).for_each(with_sid);
    let mut planner = Planner::of(tenant);
    let restored = planner.state(ActionKind::Restore, 8, "live", &[]);
    let cleared = planner.clear(8, &[restored]);
    let sid = (FactName::OnPremisesSecurityIdentifier, FactValue::Null);
    planner.add(ActionKind::ClearSecurityIdentifier, 8, sid, &[cleared]);
    let whole = planner.body();
    let part = |actions: &[Action]| Body { actions: actions.to_vec(), ..whole.clone() };
    let mut site = Site::new();
    site.disk.change(8, with_sid);
    site.apply(&part(&whole.actions[..2])).await.unwrap();
    site.digest = "sha256:anew".into();
    let mut anew = part(&whole.actions[2..]);
    anew.actions[0].depends_on.clear();
    assert_eq!(site.apply(&anew).await.unwrap().exit_kind(), ExitKind::Complete);
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    let kinds: Vec<ActionKind> = back.actions.iter().map(|action| action.kind).collect();
    assert_eq!((kinds, back.findings), (vec![ActionKind::SetImmutableId, ActionKind::SoftDelete], vec![]));
    let journals = FolderJournals::read(site.folder()).unwrap();
    let lasting: Vec<ActionKind> = journals.lasting(DIGEST).iter().map(|action| action.kind).collect();
    assert_eq!(lasting, [ActionKind::ClearSecurityIdentifier], "whichever journal of the folder tells of it");
}

#[tokio::test]
async fn cleared_identifiers_and_residue_do_not_come_back() {
    let mut disk_change = Planner::new();
    let cleared = (FactName::OnPremisesSecurityIdentifier, FactValue::Null);
    let place = disk_change.add(ActionKind::ClearSecurityIdentifier, 13, cleared, &[]);
    disk_change.clear(13, &[place]);
    let mut body = disk_change.body();
    body.actions[0].before.insert(FactName::OnPremisesSecurityIdentifier, FactValue::text(sid(13).to_string()));
    let Action { kind, mapping, target, mut before, mut after, reason, depends_on, .. } = body.actions.remove(1);
    before.insert(FactName::OnPremisesDistinguishedName, FactValue::text("CN=old"));
    after.insert(FactName::OnPremisesDistinguishedName, FactValue::Null);
    body.actions.push(Action { depends_on, ..Action::new(kind, &mapping, target, before, after, reason) });
    let mut site = Site::new();
    site.disk.change(13, |user| {
        user.sid = Known::Is(sid(13));
        user.residue.distinguished_name = Known::Is("CN=old".into());
    });
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    let back = roll_back(&mut site).await;
    let messages: Vec<&str> = back.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(messages.len() == 2 && messages[0].contains("CN=old"), "{messages:?}");
    assert_eq!(site.disk.state().users[&id(13)].immutable_id, ImmutableId::stored(&anchor(130)));
}
