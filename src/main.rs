//! The program: parse, run, exit code.

use std::process::ExitCode;

/// Directories are read into millions of small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hardmatch::cli::run_from_command_line().into()
}
