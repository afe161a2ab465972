//! A session whose QEMU is a thread of the test.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use super::*;
use crate::process::{Emulator, Launch};
use crate::qemu::wall::lines::Lines;
use crate::qemu::wall::port::Port;
use crate::qemu::wall::wires::Wires;

/// More than anything here should take, also on a busy computer.
const LONG: Duration = Duration::from_secs(20);

/// QEMU's ends.
struct Theirs {
    monitor: UnixStream,
    tester: UnixStream,
    output: File,
    input: File,
}

/// What QEMU does with a request.
#[derive(PartialEq, Eq)]
enum Reply {
    Done,
    Nothing,
    Ends,
}

fn board() -> Board {
    replab_board::load("lab-m0.yaml", include_str!("../../../../../../boards/lab-m0.yaml")).unwrap()
}

/// A machine whose QEMU does `deeds` at each request of QMP.
fn machine(
    wall: Duration,
    deeds: impl FnMut(&str, &mut Theirs) -> Reply + Send + 'static,
) -> Session {
    let deeds = std::cell::RefCell::new(Some(deeds));
    let spawn = move || {
        let deeds = deeds.borrow_mut().take().expect("the tests start no other process");
        let folder = tempfile::tempdir().unwrap();
        let port = Port::make(&folder.path().join("port0"), 1_000_000).unwrap();
        let open =
            |name: &str| File::options().read(true).write(true).open(folder.path().join(name));
        let (monitor, their_monitor) = UnixStream::pair().unwrap();
        let (tester, their_tester) = UnixStream::pair().unwrap();
        let theirs = Theirs {
            monitor: their_monitor,
            tester: their_tester,
            output: open("port0.out").unwrap(),
            input: open("port0.in").unwrap(),
        };
        thread::spawn(move || answer(theirs, deeds));
        let lines = |socket| Lines::new(socket, wall).unwrap();
        let wires = Wires::new(lines(monitor), lines(tester), vec![port]);
        let emulator = Emulator::start(Launch {
            program: "sh".into(),
            arguments: vec!["-c".into(), "echo I am no QEMU >&2; exit 3".into()],
            environment: vec![],
            inherited: vec![],
            console: crate::process::Console::Closed,
        });
        let emulation = Emulation::new("sh".to_owned(), emulator.unwrap(), wires, wall);
        Ok((emulation, Reach::of_file(tempfile::tempfile().unwrap(), 0)))
    };
    Session::new(board(), Box::new(spawn)).unwrap()
}

/// Carries out every request of the test protocol, and prints that on the port.
fn answer_tests(mut tester: UnixStream, mut output: File) {
    let requests = BufReader::new(tester.try_clone().unwrap());
    for line in requests.lines().map_while(Result::ok) {
        writeln!(output, "{line}").unwrap();
        writeln!(tester, "OK").unwrap();
    }
}

fn answer(mut theirs: Theirs, mut deeds: impl FnMut(&str, &mut Theirs) -> Reply) {
    let (tester, output) = (theirs.tester.try_clone().unwrap(), theirs.output.try_clone().unwrap());
    thread::spawn(move || answer_tests(tester, output));
    let requests = BufReader::new(theirs.monitor.try_clone().unwrap());
    for line in requests.lines().map_while(Result::ok) {
        let request: serde_json::Value = serde_json::from_str(&line).unwrap();
        match deeds(request["execute"].as_str().unwrap(), &mut theirs) {
            Reply::Done => {
                let answer = serde_json::json!({ "return": {}, "id": request["id"] });
                writeln!(theirs.monitor, "{answer}").unwrap();
            }
            Reply::Nothing => {}
            Reply::Ends => return theirs.monitor.shutdown(std::net::Shutdown::Both).unwrap(),
        }
    }
}

fn port() -> PortName {
    PortName::new("uart0")
}

fn prints(pattern: &str) -> [Condition; 1] {
    [Condition::Bytes { port: port(), pattern: pattern.as_bytes().to_vec() }]
}

fn sent(events: &[Event]) -> String {
    let byte =
        |event: &Event| if let Event::Sent { byte, .. } = event { Some(*byte) } else { None };
    String::from_utf8(events.iter().filter_map(byte).collect()).unwrap()
}

#[test]
fn what_came_before_the_machine_stood_belongs_to_the_stop() {
    let mut machine = machine(LONG, |request, theirs| {
        match request {
            "cont" => theirs.output.write_all(b"ready, and").unwrap(),
            "stop" => theirs.output.write_all(b" more").unwrap(),
            other => panic!("{other}"),
        }
        Reply::Done
    });
    let stop = machine.go(MachineTime::ZERO + LONG, &prints("ready")).unwrap();
    assert_eq!(stop.cause, StopCause::Condition { index: 0 });
    assert_eq!(sent(&stop.events), "ready, and more");
    assert!(stop.events.iter().all(|event| event.at() <= stop.at), "{stop:?}");
    assert_eq!(machine.now(), stop.at, "it stands");
    // What was sent before counts as its beginning.
    let stop = machine.go(MachineTime::ZERO + LONG, &prints(" moreready")).unwrap();
    assert_eq!(stop.cause, StopCause::Condition { index: 0 });
}

#[test]
fn it_goes_until_its_time() {
    let mut machine = machine(LONG, |_, _| Reply::Done);
    let until = MachineTime::from_nanos(3_000_000);
    let stop = machine.go(until, &prints("nothing")).unwrap();
    assert_eq!((stop.cause, stop.events), (StopCause::Time, vec![]));
    assert!(stop.at >= until);
    let again = machine.go(until, &[]).unwrap();
    assert_eq!(again.at, stop.at, "a time that is over lets nothing go");
}

