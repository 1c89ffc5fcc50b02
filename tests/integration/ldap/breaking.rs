//! Connections that break and servers that die: never a short list.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Passes bytes on to the server, and does something when this many have come back on one connection.
async fn proxy(after: usize, act: impl Fn(usize) -> bool + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldaps://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let count = Arc::new(AtomicUsize::new(0));
    let (connections, act) = (Arc::clone(&count), Arc::new(act));
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (number, act) = (connections.fetch_add(1, Ordering::SeqCst), Arc::clone(&act));
            tokio::spawn(async move {
                let Ok(mut far) = TcpStream::connect("127.0.0.1:636").await else { return };
                if relay(&mut near, &mut far, after).await && act(number) {
                    drop(copy_bidirectional(&mut near, &mut far).await);
                }
            });
        }
    });
    (url, count)
}

/// Relays until so many bytes have come back; false when either side hung up before.
async fn relay(near: &mut TcpStream, far: &mut TcpStream, after: usize) -> bool {
    let (mut back, mut forth, mut passed) = (vec![0; 16384], vec![0; 16384], 0);
    while passed < after {
        let sent = tokio::select! {
            read = far.read(&mut back) => match read {
                Ok(count) if count > 0 => { passed += count; near.write_all(&back[..count]).await }
                Ok(_) | Err(_) => return false,
            },
            read = near.read(&mut forth) => match read {
                Ok(count) if count > 0 => far.write_all(&forth[..count]).await,
                Ok(_) | Err(_) => return false,
            },
        };
        if sent.is_err() {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn a_connection_that_breaks_gives_no_short_list() {
    let Some(dc) = dc() else { return };
    let _shared = SERVER.read().await;
    let whole = dc.whole("ldaps://127.0.0.1").read_forest().await.unwrap();
    let (url, connections) = proxy(200_000, |_| false).await;
    let error = refused(dc.whole(&url).read_forest().await, "the connection broke while reading the users");
    assert!(matches!(error, DirectoryError::Unreachable(_)));
    assert_eq!(connections.load(Ordering::SeqCst), 3);

    let (url, connections) = proxy(200_000, |number| number > 0).await;
    assert_eq!(dc.whole(&url).read_forest().await.unwrap().users, whole.users);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_server_killed_in_the_middle_gives_no_short_list() {
    let Some(dc) = dc() else { return };
    let _alone = SERVER.write().await;
    let whole = dc.whole("ldaps://127.0.0.1").read_forest().await.unwrap();
    let root: u32 = variable("HARDMATCH_TEST_LDAP_PID").unwrap().parse().unwrap();
    let (url, _) = proxy(200_000, move |number| {
        if number == 0 {
            kill_workers(root);
        }
        true
    })
    .await;
    // Samba starts its workers anew; whether in time for the next attempt is its own affair.
    match dc.whole(&url).read_forest().await {
        Ok(again) => assert_eq!(again.users, whole.users),
        Err(error) => assert!(matches!(error, DirectoryError::Unreachable(_)), "{error}"),
    }
    for _ in 0..50 {
        if dc.reader().check().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server did not come back");
}

/// Kills the processes below our Samba that serve LDAP.
fn kill_workers(root: u32) {
    let workers: Vec<String> =
        descendants(root).into_iter().filter(|pid| command_of(*pid).starts_with("ldap(")).map(|pid| pid.to_string()).collect();
    assert!(!workers.is_empty(), "Samba has no LDAP workers");
    assert!(Command::new("kill").arg("-KILL").args(workers).status().unwrap().success());
}

fn command_of(pid: u32) -> String {
    std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("comm")).unwrap_or_default()
}

fn descendants(root: u32) -> Vec<u32> {
    let folder = Path::new("/proc").join(root.to_string()).join("task").join(root.to_string()).join("children");
    let children = std::fs::read_to_string(folder).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    children.flat_map(|pid: u32| std::iter::once(pid).chain(descendants(pid))).collect()
}
