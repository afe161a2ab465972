//! One machine in QEMU, from outside: how it goes, stops, types, drives and reads.

mod support;

use std::fs;
use std::time::Duration;

use replab_machine::qemu::{self, Proof};
use replab_machine::{Condition, Fault, MachineError, StopCause};
use replab_record::{Event, Level, MachineTime, PinName, PortName, ResetCause};
use support::bench::Bench;

const US: Duration = Duration::from_micros(1);
const MS: Duration = Duration::from_millis(1);

/// A machine at its first prompt.
fn at_prompt() -> Result<Bench, String> {
    let mut bench =
        Bench::start(&support::qemu_tools()?, &support::bare_metal()?, Proof::default());
    bench.until("> ");
    Ok(bench)
}

fn edges(bench: &Bench, name: &str) -> Vec<(u64, Level)> {
    let edge = |event: &Event| match event {
        Event::Edge { pin, level, at } if pin.as_str() == name => Some((at.as_nanos(), *level)),
        _ => None,
    };
    bench.events.iter().filter_map(edge).collect()
}

#[test]
fn it_stops_at_the_byte_that_completes_a_text() {
    let mut bench = or_skip!(at_prompt());
    bench.type_line("echo one two three");
    let stop = bench.until("tw");
    let last = stop.events.last().expect("bytes came");
    assert_eq!(stop.at, last.at(), "nothing ran behind the byte");
    assert!(matches!(last, Event::Sent { byte: b'w', .. }), "{last:?}");
    let conditions = [bench.bytes("nothing"), bench.bytes("three")];
    assert_eq!(bench.go(MS, &conditions).cause, StopCause::Condition { index: 1 });
}

#[test]
fn a_text_may_begin_before_a_stop() {
    let mut bench = or_skip!(at_prompt());
    bench.type_line("echo abc");
    bench.until("ab");
    bench.until("abc");
}

#[test]
fn it_stops_at_a_time_exactly_while_it_sleeps_and_within_an_instruction_while_it_is_busy() {
    let mut bench = or_skip!(at_prompt());
    let start = bench.now();
    assert_eq!(
        bench.go(Duration::from_nanos(1_000_003), &[]).at,
        start + Duration::from_nanos(1_000_003)
    );
    bench.type_line("burn 10000000");
    bench.go(5 * MS, &[]);
    for step in [1, 7, 999, 12_345] {
        let until = bench.now() + Duration::from_nanos(step);
        let late = bench.go(Duration::from_nanos(step), &[]).at.since(until);
        assert!(late < Duration::from_nanos(8), "late by {late:?}");
    }
    let now = bench.now();
    let stop = bench.machine.run.go(now, &[]).unwrap();
    assert_eq!((stop.at, stop.cause), (now, StopCause::Time), "a time in the past stops at once");
}

#[test]
fn it_stops_at_an_edge() {
    let mut bench = or_skip!(at_prompt());
    bench.line("set 25 0");
    bench.type_line("blink 25 4 100");
    let led = PinName::new("P25");
    let falls = Condition::Edge { pin: led.clone(), level: Some(Level::Low) };
    let any = Condition::Edge { pin: led, level: None };
    let first = bench.go(10 * MS, &[falls.clone(), any.clone()]);
    assert_eq!(first.cause, StopCause::Condition { index: 1 }, "it rises first");
    assert_eq!(edges(&bench, "P25").last(), Some(&(first.at.as_nanos(), Level::High)));
    let second = bench.go(10 * MS, &[falls, any]);
    assert_eq!(second.cause, StopCause::Condition { index: 0 });
    let apart = second.at.since(first.at);
    assert!(apart.abs_diff(100 * US) < 2 * US, "{apart:?} apart");
}

#[test]
fn typed_bytes_keep_the_pace_of_the_line() {
    let mut bench = or_skip!(at_prompt());
    let text = "abcdefghijklmnopqrstuvwxyz0123456789".repeat(83);
    let start = bench.now();
    let due = bench.type_line(&format!("echo {text}"));
    bench.until("\r\n> ");
    let arrival = |event: &Event| {
        if let Event::Received { at, .. } = event { Some(at.as_nanos()) } else { None }
    };
    let times: Vec<_> = bench.events.iter().filter_map(arrival).collect();
    assert_eq!(times.len(), text.len() + 6);
    assert_eq!(times[0], start.as_nanos() + 86_806, "one character of 115200 baud after the start");
    assert!(times.windows(2).all(|pair| matches!(pair[1] - pair[0], 86_805 | 86_806)));
    assert_eq!(times.last(), Some(&due.as_nanos()));
    assert!(bench.text().contains(&format!("> {text}\r\n")), "all of it arrived");
}

