//! A machine that goes by itself, in a real emulator.

mod support;

use std::os::unix::net::UnixStream;
use std::time::Duration;

use replab_machine::qemu::{self, Live};
use replab_record::{Event, Level, PinName, PortName, ResetCause};
use rustix::event::{PollFd, PollFlags};

/// MicroPython at its prompt.
fn at_prompt() -> Result<Live, String> {
    let (tools, firmware) = (support::qemu_tools()?, support::micropython()?);
    let live = qemu::start_live(&tools, &support::lab_m0(), &firmware, support::START);
    let mut live = live.expect("the machine starts");
    until(&mut live, "\r\n>>> ");
    Ok(live)
}

fn port() -> PortName {
    PortName::new("uart0")
}

/// Lets it go on until it has printed `text`; all that it printed, and its resets.
fn until(live: &mut Live, text: &str) -> (String, Vec<ResetCause>) {
    let (mut sent, mut resets) = (Vec::new(), Vec::new());
    while !sent.ends_with(text.as_bytes()) {
        for event in live.wait(&[]).expect("it goes on") {
            match event {
                Event::Sent { byte, .. } => sent.push(byte),
                Event::Reset { cause, .. } => resets.push(cause),
                _ => {}
            }
        }
    }
    (String::from_utf8_lossy(&sent).into_owned(), resets)
}

#[test]
fn what_is_held_waits_and_is_not_lost() {
    let mut live = or_skip!(at_prompt());
    // Something that is ready all the time: no wait takes long.
    let (ours, _theirs) = UnixStream::pair().expect("Linux has sockets");
    let others = [PollFd::new(&ours, PollFlags::OUT)];
    live.hold(&port(), true).expect("the port is there");
    live.send(&port(), b"print('x' * 100000)\r").expect("the port is there");
    while live.pending(&port()).expect("the port is there") > 0 {
        for event in live.wait(&others).expect("it goes on") {
            assert!(!matches!(event, Event::Sent { .. }), "{event:?}");
        }
    }
    live.hold(&port(), false).expect("the port is there");
    let (said, _) = until(&mut live, "\r\n>>> ");
    let expected = format!("print('x' * 100000)\r\n{}\r\n>>> ", "x".repeat(100_000));
    assert!(said == expected, "{} of {} bytes", said.len(), expected.len());
}

#[test]
fn it_resets_itself_when_the_firmware_asks_and_goes_on() {
    let mut live = or_skip!(at_prompt());
    live.send(&port(), b"import machine; machine.reset()\r").expect("the port is there");
    let (said, resets) = until(&mut live, "for more information.\r\n>>> ");
    assert!(said.starts_with("import machine; machine.reset()\r\n"), "{said}");
    assert_eq!(resets, [ResetCause::Firmware]);
    live.send(&port(), b"6 * 7\r").expect("the port is there");
    assert_eq!(until(&mut live, "\r\n>>> ").0, "6 * 7\r\n42\r\n>>> ");
}

#[test]
fn a_button_that_is_pressed_again_stays_pressed_for_longer() {
    let mut live = or_skip!(at_prompt());
    assert!(live.has_pins());
    let board = support::lab_m0();
    let (pin, button) = board.button("BUTTON").expect("the board has one");
    let time = Duration::from_millis(200);
    live.press(pin, button, time).expect("the pin is there");
    let mut levels = Vec::new();
    let mut again = None;
    while levels.last().is_none_or(|(level, _)| *level == Level::Low) {
        for event in live.wait(&[]).expect("it goes on") {
            let Event::Driven { pin: on, level, at } = event else { continue };
            assert_eq!(on, *pin);
            levels.push((level, at));
        }
        if again.is_none() && !levels.is_empty() {
            again = Some(live.now());
            live.press(pin, button, time).expect("the pin is there");
        }
    }
    let seen: Vec<Level> = levels.iter().map(|(level, _)| *level).collect();
    assert_eq!(seen, [Level::Low, Level::Low, Level::Floating]);
    let again = again.expect("it was pressed again");
    assert!(levels[2].1 >= again + time, "released early: {levels:?}, pressed again at {again}");
    assert!(live.drive(&PinName::new("P99"), Level::Low).is_err());
}
