//! Reads `tolerate:`: in what two targets may differ that are compared, and why.
//!
//! Each entry is one difference and its reason. Where several fit, one that allows
//! it is enough.

use replab_record::{Figure, Slack};

use crate::action::text_pattern;
use crate::bytes::parse_slack;
use crate::error::Problem;
use crate::pins::pin_word;
use crate::quantity::{Tolerance, parse_tolerance};
use crate::reading::Reading;
use crate::scenario::TextPattern;
use crate::tree::{Node, Value};

/// What can be tolerated.
pub const TOLERATE_WORDS: [&str; 5] = ["lines", "time", "edges", "order", "memory"];

/// The key that each entry has beside that.
pub(crate) const WHY: &str = "why";

const REASON: &str = "say why targets may differ: `why: \"…\"`";

/// The keys of `edges`, where it is no pin alone.
pub(crate) const EDGES_WORDS: [&str; 2] = ["pin", "time"];

/// The figures that are compared.
pub const MEMORY_WORDS: [Figure; 6] = [
    Figure::HeapTotal,
    Figure::HeapUsed,
    Figure::HeapFree,
    Figure::HeapLargest,
    Figure::HeapGrowth,
    Figure::StackPeak,
];

/// A difference between targets that is no surprise.
#[derive(Clone, Debug)]
pub struct Tolerated {
    /// Which.
    pub what: Tolerable,
    /// Why it is none. Never empty.
    pub why: String,
}

/// In what targets may differ.
#[derive(Clone, Debug)]
pub enum Tolerable {
    /// In lines in which this is found.
    Lines(TextPattern),
    /// In how long steps take.
    Time(Tolerance),
    /// In the edges of a pin (role or name): in how long its levels last, or (`None`) in
    /// all of them.
    Edges(String, Option<Tolerance>),
    /// In what comes before and after the edges of a pin (role or name).
    Order(String),
    /// In figures of memory; each of [`MEMORY_WORDS`] at most once.
    Memory(Vec<(Figure, Slack)>),
}

/// Reads the value of `tolerate`.
pub(crate) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<Tolerated>> {
    let wanted = "a list of differences, each with its reason: `[{ time: 20%, why: \"…\" }]`";
    let items = match &node.value {
        Value::List(items) if !items.is_empty() => items,
        _ => return reading.kind(node, "tolerate", wanted),
    };
    let read: Vec<_> = items.iter().map(|item| tolerated(reading, item)).collect();
    read.into_iter().collect()
}

fn tolerated(reading: &mut Reading<'_>, node: &Node) -> Option<Tolerated> {
    let wanted = "one of lines, time, edges, order and memory, and `why`";
    if !matches!(node.value, Value::Map(_)) {
        return reading.kind(node, "tolerate", wanted);
    }
    let words = [TOLERATE_WORDS.as_slice(), &[WHY]].concat();
    let fields = reading.fields(node, "a tolerance", &words)?;
    let why = reading.required(node, &fields, WHY, REASON);
    let differences: Vec<_> = fields.iter().filter(|(word, _)| **word != WHY).collect();
    let [(word, value)] = differences.as_slice() else {
        let words = differences.iter().map(|(word, _)| (**word).to_owned()).collect();
        return reading.fail(node.place, Problem::OneTolerance { words });
    };
    let what = match **word {
        "lines" => text_pattern(reading, value, "lines").map(Tolerable::Lines),
        "time" => reading.quantity(value, "time", parse_tolerance).map(Tolerable::Time),
        "edges" => edges(reading, value),
        "order" => pin_word(reading, value).map(Tolerable::Order),
        _ => memory(reading, value).map(Tolerable::Memory),
    };
    let why = why.and_then(|node| reason(reading, node));
    Some(Tolerated { what: what?, why: why? })
}

fn reason(reading: &mut Reading<'_>, node: &Node) -> Option<String> {
    let text = reading.text(node, WHY)?;
    if text.trim().is_empty() {
        return reading.fail(node.place, Problem::Missing { key: WHY, advice: REASON });
    }
    Some(text)
}

fn edges(reading: &mut Reading<'_>, node: &Node) -> Option<Tolerable> {
    if !matches!(node.value, Value::Map(_)) {
        return pin_word(reading, node).map(|pin| Tolerable::Edges(pin, None));
    }
    let fields = reading.fields(node, "edges", &EDGES_WORDS)?;
    let pin = reading.required(node, &fields, "pin", "say which: `pin: LED`");
    let advice = "say how far: `time: 2ms`; to compare none of its edges: `edges: LED`";
    let time = reading.required(node, &fields, "time", advice);
    let pin = pin.and_then(|node| pin_word(reading, node));
    let time = time.and_then(|node| reading.quantity(node, "time", parse_tolerance));
    Some(Tolerable::Edges(pin?, Some(time?)))
}

/// One slack for all figures, or one for each.
fn memory(reading: &mut Reading<'_>, node: &Node) -> Option<Vec<(Figure, Slack)>> {
    let Value::Map(entries) = &node.value else {
        let slack = reading.quantity(node, "memory", parse_slack)?;
        return Some(MEMORY_WORDS.map(|figure| (figure, slack)).to_vec());
    };
    if entries.is_empty() {
        return reading.kind(node, "memory", "`5%`, or figures: `{ heap.used: 64 B }`");
    }
    let read: Vec<_> = entries
        .iter()
        .map(|(word, slack)| {
            let slack = reading.quantity(slack, "memory", parse_slack);
            Some((figure(reading, word)?, slack?))
        })
        .collect();
    read.into_iter().collect()
}

fn figure(reading: &mut Reading<'_>, node: &Node) -> Option<Figure> {
    let word = reading.text(node, "memory")?;
    let known = Figure::of_word(&word).filter(|figure| MEMORY_WORDS.contains(figure));
    match known {
        Some(figure) => Some(figure),
        None => {
            let known = MEMORY_WORDS.map(Figure::word);
            reading.fail(node.place, Problem::unknown("figure of memory", &word, known))
        }
    }
}
