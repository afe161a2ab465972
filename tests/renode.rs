//! The Renode backend against a stand-in for Renode, never Renode itself: what it
//! says and hears, how a machine keeps the rules of time, and how each trouble ends.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use replab_machine::renode::Renode;
use replab_machine::{FindingKind, Machine, MachineError, PAINT, StopCause};
use replab_record::{Event, Level, MachineTime, PinName, ResetCause};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};

use support::renode::{StandIn, port, text, type_line, until};

/// More than anything here should take, also on a busy computer.
const LONG: Duration = Duration::from_secs(60);

/// As long as a machine may be silent where it will be.
const SHORT: Duration = Duration::from_secs(3);

const MS: Duration = Duration::from_millis(1);

/// A machine on fakes at its first prompt.
fn at_prompt() -> Result<(Renode, Machine), String> {
    let stand_in = StandIn::on_fakes()?;
    let renode = Renode::new(stand_in.tools());
    let mut machine = stand_in.start(&renode, LONG).expect("the machine starts");
    let stop = until(&mut machine, ">>> ", LONG);
    assert_eq!(
        (stop.cause, text(&stop.events).as_str()),
        (StopCause::Condition { index: 0 }, "stand-in firmware\r\n>>> ")
    );
    Ok((renode, machine))
}

/// Types `line`; what came up to the next prompt.
#[track_caller]
fn ask(machine: &mut Machine, line: &str) -> Vec<Event> {
    type_line(machine, line);
    let stop = until(machine, "\r\n>>> ", LONG);
    assert_eq!(stop.cause, StopCause::Condition { index: 0 }, "{:?}", text(&stop.events));
    stop.events
}

#[test]
fn a_recorded_repl_is_played_to_the_nanosecond() {
    let stand_in = or_skip!(StandIn::playing("repl-1.16.1.jsonl", None));
    let renode = Renode::new(stand_in.tools());
    let mut machine = stand_in.start(&renode, LONG).expect("the machine starts");
    let stop = until(&mut machine, ">>> ", Duration::from_secs(20));
    assert_eq!(stop.at, MachineTime::from_nanos(2_000_000));
    assert_eq!(stop.events[0].at(), MachineTime::from_nanos(1_785_752));
    assert!(text(&stop.events).starts_with("MicroPython v1.25.0"), "{}", text(&stop.events));
    for (line, said) in [
        ("1+1", "1+1\r\n2\r\n>>> "),
        (
            "1/0",
            "1/0\r\nTraceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\nZeroDivisionError: divide by zero\r\n>>> ",
        ),
        (
            "from machine import Pin;import time;p=Pin(25,Pin.OUT)",
            "from machine import Pin;import time;p=Pin(25,Pin.OUT)\r\n>>> ",
        ),
    ] {
        type_line(&mut machine, line);
        let stop = until(&mut machine, ">>> ", 100 * MS);
        assert_eq!(
            (stop.cause, text(&stop.events).as_str()),
            (StopCause::Condition { index: 0 }, said)
        );
    }
    type_line(&mut machine, "p.on();time.sleep_ms(20);p.off()");
    let stop = until(&mut machine, ">>> ", 100 * MS);
    let edges: Vec<_> =
        stop.events.iter().filter(|event| matches!(event, Event::Edge { .. })).collect();
    let led = |level, ns| Event::Edge {
        pin: PinName::new("P25"),
        level,
        at: MachineTime::from_nanos(ns),
    };
    assert_eq!(edges, [&led(Level::High, 7_975_120), &led(Level::Low, 27_986_712)]);
    // What the recording does not have is no answer.
    let error = machine.run.pending(&port()).expect_err("it is not recorded").to_string();
    assert!(
        error.contains("is not in the recording, which has `send 0 86805 29000000 05` here"),
        "{error}"
    );
    assert!(error.starts_with("Renode, version 1.16.1 (-202611241803) answered"), "{error}");
}

