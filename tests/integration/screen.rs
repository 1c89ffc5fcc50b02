//! The program on a pseudo-terminal: what somebody at a keyboard sees and types.
#![cfg(unix)]

use std::io::{Read as _, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::common::{Hardmatch, program};

/// A running program and its screen.
pub(crate) struct Screen {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    shown: Arc<Mutex<Vec<u8>>>,
    /// Closes the terminal when it is dropped.
    _terminal: Box<dyn MasterPty + Send>,
}

/// How a program on a screen ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; 1 with a signal.
    pub(crate) code: u32,
    /// The name of the signal that ended it.
    pub(crate) signal: Option<String>,
    /// Everything that was written to the screen, escape codes included.
    pub(crate) text: String,
}

impl Screen {
    /// Starts the program in its folder on a terminal of this width.
    pub(crate) fn open(here: &Hardmatch, args: &[&str], columns: u16) -> Self {
        Self::start(here, &program().display().to_string(), args, columns)
    }

    /// Starts a line of shell in which `$P` is the program.
    pub(crate) fn shell(here: &Hardmatch, line: &str) -> Self {
        Self::start(here, "/bin/sh", &["-c", line], 80)
    }

    fn start(here: &Hardmatch, name: &str, args: &[&str], columns: u16) -> Self {
        let size = PtySize { rows: 50, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(name);
        command.args(args);
        command.cwd(here.path());
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("P", program());
        here.environment().iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                kept.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { child, keyboard: pair.master.take_writer().unwrap(), shown, _terminal: pair.master }
    }

    /// What was shown until now.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits until this is shown.
    #[track_caller]
    pub(crate) fn wait_for(&self, part: &str) {
        let begun = Instant::now();
        while !self.text().contains(part) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no {part:?} on the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).unwrap();
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let status = self.child.wait().unwrap();
        // The last words may still be on their way to the screen.
        std::thread::sleep(Duration::from_millis(50));
        Ended { code: status.exit_code(), signal: status.signal().map(str::to_owned), text: self.text() }
    }
}
