//! Finds the place of a program that was started somewhere.
//!
//! The home is what `REPLAB_HOME` names, or the checkout around the working
//! directory or the program, or else the program's own folder. The project is the
//! nearest folder upwards that has a `replab.yaml` or is a home; without one, the
//! working directory, if it has scenarios; or else the home, whose lessons and
//! scenarios are examples.

use std::fs;
use std::path::{Path, PathBuf};

use replab_record::Timing;
use replab_scenario::{PROJECT_FILE, Project, ScenarioErrors};
use replab_setup::Scope;

use super::{OUTPUT, PLUGIN, Place};
use crate::{Clock, RunError, project};

/// The variable that names the lab's home.
pub(crate) const HOME: &str = "REPLAB_HOME";

/// From where a program looks around.
#[derive(Clone, Debug)]
pub(crate) struct Standpoint {
    /// The program's file, with all links followed.
    pub(crate) program: PathBuf,
    /// The working directory.
    pub(crate) current: PathBuf,
    /// What [`HOME`] names.
    pub(crate) home: Option<PathBuf>,
    /// The folder for data of this user's programs (XDG Base Directory: `$XDG_DATA_HOME`,
    /// or `~/.local/share`).
    pub(crate) data: Option<PathBuf>,
}

/// Why there is no place.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The home is none, or a file cannot be read.
    Wrong(RunError),
    /// The project's file is wrong.
    Invalid(ScenarioErrors),
}

impl From<RunError> for Lost {
    fn from(error: RunError) -> Lost {
        Lost::Wrong(error)
    }
}

impl Standpoint {
    /// That of this process.
    pub(crate) fn here() -> Standpoint {
        let folder = |key| {
            let value = std::env::var_os(key).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        // The standard says that a relative path is none.
        let data = folder("XDG_DATA_HOME").filter(|path| path.is_absolute());
        Standpoint {
            // A program that was deleted, or a working directory that was, has no place;
            // what is looked for in `.` is then reported as missing, by name.
            program: std::env::current_exe().unwrap_or_else(|_| "replab".into()),
            current: std::env::current_dir().unwrap_or_else(|_| ".".into()),
            home: folder(HOME),
            data: data.or_else(|| Some(folder("HOME")?.join(".local/share"))),
        }
    }
}

/// The lab's home.
#[derive(Clone, Debug)]
enum Home {
    /// A checkout, in which cargo builds.
    Checkout(PathBuf),
    /// A folder that has everything beside the program, or should have.
    Release(PathBuf),
}

impl Home {
    /// The home that `folder` is, if it is one.
    fn at(folder: &Path) -> Option<Home> {
        if folder.join(PLUGIN).is_file() && folder.join("boards").is_dir() {
            return Some(Home::Release(folder.to_owned()));
        }
        let rooms = ["boards", "scenarios", "lessons"];
        let is_checkout = rooms.iter().all(|room| folder.join(room).is_dir());
        is_checkout.then(|| Home::Checkout(folder.to_owned()))
    }

    fn of(from: &Standpoint) -> Result<Home, RunError> {
        if let Some(named) = &from.home {
            let absolute = from.current.join(named);
            return Home::at(&absolute).ok_or_else(|| RunError::NoHome { path: named.clone() });
        }
        let around = from.current.ancestors().filter(|folder| !has_project(folder));
        let beside = from.program.parent().unwrap_or(&from.current);
        let found = around.chain(beside.ancestors()).find_map(Home::at);
        Ok(found.unwrap_or_else(|| Home::Release(beside.to_owned())))
    }

