//! The Pico beside rp2040js: the same image, the same lines at its REPL.

use std::fs;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use replab_machine::qemu::{Proof, QemuTools};

use crate::support::{self, bench::Bench};
use crate::{Times, checkpoints, row, shown, timed};

/// What the loops are made of: one stays with small integers, the other allocates
/// big ones, which do not fit in a word, for all but its first rounds.
const LOOPS: [(&str, &str, f64); 2] = [("g", "s = (s + i) & 0xffff", 22.0), ("f", "s += i", 12.0)];

const ROUNDS: u32 = 1_000_000;

/// How often each loop is played on each side.
const TURNS: usize = 2;

/// How many machines each thread starts, one after another.
const MACHINES: u32 = 20;

/// Prints its rows, or why there are none.
pub(crate) fn pico(tools: &QemuTools) {
    let firmware = match support::rp2() {
        Ok(firmware) => firmware,
        Err(reason) => return eprintln!("the Pico is left out: {reason}"),
    };
    let board = support::board("pico");
    let at_prompt = || {
        let mut bench = Bench::start_on(tools, &board, &firmware, ">>> ", Proof::default());
        bench.until(">>> ");
        bench
    };
    let starts = Times::of(25, || {
        let begun = Instant::now();
        let bench = at_prompt();
        let time = begun.elapsed();
        drop(bench);
        time
    });
    row("pico@qemu: start to MicroPython's prompt (goal: at most 50 ms)", &starts);
    checkpoints("pico", &mut at_prompt());
    fresh_machines(&at_prompt);
    crate::sweep::sweep(tools, "pico", &firmware);
    match Rp2040js::find() {
        Ok(other) => loops(&mut at_prompt(), &other),
        Err(reason) => eprintln!("the loops are left out: {reason}"),
    }
}

/// Each core starts machines, plays a line on each, and ends it.
fn fresh_machines(at_prompt: &(impl Fn() -> Bench + Sync)) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let life = || {
        for _ in 0..MACHINES {
            assert_eq!(at_prompt().line("6 * 7"), "6 * 7\r\n42");
        }
    };
    let time = timed(|| thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(life)))));
    let rate = f64::from(MACHINES) * threads as f64 / time.as_secs_f64();
    println!(
        "| pico@qemu: fresh machines, `6 * 7` on each, {threads} at once | {rate:.0} a second | | | |"
    );
}

/// Times of processors, not of the desk clock: both sides compute all the time, and a
/// host that is busy with other things takes as much of it.
fn loops(bench: &mut Bench, other: &Rp2040js) {
    let definitions: Vec<_> = LOOPS.iter().map(|(name, body, _)| defined(name, body)).collect();
    for line in &definitions {
        bench.line(line);
    }
    let emulator = bench.inside.pid().to_string();
    let (mut ours, mut others) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    for _ in 0..TURNS {
        let (_, before) = other.play(&definitions);
        for (index, (name, ..)) in LOOPS.iter().enumerate() {
            let call = format!("{name}({ROUNDS})");
            let begun = processor_time(&emulator, OWN);
            let answer = bench.line(&call);
            ours[index].push(processor_time(&emulator, OWN).saturating_sub(begun));
            let lines: Vec<_> = definitions.iter().cloned().chain([call]).collect();
            let (said, time) = other.play(&lines);
            others[index].push(time.saturating_sub(before));
            assert!(said.contains(&answer), "{answer:?} here, there {said:?}");
        }
    }
    for (((_, body, goal), ours), others) in LOOPS.iter().zip(ours).zip(others) {
        let (ours, others) = (Times::sorted(ours), Times::sorted(others));
        println!(
            "| pico@qemu: `for i in range({ROUNDS}): {body}` | {} | {} | rp2040js, same image: {}, {} | 1/{:.1} (goal: 1/{goal:.0}) |",
            shown(ours.least()),
            shown(ours.median()),
            shown(others.least()),
            shown(others.median()),
            others.least().as_secs_f64() / ours.least().as_secs_f64()
        );
    }
}

/// The fields of a process's own time in `/proc/PID/stat`, counted from the one behind
/// its name: in user mode, and in the kernel (proc_pid_stat(5), `utime`, `stime`).
const OWN: [usize; 2] = [11, 12];

/// The same of its children that it has waited for (`cutime`, `cstime`).
const CHILDREN: [usize; 2] = [13, 14];

/// How long processors have worked for `process`, in steps of 10 ms (`USER_HZ` is 100 on
/// all processors that we know Linux of).
fn processor_time(process: &str, fields: [usize; 2]) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the process is there");
    let (_, behind) = stat.rsplit_once(") ").expect("its name is in brackets");
    let words: Vec<_> = behind.split(' ').collect();
    let ticks = fields.map(|at| words[at].parse::<u64>().expect("it is a number"));
    Duration::from_millis(10 * ticks.iter().sum::<u64>())
}

/// A line for the REPL that defines a function.
fn defined(name: &str, body: &str) -> String {
    format!(r#"exec("def {name}(n):\n s = 0\n for i in range(n): {body}\n return s")"#)
}

/// rp2040js where `cargo xtask` has put it, with the program that types at it.
struct Rp2040js {
    program: PathBuf,
    rom: PathBuf,
    flash: PathBuf,
}

impl Rp2040js {
    fn find() -> Result<Rp2040js, String> {
        let folder = support::target().join("tools/oracle");
        if !folder.join("done").is_file() {
            return Err("rp2040js is not there (it needs Node.js with npm)".to_owned());
        }
        // Beside its modules, where Node.js looks for them.
        let program = folder.join("play.mjs");
        fs::copy(support::root().join("tests/oracle/play.mjs"), &program)
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let firmware = support::target().join("firmware");
        Ok(Rp2040js {
            program,
            rom: firmware.join("pico-rom/rom.bin"),
            flash: firmware.join("pico/firmware.bin"),
        })
    }

    /// From power-on: types `lines`; all that it said, and the processors' time that it took.
    fn play(&self, lines: &[String]) -> (String, Duration) {
        let begun = processor_time("self", CHILDREN);
        let said = self.try_play(lines).unwrap_or_else(|error| panic!("rp2040js: {error}"));
        (said, processor_time("self", CHILDREN).saturating_sub(begun))
    }

    fn try_play(&self, lines: &[String]) -> io::Result<String> {
        let mut command = Command::new("node");
        command.args([&self.program, &self.rom, &self.flash]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let dialogue = serde_json::json!({ "prompt": ">>> ", "lines": lines });
        let input = process.stdin.take();
        input.map_or(Ok(()), |mut input| write!(input, "{dialogue}"))?;
        let output = process.wait_with_output()?;
        if !output.status.success() {
            return Err(io::Error::other(output.status.to_string()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
