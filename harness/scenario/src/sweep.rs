//! `sweep:`: one file, one scenario for each value of something in its steps.
//!
//! `$NAME` stands in the steps where a value does. Each run is read as a file of its
//! own in which its values stand there instead, so whatever reads values takes swept
//! ones without knowing of it. What is wrong with a value is told once, where the
//! value stands, with the place of its use.

use std::collections::BTreeMap;

use crate::cases::{Case, give_title};
use crate::error::Problem;
use crate::range;
use crate::reading::Reading;
use crate::tree::{Node, Place, Style, Value};

/// The most runs that a sweep makes.
pub const MOST_RUNS: usize = 1000;

/// The values of one name.
struct Swept {
    name: String,
    place: Place,
    values: Vec<SweptValue>,
}

/// One value.
#[derive(Clone)]
pub(crate) struct SweptValue {
    /// As the name of a run has it: without blanks.
    pub(crate) shown: String,
    /// What stands in the steps for it. Its place is that of the value.
    pub(crate) node: Node,
}

/// The scenarios of a file with the top level `entries`, of which `sweep` is one.
pub(crate) fn read(
    reading: &mut Reading<'_>,
    root: &Node,
    entries: &[(Node, Node)],
    sweep: &Node,
) -> Vec<Case> {
    let Some(all) = names(reading, sweep) else { return Vec::new() };
    for one in all.iter().filter(|one| !is_used(entries, &one.name)) {
        reading.note(one.place, Problem::UnusedSweep { name: one.name.clone() });
    }
    // What is swept in vain keeps nobody from reading the steps.
    let errors = reading.errors.len();
    check_uses(reading, entries, &all);
    let runs = all.iter().try_fold(1_usize, |runs, one| runs.checked_mul(one.values.len()));
    if runs.is_none_or(|runs| runs > MOST_RUNS) {
        reading.note(sweep.place, Problem::ManyRuns { count: runs.unwrap_or(usize::MAX) });
    }
    if reading.errors.len() != errors {
        return Vec::new();
    }
    product(&all).iter().map(|values| case(root, entries, values)).collect()
}

fn names(reading: &mut Reading<'_>, sweep: &Node) -> Option<Vec<Swept>> {
    let wanted = "names and their values: `{ press-at: { from: 0ms, to: 95ms, step: 5ms } }`";
    let entries = match &sweep.value {
        Value::Map(entries) if !entries.is_empty() => entries,
        _ => return reading.kind(sweep, "sweep", wanted),
    };
    let all: Vec<_> =
        entries.iter().map(|(name, values)| one_name(reading, name, values)).collect();
    all.into_iter().collect()
}

fn one_name(reading: &mut Reading<'_>, name: &Node, values: &Node) -> Option<Swept> {
    let word = reading.text(name, "sweep")?;
    if name_length(&word) != word.len() || word.is_empty() {
        return reading.kind(
            name,
            "sweep",
            "a name that begins with a letter, and goes on with letters, digits, `-` and `_`",
        );
    }
    let found = match &values.value {
        Value::List(items) if !items.is_empty() => list(reading, items)?,
        Value::Map(_) => range::read(reading, values)?,
        _ => {
            let wanted = "a list of values, `{ from: 0ms, to: 95ms, step: 5ms }` or `{ from: 0%, to: 100%, count: 11 }`";
            return reading.kind(values, &word, wanted);
        }
    };
    Some(Swept { name: word, place: name.place, values: found })
}

fn list(reading: &mut Reading<'_>, items: &[Node]) -> Option<Vec<SweptValue>> {
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    let errors = reading.errors.len();
    let mut values = Vec::new();
    for item in items {
        let Some(text) = reading.text(item, "a swept value") else { continue };
        let shown: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if shown.is_empty() || !shown.chars().all(can_stand_in_name) {
            reading.note(item.place, Problem::SweptValue { text });
        } else if let Some(first) = seen.insert(shown.clone(), item.place) {
            reading.twice(item.place, first, shown);
        } else {
            values.push(SweptValue { shown, node: item.clone() });
        }
    }
    (reading.errors.len() == errors).then_some(values)
}

