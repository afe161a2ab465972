//! The proof that every answer is repeatable: equal runs are equal to the
//! nanosecond, whatever the computer does meanwhile.
//!
//! Runs are compared by all of their events and all of their stops. Both
//! processors are kept busy, somebody chats with QEMU's monitor, so that its main
//! loop is awake at every moment that could matter, and somebody stops its
//! process again and again, wherever its threads are (`support/trouble.rs`).

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use replab_board::Board;
use replab_machine::StopCause;
use replab_machine::qemu::{Gate, Proof, QemuTools};
use replab_record::Level;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use support::bench::{Bench, Run, difference};
use support::trouble::{self, Load};

const US: Duration = Duration::from_micros(1);
const MS: Duration = Duration::from_millis(1);

/// What every test here needs.
fn tools() -> Result<(QemuTools, PathBuf), String> {
    Ok((support::qemu_tools()?, support::bare_metal()?))
}

/// What is proven to be repeatable: a board with firmware that takes lines.
struct Subject {
    board: Board,
    firmware: PathBuf,
    prompt: &'static str,
    /// Lines that come first; something ticks afterwards.
    prelude: &'static [&'static str],
    /// Typing, pins both ways, sleeping, burning, ticking.
    script: &'static [&'static str],
    /// A line that has a pin change for more than a second.
    blinks: &'static str,
    /// A line that reads pin 5.
    reads: &'static str,
}

/// Our bare-metal firmware on lab-m0.
fn lab_m0() -> Result<(QemuTools, Subject), String> {
    let (tools, firmware) = tools()?;
    let subject = Subject {
        board: support::lab_m0(),
        firmware,
        prompt: "> ",
        prelude: &["tick on"],
        script: &[
            "blink 25 40 77",
            "burn 3000",
            "read 5",
            "sleep 4321",
            "ticks",
            "flood 300",
            "blink 3 60 400 5000",
            "time",
        ],
        blinks: "blink 25 100000 333",
        reads: "read 5",
    };
    Ok((tools, subject))
}

/// MicroPython's own port on the Pico, which the plugin puts into QEMU.
fn pico() -> Result<(QemuTools, Subject), String> {
    let subject = Subject {
        board: support::board("pico"),
        firmware: support::rp2()?,
        prompt: ">>> ",
        prelude: &[
            "from machine import Pin, PWM, Timer; import os, time",
            "led = Pin(25, Pin.OUT); n = []",
            "exec('def blink():\\n for i in range(10): led.toggle(); time.sleep_us(77)')",
            "exec('def waves():\\n w = PWM(Pin(3), freq=5000); w.duty_u16(20000); time.sleep_ms(2); w.deinit()')",
            "t = Timer(period=1, callback=lambda t: n.append(t))",
        ],
        script: &[
            "blink()",
            "sum(i * i for i in range(99))",
            "Pin(5, Pin.IN, Pin.PULL_DOWN).value()",
            "time.sleep_ms(4)",
            "len(n)",
            "'x' * 99",
            "waves()",
            "time.ticks_us(), os.urandom(4)",
        ],
        blinks: "exec('while True: led.toggle(); time.sleep_us(333)')",
        reads: "Pin(5).value()",
    };
    Ok((support::qemu_tools()?, subject))
}

impl Subject {
    /// A machine at the end of the prelude, with whose monitor somebody chats.
    fn start(&self, tools: &QemuTools) -> Bench {
        self.start_with(tools, Proof { qmp: true, ..Proof::default() })
    }

    fn start_with(&self, tools: &QemuTools, proof: Proof) -> Bench {
        let mut bench = Bench::start_on(tools, &self.board, &self.firmware, self.prompt, proof);
        self.begin(&mut bench);
        bench
    }

    fn begin(&self, bench: &mut Bench) {
        bench.until(self.prompt);
        for line in self.prelude {
            bench.line(line);
        }
    }
}

/// Plays the script so many times on one machine, with stops for many reasons. Of
/// four numbers of `trouble` in a row, somebody chats with its monitor at every
/// second, and somebody holds it up at the last one.
fn play(tools: &QemuTools, subject: &Subject, times: usize, trouble: usize) -> Run {
    let proof = Proof { qmp: trouble % 2 == 1, ..Proof::default() };
    let mut bench = subject.start_with(tools, proof);
    if trouble % 4 == 3 {
        bench.hold_up();
    }
    for _ in 0..times {
        for (line, index) in subject.script.iter().zip(0u32..) {
            let level = if index % 2 == 0 { Level::High } else { Level::Low };
            bench.drive("P5", level, 3 * MS + 77 * US * index);
            bench.line(line);
            if index % 3 == 0 {
                bench.go(Duration::from_nanos(1_234_567), &[]);
            }
        }
    }
    bench.finish()
}

