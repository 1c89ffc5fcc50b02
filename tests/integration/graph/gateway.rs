//! A gateway between the client and Graph, which answers in Graph's place or changes what Graph answers.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A request, as far as tests look at it.
pub(super) struct Asked {
    /// Method and target: `GET /v1.0/users?$top=1`.
    pub(super) what: String,
    pub(super) authorization: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn is(&self, method: &str, part: &str) -> bool {
        self.what.starts_with(method) && self.what.contains(part)
    }
}

/// What the gateway does with a request.
pub(super) enum Act {
    Pass,
    /// Status line and headers, and the body.
    Answer(String, String),
    /// Asks Graph, and changes the body of its answer.
    Edit(Box<dyn Fn(String) -> String + Send>),
}

/// An answer of the gateway itself.
pub(super) fn answer(head: &str, body: &str) -> Act {
    Act::Answer(head.to_owned(), body.to_owned())
}

/// An nginx that does not know the address.
pub(super) fn page(status: &str) -> Act {
    answer(&format!("{status}\r\nContent-Type: text/html"), "<html><h1>nginx</h1></html>")
}

type Rule = Arc<dyn Fn(&Asked) -> Act + Send + Sync>;

/// A client that reaches an emulated tenant through a gateway, and the emulator behind it.
pub(super) async fn behind(tenant: &Value, rule: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> (GraphTenant, Server) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let public = endpoint.parse().unwrap();
    let server = Server::with(tenant, json!({}), |options| options.public_url = Some(public)).await;
    let (rule, graph): (Rule, String) = (Arc::new(rule), server.endpoint.trim_start_matches("http://").to_owned());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_one(stream, Arc::clone(&rule), graph.clone()));
        }
    });
    let client = GraphTenant::new(GraphSettings { endpoint, ..server.settings() }).unwrap();
    (client, server)
}

/// Serves one request of a connection, and closes it.
async fn serve_one(mut stream: TcpStream, rule: Rule, graph: String) {
    let (head, body) = message(&mut stream).await;
    let line = head.lines().next().unwrap_or_default();
    let asked = Asked { what: line.to_owned(), authorization: header(&head, "authorization").to_owned(), body };
    let (head, body) = match rule(&asked) {
        Act::Answer(head, body) => (format!("HTTP/1.1 {head}"), body),
        Act::Pass => ask(&graph, &head, &asked.body).await,
        Act::Edit(edit) => {
            let (head, body) = ask(&graph, &head, &asked.body).await;
            (head, edit(body))
        }
    };
    let kept = head.lines().filter(|line| !line.to_lowercase().starts_with("content-length:")).collect::<Vec<_>>().join("\r\n");
    let answer = format!("{kept}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
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
