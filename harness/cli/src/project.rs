//! Reads a project's `replab.yaml`, and asks the file system what it refers to.

use std::fs;
use std::path::Path;

use replab_scenario::{PROJECT_FILE, Project, ProjectWorld, load_project};

use crate::RunError;
use crate::place::find::Lost;
use crate::place::from_here;

/// What the project at `root` says of itself. The lab brings the board files in `brought`.
pub(crate) fn read(root: &Path, brought: &Path) -> Result<Project, Lost> {
    let file = root.join(PROJECT_FILE);
    let text = fs::read_to_string(&file)
        .map_err(|source| RunError::Unreadable { path: file.clone(), source })?;
    let world = ProjectWorld {
        is_folder: &|path| root.join(path).is_dir(),
        is_file: &|path| root.join(path).is_file(),
        boards: &|own| {
            let own = own.map(|path| board_names(&root.join(path))).unwrap_or_default();
            [board_names(brought), own].concat()
        },
    };
    load_project(Path::new(&from_here(&file)), &text, &world).map_err(Lost::Invalid)
}

/// A board's file carries its name. What is wrong with a file, or with the folder, is said when it is read.
fn board_names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let boards = files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let mut names: Vec<_> = boards
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// Whether `text` is that of one of our files: one of its lines begins with `replab:`.
pub(crate) fn says_replab(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("replab:"))
}
