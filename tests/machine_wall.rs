//! Machines in QEMU by the desk clock: they do what they should, and nothing
//! here asks how fast.

mod support;

use std::path::Path;
use std::time::Duration;

use replab_machine::qemu::{self, Start};
use replab_machine::{Condition, Machine, MachineError, PAINT, StopCause, Timing};
use replab_record::{Event, Level, MachineTime, PinName, PortName, ResetCause};

/// More than anything here should take, also on a busy computer.
const LONG: Duration = Duration::from_secs(60);

/// A machine, and all that it did.
struct Bench {
    machine: Machine,
    pid: u32,
    events: Vec<Event>,
    /// Those before here were looked at.
    read: usize,
}

impl Bench {
    fn start(firmware: &Path) -> Result<Bench, String> {
        let mut tools = support::qemu_tools()?;
        // None is loaded.
        tools.plugin = "/nowhere/plugin.so".into();
        let start = Start { timing: Timing::Wall, ..support::START };
        let (machine, pid) =
            qemu::start_wall_for_proof(&tools, &support::lab_m0(), firmware, start)
                .expect("the machine starts");
        Ok(Bench { machine, pid, events: Vec::new(), read: 0 })
    }

    /// Lets it go until one of `conditions`.
    #[track_caller]
    fn go(&mut self, conditions: &[Condition]) -> StopCause {
        let before = self.machine.run.now();
        let stop = self.machine.run.go(before + LONG, conditions).expect("it goes and stops");
        assert!(before <= stop.at, "machine time never goes back");
        for event in &stop.events {
            assert!(before <= event.at() && event.at() <= stop.at, "{event:?} in {stop:?}");
        }
        self.events.extend(stop.events);
        stop.cause
    }

    /// Lets it go until it has printed `text`; what it printed since the last call.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        let condition = Condition::Bytes { port: port(), pattern: text.as_bytes().to_vec() };
        if !support::bench::text(&self.events[self.read..]).ends_with(text) {
            let cause = self.go(&[condition]);
            let printed = support::bench::text(&self.events[self.read..]);
            assert_eq!(cause, StopCause::Condition { index: 0 }, "{text:?} after {printed:?}");
        }
        let read = std::mem::replace(&mut self.read, self.events.len());
        support::bench::text(&self.events[read..])
    }

    fn type_line(&mut self, line: &str) {
        let line = format!("{line}\r");
        self.machine
            .run
            .send(&port(), line.as_bytes(), MachineTime::ZERO)
            .expect("there is a port");
    }

    /// Types `line`; what comes up to `prompt`.
    #[track_caller]
    fn line(&mut self, line: &str, prompt: &str) -> String {
        self.type_line(line);
        self.until(prompt)
    }

    fn edges(&self, pin: &str) -> Vec<Level> {
        let pin = PinName::new(pin);
        let level = |event: &Event| match event {
            Event::Edge { pin: on, level, .. } if *on == pin => Some(*level),
            _ => None,
        };
        self.events.iter().filter_map(level).collect()
    }
}

fn port() -> PortName {
    PortName::new("uart0")
}

#[test]
fn micropython_answers_and_finds_the_file_that_was_put_there() {
    let firmware = or_skip!(support::micropython());
    let mut bench = or_skip!(Bench::start(&firmware));
    bench.until(">>> ");
    assert_eq!(bench.line("6 * 7", "\r\n>>> "), "6 * 7\r\n42\r\n>>> ");
    let keep = "f = open('a', 'w'); f.write('kept'); f.close()";
    let long = format!("len('{}')", "x".repeat(200));
    assert!(bench.line(&long, "\r\n>>> ").ends_with("\r\n200\r\n>>> "));
    bench.line(keep, ">>> ");
    let typed: usize = ["6 * 7", &long, keep].map(|line| line.len() + 1).iter().sum();
    let received =
        bench.events.iter().filter(|event| matches!(event, Event::Received { .. })).count();
    assert_eq!(received, typed, "each typed byte is in the record once");
    let events =
        bench.machine.power.as_mut().expect("it has power").cycle().expect("it comes back");
    assert!(matches!(events.last(), Some(Event::Reset { cause: ResetCause::Power, .. })));
    bench.until(">>> ");
    assert!(bench.line("open('a').read()", "\r\n>>> ").contains("'kept'"));
}

#[test]
fn memory_is_painted_and_can_be_written_before_the_first_instruction() {
    let firmware = or_skip!(support::bare_metal());
    let mut bench = or_skip!(Bench::start(&firmware));
    let memory = bench.machine.memory.as_mut().expect("it has memory");
    assert_eq!(memory.read(0, 4).expect("flash"), 0x2004_2000_u32.to_le_bytes());
    assert_eq!(memory.read(0x2004_1f00, 16).expect("RAM"), [PAINT; 16]);
    memory.write(0x1f_fff0, b"at the end").expect("flash can be written");
    assert_eq!(memory.read(0x1f_fff0, 10).expect("flash"), b"at the end");
    let error = memory.read(0x7000_0000, 4).expect_err("nothing is there").to_string();
    assert!(error.contains("the board has no memory there"), "{error}");
    bench.until("> ");
    assert_eq!(bench.line("echo still there", "\r\n> "), "still there\r\n> ");
    let memory = bench.machine.memory.as_mut().expect("it has memory");
    assert_ne!(memory.read(0x2004_1f00, 0x100).expect("RAM"), [PAINT; 0x100], "the stack was used");
    assert_eq!(memory.read(0x1f_fff0, 10).expect("flash"), b"at the end");
}

