//! Every example of docs/scenario-reference.md, played on the real emulator.
//!
//! Before an example may stand what the board runs first, as a comment that readers
//! of the page do not see: `<!-- boot.py: … -->`. An example that does not begin with
//! `boot` is played from the prompt on.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use replab_machine::qemu::{self, Start};
use replab_record::Verdict;
use replab_runner::{Options, play};
use replab_scenario::{Action, Boot, DEFAULT_WITHIN, Lesson, Scenario, Step, World, load};

/// What examples about a lesson refer to.
const LESSON: &str = "## Blinking\n\n```python\nled.on()  # LED: on\nled.off()  # LED: off\n```\n";

/// The file beside the scenario that an example refers to.
const BESIDE: &str = "import time\ndef run(rounds): time.sleep(1); return 1\n";

/// An example, and what the board runs before.
struct Example {
    line: usize,
    boot: Option<String>,
    text: String,
}

fn examples() -> Vec<Example> {
    let page = fs::read_to_string(support::root().join("docs/scenario-reference.md"))
        .expect("the page is there");
    let mut rest = page.as_str();
    let mut examples = Vec::new();
    while let Some((before, after)) = rest.split_once("```yaml\n") {
        let (text, next) = after.split_once("```").expect("a fence ends");
        let comment =
            before.strip_suffix("\n-->\n").and_then(|text| text.rsplit_once("<!-- boot.py:\n"));
        let whole = match text.starts_with("replab:") {
            true => text.to_owned(),
            false => format!("replab: 1\nname: an example\n{text}"),
        };
        let line = page[..page.len() - after.len()].lines().count();
        examples.push(Example {
            line,
            boot: comment.map(|(_, code)| code.to_owned()),
            text: whole,
        });
        rest = next;
    }
    examples
}

/// The scenarios of `example`, from power-on.
fn scenarios(example: &Example) -> Vec<Scenario> {
    let boards = ["lab-m0", "pico"].map(|name| (name.to_owned(), support::board(name)));
    let boards = BTreeMap::from(boards);
    let lesson = Arc::new(Lesson::parse("lessons/a-lesson.md", LESSON));
    let world = World {
        default_board: replab_scenario::DEFAULT_BOARD,
        boards: &boards,
        lesson: &|_| Ok(Arc::clone(&lesson)),
        beside: &|_| Ok(BESIDE.as_bytes().to_vec()),
    };
    let loaded = load(Path::new("scenarios/example.yaml"), "example", &example.text, &world);
    let mut scenarios =
        loaded.unwrap_or_else(|errors| panic!("line {}: {:?}", example.line, errors.0));
    for scenario in &mut scenarios {
        if let Some(code) = &example.boot {
            scenario.files.insert("boot.py".to_owned(), code.clone().into_bytes());
        }
        if !matches!(scenario.steps[0].action, Action::Boot(_)) {
            scenario.steps.insert(0, boot());
        }
    }
    scenarios
}

fn boot() -> Step {
    let action = Action::Boot(Boot::Repl);
    Step { line: 1, action, within: DEFAULT_WITHIN, at: None, hold: None, name: None }
}

#[test]
fn every_example_passes() {
    let tools = or_skip!(support::qemu_tools());
    let firmware = or_skip!(support::micropython());
    let pico = or_skip!(support::rp2());
    let options = Options { snapshots: None, ..Options::default() };
    let mut wrong = Vec::new();
    let examples = examples();
    assert!(examples.len() > 20, "{}", examples.len());
    for example in &examples {
        for scenario in scenarios(example) {
            let [name] = &scenario.boards[..] else { panic!("line {}", example.line) };
            let (board, target) = (support::board(name), format!("{name}@qemu"));
            let firmware = if name == "pico" { &pico } else { &firmware };
            let start = Start { seed: scenario.seed, ..support::START };
            let machine = qemu::start(&tools, &board, firmware, start).expect("QEMU starts");
            let outcome = play(&scenario, &board, &target, Some(firmware), machine, &options);
            if outcome.verdict != Verdict::Passed {
                wrong.push(format!(
                    "line {}: {:#?}\n{}",
                    example.line, outcome.verdict, outcome.transcript
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
