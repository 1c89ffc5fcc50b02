//! Where Graph is, how to talk to it, and what is told of that.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::directory::progress::{Progress, Unwatched};

use super::auth::TokenSource;
use super::cost;
use super::pace::Patience;

/// The usual limit of one answer.
const LARGEST_ANSWER: usize = 64 << 20;

/// What is known of a request that was sent, for logs. It holds no query, no body and no token.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Method and path.
    pub what: String,
    /// The status, or why there is none.
    pub outcome: Result<u16, String>,
    /// Graph's id of the request.
    pub request_id: Option<String>,
    /// Our id of the request.
    pub client_request_id: String,
    /// How long it took.
    pub took: Duration,
    /// The pause before the next try, when there is one.
    pub again_in: Option<Duration>,
}

/// Who wants to know of each request.
pub type Trace = Arc<dyn Fn(&Sent) + Send + Sync>;

/// Where Graph is and how to talk to it.
#[derive(Clone)]
pub struct GraphSettings {
    /// Scheme and host, perhaps a port and a path, without the version.
    pub endpoint: String,
    /// Where the access tokens come from.
    pub tokens: Arc<dyn TokenSource>,
    /// How long a request is tried again.
    pub patience: Patience,
    /// How long one answer may take.
    pub answer_timeout: Duration,
    /// Bytes of one answer at most, once it is decompressed. Graph's own stay far below the usual 64 MiB: a page of 999 users
    /// with all their addresses has some MiB.
    pub largest_answer: usize,
    /// Users a page where everybody is read; Graph sends 999 at most.
    pub page_size: u32,
    /// Who wants to know of each request.
    pub trace: Option<Trace>,
    /// Who watches how far reading is and what it waits for.
    pub progress: Arc<dyn Progress>,
    /// Ends long waits between tries; requests that are under way are let end.
    pub cancel: CancellationToken,
}

impl GraphSettings {
    /// Settings with the usual patience.
    #[must_use]
    pub fn new(endpoint: &str, tokens: Arc<dyn TokenSource>) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Self {
            endpoint,
            tokens,
            patience: Patience::default(),
            answer_timeout: Duration::from_secs(100),
            largest_answer: LARGEST_ANSWER,
            page_size: cost::PAGE,
            trace: None,
            progress: Arc::new(Unwatched),
            cancel: CancellationToken::new(),
        }
    }
}