/// So many machines that each play the script so many times, one after the other,
/// under all kinds of trouble, are one: each playing is compared with its like on
/// the first machine. To start a machine costs more than the script.
fn runs_are_one(tools: &QemuTools, subject: &Subject, machines: usize, times: usize) {
    let _load = Load::begin();
    let start = Instant::now();
    let first = play(tools, subject, times, 0);
    for number in 1..machines {
        let run = play(tools, subject, times, number);
        if let Some(difference) = difference(&first, &run) {
            panic!("machine {number} differs: {difference}");
        }
    }
    let (answers, holds) = trouble::counts();
    // How many there were is the computer's business; without any, nothing was proven.
    assert!(answers > 0 && holds > 0, "{answers} answers and {holds} holds are no trouble");
    eprintln!("{answers} answers of monitors, held up {holds} times");
    eprintln!(
        "{machines} machines, each with {times} runs of the script, {} events and {} stops, are equal, {:?}",
        first.0.len(),
        first.1.len(),
        start.elapsed()
    );
}

#[test]
fn two_hundred_runs_of_a_script_are_one() {
    let (tools, subject) = or_skip!(lab_m0());
    runs_are_one(&tools, &subject, 20, 10);
}

#[test]
fn two_hundred_runs_on_a_chip_of_the_plugins_are_one() {
    let (tools, subject) = or_skip!(pico());
    runs_are_one(&tools, &subject, 10, 20);
}

/// Cuts the power in the middle of things, twice.
fn cut(tools: &QemuTools, subject: &Subject, held_up: bool) -> Run {
    let mut bench = subject.start(tools);
    for round in 0..2 {
        if held_up {
            bench.hold_up();
        }
        bench.drive("P5", Level::High, 77 * US);
        bench.type_line(subject.blinks);
        bench.go(5 * MS + 7 * US * round, &[]);
        bench.cut_power();
        subject.begin(&mut bench);
        bench.line(subject.reads);
    }
    bench.finish()
}

fn runs_with_cuts_are_one(tools: &QemuTools, subject: &Subject, runs: usize) {
    let _load = Load::begin();
    let first = cut(tools, subject, false);
    for number in 1..runs {
        let run = cut(tools, subject, number % 2 == 0);
        assert_eq!(difference(&first, &run), None, "run {number}");
    }
}

#[test]
fn runs_with_power_cuts_are_one() {
    let (tools, subject) = or_skip!(lab_m0());
    runs_with_cuts_are_one(&tools, &subject, 10);
}

#[test]
fn runs_with_power_cuts_on_a_chip_of_the_plugins_are_one() {
    let (tools, subject) = or_skip!(pico());
    runs_with_cuts_are_one(&tools, &subject, 5);
}

/// Blinks and ticks for `time` in so many steps; somebody chats with its monitor, or nobody.
fn step(tools: &QemuTools, subject: &Subject, time: Duration, steps: u32, chats: bool) -> Run {
    let mut bench = subject.start_with(tools, Proof { qmp: chats, ..Proof::default() });
    bench.type_line(subject.blinks);
    for _ in 0..steps {
        let until = bench.now() + time / steps;
        let stop = bench.go(time / steps, &[]);
        assert_eq!(stop.cause, StopCause::Time);
        assert!(stop.at.since(until) < Duration::from_nanos(8));
    }
    bench.finish()
}

/// So many steps in `time` are the same again under load and with a monitor, and as one.
fn stops_change_nothing(tools: &QemuTools, subject: &Subject, time: Duration, steps: u32) {
    let start = Instant::now();
    let first = step(tools, subject, time, steps, false);
    eprintln!("{steps} steps, {} events, {:?}", first.0.len(), start.elapsed());
    {
        let _load = Load::begin();
        assert_eq!(difference(&first, &step(tools, subject, time, steps, true)), None);
    }
    // A busy processor stops up to an instruction late, so the end may hold more than one step does.
    let whole = step(tools, subject, time, 1, false).0;
    let common = first.0.len().min(whole.len());
    assert!(first.0.len().abs_diff(whole.len()) < 4);
    assert_eq!(first.0[..common], whole[..common]);
}

