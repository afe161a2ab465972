//! Exit codes: the same numbers as the `replab` command's.

use std::path::PathBuf;
use std::process::ExitCode;

use replab_setup::{Missing, SetupError};

/// Failures of tasks that have an exit code of their own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// A build of firmware failed.
    #[error("firmware {app} did not build ({status}):\n{}", indented(.last_words))]
    NotBuilt {
        /// Which.
        app: &'static str,
        /// How the build ended.
        status: String,
        /// The last lines of make and the compiler.
        last_words: Vec<String>,
    },
    /// make takes a blank for the end of a name.
    #[error("MicroPython's makefiles cannot build in a path with blanks: `{}` (move the checkout, or the tree that --micropython names)", .path.display())]
    BlankInPath {
        /// The path.
        path: PathBuf,
    },
    /// The same sources gave other bytes.
    #[error("firmware {app} has SHA-256 {found}, but {expected} is expected ({by})")]
    WrongFirmware {
        /// Which.
        app: &'static str,
        /// What came.
        found: String,
        /// What should have come.
        expected: String,
        /// Who says so.
        by: String,
    },
    /// Checks ran and did not pass.
    #[error("{what} failed")]
    ChecksFailed {
        /// Which.
        what: String,
    },
    /// Something that set-up cannot bring is not there.
    #[error("{what}")]
    LabIncomplete {
        /// What, with advice.
        what: String,
    },
}

/// Prints why a task failed, if it did, and chooses the exit code: 0 fine,
/// 100 checks failed, 102 the lab lacks something, 104 firmware did not build, 1 anything else.
pub(crate) fn code_of(done: &anyhow::Result<()>) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
    ExitCode::from(number_of(error))
}

fn number_of(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<TaskError>() {
        Some(TaskError::NotBuilt { .. } | TaskError::BlankInPath { .. }) => return 104,
        Some(TaskError::ChecksFailed { .. } | TaskError::WrongFirmware { .. }) => return 100,
        Some(TaskError::LabIncomplete { .. }) => return 102,
        None => {}
    }
    if error.is::<SetupError>() || error.is::<Missing>() { 102 } else { 1 }
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_number_even_with_context() {
        let not_built = TaskError::NotBuilt {
            app: "lab-m0",
            status: "exit status: 2".into(),
            last_words: vec![],
        };
        assert_eq!(number_of(&anyhow::Error::from(not_built).context("while testing")), 104);
        let missing = Missing::NotFound { tool: "QEMU", setup: "y", way_out: "x" };
        assert_eq!(number_of(&missing.into()), 102);
        let failed = TaskError::ChecksFailed { what: "fmt".into() };
        assert_eq!(number_of(&failed.into()), 100);
        assert_eq!(number_of(&anyhow::anyhow!("who knows")), 1);
    }
}
