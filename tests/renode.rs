//! The Renode backend against a stand-in for Renode, never Renode itself: what it
//! says and hears, how a machine keeps the rules of time, and how each trouble ends.

mod support;

use std::fs;
use std::time::Duration;

use replab_machine::renode::Renode;
use replab_machine::{Machine, MachineError, PAINT, StopCause};
use replab_record::{Event, Level, MachineTime, PinName, ResetCause};

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

#[test]
fn a_platform_that_renode_does_not_take_is_shown_with_its_place() {
    let stand_in = or_skip!(StandIn::playing("refused-1.16.1.jsonl", None));
    let renode = Renode::new(stand_in.tools());
    let error = stand_in.start(&renode, LONG).map(drop).expect_err("it is refused").to_string();
    assert!(error.contains("Error E04: Could not resolve type: 'UART.NoSuchUart'"), "{error}");
    assert!(error.contains("platform.repl:1:1:\n"), "{error}");
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

#[test]
fn renode_ends_when_the_socket_does() {
    let stand_in = or_skip!(StandIn::on_fakes());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let socket = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("the folder is ours");
    let bridge = format!("include @{}", support::root().join("renode/lab_bridge.py").display());
    let mut child = std::process::Command::new(&stand_in.program)
        .args(["-e", &bridge])
        .env("REPLAB_RENODE_SOCKET", &socket)
        .stdin(std::process::Stdio::piped())
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
