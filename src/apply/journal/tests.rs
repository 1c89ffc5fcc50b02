//! Lines, torn and damaged files, group commit.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::model::{EntraId, FactName, FactValue, Facts};
use crate::plan::action::{Action, ActionKind, Target};
use crate::plan::body::{Inputs, PlanTenant};

const DIGEST: &str = "sha256:one";

fn header(n: u128) -> Entry {
    Entry::Run(Box::new(RunHeader {
        format: FORMAT.into(),
        format_version: FORMAT_VERSION.into(),
        run_id: Uuid::from_u128(n),
        plan: "wave.json".into(),
        digest: DIGEST.into(),
        tenant: PlanTenant { deleted_users: 0, id: None, initial_domain: None, users: 0 },
        forests: Vec::new(),
        inputs: Inputs { config: String::new(), policy: String::new() },
        plan_made: None,
        rollback_of: None,
        tool: "t".into(),
        started_at: Timestamp::UNIX_EPOCH,
    }))
}

fn action() -> Action {
    let id: EntraId = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
    let (name, text) = ("zoë@x.example", |text: &str| FactValue::text(text));
    let before = Facts::from_iter([
        (FactName::OnPremisesImmutableId, FactValue::Null),
        (FactName::State, text("deleted")),
        (FactName::UserPrincipalName, text(name)),
    ]);
    Action::new(ActionKind::Purge, "m", Target::account(id, name), before, Facts::new(), "r".into())
}

fn intent() -> Entry {
    Entry::Intent { action: Box::new(action()), at: Timestamp::UNIX_EPOCH }
}

fn outcome(result: OutcomeKind) -> Entry {
    Entry::Outcome(Outcome::new(action().id, Timestamp::UNIX_EPOCH, result))
}

fn end(n: u128, status: EndStatus) -> Entry {
    Entry::End { at: Timestamp::UNIX_EPOCH, left: Vec::new(), run_id: Uuid::from_u128(n), status }
}

fn text(entries: &[Entry]) -> String {
    entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect()
}

fn fold(entries: &[Entry]) -> JournalState {
    replay((1..).zip(entries.iter().cloned())).unwrap()
}

#[test]
fn a_line_without_end_is_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wave.journal.jsonl");
    std::fs::write(&path, text(&[header(1)])).unwrap();
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().set_len(8 << 30).unwrap();
    let error = Journal::read(&path).unwrap_err().to_string();
    assert!(error.contains("longer than 16 MiB"), "{error}");
}

#[test]
fn the_journal_is_named_after_its_plan() {
    for (plan, journal) in [
        ("a/wave.json", "a/wave.journal.jsonl"),
        ("wave.v1.json", "wave.v1.journal.jsonl"),
        ("wave", "wave.journal.jsonl"),
        ("wave.plan", "wave.plan.journal.jsonl"),
    ] {
        assert_eq!(journal_path(Path::new(plan)), Path::new(journal));
    }
}

#[test]
fn fates_follow_intents_and_outcomes() {
    use OutcomeKind as O;
    let kind = |entries: &[Entry]| {
        let state = fold(&[&[header(1)], entries].concat());
        state.history(DIGEST).fates.get(&action().id).map(|fate| fate.kind)
    };
    assert_eq!(kind(&[intent()]), Some(FateKind::Open));
    assert_eq!(kind(&[intent(), outcome(O::Unknown)]), Some(FateKind::Open));
    assert_eq!(kind(&[intent(), outcome(O::Unknown), header(2), outcome(O::AlreadyDone)]), Some(FateKind::Done));
    assert_eq!(kind(&[intent(), outcome(O::Done), header(2), outcome(O::Failed)]), Some(FateKind::Done));
    assert_eq!(kind(&[intent(), outcome(O::Refused), header(2), outcome(O::AlreadyDone)]), Some(FateKind::Failed));
    assert_eq!(kind(&[outcome(O::AlreadyDone)]), None, "somebody else did it");
    assert_eq!(kind(&[intent(), outcome(O::Done), end(1, EndStatus::RolledBack)]), None, "undone");
}

