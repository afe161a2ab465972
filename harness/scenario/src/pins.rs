//! Reads what is about pins: their words and levels, and the steps `pin`, `drive`
//! and `press`.

use replab_board::{Board, Quantity};
use replab_record::Level;

use crate::analog::{parse_temperature, parse_voltage};
use crate::error::Problem;
use crate::quantity::{QuantityError, parse_duration, some_time};
use crate::reading::Reading;
use crate::scenario::{Driven, Press};
use crate::tree::{Node, Value};

/// The levels that a scenario claims.
pub const LEVEL_WORDS: [&str; 3] = ["high", "low", "floating"];

/// What a scenario drives a pin to.
pub const DRIVE_WORDS: [&str; 4] = ["high", "low", "floating", "noise"];

/// The keys of `press`.
pub const PRESS_WORDS: [&str; 3] = ["button", "for", "bounce"];

/// Reads pins and levels: the value of the step `word`.
pub(crate) fn levels(
    reading: &mut Reading<'_>,
    node: &Node,
    word: &'static str,
) -> Option<Vec<(String, Level)>> {
    let wanted = "pins and levels: `{ LED: high }`";
    let Value::Map(entries) = &node.value else { return reading.kind(node, word, wanted) };
    if entries.is_empty() {
        return reading.kind(node, word, wanted);
    }
    let levels: Vec<_> = entries
        .iter()
        .map(|(pin, level)| {
            Some((pin_word(reading, pin)?, level_word(reading, level, word, &LEVEL_WORDS)?))
        })
        .collect();
    levels.into_iter().collect()
}

/// Reads the value of `drive`: pins and levels, analog inputs and what they measure.
pub(crate) fn driven(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<(String, Driven)>> {
    let wanted = "pins and levels: `{ BUTTON: low }`, or analog inputs: `{ ADC0: 1.2 V }`";
    let Value::Map(entries) = &node.value else { return reading.kind(node, "drive", wanted) };
    if entries.is_empty() {
        return reading.kind(node, "drive", wanted);
    }
    let all: Vec<_> = entries.iter().map(|(key, value)| one_driven(reading, key, value)).collect();
    all.into_iter().collect()
}

fn one_driven(reading: &mut Reading<'_>, key: &Node, value: &Node) -> Option<(String, Driven)> {
    let word = key.scalar().unwrap_or_default();
    let Some(first) = reading.boards.iter().find_map(|board| board.analog.get(word)).copied()
    else {
        let is_there = |board: &Board, word: &str| board.pin(word).is_some();
        let pin = board_word(reading, key, "pin", is_there, |board| {
            board.pin_words().chain(analog_words(board)).collect()
        });
        let to = driven_word(reading, value);
        return Some((pin?, to?));
    };
    let lacks = |board: &&&Board| {
        board.analog.get(word).is_none_or(|input| input.measures != first.measures)
    };
    if let Some(board) = reading.boards.iter().find(lacks) {
        let problem = Problem::NoAnalog { word: word.to_owned(), board: board.name.clone() };
        return reading.fail(key.place, problem);
    }
    let parse = match first.measures {
        Quantity::Voltage => parse_voltage,
        Quantity::Temperature => parse_temperature,
    };
    let amount = reading.quantity(value, "drive", parse);
    Some((word.to_owned(), Driven::Analog(amount?)))
}

fn analog_words(board: &Board) -> impl Iterator<Item = &str> {
    board.analog.keys().map(String::as_str)
}

/// Reads the value of `press`.
pub(crate) fn press(reading: &mut Reading<'_>, node: &Node) -> Option<Press> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "press", "`{ button: BUTTON, for: 30ms }`");
    }
    let fields = reading.fields(node, "press", &PRESS_WORDS)?;
    let button = reading.required(node, &fields, "button", "say which: `button: BUTTON`");
    let time = reading.required(node, &fields, "for", "say how long: `for: 30ms`");
    let press = Press {
        button: button_word(reading, button?)?,
        time: reading.quantity(time?, "for", some_time)?,
        bounce: match fields.get("bounce") {
            Some(bounce) => Some(reading.quantity(bounce, "bounce", bounce_time)?),
            None => None,
        },
    };
    match press.bounce.filter(|bounce| *bounce >= press.time) {
        Some(bounce) => reading.fail(node.place, Problem::LongBounce { bounce, time: press.time }),
        None => Some(press),
    }
}

/// A role or a name that each of the scenario's boards has.
pub(crate) fn pin_word(reading: &mut Reading<'_>, node: &Node) -> Option<String> {
    let is_there = |board: &Board, word: &str| board.pin(word).is_some();
    board_word(reading, node, "pin", is_there, |board| board.pin_words().collect())
}

/// The same, of a pin with a button.
fn button_word(reading: &mut Reading<'_>, node: &Node) -> Option<String> {
    let is_there = |board: &Board, word: &str| board.button(word).is_some();
    board_word(reading, node, "button", is_there, |board| board.button_words().collect())
}

/// A word that is something on each of the scenario's boards.
pub(crate) fn board_word(
    reading: &mut Reading<'_>,
    node: &Node,
    what: &'static str,
    is_there: impl Fn(&Board, &str) -> bool,
    words: impl Fn(&Board) -> Vec<&str>,
) -> Option<String> {
    let word = reading.text(node, what)?;
    match reading.boards.iter().find(|board| !is_there(board, &word)) {
        None => Some(word),
        Some(board) => {
            let problem = Problem::unknown(what, &word, words(board));
            reading.fail(node.place, problem)
        }
    }
}

/// Reads a level that is one of `allowed`.
pub(crate) fn level_word(
    reading: &mut Reading<'_>,
    node: &Node,
    key: &str,
    allowed: &[&str],
) -> Option<Level> {
    let word = reading.text(node, key)?;
    match word.as_str() {
        word if !allowed.contains(&word) => {
            let known = allowed.iter().copied();
            reading.fail(node.place, Problem::unknown("level", word, known))
        }
        "high" => Some(Level::High),
        "low" => Some(Level::Low),
        _ => Some(Level::Floating),
    }
}

fn driven_word(reading: &mut Reading<'_>, node: &Node) -> Option<Driven> {
    match reading.text(node, "drive")?.as_str() {
        "noise" => Some(Driven::Noise),
        "high" => Some(Driven::Level(Level::High)),
        "low" => Some(Driven::Level(Level::Low)),
        "floating" => Some(Driven::Level(Level::Floating)),
        word => reading.fail(node.place, Problem::unknown("level", word, DRIVE_WORDS)),
    }
}

/// Long enough that its edges have different times.
fn bounce_time(text: &str) -> Result<std::time::Duration, QuantityError> {
    let time = parse_duration(text)?;
    match time.as_nanos() {
        1_000.. => Ok(time),
        _ => Err(QuantityError::OutOfRange { text: text.to_owned(), range: "1us and more" }),
    }
}
