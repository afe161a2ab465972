//! `cases:`: one file, several scenarios that differ in little.
//!
//! A case is what it overrides of the file's top level. Each is read as a file of
//! its own in which those keys stand instead, so it is checked as a whole, and
//! every place in it is one of the real file.

use std::collections::BTreeMap;

use crate::error::Problem;
use crate::reading::Reading;
use crate::sweep;
use crate::tree::{Node, Place, Value};

/// The most cases of a file.
pub const MOST_CASES: usize = 64;

/// The keys that a case can override.
pub const CASE_WORDS: [&str; 11] = [
    "name", "section", "boards", "needs", "files", "seed", "cores", "never", "fails", "tolerate",
    "steps",
];

/// A scenario of a file: the whole file as it reads for it.
pub(crate) struct Case {
    /// `None` if the file has no cases.
    pub(crate) name: Option<String>,
    pub(crate) root: Node,
    /// What is swept, and its value here.
    pub(crate) swept: Vec<(String, String)>,
    /// Where swept values are used (byte offsets), and where they stand.
    pub(crate) uses: BTreeMap<usize, Place>,
}

impl Case {
    fn new(name: Option<String>, root: Node) -> Case {
        Case { name, root, swept: Vec::new(), uses: BTreeMap::new() }
    }
}

/// The scenarios of the file that `root` is, in its order.
pub(crate) fn read(reading: &mut Reading<'_>, root: Node) -> Vec<Case> {
    let Value::Map(entries) = &root.value else { return vec![Case::new(None, root)] };
    let find = |word| entries.iter().find(|(key, _)| key.scalar() == Some(word));
    let cases = match (find("cases"), find("sweep")) {
        (None, None) => return vec![Case::new(None, root)],
        (None, Some((_, sweep))) => return sweep::read(reading, &root, entries, sweep),
        (Some((_, cases)), None) => cases,
        (Some((cases, _)), Some((sweep, _))) => {
            reading.both(cases.place, sweep.place, Problem::CasesAndSweep);
            return Vec::new();
        }
    };
    let wanted = "names and what each overrides: `{ slow: { seed: 2 } }`";
    let Value::Map(named) = &cases.value else {
        reading.kind::<()>(cases, "cases", wanted);
        return Vec::new();
    };
    if named.is_empty() {
        reading.kind::<()>(cases, "cases", wanted);
    }
    if named.len() > MOST_CASES {
        reading.note(cases.place, Problem::ManyCases { count: named.len() });
        return Vec::new();
    }
    named.iter().filter_map(|(name, over)| case(reading, entries, &root, name, over)).collect()
}

fn case(
    reading: &mut Reading<'_>,
    entries: &[(Node, Node)],
    root: &Node,
    name: &Node,
    over: &Node,
) -> Option<Case> {
    let word = reading.text(name, "cases")?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if word.is_empty() || !word.chars().all(is_plain) {
        return reading.kind(name, "cases", "a name of letters, digits, `-`, `_` and `.`");
    }
    reading.fields(over, "a case", &CASE_WORDS)?;
    let Value::Map(overriding) = &over.value else { return None };
    let mut merged: Vec<(Node, Node)> =
        entries.iter().filter(|(key, _)| key.scalar() != Some("cases")).cloned().collect();
    for (key, value) in overriding {
        match merged.iter_mut().find(|(one, _)| one.scalar() == key.scalar()) {
            Some((_, old)) if key.scalar() == Some("files") => *old = with_files(old, value),
            Some(entry) => *entry = (key.clone(), value.clone()),
            None => merged.push((key.clone(), value.clone())),
        }
    }
    let has_name = overriding.iter().any(|(key, _)| key.scalar() == Some("name"));
    if !has_name {
        give_title(&mut merged, &word);
    }
    Some(Case::new(Some(word), Node { value: Value::Map(merged), ..root.clone() }))
}

/// `files` with `more`; where a path stands in both, that of `more` counts.
fn with_files(files: &Node, more: &Node) -> Node {
    let (Value::Map(old), Value::Map(new)) = (&files.value, &more.value) else {
        return more.clone();
    };
    let is_new = |path: &Node| new.iter().any(|(one, _)| one.scalar() == path.scalar());
    let kept = old.iter().filter(|(path, _)| !is_new(path)).cloned();
    Node { value: Value::Map(kept.chain(new.iter().cloned()).collect()), ..more.clone() }
}

/// A case without a title has the file's, and says which it is.
pub(crate) fn give_title(entries: &mut [(Node, Node)], case: &str) {
    let title = entries.iter_mut().find(|(key, _)| key.scalar() == Some("name"));
    if let Some((_, Node { value: Value::Text(title), .. })) = title {
        title.push_str(&format!(" ({case})"));
    }
}
