//! The program `replab`. Everything it can do is in the library beside it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use replab_cli::{CoverageArgs, LiveArgs, MemoryArgs, NewArgs, RunArgs, ServeArgs, ShowArgs};
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
    /// Draw what the pins did in a run that was played, from its transcript.
    Show(ShowArgs),
    /// Let a board go in real time, its UART on a pseudo-terminal or a TCP port, for mpremote,
    /// screen and whatever else talks to boards.
    Serve(ServeArgs),
    /// Let a board go in real time, its REPL in this terminal: Ctrl-] leaves, F1 to F8 press
    /// its buttons, F12 shows its LEDs and its time.
    Shell(LiveArgs),
    /// Say what a program takes of flash and RAM. Works on any ELF file for a 32-bit Arm.
    Memory(MemoryArgs),
    /// Say what of a lesson is tried by its scenarios, and what is not. Plays nothing.
    Coverage(CoverageArgs),
    /// Make scenarios for a lesson that pass at once, here or in the project around.
    New(NewArgs),
    /// Fetch what is missing: QEMU, from Debian, into a folder of yours. Needs no root.
    Setup {
        /// Fetch Renode, and nothing else: the official portable archive.
        #[arg(long)]
        renode: bool,
    },
    /// Say what is there, what is missing, and how to get it.
    Doctor {
        /// Try on a Renode each thing that the lab takes for granted about it, and record
        /// the answers (docs/renode.md). The PROGRAM, or the one that is found.
        #[arg(long, value_name = "PROGRAM", num_args = 0..=1)]
        renode: Option<Option<PathBuf>>,

        /// Where the recording of --renode is written.
        #[arg(long, value_name = "FILE", requires = "renode")]
        record: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let place = match replab_cli::find_place() {
        Ok(place) => place,
        Err(code) => return code.into(),
    };
    match arguments.command {
        Command::Run(args) => replab_cli::run(*args, place).into(),
        Command::Show(args) => replab_cli::show(&args, &place).into(),
        Command::Serve(args) => replab_cli::serve(&args, &place).into(),
        Command::Shell(args) => replab_cli::shell(&args, &place).into(),
        Command::Memory(args) => replab_cli::memory(&args, &place).into(),
        Command::Coverage(args) => replab_cli::coverage(args, place).into(),
        Command::New(args) => replab_cli::new(&args, &place).into(),
        Command::Setup { renode } => replab_cli::set_up(&place, Named::from_env(), renode).into(),
        Command::Doctor { renode: None, .. } => {
            replab_cli::doctor(&place, Named::from_env()).into()
        }
        Command::Doctor { renode: Some(program), record } => {
            let named = Named::from_env();
            let named = Named { renode: program.or(named.renode), ..named };
            replab_cli::doctor_renode(&place, named, record).into()
        }
    }
}
