//! Reads the step `wire`: what becomes of the wire to a pin, and when.

use replab_board::Board;

use crate::action::optional;
use crate::error::Problem;
use crate::pins::{level_word, pin_word};
use crate::reading::Reading;
use crate::scenario::{NthEdge, WireChange, WireState};
use crate::tree::{Node, Place, Value};

/// The keys of `wire`.
pub const WIRE_WORDS: [&str; 6] = ["open", "short", "bridge", "mend", "to", "when"];

/// The keys of `when` in it.
pub const WHEN_WORDS: [&str; 3] = ["pin", "edge", "to"];

/// Those that are something to happen to a wire.
pub(crate) const STATE_WORDS: [&str; 4] = ["open", "short", "bridge", "mend"];

/// The levels of a wire that is connected to another.
pub const FIRM_LEVELS: [&str; 2] = ["high", "low"];

/// Reads the value of `wire`.
pub(crate) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<WireChange> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "wire", "what becomes of a wire: `{ open: P5 }`");
    }
    let fields = reading.fields(node, "wire", &WIRE_WORDS)?;
    let present = STATE_WORDS.into_iter().filter_map(|word| Some((word, *fields.get(word)?)));
    let states: Vec<(&str, &Node)> = present.collect();
    let [(word, value)] = states.as_slice() else {
        let words = states.iter().map(|(word, _)| (*word).to_owned()).collect();
        return reading.fail(Place { length: 1, ..node.place }, Problem::OneWire { words });
    };
    if let Some(to) = fields.get("to").filter(|_| *word != "short") {
        return reading.fail(to.place, Problem::ToAlone { word: (*word).to_owned() });
    }
    let (pin, to) = match *word {
        "open" => (pin_word(reading, value)?, WireState::Open),
        "mend" => (pin_word(reading, value)?, WireState::Whole),
        "bridge" => {
            let (source, pin) = bridge(reading, value)?;
            (pin, WireState::Bridged(source))
        }
        _ => {
            let to = reading.required(node, &fields, "to", "say to what: `to: low`");
            let pin = pin_word(reading, value);
            (pin?, WireState::Shorted(level_word(reading, to?, "to", &FIRM_LEVELS)?))
        }
    };
    let when = optional(fields.get("when"), |node| when(reading, node))?;
    Some(WireChange { pin, to, when })
}

/// Two pins: the one that leads, and the one that follows.
fn bridge(reading: &mut Reading<'_>, node: &Node) -> Option<(String, String)> {
    let wanted = "two pins, the output first: `bridge: [LED, P5]`";
    let Value::List(items) = &node.value else { return reading.kind(node, "bridge", wanted) };
    let [source, pin] = items.as_slice() else { return reading.kind(node, "bridge", wanted) };
    let (source, pin) = (pin_word(reading, source)?, pin_word(reading, pin)?);
    let is_one = |board: &&Board| board.pin(&source) == board.pin(&pin);
    if reading.boards.iter().any(is_one) {
        return reading.fail(node.place, Problem::OwnBridge { pin });
    }
    Some((source, pin))
}

fn when(reading: &mut Reading<'_>, node: &Node) -> Option<NthEdge> {
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "when", "an edge of a pin: `{ pin: LED, edge: 5 }`");
    }
    let fields = reading.fields(node, "when", &WHEN_WORDS)?;
    let pin = reading.required(node, &fields, "pin", "say whose edge: `pin: LED`");
    let edge = reading.required(node, &fields, "edge", "say which: `edge: 5`")?;
    let count = match reading.number::<u32>(edge, "edge")? {
        0 => return reading.kind(edge, "edge", "1 for the first edge from here on, or more"),
        count => count,
    };
    Some(NthEdge {
        pin: pin_word(reading, pin?)?,
        count,
        to: optional(fields.get("to"), |node| level_word(reading, node, "to", &FIRM_LEVELS))?,
    })
}