#[test]
fn pins_go_both_ways() {
    let firmware = or_skip!(support::bare_metal());
    let mut bench = or_skip!(Bench::start(&firmware));
    bench.until("> ");
    bench.type_line("set 25 1");
    let led = PinName::new("P25");
    let rises = Condition::Edge { pin: led.clone(), level: Some(Level::High) };
    assert_eq!(bench.go(&[rises]), StopCause::Condition { index: 0 });
    bench.until("> ");
    bench.line("set 25 0", "> ");
    assert_eq!(bench.edges("P25").last(), Some(&Level::Low));
    for (level, read) in
        [(Level::High, "1"), (Level::Low, "0"), (Level::High, "1"), (Level::Floating, "0")]
    {
        let pins = bench.machine.pins.as_mut().expect("it has pins");
        pins.drive(&PinName::new("P5"), level, MachineTime::ZERO).expect("there is such a pin");
        let printed = bench.line("read 5", "\r\n> ");
        assert!(printed.contains(read), "{level} is read as {printed:?}");
    }
    let driven = bench.events.iter().filter(|event| matches!(event, Event::Driven { .. })).count();
    assert_eq!(driven, 4);
    let pins = bench.machine.pins.as_mut().expect("it has pins");
    assert!(!pins.interrupt(), "those that do are the plugin's");
    assert!(matches!(
        pins.drive(&led, Level::Unknown, MachineTime::ZERO),
        Err(MachineError::NoLevel { .. })
    ));
}

#[test]
fn a_reset_that_the_firmware_asks_for_waits_for_the_lab() {
    let firmware = or_skip!(support::bare_metal());
    let mut bench = or_skip!(Bench::start(&firmware));
    bench.until("> ");
    let pins = bench.machine.pins.as_mut().expect("it has pins");
    pins.drive(&PinName::new("P5"), Level::High, MachineTime::ZERO).expect("there is such a pin");
    bench.line("set 25 1", "> ");
    bench.type_line("reset");
    assert_eq!(bench.go(&[]), StopCause::Reset);
    assert_eq!(bench.go(&[]), StopCause::Reset, "it does not go on before that");
    let before = bench.machine.run.now();
    let events = bench.machine.run.reset().expect("it comes back");
    assert_eq!(events, [Event::Reset { cause: ResetCause::Firmware, at: before }]);
    assert_eq!(bench.until("> "), "replab bare metal\r\n> ");
    assert!(bench.line("read 5", "\r\n> ").contains('1'), "the lab drives what it drove");
    bench.events.clear();
    bench.read = 0;
    bench.line("set 25 1", "> ");
    assert_eq!(bench.edges("P25").last(), Some(&Level::High));
    let events = bench.machine.run.reset().expect("it comes back");
    assert!(matches!(events.as_slice(), [Event::Reset { cause: ResetCause::Lab, .. }]));
    assert_eq!(bench.until("> "), "replab bare metal\r\n> ");
}

#[test]
fn a_flood_loses_nothing() {
    let firmware = or_skip!(support::bare_metal());
    let mut bench = or_skip!(Bench::start(&firmware));
    bench.until("> ");
    let printed = bench.line("flood 200000", "\r\n> ");
    let letters: String = ('a'..='p').cycle().take(200_000).collect();
    assert!(printed == format!("{letters}\r\n> "), "{} bytes came", printed.len());
}

#[test]
fn a_qemu_that_is_killed_has_died() {
    let firmware = or_skip!(support::bare_metal());
    let mut bench = or_skip!(Bench::start(&firmware));
    bench.until("> ");
    let pid =
        rustix::process::Pid::from_raw(bench.pid.cast_signed()).expect("a process has a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
    match bench.machine.run.go(bench.machine.run.now() + LONG, &[]) {
        Err(MachineError::Died { status, .. }) => assert_eq!(status, "ended by SIGKILL"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_machine_that_goes_on_for_too_long_is_stopped_and_can_be_read() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let start = Start { seed: 1, wall_cap: Duration::from_secs(2), timing: Timing::Wall, cores: 1 };
    let mut machine = qemu::start(&tools, &support::lab_m0(), &firmware, start).expect("it starts");
    let error = machine.run.go(machine.run.now() + LONG, &[]).expect_err("that is too long");
    assert!(matches!(error, MachineError::Silent { .. }), "{error}");
    let memory = machine.memory.as_mut().expect("it has memory");
    assert_eq!(memory.read(0, 4).expect("flash"), 0x2004_2000_u32.to_le_bytes());
}

#[test]
fn what_is_no_qemu_has_last_words() {
    let mut tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::bare_metal());
    let start = Start { timing: Timing::Wall, ..support::START };
    let mut board = support::lab_m0();
    board.backends.qemu.as_mut().expect("it has one").machine = "no-such-machine".to_owned();
    match qemu::start(&tools, &board, &firmware, start).map(drop) {
        Err(MachineError::Died { last_words, .. }) => {
            assert!(last_words.iter().any(|line| line.contains("machine")), "{last_words:?}");
        }
        other => panic!("{other:?}"),
    }
    tools.program = "no-such-qemu".into();
    let error = qemu::start(&tools, &support::lab_m0(), &firmware, start).map(drop);
    assert!(matches!(error, Err(MachineError::NotStarted { .. })), "{error:?}");
}
