//! Reads `replab.yaml`: where a course that lives in a folder of its own has its parts.
//!
//! Every key is a default that the command line, or nothing, would say otherwise.
//! The format is read as scenarios are, with the same errors. What paths lead to is
//! asked through [`ProjectWorld`], because it must be there.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use replab_record::Timing;

use crate::error::{Problem, ScenarioErrors};
use crate::load::World;
use crate::reading::Reading;
use crate::tree::{self, Node};

/// The name of a project's file, at the project's root.
pub const PROJECT_FILE: &str = "replab.yaml";

/// The keys of its top level.
pub const PROJECT_WORDS: [&str; 7] =
    ["replab", "lessons", "scenarios", "boards", "firmware", "board", "timing"];

/// The values of `timing:`.
const TIMING_WORDS: [&str; 2] = ["exact", "wall"];

/// What a project says of itself. Paths are as written: relative to the project's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// The folder of its lessons.
    pub lessons: Option<PathBuf>,
    /// The folder of its scenarios.
    pub scenarios: Option<PathBuf>,
    /// The folder of board files of its own.
    pub boards: Option<PathBuf>,
    /// ELF files by the board that runs them.
    pub firmware: BTreeMap<String, PathBuf>,
    /// The board of scenarios that list none.
    pub board: Option<String>,
    /// What drives the clock, where the command line does not say.
    pub timing: Option<Timing>,
}

/// What a project's file may refer to. Paths are relative to the file.
pub struct ProjectWorld<'a> {
    /// Whether a folder is there.
    pub is_folder: &'a dyn Fn(&Path) -> bool,
    /// Whether a file is there.
    pub is_file: &'a dyn Fn(&Path) -> bool,
    /// The names of all boards: those that replab brings, and those in the folder, if one is given.
    pub boards: &'a dyn Fn(Option<&Path>) -> Vec<String>,
}

/// Reads and checks the project that `text`, the content of `file`, describes.
///
/// # Errors
///
/// All that is wrong with it, each with its place; also what it names and is not there.
pub fn load_project(
    file: &Path,
    text: &str,
    world: &ProjectWorld<'_>,
) -> Result<Project, ScenarioErrors> {
    let nothing = World {
        boards: &BTreeMap::new(),
        default_board: "",
        lesson: &|_| Err(Vec::new()),
        beside: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    let mut reading = Reading::new(&nothing, text);
    let project = reading.project(world);
    match project {
        Some(project) if reading.errors.is_empty() => Ok(project),
        _ => Err(ScenarioErrors::of(reading.errors, file, text)),
    }
}

impl Reading<'_> {
    fn project(&mut self, world: &ProjectWorld<'_>) -> Option<Project> {
        let root = match tree::read(self.text) {
            Ok(root) => root,
            Err(unreadable) => return self.fail(unreadable.place, *unreadable.problem),
        };
        self.duplicates(&root);
        let fields = self.known_fields(&root, "the project", &PROJECT_WORDS)?;
        self.version(&root, &fields)?;
        let mut folder = |key| fields.get(key).and_then(|node| self.folder(node, key, world));
        let (lessons, scenarios) = (folder("lessons"), folder("scenarios"));
        let boards = folder("boards");
        let known = (world.boards)(boards.as_deref());
        let firmware = fields.get("firmware").and_then(|node| self.firmware(node, &known, world));
        let board = fields.get("board").and_then(|node| self.known_board(node, &known));
        let timing = fields.get("timing").and_then(|node| self.timing(node));
        let firmware = firmware.unwrap_or_default();
        Some(Project { lessons, scenarios, boards, firmware, board, timing })
    }

    fn folder(&mut self, node: &Node, key: &str, world: &ProjectWorld<'_>) -> Option<PathBuf> {
        let path = self.relative(node, key)?;
        if (world.is_folder)(&path) {
            return Some(path);
        }
        self.fail(node.place, Problem::Absent { what: "folder", path: path.display().to_string() })
    }

    fn firmware(
        &mut self,
        node: &Node,
        known: &[String],
        world: &ProjectWorld<'_>,
    ) -> Option<BTreeMap<String, PathBuf>> {
        let tree::Value::Map(entries) = &node.value else {
            return self.kind(node, "firmware", "boards and their files: `lab-m0: build/mine.elf`");
        };
        let mut firmware = BTreeMap::new();
        for (board, file) in entries {
            let board = self.known_board(board, known);
            let Some(path) = self.relative(file, "firmware") else { continue };
            if !(world.is_file)(&path) {
                let path = path.display().to_string();
                self.note(file.place, Problem::Absent { what: "file", path });
            } else if let Some(board) = board {
                firmware.insert(board, path);
            }
        }
        Some(firmware)
    }

    /// A path that means the same wherever the project's folder is.
    fn relative(&mut self, node: &Node, key: &str) -> Option<PathBuf> {
        let path = self.text(node, key)?;
        if path.is_empty() {
            return self.kind(node, key, "a path, relative to this file");
        }
        if Path::new(&path).is_absolute() {
            return self.fail(node.place, Problem::Absolute { path });
        }
        Some(path.into())
    }

    fn known_board(&mut self, node: &Node, known: &[String]) -> Option<String> {
        let name = self.text(node, "board")?;
        if known.contains(&name) {
            return Some(name);
        }
        let known = known.iter().map(String::as_str);
        self.fail(node.place, Problem::unknown("board", &name, known))
    }

    fn timing(&mut self, node: &Node) -> Option<Timing> {
        match self.text(node, "timing")?.as_str() {
            "exact" => Some(Timing::Exact),
            "wall" => Some(Timing::Wall),
            word => self.fail(node.place, Problem::unknown("clock", word, TIMING_WORDS)),
        }
    }
}
