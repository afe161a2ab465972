//! Reads what there is: boards, lessons, scenarios.
//!
//! Every scenario file is read and checked, also those that nobody asked for:
//! a title is known only then. What is wrong with a file is kept beside its
//! name, and told only if the file is selected.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use replab_scenario::{
    EXCUSES_FILE, Excuses, Lesson, PROJECT_FILE, Scenario, ScenarioErrors, World, load_excuses,
};

use crate::place::from_here;
use crate::plan::Boards;
use crate::project::says_replab;
use crate::select::Candidate;
use crate::{Place, RunError};

/// A scenario file.
#[derive(Debug)]
pub(crate) struct Entry {
    /// How it is called, and where it is.
    pub(crate) name: Name,
    /// What it says.
    pub(crate) scenario: Result<Scenario, ScenarioErrors>,
}

/// How a scenario is called, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// Its path below the scenarios folder without the ending; the stem for a file
    /// elsewhere. That of a case ends with the case's name: `PATH[CASE]`.
    pub(crate) identity: String,
    /// Its canonical path.
    pub(crate) file: PathBuf,
    /// Whether it lies below the scenarios folder.
    pub(crate) is_inside: bool,
}

impl Entry {
    /// What filters look at.
    pub(crate) fn candidate(&self) -> Candidate<'_> {
        let title = self.scenario.as_ref().ok().map(|scenario| scenario.name.as_str());
        Candidate { identity: &self.name.identity, title, file: &self.name.file }
    }
}

/// The boards of `place` by name: those that the lab brings, and the project's own.
pub(crate) fn boards(place: &Place) -> Result<Boards, RunError> {
    let no_boards =
        || RunError::NoBoards { folder: place.boards.clone(), advice: place.home_advice() };
    if !place.boards.is_dir() {
        return Err(no_boards());
    }
    let mut boards = Boards::new();
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in [Some(&place.boards), place.own_boards.as_ref()].into_iter().flatten() {
        for file in files_in(folder, &["yaml"])? {
            let board = replab_board::load(&from_here(&file), &text_of(&file)?)?;
            if let Some(one) = files.insert(board.name.clone(), file.clone()) {
                return Err(RunError::SameBoard { board: board.name, one, other: file });
            }
            boards.insert(board.name.clone(), board);
        }
    }
    if boards.is_empty() {
        return Err(no_boards());
    }
    Ok(boards)
}

/// Where scenarios are looked for, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folder<'a> {
    pub(crate) path: &'a Path,
    /// Whether YAML files that say no `replab:` are left alone.
    is_mixed: bool,
    default_board: &'a str,
}

impl<'a> Folder<'a> {
    /// The folder that the command line names, or that of `place`.
    pub(crate) fn of(place: &'a Place, named: Option<&'a Path>) -> Folder<'a> {
        let path = named.unwrap_or(&place.scenarios);
        let is_mixed = place.is_mixed && path == place.scenarios;
        Folder { path, is_mixed, default_board: &place.default_board }
    }

    /// Whether `file`, which lies in it, is a scenario.
    fn has(self, file: &Path) -> bool {
        let is_other = file.file_name().is_some_and(|name| name == PROJECT_FILE);
        // One that cannot be read is told as such later.
        let says = || fs::read_to_string(file).map_or(true, |text| says_replab(&text));
        !is_other && !is_excuses(file) && (!self.is_mixed || says())
    }
}

/// Lessons by name, and the edition that stands in for one of them or for all.
#[derive(Debug)]
pub(crate) struct Lessons {
    stored: BTreeMap<String, Arc<Lesson>>,
    other: Option<Edition>,
}

/// A lesson file that the user named.
#[derive(Debug)]
struct Edition {
    name: String,
    lesson: Arc<Lesson>,
}

impl Lessons {
    /// The lessons in `folder`, with the one at `other`, if there is one, in place of its name's.
    pub(crate) fn read(folder: &Path, other: Option<&Path>) -> Result<Lessons, RunError> {
        let mut stored = BTreeMap::new();
        for file in lesson_files(folder)? {
            stored.insert(stem(&file), lesson(&file)?);
        }
        let other = match other {
            None => None,
            Some(file) => Some(Edition { name: stem(file), lesson: lesson(file)? }),
        };
        Ok(Lessons { stored, other })
    }

    /// Whether a scenario of `lesson` is to be played: with another edition, only those that it is for.
    pub(crate) fn concerns(&self, lesson: Option<&str>) -> bool {
        match (&self.other, lesson) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(edition), Some(lesson)) => self.stands_for(edition, lesson),
        }
    }

    /// The edition that the user named.
    pub(crate) fn edition(&self) -> Option<&Lesson> {
        self.other.as_ref().map(|edition| &*edition.lesson)
    }

    /// The lesson with this name.
    fn get(&self, name: &str) -> Option<Arc<Lesson>> {
        match &self.other {
            Some(edition) if self.stands_for(edition, name) => Some(Arc::clone(&edition.lesson)),
            _ => self.stored.get(name).cloned(),
        }
    }

    /// An edition stands for the lesson of its name; for each, if its name is no lesson's.
    fn stands_for(&self, edition: &Edition, name: &str) -> bool {
        edition.name == name || !self.stored.contains_key(&edition.name)
    }

    fn names(&self) -> Vec<String> {
        self.stored.keys().cloned().collect()
    }
}

