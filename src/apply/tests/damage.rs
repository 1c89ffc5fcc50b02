//! A journal or a backup that was damaged while a run stood still: refused, or the same end.

use super::*;

/// What can become of a file.
fn damaged(random: &mut fastrand::Rng, bytes: &[u8]) -> Vec<u8> {
    let (mut new, at) = (bytes.to_vec(), random.usize(..bytes.len()));
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, other) = (random.usize(..lines.len()), random.usize(..lines.len()));
    match random.u8(..8) {
        0 => new[at] ^= 1 << random.u8(..8),
        1 => new[at] = random.u8(..),
        2 => new.insert(at, random.u8(..)),
        3 => new.truncate(at),
        4 => new[at..].fill(0),
        5 => drop(lines.remove(one)),
        6 => lines.insert(one, lines[one]),
        _ => lines.swap(one, other),
    }
    if new == bytes { lines.concat() } else { new }
}

/// A run that the machine died under, and the end of an undisturbed one.
async fn stopped(operations: usize) -> (Site, Body, Site) {
    let (site, finished, body) = (Site::new(), Site::new(), Planner::everything().body());
    finished.apply(&body).await.unwrap();
    site.disk.dies_after(operations, false);
    drop(site.apply(&body).await);
    site.disk.repair();
    (site, body, finished)
}

#[tokio::test]
async fn a_damaged_journal_is_refused_or_leads_to_the_same_end() {
    let mut random = fastrand::Rng::with_seed(5);
    let (mut refused, mut finished) = (0, 0);
    for operations in [3, 9, 16, 24, 33, 41] {
        let (site, body, undisturbed) = stopped(operations).await;
        let (image, journal) = (site.disk.image(), std::fs::read(site.journal()).unwrap());
        for _ in 0..60 {
            let damaged = damaged(&mut random, &journal);
            let shown = String::from_utf8_lossy(&damaged).into_owned();
            std::fs::write(site.journal(), &damaged).unwrap();
            site.disk.restore(&image);
            match site.apply(&body).await {
                Err(ApplyError::Journal(JournalError::Damaged { .. }) | ApplyError::Unfinished(_) | ApplyError::Stale { .. }) => {
                    assert_eq!(site.disk.image(), image, "{shown}");
                    refused += 1;
                }
                Ok(report) if report.exit_kind() == ExitKind::Complete => {
                    assert_eq!(site.disk.image(), undisturbed.disk.image(), "{shown}");
                    finished += 1;
                }
                other => panic!("{other:?} after {shown}"),
            }
        }
    }
    assert!(refused > 50 && finished > 50, "{refused} {finished}");
}

#[tokio::test]
async fn a_damaged_backup_is_made_again_before_the_account_is_deleted() {
    let mut planner = Planner::new();
    planner.purge_of_deleted();
    let body = planner.body();
    let copies = |site: &Site| -> Vec<PathBuf> {
        std::fs::read_dir(&site.options.backups).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let damages: [fn(&str) -> String; 5] = [
        |_| String::new(),
        |_| "{\"id\":\"000".to_owned(),
        |_| "\0\0\0\0".to_owned(),
        |_| format!("{{\"user\":{{\"id\":\"{}\"}}}}", id(3)),
        |whole| whole.replacen("userPrincipalName", "userPrincipalNama", 1),
    ];
    for damage in damages {
        let site = Site::new();
        // Header and backup are written, the purge is not.
        site.disk.dies_after(2, false);
        drop(site.apply(&body).await);
        site.disk.repair();
        let [copy] = &copies(&site)[..] else { panic!("one copy") };
        let whole = std::fs::read_to_string(copy).unwrap();
        let damaged = damage(&whole);
        assert_ne!(damaged, whole);
        std::fs::write(copy, damaged).unwrap();
        assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
        assert!(copies(&site).iter().any(|path| std::fs::read_to_string(path).unwrap() == whole), "{:?}", copies(&site));
    }
}

/// What the last lines said is all that cannot be missed.
#[tokio::test]
async fn a_line_that_was_taken_out_put_in_or_moved_is_noticed() {
    let (site, body) = (Site::new(), Planner::everything().body());
    site.apply(&body).await.unwrap();
    let whole = std::fs::read_to_string(site.journal()).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let read = |lines: &[&str]| {
        std::fs::write(site.journal(), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        Journal::read(&site.journal())
    };
    for at in 0..lines.len() - 1 {
        let (mut out, mut twice, mut moved) = (lines.clone(), lines.clone(), lines.clone());
        out.remove(at);
        twice.insert(at, lines[at]);
        moved.swap(at, at + 1);
        for damaged in [out, twice, moved] {
            assert!(matches!(read(&damaged), Err(JournalError::Damaged { .. })), "line {}", at + 1);
        }
    }
    assert!(read(&lines).is_ok());
}

#[tokio::test]
async fn the_runs_of_a_folder_tell_how_large_the_directories_were() {
    let (site, body) = (Site::new(), Planner::everything().body());
    assert!(earlier::earlier_runs(site.folder()).unwrap().is_empty());
    site.apply(&body).await.unwrap();
    let journal = std::fs::read_to_string(site.journal()).unwrap();
    std::fs::write(site.folder().join("damaged.journal.jsonl"), "{").unwrap();
    std::fs::write(site.folder().join("headless.journal.jsonl"), journal.lines().last().unwrap()).unwrap();
    let found = earlier::earlier_runs(site.folder()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].at.as_str(), &found[0].tenant, &found[0].forests), (NOW, &body.tenant, &body.forests));
    assert_eq!(found[0].purged, 1, "the other one that is purged was in the recycle bin before");
    let later = journal.replace(DIGEST, "sha256:other").replace(",\"check\"", ",\"unchecked\"");
    std::fs::write(site.journal(), journal + &later).unwrap();
    assert_eq!(earlier::earlier_runs(site.folder()).unwrap().len(), 2, "another plan was saved under the same name");
}
