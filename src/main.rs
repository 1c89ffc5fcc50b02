//! The program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    hardmatch::cli::run_from_command_line().into()
}