/// What the real program refused, each alone, in the place of the same request of a
/// machine that was made.
#[test]
fn what_renode_refuses_is_told_in_its_own_words() {
    let (_, made) = lines("repl-1.16.1.jsonl");
    let (head, refused) = lines("refused-1.16.1.jsonl");
    let mut texts = Vec::new();
    for refusal in &refused {
        let position = made.iter().position(|one| one["request"] == refusal["request"]);
        let position = position.expect("each refused request is one of a machine that is made");
        let mut recording = format!("{head}\n");
        for line in made[..position].iter().chain([refusal]) {
            recording += &format!("{line}\n");
        }
        let stand_in = or_skip!(StandIn::playing_lines(&recording));
        let renode = Renode::new(stand_in.tools());
        let error = stand_in.start(&renode, LONG).map(drop).expect_err("it is refused");
        assert!(renode.waiting().is_empty(), "after a doubt it is not used again");
        let error = error.to_string();
        assert!(error.starts_with("Renode, version 1.16.1 (-202611241803) answered `c"), "{error}");
        texts.push(error);
    }
    for (text, words) in texts.iter().zip([
        &["mach create", "name is already taken"][..],
        &["Could not find file", "platform.repl"],
        &["Error E04: Could not resolve type: 'UART.NoSuchUart'", "platform.repl:1:1:\n", "\n^^^^"],
        &["Error E32: Indent's length", "platform.repl:2:2:\n", "\n ^"],
        &["Error E38", "Unknown CPU type", "platform.repl:1:6:\n"],
        &["Could not load ELF from path", "firmware.elf"],
        &["LoadELF", "Parameters did not match the signature"],
    ]) {
        assert!(words.iter().all(|word| text.contains(word)), "{words:?} in {text}");
    }
    assert_eq!(texts.len(), 7);
}

/// Head and exchanges of a recording.
fn lines(recording: &str) -> (serde_json::Value, Vec<serde_json::Value>) {
    let path = support::root().join("tests/renode_bridge").join(recording);
    let text = fs::read_to_string(path).expect("it is committed");
    let mut lines = text.lines().map(|line| serde_json::from_str(line).expect("it is JSON"));
    let head = lines.next().expect("it has a head");
    (head, lines.collect())
}

#[test]
fn the_bridge_types_drives_and_stamps() {
    let (_renode, mut machine) = or_skip!(at_prompt());
    let start = machine.run.now();
    let events = ask(&mut machine, "set 25 1");
    let received: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Received { at, .. } => Some(at.since(start).as_nanos()),
            _ => None,
        })
        .collect();
    assert_eq!(received, (1..=9).map(|count| count * 86_805).collect::<Vec<_>>());
    let edge = events.iter().find(|event| matches!(event, Event::Edge { .. }));
    let at = start + Duration::from_nanos(9 * 86_805 + 1_000);
    assert_eq!(edge, Some(&Event::Edge { pin: PinName::new("P25"), level: Level::High, at }));
    let drive = machine.run.now() + Duration::from_nanos(12_345);
    machine
        .pins
        .as_mut()
        .expect("it has pins")
        .drive(&PinName::new("P5"), Level::High, drive)
        .expect("there is such a pin");
    let events = ask(&mut machine, "read 5");
    assert_eq!(events[0], Event::Driven { pin: PinName::new("P5"), level: Level::High, at: drive });
    assert!(text(&events).ends_with("\r\n1\r\n>>> "), "{}", text(&events));
    assert_eq!(machine.run.pending(&port()).expect("there is a port"), 0);
}

#[test]
fn a_machine_goes_exactly_to_a_time_and_time_never_goes_back() {
    let (_renode, mut machine) = or_skip!(at_prompt());
    let until = MachineTime::from_nanos(7_123_457);
    let stop = machine.run.go(until, &[]).expect("it goes");
    assert_eq!((stop.at, stop.cause), (until, StopCause::Time));
    assert_eq!(machine.run.go(MachineTime::ZERO, &[]).expect("it stands").at, until);
}