#[test]
fn bytes_wait_outside_a_full_uart_and_none_is_lost() {
    let mut bench = or_skip!(at_prompt());
    // 200 ms of burning without reading: the ring of 512 bytes and the UART fill up.
    bench.type_line("burn 5000000");
    let text = "0123456789".repeat(150);
    bench.type_line(&format!("echo {text}"));
    let port = bench.port.clone();
    bench.go(130 * MS, &[]);
    assert!(bench.machine.run.pending(&port).unwrap() > 0);
    bench.until(&format!("\r\n> {}", &text[..10]));
    bench.until("\r\n> ");
    assert!(bench.text().ends_with(&format!("> {text}\r\n> ")));
    assert_eq!(bench.machine.run.pending(&port).unwrap(), 0);
}

#[test]
fn typing_can_wait_for_its_time() {
    let mut bench = or_skip!(at_prompt());
    let from = bench.now() + 20 * MS;
    let port = bench.port.clone();
    bench.machine.run.send(&port, b"echo x\r", from).unwrap();
    bench.until("x");
    let first = bench.events.iter().find(|event| matches!(event, Event::Received { .. }));
    assert_eq!(first.map(Event::at), Some(from + Duration::from_nanos(86_806)));
}

#[test]
fn pins_are_driven_at_their_nanosecond() {
    let mut bench = or_skip!(at_prompt());
    let at = [
        bench.drive("P5", Level::High, Duration::from_nanos(1_000_001)),
        bench.drive("P5", Level::Low, Duration::from_nanos(1_500_000)),
        bench.drive("P5", Level::High, Duration::from_nanos(1_200_000)),
        bench.drive("P5", Level::Floating, Duration::from_nanos(9_000_000)),
    ];
    bench.go(2 * MS, &[]);
    let driven = |event: &Event| {
        if let Event::Driven { level, at, .. } = event { Some((*at, *level)) } else { None }
    };
    let seen: Vec<_> = bench.events.iter().filter_map(driven).collect();
    assert_eq!(seen, [(at[0], Level::High), (at[2], Level::High), (at[1], Level::Low)]);
    assert_eq!(bench.line("read 5"), "0");
    bench.drive("P5", Level::High, Duration::ZERO);
    assert_eq!(bench.line("read 5"), "1");
    bench.go(9 * MS, &[]);
    assert_eq!(bench.line("read 5"), "0", "the pull-down wins");
}

#[test]
fn a_fault_stops_before_its_handler_with_the_place_of_the_fault() {
    let mut bench = or_skip!(at_prompt());
    bench.type_line("fault");
    let stop = bench.go(100 * MS, &[]);
    let StopCause::Fault(Fault { exception: 3, registers, is_stacked: true }) = stop.cause else {
        panic!("{:?}", stop.cause)
    };
    let (sp, lr, pc) = (registers.sp(), registers.lr(), registers.pc());
    let memory = bench.machine.memory.as_mut().unwrap();
    let code = memory.read(pc, 2).unwrap();
    // LDR Rt, [Rn] (Armv6-M ARM §A6.7.26): what reads 0x70000000.
    assert_eq!(u16::from_le_bytes([code[0], code[1]]) >> 11, 0b01101, "at {pc:#x}");
    assert!(lr & 1 == 1 && lr < 0x1000, "{lr:#x} is in flash");
    assert!((0x2000_0000..0x2004_2000).contains(&sp));
}

#[test]
fn a_fault_can_be_followed_by_a_reset() {
    let mut bench = or_skip!(at_prompt());
    for _ in 0..3 {
        bench.type_line("fault");
        assert!(matches!(bench.go(100 * MS, &[]).cause, StopCause::Fault(_)));
        bench.machine.run.reset().unwrap();
        bench.until("> ");
    }
}

