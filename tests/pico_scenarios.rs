//! Scenarios that are about the Pico alone, played on it: analog inputs, findings.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use replab_machine::qemu::{self, Start};
use replab_record::{Claim, Verdict};
use replab_runner::{Options, Outcome, play};
use replab_scenario::{Lesson, World, load};

/// Plays `lines` of a scenario after `boot: repl`.
fn outcome(head: &str, steps: &str) -> Result<Outcome, String> {
    let (tools, firmware) = (support::qemu_tools()?, support::rp2()?);
    let board = support::board("pico");
    let boards = BTreeMap::from([(board.name.clone(), board.clone())]);
    let world = World {
        default_board: "pico",
        boards: &boards,
        lesson: &|_| Ok(Lesson::parse("lessons/none.md", "").into()),
        beside: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    let text = format!("replab: 1\nname: on a Pico\n{head}steps:\n  - boot: repl\n{steps}");
    let scenarios = load(Path::new("scenarios/pico.yaml"), "pico", &text, &world);
    let scenarios = scenarios.unwrap_or_else(|errors| panic!("{:?}", errors.0));
    let machine =
        qemu::start(&tools, &board, &firmware, Start { ..support::START }).expect("QEMU starts");
    let options = Options { snapshots: None, ..Options::default() };
    Ok(play(&scenarios[0], &board, "pico@qemu", Some(&firmware), machine, &options))
}

/// The machine's PIO0 is stored to, twice.
const PIO: &str = "  - repl: |
      >>> import machine
      >>> machine.mem32[0x502000c8] = 5
      >>> machine.mem32[0x502000cc] = 5
";

#[test]
fn what_is_storage_only_is_told_with_its_function() {
    let outcome = or_skip!(outcome("", PIO));
    assert_eq!(outcome.verdict, Verdict::Passed);
    let [found] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    assert!(found.place.as_ref().is_some_and(|place| place.function.is_some()), "{found:?}");
    let text = found.to_string();
    let begins = "PIO0 register 0x502000c8 was written, which only stores (pc 0x10";
    assert!(text.starts_with(begins) && text.ends_with("; 2 accesses in all)"), "{text}");
}

#[test]
fn what_must_never_be_found_fails() {
    let outcome = or_skip!(outcome("never: { finding: storage-only }\n", PIO));
    let Verdict::Failed(failure) = &outcome.verdict else { panic!("{:?}", outcome.verdict) };
    let Claim::Finding { expected, got } = &failure.claim else { panic!("{failure:?}") };
    assert_eq!(expected, "never a finding `storage-only`");
    assert!(got.starts_with("PIO0 register 0x502000c8 was written"), "{got}");
}

#[test]
fn another_kind_of_finding_is_no_failure() {
    let outcome = or_skip!(outcome("never: { finding: unmapped-access }\n", PIO));
    assert_eq!(outcome.verdict, Verdict::Passed);
}

#[test]
fn analog_inputs_have_what_the_scenario_gives_them() {
    let steps = "  - repl: |
      >>> from machine import ADC
      >>> volts = lambda pin: round(ADC(pin).read_u16() / 65535 * 3.3, 2)
      >>> volts(26)
      0.0
  - drive: { ADC0: 1.2 V, ADC2: 900mV }
  - repl: |
      >>> volts(26), volts(27), volts(28)
      (1.2, 0.0, 0.9)
  - drive: { TEMP: -10 °C }
  - repl: |
      >>> round(27 - (ADC(4).read_u16() / 65535 * 3.3 - 0.706) / 0.001721)
      -10
  - reset: hard
  - repl: |
      >>> from machine import ADC
      >>> round(ADC(26).read_u16() / 65535 * 3.3, 2)
      1.2
";
    let outcome = or_skip!(outcome("", steps));
    assert_eq!(outcome.verdict, Verdict::Passed, "{}", outcome.transcript);
}
