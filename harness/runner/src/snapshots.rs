//! Stored texts that a run must match: the only place that writes expected output.
//!
//! Files have the format of the `insta` crate (its `Snapshot::from_file` and
//! `save`), so that `cargo insta review` works on them: `STEM.snap` in a folder
//! `snapshots` beside the scenario for what every target agrees on, `STEM@TARGET.snap`
//! for the exact figures of one; a text that waits for review in `STEM.snap.new`, which is the coming `STEM.snap` and one line more. Accepting
//! drops that line and renames. Line ends and what is blank at the end of the
//! text are not compared.

use std::path::{Path, PathBuf};
use std::{fs, io};

use similar::TextDiff;

use crate::whole::write_whole;

/// How the line of the header begins that names the compiler.
const TOOLCHAIN: &str = "  toolchain: ";

/// The line of a pending file that an accepted one does not have.
const ASSERTION_LINE: &str = "assertion_line: ";

/// Why a stored text could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The operating system refused.
    #[error("could not {what} {file}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file does not begin with a header between lines of `---`.
    #[error("{file} is no snapshot: its header between two lines of `---` is missing")]
    NoHeader {
        /// The file.
        file: PathBuf,
    },
}

/// What to do about a text that is not the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write it beside the stored one, to be reviewed.
    Review,
    /// Store it.
    Accept,
    /// Write nothing, as in CI.
    ReadOnly,
}

/// The stored texts of the scenarios in one folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    mode: Mode,
}

/// A text to compare, and what its file says about it.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The file's name without endings: `blink`, `blink@lab-m0@qemu`.
    pub stem: &'a str,
    /// The scenario that it is from: a path that means the same on every host.
    pub source: &'a str,
    /// The line of the step that takes the snapshot.
    pub line: usize,
    /// The firmware that exact figures belong to; `None` for what does not depend on it.
    pub firmware: Option<&'a Firmware>,
    /// The text.
    pub body: &'a str,
}

/// What exact figures depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// SHA-256 of its file, in hex.
    pub sha256: String,
    /// The compiler, as it calls itself in the file.
    pub toolchain: String,
}

/// How a text compares with the stored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are the same.
    Same,
    /// It was stored.
    Accepted {
        /// Where.
        file: PathBuf,
    },
    /// Nothing is stored yet.
    New {
        /// Where it will be stored.
        file: PathBuf,
    },
    /// The stored figures are those of firmware that another compiler has built.
    OtherToolchain {
        /// The file that holds them.
        file: PathBuf,
        /// The compiler that its header names.
        stored: String,
    },
    /// Something else is stored.
    Different {
        /// The file that holds it.
        file: PathBuf,
        /// Lines that begin with ` `, `-` (stored) or `+` (came).
        diff: Vec<String>,
    },
}

impl Store {
    /// The snapshots beside `scenario`, a file.
    pub fn beside(scenario: &Path, mode: Mode) -> Store {
        Store { folder: scenario.with_file_name("snapshots"), mode }
    }

    /// Compares `text` with what is stored, and does what the mode says.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if a file cannot be read or written, or is no snapshot.
    pub fn compare(&self, text: Text<'_>) -> Result<Comparison, SnapshotError> {
        let file = self.folder.join(format!("{}.snap", text.stem));
        let stored = read(&file)?;
        if let (Some(stored), Some(firmware)) = (&stored, text.firmware)
            && self.mode != Mode::Accept
            && let Some(toolchain) = stored.toolchain()
            && toolchain != firmware.toolchain
        {
            return Ok(Comparison::OtherToolchain { stored: toolchain.to_string(), file });
        }
        let stored = stored.map(|stored| stored.body);
        if stored.as_deref().is_some_and(|stored| comparable(stored) == comparable(text.body)) {
            self.forget_pending(&file)?;
            return Ok(Comparison::Same);
        }
        if self.mode == Mode::Accept {
            write(&file, &content(&text, Kind::Stored))?;
            self.forget_pending(&file)?;
            return Ok(Comparison::Accepted { file });
        }
        if self.mode == Mode::Review {
            write(&pending(&file), &content(&text, Kind::Pending))?;
        }
        Ok(match stored {
            None => Comparison::New { file },
            Some(stored) => Comparison::Different { file, diff: diff(&stored, text.body) },
        })
    }

