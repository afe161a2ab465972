//! Ctrl-C while real emulators run: what ran is told and reported, and nothing is left.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

mod support;

const SHORT: &str = "replab: 1\nname: it multiplies\nsteps:\n  - boot: repl\n  - repl: |\n      >>> 6 * 7\n      42\n";

/// Busy for longer than anybody waits: the desk clock's cap is a minute.
const LONG: &str = "replab: 1\nname: it is busy\nsteps:\n  - boot: repl\n  - send: \"while True: pass\\r\\r\"\n  - wait: 3000s\n";

/// Two runs at once: `a-long` and `b-short` begin, then `c-long`.
struct Bench {
    folder: TempDir,
    firmware: PathBuf,
}

impl Bench {
    fn new(firmware: PathBuf) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let bench = Bench { folder, firmware };
        fs::create_dir(bench.path("scenarios")).expect("the folder is ours");
        for (name, text) in [("a-long", LONG), ("b-short", SHORT), ("c-long", LONG)] {
            let file = bench.path("scenarios").join(format!("{name}.yaml"));
            fs::write(file, text).expect("the folder is ours");
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, junit: &PathBuf) -> Child {
        let program = assert_cmd::cargo::cargo_bin("xtask");
        Command::new(&program)
            .current_dir(support::root())
            // xtask finds its checkout by this; ours names another package.
            .env_remove("CARGO_MANIFEST_DIR")
            .env("TMPDIR", self.path("temporary"))
            .args(["emulate", "--json", "--jobs", "2"])
            .arg("--scenarios")
            .arg(self.path("scenarios"))
            .arg("--output")
            .arg(self.path("output"))
            .arg("--firmware")
            .arg(&self.firmware)
            .arg("--junit")
            .arg(junit)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("xtask is there: cargo build --workspace makes it")
    }
}

/// Reads events of `lab` until the third run has begun, so the second has ended.
fn until_the_third_run(lab: &mut Child) -> BufReader<ChildStdout> {
    let mut lines = BufReader::new(lab.stdout.take().expect("it was piped"));
    let mut events = Vec::new();
    while events.iter().filter(|event: &&Value| event["event"] == "run-started").count() < 3 {
        let mut line = String::new();
        lines.read_line(&mut line).expect("it can be read");
        assert_ne!(line, "", "it ended: {events:?}");
        events.push(serde_json::from_str(&line).expect("it prints JSON"));
    }
    lines
}

fn interrupt(lab: &Child, signal: Signal) {
    let pid = Pid::from_raw(lab.id().cast_signed()).expect("a child has a number");
    kill_process(pid, signal).expect("it has not been waited for");
}

/// Waits for the end of `lab`, and of all that hold its standard error: emulators do
/// not, but their death is seen in the list of processes.
fn end(mut lab: Child) -> (Option<i32>, String) {
    let mut errors = String::new();
    let mut stderr = lab.stderr.take().expect("it was piped");
    stderr.read_to_string(&mut errors).expect("it speaks UTF-8");
    (lab.wait().expect("it is our child").code(), errors)
}

/// Processes that run `firmware`.
fn emulators(bench: &Bench) -> usize {
    let mark = bench.folder.path().display().to_string();
    let processes = fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
    processes
        .filter(|entry| {
            fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&mark))
        })
        .count()
}

#[track_caller]
fn nothing_is_left(bench: &Bench) {
    let begun = std::time::Instant::now();
    while emulators(bench) > 0 {
        assert!(begun.elapsed() < support::WALL, "an emulator outlives the lab");
        std::thread::yield_now();
    }
    let left = fs::read_dir(bench.path("temporary")).expect("the folder is ours").count();
    assert_eq!(left, 0, "temporary files are left");
}

/// The firmware is copied into the folder, so that its path names the bench's emulators.
fn bench() -> Result<Bench, String> {
    support::qemu_tools()?;
    let mut bench = Bench::new(support::micropython()?);
    fs::create_dir(bench.path("temporary")).expect("the folder is ours");
    let copy = bench.path("firmware.elf");
    fs::copy(&bench.firmware, &copy).expect("the folder is ours");
    bench.firmware = copy;
    Ok(bench)
}

#[test]
fn the_first_ends_gracefully_and_reports_what_ran() {
    for signal in [Signal::INT, Signal::TERM] {
        let bench = or_skip!(bench());
        let junit = bench.path("reports/junit.xml");
        let mut lab = bench.start(&junit);
        let mut rest = until_the_third_run(&mut lab);
        assert_ne!(emulators(&bench), 0, "this finds emulators");
        interrupt(&lab, signal);
        let mut events = String::new();
        rest.read_to_string(&mut events).expect("it speaks UTF-8");
        let events: Vec<Value> = events
            .lines()
            .map(|line| serde_json::from_str(line).expect("it prints JSON"))
            .collect();
        let (code, errors) = end(lab);
        assert_eq!(code, Some(130), "{errors}");
        assert!(errors.contains("\ninterrupted: 1 of 3 runs have ended\n"), "{errors}");
        // The first run has not ended, and nobody waits for it.
        let told: Vec<_> = events.iter().map(|event| event["event"].as_str()).collect();
        assert_eq!(told, [Some("run-finished"), Some("summary")], "{events:?}");
        assert_eq!(events[0]["scenario"], "b-short");
        assert_eq!(events[1]["passed"], 1);
        assert_eq!(events[1]["exit_code"], 130);
        let report = fs::read_to_string(&junit).expect("it was written");
        assert!(report.contains("tests=\"1\"") && report.contains("b-short"), "{report}");
        nothing_is_left(&bench);
    }
}

/// The report goes into a pipe that nobody reads.
#[test]
fn the_second_ends_at_once() {
    let bench = or_skip!(bench());
    let pipe = bench.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("coreutils have it");
    assert!(made.success());
    // Both ends, so that opening it waits for nobody; what is not read fills it.
    let ends = File::options().read(true).write(true).custom_flags(0).open(&pipe);
    let mut ends = ends.expect("the pipe is ours");
    std::io::Write::write_all(&mut ends, &[0; 60_000]).expect("it holds 64 KiB");
    let mut lab = bench.start(&pipe);
    let rest = until_the_third_run(&mut lab);
    interrupt(&lab, Signal::INT);
    let mut errors = BufReader::new(lab.stderr.take().expect("it was piped"));
    let mut line = String::new();
    while !line.starts_with("interrupted: ") {
        line.clear();
        assert_ne!(errors.read_line(&mut line).expect("it can be read"), 0, "it said nothing");
    }
    interrupt(&lab, Signal::INT);
    assert_eq!(lab.wait().expect("it is our child").code(), Some(130));
    drop(rest);
    nothing_is_left(&bench);
}
