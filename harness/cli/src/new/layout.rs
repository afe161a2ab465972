//! Where a new lesson's files go, and what stands in those that are no scenarios.

use std::fs;
use std::path::{Path, PathBuf};

use replab_scenario::PROJECT_FILE;

use super::error::NewError;
use crate::place::{OUTPUT, from_here};
use crate::{Place, RunError};

/// Where things go.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The lesson's name.
    pub(crate) name: String,
    /// Its file.
    pub(crate) lesson: PathBuf,
    /// The folder of its scenarios, which is not there, or empty.
    pub(crate) folder: PathBuf,
    /// The lesson is made too.
    is_made: bool,
    /// The root of a project to be, and what its file says; `None` if there is one.
    project: Option<(PathBuf, String)>,
}

impl Layout {
    /// For the lesson that `word` names, in the project of `place` or in `current`.
    pub(crate) fn of(word: &str, place: &Place, current: &Path) -> Result<Layout, NewError> {
        let root = place.project.clone().unwrap_or_else(|| current.to_owned());
        let is_project = root.join(PROJECT_FILE).is_file() || place.boards == root.join("boards");
        let lessons = match &place.project {
            Some(_) => place.lessons.clone(),
            None => root.join("lessons"),
        };
        let scenarios = match &place.project {
            Some(_) if is_project || holds_yaml(&place.scenarios) => place.scenarios.clone(),
            _ => root.join("scenarios"),
        };
        let (lesson, is_made) = lesson(word, &lessons, current)?;
        let lesson = lesson.canonicalize().unwrap_or(lesson);
        let name = lesson.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !is_name(&name) {
            return Err(NewError::Name { name });
        }
        let project = if is_project {
            check_lies_in(&lesson, &lessons)?;
            None
        } else {
            Some((root.clone(), project_text(&root, &lesson, &scenarios)?))
        };
        let folder = scenarios.join(&name);
        if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let again = format!("{} {name}", place.again);
            return Err(NewError::Taken { folder: from_here(&folder).into(), again });
        }
        Ok(Layout { name, lesson, folder, is_made, project })
    }

    /// The text of the lesson.
    pub(crate) fn lesson_text(&self) -> Result<String, RunError> {
        if self.is_made {
            return Ok(small_lesson(&self.name));
        }
        fs::read_to_string(&self.lesson)
            .map_err(|source| RunError::Unreadable { path: self.lesson.clone(), source })
    }

    /// The files to write beside the scenarios, with their texts.
    pub(crate) fn files(&self) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        if let Some((root, text)) = &self.project {
            files.push((root.join(PROJECT_FILE), text.clone()));
            let ignored = root.join(".gitignore");
            if !ignored.exists() {
                files.push((ignored, format!("/{OUTPUT}/\n*.snap.new\n")));
            }
        }
        if self.is_made {
            files.push((self.lesson.clone(), small_lesson(&self.name)));
        }
        files
    }
}

/// The file that `word` means, and whether it is to be made.
fn lesson(word: &str, lessons: &Path, current: &Path) -> Result<(PathBuf, bool), NewError> {
    let path = Path::new(word);
    if current.join(path).is_file() {
        return Ok((current.join(path), false));
    }
    let is_path = path.components().count() != 1 || path.extension().is_some();
    if is_path {
        return Err(NewError::NoLesson { path: path.to_owned() });
    }
    if !is_name(word) {
        return Err(NewError::Name { name: word.to_owned() });
    }
    let file = lessons.join(format!("{word}.md"));
    let is_there = file.is_file();
    Ok((file, !is_there))
}

/// A name is that of a file and of a folder, and stands in commands.
fn is_name(name: &str) -> bool {
    let is_fit = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(char::is_alphanumeric) && name.chars().all(is_fit)
}

fn check_lies_in(lesson: &Path, lessons: &Path) -> Result<(), NewError> {
    let lessons = lessons.canonicalize().unwrap_or_else(|_| lessons.to_owned());
    if lesson.parent() == Some(&lessons) {
        return Ok(());
    }
    let (lesson, folder) = (from_here(lesson).into(), from_here(&lessons).into());
    Err(NewError::Elsewhere { lesson, folder })
}

/// What the file of the project at `root` says: what is not as it would be without it.
fn project_text(root: &Path, lesson: &Path, scenarios: &Path) -> Result<String, NewError> {
    let whole = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let below = lesson.strip_prefix(&whole).or_else(|_| lesson.strip_prefix(root));
    let Some(lessons) = below.ok().and_then(Path::parent) else {
        let (lesson, root) = (from_here(lesson).into(), root.to_owned());
        return Err(NewError::Outside { lesson, root });
    };
    let mut text = "# A replab project: `replab run` plays its scenarios.\nreplab: 1\n".to_owned();
    let usual = if root.join("lessons").is_dir() { "lessons" } else { "" };
    // Where the lesson is made, its folder is too.
    if lessons != Path::new(usual) && lessons != Path::new("lessons") {
        text.push_str(&format!("lessons: {}\n", or_dot(lessons)));
    }
    if scenarios == root {
        text.push_str("scenarios: .\n");
    }
    Ok(text)
}

fn or_dot(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        ".".to_owned()
    } else {
        format!("{:?}", path.display().to_string())
    }
}

/// Whether YAML files lie in `folder` or below.
fn holds_yaml(folder: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        let is_yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        is_yaml || (path.is_dir() && path.file_name().is_some_and(|name| name == "scenarios"))
    })
}

/// A lesson to begin with.
fn small_lesson(name: &str) -> String {
    format!(
        "# {name}\n\nA board adds as your desk computer does:\n\n```python\ntotal = sum(range(10))\nprint(total)  # 45\n```\n\nAt its prompt, line by line:\n\n```\n>>> 6 * 7\n42\n>>> 'lab' + 'oratory'\n'laboratory'\n```\n"
    )
}
