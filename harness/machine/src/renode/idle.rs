//! Renode processes that have no machine at the moment.
//!
//! Starting Renode takes seconds, its first machine another one; the next machine in
//! the same process takes a fraction of one (1.16.1). So a process is kept for the
//! next machine, unless anything ever went wrong in it.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use super::program::Program;

/// Those that wait.
#[derive(Default)]
pub(super) struct Idle {
    programs: Mutex<Vec<Program>>,
}

impl Idle {
    /// One of them, if there is one.
    pub(super) fn take(&self) -> Option<Program> {
        self.lock().pop()
    }

    /// Keeps `program` for another machine, or ends it if it has failed.
    pub(super) fn keep(&self, program: Program) {
        if program.is_sound() {
            self.lock().push(program);
        }
    }

    /// The private folder of each.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        self.lock().iter().map(|one| one.folder().to_owned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Program>> {
        self.programs.lock().expect("nobody panics with this lock")
    }
}
