//! Sending: tokens, pace, tries, and what is told of each request.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::Deserializer;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::directory::net::place;
use crate::directory::ports::DirectoryError;
use crate::directory::progress::{Progress, Step};

use super::auth::{AccessToken, TokenSource};
use super::call::Call;
use super::endpoint::{self, endpoint};
use super::failure::{Answer, GraphError, media_type, says_enough};
use super::hide::{in_body, in_text};
use super::http::{Broken, Unread, body, broken, is_cut};
use super::list::parse;
use super::pace::{Pace, Patience, THROTTLE_SCOPE, Tries, is_of_writes, retry_after};
use super::server_clock::ServerClock;
use super::settings::{GraphSettings, Sent, Trace};
use super::useless::{Next, Useless, is_about_asked, is_json, too_long};

/// Waits that are worth it even when the run is to end.
const SHORT: Duration = Duration::from_secs(3);

/// A good answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: u16,
    pub(super) body: Vec<u8>,
    pub(super) request_id: Option<String>,
    /// The server's clock.
    pub(super) date: Option<String>,
    /// What the body is said to be.
    content_type: Option<String>,
}

impl Reply {
    /// Status and kind, for messages.
    fn kind(&self) -> String {
        let content_type = self.content_type.as_ref().map_or_else(String::new, |kind| format!(" {kind}"));
        format!("{}{content_type}", self.status)
    }

    #[cold]
    fn broken(&self) -> Useless {
        Useless::Broken { kind: self.kind(), is_cut: is_cut(&self.body) }
    }
}

/// Graph, as one signed-in client sees it.
pub(super) struct Client {
    http: reqwest::Client,
    pub(super) endpoint: Url,
    pub(super) tokens: Arc<dyn TokenSource>,
    pub(super) pace: Pace,
    pub(super) patience: Patience,
    largest_answer: usize,
    pub(super) page_size: u32,
    trace: Option<Trace>,
    pub(super) progress: Arc<dyn Progress>,
    cancel: CancellationToken,
    pub(super) clock: ServerClock,
}

/// A request that is tried until it is answered for good.
struct Sending<'a> {
    call: &'a Call,
    url: &'a str,
    tries: Tries,
    /// The token that was not taken.
    rejected: Option<AccessToken>,
}

/// How one try ended.
enum Try {
    Good(Reply),
    /// Another try is harmless.
    Again(GraphError, Next),
    /// The token is not taken any more.
    Expired(GraphError, AccessToken),
    Final(GraphError),
}

impl Client {
    /// Checks the settings; nothing is sent yet.
    pub(super) fn new(settings: GraphSettings) -> Result<Self, DirectoryError> {
        let endpoint = endpoint(&settings.endpoint)?;
        let http = endpoint::client(&endpoint, settings.answer_timeout)?;
        let GraphSettings { tokens, patience, largest_answer, page_size, trace, progress, cancel, .. } = settings;
        let (pace, page_size) = (Pace::new(Arc::clone(&progress), cancel.clone()), page_size.max(1));
        let clock = ServerClock::default();
        Ok(Self { http, endpoint, tokens, pace, patience, largest_answer, page_size, trace, progress, cancel, clock })
    }

    /// Signs in, if that has not been done.
    pub(super) async fn token(&self) -> Result<AccessToken, DirectoryError> {
        self.tokens.token(None).await
    }

    /// Sends a request until it is answered for good, or patience ends. A write whose fate is unknown is not sent again, nor
    /// one that the quota had no room for: whoever sent it looks first whether it is still right.
    pub(super) async fn send(&self, call: &Call) -> Result<Reply, GraphError> {
        self.send_to(call, &self.address(call), |reply| {
            if call.is_read() && !is_json(&reply.body) {
                Err(reply.broken())
            } else if call.is_read() && !is_about_asked(call, &mut Deserializer::from_slice(&reply.body)) {
                Err(Useless::Other)
            } else {
                Ok(reply)
            }
        })
        .await
    }

