//! Reads `coverage.yaml`: what of a lesson no scenario covers, and why.
//!
//! A lesson belongs to its author, so what its text leaves open stands beside
//! the scenarios. The format is read as scenarios are, with the same errors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use super::outputs::{Output, code_lines, outputs};
use crate::error::{Located, Problem, ScenarioErrors};
use crate::load::{Lessons, World};
use crate::reading::Reading;
use crate::tree::{self, Node, Place};

/// The name of a file of excuses, in the folder of a lesson's scenarios.
pub const EXCUSES_FILE: &str = "coverage.yaml";

/// The keys of its top level.
const WORDS: [&str; 3] = ["replab", "lesson", "excuses"];

/// The keys of an excuse.
const EXCUSE_WORDS: [&str; 4] = ["section", "block", "after", "reason"];

/// Excuses for one lesson, checked against its text.
#[derive(Clone, Debug)]
pub struct Excuses {
    /// The lesson, by its file name without the ending.
    pub lesson: String,
    file: PathBuf,
    text: String,
    pub(super) excuses: Vec<Excuse>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Excuse {
    place: Place,
    of: Excused,
    pub(super) reason: String,
}

/// What is excused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Excused {
    /// A section without code.
    Section(String),
    /// A block, with all that its text claims.
    Block(String),
    /// The outputs that a block's text claims of this code.
    Output { block: String, after: String },
}

impl Excused {
    /// What `output`, which `block` claims, is called in an excuse.
    pub(super) fn output(block: &str, output: &Output) -> Excused {
        Excused::Output { block: block.to_owned(), after: after(output) }
    }

    /// What stands in the file for it.
    fn name(&self) -> &str {
        match self {
            Excused::Section(name) | Excused::Block(name) | Excused::Output { after: name, .. } => {
                name
            }
        }
    }
}

impl fmt::Display for Excused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excused::Section(heading) => write!(f, "section `{heading}`"),
            Excused::Block(block) => write!(f, "block `{block}`"),
            Excused::Output { block, after } => {
                write!(f, "the output after `{after}` in `{block}`")
            }
        }
    }
}

/// The first line of the code that an output is of.
pub(super) fn after(output: &Output) -> String {
    output.code.first().cloned().unwrap_or_default()
}

impl Excuses {
    /// The reason for which `what` is excused.
    pub(super) fn reason(&self, what: &Excused) -> Option<&str> {
        self.excuses.iter().find(|excuse| excuse.of == *what).map(|excuse| excuse.reason.as_str())
    }

    /// The errors of those excuses for which `covering` finds scenarios.
    pub(super) fn needless(
        &self,
        covering: impl Fn(&Excused) -> Vec<String>,
    ) -> Result<(), ScenarioErrors> {
        let needless = |excuse: &Excuse| {
            let scenarios = covering(&excuse.of);
            let what = excuse.of.to_string();
            (!scenarios.is_empty())
                .then(|| Located::new(excuse.place, Problem::NeedlessExcuse { what, scenarios }))
        };
        let errors: Vec<_> = self.excuses.iter().filter_map(needless).collect();
        if errors.is_empty() {
            return Ok(());
        }
        Err(ScenarioErrors::of(errors, &self.file, &self.text))
    }
}

