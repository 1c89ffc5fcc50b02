//! Between the server and the LDAP library: whole messages go through, and none that would harm.
//!
//! The library reads from a socket and from nothing else, so what is decrypted and looked at here reaches it through one.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ldap3::StdStream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, split};

use super::ber::{self, Flaw};

/// What is read at once.
const CHUNK: usize = 64 << 10;

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why a connection was cut, for whoever learns that it ended.
#[derive(Clone, Default)]
pub(super) struct Verdict(Arc<Mutex<Option<Flaw>>>);

impl Verdict {
    pub(super) fn take(&self) -> Option<Flaw> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn give(&self, flaw: Flaw) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(flaw);
    }
}

/// Puts itself between; returns the library's end, and the address that it wants for such a one.
pub(super) async fn between(
    server: Box<dyn Stream>,
    may_be_sealed: bool,
    verdict: Verdict,
) -> io::Result<(StdStream, &'static str)> {
    let (own, theirs, address) = pair().await?;
    let (mut from_server, mut to_server) = split(server);
    let (mut from_library, mut to_library) = split(own);
    tokio::spawn(async move {
        let answers = async {
            if let Err(flaw) = pass_on(&mut from_server, &mut to_library, may_be_sealed).await {
                // It is told before the connection ends.
                verdict.give(flaw);
            }
        };
        tokio::select! {
            () = answers => {}
            _ = copy(&mut from_library, &mut to_server) => drop(to_server.shutdown().await),
        }
    });
    Ok((theirs, address))
}

/// Passes messages on, each when it is whole, until the server or the library hangs up.
async fn pass_on(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    may_be_sealed: bool,
) -> Result<(), Flaw> {
    let mut held = Vec::new();
    loop {
        held.reserve(CHUNK);
        if !matches!(from.read_buf(&mut held).await, Ok(1..)) {
            return Ok(());
        }
        let mut whole = 0;
        while let Some(length) = ber::first_message(held.get(whole..).unwrap_or_default(), may_be_sealed)? {
            whole += length;
        }
        if to.write_all(held.get(..whole).unwrap_or_default()).await.is_err() {
            return Ok(());
        }
        held.drain(..whole);
    }
}

#[cfg(unix)]
async fn pair() -> io::Result<(impl Stream, StdStream, &'static str)> {
    let (own, theirs) = std::future::ready(tokio::net::UnixStream::pair()).await?;
    Ok((own, StdStream::Unix(theirs.into_std()?), "ldapi:///"))
}

/// Nobody else's connection is taken for the other end.
#[cfg(any(test, not(unix)))]
async fn loopback_pair() -> io::Result<(tokio::net::TcpStream, tokio::net::TcpStream)> {
    use tokio::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let theirs = TcpStream::connect(listener.local_addr()?).await?;
    loop {
        let (own, from) = listener.accept().await?;
        if from == theirs.local_addr()? {
            own.set_nodelay(true)?;
            theirs.set_nodelay(true)?;
            return Ok((own, theirs));
        }
    }
}

#[cfg(not(unix))]
async fn pair() -> io::Result<(impl Stream, StdStream, &'static str)> {
    let (own, theirs) = loopback_pair().await?;
    Ok((own, StdStream::Tcp(theirs.into_std()?), "ldap://127.0.0.1"))
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn nothing_behind_a_harmful_message_goes_through() {
        let (mut server, mut from) = duplex(1 << 10);
        let (mut to, mut library) = duplex(1 << 10);
        server.write_all(&[0x30, 3, 2]).await.unwrap();
        let passing = tokio::spawn(async move { pass_on(&mut from, &mut to, false).await });
        server.write_all(&[1, 7, 0x30, 3]).await.unwrap();
        let mut whole = [0; 5];
        library.read_exact(&mut whole).await.unwrap();
        assert_eq!(whole, [0x30, 3, 2, 1, 7]);
        server.write_all(&[2, 2, 7]).await.unwrap();
        assert_eq!(passing.await.unwrap(), Err(Flaw::Malformed));
        assert_eq!(library.read(&mut whole).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn two_sockets_of_this_machine_are_each_others_ends() {
        let (mut own, mut theirs) = loopback_pair().await.unwrap();
        own.write_all(b"to").await.unwrap();
        theirs.write_all(b"fro").await.unwrap();
        let (mut to, mut fro) = ([0; 2], [0; 3]);
        theirs.read_exact(&mut to).await.unwrap();
        own.read_exact(&mut fro).await.unwrap();
        assert_eq!((&to, &fro), (b"to", b"fro"));
    }
}
