//! The event `compared` of `--json`.

use replab_record::{Difference, Moment, NotComparable};
use serde::Serialize;

use super::{Compared, unplayed};
use crate::json::nanos;

/// Two runs have been compared.
pub fn compared(compared: &Compared) -> String {
    let (differences, not_compared, tolerated, reason) = match &compared.result {
        Ok(it) => {
            (it.differences.as_slice(), it.not_compared.as_slice(), it.tolerated.as_slice(), None)
        }
        Err(reason) => (Default::default(), Default::default(), Default::default(), Some(reason)),
    };
    let event = Event {
        event: "compared",
        scenario: &compared.identity,
        targets: &compared.targets,
        machine_ns: compared.machine.map(nanos),
        result: compared.word().replace(' ', "-"),
        differences: differences.iter().map(JsonDifference::of).collect(),
        not_compared,
        tolerated,
        reason: reason.map(Reason::of),
    };
    serde_json::to_string(&event).expect("events have string keys only")
}

#[derive(Serialize)]
struct Event<'a> {
    event: &'static str,
    scenario: &'a str,
    targets: &'a [String; 2],
    machine_ns: [u64; 2],
    result: String,
    differences: Vec<JsonDifference<'a>>,
    not_compared: &'a [String],
    tolerated: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason<'a>>,
}

#[derive(Serialize)]
struct JsonDifference<'a> {
    aspect: &'static str,
    place: &'a str,
    rows: Vec<[Option<JsonMoment<'a>>; 2]>,
}

#[derive(Serialize)]
struct JsonMoment<'a> {
    at_ns: u64,
    text: &'a str,
}

#[derive(Serialize)]
struct Reason<'a> {
    target: &'a str,
    text: String,
}

impl JsonDifference<'_> {
    fn of(difference: &Difference) -> JsonDifference<'_> {
        let row = |row| {
            <[Option<Moment>; 2]>::each_ref(row).map(|moment| moment.as_ref().map(JsonMoment::of))
        };
        JsonDifference {
            aspect: difference.aspect.word(),
            place: &difference.place,
            rows: difference.rows.iter().map(row).collect(),
        }
    }
}

impl JsonMoment<'_> {
    fn of(moment: &Moment) -> JsonMoment<'_> {
        JsonMoment { at_ns: moment.at.as_nanos(), text: &moment.text }
    }
}

impl Reason<'_> {
    fn of(reason: &NotComparable) -> Reason<'_> {
        Reason { target: &reason.target, text: unplayed(reason) }
    }
}
