//! How machines end and begin again: lockups, power cuts, floods, the wall cap.

mod support;

use std::time::Duration;

use replab_machine::qemu::{self, Proof};
use replab_machine::{Condition, Fault, MOST_EVENTS, MachineError, PAINT, StopCause};
use replab_record::{Event, Level, MachineTime, PinName, PortName, Registers, ResetCause};
use support::bench::Bench;
use support::tiny;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A machine at its first prompt.
fn at_prompt() -> Result<Bench, String> {
    let mut bench =
        Bench::start(&support::qemu_tools()?, &support::bare_metal()?, Proof::default());
    bench.until("> ");
    Ok(bench)
}

/// The state of the processor that `stop` says has locked up.
#[track_caller]
fn locked_up(cause: &StopCause) -> Registers {
    let StopCause::Lockup(registers) = cause else { panic!("{cause:?}") };
    *registers
}

#[test]
fn a_fault_in_the_handler_of_a_fault_is_a_lockup_that_can_be_read() {
    let mut bench = or_skip!(at_prompt());
    bench.type_line("fault");
    let fault = bench.go(100 * MS, &[]);
    assert!(matches!(fault.cause, StopCause::Fault(_)), "{:?}", fault.cause);
    let stop = bench.go(MS, &[]);
    let registers = locked_up(&stop.cause);
    assert_eq!(registers.exception(), 3);
    let processor = bench.machine.processor.as_mut().unwrap();
    assert_eq!(processor.registers().unwrap(), registers, "it stands still");
    let memory = bench.machine.memory.as_mut().unwrap();
    let code = memory.read(registers.pc(), 2).unwrap();
    assert_eq!(code, [0x00, 0xbe], "BKPT 0 (Armv6-M ARM §A6.7.12) at {:#x}", registers.pc());
    assert_eq!(memory.read(0, 4).unwrap(), 0x2004_2000u32.to_le_bytes());
    assert_eq!(memory.read(0xe000_ed28, 4).unwrap().len(), 4, "a register of the core");
    let (run, now) = (&mut bench.machine.run, stop.at);
    assert!(now >= fault.at && now < fault.at + MS, "{now}");
    for error in [run.go(now + MS, &[]).map(drop), run.reset().map(drop)] {
        let MachineError::Died { status, last_words, .. } = error.unwrap_err() else { panic!() };
        assert_eq!(status, "its processor has locked up, and only a power cut helps");
        assert!(last_words.iter().any(|line| line.contains("Lockup")), "{last_words:?}");
    }
    bench.machine.power.as_mut().unwrap().cycle().unwrap();
    bench.until("replab bare metal\r\n> ");
}

#[test]
fn lockups_of_one_firmware_come_at_one_nanosecond() {
    let mut one = or_skip!(at_prompt());
    let mut other = or_skip!(at_prompt());
    let end = |bench: &mut Bench| {
        bench.type_line("fault");
        bench.go(100 * MS, &[]);
        bench.go(MS, &[])
    };
    assert_eq!(end(&mut one), end(&mut other));
}

/// Runs `code` with the fault handler `handler`: it must lock up, at once or, where
/// there is a `fault`, behind the entry of its handler. The value says whether that
/// fault could save the registers.
#[track_caller]
fn check_lockup(code: &[u16], handler: u32, fault: Option<bool>) {
    let tools = or_skip!(support::qemu_tools());
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let firmware = tiny::firmware(folder.path(), code, handler);
    let mut bench = Bench::start(&tools, &firmware, Proof::default());
    if let Some(stacked) = fault {
        match bench.go(MS, &[]).cause {
            StopCause::Fault(Fault { exception: 3, is_stacked, .. }) => {
                assert_eq!(is_stacked, stacked);
            }
            other => panic!("{other:?}"),
        }
    }
    let registers = locked_up(&bench.go(MS, &[]).cause);
    let processor = bench.machine.processor.as_mut().expect("QEMU has it");
    assert_eq!(processor.registers().expect("it can be read"), registers);
    let memory = bench.machine.memory.as_mut().expect("QEMU has it");
    assert_eq!(memory.read(0x2000_0000, 4).expect("it can be read"), [PAINT; 4]);
}

/// `MOVS R0, #7; LSLS R0, R0, #28`: R0 is 0x70000000, where no memory is.
const R0_NOWHERE: [u16; 2] = [0x2007, 0x0700];
const MOV_SP_R0: u16 = 0x4685;
const LDR_R1_R0: u16 = 0x6801;
const BKPT: u16 = 0xbe00;
const UDF: u16 = 0xde00;
const NOP: u16 = 0xbf00;
const SVC: u16 = 0xdf00;
const CPSID_I: u16 = 0xb672;

#[test]
fn a_handler_that_is_nowhere_is_a_lockup() {
    check_lockup(&[UDF], 0x7000_0001, None);
    check_lockup(&[R0_NOWHERE[0], R0_NOWHERE[1], LDR_R1_R0], 0x7000_0001, None);
}