#[test]
fn the_firmware_can_ask_for_a_reset_and_time_goes_on() {
    let mut bench = or_skip!(at_prompt());
    bench.type_line("reset");
    let stop = bench.go(100 * MS, &[]);
    assert_eq!(stop.cause, StopCause::Reset);
    let events = bench.machine.run.reset().unwrap();
    assert_eq!(events, [Event::Reset { cause: ResetCause::Firmware, at: stop.at }]);
    let first = bench.until("replab bare metal\r\n> ");
    assert!(first.at > stop.at);
}

#[test]
fn a_reset_of_the_lab_drops_what_is_on_its_way_and_keeps_held_pins() {
    let mut bench = or_skip!(at_prompt());
    bench.drive("P5", Level::High, Duration::ZERO);
    bench.go(MS, &[]);
    bench.drive("P5", Level::Low, MS);
    bench.type_line("echo lost");
    let (at, port) = (bench.now(), bench.port.clone());
    let events = bench.machine.run.reset().unwrap();
    assert_eq!(events, [Event::Reset { cause: ResetCause::Lab, at }]);
    assert_eq!(bench.machine.run.pending(&port).unwrap(), 0);
    let before = bench.events.len();
    bench.until("> ");
    bench.go(20 * MS, &[]);
    assert_eq!(bench.line("read 5"), "1");
    let level = Level::High;
    assert_eq!(bench.events[before], Event::Driven { pin: PinName::new("P5"), level, at });
    assert!(!support::bench::text(&bench.events[before..]).contains("lost"));
}

#[test]
fn a_text_does_not_begin_before_a_reset() {
    let mut bench = or_skip!(at_prompt());
    bench.machine.run.reset().unwrap();
    let first = bench.until("> ");
    assert!(
        support::bench::text(&first.events).starts_with("replab"),
        "the prompt before the reset does not count"
    );
}

#[test]
fn memory_is_read_and_written_in_bulk() {
    let mut bench = or_skip!(at_prompt());
    let memory = bench.machine.memory.as_mut().unwrap();
    let every: Vec<u8> =
        (0..0x30_000u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    memory.write(0x2000_8000, &every).unwrap();
    assert_eq!(memory.read(0x2000_8000, every.len()).unwrap(), every);
    memory.write(0x1f_f000, b"flash, too\0\r\n\xff").unwrap();
    assert_eq!(memory.read(0x1f_f000, 14).unwrap(), b"flash, too\0\r\n\xff");
    assert_eq!(memory.read(0x2004_1fff, 1).unwrap().len(), 1);
    let error = memory.read(0x7000_0000, 4).unwrap_err();
    assert!(error.to_string().contains("no memory at 70000000"), "{error}");
    assert_eq!(bench.line("echo still there"), "still there");
}

#[test]
fn what_is_written_before_the_first_instruction_is_there_for_the_processor() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let (mut machine, inside) = support::start(&tools, &firmware, Proof::default());
    let memory = machine.memory.as_mut().expect("QEMU's can be read");
    for (place, bytes) in [(0x2000_8000, [1, 2, 3, 4]), (0x1f_f000, [0xfe, 0, 0xff, 7])] {
        memory.write(place, &bytes).unwrap();
        let seen = inside.request(&format!("peek {place:x} 4")).unwrap();
        assert_eq!(seen, hex::encode(bytes), "{place:#x}");
    }
}

