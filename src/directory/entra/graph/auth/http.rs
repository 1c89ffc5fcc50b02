//! One request to a sign-in service, without redirects, so that no secret follows one.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Request};
use url::Url;

use super::super::http::{Broken, Unread, body, broken, build, is_cut};
use super::super::pace::retry_after;
use super::fault::Fault;
use crate::directory::net::{is_loopback, place};
use crate::directory::ports::DirectoryError;

/// No answer of a sign-in service is longer.
const LONGEST: usize = 1024 * 1024;
const WHOLE: Duration = Duration::from_secs(60);

/// An answer, read to its end.
#[derive(Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends requests through the proxy of the machine, or straight to what is on the machine itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Http {
    proxied: Arc<OnceLock<Result<Client, DirectoryError>>>,
    direct: Arc<OnceLock<Result<Client, DirectoryError>>>,
}

impl Http {
    /// A client for an address.
    ///
    /// # Errors
    /// The machine has no certificate authorities that could vouch for anybody.
    pub(super) fn client(&self, url: &Url) -> Result<&Client, Fault> {
        let client = if is_nearby(url) {
            self.direct.get_or_init(|| build(Client::builder().no_proxy(), Duration::from_secs(3), WHOLE))
        } else {
            self.proxied.get_or_init(|| build(Client::builder(), Duration::from_secs(20), WHOLE))
        };
        client.as_ref().map_err(|error| error.clone().into())
    }

    /// Sends a request; an answer that is no success is an answer.
    ///
    /// # Errors
    /// No answer, or none that can be read.
    pub(super) async fn send(&self, request: Request) -> Result<Reply, Fault> {
        let host = place(request.url());
        let client = self.client(request.url())?.clone();
        let response = client.execute(request).await.map_err(|error| no_answer(&host, &error))?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        let body = body(response, LONGEST).await.map_err(|unread| match unread {
            Unread::Broken(error) => no_answer(&host, &error).after(retry_after),
            Unread::TooLong => Fault::unreachable(format!("the answer of {host} is longer than any of a sign-in service")),
        })?;
        if is_cut(&body) {
            let message = format!("the answer of {host} broke off; try again");
            return Err(Fault::Passing(DirectoryError::Unreachable(message), retry_after));
        }
        Ok(Reply { status, retry_after, body })
    }
}

/// On this machine or its own link, where the identity of an Azure machine is served: no proxy lies in between.
pub(super) fn is_nearby(url: &Url) -> bool {
    matches!(url.host(), Some(url::Host::Ipv4(ip)) if ip.is_link_local()) || is_loopback(url)
}

fn no_answer(host: &str, error: &reqwest::Error) -> Fault {
    match broken(host, error) {
        Broken::Untrusted(message) | Broken::Odd(message) => Fault::unreachable(message),
        Broken::Unreached(message) | Broken::Lost(message) => Fault::Passing(DirectoryError::Unreachable(message), None),
    }
}
