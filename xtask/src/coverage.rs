//! `cargo xtask coverage`: what `replab coverage` does, on the lessons of this checkout.

use std::process::ExitCode;

use replab_cli::{CoverageArgs, Place};

use crate::workspace;

/// Needs no tool and no firmware: nothing is played.
pub(crate) fn run(args: CoverageArgs) -> ExitCode {
    let place = Place::in_workspace(&workspace::root(), &workspace::target());
    replab_cli::coverage(args, place).into()
}