#[test]
fn a_reset_of_the_firmware_waits_and_a_held_pin_is_driven_again() {
    let (_renode, mut machine) = or_skip!(at_prompt());
    machine
        .pins
        .as_mut()
        .expect("it has pins")
        .drive(&PinName::new("P5"), Level::High, MachineTime::ZERO)
        .expect("there is such a pin");
    type_line(&mut machine, "reset");
    let stop = machine.run.go(machine.run.now() + LONG, &[]).expect("it goes");
    assert_eq!(stop.cause, StopCause::Reset);
    let events = machine.run.reset().expect("it comes back");
    assert_eq!(events, [Event::Reset { cause: ResetCause::Firmware, at: stop.at }]);
    let stop = until(&mut machine, ">>> ", LONG);
    assert!(
        matches!(stop.events[0], Event::Driven { level: Level::High, .. }),
        "{:?}",
        stop.events[0]
    );
    assert!(text(&stop.events).starts_with("stand-in firmware"));
    let at = machine.run.now();
    assert_eq!(
        machine.run.reset().expect("it comes back"),
        [Event::Reset { cause: ResetCause::Lab, at }]
    );
}

#[test]
fn a_fault_has_the_registers_of_its_instruction() {
    let (_renode, mut machine) = or_skip!(at_prompt());
    type_line(&mut machine, "fault");
    let stop = machine.run.go(machine.run.now() + LONG, &[]).expect("it goes");
    let StopCause::Fault(fault) = stop.cause else { panic!("{:?}", stop.cause) };
    assert_eq!((fault.exception, fault.is_stacked), (3, true));
    assert_eq!(
        (fault.registers.pc(), fault.registers.lr(), fault.registers.sp()),
        (0x12_3456, 0x99, 0x2000_1020)
    );
    // The stop is late by less than a slice, in which the firmware went on.
    assert!(text(&stop.events).ends_with("faulted\r\n>>> "), "{}", text(&stop.events));
    assert!(text(&ask(&mut machine, "read 5")).ends_with("0\r\n>>> "), "it can go on");
}

#[test]
fn what_nothing_answers_is_a_finding_with_its_time_and_place() {
    let (_renode, mut machine) = or_skip!(at_prompt());
    let start = machine.run.now();
    ask(&mut machine, "load 60000504");
    ask(&mut machine, "load 60000504");
    let found = machine.findings.as_mut().expect("the log comes to the bridge").take();
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    // Thirteen characters and Return, and the firmware's microsecond.
    assert_eq!(finding.at, start + Duration::from_nanos(14 * 86_805 + 1_000));
    assert_eq!(
        (finding.kind, finding.is_store, finding.address, finding.pc, finding.block.as_str()),
        (FindingKind::Nothing, false, 0x6000_0504, Some(0x1234), "4 KiB at 0x60000000")
    );
    assert_eq!(machine.findings.as_mut().expect("it has them").take(), []);
}

#[test]
fn a_renode_whose_log_does_not_come_has_no_findings_and_plays() {
    let stand_in = or_skip!(StandIn::playing("repl-1.16.1.jsonl", None));
    let renode = Renode::new(stand_in.tools());
    let machine = stand_in.start(&renode, LONG).expect("the machine starts");
    assert!(machine.findings.is_none(), "nothing would ever be found");
}

#[test]
fn memory_is_painted_and_flash_outlives_a_power_cut() {
    let (_renode, mut machine) = or_skip!(at_prompt());
    let memory = machine.memory.as_mut().expect("it has memory");
    assert_eq!(memory.read(0x2004_1ff0, 16).expect("RAM"), [PAINT; 16]);
    memory.write(0x1f_fff0, b"at the end").expect("flash");
    memory.write(0x2000_0000, b"in RAM").expect("RAM");
    let error = memory.read(0x7000_0000, 4).expect_err("nothing is there").to_string();
    assert!(error.contains("the board has no memory there"), "{error}");
    let at = machine.run.now();
    let events = machine.power.as_mut().expect("it has power").cycle().expect("it comes back");
    assert_eq!(events, [Event::Reset { cause: ResetCause::Power, at }]);
    let memory = machine.memory.as_mut().expect("it has memory");
    assert_eq!(memory.read(0x1f_fff0, 10).expect("flash"), b"at the end");
    assert_eq!(memory.read(0x2000_0000, 6).expect("RAM"), [PAINT; 6]);
    let stop = until(&mut machine, ">>> ", LONG);
    assert_eq!(stop.events[0].at(), at + 2 * MS, "machine time runs on");
}

