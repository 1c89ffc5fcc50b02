//! Sockets: loopback only, one engine behind all connections, and connections that can be reset.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request as HttpRequest, State as FromState};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::diag::Diagnostics;

use super::Options;
use super::engine::{Engine, Fixed, Outcome, Parts, Request, State};
use super::faults::Faults;
use super::forests::Forests;
use super::log::Log;
use super::quota::Meter;
use super::script::Script;
use super::token::Tokens;
use super::world::World;

/// Graph takes no larger bodies either.
const LARGEST_BODY: usize = 4 << 20;
/// How long half an answer takes to leave.
const BREATH: Duration = Duration::from_millis(10);
/// How long open connections may keep the emulator from ending.
const PATIENCE: Duration = Duration::from_secs(2);

/// An emulator that listens.
#[derive(Debug)]
pub struct Emulator {
    listener: Lines,
    engine: Arc<Engine>,
    endpoint: String,
    token: String,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The snapshot, a forest or the fault script is wrong.
    #[error("an input cannot be used")]
    Input(Diagnostics),
    /// The port is taken.
    #[error("cannot listen on 127.0.0.1:{0}: {1}")]
    Listen(u16, io::Error),
    /// The log cannot be written.
    #[error("cannot write the log: {0}")]
    Log(io::Error),
}

impl Emulator {
    /// Reads the inputs and begins to listen.
    ///
    /// # Errors
    /// A [`StartError`].
    pub async fn bind(options: &Options) -> Result<Self, StartError> {
        let script = options.faults.as_deref().map(Script::load).transpose().map_err(StartError::Input)?.unwrap_or_default();
        let world = World::load(&options.tenant, Script::default()).map_err(StartError::Input)?;
        let forests = Forests::start(options, &world.tenant).map_err(StartError::Input)?;
        let log = Log::open(options.log.as_deref()).map_err(StartError::Log)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let refused = |error| StartError::Listen(options.port, error);
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let port = listener.local_addr().map_err(refused)?.port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let base = options.public_url.as_deref().map_or_else(|| endpoint.clone(), |url| url.trim_end_matches('/').to_owned());
        let mut state = State {
            world,
            tokens: Tokens::default(),
            faults: Faults::default(),
            meter: Meter::default(),
            log,
            parts: Parts::default(),
            forests,
            fixed: Fixed { strict: options.strict, page_size: options.page_size, base },
            started: Instant::now(),
        };
        state.set_script(script);
        let token = state.tokens.issue(&state.world, "graph-emulator", &endpoint, None);
        Ok(Self { listener: Lines(listener), engine: Arc::new(Engine::new(state)), endpoint, token })
    }

    /// Where it listens: `http://127.0.0.1:N`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A token that it takes.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The line that tells whoever started it where to go.
    #[must_use]
    pub fn ready_line(&self) -> String {
        json!({ "endpoint": self.endpoint, "authority": self.endpoint, "token": self.token }).to_string()
    }

    /// Serves until `end` comes to pass.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn serve(self, end: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let ending = Arc::new(tokio::sync::Notify::new());
        let told = Arc::clone(&ending);
        let shutdown = async move {
            end.await;
            told.notify_one();
        };
        let app = Router::new().fallback(answer).with_state(self.engine).into_make_service_with_connect_info::<Line>();
        let served = axum::serve(self.listener, app).with_graceful_shutdown(shutdown);
        let impatient = async {
            ending.notified().await;
            tokio::time::sleep(PATIENCE).await;
        };
        tokio::select! {
            result = served => result,
            () = impatient => Ok(()),
        }
    }
}

async fn answer(
    ConnectInfo(line): ConnectInfo<Line>,
    FromState(engine): FromState<Arc<Engine>>,
    request: HttpRequest,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let body = to_bytes(body, LARGEST_BODY).await.ok();
    let request = Request { method: parts.method, target, headers: parts.headers, body };
    let outcome = engine.handle(&request);
    if outcome.slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(outcome.slow_ms)).await;
    }
    if outcome.reset {
        line.reset.store(true, Ordering::SeqCst);
    }
    response(outcome, line)
}

fn response(outcome: Outcome, line: Line) -> Response {
    let body = if outcome.breaks_off { half(outcome.body, line) } else { Body::from(outcome.body) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in outcome.headers {
        // What a client sent as its id was a header before; everything else is ours.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The first half of a body; then the connection is reset.
fn half(mut body: Vec<u8>, line: Line) -> Body {
    body.truncate(body.len() / 2);
    let end = async move {
        // By then the half is on its way.
        tokio::time::sleep(BREATH).await;
        line.reset.store(true, Ordering::SeqCst);
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    };
    Body::from_stream(stream::once(async move { Ok(body) }).chain(stream::once(end)))
}

/// Accepts connections that can be reset.
#[derive(Debug)]
struct Lines(TcpListener);

impl Listener for Lines {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small and waited for; without it they come all the same.
        stream.set_nodelay(true).ok();
        (Socket { stream, line: Line::default() }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// The switch of a connection.
#[derive(Debug, Clone, Default)]
struct Line {
    reset: Arc<AtomicBool>,
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().line.clone()
    }
}

/// A connection that breaks as soon as its switch is thrown and somebody writes.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    line: Line,
}

impl Socket {
    fn check(&self) -> io::Result<()> {
        if !self.line.reset.load(Ordering::SeqCst) {
            return Ok(());
        }
        // Without lingering the other side gets a reset instead of an orderly end.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
