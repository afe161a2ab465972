//! Reads `at:` with a list: a table of stimuli, each for its time.

use std::time::Duration;

use replab_board::Board;
use replab_record::{PinName, PortName};

use crate::action;
use crate::error::{Located, Problem};
use crate::pins::{self, board_word};
use crate::reading::Reading;
use crate::scenario::{Act, At, Stimulus};
use crate::step::read_time;
use crate::tree::{Node, Place, Value};

/// The keys of an entry.
pub const STIMULUS_WORDS: [&str; 6] = ["time", "drive", "press", "send", "key", "port"];

/// Those that are something to happen.
pub(crate) const ACT_WORDS: [&str; 4] = ["drive", "press", "send", "key"];

/// The most entries of a table.
pub const MOST_STIMULI: usize = 10_000;

/// Reads the list that a step without an action has for `at`.
pub(crate) fn table(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<Stimulus>> {
    let items = reading.list(node, "at")?;
    if items.is_empty() {
        let wanted = "a list with one entry or more: `- { time: 1s, key: ctrl-c }`";
        return reading.kind(node, "at", wanted);
    }
    if items.len() > MOST_STIMULI {
        return reading.fail(node.place, Problem::ManyStimuli { count: items.len() });
    }
    let entries: Vec<_> = items.iter().map(|item| entry(reading, item)).collect();
    let entries: Vec<Stimulus> = entries.into_iter().collect::<Option<_>>()?;
    let errors = reading.errors.len();
    for board in reading.boards.clone() {
        conflicts(reading, board, &entries, items);
        if reading.errors.len() > errors {
            return None;
        }
    }
    Some(entries)
}

fn entry(reading: &mut Reading<'_>, node: &Node) -> Option<Stimulus> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "at", "an entry of a table: `{ time: 1s, key: ctrl-c }`");
    }
    let fields = reading.fields(node, "at", &STIMULUS_WORDS)?;
    let time = reading.required(node, &fields, "time", "say when: `time: 100ms`");
    let present = ACT_WORDS.into_iter().filter_map(|word| Some((word, *fields.get(word)?)));
    let acts: Vec<(&str, &Node)> = present.collect();
    let [(word, value)] = acts.as_slice() else {
        let words = acts.iter().map(|(word, _)| (*word).to_owned()).collect();
        return reading.fail(Place { length: 1, ..node.place }, Problem::OneStimulus { words });
    };
    let is_typed = matches!(*word, "send" | "key");
    if let Some(port) = fields.get("port").filter(|_| !is_typed) {
        return reading.fail(port.place, Problem::PortAlone { word: (*word).to_owned() });
    }
    let port = action::optional(fields.get("port"), |node| {
        let is_there = |board: &Board, word: &str| port_of(board, Some(word)).is_some();
        board_word(reading, node, "port", is_there, |board| {
            board.ports.keys().map(PortName::as_str).collect()
        })
    });
    let act = match *word {
        "drive" => Act::Drive(pins::driven(reading, value)?),
        "press" => Act::Press(pins::press(reading, value)?),
        "send" => Act::Type { bytes: action::send(reading, value)?, port: port? },
        _ => Act::Type { bytes: action::key(reading, value)?, port: port? },
    };
    Some(Stimulus { line: node.place.line, time: read_time(reading, time?, "time")?, act })
}

/// The port that an entry types on, and its speed in bits per second.
fn port_of<'b>(board: &'b Board, word: Option<&str>) -> Option<(&'b PortName, u32)> {
    let named = |word: &str| board.ports.iter().find(|(name, _)| name.as_str() == word);
    let (name, port) = word.map_or_else(|| board.repl_port(), named)?;
    Some((name, port.baud))
}

/// What an entry takes for itself, from its first nanosecond to its last.
struct Span<'b> {
    thing: Thing<'b>,
    /// Whether it counts from power-on.
    is_machine: bool,
    first: Duration,
    last: Duration,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing<'b> {
    Pin(&'b PinName),
    Port(&'b PortName),
}

/// Notes entries that `board` cannot have both of, and bytes that begin too early.
fn conflicts(reading: &mut Reading<'_>, board: &Board, entries: &[Stimulus], items: &[Node]) {
    let mut all = Vec::new();
    for (entry, item) in entries.iter().zip(items) {
        match spans(board, entry, item.place) {
            Ok(spans) => all.extend(spans),
            Err(problem) => reading.note(item.place, problem),
        }
    }
    all.sort_by_key(|span| (span.thing, span.is_machine, span.first));
    for pair in all.windows(2) {
        let [one, other] = pair else { continue };
        let is_same = (one.thing, one.is_machine) == (other.thing, other.is_machine);
        if !is_same || other.first > one.last {
            continue;
        }
        let (earlier, later) = match one.place.offset <= other.place.offset {
            true => (one.place, other.place),
            false => (other.place, one.place),
        };
        let thing = match one.thing {
            Thing::Pin(pin) => pin.to_string(),
            Thing::Port(port) => port.to_string(),
        };
        let located = Located::new(later, Problem::StimuliMeet { thing });
        reading.errors.push(located.and(earlier, "the other is here"));
    }
}

/// What `entry`, which stands at `place`, takes on `board`.
fn spans<'b>(board: &'b Board, entry: &Stimulus, place: Place) -> Result<Vec<Span<'b>>, Problem> {
    let (is_machine, time) = match entry.time {
        At::Step(time) => (false, time),
        At::Machine(time) => (true, time),
    };
    let span = |thing, first, last| Span { thing, is_machine, first, last, place };
    let pin = |word: &str| board.pin(word).map(Thing::Pin);
    Ok(match &entry.act {
        Act::Drive(driven) => {
            driven.iter().filter_map(|(word, _)| Some(span(pin(word)?, time, time))).collect()
        }
        Act::Press(press) => {
            let last = time + press.time + press.bounce.unwrap_or_default();
            pin(&press.button).map(|pin| span(pin, time, last)).into_iter().collect()
        }
        Act::Type { bytes, port } => {
            let Some((name, baud)) = port_of(board, port.as_deref()) else {
                return Ok(Vec::new());
            };
            let character = character_time(baud);
            let first =
                time.checked_sub(character).ok_or(Problem::EarlyByte { time, character })?;
            let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let last = first + character.saturating_mul(count) - Duration::from_nanos(1);
            vec![span(Thing::Port(name), first, last)]
        }
    })
}

/// How long a byte takes at `baud` bits per second: ten bits, to the nanosecond.
pub fn character_time(baud: u32) -> Duration {
    let baud = u64::from(baud.max(1));
    Duration::from_nanos((10_000_000_000 + baud / 2) / baud)
}
