//! A server that gives the answers it was told to, one after the other, and keeps what it was asked.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What one request is answered.
pub(super) struct Canned {
    pub(super) status: u16,
    pub(super) headers: &'static str,
    pub(super) body: String,
    /// How many bytes of the body are announced and do not come.
    pub(super) missing: usize,
}

pub(super) fn canned(status: u16, body: impl Into<String>) -> Canned {
    Canned { status, headers: "", body: body.into(), missing: 0 }
}

/// A running server.
pub(super) struct Server {
    pub(super) endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts it; the last answer is given again and again.
    pub(super) fn start(answers: Vec<Canned>) -> Self {
        Self::run("http", move |mut stream, seen, number| {
            let request = read(&mut stream);
            seen.lock().unwrap().push(request);
            let answer: &Canned = answers.get(number).or(answers.last()).unwrap();
            stream.write_all(written(answer).as_bytes()).ok();
        })
    }

    /// A server with a certificate that nobody vouches for.
    pub(super) fn untrusted() -> Self {
        let pem = include_bytes!("server.pem");
        let chain = CertificateDer::pem_slice_iter(pem).map(Result::unwrap).collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
        let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
        Self::run("https", move |mut stream, seen, _| {
            seen.lock().unwrap().push(String::new());
            let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        })
    }

    fn run(scheme: &str, serve: impl Fn(std::net::TcpStream, &Mutex<Vec<String>>, usize) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("{scheme}://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                serve(stream.unwrap(), &seen, number);
            }
        });
        Self { endpoint, requests }
    }

    /// Everything it was asked, head and body.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read(stream: &mut std::net::TcpStream) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next().and_then(|digits| digits.trim().parse::<usize>().ok()));
        if count == 0 || body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

fn written(answer: &Canned) -> String {
    let Canned { status, headers, body, .. } = answer;
    let length = body.len() + answer.missing;
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}
