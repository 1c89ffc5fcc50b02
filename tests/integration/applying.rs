//! Plans that tests carry out without the program around it.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use hardmatch::apply::{Event, Observer, Options, Request};
use hardmatch::directory::Clock;
use hardmatch::model::Policy;
use hardmatch::plan::body::Body;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

struct Deaf;

impl Observer for Deaf {
    fn event(&self, _: Event<'_>) {}
}

/// A folder in memory, where the machine has one: the journal waits for no disk there.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The time, which stands still.
pub(crate) fn clock() -> Clock {
    Arc::new(|| "2026-11-25T01:00:00Z".parse().unwrap())
}

/// Protects nobody.
static POLICY: LazyLock<Policy> = LazyLock::new(Policy::default);

/// A run that nobody watches and nobody stops.
pub(crate) fn request<'a>(plan: &'a Path, digest: &'a str, body: &'a Body, options: Options) -> Request<'a> {
    Request {
        plan,
        digest,
        body,
        policy: &POLICY,
        made: None,
        also_undone_in: None,
        tool: "test",
        run_id: uuid::Uuid::now_v7(),
        options,
        clock: clock(),
        observer: &Deaf,
        cancel: CancellationToken::new(),
    }
}
