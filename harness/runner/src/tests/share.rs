//! Runs that begin alike share a machine, and come to what they would alone.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use replab_machine::{Checkpoint, Checkpoints, Machine, MachineError};
use replab_scenario::At;

use super::*;
use crate::pool::{Job, play_all};
use crate::prove::prove_all;
use crate::share::{Share, shares};

const TARGET: &str = "test-board@script";

/// A board that blinks from its power-on on, and answers `who`; `die`, `fall`, `lock` and
/// `hang` are its ends.
fn script() -> Scripted {
    repl_board()
        .at_start(after(10).prints("MicroPython v1\r\n>>> ").blinks("LED", ms(7), ms(3), 100))
        .on("who\r", prints("me\r\n>>> "))
        .on("die\r", Deeds::default().dies())
        .on("lock\r", Deeds::default().locks_up(Default::default()))
        .on("hang\r", Deeds::default().hangs())
        .with_findings()
        .with_memory(0x2000_0010, &[1, 2, 3])
}

fn at(ms: u64, mut step: Step) -> Step {
    step.at = Some(At::Step(self::ms(ms)));
    step
}

/// One file's scenarios: steps that are common to all, and one for each with the same after it.
fn sweep(common: &[Step], own: Vec<Step>, after: &[Step]) -> Vec<Scenario> {
    let steps = |own| [common, &[own], after].concat();
    let named = |(index, own): (usize, Step)| Scenario {
        identity: format!("tests/one[x={index}]"),
        swept: vec![("x".into(), index.to_string())],
        ..scenario(steps(own))
    };
    own.into_iter().enumerate().map(named).collect()
}

/// `who` is typed after so many milliseconds.
fn who_at(times: &[u64]) -> Vec<Step> {
    times.iter().map(|time| at(*time, send("who\r"))).collect()
}

fn jobs<'a>(scenarios: &'a [Scenario], board: &'a Board) -> Vec<Job<'a>> {
    let job = |scenario| Job { scenario, board, target: TARGET, firmware: None };
    scenarios.iter().map(job).collect()
}

/// Plays `scenarios` in `threads` threads; each comes to what it would alone. How many
/// machines were made.
#[track_caller]
fn check_on(scenarios: &[Scenario], threads: usize, make: impl Fn() -> Machine + Sync) -> usize {
    let board = board();
    let (made, begun) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let machine = |_: &Job<'_>| {
        made.fetch_add(1, Ordering::Relaxed);
        Ok(make())
    };
    let begins = |_: &Job<'_>| {
        begun.fetch_add(1, Ordering::Relaxed);
    };
    let options = Options { keep_memory: true, ..options() };
    let mut shared = Vec::new();
    let jobs = jobs(scenarios, &board);
    play_all(&jobs, NonZero::new(threads), &options, begins, machine, |index, finished| {
        assert_eq!(index, shared.len());
        shared.push(finished.outcome.expect("the lab has no bug"));
    });
    for (scenario, shared) in scenarios.iter().zip(&shared) {
        let alone = play(scenario, &board, TARGET, None, script().machine(), &options);
        assert_eq!(*shared, alone, "{}", scenario.identity);
    }
    assert_eq!((shared.len(), begun.into_inner()), (scenarios.len(), scenarios.len()));
    made.into_inner()
}

#[track_caller]
fn check(scenarios: &[Scenario], threads: usize, made: usize) {
    assert_eq!(check_on(scenarios, threads, || script().machine()), made);
}

#[test]
fn runs_that_begin_alike_are_played_on_one_machine() {
    let times = [0, 1, 5, 0, 40, 3];
    let scenarios = sweep(&[boot()], who_at(&times), &[expect_text("me"), wait(20)]);
    check(&scenarios, 1, 1);
}

/// What was typed in the common steps, and has not arrived at their end, arrives in each run.
#[test]
fn what_is_on_its_way_at_the_fork_arrives_in_each_run() {
    let common = [boot(), send("1 + 1 who\r")];
    let scenarios = sweep(&common, [0, 1, 0, 30].map(wait).to_vec(), &[expect_text("me")]);
    check(&scenarios, 1, 1);
    let outcomes: Vec<_> = scenarios.iter().map(|one| run(one, &script()).verdict).collect();
    assert!(outcomes.iter().all(|verdict| *verdict == Verdict::Passed), "{outcomes:?}");
}

#[test]
fn each_thread_begins_once() {
    let times: Vec<u64> = (0..11).collect();
    let scenarios = sweep(&[boot()], who_at(&times), &[expect_text("me")]);
    check(&scenarios, 2, 2);
    check(&scenarios, 3, 3);
    check(&scenarios, 40, 11);
}

#[test]
fn runs_without_a_common_step_share_their_power_on() {
    let own = [1, 2, 30].map(wait).to_vec();
    check(&sweep(&[], own, &[expect_prompt()]), 1, 1);
}

#[test]
fn equal_runs_share_all_their_steps() {
    let own = vec![wait(1); 4];
    check(&sweep(&[boot()], own, &[]), 1, 1);
}

#[test]
fn files_of_the_scenario_are_written_once_and_are_there() {
    let mut scenarios = sweep(
        &[],
        [1, 2, 3].map(wait).to_vec(),
        &[fs(Fs::Is(files(&[("a.txt", "a")]))), fs(Fs::Write(files(&[("a.txt", "b")])))],
    );
    scenarios.iter_mut().for_each(|one| one.files = files(&[("a.txt", "a")]));
    check(&scenarios, 1, 1);
    assert_eq!(run(&scenarios[0], &script()).verdict, Verdict::Passed);
}