    /// Asks for something, and reads the answer.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, GraphError> {
        self.read_at(call, &self.address(call)).await
    }

    /// The same from an address that Graph itself gave, of the next page.
    pub(super) async fn read_at<T: DeserializeOwned>(&self, call: &Call, url: &str) -> Result<T, GraphError> {
        self.send_to(call, url, |reply| match parse(call, &reply.body) {
            Ok(_) if !is_about_asked(call, &mut Deserializer::from_slice(&reply.body)) => Err(Useless::Other),
            Ok(read) => Ok(read),
            Err(_) if !is_json(&reply.body) => Err(reply.broken()),
            Err(error) => Err(Useless::Odd(error)),
        })
        .await
    }

    fn address(&self, call: &Call) -> String {
        format!("{}{}{}", self.endpoint.as_str().trim_end_matches('/'), call.version.path(), call.target)
    }

    async fn send_to<T>(&self, call: &Call, url: &str, read: impl Fn(Reply) -> Result<T, Useless>) -> Result<T, GraphError> {
        let mut sending = Sending { call, url, tries: Tries::new(&self.patience), rejected: None };
        loop {
            let (reply, sent) = self.good_reply(&mut sending).await?;
            match read(reply) {
                Ok(read) => {
                    self.tell(&sent);
                    return Ok(read);
                }
                Err(useless) => self.pass_useless(&mut sending, useless, sent).await?,
            }
        }
    }

    /// Tries until the server has nothing to object. What was sent for it is not told yet: that waits for what it is worth.
    async fn good_reply(&self, sending: &mut Sending<'_>) -> Result<(Reply, Sent), GraphError> {
        loop {
            let token = self.tokens.token(sending.rejected.as_ref()).await.map_err(GraphError::Directory)?;
            if !self.pace.turn().await {
                return Err(stopped(sending.call));
            }
            let (sent, end) = self.once(sending.call, sending.url, &token).await;
            sending.tries.spend(sent.took);
            match end {
                Try::Good(reply) => return Ok((reply, sent)),
                Try::Final(error) => {
                    self.tell(&sent);
                    return Err(error);
                }
                Try::Expired(error, token) => {
                    self.tell(&sent);
                    // A source that has no other token says so at the next turn; one fresh token is tried, no more.
                    if sending.rejected.replace(token).is_some() {
                        return Err(error);
                    }
                }
                Try::Again(error, next) => self.before_next(&mut sending.tries, error, next, sent).await?,
            }
        }
    }

    async fn pass_useless(&self, sending: &mut Sending<'_>, useless: Useless, sent: Sent) -> Result<(), GraphError> {
        match useless.outcome(sending.call) {
            Ok((error, next)) => self.before_next(&mut sending.tries, error, next, sent).await,
            Err(error) => {
                self.tell(&sent);
                Err(error)
            }
        }
    }

    /// Waits for the next try of a request, or says why there is none.
    async fn before_next(
        &self,
        tries: &mut Tries,
        error: GraphError,
        Next { asked, is_short }: Next,
        sent: Sent,
    ) -> Result<(), GraphError> {
        let is_throttled = error.answer().is_some_and(Answer::is_throttled);
        if is_throttled {
            self.progress.note(Step::Refused);
        }
        let is_short = is_short || error.is_foreign();
        match if is_short { tries.next_short(asked) } else { tries.next(asked) } {
            Err(why) => {
                self.tell(&sent);
                Err(given_up(error, &why))
            }
            Ok(pause) => {
                self.tell(&Sent { again_in: Some(pause), ..sent });
                self.progress.note(Step::Paused { pause, is_throttled, why: &error.in_short() });
                if is_throttled {
                    self.pace.hold(pause);
                }
                if self.wait(pause, is_throttled).await {
                    Ok(())
                } else {
                    Err(given_up(error, "stopped while waiting for the next try"))
                }
            }
        }
    }

    /// Waits, and says whether to go on. Only the time for the quota is told.
    async fn wait(&self, pause: Duration, is_throttled: bool) -> bool {
        let _wait = is_throttled.then(|| self.pace.wait());
        if pause <= SHORT {
            tokio::time::sleep(pause).await;
            return true;
        }
        tokio::select! {
            () = self.cancel.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }

    fn tell(&self, sent: &Sent) {
        if let Some(trace) = &self.trace {
            trace(sent);
        }
    }

    async fn once(&self, call: &Call, url: &str, token: &AccessToken) -> (Sent, Try) {
        let client_request_id = Uuid::now_v7().to_string();
        let started = tokio::time::Instant::now();
        let end = self.ask(call, url, token, &client_request_id).await;
        let (outcome, request_id) = match &end {
            Try::Good(reply) => (Ok(reply.status), reply.request_id.clone()),
            Try::Again(error, _) | Try::Expired(error, _) | Try::Final(error) => match error {
                GraphError::Answer(answer) => (Ok(answer.status), answer.request_id.clone()),
                GraphError::Directory(error) => (Err(error.to_string()), None),
                GraphError::Lost(why) => (Err(why.clone()), None),
            },
        };
        let took = started.elapsed();
        (Sent { what: call.shown(), outcome, request_id, client_request_id, took, again_in: None }, end)
    }

    async fn ask(&self, call: &Call, url: &str, token: &AccessToken, id: &str) -> Try {
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.secret.expose_secret()));
        let Ok(mut bearer) = bearer else {
            let message = "the access token holds characters that no token has; was it copied whole, and nothing else?";
            return Try::Final(GraphError::Directory(DirectoryError::Denied(message.into())));
        };
        bearer.set_sensitive(true);
        let mut request = self.http.request(call.method.clone(), url).header(AUTHORIZATION, bearer);
        request = request.header("client-request-id", id).header("return-client-request-id", "true");
        if call.advanced {
            request = request.header("ConsistencyLevel", "eventual");
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        match request.send().await {
            Ok(response) => self.take(call, response, token, id).await,
            Err(error) => self.not_sent(call, &error),
        }
    }

    async fn take(&self, call: &Call, response: Response, token: &AccessToken, id: &str) -> Try {
        let (status, headers, secret) = (response.status(), response.headers().clone(), token.secret.expose_secret());
        self.clock.note(&headers);
        let header = |name: &str| header(&headers, name, secret);
        let (request_id, date) = (header("request-id"), header(DATE.as_str()));
        let (retry_after, only_writes) = (retry_after(&headers), is_of_writes(header(THROTTLE_SCOPE).as_deref()));
        let body = match self.body(call, response).await {
            Ok(body) => in_body(body, secret, status.is_success()),
            // What a cut answer refuses may be something else, or not refused at all, unless its status tells all.
            Err(_) if says_enough(status.as_u16()) || status == StatusCode::UNAUTHORIZED && call.is_read() => Vec::new(),
            Err(error @ GraphError::Lost(_)) if call.is_read() => {
                return Try::Again(error, Next { asked: retry_after, is_short: false });
            }
            Err(error) => return Try::Final(error),
        };
        let content_type = header(CONTENT_TYPE.as_str()).map(|text| media_type(&text));
        if status.is_success() {
            return Try::Good(Reply { status: status.as_u16(), body, request_id, date, content_type });
        }
        let (asked, client_request_id) = (call.shown(), id.to_owned());
        let sent_to = redirected_to(&headers, secret);
        let read = Answer::read(status.as_u16(), &body);
        let answer = Answer { asked, request_id, client_request_id, content_type, sent_to, retry_after, only_writes, ..read };
        let may_pass = answer.is_throttled() || answer.is_passing();
        let is_expired = status == StatusCode::UNAUTHORIZED && (!answer.is_foreign() || asks_for_token(&headers));
        let error = GraphError::Answer(Box::new(answer));
        if is_expired {
            Try::Expired(error, token.clone())
        } else if may_pass && call.is_read() {
            Try::Again(error, Next { asked: retry_after, is_short: false })
        } else {
            Try::Final(error)
        }
    }

    /// The body of an answer, if it came whole.
    async fn body(&self, call: &Call, response: Response) -> Result<Vec<u8>, GraphError> {
        let status = response.status();
        let asked = format!("the answer to {} ({})", call.shown(), status.as_u16());
        match body(response, self.largest_answer).await {
            Ok(body) if status.is_success() || !is_cut(&body) => Ok(body),
            Ok(_) | Err(Unread::Broken(_)) => Err(GraphError::Lost(format!("{asked} broke off"))),
            Err(Unread::TooLong) => Err(too_long(&asked, self.largest_answer, call)),
        }
    }

    /// No answer. Without a connection nothing was sent; else the request may have arrived.
    fn not_sent(&self, call: &Call, error: &reqwest::Error) -> Try {
        match broken(&place(&self.endpoint), error) {
            Broken::Untrusted(message) => Try::Final(GraphError::Directory(DirectoryError::Unreachable(message))),
            Broken::Unreached(message) => {
                let error = GraphError::Directory(DirectoryError::Unreachable(message));
                Try::Again(error, Next { is_short: true, asked: None })
            }
            Broken::Lost(message) => lost(call, &message, false),
            Broken::Odd(message) => lost(call, &message, true),
        }
    }
}

