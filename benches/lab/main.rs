//! What the lab costs, beside what it is compared with, in one run: `cargo xtask bench`.
//!
//! Nothing here is asserted: hosts are shared and noisy. So what is compared is
//! played in turns, and the least of many times is shown beside the median.

#[path = "../../tests/support/mod.rs"]
mod support;

mod pico;
mod plain;
mod sweep;

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use plain::Plain;
use replab_machine::StopCause;
use replab_machine::qemu::{Proof, QemuTools};
use replab_record::{Event, Record, Timing, Verdict};
use replab_report::{Run, vcd};
use support::bench::Bench;

/// What the busy guest does.
const LOOP: &str = "exec('for i in range(300000): pass')";

fn main() {
    let (tools, bare, micropython) =
        match (support::qemu_tools(), support::bare_metal(), support::micropython()) {
            (Ok(tools), Ok(bare), Ok(micropython)) => (tools, bare, micropython),
            (tools, bare, micropython) => {
                let why = [tools.err(), bare.err(), micropython.err()];
                eprintln!(
                    "nothing to measure with: {}",
                    why.into_iter().flatten().collect::<Vec<_>>().join("; ")
                );
                std::process::exit(102);
            }
        };
    println!("| what | least | median | beside | ratio of the least |");
    println!("|---|---|---|---|---|");
    if wants("lab-m0") {
        steps(&tools, &bare);
        repl_lines(&tools, &micropython);
        memory(&tools, &bare);
        busy_guest(&tools, &micropython);
        cold_start(&tools, &micropython);
        sleeps(&tools, &micropython);
        edges(&tools, &bare);
        checkpoints("lab-m0", &mut at_prompt(&tools, &micropython, ">>> "));
        sweep::sweep(&tools, "lab-m0", &micropython);
    }
    if wants("pico") {
        pico::pico(&tools);
    }
}

/// Whether the rows of `board` are asked for: by its name, or by none.
fn wants(board: &str) -> bool {
    // cargo gives every benchmark the word `--bench`.
    let mut named = std::env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
    named.peek().is_none() || named.any(|name| name == board)
}

/// Times of one thing, done many times.
struct Times(Vec<Duration>);

impl Times {
    fn of(count: usize, mut each: impl FnMut() -> Duration) -> Times {
        Times::sorted((0..count).map(|_| each()).collect())
    }

    /// Two things in turns, so that both see the same host.
    fn of_both(
        count: usize,
        mut one: impl FnMut() -> Duration,
        mut other: impl FnMut() -> Duration,
    ) -> (Times, Times) {
        let (ones, others) = (0..count).map(|_| (one(), other())).unzip();
        (Times::sorted(ones), Times::sorted(others))
    }

    fn sorted(mut times: Vec<Duration>) -> Times {
        times.sort();
        Times(times)
    }

    fn least(&self) -> Duration {
        self.0[0]
    }

    fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }
}

fn row(what: &str, times: &Times) {
    println!("| {what} | {} | {} | | |", shown(times.least()), shown(times.median()));
}

