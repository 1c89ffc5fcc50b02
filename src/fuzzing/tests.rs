//! The corpus of the fuzz targets, and some hundreds of mutations of it that are the same on every machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::{INPUTS, check};

/// Mutations of each input; `HARDMATCH_MUTATIONS=100000` to be thorough.
const MUTATIONS: usize = 40;
/// Inputs of which each try draws whole pages get a tenth of them.
const SLOW: [&str; 2] = ["hostile", "plan_body"];
/// Longer files take too long to be changed often.
const LONGEST: usize = 8_000;
/// What breaks formats more often than chance would.
const ODD: [&str; 12] = [
    "\0",
    "\u{1b}[2J",
    "\u{202e}",
    "\"",
    "\r\n",
    "::error::",
    "\u{feff}",
    "{",
    "null",
    "99999999999999999999",
    "\\u0000",
    "<!--",
];

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// One change: a byte, a piece that goes, that comes twice or that comes from elsewhere.
fn mutate(bytes: &mut Vec<u8>, others: &[Vec<u8>], chance: &mut fastrand::Rng) {
    let at = chance.usize(..=bytes.len());
    let end = (at + chance.usize(..=16)).min(bytes.len());
    match chance.u8(..5) {
        0 if at < bytes.len() => bytes[at] ^= 1 << chance.u8(..8),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        3 => {
            let other = &others[chance.usize(..others.len())];
            let from = chance.usize(..=other.len());
            bytes.splice(at..at, other[from..(from + 24).min(other.len())].iter().copied());
        }
        _ => drop(bytes.splice(at..end, ODD[chance.usize(..ODD.len())].bytes())),
    }
}

fn mutations(name: &str) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a thorough run is asked for from outside")]
    let asked = std::env::var("HARDMATCH_MUTATIONS").ok();
    let all: usize = asked.and_then(|count| count.parse().ok()).unwrap_or(MUTATIONS);
    if SLOW.contains(&name) { all / 10 } else { all }
}

fn mutations_of(name: &str) {
    let files = corpus(name);
    files.iter().for_each(|file| check(name, file));
    let mut chance = fastrand::Rng::with_seed(4711);
    let short: Vec<&Vec<u8>> = files.iter().filter(|file| file.len() <= LONGEST).collect();
    for round in 0..mutations(name) {
        let mut bytes = short[round % short.len()].clone();
        (0..=round % 4).for_each(|_| mutate(&mut bytes, &files, &mut chance));
        tried(name, &bytes);
    }
}

/// What breaks a law is shown, so that it can be put into the corpus.
fn tried(name: &str, bytes: &[u8]) {
    let outcome = std::panic::catch_unwind(|| check(name, bytes));
    assert!(outcome.is_ok(), "{name}: {}", bytes.escape_ascii());
}

/// Each input in a thread of its own, as some are slower than others.
#[test]
fn the_laws_hold_for_the_corpus_and_what_is_near_it() {
    let threads = INPUTS.map(|(name, _)| (name, std::thread::spawn(move || mutations_of(name))));
    let broken: Vec<&str> = threads.into_iter().filter_map(|(name, thread)| thread.join().is_err().then_some(name)).collect();
    assert_eq!(broken, [""; 0], "see the messages above");
}

#[test]
fn every_input_has_a_fuzz_target_and_every_target_is_an_input() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (name, _) in INPUTS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let target = fs::read_to_string(folder.join(format!("targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("check(\"{name}\", bytes)")), "{name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), INPUTS.len());
}