#[test]
fn ten_thousand_steps_are_the_same_again_and_stops_change_nothing() {
    let (tools, subject) = or_skip!(lab_m0());
    stops_change_nothing(&tools, &subject, Duration::from_secs(1), 10_000);
}

#[test]
fn steps_on_a_chip_of_the_plugins_are_the_same_again_and_stops_change_nothing() {
    let (tools, subject) = or_skip!(pico());
    stops_change_nothing(&tools, &subject, Duration::from_millis(100), 1_000);
}

/// Floods while nobody reads: whenever the plugin is blocked, a few reads pass.
fn flood(tools: &QemuTools, firmware: &Path, slow: bool) -> (Run, usize) {
    let gate = Gate::default();
    let mut bench =
        Bench::start(tools, firmware, Proof { gate: Some(gate.clone()), ..Proof::default() });
    bench.until("> ");
    bench.line("tick on");
    let pid = bench.inside.pid();
    let pauses = thread::scope(|scope| {
        let reader = slow.then(|| scope.spawn(|| admit_when_blocked(&gate, pid)));
        bench.line("flood 1000000");
        gate.open();
        reader.map_or(0, |reader| reader.join().expect("it only waits"))
    });
    (bench.finish(), pauses)
}

/// Admits reads whenever every thread of the emulator is asleep, 100 times.
fn admit_when_blocked(gate: &Gate, pid: u32) -> usize {
    const PAUSES: usize = 100;
    for _ in 0..PAUSES {
        gate.admit(0);
        let deadline = Instant::now() + support::WALL;
        while !is_asleep(pid) {
            assert!(Instant::now() < deadline, "the emulator never waits for its reader");
            thread::yield_now();
        }
        gate.admit(50);
    }
    gate.open();
    PAUSES
}

/// Whether every thread of a process waits for something (proc_pid_stat(5), field 3).
fn is_asleep(pid: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the emulator lives");
    tasks.flatten().all(|task| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
    })
}

#[test]
fn a_slow_reader_loses_no_byte_and_moves_no_nanosecond() {
    let (tools, firmware) = or_skip!(tools());
    let start = Instant::now();
    let (fast, _) = flood(&tools, &firmware, false);
    let fast_wall = start.elapsed();
    let (slow, pauses) = flood(&tools, &firmware, true);
    eprintln!(
        "1 MB flood: fast {fast_wall:?}, slow with {pauses} pauses {:?}",
        start.elapsed() - fast_wall
    );
    assert_eq!(difference(&fast, &slow), None);
    let text = support::bench::text(&fast.0);
    let letters = text
        .lines()
        .find(|line| line.contains("abcdefghijklmnop"))
        .unwrap()
        .trim_start_matches("> ");
    assert_eq!(letters.len(), 1_000_000);
    assert!(letters.as_bytes().chunks(16).all(|chunk| chunk == b"abcdefghijklmnop"));
}

/// Not a test but the other half of the one below, which starts this program
/// again to have a harness that it can kill.
#[test]
fn helper_that_starts_a_machine_and_never_ends() {
    if std::env::var_os("REPLAB_TEST_HELPER").is_none() {
        return;
    }
    let (tools, firmware) = tools().expect("the test has looked for them");
    let mut bench = Bench::start(&tools, &firmware, Proof::default());
    bench.until("> ");
    println!("emulator {}", bench.inside.pid());
    std::io::stdout().flush().unwrap();
    bench.type_line("burn 4000000000");
    bench.go(Duration::from_secs(1_000_000), &[]);
}

#[test]
fn a_killed_harness_leaves_no_emulator() {
    let _ = or_skip!(tools());
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_that_starts_a_machine_and_never_ends", "--nocapture"])
        .env("REPLAB_TEST_HELPER", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(helper.stdout.take().unwrap()).lines().map_while(Result::ok);
    let number = lines
        .find_map(|line| line.split_once("emulator ").and_then(|(_, pid)| pid.parse().ok()))
        .expect("the helper starts a machine");
    let emulator = pidfd_open(Pid::from_raw(number).unwrap(), PidfdFlags::empty())
        .expect("the emulator lives");
    let start = Instant::now();
    helper.kill().unwrap();
    let mut ends = [PollFd::new(&emulator, PollFlags::IN)];
    let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
    assert_eq!(poll(&mut ends, Some(&patience)).unwrap(), 1, "the emulator lives on");
    eprintln!("the emulator was gone {:?} after kill -9", start.elapsed());
    assert_eq!(helper.wait().unwrap().signal(), Some(9));
}
