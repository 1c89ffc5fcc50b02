//! The copy of an account before it is deleted.

use std::path::PathBuf;

use serde_json::Value;

use crate::apply::backup;
use crate::apply::journal::{Backup, Entry};
use crate::directory::text::words;
use crate::model::EntraId;

use super::step::Step;
use super::{Event, Failure, FailureKind, Run};

impl Step<'_> {
    /// Saves an account before it is deleted, unless there is a copy of it as it stands now. Says whether that took a while.
    pub(super) async fn back_up(&self, run: &Run<'_>) -> Result<bool, Failure> {
        let Some(id) = self.action.target.entra_id().filter(|_| self.action.kind.deletes()) else { return Ok(false) };
        if run.has_backup(id) {
            return Ok(false);
        }
        let account = export(run, id).await?;
        let (file, digest) = self.save(run, id, account).await?;
        let name = file.display().to_string();
        let entry = Entry::Backup(Backup { account: id, at: (run.clock)(), digest: Some(digest), file: name });
        run.journal.append(&entry).await.map_err(|cause| Failure::of_journal(&cause))?;
        run.backed_up(id);
        run.observer.event(Event::BackedUp { action: self.action, file: &file });
        Ok(true)
    }

    async fn save(&self, run: &Run<'_>, id: EntraId, account: Value) -> Result<(PathBuf, String), Failure> {
        let (folder, upn, at) = (run.options.backups.clone(), self.action.target.upn.clone(), (run.clock)());
        let saved = tokio::task::spawn_blocking(move || backup::save(&folder, &upn, id, at, &account)).await;
        let failed = |cause: String| Failure {
            kind: FailureKind::Backup,
            reason: format!("the account could not be saved under `{}`: {cause}", run.options.backups.display()),
        };
        saved.map_err(|cause| failed(cause.to_string()))?.map_err(|cause| failed(words(&cause)))
    }
}

/// The account as the directory tells it.
async fn export(run: &Run<'_>, id: EntraId) -> Result<Value, Failure> {
    let unsaved = |kind, why: &str| {
        let reason = format!("the account could not be saved before its deletion: {why}");
        Failure { kind, reason }
    };
    let account = run.directories.tenant.export_account(&id).await.map_err(|error| {
        let Failure { kind, reason } = Failure::of(&error);
        unsaved(kind, &reason)
    })?;
    if backup::is_of(&account, id) {
        return Ok(account);
    }
    Err(unsaved(FailureKind::Backup, "what the directory answered is not this account"))
}
