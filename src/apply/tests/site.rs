//! A folder with a plan, and what is told while it is applied.

use super::*;

/// Takes note of everything in words.
#[derive(Default)]
pub(super) struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub(super) fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Notes {
    fn event(&self, event: Event<'_>) {
        let of = |action: &Action| format!("{} {}", action.kind, action.target.upn);
        let note = match event {
            Event::Ready { remaining, done } => format!("ready {remaining} {done}"),
            Event::Barred(barrier) => format!("barred: {}", barrier.what),
            Event::Started(action) => format!("start {}", of(action)),
            Event::Waiting { action, delay, .. } => format!("wait {} {}", of(action), delay.as_secs()),
            Event::BackedUp { action, .. } => format!("save {}", action.target.upn),
            Event::Done(action) => format!("done {}", of(action)),
            Event::AlreadyDone(action) => format!("already {}", of(action)),
            Event::Failed(action, failure) => format!("failed {} {:?}", of(action), failure.kind),
            Event::Unconfirmed(action, _) => format!("unconfirmed {}", of(action)),
            Event::Stopping { in_flight, .. } => format!("stopping {in_flight}"),
        };
        self.0.lock().unwrap().push(note);
    }
}

/// A folder with a plan, and how it is applied.
pub(super) struct Site {
    folder: tempfile::TempDir,
    pub(super) disk: Disk,
    pub(super) options: Options,
    pub(super) cancel: CancellationToken,
    pub(super) notes: Notes,
    pub(super) digest: String,
    /// Whether the folder of the backups is lost once the run begins.
    pub(super) loses_backups: bool,
    /// The policy of now.
    pub(super) policy: Policy,
    /// When the plan was made.
    pub(super) made: Option<jiff::Timestamp>,
    pub(super) also_undone_in: Option<PathBuf>,
}

impl Site {
    pub(super) fn new() -> Self {
        // Where there is a file system in memory, hundreds of synced runs take no time.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let options = Options {
            concurrency: 8,
            max_failures: 0,
            read_back: vec![Duration::ZERO],
            retry: vec![Duration::ZERO; 2],
            backups: folder.path().join("backups"),
        };
        let (disk, cancel, notes) = (Disk::new(), CancellationToken::new(), Notes::default());
        Self {
            folder,
            disk,
            options,
            cancel,
            notes,
            digest: DIGEST.into(),
            loses_backups: false,
            policy: Policy::default(),
            made: None,
            also_undone_in: None,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn plan(&self) -> PathBuf {
        self.folder().join("wave.json")
    }

    pub(super) fn journal(&self) -> PathBuf {
        journal_path(&self.plan())
    }

    /// Writes the journal as a version did that knew nothing of this property, nor of checks.
    pub(super) fn journal_of_earlier_version(&self, unknown: &str) {
        let journal = std::fs::read_to_string(self.journal()).unwrap();
        assert!(journal.contains(unknown), "{journal}");
        let line = |line: &str| format!("{}}}\n", line.replace(unknown, "").split(",\"check\"").next().unwrap());
        std::fs::write(self.journal(), journal.lines().map(line).collect::<String>()).unwrap();
    }

    pub(super) async fn apply(&self, body: &Body) -> Result<RunReport, ApplyError> {
        self.apply_to(body, &self.disk.directories(), &self.plan()).await
    }

    pub(super) async fn apply_to(&self, body: &Body, to: &Directories, plan: &Path) -> Result<RunReport, ApplyError> {
        let request = Request {
            plan,
            digest: &self.digest,
            body,
            policy: &self.policy,
            made: self.made,
            also_undone_in: self.also_undone_in.as_deref(),
            tool: "hardmatch test",
            run_id: Uuid::now_v7(),
            options: self.options.clone(),
            clock: fixed_clock(),
            observer: &self.notes,
            cancel: self.cancel.clone(),
        };
        carry_out_with(&request, to, |path| self.open(path)).await
    }

    fn open(&self, path: &Path) -> Result<Journal, JournalError> {
        if self.loses_backups {
            std::fs::remove_dir(&self.options.backups).unwrap();
            std::fs::write(&self.options.backups, "").unwrap();
        }
        let (file, chain) = open_file(path)?;
        Ok(Journal::start(path, disk::DyingFile { file, disk: self.disk.clone() }, chain))
    }

    pub(super) fn backups(&self) -> usize {
        std::fs::read_dir(&self.options.backups).map_or(0, Iterator::count)
    }
}