/// Reads and checks the excuses that `text`, the content of `file`, holds.
///
/// # Errors
///
/// All that is wrong with it, each with its place; also what the lesson does not have.
pub fn load_excuses(
    file: &Path,
    text: &str,
    lessons: &Lessons<'_>,
) -> Result<Excuses, ScenarioErrors> {
    let world = World {
        boards: &BTreeMap::new(),
        default_board: "",
        lesson: lessons,
        beside: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    let mut reading = Reading::new(&world, text);
    let read = reading.excuses();
    match read {
        Some((lesson, excuses)) if reading.errors.is_empty() => {
            Ok(Excuses { lesson, file: file.to_owned(), text: text.to_owned(), excuses })
        }
        _ => Err(ScenarioErrors::of(reading.errors, file, text)),
    }
}

impl Reading<'_> {
    fn excuses(&mut self) -> Option<(String, Vec<Excuse>)> {
        let root = match tree::read(self.text) {
            Ok(root) => root,
            Err(unreadable) => {
                return self.fail(unreadable.place, *unreadable.problem);
            }
        };
        self.duplicates(&root);
        let fields = self.known_fields(&root, "the file of excuses", &WORDS)?;
        self.version(&root, &fields)?;
        let advice = "say which: `lesson: 01-some-lesson`, its file name without the ending";
        let node = self.required(&root, &fields, "lesson", advice)?;
        let lesson = self.text(node, "lesson")?;
        self.find_lesson(Some(node), Some(&lesson));
        let advice = "add `excuses:` with a list, or delete the file";
        let items = self.required(&root, &fields, "excuses", advice)?;
        let items = self.list(items, "excuses")?;
        let excuses = items.iter().filter_map(|item| self.excuse(item)).collect();
        Some((lesson, self.once(excuses)))
    }

    fn excuse(&mut self, node: &Node) -> Option<Excuse> {
        let fields = self.fields(node, "an excuse", &EXCUSE_WORDS)?;
        let (of, place) = match (fields.get("section"), fields.get("block"), fields.get("after")) {
            (Some(section), None, None) => (self.excused_section(section)?, section.place),
            (None, Some(block), None) => (Excused::Block(self.block(block)?.name), block.place),
            (None, Some(block), Some(after)) => (self.excused_output(block, after)?, after.place),
            _ => {
                let wanted = "about one thing: `section: HEADING`, `block: \"HEADING#1\"`, or a block and `after: CODE`";
                return self.kind(node, "an excuse", wanted);
            }
        };
        let advice = "say why no scenario covers it: `reason: …`";
        let reason = self.required(node, &fields, "reason", advice)?;
        match self.text(reason, "reason")?.trim() {
            "" => self.fail(reason.place, Problem::Missing { key: "reason", advice }),
            text => Some(Excuse { place, of, reason: text.to_owned() }),
        }
    }

    fn excused_section(&mut self, node: &Node) -> Option<Excused> {
        let heading = self.text(node, "section")?;
        let lesson = self.lesson(node)?;
        let sections: Vec<_> =
            lesson.sections().iter().filter(|section| section.heading == heading).collect();
        if sections.is_empty() {
            let known = lesson.headings();
            return self.fail(node.place, Problem::unknown("heading", &heading, known));
        }
        if sections.iter().all(|section| !section.blocks.is_empty()) {
            let blocks = sections.iter().flat_map(|section| &section.blocks);
            let blocks = blocks.map(|block| block.name.clone()).collect();
            return self.fail(node.place, Problem::ExcusedCode { heading, blocks });
        }
        Some(Excused::Section(heading))
    }

    fn excused_output(&mut self, block: &Node, after: &Node) -> Option<Excused> {
        let block = self.block(block)?;
        let written = self.text(after, "after")?;
        let code = code_lines(&[written.trim_start_matches(">>> ").trim().to_owned()]).concat();
        let known: Vec<_> = outputs(&block).iter().map(self::after).collect();
        if known.contains(&code) {
            return Some(Excused::Output { block: block.name, after: code });
        }
        let known = known.iter().map(String::as_str);
        self.fail(after.place, Problem::unknown("code with a claimed output", &written, known))
    }

    /// Notes what is excused twice.
    fn once(&mut self, excuses: Vec<Excuse>) -> Vec<Excuse> {
        let mut seen: BTreeMap<&Excused, Place> = BTreeMap::new();
        for excuse in &excuses {
            if let Some(first) = seen.insert(&excuse.of, excuse.place) {
                let problem = Problem::Duplicate { key: excuse.of.name().to_owned() };
                self.errors
                    .push(Located::new(excuse.place, problem).and(first, "the first is here"));
            }
        }
        excuses
    }
}