#[test]
fn a_flood_is_cut_into_pieces_and_nothing_is_lost() {
    let (_renode, mut machine) = or_skip!(at_prompt());
    let events = ask(&mut machine, "flood 300000");
    // It comes in one instant, more than one `go` may bring.
    assert!(text(&events).ends_with(&format!("{}\r\n>>> ", "x".repeat(300_000))));
}

#[test]
fn a_process_without_trouble_has_the_next_machine() {
    let stand_in = or_skip!(StandIn::on_fakes());
    let renode = Renode::new(stand_in.tools());
    let mut machine = stand_in.start(&renode, LONG).expect("it starts");
    until(&mut machine, ">>> ", LONG);
    machine.memory.as_mut().expect("it has memory").write(0x1f_fff0, b"old").expect("flash");
    drop(machine);
    // Nothing could be started any more.
    fs::remove_file(&stand_in.program).expect("it is there");
    let mut machine = stand_in.start(&renode, LONG).expect("it needs no new process");
    assert_eq!(machine.run.now(), MachineTime::ZERO);
    assert_ne!(
        machine.memory.as_mut().expect("it has memory").read(0x1f_fff0, 3).expect("flash"),
        b"old"
    );
    let stop = until(&mut machine, ">>> ", LONG);
    assert_eq!(stop.events[0].at(), MachineTime::from_nanos(2_000_000));
    type_line(&mut machine, "throw");
    let error = machine.run.go(machine.run.now() + LONG, &[]).expect_err("a hook failed");
    assert!(
        matches!(&error, MachineError::Hook { what, .. } if what.starts_with("ValueError")),
        "{error}"
    );
    drop(machine);
    let error =
        stand_in.start(&renode, LONG).map(drop).expect_err("after a doubt it is another process");
    assert!(matches!(error, MachineError::NotStarted { .. }), "{error}");
}

#[test]
fn nothing_is_left_when_the_lab_has_done() {
    let stand_in = or_skip!(StandIn::on_fakes());
    let renode = Renode::new(stand_in.tools());
    drop(stand_in.start(&renode, LONG).expect("it starts"));
    let waiting = renode.waiting();
    let [folder] = waiting.as_slice() else { panic!("{waiting:?}") };
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(folder).expect("it is there").permissions(),
    );
    assert_eq!(mode & 0o777, 0o700, "nobody else can enter");
    assert!(folder.join("socket").exists());
    drop(renode);
    assert!(!folder.exists());
    stand_in.has_ended();
}