fn row_beside(what: &str, times: &Times, beside: &str, other: &Times) {
    let ratio = times.least().as_secs_f64() / other.least().as_secs_f64();
    println!(
        "| {what} | {} | {} | {beside}: {}, {} | {ratio:.2} |",
        shown(times.least()),
        shown(times.median()),
        shown(other.least()),
        shown(other.median())
    );
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        long @ 1.0.. => format!("{long:.2} s"),
        short => format!("{:.3} ms", short * 1e3),
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn at_prompt(tools: &QemuTools, firmware: &Path, prompt: &'static str) -> Bench {
    let board = support::board("lab-m0");
    let mut bench = Bench::start_on(tools, &board, firmware, prompt, Proof::default());
    bench.until(prompt);
    bench
}

fn steps(tools: &QemuTools, bare: &Path) {
    let mut bench = at_prompt(tools, bare, "> ");
    let step = Times::of(2000, || timed(|| bench.go(Duration::from_millis(1), &[])));
    row("stop-and-go, 1 ms of a sleeping guest", &step);
}

fn repl_lines(tools: &QemuTools, micropython: &Path) {
    let mut bench = at_prompt(tools, micropython, ">>> ");
    let line = Times::of(500, || {
        timed(|| {
            bench.type_line("6 * 7");
            bench.until("42\r\n>>> ")
        })
    });
    row("one line at the REPL, `6 * 7`, typed at 115200 baud", &line);
}

fn memory(tools: &QemuTools, bare: &Path) {
    const SIZE: usize = 256 << 10;
    let mut bench = at_prompt(tools, bare, "> ");
    let memory = bench.machine.memory.as_mut().expect("QEMU has memory");
    let ours = vec![1_u8; SIZE];
    let (read, copied) = Times::of_both(
        500,
        || timed(|| memory.read(0x2000_0000, SIZE).expect("there is RAM")),
        || timed(|| std::hint::black_box(&ours).clone()),
    );
    row_beside("256 KiB of RAM read", &read, "a copy of our own", &copied);
}

/// Byte code that never sleeps: a guest that keeps its processor and its memory busy.
fn busy_guest(tools: &QemuTools, micropython: &Path) {
    let mut lab = at_prompt(tools, micropython, ">>> ");
    for (icount, beside) in [(true, "plain QEMU, same icount"), (false, "plain QEMU, no icount")] {
        let mut plain = Plain::start(tools, micropython, icount);
        plain.until(">>> ");
        let (ours, others) = Times::of_both(
            9,
            || {
                timed(|| {
                    lab.type_line(LOOP);
                    lab.until("\r\n>>> ")
                })
            },
            || {
                timed(|| {
                    plain.type_line(LOOP);
                    plain.until("\r\n>>> ");
                })
            },
        );
        row_beside(&format!("a busy guest, `{}`", LOOP), &ours, beside, &others);
    }
}

fn cold_start(tools: &QemuTools, micropython: &Path) {
    let (ours, others) = Times::of_both(
        25,
        || timed(|| at_prompt(tools, micropython, ">>> ")),
        || timed(|| Plain::start(tools, micropython, true).until(">>> ")),
    );
    row_beside("cold start to MicroPython's prompt, and the end", &ours, "plain QEMU", &others);
}

fn sleeps(tools: &QemuTools, micropython: &Path) {
    let mut bench = at_prompt(tools, micropython, ">>> ");
    bench.type_line("import time");
    bench.until(">>> ");
    for (seconds, count) in [(10, 20), (3600, 5)] {
        let line = format!("time.sleep({seconds})");
        let slept = Times::of(count, || {
            timed(|| {
                bench.type_line(&line);
                go_on_until(&mut bench, "\r\n>>> ")
            })
        });
        row(&format!("`{line}` at the REPL"), &slept);
    }
}

/// Lets it go for an hour and more, until it has printed `text`.
fn go_on_until(bench: &mut Bench, text: &str) {
    let condition = [bench.bytes(text)];
    let stop = bench.go(Duration::from_secs(2 * 3600), &condition);
    assert_eq!(stop.cause, StopCause::Condition { index: 0 });
}

/// A machine that keeps its state, plays a line, and goes back.
fn checkpoints(board: &str, bench: &mut Bench) {
    let mut kept = None;
    let keep = Times::of(20, || {
        bench.line("6 * 7");
        let keeper = bench.machine.checkpoints.as_mut().expect("QEMU keeps");
        timed(|| kept = keeper.keep().ok())
    });
    row(&format!("{board}@qemu: keep, after a line at the REPL"), &keep);
    let kept = kept.expect("it was kept");
    let restore = Times::of(500, || {
        bench.line("6 * 7");
        let keeper = bench.machine.checkpoints.as_mut().expect("QEMU keeps");
        timed(|| keeper.restore(kept).expect("it is there"))
    });
    row(&format!("{board}@qemu: restore, after a line at the REPL"), &restore);
}

fn edges(tools: &QemuTools, bare: &Path) {
    const LINE: &str = "blink 25 1000000 0 0";
    let mut bench = at_prompt(tools, bare, "> ");
    bench.events.clear();
    let time = timed(|| {
        bench.type_line(LINE);
        let done = [bench.bytes("\r\n> ")];
        while bench.go(Duration::from_secs(3600), &done).cause == StopCause::Full {}
    });
    let edges = bench.events.iter().filter(|event| matches!(event, Event::Edge { .. })).count();
    let mut plain = Plain::start(tools, bare, true);
    plain.until("> ");
    let others = timed(|| {
        plain.type_line(LINE);
        plain.until("\r\n> ");
    });
    let each = time.as_secs_f64() * 1e9 / edges as f64;
    println!(
        "| {edges} edges captured, {} bytes each | {} | {each:.0} ns each | plain QEMU, nothing captured: {} | {:.2} |",
        size_of::<Event>(),
        shown(time),
        shown(others),
        time.as_secs_f64() / others.as_secs_f64()
    );
    dump(std::mem::take(&mut bench.events));
}

/// These events as a value change dump, in a file.
fn dump(events: Vec<Event>) {
    let count = events.len();
    let target = "lab-m0@qemu".parse().expect("it is a target");
    let board = support::board("lab-m0");
    let mut record = Record::default();
    record.extend(events);
    let run = Run {
        identity: "edges",
        title: "edges",
        target: &target,
        board: &board,
        verdict: &Verdict::Passed,
        timing: Timing::Exact,
        record: &record,
        steps: &[],
        notes: &[],
        marginal: &[],
        findings: &[],
        not_compared: 0,
        machine: Duration::ZERO,
        wall: Duration::ZERO,
    };
    let file = tempfile::tempfile().expect("a temporary file can be made");
    let mut file = BufWriter::new(file);
    let time = timed(|| {
        vcd(&run, &mut file).and_then(|()| file.flush()).expect("the file can be written");
    });
    let length = file.get_ref().metadata().expect("it is open").len();
    println!(
        "| a wave file of {count} events | {} | {:.1} bytes each | | |",
        shown(time),
        length as f64 / count as f64
    );
}
