//! Asking for encryption, the only thing that is sent in the clear. The answer is taken apart here: anybody may have sent it.

use ldap3::asn1::{PL, StructureTag, TagClass, parse_tag, parse_uint};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::ber;
use super::bind::Credentials;
use super::errors::{Answer, Fault};

/// An extended request with the number 1.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
/// The operation that answers it.
const EXTENDED_RESPONSE: u64 = 24;
const HUNG_UP: &str = "the server hung up when it was asked to start TLS; is this the port of a domain controller, as 389 is?";

/// Asks; returns the refusal if it is one.
pub(super) async fn ask(stream: &mut TcpStream, credentials: &Credentials) -> Result<Option<Answer>, Fault> {
    let hung_up = || Fault::NoConnection(HUNG_UP.to_owned());
    stream.write_all(REQUEST).await.map_err(|_| hung_up())?;
    let mut held = Vec::new();
    let length = loop {
        if !matches!(stream.read_buf(&mut held).await, Ok(1..)) {
            return Err(hung_up());
        }
        match ber::first_message(&held, false) {
            Ok(None) => {}
            Ok(Some(length)) => break length,
            Err(flaw) => return Err(no_answer(&flaw.to_string())),
        }
    };
    if length != held.len() {
        return Err(no_answer("more than that was sent in the clear"));
    }
    let answer = answer(&held, credentials).ok_or_else(|| no_answer("it is none to the request for TLS"))?;
    Ok(Some(answer).filter(|answer| answer.code != 0))
}

#[cold]
fn no_answer(why: &str) -> Fault {
    Fault::NoConnection(format!("the server's answer cannot be used while TLS was to be started: {why}"))
}

fn answer(message: &[u8], credentials: &Credentials) -> Option<Answer> {
    let (_, envelope) = parse_tag(message).ok()?;
    let PL::C(parts) = envelope.payload else { return None };
    let operation = parts.into_iter().nth(1)?.match_class(TagClass::Application)?.match_id(EXTENDED_RESPONSE)?;
    let PL::C(result) = operation.payload else { return None };
    let mut result = result.into_iter().map(StructureTag::expect_primitive);
    let (code, _, text) = (result.next()??, result.next()??, result.next()??);
    let (_, code) = parse_uint(&code).ok()?;
    let text = credentials.said(&String::from_utf8_lossy(&text));
    Some(Answer { code: u32::try_from(code).ok()?, text, referrals: Vec::new() })
}
