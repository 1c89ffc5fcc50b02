//! The copy of an account that is made before it is deleted.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::directory::durable::sync_folder;
use crate::directory::{folder, limited};
use crate::model::EntraId;
use crate::planfile::digest_of;

use super::journal::Backup;

/// Bytes of a copy at most; as long as the longest answer of Graph.
const LARGEST: u64 = 64 << 20;

/// Saves an account under a name of its own and returns the file, which is on disk then, and its digest.
pub(super) fn save(folder: &Path, upn: &str, id: EntraId, at: Timestamp, account: &Value) -> io::Result<(PathBuf, String)> {
    create_folder(folder)?;
    let mut file = new_file(folder)?;
    let mut bytes = serde_json::to_vec_pretty(account)?;
    bytes.push(b'\n');
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    let path = place(file, folder, &file_name(upn, id, at))?;
    sync_folder(folder)?;
    Ok((path, digest_of(&bytes)))
}

/// Tries whether copies can be saved there, before anything is written.
pub(super) fn try_folder(folder: &Path) -> io::Result<()> {
    create_folder(folder)?;
    new_file(folder).map(drop)
}

fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".backup-").tempfile_in(folder)
}

/// Gives a file its name, or the next one that is free: a copy never takes the place of another.
fn place(mut file: NamedTempFile, folder: &Path, name: &str) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("_{number}") };
        let path = folder.join(format!("{name}{suffix}.json"));
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => file = taken.file,
            Err(failed) => return Err(failed.error),
        }
        number += 1;
    }
}

/// Whether this is a copy of the account, and not something else that the directory answered.
pub(super) fn is_of(account: &Value, id: EntraId) -> bool {
    let written = account.get("user").and_then(|user| user.get("id")).and_then(Value::as_str);
    written.and_then(|written| written.parse::<EntraId>().ok()) == Some(id)
}

/// Whether a copy is still what was saved, as far as that can be told without the account. Earlier versions saved whatever
/// was answered.
pub(super) fn is_good(saved: &Backup) -> bool {
    let Ok(bytes) = limited::read_found(Path::new(&saved.file), LARGEST) else { return false };
    let is_unchanged = saved.digest.as_ref().is_none_or(|digest| *digest == digest_of(&bytes));
    is_unchanged && serde_json::from_slice(&bytes).is_ok_and(|account| is_of(&account, saved.account))
}

/// Makes a folder and those above it, each name of which is on disk before something is put there.
fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    folder.parent().map_or(Ok(()), create_folder)?;
    let mut builder = DirBuilder::new();
    // Another account may be saved at the same time.
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)?;
    sync_folder(folder::of(folder))
}

/// UPN for people, id to be sure, time to be alone.
fn file_name(upn: &str, id: EntraId, at: Timestamp) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "@-_".contains(c) { c } else { '_' };
    let upn: String = upn.chars().take(64).map(|c| if c == '.' { '.' } else { safe(c) }).collect();
    let upn = upn.trim_start_matches('.');
    let time = at.strftime("%Y%m%dT%H%M%S%3fZ");
    format!("{upn}_{id}_{time}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0";

    #[test]
    fn names_stay_in_the_folder_whatever_the_upn_holds() {
        let at: Timestamp = "2026-11-25T08:09:10.5Z".parse().unwrap();
        let name = |upn| file_name(upn, ID.parse().unwrap(), at);
        assert_eq!(name("eve@x.example"), format!("eve@x.example_{ID}_20261125T080910500Z"));
        for upn in ["../../etc/passwd", "..\\a:b*c?", "a/b\0\u{202e}", &"ä".repeat(500), ""] {
            let name = name(upn);
            assert!(!name.contains(['/', '\\', ':', '\0']) && !name.starts_with('.') && name.len() < 140, "{name}");
        }
    }

    #[test]
    fn a_folder_is_tried_before_it_is_needed() {
        let place = tempfile::tempdir().unwrap();
        try_folder(&place.path().join("a/backups")).unwrap();
        assert_eq!(std::fs::read_dir(place.path().join("a/backups")).unwrap().count(), 0);
        std::fs::write(place.path().join("file"), "").unwrap();
        assert!(try_folder(&place.path().join("file")).is_err());
        create_folder(Path::new("")).unwrap();
    }

    #[test]
    fn a_folder_that_was_taken_away_is_an_error() {
        let here = tempfile::tempdir().unwrap();
        let file = new_file(here.path()).unwrap();
        let error = super::place(file, &here.path().join("gone"), "eve").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn only_the_account_itself_is_a_copy_of_it() {
        use serde_json::json;
        let id = ID.parse().unwrap();
        assert!(is_of(&json!({"user": {"id": ID}}), id) && is_of(&json!({"user": {"id": ID.to_uppercase()}, "roles": []}), id));
        let another = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e1";
        for user in [json!({}), json!(null), json!([]), json!({"value": []}), json!(ID), json!({"id": another}), json!({"id": 1})]
        {
            assert!(!is_of(&json!({"user": user, "memberOf": []}), id), "{user}");
        }
        assert!(!is_of(&json!({"id": ID}), id) && !is_of(&json!([{"user": {"id": ID}}]), id));
    }

    #[test]
    fn saves_for_the_owner_only_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let backups = folder.path().join("a/backups");
        let (at, id) = (Timestamp::UNIX_EPOCH, ID.parse().unwrap());
        let account = serde_json::json!({"user": {"id": ID.to_uppercase()}});
        let (path, digest) = save(&backups, "eve@x.example", id, at, &account).unwrap();
        let entry = |path: &Path, account, digest| Backup { account, at, digest, file: path.display().to_string() };
        assert!(is_good(&entry(&path, id, Some(digest.clone()))) && !is_good(&entry(&backups.join("none"), id, None)));
        // As earlier versions wrote it down, and what they may have saved.
        assert!(is_good(&entry(&path, id, None)));
        assert!(!is_good(&entry(&path, "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e1".parse().unwrap(), None)));
        let (empty, its_digest) = save(&folder.path().join("old"), "eve@x.example", id, at, &serde_json::json!({})).unwrap();
        assert!(!is_good(&entry(&empty, id, Some(its_digest))) && !is_good(&entry(&empty, id, None)));
        let (again, _) = save(&backups, "eve@x.example", id, at, &account).unwrap();
        assert!(again != path && is_good(&entry(&again, id, Some(digest.clone()))));
        std::fs::write(&again, std::fs::read_to_string(&again).unwrap().replace("\"id\"", "\"id\" ")).unwrap();
        assert!(!is_good(&entry(&again, id, Some(digest))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(&backups)), (0o600, 0o700));
        }
        assert_eq!(std::fs::read_dir(&backups).unwrap().count(), 2);
    }
}
