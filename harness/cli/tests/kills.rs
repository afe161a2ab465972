//! The lab when something is killed at a random moment: its emulator, or itself.
//!
//! It takes minutes, so it runs only when asked for:
//! `cargo test -p replab-cli --test kills -- --ignored --nocapture`.
//! It needs what `cargo xtask emulate` leaves behind: QEMU, firmware, plugin.

use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How many runs.
const RUNS: u64 = 1000;

/// How long an emulator may outlive the lab.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Emulator,
    Lab,
}

/// How often what came of it.
#[derive(Debug, Default)]
struct Tally {
    /// The emulator was killed, and the run is broken.
    broken: u32,
    /// The run was over before.
    passed: u32,
    /// The lab was killed, and its emulator ended with it.
    ended: u32,
    /// Anything else.
    wrong: Vec<String>,
}

#[test]
#[ignore = "takes minutes; see the head of this file"]
fn a_thousand_kills_leave_right_verdicts_and_nothing_behind() {
    let temporary = tempfile::tempdir().expect("a temporary folder can be made");
    let mut tally = Tally::default();
    for run in 0..RUNS {
        let victim = if run % 2 == 0 { Victim::Emulator } else { Victim::Lab };
        // Spread over the length of a run; the same each time.
        let after = Duration::from_micros(run.wrapping_mul(2_654_435_761) % 160_000);
        one(run, victim, after, temporary.path(), &mut tally);
    }
    let left = fs::read_dir(temporary.path()).expect("the folder is ours").count();
    println!(
        "{RUNS} kills: {} broken, {} passed before, {} ended with the lab, {} wrong; {left} temporary files left",
        tally.broken,
        tally.passed,
        tally.ended,
        tally.wrong.len()
    );
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!(left, 0, "temporary files are left");
    assert!(tally.broken > 0 && tally.ended > 0, "some kills must come in time: {tally:?}");
}

fn one(run: u64, victim: Victim, after: Duration, temporary: &Path, tally: &mut Tally) {
    let mut lab = start(temporary);
    let begun = Instant::now();
    let emulator = loop {
        if let Some(emulator) = child_of(lab.id()) {
            break Some(emulator);
        }
        if lab.try_wait().expect("it is our child").is_some() {
            break None;
        }
        thread::yield_now();
    };
    thread::sleep(after.saturating_sub(begun.elapsed()));
    match victim {
        Victim::Emulator => drop(emulator.as_ref().is_some_and(Emulator::kill)),
        // It may have ended by itself.
        Victim::Lab => drop(lab.kill()),
    }
    let output = lab.wait_with_output().expect("it is our child");
    let verdict = judge(victim, &output, tally);
    let is_gone = emulator.is_none_or(|emulator| emulator.ends_within(PATIENCE));
    if let Err(what) = verdict {
        tally.wrong.push(format!("run {run}, {victim:?} killed after {after:?}: {what}"));
    }
    if !is_gone {
        tally.wrong.push(format!("run {run}: the emulator outlives the lab"));
    }
}

/// Counts what came of it; `Err` says what is wrong with that.
fn judge(victim: Victim, output: &Output, tally: &mut Tally) -> Result<(), String> {
    let said = String::from_utf8_lossy(&output.stdout);
    let has = |verdict: &str| said.contains(&format!("\"verdict\":\"{verdict}\""));
    match (victim, output.status.code(), output.status.signal()) {
        (_, Some(0), _) if has("passed") => tally.passed += 1,
        (Victim::Emulator, Some(102), _) if has("broken") => tally.broken += 1,
        (Victim::Lab, None, Some(9)) => tally.ended += 1,
        _ => return Err(format!("{}: {said}", output.status)),
    }
    Ok(())
}

fn start(temporary: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_replab"))
        .args(["run", "01-micropython-intro/real-pin", "--json"])
        .current_dir(root())
        .env("TMPDIR", temporary)
        .env_remove("CI")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it is built with this test")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An emulator, by its number and the moment of its start, which nobody else has.
struct Emulator {
    pid: u32,
    started: String,
}

impl Emulator {
    fn is_there(&self) -> bool {
        status(self.pid).is_some_and(|(_, state, started)| state != "Z" && started == self.started)
    }

    /// Whether it was there to be killed.
    fn kill(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        self.is_there()
            && pid.is_some_and(|pid| {
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok()
            })
    }

    fn ends_within(&self, patience: Duration) -> bool {
        let begun = Instant::now();
        while self.is_there() {
            if begun.elapsed() > patience {
                return false;
            }
            thread::yield_now();
        }
        true
    }
}

/// The first child of process `parent` that runs QEMU.
fn child_of(parent: u32) -> Option<Emulator> {
    let processes = fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|pid| is_qemu(*pid)).find_map(|pid| {
        let (of, _, started) = status(pid)?;
        (of == parent).then_some(Emulator { pid, started })
    })
}

fn is_qemu(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("qemu-"))
}

/// Parent, state and moment of start of a process (proc_pid_stat(5), fields 4, 3 and 22).
fn status(pid: u32) -> Option<(u32, String, String)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some((
        fields.get(1)?.parse().ok()?,
        (*fields.first()?).to_owned(),
        (*fields.get(19)?).to_owned(),
    ))
}