/// The second run and the fourth need another machine behind them, and so on.
#[test]
fn a_machine_in_doubt_is_used_no_more() {
    for end in ["die\r", "lock\r", "hang\r"] {
        let own = ["who\r", end, "who\r", end, "who\r"].map(send).to_vec();
        let scenarios = sweep(&[boot()], own, &[expect_text("me")]);
        // What is broken on a machine that others have used is played again on one of its own.
        let made = if end == "lock\r" { 3 } else { 5 };
        check(&scenarios, 1, made);
    }
}

#[test]
fn a_failure_is_no_reason_for_another_machine() {
    let own = ["who\r", "x\r", "who\r", "y\r"].map(send).to_vec();
    check(&sweep(&[boot()], own, &[within(50, expect_text("me"))]), 1, 1);
}

#[test]
fn a_beginning_that_fails_is_played_by_each() {
    let common = [boot(), within(50, expect_text("never said"))];
    check(&sweep(&common, who_at(&[1, 2, 3]), &[]), 1, 3);
}

#[test]
fn without_checkpoints_each_has_its_machine() {
    let scenarios = sweep(&[boot()], who_at(&[1, 2, 3]), &[]);
    let make = || Machine { checkpoints: None, ..script().machine() };
    assert_eq!(check_on(&scenarios, 1, make), 3);
}

/// Checkpoints that are not what they should be.
struct Wrong {
    inner: Option<Box<dyn Checkpoints>>,
    /// Whether it says so.
    is_honest: bool,
}

impl Checkpoints for Wrong {
    fn keep(&mut self) -> Result<Checkpoint, MachineError> {
        self.inner.as_mut().unwrap().keep()
    }

    fn restore(&mut self, _: Checkpoint) -> Result<(), MachineError> {
        if self.is_honest { Err(MachineError::NoCheckpoint) } else { Ok(()) }
    }
}

fn wrong(is_honest: bool) -> Machine {
    let machine = script().machine();
    let wrong = Wrong { inner: machine.checkpoints, is_honest };
    Machine { checkpoints: Some(Box::new(wrong)), ..machine }
}

#[test]
fn a_machine_that_cannot_be_brought_back_is_replaced() {
    let scenarios = sweep(&[boot()], who_at(&[1, 2, 3]), &[]);
    assert_eq!(check_on(&scenarios, 1, || wrong(true)), 3);
}

/// Which jobs share a machine in two threads, and for how many steps.
#[track_caller]
fn check_shares(change: impl Fn(&mut Vec<Scenario>), expected: &[(&[usize], Option<usize>)]) {
    let mut scenarios = sweep(&[boot(), wait(1)], who_at(&[1, 2, 3, 4]), &[]);
    change(&mut scenarios);
    let board = board();
    let expected: Vec<Share> =
        expected.iter().map(|(jobs, fork)| Share { jobs: jobs.to_vec(), fork: *fork }).collect();
    assert_eq!(shares(&jobs(&scenarios, &board), 2), expected);
}

#[test]
fn only_what_begins_alike_is_shared() {
    let alone = |index: &'static [usize]| (index, None);
    check_shares(|_| {}, &[(&[0, 1], Some(2)), (&[2, 3], Some(2))]);
    check_shares(|all| all[1].seed = 9, &[(&[0, 2], Some(2)), (&[3], Some(2)), alone(&[1])]);
    check_shares(
        |all| all[1].files = files(&[("a", "b")]),
        &[(&[0, 2], Some(2)), (&[3], Some(2)), alone(&[1])],
    );
    check_shares(
        |all| all[1].file = "other.yaml".into(),
        &[(&[0, 2], Some(2)), (&[3], Some(2)), alone(&[1])],
    );
    check_shares(
        |all| {
            all[1].never = vec![Never::Sent(TextPattern::Text("x".into()))];
            all[2].steps.push(wait(1));
        },
        &[(&[0], Some(2)), (&[3], Some(2)), alone(&[1]), alone(&[2])],
    );
    check_shares(|all| all[2].steps[1] = wait(9), &[(&[0, 1], Some(1)), (&[2, 3], Some(1))]);
    check_shares(
        |all| all[3].steps[2] = reset(Reset::Power),
        &[(&[0, 1], Some(2)), (&[2], Some(2)), alone(&[3])],
    );
}

/// Plays two runs of a sweep three times each, on machines that `make` makes.
fn proved(make: impl Fn() -> Machine + Sync) -> Vec<Outcome> {
    let scenarios = sweep(&[boot()], who_at(&[1, 2]), &[expect_text("me")]);
    let board = board();
    let mut outcomes = Vec::new();
    prove_all(
        &jobs(&scenarios, &board),
        NonZero::new(3).unwrap(),
        NonZero::new(1),
        &options(),
        |_| {},
        |_| Ok(make()),
        |_, finished| outcomes.push(finished.outcome.unwrap()),
    );
    outcomes
}

#[test]
fn a_proof_compares_what_went_on_with_what_began_anew() {
    let outcomes = proved(|| script().machine());
    assert!(outcomes.iter().all(|outcome| outcome.proved == Some(3)), "{outcomes:?}");
    let outcomes = proved(|| wrong(false));
    let told: Vec<String> = outcomes.iter().map(|outcome| shown(&outcome.verdict)).collect();
    assert_eq!(told.len(), 2);
    for told in &told {
        assert!(told.contains("run 2 of the same scenario on the same firmware differs"), "{told}");
    }
}