/// The answer to what was sent is not known.
fn lost(call: &Call, message: &str, is_short: bool) -> Try {
    let error = GraphError::Lost(format!("{} was not answered: {message}", call.shown()));
    if call.is_read() { Try::Again(error, Next { asked: None, is_short }) } else { Try::Final(error) }
}

/// The run is to end, and nothing was sent.
fn stopped(call: &Call) -> GraphError {
    let message = format!("{} was not sent: stopped while waiting for Microsoft Graph's quota", call.shown());
    GraphError::Directory(DirectoryError::Unreachable(message))
}

pub(super) fn given_up(error: GraphError, why: &str) -> GraphError {
    match error {
        GraphError::Directory(DirectoryError::Unreachable(message)) => {
            GraphError::Directory(DirectoryError::Unreachable(format!("{message}; {why}")))
        }
        GraphError::Answer(mut answer) => {
            answer.asked = format!("{} ({why})", answer.asked);
            GraphError::Answer(answer)
        }
        GraphError::Lost(message) => GraphError::Lost(format!("{message}; {why}")),
        other @ GraphError::Directory(_) => other,
    }
}

/// Whether a token is asked for, as Graph does; a proxy asks for something else.
fn asks_for_token(headers: &HeaderMap) -> bool {
    let asks = |value: &HeaderValue| value.as_bytes().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"));
    headers.get_all(WWW_AUTHENTICATE).iter().any(asks)
}

/// The host that a redirect points to, if it is another than the one that answered.
fn redirected_to(headers: &HeaderMap, token: &str) -> Option<String> {
    let url = Url::parse(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    url.has_host().then(|| in_text(&place(&url), token))
}

fn header(headers: &HeaderMap, name: &str, token: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(|text| in_text(text, token))
}
