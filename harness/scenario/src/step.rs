//! Reads one step: an action, and modifiers beside it.
//!
//! The values of the actions are read in `action.rs`.

use std::time::Duration;

use crate::action;
use crate::error::{Located, Problem};
use crate::quantity::parse_duration;
use crate::reading::Reading;
use crate::scenario::{Action, At, DEFAULT_WITHIN, Step};
use crate::stimulus;
use crate::tree::{Node, Place, Value};

/// What a step can do.
pub const STEP_WORDS: [&str; 20] = [
    "boot", "repl", "exec", "paste", "send", "key", "expect", "quiet", "wait", "drive", "press",
    "wire", "pin", "wave", "contract", "reset", "fs", "memory", "never", "snapshot",
];

/// What can stand beside it.
pub const MODIFIER_WORDS: [&str; 4] = ["within", "at", "hold", "name"];

/// Actions whose claim may come true later, which is what `within` is about.
pub(crate) const WAITING: [&str; 7] = ["boot", "repl", "exec", "paste", "expect", "pin", "reset"];

/// Reads the step that `node` is.
pub(crate) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<Step> {
    let Value::Map(entries) = &node.value else {
        return reading.kind(node, "a step", "an action and its value: `boot: repl`");
    };
    let line = entries.first().map_or(node.place.line, |(key, _)| key.place.line);
    let mut parts = Parts::default();
    let errors = reading.errors.len();
    for (key, value) in entries {
        parts.take(reading, key, value);
    }
    if let Some(table) = parts.table {
        let action = parts.table_action(reading, table)?;
        let name = parts.name;
        return Some(Step { line, action, within: DEFAULT_WITHIN, at: None, hold: None, name });
    }
    let Some((key, value)) = parts.action else {
        if reading.errors.len() == errors {
            let place = entries.first().map_or(node.place, |(key, _)| key.place);
            reading.note(place, Problem::NoAction);
        }
        return None;
    };
    let word = key.scalar().unwrap_or_default();
    parts.check(reading, word);
    let action = action::read(reading, word, value)?;
    // Of a key that stands twice, any will do: the scenario is refused.
    let within = parts.within.map_or(DEFAULT_WITHIN, |(within, _)| within);
    let hold = parts.hold.map(|(hold, _)| hold);
    Some(Step { line, action, within, at: parts.at, hold, name: parts.name })
}

/// What stands in a step.
#[derive(Default)]
struct Parts<'n> {
    action: Option<(&'n Node, &'n Node)>,
    within: Option<(Duration, Place)>,
    at: Option<At>,
    /// `at` with a list.
    table: Option<&'n Node>,
    hold: Option<(Duration, Place)>,
    name: Option<String>,
}

impl<'n> Parts<'n> {
    fn take(&mut self, reading: &mut Reading<'_>, key: &'n Node, value: &'n Node) {
        let mut duration =
            |word| reading.quantity(value, word, parse_duration).map(|time| (time, key.place));
        match key.scalar().unwrap_or_default() {
            "within" => self.within = duration("within"),
            "hold" => self.hold = duration("hold"),
            "at" if matches!(value.value, Value::List(_)) => self.table = Some(value),
            "at" => self.at = read_time(reading, value, "at"),
            "name" => self.name = reading.text(value, "name"),
            word if STEP_WORDS.contains(&word) => self.take_action(reading, key, value),
            word => {
                let known = STEP_WORDS.into_iter().chain(MODIFIER_WORDS);
                reading.note(key.place, Problem::unknown("step", word, known));
            }
        }
    }

    fn take_action(&mut self, reading: &mut Reading<'_>, key: &'n Node, value: &'n Node) {
        let word = |key: &Node| key.scalar().unwrap_or_default().to_owned();
        match self.action {
            None => self.action = Some((key, value)),
            // A key that stands twice has been noted.
            Some((first, _)) if first.scalar() == key.scalar() => {}
            Some((first, _)) => {
                let problem = Problem::TwoActions { first: word(first), second: word(key) };
                reading
                    .errors
                    .push(Located::new(key.place, problem).and(first.place, "the first is here"));
            }
        }
    }

    /// A table of stimuli is a step of its own.
    fn table_action(&self, reading: &mut Reading<'_>, table: &Node) -> Option<Action> {
        if let Some((key, _)) = self.action {
            let word = key.scalar().unwrap_or_default().to_owned();
            let located = Located::new(table.place, Problem::TableBeside { word });
            reading.errors.push(located.and(key.place, "this is the other thing"));
        }
        self.check(reading, "at");
        stimulus::table(reading, table).map(Action::Stimuli)
    }

    /// Whether the modifiers mean anything beside `action`.
    fn check(&self, reading: &mut Reading<'_>, action: &str) {
        if let Some((_, place)) = self.hold.filter(|_| action != "pin") {
            reading.note(place, Problem::HoldAlone { action: action.to_owned() });
        }
        if let Some((_, place)) = self.within.filter(|_| !WAITING.contains(&action)) {
            reading.note(place, Problem::WithinAlone { action: action.to_owned() });
        }
    }
}

/// The value of `key`: a time, or `{ machine: TIME }`.
pub(crate) fn read_time(reading: &mut Reading<'_>, node: &Node, key: &'static str) -> Option<At> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.quantity(node, key, parse_duration).map(At::Step);
    }
    let fields = reading.fields(node, key, &["machine"])?;
    match fields.get("machine") {
        Some(time) => reading.quantity(time, "machine", parse_duration).map(At::Machine),
        None => reading.kind(node, key, "a duration `2.5s`, or `{ machine: 2.5s }`"),
    }
}
