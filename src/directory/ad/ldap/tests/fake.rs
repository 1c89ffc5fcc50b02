//! A directory server that says what a script tells it to.

use std::sync::{Arc, Mutex};

use ldap3::asn1::{PL, StructureTag, parse_tag};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Bind,
    Search,
    Modify,
    Other,
}

/// A request, as far as a script may care.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) op: Op,
    /// The how-manieth connection it came on.
    pub(super) connection: usize,
    pub(super) base: String,
    pub(super) scope: u8,
    pub(super) attributes: Vec<String>,
    /// Of the paging control.
    pub(super) cookie: Vec<u8>,
    id: Vec<u8>,
}

/// One thing to do in answer.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// An operation, put in an envelope; the controls follow it.
    Message(Vec<u8>, Vec<u8>),
    Bytes(Vec<u8>),
    HangUp,
    Silence,
}

pub(super) struct Fake {
    port: u16,
    ops: Arc<Mutex<Vec<Op>>>,
}

impl Fake {
    pub(super) async fn start(script: impl Fn(&Request) -> Vec<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, ops) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let (script, log) = (Arc::new(script), Arc::clone(&ops));
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, connection, Arc::clone(&script), Arc::clone(&log)));
                connection += 1;
            }
        });
        Self { port, ops }
    }

    pub(super) fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    pub(super) fn count(&self, op: Op) -> usize {
        self.ops.lock().unwrap().iter().filter(|own| **own == op).count()
    }
}

async fn serve(mut stream: TcpStream, connection: usize, script: Arc<impl Fn(&Request) -> Vec<Reply>>, log: Arc<Mutex<Vec<Op>>>) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    loop {
        while let Ok((rest, tag)) = parse_tag(&buffer) {
            let rest = rest.to_vec();
            let Some(request) = request(&tag, connection) else { return };
            buffer = rest;
            log.lock().unwrap().push(request.op);
            for reply in script(&request) {
                let bytes = match reply {
                    Reply::Message(operation, controls) => tlv(0x30, &[tlv(0x02, &request.id), operation, controls].concat()),
                    Reply::Bytes(bytes) => bytes,
                    Reply::HangUp => return,
                    Reply::Silence => continue,
                };
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => buffer.extend(&chunk[..count]),
            Ok(_) | Err(_) => return,
        }
    }
}

fn request(tag: &StructureTag, connection: usize) -> Option<Request> {
    let mut parts = parts(tag).to_vec().into_iter();
    let (id, operation, controls) = (bytes(&parts.next()?).to_vec(), parts.next()?, parts.next());
    let op = match operation.id {
        0 => Op::Bind,
        3 => Op::Search,
        6 => Op::Modify,
        2 => return None,
        _ => Op::Other,
    };
    let inner = parts_or_none(&operation);
    let at = |index: usize| inner.get(index).map(|tag| bytes(tag).to_vec()).unwrap_or_default();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
    let attributes = inner.get(7).map(|list| parts_or_none(list).iter().map(|tag| text(bytes(tag).to_vec())).collect());
    let cookie = controls.map(|controls| paging_cookie(&controls)).unwrap_or_default();
    let (base, scope) = (text(at(0)), at(1).first().copied().unwrap_or_default());
    Some(Request { op, connection, base, scope, attributes: attributes.unwrap_or_default(), cookie, id })
}

fn paging_cookie(controls: &StructureTag) -> Vec<u8> {
    let value = parts(controls)[0].clone();
    let value = bytes(parts(&value).last().unwrap()).to_vec();
    let (_, inner) = parse_tag(&value).unwrap();
    bytes(&parts(&inner)[1]).to_vec()
}

fn parts(tag: &StructureTag) -> &[StructureTag] {
    match &tag.payload {
        PL::C(parts) => parts,
        PL::P(_) => panic!("no parts: {tag:?}"),
    }
}

fn parts_or_none(tag: &StructureTag) -> &[StructureTag] {
    match &tag.payload {
        PL::C(parts) => parts,
        PL::P(_) => &[],
    }
}

fn bytes(tag: &StructureTag) -> &[u8] {
    match &tag.payload {
        PL::P(bytes) => bytes,
        PL::C(_) => &[],
    }
}

/// Tag, length, value.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], &length[..], value].concat()
}

fn octets(text: impl AsRef<[u8]>) -> Vec<u8> {
    tlv(0x04, text.as_ref())
}

/// A result: 1 of a bind, 5 of a search, 7 of a modify, 24 of an extended operation.
pub(super) fn result(operation: u8, code: u8, text: &str) -> Reply {
    referred(operation, code, text, "")
}

/// The same with a referral, if it is one.
pub(super) fn referred(operation: u8, code: u8, text: &str, uri: &str) -> Reply {
    let referral = if uri.is_empty() { Vec::new() } else { tlv(0xa3, &octets(uri)) };
    Reply::Message(tlv(0x60 | operation, &[tlv(0x0a, &[code]), octets(""), octets(text), referral].concat()), Vec::new())
}

/// The end of a page.
pub(super) fn page(cookie: &[u8]) -> Reply {
    page_of(&tlv(0x30, &[tlv(0x02, &[0]), octets(cookie)].concat()))
}

/// The same with something in place of what it says about pages.
pub(super) fn page_of(value: &[u8]) -> Reply {
    let control = tlv(0x30, &[octets("1.2.840.113556.1.4.319"), octets(value)].concat());
    let done = tlv(0x65, &[tlv(0x0a, &[0]), octets(""), octets("")].concat());
    Reply::Message(done, tlv(0xa0, &control))
}

/// A user or anything else; a value that is empty stands for none.
pub(super) fn entry(dn: &str, attributes: &[(&str, &[u8])]) -> Reply {
    let value = |value: &[u8]| if value.is_empty() { Vec::new() } else { octets(value) };
    let one = |(name, bytes): &(&str, &[u8])| tlv(0x30, &[octets(name), tlv(0x31, &value(bytes))].concat());
    let attributes: Vec<u8> = attributes.iter().flat_map(one).collect();
    Reply::Message(tlv(0x64, &[octets(dn), tlv(0x30, &attributes)].concat()), Vec::new())
}

/// An entry with many values that are nothing.
pub(super) fn no_values(count: usize) -> Vec<u8> {
    let attribute = tlv(0x30, &[octets("mail"), tlv(0x31, &[4, 0].repeat(count))].concat());
    tlv(0x64, &[octets("CN=a,DC=x"), tlv(0x30, &attribute)].concat())
}

/// A continuation reference of many addresses that are nothing.
pub(super) fn references(count: usize) -> Reply {
    Reply::Message(tlv(0x73, &[4, 0].repeat(count)), Vec::new())
}

/// A continuation reference.
pub(super) fn reference(uri: impl AsRef<[u8]>) -> Reply {
    Reply::Message(tlv(0x73, &octets(uri)), Vec::new())
}