/// The lessons in `folder`, sorted. Scenarios without a lesson need no such folder.
pub(crate) fn lesson_files(folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    if folder.is_dir() { files_in(folder, &["md"]) } else { Ok(Vec::new()) }
}

/// The scenarios in `folder`, in the order of their files' identities and of the
/// cases in a file, and those in the files of `outside` (canonical paths) that lie elsewhere.
pub(crate) fn scenarios(
    folder: Folder<'_>,
    outside: &[PathBuf],
    boards: &Boards,
    lessons: &Lessons,
) -> Result<Vec<Entry>, RunError> {
    let mut files = Vec::new();
    match folder.path.canonicalize() {
        Ok(root) => {
            for file in files_below(&root)?.into_iter().filter(|file| folder.has(file)) {
                let below = file.strip_prefix(&root).unwrap_or(&file).with_extension("");
                let identity = below.to_string_lossy().into_owned();
                let name = Name { identity, file, is_inside: true };
                files.push((name.identity.clone(), read(name, folder, boards, lessons)?));
            }
        }
        // Files elsewhere need no scenarios folder.
        Err(_) if !outside.is_empty() => {}
        Err(source) => return Err(RunError::Unreadable { path: folder.path.to_owned(), source }),
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut entries: Vec<Entry> = files.into_iter().flat_map(|(_, entries)| entries).collect();
    for file in outside {
        if !entries.iter().any(|entry| entry.name.file == *file) {
            let name = Name { identity: stem(file), file: file.clone(), is_inside: false };
            entries.extend(read(name, folder, boards, lessons)?);
        }
    }
    Ok(entries)
}

/// Every file of excuses below `folder`, which is the folder of the scenarios.
pub(crate) fn excuses(
    folder: &Path,
    lessons: &Lessons,
) -> Result<Vec<Result<Excuses, ScenarioErrors>>, RunError> {
    let find = |name: &str| lessons.get(name).ok_or_else(|| lessons.names());
    let files = files_below(folder)?.into_iter().filter(|file| is_excuses(file));
    let read =
        |file: PathBuf| Ok(load_excuses(Path::new(&from_here(&file)), &text_of(&file)?, &find));
    files.map(read).collect()
}

/// What is not covered of a lesson stands beside its scenarios, and is none.
fn is_excuses(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == EXCUSES_FILE)
}

/// The scenarios of a file: several, if it has cases.
fn read(
    name: Name,
    folder: Folder<'_>,
    boards: &Boards,
    lessons: &Lessons,
) -> Result<Vec<Entry>, RunError> {
    let text = text_of(&name.file)?;
    let world = World {
        boards,
        default_board: folder.default_board,
        lesson: &|lesson| lessons.get(lesson).ok_or_else(|| lessons.names()),
        beside: &|path| fs::read(name.file.with_file_name("").join(path)),
    };
    let shown = from_here(&name.file);
    let scenarios = match replab_scenario::load(Path::new(&shown), &name.identity, &text, &world) {
        Ok(scenarios) => scenarios,
        Err(errors) => return Ok(vec![Entry { name, scenario: Err(errors) }]),
    };
    let entry = |scenario: Scenario| Entry {
        name: Name { identity: scenario.identity.clone(), ..name.clone() },
        scenario: Ok(scenario),
    };
    Ok(scenarios.into_iter().map(entry).collect())
}

/// Scenario files below `folder`, sorted. What begins with a dot is no scenario.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let mut files = files_in(folder, &["yaml", "yml"])?;
    for below in listed(folder)?.into_iter().filter(|path| path.is_dir() && !path.is_symlink()) {
        files.extend(files_below(&below)?);
    }
    files.sort();
    Ok(files)
}

/// Files of `folder` with one of these endings, sorted.
fn files_in(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, RunError> {
    let has_ending = |path: &PathBuf| {
        path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one))
    };
    let mut files = listed(folder)?;
    files.retain(|path| has_ending(path) && path.is_file());
    files.sort();
    Ok(files)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let unreadable = |source| RunError::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn lesson(file: &Path) -> Result<Arc<Lesson>, RunError> {
    Ok(Arc::new(Lesson::parse(from_here(file), &text_of(file)?)))
}

fn text_of(file: &Path) -> Result<String, RunError> {
    fs::read_to_string(file)
        .map_err(|source| RunError::Unreadable { path: file.to_owned(), source })
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
