//! Pins that nobody drives, on both boards: reads are found, and noise is noise.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use replab_machine::qemu::{self, Start};
use replab_record::{Event, FindingKind, Verdict};
use replab_runner::{Options, Outcome, play};
use replab_scenario::{Lesson, World, load};

const BOARDS: [&str; 2] = ["lab-m0", "pico"];

/// Plays a scenario file's `text` on `board`; `beside` gives the files of its folder.
fn outcome(
    board: &str,
    text: &str,
    beside: &dyn Fn(&Path) -> std::io::Result<Vec<u8>>,
) -> Result<Outcome, String> {
    let tools = support::qemu_tools()?;
    let firmware = if board == "pico" { support::rp2()? } else { support::micropython()? };
    let boards = BOARDS.map(|name| (name.to_owned(), support::board(name)));
    let boards = BTreeMap::from(boards);
    let world = World {
        default_board: board,
        boards: &boards,
        lesson: &|_| Ok(Lesson::parse("lessons/none.md", "").into()),
        beside,
    };
    let scenarios = load(Path::new("scenarios/pins.yaml"), "pins", text, &world);
    let scenarios = scenarios.unwrap_or_else(|errors| panic!("{:?}", errors.0));
    let machine = qemu::start(&tools, &boards[board], &firmware, Start { ..support::START });
    let options = Options { snapshots: None, ..Options::default() };
    let target = format!("{board}@qemu");
    let machine = machine.expect("QEMU starts");
    Ok(play(&scenarios[0], &boards[board], &target, Some(&firmware), machine, &options))
}

/// Plays `steps` after the first prompt.
fn steps(board: &str, steps: &str) -> Result<Outcome, String> {
    let text = format!("replab: 1\nname: pins\nsteps:\n  - boot: repl\n{steps}");
    outcome(board, &text, &|_| Err(std::io::ErrorKind::NotFound.into()))
}

/// What is found at pins while `lines` are typed.
#[track_caller]
fn found(board: &str, lines: &str) -> Result<Vec<String>, String> {
    let outcome =
        steps(board, &format!("  - repl: |\n      >>> from machine import Pin\n{lines}"))?;
    assert_eq!(outcome.verdict, Verdict::Passed);
    Ok(outcome.findings.iter().map(ToString::to_string).collect())
}

#[test]
fn a_read_of_a_pin_that_nobody_drives_is_found_with_its_line() {
    let lines = "      >>> for _ in range(3): _ = Pin(3, Pin.IN, None).value()
      ...
";
    for (board, function) in BOARDS.into_iter().zip(["mcu_pin_read (gpio.c:", "gpio_get (gpio.h:"])
    {
        let found = or_skip!(found(board, lines));
        let [one] = &found[..] else { panic!("{board}: {found:?}") };
        assert!(one.starts_with("P3 was read, and nobody drives it (pc 0x"), "{one}");
        assert!(one.contains(function), "{one}");
    }
}

#[test]
fn other_reads_beside_a_floating_pin_are_not_found() {
    let lines = "      >>> loose, led = Pin(3, Pin.IN, None), Pin(25, Pin.OUT)
      >>> button = Pin(14, Pin.IN, Pin.PULL_UP)
      >>> led.on(); led.value(), button.value()
      (1, 1)
";
    for board in BOARDS {
        assert_eq!(or_skip!(found(board, lines)), [""; 0], "{board}");
    }
}

#[test]
fn a_driver_against_the_lab_is_found() {
    for board in BOARDS {
        let text = "  - drive: { P3: low }
  - repl: |
      >>> from machine import Pin
      >>> pin = Pin(3, Pin.OUT, value=1)
";
        let outcome = or_skip!(steps(board, text));
        let [one] = &outcome.findings[..] else { panic!("{board}: {:?}", outcome.findings) };
        assert_eq!((one.kind, one.block.as_str()), (FindingKind::Short, "P3"));
        assert!(one.place.as_ref().is_some_and(|place| place.function.is_some()), "{one}");
    }
}

/// The firmware sees noise on P3, and with a pull none.
const NOISE: &str = "  - drive: { P3: noise }
  - repl: |
      >>> import time
      >>> from machine import Pin
      >>> pin = Pin(3, Pin.IN, None)
      >>> 0 < sum(pin.value() + bool(time.sleep_us(300)) for _ in range(200)) < 200
      True
      >>> pin.init(Pin.IN, Pin.PULL_UP)
      >>> all(pin.value() for _ in range(200))
      True
";

#[test]
fn noise_is_what_the_firmware_sees_and_equal_runs_have_the_same() {
    for board in BOARDS {
        let run = || steps(board, NOISE);
        let (one, other) = (or_skip!(run()), or_skip!(run()));
        assert_eq!(one.verdict, Verdict::Passed, "{board}");
        assert!(one.record == other.record, "{board}: equal runs differ");
        let driven = |event: &&Event| matches!(event, Event::Driven { .. });
        let changes = one.record.events().iter().filter(driven).count();
        assert!(changes > 40, "{board}: {changes}");
    }
}

/// Without the finding, the count itself is wrong.
#[test]
fn noise_makes_a_floating_button_count_presses_that_nobody_made() {
    let folder = support::root().join("scenarios/pins");
    let program =
        fs::read_to_string(folder.join("wrong/button_count_bare.py")).expect("it is there");
    let text =
        "replab: 1\nname: noise\nfiles: { button_count.py: { from: button_count.py } }\nsteps:
  - boot: repl
  - drive: { BUTTON: noise }
  - repl: |
      >>> from button_count import count
      >>> count(500) > 10
      True
";
    let outcome = or_skip!(outcome("lab-m0", text, &|_| Ok(program.clone().into_bytes())));
    assert_eq!(outcome.verdict, Verdict::Passed);
}