#[test]
fn a_handler_that_is_no_thumb_code_is_a_lockup() {
    check_lockup(&[UDF, NOP], tiny::CODE + 2, Some(true));
    check_lockup(&[UDF], 0, None);
}

#[test]
fn a_stack_that_is_nowhere_is_a_lockup() {
    let [first, second] = R0_NOWHERE;
    let code = [first, second, MOV_SP_R0, LDR_R1_R0, BKPT];
    check_lockup(&code, (tiny::CODE + 8) | 1, Some(false));
}

#[test]
fn instructions_that_no_fault_handler_may_have_are_a_lockup() {
    for wrong in [BKPT, UDF, SVC] {
        check_lockup(&[UDF, wrong], (tiny::CODE + 2) | 1, Some(true));
    }
    check_lockup(&[CPSID_I, SVC, BKPT], (tiny::CODE + 4) | 1, Some(true));
}

#[test]
fn an_emulator_that_aborts_for_another_reason_is_dead() {
    let mut bench = or_skip!(at_prompt());
    bench.type_line("burn 4000000000");
    bench.go(MS, &[]);
    let pid = rustix::process::Pid::from_raw(bench.inside.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
    match bench.machine.run.go(bench.now() + 1000 * SECOND, &[]) {
        Err(MachineError::Died { status, .. }) => assert_eq!(status, "ended by SIGABRT"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn power_cuts_keep_flash_and_time_and_held_pins_and_nothing_else() {
    let mut bench = or_skip!(at_prompt());
    let memory = bench.machine.memory.as_mut().unwrap();
    memory.write(0x001f_f000, b"kept").unwrap();
    memory.write(0x0000_4000, b"kept").unwrap();
    memory.write(0x2003_0000, b"lost").unwrap();
    bench.drive("P5", Level::High, Duration::ZERO);
    bench.drive("P6", Level::High, Duration::ZERO);
    bench.drive("P6", Level::Floating, Duration::ZERO);
    bench.line("set 25 1");
    bench.drive("P7", Level::High, MS);
    bench.type_line("echo lost");
    bench.go(MS / 2, &[]);
    let (at, pid, port) = (bench.now(), bench.inside.pid(), bench.port.clone());
    assert!(bench.machine.run.pending(&port).unwrap() > 0);

    let events = bench.machine.power.as_mut().unwrap().cycle().unwrap();

    assert_eq!(events, [Event::Reset { cause: ResetCause::Power, at }]);
    assert_ne!(bench.inside.pid(), pid, "it is another process");
    assert_eq!(bench.now(), at);
    assert_eq!(bench.machine.run.pending(&port).unwrap(), 0);
    let memory = bench.machine.memory.as_mut().unwrap();
    assert_eq!(memory.read(0x001f_f000, 4).unwrap(), b"kept");
    assert_eq!(memory.read(0x0000_4000, 4).unwrap(), b"kept");
    assert_eq!(memory.read(0x2000_0000, 0x42000).unwrap(), [PAINT; 0x42000]);
    let before = bench.events.len();
    bench.until("replab bare metal\r\n> ");
    let drives: Vec<_> = bench.events[before..]
        .iter()
        .filter(|event| matches!(event, Event::Driven { .. }))
        .cloned()
        .collect();
    assert_eq!(drives, [Event::Driven { pin: PinName::new("P5"), level: Level::High, at }]);
    assert!(bench.events[before..].iter().all(|event| event.at() >= at));
    let edges = |event: &Event| matches!(event, Event::Edge { .. });
    assert!(!bench.events[before..].iter().any(edges), "nobody has driven an output yet");
    assert_eq!(bench.line("read 5"), "1");
    assert_eq!(bench.line("read 7"), "0");
    assert!(bench.line("time").parse::<u64>().unwrap() < 1_000_000, "its own clock begins anew");
    // Once more: what was driven again is held again.
    bench.machine.power.as_mut().unwrap().cycle().unwrap();
    bench.until("replab bare metal\r\n> ");
    assert_eq!(bench.line("read 5"), "1");
}

#[test]
fn typing_and_driving_have_the_same_clock_after_a_power_cut() {
    let mut bench = or_skip!(at_prompt());
    bench.go(SECOND, &[]);
    bench.machine.power.as_mut().unwrap().cycle().unwrap();
    bench.until("> ");
    let (now, port) = (bench.now(), bench.port.clone());
    let due = bench.machine.run.send(&port, b"echo x\r", now + 20 * MS).unwrap();
    let driven = bench.drive("P5", Level::High, 30 * MS);
    bench.go(40 * MS, &[]);
    let last = |wanted: fn(&Event) -> bool| bench.events.iter().rfind(|event| wanted(event));
    assert_eq!(last(|event| matches!(event, Event::Received { .. })).map(Event::at), Some(due));
    assert_eq!(last(|event| matches!(event, Event::Driven { .. })).map(Event::at), Some(driven));
    assert!(due > now + 20 * MS && due < now + 21 * MS, "{due}");
}

#[test]
fn nonvolatile_memory_is_kept_and_not_painted() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let mut board = support::lab_m0();
    let span = replab_board::Span { at: 0x2004_0000, size: 0x100 };
    board.nonvolatile.insert("backup".to_owned(), span);
    let mut machine = qemu::start(&tools, &board, &firmware, support::START).unwrap();
    let around = |machine: &mut replab_machine::Machine| {
        machine.memory.as_mut().unwrap().read(span.at - 1, 0x102).unwrap()
    };
    let mut expected = [[PAINT].as_slice(), &[0; 0x100], &[PAINT]].concat();
    assert_eq!(around(&mut machine), expected);
    machine.memory.as_mut().unwrap().write(span.at - 1, &[0x11; 0x102]).unwrap();
    machine.power.as_mut().unwrap().cycle().unwrap();
    expected[1..0x101].fill(0x11);
    assert_eq!(around(&mut machine), expected);
}

#[test]
fn a_power_cut_helps_after_every_stop() {
    let mut bench = or_skip!(at_prompt());
    for line in ["fault", "reset", "burn 10000000"] {
        bench.type_line(line);
        bench.go(10 * MS, &[]);
        bench.machine.power.as_mut().unwrap().cycle().unwrap();
        bench.until("replab bare metal\r\n> ");
    }
    let causes: Vec<_> = bench.stops.iter().map(|(_, cause)| cause).collect();
    assert!(matches!(causes[1], StopCause::Fault(_)), "{causes:?}");
    assert!(matches!(causes[3], StopCause::Reset), "{causes:?}");
    assert!(matches!(causes[5], StopCause::Time), "{causes:?}");
}

#[test]
fn what_the_host_reads_is_what_the_plugin_reads() {
    let mut bench = or_skip!(at_prompt());
    bench.line("flood 1000");
    let memory = bench.machine.memory.as_mut().unwrap();
    for (at, size) in [(0, 0x8000), (0x001f_8000, 0x8000), (0x2000_0000, 0x42000)] {
        let fast = memory.read(at, size).unwrap();
        for (index, fast) in fast.chunks(0x4000).enumerate() {
            let request = format!("peek {:x} {}", at as usize + index * 0x4000, fast.len());
            let slow = bench.inside.request(&request).unwrap();
            assert!(slow == hex::encode(fast), "they differ behind {at:#x}, part {index}");
        }
    }
    // Where a region ends, the plugin answers.
    assert!(memory.read(0x2004_1ff0, 0x11).is_err());
    assert_eq!(memory.read(0xe000_ed00, 4).unwrap(), 0x410c_c200u32.to_le_bytes(), "CPUID");
}

#[test]
fn a_flood_stops_when_it_is_full_and_nothing_is_lost() {
    let mut bench = or_skip!(at_prompt());
    let bytes = MOST_EVENTS + 1000;
    let due = bench.type_line(&format!("flood {bytes}"));
    bench.go(due.since(bench.now()), &[]);
    let before = bench.events.len();
    let stop = bench.go(1000 * SECOND, &[]);
    assert_eq!(stop.cause, StopCause::Full);
    assert_eq!(stop.events.len(), MOST_EVENTS);
    assert_eq!(stop.events.last().map(Event::at), Some(stop.at), "it stops at the event");
    bench.until("> ");
    let text = support::bench::text(&bench.events[before..]);
    let letters = text.trim_end_matches("\r\n> ");
    assert!(letters.bytes().zip(b"abcdefghijklmnop".iter().cycle()).all(|(a, b)| a == *b));
    assert_eq!(letters.len(), bytes);
}

#[test]
fn the_wall_cap_is_one_for_all_requests() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let start = qemu::Start { wall_cap: SECOND, ..support::START };
    let mut machine = qemu::start(&tools, &support::lab_m0(), &firmware, start).unwrap();
    let port = PortName::new("uart0");
    let prompt = [Condition::Bytes { port: port.clone(), pattern: b"> ".to_vec() }];
    machine.run.go(machine.run.now() + SECOND, &prompt).unwrap();
    machine.run.send(&port, b"burn 4000000000\r", MachineTime::ZERO).unwrap();
    // None of these takes the cap alone.
    let ends = (0..20_000).find_map(|_| machine.run.go(machine.run.now() + MS, &[]).err());
    let error = ends.expect("the cap ends it");
    assert!(matches!(error, MachineError::Silent { .. }), "{error}");
    assert!(error.to_string().contains("within the 1s of the desk clock"), "{error}");
    let now = machine.run.now();
    assert!(machine.run.go(now + MS, &[]).is_err(), "nothing is left");
    assert_eq!(machine.run.now(), now);
    assert_eq!(machine.memory.as_mut().unwrap().read(0, 4).unwrap(), [0, 0x20, 4, 0x20]);
}
