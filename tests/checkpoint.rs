//! Machines that go back to a kept state, in real QEMU: what follows is what follows
//! in a machine that was never kept, to the nanosecond.

mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use replab_board::Board;
use replab_machine::qemu::{Proof, QemuTools, Start};
use replab_machine::{Checkpoint, Checkpoints, MachineError, StopCause};
use replab_record::Level;
use support::bench::{Bench, Run, difference, text};
use support::trouble::Load;

const US: Duration = Duration::from_micros(1);
const MS: Duration = Duration::from_millis(1);

/// A board with MicroPython on it.
struct Subject {
    tools: QemuTools,
    board: Board,
    firmware: PathBuf,
    /// A line that starts something which the chip then does by itself.
    starts: &'static str,
}

const PROMPT: &str = ">>> ";

/// Lines before the checkpoint. `code` is `movs r0, #3; bx lr`, and `call` has `blx r0`.
const PRELUDE: &[&str] = &[
    "from machine import Pin, Timer; import os, time, random, machine",
    "led = Pin(25, Pin.OUT); n = []; b = bytearray(b'before' * 40)",
    "t = Timer(period=3, callback=lambda t: (n.append(t), led.toggle()))",
    r#"exec('def put(name, text):\n with open(name, "w") as f: return f.write(text)')"#,
    "put('a.txt', 'before')",
    r"exec('@micropython.asm_thumb\ndef call(r0):\n add(r0, 1)\n data(2, 0x4780)')",
    r"code = bytearray(b'\x03\x20\x70\x47')",
    "call(code)",
];

/// Lines behind it: pins, other code in the same place, random numbers, memory, flash.
const SCRIPT: &[&str] = &[
    "exec('for i in range(40): led.toggle(); time.sleep_us(77)')",
    "sum(i * i for i in range(300)), bytes(b[:6]), len(n), call(code)",
    "code[0] = 9; call(code)",
    "os.urandom(4), random.random(), Pin(5, Pin.IN).value()",
    "b[:] = bytes(240); time.sleep_ms(7); time.ticks_us()",
    "open('a.txt').read(), put('a.txt', 'after'), put('b.txt', 'new')",
    "os.listdir(), open('a.txt').read()",
];

/// What they print among other things.
const PRINTED: &[&str] = &["b'before', ", " 3)\r\n", "\r\n9\r\n", "('before', 5, 3)", "'after')"];

fn lab_m0() -> Result<Subject, String> {
    Ok(Subject {
        tools: support::qemu_tools()?,
        board: support::lab_m0(),
        firmware: support::micropython()?,
        starts: "u = Timer(period=7, callback=lambda t: led.toggle())",
    })
}

fn pico() -> Result<Subject, String> {
    Ok(Subject {
        board: support::board("pico"),
        firmware: support::rp2()?,
        starts: "w = machine.PWM(Pin(3), freq=5000, duty_u16=20000)",
        ..lab_m0()?
    })
}

impl Subject {
    /// A machine in the middle of things: timers run, a level is held and another one is
    /// to come, half of a line has arrived, and the firmware sleeps until the next byte.
    fn begin(&self, proof: Proof) -> Bench {
        let mut bench = Bench::start_on(&self.tools, &self.board, &self.firmware, PROMPT, proof);
        bench.until(PROMPT);
        for line in PRELUDE.iter().chain([&self.starts]) {
            bench.line(line);
        }
        bench.drive("P5", Level::High, 100 * US);
        bench.drive("P5", Level::Low, 9 * MS + 77 * US);
        bench.type_line("time.sleep_us(4321)");
        bench.go(MS + 333 * US, &[]);
        bench
    }
}

/// What a machine does from then on.
fn play(bench: &mut Bench) -> Run {
    (bench.events, bench.stops) = (Vec::new(), Vec::new());
    bench.until(&format!("\r\n{PROMPT}"));
    for (line, index) in SCRIPT.iter().zip(0..) {
        bench.drive("P5", Level::High, MS + 77 * US * index);
        bench.line(line);
        bench.go(Duration::from_nanos(1_234_567), &[]);
    }
    (std::mem::take(&mut bench.events), std::mem::take(&mut bench.stops))
}