#[test]
fn a_run_is_open_from_its_first_intent_until_it_is_closed() {
    use EndStatus as E;
    let open = |entries: &[Entry]| fold(&[&[header(1)], entries].concat()).history(DIGEST).open_run().is_some();
    assert!(!open(&[]));
    assert!(!open(&[end(1, E::Partial)]));
    assert!(open(&[intent()]));
    for status in [E::Partial, E::Interrupted, E::Unconfirmed] {
        assert!(open(&[intent(), end(1, status)]), "{status:?}");
    }
    for status in [E::Complete, E::Abandoned, E::RolledBack] {
        assert!(!open(&[intent(), end(1, status)]), "{status:?}");
        assert!(!open(&[intent(), header(2), end(2, status)]), "{status:?}");
    }
    assert!(open(&[intent(), end(1, E::Complete), header(2), intent()]));
}

#[test]
fn what_is_known_as_done_counts_until_it_is_sent_again_or_the_plan_is_closed() {
    use EndStatus as E;
    use OutcomeKind as O;
    let standing = |entries: &[Entry]| fold(&[&[header(1)], entries].concat()).history(DIGEST).standing().len();
    assert_eq!(standing(&[intent()]), 0);
    for result in [O::Failed, O::Refused, O::Unknown] {
        assert_eq!(standing(&[intent(), outcome(result)]), 0, "{result:?}");
    }
    assert_eq!(standing(&[intent(), outcome(O::Done)]), 1);
    assert_eq!(standing(&[outcome(O::AlreadyDone)]), 1, "somebody else did it");
    assert_eq!(standing(&[intent(), outcome(O::Done), header(2), end(2, E::Partial)]), 1);
    assert_eq!(standing(&[intent(), outcome(O::Done), header(2), intent()]), 0);
    for status in [E::Complete, E::Abandoned, E::RolledBack] {
        assert_eq!(standing(&[intent(), outcome(O::Done), end(1, status), header(2)]), 0, "{status:?}");
    }
}

#[test]
fn an_outcome_of_an_earlier_version_is_read() {
    let line = r#"{"entry":"outcome","action":"ID","at":"1970-01-01T00:00:00Z","result":"done"}"#;
    let line = line.replace("ID", &action().id.to_string());
    assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), outcome(OutcomeKind::Done));
    assert_eq!(serde_json::to_string(&outcome(OutcomeKind::Done)).unwrap(), line);
}

#[test]
fn a_damaged_line_is_an_error_that_says_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.journal.jsonl");
    let good = text(&[header(1), intent()]);
    let cases = [
        (good.replace("\"entry\":\"intent\"", "\"entry\":\"inten"), 2),
        (format!("{good}not json\n"), 3),
        (format!("{good}not json"), 3),
        (format!("{good}{{}}"), 3),
        (format!("{good}\n"), 3),
        (good.lines().last().unwrap().to_owned() + "\n", 1),
        (good.replace("journal\",\"formatVersion\":\"1.0", "journal\",\"formatVersion\":\"2.0"), 1),
        (good.clone() + &text(&[end(9, EndStatus::Complete)]), 3),
        // Another account than the one that the action's id is of.
        (good.replace("6ea91a8d", "6ea91a8e"), 2),
        // Under the name of somebody else, or without a name to be checked.
        (good.replace("\"upn\":\"zoë@", "\"upn\":\"eve@"), 2),
        (good.replace(",\"userPrincipalName\":\"zoë@x.example\"", ""), 2),
    ];
    for (content, line) in cases {
        std::fs::write(&path, &content).unwrap();
        let error = Journal::read(&path).unwrap_err();
        assert!(matches!(&error, JournalError::Damaged { line: found, .. } if *found == line), "{error}");
        assert!(error.to_string().contains("x.journal.jsonl") && error.to_string().contains("put the file back"), "{error}");
        assert_eq!(Journal::open(&path).unwrap_err(), error);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "a damaged file is left as it is");
    }
}

#[test]
fn what_keeps_a_journal_from_being_read_is_said_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    for error in [Journal::read(folder.path()).unwrap_err(), Journal::open(folder.path()).unwrap_err()] {
        assert!(error.to_string().contains(": it is a folder; nothing is written without a journal"), "{error}");
    }
}

#[test]
fn zeros_after_a_power_cut_are_a_torn_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.journal.jsonl");
    let good = text(&[header(1), intent()]);
    for tail in ["\0\0\0\0", "{\"entry\":\"outc\0\0\0", "{\"entry\":\"outcome\",\"err\":\"zo\u{eb}"] {
        let mut bytes = (good.clone() + tail).into_bytes();
        if tail.ends_with('\u{eb}') {
            bytes.truncate(bytes.len() - 1);
        }
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Journal::read(&path).unwrap(), fold(&[header(1), intent()]));
        drop(Journal::open(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), good);
    }
}

