//! Both cores of the Pico: MicroPython's `_thread` on the second one, and the proof
//! that equal runs are equal with two, however often the machine stops.

mod support;

use std::time::Duration;

use replab_machine::Checkpoints;
use replab_machine::qemu::{Proof, Start};
use replab_record::Event;
use support::bench::{Bench, Run, difference};
use support::trouble::{self, Load};

const US: Duration = Duration::from_micros(1);
const MS: Duration = Duration::from_millis(1);

/// A Pico with two cores at its first prompt; somebody chats with QEMU meanwhile.
fn at_prompt() -> Result<Bench, String> {
    let (tools, firmware) = (support::qemu_tools()?, support::rp2()?);
    let board = support::board("pico");
    let start = Start { cores: 2, ..support::START };
    let proof = Proof { qmp: true, ..Proof::default() };
    let mut bench = Bench::on(support::start_with(&tools, &board, &firmware, start, proof), ">>> ");
    bench.until(">>> ");
    Ok(bench)
}

/// Types each line, which must print what stands beside it.
#[track_caller]
fn check(bench: &mut Bench, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        let printed = bench.line(line);
        let printed = printed.split_once("\r\n").map_or("", |(_echo, rest)| rest);
        assert_eq!(printed.trim_end(), *expected, "{line}");
    }
}

#[test]
fn a_thread_runs_on_core_1_and_both_share_memory() {
    let mut bench = or_skip!(at_prompt());
    check(
        &mut bench,
        &[
            ("import _thread, time, machine; n = []", ""),
            ("cpuid = lambda: n.append(machine.mem32[0xd0000000])", ""),
            ("cpuid(); t = _thread.start_new_thread(cpuid, ()); time.sleep_ms(1); n", "[0, 1]"),
            ("lock = _thread.allocate_lock(); lock.acquire()", "True"),
            ("t = _thread.start_new_thread(lambda: (lock.acquire(), n.append(2)), ())", ""),
            ("time.sleep_ms(1); n", "[0, 1]"),
            ("lock.release(); time.sleep_ms(1); n", "[0, 1, 2]"),
        ],
    );
    let found = bench.machine.findings.as_mut().expect("the plugin notices").take();
    assert_eq!(found, [], "nothing of it is missing");
    // A reset ends what runs on core 1, and it can be used again.
    bench.line("t = _thread.start_new_thread(lambda: [n.append(3) for i in range(1 << 30)], ())");
    bench.type_line("machine.reset()");
    bench.go(100 * MS, &[]);
    bench.events.extend(bench.machine.run.reset().expect("the firmware asked"));
    bench.until(">>> ");
    check(
        &mut bench,
        &[
            ("import _thread, time, machine; n = []", ""),
            ("t = _thread.start_new_thread(n.append, (4,)); time.sleep_ms(1); n", "[4]"),
        ],
    );
}

/// A machine that is about to play: both cores count, allocate, take the same lock,
/// sleep and move their pins.
fn about_to_play() -> Result<Bench, String> {
    let mut bench = at_prompt()?;
    bench.line("import _thread, time; from machine import Pin; lock = _thread.allocate_lock()");
    bench.line(concat!(
        "exec('def f(p):\\n for k in range(40):\\n  p.toggle(); x = [k] * 5\\n",
        "  with lock: time.sleep_us(k % 3 * 10)\\n')"
    ));
    bench.line("a, b = Pin(2, Pin.OUT), Pin(3, Pin.OUT)");
    bench.type_line("t = _thread.start_new_thread(f, (a,)); f(b); time.sleep_ms(5)");
    Ok(bench)
}

/// All that it does from then on; stops come each `step`.
fn play(bench: &mut Bench, step: Duration) -> Run {
    bench.events.clear();
    let until = bench.now() + PLAY;
    while bench.now() < until {
        bench.go(step.min(until.since(bench.now())), &[]);
    }
    (std::mem::take(&mut bench.events), vec![])
}

const PLAY: Duration = Duration::from_millis(40);

#[test]
fn runs_with_two_cores_are_one() {
    let first = play(&mut or_skip!(about_to_play()), PLAY);
    let edges = first.0.iter().filter(|event| matches!(event, Event::Edge { .. }));
    assert_eq!(edges.count(), 2 * 40, "both cores move their pins");
    let _load = Load::begin();
    for machine in 1..4 {
        let mut bench = about_to_play().expect("the first one was there");
        if machine == 3 {
            bench.hold_up();
        }
        let checkpoint = keeper(&mut bench).keep().expect("it is kept");
        for run in 1..4 {
            assert_eq!(difference(&first, &play(&mut bench, PLAY)), None, "{machine}, run {run}");
            keeper(&mut bench).restore(checkpoint).expect("it is there");
        }
    }
    let (answers, _) = trouble::counts();
    assert!(answers > 0, "without trouble nothing was proven");
}

#[test]
fn stops_and_checkpoints_change_nothing_with_two_cores() {
    let mut bench = or_skip!(about_to_play());
    let begin = keeper(&mut bench).keep().expect("it is kept");
    let whole = play(&mut bench, PLAY);
    for step in [37 * US, 777 * US] {
        keeper(&mut bench).restore(begin).expect("it is there");
        assert_eq!(difference(&whole, &play(&mut bench, step)), None, "{step:?}");
    }
}

fn keeper(bench: &mut Bench) -> &mut dyn Checkpoints {
    bench.machine.checkpoints.as_deref_mut().expect("QEMU keeps")
}
