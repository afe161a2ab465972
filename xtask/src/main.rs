//! Tasks of this repository: `cargo xtask …`.
//!
//! Thin: it builds firmware, runs other programs and prints. What the lab does
//! is in the library, and so is what set-up fetches.

mod bench;
mod book;
mod ci;
mod coverage;
mod deny;
mod dist;
mod doctor;
mod emulate;
mod exit;
mod firmware;
mod inputs;
mod micropython_tests;
mod oracle;
mod setup;
mod show;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::firmware::App;

/// Tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Line {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Play the lessons' scenarios on emulated boards, after fetching and building what that needs
    Emulate(Box<emulate::EmulateArgs>),
    /// Draw what the pins did in a run that was played, from its transcript
    Show(replab_cli::ShowArgs),
    /// Say what of the lessons is tried by scenarios, and what is not; plays nothing
    Coverage(replab_cli::CoverageArgs),
    /// Fetch emulator, compiler and sources into target/tools; no root needed, the system stays as it is
    Setup {
        /// Fetch Renode, and nothing else: the official portable archive
        #[arg(long)]
        renode: bool,
    },
    /// Explain which tools are there and which are not; changes nothing
    Doctor,
    /// Build firmware into target/firmware; nothing to do if its inputs are the same as last time
    Firmware {
        /// Fail if the result differs from the hashes that the repository expects
        #[arg(long)]
        check_hash: bool,
        /// Build all anew
        #[arg(long)]
        from_scratch: bool,
        /// Which; all if none is named
        #[arg(value_enum)]
        apps: Vec<App>,
    },
    /// Run MicroPython's own tests on emulated boards
    TestMicropython(micropython_tests::TestArgs),
    /// Go as a board behind a pseudo-terminal; what `test-micropython` starts
    #[command(hide = true)]
    BoardUnderTest {
        /// Which
        #[arg(value_enum)]
        board: micropython_tests::TestBoard,
    },
    /// Run all checks
    Ci {
        /// Leave out what takes minutes: firmware from scratch, MicroPython's own tests
        #[arg(long)]
        quick: bool,
    },
    /// Make one folder that runs on another computer, and its archive, in target/dist
    Dist(dist::DistArgs),
    /// Measure what the lab costs, beside plain QEMU and rp2040js, in one run; a table
    Bench(bench::BenchArgs),
    /// Make the pages under docs/ a book in target/book (builds mdbook first, once)
    Book,
    /// Check licences, bans and sources of dependencies (needs cargo-deny, and `cargo fetch` once)
    Deny,
}

fn main() -> ExitCode {
    let line = Line::parse();
    let done = match line.task {
        Task::Emulate(args) => match emulate::run(*args) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Task::Show(args) => return show::run(&args),
        Task::Coverage(args) => return coverage::run(args),
        Task::Setup { renode } => setup::run(renode),
        Task::Doctor => doctor::run(),
        Task::Firmware { check_hash, from_scratch, apps } => {
            firmware::run(&apps, firmware::Wish { check_hash, from_scratch })
        }
        Task::TestMicropython(args) => micropython_tests::run(&args),
        Task::BoardUnderTest { board } => micropython_tests::run_bridge(board),
        Task::Ci { quick } => ci::run(quick),
        Task::Dist(args) => dist::run(args),
        Task::Bench(args) => bench::run(&args),
        Task::Book => book::run(),
        Task::Deny => deny::run(),
    };
    exit::code_of(&done)
}
