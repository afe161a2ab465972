//! A sweep over the moment at which a button is pressed, played by several threads.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use replab_board::Board;
use replab_machine::qemu::{self, QemuTools};
use replab_runner::{Job, Options, Outcome, play_all};
use replab_scenario::{Scenario, World, load};

/// The file, without the range of its sweep.
const FILE: &str = r#"replab: 1
name: a loop that comes back every 10 ms sees each press
boards: [lab-m0, pico]
needs: [gpio]
sweep:
  press-at: RANGE
steps:
  - boot: repl
  - exec: |
      import time
      from machine import Pin
      button = Pin("BUTTON", Pin.IN, Pin.PULL_UP)
      led = Pin("LED", Pin.OUT)
      def watch(rounds):
          seen = 0
          for _ in range(rounds):
              seen += not button.value()
              led.toggle()
              time.sleep_ms(10)
          return seen
  - send: "print('saw', watch(8), 'times')\r"
  - press: { button: BUTTON, for: 25ms }
    at: $press-at
  - expect: { regex: "^saw [23] times" }
"#;

/// The runs with the button pressed at so many moments of the loop's first two rounds.
pub(crate) fn presses(count: usize) -> Vec<Scenario> {
    let step = 20_000 / count;
    let range = format!("{{ from: 0us, to: {}us, step: {step}us }}", step * (count - 1));
    let text = FILE.replace("RANGE", &range);
    let boards = ["lab-m0", "pico"].map(|name| (name.to_owned(), super::board(name)));
    let boards = BTreeMap::from(boards);
    let world = World {
        boards: &boards,
        default_board: "lab-m0",
        lesson: &|_| Err(Vec::new()),
        beside: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    load(Path::new("press.yaml"), "press", &text, &world).expect("the file is right")
}

/// What `scenarios` come to on `board` with `firmware`, and how many machines that took.
pub(crate) fn play_sweep(
    tools: &QemuTools,
    board: &Board,
    firmware: &Path,
    scenarios: &[Scenario],
    threads: Option<NonZero<usize>>,
) -> (Vec<Outcome>, usize) {
    let target = format!("{}@qemu", board.name);
    let job = |scenario| Job { scenario, board, target: &target, firmware: Some(firmware) };
    let jobs: Vec<Job<'_>> = scenarios.iter().map(job).collect();
    let options = Options { snapshots: None, ..Options::default() };
    let made = AtomicUsize::new(0);
    let machine = |_: &Job<'_>| {
        made.fetch_add(1, Ordering::Relaxed);
        qemu::start(tools, board, firmware, super::START)
    };
    let mut outcomes = Vec::new();
    play_all(
        &jobs,
        threads,
        &options,
        |_| {},
        machine,
        |_, finished| {
            outcomes.push(finished.outcome.expect("the lab has no bug"));
        },
    );
    (outcomes, made.into_inner())
}
