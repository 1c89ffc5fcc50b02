//! A wire that damages what a server sends: a forest is read as it is, or not at all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::common::cases;

/// Bytes that a reading of the forest takes, roughly.
const SPAN: u64 = 1_200_000;
/// Nothing here waits so long.
const PATIENT: Duration = Duration::from_secs(60);
/// More than this tells nothing new.
const MOST: u32 = 2_000;

/// What happens to the bytes of a connection once so many have passed.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Cut,
    /// So many bytes that nobody sent.
    Noise(u16),
    /// So many bytes are not passed on: fewer than an entry has, as no reader can miss exactly one.
    Lost(u16),
    /// What came last comes again.
    Again,
}

/// The damage to each of the first connections.
fn damage(seed: u64) -> Vec<(u64, Damage)> {
    let mut rng = Rng::with_seed(seed);
    let mut one = || {
        let largest = if rng.bool() { 4 } else { 5_000 };
        let size = rng.u16(1..=largest);
        let kinds = [Damage::Cut, Damage::Noise(size), Damage::Lost(size % 5 + 1), Damage::Again];
        (rng.u64(..SPAN), kinds[rng.usize(..kinds.len())])
    };
    let count = if seed.is_multiple_of(3) { 1 } else { 4 };
    (0..count).map(|_| one()).collect()
}

/// A wire to a server, which damages its first connections; its URL.
async fn wire(server: String, damage: Vec<(u64, Damage)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    let number = AtomicUsize::new(0);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let (server, damage) = (server.clone(), damage.get(number.fetch_add(1, Ordering::Relaxed)).copied());
            tokio::spawn(async move {
                let (from, to) = TcpStream::connect(&server).await.unwrap().into_split();
                let (asked, answered) = near.into_split();
                tokio::select! {
                    () = pass(asked, to, None) => (),
                    () = pass(from, answered, damage) => (),
                }
            });
        }
    });
    url
}

/// Passes on what comes, until one side hangs up or the damage is that nothing comes any more.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut damage: Option<(u64, Damage)>) {
    let (mut bytes, mut passed) = (vec![0; 16_384], 0);
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let mut read = bytes[..count].to_vec();
        passed += count as u64;
        if let Some((at, kind)) = damage.filter(|(at, _)| passed > *at) {
            damage = None;
            let at = count - usize::try_from(passed - at).unwrap().min(count);
            match kind {
                Damage::Cut => read.truncate(at),
                Damage::Noise(size) => drop(read.splice(at..at, (0..size).map(|_| fastrand::u8(..)))),
                Damage::Lost(size) => drop(read.drain(at..count.min(at + usize::from(size)))),
                Damage::Again => read.extend_from_within(..),
            }
            if matches!(kind, Damage::Cut) {
                to.write_all(&read).await.ok();
                return;
            }
        }
        if to.write_all(&read).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forest_is_read_as_it_is_or_not_at_all() {
    let Some(url) = slapd() else { return };
    let whole = openldap(&url, "svc-reader", BASE).read_forest().await.unwrap();
    let server = url.trim_start_matches("ldap://").trim_end_matches('/');
    let (mut wrong, mut whole_ones) = (Vec::new(), 0);
    for seed in 0..u64::from(cases(8).min(MOST)) {
        let damage = damage(seed);
        let url = wire(server.to_owned(), damage.clone()).await;
        let impatient =
            LdapSettings { answer_timeout: Duration::from_millis(300), ..openldap_settings(&url, "svc-reader", BASE) };
        let read = tokio::time::timeout(PATIENT, forest(impatient).read_forest()).await;
        let why = match read {
            Err(_) => "it does not end".to_owned(),
            Ok(Ok(read)) if read.users != whole.users => format!("reads {} users, or others", read.users.len()),
            Ok(Ok(_)) => {
                whole_ones += 1;
                continue;
            }
            Ok(Err(DirectoryError::Unreachable(_))) => continue,
            Ok(Err(error)) => format!("takes it for something else: {error:?}"),
        };
        wrong.push(format!("seed {seed}, {damage:?}: {why}"));
    }
    assert!(whole_ones > 0, "nobody came through");
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}
