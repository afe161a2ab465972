//! What a run of a sweep costs: a button pressed at 200 moments of a loop.

use std::path::Path;
use std::time::Instant;

use replab_machine::qemu::QemuTools;
use replab_record::Verdict;

use crate::support::board;
use crate::support::sweep::{play_sweep, presses};

/// How many runs.
const RUNS: usize = 200;

/// Prints the row of `board_name` with `firmware`. A sweep is long enough to be taken once;
/// its runs alone are fewer, because each starts an emulator.
pub(crate) fn sweep(tools: &QemuTools, board_name: &str, firmware: &Path) {
    let scenarios = presses(RUNS);
    let board = board(board_name);
    let alone: Vec<_> = scenarios.iter().step_by(RUNS / 10).cloned().collect();
    let (shared, made) = rate(|| play_sweep(tools, &board, firmware, &scenarios, None));
    // One run at a time has nobody to share with.
    let each = || alone.chunks(1).map(|one| play_sweep(tools, &board, firmware, one, None));
    let (single, _) = rate(|| {
        each().fold((Vec::new(), 0), |(mut all, machines), (mut one, made)| {
            all.append(&mut one);
            (all, machines + made)
        })
    });
    println!(
        "| a sweep of {RUNS} runs on {board_name}, {made} machines | {shared:.0} runs a second | | each from power-on, one after the other: {single:.1} a second | {:.1} |",
        shared / single
    );
}

/// How many runs a second `play` makes, all of which must pass, and on how many machines.
fn rate(play: impl FnOnce() -> (Vec<replab_runner::Outcome>, usize)) -> (f64, usize) {
    let start = Instant::now();
    let (outcomes, made) = play();
    let time = start.elapsed().as_secs_f64();
    assert!(outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "all runs pass");
    (outcomes.len() as f64 / time, made)
}
