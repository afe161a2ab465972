//! `cargo xtask test-micropython`: MicroPython's own tests, on emulated boards.
//!
//! Upstream's `run-tests.py` talks to a board through a pseudo-terminal
//! ([`bridge`]) and compares with CPython. What is left out stands with its reason
//! in [`exclusions`]; everything else must pass. The boards go side by side.

mod bridge;
mod counts;
mod exclusions;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use clap::ValueEnum as _;
use replab_setup::Tools;

use crate::exit::TaskError;
use crate::firmware::{App, build, firmwares};
use crate::{emulate, setup, workspace};

pub(crate) use bridge::{TestBoard, run as run_bridge};
use counts::{Counts, counts_in};
use exclusions::{exclusions, pattern};

/// The name under which `run-tests.py` starts us as a board. It splits its command
/// at blanks, so a path could not be given to it.
const BOARD_PROGRAM: &str = "replab-xtask";

/// How `cargo xtask test-micropython` is asked.
#[derive(clap::Args)]
pub(crate) struct TestArgs {
    /// All folders that the board can run, where CI takes a choice
    #[arg(long)]
    all: bool,
    /// On which boards; on all if none is named
    #[arg(value_enum)]
    boards: Vec<TestBoard>,
}

/// `cargo xtask test-micropython`.
pub(crate) fn run(args: &TestArgs) -> anyhow::Result<()> {
    let tools = workspace::tools();
    setup::bring(&tools)?;
    let boards = if args.boards.is_empty() { TestBoard::value_variants() } else { &args.boards };
    test(&tools, boards, args.all)
}

/// What CI runs: all boards, and the folders that it has time for.
pub(crate) fn run_choice(tools: &Tools) -> anyhow::Result<()> {
    test(tools, TestBoard::value_variants(), false)
}

/// What CI runs of the folder `thread`: starts, ends, locks, shared data, a collection
/// of garbage meanwhile.
const THREADS: [&str; 5] = [
    "thread/thread_start1.py",
    "thread/thread_exit1.py",
    "thread/thread_lock1.py",
    "thread/thread_shared1.py",
    "thread/thread_gc1.py",
];

/// What of upstream's tests a board runs.
struct Set {
    folders: &'static [&'static str],
    /// Single tests.
    files: &'static [&'static str],
    /// How many must pass. Fewer would mean that some skip themselves which ran before:
    /// the firmware has lost what they test.
    least: u32,
}

impl Set {
    fn of(board: TestBoard, all: bool) -> Set {
        match (board, all) {
            (TestBoard::LabM0, _) => Set { folders: &["basics", "extmod"], files: &[], least: 652 },
            (TestBoard::Pico, true) => Set {
                folders: &[
                    "basics",
                    "extmod",
                    "micropython",
                    "float",
                    "misc",
                    "stress",
                    "inlineasm/thumb",
                ],
                files: &[],
                least: 818,
            },
            // The rest takes as long again, and tests the interpreter rather than the chip.
            (TestBoard::Pico, false) => Set {
                folders: &["basics", "micropython", "inlineasm/thumb"],
                files: &[],
                least: 617,
            },
            (TestBoard::PicoCores, true) => Set { folders: &["thread"], files: &[], least: 24 },
            (TestBoard::PicoCores, false) => Set { folders: &[], files: &THREADS, least: 5 },
        }
    }
}

/// Builds what is needed, runs the tests, and says how they went, board by board.
fn test(tools: &Tools, boards: &[TestBoard], all: bool) -> anyhow::Result<()> {
    emulate::build_plugin()?;
    build(tools, App::PicoRom)?;
    for board in boards {
        build(tools, board.app())?;
    }
    let run = |board| (board, test_board(tools, board, &Set::of(board, all)));
    let done: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = boards.iter().map(|board| scope.spawn(move || run(*board))).collect();
        started.into_iter().map(|thread| thread.join()).collect()
    });
    let mut failed = Vec::new();
    for ended in done {
        let Ok((board, counts)) = ended else { bail!("a thread that runs tests has panicked") };
        if !counts?.is_success(Set::of(board, all).least) {
            failed.push(board.word());
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let what = format!("MicroPython's own tests on {}", failed.join(" and "));
    Err(TaskError::ChecksFailed { what }.into())
}

/// Runs `set` on `board`, and prints the counts.
fn test_board(tools: &Tools, board: TestBoard, set: &Set) -> anyhow::Result<Counts> {
    let started = Instant::now();
    let place = firmwares().join("micropython-tests").join(board.word());
    if place.exists() {
        fs::remove_dir_all(&place)
            .with_context(|| format!("could not empty {}", place.display()))?;
    }
    let results = place.join("results");
    fs::create_dir_all(&results)
        .with_context(|| format!("could not create {}", results.display()))?;
    let ourselves = std::env::current_exe().context("could not find this program")?;
    symlink(ourselves, place.join(BOARD_PROGRAM))
        .with_context(|| format!("could not write to {}", place.display()))?;
    let tests = tools.micropython()?.folder.join("tests");
    let excluded = exclusions(board, set.folders, &tests)?;
    let files = excluded.iter().flat_map(|it| it.files);
    let patterns: Vec<_> = files.flat_map(|file| ["-e".to_owned(), pattern(file)]).collect();
    let mut command = python(tools, &place)?;
    command.current_dir(&tests).args(["run-tests.py", "--result-dir"]).arg(&results);
    command.args(["-t", &format!("execpty:{BOARD_PROGRAM} board-under-test {}", board.word())]);
    command.args(patterns);
    if set.files.is_empty() {
        command.arg("-d").args(set.folders);
    }
    command.args(set.files);
    let output = command.output().context("could not run run-tests.py")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    fs::write(place.join("log"), &text)
        .with_context(|| format!("could not write to {}", place.display()))?;
    let Some(counts) = counts_in(&text) else {
        let tail: Vec<_> = text.lines().rev().take(15).collect();
        bail!(
            "run-tests.py gave no summary on {}; its last lines, the last one first:\n{}",
            board.word(),
            tail.join("\n")
        );
    };
    let seconds = started.elapsed().as_secs_f64();
    let left_out = counts::left_out(&excluded);
    let (name, cores) = (board.name(), board.cores());
    let two = if cores == 2 { " with both cores" } else { "" };
    println!("micropython tests on {name}@qemu{two}: {counts}{left_out} ({seconds:.0} s)");
    if !counts.is_success(set.least) {
        println!("each must pass, and at least {} of them", set.least);
        let names = text.lines().filter(|line| line.contains("tests failed:"));
        names.for_each(|line| println!("{line}"));
        println!("expected and actual outputs: {}", results.display());
    }
    Ok(counts)
}

/// Python as `run-tests.py` wants it. The expected outputs come from it too, and
/// nothing is written into MicroPython's tree. Programs in `place` are found first.
fn python(tools: &Tools, place: &Path) -> anyhow::Result<Command> {
    let python = tools.python()?;
    let path = std::env::join_paths(
        [place.to_owned()].into_iter().chain(std::env::split_paths(&tools.search_path())),
    )
    .map_err(|_| anyhow!("the folder of the checkout cannot be in a search path"))?;
    let mut command = Command::new(&python.program);
    command.stdin(Stdio::null()).env("PATH", path).env("LC_ALL", "C.UTF-8");
    command.env("MICROPY_CPYTHON3", &python.program).env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(modules) = &python.modules {
        command.env("PYTHONPATH", modules);
    }
    Ok(command)
}
