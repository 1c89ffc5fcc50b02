//! Runs a program, and keeps no more of what it prints than was wanted.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::process::{Command, Output, Stdio};
use std::thread;

use async_trait::async_trait;
use azure_identity::Executor;
use tokio::sync::oneshot;

use crate::directory::limited;

/// Runs programs that print at most so many bytes, on each of their two streams.
#[derive(Debug)]
pub(super) struct Bounded(pub(super) u64);

#[async_trait]
impl Executor for Bounded {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let (mut command, limit) = (Command::new(program), self.0);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (sender, done) = oneshot::channel();
        // A thread that nobody waits for: a program without end must not keep this one from ending.
        thread::spawn(move || drop(sender.send(output(&mut command, limit))));
        done.await.map_err(io::Error::other)?
    }
}

fn output(command: &mut Command, limit: u64) -> io::Result<Output> {
    let mut child = command.spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let errors = thread::spawn(move || read(stderr, limit));
    let stdout = match read(stdout, limit) {
        Ok(stdout) => stdout,
        Err(error) => {
            child.kill()?;
            child.wait()?;
            return Err(error);
        }
    };
    let stderr = errors.join().map_err(|_| io::Error::other("its errors could not be read"))??;
    Ok(Output { status: child.wait()?, stdout, stderr })
}

/// Reads a stream to its end; whoever prints more finds it closed.
fn read(stream: Option<impl Read>, limit: u64) -> io::Result<Vec<u8>> {
    let Some(stream) = stream else { return Ok(Vec::new()) };
    limited::up_to(stream, limit)?.ok_or_else(|| io::Error::other(format!("it prints more than {limit} bytes")))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    async fn run(script: &str) -> io::Result<Output> {
        Bounded(1000).run(OsStr::new("/bin/sh"), &[OsStr::new("-c"), OsStr::new(script)]).await
    }

    #[tokio::test]
    async fn what_is_printed_comes_with_the_exit_code() {
        let output = run("printf out; printf err >&2; exit 3").await.unwrap();
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice(), output.status.code()),
            (&b"out"[..], &b"err"[..], Some(3))
        );
        assert_eq!(Bounded(1000).run(OsStr::new("/no/such/program"), &[]).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_program_that_prints_without_end_is_ended() {
        for script in ["yes", "yes >&2"] {
            let error = run(script).await.unwrap_err().to_string();
            assert!(error.contains("more than 1000 bytes"), "{script}: {error}");
        }
    }
}