fn keeper(bench: &mut Bench) -> &mut dyn Checkpoints {
    bench.machine.checkpoints.as_deref_mut().expect("QEMU keeps")
}

fn keep(bench: &mut Bench) -> Checkpoint {
    keeper(bench).keep().expect("it is kept")
}

fn restore(bench: &mut Bench, checkpoint: Checkpoint) {
    keeper(bench).restore(checkpoint).expect("it is there");
}

/// Goes back again and again, from the end of all and from the middle, on a busy host.
#[track_caller]
fn check(subject: &Subject) {
    let _load = Load::begin();
    // Somebody chats with QEMU's monitor meanwhile.
    let chatty = || Proof { qmp: true, ..Proof::default() };
    let fresh = play(&mut subject.begin(chatty()));
    let said = text(&fresh.0);
    for expected in PRINTED {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
    let mut bench = subject.begin(chatty());
    let now = bench.now();
    let checkpoint = keep(&mut bench);
    for round in 0..2 {
        assert_eq!(difference(&fresh, &play(&mut bench)), None, "round {round}");
        restore(&mut bench, checkpoint);
        assert_eq!(bench.now(), now);
        bench.drive("P5", Level::High, US);
        bench.go(2 * MS, &[]);
        keep(&mut bench);
        restore(&mut bench, checkpoint);
    }
}

#[test]
fn lab_m0_does_again_what_a_fresh_one_does() {
    check(&or_skip!(lab_m0()));
}

#[test]
fn pico_does_again_what_a_fresh_one_does() {
    check(&or_skip!(pico()));
}

/// A Pico whose second core starts soon, and does what the first one does: it computes,
/// takes the same lock, sleeps and moves a pin.
fn about_to_use_two_cores() -> Result<Bench, String> {
    let Subject { tools, board, firmware, .. } = pico()?;
    let start = Start { cores: 2, ..support::START };
    let proof = Proof { qmp: true, ..Proof::default() };
    let started = support::start_with(&tools, &board, &firmware, start, proof);
    let mut bench = Bench::on(started, PROMPT);
    bench.until(PROMPT);
    for line in [
        "import _thread, time; from machine import Pin; lock = _thread.allocate_lock()",
        r"exec('@micropython.asm_thumb\ndef load(r0):\n ldr(r0, [r0, 0])')",
        concat!(
            "exec('def f(p):\\n for k in range(40):\\n  p.toggle(); x = [k] * 5\\n",
            "  with lock: time.sleep_us(k % 3 * 10)\\n')"
        ),
        "a, b = Pin(2, Pin.OUT), Pin(3, Pin.OUT)",
    ] {
        bench.line(line);
    }
    bench.type_line("t = _thread.start_new_thread(f, (a,)); f(b); time.sleep_ms(5)");
    bench.events.clear();
    Ok(bench)
}

/// Goes back to many moments, from many others: while core 1 waits, while both are busy,
/// while one sleeps.
#[test]
fn two_cores_do_again_what_fresh_ones_do() {
    let mut fresh = or_skip!(about_to_use_two_cores());
    let (begin, whole) = (fresh.now(), 40 * MS);
    fresh.go(whole, &[]);
    let mut bench = about_to_use_two_cores().expect("the first one was there");
    let mut moments = Vec::new();
    while bench.now() < begin + whole {
        moments.push((keep(&mut bench), bench.now(), bench.events.len()));
        bench.go((1373 * US).min((begin + whole).since(bench.now())), &[]);
    }
    assert_eq!(bench.events, fresh.events, "keeping changes nothing");
    for (checkpoint, now, done) in (0..moments.len()).map(|nth| moments[nth * 11 % moments.len()]) {
        restore(&mut bench, checkpoint);
        assert_eq!(bench.now(), now);
        bench.events.clear();
        bench.go((10 * MS).min((begin + whole).since(now)), &[]);
        let until = bench.now();
        let expected = fresh.events[done..].iter().take_while(|event| event.at() <= until);
        let (expected, again) = (expected.cloned().collect(), std::mem::take(&mut bench.events));
        assert_eq!(difference(&(expected, vec![]), &(again, vec![])), None, "from {now:?} on");
    }
    shows_the_core_that_it_did(&mut bench);
}

/// The registers are those of core 1 while that has a fault, and no longer.
#[track_caller]
fn shows_the_core_that_it_did(bench: &mut Bench) {
    let registers = |bench: &mut Bench| {
        let processor = bench.machine.processor.as_mut().expect("QEMU has one");
        processor.registers().expect("it stands")
    };
    let (before, checkpoint) = (registers(bench), keep(bench));
    bench.type_line("t = _thread.start_new_thread(load, (1,)); time.sleep_ms(5)");
    let cause = bench.go(100 * MS, &[]).cause;
    assert!(matches!(cause, StopCause::Fault(_)), "{cause:?}");
    assert_ne!(registers(bench), before);
    restore(bench, checkpoint);
    assert_eq!(registers(bench), before);
}

/// Goes back 200 times: what that takes, and what it leaves behind.
#[track_caller]
fn check_many(subject: &Subject) {
    const TIMES: u32 = 200;
    /// KiB: what one or two memories of a board would be.
    const NOISE: u64 = 2048;
    let mut bench = subject.begin(Proof::default());
    let start = Instant::now();
    let checkpoint = keep(&mut bench);
    eprintln!("{}: kept in {:?}", subject.board.name, start.elapsed());
    let mut again = || {
        bench.line("b[:] = bytes(240)");
        let start = Instant::now();
        restore(&mut bench, checkpoint);
        (start.elapsed(), resident(bench.inside.pid()))
    };
    let warm = (0..20).map(|_| again().1).max().expect("there are some");
    let (times, sizes): (Vec<_>, Vec<_>) = (0..TIMES).map(|_| again()).unzip();
    let most = sizes.into_iter().max().expect("there are some");
    let sum: Duration = times.iter().sum();
    eprintln!("{TIMES} restores, {:?} each, {warm} KiB before, {most} KiB after", sum / TIMES);
    assert!(most < warm + NOISE, "{warm} KiB have become {most} KiB");
}

/// The KiB of memory that a process has (proc_pid_status(5), `VmRSS`).
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a number of KiB")
}

