//! Where everything is.
//!
//! Two things make a place: the lab's *home*, which has boards, firmware and the
//! plugin (a checkout, or the folder of a release), and the *project*, which has
//! lessons and scenarios. [`find`](find::find) looks for both.

pub(crate) mod find;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use replab_scenario::DEFAULT_BOARD;
use replab_setup::{Named, Scope, Tools};

use crate::Clock;

/// The folders and files that the command works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder of what set-up fetches.
    pub tools: PathBuf,
    /// What set-up fetches there.
    pub scope: Scope,
    /// The root of the project around the working directory; `None` if there is none,
    /// and lessons and scenarios are the lab's examples.
    pub project: Option<PathBuf>,
    /// Scenario files, by lesson.
    pub scenarios: PathBuf,
    /// Whether the folder of the scenarios may have YAML files that are none:
    /// then what has no line `replab: …` is left alone.
    pub is_mixed: bool,
    /// Lesson files.
    pub lessons: PathBuf,
    /// The board files that the lab brings.
    pub boards: PathBuf,
    /// The board files of the project itself.
    pub own_boards: Option<PathBuf>,
    /// The board of scenarios that list none.
    pub default_board: String,
    /// The folder that holds `BOARD/firmware.elf`.
    pub firmware: PathBuf,
    /// Firmware of the project's own, by board.
    pub own_firmware: BTreeMap<String, PathBuf>,
    /// The plugin that QEMU loads.
    pub plugin: PathBuf,
    /// Where transcripts are written.
    pub output: PathBuf,
    /// What drives the clock if the command line does not say.
    pub timing: Option<Clock>,
    /// The command that plays scenarios, as a reader would type it: `replab run`.
    pub again: String,
    /// The command that fetches what is missing.
    pub setup: String,
}

/// The file name of the plugin.
pub const PLUGIN: &str = "libreplab_qemu_plugin.so";

/// The folder for transcripts below a project, or below the working directory.
pub(crate) const OUTPUT: &str = ".replab";

impl Place {
    /// The place of a checkout of this project at `root`, whose cargo writes
    /// programs and libraries to `built`.
    pub fn in_workspace(root: &Path, built: &Path) -> Place {
        Place {
            tools: root.join("target/tools"),
            scope: Scope::Checkout,
            project: Some(root.to_owned()),
            scenarios: root.join("scenarios"),
            is_mixed: false,
            lessons: root.join("lessons"),
            boards: root.join("boards"),
            own_boards: None,
            default_board: DEFAULT_BOARD.to_owned(),
            firmware: root.join("target/firmware"),
            own_firmware: BTreeMap::new(),
            plugin: built.join(PLUGIN),
            output: root.join("target/replab"),
            timing: None,
            again: "cargo xtask emulate".to_owned(),
            setup: Scope::Checkout.command().to_owned(),
        }
    }

    /// The firmware for `board`.
    pub fn firmware_of(&self, board: &str) -> PathBuf {
        let own = self.own_firmware.get(board).cloned();
        own.unwrap_or_else(|| self.firmware.join(board).join("firmware.elf"))
    }

    /// The tools of this place, or those that `named` has.
    pub(crate) fn tools(&self, named: Named) -> Tools {
        Tools::at(&self.tools, self.scope, named)
    }

    /// What to do without firmware for a board.
    pub(crate) fn firmware_advice(&self) -> &'static str {
        match self.scope {
            Scope::Checkout => "run `cargo xtask firmware`, or name one with --firmware FILE",
            Scope::Installed => {
                "name one under `firmware:` in replab.yaml, with --firmware FILE, or a release with REPLAB_HOME"
            }
        }
    }

    /// What to do where the lab's home has no boards.
    pub(crate) fn home_advice(&self) -> String {
        let beside = match self.scope {
            Scope::Checkout => String::new(),
            Scope::Installed => {
                "boards, firmware and the plugin lie beside the program in a release; ".to_owned()
            }
        };
        format!("{beside}name the folder of a release or a checkout with {}=FOLDER", find::HOME)
    }

    /// What to do without the plugin.
    pub(crate) fn plugin_advice(&self) -> String {
        let plugin = from_here(&self.plugin);
        match self.scope {
            Scope::Checkout => {
                format!("it should be {plugin}; `cargo build -p replab-qemu-plugin` makes it")
            }
            Scope::Installed => format!(
                "it should be {plugin}; name the folder of a release or a checkout with {}",
                find::HOME
            ),
        }
    }

    /// The boot ROM of chips that the plugin adds to QEMU.
    pub fn boot_rom(&self) -> PathBuf {
        self.firmware.join("pico-rom").join("rom.bin")
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

#[cfg(test)]
mod tests {
    use super::*;

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
