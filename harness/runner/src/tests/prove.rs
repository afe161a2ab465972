//! Equal runs are equal, and unequal ones are caught.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::{Expect as Expected, expect};
use replab_machine::Machine;

use super::*;
use crate::pool::Job;
use crate::prove::prove_all;

/// Plays one scenario three times, on machines that `make` makes for run 1, 2 and 3.
#[track_caller]
fn check(make: impl Fn(usize) -> Machine + Sync, expected: &Expected) {
    let (board, scenario) = (board(), scenario(vec![boot(), wait(20)]));
    let job =
        Job { scenario: &scenario, board: &board, target: "test-board@script", firmware: None };
    let made = AtomicUsize::new(0);
    let mut told = Vec::new();
    prove_all(
        &[job],
        NonZero::new(3).unwrap(),
        NonZero::new(1),
        &options(),
        |_| {},
        |_| Ok(make(made.fetch_add(1, Ordering::Relaxed) + 1)),
        |index, finished| {
            let outcome = finished.outcome.unwrap();
            assert!(outcome.memory.is_empty(), "it is not kept");
            told.push(format!(
                "job {index}: {}, proved: {:?}\n",
                shown(&outcome.verdict),
                outcome.proved
            ));
        },
    );
    expected.assert_eq(&told.concat());
}

fn with_edge_at(ms: u64) -> Machine {
    let start =
        after(10).prints("MicroPython v1\r\n>>> ").after(self::ms(ms)).edge("LED", Level::High);
    Scripted::new(&board()).at_start(start).machine()
}

#[test]
fn equal_runs_prove_themselves() {
    check(
        |_| with_edge_at(5),
        &expect![[r#"
        job 0: passed, proved: Some(3)
    "#]],
    );
}

#[test]
fn an_edge_at_another_time_is_named() {
    check(
        |run| with_edge_at(if run == 2 { 6 } else { 5 }),
        &expect![[r#"
        job 0: broken at no step
        run 2 of the same scenario on the same firmware differs from the first
        event 21, at 0.015000000 s: P2 goes high at 0.015000000 s in the first run, P2 goes high at 0.016000000 s in this one
        , proved: None
    "#]],
    );
}

#[test]
fn another_byte_is_named() {
    let says = |text: &str| {
        let start = after(10).prints("MicroPython v1\r\n>>> ").prints(text);
        Scripted::new(&board()).at_start(start).machine()
    };
    check(
        |run| says(if run == 3 { "b" } else { "a" }),
        &expect![[r#"
        job 0: broken at no step
        run 3 of the same scenario on the same firmware differs from the first
        event 21, at 0.012000000 s: uart0 sends 0x61 at 0.012000000 s in the first run, uart0 sends 0x62 at 0.012000000 s in this one
        , proved: None
    "#]],
    );
}

#[test]
fn a_missing_event_is_named() {
    let later = |run| with_edge_at(if run == 3 { 5000 } else { 5 });
    check(
        later,
        &expect![[r#"
        job 0: broken at no step
        run 3 of the same scenario on the same firmware differs from the first
        event 21, at 0.015000000 s: P2 goes high at 0.015000000 s in the first run, nothing in this one
        , proved: None
    "#]],
    );
}

#[test]
fn another_byte_of_memory_is_named() {
    let holds = |byte: u8| repl_board().with_memory(0x2000_0010, &[byte]).machine();
    check(
        |run| holds(if run == 2 { 7 } else { 0 }),
        &expect![[r#"
        job 0: broken at no step
        run 2 of the same scenario on the same firmware differs from the first
        the byte at 0x20000010 is 0x00 at the end of the first run, 0x07 at the end of this one
        , proved: None
    "#]],
    );
}
