//! `replab serve` with the clients that people use: a board in real time, on a
//! pseudo-terminal and on a TCP port.

mod support;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use replab_setup::{Named, Python, Tools};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use support::processes::{child, is_there, pid};
use tempfile::TempDir;

/// More than anything here takes, also on a busy computer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What mpremote copies: all byte values, most of them text.
fn bytes(count: u32) -> Vec<u8> {
    (0..count)
        .map(|n| if n % 64 == 0 { (n / 64 % 256) as u8 } else { b'a' + (n % 23) as u8 })
        .collect()
}

/// `replab serve` with a board that has taken its first line. Ends with its value.
struct Served {
    process: Child,
    output: BufReader<ChildStdout>,
    errors: ChildStderr,
    address: String,
    /// Where it writes files, and the clients have theirs.
    folder: TempDir,
}

impl Served {
    fn start(arguments: &[&str]) -> Result<Served, String> {
        support::qemu_tools()?;
        support::micropython()?;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("temporary")).expect("the folder is ours");
        let mut process = command(arguments)
            .env("TMPDIR", folder.path().join("temporary"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("setpriv is a part of every Linux");
        let mut output = BufReader::new(process.stdout.take().expect("it was piped above"));
        let errors = process.stderr.take().expect("it was piped above");
        let mut line = String::new();
        output.read_line(&mut line).expect("it speaks UTF-8");
        let address = line.split_whitespace().last().unwrap_or_default().to_owned();
        let served = Served { process, output, errors, address, folder };
        assert!(line.starts_with("serving lab-m0@qemu on "), "{line:?}");
        Ok(served)
    }

    /// A file beside the board, for clients.
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("temporary folders are UTF-8").to_owned()
    }

    /// The emulator's process number.
    fn emulator(&self) -> Pid {
        pid(child(self.process.id()).expect("a board has its emulator"))
    }

    /// Sends it `signal`; its exit code, and what it said on standard error.
    fn end(self, signal: Signal) -> (Option<i32>, String) {
        kill_process(pid(self.process.id()), signal).expect("it is our child");
        self.wait()
    }