#[tokio::test]
async fn what_is_appended_is_read_back_by_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.journal.jsonl");
    assert_eq!(Journal::read(&path).unwrap(), JournalState::default());
    let entries = [header(1), intent(), outcome(OutcomeKind::Done)];
    for entry in &entries {
        Journal::open(&path).unwrap().append(entry).await.unwrap();
    }
    append_end(&path, Uuid::from_u128(1), EndStatus::Complete, &[], Timestamp::UNIX_EPOCH).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let altered = folder.path().join("altered.journal.jsonl");
    std::fs::write(&altered, written.replace("\"reason\":\"r\"", "\"reason\":\"s\"")).unwrap();
    assert!(Journal::read(&altered).unwrap_err().to_string().starts_with("line 2 of the journal"), "not as it was written");
    let all = [&entries[..], &[end(1, EndStatus::Complete)]].concat();
    assert_eq!(Journal::read(&path).unwrap(), fold(&all));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_line_of_another_journal_does_not_pass_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [1, 2].map(|n| (folder.path().join(format!("{n}.journal.jsonl")), header(n)));
    for (path, header) in [&one, &other] {
        let journal = Journal::open(path).unwrap();
        for entry in [header, &intent(), &outcome(OutcomeKind::Done)] {
            journal.append(entry).await.unwrap();
        }
    }
    let [mine, theirs] = [&one, &other].map(|(path, _)| std::fs::read_to_string(path).unwrap());
    for (number, (mine_line, their_line)) in (1..).zip(mine.lines().zip(theirs.lines())) {
        std::fs::write(&one.0, mine.replacen(mine_line, their_line, 1)).unwrap();
        let error = Journal::read(&one.0).unwrap_err().to_string();
        // A first line is in order by itself; it is the next one that does not follow it.
        assert!(error.contains(&format!("line {} of", number.max(2))) && error.contains("its check does not fit"), "{error}");
    }
}

#[tokio::test]
async fn no_folder_no_journal() {
    let error = Journal::open(Path::new("/no/such/folder/x.journal.jsonl")).unwrap_err().to_string();
    assert!(error.contains("/no/such/folder") && error.contains("nothing is written without a journal"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_the_journal_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.journal.jsonl");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let error = Journal::open(&path).unwrap_err().to_string();
    assert!(error.contains("it is a pipe or a device") && error.contains("nothing is written"), "{error}");
}

#[tokio::test]
async fn a_journal_that_is_taken_away_or_replaced_takes_no_entry_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("x.journal.jsonl"), folder.path().join("aside"));
    for (is_replaced, said) in [(false, "took it away"), (true, "another file in its place")] {
        let journal = Journal::open(&path).unwrap();
        journal.append(&header(1)).await.unwrap();
        if is_replaced {
            std::fs::copy(&path, &aside).unwrap();
            std::fs::rename(&aside, &path).unwrap();
        } else {
            std::fs::rename(&path, &aside).unwrap();
        }
        let error = journal.append(&intent()).await.unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("nothing is written without a journal"), "{error}");
    }
}

#[derive(Clone, Default)]
struct Slow {
    written: Arc<Mutex<Vec<u8>>>,
    syncs: Arc<AtomicUsize>,
    fails: bool,
}

impl LogFile for Slow {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        std::thread::sleep(std::time::Duration::from_millis(2));
        self.syncs.fetch_add(1, Ordering::SeqCst);
        if self.fails { Err(io::Error::other("disk full")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn entries_that_arrive_together_share_a_sync() {
    let file = Slow::default();
    let journal = Journal::start(Path::new("x"), file.clone(), Chain::default());
    let entries: Vec<Entry> = (0..500).map(|_| intent()).collect();
    let all = futures_util::future::try_join_all(entries.iter().map(|entry| journal.append(entry))).await;
    assert_eq!(all.unwrap().len(), 500);
    assert_eq!(file.written.lock().unwrap().iter().filter(|byte| **byte == b'\n').count(), 500);
    assert!(file.syncs.load(Ordering::SeqCst) < 50, "{:?}", file.syncs);
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_written_any_more() {
    let file = Slow { fails: true, ..Slow::default() };
    let journal = Journal::start(Path::new("x"), file.clone(), Chain::default());
    for _ in 0..2 {
        let error = journal.append(&intent()).await.unwrap_err().to_string();
        assert!(error.contains("disk full"), "{error}");
    }
    assert_eq!(file.syncs.load(Ordering::SeqCst), 1);
}
