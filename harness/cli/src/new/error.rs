//! Why no scenarios are made.

use std::path::PathBuf;

use replab_report::Ending;

use crate::RunError;

/// Why no scenarios are made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    /// As for every command.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no such file.
    #[error("there is no lesson {} (name a Markdown file, or give a name without its ending, and a lesson is made too)", path.display())]
    NoLesson {
        /// What was named.
        path: PathBuf,
    },
    /// What was named cannot be a name of a lesson, which is one of a file and a folder.
    #[error("`{name}` cannot be the name of a lesson (use letters, digits, `-` and `_`: 01-blink)")]
    Name {
        /// The name.
        name: String,
    },
    /// A lesson lies where the project does not look for lessons.
    #[error("{} does not lie in {}, where this project has its lessons (put it there, or change `lessons:` in replab.yaml)", lesson.display(), folder.display())]
    Elsewhere {
        /// The lesson.
        lesson: PathBuf,
        /// The folder of the project's lessons.
        folder: PathBuf,
    },
    /// A lesson lies outside of the folder that is to be the project.
    #[error("{} lies outside of {} (copy it here, or begin in its folder)", lesson.display(), root.display())]
    Outside {
        /// The lesson.
        lesson: PathBuf,
        /// The folder that is to be the project.
        root: PathBuf,
    },
    /// The lesson has scenarios.
    #[error("{} is there already, and nothing is overwritten (play it with `{again}`; for another lesson, give another name)", folder.display())]
    Taken {
        /// Their folder.
        folder: PathBuf,
        /// The command that plays them.
        again: String,
    },
    /// Blocks cannot be tried.
    #[error(
        "scenarios are tried before they are written, and that needs what is not there: {what}"
    )]
    NotReady {
        /// What is missing, and how to get it.
        what: String,
    },
    /// Not even the smallest draft passes.
    #[error("nothing of the lesson passes on {target}, not even {what}: {why}")]
    NothingPasses {
        /// The target.
        target: String,
        /// What the smallest draft tries.
        what: String,
        /// What happened.
        why: String,
    },
}

impl NewError {
    /// What the exit code follows from.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            NewError::Run(error) => error.ending(),
            NewError::NotReady { .. } | NewError::NothingPasses { .. } => Ending::NotInstalled,
            NewError::NoLesson { .. }
            | NewError::Name { .. }
            | NewError::Elsewhere { .. }
            | NewError::Outside { .. }
            | NewError::Taken { .. } => Ending::WrongInput,
        }
    }
}
