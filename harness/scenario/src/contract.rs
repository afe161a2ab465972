//! Reads the step `contract`: intervals of a pin as a data sheet states them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::action::optional;
use crate::error::Problem;
use crate::pins::pin_word;
use crate::quantity::{parse_duration, some_time};
use crate::reading::Reading;
use crate::scenario::{Contract, Interval};
use crate::tree::{Node, Value};

/// The keys of `contract`.
pub const CONTRACT_WORDS: [&str; 6] = ["pin", "for", "high", "low", "period", "lag"];

/// The keys of an interval between two pins in it.
const LAG_WORDS: [&str; 4] = ["behind", "min", "typ", "max"];

/// The keys of an interval in it.
pub const INTERVAL_WORDS: [&str; 3] = ["min", "typ", "max"];

/// Reads the value of `contract`.
pub(crate) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<Contract> {
    if !matches!(node.value, Value::Map(_)) {
        let wanted = "`{ pin: LED, for: 5s, high: { min: 490ms, typ: 500ms, max: 510ms } }`";
        return reading.kind(node, "contract", wanted);
    }
    let fields = reading.fields(node, "contract", &CONTRACT_WORDS)?;
    let pin = reading.required(node, &fields, "pin", "say which: `pin: LED`");
    let window = reading.required(node, &fields, "for", "say how long to look: `for: 5s`");
    let field = |word: &str| fields.get(word);
    let contract = Contract {
        pin: pin_word(reading, pin?)?,
        window: reading.quantity(window?, "for", some_time)?,
        high: optional(field("high"), |node| interval(reading, node, "high"))?,
        low: optional(field("low"), |node| interval(reading, node, "low"))?,
        period: optional(field("period"), |node| interval(reading, node, "period"))?,
        lag: optional(field("lag"), |node| lag(reading, node))?,
    };
    let Contract { pin, window, high, low, period, lag } = &contract;
    if lag.as_ref().is_some_and(|(behind, _)| behind == pin) {
        return reading.fail(node.place, Problem::OwnLag { pin: pin.clone() });
    }
    let intervals = [high, low, period].into_iter().flatten();
    let width = intervals.map(|one| one.min.unwrap_or_default()).max();
    // The other pin's edge may come before the window.
    let Some(width) = width.or(lag.as_ref().map(|_| Duration::ZERO)) else {
        return reading.fail(node.place, Problem::EmptyContract);
    };
    if width >= *window {
        let problem = Problem::ShortForPulse { window: *window, width };
        return reading.fail(node.place, problem);
    }
    Some(contract)
}

fn lag(reading: &mut Reading<'_>, node: &Node) -> Option<(String, Interval)> {
    let wanted = "`{ behind: P24, min: 9ms, typ: 10ms, max: 11ms }`, with `min`, `max` or both";
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "lag", wanted);
    }
    let fields = reading.fields(node, "lag", &LAG_WORDS)?;
    let behind = reading.required(node, &fields, "behind", "say which pin: `behind: P24`");
    Some((pin_word(reading, behind?)?, times(reading, node, &fields, "lag", wanted)?))
}

fn interval(reading: &mut Reading<'_>, node: &Node, key: &'static str) -> Option<Interval> {
    let wanted = "`{ min: 490ms, typ: 500ms, max: 510ms }`, with `min`, `max` or both";
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, key, wanted);
    }
    let fields = reading.fields(node, key, &INTERVAL_WORDS)?;
    times(reading, node, &fields, key, wanted)
}

/// The three times among `fields`, which are those of `node`.
fn times(
    reading: &mut Reading<'_>,
    node: &Node,
    fields: &BTreeMap<&str, &Node>,
    key: &'static str,
    wanted: &'static str,
) -> Option<Interval> {
    let mut time = |word: &'static str| -> Option<Option<Duration>> {
        optional(fields.get(word), |node| reading.quantity(node, word, parse_duration))
    };
    let interval = Interval { min: time("min")?, typ: time("typ")?, max: time("max")? };
    match interval {
        Interval { min: None, max: None, .. } => reading.kind(node, key, wanted),
        Interval { min: Some(min), max: Some(max), .. } if min > max => {
            reading.fail(node.place, Problem::MinAboveMax { min, max })
        }
        Interval { min, typ: Some(typ), max }
            if min.is_some_and(|min| typ < min) || max.is_some_and(|max| typ > max) =>
        {
            reading.fail(node.place, Problem::TypOutside { typ })
        }
        interval => Some(interval),
    }
}
