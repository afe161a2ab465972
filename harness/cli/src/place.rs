//! Where everything is.

use std::path::{Path, PathBuf};

/// The folders and files that the command works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder below which set-up keeps its tools.
    pub root: PathBuf,
    /// Scenario files, by lesson.
    pub scenarios: PathBuf,
    /// Lesson files.
    pub lessons: PathBuf,
    /// Board files.
    pub boards: PathBuf,
    /// The folder that holds `BOARD/firmware.elf`.
    pub firmware: PathBuf,
    /// The plugin that QEMU loads.
    pub plugin: PathBuf,
    /// Where transcripts are written.
    pub output: PathBuf,
    /// The command that plays scenarios, as a reader would type it: `replab run`.
    pub again: String,
    /// The command that fetches what is missing.
    pub setup: String,
    /// The command that builds firmware.
    pub build_firmware: String,
}

/// The file name of the plugin.
pub const PLUGIN: &str = "libreplab_qemu_plugin.so";

impl Place {
    /// The place of a workspace of this project at `root`, whose cargo writes
    /// programs and libraries to `built`.
    pub fn in_workspace(root: &Path, built: &Path) -> Place {
        Place {
            scenarios: root.join("scenarios"),
            lessons: root.join("lessons"),
            boards: root.join("boards"),
            firmware: root.join("target/firmware"),
            plugin: built.join(PLUGIN),
            output: root.join("target/replab"),
            root: root.to_owned(),
            again: "cargo xtask emulate".to_owned(),
            setup: "cargo xtask setup".to_owned(),
            build_firmware: "cargo xtask firmware".to_owned(),
        }
    }

    /// The place of the program at `program`, started in `current`: the
    /// workspace around `current` if there is one, or else what lies beside the program.
    pub fn of_program(program: &Path, current: &Path) -> Place {
        let beside = program.parent().unwrap_or(current);
        let workspace = current.ancestors().find(|folder| is_workspace(folder));
        let place = Place::in_workspace(workspace.unwrap_or(beside), beside);
        let firmware = if workspace.is_some() { place.firmware } else { beside.join("firmware") };
        let output = if workspace.is_some() { place.output } else { current.join("target/replab") };
        Place { firmware, output, again: "replab run".to_owned(), ..place }
    }

    /// The firmware for `board`.
    pub fn firmware_of(&self, board: &str) -> PathBuf {
        self.firmware.join(board).join("firmware.elf")
    }
}

/// `path` as one would write it in the working directory: relative if it lies below.
pub(crate) fn from_here(path: &Path) -> String {
    // Without a working directory nothing lies below it.
    seen_from(&std::env::current_dir().unwrap_or_default(), path)
}

fn seen_from(here: &Path, path: &Path) -> String {
    let below = path.strip_prefix(here).unwrap_or(path);
    if here.as_os_str().is_empty() { path } else { below }.display().to_string()
}

fn is_workspace(folder: &Path) -> bool {
    ["boards", "scenarios", "lessons"].iter().all(|room| folder.join(room).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for room in ["boards", "scenarios", "lessons/deep"] {
            std::fs::create_dir_all(folder.path().join(room)).expect("the folder is ours");
        }
        folder
    }

    #[test]
    fn a_workspace_is_found_from_below() {
        let root = workspace();
        let place =
            Place::of_program(Path::new("/opt/replab/replab"), &root.path().join("lessons/deep"));
        assert_eq!(place.boards, root.path().join("boards"));
        assert_eq!(place.plugin, Path::new("/opt/replab").join(PLUGIN));
    }

    #[test]
    fn elsewhere_everything_lies_beside_the_program() {
        let place = Place::of_program(Path::new("/opt/replab/replab"), Path::new("/home/somebody"));
        assert_eq!(place.boards, Path::new("/opt/replab/boards"));
        assert_eq!(
            place.firmware_of("lab-m0"),
            Path::new("/opt/replab/firmware/lab-m0/firmware.elf")
        );
        assert_eq!(place.output, Path::new("/home/somebody/target/replab"));
    }

    #[test]
    fn paths_are_shown_from_here() {
        assert_eq!(
            seen_from(Path::new("/here"), Path::new("/here/scenarios/a.yaml")),
            "scenarios/a.yaml"
        );
        assert_eq!(
            seen_from(Path::new("/here"), Path::new("/elsewhere/a.yaml")),
            "/elsewhere/a.yaml"
        );
        assert_eq!(seen_from(Path::new(""), Path::new("/elsewhere/a.yaml")), "/elsewhere/a.yaml");
    }
}