    /// Waits for its end; its exit code, and what it said on standard error.
    fn wait(mut self) -> (Option<i32>, String) {
        let mut errors = String::new();
        self.errors.read_to_string(&mut errors).expect("it speaks UTF-8");
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("it speaks UTF-8");
        assert_eq!(rest, "", "after its first line it says nothing more to scripts");
        let code = self.process.wait().expect("it is our child").code();
        let temporary = fs::read_dir(self.folder.path().join("temporary")).expect("it is ours");
        assert_eq!(temporary.count(), 0, "files are left");
        (code, errors)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already, and have been waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `replab serve lab-m0@qemu`, which ends with us, also if we are killed (util-linux's setpriv).
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(assert_cmd::cargo::cargo_bin("replab"));
    command.args(["serve", "lab-m0@qemu"]).args(arguments).current_dir(support::root());
    command
}

fn python() -> Result<Python, String> {
    Tools::find(support::root(), Named::from_env()).python().map_err(|missing| missing.to_string())
}

fn mpremote(python: &Python, address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(&python.program);
    command
        .args(["-m", "mpremote", "connect", address])
        .args(arguments)
        .envs(python.modules.iter().map(|modules| ("PYTHONPATH", modules)))
        .env("PYTHONUNBUFFERED", "1")
        .stdin(Stdio::null());
    command
}

/// What `mpremote` prints, which has to hold `expected`.
#[track_caller]
fn check(python: &Python, served: &Served, arguments: &[&str], expected: &str) {
    let output: Output =
        mpremote(python, &served.address, arguments).output().expect("Python was found");
    let printed = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    let errors = String::from_utf8_lossy(&output.stderr);
    let what = format!("mpremote {arguments:?}: {}\n{printed}{errors}", output.status);
    assert!(output.status.success(), "{what}");
    assert!(printed.contains(expected), "{what} without {expected:?}");
}

/// Copies `count` bytes to the board and back.
#[track_caller]
fn check_copies(python: &Python, served: &Served, count: u32) {
    let (there, back) = (served.path("there.bin"), served.path("back.bin"));
    fs::write(&there, bytes(count)).expect("the folder is ours");
    check(python, served, &["fs", "cp", &there, ":copy.bin"], "");
    check(python, served, &["fs", "ls"], &format!("{count} copy.bin"));
    check(python, served, &["fs", "cp", ":copy.bin", &back], "");
    let back = fs::read(&back).expect("mpremote wrote it");
    assert!(back == bytes(count), "{count} bytes come back as they went");
}

#[test]
fn mpremote_does_all_it_can_on_a_pseudo_terminal() {
    let python = or_skip!(python());
    let served = or_skip!(Served::start(&[]));
    assert!(served.address.starts_with("/dev/pts/"), "{}", served.address);
    check(&python, &served, &["exec", "print(6 * 7)"], "42\n");
    let program = served.path("program.py");
    fs::write(&program, "import sys\nprint('runs on', sys.platform)\n").expect("it is ours");
    check(&python, &served, &["run", &program], "runs on");
    check(&python, &served, &["fs", "cp", &program, ":program.py"], "");
    check(&python, &served, &["fs", "cat", ":program.py"], "print('runs on', sys.platform)");
    let folder = served.path("mounted");
    fs::create_dir(&folder).expect("the folder is ours");
    let text = String::from_utf8(vec![b'x'; 5_000]).expect("it is text");
    fs::write(Path::new(&folder).join("there.txt"), &text).expect("the folder is ours");
    let read = "print(len(open('there.txt').read()), 'bytes')";
    check(&python, &served, &["mount", &folder, "exec", read], "5000 bytes\n");
    check(&python, &served, &["exec", "kept = 1"], "");
    check(&python, &served, &["soft-reset"], "");
    check(&python, &served, &["resume", "exec", "print('kept' in globals())"], "False\n");
}

#[test]
fn a_hundred_kilobytes_go_there_and_come_back() {
    let python = or_skip!(python());
    check_copies(&python, &or_skip!(Served::start(&["--pty"])), 100_000);
}

#[test]
fn mpremote_works_over_tcp() {
    let python = or_skip!(python());
    let served = or_skip!(Served::start(&["--tcp", "0"]));
    assert!(served.address.starts_with("rfc2217://127.0.0.1:"), "{}", served.address);
    check(&python, &served, &["exec", "print(6 * 7)"], "42\n");
    check_copies(&python, &served, 10_000);
}

#[test]
fn after_a_client_that_was_killed_in_the_middle_of_a_copy_the_next_is_served_at_once() {
    let python = or_skip!(python());
    let served = or_skip!(Served::start(&[]));
    let file = served.path("there.bin");
    fs::write(&file, bytes(100_000)).expect("the folder is ours");
    for _ in 0..2 {
        let copy = ["fs", "cp", &file, ":copy.bin"];
        let mut client = mpremote(&python, &served.address, &copy);
        let mut client = client.stdout(Stdio::null()).spawn().expect("Python was found");
        let begun = Instant::now();
        while written(client.id()) < 20_000 {
            assert!(begun.elapsed() < PATIENCE, "mpremote does not copy");
            assert!(client.try_wait().expect("it is our child").is_none(), "it has ended");
            thread::yield_now();
        }
        client.kill().expect("it is our child");
        client.wait().expect("it is our child");
        check(&python, &served, &["exec", "print(6 * 7)"], "42\n");
    }
}

/// How many bytes a process has written (proc_pid_io(5)).
fn written(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[test]
fn one_client_at_a_time_is_served_and_the_next_at_once() {
    let served = or_skip!(Served::start(&["--tcp", "127.0.0.1:0"]));
    let connect = || {
        let address = served.address.trim_start_matches("rfc2217://");
        let client = TcpStream::connect(address).expect("somebody listens");
        client.set_read_timeout(Some(PATIENCE)).expect("it is no zero");
        client
    };
    let mut first = connect();
    // In raw mode it waits for the end of a program, of which this is the beginning.
    first.write_all(b"\r\x03\x03\x01").expect("it is connected");
    until(&mut first, "CTRL-B to exit\r\n>");
    let half = format!("print('{}", "x".repeat(1_000));
    first.write_all(half.as_bytes()).expect("it is connected");
    let mut second = connect();
    let mut said = String::new();
    second.read_to_string(&mut said).expect("it is told, and sent away");
    assert_eq!(said, "replab: another client is connected\r\n");
    drop(first);
    let mut third = connect();
    third.write_all(b"\x03\x02\r6 * 7\r").expect("it is connected");
    until(&mut third, "\r\n42\r\n>>> ");
}

/// Reads until `text` has come.
#[track_caller]
fn until(client: &mut (impl Read + AsFd), text: &str) {
    let mut said = Vec::new();
    while !said.ends_with(text.as_bytes()) {
        let patience = Timespec { tv_sec: 30, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(client, PollFlags::IN)], Some(&patience));
        assert_eq!(ready, Ok(1), "no {text:?} after {:?}", String::from_utf8_lossy(&said));
        let mut byte = [0];
        let count = client.read(&mut byte).expect("the board answers");
        assert_eq!(count, 1, "sent away after {:?}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
}

/// Opens the terminal of a served board, which the server has made raw.
fn opened(served: &Served) -> File {
    let client = File::options().read(true).write(true).open(&served.address);
    client.expect("the terminal is there")
}

#[test]
fn a_terminal_that_its_client_closes_is_there_for_the_next() {
    let served = or_skip!(Served::start(&[]));
    let mut first = opened(&served);
    first.write_all(b"\r").expect("the terminal is there");
    until(&mut first, "\r\n>>> ");
    // It goes while the board prints more than a terminal holds.
    first.write_all(b"print('x' * 100000)\r").expect("the terminal is there");
    until(&mut first, "xxxx");
    drop(first);
    let mut second = opened(&served);
    second.write_all(b"\x03\r6 * 7\r").expect("the terminal is there");
    until(&mut second, "\r\n42\r\n>>> ");
}

#[test]
fn two_boards_are_served_side_by_side() {
    let (one, other) = (or_skip!(Served::start(&[])), or_skip!(Served::start(&[])));
    assert_ne!(one.address, other.address);
    for (served, text) in [(&one, "one"), (&other, "other")] {
        let mut client = opened(served);
        client.write_all(format!("\rkept = '{text}'\r").as_bytes()).expect("it is there");
        until(&mut client, &format!("kept = '{text}'\r\n>>> "));
    }
    for (served, text) in [(&one, "one"), (&other, "other")] {
        let mut client = opened(served);
        client.write_all(b"\rkept\r").expect("it is there");
        until(&mut client, &format!("\r\n'{text}'\r\n>>> "));
    }
}

#[test]
fn a_board_that_resets_itself_is_served_on_with_its_files() {
    let python = or_skip!(python());
    let served = or_skip!(Served::start(&[]));
    check(&python, &served, &["exec", "open('kept.txt', 'w').write('here')"], "");
    check(&python, &served, &["exec", "--no-follow", "import machine; machine.reset()"], "");
    check(&python, &served, &["fs", "cat", ":kept.txt"], "here");
    let (code, errors) = served.end(Signal::INT);
    assert_eq!(code, Some(0), "{errors}");
    assert!(errors.ends_with("note: reset by the firmware\n"), "{errors}");
}

#[test]
fn an_emulator_that_ends_is_told() {
    let served = or_skip!(Served::start(&[]));
    kill_process(served.emulator(), Signal::KILL).expect("it is there");
    let (code, errors) = served.wait();
    assert_eq!(code, Some(102), "{errors}");
    assert!(errors.contains(" (ended by SIGKILL)"), "{errors}");
}

#[test]
fn signals_end_the_board_and_nothing_is_left() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let served = or_skip!(Served::start(&[]));
        let (emulator, address) = (served.emulator(), PathBuf::from(&served.address));
        assert!(address.exists());
        let (code, errors) = served.end(signal);
        assert_eq!(code, Some(0), "{errors}");
        assert!(!is_there(emulator), "{signal:?}: the emulator is left");
    }
}

#[test]
fn what_cannot_be_served_is_told() {
    let served = or_skip!(Served::start(&["--tcp", "0"]));
    let taken = served.address.trim_start_matches("rfc2217://").to_owned();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let output = command(arguments).output().expect("setpriv is a part of every Linux");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    };
    check(&["--tcp", &taken], 2, &format!("could not listen on {taken} (is it in use?"));
    check(&["--tcp", "here"], 2, "`here` is no address (write 127.0.0.1:4000");
    check(&["--tcp", "0", "--pty"], 2, "cannot be used with");
    check(&["--firmware", "/nowhere.elf"], 2, "could not read /nowhere.elf");
    check(&["--firmware", "Cargo.toml"], 2, "does not fit board lab-m0");
}
