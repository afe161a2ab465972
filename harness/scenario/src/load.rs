//! Reads a scenario file: its top level.
//!
//! Each key is read by itself, so that one wrong key hides no other. What is
//! common to all values is in `reading.rs`, the steps are in `step.rs`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use replab_board::Board;

use crate::cases::{self, Case};
use crate::error::{Problem, ScenarioErrors};
use crate::lesson::Lesson;
use crate::reading::Reading;
use crate::scenario::{Need, Scenario, Step};
use crate::tree::{self, Node, Place, Style, Value};
use crate::{action, file, step, tolerate};

/// The keys of a scenario's top level.
pub const FILE_WORDS: [&str; 15] = [
    "replab", "name", "lesson", "section", "boards", "needs", "files", "seed", "cores", "never",
    "fails", "tolerate", "steps", "cases", "sweep",
];

/// The words of `needs:`.
pub const NEED_WORDS: [&str; 11] = [
    "gpio", "irq", "i2c", "files", "memory", "exact", "power", "analog", "findings", "noise",
    "wires",
];

/// The board of a scenario that lists none, where nobody says otherwise.
pub const DEFAULT_BOARD: &str = "lab-m0";

/// The seed of a scenario that gives none.
const DEFAULT_SEED: u32 = 1;

/// The lesson of a name, or the names that there are.
pub type Lessons<'a> = dyn Fn(&str) -> Result<Arc<Lesson>, Vec<String>> + 'a;

/// What a scenario may refer to.
pub struct World<'a> {
    /// Every board, by name.
    pub boards: &'a BTreeMap<String, Board>,
    /// The board of a scenario that lists none.
    pub default_board: &'a str,
    /// Finds lessons.
    pub lesson: &'a Lessons<'a>,
    /// The content of a file, given relative to the scenario's folder.
    pub beside: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

/// The most bytes that a scenario file may have. A long lesson takes some 10 KiB.
const MOST_BYTES: usize = 1 << 20;

/// Reads and checks the scenarios that `text`, the content of `file`, holds: one, or
/// one for each of its `cases:` or values of its `sweep:`, in their order. `identity` is the
/// file's; that of a case is `IDENTITY[CASE]`.
///
/// # Errors
///
/// All that is wrong with them, each with its place.
pub fn load(
    file: &Path,
    identity: &str,
    text: &str,
    world: &World<'_>,
) -> Result<Vec<Scenario>, ScenarioErrors> {
    let mut reading = Reading::new(world, text);
    let cases = reading.cases();
    let mut errors = reading.errors;
    let mut scenarios = Vec::new();
    for case in cases {
        let identity = match &case.name {
            Some(name) => format!("{identity}[{name}]"),
            None => identity.to_owned(),
        };
        let mut reading = Reading::new(world, text);
        let scenario = reading.scenario(&case.root, file, &identity);
        scenarios.extend(scenario.map(|one| Scenario { swept: case.swept, ..one }));
        errors.extend(reading.errors.into_iter().map(|error| error.of_value(&case.uses)));
    }
    if errors.is_empty() && !scenarios.is_empty() {
        return Ok(scenarios);
    }
    debug_assert!(!errors.is_empty(), "whoever gives up says why");
    Err(ScenarioErrors::of(errors, file, text))
}