    /// The snapshots that wait for review, by the path of the file that they will
    /// become, in order.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::Io`] if the folder cannot be read. A missing one holds nothing.
    pub fn waiting(&self) -> Result<Vec<PathBuf>, SnapshotError> {
        let pending = self.files(".snap.new")?;
        Ok(pending.into_iter().map(|file| file.with_extension("")).collect())
    }

    fn files(&self, ending: &str) -> Result<Vec<PathBuf>, SnapshotError> {
        let failed = |source| SnapshotError::Io { what: "list", file: self.folder.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let paths = entries
            .map(|entry| Ok(entry.map_err(failed)?.path()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut files: Vec<PathBuf> =
            paths.into_iter().filter(|path| path.to_string_lossy().ends_with(ending)).collect();
        files.sort();
        Ok(files)
    }

    /// A text that is as stored needs no review any more.
    fn forget_pending(&self, file: &Path) -> Result<(), SnapshotError> {
        // Linux refuses to remove from a read-only file system before it looks whether the file is there.
        if self.mode == Mode::ReadOnly || pending(file).symlink_metadata().is_err() {
            return Ok(());
        }
        match reject(file) {
            Err(SnapshotError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(())
            }
            result => result,
        }
    }
}

/// The snapshots below `folder` whose scenario is gone, in order: those of
/// `snapshots/STEM…` where no `STEM.yaml` lies beside the folder `snapshots`.
///
/// # Errors
///
/// [`SnapshotError::Io`] if a folder cannot be read.
pub fn orphans(folder: &Path) -> Result<Vec<PathBuf>, SnapshotError> {
    let failed = |source| SnapshotError::Io { what: "list", file: folder.to_path_buf(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // Links are not followed: they may lead in a circle.
        if entry.file_type().map_err(failed)?.is_dir() {
            found.extend(orphans(&path)?);
        } else if folder.ends_with("snapshots") && !has_scenario(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether the scenario of a file in a folder `snapshots` is there, if it is a snapshot.
fn has_scenario(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let Some((stem, _)) = name.split_once(".snap") else { return true };
    let stem = stem.split(['@', '[']).next().unwrap_or(stem);
    let beside = file.parent().and_then(Path::parent).unwrap_or(file);
    beside.join(format!("{stem}.yaml")).is_file()
}

/// Drops what waits to become `file`.
///
/// # Errors
///
/// [`SnapshotError::Io`] if nothing waits, or it cannot be removed.
pub fn reject(file: &Path) -> Result<(), SnapshotError> {
    let file = pending(file);
    fs::remove_file(&file).map_err(|source| SnapshotError::Io { what: "remove", file, source })
}

/// Accepts what waits to become `file`.
///
/// # Errors
///
/// [`SnapshotError::Io`] if nothing waits, or a file cannot be written.
pub fn accept(file: &Path) -> Result<(), SnapshotError> {
    let waiting = pending(file);
    let failed = |what, file: &Path| {
        let file = file.to_path_buf();
        move |source| SnapshotError::Io { what, file, source }
    };
    let text = fs::read_to_string(&waiting).map_err(failed("read", &waiting))?;
    let (header, body) =
        split(&text).ok_or_else(|| SnapshotError::NoHeader { file: waiting.clone() })?;
    let header: String = header
        .lines()
        .filter(|line| !line.starts_with(ASSERTION_LINE))
        .map(|line| format!("{line}\n"))
        .collect();
    write(file, &format!("---\n{header}---\n{body}"))?;
    fs::remove_file(&waiting).map_err(failed("remove", &waiting))
}

#[derive(Clone, Copy)]
enum Kind {
    Stored,
    Pending,
}

fn content(text: &Text<'_>, kind: Kind) -> String {
    let line = match kind {
        Kind::Stored => String::new(),
        Kind::Pending => format!("{ASSERTION_LINE}{}\n", text.line),
    };
    let firmware = text.firmware.map(|Firmware { sha256, toolchain }| {
        format!("info:\n  firmware: {sha256}\n{TOOLCHAIN}{toolchain}\n")
    });
    let firmware = firmware.unwrap_or_default();
    // A path of the lab's own alphabet needs no quotes in YAML, nor does a hash or a compiler's name.
    format!("---\nsource: {}\n{firmware}{line}---\n{}\n", text.source, comparable(text.body))
}

fn pending(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(".new");
    PathBuf::from(name)
}

/// A stored text, with its header.
struct Stored {
    header: String,
    body: String,
}

impl Stored {
    /// The compiler of the firmware that it belongs to.
    fn toolchain(&self) -> Option<&str> {
        self.header.lines().find_map(|line| line.strip_prefix(TOOLCHAIN)).map(str::trim)
    }
}

/// The stored text; `None` if there is no such file.
fn read(file: &Path) -> Result<Option<Stored>, SnapshotError> {
    match fs::read_to_string(file) {
        Ok(text) => match split(&text) {
            Some((header, body)) => {
                Ok(Some(Stored { header: header.to_string(), body: body.to_string() }))
            }
            None => Err(SnapshotError::NoHeader { file: file.to_path_buf() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SnapshotError::Io { what: "read", file: file.to_path_buf(), source }),
    }
}

fn write(file: &Path, text: &str) -> Result<(), SnapshotError> {
    let failed = |source| SnapshotError::Io { what: "write", file: file.to_path_buf(), source };
    write_whole(file, text).map_err(failed)
}

/// The lines of the header, and the text.
fn split(file: &str) -> Option<(&str, &str)> {
    let rest = file.strip_prefix("---\n").or_else(|| file.strip_prefix("---\r\n"))?;
    let (header_end, line) = lines(rest).find(|(_, line)| line.trim_end() == "---")?;
    Some((&rest[..header_end], &rest[header_end + line.len()..]))
}

/// The lines of `text` with their line ends, and where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |start, line| {
        *start += line.len();
        Some((*start - line.len(), line))
    })
}

/// What of a text is compared. A lone `\r` is data.
fn comparable(text: &str) -> String {
    let text = text.trim_end().replace("\r\n", "\n");
    text.split_inclusive('\n').map(without_board).collect()
}

/// A line without the name of its board, where it is the banner in which MicroPython
/// names itself and the board: `MicroPython v1.25.0 on 2025-04-15; <board>`
/// (`shared/runtime/pyexec.c`; the name is `MICROPY_BANNER_MACHINE`). One snapshot
/// holds for all boards.
fn without_board(line: &str) -> String {
    let is_banner = line.starts_with("MicroPython v") && line.contains(" on ");
    match line.split_once("; ").filter(|_| is_banner) {
        Some((version, board)) => {
            let end = if board.ends_with('\n') { "\n" } else { "" };
            format!("{version}; <board>{end}")
        }
        None => line.to_owned(),
    }
}

fn diff(stored: &str, came: &str) -> Vec<String> {
    let (stored, came) = (comparable(stored) + "\n", comparable(came) + "\n");
    let diff = TextDiff::from_lines(stored.as_str(), came.as_str());
    diff.unified_diff().context_radius(2).to_string().lines().map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A folder with a scenario `blink.yaml` in it.
    struct Scene(TempDir);

    impl Scene {
        fn new() -> Scene {
            Scene(TempDir::new().unwrap())
        }

        #[track_caller]
        fn compare(&self, mode: Mode, body: &str) -> Comparison {
            let text =
                Text { stem: "blink", source: "lesson/blink.yaml", line: 7, firmware: None, body };
            Store::beside(&self.0.path().join("blink.yaml"), mode).compare(text).unwrap()
        }

        fn file(&self, name: &str) -> PathBuf {
            self.0.path().join("snapshots").join(name)
        }

        fn text(&self, name: &str) -> Option<String> {
            fs::read_to_string(self.file(name)).ok()
        }
    }

    #[test]
    fn a_first_text_waits_for_review_in_the_format_of_insta() {
        let scene = Scene::new();
        assert_eq!(
            scene.compare(Mode::Review, ">>> 1\n1\n"),
            Comparison::New { file: scene.file("blink.snap") }
        );
        let expected = "---\nsource: lesson/blink.yaml\nassertion_line: 7\n---\n>>> 1\n1\n";
        assert_eq!(scene.text("blink.snap.new").unwrap(), expected);
        assert_eq!(scene.text("blink.snap"), None);
    }

    #[test]
    fn accepting_drops_the_line_and_renames() {
        let scene = Scene::new();
        scene.compare(Mode::Review, "a\n---\nb\n");
        let store = Store::beside(&scene.0.path().join("blink.yaml"), Mode::Review);
        assert_eq!(store.waiting().unwrap(), [scene.file("blink.snap")]);
        accept(&scene.file("blink.snap")).unwrap();
        assert_eq!(
            scene.text("blink.snap").unwrap(),
            "---\nsource: lesson/blink.yaml\n---\na\n---\nb\n"
        );
        assert_eq!(store.waiting().unwrap(), [] as [PathBuf; 0]);
        assert_eq!(scene.compare(Mode::Review, "a\n---\nb\n"), Comparison::Same);
    }

    #[test]
    fn rejecting_leaves_what_is_stored() {
        let scene = Scene::new();
        scene.compare(Mode::Accept, "a");
        scene.compare(Mode::Review, "b");
        let store = Store::beside(&scene.0.path().join("blink.yaml"), Mode::Review);
        reject(&scene.file("blink.snap")).unwrap();
        assert_eq!(store.waiting().unwrap(), [] as [PathBuf; 0]);
        assert!(scene.text("blink.snap").is_some());
        assert!(reject(&scene.file("blink.snap")).is_err());
    }

    #[test]
    fn another_text_waits_and_shows_the_difference() {
        let scene = Scene::new();
        scene.compare(Mode::Accept, "a\nb\nc\n");
        let diff = ["@@ -1,3 +1,3 @@", " a", "-b", "+X", " c"].map(str::to_string).to_vec();
        let expected = Comparison::Different { file: scene.file("blink.snap"), diff };
        assert_eq!(scene.compare(Mode::Review, "a\nX\nc\n"), expected);
        assert!(scene.text("blink.snap.new").unwrap().ends_with("a\nX\nc\n"));
    }

    #[test]
    fn nothing_is_written_in_read_only_mode() {
        let scene = Scene::new();
        assert_eq!(
            scene.compare(Mode::ReadOnly, "a"),
            Comparison::New { file: scene.file("blink.snap") }
        );
        assert!(!scene.0.path().join("snapshots").exists());
        scene.compare(Mode::Accept, "a");
        scene.compare(Mode::Review, "b");
        assert_eq!(scene.compare(Mode::ReadOnly, "a"), Comparison::Same);
        assert!(scene.text("blink.snap.new").is_some(), "not even a stale file is removed");
    }

    #[test]
    fn a_stale_pending_file_goes_when_the_text_is_as_stored_again() {
        let scene = Scene::new();
        assert_eq!(
            scene.compare(Mode::Accept, "a"),
            Comparison::Accepted { file: scene.file("blink.snap") }
        );
        scene.compare(Mode::Review, "b");
        assert_eq!(scene.compare(Mode::Review, "a"), Comparison::Same);
        assert_eq!(scene.text("blink.snap.new"), None);
    }

    #[test]
    fn line_ends_and_blanks_at_the_end_are_not_compared_but_a_lone_return_is() {
        let scene = Scene::new();
        scene.compare(Mode::Accept, "a\nb");
        assert_eq!(scene.compare(Mode::ReadOnly, "a\r\nb\r\n\n  "), Comparison::Same);
        assert_ne!(scene.compare(Mode::ReadOnly, "a\rb"), Comparison::Same);
        assert_ne!(scene.compare(Mode::ReadOnly, " a\nb"), Comparison::Same);
    }

    #[test]
    fn the_banner_of_each_board_is_the_same() {
        let scene = Scene::new();
        let banner = |board| format!("MicroPython v1.25.0 on 2025-04-15; {board}\r\n>>> 1; 2\n");
        let pico = banner("Raspberry Pi Pico with RP2040");
        scene.compare(Mode::Accept, &banner("replab lab-m0 with nRF51 Cortex-M0"));
        assert_eq!(scene.compare(Mode::ReadOnly, &pico), Comparison::Same);
        let stored = scene.text("blink.snap").unwrap();
        assert!(stored.ends_with("MicroPython v1.25.0 on 2025-04-15; <board>\n>>> 1; 2\n"));
        // Another version, or what only looks alike, is different.
        assert_ne!(scene.compare(Mode::ReadOnly, &pico.replace("25.0", "26.0")), Comparison::Same);
        assert_ne!(scene.compare(Mode::ReadOnly, &pico.replace("1; 2", "1; 3")), Comparison::Same);
    }

    #[test]
    fn a_header_of_other_keys_is_skipped() {
        let scene = Scene::new();
        fs::create_dir(scene.0.path().join("snapshots")).unwrap();
        fs::write(scene.file("blink.snap"), "---\r\nsource: x\r\nexpression: y\r\n---\r\na\r\n")
            .unwrap();
        assert_eq!(scene.compare(Mode::ReadOnly, "a"), Comparison::Same);
    }

    #[test]
    fn figures_of_another_compiler_are_not_compared() {
        let scene = Scene::new();
        let compare = |mode, toolchain: &str, body| {
            let firmware = Firmware { sha256: "00ff".into(), toolchain: toolchain.into() };
            let stem = "blink@lab-m0@qemu";
            let text = Text { stem, source: "x.yaml", line: 1, firmware: Some(&firmware), body };
            Store::beside(&scene.0.path().join("blink.yaml"), mode).compare(text).unwrap()
        };
        let file = scene.file("blink@lab-m0@qemu.snap");
        compare(Mode::Accept, "GNU C99 12.2.1 20221205", "1");
        assert_eq!(
            scene.text("blink@lab-m0@qemu.snap").unwrap(),
            "---\nsource: x.yaml\ninfo:\n  firmware: 00ff\n  toolchain: GNU C99 12.2.1 20221205\n---\n1\n"
        );
        let stored = "GNU C99 12.2.1 20221205".to_string();
        let other = Comparison::OtherToolchain { file: file.clone(), stored };
        assert_eq!(compare(Mode::Review, "GNU C99 14.2.1 20241119", "2"), other);
        assert!(matches!(
            compare(Mode::Review, "GNU C99 12.2.1 20221205", "2"),
            Comparison::Different { .. }
        ));
        let accepted = Comparison::Accepted { file };
        assert_eq!(compare(Mode::Accept, "GNU C99 14.2.1 20241119", "2"), accepted);
    }

    #[test]
    fn a_snapshot_without_its_scenario_is_an_orphan() {
        let scene = Scene::new();
        scene.compare(Mode::Accept, "a");
        fs::write(scene.file("blink@lab-m0@qemu.snap"), "").unwrap();
        fs::write(scene.file("gone.snap.new"), "").unwrap();
        fs::write(scene.file("README.md"), "").unwrap();
        fs::write(scene.0.path().join("blink.yaml"), "").unwrap();
        assert_eq!(orphans(scene.0.path()).unwrap(), [scene.file("gone.snap.new")]);
        fs::remove_file(scene.0.path().join("blink.yaml")).unwrap();
        assert_eq!(orphans(scene.0.path()).unwrap().len(), 3);
    }

    #[test]
    fn a_file_without_a_header_is_an_error() {
        let scene = Scene::new();
        fs::create_dir(scene.0.path().join("snapshots")).unwrap();
        fs::write(scene.file("blink.snap"), "just text").unwrap();
        let text = Text { stem: "blink", source: "x", line: 1, firmware: None, body: "just text" };
        let store = Store::beside(&scene.0.path().join("blink.yaml"), Mode::Review);
        assert!(matches!(store.compare(text), Err(SnapshotError::NoHeader { .. })));
    }
}
