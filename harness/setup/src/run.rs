//! Runs the short-lived programs that set-up needs, and keeps what they said.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::SetupError;

/// How many lines of a failed program's standard error are kept.
const LAST_WORDS: usize = 6;

/// Runs `command` to its end, in the C locale; its standard output if it succeeds.
pub(crate) fn stdout_of(command: &mut Command) -> Result<String, SetupError> {
    let output = finish(command)?;
    if !output.status.success() {
        return Err(SetupError::Failed {
            command: describe(command),
            status: output.status.to_string(),
            last_words: last_words(&output.stderr),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command` to its end, in the C locale.
pub(crate) fn finish(command: &mut Command) -> Result<Output, SetupError> {
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command.output().map_err(|source| SetupError::NotStarted {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })
}

/// The last lines of what a program wrote.
pub(crate) fn last_words(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].iter().map(|&line| line.to_owned()).collect()
}

/// Program and arguments, cut to a readable length.
fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        if text.len() > 160 {
            return text + " …";
        }
        text = format!("{text} {}", arg.to_string_lossy());
    }
    text
}

/// The first program called `name` in the folders of `path` (the form of `$PATH`).
pub(crate) fn which(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(path?)
        .map(|folder| folder.join(name))
        .find(|candidate| is_program(candidate))
}

/// Whether `path` is a file that somebody may execute.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Writes a program for tests.
///
/// Another process writes it: if we had it open for writing while a parallel test
/// forks, the kernel would refuse to run it ("text file busy") until that child is gone.
#[cfg(test)]
pub(crate) fn write_program(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text).unwrap();
    stdout_of(Command::new("install").args(["-m", "755"]).args([&draft, path])).unwrap();
    std::fs::remove_file(draft).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_was_run_and_its_last_words() {
        let error =
            stdout_of(Command::new("sh").args(["-c", "echo early; echo oh no >&2; exit 3"]))
                .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c echo early; echo oh no >&2; exit 3` failed (exit status: 3): oh no"
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = stdout_of(&mut Command::new("replab-no-such-program")).unwrap_err();
        assert!(error.to_string().contains("`replab-no-such-program`"), "{error}");
    }

    #[test]
    fn which_skips_files_that_are_no_programs() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sh"), "not me").unwrap();
        let path = std::env::join_paths([folder.path(), Path::new("/bin")]).unwrap();
        assert_eq!(which("sh", Some(&path)), Some(PathBuf::from("/bin/sh")));
        assert_eq!(which("sh", None), None);
    }
}