#[test]
fn many_restores_leave_nothing_behind() {
    check_many(&or_skip!(lab_m0()));
    check_many(&or_skip!(pico()));
}

#[test]
fn a_machine_goes_back_to_before_a_reset_and_not_to_before_a_power_cut() {
    let subject = or_skip!(pico());
    let mut bench = subject.begin(Proof::default());
    bench.until(&format!("\r\n{PROMPT}"));
    bench.type_line("machine.reset()");
    let reset = |bench: &mut Bench| {
        assert_eq!(bench.go(100 * MS, &[]).cause, StopCause::Reset);
        let at_request = keep(bench);
        (at_request, bench.machine.run.reset().expect("it is reset"))
    };
    let before = keep(&mut bench);
    let (at_request, first) = reset(&mut bench);
    bench.until(PROMPT);
    restore(&mut bench, before);
    assert_eq!(reset(&mut bench).1, first);
    restore(&mut bench, at_request);
    assert_eq!(bench.machine.run.reset().expect("it is reset"), first, "the firmware asked");
    bench.cut_power();
    let refused = keeper(&mut bench).restore(before);
    assert!(matches!(refused, Err(MachineError::NoCheckpoint)), "{refused:?}");
    bench.until(PROMPT);
    let after = keep(&mut bench);
    let now = bench.now();
    bench.line("6 * 7");
    restore(&mut bench, after);
    assert_eq!(bench.now(), now, "time runs on through the cut");
    assert_eq!(bench.line("6 * 7"), "6 * 7\r\n42");
}
