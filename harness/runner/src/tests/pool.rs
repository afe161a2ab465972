//! Many runs at once.

use std::io;
use std::num::NonZero;
use std::sync::{Mutex, mpsc};

use expect_test::expect;
use replab_machine::MachineError;

use super::*;
use crate::play::Missing;
use crate::pool::{Finished, Job, play_all};
use crate::stop::Stop;

fn named(name: &str, steps: Vec<Step>) -> Scenario {
    // Each from a file of its own: none shares a machine.
    let file = format!("scenarios/tests/{name}.yaml").into();
    Scenario { identity: name.to_string(), file, ..scenario(steps) }
}

fn untested() -> MachineError {
    MachineError::UntestedBuild {
        version: "QEMU 9".into(),
        why: "nobody tried it".into(),
        tested: "10".into(),
    }
}

fn not_started(kind: io::ErrorKind) -> MachineError {
    MachineError::NotStarted {
        program: "qemu-system-arm".into(),
        board: "test-board".into(),
        source: kind.into(),
    }
}

/// Plays scenarios of these names in `threads` threads; the name decides what
/// happens. Shows each result as it is delivered.
fn played(names: &[&str], threads: usize, missing: Missing) -> Vec<String> {
    let board = board();
    let scenarios: Vec<Scenario> = names.iter().map(|name| named(name, vec![boot()])).collect();
    let jobs: Vec<Job<'_>> = scenarios
        .iter()
        .map(|scenario| Job {
            scenario,
            board: &board,
            target: "test-board@script",
            firmware: None,
        })
        .collect();
    let machine = |job: &Job<'_>| match job.scenario.identity.as_str() {
        "panics" => panic!("no such thing"),
        "missing" => Err(not_started(io::ErrorKind::NotFound)),
        "untested" => Err(untested()),
        "forbidden" => Err(not_started(io::ErrorKind::PermissionDenied)),
        _ => Ok(repl_board().machine()),
    };
    let options = Options { missing, ..options() };
    let mut delivered = Vec::new();
    play_all(
        &jobs,
        NonZero::new(threads),
        &options,
        |_| {},
        machine,
        |index, finished| {
            delivered.push(format!("{} {}", names[index], told(&finished)));
        },
    );
    delivered
}

fn told(finished: &Finished) -> String {
    match &finished.outcome {
        Ok(outcome) => shown(&outcome.verdict).replace('\n', "; "),
        Err(bug) => bug.to_string(),
    }
}

#[test]
fn results_come_in_the_order_of_the_jobs_whoever_is_first() {
    let names: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let expected: Vec<String> = names.iter().map(|name| format!("{name} passed")).collect();
    for threads in [1, 3, 16] {
        assert_eq!(played(&names, threads, Missing::Breaks), expected);
    }
}

#[test]
fn a_panic_ends_its_own_run_and_is_no_verdict() {
    expect![[r#"
        one passed
        panics the lab has a bug, which ended a run: no such thing
        three passed"#]]
    .assert_eq(&played(&["one", "panics", "three"], 2, Missing::Breaks).join("\n"));
}

#[test]
fn a_machine_that_cannot_be_made_breaks_its_run() {
    expect![[r#"
        missing broken at no step; there is no machine to play on; could not start `qemu-system-arm` for board test-board (is it installed? see `doctor`); entity not found; 
        forbidden broken at no step; there is no machine to play on; could not start `qemu-system-arm` for board test-board (is it installed? see `doctor`); permission denied; "#]].assert_eq(&played(&["missing", "forbidden"], 2, Missing::Breaks).join("\n"));
}

#[test]
fn an_emulator_that_is_not_there_can_be_a_reason_to_skip() {
    expect![[r#"
        missing skipped: NotInstalled { program: "qemu-system-arm", advice: "run `doctor` to see how to install it" }
        forbidden broken at no step; there is no machine to play on; could not start `qemu-system-arm` for board test-board (is it installed? see `doctor`); permission denied; "#]].assert_eq(&played(&["missing", "forbidden"], 2, Missing::Skips).join("\n"));
}

#[test]
fn an_untested_build_is_a_reason_to_skip_too() {
    for missing in [Missing::Skips, Missing::Breaks] {
        let told = played(&["untested"], 1, missing).join("");
        let word = if missing == Missing::Skips {
            "untested skipped: NoExactTime"
        } else {
            "untested broken"
        };
        assert!(told.starts_with(word) && told.contains("nobody tried it"), "{told}");
    }
}

#[test]
fn nothing_to_play_is_played() {
    assert_eq!(played(&[], 4, Missing::Breaks), [] as [String; 0]);
}

#[test]
fn a_machine_is_made_in_the_thread_that_plays_on_it() {
    let board = board();
    let scenario = named("one", vec![boot()]);
    let job =
        Job { scenario: &scenario, board: &board, target: "test-board@script", firmware: None };
    let makers = Mutex::new(Vec::new());
    let machine = |_: &Job<'_>| {
        makers.lock().unwrap().push(std::thread::current().id());
        Ok(repl_board().machine())
    };
    play_all(&[job, job], NonZero::new(2), &options(), |_| {}, machine, |_, _| {});
    assert!(!makers.into_inner().unwrap().contains(&std::thread::current().id()));
}

/// The first run ends only after what has ended behind it is delivered.
#[test]
fn a_stop_delivers_what_has_ended_and_begins_nothing() {
    let board = board();
    let scenarios: Vec<Scenario> =
        ["waits", "one", "two", "later"].map(|name| named(name, vec![boot()])).into();
    let jobs: Vec<Job<'_>> = scenarios
        .iter()
        .map(|scenario| Job { scenario, board: &board, target: "x@script", firmware: None })
        .collect();
    let stop = Stop::default();
    let options = Options { stop: stop.clone(), ..options() };
    let (go_on, waits) = mpsc::channel::<()>();
    let waits = Mutex::new(waits);
    let go_on = Mutex::new(Some(go_on));
    let (begun, delivered) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let machine = |job: &Job<'_>| {
        let name = job.scenario.identity.as_str();
        begun.lock().unwrap().push(name.to_string());
        match name {
            "waits" => drop(waits.lock().unwrap().recv()),
            // It comes from the thread that has just ended "one" and sent it.
            "two" => {
                stop.now();
                go_on.lock().unwrap().take();
            }
            _ => {}
        }
        Ok(repl_board().machine())
    };
    play_all(
        &jobs,
        NonZero::new(2),
        &options,
        |_| {},
        machine,
        |index, finished| {
            delivered.lock().unwrap().push(format!("{index} {}", told(&finished)));
        },
    );
    assert_eq!(*delivered.lock().unwrap(), ["1 passed"]);
    let begun = begun.into_inner().unwrap();
    assert!(!begun.contains(&"later".to_string()), "{begun:?}");
    stop.now();
}
