//! The program `replab`. Everything it can do is in the library beside it.

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use replab_cli::{CoverageArgs, MemoryArgs, Place, RunArgs, ServeArgs};
use replab_setup::Named;

/// Plays lessons and firmware on emulated boards, and says what came.
#[derive(Debug, Parser)]
#[command(name = "replab", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenarios.
    Run(Box<RunArgs>),
    /// Let a board go in real time, its UART on a pseudo-terminal or a TCP port, for mpremote,
    /// screen and whatever else talks to boards.
    Serve(ServeArgs),
    /// Say what a program takes of flash and RAM. Works on any ELF file for a 32-bit Arm.
    Memory(MemoryArgs),
    /// Say what of a lesson is tried by its scenarios, and what is not. Plays nothing.
    Coverage(CoverageArgs),
    /// Say what is there, what is missing, and how to get it.
    Doctor,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // A program that was deleted, or a working directory that was, has no place;
    // what is looked for in `.` is then reported as missing, by name.
    let program = std::env::current_exe().unwrap_or_else(|_| "replab".into());
    let current = std::env::current_dir().unwrap_or_else(|_| Path::new(".").to_owned());
    let place = Place::of_program(&program, &current);
    match arguments.command {
        Command::Run(args) => replab_cli::run(*args, place).into(),
        Command::Serve(args) => replab_cli::serve(&args, &place).into(),
        Command::Memory(args) => replab_cli::memory(&args, &place).into(),
        Command::Coverage(args) => replab_cli::coverage(args, place).into(),
        Command::Doctor => replab_cli::doctor(&place, Named::from_env()).into(),
    }
}
