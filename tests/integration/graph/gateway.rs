//! A gateway between the client and Graph, which answers in Graph's place or changes what Graph answers.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A request, as far as tests look at it.
pub(crate) struct Asked {
    /// Method and target: `GET /v1.0/users?$top=1`.
    pub(crate) what: String,
    pub(super) authorization: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn is(&self, method: &str, part: &str) -> bool {
        self.what.starts_with(method) && self.what.contains(part)
    }
}

/// What the gateway does with a request.
pub(crate) enum Act {
    Pass,
    /// Status line and headers, and the body.
    Answer(String, String),
    /// Asks Graph, and changes the body of its answer.
    Edit(Box<dyn Fn(String) -> String + Send>),
    /// Asks Graph, and sends these bytes for the head and body of its answer.
    Send(Change),
    /// Hangs up, and Graph is not asked.
    Drop,
}

/// The bytes that are sent for a head and a body.
type Change = Box<dyn FnOnce(&str, &str) -> Vec<u8> + Send>;

/// An answer of the gateway itself.
pub(crate) fn answer(head: &str, body: &str) -> Act {
    Act::Answer(head.to_owned(), body.to_owned())
}

/// An nginx that does not know the address.
pub(crate) fn page(status: &str) -> Act {
    answer(&format!("{status}\r\nContent-Type: text/html"), "<html><h1>nginx</h1></html>")
}

type Rule = Arc<dyn Fn(&Asked) -> Act + Send + Sync>;

/// A client that reaches an emulated tenant through a gateway, and the emulator behind it.
pub(super) async fn behind(tenant: &Value, rule: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> (GraphTenant, Server) {
    let server = gated(tenant, json!({}), rule).await;
    (server.client(), server)
}

/// An emulator whose clients come through a gateway.
pub(crate) async fn gated(tenant: &Value, script: Value, rule: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = format!("http://{}", listener.local_addr().unwrap());
    let public = gate.parse().unwrap();
    let server = Server::with(tenant, script, |options| options.public_url = Some(public)).await;
    let (rule, graph): (Rule, String) = (Arc::new(rule), server.endpoint.trim_start_matches("http://").to_owned());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_one(stream, Arc::clone(&rule), graph.clone()));
        }
    });
    Server { gate: Some(gate), ..server }
}

/// Serves one request of a connection, and closes it.
async fn serve_one(mut stream: TcpStream, rule: Rule, graph: String) {
    let (head, body) = message(&mut stream).await;
    let line = head.lines().next().unwrap_or_default();
    let asked = Asked { what: line.to_owned(), authorization: header(&head, "authorization").to_owned(), body };
    let answer = match rule(&asked) {
        Act::Answer(head, body) => bytes(&format!("HTTP/1.1 {head}"), body.as_bytes()),
        Act::Drop => Vec::new(),
        Act::Pass => {
            let (head, body) = ask(&graph, &head, &asked.body).await;
            bytes(&head, body.as_bytes())
        }
        Act::Edit(edit) => {
            let (head, body) = ask(&graph, &head, &asked.body).await;
            bytes(&head, edit(body).as_bytes())
        }
        Act::Send(change) => {
            let (head, body) = ask(&graph, &head, &asked.body).await;
            change(&head, &body)
        }
    };
    // Who was sent nonsense may be gone.
    let _gone = stream.write_all(&answer).await;
}

/// An answer as it is sent: its own words about its length give way to the true one.
pub(crate) fn bytes(head: &str, body: &[u8]) -> Vec<u8> {
    let kept = head.lines().filter(|line| !line.to_lowercase().starts_with("content-length:")).collect::<Vec<_>>().join("\r\n");
    let head = format!("{kept}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

async fn ask(graph: &str, head: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(graph).await.unwrap();
    let plain = head.lines().filter(|line| !line.to_lowercase().starts_with("accept-encoding:")).collect::<Vec<_>>().join("\r\n");
    stream.write_all(format!("{plain}\r\n\r\n{body}").as_bytes()).await.unwrap();
    message(&mut stream).await
}

/// Head and body of what comes.
async fn message(stream: &mut TcpStream) -> (String, String) {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= header(head, "content-length").parse().unwrap_or(0)
        {
            return (head.to_owned(), body.to_owned());
        }
        let more = stream.read_buf(&mut read).await.unwrap();
        assert!(more > 0, "the connection ended: {text}");
    }
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let named = |line: &'h str| line.split_once(": ").filter(|(own, _)| own.eq_ignore_ascii_case(name));
    head.lines().find_map(named).map_or("", |(_, value)| value)
}
