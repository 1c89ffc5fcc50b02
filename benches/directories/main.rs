//! Writes a forest, a tenant and the mappings between them, of any size and always the same for a seed, to measure on:
//!
//! `cargo bench --bench directories -- 100000 target/directories [SEED [without-id]]`
//!
//! Of the people 90 % are linked, 5 % have no ID yet, for 2 % a duplicate holds it, for 1 % a deleted account does, 1 % have
//! each other's, and 1 % are odd in a way that planning mends and tells about. Every one has a mapping, in `waves/all.csv`
//! (`hardmatch.yaml`) and in YAML (`in-yaml.yaml`). With `without-id` nobody has an ID yet: one write for each.

#![expect(clippy::indexing_slicing, clippy::print_stderr, reason = "a tool of the benchmarks, not of the program")]

mod person;
mod random;
mod written;

use std::error::Error;
use std::path::PathBuf;

use person::{Fate, Person};
use random::Random;
use written::Written;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds a `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [size, folder, rest @ ..] = arguments.as_slice() else {
        return Err("usage: cargo bench --bench directories -- SIZE FOLDER [SEED [without-id]]".into());
    };
    let only = rest.get(1).filter(|only| *only == "without-id").map(|_| Fate::WithoutId);
    let seed = rest.first().map_or(Ok(1), |seed| seed.parse())?;
    let counts = generate(size.parse()?, &PathBuf::from(folder), seed, only)?;
    eprintln!("{folder}: {counts}");
    Ok(())
}

fn generate(size: u32, folder: &std::path::Path, seed: u64, only: Option<Fate>) -> Result<String, Box<dyn Error>> {
    let mut random = Random::new(seed);
    let mut written = Written::begin(folder, &mut random)?;
    let mut counts = [0_u32; Fate::ALL.len()];
    let mut number = 0;
    while number < size {
        let fate = only.unwrap_or_else(|| Fate::draw(&mut random, size - number));
        let person = Person::new(number, &mut random);
        // Who swaps, swaps with the next one.
        let people = match fate {
            Fate::Swapped => vec![person, Person::new(number + 1, &mut random)],
            Fate::Linked | Fate::WithoutId | Fate::HeldByDuplicate | Fate::HeldByDeleted | Fate::Odd => vec![person],
        };
        written.people(fate, &people, &mut random)?;
        let met = u32::try_from(people.len())?;
        counts[fate as usize] += met;
        number += met;
    }
    written.finish()?;
    Ok(Fate::ALL.iter().zip(counts).map(|(fate, count)| format!("{count} {fate:?}")).collect::<Vec<_>>().join(", "))
}