    /// Everything in it, with its own lessons and scenarios.
    fn place(self, from: &Standpoint) -> Place {
        let beside = from.program.parent().unwrap_or(&from.current);
        match self {
            Home::Checkout(root) => {
                let built = root.join("target/debug");
                let is_beside = beside.join(PLUGIN).is_file() || !built.join(PLUGIN).is_file();
                let place = Place::in_workspace(&root, if is_beside { beside } else { &built });
                Place { again: "replab run".to_owned(), ..place }
            }
            Home::Release(folder) => {
                let tools = match &from.data {
                    Some(data) => data.join("replab/tools"),
                    // Somebody without a home can still write beside the program, or not.
                    None => folder.join("tools"),
                };
                Place {
                    project: None,
                    firmware: folder.join("firmware"),
                    output: from.current.join(OUTPUT),
                    again: "replab run".to_owned(),
                    setup: Scope::Installed.command().to_owned(),
                    scope: Scope::Installed,
                    tools,
                    ..Place::in_workspace(&folder, &folder)
                }
            }
        }
    }
}

/// The place of a program that looks around from `from`.
pub(crate) fn find(from: &Standpoint) -> Result<Place, Lost> {
    let place = Home::of(from)?.place(from);
    for folder in from.current.ancestors() {
        if has_project(folder) {
            let project = project::read(folder, &place.boards)?;
            return Ok(place.of_project(folder, project));
        }
        if let Some(home) = Home::at(folder) {
            // The home of the scenarios may be another than the one of boards and firmware.
            let own = home.place(from);
            let Place { project, scenarios, lessons, output, .. } = own;
            return Ok(Place { project, scenarios, lessons, output, ..place });
        }
    }
    if has_scenarios(&from.current) {
        return Ok(place.of_project(&from.current, Project::default()));
    }
    Ok(Place { project: None, output: from.current.join(OUTPUT), ..place })
}

impl Place {
    /// This place with the project at `root` in the place of examples.
    fn of_project(self, root: &Path, project: Project) -> Place {
        let usual = |named: Option<PathBuf>, usual: &str| {
            let usual = root.join(usual);
            let usual = if usual.is_dir() { usual } else { root.to_owned() };
            named.map_or(usual, |path| root.join(path))
        };
        let scenarios = usual(project.scenarios, "scenarios");
        let firmware = project.firmware.into_iter();
        Place {
            is_mixed: scenarios == root || scenarios.join(PROJECT_FILE).is_file(),
            project: Some(root.to_owned()),
            lessons: usual(project.lessons, "lessons"),
            own_boards: project.boards.map(|path| root.join(path)),
            default_board: project.board.unwrap_or(self.default_board),
            own_firmware: firmware.map(|(board, path)| (board, root.join(path))).collect(),
            output: root.join(OUTPUT),
            timing: project.timing.map(|timing| match timing {
                Timing::Exact => Clock::Exact,
                Timing::Wall => Clock::Wall,
            }),
            again: "replab run".to_owned(),
            scenarios,
            ..self
        }
    }
}

fn has_project(folder: &Path) -> bool {
    folder.join(PROJECT_FILE).is_file()
}

/// Whether scenario files lie in `folder`, or in its folder `scenarios`.
fn has_scenarios(folder: &Path) -> bool {
    let is_scenario = |path: PathBuf| {
        let is_yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        is_yaml && fs::read_to_string(path).is_ok_and(|text| project::says_replab(&text))
    };
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    folder.join("scenarios").is_dir() || entries.any(|entry| is_scenario(entry.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with `files`; each is empty, unless its name ends with `=TEXT`.
    fn world(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for file in files {
            let (name, text) = file.split_once('=').unwrap_or((file, ""));
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("it is ours");
            fs::write(path, text).expect("the folder is ours");
        }
        folder
    }

    const RELEASE: [&str; 3] =
        ["opt/libreplab_qemu_plugin.so", "opt/boards/a.yaml", "opt/scenarios/a.yaml"];
    const CHECKOUT: [&str; 4] =
        ["src/boards/a.yaml", "src/scenarios/a/b.yaml", "src/lessons/a.md", "src/target/debug/x"];

    /// The place of the program `program`, started in `current`, both in `world`; its paths from there.
    fn place(world: &Path, program: &str, current: &str, home: Option<&str>) -> Place {
        let from = Standpoint {
            program: world.join(program),
            current: world.join(current),
            home: home.map(|home| world.join(home)),
            data: Some(world.join("data")),
        };
        find(&from).expect("there is a place")
    }

    #[track_caller]
    fn check(
        files: &[&str],
        program: &str,
        current: &str,
        home: Option<&str>,
        expected: [&str; 5],
    ) {
        let world = world(files);
        fs::create_dir_all(world.path().join(current)).expect("the folder is ours");
        let place = place(world.path(), program, current, home);
        let paths =
            [&place.boards, &place.scenarios, &place.firmware, &place.plugin, &place.output];
        let paths = paths.map(|path| {
            path.strip_prefix(world.path()).expect("it lies there").display().to_string()
        });
        assert_eq!(paths, expected);
    }

    #[test]
    fn a_checkout_is_found_from_below() {
        let expected = [
            "src/boards",
            "src/scenarios",
            "src/target/firmware",
            "src/target/debug/libreplab_qemu_plugin.so",
            "src/target/replab",
        ];
        check(&CHECKOUT, "src/target/debug/replab", "src/lessons", None, expected);
    }

    #[test]
    fn a_release_has_everything_beside_its_program_and_writes_where_it_is_started() {
        let expected = [
            "opt/boards",
            "opt/scenarios",
            "opt/firmware",
            "opt/libreplab_qemu_plugin.so",
            "home/me/.replab",
        ];
        check(&RELEASE, "opt/replab", "home/me", None, expected);
        let world = world(&RELEASE);
        fs::create_dir_all(world.path().join("home/me")).expect("the folder is ours");
        let place = place(world.path(), "opt/replab", "home/me", None);
        assert_eq!(place.tools, world.path().join("data/replab/tools"));
        assert_eq!(place.scope, Scope::Installed);
    }

    #[test]
    fn a_project_has_its_own_lessons_and_scenarios() {
        let own = [&RELEASE[..], &["course/replab.yaml=replab: 1", "course/scenarios/a.yaml"]];
        let expected = [
            "opt/boards",
            "course/scenarios",
            "opt/firmware",
            "opt/libreplab_qemu_plugin.so",
            "course/.replab",
        ];
        check(&own.concat(), "opt/replab", "course/scenarios", None, expected);
        check(&own.concat(), "opt/replab", "course", None, expected);
    }

    #[test]
    fn a_folder_with_scenarios_needs_no_file_of_its_own() {
        let loose = [&RELEASE[..], &["course/blink.yaml=# mine\nreplab: 1\n"]].concat();
        let expected = [
            "opt/boards",
            "course",
            "opt/firmware",
            "opt/libreplab_qemu_plugin.so",
            "course/.replab",
        ];
        check(&loose, "opt/replab", "course", None, expected);
        let others = [&RELEASE[..], &["course/compose.yaml=services: {}\n"]].concat();
        let expected = [
            "opt/boards",
            "opt/scenarios",
            "opt/firmware",
            "opt/libreplab_qemu_plugin.so",
            "course/.replab",
        ];
        check(&others, "opt/replab", "course", None, expected);
    }

    #[test]
    fn the_variable_names_a_release_or_a_checkout() {
        let files = [&RELEASE[..], &CHECKOUT, &["bin/replab"]].concat();
        let expected = [
            "opt/boards",
            "opt/scenarios",
            "opt/firmware",
            "opt/libreplab_qemu_plugin.so",
            "home/.replab",
        ];
        check(&files, "bin/replab", "home", Some("opt"), expected);
        let built = [&files[..], &["src/target/debug/libreplab_qemu_plugin.so"]].concat();
        let expected = [
            "src/boards",
            "src/scenarios",
            "src/target/firmware",
            "src/target/debug/libreplab_qemu_plugin.so",
            "home/.replab",
        ];
        check(&built, "bin/replab", "home", Some("src"), expected);
    }

    #[test]
    fn a_variable_that_names_no_home_is_an_error() {
        let world = world(&["bin/replab", "empty/file"]);
        let from = Standpoint {
            program: world.path().join("bin/replab"),
            current: world.path().to_owned(),
            home: Some("empty".into()),
            data: None,
        };
        assert!(matches!(find(&from), Err(Lost::Wrong(RunError::NoHome { .. }))));
    }
}
