//! Page tokens: opaque to clients, bound to their query, and worthless after a while.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::call::Call;
use super::super::errors::Failure;
use crate::model::digits::hex;

/// Where a page ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Which tokens are still valid.
    epoch: u32,
    query: String,
    /// The place of the last entry; `None` before the first.
    pub(crate) after: Option<usize>,
    /// Its sort keys, when there is an order.
    pub(crate) keys: Vec<Option<String>>,
    /// How many empty pages came just before.
    pub(crate) empty: u32,
    /// How often the list was begun again.
    round: u32,
}

impl Cursor {
    /// The first page of a query.
    pub(crate) fn start(call: &Call, epoch: u32) -> Self {
        Self { epoch, query: fingerprint(call), ..Self::default() }
    }

    /// Reads the token of a request; without one it is the first page.
    ///
    /// # Errors
    /// A token of another query, or an old one.
    pub(crate) fn of(call: &Call, epoch: u32) -> Result<Self, Failure> {
        let start = Self::start(call, epoch);
        let Some(token) = &call.query.skip_token else { return Ok(start) };
        let read = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        match read {
            Some(cursor) if cursor.epoch < epoch => Err(Failure::new(
                400,
                "Directory_ExpiredPageToken",
                "The specified page token value has expired and can no longer be included in your request.",
            )),
            Some(cursor) if cursor.query == start.query && cursor.epoch == epoch => Ok(cursor),
            Some(_) | None => {
                Err(Failure::new(400, "Directory_InvalidPageToken", "The specified page token is not valid for this query."))
            }
        }
    }

    /// The cursor behind an empty page.
    pub(crate) fn behind_empty_page(&self) -> Self {
        Self { empty: self.empty.saturating_add(1), ..self.clone() }
    }

    /// The cursor behind an entry.
    pub(crate) fn behind(&self, place: usize, keys: Vec<Option<String>>) -> Self {
        Self { after: Some(place), keys, empty: 0, ..self.clone() }
    }

    /// The first page once more.
    pub(crate) fn again(&self) -> Self {
        Self { after: None, keys: Vec::new(), empty: 0, round: self.round.saturating_add(1), ..self.clone() }
    }

    /// Whether this is the first page.
    pub(crate) fn is_first(&self) -> bool {
        self.after.is_none() && self.empty == 0 && self.round == 0
    }

    /// The token.
    pub(crate) fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

fn fingerprint(call: &Call) -> String {
    let text = format!("{}\n{}\n{}", call.version.name(), call.path_text(), call.query.fingerprint());
    hex(Sha256::digest(text).get(..8).unwrap_or_default())
}
