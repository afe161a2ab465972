//! Which of upstream's tests are left out, besides those that skip themselves, and why.

use std::path::Path;

use crate::exit::TaskError;

use super::bridge::TestBoard;

/// Tests that cannot pass, for one reason.
#[derive(Debug)]
pub(super) struct Exclusion {
    /// The only board that they are left out for; `None` for all.
    pub(super) board: Option<TestBoard>,
    /// Why, in few words.
    pub(super) reason: &'static str,
    /// Their files, below MicroPython's `tests`.
    pub(super) files: &'static [&'static str],
}

/// All exclusions, for MicroPython 1.25.0.
const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        board: None,
        reason: "import unittest of micropython-lib, which Debian's source leaves out",
        files: &[
            "extmod/machine1.py",
            "extmod/marshal_micropython.py",
            "extmod/ssl_noleak.py",
            "extmod/vfs_rom.py",
        ],
    },
    Exclusion {
        board: Some(TestBoard::Pico),
        reason: "take UART0, which has the REPL",
        files: &["extmod/machine_uart_irq_txidle.py", "extmod/machine_uart_tx.py"],
    },
    Exclusion {
        board: Some(TestBoard::Pico),
        reason: "need DMA, which is storage only",
        files: &["extmod/machine_i2s_rate.py", "extmod/machine_spi_rate.py"],
    },
];

/// What is left out for `board` of what lies in `folders` of upstream's `tests`.
///
/// # Errors
///
/// [`TaskError::LabIncomplete`] if a file is not there: the table is then for another version.
pub(super) fn exclusions(
    board: TestBoard,
    folders: &[&str],
    tests: &Path,
) -> Result<Vec<&'static Exclusion>, TaskError> {
    let is_for = |it: &&Exclusion| it.board.is_none_or(|only| only == board);
    let is_played = |it: &&Exclusion| it.files.iter().any(|file| folder_is_in(file, folders));
    let found: Vec<_> = EXCLUSIONS.iter().filter(is_for).filter(is_played).collect();
    match found.iter().flat_map(|it| it.files).find(|file| !tests.join(file).is_file()) {
        None => Ok(found),
        Some(file) => Err(TaskError::LabIncomplete {
            what: format!(
                "{file} is left out of MicroPython's tests, and is not in {} (they are those of 1.25.0)",
                tests.display()
            ),
        }),
    }
}

fn folder_is_in(file: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

/// What `run-tests.py -e` takes: a regular expression that it searches in a test's path.
pub(super) fn pattern(file: &str) -> String {
    format!("{}$", file.replace('.', "\\."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A tree that has the files of all exclusions, without those named so.
    fn tree(without: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("extmod")).unwrap();
        for file in EXCLUSIONS.iter().flat_map(|it| it.files).filter(|file| **file != without) {
            fs::write(folder.path().join(file), "").unwrap();
        }
        folder
    }

    fn count(board: TestBoard, folders: &[&str]) -> usize {
        let tree = tree("");
        let found = exclusions(board, folders, tree.path()).unwrap();
        found.iter().map(|it| it.files.len()).sum()
    }

    #[test]
    fn a_board_has_those_of_all_and_its_own() {
        assert_eq!(count(TestBoard::LabM0, &["basics", "extmod"]), 4);
        assert_eq!(count(TestBoard::Pico, &["extmod"]), 8);
        assert_eq!(count(TestBoard::Pico, &["basics", "ext"]), 0);
    }

    #[test]
    fn a_file_that_is_no_more_is_an_error() {
        let tree = tree("extmod/vfs_rom.py");
        let error = exclusions(TestBoard::Pico, &["extmod"], tree.path()).unwrap_err();
        assert!(error.to_string().starts_with("extmod/vfs_rom.py is left out"), "{error}");
    }

    #[test]
    fn a_pattern_is_for_one_file() {
        assert_eq!(pattern("extmod/vfs_rom.py"), r"extmod/vfs_rom\.py$");
    }
}
