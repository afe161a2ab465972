//! Tables of stimuli and wires that break, on the real emulator: each at its nanosecond.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use replab_machine::qemu::{self, Start};
use replab_record::{Event, Level, Verdict};
use replab_runner::{Options, Outcome, play};
use replab_scenario::{Lesson, World, load};

/// Plays `steps` on `name`, after `boot: repl` and with the LED an output. They must pass.
fn outcome(name: &str, steps: &str) -> Result<Outcome, String> {
    let tools = support::qemu_tools()?;
    let firmware = if name == "pico" { support::rp2()? } else { support::micropython()? };
    let board = support::board(name);
    let boards = BTreeMap::from([(board.name.clone(), board.clone())]);
    let world = World {
        default_board: name,
        boards: &boards,
        lesson: &|_| Ok(Lesson::parse("lessons/none.md", "").into()),
        beside: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    let text = format!(
        "replab: 1\nname: stimuli\nsteps:\n  - boot: repl\n  - exec: |\n      import time\n      from machine import Pin\n      led = Pin('LED', Pin.OUT, value=0)\n{steps}"
    );
    let scenarios = load(Path::new("scenarios/stimuli.yaml"), "stimuli", &text, &world);
    let scenarios = scenarios.unwrap_or_else(|errors| panic!("{:?}", errors.0));
    let machine =
        qemu::start(&tools, &board, &firmware, Start { ..support::START }).expect("QEMU starts");
    let options = Options { snapshots: None, ..Options::default() };
    let target = format!("{name}@qemu");
    let outcome = play(&scenarios[0], &board, &target, Some(&firmware), machine, &options);
    assert_eq!(outcome.verdict, Verdict::Passed, "{}", outcome.transcript);
    Ok(outcome)
}

/// The levels that the firmware gave `pin`, with their nanoseconds.
fn edges(outcome: &Outcome, pin: &str) -> Vec<(u64, Level)> {
    let edge = |event: &Event| match event {
        Event::Edge { pin: on, level, at } if on.as_str() == pin => Some((at.as_nanos(), *level)),
        _ => None,
    };
    outcome.record.events().iter().filter_map(edge).collect()
}

/// The levels that came to `pin` from outside, with their nanoseconds.
fn driven(outcome: &Outcome, pin: &str) -> Vec<(u64, Level)> {
    let driven = |event: &Event| match event {
        Event::Driven { pin: on, level, at } if on.as_str() == pin => Some((at.as_nanos(), *level)),
        _ => None,
    };
    outcome.record.events().iter().filter_map(driven).collect()
}

/// When step `number` began, from 1, in nanoseconds.
fn start(outcome: &Outcome, number: usize) -> u64 {
    outcome.steps[number - 1].start.as_nanos()
}

#[test]
fn an_endless_blink_ends_after_exactly_two_seconds() {
    let steps = "  - at:\n      - { time: 2s, key: ctrl-c }\n      - { time: 100ms, drive: { P3: high } }\n  - exec: { code: \"while True: led.toggle(); time.sleep_ms(100)\", raises: KeyboardInterrupt }\n    within: 2.1s\n";
    for name in ["lab-m0", "pico"] {
        let outcome = or_skip!(outcome(name, steps));
        let begin = start(&outcome, 3);
        let stop = outcome.record.events().iter().find_map(|event| match event {
            Event::Received { byte: 3, at, .. } => Some(at.as_nanos()),
            _ => None,
        });
        assert_eq!(stop, Some(begin + 2_000_000_000), "{name}");
        assert_eq!(driven(&outcome, "P3"), [(begin + 100_000_000, Level::High)], "{name}");
        // The first one is the output's own, when it was made one.
        let toggles = edges(&outcome, "P25").into_iter().filter(|(at, _)| *at > begin);
        assert_eq!(toggles.count(), 20, "{name}");
    }
}

#[test]
fn a_bridge_carries_an_output_to_an_input_in_the_same_nanosecond() {
    let steps = "  - wire: { bridge: [LED, P5] }\n  - exec:\n      code: |\n        five = Pin(5, Pin.IN)\n        for _ in range(3):\n            led.on(); print(five.value(), end=' ')\n            led.off(); print(five.value(), end=' ')\n      prints: \"1 0 1 0 1 0 \"\n";
    for name in ["lab-m0", "pico"] {
        let outcome = or_skip!(outcome(name, steps));
        let begin = start(&outcome, 4);
        let after = |all: Vec<(u64, Level)>| -> Vec<(u64, Level)> {
            all.into_iter().filter(|(at, _)| *at > begin).collect()
        };
        let edges = after(edges(&outcome, "P25"));
        assert_eq!(edges.len(), 6, "{name}");
        assert_eq!(after(driven(&outcome, "P5")), edges, "{name}");
    }
}

#[test]
fn a_short_comes_with_the_fifth_edge() {
    let steps = "  - wire: { short: P5, to: high, when: { pin: LED, edge: 5 } }\n  - exec:\n      code: |\n        five = Pin(5, Pin.IN, Pin.PULL_DOWN)\n        for _ in range(6):\n            led.toggle(); print(five.value(), end=' ')\n      prints: \"0 0 0 0 1 1 \"\n";
    for name in ["lab-m0", "pico"] {
        let outcome = or_skip!(outcome(name, steps));
        let begin = start(&outcome, 3);
        let edges = edges(&outcome, "P25");
        let fifth = edges.iter().filter(|(at, _)| *at > begin).nth(4).expect("there are six").0;
        let [(at, Level::High)] = driven(&outcome, "P5")[..] else { panic!("{name}") };
        assert!((fifth..=fifth + 8).contains(&at), "{name}: {at} and {fifth}");
    }
}

/// Resets drop what QEMU was to do later, and a power cut ends its process.
#[test]
fn a_table_and_a_wire_outlast_resets() {
    let steps = "  - wire: { short: P5, to: high }\n  - drive: { P5: low, P6: high }\n  - wire: { bridge: [LED, P7] }\n  - at:\n      - { time: 300ms, drive: { P3: high } }\n      - { time: 350ms, send: \"1+1\\\\r\" }\n  - reset: hard\n  - wait: 100ms\n  - reset: power\n  - expect: \"2\\r\\n\"\n  - exec: { code: \"from machine import Pin; led = Pin('LED', Pin.OUT, value=1); five, seven = Pin(5, Pin.IN), Pin(7, Pin.IN); print(five.value(), seven.value())\", prints: \"1 1\" }\n  - wire: { mend: P5 }\n  - exec: { code: \"print(five.value())\", prints: \"0\" }\n";
    for name in ["lab-m0", "pico"] {
        let outcome = or_skip!(outcome(name, steps));
        let begin = start(&outcome, 6);
        assert_eq!(driven(&outcome, "P3"), [(begin + 300_000_000, Level::High)], "{name}");
        let first = outcome.record.events().iter().find_map(|event| match event {
            Event::Received { byte: b'1', at, .. } if at.as_nanos() > begin => Some(at.as_nanos()),
            _ => None,
        });
        assert_eq!(first, Some(begin + 350_000_000), "{name}");
        let five: Vec<Level> = driven(&outcome, "P5").iter().map(|(_, level)| *level).collect();
        assert!(five[..five.len() - 1].iter().all(|level| *level == Level::High), "{name}");
        assert_eq!(five.last(), Some(&Level::Low), "{name}");
    }
}