impl Reading<'_> {
    fn cases(&mut self) -> Vec<Case> {
        if self.text.len() > MOST_BYTES {
            let why = format!("{} bytes, where {MOST_BYTES} are the most", self.text.len());
            self.note(Place { line: 1, ..Place::default() }, Problem::TooLarge { why });
            return Vec::new();
        }
        match tree::read(self.text) {
            Ok(root) => {
                self.duplicates(&root);
                cases::read(self, root)
            }
            Err(unreadable) => {
                self.note(unreadable.place, *unreadable.problem);
                Vec::new()
            }
        }
    }

    fn scenario(&mut self, root: &Node, file: &Path, identity: &str) -> Option<Scenario> {
        let fields = self.known_fields(root, "the scenario", &FILE_WORDS)?;
        self.version(root, &fields)?;
        let lesson = fields.get("lesson").and_then(|node| self.text(node, "lesson"));
        self.find_lesson(fields.get("lesson").copied(), lesson.as_deref());
        let boards = self.board_names(fields.get("boards").copied());
        let name = self.required(root, &fields, "name", "add a title: `name: the LED blinks`");
        let name = name.and_then(|node| self.text(node, "name"));
        let section = fields.get("section").and_then(|node| self.section(node));
        let needs = fields.get("needs").map(|node| self.needs(node)).unwrap_or_default();
        let files = fields
            .get("files")
            .and_then(|node| file::files(self, node, "files"))
            .unwrap_or_default();
        let seed = fields.get("seed").map_or(Some(DEFAULT_SEED), |node| self.number(node, "seed"));
        let cores = fields.get("cores").map_or(Some(1), |node| self.cores(node));
        let never =
            fields.get("never").and_then(|node| action::never(self, node)).unwrap_or_default();
        let fails = fields.get("fails").and_then(|node| action::text_pattern(self, node, "fails"));
        let tolerate =
            fields.get("tolerate").and_then(|node| tolerate::read(self, node)).unwrap_or_default();
        let steps = self.required(
            root,
            &fields,
            "steps",
            "add `steps:` with a list; the first is `- boot: repl`",
        );
        let steps = steps.and_then(|node| self.steps(node));
        Some(Scenario {
            identity: identity.to_owned(),
            file: file.to_owned(),
            name: name?,
            lesson,
            section,
            boards,
            needs,
            files,
            seed: seed?,
            cores: cores?,
            never,
            fails,
            tolerate,
            steps: steps?,
            swept: Vec::new(),
        })
    }

    fn cores(&mut self, node: &Node) -> Option<u32> {
        match node.scalar() {
            Some("1") => Some(1),
            Some("2") => Some(2),
            _ => self.kind(node, "cores", "`1`, or `2` for a board that has them"),
        }
    }

    /// Another version has other rules, so nothing else would be said of it.
    pub(crate) fn version(&mut self, root: &Node, fields: &BTreeMap<&str, &Node>) -> Option<()> {
        let Some(node) = self.required(root, fields, "replab", "the first line is `replab: 1`")
        else {
            return Some(());
        };
        match node.scalar() {
            Some("1") => Some(()),
            other => {
                let found = other.unwrap_or("?").to_owned();
                self.fail(node.place, Problem::Version { found })
            }
        }
    }

    pub(crate) fn find_lesson(&mut self, node: Option<&Node>, name: Option<&str>) {
        let (Some(node), Some(name)) = (node, name) else { return };
        match (self.world.lesson)(name) {
            Ok(lesson) => self.lesson = Some(lesson),
            Err(names) => {
                self.lesson_is_wrong = true;
                self.note(
                    node.place,
                    Problem::unknown("lesson", name, names.iter().map(String::as_str)),
                );
            }
        }
    }

    fn board_names(&mut self, node: Option<&Node>) -> Vec<String> {
        let default = Node {
            place: Place::default(),
            style: Style::Plain,
            value: Value::Text(self.world.default_board.to_owned()),
        };
        let names: Vec<Node> = match node.map(|node| (node, self.list(node, "boards"))) {
            None => vec![default],
            Some((node, Some([]))) => {
                self.kind::<()>(node, "boards", "a list with one board or more: `[lab-m0]`");
                Vec::new()
            }
            Some((_, names)) => names.unwrap_or_default().to_vec(),
        };
        let mut found = Vec::new();
        for node in &names {
            let Some(name) = self.text(node, "boards") else { continue };
            match self.world.boards.get(&name) {
                Some(board) => self.boards.push(board),
                None => {
                    let known = self.world.boards.keys().map(String::as_str);
                    self.note(node.place, Problem::unknown("board", &name, known));
                }
            }
            found.push(name);
        }
        found
    }

    fn section(&mut self, node: &Node) -> Option<String> {
        let section = self.text(node, "section")?;
        let lesson = self.lesson(node)?;
        if lesson.headings().any(|heading| heading == section) {
            return Some(section);
        }
        self.fail(node.place, Problem::unknown("heading", &section, lesson.headings()))
    }

    fn needs(&mut self, node: &Node) -> Vec<Need> {
        let items = self.list(node, "needs").unwrap_or_default().to_vec();
        items.iter().filter_map(|node| self.need(node)).collect()
    }

    fn need(&mut self, node: &Node) -> Option<Need> {
        let word = self.text(node, "needs")?;
        Some(match word.as_str() {
            "gpio" => Need::Gpio,
            "irq" => Need::Irq,
            "i2c" => Need::I2c,
            "files" => Need::Files,
            "memory" => Need::Memory,
            "exact" => Need::Exact,
            "power" => Need::Power,
            "analog" => Need::Analog,
            "findings" => Need::Findings,
            "noise" => Need::Noise,
            "wires" => Need::Wires,
            _ => return self.fail(node.place, Problem::unknown("capability", &word, NEED_WORDS)),
        })
    }

    fn steps(&mut self, node: &Node) -> Option<Vec<Step>> {
        let items = self.list(node, "steps")?;
        if items.is_empty() {
            return self.kind(node, "steps", "a list with at least one step: `- boot: repl`");
        }
        let steps: Vec<_> = items.iter().map(|item| step::read(self, item)).collect();
        steps.into_iter().collect()
    }
}