/// What a run's name can hold: it names files too.
fn can_stand_in_name(c: char) -> bool {
    c.is_alphanumeric() || "-_.+%°±".contains(c)
}

fn is_used(entries: &[(Node, Node)], name: &str) -> bool {
    let mut uses = Vec::new();
    steps(entries).for_each(|(_, steps)| references(steps, &mut uses));
    uses.iter().any(|(used, _)| *used == name)
}

/// Each name that is used is swept.
fn check_uses(reading: &mut Reading<'_>, entries: &[(Node, Node)], all: &[Swept]) {
    let mut uses = Vec::new();
    steps(entries).for_each(|(_, steps)| references(steps, &mut uses));
    for (name, place) in &uses {
        if !all.iter().any(|one| one.name == *name) {
            let known = all.iter().map(|one| one.name.as_str());
            reading.note(*place, Problem::unknown("swept name", name, known));
        }
    }
}

fn steps(entries: &[(Node, Node)]) -> impl Iterator<Item = &(Node, Node)> {
    entries.iter().filter(|(key, _)| key.scalar() == Some("steps"))
}

/// The names that stand below `node`, and where.
fn references<'n>(node: &'n Node, found: &mut Vec<(&'n str, Place)>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| references(item, found)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| references(value, found)),
        _ => found.extend(reference(node).map(|(name, _)| (name, node.place))),
    }
}

/// The name in `node`, if it is `$NAME`, and the tolerance behind it, if there is one:
/// `$NAME ±1%`. What is quoted is text.
fn reference(node: &Node) -> Option<(&str, &str)> {
    let Value::Text(text) = &node.value else { return None };
    let rest = text.strip_prefix('$').filter(|_| node.style == Style::Plain)?;
    let (name, tolerance) = rest.split_at(name_length(rest));
    let signs = ["±", "+-"];
    let is_tolerance = |text: &str| signs.iter().any(|sign| text.trim_start().starts_with(sign));
    let is_whole = !name.is_empty() && (tolerance.is_empty() || is_tolerance(tolerance));
    is_whole.then_some((name, tolerance))
}

/// How many bytes of `text` are a name.
fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(text.len())
}

/// One value of each name, for each way to take them; that of the last name changes first.
fn product(all: &[Swept]) -> Vec<Vec<(&str, &SweptValue)>> {
    all.iter().fold(vec![Vec::new()], |before, one| {
        let with =
            |taken: &Vec<_>, value| [taken.as_slice(), &[(one.name.as_str(), value)]].concat();
        before
            .iter()
            .flat_map(|taken| one.values.iter().map(move |value| with(taken, value)))
            .collect()
    })
}

/// The file as it reads with `values`.
fn case(root: &Node, entries: &[(Node, Node)], values: &[(&str, &SweptValue)]) -> Case {
    let swept: Vec<(String, String)> =
        values.iter().map(|(name, value)| ((*name).to_owned(), value.shown.clone())).collect();
    let parts: Vec<String> = swept.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let name = parts.join(",");
    let mut uses = BTreeMap::new();
    let mut file: Vec<(Node, Node)> =
        entries.iter().filter(|(key, _)| key.scalar() != Some("sweep")).cloned().collect();
    for (_, steps) in file.iter_mut().filter(|(key, _)| key.scalar() == Some("steps")) {
        put(steps, values, &mut uses);
    }
    give_title(&mut file, &name);
    let root = Node { value: Value::Map(file), ..root.clone() };
    Case { name: Some(name), root, swept, uses }
}

/// Puts `values` in place of their names below `node`, and notes which stands where.
fn put(node: &mut Node, values: &[(&str, &SweptValue)], uses: &mut BTreeMap<usize, Place>) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| put(item, values, uses)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, one)| put(one, values, uses)),
        _ => {
            let Some((name, tolerance)) = reference(node) else { return };
            let Some((_, value)) = values.iter().find(|(one, _)| *one == name) else { return };
            uses.insert(node.place.offset, value.node.place);
            node.value = match (&value.node.value, value.node.scalar()) {
                (_, Some(text)) if !tolerance.is_empty() => {
                    Value::Text(format!("{text}{tolerance}"))
                }
                (whole, _) => whole.clone(),
            };
            node.style = value.node.style;
        }
    }
}