#[test]
fn a_reset_that_is_asked_for_holds_until_it_is_done() {
    let mut machine = machine(LONG, |request, theirs| {
        if request == "cont" {
            theirs.output.write_all(b"bye").unwrap();
            let event =
                r#"{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}"#;
            writeln!(theirs.monitor, "{event}").unwrap();
        }
        Reply::Done
    });
    let stop = machine.go(MachineTime::ZERO + LONG, &[]).unwrap();
    assert_eq!((stop.cause, sent(&stop.events)), (StopCause::Reset, "bye".to_owned()));
    let again = machine.go(MachineTime::ZERO + LONG, &[]).unwrap();
    assert_eq!((again.at, again.cause), (stop.at, StopCause::Reset));
}

#[test]
fn typed_bytes_arrive_when_qemu_is_nudged() {
    let mut machine = machine(LONG, |request, theirs| {
        if request == "query-status" {
            // As a UART without a FIFO.
            theirs.input.read_exact(&mut [0; 1]).unwrap();
        }
        Reply::Done
    });
    let last = machine.send(&port(), b"typed", MachineTime::ZERO).unwrap();
    assert_eq!(last, MachineTime::from_nanos(50_000));
    assert_eq!(machine.pending(&port()).unwrap(), 5);
    let mut received = Vec::new();
    while machine.pending(&port()).unwrap() > 0 {
        assert!(machine.now() < MachineTime::ZERO + LONG, "only {received:?} came");
        let stop = machine.go(machine.now() + Duration::from_millis(1), &[]).unwrap();
        received.extend(stop.events.into_iter().filter_map(|event| match event {
            Event::Received { byte, .. } => Some(byte),
            _ => None,
        }));
    }
    assert_eq!(received, b"typed");
}

#[test]
fn an_input_that_is_driven_may_end_the_go() {
    let mut machine = machine(LONG, |_, _| Reply::Done);
    let button = PinName::new("P14");
    machine.drive(&button, Level::High, MachineTime::ZERO).unwrap();
    machine.drive(&button, Level::Low, MachineTime::from_nanos(1_000_000)).unwrap();
    let line = |level| format!("set_irq_in /machine/nrf51 unnamed-gpio-in 14 {level}\n");
    let stop = machine.go(MachineTime::ZERO + LONG, &prints(&line(0))).unwrap();
    assert_eq!(stop.cause, StopCause::Condition { index: 0 });
    assert!(stop.at < MachineTime::ZERO + LONG, "it does not wait any longer");
    assert_eq!(sent(&stop.events), line(1) + &line(0));
    let driven = |event: &&Event| matches!(event, Event::Driven { .. });
    assert_eq!(stop.events.iter().filter(driven).count(), 2);
}

#[test]
fn outputs_come_as_edges() {
    let mut machine = machine(LONG, |request, theirs| {
        if request == "cont" {
            theirs.tester.write_all(b"IRQ raise 25\nIRQ lower 25\n").unwrap();
        }
        Reply::Done
    });
    let led = PinName::new("P25");
    let falls = Condition::Edge { pin: led, level: Some(Level::Low) };
    let stop = machine.go(MachineTime::ZERO + LONG, &[falls]).unwrap();
    assert_eq!(stop.cause, StopCause::Condition { index: 0 });
    let edges: Vec<_> = stop
        .events
        .iter()
        .map(|event| match event {
            Event::Edge { pin, level, .. } => (pin.as_str(), *level),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(edges, [("P25", Level::High), ("P25", Level::Low)]);
}

#[test]
fn who_does_not_answer_is_silent_and_who_ends_has_died() {
    let mut silent = machine(Duration::from_millis(50), |_, _| Reply::Nothing);
    let error = silent.go(MachineTime::ZERO + LONG, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "sh did not answer `cont` within the 50ms of the desk clock that its machine has"
    );
    let mut dead = machine(LONG, |_, _| Reply::Ends);
    match dead.go(MachineTime::ZERO + LONG, &[]).unwrap_err() {
        MachineError::Died { request, status, last_words, .. } => {
            assert_eq!((request.as_str(), status.as_str()), ("cont", "exit status 3"));
            assert_eq!(last_words, ["I am no QEMU"]);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_go_that_is_longer_than_the_cap_is_stopped() {
    let mut machine = machine(Duration::from_millis(500), |_, _| Reply::Done);
    let error = machine.go(MachineTime::ZERO + LONG, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "sh did not answer `go 20.000000 s` within the 500ms of the desk clock that its machine has"
    );
    let error = machine.go(machine.now() + LONG, &[]).unwrap_err();
    assert!(matches!(error, MachineError::Silent { .. }), "nothing is left of the cap: {error}");
}

#[test]
fn a_flood_ends_a_go_and_the_rest_comes_with_the_next() {
    let letters = vec![b'x'; MOST_EVENTS + (1 << 18)];
    let mut left = Some(letters.clone());
    let mut machine = machine(LONG, move |request, theirs| {
        if request == "cont"
            && let Some(letters) = left.take()
        {
            let mut output = theirs.output.try_clone().unwrap();
            thread::spawn(move || output.write_all(&letters).unwrap());
        }
        Reply::Done
    });
    let stop = machine.go(MachineTime::ZERO + LONG, &[]).unwrap();
    assert_eq!(stop.cause, StopCause::Full);
    let mut count = stop.events.len();
    while count < letters.len() {
        let stop = machine.go(machine.now() + Duration::from_millis(10), &[]).unwrap();
        count += stop.events.len();
    }
    assert_eq!(count, letters.len());
}