/// Starts a process for machines, tells its folder, and waits to be killed.
#[test]
fn helper_that_keeps_a_process_and_never_ends() {
    if std::env::var_os("REPLAB_TEST_HELPER").is_none() {
        return;
    }
    let stand_in = StandIn::on_fakes().expect("it was there a moment ago");
    let renode = Renode::new(stand_in.tools());
    drop(stand_in.start(&renode, LONG).expect("it starts"));
    println!("folder {}", renode.waiting()[0].display());
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_killed_lab_leaves_neither_renode_nor_its_folder() {
    or_skip!(StandIn::on_fakes());
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let mut lab = Command::new(std::env::current_exe().expect("this is it"))
        .args(["--exact", "helper_that_keeps_a_process_and_never_ends", "--nocapture"])
        .env("REPLAB_TEST_HELPER", "1")
        .env("TMPDIR", scratch.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let output = BufReader::new(lab.stdout.take().expect("it was piped above"));
    let mut lines = output.lines().map_while(Result::ok);
    let folder = lines.find_map(|line| Some(line.split_once("folder ")?.1.to_owned()));
    let folder = PathBuf::from(folder.expect("the helper starts a machine"));
    assert!(folder.join("socket").exists());
    // Renode, and who removes its folder.
    let processes = support::processes::naming(&folder);
    assert!(processes.len() >= 2, "{processes:?}");
    let open = |pid: &u32| pidfd_open(support::processes::pid(*pid), PidfdFlags::empty());
    let ends: Vec<_> = processes.iter().map(|pid| open(pid).expect("it lives")).collect();
    lab.kill().expect("it is our child");
    let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
    for end in &ends {
        let mut end = [PollFd::new(end, PollFlags::IN)];
        assert_eq!(poll(&mut end, Some(&patience)), Ok(1), "one of them lives on");
    }
    assert!(!folder.exists());
    lab.wait().expect("it is our child");
}

#[test]
fn renode_ends_when_the_socket_does() {
    let stand_in = or_skip!(StandIn::on_fakes());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let socket = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("the folder is ours");
    let bridge = format!("include @{}", support::root().join("renode/lab_bridge.py").display());
    let mut child = Command::new(&stand_in.program)
        .args(["-e", &bridge])
        .env("REPLAB_RENODE_SOCKET", &socket)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let (call, _) = listener.accept().expect("the bridge calls");
    drop(call);
    // Its input is still open: only the socket has ended.
    let input = child.stdin.take();
    assert!(child.wait().expect("it is our child").success());
    drop(input);
}

/// The first `go` of a stand-in that fails as `how` says gives an error that `is` knows.
#[track_caller]
fn check(how: &str, cap: Duration, is: impl Fn(&MachineError) -> bool) -> Result<(), String> {
    let stand_in = StandIn::playing("repl-1.16.1.jsonl", Some(how))?;
    let renode = Renode::new(stand_in.tools());
    let error = match stand_in.start(&renode, cap) {
        Err(error) => error,
        Ok(mut machine) => {
            let error = machine.run.go(MachineTime::ZERO + LONG, &[]).expect_err(how);
            let again = machine.run.go(MachineTime::ZERO + LONG, &[]).expect_err("it is given up");
            assert!(matches!(again, MachineError::Died { .. }), "{again}");
            error
        }
    };
    assert!(is(&error), "{how}: {error:?}");
    assert!(renode.waiting().is_empty(), "after a doubt it is not used again");
    stand_in.has_ended();
    Ok(())
}

#[test]
fn a_crash_tells_the_signal_and_the_last_words() {
    or_skip!(check("crash", LONG, |error| matches!(
        error,
        MachineError::Died { status, last_words, program, .. }
            if status == "ended by SIGSEGV" && last_words == &["stand-in: crash"] && program.contains("1.16.1")
    )));
}

#[test]
fn a_hang_ends_with_the_wall_cap() {
    or_skip!(check("hang", SHORT, |error| matches!(
        error,
        MachineError::Silent { wall: SHORT, last_words, .. } if last_words == &["stand-in: hang"]
    )));
}

#[test]
fn garbage_is_shown() {
    or_skip!(check("garbage", LONG, |error| matches!(
        error,
        MachineError::Answer { answer, .. } if answer == "no frame of ours: Unha"
    )));
}

#[test]
fn a_closed_socket_is_no_crash() {
    or_skip!(check("closed", LONG, |error| matches!(error, MachineError::Closed { .. })));
}

#[test]
fn an_answer_that_is_cut_tells_how_much_came() {
    or_skip!(check("cut", LONG, |error| matches!(
        error,
        MachineError::Cut { got: 9, of: 100, status, .. } if status == "exit status 7"
    )));
}

#[test]
fn an_exception_in_a_hook_is_told() {
    or_skip!(check("hook", LONG, |error| matches!(
        error,
        MachineError::Hook { what, .. } if what == "ZeroDivisionError: division by zero"
    )));
}

#[test]
fn a_bridge_that_never_calls_is_not_waited_for_without_end() {
    or_skip!(check("mute", SHORT, |error| matches!(
        error,
        MachineError::NoBridge { wall: SHORT, last_words, .. }
            if last_words == &["stand-in: the bridge does not call"]
    )));
}

#[test]
fn a_slow_start_is_no_trouble() {
    let stand_in = or_skip!(StandIn::playing("repl-1.16.1.jsonl", Some("slow")));
    let renode = Renode::new(stand_in.tools());
    let mut machine = stand_in.start(&renode, LONG).expect("it starts late");
    until(&mut machine, ">>> ", Duration::from_secs(20));
}

#[test]
fn what_is_no_renode_has_last_words() {
    let stand_in = or_skip!(StandIn::playing("no-such-recording", None));
    let renode = Renode::new(stand_in.tools());
    match stand_in.start(&renode, LONG).map(drop) {
        Err(MachineError::Died { status, last_words, .. }) => {
            assert_eq!(status, "exit status 1");
            assert!(
                last_words.iter().any(|line| line.contains("no-such-recording")),
                "{last_words:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}