#[test]
fn what_is_not_there_is_an_error_and_never_the_end_of_qemu() {
    let mut bench = or_skip!(at_prompt());
    let run = &mut bench.machine.run;
    let port = PortName::new("uart7");
    assert!(matches!(run.send(&port, b"x", MachineTime::ZERO), Err(MachineError::NoPort { .. })));
    let pattern = [Condition::Edge { pin: PinName::new("P99"), level: None }];
    assert!(matches!(run.go(run.now() + MS, &pattern), Err(MachineError::NoPin { .. })));
    let pins = bench.machine.pins.as_mut().unwrap();
    let pin = PinName::new("P5");
    assert!(matches!(
        pins.drive(&pin, Level::Unknown, MachineTime::ZERO),
        Err(MachineError::NoLevel { .. })
    ));
    for (request, answer) in [
        ("drive 0 /machine/nrf51 32 1", "has no input 32"),
        ("drive 0 /machine/nowhere 0 1", "no device at `/machine/nowhere`"),
        ("drive 0 /machine 0 1", "no device at `/machine`"),
        ("watch /machine/nrf51 33", "has no output 32"),
        ("watch /machine/nrf51/nvic 1", "no device"),
        ("resetline /machine/nrf51", "has no output SYSRESETREQ"),
        ("port nothing 9600", "no chardev `nothing`"),
        ("send 9 0 00", "no port 9"),
        ("pending 9", "no port 9"),
        ("go 99999999 most 1 bytes 4 00", "no port 4"),
        ("host 70000000 1", "no memory"),
        ("host e000ed00 4", "no memory"),
        ("fill 20041fff 2 a5", "no memory"),
        ("fault 40", "before the first go"),
        ("peek ffffffff 100", "no memory"),
        ("peek 100000000 1", "is no address"),
        ("poke 70000000 00", "no memory"),
        ("fly", "unknown command `fly`"),
    ] {
        let error = bench.inside.request(request).expect_err(request).to_string();
        assert!(error.contains(answer), "{request}: {error}");
    }
    assert_eq!(bench.line("echo still there"), "still there");
}

#[test]
fn a_board_that_qemu_does_not_have_is_an_error() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let mut board = support::lab_m0();
    board.backends.qemu.as_mut().unwrap().gpio[0].lines = 40;
    let error = qemu::start(&tools, &board, &firmware, support::START).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("has no output 32"), "{error}");
    board.backends.qemu.as_mut().unwrap().machine = "no-such-machine".to_owned();
    let error = qemu::start(&tools, &board, &firmware, support::START).map(|_| ()).unwrap_err();
    match error {
        MachineError::Died { status, last_words, .. } => {
            assert_eq!(status, "exit status 1");
            assert!(
                last_words.iter().any(|line| line.contains("no-such-machine")),
                "{last_words:?}"
            );
        }
        other => panic!("{other}"),
    }
    board.backends.qemu = None;
    let error = qemu::start(&tools, &board, &firmware, support::START).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "board lab-m0 cannot run on qemu");
}

#[test]
fn a_program_that_is_no_qemu_is_an_error() {
    let mut tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    tools.program = "no-such-qemu".into();
    let error =
        qemu::start(&tools, &support::lab_m0(), &firmware, support::START).map(|_| ()).unwrap_err();
    assert!(matches!(error, MachineError::NotStarted { .. }), "{error}");
    tools.program = "true".into();
    let error =
        qemu::start(&tools, &support::lab_m0(), &firmware, support::START).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "true ended during `hello` (exit status 0)");
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.elf");
    fs::write(&text, "no firmware").unwrap();
    let error =
        qemu::start(&tools, &support::lab_m0(), &text, support::START).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("it is no ELF file"), "{error}");
}

#[test]
fn a_machine_that_runs_too_long_is_halted_and_can_be_read() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    // The cap of this machine is short; what is measured is only that it ends the `go`.
    let wall = Duration::from_secs(2);
    let mut machine = {
        let start = qemu::Start { wall_cap: wall, ..support::START };
        qemu::start(&tools, &support::lab_m0(), &firmware, start)
    }
    .unwrap();
    let port = PortName::new("uart0");
    let prompt = [Condition::Bytes { port: port.clone(), pattern: b"> ".to_vec() }];
    machine.run.go(machine.run.now() + Duration::from_secs(1), &prompt).unwrap();
    machine.run.send(&port, b"burn 4000000000\r", MachineTime::ZERO).unwrap();
    let error = machine.run.go(machine.run.now() + Duration::from_secs(100), &[]).unwrap_err();
    assert!(matches!(error, MachineError::Silent { .. }), "{error}");
    assert!(error.to_string().contains("did not answer `go "), "{error}");
    assert!(
        machine.run.now() > MachineTime::from_nanos(10_000_000),
        "it stands where it was halted"
    );
    let memory = machine.memory.as_mut().unwrap();
    assert_eq!(memory.read(0, 4).unwrap(), 0x2004_2000u32.to_le_bytes());
    memory.write(0x2000_0000, b"x").unwrap();
}
